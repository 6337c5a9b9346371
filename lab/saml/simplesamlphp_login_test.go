package saml_test

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/saml"
)

// withSSP joins a site and a SimpleSAMLphp by each other's metadata.
func withSSP(t *testing.T, hosted string, change func(*saml.Config)) (*site, *ssp) {
	t.Helper()
	p := startSSP(t, hosted)
	s := newSite(t, p.metadata, change)
	metadata := s.metadata()
	if strings.Contains(hosted, unsignedAssertion) {
		// SimpleSAMLphp honours what our metadata wants before its own settings.
		metadata = strings.Replace(metadata, ` WantAssertionsSigned="true"`, "", 1)
	}
	p.trust(metadata)
	return s, p
}

// shape tells which elements of a posted response are signed and encrypted, as far as can be seen from outside.
func shape(t *testing.T, f form) string {
	t.Helper()
	doc, err := base64.StdEncoding.DecodeString(f.fields.Get("SAMLResponse"))
	if err != nil {
		t.Fatal(err)
	}
	var path, found []string
	for d := xml.NewDecoder(bytes.NewReader(doc)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			slices.Sort(found)
			return strings.Join(found, ", ")
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			switch token.Name.Local {
			case "Signature":
				found = append(found, path[len(path)-1]+" signed")
			case "EncryptedAssertion":
				found = append(found, "encrypted")
			}
			path = append(path, token.Name.Local)
		case xml.EndElement:
			path = path[:len(path)-1]
		}
	}
}

// Settings of SimpleSAMLphp.
const (
	unsignedAssertion = `'saml20.sign.assertion' => false,`

	signNothing   = `'saml20.sign.response' => false, ` + unsignedAssertion
	signAssertion = `'saml20.sign.response' => false, 'saml20.sign.assertion' => true,`
	signResponse  = `'saml20.sign.response' => true, ` + unsignedAssertion
	signBoth      = `'saml20.sign.response' => true, 'saml20.sign.assertion' => true,`
	encrypt       = `'assertion.encryption' => true,`
	checkRequests = `'validate.authnrequest' => true,`
	lastingNames  = `'authproc' => [1 => ['class' => 'saml:AttributeNameID', 'attribute' => 'uid', 'Format' => '` + persistent + `']],`
)

