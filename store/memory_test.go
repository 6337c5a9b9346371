package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/store"
	"github.com/lmssso/lmssso/store/storetest"
	"github.com/stretchr/testify/require"
)

func TestMemoryConforms(t *testing.T) {
	storetest.Run(t, func(_ *testing.T, now func() time.Time) lmssso.SingleUse {
		return store.NewMemory(store.MemoryConfig{Now: now})
	})
}

func TestBoundedMemoryConforms(t *testing.T) {
	for _, n := range []int{2, 7, 1000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			storetest.RunBounded(t, storetest.Bounds{Replays: n, Pending: n}, func(_ *testing.T, now func() time.Time) lmssso.SingleUse {
				return store.NewMemory(store.MemoryConfig{MaxReplays: n, MaxPending: n, Now: now})
			})
		})
	}
}

// noon is when the tests' clocks start.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// opened returns a store and the clock it reads.
func opened(cfg store.MemoryConfig) (*store.Memory, *time.Time) {
	now := noon
	cfg.Now = func() time.Time { return now }
	return store.NewMemory(cfg), &now
}

func TestMemoryErrorsHaveReasons(t *testing.T) {
	ctx := t.Context()
	m, _ := opened(store.MemoryConfig{MaxReplays: 1, MaxPendingBytes: 3})

	_, err := m.Add(ctx, "a", nil, noon)
	require.ErrorIs(t, err, store.ErrPast)
	require.Equal(t, lmssso.ErrExpired.Code(), lmssso.CodeOf(err))

	_, err = m.Add(ctx, "a", nil, noon.Add(time.Minute))
	require.NoError(t, err)
	_, err = m.Add(ctx, "b", nil, noon.Add(time.Minute))
	require.ErrorIs(t, err, store.ErrFull)
	require.Equal(t, lmssso.ErrUnavailable.Code(), lmssso.CodeOf(err))

	_, err = m.Add(ctx, "p", []byte("four"), noon.Add(time.Minute))
	require.ErrorIs(t, err, store.ErrFull, "a value larger than the whole bound can never fit")

	gone, cancel := context.WithCancel(ctx)
	cancel()
	_, err = m.Add(gone, "c", nil, noon.Add(time.Minute))
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, lmssso.ErrUnavailable)
	_, found, err := m.Take(gone, "a")
	require.ErrorIs(t, err, context.Canceled)
	require.False(t, found)
	_, found, err = m.Take(ctx, "a")
	require.NoError(t, err)
	require.True(t, found, "a Take that failed must not have consumed the record")
}

func TestZeroMemoryRefusesEverything(t *testing.T) {
	var m store.Memory
	for _, value := range [][]byte{nil, {}} {
		first, err := m.Add(t.Context(), "a", value, time.Now().Add(time.Hour))
		require.ErrorIs(t, err, store.ErrFull)
		require.False(t, first)
	}
	_, found, err := m.Take(t.Context(), "a")
	require.NoError(t, err)
	require.False(t, found)
}

func TestPendingBytesAreBounded(t *testing.T) {
	ctx := t.Context()
	m, _ := opened(store.MemoryConfig{MaxPendingBytes: 100})
	for i := range 30 {
		first, err := m.Add(ctx, fmt.Sprint(i), make([]byte, 10), noon.Add(time.Minute))
		require.NoError(t, err)
		require.True(t, first)
	}
	_, pending := m.Len()
	require.Equal(t, 10, pending)
	_, err := m.Add(ctx, "large", make([]byte, 100), noon.Add(time.Minute))
	require.NoError(t, err)
	_, pending = m.Len()
	require.Equal(t, 1, pending, "the older ones give way to one that needs all the room")
	value, found, err := m.Take(ctx, "large")
	require.NoError(t, err)
	require.True(t, found)
	require.Len(t, value, 100)
}

func TestExpiredRecordsAreDroppedWhileOthersArrive(t *testing.T) {
	ctx := t.Context()
	m, now := opened(store.MemoryConfig{})
	const perMinute = 2000
	for round := range 20 {
		for i := range perMinute {
			key := fmt.Sprintf("%d/%d", round, i)
			first, err := m.Add(ctx, "r"+key, nil, now.Add(time.Minute))
			require.NoError(t, err)
			require.True(t, first)
			_, err = m.Add(ctx, "p"+key, []byte("x"), now.Add(time.Minute))
			require.NoError(t, err)
		}
		*now = now.Add(time.Minute)
	}
	replays, pending := m.Len()
	require.LessOrEqual(t, replays, 2*perMinute, "40,000 records were added and 2,000 were ever live at once")
	require.LessOrEqual(t, pending, perMinute)
}

func TestTakenRecordsLeaveRoom(t *testing.T) {
	ctx := t.Context()
	m, _ := opened(store.MemoryConfig{MaxReplays: 10})
	for i := range 10_000 {
		key := fmt.Sprint(i)
		first, err := m.Add(ctx, key, nil, noon.Add(time.Hour))
		require.NoError(t, err)
		require.True(t, first)
		_, found, err := m.Take(ctx, key)
		require.NoError(t, err)
		require.True(t, found)
	}
}

func TestClocksOutsideTheRepresentableYearsStayStrict(t *testing.T) {
	ctx := t.Context()
	for name, now := range map[string]time.Time{"zero": {}, "1960": time.Date(1960, 1, 1, 0, 0, 0, 0, time.UTC), "2300": time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC)} {
		m := store.NewMemory(store.MemoryConfig{Now: func() time.Time { return now }})
		_, err := m.Add(ctx, "a", nil, now.Add(time.Hour))
		require.ErrorIs(t, err, store.ErrPast, name)
		require.False(t, errors.Is(err, store.ErrFull))
	}
}

// Example shows the two uses of a store: refusing what was seen, and finishing once what began.
func Example() {
	ctx := context.Background()
	s := store.NewMemory(store.MemoryConfig{})
	expires := time.Now().Add(10 * time.Minute)

	first, _ := s.Add(ctx, "r-token-digest", nil, expires)
	again, _ := s.Add(ctx, "r-token-digest", nil, expires)
	fmt.Println("accepted:", first, "accepted again:", again)

	_, _ = s.Add(ctx, "p-handle", []byte("return to /courses"), expires)
	state, found, _ := s.Take(ctx, "p-handle")
	_, twice, _ := s.Take(ctx, "p-handle")
	fmt.Printf("finished: %t (%s), finished twice: %t\n", found, state, twice)
	// Output:
	// accepted: true accepted again: false
	// finished: true (return to /courses), finished twice: false
}
