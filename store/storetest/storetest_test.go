package storetest

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lmssso/lmssso"
)

// plain is a correct store of the simplest kind, with a switch for every way to get it wrong.
type plain struct {
	mu       sync.Mutex
	now      func() time.Time
	max      int
	fault    string
	records  map[string]record
	sequence int
}

type record struct {
	value []byte
	until time.Time
	n     int
}

func (p *plain) is(fault string) bool { return p.fault == fault }

func (p *plain) time() time.Time {
	if p.is("asks its own clock") {
		return start
	}
	return p.now()
}

func (p *plain) key(key string) string {
	switch {
	case p.is("cuts keys"):
		return key[:min(len(key), 255)]
	case p.is("folds keys"):
		return strings.ToLower(key)
	case p.is("trims keys"):
		return strings.TrimSpace(key)
	}
	return key
}

func (p *plain) live(r record) bool {
	if p.is("keeps records past their time") {
		return !r.until.Before(p.time())
	}
	if p.is("counts whole seconds") {
		return r.until.Truncate(time.Second).After(p.time())
	}
	return r.until.After(p.time())
}

func (p *plain) Add(ctx context.Context, key string, value []byte, until time.Time) (bool, error) {
	if p.is("answers first when the caller is gone") && ctx.Err() != nil {
		return true, nil
	}
	if p.is("checks, then writes") {
		p.mu.Lock()
		r, ok := p.records[key]
		p.mu.Unlock()
		if ok && p.live(r) {
			return false, nil
		}
		for range 100 { // lets the others check as well
			runtime.Gosched()
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	key = p.key(key)
	if !until.After(p.time()) && !p.is("accepts the past") {
		return false, errors.New("past")
	}
	r, ok := p.records[key]
	if ok && p.live(r) && !p.is("checks, then writes") {
		if p.is("lengthens the record on a second Add") {
			r.until = until
			p.records[key] = r
		}
		return p.is("is always first"), nil
	}
	if p.is("never forgets") && ok {
		return false, nil
	}
	if err := p.makeRoom(value == nil); err != nil {
		return false, err
	}
	p.sequence++
	p.records[key] = record{p.keep(value), until, p.sequence}
	return true, nil
}

func (p *plain) keep(value []byte) []byte {
	switch {
	case p.is("stores the caller's slice"):
		return value
	case p.is("makes empty values nil") && len(value) == 0:
		return nil
	case p.is("stores text"):
		return []byte(strings.ToValidUTF8(string(value), "?"))
	}
	return slices.Clone(value)
}

func (p *plain) makeRoom(replay bool) error {
	if !p.is("counts ended records as room taken") {
		for key, r := range p.records {
			if !p.live(r) {
				delete(p.records, key)
			}
		}
	}
	count, oldest := 0, ""
	for key, r := range p.records {
		if (r.value == nil) != replay && !p.is("evicts whatever is oldest") {
			continue
		}
		count++
		if oldest == "" || (r.n < p.records[oldest].n) != p.is("evicts the newest") {
			oldest = key
		}
	}
	switch {
	case p.max == 0 || count < p.max:
		return nil
	case replay && !p.is("forgets replay records") && !p.is("evicts whatever is oldest"):
		return errors.New("full")
	}
	delete(p.records, oldest)
	return nil
}

func (p *plain) Take(ctx context.Context, key string) ([]byte, bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key = p.key(key)
	r, ok := p.records[key]
	if !ok || (!p.live(r) && !p.is("hands out ended records")) {
		if p.is("calls nothing found an error") {
			return nil, false, errors.New("not found")
		}
		return nil, false, nil
	}
	if !p.is("leaves taken records") {
		delete(p.records, key)
	}
	if p.is("consumes and fails when the caller is gone") && ctx.Err() != nil {
		return nil, false, nil
	}
	return r.value, true, nil
}

// TestTheSuiteFindsEveryFault runs the rules over a right store, which must keep all of them, and over wrong ones, each
// of which must break at least one.
func TestTheSuiteFindsEveryFault(t *testing.T) {
	faults := []string{
		"asks its own clock", "cuts keys", "folds keys", "trims keys", "keeps records past their time", "counts whole seconds",
		"answers first when the caller is gone", "checks, then writes", "accepts the past", "lengthens the record on a second Add",
		"is always first", "never forgets", "stores the caller's slice", "makes empty values nil", "stores text",
		"evicts whatever is oldest", "evicts the newest", "forgets replay records", "hands out ended records",
		"calls nothing found an error", "leaves taken records", "consumes and fails when the caller is gone",
		"counts ended records as room taken",
	}
	if broken := brokenRules(t, ""); len(broken) > 0 {
		t.Fatalf("a right store breaks %q", broken)
	}
	for _, fault := range faults {
		t.Run(fault, func(t *testing.T) {
			if len(brokenRules(t, fault)) == 0 {
				t.Error("no rule of the suite finds the fault")
			}
		})
	}
}

func brokenRules(t *testing.T, fault string) []string {
	var broken []string
	judge := func(list []check, max int) {
		for _, c := range list {
			if fault != "" && len(broken) > 0 {
				return // one is enough
			}
			clock := &clock{now: start}
			s := &plain{now: clock.Now, max: max, fault: fault, records: map[string]record{}}
			if err := c.run(&harness{ctx: t.Context(), clock: clock, store: s}); err != nil {
				broken = append(broken, c.name)
			}
		}
	}
	judge(checks(), 0)
	judge(boundedChecks(Bounds{Replays: 5, Pending: 5}), 5)
	return broken
}

// TestRunPassesARightStore goes through the exported door.
func TestRunPassesARightStore(t *testing.T) {
	open := func(max int) Open {
		return func(_ *testing.T, now func() time.Time) lmssso.SingleUse {
			return &plain{now: now, max: max, records: map[string]record{}}
		}
	}
	Run(t, open(0))
	RunBounded(t, Bounds{Replays: 3, Pending: 3}, open(3))
}
