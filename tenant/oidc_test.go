package tenant_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/oidc"
	"github.com/lmssso/lmssso/tenant"
)

// oidcSecret is every connection's client secret here, and every connection has one client id and issuer: what keeps them
// apart must be the library, not luck.
const oidcSecret = "planted-client-secret-0123456789abcdef"

const oidcIssuer = "https://op.example.org"

// oidcConn is a connection that needs nothing fetched: the ID token comes by form_post, signed with the client secret.
func oidcConn(extra string) string {
	return `{"protocol": "oidc", "issuer": "` + oidcIssuer + `", "authorizationEndpoint": "https://op.example.org/authorize",
		"endSessionEndpoint": "https://op.example.org/end", "clientID": "client-1", "clientSecret": "` + oidcSecret + `",
		"signingAlgorithm": "HS256", "responseType": "id_token", "responseMode": "form_post", "scope": "openid email"` + extra + `}`
}

// oidcSite is a site whose main site and one tenant sign in by OpenID Connect.
func oidcSite() string {
	return `{
		"baseURL": "https://learn.example.com",
		"tenants": [{"slug": "acme", "id": "` + acmeID + `"}, {"slug": "quiet", "id": "quiet-1"}, {"slug": "globex", "id": "` + globexID + `"}],
		"connections": [
			` + oidcConn(`, "id": "main-oidc", "policy": {"tenants": ["quiet"]}`) + `,
			` + oidcConn(`, "id": "acme-oidc", "tenant": "acme", "mapping": {"externalCustomerId": ["employee"]}`) + `,
			{"id": "globex-jwt", "tenant": "globex", "protocol": "jwt", "dialect": "thoughtindustries", "keys": ["` + globexKey + `"]}
		]}`
}

// oidcWorld is such a site, with one browser in front of it.
type oidcWorld struct {
	*world
	handler http.Handler
	cookies map[string]*http.Cookie
	ended   []lmssso.SessionKey
}

func (w *oidcWorld) End(_ context.Context, k lmssso.SessionKey) (int, error) {
	w.ended = append(w.ended, k)
	return 1, nil
}

func newOIDCWorld(t *testing.T, doc string) *oidcWorld {
	t.Helper()
	cfg := decode(t, doc)
	require.Empty(t, cfg.Check())
	w := &oidcWorld{world: &world{once: newStore(t)}, cookies: map[string]*http.Cookie{}}
	app := w.app()
	app.Sessions = w
	reg, err := tenant.New(cfg, app)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, reg.Close()) })
	w.reg, w.handler = reg, reg.Handler()
	return w
}

