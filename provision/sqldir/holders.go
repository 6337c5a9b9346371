package sqldir

import (
	"cmp"
	"context"
	"database/sql"
	"slices"

	"github.com/lmssso/lmssso"
)

// key is something only one owner may have. A pair is a key as well, so that it never has two accounts on one side.
type key struct{ kind, realm, name string }

// keysOf lists what the account has, in the order in which every transaction takes them.
func keysOf(a *lmssso.Account) []key {
	var keys []key
	if a.Email != "" {
		keys = append(keys, key{"email", a.Link.Realm, a.Email})
	}
	if !a.Link.IsZero() {
		keys = append(keys, key{"link", a.Link.Realm, a.Link.ExternalID})
	}
	if a.PairID != "" {
		keys = append(keys, key{"pair", "", a.PairID})
	}
	return keys
}

// ownerOf names who has an account's keys: its pair, or the account alone.
func ownerOf(a *lmssso.Account) string {
	if a.PairID != "" {
		return "pair " + a.PairID
	}
	return "account " + a.ID
}

// claimAll claims every account's keys, in one order for all transactions.
func (d *Directory) claimAll(ctx context.Context, tx *sql.Tx, accounts []*lmssso.Account) error {
	type wish struct {
		key
		by *lmssso.Account
	}
	var wishes []wish
	for _, a := range accounts {
		for _, k := range keysOf(a) {
			wishes = append(wishes, wish{k, a})
		}
	}
	slices.SortStableFunc(wishes, func(a, b wish) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.realm, b.realm), cmp.Compare(a.name, b.name))
	})
	for _, w := range wishes {
		got, err := exec(ctx, tx, d.sql.claim[w.by.Side], w.kind, w.realm, w.name, ownerOf(w.by), w.by.ID)
		if err != nil {
			return err
		}
		if !got {
			return stale("the " + w.kind + " is somebody else's")
		}
	}
	return nil
}
