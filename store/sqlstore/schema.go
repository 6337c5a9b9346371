package sqlstore

import (
	"context"
	"strings"
)

// schema creates the table. BYTEA is PostgreSQL's; SQLite takes any type name and keeps bytes as bytes. Times are
// nanoseconds since 1970 by the adapter's clock. A NULL value is a replay record.
const schema = `CREATE TABLE IF NOT EXISTS {table} (id BYTEA NOT NULL PRIMARY KEY, value BYTEA, until BIGINT NOT NULL);
CREATE INDEX IF NOT EXISTS {table}_until ON {table} (until);
CREATE INDEX IF NOT EXISTS {table}_pending ON {table} (until) WHERE value IS NOT NULL`

// The statements of a store. Each is whole in itself: two callers are put in order by the row they meet at.
const (
	// add writes the row, or takes over one that ended. A live one is left alone and no row counts as written.
	add = `INSERT INTO {table} AS held (id, value, until) VALUES ($1, $2, $3)
ON CONFLICT (id) DO UPDATE SET value = excluded.value, until = excluded.until WHERE held.until <= $4`
	take = `DELETE FROM {table} WHERE id = $1 AND until > $2 RETURNING value, value IS NOT NULL`
	// sweep finds both kinds of rows along an index, so its cost does not grow with the live replay records.
	sweep = `DELETE FROM {table} WHERE id IN (
SELECT id FROM (SELECT id FROM {table} WHERE until <= $1 ORDER BY until LIMIT $2) AS ended
UNION ALL
SELECT id FROM (SELECT id FROM {table} WHERE value IS NOT NULL ORDER BY until DESC LIMIT $2 OFFSET $3) AS surplus)`
)

type statements struct {
	add, take, sweep string
}

func statementsFor(table string) statements {
	return statements{add: onTable(add, table), take: onTable(take, table), sweep: onTable(sweep, table)}
}

// onTable puts the table's name into a statement. The name has passed isName.
func onTable(statement, table string) string {
	return strings.ReplaceAll(statement, "{table}", table)
}

// Schema returns the statements that create the table and its indexes, for an application with migrations of its own.
func (s *Store) Schema() []string {
	return strings.Split(onTable(schema, s.cfg.Table), ";\n")
}

// Migrate creates the table and its indexes where they are missing. It may be called at every start.
func (s *Store) Migrate(ctx context.Context) error {
	for _, statement := range s.Schema() {
		_, err := s.cfg.DB.ExecContext(ctx, statement)
		if err != nil { // PostgreSQL refuses one of two processes that create a table at the same moment
			_, err = s.cfg.DB.ExecContext(ctx, statement)
		}
		if err != nil {
			return failed("create", err)
		}
	}
	return nil
}

// isName reports whether s is a name that needs no quoting and leaves room for a suffix in PostgreSQL's 63 bytes.
func isName(s string) bool {
	for i, c := range []byte(s) {
		letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != "" && len(s) <= 50
}
