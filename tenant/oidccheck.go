package tenant

import (
	"errors"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/oidc"
)

// check lists the faults of the settings: what the configuration's own words tell, and what the protocol package finds.
func (p oidcPlug) check(c Connection) Faults {
	var faults Faults
	if _, ok := oidc.NamedPreset(c.Preset); c.Preset != "" && !ok {
		faults = append(faults, Fault{Path: "preset", Text: "must be one of " + strings.Join(oidcPresets(), ", ")})
	}
	faults = append(faults, c.OIDC.withPreset(c.Preset).faults()...)
	for _, f := range p.refused(c) {
		if !slices.ContainsFunc(faults, func(said Fault) bool { return said.Path == f.Path || strings.HasPrefix(said.Path, f.Path+".") }) {
			faults = append(faults, f)
		}
	}
	return faults
}

// refused lists what the protocol package refuses, by building the connection and closing it again.
func (p oidcPlug) refused(c Connection) Faults {
	c.ID, c.Leeway, c.MaxAuthnAge = "checked", max(0, min(c.Leeway, Duration(maxLeeway))), max(0, c.MaxAuthnAge) // their bounds are every protocol's
	cfg := p.config(c, builder{cfg: Config{BaseURL: "https://checked.example"}, app: &App{SingleUse: unused{}}})
	cfg.RP.Key, _ = c.OIDC.Client.key() // a fault of it is said already, with its path
	provider, err := oidc.New(cfg)
	if err != nil {
		return oidcFaults(err)
	}
	if err := provider.Close(); err != nil {
		return Faults{{Text: "cannot be closed"}}
	}
	return nil
}

func oidcPresets() []string {
	var out []string
	for _, p := range oidc.Presets() {
		out = append(out, p.Name)
	}
	return out
}

// faults lists settings that are missing or contradict each other, with the preset underneath.
func (s OIDC) faults() Faults {
	faults := s.Provider.faults()
	query := s.Request.ResponseMode == string(oidc.Query)
	always := s.Userinfo.Use != nil && *s.Userinfo.Use
	scopes := strings.Fields(s.Request.Scope)
	for _, f := range []struct {
		wrong      bool
		path, text string
	}{
		{len(scopes) > 0 && !slices.Contains(scopes, "openid"), "scope", "must hold openid"},
		{s.Request.ResponseType != "" && s.Request.ResponseType != string(oidc.Code) && query && !s.AllowTokensInQuery, "responseMode",
			"must be form_post or fragment: the query would show ID tokens in the address; where the provider has no other way, turn on allowTokensInQuery"},
		{always && !s.hasCode(), "useUserinfo", "cannot be on with the response type id_token, which brings no access token"},
	} {
		if f.wrong {
			faults = append(faults, Fault{Path: f.path, Text: f.text})
		}
	}
	if _, ok := s.Request.maxAge(); !ok {
		faults = append(faults, Fault{Path: "authorizationParameters.max_age", Text: "must be a whole number of seconds"})
	}
	for _, name := range slices.Sorted(maps.Keys(s.Request.Parameters)) {
		if setting, ok := ownParameters[name]; ok {
			faults = append(faults, Fault{Path: join("authorizationParameters", name), Text: setting})
		}
	}
	if _, err := s.Client.key(); err != nil {
		faults = append(faults, Fault{Path: "clientKeyFile", Text: err.Error()})
	}
	return faults
}

// faults lists what stands twice of the provider's side, and that there is none.
func (s OIDCProvider) faults() Faults {
	var faults Faults
	given := s.Issuer != ""
	for _, e := range []struct{ path, value string }{
		{"authorizationEndpoint", s.AuthorizationEndpoint}, {"tokenEndpoint", s.TokenEndpoint}, {"userinfoEndpoint", s.UserinfoEndpoint},
		{"endSessionEndpoint", s.EndSessionEndpoint}, {"jwksURI", s.JWKSURI},
	} {
		given = given || e.value != ""
		if s.WellKnown != "" && e.value != "" {
			faults = append(faults, Fault{Path: e.path, Text: "cannot be set beside wellKnown, whose document says it"})
		}
	}
	if s.WellKnown == "" && !given {
		faults = append(faults, Fault{Path: "wellKnown", Text: "must be set, or else issuer, authorizationEndpoint, tokenEndpoint and jwksURI"})
	}
	return faults
}

// ownParameters are the authorization parameters that have a setting of their own or are never free.
var ownParameters = map[string]string{
	"response_type": "has a setting of its own, responseType", "response_mode": "has a setting of its own, responseMode",
	"scope": "has a setting of its own, scope", "client_id": "has a setting of its own, clientID",
	"redirect_uri": "is the connection's callback", "state": "is made for every login",
	"nonce": "is made for every login", "code_challenge": "is made for every login", "code_challenge_method": "is S256",
}

