// Package store holds implementations of [lmssso.SingleUse], the small store behind two promises: a login message is
// accepted once, and a login that began is finished once.
//
// The way of a record is short. Add remembers a key until a time and says whether it was the first to do so; Take hands
// a record out and removes it. A nil value makes a replay record: a note that a message was seen. A value, even an empty
// one, makes a pending login.
//
//	first, err := s.Add(ctx, key, nil, expires) // replay guard: refuse unless first
//	first, err := s.Add(ctx, handle, state, now.Add(30*time.Minute))
//	state, found, err := s.Take(ctx, handle)    // at most one caller ever finds it
//
// [Memory] serves one process. Several processes that answer for one site must share a store, such as sqlstore, or a
// message could be accepted once by each. Package storetest has the suite every implementation must pass.
package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"math"
	"sync"
	"time"

	"github.com/lmssso/lmssso"
)

// The reasons a store refuses. Their codes tell a caller that matches nothing finer that the login failed closed.
var (
	// ErrFull refuses a record because nothing may be dropped to make room for it.
	ErrFull = lmssso.NewReason("unavailable", 503, "Signing in is not possible at the moment. Try again shortly.", "The single-use store is full of live records: raise its limit.")
	// ErrPast refuses a record whose time is over before it begins.
	ErrPast = lmssso.NewReason("expired", 403, "The sign-in took too long and is no longer valid. Start again.", "The message expired while it was checked, or the clocks of the site's machines disagree.")
)

// The limits of a [MemoryConfig] that names none.
const (
	DefaultMaxReplays      = 1 << 20
	DefaultMaxPending      = 1 << 17
	DefaultMaxPendingBytes = 64 << 20
)

// MemoryConfig bounds a [Memory]. The zero value is good for a site of up to a million logins per replay window.
type MemoryConfig struct {
	// MaxReplays is how many replay records may be live at once, of at most 50 bytes each. A store that is full refuses
	// logins rather than forget one. Zero or less: [DefaultMaxReplays].
	MaxReplays int
	// MaxPending is how many logins may be under way; the oldest gives way. Zero or less: [DefaultMaxPending].
	MaxPending int
	// MaxPendingBytes bounds their values together; a single value beyond it is refused. Zero or less:
	// [DefaultMaxPendingBytes].
	MaxPendingBytes int
	// Now is the clock; nil: time.Now. Times before 1970 count as 1970.
	Now func() time.Time
}

// Memory is a [lmssso.SingleUse] in the memory of one process, bounded and without goroutines. It forgets everything
// when the process ends, so a message could be replayed across a restart within its lifetime. It is safe for concurrent
// use. The zero Memory refuses everything; call [NewMemory].
type Memory struct {
	seed       [8]byte // unknown outside, so that nobody can aim keys at one place of a table
	now        func() time.Time
	maxReplays int

	mu      sync.Mutex
	tables  [tables]table // replay records, spread so that growing one never takes long
	reclaim int           // the table to look at next when the store is full
	replays int           // slots in use in all tables
	pending pending
}

// tables is how many tables the replay records are spread over: one for each value of a byte of the digest.
const tables = 256

// digest stands for a key: 128 bits of a SHA-256, so that two keys cannot be made to collide. A collision would refuse a
// login, never accept one.
type digest [16]byte

// NewMemory returns an empty store.
func NewMemory(cfg MemoryConfig) *Memory {
	m := &Memory{now: cfg.Now, maxReplays: positive(cfg.MaxReplays, DefaultMaxReplays)}
	if m.now == nil {
		m.now = time.Now
	}
	m.pending.max = positive(cfg.MaxPending, DefaultMaxPending)
	m.pending.maxBytes = positive(cfg.MaxPendingBytes, DefaultMaxPendingBytes)
	rand.Read(m.seed[:]) // never fails: crypto/rand ends the process instead
	return m
}

// Add implements [lmssso.SingleUse]. Its errors match [ErrPast] or [ErrFull], or carry the context's.
func (m *Memory) Add(ctx context.Context, key string, value []byte, until time.Time) (bool, error) {
	if m.now == nil {
		return false, full("a Memory that NewMemory did not make holds nothing")
	}
	if err := ctx.Err(); err != nil {
		return false, cancelled(err)
	}
	id, now, end := m.digest(key), nanos(m.now()), nanos(until)
	if end <= now {
		return false, &lmssso.Error{Reason: ErrPast, Detail: "a single-use record must end in the future"}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	t := &m.tables[id[len(id)-1]]
	if t.live(id, now) || m.pending.live(id, now) {
		return false, nil
	}
	if value != nil {
		return m.pending.add(id, value, end, now)
	}
	return m.addReplay(t, id, end, now)
}

// addReplay remembers an id that has no live record.
func (m *Memory) addReplay(t *table, id digest, end, now int64) (bool, error) {
	before := t.used
	t.makeRoom(now)
	m.replays += t.used - before
	if m.replays >= m.maxReplays && !m.reclaimOne(now) {
		return false, full("every replay record is still live")
	}
	before = t.used
	t.put(id, end, now)
	m.replays += t.used - before
	return true, nil
}

// reclaimOne drops expired replay records, one table at a time, until there is room for one more. Tables in which
// nothing can have expired cost one comparison.
func (m *Memory) reclaimOne(now int64) bool {
	for range tables {
		t := &m.tables[m.reclaim]
		m.reclaim = (m.reclaim + 1) % tables
		if now < t.earliest {
			continue
		}
		before := t.used
		t.rebuild(now)
		m.replays += t.used - before
		if m.replays < m.maxReplays {
			return true
		}
	}
	return false
}

// Take implements [lmssso.SingleUse]. Its only error is the context's; the record is then untouched.
func (m *Memory) Take(ctx context.Context, key string) (value []byte, found bool, err error) {
	if m.now == nil {
		return nil, false, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, false, cancelled(err)
	}
	id, now := m.digest(key), nanos(m.now())
	m.mu.Lock()
	defer m.mu.Unlock()
	if value, found = m.pending.take(id, now); found {
		return value, true, nil
	}
	return nil, m.tables[id[len(id)-1]].take(id, now), nil
}

// Len returns how many replay records and pending logins are held, those included that expired and were not yet
// dropped.
func (m *Memory) Len() (replays, pending int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.replays, len(m.pending.records)
}

// digest hashes the seed and the key. The protocols' keys of 44 bytes fit one block of SHA-256 with it.
func (m *Memory) digest(key string) digest {
	var room [128]byte
	sum := sha256.Sum256(append(append(room[:0], m.seed[:]...), key...))
	return digest(sum[:len(digest{})])
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

func positive(n, otherwise int) int {
	if n <= 0 {
		return otherwise
	}
	return n
}

func full(detail string) error { return &lmssso.Error{Reason: ErrFull, Detail: detail} }

func cancelled(err error) error {
	return &lmssso.Error{Reason: lmssso.ErrUnavailable, Detail: "the login was given up before the single-use store was asked", Err: err}
}
