package store

import (
	"encoding/binary"
	"math"
	"math/bits"
	"time"
)

// table holds replay records by open addressing with linear probing. Its slots hold no pointers, so the garbage
// collector never looks into them. Nothing is removed singly: an expired slot is used again by the next record that
// passes it, and all of them go when the table is rebuilt. A quarter of the slots at least are empty, so that every
// search ends.
type table struct {
	slots    []slot
	used     int   // slots that are not empty, expired ones included
	earliest int64 // no record ends before this
	due      int64 // when expired slots are dropped even if there is room
}

// slot is one record: 24 bytes.
type slot struct {
	id    digest
	until int64 // 0: empty
}

const (
	minSlots = 8
	// tidyEvery is how long an expired record may stay in a table that records are still added to.
	tidyEvery = int64(time.Minute)
)

// home is where the search for id begins.
func (t *table) home(id digest) int {
	hi, _ := bits.Mul64(binary.LittleEndian.Uint64(id[:]), uint64(len(t.slots)))
	return int(hi)
}

func (t *table) next(i int) int {
	if i++; i < len(t.slots) {
		return i
	}
	return 0
}

// find returns the slot that holds id, expired or not; nil when there is none.
func (t *table) find(id digest) *slot {
	if t.used == 0 {
		return nil
	}
	for i := t.home(id); ; i = t.next(i) {
		s := &t.slots[i]
		if s.until == 0 {
			return nil
		}
		if s.id == id {
			return s
		}
	}
}

// live reports whether id has a record that has not ended.
func (t *table) live(id digest, now int64) bool {
	s := t.find(id)
	return s != nil && s.until > now
}

// take ends the record of id and reports whether there was a live one.
func (t *table) take(id digest, now int64) bool {
	s := t.find(id)
	if s == nil || s.until <= now {
		return false
	}
	s.until = 1 // over since 1970: still a link in the chain of its neighbours
	t.earliest = 1
	return true
}

// put records an id that has no live record, in the first slot on its way that is empty or expired. The table must have
// room. An older, expired slot of the same id may stay behind it; searches meet the new one first.
func (t *table) put(id digest, end, now int64) {
	t.earliest = min(t.earliest, end)
	i := t.home(id)
	for t.slots[i].until > now {
		i = t.next(i)
	}
	if t.slots[i].until == 0 {
		t.used++
	}
	t.slots[i] = slot{id, end}
}

// makeRoom rebuilds the table when it is three quarters full, or when it is time to drop what expired.
func (t *table) makeRoom(now int64) {
	if 4*(t.used+1) > 3*len(t.slots) || (now >= t.due && now >= t.earliest) {
		t.rebuild(now)
	}
}

// rebuild drops the expired records and leaves the others in a table that is half full.
func (t *table) rebuild(now int64) {
	live := 0
	for i := range t.slots {
		if t.slots[i].until > now {
			live++
		}
	}
	old := t.slots
	*t = table{slots: make([]slot, max(minSlots, 2*live)), earliest: math.MaxInt64, due: now + tidyEvery}
	for _, s := range old {
		if s.until > now {
			t.put(s.id, s.until, now)
		}
	}
}
