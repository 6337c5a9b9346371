package saml

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

// Signature says whether and how a message was signed.
type Signature struct {
	// Present says that there was one, Verified that one of the sender's certificates verifies it. A present one that does
	// not verify is an error, unless the sender has no certificates registered.
	Present, Verified bool
	// Method is the method it named.
	Method Method
}

var errBadSignature = errors.New("none of the sender's certificates verifies the signature")

// verifyText checks a detached signature over text (SAML Bindings section 3.4.4.1).
func verifyText(certs []*x509.Certificate, m Method, text, signature []byte) error {
	hash, _ := m.hash()
	h := hash.New()
	h.Write(text)
	sum := h.Sum(nil)
	for _, c := range certs {
		switch pub := c.PublicKey.(type) {
		case *rsa.PublicKey:
			if m.rsa() && rsa.VerifyPKCS1v15(pub, hash, sum, signature) == nil {
				return nil
			}
		case *ecdsa.PublicKey:
			r, s, ok := splitECDSA(pub, signature)
			if m.ecdsa() && ok && ecdsa.Verify(pub, sum, r, s) {
				return nil
			}
		}
	}
	return errBadSignature
}

func (m Method) rsa() bool { return m == RSASHA256 || m == RSASHA384 || m == RSASHA512 }
func (m Method) ecdsa() bool {
	return m == ECDSASHA256 || m == ECDSASHA384 || m == ECDSASHA512
}

// splitECDSA takes r and s apart (XML Signature section 6.4.3).
func splitECDSA(pub *ecdsa.PublicKey, signature []byte) (r, s *big.Int, ok bool) {
	size := (pub.Curve.Params().BitSize + 7) / 8
	if len(signature) != 2*size {
		return nil, nil, false
	}
	return new(big.Int).SetBytes(signature[:size]), new(big.Int).SetBytes(signature[size:]), true
}

// verifyEnveloped checks a message's enveloped signature. The dates of certificates are not judged: the keys are pinned.
func verifyEnveloped(certs []*x509.Certificate, root *etree.Element) (Signature, error) {
	signature := child(root, nsSignature, "Signature")
	if signature == nil {
		return Signature{}, nil
	}
	out := Signature{Present: true}
	if info := child(signature, nsSignature, "SignedInfo"); info != nil {
		if m := child(info, nsSignature, "SignatureMethod"); m != nil {
			out.Method = Method(attr(m, "Algorithm"))
		}
	}
	if len(certs) == 0 {
		return out, nil
	}
	if !out.Method.rsa() && !out.Method.ecdsa() {
		return out, fmt.Errorf("signature method %q is not allowed", clip(string(out.Method)))
	}
	for _, c := range certs {
		if verifyWith(c, root) == nil {
			out.Verified = true
			return out, nil
		}
	}
	return out, errBadSignature
}

func verifyWith(cert *x509.Certificate, root *etree.Element) error {
	root = root.Copy()
	if pub, ok := cert.PublicKey.(*ecdsa.PublicKey); ok {
		if err := useDER(pub, root); err != nil {
			return err
		}
	}
	ctx := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{cert}})
	ctx.Clock = dsig.NewFakeClockAt(cert.NotBefore.Add(time.Second))
	_, err := ctx.Validate(root)
	return err
}

// useDER rewrites an ECDSA signature value for the verifier, which wants it in ASN.1. The value is no part of what is signed.
func useDER(pub *ecdsa.PublicKey, root *etree.Element) error {
	value := child(child(root, nsSignature, "Signature"), nsSignature, "SignatureValue")
	if value == nil {
		return errBadSignature
	}
	raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(value.Text()), ""))
	if err != nil {
		return errBadSignature
	}
	r, s, ok := splitECDSA(pub, raw)
	if !ok {
		return errBadSignature
	}
	der, err := asn1.Marshal(struct{ R, S *big.Int }{r, s})
	if err != nil {
		return errBadSignature
	}
	value.SetText(base64.StdEncoding.EncodeToString(der))
	return nil
}
