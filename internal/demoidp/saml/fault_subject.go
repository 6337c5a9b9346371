package saml

import "github.com/beevik/etree"

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

func named(f func(n *NameID)) func(*scene, *Response) error {
	return assert(func(_ *scene, a *Assertion) {
		if a.NameID != nil {
			f(a.NameID)
		}
	})
}

func subjectFaults() []change {
	return []change{
		{fault: NoBearer, text: "The subject is confirmed by holding a key, which a browser cannot show.", say: confirm(func(_ *scene, c *Confirmation) { c.Method = methodHolderOfKey })},
		{fault: NoConfirmation, text: "Nothing confirms that whoever brought the assertion may use it.", say: assert(func(_ *scene, a *Assertion) { a.Confirmations = nil })},
		{fault: TransientNameID, text: "The NameID is made for one session, so it can never be an account's key.", say: named(func(n *NameID) { n.Format = FormatTransient })},
		{fault: UnspecifiedNameID, text: "The NameID is of unspecified kind, so nobody promised that it stays.", say: named(func(n *NameID) { n.Format = FormatUnspecified })},
		{fault: NameIDWithoutFormat, text: "The NameID states no kind, so nobody promised that it stays.", say: named(func(n *NameID) { n.Format = "" })},
		{fault: EmptyNameID, text: "The NameID is empty.", say: named(func(n *NameID) { n.Value = "" })},
		{fault: BlankNameID, text: "The NameID is white space.", say: named(func(n *NameID) { n.Value = "  " })},
		{fault: NoNameID, text: "The subject has no NameID.", say: assert(func(_ *scene, a *Assertion) { a.NameID = nil })},
		{fault: EncryptedID, text: "The NameID is encrypted by itself inside the assertion.", draw: encryptInner("Subject/NameID", "EncryptedID")},
		{fault: EncryptedAttribute, text: "An attribute is encrypted by itself inside the assertion.", draw: encryptInner("AttributeStatement/Attribute", "EncryptedAttribute")},
	}
}

// encryptInner encrypts one element inside the assertion, before signing.
func encryptInner(path, outer string) func(*scene, *etree.Element) error {
	return func(s *scene, root *etree.Element) error {
		a, err := assertionOf(root)
		if err != nil {
			return err
		}
		e := a.FindElement("./" + path)
		if e == nil {
			return errNoAttribute
		}
		sealed, err := s.how.Encryption.encrypt(s.how.Style, declared(s.how.Style, e), outer, nil)
		if err != nil {
			return err
		}
		parent, at := e.Parent(), e.Index()
		parent.RemoveChildAt(at)
		parent.InsertChildAt(at, sealed)
		return nil
	}
}

// declared is a copy that declares its own namespace, so that it can stand alone.
func declared(s Style, e *etree.Element) *etree.Element {
	out := e.Copy()
	if p := s.prefix(nsAssertion); p != "" {
		out.CreateAttr("xmlns:"+p, nsAssertion)
	} else {
		out.CreateAttr("xmlns", nsAssertion)
	}
	return out
}

const invented = "id-of-a-request-nobody-made"

func answerFaults() []change {
	return []change{
		{fault: WrongInResponseTo, text: "It answers a request this service never made.", say: answers(invented, invented)},
		{fault: ConfirmationInOther, text: "The confirmation answers another request than the response around it.", say: confirm(func(_ *scene, c *Confirmation) { c.InResponseTo = invented })},
		{fault: MissingInResponseTo, text: "It answers no request, though the login began here.", say: answers("", "")},
		{fault: MissingConfirmation, text: "The confirmation answers no request, though the response around it does.", say: confirm(func(_ *scene, c *Confirmation) { c.InResponseTo = "" })},
		{fault: UnsolicitedInReplyTo, text: "It comes unasked, without RelayState, and yet answers an invented request.", say: answers(invented, invented), form: func(_ *scene, sent *Sent) error {
			sent.Form.Fields.Del("RelayState")
			return nil
		}},
	}
}

func answers(response, confirmation string) func(*scene, *Response) error {
	return func(s *scene, r *Response) error {
		r.InResponseTo = response
		return confirm(func(_ *scene, c *Confirmation) { c.InResponseTo = confirmation })(s, r)
	}
}

func statementFaults() []change {
	return []change{
		{fault: StatusNotSuccess, text: "The provider says that signing in failed.", how: failed, say: status(Status{Code: StatusResponder, Detail: StatusAuthnFailed, Message: "Sign-in failed"}, false)},
		{fault: StatusPassiveFailed, text: "The provider says that it would have had to show something.", how: failed, say: status(Status{Code: StatusResponder, Detail: StatusNoPassive}, false)},
		{fault: FailureWithUser, text: "The provider says that signing in failed, yet sends an assertion.", say: status(Status{Code: StatusResponder}, true)},
		{fault: SpoofedStatus, text: "The status is a failure with success inside; only the outer one counts.", say: status(Status{Code: StatusRequester, Detail: StatusSuccess}, true)},
		{fault: NoAuthnStatement, text: "No statement says that, when or how the user signed in.", say: assert(func(_ *scene, a *Assertion) { a.Authn = nil })},
		{fault: NoAuthnContext, text: "Nothing says in which way the user signed in; refused where a way is required.", say: authenticated(func(a *Authn) { a.Context = "" })},
		{fault: OtherAuthnContext, text: "The user signed in another way than asked; refused where that way is required.", say: authenticated(func(a *Authn) { a.Context = "urn:oasis:names:tc:SAML:2.0:ac:classes:PreviousSession" })},
		{fault: Version11, text: "The assertion says it is of SAML 1.1, whose rules are others.", say: assert(func(_ *scene, a *Assertion) { a.Version = "1.1" })},
		{fault: ResponseVersion11, text: "The response says it is of SAML 1.1, whose rules are others.", say: respond(func(_ *scene, r *Response) { r.Version = "1.1" })},
		{fault: EmptyID, text: "The assertion's ID is empty, so nobody could remember that it was used.", say: assert(func(_ *scene, a *Assertion) { a.ID = "" })},
		{fault: AnotherMessage, text: "It is another kind of message, with the same content.", draw: func(_ *scene, root *etree.Element) error {
			root.Tag = "ArtifactResponse"
			return nil
		}},
	}
}

// failed signs the response, as the only thing left to sign.
func failed(s *scene) { s.how.Signing.What, s.how.Encryption.On = SignResponse, false }

func status(st Status, keep bool) func(*scene, *Response) error {
	return respond(func(_ *scene, r *Response) {
		r.Status = st
		if !keep {
			r.Assertions = nil
		}
	})
}

func authenticated(f func(*Authn)) func(*scene, *Response) error {
	return assert(func(_ *scene, a *Assertion) {
		if a.Authn != nil {
			f(a.Authn)
		}
	})
}
