package tenant

import (
	"strings"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/jwtsso"
)

// Config is a whole site's single sign-on set-up, readable by [Decode].
type Config struct {
	// BaseURL is the site's own address as browsers see it, without a path. It is never taken from a request.
	BaseURL string `json:"baseURL"`
	// Safelist and Settings are the main site's; a tenant without its own uses them.
	Safelist *SafelistConfig `json:"safelist"`
	Settings *SettingsConfig `json:"settings"`
	// Tenants are the learning sites beside the main one.
	Tenants []Tenant `json:"tenants"`
	// Connections are the set-ups, of the main site and of tenants.
	Connections []Connection `json:"connections"`
}

// SafelistConfig says where browsers may be sent. The zero value allows only the site's own pages.
type SafelistConfig struct {
	// Domains lists hosts; each covers those below it, unless it begins with "=".
	Domains []string `json:"domains"`
	// AllowAny sends browsers anywhere, as the platform does with an empty list. Safe only on a test site: whoever writes
	// a link can then take a user who has just signed in to a page that looks like yours.
	AllowAny bool `json:"allowAny"`
	// AllowHTTP accepts http targets. Safe only for development on loopback.
	AllowHTTP bool `json:"allowHTTP"`
}

// SettingsConfig holds a site's standard settings; see [lmssso.SettingsConfig].
type SettingsConfig struct {
	// ExternalLoginURL, AccountLogoutURL, ExternalRegisterURL and AccountSettingsURL are URL templates.
	ExternalLoginURL    string `json:"externalLoginURL"`
	AccountLogoutURL    string `json:"accountLogoutURL"`
	ExternalRegisterURL string `json:"externalRegisterURL"`
	AccountSettingsURL  string `json:"accountSettingsURL"`
	// SSOOnly withdraws the site's own login.
	SSOOnly bool `json:"ssoOnly"`
}

// Tenant is a learning site beside the main one ("Panorama").
type Tenant struct {
	// Slug is the tenant's name in paths; lower-case letters, digits and hyphens.
	Slug string `json:"slug"`
	// ID is immutable: links and accounts hang on it. It is the realm of the tenant's connection unless that names one.
	ID string `json:"id"`
	// SKU and Title name the tenant in logins and for people.
	SKU   string `json:"sku"`
	Title string `json:"title"`
	// Safelist and Settings are the tenant's own; nil uses the main site's.
	Safelist *SafelistConfig `json:"safelist"`
	Settings *SettingsConfig `json:"settings"`
}

// Connection is one single sign-on set-up.
type Connection struct {
	// ID names the connection in the log and binds replay keys; it must never be given to another.
	ID string `json:"id"`
	// Tenant is the slug of the tenant that owns the connection; "" is the main site.
	Tenant string `json:"tenant"`
	// Protocol is how its logins are vouched for.
	Protocol lmssso.Protocol `json:"protocol"`
	// Realm is the namespace of its external ids. "" is the tenant's id, or main; an owner of several connections must
	// name each one's.
	Realm string `json:"realm"`
	// Policy is the ceiling of what its provider may say.
	Policy Policy `json:"policy"`
	// Mapping says which of the provider's names carry which attribute, over what the dialect or preset says.
	Mapping attrs.Mapping `json:"mapping"`
	// Preset names a kind of identity provider whose mapping and settings are the starting point; "" for none.
	Preset string `json:"preset"`
	// Shared holds what SAML and OpenID Connect connections both have.
	Shared `json:",inline"`
	// SSOSubscription is the slug of a bundle that every login through the connection receives; "" for none.
	SSOSubscription string `json:"ssoSubscription"`
	// JWT, SAML and OIDC hold the settings of one protocol each, which stand beside the others in a configuration file. Only
	// the connection's own protocol's may be set.
	JWT  JWT  `json:",inline"`
	SAML SAML `json:",inline"`
	OIDC OIDC `json:",inline"`
}

