package site_test

import (
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/examples/academy/internal/config"
	"github.com/lmssso/lmssso/jwtsso"
)

func carol(role string) jwtsso.Learner {
	return jwtsso.Learner{ExternalID: "20003", Email: "carol@example.com", Role: role, DualRole: true}
}

func ada() jwtsso.Learner {
	return jwtsso.Learner{ExternalID: "20009", Email: "ada@example.com", Role: "admin"}
}

func cookieOf(r answer, name string) *http.Cookie {
	for _, c := range r.Cookies() {
		if c.Name == name {
			return c
		}
	}
	return nil
}

func TestEveryLoginHasANewSession(t *testing.T) {
	a := start(t, setup{})
	b := a.browser()
	first := cookieOf(b.get(a.link("main-ti", bob(), jwtsso.RedirectOptions{})), "academy")
	require.True(t, first.HttpOnly)
	require.Equal(t, http.SameSiteLaxMode, first.SameSite)
	require.False(t, first.Secure, "plain http on loopback")
	require.GreaterOrEqual(t, len(first.Value), 52, "at least 256 bits in base32")
	second := cookieOf(b.get(a.link("main-ti", bob(), jwtsso.RedirectOptions{})), "academy")
	require.NotEqual(t, first.Value, second.Value)
	old := a.browser().get("/api/session", "Cookie", "academy="+first.Value)
	require.Contains(t, old.body, `"signedIn":false`, "the id known before the login is worth nothing after it")
	planted := a.browser().get(a.link("main-ti", bob(), jwtsso.RedirectOptions{}), "Cookie", "academy=PLANTED")
	require.NotEqual(t, "PLANTED", cookieOf(planted, "academy").Value)
	require.Contains(t, a.browser().get("/api/session", "Cookie", "academy=PLANTED").body, `"signedIn":false`)
}

func TestSecureCookiesOnHTTPS(t *testing.T) {
	a := start(t, setup{edit: func(f *config.File) { f.Demo, f.BaseURL = false, "https://learn.example" }})
	got := a.browser().get(a.link("main-ti", bob(), jwtsso.RedirectOptions{}))
	c := cookieOf(got, "__Host-academy")
	require.NotNil(t, c)
	require.True(t, c.Secure)
	require.Equal(t, "/", c.Path)
}

func TestSessionsEndAbsolutely(t *testing.T) {
	a := start(t, setup{})
	b := a.browser()
	b.get(a.link("main-ti", bob(), jwtsso.RedirectOptions{}))
	a.clock.advance(12*time.Hour - time.Second)
	require.True(t, b.session().SignedIn, "however busy")
	a.clock.advance(time.Second)
	require.False(t, b.session().SignedIn)
}

func TestSessionEndsWhenItsIdentityIsTaken(t *testing.T) {
	a := start(t, setup{})
	b := a.browser()
	b.get(a.link("main-ti", bob(), jwtsso.RedirectOptions{}))
	for _, externalID := range []string{"999", "12345"} {
		_, err := a.open.Service.Link(t.Context(), b.accountID("bob@example.com"), lmssso.Link{Realm: "main", ExternalID: externalID})
		require.NoError(t, err)
		require.Equal(t, externalID == "12345", b.session().SignedIn)
	}
}

func (b *browser) accountID(email string) string { return b.a.account(email, "student").ID }

func TestSwitchChangesSidesUnderANewID(t *testing.T) {
	kinds(t, func(t *testing.T, a *academy) {
		b := a.browser()
		learner := cookieOf(b.get(a.link("main-ti", carol("student"), jwtsso.RedirectOptions{})), "academy")
		require.Equal(t, "student", b.session().Account.Role)
		require.Contains(t, b.get("/dashboard").body, "Switch to client manager")
		before := b.session()
		got := b.post("/switch", url.Values{})
		require.Equal(t, "/admin", got.location())
		require.NotEqual(t, learner.Value, cookieOf(got, "academy").Value)
		after := b.session()
		require.Equal(t, "client-manager", after.Account.Role)
		require.Equal(t, before.Account.DualRole.OtherID, after.Account.ID)
		require.Equal(t, "manager", after.Account.DualRole.Side)
		require.Contains(t, a.browser().get("/api/session", "Cookie", "academy="+learner.Value).body, `"signedIn":false`)
		page := b.get("/admin")
		require.Equal(t, http.StatusOK, page.StatusCode)
		require.NotContains(t, page.body, "/admin/accounts", "a tenant's manager administers no accounts")
		require.Equal(t, http.StatusForbidden, b.get("/admin/accounts").StatusCode)
		require.Equal(t, "/dashboard", b.post("/switch", url.Values{}).location())
	})
}

