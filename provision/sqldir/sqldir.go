// Package sqldir is a [provision.Directory] on database/sql: accounts and the catalogue in four tables. It brings no
// driver: the application opens the database. The SQL is plain enough for PostgreSQL and for SQLite 3.35 or newer.
//
//	db, err := sql.Open("sqlite", "file:lms.db?_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)")
//	d, err := sqldir.New(sqldir.Config{DB: db})
//	err = d.Migrate(ctx)             // at start, or by the application's own migrations from Schema
//	err = d.SetCatalogue(ctx, facts) // roles, courses, licences, tenants
//	service, err := provision.New(provision.Config{Directory: d})
//
// A login that changes nothing costs one statement, [Directory.Read]; one that changes a single account's profile or
// grants costs one more. What must be unique is kept unique by a primary key of the database, whatever its isolation
// level, and not by looking first: see [Directory.Schema].
//
// On SQLite set a busy timeout where there are several connections, and allow one connection for a database in memory.
package sqldir

import (
	"database/sql"
	"unicode/utf8"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/provision"
)

// DefaultPrefix begins the tables' names in a [Config] that names none.
const DefaultPrefix = "lmssso_"

// Config says where the directory lives. Only DB is required.
type Config struct {
	// DB is the database, opened by the application. New does not touch it.
	DB *sql.DB
	// Prefix begins the names of the tables: letters, digits and underscores, at most 40 bytes. "" is [DefaultPrefix].
	Prefix string
}

// Directory keeps accounts and the catalogue in a database. It is safe for concurrent use, and several processes may
// share the tables. Its errors match [provision.ErrStale], or [lmssso.ErrUnavailable] and the driver's own.
type Directory struct {
	db  *sql.DB
	sql statements
}

var _ provision.Directory = (*Directory)(nil)

// New checks the configuration; its error matches [lmssso.ErrConfiguration]. The tables must exist before anything else
// is called: see [Directory.Migrate].
func New(cfg Config) (*Directory, error) {
	if cfg.Prefix == "" {
		cfg.Prefix = DefaultPrefix
	}
	switch {
	case cfg.DB == nil:
		return nil, &lmssso.Error{Reason: lmssso.ErrConfiguration, Detail: "sqldir.Config.DB", Expected: "a database", Received: "nil"}
	case !isName(cfg.Prefix):
		return nil, &lmssso.Error{Reason: lmssso.ErrConfiguration, Detail: "sqldir.Config.Prefix", Expected: "letters, digits and underscores, at most 40 bytes"}
	}
	return &Directory{db: cfg.DB, sql: statementsFor(cfg.Prefix)}, nil
}

// isName reports whether s needs no quoting and leaves room for a suffix in PostgreSQL's 63 bytes.
func isName(s string) bool {
	for i, c := range []byte(s) {
		letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != "" && len(s) <= 40
}

// storable reports whether a database can hold the text as it is: PostgreSQL takes neither NUL nor broken UTF-8. Nothing
// is ever found under another text.
func storable(s string) bool {
	for i := range len(s) {
		if s[i] == 0 {
			return false
		}
	}
	return utf8.ValidString(s)
}

func failed(what string, err error) error {
	return &lmssso.Error{Reason: lmssso.ErrUnavailable, Detail: what + " failed in the database", Err: err}
}
