package saml_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	saml2 "github.com/russellhaering/gosaml2"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/internal/demoidp/saml"
)

const authn = `<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"` +
	` ID="id-1" Version="2.0" IssueInstant="2026-01-02T12:00:00Z" Destination="https://idp.example/sso" ForceAuthn="true" IsPassive="1"` +
	` AssertionConsumerServiceURL="https://sp.example/acs"><saml:Issuer>https://sp.example/metadata</saml:Issuer>` +
	`<samlp:NameIDPolicy Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent" AllowCreate="true"/>` +
	`<samlp:RequestedAuthnContext Comparison="minimum"><saml:AuthnContextClassRef>urn:a</saml:AuthnContextClassRef>` +
	`<saml:AuthnContextClassRef>urn:b</saml:AuthnContextClassRef></samlp:RequestedAuthnContext></samlp:AuthnRequest>`

func posted(field, text string) *http.Request {
	form := url.Values{field: {base64.StdEncoding.EncodeToString([]byte(text))}, "RelayState": {"handle"}}
	r := httptest.NewRequest(http.MethodPost, "/sso", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func TestRequestIsReadWhole(t *testing.T) {
	req, err := newIdP(t).ReadAuthnRequest(posted("SAMLRequest", authn))
	require.NoError(t, err)
	require.Equal(t, &saml.AuthnRequest{
		ID: "id-1", Issuer: spEntity, Destination: "https://idp.example/sso", IssueInstant: noon, ACS: spACS, ForceAuthn: true, IsPassive: true,
		NameID:  &saml.NameIDPolicy{Format: saml.FormatPersistent, AllowCreate: true},
		Context: saml.RequestedContext{Comparison: "minimum", Classes: []string{"urn:a", "urn:b"}}, RelayState: "handle", Binding: saml.Post,
	}, req)
}

// provider is a service provider written by others.
func provider(sign bool) *saml2.SAMLServiceProvider {
	sp := oracle()
	sp.SignAuthnRequests, sp.ForceAuthn = sign, true
	sp.SignAuthnRequestsCanonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	return sp
}

func TestSignedRequestsOfAnotherLibrary(t *testing.T) {
	p := newIdPWith(t, saml.Config{WantSignedRequests: true})
	target, err := provider(true).BuildAuthURLRedirect("a handle/+&=", mustDocument(provider(false)))
	require.NoError(t, err)
	req, err := p.ReadAuthnRequestURL(target)
	require.NoError(t, err)
	require.Equal(t, saml.Signature{Present: true, Verified: true, Method: saml.RSASHA256}, req.Signature)
	require.Equal(t, "a handle/+&=", req.RelayState)

	_, err = p.ReadAuthnRequestURL(strings.Replace(target, "RelayState=a", "RelayState=b", 1))
	require.Error(t, err, "the RelayState is signed")
	_, err = p.ReadAuthnRequestURL(strings.Replace(target, "rsa-sha256", "rsa-sha512", 1))
	require.Error(t, err, "the method is signed")
	_, err = p.ReadAuthnRequestURL(target + "&SigAlg=again")
	require.Error(t, err, "a parameter twice")
	_, err = p.ReadAuthnRequestURL(target[:strings.Index(target, "&SigAlg")])
	require.Error(t, err, "not signed")

	form, err := provider(true).BuildAuthBodyPost("handle")
	require.NoError(t, err)
	field := regexpValue(t, string(form), "SAMLRequest")
	text := string(decode(t, field))
	req, err = p.ReadAuthnRequest(posted("SAMLRequest", text))
	require.NoError(t, err)
	require.True(t, req.Signature.Verified)
	require.True(t, req.ForceAuthn)
	_, err = p.ReadAuthnRequest(posted("SAMLRequest", strings.Replace(text, `ForceAuthn="true"`, `ForceAuthn="false"`, 1)))
	require.Error(t, err, "changed after signing")
}

func TestRequestsThatAreRefused(t *testing.T) {
	change := func(old, new string) string {
		out := strings.Replace(authn, old, new, 1)
		if out == authn {
			panic(old)
		}
		return out
	}
	deep := strings.Repeat("<a>", 50) + strings.Repeat("</a>", 50)
	for name, text := range map[string]string{
		"a document type":            `<!DOCTYPE a>` + authn,
		"a comment":                  change("<saml:Issuer>", "<saml:Issuer><!---->"),
		"an instruction":             change("<saml:Issuer>", "<saml:Issuer><?a b?>"),
		"an attribute twice":         change(`Version="2.0"`, `Version="2.0" Version="2.0"`),
		"too deep":                   change("<saml:Issuer>", deep+"<saml:Issuer>"),
		"too many elements":          change("<saml:Issuer>", strings.Repeat("<a/>", 2100)+"<saml:Issuer>"),
		"too many attributes":        change(`ForceAuthn`, strings.Join(numbered(70), " ")+` ForceAuthn`),
		"too long":                   change("<saml:Issuer>", strings.Repeat(" ", 300<<10)+"<saml:Issuer>"),
		"an unknown sender":          change("https://sp.example/metadata", "https://other.example/metadata"),
		"an unknown address":         change("https://sp.example/acs", "https://other.example/acs"),
		"another destination":        change("https://idp.example/sso", "https://other.example/sso"),
		"an ID that begins with 1":   change(`ID="id-1"`, `ID="1"`),
		"another version":            change(`Version="2.0"`, `Version="1.1"`),
		"no time":                    change(`IssueInstant="2026-01-02T12:00:00Z"`, ""),
		"an answer by redirect":      change(`ForceAuthn`, `ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" ForceAuthn`),
		"another message":            strings.ReplaceAll(authn, "AuthnRequest", "LogoutRequest"),
		"another namespace":          change("SAML:2.0:protocol", "SAML:1.1:protocol"),
		"not XML":                    "hello",
		"nothing":                    "",
		"an element that stays open": "<a>",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newIdP(t).ReadAuthnRequest(posted("SAMLRequest", text))
			require.Error(t, err)
			require.Less(t, len(err.Error()), 500)
		})
	}
	_, err := newIdP(t).ReadAuthnRequest(posted("SAMLResponse", authn))
	require.Error(t, err, "a request in the other field")
	_, err = newIdP(t).ReadAuthnRequest(httptest.NewRequest(http.MethodGet, "/sso?SAMLRequest=a&SAMLResponse=b", nil))
	require.Error(t, err, "two messages")
	_, err = newIdPWith(t, saml.Config{WantSignedRequests: true}).ReadAuthnRequest(posted("SAMLRequest", authn))
	require.Error(t, err, "not signed")
}

