package saml

import (
	"bytes"
	"context"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beevik/etree"
	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/stretchr/testify/require"
)

// The world of these tests: one identity provider, one connection, one moment.
const (
	idpName = "https://idp.example/metadata"
	spName  = "https://learn.example/access/saml/metadata"
	acsURL  = "https://learn.example/access/saml/consumer"
	reqID   = "_request1"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// keys are made once: RSA keys are slow to make.
var keys = sync.OnceValue(func() (k struct {
	idp, other, sp, sp2 *rsa.PrivateKey
	ec                  *ecdsa.PrivateKey
}) {
	for _, to := range []**rsa.PrivateKey{&k.idp, &k.other, &k.sp, &k.sp2} {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		*to = key
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	k.ec = ec
	return k
})

func certificate(key crypto.Signer, from, to time.Time) *x509.Certificate {
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: from, NotAfter: to}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return cert
}

func validCertificate(key crypto.Signer) *x509.Certificate {
	return certificate(key, noon.AddDate(-1, 0, 0), noon.AddDate(1, 0, 0))
}

// memoryUse is a single-use store that tells what was put into it.
type memoryUse struct {
	mu    sync.Mutex
	until map[string]time.Time
	err   error
}

func (m *memoryUse) Add(_ context.Context, key string, _ []byte, until time.Time) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return false, m.err
	}
	if m.until == nil {
		m.until = map[string]time.Time{}
	}
	_, known := m.until[key]
	m.until[key] = until
	return !known, nil
}

func (m *memoryUse) Take(context.Context, string) ([]byte, bool, error) {
	return nil, false, errors.New("not a pending store")
}

// newConfig is a connection that takes assertions in the clear, the shape most rules are easiest to see in.
func newConfig(edit ...func(*Config)) Config {
	cfg := Config{
		Connection: "acme", Realm: "main",
		SP:        SP{BaseURL: "https://learn.example", EntityID: spName, ACS: acsURL, Keys: []Key{{Signer: keys().sp}}},
		IdP:       &StaticIdP{EntityID: idpName, Certificates: []*x509.Certificate{validCertificate(keys().idp)}},
		Mapping:   attrs.Mapping{attrs.Email: attrs.From("mail"), attrs.FirstName: attrs.From("givenName"), attrs.CourseSlugs: attrs.From("courses")},
		Allow:     Allow{UnencryptedAssertions: true},
		SingleUse: &memoryUse{},
	}
	for _, e := range edit {
		e(&cfg)
	}
	return cfg
}

// signing says how one element is signed; the zero value is how it should be.
type signing struct {
	key                       crypto.Signer
	method, digest, canonical string
	transforms                []string
	uris                      []string
	keyInfo, object           string
	last                      bool // append the signature instead of putting it after the Issuer
	der                       bool // write ECDSA signatures as ASN.1
}

func (s signing) defaults() signing {
	if s.key == nil {
		s.key = keys().idp
	}
	for _, d := range []struct {
		to   *string
		text string
	}{{&s.method, moreAlgs + "rsa-sha256"}, {&s.digest, nsEncryption + "sha256"}, {&s.canonical, nsExclusive}} {
		if *d.to == "" {
			*d.to = d.text
		}
	}
	if s.transforms == nil {
		s.transforms = []string{algEnveloped, nsExclusive}
	}
	return s
}

func hashOf(algorithm string) crypto.Hash {
	switch {
	case strings.HasSuffix(algorithm, "sha1"):
		return crypto.SHA1
	case strings.HasSuffix(algorithm, "sha384"):
		return crypto.SHA384
	case strings.HasSuffix(algorithm, "sha512"):
		return crypto.SHA512
	default:
		return crypto.SHA256
	}
}

func sum(h crypto.Hash, data []byte) []byte {
	w := h.New()
	w.Write(data)
	return w.Sum(nil)
}

