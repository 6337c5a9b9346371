package storetest

import (
	"bytes"
	"fmt"
	"strings"
	"time"
)

const minute = time.Minute

// checks lists the rules every store keeps.
func checks() []check {
	return []check{
		{"only the first Add of a key is first", onlyFirst},
		{"a record is live until its time and no longer", exactEnd},
		{"a key can be added again once its record ended", againAfterEnd},
		{"a record is as long as its own time says", ownTime},
		{"a refused Add leaves the record as it was", refusedAddKeeps},
		{"Add with a time that is not in the future is an error", pastIsError},
		{"a far time is kept", farTime},
		{"Take returns a record once", takeOnce},
		{"Take of an ended record finds nothing", takeEnded},
		{"a key can be added again once it was taken", againAfterTake},
		{"a replay record and a pending login share one set of keys", oneNamespace},
		{"a nil value and an empty one differ", nilAndEmpty},
		{"any bytes come back as they went in", anyBytes},
		{"the store keeps a copy of the value", keepsCopy},
		{"keys that look alike are different", keyIsolation},
		{"many records do not disturb each other", manyRecords},
		{"of many concurrent Adds of one key one is first", concurrentAdd},
		{"of many concurrent Adds over an ended record one is first", concurrentAddAgain},
		{"of many concurrent Takes of one key one finds it", concurrentTake},
		{"with a cancelled context the answer is an error or true", cancelledContext},
	}
}

// all runs steps in order until one fails.
func all(steps ...func() error) error {
	for i, step := range steps {
		if err := step(); err != nil {
			return fmt.Errorf("step %d: %w", i+1, err)
		}
	}
	return nil
}

func onlyFirst(h *harness) error {
	return all(
		func() error { return h.add("a", nil, minute, true) },
		func() error { return h.add("a", nil, minute, false) },
		func() error { return h.add("a", nil, minute, false) },
		func() error { return h.add("b", []byte("x"), minute, true) },
		func() error { return h.add("b", []byte("x"), minute, false) },
	)
}

func exactEnd(h *harness) error {
	for key, value := range map[string][]byte{"replay": nil, "pending": []byte("x")} {
		err := all(
			func() error { return h.add(key, value, minute, true) },
			func() error { h.clock.advance(minute - 1); return h.add(key, value, minute, false) },
			func() error { h.clock.advance(1); return h.findsNothing(key) },
			func() error { return h.add(key, value, minute, true) },
		)
		if err != nil {
			return fmt.Errorf("%s record: %w", key, err)
		}
	}
	return nil
}

func againAfterEnd(h *harness) error {
	return all(
		func() error { return h.add("a", []byte("old"), minute, true) },
		func() error { return h.add("b", nil, minute, true) },
		func() error { h.clock.advance(time.Hour); return h.add("a", []byte("new"), minute, true) },
		func() error { return h.add("b", nil, minute, true) },
		func() error { return h.add("b", nil, minute, false) },
		func() error { return h.takes("a", []byte("new")) },
	)
}

func ownTime(h *harness) error {
	return all(
		func() error { return h.add("long", nil, time.Hour, true) },
		func() error { return h.add("short", nil, time.Second, true) },
		func() error { return h.add("middle", []byte("m"), minute, true) },
		func() error { h.clock.advance(2 * time.Second); return h.add("short", nil, minute, true) },
		func() error { return h.takes("middle", []byte("m")) },
		func() error { return h.add("long", nil, minute, false) },
	)
}

func refusedAddKeeps(h *harness) error {
	return all(
		func() error { return h.add("a", []byte("one"), minute, true) },
		func() error { return h.add("a", []byte("two"), time.Hour, false) },
		func() error { return h.takes("a", []byte("one")) },
		func() error { return h.add("b", nil, minute, true) },
		func() error { return h.add("b", nil, time.Hour, false) },
		func() error { h.clock.advance(minute); return h.add("b", nil, minute, true) },
	)
}

func pastIsError(h *harness) error {
	return all(
		func() error { return h.refuses("a", nil, 0) },
		func() error { return h.refuses("a", nil, -1) },
		func() error { return h.refuses("a", []byte("x"), -time.Hour) },
		func() error { return h.findsNothing("a") },
		func() error { return h.add("a", nil, minute, true) },
		func() error { return h.refuses("a", nil, 0) },
		func() error { return h.add("a", nil, minute, false) },
		func() error {
			if first, err := h.store.Add(h.ctx, "zero", nil, time.Time{}); err == nil || first {
				return fmt.Errorf("an Add with the zero time returned first = %t, %v; want an error", first, err)
			}
			return nil
		},
	)
}

