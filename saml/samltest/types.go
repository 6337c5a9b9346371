package samltest

import (
	"crypto"
	"crypto/x509"
	"time"

	demo "github.com/lmssso/lmssso/internal/demoidp/saml"
)

// User is who signs in, and what is said of him.
type User struct {
	// NameID is his name.
	NameID string
	// Format is the name's; "" takes the one asked for, or persistent. "none" leaves it out.
	Format string
	// NameQualifier and SPNameQualifier say where the name holds; "" leaves them out.
	NameQualifier, SPNameQualifier string
	// Attributes are what is known of him.
	Attributes []Attribute
	// AuthnContext is the class URI of how he signed in; "" takes what was asked for, or a password over TLS.
	AuthnContext string
	// AuthnInstant is when he did; zero is now.
	AuthnInstant time.Time
	// SessionIndex names the provider's session; "" makes one.
	SessionIndex string
	// SessionEnds is the session's end; zero sends none.
	SessionEnds time.Time
}

// Attribute is one attribute with its values.
type Attribute struct {
	// Name is the attribute's; FriendlyName and NameFormat are left out when "".
	Name, FriendlyName, NameFormat string
	// Values are the texts; none is an empty attribute.
	Values []string
	// Nil adds a value that says xsi:nil.
	Nil bool
}

// Sign says which elements are signed.
type Sign string

// What may be signed.
const (
	SignAssertion Sign = "assertion" // the assertion; the default
	SignResponse  Sign = "response"  // the response around it
	SignBoth      Sign = "both"      // both
)

// KeyInfo says what a signature tells of its key.
type KeyInfo string

// What a signature may tell of its key.
const (
	KeyCertificate KeyInfo = "certificate" // the certificate; the default
	KeyAbsent      KeyInfo = "absent"      // nothing
	KeyName        KeyInfo = "name"        // only a name
)

// Manner says how answers are signed, encrypted and written down. The zero value signs the assertion by SHA-256 and leaves
// it in the clear.
type Manner struct {
	// Sign says what is signed.
	Sign Sign
	// Key signs; nil is the provider's first.
	Key *Key
	// Method is the signature method's URI; "" is SHA-256 with the key's kind.
	Method string
	// KeyInfo says what the signature tells of its key.
	KeyInfo KeyInfo
	// Encrypt encrypts the assertion for the registered service provider.
	Encrypt bool
	// Encryption says how.
	Encryption Encryption
	// Style says how it is written down.
	Style Style
}

// Encryption says how an assertion is encrypted. The zero value is AES-256-GCM with a key sent by RSA-OAEP with SHA-1, the
// usual today.
type Encryption struct {
	// Cipher is the block encryption's URI, KeyTransport that of the key's.
	Cipher, KeyTransport string
	// Digest is OAEP's hash, Mask the hash of its mask, which only the RSA-OAEP of XML Encryption 1.1 can name; zero is SHA-1.
	Digest, Mask crypto.Hash
	// KeyBeside puts the encrypted key beside the encrypted data and not inside.
	KeyBeside bool
}

// Style is how a message is written down; providers differ in it, and it means nothing. The zero value is the usual one.
type Style struct {
	// Protocol, Assertion and Signature are the namespace prefixes; "" is samlp, saml and ds, "xmlns" is none at all.
	Protocol, Assertion, Signature string
	// TimeLayout is the layout of times, as for [time.Time.Format]; "" is whole seconds with a Z.
	TimeLayout string
	// Declaration writes an XML declaration first.
	Declaration bool
	// SignatureLast puts the signature at the end of what it signs, not after the Issuer.
	SignatureLast bool
	// Untyped leaves xsi:type off attribute values.
	Untyped bool
}

// SP is a service provider, told without metadata.
type SP struct {
	// EntityID is its name, ACS its assertion consumer service.
	EntityID, ACS string
	// SLO is its single logout service for both bindings; "" for none.
	SLO string
	// Signing verifies its messages, Encryption is whom to encrypt for; nil for none.
	Signing, Encryption *x509.Certificate
}

// Session is one user's session at one service provider.
type Session struct {
	// SP is the service provider's name.
	SP string
	// NameID, Format, NameQualifier and SPNameQualifier name the user.
	NameID, Format, NameQualifier, SPNameQualifier string
	// Index is the session's; "" in a logout request means all.
	Index string
}

func (u User) login() demo.Login {
	l := demo.Login{
		NameID:       demo.NameID{Value: u.NameID, Format: u.Format, NameQualifier: u.NameQualifier, SPNameQualifier: u.SPNameQualifier},
		AuthnContext: u.AuthnContext, AuthnInstant: u.AuthnInstant, SessionIndex: u.SessionIndex, SessionEnds: u.SessionEnds,
	}
	if u.Format == "none" {
		l.NameID.Format, l.NoNameIDFormat = "", true
	}
	for _, a := range u.Attributes {
		l.Attributes = append(l.Attributes, demo.Attribute(a))
	}
	return l
}

func (m Manner) signing() demo.Signing {
	s := demo.Signing{What: demo.What(m.Sign), Method: demo.Method(m.Method), KeyInfo: demo.KeyInfo(m.KeyInfo)}
	if m.Key != nil {
		k := demo.Key(*m.Key)
		s.Key = &k
	}
	return s
}

func (m Manner) how(faults []Fault) demo.How {
	h := demo.How{Signing: m.signing(), Style: demo.Style(m.Style), Faults: demoFaults(faults)}
	h.Encryption = demo.Encryption{
		On: m.Encrypt, Cipher: demo.Cipher(m.Encryption.Cipher), Transport: demo.Transport(m.Encryption.KeyTransport),
		Digest: m.Encryption.Digest, Mask: m.Encryption.Mask, KeyBeside: m.Encryption.KeyBeside,
	}
	return h
}

func demoFaults(faults []Fault) []demo.Fault {
	out := make([]demo.Fault, len(faults))
	for i, f := range faults {
		out[i] = demo.Fault(f)
	}
	return out
}
