package provision_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/provision"
)

// Directories that break their contract must not open what a correct one keeps shut.

func TestContradictoryHoldersOfAnEmailLinkNobody(t *testing.T) {
	free := account(func(a *lmssso.Account) { unlinked(a); a.Side = lmssso.Learner })
	twin := account(func(a *lmssso.Account) { unlinked(a); a.ID, a.Side = "twin", lmssso.Learner })
	half := account(func(a *lmssso.Account) { unlinked(a); a.PairID, a.Side = "pair", lmssso.Learner })
	everything := mainPolicy(func(p *lmssso.Policy) {
		p.EmailDomains = []string{"example.com"}
		p.Accounts.LinkVerifiedEmail, p.Accounts.IdentityByEmail = true, true
	})
	for name, held := range map[string][]lmssso.Account{
		"two learners of no pair": accounts(free, twin), "half of a pair": accounts(half), "a learner of no side": accounts(account(unlinked)),
	} {
		t.Run(name, func(t *testing.T) {
			s := provision.Snapshot{ByEmail: held, Facts: catalogue()}
			_, err := provision.Plan(s, login(nil), everything)
			require.ErrorIs(t, err, lmssso.ErrEmailExists)
			_, err = provision.Plan(s, login(noID), everything)
			require.ErrorIs(t, err, lmssso.ErrEmailExists)
		})
	}
}

func TestTenantNobodyKnowsIsCoveredByNoPolicy(t *testing.T) {
	lost := account(func(a *lmssso.Account) { a.Tenant, a.Side = "gone", lmssso.Learner })
	everywhere := func(p *lmssso.Policy) { p.Tenants = []string{lmssso.AnyTenant, "", "gone"} }
	s := provision.Snapshot{ByLink: accounts(lost), Facts: catalogue()}
	_, err := provision.Plan(s, login(nil), acmePolicy(everywhere))
	require.ErrorIs(t, err, lmssso.ErrTenantNotAllowed)
	_, err = provision.Plan(s, target(func(t *lmssso.Target) { t.Slug = attrs.Text("acme") }), mainPolicy(everywhere))
	require.ErrorIs(t, err, lmssso.ErrTenantNotAllowed)

	facts := catalogue()
	facts.Licenses = append(facts.Licenses, provision.License{ID: "lost", Tenant: "gone"})
	a := access(lmssso.JWT, func(a *lmssso.Access) { a.StudentLicenses.IDs = attrs.Text("lost") })
	_, err = provision.Plan(provision.Snapshot{Facts: facts}, a, mainPolicy(everywhere))
	require.ErrorIs(t, err, lmssso.ErrLicenseNotAllowed)
}

// A pair whose sides came to have different emails is brought together again.
func TestPairWithTwoEmailsIsBroughtTogether(t *testing.T) {
	pair := dualBob()
	pair[0].Side, pair[1].Side = lmssso.Learner, lmssso.Manager
	pair[0].Email = "old@example.com"
	s := provision.Snapshot{ByLink: pair, ByEmail: pair[1:], Facts: catalogue()}
	out, err := provision.Plan(s, login(nil), mainPolicy(bothRoles))
	require.NoError(t, err)
	require.Equal(t, "bob@example.com", out.Account.Email)
	require.Len(t, out.Others, 1)
}