// do sends a request as the browser does, with its cookies.
func (w *oidcWorld) do(method, target string, form url.Values) *httptest.ResponseRecorder {
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequest(method, "https://learn.example.com"+target, body)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, c := range w.cookies {
		r.AddCookie(c)
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	for _, c := range rec.Result().Cookies() {
		w.cookies[c.Name] = c
	}
	return rec
}

// begin begins a login and returns the authorization request's parameters.
func (w *oidcWorld) begin(t *testing.T, path string) url.Values {
	t.Helper()
	got := w.do(http.MethodGet, "/access/openId/login"+path, nil)
	require.Equal(t, http.StatusSeeOther, got.Code)
	u, err := url.Parse(got.Header().Get("Location"))
	require.NoError(t, err)
	return u.Query()
}

// token signs claims with crypto/hmac alone.
func token(t *testing.T, typ string, claims map[string]any) string {
	t.Helper()
	payload, err := json.Marshal(claims)
	require.NoError(t, err)
	enc := base64.RawURLEncoding.EncodeToString
	signed := enc([]byte(`{"alg":"HS256","typ":"`+typ+`"}`)) + "." + enc(payload)
	mac := hmac.New(sha256.New, []byte(oidcSecret))
	mac.Write([]byte(signed))
	return signed + "." + enc(mac.Sum(nil))
}

// answer is the provider's answer to a request.
func answer(t *testing.T, request url.Values) url.Values {
	t.Helper()
	return url.Values{"state": {request.Get("state")}, "id_token": {token(t, "JWT", map[string]any{
		"iss": oidcIssuer, "aud": "client-1", "sub": "s-1", "employee": "e-7", "sid": "sid-1", "nonce": request.Get("nonce"),
		"iat": epoch.Unix(), "exp": epoch.Unix() + 300, "email": "bob@example.com", "email_verified": true, "role": "admin",
	})}}
}

func TestOpenIDConnectConnectionsSignIn(t *testing.T) {
	w := newOIDCWorld(t, oidcSite())
	for _, path := range []string{"", "/acme"} {
		request := w.begin(t, path)
		require.Equal(t, "https://learn.example.com/access/openId/callback"+path, request.Get("redirect_uri"))
		require.Equal(t, "openid email", request.Get("scope"))
		require.NotEmpty(t, request.Get("nonce"))
		got := w.do(http.MethodPost, "/access/openId/callback"+path, answer(t, request))
		require.Equal(t, http.StatusSeeOther, got.Code, got.Body)
	}
	require.Len(t, w.logins, 2)
	main, acme := w.logins[0].assertion, w.logins[1].assertion
	require.Equal(t, lmssso.Link{Realm: "main", ExternalID: "s-1"}, main.Link)
	require.Equal(t, "bob@example.com", main.Profile.Email.String(), "the standard claims are mapped")
	require.True(t, main.Profile.Role.IsAbsent(), "a role is mapped by the connection or not at all")
	require.Equal(t, lmssso.Link{Realm: acmeID, ExternalID: "e-7"}, acme.Link, "the connection's mapping goes over the standard")
	require.Equal(t, "bob@example.com", acme.Profile.Email.String())
	require.Equal(t, acmeID, w.logins[1].policy.Tenant)
	for _, a := range w.attempts {
		require.Equal(t, "callback", a.Action)
		require.Equal(t, lmssso.OIDC, a.Protocol)
	}
}

func TestATenantInheritsTheMainSitesOpenIDConnectLogin(t *testing.T) {
	w := newOIDCWorld(t, oidcSite())
	request := w.begin(t, "/quiet")
	require.Equal(t, "https://learn.example.com/access/openId/callback", request.Get("redirect_uri"))
	require.Equal(t, http.StatusSeeOther, w.do(http.MethodPost, "/access/openId/callback", answer(t, request)).Code)
	require.Len(t, w.logins, 1)
	a := w.logins[0].assertion
	require.Equal(t, "main-oidc", a.Origin.Connection)
	require.Equal(t, "main", a.Link.Realm)
	require.Equal(t, "quiet", a.Access.Target.Path, "the tenant is bound in the pending login")

	for method, names := range map[string][]string{http.MethodGet: {"callback", "logout"}, http.MethodPost: {"callback", "backchannel-logout"}} {
		for _, name := range names {
			require.Equal(t, http.StatusNotFound, w.do(method, "/access/openId/"+name+"/quiet", nil).Code, name)
		}
	}
	for _, slug := range []string{"globex", "nobody"} {
		require.Equal(t, http.StatusNotFound, w.do(http.MethodGet, "/access/openId/login/"+slug, nil).Code, "%s has another set-up, or does not exist", slug)
		last := w.attempts[len(w.attempts)-1]
		require.ErrorIs(t, last.Err, lmssso.ErrNotFound)
		require.Equal(t, lmssso.OIDC, last.Protocol)
		require.Equal(t, "login", last.Action)
	}
}

// TestAnAnswerIsWorthNothingElsewhere posts each connection's answer at the other's callback, in the browser it began in. The
// two have one provider, client and secret.
func TestAnAnswerIsWorthNothingElsewhere(t *testing.T) {
	for from, to := range map[string]string{"": "/acme", "/acme": "", "/quiet": "/acme"} {
		w := newOIDCWorld(t, oidcSite())
		fields := answer(t, w.begin(t, from))
		_ = w.do(http.MethodPost, "/access/openId/callback"+to, fields) // the page that posts once more, where no cookie is
		fields.Set("lmssso_again", "1")
		got := w.do(http.MethodPost, "/access/openId/callback"+to, fields)
		require.NotEqual(t, http.StatusSeeOther, got.Code)
		require.NotEmpty(t, w.attempts)
		require.ErrorIs(t, w.attempts[0].Err, lmssso.ErrStateLost)
		require.Empty(t, w.logins)
	}
}

func TestAnswersWithoutALoginOfThisBrowserAreRefused(t *testing.T) {
	w := newOIDCWorld(t, oidcSite())
	fields := answer(t, w.begin(t, ""))
	clear(w.cookies)
	_ = w.do(http.MethodPost, "/access/openId/callback", fields) // the page that posts once more
	require.Empty(t, w.attempts)
	fields.Set("lmssso_again", "1")
	require.NotEqual(t, http.StatusSeeOther, w.do(http.MethodPost, "/access/openId/callback", fields).Code)
	for _, form := range []url.Values{{"id_token": fields["id_token"]}, {"state": {"made-up"}, "id_token": fields["id_token"]}} {
		require.NotEqual(t, http.StatusSeeOther, w.do(http.MethodPost, "/access/openId/callback", form).Code)
	}
	require.Empty(t, w.logins)
}

func TestALogoutGoesToTheProviderAndComesBack(t *testing.T) {
	w := newOIDCWorld(t, oidcSite())
	logout := func(connection, returnTo string) url.Values {
		rec := httptest.NewRecorder()
		key := lmssso.SessionKey{Connection: connection, Subject: lmssso.Subject{Value: "s-1"}}
		answered, err := w.reg.Logout(rec, httptest.NewRequest(http.MethodGet, "/logout", nil), key, "planted-hint", returnTo)
		require.NoError(t, err)
		require.True(t, answered)
		u, err := url.Parse(rec.Header().Get("Location"))
		require.NoError(t, err)
		require.Equal(t, "op.example.org/end", u.Host+u.Path)
		require.Equal(t, "planted-hint", u.Query().Get("id_token_hint"))
		return u.Query()
	}
	for _, tc := range []struct{ connection, path, asked, goes string }{
		{"main-oidc", "", "/bye", "/bye"},
		{"acme-oidc", "/acme", "/bye", "/bye"},
		{"main-oidc", "", "https://evil.example/", "/"},
	} {
		request := logout(tc.connection, tc.asked)
		require.Equal(t, "https://learn.example.com/access/openId/logout"+tc.path, request.Get("post_logout_redirect_uri"))
		back := "/access/openId/logout" + tc.path + "?state=" + url.QueryEscape(request.Get("state"))
		got := w.do(http.MethodGet, back, nil)
		require.Equal(t, http.StatusSeeOther, got.Code)
		require.Equal(t, tc.goes, got.Header().Get("Location"))
		last := w.attempts[len(w.attempts)-1]
		require.Equal(t, "logout", last.Action)
		require.Equal(t, tc.connection, last.Connection)
		require.NoError(t, last.Err)
		require.NotEmpty(t, last.TraceID)
		require.NotEqual(t, http.StatusSeeOther, w.do(http.MethodGet, back, nil).Code, "once")
		require.ErrorIs(t, w.attempts[len(w.attempts)-1].Err, lmssso.ErrStateLost)
	}
	elsewhere := "/access/openId/logout/acme?state=" + url.QueryEscape(logout("main-oidc", "/bye").Get("state"))
	require.NotEqual(t, http.StatusSeeOther, w.do(http.MethodGet, elsewhere, nil).Code, "another connection's logout")
}

func TestAProviderEndsItsOwnConnectionsSessions(t *testing.T) {
	w := newOIDCWorld(t, oidcSite())
	send := func(path, jti string) int {
		return w.do(http.MethodPost, "/access/openId/backchannel-logout"+path, url.Values{"logout_token": {token(t, "logout+jwt", map[string]any{
			"iss": oidcIssuer, "aud": "client-1", "sub": "s-1", "sid": "sid-1", "iat": epoch.Unix(), "exp": epoch.Unix() + 60, "jti": jti,
			"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}},
		})}}).Code
	}
	require.Equal(t, http.StatusOK, send("/acme", "j-1"))
	require.Len(t, w.ended, 1)
	require.Equal(t, "acme-oidc", w.ended[0].Connection)
	require.Equal(t, "sid-1", w.ended[0].Index)
	require.Equal(t, http.StatusBadRequest, send("/acme", "j-1"), "once")
	require.Len(t, w.ended, 1)
	require.Len(t, w.attempts, 2)
	require.Equal(t, "logout", w.attempts[0].Action)
	require.NoError(t, w.attempts[0].Err)
	require.ErrorIs(t, w.attempts[1].Err, lmssso.ErrReplayed)
}

func TestOnlyTheMethodsOfARouteAreTaken(t *testing.T) {
	w := newOIDCWorld(t, oidcSite())
	for path, methods := range map[string][]string{
		"login": {http.MethodPost, http.MethodHead}, "callback": {http.MethodPut, http.MethodHead}, "logout": {http.MethodPost}, "backchannel-logout": {http.MethodGet},
	} {
		for _, method := range methods {
			require.Equal(t, http.StatusMethodNotAllowed, w.do(method, "/access/openId/"+path, nil).Code, "%s %s", method, path)
		}
	}
	require.Empty(t, w.logins)
}

func TestALoginThatCannotBeginAtAnOpenIDProviderIsFoundInTheLog(t *testing.T) {
	w := newOIDCWorld(t, `{"baseURL": "https://learn.example.com", "connections": [{"id": "c", "protocol": "oidc", "clientID": "c", "clientSecret": "`+oidcSecret+`",
		"allowHTTP": true, "allowPrivateAddresses": true, "wellKnown": "http://127.0.0.1:1/.well-known/openid-configuration"}]}`)
	got := w.do(http.MethodGet, "/access/openId/login", nil)
	require.Equal(t, http.StatusBadGateway, got.Code)
	require.Len(t, w.attempts, 1)
	require.ErrorIs(t, w.attempts[0].Err, lmssso.ErrDiscovery)
	require.Equal(t, "login", w.attempts[0].Action)
	require.Contains(t, got.Body.String(), w.attempts[0].TraceID)
}

// TestClosingTheRegistryClosesItsProviders: a closed provider fetches nothing more.
func TestClosingTheRegistryClosesItsProviders(t *testing.T) {
	asked := 0
	op := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { asked++; http.NotFound(rw, r) }))
	t.Cleanup(op.Close)
	w := newOIDCWorld(t, `{"baseURL": "https://learn.example.com", "connections": [{"id": "c", "protocol": "oidc", "clientID": "c", "clientSecret": "`+oidcSecret+`",
		"allowHTTP": true, "allowPrivateAddresses": true, "wellKnown": "`+op.URL+`/.well-known/openid-configuration"}]}`)
	require.NoError(t, w.reg.Close())
	require.NotEqual(t, http.StatusSeeOther, w.do(http.MethodGet, "/access/openId/login", nil).Code)
	require.Zero(t, asked)
}

