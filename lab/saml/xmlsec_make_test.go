package saml_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/saml"
)

const (
	xmldsig   = "http://www.w3.org/2000/09/xmldsig#"
	more      = "http://www.w3.org/2001/04/xmldsig-more#"
	xmlenc    = "http://www.w3.org/2001/04/xmlenc#"
	xmlenc11  = "http://www.w3.org/2009/xmlenc11#"
	exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#"
	inclusive = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
)

// sign is how xmlsec1 signs one element.
type sign struct {
	method, digest string
	c14n           string // exclusive canonicalization when empty
	transform      string // the second transform; c14n when empty
	keyInfo        string // the template's KeyInfo
	prefixes       string // an InclusiveNamespaces PrefixList
	secret         bool   // with a shared secret instead of the key
}

func signWith(method string) sign { return sign{method: method, digest: xmlenc + "sha256"} }

// template is the empty signature that xmlsec1 fills in.
func (s sign) template(id string) string {
	if s.c14n == "" {
		s.c14n = exclusive
	}
	if s.transform == "" {
		s.transform = s.c14n
	}
	list := ""
	if s.prefixes != "" {
		list = `<ec:InclusiveNamespaces xmlns:ec="` + exclusive + `" PrefixList="` + s.prefixes + `"/>`
	}
	return `<ds:Signature xmlns:ds="` + xmldsig + `"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="` + s.c14n + `"/>` +
		`<ds:SignatureMethod Algorithm="` + s.method + `"/><ds:Reference URI="#` + id + `"><ds:Transforms><ds:Transform Algorithm="` + xmldsig + `enveloped-signature"/>` +
		`<ds:Transform Algorithm="` + s.transform + `">` + list + `</ds:Transform></ds:Transforms><ds:DigestMethod Algorithm="` + s.digest + `"/><ds:DigestValue/></ds:Reference></ds:SignedInfo>` +
		`<ds:SignatureValue/>` + s.keyInfo + `</ds:Signature>`
}

// sign lets xmlsec1 fill in the signature directly in the element at a path.
func (b *bench) sign(file, path string, s sign) {
	b.t.Helper()
	args := []string{"--sign", "--privkey-pem", "idp.key,idp.crt"}
	if s.secret {
		b.write("secret", "a shared secret of some length")
		args = []string{"--sign", "--hmackey", "secret"}
	}
	args = append(append(args, idAttributes()...), "--node-xpath", path+"/*[local-name()='Signature']", "--output", "signed.xml", file)
	b.must("xmlsec1", args...)
	b.write(file, b.read("signed.xml"))
}

// response is one made by xmlsec1: what is signed how, and encrypted how.
type response struct {
	assertion, response *sign
	encrypt             *crypt
	// inherited declares the prefixes of attribute values at the response, not at the assertion that uses them. xmlsec1
	// encrypts an element as it is written, so they stay outside.
	inherited bool
}

// crypt is how an assertion is encrypted.
type crypt struct {
	content, session string // the algorithm, and the session key xmlsec1 makes for it
	transport        string
}

// make lets xmlsec1 make a response: the assertion is signed, then encrypted, then the response is signed.
func (b *bench) make(r response) saml.Input {
	b.t.Helper()
	inner, outer := "", ""
	inside, outside := ` xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"`, ""
	if r.inherited {
		inside, outside = outside, inside
	}
	if r.assertion != nil {
		inner = r.assertion.template("_assertion")
	}
	if r.response != nil {
		outer = r.response.template("_response")
	}
	assertion := fmt.Sprintf(`<saml:Assertion%[8]s ID="_assertion" Version="2.0" IssueInstant="%[1]s"><saml:Issuer>%[2]s</saml:Issuer>%[3]s<saml:Subject><saml:NameID Format="%[4]s">anna-7</saml:NameID>`+
		`<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData InResponseTo="%[5]s" Recipient="%[6]s/acs" NotOnOrAfter="%[7]s"/></saml:SubjectConfirmation></saml:Subject>`+
		`<saml:Conditions NotBefore="%[1]s" NotOnOrAfter="%[7]s"><saml:AudienceRestriction><saml:Audience>%[6]s/metadata</saml:Audience></saml:AudienceRestriction></saml:Conditions>`+
		`<saml:AuthnStatement AuthnInstant="%[1]s" SessionIndex="_session"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>`+
		`<saml:AttributeStatement><saml:Attribute Name="uid"><saml:AttributeValue xsi:type="xs:string">anna-7</saml:AttributeValue></saml:Attribute><saml:Attribute Name="sn"><saml:AttributeValue xsi:type="xs:string">O'Brien &amp; &lt;S&#246;hne&gt;</saml:AttributeValue></saml:Attribute></saml:AttributeStatement></saml:Assertion>`,
		instant(0), benchIdP, inner, persistent, requestID, benchSite, instant(time.Minute), inside)
	if r.encrypt != nil {
		assertion = `<saml:EncryptedAssertion>` + assertion + `</saml:EncryptedAssertion>`
	}
	b.write("response.xml", fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?>`+"\n"+`<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"%s ID="_response" Version="2.0" IssueInstant="%s" InResponseTo="%s" Destination="%s/acs">`+
		`<saml:Issuer>%s</saml:Issuer>%s<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>%s</samlp:Response>`,
		outside, instant(0), requestID, benchSite, benchIdP, outer, assertion))
	if r.assertion != nil {
		b.sign("response.xml", "//*[local-name()='Assertion']", *r.assertion)
	}
	if r.encrypt != nil {
		b.encrypt(*r.encrypt)
	}
	if r.response != nil {
		b.sign("response.xml", "/*[local-name()='Response']", *r.response)
	}
	return input(b.read("response.xml"))
}

