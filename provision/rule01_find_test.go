package provision_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/provision"
)

var (
	unlinked = func(a *lmssso.Account) { a.Link.ExternalID = "" }
	noID     = func(a *lmssso.Assertion) { a.Link.ExternalID = "" }
	byMail   = func(p *lmssso.Policy) { p.Accounts.IdentityByEmail = true }
	existing = func(p *lmssso.Policy) { p.Accounts.ExistingOnly = true }
)

func TestRule01_ExternalIDFindsTheAccount(t *testing.T) {
	out := mustPlan(t, accounts(bob()), login(nil), mainPolicy(nil))
	require.Equal(t, "bob", out.Account.ID)
	require.False(t, out.Created)
	require.False(t, out.Alters())
	require.Empty(t, out.Changes)
}

func TestRule01_NewExternalIDAndFreeEmailCreate(t *testing.T) {
	a := login(func(a *lmssso.Assertion) {
		a.Link.ExternalID = "67890"
		a.Profile.Email = attrs.Text("Eve@Example.COM")
	})
	out := mustPlan(t, accounts(bob()), a, mainPolicy(nil))
	require.True(t, out.Created)
	require.Empty(t, out.Account.ID)
	require.Equal(t, lmssso.Link{Realm: "main", ExternalID: "67890"}, out.Account.Link)
	require.Equal(t, "eve@example.com", out.Account.Email)
	require.Equal(t, "student", out.Account.Role)
	require.Equal(t, lmssso.Learner, out.Account.Side)
	require.Equal(t, []string{"account"}, subjects(out, lmssso.ChangeCreate))
	requireReasons(t, out)
}

func TestRule01_Refusals(t *testing.T) {
	otherID := func(a *lmssso.Assertion) { a.Link.ExternalID = "67890" }
	newcomer := func(a *lmssso.Assertion) { a.Link.ExternalID, a.Profile.Email = "67890", attrs.Text("eve@example.com") }
	for name, tc := range map[string]struct {
		stored []lmssso.Account
		login  func(a *lmssso.Assertion)
		policy func(p *lmssso.Policy)
		want   *lmssso.Reason
	}{
		"email of an account without external id":                    {accounts(account(unlinked)), nil, nil, lmssso.ErrEmailExists},
		"the same in other letters":                                  {accounts(account(unlinked)), func(a *lmssso.Assertion) { a.Profile.Email = attrs.Text("BOB@EXAMPLE.com") }, nil, lmssso.ErrEmailExists},
		"the same where no accounts are made":                        {accounts(account(unlinked)), nil, existing, lmssso.ErrBlockedBySSO},
		"email of an account with another external id":               {accounts(bob()), otherID, nil, lmssso.ErrEmailTaken},
		"the same where no accounts are made, taken":                 {accounts(bob()), otherID, existing, lmssso.ErrEmailTaken},
		"the same where students are found by email":                 {accounts(bob()), otherID, byMail, lmssso.ErrEmailTaken},
		"nobody, where no accounts are made":                         {nil, nil, existing, lmssso.ErrCreationOff},
		"somebody else, where no accounts are made":                  {accounts(bob()), newcomer, existing, lmssso.ErrCreationOff},
		"nobody, and no email to create with":                        {nil, func(a *lmssso.Assertion) { a.Profile.Email = attrs.Value{} }, nil, lmssso.ErrAttributeMissing},
		"no external id":                                             {accounts(bob()), noID, nil, lmssso.ErrExternalIDMissing},
		"no external id, known by email":                             {accounts(account(unlinked)), noID, nil, lmssso.ErrExternalIDMissing},
		"no external id and no email, found by email":                {accounts(account(unlinked)), func(a *lmssso.Assertion) { noID(a); a.Profile.Email = attrs.Value{} }, byMail, lmssso.ErrExternalIDMissing},
		"found by email, but the account has an external id":         {accounts(bob()), noID, byMail, lmssso.ErrEmailTaken},
		"found by email, but the account is no student's":            {accounts(account(func(a *lmssso.Account) { unlinked(a); a.Role = "auditor" })), noID, byMail, lmssso.ErrEmailExists},
		"found by email, but the account is an administrator's":      {accounts(account(func(a *lmssso.Account) { unlinked(a); a.Role = "admin" })), noID, func(p *lmssso.Policy) { byMail(p); p.Roles = []string{"student", "admin"} }, lmssso.ErrEmailExists},
		"found by email and an administrator's, none made":           {accounts(account(func(a *lmssso.Account) { unlinked(a); a.Role = "admin" })), noID, func(p *lmssso.Policy) { byMail(p); existing(p) }, lmssso.ErrBlockedBySSO},
		"known only by email and asking for an administrator's role": {accounts(account(unlinked)), func(a *lmssso.Assertion) { noID(a); a.Profile.Role = attrs.Text("client-manager") }, func(p *lmssso.Policy) { byMail(p); p.Roles = []string{"student", "client-manager"} }, lmssso.ErrRoleNotAllowed},
		"new by email and asking for an administrator's role":        {nil, func(a *lmssso.Assertion) { noID(a); a.Profile.Role = attrs.Text("client-manager") }, func(p *lmssso.Policy) { byMail(p); p.Roles = []string{"student", "client-manager"} }, lmssso.ErrRoleNotAllowed},
		"found by email in a tenant beyond the policy":               {accounts(account(func(a *lmssso.Account) { unlinked(a); a.Tenant = "id-beta" })), noID, byMail, lmssso.ErrTenantNotAllowed},
		"a policy without a realm":                                   {accounts(bob()), nil, func(p *lmssso.Policy) { p.Realm = "" }, lmssso.ErrConfiguration},
		"neither policy nor login with a realm":                      {nil, func(a *lmssso.Assertion) { a.Link.Realm = "" }, func(p *lmssso.Policy) { p.Realm = "" }, lmssso.ErrConfiguration},
		"a login verified for another realm":                         {accounts(bob()), func(a *lmssso.Assertion) { a.Link.Realm = "id-acme" }, nil, lmssso.ErrConfiguration},
	} {
		t.Run(name, func(t *testing.T) {
			mustRefuse(t, tc.stored, login(tc.login), mainPolicy(tc.policy), tc.want)
		})
	}
}

