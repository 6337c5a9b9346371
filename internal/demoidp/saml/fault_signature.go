package saml

import (
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"math/big"
	"strings"

	"github.com/beevik/etree"
)

// Faults of the signature: who made it, and over what.
const (
	Unsigned              Fault = "unsigned"                // nothing is signed
	WrongKey              Fault = "wrong-key"               // signed by a stranger, whose certificate is shown
	WrongKeyShownAsReal   Fault = "wrong-key-shown-as-real" // signed by a stranger, with the provider's certificate shown
	WrongKeyValue         Fault = "wrong-key-value"         // signed by a stranger, whose bare key is shown
	TamperedAttribute     Fault = "tampered-attribute"      // an attribute changed after signing
	TamperedNameID        Fault = "tampered-name-id"        // the NameID changed after signing
	EmptySignatureValue   Fault = "empty-signature-value"   // the signature has no value
	TwoSignedInfos        Fault = "two-signed-infos"        // two SignedInfo elements (CVE-2025-29774)
	TwoDigestValues       Fault = "two-digest-values"       // two DigestValue elements (CVE-2024-45409)
	CommentInDigest       Fault = "comment-in-digest"       // a comment inside DigestValue (CVE-2025-29775)
	SignatureOfOther      Fault = "signature-of-other"      // the signature refers to another element
	TwoSignatures         Fault = "two-signatures"          // the signature stands twice
	SHA1Signature         Fault = "sha1-signature"          // rsa-sha1 over a SHA-1 digest
	SHA1Digest            Fault = "sha1-digest"             // rsa-sha256 over a SHA-1 digest
	HMACSignature         Fault = "hmac-signature"          // HMAC with the public key as secret
	UnknownMethod         Fault = "unknown-method"          // a signature method nobody knows
	TwoReferences         Fault = "two-references"          // two References
	EmptyReference        Fault = "empty-reference"         // URI=""
	ReferenceWithoutHash  Fault = "reference-without-hash"  // the URI is the bare ID (CVE-2026-33487)
	XSLTTransform         Fault = "xslt-transform"          // a stylesheet among the transforms
	XPathTransform        Fault = "xpath-transform"         // an XPath filter among the transforms
	NoEnvelopedTransform  Fault = "no-enveloped-transform"  // the enveloped-signature transform is missing
	NoCanonicalTransform  Fault = "no-canonical-transform"  // the canonicalisation transform is missing
	ManyTransforms        Fault = "many-transforms"         // a hundred transforms
	PrefixedID            Fault = "prefixed-id"             // a second ID attribute, with a prefix (CVE-2025-66568)
	SignatureSomewhereOff Fault = "signature-elsewhere"     // the assertion's signature stands beside the assertion
)

func signOnly(w What) func(*scene) { return func(s *scene) { s.how.Signing.What = w } }

func signatureFaults() []change {
	return []change{
		{fault: Unsigned, text: "Neither the response nor the assertion is signed, so anybody can have written it.", how: signOnly(SignNothing)},
		{fault: WrongKey, text: "A stranger signed it and shows a certificate of his own that reads like the real one.", sign: byStranger(false)},
		{fault: WrongKeyShownAsReal, text: "A stranger signed it and shows the real certificate beside his signature.", sign: byStranger(true)},
		{fault: WrongKeyValue, text: "A stranger signed it and shows his bare public key, which nobody may take as trusted.", sign: byKeyValue},
		{fault: TamperedAttribute, text: "An attribute was changed after signing, so the digest no longer fits.", tamper: tamperAttribute},
		{fault: TamperedNameID, text: "The NameID was changed after signing, so the digest no longer fits.", tamper: tamperNameID},
		{fault: EmptySignatureValue, text: "The signature has everything but a value.", sign: finish(emptyValue)},
		{fault: TwoSignedInfos, text: "A second SignedInfo stands in the signature, for readers that verify one and use the other.", sign: finish(doubled("SignedInfo", ""))},
		{fault: TwoDigestValues, text: "A second DigestValue stands in the reference, for readers that verify one and use the other.",
			sign: finish(doubled("DigestValue", "SignedInfo"))},
		{fault: CommentInDigest, text: "A comment stands inside the digest; canonical form drops it, so the signature stays valid.", sign: finish(commentDigest)},
		{fault: TwoSignatures, text: "The same signature stands twice, for readers that verify one and look at the other.", tamper: doubleSignature},
		{fault: SignatureSomewhereOff, text: "The assertion's signature stands beside the assertion, where it protects nothing.", how: signOnly(SignAssertion), tamper: moveSignature},
	}
}