// TestSimpleSAMLphpLogins signs anna in with every way SimpleSAMLphp signs and encrypts, or says why it must not.
func TestSimpleSAMLphpLogins(t *testing.T) {
	strict := func(c *saml.Config) { c.Allow = saml.Allow{} }
	for _, c := range []struct {
		name, hosted string
		change       func(*saml.Config)
		refused      error // nil: anna is signed in
	}{
		{"signed assertion", signAssertion, nil, nil},
		{"signed response", signResponse, nil, nil},
		{"both signed", signBoth, nil, nil},
		{"nothing signed", signNothing, nil, saml.ErrUnsigned},
		{"signed assertion where the response must be", signAssertion, func(c *saml.Config) { c.Check.RequireSignedResponse = true }, saml.ErrResponseUnsigned},
		{"signed response where it must be", signResponse, func(c *saml.Config) { c.Check.RequireSignedResponse = true }, nil},
		{"in the clear where it must be encrypted", signBoth, strict, saml.ErrUnencrypted},
		{"encrypted, both signed", signBoth + encrypt, strict, nil},
		{"encrypted, response signed", signResponse + encrypt, strict, nil},
		{"encrypted with CBC, only the assertion inside signed", signAssertion + encrypt, strict, saml.ErrUnsignedCBC},
		{"encrypted with CBC, only the assertion inside signed, allowed", signAssertion + encrypt, func(c *saml.Config) { c.Allow = saml.Allow{CBCInUnsignedResponse: true} }, nil},
		{"encrypted, nothing signed, CBC allowed", signNothing + encrypt, func(c *saml.Config) { c.Allow = saml.Allow{CBCInUnsignedResponse: true} }, saml.ErrDecryption},
		{"encrypted NameID", signBoth + `'nameid.encryption' => true,`, nil, saml.ErrEncryptedID},
		{"RSA with SHA-384", signBoth + `'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha384',`, nil, nil},
		{"RSA with SHA-512", signBoth + `'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',`, nil, nil},
		{"RSA with SHA-1", signBoth + `'signature.algorithm' => 'http://www.w3.org/2000/09/xmldsig#rsa-sha1',`, nil, saml.ErrSHA1},
		{"RSA with SHA-1, allowed", signBoth + `'signature.algorithm' => 'http://www.w3.org/2000/09/xmldsig#rsa-sha1',`, func(c *saml.Config) { c.Allow.SHA1 = true }, nil},
		{"names by OID", signBoth + `'authproc' => [1 => ['class' => 'core:AttributeMap', 'name2oid']],`, func(c *saml.Config) {
			c.Mapping = attrs.Mapping{attrs.ExternalID: attrs.From("urn:oid:0.9.2342.19200300.100.1.1"), attrs.Email: attrs.From("urn:oid:0.9.2342.19200300.100.1.3"),
				attrs.FirstName: attrs.From("urn:oid:2.5.4.42"), attrs.LastName: attrs.From("urn:oid:2.5.4.4"), attrs.CourseSlugs: attrs.From("courses")}
		}, nil},
		{"the mapped external id is not sent", signBoth, func(c *saml.Config) { c.Mapping = attrs.Mapping{attrs.ExternalID: attrs.From("UID")} }, lmssso.ErrExternalIDMissing},
		{"a transient NameID is no external id", signBoth, func(c *saml.Config) { c.Mapping = withoutID() }, lmssso.ErrExternalIDMissing},
		{"a persistent NameID is", signBoth + lastingNames, func(c *saml.Config) { c.Mapping = withoutID(); c.Request.NameIDFormat = persistent }, nil},
		{"signed request by redirect", checkRequests, nil, nil},
		{"signed request by post", checkRequests, func(c *saml.Config) { c.Request.Binding = saml.Post }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, _ := withSSP(t, c.hosted, c.change)
			b := newBrowser(t)
			p := b.submit(b.open(s.url+"/login?returnTo=/learn/course/intro"), right)
			if got, want := shape(t, b.posted), shapeOf(c.hosted); got != want {
				t.Fatalf("SimpleSAMLphp sent %q, not %q", got, want)
			}
			if c.refused != nil {
				s.mustRefuse(p, 1, c.refused)
				return
			}
			a := s.mustBeIn(p, "/learn/course/intro", 1)
			s.mustBeAnna("anna-7")
			if a.Session.Index == "" || a.Session.Ends.IsZero() || a.Times.AuthenticatedAt.IsZero() || a.Origin.InResponseTo == "" || len(a.AuthnContext) != 1 {
				t.Fatalf("the assertion is incomplete: %+v", a)
			}
		})
	}
}

// shapeOf tells what a response must look like for the settings to have been honoured.
func shapeOf(hosted string) string {
	var want []string
	if !strings.Contains(hosted, unsignedAssertion) && !strings.Contains(hosted, encrypt) {
		want = append(want, "Assertion signed")
	}
	if !strings.Contains(hosted, `'saml20.sign.response' => false`) {
		want = append(want, "Response signed")
	}
	if strings.Contains(hosted, encrypt) {
		want = append(want, "encrypted")
	}
	return strings.Join(want, ", ")
}

// withoutID is the lab's mapping with the external id left to the NameID.
func withoutID() attrs.Mapping {
	m := attrs.Mapping{}
	for k, source := range attributes {
		if k != attrs.ExternalID {
			m[k] = source
		}
	}
	return m
}

// deaf is a provider's side that hides the wish for signed requests.
type deaf struct{ saml.IdPSource }

func (d deaf) IdP() (*saml.IdP, error) {
	idp, err := d.IdPSource.IdP()
	if err != nil {
		return nil, err
	}
	quiet := *idp
	quiet.WantsSignedRequests = false
	return &quiet, nil
}

