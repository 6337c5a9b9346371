package tenant_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/oidc"
	"github.com/lmssso/lmssso/oidc/oidctest"
	"github.com/lmssso/lmssso/ssolog"
	"github.com/lmssso/lmssso/store"
	"github.com/lmssso/lmssso/tenant"
)

// opWorld is a running site whose main site signs in at one OpenID provider and whose tenant at a Thinkific school.
type opWorld struct {
	*oidcWorld
	server       *httptest.Server
	main, school *oidctest.Provider
	log          *ssolog.Log
}

func newOPWorld(t *testing.T, extra string) *opWorld {
	t.Helper()
	w := &opWorld{
		oidcWorld: &oidcWorld{world: &world{once: store.NewMemory(store.MemoryConfig{})}},
		main:      oidctest.NewProvider(t, oidctest.Options{}), school: oidctest.Thinkific(t, oidctest.Options{}),
	}
	w.server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.handler.ServeHTTP(rw, r) }))
	t.Cleanup(w.server.Close)
	const lab = `, "allowHTTP": true, "allowPrivateAddresses": true, "clientID": "academy", "clientSecret": "` + oidcSecret + `"`
	cfg := decode(t, `{"baseURL": "`+w.server.URL+`",
		"tenants": [{"slug": "acme", "id": "`+acmeID+`"}, {"slug": "quiet", "id": "quiet-1"}],
		"connections": [
			{"id": "main-oidc", "protocol": "oidc", "wellKnown": "`+w.main.WellKnown+`", "scope": "openid profile email", "policy": {"tenants": ["quiet"]}`+lab+extra+`},
			{"id": "acme-oidc", "tenant": "acme", "protocol": "oidc", "preset": "thinkific", "wellKnown": "`+w.school.WellKnown+`",
			 "mapping": {"ref1": ["/site/subdomain"]}`+lab+`}
		]}`)
	require.Empty(t, cfg.Check())
	var err error
	w.log, err = ssolog.New(ssolog.Config{Enabled: true, Values: ssolog.KeepValues})
	require.NoError(t, err)
	app := w.app()
	app.Env.Now, app.Sessions, app.Recorder = nil, w, both{w, w.log}
	reg, err := tenant.New(cfg, app)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, reg.Close()) })
	w.reg, w.handler = reg, reg.Handler()
	for path, op := range map[string]*oidctest.Provider{"": w.main, "/acme": w.school} {
		op.Register(oidctest.Client{
			ID: "academy", Secret: oidcSecret, RedirectURIs: []string{w.server.URL + "/access/openId/callback" + path}, RequirePKCE: true,
			PostLogoutRedirectURIs: []string{w.server.URL + "/access/openId/logout" + path},
			BackchannelLogoutURI:   w.server.URL + "/access/openId/backchannel-logout" + path,
		})
	}
	return w
}

func TestCodesAreRedeemedAtDiscoveredProviders(t *testing.T) {
	w := newOPWorld(t, ``)
	w.main.SignIn(w.main.Client(), w.server.URL+"/access/openId/login")
	w.main.SignIn(w.main.Client(), w.server.URL+"/access/openId/login/quiet")
	w.school.SetVariations("raw-authorization")
	w.school.SignIn(w.school.Client(), w.server.URL+"/access/openId/login/acme")
	require.Len(t, w.logins, 3)
	require.Equal(t, lmssso.Link{Realm: "main", ExternalID: "user-1"}, w.logins[0].assertion.Link)
	require.Equal(t, "quiet", w.logins[1].assertion.Access.Target.Path)
	require.Equal(t, "main", w.logins[1].assertion.Link.Realm)
	a := w.logins[2].assertion
	require.Equal(t, lmssso.Link{Realm: acmeID, ExternalID: "123456780"}, a.Link, "not sub")
	require.Equal(t, "jane@thinkific.com", a.Profile.Email.String())
	require.False(t, a.Profile.EmailVerified, "the school does not say so")
	require.Equal(t, "jane", a.Profile.Refs[0].String())
	require.Equal(t, []string{"site_admin"}, a.Raw["roles"], "kept, and worth nothing unmapped")
	require.True(t, a.Profile.Role.IsAbsent())
	require.Equal(t, "acme", a.Access.Target.Path)
	require.Equal(t, "form_post", w.school.Requests()[0].Get("response_mode"))
}

