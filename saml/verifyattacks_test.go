package saml

import (
	"bytes"
	"compress/flate"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/stretchr/testify/require"
)

// attack is one hostile or broken response and the one reason it must be refused with.
type attack struct {
	name   string
	make   making
	reason *lmssso.Reason
	config func(*Config)
	want   func(*expectation)
}

func (a attack) run(t *testing.T) {
	t.Run(a.name, func(t *testing.T) {
		cfg, want := newConfig(), answer()
		if a.config != nil {
			a.config(&cfg)
		}
		if a.want != nil {
			a.want(&want)
		}
		refused(t, cfg, a.make.encoded(), want, a.reason)
	})
}

// forged changes a good response after it was signed.
func forged(pairs ...string) making { return making{inner: &signing{}, after: swap(pairs...)} }

// careless changes the assertion before it is signed.
func careless(pairs ...string) making {
	return making{assertion: swap(pairs...), inner: &signing{}}
}

// envelope changes the response, of which only the assertion is signed.
func envelope(pairs ...string) making {
	return making{response: swap(pairs...), inner: &signing{}}
}

func TestDocumentsThatAreNotPlainXML(t *testing.T) {
	const open, name = "<samlp:Response ", ">user-17<"
	for _, a := range []attack{
		{name: "a document type", make: forged(open, "<!DOCTYPE r>"+open), reason: ErrDTD},
		{name: "a document type with an entity", make: forged(open, `<!DOCTYPE r [<!ENTITY u "admin">]>`+open, name, ">&u;<"), reason: ErrDTD},
		{name: "entities that multiply", make: forged(open, `<!DOCTYPE r [<!ENTITY a "aa"><!ENTITY b "&a;&a;&a;">]>`+open), reason: ErrDTD},
		{name: "an external entity", make: forged(open, `<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>`+open), reason: ErrDTD},
		{name: "an entity nobody declared", make: forged(name, ">&u;<"), reason: ErrXML},
		{name: "a comment in the NameID", make: forged(name, ">user-17<!-- -->.evil<"), reason: ErrMarkup},
		{name: "a comment the provider signed", make: careless(name, ">user-17<!-- -->.evil<"), reason: ErrMarkup},
		{name: "a processing instruction in the NameID", make: forged(name, ">user-17<?x ?>.evil<"), reason: ErrMarkup},
		{name: "a CDATA section in the NameID", make: forged(name, "><![CDATA[user-17]]><"), reason: ErrMarkup},
		{name: "a style sheet before the root", make: forged(open, `<?xml-stylesheet href="x"?>`+open), reason: ErrXML},
		{name: "an attribute given twice", make: forged(` ID="_response1"`, ` ID="_response1" Version="2.0"`), reason: ErrDuplicate},
		{name: "an attribute given twice by two prefixes", make: forged(open, open+`xmlns:a="u" xmlns:b="u" a:x="1" b:x="2" `), reason: ErrDuplicate},
		{name: "a second root", make: making{inner: &signing{}, after: func(s string) string { return s + "<a/>" }}, reason: ErrXML},
		{name: "text after the root", make: making{inner: &signing{}, after: func(s string) string { return s + "evil" }}, reason: ErrXML},
		{name: "the label of another encoding", make: forged(open, `<?xml version="1.0" encoding="UTF-7"?>`+open), reason: ErrXML},
		{name: "the label of another version", make: forged(open, `<?xml version="1.1"?>`+open), reason: ErrXML},
		{name: "bytes that are not UTF-8", make: forged(name, ">user-\xff<"), reason: ErrXML},
		{name: "an element that does not end", make: forged("</samlp:Response>", ""), reason: ErrXML},
		{name: "an end tag by another prefix", make: forged("</samlp:Response>", "</saml:Response>"), reason: ErrXML},
		{name: "a name with two colons", make: forged("<samlp:Status>", `<samlp:Status a:b:c="1">`), reason: ErrXML},
		{name: "a name that ends in a colon", make: forged("<samlp:Status>", `<samlp:Status a:="1">`), reason: ErrNamespace},
		{name: "a prefix that is not declared", make: forged("<samlp:Status>", `<samlp:Status><nope:x/>`), reason: ErrNamespace},
		{name: "xml:id as a second identifier", make: forged("<samlp:Status>", `<samlp:Status xml:id="_assertion1">`), reason: ErrIDs},
		{name: "an identifier behind a prefix", make: forged("<samlp:Status>", `<samlp:Status samlp:ID="_assertion1">`), reason: ErrIDs},
		{name: "one ID on two elements", make: forged("<samlp:Status>", `<samlp:Status ID="_assertion1">`), reason: ErrIDs},
		{name: "one ID in two spellings", make: forged("<samlp:Status>", `<samlp:Status Id="_assertion1">`), reason: ErrIDs},
	} {
		a.run(t)
	}
}

func TestEncodingsThatAreNotThePostBinding(t *testing.T) {
	var deflated bytes.Buffer
	w, err := flate.NewWriter(&deflated, 9)
	require.NoError(t, err)
	_, err = w.Write([]byte(good().xml()))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	encoded := good().encoded()
	odd := good().xml()
	for len(odd)%3 != 0 {
		odd += "\n"
	}
	odd += "\n"
	odd = strings.TrimSuffix(encode(odd), "g==") + "h==" // the same byte, a line break, with a bit that stands for nothing
	for name, row := range map[string]struct {
		encoded string
		reason  *lmssso.Reason
	}{
		"nothing":                    {"", ErrResponseMissing},
		"a deflated response":        {base64.StdEncoding.EncodeToString(deflated.Bytes()), ErrEncoding},
		"white space before the XML": {encode(" " + good().xml()), ErrEncoding},
		"a byte order mark":          {encode("\ufeff" + good().xml()), ErrEncoding},
		"blanks in the base64":       {encoded[:40] + " " + encoded[40:], ErrEncoding},
		"the URL alphabet":           {strings.NewReplacer("+", "-", "/", "_").Replace(encode("<?>>>~~~~~?????" + good().xml())), ErrEncoding},
		"no padding":                 {strings.TrimRight(encode(good().xml()+strings.Repeat(" ", 3-len(good().xml())%3+1)), "=") + "=", ErrEncoding},
		"no base64":                  {"<samlp:Response/>", ErrEncoding},
		"bits that mean nothing":     {odd, ErrEncoding},
		"only white space":           {"\r\n\r\n", ErrEncoding},
		"more than the form takes":   {encode(strings.Repeat(" ", 200<<10)), ErrLimits},
	} {
		t.Run(name, func(t *testing.T) { refused(t, newConfig(), row.encoded, answer(), row.reason) })
	}
	_, err = verifierFor(t, newConfig()).response(t.Context(), encoded[:76]+"\r\n"+encoded[76:], answer())
	require.NoError(t, err, "line breaks are part of base64 in MIME")
}