func TestRule01_OneEmailInTwoRealmsIsTwoPeople(t *testing.T) {
	p := acmePolicy(func(p *lmssso.Policy) { p.Realm = "id-acme" })
	out := mustPlan(t, accounts(bob()), login(func(a *lmssso.Assertion) { a.Link.Realm = "" }), p)
	require.True(t, out.Created, "the external id or the email of another realm was taken for this one's")
	require.Equal(t, "id-acme", out.Account.Link.Realm)
	require.Equal(t, "id-acme", out.Account.Tenant)
}

func TestRule01_IdentityByEmail(t *testing.T) {
	t.Run("finds the student", func(t *testing.T) {
		out := mustPlan(t, accounts(account(unlinked)), login(noID), mainPolicy(byMail))
		require.Equal(t, "bob", out.Account.ID)
		require.False(t, out.Alters())
	})
	t.Run("makes a student without external id", func(t *testing.T) {
		out := mustPlan(t, nil, login(noID), mainPolicy(byMail))
		require.True(t, out.Created)
		require.True(t, out.Account.Link.IsZero())
		require.Equal(t, "student", out.Account.Role)
	})
	t.Run("takes over the external id when one first arrives", func(t *testing.T) {
		out := mustPlan(t, accounts(account(unlinked)), login(nil), mainPolicy(byMail))
		require.Equal(t, "bob", out.Account.ID)
		require.Equal(t, "12345", out.Account.Link.ExternalID)
		require.Equal(t, []string{"externalID"}, subjects(out, lmssso.ChangeLink))
	})
	t.Run("takes over no manager", func(t *testing.T) {
		manager := account(func(a *lmssso.Account) { unlinked(a); a.Role = "client-manager" })
		p := mainPolicy(func(p *lmssso.Policy) { byMail(p); p.Roles = []string{"client-manager"} })
		mustRefuse(t, accounts(manager), login(nil), p, lmssso.ErrEmailExists)
	})
	t.Run("takes over nobody of a tenant beyond the policy", func(t *testing.T) {
		stranger := account(func(a *lmssso.Account) { unlinked(a); a.Tenant = "id-beta" })
		mustRefuse(t, accounts(stranger), login(nil), mainPolicy(byMail), lmssso.ErrEmailExists)
		mustRefuse(t, accounts(stranger), login(nil), acmePolicy(byMail), lmssso.ErrEmailExists)
	})
}

// A directory that compares loosely must not become a takeover.
func TestRule01_AccountsNotAskedForAreRefused(t *testing.T) {
	a, p := login(nil), mainPolicy(nil)
	for name, s := range map[string]provision.Snapshot{
		"external id in other letters": {ByLink: accounts(account(func(x *lmssso.Account) { x.Link.ExternalID = "12345 " }))},
		"another realm":                {ByLink: accounts(account(func(x *lmssso.Account) { x.Link.Realm = "id-acme" }))},
		"no id":                        {ByLink: accounts(account(func(x *lmssso.Account) { x.ID = "" }))},
		"another email":                {ByEmail: accounts(account(func(x *lmssso.Account) { x.Email = "bob@example.co" }))},
		"an email of another realm":    {ByEmail: accounts(account(func(x *lmssso.Account) { x.Link.Realm = "id-acme" }))},
		"two accounts of no pair":      {ByLink: accounts(account(func(x *lmssso.Account) { x.Side = lmssso.Learner }), account(func(x *lmssso.Account) { x.ID, x.Side = "x", lmssso.Manager }))},
		"two learners of one pair":     {ByLink: accounts(account(func(x *lmssso.Account) { x.PairID, x.Side = "p", lmssso.Learner }), account(func(x *lmssso.Account) { x.ID, x.PairID, x.Side = "x", "p", lmssso.Learner }))},
		"half of a pair":               {ByLink: accounts(account(func(x *lmssso.Account) { x.PairID = "p" }))},
	} {
		t.Run(name, func(t *testing.T) {
			s.Facts = catalogue()
			out, err := provision.Plan(s, a, p)
			require.ErrorIs(t, err, lmssso.ErrUnavailable)
			require.Zero(t, out)
		})
	}
	t.Run("somebody for a login without external id", func(t *testing.T) {
		s := provision.Snapshot{ByLink: accounts(account(unlinked)), Facts: catalogue()}
		_, err := provision.Plan(s, login(noID), mainPolicy(byMail))
		require.ErrorIs(t, err, lmssso.ErrUnavailable)
	})
}

func TestRule01_KelvinSignIsNoK(t *testing.T) {
	stored := account(func(a *lmssso.Account) { a.Email, a.Link.ExternalID = "kim@example.com", "" })
	a := login(func(a *lmssso.Assertion) { a.Profile.Email = attrs.Text("\u212aim@example.com"); noID(a) })
	out := mustPlan(t, accounts(stored), a, mainPolicy(byMail))
	require.True(t, out.Created, "an address with U+212A was taken for one with k")
}

func TestRule01_NoAssertion(t *testing.T) {
	out, err := provision.Plan(provision.Snapshot{}, nil, mainPolicy(nil))
	require.ErrorIs(t, err, lmssso.ErrConfiguration)
	require.Zero(t, out)
	require.Zero(t, provision.QueryFor(nil, mainPolicy(nil)))
}
