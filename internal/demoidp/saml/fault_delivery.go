package saml

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/beevik/etree"
)

// Faults of encryption.
const (
	Unencrypted         Fault = "unencrypted"          // the assertion is in the clear
	RSA15               Fault = "rsa-1-5"              // the key is transported by RSA PKCS #1 v1.5
	CBCUnsigned         Fault = "cbc-unsigned"         // AES-CBC inside a response that is not signed
	TripleDES           Fault = "triple-des"           // encrypted by 3DES
	EncryptedUnsigned   Fault = "encrypted-unsigned"   // encrypted, and nothing is signed
	WrongEncryptionKey  Fault = "wrong-encryption-key" // encrypted for somebody else
	TruncatedCiphertext Fault = "truncated-ciphertext" // the ciphertext is cut to eight bytes
	AlteredCiphertext   Fault = "altered-ciphertext"   // one bit of the ciphertext is changed
	DoctypeInPlaintext  Fault = "doctype-in-plaintext" // a document type declaration inside what is encrypted
	ExtraInPlaintext    Fault = "extra-in-plaintext"   // two elements inside what is encrypted
)

// Faults of size.
const (
	HugeAttributes Fault = "huge-attributes" // thousands of XML attributes on one element
	HugeNamespaces Fault = "huge-namespaces" // thousands of namespace declarations on one element
	HugeDepth      Fault = "huge-depth"      // thousands of elements inside each other
	HugeElements   Fault = "huge-elements"   // twenty thousand elements side by side
	HugeText       Fault = "huge-text"       // one text of 100 kB
	HugeMessage    Fault = "huge-message"    // a message of 2 MB in base64
)

// Faults of delivery.
const (
	Replay            Fault = "replay"              // the previous response once more, byte for byte
	ReusedAssertionID Fault = "reused-assertion-id" // a new response whose assertion has the previous one's ID
	Deflated          Fault = "deflated"            // deflated, as only redirects are
	NotBase64         Fault = "not-base64"          // characters that base64 does not have
	NotXML            Fault = "not-xml"             // no XML at all
	RepeatedParameter Fault = "repeated-parameter"  // the SAMLResponse field twice
	NoRelayState      Fault = "no-relay-state"      // the RelayState is lost
	ForeignRelayState Fault = "foreign-relay-state" // the RelayState is another address
)

func encryptionFaults() []change {
	return []change{
		{fault: Unencrypted, text: "The assertion is in the clear; refused where encryption is required.", how: func(s *scene) { s.how.Encryption.On = false }},
		{fault: RSA15, text: "The key is transported by RSA PKCS #1 v1.5, which Bleichenbacher's attack opens.", how: seal(func(e *Encryption) { e.Transport = rsa15 })},
		{fault: CBCUnsigned, text: "AES-CBC inside a response nobody signed, which padding oracles need.", how: func(s *scene) {
			seal(func(e *Encryption) { e.Cipher = AES256CBC })(s)
			s.how.Signing.What = SignAssertion
		}},
		{fault: TripleDES, text: "Encrypted by 3DES, whose blocks are too small for today.", how: seal(func(e *Encryption) { e.Cipher = tripleDES })},
		{fault: EncryptedUnsigned, text: "Encrypted, which everybody can do for a public key, and signed by nobody.", how: func(s *scene) {
			seal(func(*Encryption) {})(s)
			s.how.Signing.What = SignNothing
		}},
		{fault: WrongEncryptionKey, text: "Encrypted for another key, so it cannot be read.", how: seal(func(*Encryption) {}), say: forStranger},
		{fault: TruncatedCiphertext, text: "The ciphertext is cut to eight bytes, less than a nonce.", how: seal(func(*Encryption) {}), sealed: ciphertext(func(b []byte) []byte { return b[:8] })},
		{fault: AlteredCiphertext, text: "One bit of the ciphertext is changed.", how: seal(func(*Encryption) {}), sealed: ciphertext(func(b []byte) []byte {
			b[len(b)/2] ^= 1
			return b
		})},
		{fault: DoctypeInPlaintext, text: "What is encrypted begins with a document type declaration.", how: seal(func(*Encryption) {}), plain: beforeRoot(`<!DOCTYPE Assertion [<!ENTITY name "value">]>`)},
		{fault: ExtraInPlaintext, text: "What is encrypted is two elements and not one.", how: seal(func(*Encryption) {}), plain: after("<second/>")},
	}
}

// seal encrypts, with the change.
func seal(f func(*Encryption)) func(*scene) {
	return func(s *scene) {
		s.how.Encryption.On = true
		f(&s.how.Encryption)
	}
}

func forStranger(s *scene, _ *Response) error {
	stranger, err := s.idp.stranger()
	if err == nil {
		s.how.Encryption.Certificate = stranger.Certificate
	}
	return err
}