func TestMessagesThatAreNotOneAssertionInAResponse(t *testing.T) {
	second := strings.ReplaceAll(plainAssertion, "_assertion1", "_assertion2")
	evil := strings.NewReplacer("_assertion1", "_evil", "user-17", "admin").Replace(plainAssertion)
	sealedEvil := seal([]byte(evil), sealing{})
	before := func(place, what string) making { return forged(place, what+place) }
	root := func(xml string) making { return making{after: func(string) string { return xml }} }
	for _, a := range []attack{
		{name: "a logout response", make: root(`<samlp:LogoutResponse xmlns:samlp="` + nsProtocol + `"/>`), reason: ErrMessage},
		{name: "an artifact response", make: root(`<samlp:ArtifactResponse xmlns:samlp="` + nsProtocol + `">` + good().xml() + `</samlp:ArtifactResponse>`), reason: ErrMessage},
		{name: "a SOAP envelope", make: root(`<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>` + good().xml() + `</s:Body></s:Envelope>`), reason: ErrMessage},
		{name: "an assertion by itself", make: root(plainAssertion), reason: ErrMessage},
		{name: "metadata", make: root(`<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"/>`), reason: ErrMessage},
		{name: "SAML 1.1", make: root(`<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:1.0:protocol"/>`), reason: ErrMessage},
		{name: "a response of version 1.1", make: envelope(`ID="_response1" Version="2.0"`, `ID="_response1" Version="1.1"`), reason: ErrMessage},
		{name: "an assertion of version 1.1", make: careless(`Version="2.0"`, `Version="1.1"`), reason: ErrMessage},
		{name: "a response without an ID", make: envelope(` ID="_response1"`, ""), reason: ErrIDs},
		{name: "an assertion with an empty ID", make: careless(`ID="_assertion1"`, `ID=""`), reason: ErrReference},
		{name: "an assertion with an empty ID in a signed response", make: making{assertion: swap(`ID="_assertion1"`, `ID=""`), outer: &signing{}}, reason: ErrIDs},
		{name: "no assertion", make: making{response: func(string) string { return fmt.Sprintf(plainResponse, "") }, outer: &signing{}}, reason: ErrNoAssertion},
		{name: "a signed and an unsigned assertion", make: before("<saml:Assertion ", evil), reason: ErrAssertions},
		{name: "an unsigned assertion after the signed one", make: before("</samlp:Response>", evil), reason: ErrAssertions},
		{name: "two signed assertions", make: making{inner: &signing{}, after: swap("</samlp:Response>", signedText(second, &signing{})+"</samlp:Response>")}, reason: ErrAssertions},
		{name: "an encrypted and a signed assertion", make: before("</samlp:Response>", sealedEvil), reason: ErrAssertions},
		{name: "an assertion in Extensions", make: before("<samlp:Status>", "<samlp:Extensions>"+evil+"</samlp:Extensions>"), reason: ErrWrapped},
		{name: "an assertion in a status detail", make: before("</samlp:Status>", "<samlp:StatusDetail>"+evil+"</samlp:StatusDetail>"), reason: ErrWrapped},
		{name: "an assertion in Advice", make: careless("<saml:AuthnStatement ", "<saml:Advice>"+second+"</saml:Advice><saml:AuthnStatement "), reason: ErrWrapped},
		{name: "an assertion in an attribute value", make: careless(">intro<", ">"+second+"<"), reason: ErrWrapped},
		{name: "an assertion of another namespace", make: before("<samlp:Status>", `<samlp:Extensions><Assertion xmlns="u"/></samlp:Extensions>`), reason: ErrWrapped},
		{name: "a response in the response", make: before("</samlp:Response>", strings.ReplaceAll(fmt.Sprintf(plainResponse, ""), "_response1", "_r2")), reason: ErrWrapped},
		{name: "a signature in Extensions", make: before("<samlp:Status>", `<samlp:Extensions><ds:Signature xmlns:ds="`+nsSignature+`"/></samlp:Extensions>`), reason: ErrWrapped},
		{name: "an element nobody knows in the response", make: before("</samlp:Response>", "<samlp:Evil/>"), reason: ErrStructure},
		{name: "text between the elements", make: before("</samlp:Response>", "evil"), reason: ErrStructure},
		{name: "two statuses", make: before("<samlp:Status>", `<samlp:Status><samlp:StatusCode Value="u"/></samlp:Status>`), reason: ErrStructure},
		{name: "two issuers of the response", make: before("<samlp:Status>", "<saml:Issuer>"+idpName+"</saml:Issuer>"), reason: ErrStructure},
	} {
		a.run(t)
	}
}

