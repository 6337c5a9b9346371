package tenant

import "github.com/lmssso/lmssso"

// OIDC holds the settings of an OpenID Connect connection.
type OIDC struct {
	// Provider is the OpenID provider's side.
	Provider OIDCProvider `json:",inline"`
	// Client is this side, as it is registered at the provider.
	Client OIDCClient `json:",inline"`
	// Request is what this side asks for.
	Request OIDCRequest `json:",inline"`
	// Userinfo says how the userinfo endpoint is used.
	Userinfo OIDCUserinfo `json:",inline"`
	// SigningAlgorithm is the one every ID token must be signed with; "" is RS256. HS256 is with the client secret.
	SigningAlgorithm string `json:"signingAlgorithm"`
	// TrustedAudiences are audiences an ID token may name beside this client.
	TrustedAudiences []string `json:"trustedAudiences"`
	// AllowTokensInQuery accepts ID tokens in the query of the callback, where histories, logs and Referer headers keep them.
	// Safe for no one; some providers know no other way.
	AllowTokensInQuery bool `json:"allowTokensInQuery"`
}

// OIDCProvider says who the provider is: by the address of its discovery document, or by issuer and addresses.
type OIDCProvider struct {
	// WellKnown is the address of the discovery document; it must contain ".well-known".
	WellKnown string `json:"wellKnown"`
	// Issuer is the provider's name. Beside WellKnown, "" takes the one the document's address begins with. "{tenantid}" in
	// it stands for one of AllowedTenantIDs.
	Issuer string `json:"issuer"`
	// AuthorizationEndpoint, TokenEndpoint, UserinfoEndpoint, EndSessionEndpoint and JWKSURI are its addresses; beside
	// WellKnown none may be set.
	AuthorizationEndpoint string `json:"authorizationEndpoint"`
	TokenEndpoint         string `json:"tokenEndpoint"`
	UserinfoEndpoint      string `json:"userinfoEndpoint"`
	EndSessionEndpoint    string `json:"endSessionEndpoint"`
	JWKSURI               string `json:"jwksURI"`
	// AllowedTenantIDs are the tenants of the provider, by their tid, whose users may sign in where it has many.
	AllowedTenantIDs []string `json:"allowedTenantIDs"`
}

// OIDCClient is this side of a connection.
type OIDCClient struct {
	// ID is this client's public name at the provider.
	ID string `json:"clientID"`
	// Secret is the shared secret.
	Secret lmssso.Secret `json:"clientSecret"`
	// TokenAuth is "client_secret_basic" (also when empty), "client_secret_post" or "private_key_jwt".
	TokenAuth string `json:"tokenAuth"`
	// KeyFile is the PEM file of the key for private_key_jwt; KeyID is the kid the provider knows it by, "" for none.
	KeyFile string `json:"clientKeyFile"`
	KeyID   string `json:"clientKeyID"`
}

// OIDCRequest says what authorization requests ask for.
type OIDCRequest struct {
	// ResponseType is "code" (also when empty), "id_token" or "code id_token".
	ResponseType string `json:"responseType"`
	// ResponseMode is "query", "form_post" or "fragment"; "" is the preset's, else none is sent.
	ResponseMode string `json:"responseMode"`
	// Scope lists the scopes with spaces between, openid among them; "" is the preset's, else openid alone.
	Scope string `json:"scope"`
	// Parameters are further ones, by name, such as domain_hint or prompt.
	Parameters map[string]string `json:"authorizationParameters"`
}

// OIDCUserinfo says how the userinfo endpoint is used.
type OIDCUserinfo struct {
	// Use asks it always, or never; nil is the preset's, else asks it where the provider has one.
	Use *bool `json:"useUserinfo"`
	// RawAuthorization sends the access token as the whole Authorization header, without Bearer; nil is the preset's, else off.
	RawAuthorization *bool `json:"rawAuthorizationHeader"`
}
