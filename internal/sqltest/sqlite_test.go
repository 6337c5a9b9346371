// Package sqltest runs the conformance suites of the database/sql adapters on SQLite. It is a module of its own so that
// no driver enters the library.
package sqltest

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"
)

// databases are the two ways SQLite is used: in memory over one connection, and in a file over several.
var databases = []struct {
	name string
	open func(t *testing.T) *sql.DB
}{{"memory", inMemory}, {"file", inFile}}

// inMemory opens a database that lives as long as its only connection.
func inMemory(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", ":memory:")
	require.NoError(t, err)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// inFile opens a file with write-ahead log, several connections and a timeout for their turns at writing.
func inFile(t *testing.T) *sql.DB {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sso.db")
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(20000)&_pragma=synchronous(NORMAL)")
	require.NoError(t, err)
	db.SetMaxOpenConns(8)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}