// wrapping builds the eight classic ways to show a signature over the old assertion and an identity of one's own
// (Somorovsky and others, "On Breaking SAML", 2012), each with the attacker's element under its own and the old ID.
func wrapping(t *testing.T) map[string]string {
	t.Helper()
	doc := element(good().xml())
	old := doc.FindElement("./Assertion")
	sig := text(old.FindElement("./Signature"))
	bare := strings.Replace(text(old), sig, "", 1)
	whole := signedText(fmt.Sprintf(plainResponse, plainAssertion), &signing{})
	wholeSig := text(element(whole).FindElement("./Signature"))
	out := map[string]string{}
	for same, id := range map[string]string{"its own ID": "_evil", "the old ID": "_assertion1"} {
		evil := strings.NewReplacer("user-17", "admin", "_assertion1", id).Replace(plainAssertion)
		inside := func(what string) string { return strings.Replace(evil, "</saml:Issuer>", "</saml:Issuer>"+what, 1) }
		object := func(what string) string {
			return strings.Replace(sig, "</ds:Signature>", "<ds:Object>"+what+"</ds:Object></ds:Signature>", 1)
		}
		evilResponse := strings.NewReplacer("user-17", "admin", "_response1", id).Replace(strings.Replace(whole, wholeSig, "%s", 1))
		for name, body := range map[string]string{
			"3: before the signed assertion":         evil + text(old),
			"4: around the signed assertion":         strings.Replace(evil, "</saml:Assertion>", text(old)+"</saml:Assertion>", 1),
			"5: with the signature, old one after":   inside(sig) + bare,
			"6: old one in the signature":            inside(strings.Replace(sig, "</ds:Signature>", bare+"</ds:Signature>", 1)),
			"7: beside old one in Extensions":        "<samlp:Extensions>" + text(old) + "</samlp:Extensions>" + evil,
			"8: old one in the signature's Object":   inside(object(bare)),
			"evil one in the signature's Object":     strings.Replace(text(old), sig, object(evil), 1),
			"evil one after, signature on the first": text(old) + evil,
		} {
			out[name+", "+same] = fmt.Sprintf(plainResponse, body)
		}
		out["1: response around the signed response, "+same] = fmt.Sprintf(evilResponse, strings.Replace(wholeSig, "</ds:Signature>", "<ds:Object>"+strings.Replace(whole, wholeSig, "", 1)+"</ds:Object></ds:Signature>", 1))
		out["2: response before the signed response, "+same] = fmt.Sprintf(evilResponse, strings.Replace(whole, wholeSig, "", 1)+wholeSig)
	}
	return out
}

func TestSignatureWrapping(t *testing.T) {
	all := wrapping(t)
	require.Len(t, all, 20)
	for name, doc := range all {
		t.Run(name, func(t *testing.T) {
			cfg := newConfig()
			a, err := verifierFor(t, cfg).response(t.Context(), encode(doc), answer())
			require.Nil(t, a)
			require.Error(t, err)
			require.Contains(t, []*lmssso.Reason{ErrWrapped, ErrAssertions, ErrIDs, ErrStructure, ErrReference}, lmssso.ReasonOf(err))
			require.Empty(t, cfg.SingleUse.(*memoryUse).until)
		})
	}
}