func methodFaults() []change {
	return []change{
		{fault: SHA1Signature, text: "Signed with SHA-1, whose collisions can be made in practice.", sign: func(_ *scene, r *recipe, _ *etree.Element) error {
			r.method = RSASHA1
			r.hash, r.digest = RSASHA1.hash()
			return needRSA(r.key)
		}},
		{fault: SHA1Digest, text: "The digest is SHA-1, though the signature over it is not.", sign: func(_ *scene, r *recipe, _ *etree.Element) error {
			r.hash, r.digest = RSASHA1.hash()
			return nil
		}},
		{fault: HMACSignature, text: "An HMAC whose secret is the provider's public key, which everybody knows.", sign: func(_ *scene, r *recipe, _ *etree.Element) error {
			r.method = hmacSHA256
			return nil
		}},
		{fault: UnknownMethod, text: "The signature method is one nobody knows; not knowing must never mean valid.", sign: func(_ *scene, r *recipe, _ *etree.Element) error {
			r.claimed = "urn:example:unknown-signature-method"
			return nil
		}},
	}
}

func referenceFaults() []change {
	return []change{
		{fault: TwoReferences, text: "The signature covers two references; a reader may verify one and use what the other names.", sign: uris(func(id string) []string { return []string{"#" + id, "#" + id} })},
		{fault: EmptyReference, text: "The reference's URI is empty, which means the whole document and not the element.", sign: uris(func(string) []string { return []string{""} })},
		{fault: ReferenceWithoutHash, text: "The reference's URI is the ID without its #, which names another document.", sign: uris(func(id string) []string { return []string{id} })},
		{fault: SignatureOfOther, text: "The signature names another element than the one it stands in.", sign: uris(func(string) []string { return []string{"#id-of-something-else"} })},
		{fault: XSLTTransform, text: "A stylesheet is among the transforms, which could turn anything into what was signed.",
			sign: transforms(transformEnveloped, "http://www.w3.org/TR/1999/REC-xslt-19991116", transformExclusive)},
		{fault: XPathTransform, text: "An XPath filter is among the transforms, which could leave anything out of what was signed.",
			sign: transforms(transformEnveloped, "http://www.w3.org/TR/1999/REC-xpath-19991116", transformExclusive)},
		{fault: NoEnvelopedTransform, text: "The transform that takes the signature out of what it signs is missing.", sign: transforms(transformExclusive)},
		{fault: NoCanonicalTransform, text: "No canonical form is named, so the signed bytes depend on the reader.", sign: transforms(transformEnveloped)},
		{fault: ManyTransforms, text: "A hundred transforms, each of which costs the reader a pass over the message.",
			sign: transforms(append([]string{transformEnveloped}, many(transformExclusive, 99)...)...)},
		{fault: PrefixedID, text: "A second ID attribute with a prefix, for readers that look attributes up by local name.", how: signOnly(SignAssertion), tamper: prefixID},
	}
}

func many(s string, n int) []string { return strings.Fields(strings.Repeat(s+" ", n)) }

func needRSA(k Key) error {
	if _, ok := k.Signer.Public().(*rsa.PublicKey); !ok {
		return errors.New("needs an RSA key")
	}
	return nil
}

func byStranger(shownAsReal bool) func(*scene, *recipe, *etree.Element) error {
	return func(s *scene, r *recipe, _ *etree.Element) error {
		stranger, err := s.idp.stranger()
		if err != nil {
			return err
		}
		if shownAsReal {
			real := r.key
			r.shown, r.keyInfo = &real, KeyCertificate
		}
		r.key, r.method = stranger, Signing{}.method(stranger)
		return nil
	}
}