func TestSwitchNeedsAPairAPolicyAndThisSite(t *testing.T) {
	a := start(t, setup{})
	b := a.browser()
	b.get(a.link("main-ti", bob(), jwtsso.RedirectOptions{}))
	single := b.post("/switch", url.Values{}, "Accept", "application/json")
	require.Equal(t, "not-dual-role", a.refused(single).Code)

	// Thinkific's connection asserts only students: its session must not open the manager's side.
	c := a.browser()
	c.get(a.link("main-thinkific", jwtsso.Learner{ExternalID: "20003", Email: "carol@example.com", FirstName: "Carol", LastName: "Diaz"}, jwtsso.RedirectOptions{}))
	require.Equal(t, "student", c.session().Account.Role)
	require.Equal(t, "role-not-allowed", a.refused(c.post("/switch", url.Values{}, "Accept", "application/json")).Code)
	require.Equal(t, "student", c.session().Account.Role)

	d := a.browser()
	d.get(a.link("main-ti", carol("student"), jwtsso.RedirectOptions{}))
	foreign := d.post("/switch", url.Values{}, "Sec-Fetch-Site", "cross-site")
	require.Equal(t, http.StatusForbidden, foreign.StatusCode)
	require.Equal(t, http.StatusForbidden, d.post("/switch", url.Values{}, "Origin", "https://evil.example").StatusCode)
	require.Equal(t, "student", d.session().Account.Role)
	require.Equal(t, http.StatusMethodNotAllowed, d.get("/switch").StatusCode)
	require.NotEmpty(t, a.browser().post("/switch", url.Values{}).location(), "nobody is sent to sign in")
}

func TestAdminPagesAreForAdministrators(t *testing.T) {
	a := start(t, setup{})
	pages := []string{"/admin", "/admin/accounts", "/admin/connections", "/admin/sso-log"}
	nobody, learner, admin, token := a.browser(), a.browser(), a.browser(), a.browser()
	learner.get(a.link("main-ti", bob(), jwtsso.RedirectOptions{}))
	require.Equal(t, "/admin", admin.get(a.link("main-ti", ada(), jwtsso.RedirectOptions{})).location())
	wrong := token.post("/admin/sign-in", url.Values{"token": {"wrong"}})
	require.Equal(t, http.StatusUnauthorized, wrong.StatusCode)
	require.Contains(t, wrong.body, "That is not the admin token.")
	require.Equal(t, http.StatusUnauthorized, token.get("/admin/accounts").StatusCode)
	in := token.post("/admin/sign-in", url.Values{"token": {adminToken}, "next": {"https://evil.example/admin"}})
	require.Equal(t, "/admin", in.location())
	c := cookieOf(in, "academy-admin")
	require.True(t, c.HttpOnly)
	require.NotContains(t, c.Value, adminToken)
	for _, path := range pages {
		require.Equal(t, http.StatusUnauthorized, nobody.get(path).StatusCode, path)
		require.Equal(t, http.StatusForbidden, learner.get(path).StatusCode, path)
		require.Equal(t, http.StatusOK, admin.get(path).StatusCode, path)
		require.Equal(t, http.StatusOK, token.get(path).StatusCode, path)
	}
	require.Equal(t, http.StatusOK, nobody.get("/admin/accounts", "Authorization", "Bearer "+adminToken).StatusCode)
	for _, path := range []string{"/api/admin/sso-log", "/api/admin/accounts"} {
		require.Equal(t, http.StatusUnauthorized, nobody.get(path).StatusCode, path)
		require.Equal(t, http.StatusUnauthorized, nobody.get(path, "Authorization", "Bearer wrong").StatusCode, path)
		require.Equal(t, http.StatusUnauthorized, admin.get(path).StatusCode, "a cookie opens no API")
		require.Equal(t, http.StatusUnauthorized, token.get(path).StatusCode, "a cookie opens no API")
		require.Equal(t, http.StatusOK, nobody.get(path, "Authorization", "Bearer "+adminToken).StatusCode, path)
	}
	for _, path := range []string{"/admin/accounts/x/link", "/admin/accounts/x/dual", "/admin/sso-log/recording"} {
		require.Equal(t, http.StatusForbidden, learner.post(path, url.Values{}).StatusCode, path)
		require.Equal(t, http.StatusForbidden, admin.post(path, url.Values{}, "Sec-Fetch-Site", "cross-site").StatusCode, path)
	}
	token.post("/admin/sign-out", url.Values{})
	require.Equal(t, http.StatusUnauthorized, token.get("/admin").StatusCode)
}

