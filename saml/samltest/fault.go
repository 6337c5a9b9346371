package samltest

import demo "github.com/lmssso/lmssso/internal/demoidp/saml"

// Fault is one known way for an answer to be wrong. A service provider must refuse each.
type Fault string

// Explanation says in a sentence what the fault does and why that must be refused.
func (f Fault) Explanation() string { return demo.Fault(f).Explanation() }

// Faults lists all faults of answers to logins. Some need a user with attributes, an earlier answer, or a service provider
// with an encryption certificate. Some are refused only where a setting asks for it, which their explanation says.
func Faults() []Fault { return own(demo.Faults()) }

// LogoutFaults lists the faults that logout messages can have.
func LogoutFaults() []Fault { return own(demo.LogoutFaults()) }

func own(faults []demo.Fault) []Fault {
	out := make([]Fault, len(faults))
	for i, f := range faults {
		out[i] = Fault(f)
	}
	return out
}

// Who forged answers are about. An application that signs in anybody of this name or address was fooled.
const (
	ForgedNameID = demo.ForgedNameID
	ForgedEmail  = demo.ForgedEmail
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

// Signature wrapping (Somorovsky et al., "On Breaking SAML: Be Whoever You Want to Be", 2012), by the numbers of that paper.
const (
	XSW1 Fault = "xsw1" // the signed response inside the signature of a forged one
	XSW2 Fault = "xsw2" // the signed response before its signature in a forged one
	XSW3 Fault = "xsw3" // a forged assertion before the signed one
	XSW4 Fault = "xsw4" // the signed assertion inside a forged one
	XSW5 Fault = "xsw5" // a forged assertion with the signature, the signed one at the end
	XSW6 Fault = "xsw6" // the signed assertion inside the signature of a forged one
	XSW7 Fault = "xsw7" // a forged assertion in Extensions before the signed one
	XSW8 Fault = "xsw8" // the signed assertion in an Object of a forged one's signature
)

// Faults that put an assertion where none belongs.
const (
	AssertionInExtensions     Fault = "assertion-in-extensions"      // a forged one in the response's Extensions
	AssertionInStatusDetail   Fault = "assertion-in-status-detail"   // a forged one in StatusDetail
	AssertionInObject         Fault = "assertion-in-object"          // a forged one in the signature's Object
	AssertionInAdvice         Fault = "assertion-in-advice"          // another one in the signed assertion's Advice
	AssertionInAttributeValue Fault = "assertion-in-attribute-value" // another one as an attribute's value
	ResponseInExtensions      Fault = "response-in-extensions"       // a whole forged response in Extensions
	NoAssertion               Fault = "no-assertion"                 // none at all, though the status is success
)

// Faults of the document itself.
const (
	Doctype               Fault = "doctype"                 // a document type declaration
	EntityExpansion       Fault = "entity-expansion"        // entities that unfold into a billion
	CommentInNameID       Fault = "comment-in-name-id"      // a comment added inside the NameID (CVE-2017-11427)
	ProcessingInstruction Fault = "processing-instruction"  // a processing instruction inside the NameID
	ElementInNameID       Fault = "element-in-name-id"      // an element inside the NameID
	DuplicateID           Fault = "duplicate-id"            // two elements of one ID
	DuplicateXMLAttribute Fault = "duplicate-xml-attribute" // an XML attribute twice on one element
	SecondRoot            Fault = "second-root"             // an element after the root
	TrailingText          Fault = "trailing-text"           // text after the root
	UnknownEncoding       Fault = "unknown-encoding"        // labelled as UTF-7
)

// Faults that say a thing twice, for readers that keep the last or the first.
const (
	TwoAssertions      Fault = "two-assertions"       // two signed assertions about two users
	TwoNameIDs         Fault = "two-name-ids"         // two NameIDs in one subject
	TwoSubjects        Fault = "two-subjects"         // two Subjects
	TwoIssuers         Fault = "two-issuers"          // two Issuers in the assertion
	TwoConditions      Fault = "two-conditions"       // two Conditions, the second without bounds
	TwoEmailValues     Fault = "two-email-values"     // the email attribute has two values
	TwoEmailAttributes Fault = "two-email-attributes" // the email attribute stands twice
)

// Faults of who says it and to whom.
const (
	WrongIssuer         Fault = "wrong-issuer"          // the assertion's Issuer is another provider
	WrongResponseIssuer Fault = "wrong-response-issuer" // the response's Issuer is another provider
	MissingIssuer       Fault = "missing-issuer"        // the assertion has no Issuer
	MissingAudience     Fault = "missing-audience"      // no audience restriction
	WrongAudience       Fault = "wrong-audience"        // for another service provider
	SecondAudienceWrong Fault = "second-audience-wrong" // two restrictions, one of them for somebody else
	NoConditions        Fault = "no-conditions"         // no Conditions at all
	UnknownCondition    Fault = "unknown-condition"     // a condition nobody knows
	WrongRecipient      Fault = "wrong-recipient"       // confirmed for another address
	MissingRecipient    Fault = "missing-recipient"     // confirmed for no address
	WrongDestination    Fault = "wrong-destination"     // the response is for another address
	MissingDestination  Fault = "missing-destination"   // the signed response names no address
)

// Faults of time.
const (
	Expired                 Fault = "expired"                    // the conditions ended an hour ago
	EndsAtLeeway            Fault = "ends-at-leeway"             // ended a minute ago to the second
	NotYetValid             Fault = "not-yet-valid"              // the conditions begin in an hour
	ConfirmationExpired     Fault = "confirmation-expired"       // the confirmation ended an hour ago
	ConfirmationNotYetValid Fault = "confirmation-not-yet-valid" // the confirmation begins in an hour
	ConfirmationEndless     Fault = "confirmation-endless"       // the confirmation has no end
	OldIssueInstant         Fault = "old-issue-instant"          // issued a day ago
	FutureIssueInstant      Fault = "future-issue-instant"       // issued in an hour
	CenturyLong             Fault = "century-long"               // valid for a hundred years
	StaleAuthnInstant       Fault = "stale-authn-instant"        // the user signed in a day ago
	FutureAuthnInstant      Fault = "future-authn-instant"       // the user signs in an hour from now
	SessionEnded            Fault = "session-ended"              // the session ended an hour ago
)

// Faults of the subject.
const (
	NoBearer             Fault = "no-bearer"               // no confirmation is of the bearer method
	NoConfirmation       Fault = "no-confirmation"         // no confirmation at all
	TransientNameID      Fault = "transient-name-id"       // a name made for one session
	UnspecifiedNameID    Fault = "unspecified-name-id"     // a name of no stated kind
	NameIDWithoutFormat  Fault = "name-id-without-format"  // a name without a Format
	EmptyNameID          Fault = "empty-name-id"           // an empty name
	BlankNameID          Fault = "blank-name-id"           // a name of white space
	NoNameID             Fault = "no-name-id"              // no name
	EncryptedID          Fault = "encrypted-id"            // the name is encrypted by itself
	EncryptedAttribute   Fault = "encrypted-attribute"     // an attribute is encrypted by itself
	WrongInResponseTo    Fault = "wrong-in-response-to"    // answers a request nobody made
	ConfirmationInOther  Fault = "confirmation-of-another" // the confirmation answers another request than the response
	MissingInResponseTo  Fault = "missing-in-response-to"  // answers no request
	MissingConfirmation  Fault = "confirmation-of-none"    // the confirmation answers no request, though the response does
	UnsolicitedInReplyTo Fault = "unsolicited-in-reply-to" // unsolicited, but answering an invented request
)

// Faults of status and statements.
const (
	StatusNotSuccess    Fault = "status-not-success"   // the provider says no
	StatusPassiveFailed Fault = "status-no-passive"    // the provider would have to show something
	FailureWithUser     Fault = "failure-with-user"    // the provider says no, yet sends an assertion
	SpoofedStatus       Fault = "spoofed-status"       // success only inside a failure
	NoAuthnStatement    Fault = "no-authn-statement"   // does not say how the user signed in
	NoAuthnContext      Fault = "no-authn-context"     // says nothing of the way the user signed in
	OtherAuthnContext   Fault = "other-authn-context"  // signed in another way than asked
	Version11           Fault = "version-1-1"          // the assertion is of SAML 1.1
	ResponseVersion11   Fault = "response-version-1-1" // the response is of SAML 1.1
	EmptyID             Fault = "empty-id"             // the assertion's ID is empty
	AnotherMessage      Fault = "another-message"      // not a Response
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
