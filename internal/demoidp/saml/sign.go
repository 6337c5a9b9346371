package saml

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1" // for the fault that signs with it, and for OAEP
	_ "crypto/sha256"
	_ "crypto/sha512"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"
)

// What says which elements are signed.
type What string

// What may be signed.
const (
	SignAssertion What = "assertion" // the assertion; the default
	SignResponse  What = "response"  // the response around it
	SignBoth      What = "both"      // first the assertion, then the response
	SignNothing   What = "nothing"   // neither: no service provider may accept that
)

// Method is a signature method by its URI.
type Method string

// The signature methods (RFC 9231). SHA-1 is there to be refused.
const (
	RSASHA1     Method = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
	RSASHA256   Method = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
	RSASHA384   Method = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384"
	RSASHA512   Method = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512"
	ECDSASHA256 Method = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
	ECDSASHA384 Method = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384"
	ECDSASHA512 Method = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512"

	hmacSHA256 Method = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
)

const (
	digestSHA1   = nsSignature + "sha1"
	digestSHA256 = nsEncrypt + "sha256"
	digestSHA384 = "http://www.w3.org/2001/04/xmldsig-more#sha384"
	digestSHA512 = nsEncrypt + "sha512"

	transformEnveloped = nsSignature + "enveloped-signature"
	transformExclusive = "http://www.w3.org/2001/10/xml-exc-c14n#"
)

func (m Method) hash() (crypto.Hash, string) {
	switch m {
	case RSASHA1:
		return crypto.SHA1, digestSHA1
	case RSASHA384, ECDSASHA384:
		return crypto.SHA384, digestSHA384
	case RSASHA512, ECDSASHA512:
		return crypto.SHA512, digestSHA512
	}
	return crypto.SHA256, digestSHA256
}

// KeyInfo says what a signature tells of its key.
type KeyInfo string

// What a signature may tell of its key.
const (
	KeyCertificate KeyInfo = "certificate" // the certificate; the default
	KeyAbsent      KeyInfo = "absent"      // no KeyInfo element
	KeyName        KeyInfo = "name"        // only a name, as Keycloak can be told to
)

// Signing says how to sign.
type Signing struct {
	// What is signed; "" is [SignAssertion].
	What What
	// Key signs; nil is the provider's first.
	Key *Key
	// Method is the signature method; "" is SHA-256 with the key's kind.
	Method Method
	// KeyInfo says what the signature tells of its key; "" is [KeyCertificate].
	KeyInfo KeyInfo
}

func (s Signing) assertion() bool {
	return s.What == "" || s.What == SignAssertion || s.What == SignBoth
}
func (s Signing) response() bool { return s.What == SignResponse || s.What == SignBoth }

// method returns the method, by the key's kind when none is set.
func (s Signing) method(k Key) Method {
	if s.Method != "" {
		return s.Method
	}
	if _, ok := k.Signer.Public().(*ecdsa.PublicKey); ok {
		return ECDSASHA256
	}
	return RSASHA256
}

// recipe is one enveloped signature in all its parts, for faults to change.
type recipe struct {
	style      Style
	key        Key
	method     Method
	digest     string // the digest method's URI
	hash       crypto.Hash
	claimed    Method // the method written down, when that is another
	keyInfo    KeyInfo
	shown      *Key     // the key KeyInfo shows, when that is another
	uris       []string // one Reference each; "" stands for URI=""
	transforms []string
	finish     func(signature *etree.Element) // changes the finished signature
}

func (p *IdP) recipe(s Signing, style Style) recipe {
	key := p.cfg.Keys[0]
	if s.Key != nil {
		key = *s.Key
	}
	r := recipe{style: style, key: key, method: s.method(key), keyInfo: s.KeyInfo, transforms: []string{transformEnveloped, transformExclusive}}
	r.hash, r.digest = r.method.hash()
	return r
}