// TestNothingSecretOfALoginReachesTheLog looks for the ID token, the nonce and the client's secret in a log that keeps values.
func TestNothingSecretOfALoginReachesTheLog(t *testing.T) {
	const hybrid = `, "responseType": "code id_token"`
	for _, settings := range []string{``, hybrid, `, "responseType": "id_token", "responseMode": "form_post"`} {
		w := newOPWorld(t, settings)
		w.main.SignIn(w.main.Client(), w.server.URL+"/access/openId/login")
		for _, fault := range oidctest.Faults() {
			if settings != hybrid { // which can go wrong in every way
				continue
			}
			w.main.SetFaults(fault)
			w.main.SignIn(w.main.Client(), w.server.URL+"/access/openId/login")
		}
		w.main.SetFaults()
		w.main.SetRefusal("access_denied")
		w.main.SignIn(w.main.Client(), w.server.URL+"/access/openId/login")
		require.ErrorIs(t, w.attempts[len(w.attempts)-1].Err, oidc.ErrDenied)
		entries, err := w.log.Query(t.Context(), ssolog.Query{})
		require.NoError(t, err)
		require.NotEmpty(t, entries)
		text, err := json.Marshal(entries)
		require.NoError(t, err)
		require.Contains(t, string(text), "user@example.com", "values are kept")
		hint := string(w.logins[0].assertion.Session.Hint)
		require.NotEmpty(t, hint)
		secrets := append(strings.Split(hint, "."), oidcSecret)
		for _, r := range w.main.Requests() {
			secrets = append(secrets, r.Get("nonce"), r.Get("state"), r.Get("code_challenge"))
		}
		for _, s := range secrets {
			require.NotContains(t, string(text), s)
		}
		e := entries[len(entries)-1]
		require.Equal(t, []string{"openId", "callback", "id_token", "user-1"}, []string{e.Type, e.Action, e.Response.Type, e.Response.User.NameID})
		require.Equal(t, w.logins[0].assertion.Session.Index, e.Response.User.SessionIndex)
	}
}

// TestACodeOfOneTenantIsWorthNothingAtAnother lets the browser carry the main site's answer to the tenant's callback.
func TestACodeOfOneTenantIsWorthNothingAtAnother(t *testing.T) {
	w := newOPWorld(t, ``)
	browser := w.main.Client()
	browser.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.Path, "/access/openId/callback") {
			return http.ErrUseLastResponse
		}
		return nil
	}
	resp, err := browser.Get(w.server.URL + "/access/openId/login")
	require.NoError(t, err)
	resp.Body.Close()
	back, err := url.Parse(resp.Header.Get("Location"))
	require.NoError(t, err)
	require.True(t, back.Query().Has("code"))
	for _, path := range []string{"/access/openId/callback/acme", "/access/openId/callback/quiet"} {
		got, err := browser.Get(w.server.URL + path + "?" + back.RawQuery)
		require.NoError(t, err)
		got.Body.Close()
		require.GreaterOrEqual(t, got.StatusCode, http.StatusBadRequest)
	}
	require.Empty(t, w.logins)
	require.Zero(t, w.school.Count(w.school.TokenURL), "the code went to nobody else")
	got, err := browser.Get(back.String())
	require.NoError(t, err)
	got.Body.Close()
	require.Len(t, w.logins, 1, "and is still good where it belongs")
}

func TestLogoutsEndBothSessions(t *testing.T) {
	w := newOPWorld(t, ``)
	browser := w.main.Client()
	w.main.SignIn(browser, w.server.URL+"/access/openId/login")
	a := w.logins[0].assertion
	rec := httptest.NewRecorder()
	answered, err := w.reg.Logout(rec, httptest.NewRequest(http.MethodGet, "/logout", nil), lmssso.SessionKey{Connection: "main-oidc"}, a.Session.Hint, "/bye")
	require.NoError(t, err)
	require.True(t, answered)
	resp, err := oidctest.Browse(browser, rec.Header().Get("Location"))
	require.NoError(t, err)
	_, _ = io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	require.Equal(t, "/bye", resp.Request.URL.Path)
	require.Len(t, w.main.Ended(), 1)

	w.main.SignIn(browser, w.server.URL+"/access/openId/login")
	session, ok := w.main.Session("academy")
	require.True(t, ok)
	require.Equal(t, http.StatusOK, w.main.Logout(session).StatusCode)
	require.Len(t, w.ended, 1)
	require.Equal(t, "main-oidc", w.ended[0].Connection)
	require.Equal(t, session.SessionID, w.ended[0].Index)

	answered, err = w.reg.Logout(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/logout", nil), lmssso.SessionKey{Connection: "acme-oidc"}, a.Session.Hint, "/bye")
	require.ErrorIs(t, err, oidc.ErrNoLogout, "the school has no end-session endpoint")
	require.False(t, answered)
}

// both keeps attempts twice.
type both struct{ one, two lmssso.Recorder }

func (b both) Record(ctx context.Context, a *lmssso.Attempt) error {
	return errors.Join(b.one.Record(ctx, a), b.two.Record(ctx, a))
}

func TestPrivateAddressesAreAskedOnlyWhereThatIsAllowed(t *testing.T) {
	for allow, asked := range map[string]int{``: 0, `, "allowPrivateAddresses": true`: 1} {
		op := oidctest.NewProvider(t, oidctest.Options{})
		w := newOIDCWorld(t, oidcDoc(`, "wellKnown": "`+op.WellKnown+`", "allowHTTP": true, "clientID": "c", "clientSecret": "`+oidcSecret+`"`+allow))
		got := w.do(http.MethodGet, "/access/openId/login", nil)
		require.Equal(t, asked == 1, got.Code == http.StatusSeeOther)
		require.Equal(t, asked, op.Count(op.WellKnown))
	}
}

func TestUserinfoIsAskedAsTheSettingsSay(t *testing.T) {
	for settings, asked := range map[string]int{``: 1, `, "useUserinfo": true`: 1, `, "useUserinfo": false`: 0} {
		w := newOPWorld(t, settings)
		w.main.SignIn(w.main.Client(), w.server.URL+"/access/openId/login")
		require.Len(t, w.logins, 1)
		require.Equal(t, asked, w.main.Count(w.main.UserinfoURL), settings)
	}
}
