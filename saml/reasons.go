package saml

import (
	"errors"
	"strconv"

	"github.com/lmssso/lmssso"
)

const (
	unreadable = "The sign-in message could not be read."
	unsigned   = "The sign-in message is not signed the way this site requires."
	secretly   = "The sign-in message is not encrypted as this site requires."
	wrongPlace = "The sign-in message was sent to the wrong address."
	tooLate    = "The sign-in took too long and is no longer valid. Start again."
)

// The finer reasons of this package. Each stands under a code of the catalogue, and a refusal matches both: one made for
// [ErrDTD] also satisfies errors.Is(err, lmssso.ErrMalformed). Refusals for which the catalogue's own reason says it all
// ([lmssso.ErrSignature], [lmssso.ErrAlgorithm], [lmssso.ErrIssuer], [lmssso.ErrAudience], [lmssso.ErrRecipient],
// [lmssso.ErrExpired], [lmssso.ErrNotYetValid], [lmssso.ErrReplayed], [lmssso.ErrUnsolicited],
// [lmssso.ErrProviderRefused]) use that.
var (
	// ErrResponseMissing refuses a message without a SAMLResponse.
	ErrResponseMissing = lmssso.NewReason("malformed", 400, "The sign-in message is missing.", "The identity provider must post the response in the field SAMLResponse.")
	// ErrEncoding refuses what is not base64 with line breaks at most, or does not hold XML: a deflated response for one,
	// which only the redirect binding has (Bindings sections 3.4.4.1 and 3.5.4).
	ErrEncoding = lmssso.NewReason("malformed", 400, unreadable, "Post the response as base64 of its XML, not deflated, with + percent-encoded.")
	// ErrXML refuses what is not one well-formed XML document in UTF-8.
	ErrXML = lmssso.NewReason("malformed", 400, unreadable, "Build the response with an XML library, in UTF-8.")
	// ErrDTD refuses a document type, and with it every entity.
	ErrDTD = lmssso.NewReason("malformed", 400, unreadable, "Remove the document type declaration.")
	// ErrMarkup refuses comments, CDATA sections and processing instructions, on which readers of one text disagree.
	ErrMarkup = lmssso.NewReason("malformed", 400, unreadable, "Send elements and text only: no comments, CDATA sections or processing instructions.")
	// ErrDuplicate refuses an attribute given twice.
	ErrDuplicate = lmssso.NewReason("malformed", 400, unreadable, "Send every XML attribute once.")
	// ErrNamespace refuses prefixes that are not declared, and names that cannot be written as they were read.
	ErrNamespace = lmssso.NewReason("malformed", 400, unreadable, "Declare every namespace prefix, and use names with one colon at most.")
	// ErrIDs refuses one ID on two elements, an ID behind a prefix, and an ID that is missing or empty.
	ErrIDs = lmssso.NewReason("malformed", 400, unreadable, "Give the response and the assertion an ID each, different from every other in the document.")
	// ErrLimits refuses a response beyond a limit of size or number.
	ErrLimits = lmssso.NewReason("too-large", 413, "The sign-in message is too large.", "Send fewer attribute values, or raise Check.Elements and Check.FormValue.")

	// ErrMessage refuses a message that is not a SAML 2.0 Response.
	ErrMessage = lmssso.NewReason("malformed", 400, unreadable, "Send a SAML 2.0 Response to this address.")
	// ErrNoAssertion refuses a successful response without an assertion, ErrAssertions one with several.
	ErrNoAssertion = lmssso.NewReason("malformed", 400, unreadable, "Send one assertion with a successful response.")
	ErrAssertions  = lmssso.NewReason("malformed", 400, unreadable, "Send exactly one assertion.")
	// ErrWrapped refuses an assertion, a response or a signature anywhere but where it belongs: signature wrapping.
	ErrWrapped = lmssso.NewReason("malformed", 400, unreadable, "Assertions stand directly in the response, signatures directly in what they sign, and nowhere else.")
	// ErrStructure refuses elements that are missing, repeated or unknown where only one reading may exist.
	ErrStructure = lmssso.NewReason("malformed", 400, unreadable, "The log names the element: compare it with the SAML 2.0 schema.")
	// ErrNotText refuses elements inside what must be plain text.
	ErrNotText = lmssso.NewReason("malformed", 400, unreadable, "Send plain text in the element the log names.")
	// ErrTime refuses a time that cannot be read.
	ErrTime = lmssso.NewReason("malformed", 400, unreadable, "Send times as UTC, such as 2026-01-31T12:00:00Z.")
	// ErrCondition refuses a condition that is not understood; the specification forbids to ignore one (Core section 2.5.1).
	ErrCondition = lmssso.NewReason("malformed", 400, unreadable, "Send no conditions but AudienceRestriction, OneTimeUse and ProxyRestriction.")
	// ErrNameID refuses a subject without a NameID, or with one that cannot serve as a name.
	ErrNameID = lmssso.NewReason("malformed", 400, "The sign-in message does not say who signed in.", "Send a NameID of 1 to 1,024 bytes without control characters.")
	// ErrAuthnStatement refuses an assertion that does not say once that and when somebody signed in.
	ErrAuthnStatement = lmssso.NewReason("malformed", 400, unreadable, "Send one AuthnStatement with its AuthnInstant. The samlify library sends none until its template has one.")

	// ErrUnsigned refuses a response of which nothing that counts is signed.
	ErrUnsigned = lmssso.NewReason("signature", 403, unsigned, "Have the identity provider sign the assertion or the response.")
	// ErrResponseUnsigned refuses a response without a signature of its own where the connection requires one.
	ErrResponseUnsigned = lmssso.NewReason("signature", 403, unsigned, "Have the identity provider sign the response as well, or turn off RequireSignedResponse.")
	// ErrSignatureShape refuses a signature that is built in any but the one way SAML prescribes (Core section 5.4).
	ErrSignatureShape = lmssso.NewReason("signature", 403, unsigned, "Sign with one enveloped signature as SAML core section 5.4 describes.")
	// ErrReference refuses a signature over anything but the element it stands in.
	ErrReference = lmssso.NewReason("signature", 403, unsigned, "Let the signature have one Reference whose URI is # and the ID of the element it stands in.")
	// ErrTransforms refuses transforms other than enveloped-signature and exclusive canonicalization, in this order.
	ErrTransforms = lmssso.NewReason("signature", 403, unsigned, "Use the transforms enveloped-signature and xml-exc-c14n, and no others.")
	// ErrCertificateDates refuses when every certificate of the connection is outside its dates.
	ErrCertificateDates = lmssso.NewReason("signature", 403, "The sign-in message is signed with a certificate that is out of date.", "Give the connection the identity provider's new certificate, or turn on AllowExpiredCertificates.")
	// ErrSHA1 refuses SHA-1 in a signature or a digest.
	ErrSHA1 = lmssso.NewReason("algorithm", 403, unsigned, "Switch the identity provider to SHA-256; where that is not possible, turn on AllowSHA1.")

	// ErrUnencrypted refuses an assertion in the clear.
	ErrUnencrypted = lmssso.NewReason("encryption", 403, secretly, "Turn on AllowUnencryptedAssertions, or have the identity provider encrypt the assertion.")
	// ErrDecryption refuses an encrypted assertion that could not be decrypted, or decrypts to nothing trustworthy. It is
	// one reason for all of it: an attacker who could tell the cases apart could decrypt with our key.
	ErrDecryption = lmssso.NewReason("encryption", 403, "The sign-in message could not be decrypted.", "Compare the certificate the identity provider encrypts for with this site's, and sign the assertion before encrypting it or the response after.")
	// ErrEncryptionAlgorithm refuses RSA PKCS#1 v1.5, Triple DES and algorithms that are not known.
	ErrEncryptionAlgorithm = lmssso.NewReason("encryption", 403, secretly, "Use RSA-OAEP for the key and AES-GCM for the assertion.")
	// ErrUnsignedCBC refuses AES-CBC in a response that is not signed as a whole.
	ErrUnsignedCBC = lmssso.NewReason("encryption", 403, secretly, "Sign the response as well as the assertion, use AES-GCM, or turn on AllowCBCInUnsignedResponse.")
	// ErrNoDecryptionKey refuses an encrypted assertion where the connection has no RSA key.
	ErrNoDecryptionKey = lmssso.NewReason("encryption", 403, secretly, "Give this side of the connection an RSA key and publish its certificate in the metadata.")
	// ErrEncryptedID and ErrEncryptedAttribute refuse encryption inside the assertion, which is not supported.
	ErrEncryptedID        = lmssso.NewReason("encryption", 403, secretly, "Encrypt the whole assertion instead of its NameID.")
	ErrEncryptedAttribute = lmssso.NewReason("encryption", 403, secretly, "Encrypt the whole assertion instead of single attributes.")

	// ErrNoAudience refuses an assertion that is not restricted to an audience: one made for any site.
	ErrNoAudience = lmssso.NewReason("audience", 403, "The sign-in message was made for another site.", "Restrict the assertion's audience to this site's entity id.")
	// ErrDestination refuses a response that names another endpoint, or is signed and names none.
	ErrDestination = lmssso.NewReason("recipient", 403, wrongPlace, "Let the response's Destination be this site's assertion consumer address, to the letter.")
	// ErrConfirmation refuses a subject that no bearer confirmation covers.
	ErrConfirmation = lmssso.NewReason("recipient", 403, wrongPlace, "Send a SubjectConfirmation with method bearer, Recipient and NotOnOrAfter.")
	// ErrIssueInstant refuses a message issued too long ago.
	ErrIssueInstant = lmssso.NewReason("expired", 403, tooLate, "If the measured age in the log is not real, set both machines' clocks by NTP.")
	// ErrLifetime refuses a message valid for more than a day.
	ErrLifetime = lmssso.NewReason("expired", 403, "The sign-in message is valid for too long.", "Let assertions expire within a day; minutes are usual.")
	// ErrSessionOver refuses a login whose session has ended already (SessionNotOnOrAfter).
	ErrSessionOver = lmssso.NewReason("expired", 403, tooLate, "The identity provider says that the session it speaks of has ended.")
	// ErrAuthnAge refuses an authentication older than was asked for.
	ErrAuthnAge = lmssso.NewReason("authn-context", 403, "This site asks you to sign in afresh.", "The identity provider must honour ForceAuthn, or MaxAuthnAge be longer.")
	// ErrInResponseTo refuses an answer to another request than the one this login began with.
	ErrInResponseTo = lmssso.NewReason("unsolicited", 403, "The sign-in message does not belong to this sign-in. Start again.", "The response and its confirmation must name the request's ID in InResponseTo.")
	// ErrUnaskedAnswer refuses a response nobody asked for that says it answers a request.
	ErrUnaskedAnswer = lmssso.NewReason("unsolicited", 403, "This site did not ask for this sign-in. Start from the sign-in page.", "An IdP-initiated response must not carry InResponseTo.")
	// ErrStructuredValue refuses an attribute the mapping reads whose value is XML instead of text.
	ErrStructuredValue = lmssso.NewReason("attribute-invalid", 400, "The sign-in message holds a value that cannot be used.", "Send the attribute the log names as plain text.")

	// ErrSetup refuses a configuration; the error names the field.
	ErrSetup = lmssso.NewReason("configuration", 503, "Signing in is not set up correctly on this site.", "Correct the setting the log names.")
)

// refuse makes a refusal. A reason of this package brings the catalogue's reason of the same code with it.
func refuse(r *lmssso.Reason, e lmssso.Error) error {
	e.Reason = r
	if p := parent(r); p != nil && e.Err != nil {
		e.Err = errors.Join(p, e.Err)
	} else if p != nil {
		e.Err = p
	}
	return &e
}

// parent returns the catalogue's reason that a reason of this package refines; nil for one of the catalogue's own.
func parent(r *lmssso.Reason) error {
	for _, p := range lmssso.Reasons() {
		if p.Code() == r.Code() && p != r {
			return p
		}
	}
	return nil
}

// maxQuoted bounds how much of a message an error repeats.
const maxQuoted = 200

// quoted makes a piece of a message fit for an error. Never a name, a value or anything else about a person.
func quoted(s string) string {
	if s == "" {
		return "nothing"
	}
	if len(s) > maxQuoted {
		s = s[:maxQuoted]
	}
	return strconv.Quote(s)
}
