package saml

import (
	"crypto"
	"crypto/x509"
	"log/slog"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
)

// Config sets up one connection. Connection, Realm, SP, IdP and SingleUse are required; the zero value of everything else
// is the strictest.
type Config struct {
	// Connection is the connection's id. Pending logins, cookies and replay keys are bound to it.
	Connection string
	// Tenant is the slug of the tenant whose endpoint this is; "" is the main site.
	Tenant string
	// Realm is the namespace the connection's external ids live in.
	Realm string
	// SP is this site's side.
	SP SP
	// IdP gives the identity provider's side; a [StaticIdP], or metadata that is refreshed.
	IdP IdPSource
	// Mapping says which SAML attributes carry which of ours, over nothing: a preset's mapping is merged by the caller.
	// Without a source for the external id, the NameID is it.
	Mapping attrs.Mapping
	// Request says what AuthnRequests ask for.
	Request Request
	// Allow relaxes rules.
	Allow Allow
	// Check tightens and sizes rules.
	Check Check
	// SingleUse holds pending logins and remembers assertions.
	SingleUse lmssso.SingleUse
	// Sessions ends the application's sessions for logout messages; nil answers logout requests with a failure status.
	Sessions lmssso.Sessions
	// Now is the clock; nil is the machine's.
	Now func() time.Time
}

// SP is the service provider's side of a connection.
type SP struct {
	// BaseURL is the site's own address as browsers see it. Never taken from a request.
	BaseURL string
	// EntityID is this service provider's name, and the address of its metadata.
	EntityID string
	// ACS is the full address of the assertion consumer service; SLO of single logout, "" for none.
	ACS, SLO string
	// Keys are this side's keys, newest first: the first signs, all decrypt and all stand in the metadata. At most two.
	Keys []Key
	// About describes the service in metadata.
	About About
}

// Key is one key of this side with its certificate.
type Key struct {
	// Signer holds an RSA key of at least 2048 bits, or an ECDSA key, which only signs. Decryption needs RSA.
	Signer crypto.Signer
	// Certificate is the key's certificate, as put into metadata. Its dates are not judged by identity providers.
	Certificate *x509.Certificate
}

// redacted is how a key shows in logs.
const redacted = "[redacted]"

// LogValue hides the key from slog.
func (Key) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText hides the key from encoders such as encoding/json, which would write the private numbers of an RSA key.
// [Key.MarshalPEM] is the way to keep one.
func (Key) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// About describes the service in metadata; empty texts leave the elements out.
type About struct {
	// Organization is the organisation's name, OrganizationURL its page. Both or neither.
	Organization, OrganizationURL string
	// TechnicalContact and SupportContact are email addresses.
	TechnicalContact, SupportContact string
	// RequestedAttributes are the attribute names the service asks for.
	RequestedAttributes []string
}

// Binding is a SAML binding (Bindings section 3).
type Binding string

// The two bindings supported.
const (
	Redirect Binding = "redirect" // HTTP-Redirect, with a detached signature over the query
	Post     Binding = "post"     // HTTP-POST, with an enveloped signature
)

// Request says what AuthnRequests ask for.
type Request struct {
	// Sign signs AuthnRequests. Logout messages are always signed.
	Sign bool
	// Binding is how AuthnRequests travel; "" is Redirect.
	Binding Binding
	// ForceAuthn asks the provider to authenticate again even with a session of its own; the answer's AuthnInstant is
	// then judged.
	ForceAuthn bool
	// IsPassive asks the provider not to show anything.
	IsPassive bool
	// NameIDFormat is the NameIDPolicy's Format URI; "" sends no NameIDPolicy, which several providers want.
	NameIDFormat string
	// AuthnContext lists AuthnContextClassRef URIs to request; empty requests none.
	AuthnContext []string
	// Comparison is exact (""), minimum, maximum or better.
	Comparison string
}

// Allow relaxes rules, each by name.
type Allow struct {
	// UnencryptedAssertions accepts assertions in the clear. Safe where the response travels over TLS only, as by HTTP-POST
	// it does; what an assertion says is then visible to the browser's extensions and logs.
	UnencryptedAssertions bool
	// SHA1 accepts rsa-sha1 signatures and SHA-1 digests. Collisions of SHA-1 are practical; safe for no one, needed by some.
	SHA1 bool
	// CBCInUnsignedResponse decrypts AES-CBC where only the inner assertion is signed, as AD FS sends it by default. The
	// decryption then works on bytes nobody vouched for, which padding-oracle attacks need.
	CBCInUnsignedResponse bool
	// UnspecifiedNameID takes a NameID of unspecified format, or without one, as an external id. Safe where the provider's
	// administrator promised that it is stable.
	UnspecifiedNameID bool
	// IdPInitiated accepts responses nobody asked for, without InResponseTo. Safe where login CSRF does no harm: somebody
	// can then sign a victim in as himself. It changes nothing for responses to a request.
	IdPInitiated bool
	// ExpiredCertificates accepts signing certificates outside their dates. Most federations never renew them in time; the
	// key is pinned either way.
	ExpiredCertificates bool
}

// Check tightens rules and bounds sizes.
type Check struct {
	// RequireSignedResponse wants the response element itself signed, whether or not the assertion is.
	RequireSignedResponse bool
	// MaxAuthnAge refuses older authentications; zero asks nothing unless ForceAuthn is on.
	MaxAuthnAge time.Duration
	// Leeway is the clock difference tolerated on every bound; zero is 60 s, at most 5 minutes.
	Leeway time.Duration
	// Elements bounds the elements of a response; zero is 2,000, at most 20,000.
	Elements int
	// FormValue bounds the encoded response in bytes; zero is 256 kB, at most 2 MB. [lmssso.Login] reads no body beyond 1 MB.
	FormValue int
}

// IdP is the identity provider's side.
type IdP struct {
	// EntityID is the provider's name; every Issuer must be it, byte for byte.
	EntityID string
	// SSO and SLO are its endpoints.
	SSO, SLO []Endpoint
	// Certificates are its signing certificates, 1 to 16, of RSA or ECDSA keys; any of them verifies, nothing else does.
	Certificates []*x509.Certificate
	// WantsSignedRequests is the metadata's WantAuthnRequestsSigned.
	WantsSignedRequests bool
}

// Endpoint is where one kind of message goes.
type Endpoint struct {
	// Binding says how.
	Binding Binding
	// URL is where requests go; ResponseURL where answers go when that is elsewhere (Metadata section 2.2.2).
	URL, ResponseURL string
}

// IdPSource gives the identity provider's current side. Implementations are safe for concurrent use.
type IdPSource interface {
	// IdP returns what is known now, or an [lmssso.ErrDiscovery] while nothing is.
	IdP() (*IdP, error)
	// UnknownKey tells that a signature was made by none of the certificates, so that metadata can be looked at again.
	// It reports whether there is a newer IdP to try, once.
	UnknownKey() bool
}

// StaticIdP is an identity provider that does not change by itself.
type StaticIdP IdP

// IdP returns the provider.
func (s *StaticIdP) IdP() (*IdP, error) { return (*IdP)(s), nil }

// UnknownKey reports that nothing newer is known.
func (s *StaticIdP) UnknownKey() bool { return false }
