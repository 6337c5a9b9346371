package sqldir

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/provision"
)

// Apply implements [provision.Directory] in one transaction. The snapshot is not needed: every account carries the
// version it was read with. Besides its contract it refuses an account that is on no side, and a key no database can
// hold, with [lmssso.ErrAttributeInvalid].
func (d *Directory) Apply(ctx context.Context, _ provision.Snapshot, out lmssso.Outcome) (lmssso.Account, error) {
	batch := append([]lmssso.Account{out.Account}, out.Others...)
	if err := check(batch); err != nil {
		return lmssso.Account{}, err
	}
	err := d.apply(ctx, batch)
	switch {
	case err == nil:
		return batch[0], nil
	case errors.Is(err, provision.ErrStale):
		return lmssso.Account{}, err
	case ctx.Err() == nil && d.changed(ctx, append([]lmssso.Account{out.Account}, out.Others...)):
		// The database may have given up one of two transactions that met, in words of its own.
		return lmssso.Account{}, stale("the accounts changed")
	}
	return lmssso.Account{}, failed("writing accounts", err)
}

// check refuses a batch that cannot be written whatever the database holds.
func check(batch []lmssso.Account) error {
	seen := make(map[string]bool, len(batch))
	for i := range batch {
		a := &batch[i]
		if a.Side != lmssso.Learner && a.Side != lmssso.Manager {
			return &lmssso.Error{Reason: lmssso.ErrAttributeInvalid, Detail: "an account is on no side", Expected: "learner or manager"}
		}
		for _, key := range []string{a.Link.Realm, a.Link.ExternalID, a.Email, a.PairID, a.Tenant} {
			if !storable(key) {
				return &lmssso.Error{Reason: lmssso.ErrAttributeInvalid, Detail: "an account has a key that is not text"}
			}
		}
		if a.ID != "" && seen[a.ID] {
			return stale("an account is named twice")
		}
		seen[a.ID] = true
	}
	return nil
}

// apply writes the batch and brings it to the state that is then stored.
func (d *Directory) apply(ctx context.Context, batch []lmssso.Account) error {
	if len(batch) == 1 && batch[0].ID != "" { // the usual change needs no more than a statement
		if done, err := d.rewrite(ctx, d.db, &batch[0]); done || err != nil {
			return err
		}
	}
	tx, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := d.write(ctx, tx, batch); err != nil {
		return errors.Join(err, rollback(tx))
	}
	return tx.Commit()
}

func rollback(tx *sql.Tx) error {
	if err := tx.Rollback(); !errors.Is(err, sql.ErrTxDone) {
		return err
	}
	return nil
}

// write changes the accounts that exist and makes the others. Every transaction takes locks in one order, the accounts by
// id and then the keys, so that no two wait for one another.
func (d *Directory) write(ctx context.Context, tx *sql.Tx, batch []lmssso.Account) error {
	order := make([]*lmssso.Account, len(batch))
	for i := range batch {
		order[i] = &batch[i]
	}
	slices.SortStableFunc(order, func(a, b *lmssso.Account) int { return strings.Compare(a.ID, b.ID) })
	var moved []move
	for _, a := range order {
		m, err := d.lock(ctx, tx, a)
		if err != nil {
			return err
		}
		if m != nil {
			moved = append(moved, *m)
		}
	}
	if err := d.exchange(ctx, tx, moved); err != nil {
		return err
	}
	for _, m := range moved {
		if err := d.place(ctx, tx, m); err != nil {
			return err
		}
	}
	return nil
}

// move is an account that takes other keys than it has so far. A new one has none so far.
type move struct {
	to    *lmssso.Account
	from  lmssso.Account // ID, side and keys
	isNew bool
}

// lock begins the change of one account: it gives a new one its ID, writes one that keeps its keys, which is then done
// (nil), or locks the row at the version it was read with.
func (d *Directory) lock(ctx context.Context, tx *sql.Tx, a *lmssso.Account) (*move, error) {
	if a.ID == "" {
		a.ID, a.Version = rand.Text(), 0
		return &move{to: a, isNew: true}, nil
	}
	if done, err := d.rewrite(ctx, tx, a); done || err != nil {
		return nil, err
	}
	m := move{to: a, from: lmssso.Account{ID: a.ID}}
	err := tx.QueryRowContext(ctx, d.sql.lock, a.ID, a.Version).
		Scan(&m.from.Link.Realm, &m.from.Link.ExternalID, &m.from.Email, &m.from.Side, &m.from.PairID)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, stale("an account has another version")
	}
	return &m, err
}

// execer is a database or a transaction.
type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// exec runs a statement and reports whether it wrote a row.
func exec(ctx context.Context, on execer, statement string, args ...any) (bool, error) {
	res, err := on.ExecContext(ctx, statement, args...)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// rewrite writes an account that keeps its keys. It writes nothing, and reports so, when the version is another or when
// a key would change.
func (d *Directory) rewrite(ctx context.Context, on execer, a *lmssso.Account) (bool, error) {
	next := *a
	next.Version++
	doc, err := json.Marshal(next)
	if err != nil {
		return false, err
	}
	done, err := exec(ctx, on, d.sql.rewrite, a.Tenant, string(doc),
		a.ID, a.Version, a.Link.Realm, a.Link.ExternalID, a.Email, string(a.Side), a.PairID)
	if done && err == nil {
		*a = next
	}
	return done, err
}

// place writes the row of an account that has its keys.
func (d *Directory) place(ctx context.Context, tx *sql.Tx, m move) error {
	a := m.to
	a.Version++
	doc, err := json.Marshal(a)
	if err != nil {
		return err
	}
	statement := d.sql.replace
	if m.isNew {
		statement = d.sql.insert
	}
	done, err := exec(ctx, tx, statement, a.Tenant, string(doc), a.Link.Realm, a.Link.ExternalID, a.Email, string(a.Side), a.PairID, a.ID)
	if err == nil && !done {
		return errors.New("sqldir: a row under lock is gone")
	}
	return err
}

// changed reports whether the batch could not be applied any more: a version is another, or a key is somebody else's.
func (d *Directory) changed(ctx context.Context, batch []lmssso.Account) bool {
	own := func(id string) bool {
		return slices.ContainsFunc(batch, func(a lmssso.Account) bool { return a.ID == id })
	}
	for _, a := range batch {
		s, err := d.Read(ctx, provision.Query{Link: a.Link, Email: a.Email, AccountID: a.ID})
		if err != nil {
			return false
		}
		for _, found := range slices.Concat(s.ByLink, s.ByEmail, s.ByID) {
			if found.ID == a.ID && found.Version != a.Version || found.ID != a.ID && !own(found.ID) {
				return true
			}
		}
	}
	return false
}

func stale(why string) error { return fmt.Errorf("%w: %s", provision.ErrStale, why) }
