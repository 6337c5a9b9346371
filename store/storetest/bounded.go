package storetest

import (
	"fmt"
	"time"
)

// boundedChecks lists the rules of a store that can be full.
func boundedChecks(b Bounds) []check {
	var list []check
	if b.Replays > 0 {
		list = append(list,
			check{"a full store refuses a replay record and forgets none", func(h *harness) error { return fullKeeps(h, b.Replays) }},
			check{"a full store has room again once records ended", func(h *harness) error { return fullRecovers(h, b.Replays) }},
			check{"a full store has room again once a record was taken", func(h *harness) error { return fullAfterTake(h, b.Replays) }},
			check{"replay records take no room from pending logins", func(h *harness) error { return separateRoom(h, b.Replays) }},
		)
	}
	if b.Pending > 0 {
		list = append(list,
			check{"the oldest pending login gives way", func(h *harness) error { return oldestGoes(h, b.Pending) }},
			check{"pending logins never push out a replay record", func(h *harness) error { return replayStays(h, b.Pending) }},
			check{"an ended pending login gives way before a live one", func(h *harness) error { return endedGoes(h, b.Pending) }},
		)
	}
	return list
}

func replayKey(i int) string  { return fmt.Sprintf("r%d", i) }
func pendingKey(i int) string { return fmt.Sprintf("p%d", i) }

// fill adds n replay records.
func fill(h *harness, n int, ttl time.Duration) error {
	for i := range n {
		if err := h.add(replayKey(i), nil, ttl, true); err != nil {
			return fmt.Errorf("record %d of %d that must fit: %w", i+1, n, err)
		}
	}
	return nil
}

func fullKeeps(h *harness, n int) error {
	if err := fill(h, n, minute); err != nil {
		return err
	}
	for i := range n {
		if err := h.refuses(fmt.Sprintf("extra%d", i), nil, time.Hour); err != nil {
			return err
		}
		if err := h.findsNothing(fmt.Sprintf("extra%d", i)); err != nil {
			return err
		}
		if err := h.add(replayKey(i), nil, minute, false); err != nil {
			return fmt.Errorf("a replay record was forgotten early: %w", err)
		}
	}
	return nil
}

func fullRecovers(h *harness, n int) error {
	return all(
		func() error { return fill(h, n-1, minute) },
		func() error { return h.add("long", nil, time.Hour, true) },
		func() error { return h.refuses("extra", nil, minute) },
		func() error { h.clock.advance(minute); return fill(h, n-1, minute) },
		func() error { return h.refuses("extra", nil, minute) },
		func() error { return h.add("long", nil, minute, false) },
	)
}

func fullAfterTake(h *harness, n int) error {
	return all(
		func() error { return fill(h, n, minute) },
		func() error { return h.takes(replayKey(n/2), nil) },
		func() error { return h.add("extra", nil, minute, true) },
		func() error { return h.refuses("another", nil, minute) },
	)
}

func separateRoom(h *harness, n int) error {
	return all(
		func() error { return fill(h, n, minute) },
		func() error { return h.add("p", []byte("x"), minute, true) },
		func() error { return h.takes("p", []byte("x")) },
	)
}

func oldestGoes(h *harness, n int) error {
	for i := range 2 * n {
		if err := h.add(pendingKey(i), []byte{byte(i)}, time.Hour, true); err != nil {
			return err
		}
		h.clock.advance(time.Second)
	}
	for i := range n {
		if err := h.findsNothing(pendingKey(i)); err != nil {
			return err
		}
		if err := h.takes(pendingKey(n+i), []byte{byte(n + i)}); err != nil {
			return err
		}
	}
	return nil
}

func replayStays(h *harness, n int) error {
	if err := h.add("replay", nil, 2*time.Hour, true); err != nil {
		return err
	}
	for i := range 3 * n {
		if err := h.add(pendingKey(i), []byte{}, time.Hour, true); err != nil {
			return err
		}
	}
	return h.add("replay", nil, minute, false)
}

func endedGoes(h *harness, n int) error {
	if err := h.add("oldest", []byte("x"), time.Hour, true); err != nil {
		return err
	}
	for i := range n - 1 {
		if err := h.add(pendingKey(i), []byte{}, minute, true); err != nil {
			return err
		}
	}
	h.clock.advance(minute)
	return all(
		func() error { return h.add("new", []byte("y"), minute, true) },
		func() error { return h.takes("oldest", []byte("x")) },
		func() error { return h.takes("new", []byte("y")) },
	)
}