// TestSimpleSAMLphpChecksOurSignature shows that the signed requests above were judged: SimpleSAMLphp turns away one that
// is not signed and one signed by a key it does not know, and nothing reaches the site. A site that is not told to sign
// signs nevertheless where the metadata wants it.
func TestSimpleSAMLphpChecksOurSignature(t *testing.T) {
	unsigned := func(c *saml.Config) { c.Request.Sign, c.IdP = false, deaf{c.IdP} }
	for _, c := range []struct {
		name     string
		change   func(*saml.Config)
		stranger bool   // SimpleSAMLphp has another certificate for us
		says     string // in SimpleSAMLphp's log; "" when it takes the request
	}{
		{"unsigned", unsigned, false, "no signature found on message"},
		{"unsigned by post", func(c *saml.Config) { unsigned(c); c.Request.Binding = saml.Post }, false, "no signature found on message"},
		{"another key", nil, true, "Unable to validate signature on query string"},
		{"another key by post", func(c *saml.Config) { c.Request.Binding = saml.Post }, true, "Unable to validate Signature"},
		{"signed because its metadata wants it", func(c *saml.Config) { c.Request.Sign = false }, false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, idp := withSSP(t, checkRequests, c.change)
			metadata := strings.Replace(s.metadata(), `AuthnRequestsSigned="false"`, `AuthnRequestsSigned="true"`, 1)
			if c.stranger {
				mine, theirs := siteKey().Certificate.Raw, otherKey().Certificate.Raw
				metadata = strings.ReplaceAll(metadata, base64.StdEncoding.EncodeToString(mine), base64.StdEncoding.EncodeToString(theirs))
			}
			idp.trust(metadata)
			p := newBrowser(t).open(s.url + "/login")
			if asks := p.login() != nil; asks != (c.says == "") || !strings.HasPrefix(p.url.String(), idp.url) || !strings.Contains(idp.log(), c.says) {
				t.Fatalf("asks for a password: %t, at %s\n%s", asks, p.url, p.body)
			}
			s.last(0)
		})
	}
}

// TestSimpleSAMLphpDuringRollOver: the site signs with its new key already, which SimpleSAMLphp knows as the second, while
// SimpleSAMLphp still encrypts for the old one.
func TestSimpleSAMLphpDuringRollOver(t *testing.T) {
	old, renewed := siteKey(), otherKey()
	s, idp := withSSP(t, checkRequests+encrypt, func(c *saml.Config) { c.Allow = saml.Allow{}; c.SP.Keys = []saml.Key{renewed, old} })
	before, err := saml.SPMetadata(saml.Config{SP: saml.SP{
		EntityID: s.url + "/access/saml/metadata", ACS: s.url + "/access/saml/consumer", Keys: []saml.Key{old, renewed},
	}})
	if err != nil {
		t.Fatal(err)
	}
	idp.trust(string(before))
	b := newBrowser(t)
	s.mustBeIn(b.submit(b.open(s.url+"/login?returnTo=/1"), right), "/1", 1)
}

// TestSimpleSAMLphpKnowsNoECDSA: requests signed with an elliptic key are valid (xmlsec1 and openssl say so elsewhere in
// this package), but this SimpleSAMLphp verifies RSA alone and says so itself. A site that talks to one needs an RSA key.
func TestSimpleSAMLphpKnowsNoECDSA(t *testing.T) {
	s, _ := withSSP(t, checkRequests, func(c *saml.Config) { c.SP.Keys = []saml.Key{siteEC()} })
	p := newBrowser(t).open(s.url + "/login")
	if !strings.Contains(p.body, "Unsupported signing algorithm") {
		t.Fatalf("SimpleSAMLphp says something else: %s\n%s", p.url, p.body)
	}
	s.last(0)
}

