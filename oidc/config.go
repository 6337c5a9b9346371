package oidc

import (
	"crypto"
	"crypto/x509"
	"log/slog"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
)

// Config sets up one connection. Connection, Realm, RP, OP and SingleUse are required; the zero value of everything else is
// the strictest.
type Config struct {
	// Connection is the connection's id. Pending logins, cookies and replay keys are bound to it.
	Connection string
	// Tenant is the slug of the tenant whose endpoint this is; "" is the main site.
	Tenant string
	// Realm is the namespace the connection's external ids live in.
	Realm string
	// RP is this site's side, the relying party.
	RP RP
	// OP is the OpenID provider's side.
	OP OP
	// Mapping says which claims carry which of our attributes, over nothing: a preset's or the [StandardMapping] is merged by
	// the caller. Without a source for the external id, the sub claim is it.
	Mapping attrs.Mapping
	// Request says what authorization requests ask for.
	Request Request
	// Allow relaxes rules.
	Allow Allow
	// Check tightens and sizes rules.
	Check Check
	// SingleUse holds pending logins and remembers logout tokens.
	SingleUse lmssso.SingleUse
	// Sessions ends the application's sessions for logout tokens; nil refuses back-channel logout.
	Sessions lmssso.Sessions
	// Now is the clock; nil is the machine's.
	Now func() time.Time
}

// RP is the relying party's side of a connection.
type RP struct {
	// BaseURL is the site's own address as browsers see it. Never taken from a request.
	BaseURL string
	// RedirectURI is the full address of the callback, as registered at the provider, byte for byte. Every connection has its
	// own, so that an answer of one provider cannot be taken for another's.
	RedirectURI string
	// PostLogoutRedirectURI is where the provider sends the browser after [Provider.StartLogout], as registered; "" sends none.
	PostLogoutRedirectURI string
	// ClientID is this client's public name at the provider.
	ClientID string
	// ClientSecret is the shared secret, for client_secret_basic, client_secret_post and HS256.
	ClientSecret lmssso.Secret
	// TokenAuth is how the client authenticates at the token endpoint; "" is [ClientSecretBasic].
	TokenAuth AuthMethod
	// Key signs assertions for [PrivateKeyJWT].
	Key ClientKey
}

// AuthMethod is how the client authenticates at the token endpoint (OpenID Connect Core section 9).
type AuthMethod string

// The methods supported.
const (
	ClientSecretBasic AuthMethod = "client_secret_basic" // in the Authorization header, each part form-encoded (RFC 6749 section 2.3.1)
	ClientSecretPost  AuthMethod = "client_secret_post"  // in the form
	PrivateKeyJWT     AuthMethod = "private_key_jwt"     // by an assertion signed with [RP].Key (RFC 7523)
)

// ClientKey is a key of this client. [ParseClientKey] reads one.
type ClientKey struct {
	// Signer holds an RSA key of at least 2048 bits, an ECDSA key on P-256, P-384 or P-521, or an Ed25519 key.
	Signer crypto.Signer
	// KeyID is the kid the provider knows the key by; "" sends none, which most providers want when only one is registered.
	KeyID string
}

// redacted is how a key shows in logs.
const redacted = "[redacted]"

// LogValue hides the key from slog.
func (ClientKey) LogValue() slog.Value { return slog.StringValue(redacted) }

// String hides the key from fmt.
func (ClientKey) String() string { return redacted }

// GoString hides the key from %#v.
func (ClientKey) GoString() string { return redacted }

// MarshalText hides the key from encoders such as encoding/json, which would write the private numbers of an RSA key.
func (ClientKey) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// OP is the OpenID provider's side: WellKnown for discovery, or Issuer and Endpoints by hand.
type OP struct {
	// WellKnown is the address of the discovery document. It must contain ".well-known" (Thought Industries SSO guide, "OpenID
	// Connect Settings").
	WellKnown string
	// Issuer is the provider's name; every iss must be it, byte for byte. Beside WellKnown, "" takes the one the document's
	// address begins with, with or without a slash at the end (OpenID Connect Discovery section 4.3); anything else must be
	// said here. "{tenantid}" in it makes it a template, as in Microsoft Entra's multi-tenant endpoints.
	Issuer string
	// Endpoints are the provider's addresses; beside WellKnown none may be set.
	Endpoints Endpoints
	// AllowedTenantIDs are the tid values that may fill a template's {tenantid}; a template needs at least one. With a template
	// every external id is prefixed with the tenant's: two tenants may use one name for two people.
	AllowedTenantIDs []string
	// Network says what may be fetched from where.
	Network Network
}

