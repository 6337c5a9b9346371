package stores

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"

	"github.com/lmssso/lmssso"
)

// InMemory is the file name of a SQLite database that ends with the process.
const InMemory = ":memory:"

// database opens a SQLite file, once however many stores live in it.
func (s *Stores) database(file string) (*sql.DB, error) {
	if db, ok := s.databases[file]; ok {
		return db, nil
	}
	db, err := openSQLite(file)
	if err != nil {
		return nil, err
	}
	s.databases[file] = db
	return db, nil
}

// openSQLite opens a file for several connections that wait for each other, or a database in memory for one: every
// further connection would see another, empty one.
func openSQLite(file string) (*sql.DB, error) {
	options := url.Values{"_pragma": {"busy_timeout(5000)", "synchronous(NORMAL)"}, "_txlock": {"immediate"}}
	if file != InMemory {
		if err := create(file); err != nil {
			return nil, fmt.Errorf("the SQLite file cannot be opened: %w", err)
		}
		options.Add("_pragma", "journal_mode(WAL)")
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: file}).EscapedPath()+"?"+options.Encode())
	if err != nil {
		return nil, fmt.Errorf("the SQLite file cannot be opened: %w", err)
	}
	if file == InMemory {
		db.SetMaxOpenConns(1)
	}
	return db, nil
}

// DemoKeys returns the demonstration's keys kept in a SQLite file, made there when it has none yet: with other keys after
// every start, nothing a browser or a test kept from before would mean anything.
func DemoKeys(ctx context.Context, file string, ids []string, generate func() lmssso.Secret) (keys map[string]lmssso.Secret, err error) {
	db, err := openSQLite(file)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS academy_demo_keys (connection TEXT PRIMARY KEY, secret TEXT NOT NULL)`); err != nil {
		return nil, fmt.Errorf("the data file cannot be used: %w", err)
	}
	keys = map[string]lmssso.Secret{}
	for _, id := range ids {
		_, err := db.ExecContext(ctx, `INSERT INTO academy_demo_keys (connection, secret) VALUES ($1, $2) ON CONFLICT DO NOTHING`, id, string(generate()))
		if err != nil {
			return nil, fmt.Errorf("the data file cannot be written: %w", err)
		}
		var secret string
		if err := db.QueryRowContext(ctx, `SELECT secret FROM academy_demo_keys WHERE connection = $1`, id).Scan(&secret); err != nil {
			return nil, fmt.Errorf("the data file cannot be read: %w", err)
		}
		keys[id] = lmssso.Secret(secret)
	}
	return keys, nil
}

// create makes the file for this user alone, unless it is there: it holds people's data and this site's private keys, and
// the driver would let every user of the machine read it. Its journals take its mode.
func create(file string) error {
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}
