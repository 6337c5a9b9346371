package saml

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/beevik/etree"
	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/internal/strictxml"
)

// The sizes of a response, where Check leaves them open, and the most it may ask for.
const (
	defaultElements  = 2_000
	maxElements      = 20_000
	defaultFormValue = 256 << 10
	maxFormValue     = 2 << 20
	maxTextBytes     = 64 << 10
	maxDepth         = 40
	maxAttributes    = 32
	maxNamespaces    = 32
)

// limits bounds a document of one connection. A text is bounded by itself, save the ciphertext of an encrypted assertion,
// which is one text as long as everything else.
func (c Check) limits() strictxml.Limits {
	return strictxml.Limits{
		Bytes: c.FormValue, Elements: c.Elements, Depth: maxDepth,
		Attributes: maxAttributes, Namespaces: maxNamespaces, Text: maxTextBytes, Long: "CipherValue",
	}
}

// decodeResponse undoes the encoding of the POST binding (Bindings section 3.5.4): base64, in which line breaks may
// stand and nothing else that is not of its alphabet.
func decodeResponse(encoded string, check Check) ([]byte, error) {
	if encoded == "" {
		return nil, refuse(ErrResponseMissing, lmssso.Error{Detail: "SAMLResponse is missing or empty"})
	}
	if len(encoded) > check.FormValue {
		return nil, refuse(ErrLimits, lmssso.Error{
			Detail: "SAMLResponse is too long", Expected: "at most " + strconv.Itoa(check.FormValue) + " bytes", Received: strconv.Itoa(len(encoded)),
		})
	}
	doc, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return nil, refuse(ErrEncoding, lmssso.Error{Detail: "SAMLResponse is not base64"})
	}
	if len(doc) == 0 || doc[0] != '<' {
		return nil, refuse(ErrEncoding, lmssso.Error{Detail: "SAMLResponse does not hold XML, or holds it deflated", Expected: "a document that begins with <"})
	}
	return doc, nil
}

// message is a response taken apart. Exactly one of assertion and encrypted is set.
type message struct {
	response, assertion, encrypted *etree.Element
}

// responseParts are the children of a response (Core section 3.2.2).
func responseParts(e *etree.Element) (family, error) {
	return parts(e, ErrStructure,
		part{nsAssertion, "Issuer", 0, 1}, part{nsSignature, "Signature", 0, 1}, part{nsProtocol, "Extensions", 0, 1},
		part{nsProtocol, "Status", 1, 1}, part{nsAssertion, "Assertion", 0, many}, part{nsAssertion, "EncryptedAssertion", 0, many})
}

// open takes a response apart. There is exactly one assertion in the whole document and it stands directly in the
// response; a second one anywhere is what signature wrapping needs.
func open(response *etree.Element) (message, error) {
	f, err := responseParts(response)
	if err != nil {
		return message{}, err
	}
	m := message{response: response, assertion: f.one("Assertion"), encrypted: f.one("EncryptedAssertion")}
	switch n := len(f["Assertion"]) + len(f["EncryptedAssertion"]); n {
	case 0:
		return message{}, refuse(ErrNoAssertion, lmssso.Error{Detail: "the response holds no assertion"})
	case 1:
		return m, nil
	default:
		return message{}, refuse(ErrAssertions, lmssso.Error{Detail: "the response holds several assertions", Expected: "1", Received: strconv.Itoa(n)})
	}
}

// checkPlaces refuses responses, assertions and signatures in places where only an attacker, or nobody, puts them:
// extensions, advice, attribute values, status details, signature objects. Their local names are enough: an element of
// another namespace with such a name has no business in a response either.
func checkPlaces(root *etree.Element) error {
	return strictxml.Walk(root, func(e *etree.Element) error {
		ok := true
		switch e.Tag {
		case "Response", "ArtifactResponse":
			ok = e == root
		case "Assertion", "EncryptedAssertion":
			ok = strictxml.Namespace(e) == nsAssertion && (e == root || e.Parent() == root && root.Tag == "Response")
		case "Signature", "SignedInfo":
			ok = signaturePlace(e, root)
		case "EncryptedData", "EncryptedKey":
			ok = inEncrypted(e)
		}
		if !ok {
			return refuse(ErrWrapped, lmssso.Error{Detail: e.Tag + " in a place where it does not belong"})
		}
		return nil
	})
}

// signaturePlace reports whether a signature stands directly in the root or in an assertion directly below it, and
// SignedInfo in such a signature.
func signaturePlace(e, root *etree.Element) bool {
	if strictxml.Namespace(e) != nsSignature {
		return false
	}
	up := e.Parent()
	if e.Tag == "SignedInfo" {
		return strictxml.Is(up, nsSignature, "Signature")
	}
	return up == root || up.Parent() == root && strictxml.Is(up, nsAssertion, "Assertion")
}

// inEncrypted reports whether an element stands in an EncryptedAssertion, or in the encrypted parts that are refused by
// their own names later.
func inEncrypted(e *etree.Element) bool {
	for up := e.Parent(); up != nil; up = up.Parent() {
		if strings.HasPrefix(up.Tag, "Encrypted") && strictxml.Namespace(up) == nsAssertion {
			return true
		}
	}
	return false
}

// checkMessage wants a SAML 2.0 response and nothing else that may arrive at an address: logout messages, metadata,
// artifacts, SOAP envelopes, SAML 1.1.
func checkMessage(root *etree.Element) error {
	if !strictxml.Is(root, nsProtocol, "Response") {
		return refuse(ErrMessage, lmssso.Error{Detail: "the message is another", Expected: "Response", Received: quoted(root.Tag)})
	}
	return nil
}