func farTime(h *harness) error {
	const century = 100 * 365 * 24 * time.Hour
	far := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC).Sub(h.clock.Now()) // as long as a Duration reaches
	return all(
		func() error { return h.add("a", nil, far, true) },
		func() error {
			_, err := h.store.Add(h.ctx, "b", nil, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC))
			return err
		},
		func() error { h.clock.advance(century); return h.add("a", nil, minute, false) },
		func() error { return h.add("b", nil, minute, false) },
	)
}

func takeOnce(h *harness) error {
	return all(
		func() error { return h.findsNothing("a") },
		func() error { return h.add("a", []byte("x"), minute, true) },
		func() error { return h.takes("a", []byte("x")) },
		func() error { return h.findsNothing("a") },
		func() error { return h.add("r", nil, minute, true) },
		func() error { return h.takes("r", nil) },
		func() error { return h.findsNothing("r") },
	)
}

func takeEnded(h *harness) error {
	return all(
		func() error { return h.add("a", []byte("x"), minute, true) },
		func() error { return h.add("r", nil, minute, true) },
		func() error { h.clock.advance(minute); return h.findsNothing("a") },
		func() error { return h.findsNothing("r") },
		func() error { return h.findsNothing("a") },
	)
}

func againAfterTake(h *harness) error {
	return all(
		func() error { return h.add("a", []byte("x"), minute, true) },
		func() error { return h.takes("a", []byte("x")) },
		func() error { return h.add("a", []byte("y"), minute, true) },
		func() error { return h.takes("a", []byte("y")) },
		func() error { return h.add("a", nil, minute, true) },
		func() error { return h.takes("a", nil) },
		func() error { return h.add("a", nil, minute, true) },
		func() error { return h.add("a", nil, minute, false) },
	)
}

func oneNamespace(h *harness) error {
	return all(
		func() error { return h.add("a", nil, minute, true) },
		func() error { return h.add("a", []byte("x"), minute, false) },
		func() error { return h.takes("a", nil) },
		func() error { return h.add("b", []byte("x"), minute, true) },
		func() error { return h.add("b", nil, minute, false) },
		func() error { h.clock.advance(minute); return h.add("b", nil, minute, true) },
		func() error { return h.takes("b", nil) },
		func() error { return h.findsNothing("b") },
	)
}

func nilAndEmpty(h *harness) error {
	return all(
		func() error { return h.add("nil", nil, minute, true) },
		func() error { return h.add("empty", []byte{}, minute, true) },
		func() error { return h.add("empty", []byte{}, minute, false) },
		func() error { return h.takes("nil", nil) },
		func() error { return h.takes("empty", []byte{}) },
	)
}

func anyBytes(h *harness) error {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	for name, value := range map[string][]byte{
		"every byte": every,
		"zeros":      make([]byte, 7),
		"digits":     []byte("0123"),
		"not UTF-8":  {0xff, 0xfe, 0x00, 0xc3},
		"4 KB":       bytes.Repeat(every, 16),
	} {
		err := all(
			func() error { return h.add(name, value, minute, true) },
			func() error { return h.takes(name, value) },
		)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func keepsCopy(h *harness) error {
	value := []byte("before")
	return all(
		func() error { return h.add("a", value, minute, true) },
		func() error { copy(value, "after!"); return h.takes("a", []byte("before")) },
	)
}

func keyIsolation(h *harness) error {
	long := strings.Repeat("k", 1000)
	keys := []string{
		"", " ", "r", "p", "rA", "ra", "pA", "r A", "rA ", "rA\n", "rA\x00", "rA\x00b", "\x00", "\xff", "\xfe",
		"%", "_", "*", "'", `"`, "\\", "é", "e\u0301", "1", "01", "1.0", long, long + "x", long + "y", "x" + long,
	}
	for i, key := range keys {
		if err := h.add(key, []byte{byte(i)}, minute, true); err != nil {
			return err
		}
	}
	for i, key := range keys {
		if err := h.takes(key, []byte{byte(i)}); err != nil {
			return err
		}
	}
	return nil
}

func manyRecords(h *harness) error {
	const n = 200
	key := func(i int) string { return fmt.Sprintf("r%d", i) }
	for i := range n {
		ttl := minute
		if i%2 == 0 {
			ttl = time.Hour
		}
		if err := h.add(key(i), nil, ttl, true); err != nil {
			return err
		}
	}
	h.clock.advance(minute)
	for i := range n {
		if err := h.add(key(i), nil, time.Hour, i%2 == 1); err != nil {
			return err
		}
	}
	return nil
}
