package store_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/lmssso/lmssso/store"
)

const million = 1_000_000

// keys is n keys of the shape the protocols use, a letter and 43 characters of base64url, in one text: a collection
// then finds no pointers in it and measures the store alone.
type keys string

func makeKeys(n int) keys {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "r%043d", i*7919)
	}
	return keys(b.String())
}

func (k keys) at(i int) string { return string(k[44*i : 44*i+44]) }

// guard is what the benchmarks compare: it remembers a key and says whether it was new.
type guard func(key string, until time.Time) bool

func memoryGuard(b *testing.B) guard {
	m := store.NewMemory(store.MemoryConfig{MaxReplays: 2 * million})
	return func(key string, until time.Time) bool {
		first, err := m.Add(b.Context(), key, nil, until)
		if err != nil {
			b.Fatal(err)
		}
		return first
	}
}

// mapGuard is the floor: what one would write first, without bound, expiry or a digest.
func mapGuard(*testing.B) guard {
	seen := map[string]time.Time{}
	return func(key string, until time.Time) bool {
		if end, ok := seen[key]; ok && end.After(time.Now()) {
			return false
		}
		seen[strings.Clone(key)] = until
		return true
	}
}

var guards = []struct {
	name string
	make func(*testing.B) guard
}{{"memory", memoryGuard}, {"map", mapGuard}}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}

// BenchmarkReplayMillion fills a store with a million records and reports bytes an entry, nanoseconds an insert and
// milliseconds of one forced collection with the store alive.
func BenchmarkReplayMillion(b *testing.B) {
	names := makeKeys(million)
	until := time.Now().Add(24 * time.Hour)
	for _, g := range guards {
		b.Run(g.name, func(b *testing.B) {
			for b.Loop() {
				before := heap()
				add := g.make(b)
				started := time.Now()
				for i := range million {
					add(names.at(i), until)
				}
				b.ReportMetric(float64(time.Since(started).Nanoseconds())/million, "ns/insert")
				b.ReportMetric(float64(heap()-before)/million, "B/entry")
				started = time.Now()
				runtime.GC()
				b.ReportMetric(float64(time.Since(started).Microseconds())/1000, "gc-ms")
				runtime.KeepAlive(add)
			}
		})
	}
}

// BenchmarkReplayHit asks for keys that are there: the cost of refusing a replay among a million records.
func BenchmarkReplayHit(b *testing.B) {
	names := makeKeys(million)
	until := time.Now().Add(24 * time.Hour)
	for _, g := range guards {
		b.Run(g.name, func(b *testing.B) {
			add := g.make(b)
			for i := range million {
				add(names.at(i), until)
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if add(names.at(i*7%million), until) {
					b.Fatal("a record was forgotten")
				}
				i++
			}
		})
	}
}
