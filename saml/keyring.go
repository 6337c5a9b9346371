package saml

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"
	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/internal/strictxml"
	dsig "github.com/russellhaering/goxmldsig"
)

// maxCertificates bounds the work one signature can cause.
const maxCertificates = 16

// keyring is what a connection trusts while one message is verified.
type keyring struct {
	certs []*x509.Certificate
	// at is the time the certificates' dates are compared with; zero when they do not count.
	at time.Time
	// missed tells that a signature was made by none of the certificates.
	missed bool
}

// newKeyring returns the certificates that may verify at a time.
func newKeyring(idp *IdP, now time.Time, allow Allow) *keyring {
	k := &keyring{certs: idp.Certificates}
	if !allow.ExpiredCertificates {
		k.at = now
	}
	return k
}

// verify lets goxmldsig verify the signature over an element and returns the element as the signature covers it: read
// from the canonical bytes that were digested, not from the document. Only the connection's certificates are tried;
// KeyInfo is cut out beforehand and decides nothing.
func (k *keyring) verify(el *etree.Element, s *signature) (*etree.Element, error) {
	c, value := signedCopy(el, s)
	sent := value.Text()
	dated := false
	for _, cert := range k.ordered(s) {
		if k.outOfDate(cert) {
			dated = true
			continue
		}
		text, ok := valueFor(cert, s.method, sent)
		if !ok {
			continue
		}
		value.SetText(text)
		if got, err := k.validate(c, cert); err == nil {
			return got, sameElement(el, got)
		}
	}
	k.missed = true
	if dated && !slices.ContainsFunc(k.certs, func(c *x509.Certificate) bool { return !k.outOfDate(c) }) {
		return nil, refuse(ErrCertificateDates, lmssso.Error{Detail: "every certificate of the connection is outside its dates"})
	}
	return nil, refuse(lmssso.ErrSignature, lmssso.Error{Detail: "no certificate of the connection verifies the signature of " + el.Tag})
}

// ordered returns the certificates, the ones KeyInfo names first.
func (k *keyring) ordered(s *signature) []*x509.Certificate {
	out := slices.Clone(k.certs)
	named := func(c *x509.Certificate) int {
		if slices.Contains(s.hints, base64.StdEncoding.EncodeToString(c.Raw)) {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(out, func(a, b *x509.Certificate) int { return named(a) - named(b) })
	return out
}

func (k *keyring) outOfDate(c *x509.Certificate) bool {
	return !k.at.IsZero() && (k.at.Before(c.NotBefore) || k.at.After(c.NotAfter))
}

// validate tries one certificate. The library judges its dates by the clock it is given, so where dates do not count that
// is a time within them.
func (k *keyring) validate(el *etree.Element, cert *x509.Certificate) (*etree.Element, error) {
	at := k.at
	if at.IsZero() {
		at = cert.NotBefore
	}
	ctx := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{cert}})
	ctx.Clock = dsig.NewFakeClockAt(at)
	return ctx.Validate(el)
}

// signedCopy returns an element as a tree of its own, ready for the library: without KeyInfo, with the signature first,
// because the library counts elements on its way to it, and without white space in the signature's value. None of this
// is covered by the signature, which takes itself out before the digest is made.
func signedCopy(el *etree.Element, s *signature) (signed, value *etree.Element) {
	c := strictxml.Detach(el)
	sig := c.Child[s.el.Index()].(*etree.Element)
	c.RemoveChildAt(s.el.Index())
	c.InsertChildAt(0, sig)
	for _, part := range strictxml.Children(sig) {
		switch part.Tag {
		case "KeyInfo":
			sig.RemoveChild(part)
		case "SignatureValue":
			value = part
		}
	}
	value.SetText(dropSpace(value.Text()))
	return c, value
}

// valueFor returns the signature's value as the library wants it for a certificate's kind of key; false when the method
// is for another kind. XML Signature writes an ECDSA signature as two numbers of the curve's size (RFC 9231 section
// 2.3.6), the library reads only the ASN.1 form its own signer writes: so both are taken.
func valueFor(cert *x509.Certificate, method, text string) (string, bool) {
	switch key := cert.PublicKey.(type) {
	case *rsa.PublicKey:
		return text, strings.Contains(method, "#rsa-")
	case *ecdsa.PublicKey:
		if !strings.Contains(method, "#ecdsa-") {
			return "", false
		}
		raw, err := base64.StdEncoding.DecodeString(text)
		size := (key.Params().BitSize + 7) / 8
		if err != nil || len(raw) != 2*size {
			return text, err == nil
		}
		der, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(raw[:size]), new(big.Int).SetBytes(raw[size:])})
		return base64.StdEncoding.EncodeToString(der), err == nil
	default:
		return "", false
	}
}

// sameElement compares what the signature covers with what was chosen: name, namespace and ID.
func sameElement(chosen, got *etree.Element) error {
	if got == nil || !strictxml.Is(got, strictxml.Namespace(chosen), chosen.Tag) || attr(got, "ID") != attr(chosen, "ID") {
		return refuse(ErrWrapped, lmssso.Error{Detail: "the signature covers another element than " + chosen.Tag})
	}
	return nil
}
