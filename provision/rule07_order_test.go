package provision_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/provision"
)

// TestRule07_SelectorsThatDifferAndReachTooFar wants the graver reason: a claim that names another tenant at a tenant's own
// endpoint is beyond the policy, not only a contradiction.
func TestRule07_SelectorsThatDifferAndReachTooFar(t *testing.T) {
	acme := provision.Tenant{ID: "id-acme", Slug: "acme"}
	globex := provision.Tenant{ID: "id-globex", Slug: "globex"}
	s := provision.Snapshot{Facts: provision.Facts{
		Roles:   []provision.Role{{Slug: "student", Kind: lmssso.Learner, Scope: provision.TenantScope}},
		Tenants: []provision.Tenant{acme, globex},
	}}
	a := &lmssso.Assertion{
		Link:    lmssso.Link{Realm: "id-acme", ExternalID: "1"},
		Profile: lmssso.Profile{Email: attrs.Text("bob@example.com")},
		Access:  lmssso.Access{Target: lmssso.Target{Slug: attrs.Text("globex"), Path: "acme"}},
	}
	for name, tc := range map[string]struct {
		policy lmssso.Policy
		want   error
	}{
		"beyond the policy":       {lmssso.Policy{Realm: "id-acme", Tenant: "id-acme"}, lmssso.ErrTenantNotAllowed},
		"both within, but two":    {lmssso.Policy{Realm: "id-acme", Tenant: "id-acme", Tenants: []string{"globex"}}, lmssso.ErrTenantNotAssigned},
		"the main site, any":      {lmssso.Policy{Realm: "id-acme", Tenants: []string{"*"}}, lmssso.ErrTenantNotAssigned},
		"the main site, one only": {lmssso.Policy{Realm: "id-acme", Tenants: []string{"acme"}}, lmssso.ErrTenantNotAllowed},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := provision.Plan(s, a, tc.policy)
			require.ErrorIs(t, err, tc.want)
			require.Zero(t, out)
		})
	}
}
