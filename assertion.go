package lmssso

import (
	"log/slog"
	"time"

	"github.com/lmssso/lmssso/attrs"
)

// Protocol is the way a login was vouched for. Its text is the one configuration files use.
type Protocol string

// The three ways a learning platform accepts a login vouched for elsewhere.
const (
	JWT  Protocol = "jwt"
	SAML Protocol = "saml"
	OIDC Protocol = "oidc"
)

// Assertion is one verified login, in the same shape whatever protocol brought it. A value exists only after
// verification: there is no "valid" flag, and a protocol package never returns one beside an error.
type Assertion struct {
	// Origin says who vouched, through which connection.
	Origin Origin
	// Link is the identity key: the external id and the realm it means something in.
	Link Link
	// Subject is the name the provider used for the user, as sent.
	Subject Subject
	// Session identifies the provider's own session, for logout.
	Session Session
	// Times are the provider's statements about time.
	Times Times
	// AuthnContext lists how the user authenticated: SAML AuthnContextClassRef, OpenID Connect acr and amr values.
	AuthnContext []string
	// Profile describes the person.
	Profile Profile
	// Access lists what the login grants and what it may take away.
	Access Access
	// ReturnTo is where the login asks the browser to go: a verified claim, else the request's parameter. It has not
	// been checked against a safelist; never redirect to it before [safelist.List.Check] did.
	ReturnTo string
	// Raw is everything the provider sent, by its own names (nested claims as JSON text), for the log and custom mapping.
	Raw map[string][]string
	// Warnings name what was tolerated but should be put right at the provider, for the log.
	Warnings []attrs.Warning
}

// Origin says who vouched for a login and through which connection it came.
type Origin struct {
	// Protocol is how the login was carried.
	Protocol Protocol
	// Connection is the id of the connection whose keys verified it.
	Connection string
	// Tenant is the slug of the tenant the connection belongs to; "" is the main site.
	Tenant string
	// Issuer is the provider's own name: a SAML entity id or a token's iss; "" when the dialect has none.
	Issuer string
	// ID is the message's own id: a token's jti or a SAML assertion id; "" when there is none.
	ID string
	// InResponseTo is the id of the request a SAML response answers; "" when unsolicited, and outside SAML.
	InResponseTo string
	// Destination is the endpoint a SAML response names as its own; "" when it names none, and outside SAML.
	Destination string
}

// Link is the identity key of an account: an external id means something only within its realm.
type Link struct {
	// Realm is the namespace in which external ids are unique, such as "main" or a tenant's immutable id.
	Realm string
	// ExternalID is the identifier the customer's own system uses for the user; "" when the login carried none.
	ExternalID string
}

// IsZero reports whether the link names nobody.
func (l Link) IsZero() bool { return l.ExternalID == "" }

// Subject is the user's name exactly as the provider sent it, needed again for SAML logout.
type Subject struct {
	// Value is the NameID, the sub claim or the external id.
	Value string
	// Format is the NameID Format URI (SAML Core §8.3); empty outside SAML.
	Format string
	// NameQualifier is the SAML NameQualifier; in OpenID Connect the issuer, where a connection has several.
	NameQualifier string
	// SPNameQualifier is the SAML SPNameQualifier.
	SPNameQualifier string
}

// Session is what ties a login to the provider's own session.
type Session struct {
	// Index is the SAML SessionIndex or the OpenID Connect sid.
	Index string
	// Ends is when the application's session must end at the latest (SessionNotOnOrAfter); zero means no limit was given.
	Ends time.Time
	// Hint is what a logout request must carry (an id_token_hint). It is a secret and prints as such.
	Hint Secret
}

// Times are the provider's statements about time; a zero value means that nothing was said.
type Times struct {
	// IssuedAt is when the message was made.
	IssuedAt time.Time
	// AuthenticatedAt is when the user last proved who they are (AuthnInstant, auth_time).
	AuthenticatedAt time.Time
	// NotOnOrAfter is when the message stops being acceptable.
	NotOnOrAfter time.Time
}

// Profile describes the person. Every [attrs.Value] keeps apart "not mentioned" (leave as is), "blank" (clear) and a text.
type Profile struct {
	// Email is a syntactically checked address. It is an attribute, never a key.
	Email attrs.Value
	// EmailVerified is OpenID Connect's boolean email_verified; false in the other protocols, which have no such statement.
	EmailVerified bool
	// FirstName and LastName are the person's names.
	FirstName, LastName attrs.Value
	// Language selects the learner's language.
	Language attrs.Value
	// Role is the role slug, such as student or client-manager; never blank.
	Role attrs.Value
	// DualRole says that the user is one of two paired accounts and that Role chooses between them.
	DualRole bool
	// Refs are the ten free learner refs; index 0 is ref1.
	Refs [attrs.Refs]attrs.Value
	// CustomFields merge key by key: a key not in the map stays, a blank value clears it.
	CustomFields map[string]attrs.Value
	// IDs are the person's identifiers in other systems.
	IDs OtherIDs
	// About holds the descriptive fields Thinkific's dialect carries.
	About About
}

// OtherIDs are a person's identifiers in systems beside the learning platform.
type OtherIDs struct {
	// IMIS is the iMIS member id.
	IMIS attrs.Value
	// SalesforceContact and SalesforceAccount are Salesforce object ids.
	SalesforceContact, SalesforceAccount attrs.Value
}

// About holds a person's descriptive fields.
type About struct {
	// Bio is a short text about the person.
	Bio attrs.Value
	// Company is the employer's name.
	Company attrs.Value
	// Timezone is an IANA zone name.
	Timezone attrs.Value
	// Picture is the URL of a portrait.
	Picture attrs.Value
}

// LogValue describes the assertion without personal data: who vouched, and by which id.
func (a *Assertion) LogValue() slog.Value {
	if a == nil {
		return slog.StringValue("none")
	}
	return slog.GroupValue(
		slog.String("protocol", string(a.Origin.Protocol)),
		slog.String("connection", a.Origin.Connection),
		slog.String("tenant", a.Origin.Tenant),
		slog.Bool("externalID", !a.Link.IsZero()),
		slog.Time("issuedAt", a.Times.IssuedAt),
	)
}

// ReturnTarget returns where the login asks the browser to go, unchecked. It lets [safelist.Validator] judge an assertion.
func (a *Assertion) ReturnTarget() string { return a.ReturnTo }
