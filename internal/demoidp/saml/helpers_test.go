package saml_test

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io"
	"math/rand"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beevik/etree"
	saml2 "github.com/russellhaering/gosaml2"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/internal/demoidp/saml"
)

const (
	spEntity = "https://sp.example/metadata"
	spACS    = "https://sp.example/acs"
	spSLO    = "https://sp.example/slo"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// The keys are made once: RSA keys are slow to make.
var (
	idpKey      = sync.OnceValue(func() saml.Key { return mustKey(saml.KeyOptions{}) })
	strangerKey = sync.OnceValue(func() saml.Key { return mustKey(saml.KeyOptions{}) })
	spKey       = sync.OnceValue(func() saml.Key { return mustKey(saml.KeyOptions{Name: "Service provider"}) })
	ecKey       = sync.OnceValue(func() saml.Key { return mustKey(saml.KeyOptions{Kind: saml.ECDSAP256}) })
)

func mustKey(o saml.KeyOptions) saml.Key {
	k, err := saml.GenerateKey(o)
	if err != nil {
		panic(err)
	}
	return k
}

// newIdP makes a provider that says the same thing every time.
func newIdP(t *testing.T) *saml.IdP {
	t.Helper()
	return newIdPWith(t, saml.Config{})
}

func newIdPWith(t *testing.T, cfg saml.Config) *saml.IdP {
	t.Helper()
	cfg.EntityID, cfg.SSOURL, cfg.SLOURL = "https://idp.example/metadata", "https://idp.example/sso", "https://idp.example/slo"
	if cfg.Keys == nil {
		cfg.Keys = []saml.Key{idpKey()}
	}
	cfg.Stranger = strangerKey()
	cfg.Now = func() time.Time { return noon }
	cfg.Random = rand.New(rand.NewSource(1))
	p, err := saml.New(cfg)
	require.NoError(t, err)
	require.NoError(t, p.Register(saml.SP{
		EntityID: spEntity, ACS: []string{spACS}, Signing: []*x509.Certificate{spKey().Certificate}, Encryption: []*x509.Certificate{spKey().Certificate},
		SLO: []saml.Endpoint{{Binding: saml.Redirect, URL: spSLO}, {Binding: saml.Post, URL: spSLO}},
	}))
	return p
}

func request() *saml.AuthnRequest {
	return &saml.AuthnRequest{ID: "id-request", Issuer: spEntity, ACS: spACS, RelayState: "handle"}
}

func login() saml.Login {
	return saml.Login{NameID: saml.NameID{Value: "user-12345"}, Attributes: []saml.Attribute{
		{Name: "email", NameFormat: saml.NameFormatBasic, Values: []string{"bob@example.com"}},
		{Name: "urn:oid:2.5.4.42", FriendlyName: "givenName", NameFormat: saml.NameFormatURI, Values: []string{"Bob & <Bo>", "line\r\nbreak"}},
		{Name: "ref1", Nil: true},
		{Name: "ref2"},
	}}
}

func respond(t *testing.T, p *saml.IdP, how saml.How) *saml.Sent {
	t.Helper()
	sent, err := p.Respond(request(), login(), how)
	require.NoError(t, err)
	return sent
}

// parse reads a form's message the way a reader without limits would.
func parse(t *testing.T, text []byte) *etree.Element {
	t.Helper()
	doc := etree.NewDocument()
	doc.ReadSettings.MaxDepth = 10000
	require.NoError(t, doc.ReadFromBytes(text))
	return doc.Root()
}

func decode(t *testing.T, field string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(field)
	require.NoError(t, err)
	return b
}

// verify checks the element's own enveloped signature, whatever its KeyInfo says.
func verify(cert *x509.Certificate, e *etree.Element) (*etree.Element, error) {
	e = e.Copy()
	for _, info := range e.FindElements("./Signature/KeyInfo") {
		info.Parent().RemoveChild(info)
	}
	ctx := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{cert}})
	ctx.Clock = dsig.NewFakeClockAt(noon)
	return ctx.Validate(e)
}

// verdict says for the response and each assertion in it whether its signature verifies.
func verdict(text []byte) string {
	doc := etree.NewDocument()
	doc.ReadSettings.MaxDepth = 10000
	if err := doc.ReadFromBytes(text); err != nil || doc.Root() == nil {
		return "unreadable"
	}
	out := []string{"response " + judge(doc.Root())}
	for _, a := range doc.Root().SelectElements("Assertion") {
		out = append(out, "assertion "+judge(a))
	}
	return strings.Join(out, ", ")
}

func judge(e *etree.Element) string {
	if e.SelectElement("Signature") == nil {
		return "unsigned"
	}
	for name, k := range map[string]saml.Key{"by the provider": idpKey(), "by a stranger": strangerKey()} {
		if _, err := verify(k.Certificate, e); err == nil {
			return "signed " + name
		}
	}
	return "not verifiable"
}