func TestOpenIDConnectSecretsStayOutOfEverythingShown(t *testing.T) {
	w := newOIDCWorld(t, oidcSite())
	cfg := decode(t, oidcSite())
	shown := fmt.Sprintf("%v %+v %#v %v", cfg, cfg, cfg, cfg.Lint())
	infos := w.reg.Connections()
	shown += fmt.Sprintf("%v %+v %#v", infos, infos, infos)
	require.NotContains(t, shown, "planted")
	require.Equal(t, []string{
		"https://learn.example.com/access/openId/login/acme", "https://learn.example.com/access/openId/callback/acme",
		"https://learn.example.com/access/openId/logout/acme", "https://learn.example.com/access/openId/backchannel-logout/acme",
	}, infos[1].Endpoints)
	require.Equal(t, oidcSecret, string(cfg.Connections[0].OIDC.Client.Secret))
}

// request is the authorization request of a site with one connection.
func request(t *testing.T, settings string) url.Values {
	t.Helper()
	w := newOIDCWorld(t, `{"baseURL": "https://learn.example.com", "connections": [{"id": "c", "protocol": "oidc", "clientID": "client-1",
		"clientSecret": "`+oidcSecret+`", "issuer": "`+oidcIssuer+`", "authorizationEndpoint": "https://op.example.org/authorize",
		"tokenEndpoint": "https://op.example.org/token", "jwksURI": "https://op.example.org/jwks", "userinfoEndpoint": "https://op.example.org/me"`+settings+`}]}`)
	return w.begin(t, "?returnTo=/learn")
}

