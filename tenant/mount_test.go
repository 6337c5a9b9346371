package tenant_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
)

func (w *world) send(method, target string) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	w.reg.Handler().ServeHTTP(rec, httptest.NewRequest(method, target, nil))
	return rec
}

func TestEveryConnectionAnswersAtItsOwnEndpoint(t *testing.T) {
	for _, tc := range []struct{ path, key, connection, tenant, realm string }{
		{"/access/jwt", mainKey, "main-jwt", "", "main"},
		{"/access/jwt/", mainKey, "main-jwt", "", "main"},
		{"/api/sso/v2/sso/jwt", schoolKey, "school", "", "school"},
		{"/access/jwt/acme", acmeKey, "acme-jwt", "acme", acmeID},
		{"/access/jwt/acme/", acmeKey, "acme-jwt", "acme", acmeID},
		{"/access/jwt/globex", globexKey, "globex-jwt", "globex", globexID},
	} {
		t.Run(tc.path, func(t *testing.T) {
			w := newWorld(t, site)
			got := w.send(http.MethodGet, tc.path+"?jwt="+mint(t, tc.key, nil))
			require.Equal(t, http.StatusSeeOther, got.Code)
			require.Equal(t, "/dashboard", got.Header().Get("Location"))
			require.Len(t, w.logins, 1)
			a := w.logins[0].assertion
			require.Equal(t, tc.connection, a.Origin.Connection)
			require.Equal(t, tc.tenant, a.Origin.Tenant)
			require.Equal(t, tc.realm, a.Link.Realm)
			require.Equal(t, tc.realm, w.logins[0].policy.Realm)
			require.Equal(t, tc.connection, w.attempts[0].Connection)
		})
	}
}

// TestATokenIsWorthNothingElsewhere offers each connection's token at every other connection's endpoint.
func TestATokenIsWorthNothingElsewhere(t *testing.T) {
	endpoints := map[string]string{
		"/access/jwt": mainKey, "/access/jwt/acme": acmeKey, "/access/jwt/globex": globexKey,
	}
	w := newWorld(t, site)
	for from, key := range endpoints {
		for to := range endpoints {
			if from == to {
				continue
			}
			// A claim that names the other tenant does not choose its keys either.
			slug := strings.TrimPrefix(strings.TrimPrefix(from, "/access/jwt"), "/")
			before := len(w.attempts)
			got := w.send(http.MethodGet, to+"?jwt="+mint(t, key, map[string]any{"clientSlug": slug}))
			require.Equal(t, http.StatusForbidden, got.Code, "%s at %s", from, to)
			require.Len(t, w.attempts, before+1)
			require.ErrorIs(t, w.attempts[before].Err, lmssso.ErrSignature)
		}
	}
	require.Empty(t, w.logins)
}

// TestReplayKeysDoNotMeet gives two connections the same key by mistake: a token used at one is still new at the other,
// so that neither can spend the other's tokens.
func TestReplayKeysDoNotMeet(t *testing.T) {
	w := newWorld(t, strings.ReplaceAll(site, globexKey, acmeKey))
	token := mint(t, acmeKey, map[string]any{"jti": "one"})
	require.Equal(t, http.StatusSeeOther, w.send(http.MethodGet, "/access/jwt/acme?jwt="+token).Code)
	require.Equal(t, http.StatusForbidden, w.send(http.MethodGet, "/access/jwt/acme?jwt="+token).Code)
	require.ErrorIs(t, w.attempts[1].Err, lmssso.ErrReplayed)
	require.Equal(t, http.StatusSeeOther, w.send(http.MethodGet, "/access/jwt/globex?jwt="+token).Code)
	require.Equal(t, []string{acmeID, globexID}, []string{w.logins[0].assertion.Link.Realm, w.logins[1].assertion.Link.Realm}, "and it is somebody else there")
}

func TestATenantWithoutItsOwnSetUpHasNoEndpoint(t *testing.T) {
	for _, path := range []string{"/access/jwt/quiet", "/access/jwt/nobody", "/api/sso/v2/sso/jwt/acme"} {
		w := newWorld(t, site)
		for _, key := range []string{mainKey, acmeKey, schoolKey} {
			require.Equal(t, http.StatusNotFound, w.send(http.MethodGet, path+"?jwt="+mint(t, key, nil)).Code)
		}
		require.Len(t, w.attempts, 3)
		require.ErrorIs(t, w.attempts[0].Err, lmssso.ErrNotFound)
		require.Empty(t, w.logins)
	}
}

func TestOtherMethodsConsumeNothing(t *testing.T) {
	w := newWorld(t, site)
	token := mint(t, mainKey, nil)
	for _, method := range []string{http.MethodHead, http.MethodPut, http.MethodDelete, http.MethodPatch} {
		require.Equal(t, http.StatusMethodNotAllowed, w.send(method, "/access/jwt?jwt="+token).Code, method)
	}
	require.Empty(t, w.attempts)
	require.Equal(t, http.StatusSeeOther, w.send(http.MethodGet, "/access/jwt?jwt="+token).Code)
}

