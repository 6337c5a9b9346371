package provision_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/provision"
)

func role(slug string) func(a *lmssso.Assertion) {
	return func(a *lmssso.Assertion) { a.Profile.Role = attrs.Text(slug) }
}

func roles(slugs ...string) func(p *lmssso.Policy) {
	return func(p *lmssso.Policy) { p.Roles = slugs }
}

func withRole(slug string) lmssso.Account {
	return account(func(a *lmssso.Account) { a.Role = slug })
}

func TestRule08_AbsentRole(t *testing.T) {
	t.Run("is student for a new account", func(t *testing.T) {
		out := mustPlan(t, nil, login(nil), mainPolicy(nil))
		require.Equal(t, "student", out.Account.Role)
		require.Equal(t, []string{"role:student"}, subjects(out, lmssso.ChangeRole))
	})
	t.Run("leaves the stored one", func(t *testing.T) {
		out := mustPlan(t, accounts(withRole("client-manager")), login(nil), mainPolicy(roles("client-manager")))
		require.Equal(t, "client-manager", out.Account.Role)
		require.False(t, out.Alters())
	})
}

func TestRule08_RoleIsSetAsThePolicyAllows(t *testing.T) {
	out := mustPlan(t, nil, login(role("client-manager")), mainPolicy(roles("client-manager")))
	require.Equal(t, "client-manager", out.Account.Role)
	require.Equal(t, lmssso.Manager, out.Account.Side)
	out = mustPlan(t, accounts(bob()), login(role("auditor")), mainPolicy(roles("student", "auditor")))
	require.Equal(t, "auditor", out.Account.Role)
	require.Equal(t, lmssso.Learner, out.Account.Side)
}

func TestRule08_UnknownRoleListsTheKnownOnes(t *testing.T) {
	for _, slug := range []string{"Client Admin", "Student", "learner", "client-Admin", " student", "root", "client_admin"} {
		t.Run(slug, func(t *testing.T) {
			p := mainPolicy(roles("student", slug))
			mustRefuse(t, accounts(bob()), login(role(slug)), p, lmssso.ErrRoleUnknown)
			_, err := plan(t, nil, login(role(slug)), p)
			var e *lmssso.Error
			require.True(t, errors.As(err, &e))
			for _, known := range catalogue().Roles {
				require.Contains(t, e.Expected, known.Slug)
			}
		})
	}
	t.Run("the stored role is no more", func(t *testing.T) {
		s := provision.Snapshot{ByLink: accounts(withRole("retired")), Facts: catalogue()}
		_, err := provision.Plan(s, login(nil), mainPolicy(roles("retired")))
		require.ErrorIs(t, err, lmssso.ErrRoleUnknown)
	})
}

func TestRule08_AttackRoleBeyondThePolicy(t *testing.T) {
	for name, tc := range map[string]struct {
		stored []lmssso.Account
		login  *lmssso.Assertion
		policy lmssso.Policy
	}{
		"a new administrator under the zero policy":                {nil, login(role("admin")), mainPolicy(nil)},
		"a student made administrator":                             {accounts(bob()), login(role("admin")), mainPolicy(nil)},
		"a role the policy does not list":                          {accounts(bob()), login(role("client-admin")), mainPolicy(roles("student", "client-manager"))},
		"student, where the policy lists other roles":              {accounts(bob()), login(role("student")), mainPolicy(roles("client-manager"))},
		"into an administrator's account by leaving the role out":  {accounts(withRole("admin")), login(nil), mainPolicy(nil)},
		"into a manager's account by leaving the role out":         {accounts(withRole("client-manager")), login(nil), mainPolicy(roles("student"))},
		"a student by omission, where the policy lists only other": {nil, login(nil), mainPolicy(roles("client-manager"))},
	} {
		t.Run(name, func(t *testing.T) { mustRefuse(t, tc.stored, tc.login, tc.policy, lmssso.ErrRoleNotAllowed) })
	}
}

// A tenant's connection never asserts a role over the whole site, nor touches one, whatever its policy lists.
func TestRule08_AttackTenantAndTheSiteRole(t *testing.T) {
	p := acmePolicy(roles("student", "admin"))
	own := account(func(a *lmssso.Account) { a.Tenant = "id-acme" })
	siteAdmin := account(func(a *lmssso.Account) { a.Tenant, a.Role = "id-acme", "admin" })
	mustRefuse(t, nil, login(role("admin")), p, lmssso.ErrRoleNotAllowed)
	mustRefuse(t, accounts(own), login(role("admin")), p, lmssso.ErrRoleNotAllowed)
	mustRefuse(t, accounts(siteAdmin), login(nil), p, lmssso.ErrRoleNotAllowed)
	mustRefuse(t, accounts(siteAdmin), login(role("student")), p, lmssso.ErrRoleNotAllowed)
	require.Equal(t, "admin", mustPlan(t, nil, login(role("admin")), mainPolicy(roles("admin"))).Account.Role, "the main site may")
}

func TestRule08_RoleOfUntoldReachIsASiteRole(t *testing.T) {
	facts := catalogue()
	facts.Roles = append(facts.Roles, provision.Role{Slug: "untold", Kind: lmssso.Learner})
	_, err := provision.Plan(provision.Snapshot{Facts: facts}, login(role("untold")), acmePolicy(roles("untold")))
	require.ErrorIs(t, err, lmssso.ErrRoleNotAllowed)
	facts.Roles = append(facts.Roles, provision.Role{Slug: "kindless", Scope: provision.TenantScope})
	_, err = provision.Plan(provision.Snapshot{Facts: facts}, login(role("kindless")), mainPolicy(roles("kindless")))
	require.ErrorIs(t, err, lmssso.ErrUnavailable)
}