// TestOnlyTheWholeSitesAdminAdministers refuses the role admin where it is a tenant's role, and where its user belongs to
// a tenant: a tenant's own connection may assert the first.
func TestOnlyTheWholeSitesAdminAdministers(t *testing.T) {
	tenantRole := setup{edit: func(f *config.File) {
		f.Catalogue.Roles[1].Scope = "tenant"
		f.Connections[2].Policy.Roles = append(f.Connections[2].Policy.Roles, "admin")
	}}
	inTenant := ada()
	inTenant.Access.Target.Slug = attrs.Text("globex")
	for name, c := range map[string]struct {
		setup      setup
		connection string
		learner    jwtsso.Learner
	}{
		"a tenant's role through its connection":  {tenantRole, "acme-jwt", jwtsso.Learner{ExternalID: "E-9", Email: "x@acme.example", Role: "admin"}},
		"a tenant's role at the main site":        {tenantRole, "main-ti", ada()},
		"a user of a tenant with the site's role": {setup{}, "main-ti", inTenant},
	} {
		t.Run(name, func(t *testing.T) {
			a := start(t, c.setup)
			b := a.browser()
			b.get(a.link(c.connection, c.learner, jwtsso.RedirectOptions{}))
			require.Equal(t, "admin", b.session().Account.Role)
			require.Equal(t, http.StatusForbidden, b.get("/admin/accounts").StatusCode)
		})
	}
}

func TestAdminPagesShowWhatTheyShould(t *testing.T) {
	a := start(t, setup{})
	b := a.browser()
	b.get(a.link("main-ti", ada(), jwtsso.RedirectOptions{}))
	trace := b.session().TraceID
	log := b.get("/admin/sso-log?trace=" + trace)
	require.Contains(t, log.body, trace)
	require.Contains(t, log.body, "1 of 1 entries")
	require.Contains(t, b.get("/admin/sso-log?trace=nothing").body, "No entry matches these filters")
	bad := b.get("/admin/sso-log?limit=-1")
	require.Equal(t, http.StatusBadRequest, bad.StatusCode)
	require.Contains(t, bad.body, "This cannot be shown")

	connections := b.get("/admin/connections").body
	for _, want := range []string{a.url + "/access/jwt", a.url + "/access/jwt/acme", a.url + "/api/sso/v2/sso/jwt", "student, admin, client-manager", "acme.example", "is shared with"} {
		require.Contains(t, connections, want)
	}
	for _, key := range a.keys {
		require.NotContains(t, connections, string(key))
	}
	id := a.account("bob@example.com", "student").ID
	pair := b.post("/admin/accounts/"+id+"/dual", url.Values{"role": {"client-manager"}})
	require.Equal(t, http.StatusSeeOther, pair.StatusCode)
	require.NotNil(t, a.account("bob@example.com", "student").DualRole)
	again := b.post("/admin/accounts/"+id+"/dual", url.Values{"role": {"instructor"}})
	require.Equal(t, http.StatusForbidden, again.StatusCode)
	require.Contains(t, again.body, "cannot be given a second role")

	require.Equal(t, "/admin/sso-log", b.post("/admin/sso-log/recording", url.Values{"enabled": {"false"}}).location())
	held := a.log("").Held
	a.browser().get("/access/jwt?jwt=nothing")
	require.Equal(t, held, a.log("").Held)
}

