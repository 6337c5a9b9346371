package tenant

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/oidc"
)

// The paths of an OpenID Connect connection (Thought Industries SSO guide, "OpenID Connect Settings"); both logouts are ours.
const (
	oidcLoginPath       = "/access/openId/login"
	oidcCallbackPath    = "/access/openId/callback"
	oidcLogoutPath      = "/access/openId/logout"
	oidcBackchannelPath = "/access/openId/backchannel-logout"
)

// oidcPlug mounts OpenID Connect connections.
type oidcPlug struct{}

func (oidcPlug) paths(Connection) []string {
	return []string{oidcLoginPath, oidcCallbackPath, oidcLogoutPath, oidcBackchannelPath}
}

func (oidcPlug) defaults(Connection) lmssso.AccountPolicy { return lmssso.AccountPolicy{} }

func (p oidcPlug) build(c Connection, b builder) (built, error) {
	cfg := p.config(c, b)
	var err error
	if cfg.RP.Key, err = c.OIDC.Client.key(); err != nil {
		return built{}, err
	}
	provider, err := oidc.New(cfg)
	if err != nil {
		return built{}, err
	}
	end := b.trail(c)
	begin := func(tenant string) http.Handler {
		return provider.LoginHandler(func(*http.Request) string { return tenant }, end.notBegun)
	}
	ended := func(w http.ResponseWriter, r *http.Request, e oidc.LogoutEnd) {
		end.loggedOut(w, r, e.Answered, e.ReturnTo, e.Err)
	}
	get, post := []string{http.MethodGet}, []string{http.MethodPost}
	return built{logout: oidcLogout{provider}, close: provider.Close, endpoints: []endpoint{
		{path: oidcLoginPath, methods: get, action: "login", handler: begin(""), inherited: begin},
		{path: oidcCallbackPath, methods: append(get, post...), login: provider, action: "callback"},
		{path: oidcLogoutPath, methods: get, action: "logout", handler: provider.LogoutReturnHandler(ended)},
		{path: oidcBackchannelPath, methods: post, action: "logout", handler: provider.BackchannelHandler(ended)},
	}}, nil
}

// oidcLogout begins logouts by the login's hint: the provider knows the session by that.
type oidcLogout struct{ provider *oidc.Provider }

func (l oidcLogout) startLogout(w http.ResponseWriter, r *http.Request, _ lmssso.SessionKey, hint lmssso.Secret, returnTo string) error {
	return l.provider.StartLogout(w, r, hint, returnTo)
}

// config is the connection as its protocol package takes it, with the preset underneath, but without the client's key.
func (oidcPlug) config(c Connection, b builder) oidc.Config {
	s := c.OIDC.withPreset(c.Preset)
	base := oidc.StandardMapping()
	if preset, ok := oidc.NamedPreset(c.Preset); ok {
		base = preset.Mapping
	}
	address := func(path string) string { return b.cfg.BaseURL + withSlug(path, c.Tenant) }
	return oidc.Config{
		Connection: c.ID, Tenant: c.Tenant, Realm: b.cfg.realm(c), Mapping: c.Mapping.Over(base),
		RP: oidc.RP{
			BaseURL: b.cfg.BaseURL, RedirectURI: address(oidcCallbackPath), PostLogoutRedirectURI: address(oidcLogoutPath),
			ClientID: s.Client.ID, ClientSecret: s.Client.Secret, TokenAuth: oidc.AuthMethod(s.Client.TokenAuth),
		},
		OP: oidc.OP{
			WellKnown: s.Provider.WellKnown, Issuer: s.Provider.Issuer, AllowedTenantIDs: s.Provider.AllowedTenantIDs,
			Endpoints: oidc.Endpoints{
				Authorization: s.Provider.AuthorizationEndpoint, Token: s.Provider.TokenEndpoint, JWKS: s.Provider.JWKSURI,
				Userinfo: s.Provider.UserinfoEndpoint, EndSession: s.Provider.EndSessionEndpoint,
			},
			Network: oidc.Network{AllowHTTP: c.AllowHTTP, AllowPrivateAddresses: c.AllowPrivateAddresses},
		},
		Request: s.request(),
		Allow:   oidc.Allow{TokensInQuery: s.AllowTokensInQuery},
		Check: oidc.Check{
			SigningAlgorithm: s.SigningAlgorithm, TrustedAudiences: s.TrustedAudiences,
			MaxAuthnAge: s.Request.authnAge(time.Duration(c.MaxAuthnAge)), Leeway: time.Duration(c.Leeway),
		},
		SingleUse: b.app.SingleUse, Sessions: b.app.Sessions, Now: b.app.Env.Now,
	}
}

