package provision

import (
	"context"
	"crypto/rand"

	"github.com/lmssso/lmssso"
)

// MakeDual makes the user a dual-role user: it gives the account another side with the role, which must be of the other
// kind, and joins the two. Both keep one external id and one email; names, language and tenant are copied, access is not.
// Asked again for the same role it changes nothing. No login ever does this (SSO guide, "Dual Roles and Single Sign-On").
//
// It returns both sides as stored, or [ErrNoAccount], [ErrNotPairable], [lmssso.ErrRoleUnknown], [lmssso.ErrBusy] or
// [lmssso.ErrUnavailable].
func (s *Service) MakeDual(ctx context.Context, accountID, role string) (learner, manager lmssso.Account, err error) {
	_, err = s.settle(ctx, func() (Snapshot, lmssso.Outcome, error) {
		snapshot, err := s.read(ctx, Query{AccountID: accountID})
		if err != nil {
			return Snapshot{}, lmssso.Outcome{}, err
		}
		out, err := planDual(snapshot, accountID, role)
		return snapshot, out, err
	})
	if err != nil {
		return lmssso.Account{}, lmssso.Account{}, err
	}
	return s.pair(ctx, accountID)
}

// planDual makes the other side of the account. The new one is the outcome's account, the old one among the others.
func planDual(s Snapshot, accountID, slug string) (lmssso.Outcome, error) {
	account, partner, err := sidesOf(s, accountID)
	if err != nil {
		return lmssso.Outcome{}, err
	}
	pl := planner{snapshot: &s}
	role, err := pl.lookUpRole(slug)
	switch {
	case err != nil:
		return lmssso.Outcome{}, err
	case partner != nil && partner.Role == slug:
		return lmssso.Outcome{Account: account}, nil
	case partner != nil:
		return lmssso.Outcome{}, &lmssso.Error{Reason: ErrNotPairable, Detail: "the account has another side already"}
	case role.Kind == account.Side:
		return lmssso.Outcome{}, &lmssso.Error{
			Reason: ErrNotPairable, Detail: "the role is of the kind the account has", Expected: "a role of the other kind", Received: show(slug),
		}
	}
	account.PairID = rand.Text()
	from := &account.Profile
	pl.note(lmssso.ChangeCreate, "account", "an administrator made the user a dual-role user")
	pl.note(lmssso.ChangePair, "pair", "an administrator made the user a dual-role user")
	return lmssso.Outcome{
		Account: lmssso.Account{
			Link: account.Link, Email: account.Email, Role: slug, Side: role.Kind, PairID: account.PairID, Tenant: account.Tenant,
			Profile: lmssso.StoredProfile{FirstName: from.FirstName, LastName: from.LastName, Language: from.Language},
		},
		Created: true,
		Others:  []lmssso.Account{account},
		Changes: pl.changes,
	}, nil
}

// Switch returns the other account of a dual-role user, so that the application can change sides in a session without a
// new login. p is the policy of the connection that opened the session: its ceiling holds for the other side as it did for
// the login, or a connection for learners would open managers' accounts. The application must know that the session belongs
// to accountID. It returns [ErrNoAccount], [lmssso.ErrNotDualRole], the refusals of [Admit], or [lmssso.ErrUnavailable].
func (s *Service) Switch(ctx context.Context, accountID string, p lmssso.Policy) (lmssso.Account, error) {
	snapshot, err := s.read(ctx, Query{AccountID: accountID})
	if err != nil {
		return lmssso.Account{}, err
	}
	_, other, err := sidesOf(snapshot, accountID)
	switch {
	case err != nil:
		return lmssso.Account{}, err
	case other == nil:
		return lmssso.Account{}, notDualRole()
	}
	if err := Admit(snapshot.Facts, *other, p); err != nil {
		return lmssso.Account{}, err
	}
	return *other, nil
}

// Sides returns both accounts of a dual-role user, for an administrator to see: no policy limits it. It returns
// [ErrNoAccount], [lmssso.ErrNotDualRole] or [lmssso.ErrUnavailable].
func (s *Service) Sides(ctx context.Context, accountID string) (learner, manager lmssso.Account, err error) {
	return s.pair(ctx, accountID)
}

// pair returns both sides of the user with the account.
func (s *Service) pair(ctx context.Context, accountID string) (learner, manager lmssso.Account, err error) {
	snapshot, err := s.read(ctx, Query{AccountID: accountID})
	if err != nil {
		return lmssso.Account{}, lmssso.Account{}, err
	}
	account, partner, err := sidesOf(snapshot, accountID)
	switch {
	case err != nil:
		return lmssso.Account{}, lmssso.Account{}, err
	case partner == nil:
		return lmssso.Account{}, lmssso.Account{}, notDualRole()
	case account.Side == lmssso.Learner:
		return account, *partner, nil
	}
	return *partner, account, nil
}

func notDualRole() error {
	return &lmssso.Error{Reason: lmssso.ErrNotDualRole, Detail: "the account has no other side"}
}
