package saml

import "time"

// Response is what a Response message says (SAML Core section 3.3.3). A zero time or an empty text leaves the thing out.
type Response struct {
	// ID is the message's, InResponseTo the request's it answers.
	ID, InResponseTo string
	// Version is "2.0".
	Version string
	// Issuer is who answers, Destination the address answered to.
	Issuer, Destination string
	// IssueInstant is when.
	IssueInstant time.Time
	// Status is how it went.
	Status Status
	// Assertions are the statements; one, in a good answer to a login that worked.
	Assertions []Assertion
}

// Status is how a request went.
type Status struct {
	// Code is the top-level code, Detail the code inside it, "" for none.
	Code, Detail string
	// Message is a text for people.
	Message string
}

// Assertion is one statement about a user (SAML Core section 2.3.3).
type Assertion struct {
	// ID is the assertion's.
	ID string
	// Version is "2.0".
	Version string
	// Issuer is who says it.
	Issuer string
	// IssueInstant is when.
	IssueInstant time.Time
	// NameID is whom it is about; nil leaves it out.
	NameID *NameID
	// Confirmations say how the bearer shows that it is about him.
	Confirmations []Confirmation
	// Conditions say when and where it holds; nil leaves them out.
	Conditions *Conditions
	// Authn says how the user signed in; nil leaves it out.
	Authn *Authn
	// Attributes are what is known of the user.
	Attributes []Attribute
}

// NameID is a user's name (SAML Core section 2.2.3).
type NameID struct {
	// Value is the name.
	Value string
	// Format is a URI like [FormatPersistent]; "" leaves it out.
	Format string
	// NameQualifier and SPNameQualifier say where the name holds; "" leaves them out.
	NameQualifier, SPNameQualifier string
}

// Confirmation is one SubjectConfirmation (SAML Core section 2.4.1.1).
type Confirmation struct {
	// Method is a URI like [MethodBearer].
	Method string
	// Recipient is the address it may be brought to, InResponseTo the request it answers, Address the bearer's address.
	Recipient, InResponseTo, Address string
	// NotBefore and NotOnOrAfter bound it in time. Web sign-on has no NotBefore.
	NotBefore, NotOnOrAfter time.Time
}

// Conditions say when and where an assertion holds (SAML Core section 2.5).
type Conditions struct {
	// NotBefore and NotOnOrAfter bound it in time.
	NotBefore, NotOnOrAfter time.Time
	// Audiences lists the audience restrictions; all must be met, each by one of its names.
	Audiences [][]string
	// OneTimeUse forbids keeping it.
	OneTimeUse bool
	// Unknown adds a condition of this type, which nobody can understand; "" adds none.
	Unknown string
}

// Authn says how the user signed in (SAML Core section 2.7.2).
type Authn struct {
	// Instant is when the user showed who he is.
	Instant time.Time
	// SessionIndex names the provider's session.
	SessionIndex string
	// SessionNotOnOrAfter is the session's end.
	SessionNotOnOrAfter time.Time
	// Context is a class URI like [ContextPassword]; "" leaves it out.
	Context string
}

// Attribute is one attribute with its values (SAML Core section 2.7.3.1).
type Attribute struct {
	// Name is the attribute's; FriendlyName and NameFormat are left out when "".
	Name, FriendlyName, NameFormat string
	// Values are the texts; none at all is an empty attribute.
	Values []string
	// Nil adds a value that says xsi:nil.
	Nil bool
}

// Login is who signed in, and how.
type Login struct {
	// NameID names the user. An empty Format takes the one the request asks for, or [FormatPersistent].
	NameID NameID
	// Attributes are what is known of the user.
	Attributes []Attribute
	// AuthnContext is the class URI of the sign-in; "" takes the first one asked for, or [ContextPassword].
	AuthnContext string
	// AuthnInstant is when the user signed in; zero is now.
	AuthnInstant time.Time
	// SessionIndex names the provider's session; "" makes a new one.
	SessionIndex string
	// SessionEnds is the session's end; zero sends none.
	SessionEnds time.Time
	// NoNameIDFormat leaves the Format out.
	NoNameIDFormat bool
}

// Lifetimes of what is issued, and how far the start lies back for slow clocks.
const (
	lifetime = 5 * time.Minute
	backward = 30 * time.Second
)

// good says what a good response to the request says. A request that is nil was never made.
func (p *IdP) good(sp SP, acs string, req *AuthnRequest, login Login) (Response, error) {
	var ids [3]string
	for i := range ids {
		var err error
		if ids[i], err = p.newID(); err != nil {
			return Response{}, err
		}
	}
	now, asked := p.cfg.Now(), ""
	if req != nil {
		asked = req.ID
	}
	a := Assertion{
		ID: ids[1], Version: "2.0", Issuer: p.cfg.EntityID, IssueInstant: now,
		NameID:        nameFor(req, login),
		Confirmations: []Confirmation{{Method: MethodBearer, Recipient: acs, InResponseTo: asked, NotOnOrAfter: now.Add(lifetime)}},
		Conditions:    &Conditions{NotBefore: now.Add(-backward), NotOnOrAfter: now.Add(lifetime), Audiences: [][]string{{sp.EntityID}}},
		Authn: &Authn{
			Instant: orTime(login.AuthnInstant, now), SessionIndex: orText(login.SessionIndex, ids[2]),
			SessionNotOnOrAfter: login.SessionEnds, Context: contextFor(req, login),
		},
		Attributes: login.Attributes,
	}
	return Response{
		ID: ids[0], InResponseTo: asked, Version: "2.0", Issuer: p.cfg.EntityID, Destination: acs, IssueInstant: now,
		Status: Status{Code: StatusSuccess}, Assertions: []Assertion{a},
	}, nil
}

func nameFor(req *AuthnRequest, login Login) *NameID {
	n := login.NameID
	if n.Format == "" && !login.NoNameIDFormat {
		n.Format = FormatPersistent
		if req != nil && req.NameID != nil && req.NameID.Format != "" {
			n.Format = req.NameID.Format
		}
	}
	return &n
}

func contextFor(req *AuthnRequest, login Login) string {
	if login.AuthnContext == "" && req != nil && len(req.Context.Classes) > 0 {
		return req.Context.Classes[0]
	}
	return orText(login.AuthnContext, ContextPassword)
}