func input(doc string) saml.Input {
	return saml.Input{Method: http.MethodPost, Form: url.Values{"SAMLResponse": {base64.StdEncoding.EncodeToString([]byte(doc))}}}
}

// encrypt lets xmlsec1 put EncryptedData in the assertion's place.
func (b *bench) encrypt(c crypt) {
	b.t.Helper()
	b.write("template.xml", `<xenc:EncryptedData xmlns:xenc="`+xmlenc+`" Type="`+xmlenc+`Element"><xenc:EncryptionMethod Algorithm="`+c.content+`"/>`+
		`<ds:KeyInfo xmlns:ds="`+xmldsig+`"><xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="`+c.transport+`"/><xenc:CipherData><xenc:CipherValue/></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo>`+
		`<xenc:CipherData><xenc:CipherValue/></xenc:CipherData></xenc:EncryptedData>`)
	b.must("xmlsec1", "--encrypt", "--pubkey-cert-pem", filepath.Base(b.site.cert), "--session-key", c.session, "--xml-data", "response.xml",
		"--node-xpath", "//*[local-name()='Assertion']", "--output", "encrypted.xml", "template.xml")
	b.write("response.xml", b.read("encrypted.xml"))
}

// judge finishes a login with a response and checks what comes out.
func (b *bench) judge(in saml.Input, refused error) {
	b.t.Helper()
	a, err := b.provider.Finish(context.Background(), in, &saml.Pending{Connection: connection, IdP: benchIdP, RequestID: requestID, Begun: time.Now()})
	if refused != nil {
		if !errors.Is(err, refused) || a != nil {
			b.t.Fatalf("refused for another reason than %v: %v\n%s", refused, err, b.read("response.xml"))
		}
		return
	}
	if err != nil {
		b.t.Fatalf("refused: %v\n%s", err, b.read("response.xml"))
	}
	last, _ := a.Profile.LastName.First()
	if a.Link.ExternalID != "anna-7" || last != "O'Brien & <Söhne>" || a.Subject != (lmssso.Subject{Value: "anna-7", Format: persistent}) || a.Session.Index != "_session" {
		b.t.Fatalf("the assertion is %+v", a)
	}
}