func numbered(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf(`a%d=""`, i)
	}
	return out
}

// TestSignedRequestNeedsADestination follows SAML Bindings section 3.5.5.2.
func TestSignedRequestNeedsADestination(t *testing.T) {
	ctx, err := dsig.NewSigningContext(spKey().Signer, [][]byte{spKey().Certificate.Raw})
	require.NoError(t, err)
	ctx.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	for destination, accepted := range map[string]bool{` Destination="https://idp.example/sso"`: true, "": false} {
		text := strings.Replace(authn, ` Destination="https://idp.example/sso"`, destination, 1)
		signed, err := ctx.SignEnveloped(parse(t, []byte(text)))
		require.NoError(t, err)
		req, err := newIdP(t).ReadAuthnRequest(posted("SAMLRequest", string(document(t, signed))))
		require.Equal(t, accepted, err == nil, "%v", err)
		require.Equal(t, accepted, req != nil && req.Signature.Verified)
	}
}

func TestRequestWishesAreMet(t *testing.T) {
	p := newIdP(t)
	req, err := p.ReadAuthnRequest(posted("SAMLRequest", strings.Replace(authn, "persistent", "transient", 1)))
	require.NoError(t, err)
	sent, err := p.Respond(req, login(), saml.How{})
	require.NoError(t, err)
	a := sent.Response.Assertions[0]
	require.Equal(t, saml.FormatTransient, a.NameID.Format)
	require.Equal(t, "urn:a", a.Authn.Context)
	require.Equal(t, url.Values{"RelayState": {"handle"}, "SAMLResponse": {sent.Form.Fields.Get("SAMLResponse")}}, sent.Form.Fields)
	require.Equal(t, spACS, sent.Form.Action)

	noFormat := login()
	noFormat.NoNameIDFormat = true
	sent, err = p.Respond(req, noFormat, saml.How{})
	require.NoError(t, err)
	require.NotContains(t, string(sent.XML), "nameid-format")
}