func TestSignaturesThatAreNotTheOneShape(t *testing.T) {
	inner := func(s signing) making { return making{inner: &s} }
	sha1 := "http://www.w3.org/2000/09/xmldsig#sha1"
	digest := func(s string) string { // the smuggled second DigestValue of CVE-2025-29775
		i := strings.Index(s, "</ds:DigestValue>")
		return s[:i] + "<ds:DigestValue>AAAA</ds:DigestValue>" + s[i:]
	}
	for _, a := range []attack{
		{name: "nothing signed", make: making{}, reason: ErrUnsigned},
		{name: "the signature stripped", make: making{inner: &signing{}, after: func(s string) string {
			i, j := strings.Index(s, "<ds:Signature"), strings.Index(s, "</ds:Signature>")
			return s[:i] + s[j+len("</ds:Signature>"):]
		}}, reason: ErrUnsigned},
		{name: "the name changed", make: forged(">user-17<", ">admin<"), reason: lmssso.ErrSignature},
		{name: "an attribute changed", make: forged(">intro<", ">expert<"), reason: lmssso.ErrSignature},
		{name: "the signature changed", make: forged("<ds:SignatureValue>", "<ds:SignatureValue>AAAA"), reason: lmssso.ErrSignature},
		{name: "an empty signature value", make: making{inner: &signing{}, after: func(s string) string {
			i, j := strings.Index(s, "<ds:SignatureValue>"), strings.Index(s, "</ds:SignatureValue>")
			return s[:i] + "<ds:SignatureValue>" + s[j:]
		}}, reason: lmssso.ErrSignature},
		{name: "another key", make: inner(signing{key: keys().other}), reason: lmssso.ErrSignature},
		{name: "another key that brings its certificate", make: inner(signing{key: keys().other, keyInfo: keyInfo(keys().other)}), reason: lmssso.ErrSignature},
		{name: "another key that shows the trusted certificate", make: inner(signing{key: keys().other, keyInfo: keyInfo(keys().idp)}), reason: lmssso.ErrSignature},
		{name: "another key by reference", make: inner(signing{key: keys().other, keyInfo: `<ds:KeyInfo><ds:RetrievalMethod URI="https://evil.example/key"/></ds:KeyInfo>`}), reason: lmssso.ErrSignature},
		{name: "the response good, the assertion by another key", make: making{inner: &signing{key: keys().other}, outer: &signing{}}, reason: lmssso.ErrSignature},
		{name: "the assertion good, the response by another key", make: making{inner: &signing{}, outer: &signing{key: keys().other}}, reason: lmssso.ErrSignature},
		{name: "rsa-sha1", make: inner(signing{method: algRSASHA1}), reason: ErrSHA1},
		{name: "a SHA-1 digest", make: inner(signing{digest: sha1}), reason: ErrSHA1},
		{name: "rsa-md5", make: inner(signing{method: moreAlgs + "rsa-md5"}), reason: lmssso.ErrAlgorithm},
		{name: "HMAC with the public key", make: inner(signing{method: moreAlgs + "hmac-sha256"}), reason: lmssso.ErrAlgorithm},
		{name: "no algorithm", make: forged(moreAlgs+"rsa-sha256", ""), reason: lmssso.ErrAlgorithm},
		{name: "an unknown digest", make: inner(signing{digest: moreAlgs + "md5"}), reason: lmssso.ErrAlgorithm},
		{name: "inclusive canonicalization", make: inner(signing{canonical: "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"}), reason: ErrSignatureShape},
		{name: "XSLT among the transforms", make: inner(signing{transforms: []string{algEnveloped, "http://www.w3.org/TR/1999/REC-xslt-19991116"}}), reason: ErrTransforms},
		{name: "XPath among the transforms", make: inner(signing{transforms: []string{algEnveloped, nsExclusive, "http://www.w3.org/TR/1999/REC-xpath-19991116"}}), reason: ErrTransforms},
		{name: "no enveloped transform", make: inner(signing{transforms: []string{nsExclusive}}), reason: ErrTransforms},
		{name: "no canonicalization among the transforms", make: inner(signing{transforms: []string{algEnveloped}}), reason: ErrTransforms},
		{name: "canonicalization twice", make: inner(signing{transforms: []string{nsExclusive, nsExclusive}}), reason: ErrTransforms},
		{name: "the transforms the other way round", make: inner(signing{transforms: []string{nsExclusive, algEnveloped}}), reason: ErrTransforms},
		{name: "no transforms", make: inner(signing{transforms: []string{}}), reason: ErrTransforms},
		{name: "no reference", make: inner(signing{uris: []string{}}), reason: ErrReference},
		{name: "two references", make: inner(signing{uris: []string{"#_assertion1", "#_response1"}}), reason: ErrReference},
		{name: "the same reference twice", make: inner(signing{uris: []string{"#_assertion1", "#_assertion1"}}), reason: ErrReference},
		{name: "a reference to everything", make: inner(signing{uris: []string{""}}), reason: ErrReference},
		{name: "a reference without #", make: inner(signing{uris: []string{"x_assertion1"}}), reason: ErrReference},
		{name: "a reference to the parent", make: inner(signing{uris: []string{"#_response1"}}), reason: ErrReference},
		{name: "an Object", make: inner(signing{object: "<ds:Object/>"}), reason: ErrSignatureShape},
		{name: "two digest values", make: making{inner: &signing{}, after: func(s string) string {
			return strings.Replace(s, "<ds:DigestValue>", "<ds:DigestValue>AAAA</ds:DigestValue><ds:DigestValue>", 1)
		}}, reason: ErrSignatureShape},
		{name: "a digest value in the digest value", make: making{inner: &signing{}, after: digest}, reason: ErrSignatureShape},
		{name: "two SignedInfo", make: making{inner: &signing{}, after: func(s string) string {
			i, j := strings.Index(s, "<ds:SignedInfo>"), strings.Index(s, "</ds:SignedInfo>")+len("</ds:SignedInfo>")
			return s[:i] + s[i:j] + s[i:]
		}}, reason: ErrSignatureShape},
		{name: "two signatures in the assertion", make: making{inner: &signing{}, after: func(s string) string {
			i, j := strings.Index(s, "<ds:Signature "), strings.Index(s, "</ds:Signature>")+len("</ds:Signature>")
			return s[:i] + s[i:j] + s[i:]
		}}, reason: ErrSignatureShape},
		{name: "only the assertion signed where both must be", make: good(), config: func(c *Config) { c.Check.RequireSignedResponse = true }, reason: ErrResponseUnsigned},
		{name: "a certificate past its dates", make: good(), config: datedIdP(-2, -1), reason: ErrCertificateDates},
		{name: "a certificate before its dates", make: good(), config: datedIdP(1, 2), reason: ErrCertificateDates},
	} {
		a.run(t)
	}
}

func keyInfo(key interface {
	Public() crypto.PublicKey
	Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error)
}) string {
	return "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>" + base64.StdEncoding.EncodeToString(validCertificate(key).Raw) + "</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
}

// datedIdP gives the provider a certificate with dates in years from now.
func datedIdP(from, to int) func(*Config) {
	return func(c *Config) {
		c.IdP = &StaticIdP{EntityID: idpName, Certificates: []*x509.Certificate{certificate(keys().idp, noon.AddDate(from, 0, 0), noon.AddDate(to, 0, 0))}}
	}
}

func TestWhatAConnectionMayRelax(t *testing.T) {
	for name, row := range map[string]struct {
		make making
		edit func(*Config)
	}{
		"SHA-1": {making{inner: &signing{method: algRSASHA1, digest: algSHA1}}, func(c *Config) { c.Allow.SHA1 = true }},
		"certificates out of date": {good(), func(c *Config) {
			datedIdP(-2, -1)(c)
			c.Allow.ExpiredCertificates = true
		}},
		"AES-CBC in an unsigned response": {making{inner: &signing{}, sealed: &sealing{method: nsEncryption + "aes256-cbc"}}, func(c *Config) { c.Allow.CBCInUnsignedResponse = true }},
		"both signed where both must be":  {making{inner: &signing{}, outer: &signing{}}, func(c *Config) { c.Check.RequireSignedResponse = true }},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := verify(t, newConfig(row.edit), row.make)
			require.NoError(t, err)
		})
	}
}

