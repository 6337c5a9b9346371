package sqlstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/store"
	"github.com/lmssso/lmssso/store/sqlstore"
	"github.com/stretchr/testify/require"
)

// database stands in for one: it notes the statements it is sent and answers each with err, or one row affected.
type database struct {
	mu         sync.Mutex
	statements []string
	err        error
	lateErr    error // reported when a query's rows are read to their end
}

func (d *database) open() *sql.DB { return sql.OpenDB(d) }

func (d *database) note(statement string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.statements = append(d.statements, statement)
	return d.err
}

func (d *database) Connect(context.Context) (driver.Conn, error) { return connection{d}, nil }
func (d *database) Driver() driver.Driver                        { return nil }

type connection struct{ d *database }

func (connection) Prepare(string) (driver.Stmt, error) { return nil, errors.New("not prepared") }
func (connection) Close() error                        { return nil }
func (connection) Begin() (driver.Tx, error)           { return nil, errors.New("no transactions") }

func (c connection) ExecContext(_ context.Context, q string, _ []driver.NamedValue) (driver.Result, error) {
	return driver.RowsAffected(1), c.d.note(q)
}

func (c connection) QueryContext(_ context.Context, q string, _ []driver.NamedValue) (driver.Rows, error) {
	return &taken{err: c.d.lateErr}, c.d.note(q)
}

// taken is the one row a Take deleted, then err: what a database reports when it could not commit.
type taken struct {
	read bool
	err  error
}

func (*taken) Columns() []string { return []string{"value", "pending"} }
func (*taken) Close() error      { return nil }
func (r *taken) Next(dest []driver.Value) error {
	if r.read {
		if r.err != nil {
			return r.err
		}
		return io.EOF
	}
	r.read = true
	dest[0], dest[1] = []byte("state"), true
	return nil
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func open(t *testing.T, d *database, cfg sqlstore.Config) *sqlstore.Store {
	t.Helper()
	cfg.DB = d.open()
	t.Cleanup(func() { require.NoError(t, cfg.DB.Close()) })
	cfg.Now = func() time.Time { return noon }
	s, err := sqlstore.New(cfg)
	require.NoError(t, err)
	return s
}

func TestNewRefusesWhatItCannotUse(t *testing.T) {
	db := (&database{}).open()
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	for name, cfg := range map[string]sqlstore.Config{
		"no database":                  {},
		"a table name that needs care": {DB: db, Table: `x"; DROP TABLE users; --`},
		"a table name with a space":    {DB: db, Table: "a b"},
		"a table name with a dot":      {DB: db, Table: "a.b"},
		"a table name from a digit":    {DB: db, Table: "1a"},
		"a long table name":            {DB: db, Table: strings.Repeat("t", 51)},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := sqlstore.New(cfg)
			require.ErrorIs(t, err, lmssso.ErrConfiguration)
			require.Nil(t, s)
		})
	}
}

func TestEachCallIsOneStatement(t *testing.T) {
	d := &database{}
	s := open(t, d, sqlstore.Config{Table: "seen"})
	_, err := s.Add(t.Context(), "key", nil, noon.Add(time.Minute))
	require.NoError(t, err)
	require.Len(t, d.statements, 1, "the replay check must cost one round trip")
	_, _, err = s.Take(t.Context(), "key")
	require.NoError(t, err)
	require.Len(t, d.statements, 2)
	for _, statement := range append(d.statements, s.Schema()...) {
		require.Contains(t, statement, "seen")
		require.NotContains(t, statement, "{")
	}
}

func TestEveryNthAddSweeps(t *testing.T) {
	for name, row := range map[string]struct{ every, want int }{
		"every third": {3, 10 + 3}, "never": {-1, 10}, "seldom unless told": {0, 10},
	} {
		t.Run(name, func(t *testing.T) {
			d := &database{}
			s := open(t, d, sqlstore.Config{SweepEvery: row.every})
			for range 10 {
				_, err := s.Add(t.Context(), "key", nil, noon.Add(time.Minute))
				require.NoError(t, err)
			}
			require.Len(t, d.statements, row.want)
		})
	}
}

func TestAFailingDatabaseFailsClosed(t *testing.T) {
	down := errors.New("password=hunter2 refused")
	s := open(t, &database{err: down}, sqlstore.Config{})
	first, err := s.Add(t.Context(), "key", nil, noon.Add(time.Minute))
	require.False(t, first)
	requireUnavailable(t, err, down)
	value, found, err := s.Take(t.Context(), "key")
	require.False(t, found)
	require.Nil(t, value)
	requireUnavailable(t, err, down)
	requireUnavailable(t, s.Sweep(t.Context(), 1), down)
	requireUnavailable(t, s.Migrate(t.Context()), down)
}

func TestTakeBelievesARowOnlyOnceItIsGone(t *testing.T) {
	lost := errors.New("commit failed")
	s := open(t, &database{lateErr: lost}, sqlstore.Config{})
	value, found, err := s.Take(t.Context(), "key")
	require.False(t, found, "the row may still be there for another Take")
	require.Nil(t, value)
	requireUnavailable(t, err, lost)
}

func requireUnavailable(t *testing.T, err, cause error) {
	t.Helper()
	require.ErrorIs(t, err, lmssso.ErrUnavailable)
	require.ErrorIs(t, err, cause)
	require.NotContains(t, err.Error(), "hunter2", "a driver's text may hold what must not be logged")
}

func TestAPastTimeAsksNothingOfTheDatabase(t *testing.T) {
	d := &database{}
	s := open(t, d, sqlstore.Config{})
	_, err := s.Add(t.Context(), "key", nil, noon)
	require.ErrorIs(t, err, store.ErrPast)
	require.Empty(t, d.statements)
}
