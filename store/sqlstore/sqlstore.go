// Package sqlstore is a [lmssso.SingleUse] on database/sql, for a site of several processes or one that must remember
// across a restart. It brings no driver: the application opens the database. The SQL is plain enough for PostgreSQL and
// for SQLite 3.35 or newer.
//
//	db, err := sql.Open("sqlite", "file:sso.db?_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)")
//	s, err := sqlstore.New(sqlstore.Config{DB: db})
//	err = s.Migrate(ctx) // at start, or by the application's own migrations from Schema
//
// Add and Take are one statement each, so the database decides which of two callers is first and no transaction is
// needed. Keys are stored as SHA-256 and say nothing to whoever reads the table; values are stored as they are.
// Processes that share a table compare times with their own clocks, so their clocks must agree as closely as the
// leeway the site allows identity providers.
package sqlstore

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"math"
	"sync/atomic"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/store"
)

// The values of a [Config] that names none.
const (
	DefaultTable      = "lmssso_single_use"
	DefaultSweepEvery = 256
	DefaultMaxPending = 100_000
)

// Config says where the records live. Only DB is required.
type Config struct {
	// DB is the database, opened by the application. New does not touch it.
	DB *sql.DB
	// Table is the table's name: letters, digits and underscores, at most 50 bytes. "" is [DefaultTable].
	Table string
	// SweepEvery makes every n-th Add of this process also remove what ended, in one further statement. 0 is
	// [DefaultSweepEvery]; a negative number never does, and the application calls Sweep itself.
	SweepEvery int
	// MaxPending is how many pending logins a sweep leaves; the oldest give way. 0 is [DefaultMaxPending]; a negative
	// number sets no bound, which is safe only where nobody can begin logins at will. Replay records have no bound but the disk's.
	MaxPending int
	// Now is the clock; nil: time.Now. Times before 1970 count as 1970.
	Now func() time.Time
}

// Store is a [lmssso.SingleUse] in a table. It is safe for concurrent use, and several processes may share the table.
type Store struct {
	cfg  Config
	stmt statements
	adds atomic.Int64
}

var _ lmssso.SingleUse = (*Store)(nil)

// New checks the configuration; its error matches [lmssso.ErrConfiguration]. The table must exist before the first Add:
// see [Store.Migrate].
func New(cfg Config) (*Store, error) {
	cfg.Table = orDefault(cfg.Table, DefaultTable)
	cfg.SweepEvery = orDefault(cfg.SweepEvery, DefaultSweepEvery)
	cfg.MaxPending = orDefault(cfg.MaxPending, DefaultMaxPending)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	switch {
	case cfg.DB == nil:
		return nil, misconfigured("DB", "a database", "nil")
	case !isName(cfg.Table):
		return nil, misconfigured("Table", "letters, digits and underscores, at most 50 bytes", "another name")
	}
	return &Store{cfg: cfg, stmt: statementsFor(cfg.Table)}, nil
}

// Add implements [lmssso.SingleUse] in one statement. An until that is not in the future is [store.ErrPast]; any other
// error matches [lmssso.ErrUnavailable] and wraps the driver's.
func (s *Store) Add(ctx context.Context, key string, value []byte, until time.Time) (bool, error) {
	now, end := nanos(s.cfg.Now()), nanos(until)
	if end <= now {
		return false, &lmssso.Error{Reason: store.ErrPast, Detail: "a single-use record must end in the future"}
	}
	id := sha256.Sum256([]byte(key))
	var stored any // NULL is a replay record
	if value != nil {
		stored = value
	}
	res, err := s.cfg.DB.ExecContext(ctx, s.stmt.add, id[:], stored, end, now)
	if err != nil {
		return false, failed("write to", err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return false, failed("write to", err)
	}
	s.sweepInTurn(ctx)
	return n == 1, nil
}

// Take implements [lmssso.SingleUse] in one statement. Its errors match [lmssso.ErrUnavailable].
func (s *Store) Take(ctx context.Context, key string) (value []byte, found bool, err error) {
	id := sha256.Sum256([]byte(key))
	rows, err := s.cfg.DB.QueryContext(ctx, s.stmt.take, id[:], nanos(s.cfg.Now()))
	if err != nil {
		return nil, false, failed("take from", err)
	}
	value, found, err = readTaken(rows)
	if err = errors.Join(err, rows.Close()); err != nil {
		return nil, false, failed("take from", err)
	}
	return value, found, nil
}

// readTaken reads the row that was deleted, if any. It reads to the end: only then has the deletion been committed.
func readTaken(rows *sql.Rows) (value []byte, found bool, err error) {
	for rows.Next() {
		var pending bool
		if err := rows.Scan(&value, &pending); err != nil {
			return nil, false, err
		}
		found = true
		if pending && value == nil {
			value = []byte{} // drivers differ in how they return an empty value
		}
	}
	return value, found, rows.Err()
}

// Sweep removes at most limit records that ended, and as many pending logins that are older than the newest MaxPending.
// Age goes by the time a login must be finished. Calling Sweep is needed only where SweepEvery is negative; it is safe at any time.
func (s *Store) Sweep(ctx context.Context, limit int) error {
	keep := int64(s.cfg.MaxPending)
	if keep < 0 {
		keep = math.MaxInt64
	}
	if _, err := s.cfg.DB.ExecContext(ctx, s.stmt.sweep, nanos(s.cfg.Now()), int64(limit), keep); err != nil {
		return failed("sweep", err)
	}
	return nil
}

// sweepInTurn sweeps after every SweepEvery-th Add, twice as many records as were added since. Its failure is not
// the login's: the answer to that is known, and the next turn sweeps again.
func (s *Store) sweepInTurn(ctx context.Context) {
	every := int64(s.cfg.SweepEvery)
	if every > 0 && s.adds.Add(1)%every == 0 {
		_ = s.Sweep(ctx, int(2*every))
	}
}

// nanos returns t in nanoseconds since 1970, at least 1 and at most what fits: the year 2262.
func nanos(t time.Time) int64 {
	switch s := t.Unix(); {
	case s < 0:
		return 1
	case s > math.MaxInt64/int64(time.Second)-1:
		return math.MaxInt64
	default:
		return max(1, t.UnixNano())
	}
}

func orDefault[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

func misconfigured(field, expected, received string) error {
	return &lmssso.Error{Reason: lmssso.ErrConfiguration, Detail: "sqlstore.Config." + field, Expected: expected, Received: received}
}

func failed(verb string, err error) error {
	return &lmssso.Error{Reason: lmssso.ErrUnavailable, Detail: "could not " + verb + " the single-use table", Err: err}
}
