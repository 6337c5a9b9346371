package sqldir

import (
	"context"
	"strings"

	"github.com/lmssso/lmssso"
)

// schema creates the tables; {p} is the prefix. Texts are compared byte by byte, which is what both databases do unless
// told otherwise.
//
// accounts holds one row an account: the columns logins search by, and the whole account as JSON.
//
// holders decides who may have what. A row says that a link, an email or a pair ("kind") belongs to one owner, who is a
// pair or a lone account, and which account holds it on either side. The primary key allows one owner, and each owner
// two sides, so accounts that share a link or an email are always the two sides of one pair.
//
// catalogue holds what can be granted, one row an item.
const schema = `CREATE TABLE IF NOT EXISTS {p}accounts (
	id TEXT NOT NULL PRIMARY KEY, version BIGINT NOT NULL, realm TEXT NOT NULL, external_id TEXT NOT NULL,
	email TEXT NOT NULL, side TEXT NOT NULL, pair_id TEXT NOT NULL, tenant TEXT NOT NULL, doc TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS {p}accounts_link ON {p}accounts (realm, external_id);
CREATE INDEX IF NOT EXISTS {p}accounts_email ON {p}accounts (realm, email);
CREATE INDEX IF NOT EXISTS {p}accounts_pair ON {p}accounts (pair_id);
CREATE INDEX IF NOT EXISTS {p}accounts_list ON {p}accounts (email, id);
CREATE TABLE IF NOT EXISTS {p}holders (
	kind TEXT NOT NULL, realm TEXT NOT NULL, name TEXT NOT NULL, owner TEXT NOT NULL, learner TEXT, manager TEXT,
	PRIMARY KEY (kind, realm, name));
CREATE TABLE IF NOT EXISTS {p}catalogue (
	kind TEXT NOT NULL, id TEXT NOT NULL, sku TEXT NOT NULL, slug TEXT NOT NULL, tenant TEXT NOT NULL, doc TEXT NOT NULL,
	PRIMARY KEY (kind, id));
CREATE UNIQUE INDEX IF NOT EXISTS {p}catalogue_sku ON {p}catalogue (kind, sku) WHERE sku <> '';
CREATE UNIQUE INDEX IF NOT EXISTS {p}catalogue_slug ON {p}catalogue (kind, slug) WHERE slug <> ''`

// The statements that write.
const (
	// rewrite changes an account that keeps its keys: nothing but its own row.
	rewrite = `UPDATE {p}accounts SET version = version + 1, tenant = $1, doc = $2
WHERE id = $3 AND version = $4 AND realm = $5 AND external_id = $6 AND email = $7 AND side = $8 AND pair_id = $9`
	// lock takes the row's lock and returns the keys the account has so far.
	lock = `UPDATE {p}accounts SET version = version + 1 WHERE id = $1 AND version = $2
RETURNING realm, external_id, email, side, pair_id`
	replace = `UPDATE {p}accounts SET tenant = $1, doc = $2, realm = $3, external_id = $4, email = $5, side = $6, pair_id = $7
WHERE id = $8`
	insert = `INSERT INTO {p}accounts (tenant, doc, realm, external_id, email, side, pair_id, id, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1)`
	// claim gives an account a key: a new row, or the free side of a row that has the same owner. Otherwise no row
	// counts as written. {side} is learner or manager.
	claim = `INSERT INTO {p}holders AS held (kind, realm, name, owner, {side}) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (kind, realm, name) DO UPDATE SET {side} = excluded.{side}
WHERE held.owner = excluded.owner AND held.{side} IS NULL`
	// release takes the key away again, and forget removes a row that nobody holds any more.
	release = `UPDATE {p}holders SET {side} = NULL WHERE kind = $1 AND realm = $2 AND name = $3 AND {side} = $4`
	forget  = `DELETE FROM {p}holders WHERE kind = $1 AND realm = $2 AND name = $3 AND learner IS NULL AND manager IS NULL`

	clearCatalogue = `DELETE FROM {p}catalogue`
	insertFact     = `INSERT INTO {p}catalogue (kind, id, sku, slug, tenant, doc) VALUES ($1, $2, $3, $4, $5, $6)`
)

// statements are the texts above for one prefix.
type statements struct {
	prefix                                 string
	rewrite, lock, replace, insert, forget string
	clearCatalogue, insertFact             string
	claim, release                         map[lmssso.Side]string
}

func statementsFor(prefix string) statements {
	p := strings.NewReplacer("{p}", prefix).Replace
	learner := strings.NewReplacer("{p}", prefix, "{side}", string(lmssso.Learner)).Replace
	manager := strings.NewReplacer("{p}", prefix, "{side}", string(lmssso.Manager)).Replace
	return statements{
		prefix:  prefix,
		rewrite: p(rewrite), lock: p(lock), replace: p(replace), insert: p(insert), forget: p(forget),
		clearCatalogue: p(clearCatalogue), insertFact: p(insertFact),
		claim:   map[lmssso.Side]string{lmssso.Learner: learner(claim), lmssso.Manager: manager(claim)},
		release: map[lmssso.Side]string{lmssso.Learner: learner(release), lmssso.Manager: manager(release)},
	}
}

// Schema returns the statements that create the tables, for an application with migrations of its own.
func (d *Directory) Schema() []string {
	return strings.Split(strings.ReplaceAll(schema, "{p}", d.sql.prefix), ";\n")
}

// Migrate creates the tables and indexes that are missing. It may be called at every start.
func (d *Directory) Migrate(ctx context.Context) error {
	for _, statement := range d.Schema() {
		_, err := d.db.ExecContext(ctx, statement)
		if err != nil { // PostgreSQL refuses one of two processes that create a table at the same moment
			_, err = d.db.ExecContext(ctx, statement)
		}
		if err != nil {
			return failed("creating the tables", err)
		}
	}
	return nil
}
