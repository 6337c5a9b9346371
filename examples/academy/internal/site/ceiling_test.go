package site_test

import (
	"net/http"
	"net/url"
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