// TestEditedResponses holds what a provider may say beyond the usual.
func TestEditedResponses(t *testing.T) {
	sent := respond(t, newIdP(t), saml.How{Edit: func(r *saml.Response) {
		a := &r.Assertions[0]
		a.NameID.NameQualifier, a.NameID.SPNameQualifier = "https://idp.example/metadata", spEntity
		a.Confirmations = append([]saml.Confirmation{{Method: "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches", Address: "192.0.2.1"}}, a.Confirmations...)
		a.Conditions.Audiences = append(a.Conditions.Audiences, []string{"urn:a", spEntity})
		a.Conditions.OneTimeUse = true
		a.Authn.SessionNotOnOrAfter = noon.Add(time.Hour)
	}})
	root := parse(t, sent.XML)
	requireSigned(t, idpKey(), root.SelectElement("Assertion"), true)
	require.Len(t, root.FindElements("./Assertion/Subject/SubjectConfirmation"), 2)
	require.Len(t, root.FindElements("./Assertion/Conditions/AudienceRestriction"), 2)
	require.Len(t, root.FindElements("./Assertion/Conditions/AudienceRestriction/Audience"), 3)
	require.NotNil(t, root.FindElement("./Assertion/Conditions/OneTimeUse"))
	require.Equal(t, "2026-01-02T13:00:00Z", root.FindElement("./Assertion/AuthnStatement").SelectAttrValue("SessionNotOnOrAfter", ""))
	require.Equal(t, spEntity, root.FindElement("./Assertion/Subject/NameID").SelectAttrValue("SPNameQualifier", ""))
	require.NotNil(t, root.FindElement("./Assertion/AttributeStatement/Attribute[@Name='ref1']/AttributeValue[@nil='true']"))
	require.Nil(t, root.FindElement("./Assertion/AttributeStatement/Attribute[@Name='ref2']/AttributeValue"))
}

// TestAPickerMayAskFirst posts the picker's choice to the address the request came to.
func TestAPickerMayAskFirst(t *testing.T) {
	target, err := provider(true).BuildAuthURLRedirect("handle", mustDocument(provider(false)))
	require.NoError(t, err)
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader("user=bob&fault=xsw1&fault=xsw2"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	p := newIdPWith(t, saml.Config{WantSignedRequests: true})
	w := httptest.NewRecorder()
	p.SSOHandler(func(_ http.ResponseWriter, r *http.Request, req *saml.AuthnRequest) (*saml.Login, saml.How) {
		require.Equal(t, saml.Redirect, req.Binding)
		return &saml.Login{NameID: saml.NameID{Value: r.PostFormValue("user")}}, saml.How{}
	}).ServeHTTP(w, r)
	require.Contains(t, string(decode(t, regexpValue(t, w.Body.String(), "SAMLResponse"))), ">bob</saml:NameID>")
}

func TestUnsolicitedAnswersNothing(t *testing.T) {
	sent, err := newIdP(t).Unsolicited(spEntity, "", login(), saml.How{})
	require.NoError(t, err)
	require.NotContains(t, string(sent.XML), "InResponseTo")
	require.NotContains(t, sent.Form.Fields, "RelayState")
	_, err = newIdP(t).Unsolicited("other", "", login(), saml.How{})
	require.Error(t, err)
	_, err = newIdP(t).Respond(nil, login(), saml.How{})
	require.Error(t, err)
}

func TestRefusalIsSignedAndHasNoAssertion(t *testing.T) {
	sent, err := newIdP(t).Refuse(request(), saml.Status{Code: saml.StatusResponder, Detail: saml.StatusNoPassive, Message: "Sorry"}, saml.How{})
	require.NoError(t, err)
	root := parse(t, sent.XML)
	requireSigned(t, idpKey(), root, true)
	require.Nil(t, root.SelectElement("Assertion"))
	require.Equal(t, saml.StatusNoPassive, root.FindElement("./Status/StatusCode/StatusCode").SelectAttrValue("Value", ""))
}

// FuzzReadAuthnRequest feeds anything: nothing may panic, and what is accepted names a known service provider.
func FuzzReadAuthnRequest(f *testing.F) {
	f.Add([]byte(authn))
	f.Add([]byte(`<?xml version="1.0"?>` + authn))
	f.Add([]byte("<a xmlns='b'/>"))
	p, err := saml.New(saml.Config{EntityID: "https://idp.example/metadata", SSOURL: "https://idp.example/sso", Keys: []saml.Key{idpKey()}})
	if err != nil {
		f.Fatal(err)
	}
	if err := p.Register(saml.SP{EntityID: spEntity, ACS: []string{spACS}}); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		req, err := p.ReadAuthnRequest(posted("SAMLRequest", string(text)))
		if err == nil && (req.Issuer != spEntity || req.ID == "" || req.ACS != "" && req.ACS != spACS || req.Signature.Verified) {
			t.Fatalf("accepted: %+v", req)
		}
		_, _ = saml.ParseSPMetadata(text)
	})
}