func TestEncryptedAssertionsThatMustNotBeTrusted(t *testing.T) {
	sealed := func(s sealing) making { return making{inner: &signing{}, sealed: &s} }
	cut := func(n int) func([]byte) []byte { return func(b []byte) []byte { return b[:min(n, len(b))] } }
	flip := func(b []byte) []byte { b[len(b)-1] ^= 1; return b }
	cbc := func(c *Config) { c.Allow.CBCInUnsignedResponse = true }
	const aesCBC = nsEncryption + "aes128-cbc"
	for _, a := range []attack{
		{name: "in the clear where it must not be", make: good(), config: func(c *Config) { c.Allow.UnencryptedAssertions = false }, reason: ErrUnencrypted},
		{name: "encrypted and not signed", make: making{sealed: &sealing{}}, reason: ErrDecryption},
		{name: "encrypted and signed by another key", make: making{inner: &signing{key: keys().other}, sealed: &sealing{}}, reason: ErrDecryption},
		{name: "encrypted for somebody else", make: sealed(sealing{to: &keys().other.PublicKey}), reason: ErrDecryption},
		{name: "a wrapped key that is noise", make: sealed(sealing{garbage: true}), reason: ErrDecryption},
		{name: "a ciphertext cut to nothing", make: sealed(sealing{spoil: cut(0)}), reason: ErrDecryption},
		{name: "a ciphertext shorter than the nonce", make: sealed(sealing{spoil: cut(8)}), reason: ErrDecryption},
		{name: "a ciphertext shorter than the tag", make: sealed(sealing{spoil: cut(20)}), reason: ErrDecryption},
		{name: "a tag changed", make: sealed(sealing{spoil: flip}), reason: ErrDecryption},
		{name: "CBC in an unsigned response", make: sealed(sealing{method: aesCBC}), reason: ErrUnsignedCBC},
		{name: "CBC with its padding changed", make: sealed(sealing{method: aesCBC, spoil: flip}), config: cbc, reason: ErrDecryption},
		{name: "CBC with half a block", make: sealed(sealing{method: aesCBC, spoil: cut(40)}), config: cbc, reason: ErrDecryption},
		{name: "CBC of one block", make: sealed(sealing{method: aesCBC, spoil: cut(16)}), config: cbc, reason: ErrDecryption},
		{name: "CBC with its text changed", make: sealed(sealing{method: aesCBC, spoil: func(b []byte) []byte { b[100] ^= 1; return b }}), config: cbc, reason: ErrDecryption},
		{name: "CBC around an unsigned assertion", make: making{sealed: &sealing{method: aesCBC}}, config: cbc, reason: ErrDecryption},
		{name: "Triple DES", make: sealed(sealing{method: nsEncryption + "tripledes-cbc"}), reason: ErrEncryptionAlgorithm},
		{name: "RSA PKCS#1 v1.5", make: sealed(sealing{transport: nsEncryption + "rsa-1_5"}), reason: ErrEncryptionAlgorithm},
		{name: "an unknown cipher", make: sealed(sealing{method: "rot13"}), reason: ErrEncryptionAlgorithm},
		{name: "an unknown digest of OAEP", make: making{inner: &signing{}, sealed: &sealing{digest: crypto.SHA256}, after: swap(nsEncryption+`sha256"/></xenc:EncryptionMethod>`, nsSignature+`sha256"/></xenc:EncryptionMethod>`)}, reason: ErrEncryptionAlgorithm},
		{name: "a label of OAEP", make: making{inner: &signing{}, sealed: &sealing{}, after: swap(`rsa-oaep-mgf1p"></xenc:EncryptionMethod>`, `rsa-oaep-mgf1p"><xenc:OAEPparams>AA==</xenc:OAEPparams></xenc:EncryptionMethod>`)}, reason: ErrEncryptionAlgorithm},
		{name: "a key of the wrong size", make: making{inner: &signing{}, sealed: &sealing{method: nsEncryption11 + "aes256-gcm"}, after: swap("aes256-gcm", "aes128-gcm")}, reason: ErrDecryption},
		{name: "five wrapped keys", make: making{inner: &signing{}, sealed: &sealing{}, after: func(s string) string {
			i, j := strings.Index(s, "<xenc:EncryptedKey>"), strings.Index(s, "</xenc:EncryptedKey>")+len("</xenc:EncryptedKey>")
			return s[:i] + strings.Repeat(s[i:j], 5) + s[j:]
		}}, reason: ErrDecryption},
		{name: "a reference to a ciphertext elsewhere", make: making{inner: &signing{}, sealed: &sealing{}, after: func(s string) string {
			return strings.Replace(s, "<xenc:CipherData><xenc:CipherValue>", `<xenc:CipherData><xenc:CipherReference URI="https://evil.example"/><xenc:CipherValue>`, 1)
		}}, reason: ErrDecryption},
		{name: "no key that decrypts", make: sealed(sealing{}), config: func(c *Config) { c.SP.Keys = nil }, reason: ErrNoDecryptionKey},
		{name: "a document type in the plaintext", make: making{outer: &signing{}, sealed: &sealing{}, assertion: func(s string) string { return "<!DOCTYPE r>" + s }}, reason: ErrDecryption},
		{name: "two assertions in the plaintext", make: making{outer: &signing{}, sealed: &sealing{}, assertion: func(s string) string { return s + s }}, reason: ErrDecryption},
		{name: "an assertion in the advice of the plaintext", make: making{outer: &signing{}, sealed: &sealing{}, assertion: swap("<saml:AuthnStatement ", "<saml:Advice>"+strings.ReplaceAll(plainAssertion, "_assertion1", "_assertion2")+"</saml:Advice><saml:AuthnStatement ")}, reason: ErrDecryption},
		{name: "something else in the plaintext", make: making{outer: &signing{}, sealed: &sealing{}, assertion: func(string) string { return "<a/>" }}, reason: ErrDecryption},
		{name: "a signed response changed around it", make: making{outer: &signing{}, sealed: &sealing{method: aesCBC}, after: func(s string) string {
			return strings.Replace(s, "_response1\" Version", "_response1\"  Consent=\"x\" Version", 1)
		}}, reason: lmssso.ErrSignature},
		{name: "an encrypted NameID", make: careless(`<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent" NameQualifier="nq" SPNameQualifier="spnq">user-17</saml:NameID>`, "<saml:EncryptedID/>"), reason: ErrEncryptedID},
		{name: "an encrypted attribute", make: careless("</saml:AttributeStatement>", "<saml:EncryptedAttribute/></saml:AttributeStatement>"), reason: ErrEncryptedAttribute},
	} {
		a.run(t)
	}
}

