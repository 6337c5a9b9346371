package oidc

import (
	"log/slog"
	"net/url"
	"time"
)

// Start is how a login or a logout begins.
type Start struct {
	// Redirect is where the browser goes.
	Redirect *url.URL
	// Pending is what must be remembered until the answer comes.
	Pending Pending
}

// Pending is what is remembered of a login that began. It is stored under an opaque handle, which is its state.
type Pending struct {
	// Handle is the opaque text that travels as state. It is not part of the record.
	Handle string `json:"-"`
	// Connection is the connection it began with, and Issuer its provider's. At another one it serves nothing: the provider of
	// the first knows enough of it to make an honest one answer it (RFC 9700 section 4.4).
	Connection string `json:"connection,omitempty"`
	Issuer     string `json:"issuer,omitempty"`
	// Nonce must come back in the ID token.
	Nonce string `json:"nonce,omitempty"`
	// Verifier is the PKCE code verifier (RFC 7636). Whoever has it and the code can redeem the code.
	Verifier string `json:"verifier,omitempty"`
	// ReturnTo is where the browser asked to go, unchecked.
	ReturnTo string `json:"returnTo,omitempty"`
	// Tenant is the slug of the tenant the login was begun for, when it is not the connection's own.
	Tenant string `json:"tenant,omitempty"`
	// Begun is when the request was made.
	Begun time.Time `json:"begun"`
	// MaxAuthnAge is the max_age that was asked for; zero asked nothing. Fresh says that prompt=login asked for a
	// new authentication: auth_time may not be before Begun.
	MaxAuthnAge time.Duration `json:"maxAuthnAge,omitempty"`
	Fresh       bool          `json:"fresh,omitempty"`
	// Browser is the SHA-256 of the browser's binding cookie.
	Browser string `json:"browser,omitempty"`
}

// LogValue shows when the login began, and none of its secrets.
func (p Pending) LogValue() slog.Value {
	return slog.GroupValue(slog.Time("begun", p.Begun), slog.String("tenant", p.Tenant))
}

// String shows none of its secrets.
func (Pending) String() string { return redacted }

// GoString hides the secrets from %#v.
func (Pending) GoString() string { return redacted }

// LogValue shows when the login began, and none of its secrets.
func (s Start) LogValue() slog.Value { return s.Pending.LogValue() }

// String shows none of its secrets, which the address holds as well.
func (Start) String() string { return redacted }

// GoString hides the secrets from %#v.
func (Start) GoString() string { return redacted }

// BeginOptions changes one login's beginning; nil changes nothing.
type BeginOptions struct {
	// ReturnTo is where the browser asked to go.
	ReturnTo string
	// Tenant binds the login to a tenant that inherits this connection.
	Tenant string
	// LoginHint names the user the provider should offer.
	LoginHint string
	// Prompt, ACRValues and UILocales take the place of the [Request]'s.
	Prompt    string
	ACRValues []string
	UILocales []string
	// MaxAuthnAge takes the place of [Check].MaxAuthnAge where it is shorter; zero changes nothing. For a fresh authentication
	// whatever its age use Prompt "login".
	MaxAuthnAge time.Duration
	// Parameters are any further ones, over the Request's.
	Parameters map[string]string
}

// Input is an answer as it arrived at the redirect URI.
type Input struct {
	// Method is the request's method.
	Method string
	// RawQuery is the query exactly as received.
	RawQuery string
	// Form holds the fields of a POST: of a form_post answer, or of a fragment that the bridging page handed on.
	Form url.Values
}

// LogValue shows how the answer came, and none of its codes and tokens.
func (i Input) LogValue() slog.Value { return slog.GroupValue(slog.String("method", quoted(i.Method))) }

// String hides the codes and tokens.
func (Input) String() string { return redacted }

// GoString hides the codes and tokens from %#v.
func (Input) GoString() string { return redacted }
