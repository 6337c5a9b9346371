package provision_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/provision"
)

func target(change func(t *lmssso.Target)) *lmssso.Assertion {
	return login(func(a *lmssso.Assertion) { change(&a.Access.Target) })
}

func toAcme(p *lmssso.Policy) { p.Tenants = []string{"acme"} }

func inTenant(id string) lmssso.Account { return account(func(a *lmssso.Account) { a.Tenant = id }) }

func TestRule07_EverySelectorPlacesTheUser(t *testing.T) {
	for name, a := range map[string]*lmssso.Assertion{
		"id":   target(func(t *lmssso.Target) { t.ID = attrs.Text("id-acme") }),
		"SKU":  target(func(t *lmssso.Target) { t.SKU = attrs.Text("T-A") }),
		"slug": target(func(t *lmssso.Target) { t.Slug = attrs.Text("acme") }),
		"path": target(func(t *lmssso.Target) { t.Path = "acme" }),
		"all": target(func(t *lmssso.Target) {
			*t = lmssso.Target{ID: attrs.Text("id-acme"), SKU: attrs.Text("T-A"), Slug: attrs.Text("acme"), Path: "acme"}
		}),
	} {
		t.Run(name, func(t *testing.T) {
			for _, stored := range [][]lmssso.Account{nil, accounts(bob())} {
				out := mustPlan(t, stored, a, mainPolicy(toAcme))
				require.Equal(t, "id-acme", out.Account.Tenant)
				require.Equal(t, []string{"tenant:acme"}, subjects(out, lmssso.ChangeTenant))
			}
			require.False(t, mustPlan(t, accounts(inTenant("id-acme")), a, mainPolicy(toAcme)).Alters())
		})
	}
}

func TestRule07_Refusals(t *testing.T) {
	any := func(p *lmssso.Policy) { p.Tenants = []string{lmssso.AnyTenant} }
	for name, tc := range map[string]struct {
		login  *lmssso.Assertion
		policy lmssso.Policy
		want   *lmssso.Reason
	}{
		"id and slug of different tenants":         {target(func(t *lmssso.Target) { t.ID, t.Slug = attrs.Text("id-acme"), attrs.Text("beta") }), mainPolicy(any), lmssso.ErrTenantNotAssigned},
		"slug and path of different tenants":       {target(func(t *lmssso.Target) { t.Slug, t.Path = attrs.Text("acme"), "beta" }), mainPolicy(any), lmssso.ErrTenantNotAssigned},
		"one selector naming two tenants":          {target(func(t *lmssso.Target) { t.SKU = attrs.List("T-A", "T-B") }), mainPolicy(any), lmssso.ErrTenantNotAssigned},
		"unknown id":                               {target(func(t *lmssso.Target) { t.ID = attrs.Text("acme") }), mainPolicy(any), lmssso.ErrTenantNotAssigned},
		"unknown SKU":                              {target(func(t *lmssso.Target) { t.SKU = attrs.Text("t-a") }), mainPolicy(any), lmssso.ErrTenantNotAssigned},
		"unknown slug":                             {target(func(t *lmssso.Target) { t.Slug = attrs.Text("ACME") }), mainPolicy(any), lmssso.ErrTenantNotAssigned},
		"unknown path":                             {target(func(t *lmssso.Target) { t.Path = "nowhere" }), mainPolicy(any), lmssso.ErrTenantNotAssigned},
		"known slug and unknown id":                {target(func(t *lmssso.Target) { t.Slug, t.ID = attrs.Text("acme"), attrs.Text("ghost") }), mainPolicy(any), lmssso.ErrTenantNotAssigned},
		"a tenant the policy does not list":        {target(func(t *lmssso.Target) { t.Slug = attrs.Text("beta") }), mainPolicy(toAcme), lmssso.ErrTenantNotAllowed},
		"any tenant under the zero policy":         {target(func(t *lmssso.Target) { t.Slug = attrs.Text("acme") }), mainPolicy(nil), lmssso.ErrTenantNotAllowed},
		"the path alone opens no tenant":           {target(func(t *lmssso.Target) { t.Path = "acme" }), mainPolicy(nil), lmssso.ErrTenantNotAllowed},
		"another tenant by a tenant's connection":  {target(func(t *lmssso.Target) { t.ID = attrs.Text("id-beta") }), acmePolicy(nil), lmssso.ErrTenantNotAllowed},
		"any tenant is the main site's alone":      {target(func(t *lmssso.Target) { t.ID = attrs.Text("id-beta") }), acmePolicy(any), lmssso.ErrTenantNotAllowed},
		"a connection of a tenant that is no more": {login(nil), acmePolicy(func(p *lmssso.Policy) { p.Tenant = "gone" }), lmssso.ErrConfiguration},
	} {
		t.Run(name, func(t *testing.T) { mustRefuse(t, nil, tc.login, tc.policy, tc.want) })
	}
}

func TestRule07_OneSKUOfTwoTenantsNamesNone(t *testing.T) {
	facts := catalogue()
	facts.Tenants[1].SKU = "T-A"
	p := mainPolicy(func(p *lmssso.Policy) { p.Tenants = []string{lmssso.AnyTenant} })
	_, err := provision.Plan(provision.Snapshot{Facts: facts}, target(func(t *lmssso.Target) { t.SKU = attrs.Text("T-A") }), p)
	require.ErrorIs(t, err, lmssso.ErrTenantNotAssigned)
}

