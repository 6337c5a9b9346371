package saml

import (
	"slices"
	"strconv"
	"strings"

	"github.com/beevik/etree"
	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/internal/strictxml"
)

// The algorithms of signatures (RFC 9231) and digests, by what they need.
const (
	algEnveloped = nsSignature + "enveloped-signature"
	algSHA1      = nsSignature + "sha1"
	algRSASHA1   = nsSignature + "rsa-sha1"
	moreAlgs     = "http://www.w3.org/2001/04/xmldsig-more#"
	algECSHA1    = moreAlgs + "ecdsa-sha1"
)

// signature is one XML signature of the only shape accepted.
type signature struct {
	el     *etree.Element
	method string
	// hints are the certificates KeyInfo names, as base64 without white space. They choose which of the connection's own
	// certificates is tried first, and nothing else.
	hints []string
}

// signatureOf returns the signature that stands directly in an element; nil when there is none. The signature has the
// one shape SAML prescribes (Core section 5.4): everything a verifier could understand in two ways is refused before any
// verifier sees it.
func signatureOf(signed *etree.Element, allow Allow) (*signature, error) {
	var found *etree.Element
	for _, c := range strictxml.Children(signed) {
		if c.Tag != "Signature" {
			continue
		}
		if found != nil {
			return nil, refuse(ErrSignatureShape, lmssso.Error{Detail: "two signatures in " + signed.Tag})
		}
		found = c
	}
	if found == nil {
		return nil, nil
	}
	f, err := parts(found, ErrSignatureShape, part{nsSignature, "SignedInfo", 1, 1}, part{nsSignature, "SignatureValue", 1, 1}, part{nsSignature, "KeyInfo", 0, 1})
	if err != nil {
		return nil, err
	}
	s := &signature{el: found, hints: keyHints(f.one("KeyInfo"))}
	if _, ok := strictxml.Text(f.one("SignatureValue")); !ok {
		return nil, refuse(ErrSignatureShape, lmssso.Error{Detail: "SignatureValue holds elements"})
	}
	s.method, err = checkSignedInfo(f.one("SignedInfo"), attr(signed, "ID"), allow)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// checkSignedInfo checks what is signed and how, and returns the signature method.
func checkSignedInfo(info *etree.Element, id string, allow Allow) (method string, err error) {
	f, err := parts(info, ErrSignatureShape, part{nsSignature, "CanonicalizationMethod", 1, 1}, part{nsSignature, "SignatureMethod", 1, 1},
		part{nsSignature, "Reference", 0, many})
	if err != nil {
		return "", err
	}
	if err := checkCanonicalization(f.one("CanonicalizationMethod")); err != nil {
		return "", err
	}
	method = attr(f.one("SignatureMethod"), "Algorithm")
	if len(f.one("SignatureMethod").Child) > 0 {
		return "", refuse(ErrSignatureShape, lmssso.Error{Detail: "SignatureMethod has parameters"})
	}
	if err := checkSignatureAlgorithm(method, allow); err != nil {
		return "", err
	}
	if n := len(f["Reference"]); n != 1 {
		return "", refuse(ErrReference, lmssso.Error{Detail: "the number of References", Expected: "1", Received: strconv.Itoa(n)})
	}
	return method, checkReference(f.one("Reference"), id, allow)
}

// checkReference wants the reference to be to the element the signature stands in, by its ID.
func checkReference(ref *etree.Element, id string, allow Allow) error {
	if target := attr(ref, "URI"); id == "" || target != "#"+id {
		return refuse(ErrReference, lmssso.Error{Detail: "the signature is over something else", Expected: quoted("#" + id), Received: quoted(target)})
	}
	f, err := parts(ref, ErrSignatureShape, part{nsSignature, "Transforms", 0, 1}, part{nsSignature, "DigestMethod", 1, 1}, part{nsSignature, "DigestValue", 1, 1})
	if err != nil {
		return err
	}
	if err := checkTransforms(f.one("Transforms")); err != nil {
		return err
	}
	if len(f.one("DigestMethod").Child) > 0 {
		return refuse(ErrSignatureShape, lmssso.Error{Detail: "DigestMethod has parameters"})
	}
	if _, ok := strictxml.Text(f.one("DigestValue")); !ok {
		return refuse(ErrSignatureShape, lmssso.Error{Detail: "DigestValue holds elements"})
	}
	return checkDigestAlgorithm(attr(f.one("DigestMethod"), "Algorithm"), allow)
}

// checkTransforms wants enveloped-signature, then exclusive canonicalization, and nothing else (Core section 5.4.4). The
// variant with comments is the same here, since no document with comments gets this far.
func checkTransforms(t *etree.Element) error {
	if t == nil {
		return refuse(ErrTransforms, lmssso.Error{Detail: "the Reference has no Transforms"})
	}
	f, err := parts(t, ErrTransforms, part{nsSignature, "Transform", 2, 2})
	if err != nil {
		return err
	}
	enveloped, exclusive := f["Transform"][0], f["Transform"][1]
	if got := attr(enveloped, "Algorithm"); got != algEnveloped || len(strictxml.Children(enveloped)) > 0 {
		return refuse(ErrTransforms, lmssso.Error{Detail: "the first transform", Expected: "enveloped-signature", Received: quoted(got)})
	}
	if got := attr(exclusive, "Algorithm"); !isExclusive(got) {
		return refuse(ErrTransforms, lmssso.Error{Detail: "the second transform", Expected: nsExclusive, Received: quoted(got)})
	}
	_, err = parts(exclusive, ErrTransforms, part{nsExclusive, "InclusiveNamespaces", 0, 1})
	return err
}

func isExclusive(algorithm string) bool {
	return algorithm == nsExclusive || algorithm == nsExclusive+"WithComments"
}

func checkCanonicalization(m *etree.Element) error {
	if got := attr(m, "Algorithm"); !isExclusive(got) {
		return refuse(ErrSignatureShape, lmssso.Error{Detail: "CanonicalizationMethod", Expected: nsExclusive, Received: quoted(got)})
	}
	_, err := parts(m, ErrSignatureShape, part{nsExclusive, "InclusiveNamespaces", 0, 1})
	return err
}

// checkSignatureAlgorithm is the allow-list: RSA PKCS#1 v1.5 and ECDSA with SHA-256 to SHA-512. SHA-1 only by Allow.
func checkSignatureAlgorithm(method string, allow Allow) error {
	name, more := strings.CutPrefix(method, moreAlgs)
	switch {
	case method == algRSASHA1 || method == algECSHA1:
		return checkSHA1("the signature", allow)
	case more && slices.Contains([]string{"rsa-sha256", "rsa-sha384", "rsa-sha512", "ecdsa-sha256", "ecdsa-sha384", "ecdsa-sha512"}, name):
		return nil
	default:
		return refuse(lmssso.ErrAlgorithm, lmssso.Error{Detail: "the signature's algorithm", Expected: "RSA or ECDSA with SHA-256 or longer", Received: quoted(method)})
	}
}

// checkDigestAlgorithm is the allow-list of digests.
func checkDigestAlgorithm(digest string, allow Allow) error {
	switch digest {
	case algSHA1:
		return checkSHA1("the digest", allow)
	case nsEncryption + "sha256", moreAlgs + "sha384", nsEncryption + "sha512":
		return nil
	default:
		return refuse(lmssso.ErrAlgorithm, lmssso.Error{Detail: "the digest's algorithm", Expected: "SHA-256 or longer", Received: quoted(digest)})
	}
}

func checkSHA1(what string, allow Allow) error {
	if !allow.SHA1 {
		return refuse(ErrSHA1, lmssso.Error{Detail: what + " uses SHA-1, whose collisions are practical"})
	}
	return nil
}

// keyHints reads the certificates in a KeyInfo.
func keyHints(info *etree.Element) (out []string) {
	if info == nil {
		return nil
	}
	for _, data := range strictxml.Children(info) {
		for _, c := range strictxml.Children(data) {
			if text, ok := strictxml.Text(c); ok && c.Tag == "X509Certificate" {
				out = append(out, dropSpace(text))
			}
		}
	}
	return out
}

func dropSpace(s string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '\t' || r == '\r' || r == '\n' {
			return -1
		}
		return r
	}, s)
}