// Endpoints are a provider's addresses.
type Endpoints struct {
	// Authorization and JWKS are required; Token with a response type that holds code. JWKS is not needed for HS256.
	Authorization, Token, JWKS string
	// Userinfo and EndSession are optional.
	Userinfo, EndSession string
}

// Network relaxes what the connection fetches. The zero value talks https to public addresses.
type Network struct {
	// AllowHTTP accepts http addresses of the provider. Safe only on loopback and in labs.
	AllowHTTP bool
	// AllowPrivateAddresses lets loopback and private addresses be asked. Safe where everybody who can set an address may also
	// reach the internal network.
	AllowPrivateAddresses bool
	// RootCAs are the authorities trusted for https; nil is the machine's.
	RootCAs *x509.CertPool
}

// ResponseType is what the provider answers with at the redirect URI (OpenID Connect Core section 3).
type ResponseType string

// The response types supported.
const (
	Code        ResponseType = "code"          // authorization code flow
	IDToken     ResponseType = "id_token"      // implicit flow, without an access token
	CodeIDToken ResponseType = "code id_token" // hybrid flow
)

// ResponseMode is how the answer reaches the redirect URI (OAuth 2.0 Multiple Response Type Encoding Practices; OAuth 2.0
// Form Post Response Mode).
type ResponseMode string

// The response modes supported. "" sends none: the callback then takes a query and, where an ID token was asked for, a
// fragment.
const (
	Query    ResponseMode = "query"
	FormPost ResponseMode = "form_post"
	Fragment ResponseMode = "fragment"
)

// Request says what authorization requests ask for.
type Request struct {
	// ResponseType is what to answer with; "" is [Code].
	ResponseType ResponseType
	// ResponseMode is how; "" sends none.
	ResponseMode ResponseMode
	// Scope lists the scopes, openid among them; empty is openid alone.
	Scope []string
	// Prompt, ACRValues and UILocales are sent when set (OpenID Connect Core section 3.1.2.1). A login that must have one of
	// the contexts says so in its [lmssso.Policy]: acr_values only asks.
	Prompt    string
	ACRValues []string
	UILocales []string
	// Parameters are any further ones, by name. The ones this package sends itself cannot be among them.
	Parameters map[string]string
	// Userinfo says how the userinfo endpoint is used.
	Userinfo Userinfo
}

// Userinfo says how the userinfo endpoint is used (OpenID Connect Core section 5.3). Its claims fill gaps; they never
// override the ID token's.
type Userinfo struct {
	// Mode says when it is asked; "" is [UserinfoIfKnown].
	Mode UserinfoMode
	// RawAuthorization sends the access token as the whole Authorization header, without "Bearer" (Thinkific, "OpenID Connect").
	RawAuthorization bool
	// SigningAlgorithm demands an answer that is signed, with this algorithm. "" takes plain JSON as well, which came over a
	// connection of ours, and judges a signed one by [Check].SigningAlgorithm.
	SigningAlgorithm string
}

// UserinfoMode says when the userinfo endpoint is asked.
type UserinfoMode string

// The modes.
const (
	UserinfoIfKnown UserinfoMode = ""       // when there is an access token and the provider has the endpoint
	UserinfoAlways  UserinfoMode = "always" // a provider without the endpoint is a fault
	UserinfoNever   UserinfoMode = "never"
)

// Allow relaxes rules, each by name.
type Allow struct {
	// TokensInQuery accepts ID tokens in the query of the callback, where browsers' histories, logs and Referer headers keep
	// them. Safe for no one; some providers know no other way.
	TokensInQuery bool
}

// Check tightens rules and pins the algorithm.
type Check struct {
	// SigningAlgorithm is the one every ID token and logout token must be signed with; "" is RS256. RS384, RS512, PS256, PS384,
	// PS512, ES256, ES384, ES512 and EdDSA verify with the provider's keys; HS256 with the client secret, which must have 32
	// bytes. A token's own header never chooses.
	SigningAlgorithm string
	// TrustedAudiences are audiences an ID token may name beside this client (OpenID Connect Core section 3.1.3.7, 3.); azp
	// must then be this client.
	TrustedAudiences []string
	// MaxAuthnAge asks for, and demands, an authentication no older than this (max_age, auth_time); zero asks nothing.
	MaxAuthnAge time.Duration
	// Leeway is the clock difference tolerated on every bound; zero is 60 s, at most 5 minutes.
	Leeway time.Duration
}