// TestMetadataOfSimpleSAMLphp: what its metadata says is what the site uses.
func TestMetadataOfSimpleSAMLphp(t *testing.T) {
	idp := startSSP(t, checkRequests)
	doc := newBrowser(t).open(idp.metadata).body
	got, err := saml.ParseIdPMetadata([]byte(doc), saml.MetadataTrust{AllowHTTP: true}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	want := &saml.IdP{
		EntityID: idp.metadata, WantsSignedRequests: true, Certificates: []*x509.Certificate{idpKey().Certificate},
		SSO: []saml.Endpoint{{Binding: saml.Redirect, URL: idp.url + "/saml2/idp/SSOService.php"}, {Binding: saml.Post, URL: idp.url + "/saml2/idp/SSOService.php"}},
		SLO: []saml.Endpoint{{Binding: saml.Redirect, URL: idp.url + "/saml2/idp/SingleLogoutService.php"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("read %+v\nwant %+v\nfrom %s", got, want, doc)
	}
	if _, err := saml.ParseIdPMetadata([]byte(doc), saml.MetadataTrust{}, time.Now()); !errors.Is(err, saml.ErrMetadataEndpoint) {
		t.Fatalf("endpoints without TLS are taken where nobody allowed it: %v", err)
	}
}

// TestSimpleSAMLphpWrongPassword: a wrong password stays at the provider, and the right one afterwards still fits.
func TestSimpleSAMLphpWrongPassword(t *testing.T) {
	s, idp := withSSP(t, ``, nil)
	b := newBrowser(t)
	p := b.submit(b.open(s.url+"/login?returnTo=/dashboard"), wrong)
	if p.login() == nil || !strings.HasPrefix(p.url.String(), idp.url) {
		t.Fatalf("the provider does not ask again: %s\n%s", p.url, p.body)
	}
	s.last(0)
	s.mustBeIn(b.submit(p, right), "/dashboard", 1)
}

// TestSimpleSAMLphpForceAuthn: the provider's own session signs in again without a password, unless ForceAuthn is asked
// for; and the answer to that has an authentication of its own.
func TestSimpleSAMLphpForceAuthn(t *testing.T) {
	s, _ := withSSP(t, ``, nil)
	b := newBrowser(t)
	first := s.mustBeIn(b.submit(b.open(s.url+"/login?returnTo=/1"), right), "/1", 1)
	again := s.mustBeIn(b.open(s.url+"/login?returnTo=/2"), "/2", 2)
	if !again.Times.AuthenticatedAt.Equal(first.Times.AuthenticatedAt) {
		t.Fatalf("a second authentication at %s after %s", again.Times.AuthenticatedAt, first.Times.AuthenticatedAt)
	}
	asked := b.open(s.url + "/login/fresh?returnTo=/3")
	if asked.login() == nil {
		t.Fatalf("ForceAuthn asks for no password: %s\n%s", asked.url, asked.body)
	}
	s.last(2)
	s.mustBeIn(b.submit(asked, right), "/3", 3)
}

// TestSimpleSAMLphpRefuses: a provider that may show nothing and knows nobody says NoPassive, and the site repeats it.
func TestSimpleSAMLphpRefuses(t *testing.T) {
	s, _ := withSSP(t, ``, func(c *saml.Config) { c.Request.IsPassive = true })
	s.mustRefuse(newBrowser(t).open(s.url+"/login"), 1, lmssso.ErrProviderRefused)
	if got := s.last(1).Err.Error(); !strings.Contains(got, "NoPassive") {
		t.Fatalf("the log does not say why: %s", got)
	}
}

// TestSimpleSAMLphpBeginsItself: responses nobody asked for need AllowIdPInitiated, serve once, and go where they say.
func TestSimpleSAMLphpBeginsItself(t *testing.T) {
	for _, allowed := range []bool{false, true} {
		s, idp := withSSP(t, ``, func(c *saml.Config) { c.Allow.IdPInitiated = allowed })
		b := newBrowser(t)
		begin := idp.url + "/saml2/idp/SSOService.php?" + url.Values{"spentityid": {s.url + "/access/saml/metadata"}, "RelayState": {"/learn/course/welding"}}.Encode()
		p := b.submit(b.open(begin), right)
		if !allowed {
			s.mustRefuse(p, 1, lmssso.ErrUnsolicited)
			continue
		}
		s.mustBeIn(p, "/learn/course/welding", 1)
		s.mustBeAnna("anna-7")
		replayed := b.visit(http.MethodPost, b.posted.action, b.posted.fields, "127.0.0.1")
		s.mustRefuse(replayed, 2, lmssso.ErrReplayed)
	}
}

// TestSimpleSAMLphpAnswersServeOnce: an answer serves once, in the browser that asked, as it was signed.
func TestSimpleSAMLphpAnswersServeOnce(t *testing.T) {
	s, _ := withSSP(t, ``, nil)
	b := newBrowser(t)
	s.mustBeIn(b.submit(b.open(s.url+"/login?returnTo=/1"), right), "/1", 1)
	s.mustRefuse(b.visit(http.MethodPost, b.posted.action, b.posted.fields, "127.0.0.1"), 2, lmssso.ErrStateLost)

	thief := newBrowser(t)
	thief.open(s.url + "/login") // gives it a cookie of its own
	b.hold = true
	b.open(s.url + "/login")
	s.mustRefuse(thief.visit(http.MethodPost, b.posted.action, b.posted.fields, "127.0.0.1"), 3, lmssso.ErrStateLost)

	b.hold = false
	b.before = func(f *form) {
		if doc, err := base64.StdEncoding.DecodeString(f.fields.Get("SAMLResponse")); err == nil {
			f.fields.Set("SAMLResponse", base64.StdEncoding.EncodeToString([]byte(strings.ReplaceAll(string(doc), "anna-7", "root-1"))))
		}
	}
	s.mustRefuse(b.open(s.url+"/login"), 4, lmssso.ErrSignature)
}
