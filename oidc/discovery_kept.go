package oidc

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/lmssso/lmssso/internal/fetch"
)

const (
	firstRetry = 5 * time.Second
	lastRetry  = time.Minute
	askEvery   = time.Minute // how often a key nobody knows makes a source ask again
)

var (
	// errReader tells that reading what was fetched panicked.
	errReader = errors.New("the document made its reader fail")
	// errLate tells that what was fetched was too old when it came: the clock was set meanwhile.
	errLate = errors.New("what was fetched is too old already")
)

// lives says how long something fetched is used.
type lives struct {
	// fresh is how long nobody asks for a newer one. After that it is asked for beside the logins.
	fresh time.Duration
	// wait is the age from which a login waits for the newer one, as long as the last try did not fail.
	wait time.Duration
	// keep is how long the last good one is used while every try to get a newer one fails.
	keep time.Duration
}

// kept is the last good reading of something that is fetched, and what is remembered of failures. It fetches on use only:
// nothing runs while nobody signs in. Any number of callers share one fetch, which none of them can cancel.
type kept[T any] struct {
	now    func() time.Time
	load   func(context.Context) (*T, error)
	same   func(a, b *T) bool // nil: changes are not watched
	lives  lives
	flight *fetch.Flight

	mu    sync.Mutex
	value *T        // replaced, never changed
	at    time.Time // when the fetch that gave it began
	// asked is when a fetch last began out of turn, changed when one last brought something else than before.
	asked, changed time.Time
	// failures counts the ones in a row; until notUntil the last one's error stands for another try.
	failures int
	notUntil time.Time
	err      error
}

// start makes it ready. It is called once, before any use.
func (k *kept[T]) start() { k.flight = fetch.NewFlight(k.refresh) }

// get returns the value, and whether the caller waited for a fetch. It waits while nothing is known that may be used.
func (k *kept[T]) get(ctx context.Context) (v *T, waited bool, err error) {
	v, settled, err := k.look(k.now())
	if settled {
		return v, false, err
	}
	err = k.flight.Wait(ctx)
	if gone := ctx.Err(); gone != nil {
		return nil, true, gone
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.usable(k.now()) {
		return k.value, true, nil
	}
	if err == nil {
		err = errLate
	}
	return nil, true, err
}

// look decides without waiting, where that can be: settled is false when a fetch must be waited for.
func (k *kept[T]) look(now time.Time) (v *T, settled bool, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	age, early := now.Sub(k.at), now.Before(k.notUntil)
	switch usable := k.usable(now); {
	case usable && (early || age >= 0 && age < k.lives.fresh):
		return k.value, true, nil
	case usable && age < k.lives.wait:
		k.flight.Start()
		return k.value, true, nil
	case early && !usable:
		return nil, true, k.err
	}
	return nil, false, nil
}

// usable reports whether something is known that is not too old.
func (k *kept[T]) usable(now time.Time) bool {
	return k.value != nil && now.Sub(k.at) < k.lives.keep
}

// again asks for a newer one out of turn, at most once a minute whatever came of it, waits for a fetch under way, and
// returns what is known then; nil when nothing may be used. changed says that it became another within the last minute.
func (k *kept[T]) again(ctx context.Context) (v *T, changed bool) {
	k.mu.Lock()
	if now := k.now(); k.asked.IsZero() || now.Before(k.asked) || now.Sub(k.asked) >= askEvery {
		k.asked = now
		k.flight.Start()
	}
	k.mu.Unlock()
	k.flight.Join(ctx)
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	if !k.usable(now) {
		return nil, false
	}
	return k.value, !k.changed.IsZero() && now.Sub(k.changed) < askEvery
}

// refresh fetches, and keeps what came or remembers the failure.
func (k *kept[T]) refresh(ctx context.Context) error {
	began := k.now()
	got, err := k.read(ctx)
	now := k.now()
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil {
		k.failures++
		k.err, k.notUntil = err, now.Add(retryAfter(k.failures))
		return err
	}
	if k.same != nil && k.value != nil && !k.same(k.value, got) {
		k.changed = now
	}
	k.value, k.at = got, began
	k.failures, k.notUntil, k.err = 0, time.Time{}, nil
	return nil
}

// read never panics: what is read comes from outside.
func (k *kept[T]) read(ctx context.Context) (got *T, err error) {
	defer func() {
		if p := recover(); p != nil {
			got, err = nil, errReader
		}
	}()
	return k.load(ctx)
}

// close ends a fetch that is under way and starts no other.
func (k *kept[T]) close() { k.flight.Close() }

// retryAfter returns how long to leave a failing server alone.
func retryAfter(failures int) time.Duration {
	if failures > 4 {
		return lastRetry
	}
	return min(firstRetry<<(failures-1), lastRetry)
}
