package storetest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// racers is how many goroutines ask at once.
const racers = 100

// race calls f from many goroutines at once and counts those that win.
func race(f func() (won bool, err error)) (winners int, err error) {
	var (
		wg   sync.WaitGroup
		won  atomic.Int64
		mu   sync.Mutex
		gate = make(chan struct{})
	)
	for range racers {
		wg.Go(func() {
			<-gate
			w, e := f()
			if w {
				won.Add(1)
			}
			if e != nil {
				mu.Lock()
				err = e
				mu.Unlock()
			}
		})
	}
	close(gate)
	wg.Wait()
	return int(won.Load()), err
}

func concurrentAdd(h *harness) error {
	for key, value := range map[string][]byte{"replay": nil, "pending": []byte("x")} {
		until := h.clock.Now().Add(minute)
		n, err := race(func() (bool, error) { return h.store.Add(h.ctx, key, value, until) })
		if err != nil {
			return fmt.Errorf("a concurrent Add failed: %w", err)
		}
		if n != 1 {
			return fmt.Errorf("%s record: %d of %d concurrent Adds were first, want 1", key, n, racers)
		}
	}
	return nil
}

func concurrentAddAgain(h *harness) error {
	if err := h.add("a", nil, minute, true); err != nil {
		return err
	}
	h.clock.advance(time.Hour)
	until := h.clock.Now().Add(minute)
	n, err := race(func() (bool, error) { return h.store.Add(h.ctx, "a", nil, until) })
	if err != nil {
		return fmt.Errorf("a concurrent Add failed: %w", err)
	}
	if n != 1 {
		return fmt.Errorf("%d of %d concurrent Adds were first, want 1", n, racers)
	}
	return nil
}

func concurrentTake(h *harness) error {
	if err := h.add("a", []byte("x"), minute, true); err != nil {
		return err
	}
	n, err := race(func() (bool, error) {
		_, found, err := h.store.Take(h.ctx, "a")
		return found, err
	})
	if err != nil {
		return fmt.Errorf("a concurrent Take failed: %w", err)
	}
	if n != 1 {
		return fmt.Errorf("%d of %d concurrent Takes found the record, want 1", n, racers)
	}
	return nil
}

// cancelledContext allows a store to fail or to do its work when the caller is gone, but not to answer what is not so.
func cancelledContext(h *harness) error {
	gone, cancel := context.WithCancel(h.ctx)
	cancel()
	until := h.clock.Now().Add(minute)
	if err := h.add("a", []byte("x"), minute, true); err != nil {
		return err
	}
	if first, err := h.store.Add(gone, "a", nil, until); first {
		return fmt.Errorf("an Add of a live key returned first = true, %v", err)
	}
	value, found, err := h.store.Take(gone, "a")
	if err == nil && (!found || string(value) != "x") {
		return fmt.Errorf("a Take of a live key returned found = %t and no error", found)
	}
	if err != nil && (found || value != nil) {
		return fmt.Errorf("a Take returned a record beside an error")
	}
	first, err := h.store.Add(gone, "new", nil, until)
	if err != nil && first {
		return fmt.Errorf("an Add returned first = true beside an error")
	}
	if err == nil {
		return h.add("new", nil, minute, !first)
	}
	return nil
}
