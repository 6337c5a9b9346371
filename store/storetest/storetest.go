// Package storetest is the conformance suite of [lmssso.SingleUse]. Whoever implements the contract over another
// database calls [Run] from a test:
//
//	func TestConformance(t *testing.T) {
//		storetest.Run(t, func(t *testing.T, now func() time.Time) lmssso.SingleUse {
//			return mystore.New(openDatabase(t), now)
//		})
//	}
//
// Time stands still in the suite except where a check moves it, so the store must ask the clock it is given, never
// its own or its server's. A bounded store passes [RunBounded] as well.
package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/lmssso/lmssso"
)

// Open returns an empty store that reads the time from now. It is called once for every check.
type Open func(t *testing.T, now func() time.Time) lmssso.SingleUse

// Run checks everything the contract promises of any store.
func Run(t *testing.T, open Open) {
	t.Helper()
	run(t, checks(), open)
}

// Bounds says how small the stores are that [RunBounded] opens. Both must be at least 2.
type Bounds struct {
	// Replays is how many replay records fit; 0 leaves the replay checks out, for a store without that bound.
	Replays int
	// Pending is how many pending logins fit; 0 leaves the eviction checks out.
	Pending int
}

// RunBounded checks what a full store does: a replay record is never forgotten early, the oldest pending login is.
func RunBounded(t *testing.T, b Bounds, open Open) {
	t.Helper()
	run(t, boundedChecks(b), open)
}

// check is one rule. It returns an error that says how the store breaks it.
type check struct {
	name string
	run  func(h *harness) error
}

func run(t *testing.T, list []check, open Open) {
	t.Helper()
	for _, c := range list {
		t.Run(c.name, func(t *testing.T) {
			clock := &clock{now: start}
			h := &harness{ctx: t.Context(), clock: clock, store: open(t, clock.Now)}
			if err := c.run(h); err != nil {
				t.Error(err)
			}
		})
	}
}

// start is any moment with a fraction that a store counting whole seconds would lose.
var start = time.Date(2026, 3, 1, 12, 0, 0, 250_000_000, time.UTC)

// clock is the time as the store sees it.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now returns the time set last.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// harness is one fresh store and its clock. Its methods say what must happen next.
type harness struct {
	ctx   context.Context
	clock *clock
	store lmssso.SingleUse
}

// add adds a record that ends ttl from now, and wants first in return.
func (h *harness) add(key string, value []byte, ttl time.Duration, first bool) error {
	got, err := h.store.Add(h.ctx, key, value, h.clock.Now().Add(ttl))
	if err != nil {
		return fmt.Errorf("Add(%.40q) failed: %w", key, err)
	}
	if got != first {
		return fmt.Errorf("Add(%.40q) returned first = %t, want %t", key, got, first)
	}
	return nil
}

// takes wants a live record with this value under key.
func (h *harness) takes(key string, value []byte) error {
	got, found, err := h.store.Take(h.ctx, key)
	switch {
	case err != nil:
		return fmt.Errorf("Take(%.40q) failed: %w", key, err)
	case !found:
		return fmt.Errorf("Take(%.40q) found nothing, want a record", key)
	case string(got) != string(value):
		return fmt.Errorf("Take(%.40q) returned %d bytes that are not the %d stored", key, len(got), len(value))
	case (got == nil) != (value == nil):
		return fmt.Errorf("Take(%.40q) returned nil = %t, want %t: a nil value and an empty one differ", key, got == nil, value == nil)
	}
	return nil
}

// findsNothing wants no live record under key.
func (h *harness) findsNothing(key string) error {
	got, found, err := h.store.Take(h.ctx, key)
	switch {
	case err != nil:
		return fmt.Errorf("Take(%.40q) failed: %w; nothing found is not an error", key, err)
	case found:
		return fmt.Errorf("Take(%.40q) found a record, want none", key)
	case got != nil:
		return fmt.Errorf("Take(%.40q) returned a value beside found = false", key)
	}
	return nil
}

// refuses wants an error from Add, and no record from it.
func (h *harness) refuses(key string, value []byte, ttl time.Duration) error {
	first, err := h.store.Add(h.ctx, key, value, h.clock.Now().Add(ttl))
	switch {
	case err == nil:
		return fmt.Errorf("Add(%.40q) for %v succeeded, want an error", key, ttl)
	case first:
		return fmt.Errorf("Add(%.40q) returned first = true beside an error", key)
	}
	return nil
}
