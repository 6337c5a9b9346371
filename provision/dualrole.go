package provision

import "github.com/lmssso/lmssso"

// pickSide chooses between the two accounts of a dual-role user by the role's kind (rule 9; SSO guide, "Dual Roles and
// Single Sign-On": without dualRole a user is assumed to be a learner).
func (pl *planner) pickSide(pair []lmssso.Account) error {
	side := lmssso.Learner
	switch {
	case pl.role != nil && pl.role.Kind == lmssso.Manager && !pl.login.Profile.DualRole:
		return dualRoleIncomplete("a manager's role came without dualRole, for a user with two roles")
	case pl.role != nil:
		side = pl.role.Kind
	}
	own, other := 0, 1
	if pair[0].Side != side {
		own, other = 1, 0
	}
	partner := pair[other]
	pl.account, pl.partner = pair[own], &partner
	return nil
}

func dualRoleIncomplete(detail string) error {
	return &lmssso.Error{Reason: lmssso.ErrDualRoleIncomplete, Detail: detail, Expected: "dualRole true and the role's slug"}
}