// lines lists everything in a document, one thing a line, each with its path. What differs every time is left out.
func lines(text []byte) []string {
	var out, path []string
	dec := xml.NewDecoder(bytes.NewReader(text))
	dec.Strict = false
	dec.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	for {
		token, err := dec.RawToken()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			return append(out, "not well-formed")
		}
		at := strings.Join(path, "/")
		switch tok := token.(type) {
		case xml.StartElement:
			path = append(path, tok.Name.Local)
			at = strings.Join(path, "/")
			out = append(out, at)
			for _, a := range tok.Attr {
				out = append(out, at+"@"+strings.TrimPrefix(a.Name.Space+":"+a.Name.Local, ":")+" = "+a.Value)
			}
		case xml.EndElement:
			path = path[:max(len(path)-1, 0)]
		case xml.CharData:
			out = append(out, at+" = "+stable(path, string(tok)))
		case xml.Comment:
			out = append(out, at+" comment")
		case xml.Directive:
			out = append(out, at+" directive "+strings.Fields(string(tok))[0])
		case xml.ProcInst:
			out = append(out, at+" instruction "+tok.Target+" "+string(tok.Inst))
		}
	}
}

// stable stands for texts that differ every time.
func stable(path []string, text string) string {
	if len(path) == 0 {
		return text
	}
	switch path[len(path)-1] {
	case "DigestValue", "SignatureValue", "Modulus", "Exponent":
		return fmt.Sprintf("(%d characters)", len(text))
	case "CipherValue":
		return "(ciphertext)"
	case "X509Certificate":
		for name, k := range map[string]saml.Key{"provider": idpKey(), "stranger": strangerKey(), "service provider": spKey()} {
			if text == base64.StdEncoding.EncodeToString(k.Certificate.Raw) {
				return "(the " + name + "'s)"
			}
		}
	}
	if len(text) > 200 {
		return fmt.Sprintf("(%d characters)", len(text))
	}
	return text
}

// difference lists what was taken out and what was put in.
func difference(good, bad []string) []string {
	left := slices.Clone(good)
	var added []string
	for _, l := range bad {
		if i := slices.Index(left, l); i >= 0 {
			left = slices.Delete(left, i, i+1)
		} else {
			added = append(added, l)
		}
	}
	return append(fold("- ", left), fold("+ ", added)...)
}

// fold leaves out what is inside an element that is listed itself, except what is forged, and shortens what remains.
func fold(sign string, list []string) []string {
	var out []string
	last := "nothing"
	for _, l := range list {
		inside := strings.HasPrefix(l, last+"/") || strings.HasPrefix(l, last+"@") || strings.HasPrefix(l, last+" ")
		if inside && !strings.Contains(l, "forged") {
			continue
		}
		if !inside && !strings.ContainsAny(l, "@= ") {
			last = l
		}
		out = append(out, sign+l)
	}
	if len(out) > 40 {
		return append(out[:2:2], fmt.Sprintf("%sand %d more", sign, len(out)-2))
	}
	return out
}

// strip takes what an attack hid in a signature out of it.
func strip(signature *etree.Element) {
	for _, c := range signature.ChildElements() {
		switch c.Tag {
		case "SignedInfo", "SignatureValue", "KeyInfo":
		default:
			signature.RemoveChild(c)
		}
	}
}

func textsOf(root *etree.Element) []string {
	var out []string
	for _, e := range root.FindElements("//NameID") {
		out = append(out, e.Text())
	}
	return out
}

func decodeLoosely(field string) []byte {
	b, err := base64.StdEncoding.DecodeString(field)
	if err != nil {
		return nil
	}
	return b
}

// keyStore gives a key to goxmldsig and gosaml2.
type keyStore struct{ key saml.Key }

func (s keyStore) GetKeyPair() (*rsa.PrivateKey, []byte, error) {
	return s.key.Signer.(*rsa.PrivateKey), s.key.Certificate.Raw, nil
}

// regexpValue finds a hidden field's value in a page.
func regexpValue(t *testing.T, page, name string) string {
	t.Helper()
	m := regexp.MustCompile(`name="` + name + `"[^>]*value="([^"]*)"`).FindStringSubmatch(page)
	require.NotNil(t, m, page)
	return html.UnescapeString(m[1])
}

// mustDocument builds an unsigned AuthnRequest for a signed redirect.
func mustDocument(sp *saml2.SAMLServiceProvider) *etree.Document {
	doc, err := sp.BuildAuthRequestDocumentNoSig()
	if err != nil {
		panic(err)
	}
	return doc
}