// key reads the client's key. What is wrong is said without the file's text.
func (c OIDCClient) key() (oidc.ClientKey, error) {
	if c.KeyFile == "" {
		return oidc.ClientKey{}, nil
	}
	text, err := os.ReadFile(c.KeyFile)
	if err != nil {
		return oidc.ClientKey{}, errors.New("cannot be read")
	}
	k, err := oidc.ParseClientKey(text, c.KeyID)
	var e *lmssso.Error
	if errors.As(err, &e) {
		return oidc.ClientKey{}, errors.New("cannot be used: " + e.Detail)
	}
	return k, err
}

// oidcFields are the fields of an [oidc.Config] by the settings that fill them.
var oidcFields = []struct{ field, path string }{
	{"RP.ClientID", "clientID"}, {"RP.ClientSecret", "clientSecret"}, {"RP.TokenAuth", "tokenAuth"}, {"RP.Key.KeyID", "clientKeyID"},
	{"RP.Key", "clientKeyFile"}, {"OP.WellKnown", "wellKnown"}, {"OP.Issuer", "issuer"},
	{"OP.Endpoints.Authorization", "authorizationEndpoint"}, {"OP.Endpoints.Token", "tokenEndpoint"},
	{"OP.Endpoints.Userinfo", "userinfoEndpoint"}, {"OP.Endpoints.EndSession", "endSessionEndpoint"}, {"OP.Endpoints.JWKS", "jwksURI"},
	{"OP.AllowedTenantIDs", "allowedTenantIDs"}, {"OP", "wellKnown"}, {"Request.ResponseType", "responseType"},
	{"Request.ResponseMode", "responseMode"}, {"Request.Scope", "scope"}, {"Request.Prompt", "authorizationParameters.prompt"},
	{"Request.ACRValues", "authorizationParameters.acr_values"}, {"Request.UILocales", "authorizationParameters.ui_locales"},
	{"Request.Parameters", "authorizationParameters"}, {"Request.Userinfo.RawAuthorization", "rawAuthorizationHeader"},
	{"Request.Userinfo", "useUserinfo"}, {"Allow.TokensInQuery", "allowTokensInQuery"}, {"Check.SigningAlgorithm", "signingAlgorithm"},
	{"Check.TrustedAudiences", "trustedAudiences"}, {"Check.MaxAuthnAge", "maxAuthnAge"}, {"Mapping", "mapping"},
}

// oidcFaults gives what the protocol package refused the paths of the settings it is about. Its texts name fields and
// rules, never a secret.
func oidcFaults(err error) Faults {
	var faults Faults
	all := settingErrors(err)
	for _, e := range all {
		field, text, _ := strings.Cut(strings.TrimPrefix(e.Detail, "oidc.Config."), " ")
		if field == "OP.Endpoints" {
			continue // said of each address
		}
		path, known := oidcPath(strings.TrimSuffix(field, ":"))
		if !known {
			text = "cannot be used: " + e.Detail
		}
		faults = append(faults, Fault{Path: path, Text: sentence(text, e)})
	}
	if len(all) == 0 {
		return Faults{{Text: "cannot be used"}}
	}
	return faults
}

// sentence ends what is wrong with what would be right.
func sentence(text string, e *lmssso.Error) string {
	if e.Expected == "" {
		return text
	}
	if text == "" {
		return "must be " + e.Expected
	}
	return text + "; it must be " + e.Expected
}

func oidcPath(field string) (path string, known bool) {
	for _, f := range oidcFields {
		rest, ok := strings.CutPrefix(field, f.field)
		if ok && (rest == "" || strings.ContainsAny(rest[:1], ".[")) {
			if strings.HasPrefix(rest, "[") {
				return f.path + rest, true
			}
			return f.path, true
		}
	}
	return "", false
}

// lintOIDC lists what deserves a second look in a connection's settings, with the preset underneath.
func lintOIDC(warn func(path, format string, args ...any), path string, c Connection) {
	if c.Protocol != lmssso.OIDC {
		return
	}
	s := c.OIDC.withPreset(c.Preset)
	if !slices.Contains(strings.Fields(s.Request.Scope), "email") {
		warn(path+".scope", "asks for no email: a login that has to make an account is refused without one")
	}
	if n := len(s.Client.Secret); n > 0 && n < shortSecret {
		warn(path+".clientSecret", "is shorter than %d characters and can be guessed", shortSecret)
	}
}

// shortSecret is how long a client secret should be: 16 bytes, so that guessing one is as hard as RFC 6749 section 10.10
// wants at best.
const shortSecret = 16
