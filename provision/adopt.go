package provision

import "github.com/lmssso/lmssso"

// mayAdopt reports whether the account that holds the login's email may take the login's external id (rules 1 and 13).
func (pl *planner) mayAdopt(held []lmssso.Account) bool {
	accounts := pl.policy.Accounts
	switch {
	case !pl.ownTenant(held):
		return false
	case accounts.IdentityByEmail && knownByEmail(held):
		return true
	}
	return accounts.LinkVerifiedEmail && pl.policy.Vouches(pl.login) && linkable(held)
}

// knownByEmail reports whether an email may stand for this account: a student's, without external id and without a
// second side.
func knownByEmail(held []lmssso.Account) bool {
	return linkable(held) && held[0].Role == lmssso.StudentRole
}

// linkable reports whether a verified email may give this account its external id: a learner's only, never a manager's,
// and only the first time, since afterwards it has one.
func linkable(held []lmssso.Account) bool {
	return len(held) == 1 && held[0].Link.IsZero() && held[0].PairID == "" && held[0].Side == lmssso.Learner
}

// ownTenant reports whether the account is in a tenant the policy covers. An email never reaches beyond, not even from
// the main site.
func (pl *planner) ownTenant(held []lmssso.Account) bool {
	return len(held) == 1 && pl.allowsTenant(held[0].Tenant)
}

// adopt gives the account the login's external id, once and on record.
func (pl *planner) adopt(a lmssso.Account) {
	pl.account = a
	pl.account.Link.ExternalID = pl.login.Link.ExternalID
	why := "the policy links accounts by verified email (LinkVerifiedEmail)"
	if pl.policy.Accounts.IdentityByEmail && a.Role == lmssso.StudentRole {
		why = "the policy finds students by email until an external id arrives (IdentityByEmail)"
	}
	pl.note(lmssso.ChangeLink, "externalID", why)
}
