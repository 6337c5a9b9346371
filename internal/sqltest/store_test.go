package sqltest

import (
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/store/sqlstore"
	"github.com/lmssso/lmssso/store/storetest"
	"github.com/stretchr/testify/require"
)

// newStore makes a store with its table in db.
func newStore(t *testing.T, cfg sqlstore.Config) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.New(cfg)
	require.NoError(t, err)
	require.NoError(t, s.Migrate(t.Context()))
	require.NoError(t, s.Migrate(t.Context()), "a second start finds the table there")
	return s
}

func TestSingleUseConforms(t *testing.T) {
	for _, d := range databases {
		t.Run(d.name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T, now func() time.Time) lmssso.SingleUse {
				return newStore(t, sqlstore.Config{DB: d.open(t), Now: now})
			})
		})
		t.Run(d.name+", sweeping at every Add", func(t *testing.T) {
			open := func(t *testing.T, now func() time.Time) lmssso.SingleUse {
				return newStore(t, sqlstore.Config{DB: d.open(t), SweepEvery: 1, MaxPending: 100, Now: now})
			}
			storetest.Run(t, open)
			storetest.RunBounded(t, storetest.Bounds{Pending: 100}, open)
		})
	}
}

func TestProcessesShareATable(t *testing.T) {
	db := inFile(t)
	one, two := newStore(t, sqlstore.Config{DB: db}), newStore(t, sqlstore.Config{DB: db})
	until := time.Now().Add(time.Hour)
	first, err := one.Add(t.Context(), "r", nil, until)
	require.NoError(t, err)
	require.True(t, first)
	first, err = two.Add(t.Context(), "r", nil, until)
	require.NoError(t, err)
	require.False(t, first, "a message accepted by one process must not pass at another")
}

func TestSweepRemovesWhatEndedAndNothingElse(t *testing.T) {
	db := inMemory(t)
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	s := newStore(t, sqlstore.Config{DB: db, SweepEvery: -1, MaxPending: 3, Now: func() time.Time { return now }})
	for i := range 10 {
		add(t, s, fmt.Sprint("short", i), nil, now.Add(time.Minute))
		add(t, s, fmt.Sprint("long", i), nil, now.Add(time.Hour))
		add(t, s, fmt.Sprint("pending", i), []byte("x"), now.Add(time.Hour+time.Duration(i)))
	}
	now = now.Add(time.Minute)
	require.NoError(t, s.Sweep(t.Context(), 4))
	require.Equal(t, 30-4-4, count(t, db), "a sweep's work is bounded")
	for range 3 {
		require.NoError(t, s.Sweep(t.Context(), 4))
	}
	require.Equal(t, 10+3, count(t, db), "live replay records and the newest pending logins stay")
	for i := range 10 {
		_, found, err := s.Take(t.Context(), fmt.Sprint("pending", i))
		require.NoError(t, err)
		require.Equal(t, i >= 7, found)
	}
}

func TestTheTableStaysSmallUnderSteadyUse(t *testing.T) {
	db := inMemory(t)
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	s := newStore(t, sqlstore.Config{DB: db, SweepEvery: 16, Now: func() time.Time { return now }})
	for i := range 1000 {
		add(t, s, fmt.Sprint(i), nil, now.Add(50*time.Second))
		now = now.Add(time.Second)
	}
	require.LessOrEqual(t, count(t, db), 50+16+1, "fifty are live, and a sweep is due after sixteen more")
}

func TestKeysAreNotReadableInTheTable(t *testing.T) {
	db := inMemory(t)
	s := newStore(t, sqlstore.Config{DB: db})
	add(t, s, "p-secret-handle", []byte("x"), time.Now().Add(time.Hour))
	var n int
	require.NoError(t, db.QueryRow(`SELECT count(*) FROM lmssso_single_use WHERE instr(id, 'secret') > 0`).Scan(&n))
	require.Zero(t, n)
}

func TestAClosedDatabaseFailsClosed(t *testing.T) {
	db := inMemory(t)
	s := newStore(t, sqlstore.Config{DB: db})
	require.NoError(t, db.Close())
	first, err := s.Add(t.Context(), "r", nil, time.Now().Add(time.Hour))
	require.ErrorIs(t, err, lmssso.ErrUnavailable)
	require.False(t, first)
	_, found, err := s.Take(t.Context(), "r")
	require.ErrorIs(t, err, lmssso.ErrUnavailable)
	require.False(t, found)
}

func add(t *testing.T, s lmssso.SingleUse, key string, value []byte, until time.Time) {
	t.Helper()
	first, err := s.Add(t.Context(), key, value, until)
	require.NoError(t, err)
	require.True(t, first)
}

func count(t *testing.T, db *sql.DB) (n int) {
	t.Helper()
	require.NoError(t, db.QueryRow(`SELECT count(*) FROM lmssso_single_use`).Scan(&n))
	return n
}