// sign puts an enveloped signature into the element (XML Signature section 6.6.4).
func (r recipe) sign(e *etree.Element) error {
	uris := r.uris
	if uris == nil {
		uris = []string{"#" + attr(e, "ID")}
	}
	text, err := canonical(e)
	if err != nil {
		return err
	}
	signature := r.style.add(nil, nsSignature, "Signature")
	info := r.style.add(signature, nsSignature, "SignedInfo")
	r.style.add(info, nsSignature, "CanonicalizationMethod", "Algorithm", transformExclusive)
	r.style.add(info, nsSignature, "SignatureMethod", "Algorithm", orText(string(r.claimed), string(r.method)))
	for _, uri := range uris {
		r.reference(info, uri, text)
	}
	if text, err = canonical(info); err != nil {
		return err
	}
	value, err := signBytes(r.key, r.method, text)
	if err != nil {
		return err
	}
	r.style.addText(signature, nsSignature, "SignatureValue", base64.StdEncoding.EncodeToString(value))
	r.tellKey(signature)
	prune(signature, nil)
	if r.finish != nil {
		r.finish(signature)
	}
	e.InsertChildAt(r.position(e), signature)
	return nil
}

// reference says what is signed, and by which digest.
func (r recipe) reference(info *etree.Element, uri string, text []byte) {
	ref := r.style.add(info, nsSignature, "Reference")
	ref.CreateAttr("URI", uri)
	transforms := r.style.add(ref, nsSignature, "Transforms")
	for _, t := range r.transforms {
		r.style.add(transforms, nsSignature, "Transform", "Algorithm", t)
	}
	r.style.add(ref, nsSignature, "DigestMethod", "Algorithm", r.digest)
	h := r.hash.New()
	h.Write(text)
	r.style.addText(ref, nsSignature, "DigestValue", base64.StdEncoding.EncodeToString(h.Sum(nil)))
}

// position is after the Issuer, where the schema wants it.
func (r recipe) position(e *etree.Element) int {
	if r.style.SignatureLast {
		return len(e.Child)
	}
	if issuer := child(e, nsAssertion, "Issuer"); issuer != nil {
		return issuer.Index() + 1
	}
	return 0
}

func (r recipe) tellKey(signature *etree.Element) {
	key := r.key
	if r.shown != nil {
		key = *r.shown
	}
	switch r.keyInfo {
	case KeyAbsent:
	case KeyName:
		info := r.style.add(signature, nsSignature, "KeyInfo")
		r.style.addText(info, nsSignature, "KeyName", key.Certificate.Subject.CommonName)
	default:
		r.style.keyInfo(signature, base64.StdEncoding.EncodeToString(key.Certificate.Raw))
	}
}

func (s Style) keyInfo(parent *etree.Element, certificate string) {
	data := s.add(s.add(parent, nsSignature, "KeyInfo"), nsSignature, "X509Data")
	s.addText(data, nsSignature, "X509Certificate", certificate)
}

// canonical is the element's exclusive canonical form. Everything the element uses must be declared in it.
func canonical(e *etree.Element) ([]byte, error) {
	return dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("").Canonicalize(e.Copy())
}

// signBytes signs with the key, as XML Signature writes signature values down: an ECDSA one is r and s side by side
// (XML Signature section 6.4.3).
func signBytes(k Key, m Method, text []byte) ([]byte, error) {
	hash, _ := m.hash()
	if m == hmacSHA256 {
		mac := hmac.New(crypto.SHA256.New, k.Certificate.RawSubjectPublicKeyInfo)
		mac.Write(text)
		return mac.Sum(nil), nil
	}
	h := hash.New()
	h.Write(text)
	der, err := k.Signer.Sign(rand.Reader, h.Sum(nil), hash)
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	pub, ok := k.Signer.Public().(*ecdsa.PublicKey)
	if !ok {
		if _, ok := k.Signer.Public().(*rsa.PublicKey); !ok {
			return nil, errors.New("signing: neither an RSA nor an ECDSA key")
		}
		return der, nil
	}
	var v struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &v); err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	size := (pub.Curve.Params().BitSize + 7) / 8
	return append(v.R.FillBytes(make([]byte, size)), v.S.FillBytes(make([]byte, size))...), nil
}