// TestDecryptionFailuresLookAlike compares everything the refusals say.
func TestDecryptionFailuresLookAlike(t *testing.T) {
	var first error
	for _, m := range []making{
		{sealed: &sealing{}},
		{inner: &signing{key: keys().other}, sealed: &sealing{}},
		{inner: &signing{method: algRSASHA1}, sealed: &sealing{}},
		{inner: &signing{}, sealed: &sealing{garbage: true}},
		{inner: &signing{}, sealed: &sealing{spoil: func(b []byte) []byte { return b[:3] }}},
		{inner: &signing{}, sealed: &sealing{method: nsEncryption + "aes128-cbc", spoil: func(b []byte) []byte { return b[:48] }}},
		{inner: &signing{}, sealed: &sealing{}, assertion: func(string) string { return `<a ID="_assertion1"><b/></a>` }},
		{inner: &signing{}, sealed: &sealing{}, assertion: swap(">user-17<", "><!--x-->user-17<")},
	} {
		_, err := verify(t, newConfig(func(c *Config) { c.Allow.CBCInUnsignedResponse = true }), m)
		require.ErrorIs(t, err, ErrDecryption)
		if first == nil {
			first = err
		}
		require.Equal(t, first, err)
	}
}

func TestRulesOfTheResponse(t *testing.T) {
	unsolicited := func(e *expectation) { e.request = nil }
	idpInitiated := func(c *Config) { c.Allow.IdPInitiated = true }
	const asked = ` InResponseTo="_request1"`
	for _, a := range []attack{
		{name: "a refusal by the provider", make: envelope("status:Success", "status:Responder"), reason: lmssso.ErrProviderRefused},
		{name: "success below a refusal", make: envelope(`<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/>`, `<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Requester"><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:StatusCode>`), reason: lmssso.ErrProviderRefused},
		{name: "another issuer of the response", make: envelope("<samlp:Status>", "<samlp:Status>", "<saml:Issuer>https://idp.example/metadata</saml:Issuer><samlp:Status>", "<saml:Issuer>https://other.example</saml:Issuer><samlp:Status>"), reason: lmssso.ErrIssuer},
		{name: "an issuer in another case", make: careless("https://idp.example/metadata", "https://IDP.example/metadata"), reason: lmssso.ErrIssuer},
		{name: "another issuer of the assertion", make: careless("https://idp.example/metadata", "https://other.example"), reason: lmssso.ErrIssuer},
		{name: "an issuer with an element in it", make: careless("<saml:Issuer>https://idp.example/metadata", "<saml:Issuer>https://idp.example/metadata<saml:a/>"), reason: ErrNotText},
		{name: "an issuer of another format", make: careless("<saml:Issuer>", `<saml:Issuer Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">`), reason: lmssso.ErrIssuer},
		{name: "another destination", make: envelope(`Destination="https://learn.example/access/saml/consumer"`, `Destination="https://evil.example/"`), reason: ErrDestination},
		{name: "an empty destination", make: envelope(`Destination="https://learn.example/access/saml/consumer"`, `Destination=""`), reason: ErrDestination},
		{name: "a signed response without destination", make: making{response: swap(` Destination="https://learn.example/access/saml/consumer"`, ""), outer: &signing{}}, reason: ErrDestination},
		{name: "an answer to another request", make: envelope(`consumer" InResponseTo="_request1">`, `consumer" InResponseTo="_request2">`), reason: ErrInResponseTo},
		{name: "an answer to no request", make: envelope(`consumer" InResponseTo="_request1">`, `consumer">`), reason: ErrInResponseTo},
		{name: "a stolen assertion for another request", make: careless(`InResponseTo="_request1"`, `InResponseTo="_request2"`), reason: ErrInResponseTo},
		{name: "a confirmation for no request", make: careless(asked, ""), reason: ErrInResponseTo},
		{name: "a login whose request is not known", make: good(), want: func(e *expectation) { e.request = &Pending{} }, reason: ErrInResponseTo},
		{name: "no answer to a request that is not known", make: making{assertion: swap(asked, ""), response: swap(asked, ""), inner: &signing{}}, want: func(e *expectation) { e.request = &Pending{} }, config: idpInitiated, reason: ErrInResponseTo},
		{name: "unsolicited where none is wanted", make: making{assertion: swap(asked, ""), response: swap(asked, ""), inner: &signing{}}, want: unsolicited, reason: lmssso.ErrUnsolicited},
		{name: "unsolicited with InResponseTo", make: making{assertion: swap(asked, ""), inner: &signing{}}, want: unsolicited, config: idpInitiated, reason: ErrUnaskedAnswer},
		{name: "unsolicited with InResponseTo in the confirmation", make: making{inner: &signing{}, response: swap(`consumer" InResponseTo="_request1">`, `consumer">`)}, want: unsolicited, config: idpInitiated, reason: ErrUnaskedAnswer},
		{name: "a solicited login where IdP-initiated ones are allowed too", make: making{assertion: swap(asked, ""), response: swap(asked, ""), inner: &signing{}}, config: idpInitiated, reason: ErrInResponseTo},
		{name: "a response issued long ago", make: envelope(`_response1" Version="2.0" IssueInstant="2026-05-04T12:00:00Z"`, `_response1" Version="2.0" IssueInstant="2026-05-04T11:43:59Z"`), reason: ErrIssueInstant},
		{name: "a response from the future", make: envelope(`_response1" Version="2.0" IssueInstant="2026-05-04T12:00:00Z"`, `_response1" Version="2.0" IssueInstant="2026-05-04T12:01:01Z"`), reason: lmssso.ErrNotYetValid},
		{name: "a response without a time", make: envelope(`_response1" Version="2.0" IssueInstant="2026-05-04T12:00:00Z"`, `_response1" Version="2.0"`), reason: ErrTime},
	} {
		a.run(t)
	}
}

