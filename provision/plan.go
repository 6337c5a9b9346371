package provision

import (
	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
)

// Plan decides what the login does: which account it is, what that account will hold, and why. s answers
// [QueryFor] of the same login and policy. Plan is pure: it changes none of its arguments and gives the same answer for
// the same ones. On error the outcome is zero.
//
// Every refusal is an [lmssso.Error] with one reason; the functions it is made of name the rule each follows. What the
// assertion alone tells, such as the email's domain, is for validators and not judged here.
func Plan(s Snapshot, a *lmssso.Assertion, p lmssso.Policy) (lmssso.Outcome, error) {
	pl := planner{snapshot: &s, login: a, policy: &p}
	for _, step := range [...]func(*planner) error{
		(*planner).checkInput,
		(*planner).checkSnapshot,
		(*planner).readRole,
		(*planner).find,
		(*planner).checkReach,
		(*planner).setTenant,
		(*planner).setEmail,
		(*planner).setRole,
		(*planner).setProfile,
		(*planner).setContent,
		(*planner).setBundles,
		(*planner).setSSOSubscription,
		(*planner).setLicenses,
		(*planner).setActiveLicenses,
		(*planner).setReports,
		(*planner).clearCart,
	} {
		if err := step(&pl); err != nil {
			return lmssso.Outcome{}, err
		}
	}
	return pl.outcome(), nil
}

// planner holds a plan in the making.
type planner struct {
	snapshot *Snapshot
	login    *lmssso.Assertion
	policy   *lmssso.Policy

	// role is the role the login names; nil when it names none.
	role *Role
	// account is the account as it will be. Its lists and maps belong to the snapshot and are replaced, never written to.
	account lmssso.Account
	// partner is the other side of a dual-role user, as it will be; nil for everybody else.
	partner *lmssso.Account
	// created says that there was no account.
	created bool
	// byEmail says that only the email identifies the user: neither the login nor the account has an external id.
	byEmail bool
	// partnerChanged says that partner must be written as well.
	partnerChanged bool
	changes        []lmssso.Change
}

// note records a change and its reason.
func (pl *planner) note(kind lmssso.ChangeKind, subject, why string) {
	pl.changes = append(pl.changes, lmssso.Change{Kind: kind, Subject: subject, Why: why})
}

func (pl *planner) outcome() lmssso.Outcome {
	out := lmssso.Outcome{
		Account: pl.account, Created: pl.created, Changes: pl.changes, ClearCart: pl.login.Access.ClearCart,
	}
	if pl.partnerChanged {
		out.Others = []lmssso.Account{*pl.partner}
	}
	return out
}

// checkInput refuses what no rule below could judge. An email, external id or role may be left out but never be blank
// (rule 2 and 8; blank is an order to clear, and these three are never cleared).
func (pl *planner) checkInput() error {
	switch {
	case pl.login == nil:
		return noAssertion()
	case pl.policy.Realm == "":
		return &lmssso.Error{Reason: lmssso.ErrConfiguration, Detail: "the policy has no realm", Expected: "the namespace of the connection's external ids"}
	case pl.login.Link.Realm != "" && pl.login.Link.Realm != pl.policy.Realm:
		return &lmssso.Error{Reason: lmssso.ErrConfiguration, Detail: "the login was verified for another realm than the policy's"}
	case pl.login.Profile.Email.State() == attrs.Blank:
		return blank(attrs.Email)
	case pl.login.Profile.Role.State() == attrs.Blank:
		return blank(attrs.Role)
	}
	return nil
}

func blank(k attrs.Key) error {
	return &lmssso.Error{Reason: lmssso.ErrAttributeMissing, Detail: string(k) + " is blank", Expected: "a value, or nothing at all"}
}

// clearCart hands the order to empty the cart to the application (SSO guide, attribute "Clear Cart?": the transaction
// took place outside).
func (pl *planner) clearCart() error {
	if pl.login.Access.ClearCart {
		pl.note(lmssso.ChangeEvent, "cart", "clearCart is true: the application empties the user's cart")
	}
	return nil
}