func TestAConnectionsSettingsGoOverItsPresets(t *testing.T) {
	plain := request(t, ``)
	require.Equal(t, "openid", plain.Get("scope"))
	require.Equal(t, "code", plain.Get("response_type"))
	require.False(t, plain.Has("response_mode"), "not sent unless set")
	require.Equal(t, "S256", plain.Get("code_challenge_method"))
	require.Equal(t, "openid profile email", request(t, `, "preset": "okta"`).Get("scope"))
	school := request(t, `, "preset": "thinkific"`)
	require.Equal(t, "openid profile email site", school.Get("scope"))
	require.Equal(t, "form_post", school.Get("response_mode"))
	own := request(t, `, "preset": "thinkific", "scope": "openid email", "responseMode": "query"`)
	require.Equal(t, "openid email", own.Get("scope"))
	require.Equal(t, "query", own.Get("response_mode"))
	require.Equal(t, "form_post", request(t, `, "preset": "thinkific", "responseType": "id_token"`).Get("response_mode"), "its userinfo is not asked without a code")
}

func TestAuthorizationParametersAreSent(t *testing.T) {
	got := request(t, `, "maxAuthnAge": "10m", "authorizationParameters": {"// note": "x", "prompt": "login", "acr_values": "a b", "ui_locales": "de en", "domain_hint": "example.com"}`)
	for name, want := range map[string]string{"prompt": "login", "acr_values": "a b", "ui_locales": "de en", "domain_hint": "example.com", "max_age": "600"} {
		require.Equal(t, []string{want}, got[name], name)
	}
	require.False(t, got.Has("// note"))
}