func TestRule07_WithoutSelector(t *testing.T) {
	t.Run("the main site leaves the account where it is", func(t *testing.T) {
		for _, tenant := range []string{"", "id-acme"} {
			out := mustPlan(t, accounts(inTenant(tenant)), login(nil), mainPolicy(nil))
			require.Equal(t, tenant, out.Account.Tenant)
			require.False(t, out.Alters())
		}
	})
	t.Run("the main site makes accounts of its own", func(t *testing.T) {
		require.Empty(t, mustPlan(t, nil, login(nil), mainPolicy(toAcme)).Account.Tenant)
	})
	t.Run("a tenant's connection places users in its tenant", func(t *testing.T) {
		require.Equal(t, "id-acme", mustPlan(t, nil, login(nil), acmePolicy(nil)).Account.Tenant)
	})
}

func TestRule07_BlankSelectorIsNoOrderToLeave(t *testing.T) {
	for name, a := range map[string]*lmssso.Assertion{
		"clientId":   target(func(t *lmssso.Target) { t.ID = attrs.Cleared() }),
		"clientSku":  target(func(t *lmssso.Target) { t.SKU = attrs.Cleared() }),
		"clientSlug": target(func(t *lmssso.Target) { t.Slug = attrs.Cleared() }),
	} {
		t.Run(name, func(t *testing.T) {
			out := mustPlan(t, accounts(inTenant("id-acme")), a, mainPolicy(toAcme))
			require.Equal(t, "id-acme", out.Account.Tenant)
			require.Equal(t, []string{name}, subjects(out, lmssso.ChangeWarning))
			require.False(t, out.Alters())
		})
	}
}

func TestRule07_Moves(t *testing.T) {
	both := func(p *lmssso.Policy) { p.Tenants = []string{"acme", "beta"} }
	toBeta := target(func(t *lmssso.Target) { t.Slug = attrs.Text("beta") })
	t.Run("allowed", func(t *testing.T) {
		require.Equal(t, "id-beta", mustPlan(t, accounts(inTenant("id-acme")), toBeta, mainPolicy(both)).Account.Tenant)
	})
	t.Run("forbidden by the policy", func(t *testing.T) {
		p := mainPolicy(func(p *lmssso.Policy) { both(p); p.ForbidTenantMoves = true })
		mustRefuse(t, accounts(inTenant("id-acme")), toBeta, p, lmssso.ErrTenantNotAllowed)
		require.Equal(t, "id-beta", mustPlan(t, accounts(bob()), toBeta, p).Account.Tenant, "a first placement is no move")
		require.False(t, mustPlan(t, accounts(inTenant("id-beta")), toBeta, p).Alters())
	})
	t.Run("out of a tenant the policy does not cover", func(t *testing.T) {
		p := mainPolicy(func(p *lmssso.Policy) { p.Tenants = []string{"beta"} })
		mustRefuse(t, accounts(inTenant("id-acme")), toBeta, p, lmssso.ErrTenantNotAllowed)
	})
	t.Run("into a tenant the account belongs to already needs no policy", func(t *testing.T) {
		a := target(func(t *lmssso.Target) { t.Path = "acme" })
		require.False(t, mustPlan(t, accounts(inTenant("id-acme")), a, mainPolicy(nil)).Alters())
	})
}

// A tenant's identity provider reaches for users who are not the tenant's, by every name it can give them.
func TestRule07_AttackTenantReachesForOthers(t *testing.T) {
	everything := acmePolicy(func(p *lmssso.Policy) {
		p.Roles = []string{"student", "admin", "client-manager"}
		p.EmailDomains, p.Tenants = []string{"example.com"}, []string{lmssso.AnyTenant}
		p.Accounts.LinkVerifiedEmail, p.Accounts.IdentityByEmail = true, true
	})
	for name, home := range map[string]string{"another tenant's user": "id-beta", "the main site's user": ""} {
		t.Run(name+" by external id", func(t *testing.T) {
			mustRefuse(t, accounts(inTenant(home)), login(nil), everything, lmssso.ErrTenantNotAllowed)
			toOwn := target(func(t *lmssso.Target) { t.Slug = attrs.Text("acme") })
			mustRefuse(t, accounts(inTenant(home)), toOwn, everything, lmssso.ErrTenantNotAllowed)
		})
		t.Run(name+" by email", func(t *testing.T) {
			stored := accounts(account(func(a *lmssso.Account) { a.Link.ExternalID, a.Tenant = "", home }))
			mustRefuse(t, stored, login(nil), everything, lmssso.ErrEmailExists)
			mustRefuse(t, stored, login(noID), everything, lmssso.ErrTenantNotAllowed)
		})
		t.Run(name+"'s email for its own user", func(t *testing.T) {
			own := account(func(a *lmssso.Account) {
				a.ID, a.Link.ExternalID, a.Email, a.Tenant = "own", "own", "own@example.com", "id-acme"
			})
			victim := inTenant(home)
			a := login(func(a *lmssso.Assertion) { a.Link.ExternalID = "own" })
			mustRefuse(t, accounts(own, victim), a, everything, lmssso.ErrEmailTaken)
		})
	}
}