func TestAPostedToken(t *testing.T) {
	w := newWorld(t, site)
	form := url.Values{"jwt": {mint(t, acmeKey, nil)}}.Encode()
	r := httptest.NewRequest(http.MethodPost, "/access/jwt/acme", strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rec := httptest.NewRecorder()
	w.reg.Handler().ServeHTTP(rec, r)
	require.Equal(t, http.StatusSeeOther, rec.Code)
}

func TestEachSiteHasItsOwnSafelist(t *testing.T) {
	for _, tc := range []struct{ path, key, returnTo, want string }{
		{"/access/jwt", mainKey, "https://www.thinkific.com/x", "https://www.thinkific.com/x"},
		{"/access/jwt", mainKey, "https://globex.example.net/x", "/dashboard"},
		{"/access/jwt/acme", acmeKey, "https://www.thinkific.com/x", "https://www.thinkific.com/x"},
		{"/access/jwt/globex", globexKey, "https://globex.example.net/x", "https://globex.example.net/x"},
		{"/access/jwt/globex", globexKey, "https://www.thinkific.com/x", "/dashboard"},
	} {
		w := newWorld(t, site)
		got := w.send(http.MethodGet, tc.path+"?jwt="+mint(t, tc.key, map[string]any{"returnTo": tc.returnTo}))
		require.Equal(t, tc.want, got.Header().Get("Location"), tc.path)
	}
}

func TestSettingsArePerSite(t *testing.T) {
	w := newWorld(t, site)
	for slug, want := range map[string]string{
		"":       "https://idp.example.org/sign_in?return_to=https%3A%2F%2Flearn.example.com%2F",
		"acme":   "https://idp.example.org/sign_in?return_to=https%3A%2F%2Flearn.example.com%2F",
		"globex": "https://globex.example.net/in",
	} {
		got, ok := w.reg.Settings(slug).LoginURL("/")
		require.True(t, ok)
		require.Equal(t, want, got)
	}
}

func TestTheConnectionsOwnSettingsApply(t *testing.T) {
	w := newWorld(t, site)
	got := w.send(http.MethodGet, "/access/jwt/acme?jwt="+mint(t, acmeKey, map[string]any{"department": "R&D"}))
	require.Equal(t, http.StatusSeeOther, got.Code)
	require.Equal(t, "R&D", w.logins[0].assertion.Profile.Refs[0].String(), "the mapping")
	require.Equal(t, "Bob", first(w, t, map[string]any{"firstName": "Bob"}), "over the dialect's")
	require.Equal(t, "gold", w.logins[0].policy.SSOSubscription)
	require.Equal(t, acmeID, w.logins[0].policy.Tenant)

	old := w.send(http.MethodGet, "/access/jwt/acme?jwt="+mint(t, acmeKey, map[string]any{"iat": epoch.Unix() - 61}))
	require.Equal(t, http.StatusForbidden, old.Code, "the window")
	edge := w.send(http.MethodGet, "/access/jwt/acme?jwt="+mint(t, acmeKey, map[string]any{"iat": epoch.Unix() - 60}))
	require.Equal(t, http.StatusSeeOther, edge.Code)
}

func first(w *world, t *testing.T, claims map[string]any) string {
	require.Equal(t, http.StatusSeeOther, w.send(http.MethodGet, "/access/jwt/acme?jwt="+mint(t, acmeKey, claims)).Code)
	return w.logins[len(w.logins)-1].assertion.Profile.FirstName.String()
}

func TestThePolicyOfAConnectionReachesBothItsJudges(t *testing.T) {
	w := newWorld(t, site)
	refused := w.send(http.MethodGet, "/access/jwt/acme?jwt="+mint(t, acmeKey, map[string]any{"role": "admin"}))
	require.Equal(t, http.StatusForbidden, refused.Code)
	require.ErrorIs(t, w.attempts[0].Err, lmssso.ErrRoleNotAllowed)
	elsewhere := w.send(http.MethodGet, "/access/jwt/acme?jwt="+mint(t, acmeKey, map[string]any{"clientSlug": "globex"}))
	require.Equal(t, http.StatusForbidden, elsewhere.Code)
	require.ErrorIs(t, w.attempts[1].Err, lmssso.ErrTenantNotAllowed)
	require.Equal(t, http.StatusSeeOther, w.send(http.MethodGet, "/access/jwt?jwt="+mint(t, mainKey, map[string]any{"role": "admin"})).Code)
	require.Equal(t, []string{"student", "admin"}, w.logins[0].policy.Roles)
	require.Equal(t, []string{"acme"}, w.logins[0].policy.Tenants)
	require.Empty(t, w.logins[0].policy.Tenant)
}

func TestThinkificFindsUsersByEmailUnlessToldOtherwise(t *testing.T) {
	w := newWorld(t, site)
	w.send(http.MethodGet, "/api/sso/v2/sso/jwt?jwt="+mint(t, schoolKey, nil))
	require.True(t, w.logins[0].policy.Accounts.IdentityByEmail)
	w = newWorld(t, strings.Replace(site, `"dialect": "thinkific"`, `"dialect": "thinkific", "policy": {"identityByEmail": false}`, 1))
	w.send(http.MethodGet, "/api/sso/v2/sso/jwt?jwt="+mint(t, schoolKey, nil))
	require.False(t, w.logins[0].policy.Accounts.IdentityByEmail)
}

func TestConnectionsAreDescribedWithoutTheirKeys(t *testing.T) {
	w := newWorld(t, site)
	infos := w.reg.Connections()
	require.Len(t, infos, 4)
	require.Equal(t, []string{"https://learn.example.com/access/jwt/acme"}, infos[2].Endpoints)
	require.Equal(t, 1, infos[2].Keys)
	require.Equal(t, acmeID, infos[2].Realm)
}