func TestMaxAgeAmongTheParametersIsAskedForAndJudged(t *testing.T) {
	for settings, want := range map[string]string{
		`, "authorizationParameters": {"max_age": "300"}`:                       "300",
		`, "maxAuthnAge": "10m", "authorizationParameters": {"max_age": "300"}`: "300",
		`, "maxAuthnAge": "1m", "authorizationParameters": {"max_age": "300"}`:  "60",
		`, "maxAuthnAge": "1m", "authorizationParameters": {"max_age": "0"}`:    "60",
	} {
		require.Equal(t, []string{want}, request(t, settings)["max_age"], settings)
	}
	require.Equal(t, "login", request(t, `, "authorizationParameters": {"max_age": "0"}`).Get("prompt"), "so that auth_time is judged")
	require.Equal(t, "consent login", request(t, `, "authorizationParameters": {"max_age": "0", "prompt": "consent"}`).Get("prompt"))
}

func TestEveryPresetsOptionsAreUnderstood(t *testing.T) {
	known := []string{"scope", "responseMode", "useUserinfo", "rawAuthorizationHeader"}
	for _, p := range oidc.Presets() {
		for option := range p.Options {
			require.Contains(t, known, option, p.Name)
		}
		request(t, `, "preset": "`+p.Name+`"`)
	}
}

func TestTokensInTheQueryAreTakenOnlyWhereThatIsAllowed(t *testing.T) {
	for allow, signedIn := range map[string]int{``: 0, `, "allowTokensInQuery": true`: 1} {
		site := strings.ReplaceAll(oidcSite(), `"responseMode": "form_post",`, ``)
		w := newOIDCWorld(t, strings.Replace(site, `"id": "main-oidc"`, `"id": "main-oidc"`+allow, 1))
		fields := answer(t, w.begin(t, ""))
		_ = w.do(http.MethodGet, "/access/openId/callback?"+fields.Encode(), nil)
		require.Len(t, w.logins, signedIn)
		require.Len(t, w.attempts, 1)
		if signedIn == 0 {
			require.ErrorIs(t, w.attempts[0].Err, oidc.ErrTokensInQuery)
		}
	}
}
