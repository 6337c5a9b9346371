package site_test

import (
	"net/http"
	"net/url"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/examples/academy/internal/config"
	"github.com/lmssso/lmssso/jwtsso"
)

// TestASessionDoesNotGrowBeyondItsConnection keeps a session of Thinkific's connection, which asserts only students, until
// another connection makes its user an administrator.
func TestASessionDoesNotGrowBeyondItsConnection(t *testing.T) {
	kinds(t, func(t *testing.T, a *academy) {
		kept := a.browser()
		kept.get(a.link("main-thinkific", bob(), jwtsso.RedirectOptions{}))
		require.Equal(t, "student", kept.session().Account.Role)

		admin, promoted := a.browser(), bob()
		promoted.Role = "admin"
		admin.get(a.link("main-ti", promoted, jwtsso.RedirectOptions{}))
		require.Equal(t, http.StatusOK, admin.get("/admin/accounts").StatusCode)

		require.False(t, kept.session().SignedIn)
		require.Equal(t, http.StatusUnauthorized, kept.get("/admin/accounts").StatusCode)
		require.Equal(t, http.StatusUnauthorized, kept.get("/admin/sso-log").StatusCode)
	})
}

// TestASessionEndsWithItsIdentity links an account whose session was opened by email alone.
func TestASessionEndsWithItsIdentity(t *testing.T) {
	a := start(t, setup{})
	b := a.browser()
	b.get(a.link("main-thinkific", jwtsso.Learner{Email: "dave@example.com", FirstName: "Dave", LastName: "Okafor"}, jwtsso.RedirectOptions{}))
	id := b.session().Account.ID
	_, err := a.open.Service.Link(t.Context(), id, lmssso.Link{Realm: "main", ExternalID: "40004"})
	require.NoError(t, err)
	require.False(t, b.session().SignedIn)
}

// TestASessionStaysInItsTenant moves a user to a tenant while a session of the main site is open.
func TestASessionStaysInItsTenant(t *testing.T) {
	a := start(t, setup{})
	kept, moving := a.browser(), a.browser()
	kept.get(a.link("main-ti", bob(), jwtsso.RedirectOptions{}))
	require.True(t, kept.session().SignedIn)
	moved := bob()
	moved.Access.Target.Slug = attrs.Text("globex")
	moving.get(a.link("main-ti", moved, jwtsso.RedirectOptions{}))
	require.Equal(t, "globex", moving.session().Account.Tenant)
	require.False(t, kept.session().SignedIn)
}

// TestSwitchStaysInTheConnectionsTenants gives a tenant's connection one side of a user whose other side is another
// tenant's manager.
func TestSwitchStaysInTheConnectionsTenants(t *testing.T) {
	a := start(t, setup{edit: func(f *config.File) {
		f.Connections[0].Policy.Tenants = []string{"globex", "acme"}
		f.Connections[2].Realm, f.Connections[2].Policy.EmailDomains = "main", nil
	}})
	moved := carol("student")
	moved.Access.Target.Slug = attrs.Text("acme")
	a.browser().get(a.link("main-ti", moved, jwtsso.RedirectOptions{}))
	require.Equal(t, "globex", a.account("carol@example.com", "client-manager").Tenant)

	b := a.browser()
	b.get(a.link("acme-jwt", carol("student"), jwtsso.RedirectOptions{}))
	require.Equal(t, "acme", b.session().Account.Tenant)
	require.Equal(t, "tenant-not-allowed", a.refused(b.post("/switch", url.Values{}, "Accept", "application/json")).Code)
	require.Equal(t, "acme", b.session().Account.Tenant)
}

// TestThePortalAnswersThisMachineAlone sends what a browser sends when another site's name points to 127.0.0.1: for
// it the portal's page is that site's own, so only the Host header tells.
func TestThePortalAnswersThisMachineAlone(t *testing.T) {
	status := func(a *academy, host, path string) int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.url+path, nil)
		require.NoError(t, err)
		req.Host = host
		resp, err := a.browser().client.Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		return resp.StatusCode
	}
	a := start(t, setup{})
	for _, host := range []string{"evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example:80", "10.0.0.1", "evil.example@127.0.0.1"} {
		for _, path := range []string{"/demo/jwt", "/demo/"} {
			require.Contains(t, []int{http.StatusMisdirectedRequest, http.StatusBadRequest}, status(a, host, path), host+path)
		}
	}
	for _, host := range []string{"127.0.0.1:8080", "localhost", "localhost:8080", "[::1]:8080"} {
		require.Equal(t, http.StatusOK, status(a, host, "/demo/jwt"), host)
	}
	real := start(t, setup{edit: func(f *config.File) { f.Demo = false }})
	require.Equal(t, http.StatusOK, status(real, "learn.example.com", "/"))
	require.Equal(t, http.StatusNotFound, status(real, "127.0.0.1", "/demo/jwt"))
}

// TestASessionRemembersABoundedLogin signs in with a token that changes more than a session should hold.
func TestASessionRemembersABoundedLogin(t *testing.T) {
	a := start(t, setup{})
	l := newcomer()
	l.CustomFields = map[string]attrs.Value{}
	for i := range 240 {
		l.CustomFields["f"+strconv.Itoa(i)] = attrs.Text("x")
	}
	b := a.browser()
	b.get(a.link("main-ti", l, jwtsso.RedirectOptions{}))
	require.Len(t, b.session().Changes, 200)
}
