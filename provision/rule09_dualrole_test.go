package provision_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
)

// dual is a dual-role login with the role.
func dual(slug string) func(a *lmssso.Assertion) {
	return func(a *lmssso.Assertion) { a.Profile.DualRole, a.Profile.Role = true, attrs.Text(slug) }
}

func bothRoles(p *lmssso.Policy) { p.Roles = []string{"student", "client-manager"} }

func TestRule09_RolePicksTheSide(t *testing.T) {
	for name, tc := range map[string]struct {
		login func(a *lmssso.Assertion)
		want  string
	}{
		"student picks the learner":           {dual("student"), "bob"},
		"a manager's slug picks the manager":  {dual("client-manager"), "bob-manager"},
		"without dualRole it is the learner":  {nil, "bob"},
		"student without dualRole is as well": {role("student"), "bob"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, stored := range [][]lmssso.Account{dualBob(), {dualBob()[1], dualBob()[0]}} {
				out := mustPlan(t, stored, login(tc.login), mainPolicy(bothRoles))
				require.Equal(t, tc.want, out.Account.ID)
				require.False(t, out.Alters())
				require.Empty(t, out.Others)
			}
		})
	}
}

func TestRule09_Refusals(t *testing.T) {
	noRole := func(a *lmssso.Assertion) { a.Profile.DualRole = true }
	for name, tc := range map[string]struct {
		stored []lmssso.Account
		login  func(a *lmssso.Assertion)
		want   *lmssso.Reason
	}{
		"dualRole without role":                         {dualBob(), noRole, lmssso.ErrDualRoleIncomplete},
		"dualRole without role, for one with one role":  {accounts(bob()), noRole, lmssso.ErrDualRoleIncomplete},
		"dualRole for a learner with one role":          {accounts(bob()), dual("student"), lmssso.ErrNotDualRole},
		"dualRole for a manager with one role":          {accounts(withRole("client-manager")), dual("client-manager"), lmssso.ErrNotDualRole},
		"dualRole never makes the other side":           {accounts(bob()), dual("client-manager"), lmssso.ErrNotDualRole},
		"dualRole for nobody yet":                       {nil, dual("client-manager"), lmssso.ErrNotDualRole},
		"a manager's role without dualRole":             {dualBob(), role("client-manager"), lmssso.ErrDualRoleIncomplete},
		"dualRole with a role nobody knows":             {dualBob(), dual("Client Manager"), lmssso.ErrRoleUnknown},
		"the manager's side beyond the policy":          {dualBob(), dual("client-admin"), lmssso.ErrRoleNotAllowed},
		"both sides without external id, by their mail": {unlinkedPair(), dual("student"), lmssso.ErrEmailExists},
	} {
		t.Run(name, func(t *testing.T) { mustRefuse(t, tc.stored, login(tc.login), mainPolicy(bothRoles), tc.want) })
	}
	t.Run("the manager's side through a connection for students", func(t *testing.T) {
		mustRefuse(t, dualBob(), login(dual("client-manager")), mainPolicy(nil), lmssso.ErrRoleNotAllowed)
	})
}

func unlinkedPair() []lmssso.Account {
	pair := dualBob()
	pair[0].Link.ExternalID, pair[1].Link.ExternalID = "", ""
	return pair
}

func TestRule09_ProfileAndAccessBelongToTheSide(t *testing.T) {
	a := login(func(a *lmssso.Assertion) {
		dual("client-manager")(a)
		a.Profile.FirstName, a.Access.CourseSlugs = attrs.Text("Rob"), attrs.Text("safety")
	})
	out := mustPlan(t, dualBob(), a, mainPolicy(bothRoles))
	require.Equal(t, "bob-manager", out.Account.ID)
	require.Equal(t, "Rob", out.Account.Profile.FirstName)
	require.Equal(t, []string{"safety"}, out.Account.Grants.Courses)
	require.Empty(t, out.Others, "the learner's side changed too")
}

func TestRule09_RoleChangesWithinTheSide(t *testing.T) {
	out := mustPlan(t, dualBob(), login(dual("client-admin")), mainPolicy(roles("client-admin")))
	require.Equal(t, "bob-manager", out.Account.ID)
	require.Equal(t, "client-admin", out.Account.Role)
	require.Equal(t, lmssso.Manager, out.Account.Side)
}

func TestRule09_EmailChangesOnBothSides(t *testing.T) {
	for name, pick := range map[string]func(a *lmssso.Assertion){"learner": nil, "manager": dual("client-manager")} {
		t.Run(name, func(t *testing.T) {
			a := login(pick)
			a.Profile.Email = attrs.Text("robert@example.com")
			out := mustPlan(t, dualBob(), a, mainPolicy(bothRoles))
			require.Equal(t, "robert@example.com", out.Account.Email)
			require.Len(t, out.Others, 1)
			require.Equal(t, "robert@example.com", out.Others[0].Email)
			require.NotEqual(t, out.Account.Side, out.Others[0].Side)
			require.EqualValues(t, 1, out.Others[0].Version)
		})
	}
	moved := login(func(a *lmssso.Assertion) { a.Profile.Email = attrs.Text("robert@example.com") })
	t.Run("somebody else has it", func(t *testing.T) {
		other := account(func(a *lmssso.Account) { a.ID, a.Email, a.Link.ExternalID = "x", "robert@example.com", "x" })
		mustRefuse(t, append(dualBob(), other), moved, mainPolicy(bothRoles), lmssso.ErrEmailTaken)
	})
	t.Run("a connection for students changes no manager's address", func(t *testing.T) {
		mustRefuse(t, dualBob(), moved, mainPolicy(nil), lmssso.ErrRoleNotAllowed)
	})
	t.Run("a tenant changes no address of the main site's manager", func(t *testing.T) {
		pair := dualBob()
		pair[0].Tenant = "id-acme"
		mustRefuse(t, pair, moved, acmePolicy(bothRoles), lmssso.ErrTenantNotAllowed)
		pair[1].Tenant, pair[1].Role = "id-acme", "admin"
		mustRefuse(t, pair, moved, acmePolicy(roles("student", "admin")), lmssso.ErrRoleNotAllowed)
	})
}

func TestRule09_AccountWithoutPairChangesSide(t *testing.T) {
	out := mustPlan(t, accounts(bob()), login(role("client-manager")), mainPolicy(bothRoles))
	require.Equal(t, "bob", out.Account.ID)
	require.Equal(t, lmssso.Manager, out.Account.Side)
	out = mustPlan(t, accounts(withRole("client-manager")), login(role("student")), mainPolicy(nil))
	require.Equal(t, lmssso.Learner, out.Account.Side)
}