// ciphertext changes the assertion's encrypted bytes.
func ciphertext(f func([]byte) []byte) func(*scene, *etree.Element) error {
	return func(_ *scene, root *etree.Element) error {
		value := root.FindElement("./EncryptedAssertion/EncryptedData/CipherData/CipherValue")
		if value == nil {
			return errNoAssertion
		}
		b, err := base64.StdEncoding.DecodeString(value.Text())
		if err == nil {
			value.SetText(base64.StdEncoding.EncodeToString(f(b)))
		}
		return err
	}
}

func sizeFaults() []change {
	return []change{
		{fault: HugeAttributes, text: "Three thousand XML attributes on one element, which some readers compare each with each.", tamper: repeatAttr(3000, `a`)},
		{fault: HugeNamespaces, text: "Three thousand namespace declarations on one element, which some readers copy for each child.", tamper: repeatAttr(3000, "xmlns:n")},
		{fault: HugeDepth, text: "Three thousand elements inside each other, for readers that recurse.", tamper: deep},
		{fault: HugeElements, text: "Twenty thousand elements side by side.", tamper: func(s *scene, root *etree.Element) error {
			parent := s.extensions(root)
			for range 20000 {
				parent.CreateElement("e")
			}
			return nil
		}},
		{fault: HugeText, text: "One text of a hundred kilobytes.", tamper: bigText(100 << 10)},
		{fault: HugeMessage, text: "A message of two megabytes in base64.", tamper: bigText(1600 << 10)},
	}
}

func repeatAttr(n int, name string) func(*scene, *etree.Element) error {
	return func(s *scene, root *etree.Element) error {
		e := s.extensions(root).CreateElement("e")
		for i := range n {
			space, key, _ := strings.Cut(name, ":")
			if key == "" {
				space, key = "", space
			}
			e.Attr = append(e.Attr, etree.Attr{Space: space, Key: fmt.Sprintf("%s%d", key, i), Value: "u"})
		}
		return nil
	}
}

func deep(s *scene, root *etree.Element) error {
	e := s.extensions(root)
	for range 3000 {
		e = e.CreateElement("e")
	}
	return nil
}

func bigText(n int) func(*scene, *etree.Element) error {
	return func(s *scene, root *etree.Element) error {
		s.extensions(root).CreateElement("e").SetText(strings.Repeat("x", n))
		return nil
	}
}

func deliveryFaults() []change {
	return []change{
		{fault: Replay, text: "The previous response once more, byte for byte, as one who copied it would send it.", form: replay},
		{fault: ReusedAssertionID, text: "A new response whose assertion has the ID of the previous one, which counts as the same.", say: reuse},
		{fault: Deflated, text: "Deflated, as only redirects are; inflating unasked invites bombs.", form: deflated},
		{fault: NotBase64, text: "The field holds characters that base64 does not have.", form: field(func(string) string { return "<not base64>" })},
		{fault: NotXML, text: "The field is base64 of something that is not XML.", form: field(func(string) string { return base64.StdEncoding.EncodeToString([]byte("not XML")) })},
		{fault: RepeatedParameter, text: "The field stands twice in the form, for readers that check one and use the other.", form: func(_ *scene, sent *Sent) error {
			sent.Form.Fields["SAMLResponse"] = append(sent.Form.Fields["SAMLResponse"], sent.Form.Fields.Get("SAMLResponse"))
			return nil
		}},
		{fault: NoRelayState, text: "The RelayState is lost, so nobody knows which login this answers.", form: func(_ *scene, sent *Sent) error {
			sent.Form.Fields.Del("RelayState")
			return nil
		}},
		{fault: ForeignRelayState, text: "The RelayState is an address elsewhere, to which nobody may be sent.", form: func(_ *scene, sent *Sent) error {
			sent.Form.Fields.Set("RelayState", elsewhere)
			return nil
		}},
	}
}

var errNoPrevious = errors.New("needs an earlier response to the same service provider")

func (s *scene) previous() (Sent, error) {
	s.idp.mu.Lock()
	defer s.idp.mu.Unlock()
	sent, ok := s.idp.last[s.sp.EntityID]
	if !ok {
		return Sent{}, errNoPrevious
	}
	return sent, nil
}

// replay brings the previous response with this login's RelayState, so that it is found.
func replay(s *scene, sent *Sent) error {
	old, err := s.previous()
	if err != nil {
		return err
	}
	sent.Form.Fields.Set("SAMLResponse", old.Form.Fields.Get("SAMLResponse"))
	sent.Response, sent.XML = old.Response, old.XML
	return nil
}

func reuse(s *scene, r *Response) error {
	old, err := s.previous()
	if err != nil {
		return err
	}
	if len(old.Response.Assertions) == 0 || len(r.Assertions) == 0 {
		return errNoPrevious
	}
	r.Assertions[0].ID = old.Response.Assertions[0].ID
	return nil
}

func deflated(_ *scene, sent *Sent) error {
	packed, err := deflate(sent.XML)
	if err == nil {
		sent.Form.Fields.Set("SAMLResponse", packed)
	}
	return err
}

func field(f func(string) string) func(*scene, *Sent) error {
	return func(_ *scene, sent *Sent) error {
		sent.Form.Fields.Set("SAMLResponse", f(sent.Form.Fields.Get("SAMLResponse")))
		return nil
	}
}