// request is what authorization requests ask for. Parameters that the protocol package knows go where it checks them.
func (s OIDC) request() oidc.Request {
	r := oidc.Request{
		ResponseType: oidc.ResponseType(s.Request.ResponseType), ResponseMode: oidc.ResponseMode(s.Request.ResponseMode),
		Scope:    strings.Fields(s.Request.Scope),
		Userinfo: oidc.Userinfo{RawAuthorization: s.Userinfo.RawAuthorization != nil && *s.Userinfo.RawAuthorization},
	}
	if use := s.Userinfo.Use; use != nil && *use {
		r.Userinfo.Mode = oidc.UserinfoAlways
	} else if use != nil {
		r.Userinfo.Mode = oidc.UserinfoNever
	}
	for name, value := range s.Request.Parameters {
		switch name {
		case "prompt":
			r.Prompt = value
		case "max_age": // see authnAge
		case "acr_values":
			r.ACRValues = strings.Fields(value)
		case "ui_locales":
			r.UILocales = strings.Fields(value)
		default:
			if r.Parameters == nil {
				r.Parameters = make(map[string]string, len(s.Request.Parameters))
			}
			r.Parameters[name] = value
		}
	}
	if age, _ := s.Request.maxAge(); age == 0 && s.Request.Parameters["max_age"] != "" && !slices.Contains(strings.Fields(r.Prompt), "login") {
		r.Prompt = strings.TrimSpace(r.Prompt + " login") // which max_age=0 means (OpenID Connect Core section 3.1.2.1)
	}
	return r
}

// maxAge reads the authorization parameter max_age; zero when there is none.
func (r OIDCRequest) maxAge() (time.Duration, bool) {
	text, given := r.Parameters["max_age"]
	if !given {
		return 0, true
	}
	seconds, err := strconv.ParseUint(text, 10, 31)
	return time.Duration(seconds) * time.Second, err == nil
}

// authnAge is the shorter of the connection's setting and the parameter max_age, so that what is asked for is also judged.
func (r OIDCRequest) authnAge(setting time.Duration) time.Duration {
	age, _ := r.maxAge()
	if setting == 0 || age > 0 && age < setting {
		return age
	}
	return setting
}

// withPreset puts the settings the preset's provider needs under the connection's own, which win.
func (s OIDC) withPreset(name string) OIDC {
	preset, _ := oidc.NamedPreset(name)
	text := func(to *string, option string) {
		if *to == "" {
			*to = preset.Options[option]
		}
	}
	flag := func(to **bool, option string) {
		if value, ok := preset.Options[option]; ok && *to == nil {
			on := value == "true"
			*to = &on
		}
	}
	text(&s.Request.Scope, "scope")
	text(&s.Request.ResponseMode, "responseMode")
	flag(&s.Userinfo.RawAuthorization, "rawAuthorizationHeader")
	if s.hasCode() {
		flag(&s.Userinfo.Use, "useUserinfo")
	}
	return s
}

// hasCode reports whether the response type brings an access token, by way of a code.
func (s OIDC) hasCode() bool { return s.Request.ResponseType != string(oidc.IDToken) }
