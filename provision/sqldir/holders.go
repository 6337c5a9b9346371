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

// keysOf lists the keys an account has.
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

// deal is one account giving up a key, or claiming it.
type deal struct {
	key
	claims bool
	by     *lmssso.Account
}

// exchange gives up the keys the accounts have so far and claims those they are to have, key by key in one order for all
// transactions. Each key is given up before it is claimed, so that it can move within a batch.
func (d *Directory) exchange(ctx context.Context, tx *sql.Tx, moved []move) error {
	var deals []deal
	for i := range moved {
		for _, k := range keysOf(&moved[i].from) {
			deals = append(deals, deal{k, false, &moved[i].from})
		}
		for _, k := range keysOf(moved[i].to) {
			deals = append(deals, deal{k, true, moved[i].to})
		}
	}
	slices.SortStableFunc(deals, func(a, b deal) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.realm, b.realm), cmp.Compare(a.name, b.name), rank(a)-rank(b))
	})
	for _, x := range deals {
		if err := d.settle(ctx, tx, x); err != nil {
			return err
		}
	}
	return nil
}

// rank puts giving up before claiming.
func rank(x deal) int {
	if x.claims {
		return 1
	}
	return 0
}

func (d *Directory) settle(ctx context.Context, tx *sql.Tx, x deal) error {
	if x.claims {
		got, err := exec(ctx, tx, d.sql.claim[x.by.Side], x.kind, x.realm, x.name, ownerOf(x.by), x.by.ID)
		if err == nil && !got {
			return stale("the " + x.kind + " is somebody else's")
		}
		return err
	}
	if _, err := exec(ctx, tx, d.sql.release[x.by.Side], x.kind, x.realm, x.name, x.by.ID); err != nil {
		return err
	}
	_, err := exec(ctx, tx, d.sql.forget, x.kind, x.realm, x.name)
	return err
}