// byKeyValue shows the stranger's key as an RSAKeyValue (XML Signature section 4.5.2.2).
func byKeyValue(s *scene, r *recipe, e *etree.Element) error {
	if err := byStranger(false)(s, r, e); err != nil {
		return err
	}
	pub, ok := r.key.Signer.Public().(*rsa.PublicKey)
	if !ok {
		return needRSA(r.key)
	}
	r.keyInfo = KeyAbsent
	r.finish = func(signature *etree.Element) {
		value := r.style.add(r.style.add(r.style.add(signature, nsSignature, "KeyInfo"), nsSignature, "KeyValue"), nsSignature, "RSAKeyValue")
		r.style.addText(value, nsSignature, "Modulus", base64.StdEncoding.EncodeToString(pub.N.Bytes()))
		r.style.addText(value, nsSignature, "Exponent", base64.StdEncoding.EncodeToString(big.NewInt(int64(pub.E)).Bytes()))
		prune(signature, nil)
	}
	return nil
}

func finish(f func(*etree.Element)) func(*scene, *recipe, *etree.Element) error {
	return func(_ *scene, r *recipe, _ *etree.Element) error {
		r.finish = f
		return nil
	}
}

func uris(f func(id string) []string) func(*scene, *recipe, *etree.Element) error {
	return func(_ *scene, r *recipe, e *etree.Element) error {
		r.uris = f(attr(e, "ID"))
		return nil
	}
}

func transforms(list ...string) func(*scene, *recipe, *etree.Element) error {
	return func(_ *scene, r *recipe, _ *etree.Element) error {
		r.transforms = list
		return nil
	}
}

func emptyValue(signature *etree.Element) {
	child(signature, nsSignature, "SignatureValue").SetText("")
}

// doubled puts a copy with a digest of nothing before the element.
func doubled(tag, below string) func(*etree.Element) {
	return func(signature *etree.Element) {
		parent := signature
		if below != "" {
			parent = child(child(signature, nsSignature, below), nsSignature, "Reference")
		}
		e := child(parent, nsSignature, tag)
		twin := e.Copy()
		for _, d := range append(twin.FindElements(".//DigestValue"), twin) {
			if d.Tag == "DigestValue" {
				d.SetText(base64.StdEncoding.EncodeToString(make([]byte, 32)))
			}
		}
		parent.InsertChildAt(e.Index(), twin)
	}
}

func commentDigest(signature *etree.Element) {
	digest := child(child(child(signature, nsSignature, "SignedInfo"), nsSignature, "Reference"), nsSignature, "DigestValue")
	digest.InsertChildAt(0, etree.NewComment("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="))
}

// signed returns the signed element and its signature: the response, or else the assertion.
func signed(root *etree.Element) (e, signature *etree.Element, err error) {
	for _, e := range append([]*etree.Element{root}, children(root, nsAssertion, "Assertion")...) {
		if s := child(e, nsSignature, "Signature"); s != nil {
			return e, s, nil
		}
	}
	return nil, nil, errors.New("needs a signature")
}

func doubleSignature(_ *scene, root *etree.Element) error {
	e, signature, err := signed(root)
	if err != nil {
		return err
	}
	e.InsertChildAt(signature.Index()+1, signature.Copy())
	return nil
}

func moveSignature(_ *scene, root *etree.Element) error {
	e, signature, err := signed(root)
	if err != nil {
		return err
	}
	e.RemoveChild(signature)
	root.InsertChildAt(e.Index(), signature)
	return nil
}

func prefixID(_ *scene, root *etree.Element) error {
	prefix := root.Space
	if prefix == "" {
		prefix = "again"
		root.CreateAttr("xmlns:again", nsProtocol)
	}
	root.CreateAttr(prefix+":ID", "id-with-a-prefix")
	return nil
}

func tamperAttribute(_ *scene, root *etree.Element) error {
	a, err := assertionOf(root)
	if err != nil {
		return err
	}
	value := a.FindElement("./AttributeStatement/Attribute/AttributeValue")
	if value == nil {
		return errNoAttribute
	}
	value.SetText(ForgedEmail)
	return nil
}

func tamperNameID(_ *scene, root *etree.Element) error {
	return withNameID(root, func(_, name *etree.Element) { name.SetText(ForgedNameID) })
}
