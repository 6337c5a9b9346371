package sqldir

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/lmssso/lmssso"
)

// The number of accounts on a page of [Directory.Accounts].
const (
	DefaultLimit = 50
	MaxLimit     = 1000
)

// Filter says which accounts a page lists. The zero Filter is the first page of all of them.
type Filter struct {
	// Realm and Tenant, the latter an immutable id, list only the accounts in them; "" lists all.
	Realm, Tenant string
	// Search lists only accounts whose email or external id contains the text, whatever the case of its ASCII letters.
	Search string
	// After is the id of the last account of the page before; "" begins at the beginning.
	After string
	// Limit is how many accounts the page has at most; 0 is [DefaultLimit], and none is larger than [MaxLimit].
	Limit int
}

// Accounts lists accounts by email, for administrators' pages. A page shorter than its limit is the last one.
func (d *Directory) Accounts(ctx context.Context, f Filter) ([]lmssso.Account, error) {
	for _, text := range []string{f.Realm, f.Tenant, f.Search, f.After} {
		if !storable(text) {
			return nil, nil
		}
	}
	statement, args := d.listing(f)
	rows, err := d.db.QueryContext(ctx, statement, args...)
	if err != nil {
		return nil, failed("listing accounts", err)
	}
	accounts, err := readAccounts(rows)
	if err = errors.Join(err, rows.Close()); err != nil {
		return nil, failed("listing accounts", err)
	}
	return accounts, nil
}

// listing builds the statement of a page.
func (d *Directory) listing(f Filter) (string, []any) {
	q := question{prefix: d.sql.prefix}
	var where []string
	if f.Realm != "" {
		where = append(where, "realm = "+q.arg(f.Realm))
	}
	if f.Tenant != "" {
		where = append(where, "tenant = "+q.arg(f.Tenant))
	}
	if f.Search != "" {
		like := " LIKE lower(" + q.arg("%"+escapeWildcards(f.Search)+"%") + ") ESCAPE '!'"
		where = append(where, "(lower(email)"+like+" OR lower(external_id)"+like+")")
	}
	if f.After != "" {
		where = append(where, "(email, id) > (SELECT email, id FROM "+d.sql.prefix+"accounts WHERE id = "+q.arg(f.After)+")")
	}
	statement := "SELECT id, version, doc FROM " + d.sql.prefix + "accounts"
	if len(where) > 0 {
		statement += " WHERE " + strings.Join(where, " AND ")
	}
	return statement + " ORDER BY email, id LIMIT " + strconv.Itoa(f.limit()), q.args
}

// escapeWildcards makes a text match itself in LIKE.
func escapeWildcards(s string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(s)
}

func (f Filter) limit() int {
	switch {
	case f.Limit <= 0:
		return DefaultLimit
	default:
		return min(f.Limit, MaxLimit)
	}
}

func readAccounts(rows *sql.Rows) ([]lmssso.Account, error) {
	var out []lmssso.Account
	for rows.Next() {
		var (
			id, doc string
			version int64
			a       lmssso.Account
		)
		if err := rows.Scan(&id, &version, &doc); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(doc), &a); err != nil {
			return nil, err
		}
		a.ID, a.Version = id, version
		out = append(out, a)
	}
	return out, rows.Err()
}