func TestRulesOfTheAssertion(t *testing.T) {
	const (
		bearer  = `Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"`
		ends    = `NotOnOrAfter="2026-05-04T12:05:00Z"/>`
		bound   = `NotOnOrAfter="2026-05-04T12:05:00Z">`
		aud     = "<saml:AudienceRestriction><saml:Audience>https://learn.example/access/saml/metadata</saml:Audience></saml:AudienceRestriction>"
		nameID  = `<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent" NameQualifier="nq" SPNameQualifier="spnq">user-17</saml:NameID>`
		instant = `AuthnInstant="2026-05-04T11:59:50Z"`
	)
	forced := func(e *expectation) { e.request.ForceAuthn = true; e.request.Begun = noon }
	later := func(d time.Duration) func(*expectation) { return func(e *expectation) { e.now = noon.Add(d) } }
	drop := func(s, from, to string) string {
		i, j := strings.Index(s, from), strings.Index(s, to)+len(to)
		return s[:i] + s[j:]
	}
	without := func(from, to string) making {
		return making{inner: &signing{}, assertion: func(s string) string { return drop(s, from, to) }}
	}
	for _, a := range []attack{
		{name: "issued long ago", make: careless(`IssueInstant="2026-05-04T12:00:00Z"`, `IssueInstant="2026-05-04T11:43:59Z"`), reason: ErrIssueInstant},
		{name: "issued in the future", make: careless(`IssueInstant="2026-05-04T12:00:00Z"`, `IssueInstant="2026-05-04T12:01:01Z"`), reason: lmssso.ErrNotYetValid},
		{name: "issued at no time", make: careless(`IssueInstant="2026-05-04T12:00:00Z"`, `IssueInstant="now"`), reason: ErrTime},
		{name: "a time without a zone", make: careless(`IssueInstant="2026-05-04T12:00:00Z"`, `IssueInstant="2026-05-04T12:00:00"`), reason: ErrTime},
		{name: "a time with a comma", make: careless(`IssueInstant="2026-05-04T12:00:00Z"`, `IssueInstant="2026-05-04T12:00:00,5Z"`), reason: ErrTime},
		{name: "two issuers", make: careless("<saml:Subject>", "<saml:Issuer>https://idp.example/metadata</saml:Issuer><saml:Subject>"), reason: ErrStructure},
		{name: "two subjects", make: careless("<saml:Conditions ", "<saml:Subject/><saml:Conditions "), reason: ErrStructure},
		{name: "two NameIDs", make: careless(nameID, nameID+"<saml:NameID>admin</saml:NameID>"), reason: ErrStructure},
		{name: "two conditions", make: careless("<saml:AuthnStatement ", "<saml:Conditions/><saml:AuthnStatement "), reason: ErrStructure},
		{name: "a statement of another kind", make: careless("<saml:AuthnStatement ", "<saml:Statement/><saml:AuthnStatement "), reason: ErrStructure},
		{name: "no subject", make: without("<saml:Subject>", "</saml:Subject>"), reason: ErrStructure},
		{name: "no NameID", make: careless(nameID, ""), reason: ErrNameID},
		{name: "an empty NameID", make: careless(">user-17<", "><"), reason: ErrNameID},
		{name: "a NameID of blanks", make: careless(">user-17<", "> \n <"), reason: ErrNameID},
		{name: "an endless NameID", make: careless(">user-17<", ">"+strings.Repeat("x", 1025)+"<"), reason: ErrNameID},
		{name: "a line break in the NameID", make: careless(">user-17<", ">user&#10;17<"), reason: ErrNameID},
		{name: "an element in the NameID", make: careless(">user-17<", ">user-17<saml:a/>.evil<"), reason: ErrNotText},
		{name: "no confirmation", make: without("<saml:SubjectConfirmation ", "</saml:SubjectConfirmation>"), reason: ErrConfirmation},
		{name: "a confirmation of another method", make: careless("cm:bearer", "cm:holder-of-key"), reason: ErrConfirmation},
		{name: "a confirmation without data", make: without("<saml:SubjectConfirmationData", ends), reason: ErrConfirmation},
		{name: "a confirmation that names its bearer", make: careless("<saml:SubjectConfirmationData", "<saml:NameID>x</saml:NameID><saml:SubjectConfirmationData"), reason: ErrConfirmation},
		{name: "a confirmation without an end", make: careless(" "+ends, "/>"), reason: ErrConfirmation},
		{name: "another recipient", make: careless(`Recipient="https://learn.example/access/saml/consumer"`, `Recipient="https://learn.example/access/saml/consumer/acme"`), reason: lmssso.ErrRecipient},
		{name: "no recipient", make: careless(` Recipient="https://learn.example/access/saml/consumer"`, ""), reason: lmssso.ErrRecipient},
		{name: "a confirmation that ended", make: careless(ends, `NotOnOrAfter="2026-05-04T11:59:00Z"/>`), reason: lmssso.ErrExpired},
		{name: "a confirmation that has not begun", make: careless(ends, `NotBefore="2026-05-04T12:01:01Z" `+ends), reason: lmssso.ErrNotYetValid},
		{name: "a confirmation for a century", make: careless(ends, `NotOnOrAfter="2126-05-04T12:00:00Z"/>`), reason: ErrLifetime},
		{name: "expired", make: careless(bound, `NotOnOrAfter="2026-05-04T11:59:00Z">`), reason: lmssso.ErrExpired},
		{name: "not yet valid", make: careless(`NotBefore="2026-05-04T11:55:00Z"`, `NotBefore="2026-05-04T12:01:00.001Z"`), reason: lmssso.ErrNotYetValid},
		{name: "valid for a century", make: careless(bound, `NotOnOrAfter="2126-05-04T12:00:00Z">`), reason: ErrLifetime},
		{name: "at the very end of leeway", make: good(), want: later(6 * time.Minute), reason: lmssso.ErrExpired},
		{name: "no conditions", make: without("<saml:Conditions ", "</saml:Conditions>"), reason: ErrNoAudience},
		{name: "no audience restriction", make: careless(aud, ""), reason: ErrNoAudience},
		{name: "another audience", make: careless("<saml:Audience>https://learn.example/access/saml/metadata<", "<saml:Audience>https://other.example<"), reason: lmssso.ErrAudience},
		{name: "a second restriction to another audience", make: careless(aud, aud+"<saml:AudienceRestriction><saml:Audience>https://other.example</saml:Audience></saml:AudienceRestriction>"), reason: lmssso.ErrAudience},
		{name: "an audience with an element in it", make: careless("<saml:Audience>", "<saml:Audience><saml:a/>"), reason: ErrNotText},
		{name: "a condition nobody knows", make: careless(aud, aud+`<saml:Condition xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="x"/>`), reason: ErrCondition},
		{name: "no authentication statement", make: without("<saml:AuthnStatement ", "</saml:AuthnStatement>"), reason: ErrAuthnStatement},
		{name: "two authentication statements", make: making{inner: &signing{}, assertion: func(s string) string {
			i, j := strings.Index(s, "<saml:AuthnStatement "), strings.Index(s, "</saml:AuthnStatement>")+len("</saml:AuthnStatement>")
			return s[:j] + s[i:]
		}}, reason: ErrAuthnStatement},
		{name: "an authentication at no time", make: careless(instant+" ", ""), reason: ErrAuthnStatement},
		{name: "an old authentication where a fresh one was asked", make: careless(instant, `AuthnInstant="2026-05-04T11:58:59Z"`), want: forced, reason: ErrAuthnAge},
		{name: "an authentication from the future where a fresh one was asked", make: careless(instant, `AuthnInstant="2026-05-04T12:01:01Z"`), want: forced, reason: lmssso.ErrNotYetValid},
		{name: "an authentication older than the connection takes", make: careless(instant, `AuthnInstant="2026-05-04T10:58:59Z"`), config: func(c *Config) { c.Check.MaxAuthnAge = time.Hour }, reason: ErrAuthnAge},
		{name: "a session that has ended", make: careless(`SessionNotOnOrAfter="2026-05-04T20:00:00Z"`, `SessionNotOnOrAfter="2026-05-04T11:59:00Z"`), reason: ErrSessionOver},
		{name: "two emails", make: careless("Ada@Example.com</saml:AttributeValue>", "Ada@Example.com</saml:AttributeValue><saml:AttributeValue>eve@example.com</saml:AttributeValue>"), reason: lmssso.ErrAttributeInvalid},
		{name: "two email attributes", make: careless(`<saml:Attribute Name="courses">`, `<saml:Attribute Name="mail"><saml:AttributeValue>eve@example.com</saml:AttributeValue></saml:Attribute><saml:Attribute Name="courses">`), reason: lmssso.ErrAttributeInvalid},
		{name: "XML in a mapped value", make: careless(">intro<", "><b>intro</b><"), reason: ErrStructuredValue},
		{name: "an attribute without a name", make: careless(` Name="courses"`, ""), reason: ErrStructure},
	} {
		a.run(t)
	}
}

