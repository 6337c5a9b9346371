package bench

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

const million = 1_000_000

// keys is n keys of the shape the verifier uses, a letter and 43 characters, in one text: a collection then finds no
// pointers in it and measures the store alone.
type keys string

func makeKeys(n int) keys {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "r%043d", i*7919)
	}
	return keys(b.String())
}

func (k keys) at(i int) string { return string(k[44*i : 44*i+44]) }

// guard remembers a key until a time and says whether it was new.
type guard func(key string, until time.Time) (bool, error)

func newMemoryGuard() guard {
	m := newMemory(2 * million)
	return func(key string, until time.Time) (bool, error) { return m.Add(background(), key, nil, until) }
}

// newMapGuard is what one would write first: a map behind a lock, without bound and never tidied.
func newMapGuard() guard {
	var mu sync.Mutex
	seen := map[string]time.Time{}
	return func(key string, until time.Time) (bool, error) {
		mu.Lock()
		defer mu.Unlock()
		if end, ok := seen[key]; ok && end.After(clock()) {
			return false, nil
		}
		seen[strings.Clone(key)] = until
		return true, nil
	}
}

var (
	errForgotten = errors.New("bench: a record was forgotten")
	errInvented  = errors.New("bench: a new key was taken for a record")
)

// fill adds n keys that must be new.
func fill(add guard, k keys, n int) error {
	until := moment.Add(24 * time.Hour)
	for i := range n {
		first, err := add(k.at(i), until)
		if err != nil {
			return err
		}
		if !first {
			return errInvented
		}
	}
	return nil
}

func liveHeap() uint64 {
	runtime.GC()
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}

// filled makes a subject of filling a guard with a million keys. It reports nanoseconds an insert, bytes an entry and
// milliseconds of a forced collection while the guard is alive.
func filled(name string, k func() keys, newGuard func() guard) Subject {
	return Subject{name, func(b *testing.B) {
		all := k()
		for b.Loop() {
			before := liveHeap()
			add := newGuard()
			started := time.Now()
			if err := fill(add, all, million); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(time.Since(started).Nanoseconds())/million, "ns/insert")
			b.ReportMetric(float64(liveHeap()-before)/million, "B/entry")
			started = time.Now()
			runtime.GC()
			b.ReportMetric(float64(time.Since(started).Microseconds())/1000, "gc-ms")
			runtime.KeepAlive(add)
		}
		runtime.KeepAlive(all)
	}}
}

func filling() Comparison {
	all := sync.OnceValue(func() keys { return makeKeys(million) })
	return Comparison{
		Name:     "replay-fill-million",
		Subjects: []Subject{filled("lmssso", all, newMemoryGuard), filled("map", all, newMapGuard)},
		Goals: []Goal{
			{Against: "map", Unit: "B/entry", Most: 52.0 / 148},
			{Against: "map", Unit: "gc-ms", Most: 0.15},
			{Against: "map", Unit: "ns/insert", Most: 1.1},
		},
	}
}

// asked makes a subject of asking for keys that are there: what refusing a replay costs among a million records. The
// guard is filled at the first call.
func asked(name string, newGuard func() guard) Subject {
	ready := sync.OnceValues(func() (guard, keys) {
		add, all := newGuard(), makeKeys(million)
		if err := fill(add, all, million); err != nil {
			panic(err)
		}
		return add, all
	})
	until := moment.Add(24 * time.Hour)
	return Subject{name, func(b *testing.B) {
		add, all := ready()
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			if first, err := add(all.at(i*7%million), until); err != nil || first {
				b.Fatal(errForgotten)
			}
			i++
		}
	}}
}

func asking() Comparison {
	return Comparison{
		Name:     "replay-hit-in-million",
		Subjects: []Subject{asked("lmssso", newMemoryGuard), asked("map", newMapGuard)},
		Goals:    []Goal{{Against: "map", Most: 1.1}},
	}
}