// Shared holds the settings that SAML and OpenID Connect connections both have. A JWT connection has none of them.
type Shared struct {
	// Leeway is the clock difference tolerated. A JWT dialect has its window instead.
	Leeway Duration `json:"leeway"`
	// MaxAuthnAge refuses authentications longer ago; zero asks nothing, unless a fresh one was asked for.
	MaxAuthnAge Duration `json:"maxAuthnAge"`
	// AllowHTTP and AllowPrivateAddresses let the provider's description and keys be fetched without encryption, and from
	// inside the network. Safe in labs on loopback.
	AllowHTTP             bool `json:"allowHTTP"`
	AllowPrivateAddresses bool `json:"allowPrivateAddresses"`
}

// JWT holds the settings of a JWT connection.
type JWT struct {
	// Dialect names a built-in dialect: thoughtindustries, thinkific or zendesk.
	Dialect string `json:"dialect"`
	// Custom is a dialect of the application's own, in place of Dialect.
	Custom *jwtsso.Dialect `json:"-"`
	// Keys are the shared secrets, newest first, at most as many as the dialect keeps alive.
	Keys []lmssso.Secret `json:"keys"`
	// Issuer and Audience, when set, must be the iss and aud of every token. New connections should have both.
	Issuer   string `json:"issuer"`
	Audience string `json:"audience"`
	// ErrorURL is where refused logins go whose request names no error URL, in dialects that report errors.
	ErrorURL string `json:"errorURL"`
	// AllowShortKeys accepts secrets shorter than the algorithm's digest. Safe only while a platform issues no longer ones.
	AllowShortKeys bool `json:"allowShortKeys"`
	// AllowMissingIssuedAt accepts tokens without an issue time; see the jwtsso package on what that costs.
	AllowMissingIssuedAt bool `json:"allowMissingIssuedAt"`
	// AllowReplay accepts a token more than once. Safe only for tests.
	AllowReplay bool `json:"allowReplay"`
	// Window overrides how far a token's issue time may differ from now; zero keeps the dialect's.
	Window Duration `json:"window"`
}

// Policy is a connection's ceiling as configuration; see [lmssso.Policy] for what each field means and what empty means.
type Policy struct {
	// Roles, Tenants and EmailDomains list allowed values; tenants by slug.
	Roles        []string `json:"roles"`
	Tenants      []string `json:"tenants"`
	EmailDomains []string `json:"emailDomains"`
	// RequireAuthnContext lists authentication contexts of which a login must carry one.
	RequireAuthnContext []string `json:"requireAuthnContext"`
	// LinkVerifiedEmail, ExistingOnly, ReplaceAbsentMeansEmpty and ForbidTenantMoves are off by default.
	LinkVerifiedEmail       bool `json:"linkVerifiedEmail"`
	ExistingOnly            bool `json:"existingOnly"`
	ReplaceAbsentMeansEmpty bool `json:"replaceAbsentMeansEmpty"`
	ForbidTenantMoves       bool `json:"forbidTenantMoves"`
	// IdentityByEmail finds users without an external id by email; nil is the dialect's default.
	IdentityByEmail *bool `json:"identityByEmail"`
}

// Duration is a length of time that reads as text, such as "90s" or "2m".
type Duration time.Duration

// UnmarshalText reads a duration as [time.ParseDuration] does.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return Faults{{Text: `must be a length of time such as "90s"`}}
	}
	*d = Duration(v)
	return nil
}

// MarshalText writes the duration as text.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// Fault is one mistake in a configuration.
type Fault struct {
	// Path leads to the value, such as connections[0].keys[1].
	Path string
	// Text says what is wrong, so that "path text" reads as a sentence. It never repeats a secret.
	Text string
}

// String returns the path and the text.
func (f Fault) String() string { return strings.TrimSpace(f.Path + " " + f.Text) }

// Faults lists every mistake in a configuration. It is an error when it is not empty, and matches
// [lmssso.ErrConfiguration].
type Faults []Fault

// Error returns the faults, one a line.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, one := range f {
		lines[i] = one.String()
	}
	return "configuration: " + strings.Join(lines, "\n")
}

// Unwrap returns the reason.
func (f Faults) Unwrap() error { return lmssso.ErrConfiguration }
