package provision

import "github.com/lmssso/lmssso"

// checkSnapshot refuses accounts that were not asked for. A directory that compares external ids or emails loosely, such
// as a table with a case-insensitive collation, would otherwise sign people in to one another's accounts.
func (pl *planner) checkSnapshot() error {
	want := lmssso.Link{Realm: pl.policy.Realm, ExternalID: pl.login.Link.ExternalID}
	for i := range pl.snapshot.ByLink {
		if a := &pl.snapshot.ByLink[i]; want.IsZero() || a.Link != want || a.ID == "" {
			return broken("an account with another external id than the one asked for")
		}
	}
	email, named := loginEmail(pl.login)
	for i := range pl.snapshot.ByEmail {
		if a := &pl.snapshot.ByEmail[i]; !named || a.Email != email || a.Link.Realm != want.Realm || a.ID == "" {
			return broken("an account with another email than the one asked for")
		}
	}
	return checkPair(pl.snapshot.ByLink)
}

// checkPair refuses anything but nobody, one account of its own, or the two sides of one dual-role user.
func checkPair(found []lmssso.Account) error {
	switch {
	case len(found) == 0:
		return nil
	case len(found) == 1 && found[0].PairID == "":
		return nil
	case len(found) == 2 && found[0].PairID != "" && found[0].PairID == found[1].PairID && twoSides(found[0].Side, found[1].Side):
		return nil
	}
	return broken("accounts that share a link without being one pair")
}

func twoSides(a, b lmssso.Side) bool {
	return a == lmssso.Learner && b == lmssso.Manager || a == lmssso.Manager && b == lmssso.Learner
}

// broken is a directory that contradicts its contract.
func broken(what string) error {
	return &lmssso.Error{Reason: lmssso.ErrUnavailable, Detail: "the directory answered with " + what}
}