// sign adds an XML signature to an element that declares every namespace it uses.
func sign(el *etree.Element, s signing) {
	s = s.defaults()
	canonical, err := dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("").Canonicalize(el.Copy())
	if err != nil {
		panic(err)
	}
	uris := s.uris
	if uris == nil {
		uris = []string{"#" + el.SelectAttrValue("ID", "")}
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<ds:Signature xmlns:ds="%s"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="%s"/><ds:SignatureMethod Algorithm="%s"/>`, nsSignature, s.canonical, s.method)
	for _, uri := range uris {
		fmt.Fprintf(&b, `<ds:Reference URI="%s">`, uri)
		if len(s.transforms) > 0 {
			b.WriteString("<ds:Transforms>")
			for _, t := range s.transforms {
				fmt.Fprintf(&b, `<ds:Transform Algorithm="%s"/>`, t)
			}
			b.WriteString("</ds:Transforms>")
		}
		fmt.Fprintf(&b, `<ds:DigestMethod Algorithm="%s"/><ds:DigestValue>%s</ds:DigestValue></ds:Reference>`, s.digest, base64.StdEncoding.EncodeToString(sum(hashOf(s.digest), canonical)))
	}
	b.WriteString("</ds:SignedInfo><ds:SignatureValue/>" + s.keyInfo + s.object + "</ds:Signature>")
	doc := etree.NewDocument()
	if err := doc.ReadFromString(b.String()); err != nil {
		panic(err)
	}
	sig := doc.Root()
	info := sig.ChildElements()[0].Copy()
	info.CreateAttr("xmlns:ds", nsSignature)
	signed, err := dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("").Canonicalize(info)
	if err != nil {
		panic(err)
	}
	h := hashOf(s.method)
	raw, err := s.key.Sign(rand.Reader, sum(h, signed), h)
	if err != nil {
		panic(err)
	}
	if key, ok := s.key.(*ecdsa.PrivateKey); ok && !s.der {
		r, v, err := ecdsa.Sign(rand.Reader, key, sum(h, signed))
		if err != nil {
			panic(err)
		}
		raw = append(r.FillBytes(make([]byte, 32)), v.FillBytes(make([]byte, 32))...)
	}
	sig.ChildElements()[1].SetText(base64.StdEncoding.EncodeToString(raw))
	if s.last {
		el.AddChild(sig)
		return
	}
	el.InsertChildAt(1, sig)
}

// sealing says how an assertion is encrypted; the zero value is AES-256-GCM under RSA-OAEP with SHA-1.
type sealing struct {
	to              *rsa.PublicKey
	method          string
	transport       string
	digest, mask    crypto.Hash
	beside, garbage bool // the key beside the data; a key nobody can unwrap
	spoil           func(ciphertext []byte) []byte
}

func uriOf(h crypto.Hash) string {
	return map[crypto.Hash]string{crypto.SHA1: algSHA1, crypto.SHA256: nsEncryption + "sha256", crypto.SHA384: moreAlgs + "sha384", crypto.SHA512: nsEncryption + "sha512"}[h]
}

func seal(plain []byte, s sealing) string {
	if s.to == nil {
		s.to = &keys().sp.PublicKey
	}
	if s.method == "" {
		s.method = nsEncryption11 + "aes256-gcm"
	}
	if s.transport == "" {
		s.transport = nsEncryption + "rsa-oaep-mgf1p"
	}
	spec, ok := cipherFor(s.method)
	if !ok {
		spec = cipherSpec{keySize: 16}
	}
	key := make([]byte, spec.keySize)
	_, _ = rand.Read(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	var body []byte
	if spec.gcm {
		aead, _ := cipher.NewGCM(block)
		nonce := make([]byte, aead.NonceSize())
		_, _ = rand.Read(nonce)
		body = aead.Seal(nonce, nonce, plain, nil)
	} else {
		pad := 16 - len(plain)%16
		padded := append(bytes.Clone(plain), append(bytes.Repeat([]byte{0xAB}, pad-1), byte(pad))...)
		body = make([]byte, 16+len(padded))
		_, _ = rand.Read(body[:16])
		cipher.NewCBCEncrypter(block, body[:16]).CryptBlocks(body[16:], padded)
	}
	if s.spoil != nil {
		body = s.spoil(body)
	}
	return wrap(s, body, wrapKey(s, key))
}

func wrapKey(s sealing, key []byte) []byte {
	if s.garbage {
		return bytes.Repeat([]byte{7}, 256)
	}
	if s.transport == nsEncryption+"rsa-1_5" {
		em := bytes.Repeat([]byte{0xFF}, s.to.Size()) // RFC 8017 section 7.2.1, with a padding that is not random
		em[0], em[1], em[len(em)-len(key)-1] = 0, 2, 0
		copy(em[len(em)-len(key):], key)
		return raise(s.to, em)
	}
	digest, mask := s.digest, s.mask
	if digest == 0 {
		digest = crypto.SHA1
	}
	if mask == 0 {
		mask = crypto.SHA1
	}
	return sealOAEP(s.to, key, digest, mask)
}

// sealOAEP is EME-OAEP with a mask hash of its own (RFC 8017 section 7.1.1), which crypto/rsa can undo but not do.
func sealOAEP(to *rsa.PublicKey, message []byte, digest, mask crypto.Hash) []byte {
	size, h := to.Size(), digest.Size()
	em := make([]byte, size)
	seed, db := em[1:1+h], em[1+h:]
	_, _ = rand.Read(seed)
	copy(db, sum(digest, nil))
	db[len(db)-len(message)-1] = 1
	copy(db[len(db)-len(message):], message)
	mgf1(db, seed, mask)
	mgf1(seed, db, mask)
	return raise(to, em)
}

// raise is RSA's own operation.
func raise(to *rsa.PublicKey, em []byte) []byte {
	c := new(big.Int).Exp(new(big.Int).SetBytes(em), big.NewInt(int64(to.E)), to.N)
	return c.FillBytes(make([]byte, to.Size()))
}

func mgf1(out, seed []byte, h crypto.Hash) {
	var mask []byte
	for i := byte(0); len(mask) < len(out); i++ {
		mask = append(mask, sum(h, append(bytes.Clone(seed), 0, 0, 0, i))...)
	}
	for i := range out {
		out[i] ^= mask[i]
	}
}

func wrap(s sealing, body, key []byte) string {
	params := ""
	if s.digest != 0 {
		params += `<ds:DigestMethod xmlns:ds="` + nsSignature + `" Algorithm="` + uriOf(s.digest) + `"/>`
	}
	if s.mask != 0 {
		params += `<m:MGF xmlns:m="` + nsEncryption11 + `" Algorithm="` + nsEncryption11 + "mgf1" + strings.ToLower(strings.ReplaceAll(s.mask.String(), "-", "")) + `"/>`
	}
	wrapped := `<xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="` + s.transport + `">` + params + `</xenc:EncryptionMethod><xenc:CipherData><xenc:CipherValue>` +
		base64.StdEncoding.EncodeToString(key) + `</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey>`
	inside, beside := `<ds:KeyInfo xmlns:ds="`+nsSignature+`">`+wrapped+`</ds:KeyInfo>`, ""
	if s.beside {
		inside, beside = "", wrapped
	}
	return `<saml:EncryptedAssertion xmlns:saml="` + nsAssertion + `" xmlns:xenc="` + nsEncryption + `"><xenc:EncryptedData Type="` + nsEncryption + `Element"><xenc:EncryptionMethod Algorithm="` + s.method + `"/>` +
		inside + `<xenc:CipherData><xenc:CipherValue>` + base64.StdEncoding.EncodeToString(body) + `</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>` + beside + `</saml:EncryptedAssertion>`
}

const plainAssertion = `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xs="http://www.w3.org/2001/XMLSchema" ID="_assertion1" Version="2.0" IssueInstant="2026-05-04T12:00:00Z">` +
	`<saml:Issuer>https://idp.example/metadata</saml:Issuer>` +
	`<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent" NameQualifier="nq" SPNameQualifier="spnq">user-17</saml:NameID>` +
	`<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData InResponseTo="_request1" Recipient="https://learn.example/access/saml/consumer" NotOnOrAfter="2026-05-04T12:05:00Z"/></saml:SubjectConfirmation></saml:Subject>` +
	`<saml:Conditions NotBefore="2026-05-04T11:55:00Z" NotOnOrAfter="2026-05-04T12:05:00Z"><saml:AudienceRestriction><saml:Audience>https://learn.example/access/saml/metadata</saml:Audience></saml:AudienceRestriction></saml:Conditions>` +
	`<saml:AuthnStatement AuthnInstant="2026-05-04T11:59:50Z" SessionIndex="_session1" SessionNotOnOrAfter="2026-05-04T20:00:00Z"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>` +
	`<saml:AttributeStatement><saml:Attribute Name="mail"><saml:AttributeValue xsi:type="xs:string">Ada@Example.com</saml:AttributeValue></saml:Attribute>` +
	`<saml:Attribute Name="urn:oid:2.5.4.42" FriendlyName="givenName"><saml:AttributeValue>Ada</saml:AttributeValue></saml:Attribute>` +
	`<saml:Attribute Name="courses"><saml:AttributeValue>intro</saml:AttributeValue><saml:AttributeValue>advanced</saml:AttributeValue></saml:Attribute></saml:AttributeStatement></saml:Assertion>`

const plainResponse = `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_response1" Version="2.0" IssueInstant="2026-05-04T12:00:00Z" Destination="https://learn.example/access/saml/consumer" InResponseTo="_request1">` +
	`<saml:Issuer>https://idp.example/metadata</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>%s</samlp:Response>`

// making is how one response is made.
type making struct {
	// assertion and response change the XML before anything is signed: what a careless identity provider does.
	assertion, response func(string) string
	inner, outer        *signing
	sealed              *sealing
	// after changes the finished XML: what an attacker does.
	after func(string) string
}

func swap(pairs ...string) func(string) string {
	return func(s string) string {
		for i := 0; i < len(pairs); i += 2 {
			if !strings.Contains(s, pairs[i]) {
				panic("the text to replace is not there: " + pairs[i])
			}
			s = strings.ReplaceAll(s, pairs[i], pairs[i+1])
		}
		return s
	}
}

func change(f func(string) string, s string) string {
	if f == nil {
		return s
	}
	return f(s)
}

func element(text string) *etree.Element {
	doc := etree.NewDocument()
	if err := doc.ReadFromString(text); err != nil {
		panic(err)
	}
	return doc.Root()
}

func text(e *etree.Element) string {
	s, err := etree.NewDocumentWithRoot(e.Copy()).WriteToString()
	if err != nil {
		panic(err)
	}
	return s
}

func signedText(plain string, s *signing) string {
	if s == nil {
		return plain
	}
	e := element(plain)
	sign(e, *s)
	return text(e)
}

// xml makes the response's XML.
func (m making) xml() string {
	body := signedText(change(m.assertion, plainAssertion), m.inner)
	if m.sealed != nil {
		body = seal([]byte(body), *m.sealed)
	}
	out := signedText(change(m.response, fmt.Sprintf(plainResponse, body)), m.outer)
	return change(m.after, out)
}

func (m making) encoded() string { return encode(m.xml()) }

func encode(xml string) string { return base64.StdEncoding.EncodeToString([]byte(xml)) }

// good is the plainest acceptable response: the assertion signed.
func good() making { return making{inner: &signing{}} }

func answer() expectation {
	return expectation{now: noon, request: &Pending{RequestID: reqID, Begun: noon.Add(-time.Minute), ReturnTo: "/learn/course/intro"}}
}

func verifierFor(t testing.TB, cfg Config) *verifier {
	t.Helper()
	v, err := newVerifier(cfg)
	require.NoError(t, err)
	return v
}

func verify(t testing.TB, cfg Config, m making) (*lmssso.Assertion, error) {
	t.Helper()
	return verifierFor(t, cfg).response(t.Context(), m.encoded(), answer())
}

// refused wants the reason, no assertion, and nothing remembered as used.
func refused(t *testing.T, cfg Config, encoded string, want expectation, reason *lmssso.Reason) {
	t.Helper()
	a, err := verifierFor(t, cfg).response(t.Context(), encoded, want)
	require.Nil(t, a)
	require.ErrorIs(t, err, reason)
	require.Equal(t, reason, lmssso.ReasonOf(err), "%v", err)
	if p := parent(reason); p != nil {
		require.ErrorIs(t, err, p)
	}
	if store, ok := cfg.SingleUse.(*memoryUse); ok {
		require.Empty(t, store.until, "the store was touched")
	}
}