func TestRestartKeepsAccountsAndReplayRecords(t *testing.T) {
	store := "sqlite:" + filepath.Join(t.TempDir(), "academy.db")
	a := start(t, setup{store: store})
	to := a.link("main-ti", newcomer(), jwtsso.RedirectOptions{})
	require.Equal(t, "/dashboard", a.browser().get(to).location())
	id := a.account("nora@example.com", "student").ID
	link := a.account("dave@example.com", "student").ID
	_, err := a.open.Service.Link(t.Context(), link, lmssso.Link{Realm: "main", ExternalID: "40004"})
	require.NoError(t, err)
	a.stop()

	again := start(t, setup{store: store, keys: a.keys})
	require.Equal(t, id, again.account("nora@example.com", "student").ID)
	require.Equal(t, "40004", again.account("dave@example.com", "student").ExternalID, "the configuration's accounts are only the first ones")
	require.Equal(t, 1, strings.Count(again.accounts(), `"bob@example.com"`))
	token := to[strings.Index(to, "?"):]
	require.Equal(t, "replayed", again.refused(again.browser().get("/access/jwt"+token, "Accept", "application/json")).Code)
}

func TestErrorPages(t *testing.T) {
	a := start(t, setup{})
	b := a.browser()
	missing := b.get("/nothing/here")
	require.Equal(t, http.StatusNotFound, missing.StatusCode)
	require.Contains(t, missing.body, "Page not found")
	require.Contains(t, missing.Header.Get("Content-Security-Policy"), "default-src 'none'")
	require.Equal(t, "not-found", a.refused(b.get("/api/nothing")).Code)
	require.Equal(t, "not-found", a.refused(b.get("/nothing", "Accept", "application/json")).Code)
	method := b.do(http.MethodPut, "/dashboard", nil, "Accept", "application/json")
	require.Equal(t, http.StatusMethodNotAllowed, method.StatusCode)
	require.Equal(t, "method", a.refused(method).Code)
	require.Contains(t, method.Header.Get("Allow"), "GET")
}

// TestPagesAreWellBuilt holds every page to one heading, a language, landmarks, labels and no script.
func TestPagesAreWellBuilt(t *testing.T) {
	a := start(t, setup{})
	b := a.browser()
	_, request := b.opPicker("/access/openId/login/hooli")
	require.Equal(t, http.StatusSeeOther, b.opDeliver(b.opRespond("hooli-oidc", request, nora)).StatusCode)
	b.get(a.link("main-ti", ada(), jwtsso.RedirectOptions{}))
	asked := strings.TrimPrefix(b.get("/access/openId/login/hooli").location(), a.url)
	for _, path := range []string{
		asked, "/", "/p/acme", "/dashboard", "/admin", "/admin/accounts", "/admin/connections", "/admin/sso-log", "/account", "/checkout",
		"/register", "/demo/jwt", "/demo/jwt?connection=main-thinkific", "/demo/saml", "/demo/openid", "/demo/openid?connection=hooli-oidc", "/nothing", "/learn/course/intro",
	} {
		page := b.get(path).body
		require.Equal(t, 1, strings.Count(page, "<h1"), path)
		for _, want := range []string{`<html lang="en">`, `<main id="main"`, `href="#main"`, `<nav aria-label=`, `name="viewport"`} {
			require.Contains(t, page, want, path)
		}
		require.NotContains(t, page, "<script", path)
		require.NotContains(t, page, " style=", path)
		require.NotContains(t, page, "ZgotmplZ", path)
		for _, tag := range []string{"<input ", "<select "} {
			for rest := page; strings.Contains(rest, tag); {
				_, rest, _ = strings.Cut(rest, tag)
				attributes, _, _ := strings.Cut(rest, ">")
				id, _, _ := strings.Cut(after(attributes, `id="`), `"`)
				labelled := strings.Contains(attributes, `type="hidden"`) || strings.Contains(attributes, `type="radio"`) ||
					strings.Contains(attributes, `type="checkbox"`) || id != "" && strings.Contains(page, `for="`+id+`"`)
				require.True(t, labelled, "%s: %s", path, attributes)
			}
		}
	}
	css := b.get("/static/academy.css")
	require.Equal(t, http.StatusOK, css.StatusCode)
	require.Contains(t, css.Header.Get("Content-Type"), "text/css")
}

func after(s, sep string) string {
	_, rest, _ := strings.Cut(s, sep)
	return rest
}
