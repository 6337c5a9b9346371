package provision

import (
	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
)

// find decides which account the login is (rule 1): the one with its external id, in the connection's realm. Only a
// policy can make an email identify somebody. Matching by email is how accounts get taken over.
func (pl *planner) find() error {
	if err := pl.identify(); err != nil {
		return err
	}
	if pl.login.Profile.DualRole && pl.account.PairID == "" {
		return &lmssso.Error{
			Reason: lmssso.ErrNotDualRole, Detail: "dualRole is true for a user with one role", Expected: "two accounts joined beforehand",
		}
	}
	return nil
}

func (pl *planner) identify() error {
	held := pl.snapshot.ByEmail
	switch {
	case len(pl.snapshot.ByLink) == 2:
		return pl.pickSide(pl.snapshot.ByLink)
	case len(pl.snapshot.ByLink) == 1:
		pl.account = pl.snapshot.ByLink[0]
		return nil
	case !pl.login.Link.IsZero():
		return pl.findNewLink(held)
	case pl.policy.Accounts.IdentityByEmail:
		return pl.findByEmail(held)
	}
	return &lmssso.Error{
		Reason: lmssso.ErrExternalIDMissing, Detail: "the login carries no external id and the policy does not find users by email",
	}
}

// findNewLink decides about an external id nobody has: a new user, or one whose account is known by email so far.
func (pl *planner) findNewLink(held []lmssso.Account) error {
	switch {
	case len(held) == 0:
		return pl.create()
	case anyLinked(held):
		return emailTaken()
	case pl.mayAdopt(held):
		pl.adopt(held[0])
		return nil
	}
	return pl.emailExists()
}

// findByEmail finds or makes the user of a login without an external id (policy IdentityByEmail), only among students
// without one.
func (pl *planner) findByEmail(held []lmssso.Account) error {
	if pl.login.Profile.Email.IsAbsent() {
		return &lmssso.Error{Reason: lmssso.ErrExternalIDMissing, Detail: "the login carries neither an external id nor an email"}
	}
	pl.byEmail = true
	switch {
	case len(held) == 0:
		return pl.create()
	case anyLinked(held):
		return emailTaken()
	case knownByEmail(held):
		pl.account = held[0]
		return nil
	}
	return pl.emailExists()
}

// create begins a new account, when the policy makes any. An email is required (rule 2; SSO guide, "email").
func (pl *planner) create() error {
	if pl.policy.Accounts.ExistingOnly {
		return &lmssso.Error{Reason: lmssso.ErrCreationOff, Detail: "nobody has this external id or email, and the policy makes no accounts"}
	}
	email, ok := loginEmail(pl.login)
	if !ok {
		return &lmssso.Error{Reason: lmssso.ErrAttributeMissing, Detail: "an account cannot be made without an email", Expected: string(attrs.Email)}
	}
	pl.created = true
	pl.account = lmssso.Account{
		Link:  lmssso.Link{Realm: pl.policy.Realm, ExternalID: pl.login.Link.ExternalID},
		Email: email,
	}
	pl.note(lmssso.ChangeCreate, "account", "nobody in the realm has this external id or email")
	return nil
}

func anyLinked(held []lmssso.Account) bool {
	for i := range held {
		if !held[i].Link.IsZero() {
			return true
		}
	}
	return false
}

// emailTaken refuses an email of somebody who has an external id of their own.
func emailTaken() error {
	return &lmssso.Error{Reason: lmssso.ErrEmailTaken, Detail: "the email belongs to an account with another external id"}
}

// emailExists refuses an email whose account nobody linked yet (SSO guide, "Email already exists"); where the policy
// makes no accounts the same case is "Access is blocked by SSO". The remedy for both is [Service.Link].
func (pl *planner) emailExists() error {
	reason := lmssso.ErrEmailExists
	if pl.policy.Accounts.ExistingOnly {
		reason = lmssso.ErrBlockedBySSO
	}
	return &lmssso.Error{Reason: reason, Detail: "the email belongs to an account without an external id"}
}

// emailHeld refuses an email somebody else in the realm has.
func emailHeld(holder *lmssso.Account) error {
	if holder.Link.IsZero() {
		return &lmssso.Error{Reason: lmssso.ErrEmailExists, Detail: "the realm has an account with this email"}
	}
	return emailTaken()
}
