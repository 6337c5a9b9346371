package sqldir

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/provision"
)

// maxArgs is how many parameters one Read takes, keys and names with their lists filled up: more than any login needs,
// and few enough for one statement of either database.
const maxArgs = 16_384

// Read implements [provision.Directory] in one statement, so that everything in the snapshot is of one moment. A login
// that mentions more than some 8,000 names is refused with [lmssso.ErrTooLarge].
func (d *Directory) Read(ctx context.Context, q provision.Query) (provision.Snapshot, error) {
	ask := question{prefix: d.sql.prefix}
	ask.accounts(q)
	ask.facts(q.Names)
	if len(ask.args) > maxArgs {
		return provision.Snapshot{}, &lmssso.Error{Reason: lmssso.ErrTooLarge, Detail: "the login names too many things to look up"}
	}
	rows, err := d.db.QueryContext(ctx, ask.statement(), ask.args...)
	if err != nil {
		return provision.Snapshot{}, failed("reading", err)
	}
	a := answer{s: provision.Snapshot{Query: q}, accounts: map[string]lmssso.Account{}, facts: map[fact]bool{}}
	if err = errors.Join(a.readAll(rows), rows.Close()); err != nil {
		return provision.Snapshot{}, failed("reading", err)
	}
	return a.s, nil
}

// answer is a snapshot as its rows arrive.
type answer struct {
	s        provision.Snapshot
	accounts map[string]lmssso.Account // decoded so far, by id
	facts    map[fact]bool             // seen so far
}

// fact names a row of the catalogue.
type fact struct{ kind, id string }

func (a *answer) readAll(rows *sql.Rows) error {
	for rows.Next() {
		var (
			part, id string
			version  int64
			doc      []byte
		)
		if err := rows.Scan(&part, &id, &version, &doc); err != nil {
			return err
		}
		if err := a.add(part, id, version, doc); err != nil {
			return err
		}
	}
	return rows.Err()
}

// add puts one row where its part belongs. An account or a fact may come in several parts.
func (a *answer) add(part, id string, version int64, doc []byte) error {
	switch part {
	case "link":
		return a.addAccount(&a.s.ByLink, id, version, doc)
	case "email":
		return a.addAccount(&a.s.ByEmail, id, version, doc)
	case "id":
		return a.addAccount(&a.s.ByID, id, version, doc)
	}
	if f := (fact{part, id}); !a.facts[f] {
		a.facts[f] = true
		return addFact(&a.s.Facts, part, doc)
	}
	return nil
}

func (a *answer) addAccount(to *[]lmssso.Account, id string, version int64, doc []byte) error {
	account, known := a.accounts[id]
	if !known {
		if err := json.Unmarshal(doc, &account); err != nil {
			return err
		}
		account.ID, account.Version = id, version
		a.accounts[id] = account
	}
	*to = append(*to, account)
	return nil
}

// names returns what a list names: no text twice, nothing empty, nothing a database cannot hold. They are sorted, so
// that a login's statement is the same every time.
func names(list []string) []string {
	all := slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == "" || !storable(s) })
	slices.Sort(all)
	return slices.Compact(all)
}
