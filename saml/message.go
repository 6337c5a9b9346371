package saml

import (
	"bytes"
	"compress/flate"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/url"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

// The namespaces and URIs of the messages this side makes.
const (
	nsProtocol  = "urn:oasis:names:tc:SAML:2.0:protocol"
	nsAssertion = "urn:oasis:names:tc:SAML:2.0:assertion"
	bindingPost = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"

	sigRSA256   = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
	sigECDSA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
)

// newID returns an xs:ID of 128 random bits. It begins with an underscore, because an ID must not begin with a digit
// (XML 1.0 section 2.3; Entra ID refuses such requests as AADSTS7500529).
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the process instead
	return "_" + hex.EncodeToString(b[:])
}

// instant writes a time as SAML wants it: UTC, to the second (Core section 1.3.3).
func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// newMessage begins a request or response of this side (Core sections 3.2.1 and 3.2.2).
func newMessage(name, id, destination, issuer string, now time.Time) *etree.Element {
	root := etree.NewElement("samlp:" + name)
	root.CreateAttr("xmlns:samlp", nsProtocol)
	root.CreateAttr("xmlns:saml", nsAssertion)
	root.CreateAttr("ID", id)
	root.CreateAttr("Version", "2.0")
	root.CreateAttr("IssueInstant", instant(now))
	root.CreateAttr("Destination", destination)
	root.CreateElement("saml:Issuer").SetText(issuer)
	return root
}

// signer makes this side's signatures with one key.
type signer struct {
	key    crypto.Signer
	cert   []byte
	method string
}

// newSigner chooses SHA-256 with the key's own algorithm.
func newSigner(k Key) (*signer, error) {
	if k.Signer == nil || k.Certificate == nil {
		return nil, errors.New("a key and its certificate are needed to sign")
	}
	s := &signer{key: k.Signer, cert: k.Certificate.Raw}
	switch pub := k.Signer.Public().(type) {
	case *rsa.PublicKey:
		if pub.N.BitLen() < 2048 {
			return nil, errors.New("an RSA key needs 2048 bits")
		}
		s.method = sigRSA256
	case *ecdsa.PublicKey:
		s.method, s.key = sigECDSA256, rawECDSA{k.Signer, (pub.Curve.Params().BitSize + 7) / 8}
	default:
		return nil, fmt.Errorf("keys of type %T do not sign SAML messages", pub)
	}
	if pub, ok := k.Certificate.PublicKey.(interface{ Equal(crypto.PublicKey) bool }); !ok || !pub.Equal(k.Signer.Public()) {
		return nil, errors.New("the certificate is not the key's")
	}
	return s, nil
}

// enveloped signs the element. The signature stands behind the Issuer, where the schema wants it, and is canonicalized
// exclusively, because several providers check nothing else.
func (s *signer) enveloped(el *etree.Element) (*etree.Element, error) {
	ctx, err := dsig.NewSigningContext(s.key, [][]byte{s.cert})
	if err != nil {
		return nil, err
	}
	ctx.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	if err := ctx.SetSignatureMethod(s.method); err != nil {
		return nil, err
	}
	sig, err := ctx.ConstructSignature(el, true)
	if err != nil {
		return nil, err
	}
	out := el.Copy()
	out.InsertChildAt(1, sig)
	return out, nil
}

// detached signs the text of a query.
func (s *signer) detached(text string) ([]byte, error) {
	h := crypto.SHA256.New()
	io.WriteString(h, text)
	return s.key.Sign(rand.Reader, h.Sum(nil), crypto.SHA256)
}

// rawECDSA gives signatures as XML Signature wants them, both numbers at full length one behind the other (RFC 6931
// section 2.3.6), where crypto/ecdsa gives ASN.1.
type rawECDSA struct {
	crypto.Signer
	size int
}

func (s rawECDSA) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	der, err := s.Signer.Sign(random, digest, opts)
	if err != nil {
		return nil, err
	}
	var pair struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &pair); err != nil {
		return nil, err
	}
	out := make([]byte, 2*s.size)
	pair.R.FillBytes(out[:s.size])
	pair.S.FillBytes(out[s.size:])
	return out, nil
}

// serialize writes an element as a document without declaration.
func serialize(el *etree.Element) ([]byte, error) {
	doc := etree.NewDocument()
	doc.SetRoot(el)
	doc.WriteSettings.CanonicalEndTags = true
	return doc.WriteToBytes()
}

// redirectURL carries a message by HTTP-Redirect (Bindings section 3.4): deflated, in the query, with a detached signature
// over exactly the text sent. A nil signer leaves it unsigned.
func redirectURL(destination, parameter string, el *etree.Element, relayState string, s *signer) (*url.URL, error) {
	u, err := url.Parse(destination)
	if err != nil {
		return nil, err
	}
	doc, err := serialize(el)
	if err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(doc); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	query := parameter + "=" + url.QueryEscape(base64.StdEncoding.EncodeToString(packed.Bytes()))
	if relayState != "" {
		query += "&RelayState=" + url.QueryEscape(relayState)
	}
	if s != nil {
		query += "&SigAlg=" + url.QueryEscape(s.method)
		sig, err := s.detached(query)
		if err != nil {
			return nil, err
		}
		query += "&Signature=" + url.QueryEscape(base64.StdEncoding.EncodeToString(sig))
	}
	if u.RawQuery != "" {
		query = u.RawQuery + "&" + query
	}
	u.RawQuery = query
	return u, nil
}

// postForm carries a message by HTTP-POST (Bindings section 3.5), with an enveloped signature. A nil signer leaves it
// unsigned.
func postForm(destination, parameter string, el *etree.Element, relayState string, s *signer) (*Form, error) {
	if s != nil {
		var err error
		if el, err = s.enveloped(el); err != nil {
			return nil, err
		}
	}
	doc, err := serialize(el)
	if err != nil {
		return nil, err
	}
	f := &Form{Action: destination, Fields: url.Values{parameter: {base64.StdEncoding.EncodeToString(doc)}}}
	if relayState != "" {
		f.Fields.Set("RelayState", relayState)
	}
	return f, nil
}