func TestAnAssertionCountsOnce(t *testing.T) {
	cfg := newConfig()
	v := verifierFor(t, cfg)
	both := making{inner: &signing{}, outer: &signing{}}
	_, err := v.response(t.Context(), both.encoded(), answer())
	require.NoError(t, err)
	for name, m := range map[string]making{
		"the same":                     both,
		"in another response":          {inner: &signing{}, response: swap("_response1", "_response2")},
		"encrypted":                    {inner: &signing{}, sealed: &sealing{}},
		"with OneTimeUse":              {inner: &signing{}, assertion: swap("</saml:Conditions>", "<saml:OneTimeUse/></saml:Conditions>")},
		"written in another way":       {inner: &signing{}, after: swap("<samlp:Status>", "\n<samlp:Status  >")},
		"with the response's own only": {outer: &signing{}},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := v.response(t.Context(), m.encoded(), answer())
			require.Nil(t, a)
			require.ErrorIs(t, err, lmssso.ErrReplayed)
		})
	}
	keys := cfg.SingleUse.(*memoryUse).until
	_, err = v.response(t.Context(), careless("_assertion1", "_assertion2").encoded(), answer())
	require.NoError(t, err, "the next assertion of the same issuer is another assertion")
	require.Len(t, keys, 2)
	for key, until := range keys {
		require.Regexp(t, `^r[A-Za-z0-9_-]{43}$`, key)
		require.Equal(t, noon.Add(6*time.Minute+time.Second), until, "the last bound, the leeway, and the second in which the bound is refused")
	}
	other := newConfig(func(c *Config) { c.Connection, c.SingleUse = "other", cfg.SingleUse })
	_, err = verifierFor(t, other).response(t.Context(), both.encoded(), answer())
	require.NoError(t, err, "another connection's assertion is another assertion")
}

func TestOneOfManyAtOnceSignsIn(t *testing.T) {
	v, encoded := verifierFor(t, newConfig()), good().encoded()
	var wg sync.WaitGroup
	var accepted atomic.Int32
	for range 8 {
		wg.Go(func() {
			if a, err := v.response(t.Context(), encoded, answer()); err == nil && a != nil {
				accepted.Add(1)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 1, accepted.Load())
}

func TestAStoreThatFailsSignsNobodyIn(t *testing.T) {
	cfg := newConfig(func(c *Config) { c.SingleUse = &memoryUse{err: errors.New("down")} })
	a, err := verify(t, cfg, good())
	require.Nil(t, a)
	require.ErrorIs(t, err, lmssso.ErrUnavailable)
}

// panicking is a store that stands for any bug.
type panicking struct{ lmssso.SingleUse }

func (panicking) Add(context.Context, string, []byte, time.Time) (bool, error) { panic("bug") }

func TestAPanicIsARefusal(t *testing.T) {
	a, err := verify(t, newConfig(func(c *Config) { c.SingleUse = panicking{} }), good())
	require.Nil(t, a)
	require.ErrorIs(t, err, lmssso.ErrMalformed)
}