// TestSignedByXmlsec: what xmlsec1 signs is accepted, in every algorithm and shape the connection allows, and nothing else.
func TestSignedByXmlsec(t *testing.T) {
	type made struct {
		name    string
		key     saml.Key
		sign    sign
		change  func(*saml.Config)
		refused error
	}
	keyName := `<ds:KeyInfo><ds:KeyName>some name</ds:KeyName></ds:KeyInfo>`
	certificate := `<ds:KeyInfo><ds:X509Data/></ds:KeyInfo>`
	cases := []made{
		{"without KeyInfo", idpKey(), signWith(rsaSHA256), nil, nil},
		{"with a KeyName alone", idpKey(), sign{method: rsaSHA256, digest: xmlenc + "sha256", keyInfo: keyName}, nil, nil},
		{"with the certificate", idpKey(), sign{method: rsaSHA256, digest: xmlenc + "sha256", keyInfo: certificate}, nil, nil},
		{"with the key's value", idpKey(), sign{method: rsaSHA256, digest: xmlenc + "sha256", keyInfo: `<ds:KeyInfo><ds:KeyValue/></ds:KeyInfo>`}, nil, nil},
		{"RSA SHA-384", idpKey(), sign{method: more + "rsa-sha384", digest: more + "sha384"}, nil, nil},
		{"RSA SHA-512", idpKey(), sign{method: more + "rsa-sha512", digest: xmlenc + "sha512"}, nil, nil},
		{"P-256", siteEC(), signWith(more + "ecdsa-sha256"), nil, nil},
		{"P-384", ec384(), sign{method: more + "ecdsa-sha384", digest: more + "sha384"}, nil, nil},
		{"P-521", ec521(), sign{method: more + "ecdsa-sha512", digest: xmlenc + "sha512"}, nil, nil},
		{"prefixes kept", idpKey(), sign{method: rsaSHA256, digest: xmlenc + "sha256", prefixes: "xs xsi"}, nil, nil},
		{"exclusive with comments", idpKey(), sign{method: rsaSHA256, digest: xmlenc + "sha256", c14n: exclusive + "WithComments"}, nil, nil},
		{"inclusive canonicalization", idpKey(), sign{method: rsaSHA256, digest: xmlenc + "sha256", c14n: inclusive}, nil, saml.ErrSignatureShape},
		{"inclusive transform", idpKey(), sign{method: rsaSHA256, digest: xmlenc + "sha256", transform: inclusive}, nil, saml.ErrTransforms},
		{"RSA SHA-1", idpKey(), sign{method: xmldsig + "rsa-sha1", digest: xmldsig + "sha1"}, nil, saml.ErrSHA1},
		{"SHA-1 in the digest alone", idpKey(), sign{method: rsaSHA256, digest: xmldsig + "sha1"}, nil, saml.ErrSHA1},
		{"RSA SHA-1, allowed", idpKey(), sign{method: xmldsig + "rsa-sha1", digest: xmldsig + "sha1"}, func(c *saml.Config) { c.Allow.SHA1 = true }, nil},
		{"ECDSA SHA-1, allowed", siteEC(), sign{method: more + "ecdsa-sha1", digest: xmldsig + "sha1"}, func(c *saml.Config) { c.Allow.SHA1 = true }, nil},
		{"RSA SHA-224", idpKey(), signWith(more + "rsa-sha224"), nil, lmssso.ErrAlgorithm},
		{"a shared secret", idpKey(), sign{method: more + "hmac-sha256", digest: xmlenc + "sha256", secret: true}, nil, lmssso.ErrAlgorithm},
		{"a key of nobody", idpKey(), sign{method: rsaSHA256, digest: xmlenc + "sha256", keyInfo: certificate}, func(c *saml.Config) {
			idp := *c.IdP.(*saml.StaticIdP)
			idp.Certificates = trusted(otherKey())
			c.IdP = &idp
		}, lmssso.ErrSignature},
	}
	for _, c := range cases {
		for _, where := range []string{"assertion", "response", "both"} {
			t.Run(c.name+"/"+where, func(t *testing.T) {
				t.Parallel()
				b := newBench(t, c.key, siteKey(), c.change)
				r := response{}
				if where != "response" {
					r.assertion = &c.sign
				}
				if where != "assertion" {
					r.response = &c.sign
				}
				b.judge(b.make(r), c.refused)
			})
		}
	}
}

