package provision

import (
	"context"

	"github.com/lmssso/lmssso"
)

// Link gives the account an external id, takes it from whoever has it now, or clears it when l.ExternalID is empty. Both
// sides of a dual-role user change together. An empty l.Realm stays in the account's realm; another one moves the account
// there, where its email must be free. The next login with the external id then syncs to the account (SSO guide, "Email
// already exists" and "Access is blocked by SSO").
//
// It is an administrator's act; no policy limits it. It returns the account as stored, or [ErrNoAccount],
// [lmssso.ErrEmailTaken], [lmssso.ErrEmailExists], [lmssso.ErrBusy] or [lmssso.ErrUnavailable].
func (s *Service) Link(ctx context.Context, accountID string, l lmssso.Link) (lmssso.Account, error) {
	out, err := s.settle(ctx, func() (Snapshot, lmssso.Outcome, error) {
		account, err := s.account(ctx, accountID)
		if err != nil {
			return Snapshot{}, lmssso.Outcome{}, err
		}
		to := l
		if to.Realm == "" {
			to.Realm = account.Link.Realm
		}
		snapshot, err := s.read(ctx, Query{AccountID: accountID, Link: to, Email: account.Email})
		if err != nil {
			return Snapshot{}, lmssso.Outcome{}, err
		}
		out, err := planLink(snapshot, accountID, to)
		return snapshot, out, err
	})
	if err != nil {
		return lmssso.Account{}, err
	}
	return out.Account, nil
}

// planLink gives the account and its other side the link.
func planLink(s Snapshot, accountID string, to lmssso.Link) (lmssso.Outcome, error) {
	account, partner, err := sidesOf(s, accountID)
	if err != nil {
		return lmssso.Outcome{}, err
	}
	if account.Link == to && (partner == nil || partner.Link == to) {
		return lmssso.Outcome{Account: account}, nil
	}
	own := func(a *lmssso.Account) bool { return a.ID == account.ID || partner != nil && a.ID == partner.ID }
	for i := range s.ByEmail {
		if holder := &s.ByEmail[i]; !own(holder) && to.Realm != account.Link.Realm {
			return lmssso.Outcome{}, emailHeld(holder)
		}
	}
	pl := planner{account: account}
	pl.account.Link = to
	pl.note(lmssso.ChangeLink, "externalID", whyLink(to))
	out := lmssso.Outcome{Account: pl.account}
	if partner != nil {
		partner.Link = to
		out.Others = append(out.Others, *partner)
		pl.note(lmssso.ChangeLink, "externalID:"+string(partner.Side), "a dual-role user has one external id")
	}
	for i := range s.ByLink {
		if former := s.ByLink[i]; !own(&former) {
			former.Link.ExternalID = ""
			out.Others = append(out.Others, former)
			pl.note(lmssso.ChangeLink, "externalID:"+show(former.ID), "the external id moved to another account")
		}
	}
	out.Changes = pl.changes
	return out, nil
}

func whyLink(to lmssso.Link) string {
	if to.IsZero() {
		return "an administrator cleared it"
	}
	return "an administrator set it"
}

// account reads one account.
func (s *Service) account(ctx context.Context, accountID string) (lmssso.Account, error) {
	snapshot, err := s.read(ctx, Query{AccountID: accountID})
	if err != nil {
		return lmssso.Account{}, err
	}
	account, _, err := sidesOf(snapshot, accountID)
	return account, err
}

// sidesOf returns the account asked for by id and its other side, nil when it has none.
func sidesOf(s Snapshot, accountID string) (lmssso.Account, *lmssso.Account, error) {
	if len(s.ByID) == 0 {
		return lmssso.Account{}, nil, &lmssso.Error{Reason: ErrNoAccount, Detail: "the directory has no account with this id"}
	}
	if err := checkPair(s.ByID); err != nil {
		return lmssso.Account{}, nil, err
	}
	own := 0
	if s.ByID[0].ID != accountID {
		own = len(s.ByID) - 1
	}
	account := s.ByID[own]
	if account.ID != accountID {
		return lmssso.Account{}, nil, broken("an account with another id than the one asked for")
	}
	if len(s.ByID) == 1 {
		return account, nil, nil
	}
	partner := s.ByID[1-own]
	return account, &partner, nil
}
