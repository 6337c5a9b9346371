package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"net/netip"
	"sync"
	"time"
)

// rule allows burst attempts at once, and one more after every such time.
type rule struct {
	burst int
	every time.Duration
}

// cellsPerRule bounds the memory of a rule: half a megabyte, however many names are tried.
const cellsPerRule = 1 << 16

// throttle counts attempts. A name is counted in one of a fixed number of cells, chosen by a keyed hash that strangers
// cannot predict: nothing is ever forgotten to make room, and two names that share a cell only wait for each other.
type throttle struct {
	now   func() time.Time
	rules []rule
	key   [32]byte

	mu    sync.Mutex
	cells [][]int64 // by rule: when the cell's attempts are all earned back, in nanoseconds since 1970
}

func newThrottle(now func() time.Time, rules ...rule) *throttle {
	t := &throttle{now: now, rules: rules}
	_, _ = rand.Read(t.key[:]) // never fails: crypto/rand ends the process instead
	for range rules {
		t.cells = append(t.cells, make([]int64, cellsPerRule))
	}
	return t
}

// take counts one attempt, of one name a rule, and returns 0. When any rule has none left it counts nothing and returns
// how long to wait. An attempt is counted before it is made, so that many at once find no gap.
func (t *throttle) take(names ...string) (wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now().UnixNano()
	for i, r := range t.rules {
		next := max(*t.cell(i, names[i]), now) + int64(r.every)
		wait = max(wait, time.Duration(next-now)-time.Duration(r.burst)*r.every)
	}
	if wait > 0 {
		return wait
	}
	for i, r := range t.rules {
		c := t.cell(i, names[i])
		*c = max(*c, now) + int64(r.every)
	}
	return 0
}

// giveBack returns the attempt taken, for a good password. It returns no other: signing in to an account of one's own
// must not buy attempts at somebody else's.
func (t *throttle) giveBack(names ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, r := range t.rules {
		*t.cell(i, names[i]) -= int64(r.every)
	}
}

func (t *throttle) cell(rule int, name string) *int64 {
	sum := sha256.Sum256(append(t.key[:], name...))
	return &t.cells[rule][binary.BigEndian.Uint64(sum[:])%cellsPerRule]
}

// address is whom a request is counted for: its network address, or the IPv6 network of one customer. It comes from the
// connection; a proxy in front of this backend must do the counting itself, because any client can write X-Forwarded-For.
func address(remote string) string {
	ap, err := netip.ParseAddrPort(remote)
	if err != nil {
		return "unknown"
	}
	a := ap.Addr().Unmap().WithZone("")
	if a.Is4() {
		return a.String()
	}
	return netip.PrefixFrom(a, 64).Masked().String()
}