// TestEncryptedByXmlsec: every content cipher that xmlsec1 has, with its own RSA-OAEP.
func TestEncryptedByXmlsec(t *testing.T) {
	const oaep = xmlenc + "rsa-oaep-mgf1p"
	strict := func(c *saml.Config) { c.Allow = saml.Allow{} }
	signed := signWith(rsaSHA256)
	for _, c := range []struct {
		name    string
		crypt   crypt
		change  func(*saml.Config)
		refused error // by a response that is signed as a whole
		inner   error // by one where only the assertion inside is signed
	}{
		{"AES-128-GCM", crypt{xmlenc11 + "aes128-gcm", "aes-128", oaep}, strict, nil, nil},
		{"AES-192-GCM", crypt{xmlenc11 + "aes192-gcm", "aes-192", oaep}, strict, nil, nil},
		{"AES-256-GCM", crypt{xmlenc11 + "aes256-gcm", "aes-256", oaep}, strict, nil, nil},
		{"AES-128-CBC", crypt{xmlenc + "aes128-cbc", "aes-128", oaep}, strict, nil, saml.ErrUnsignedCBC},
		{"AES-192-CBC", crypt{xmlenc + "aes192-cbc", "aes-192", oaep}, strict, nil, saml.ErrUnsignedCBC},
		{"AES-256-CBC", crypt{xmlenc + "aes256-cbc", "aes-256", oaep}, strict, nil, saml.ErrUnsignedCBC},
		{"AES-256-CBC, allowed", crypt{xmlenc + "aes256-cbc", "aes-256", oaep}, func(c *saml.Config) { c.Allow = saml.Allow{CBCInUnsignedResponse: true} }, nil, nil},
		{"Triple DES", crypt{xmlenc + "tripledes-cbc", "des-192", oaep}, strict, saml.ErrEncryptionAlgorithm, saml.ErrEncryptionAlgorithm},
		{"RSA PKCS#1 v1.5", crypt{xmlenc11 + "aes256-gcm", "aes-256", xmlenc + "rsa-1_5"}, strict, saml.ErrEncryptionAlgorithm, saml.ErrEncryptionAlgorithm},
	} {
		for _, where := range []string{"response", "assertion", "both", "nothing"} {
			t.Run(c.name+"/signed "+where, func(t *testing.T) {
				t.Parallel()
				b := newBench(t, idpKey(), siteKey(), c.change)
				r, want := response{encrypt: &c.crypt}, c.refused
				if where == "assertion" || where == "both" {
					r.assertion = &signed
				}
				if where == "response" || where == "both" {
					r.response = &signed
				}
				if where == "assertion" || where == "nothing" {
					want = c.inner
				}
				if where == "nothing" && want == nil {
					want = saml.ErrDecryption
				}
				b.judge(b.make(r), want)
			})
		}
	}
	// The response declares what only the plaintext uses. The assertion's own signature vouches for it, the response's does
	// not (Exclusive XML Canonicalization leaves out what is not used in the open).
	for where, want := range map[string]error{"assertion": nil, "both": nil, "response": saml.ErrDecryption} {
		t.Run("prefixes declared outside/signed "+where, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, idpKey(), siteKey(), strict)
			r := response{inherited: true, encrypt: &crypt{xmlenc11 + "aes256-gcm", "aes-256", oaep}}
			if where != "response" {
				r.assertion = &signed
			}
			if where != "assertion" {
				r.response = &signed
			}
			b.judge(b.make(r), want)
		})
	}
	t.Run("for another site's key", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, idpKey(), siteKey(), strict)
		b.site = writeKey(t, b.dir, "other", otherKey())
		b.judge(b.make(response{assertion: &signed, response: &signed, encrypt: &crypt{xmlenc11 + "aes256-gcm", "aes-256", oaep}}), saml.ErrDecryption)
	})
	// Sign, then encrypt, without signing anew: the outer signature covers the assertion in the clear, which is gone.
	t.Run("encrypted after the response was signed", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, idpKey(), siteKey(), strict)
		b.make(response{assertion: &signed, response: &signed})
		b.write("response.xml", strings.NewReplacer("<saml:Assertion ", "<saml:EncryptedAssertion><saml:Assertion ", "</saml:Assertion>", "</saml:Assertion></saml:EncryptedAssertion>").Replace(b.read("response.xml")))
		b.encrypt(crypt{xmlenc11 + "aes256-gcm", "aes-256", oaep})
		b.judge(input(b.read("response.xml")), lmssso.ErrSignature)
	})
}

// TestLogoutSignedByXmlsec: a provider's posted logout request ends the session it names, once, and only as it was signed.
func TestLogoutSignedByXmlsec(t *testing.T) {
	for _, c := range []struct {
		name    string
		key     saml.Key
		sign    sign
		refused error
	}{
		{"RSA", idpKey(), signWith(rsaSHA256), nil},
		{"P-256", siteEC(), signWith(ecdsaSHA256), nil},
		{"RSA SHA-1", idpKey(), sign{method: xmldsig + "rsa-sha1", digest: xmldsig + "sha1"}, saml.ErrSHA1},
		{"a shared secret", idpKey(), sign{method: more + "hmac-sha256", digest: xmlenc + "sha256", secret: true}, lmssso.ErrAlgorithm},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, c.key, siteKey(), nil)
			in := b.logoutRequest(c.sign)
			start, ended, err := b.provider.AnswerLogout(t.Context(), in)
			if c.refused != nil {
				if !errors.Is(err, c.refused) || start != nil || len(b.sessions.keys) != 0 {
					t.Fatalf("refused for another reason than %v: %v", c.refused, err)
				}
				return
			}
			want := []lmssso.SessionKey{{Connection: connection, Subject: lmssso.Subject{Value: "anna-7", Format: persistent}, Index: "_session"}}
			if err != nil || ended != 1 || !slices.Equal(b.sessions.keys, want) {
				t.Fatalf("ended %d of %+v: %v", ended, b.sessions.keys, err)
			}
			if !b.verified(posted(t, start, "SAMLResponse"), b.site.cert) {
				t.Fatal("xmlsec1 refuses our answer")
			}
			if _, _, err := b.provider.AnswerLogout(t.Context(), in); !errors.Is(err, lmssso.ErrReplayed) {
				t.Fatalf("the request serves twice: %v", err)
			}
		})
	}
}
