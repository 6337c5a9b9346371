package ssolog

import (
	"slices"
	"time"
)

// record is an entry and what the log needs to find and forget it.
type record struct {
	seq   uint64    // order of arrival
	at    time.Time // when it arrived; its age counts from here
	users []digest
	entry Entry
}

// ring keeps the latest records, in the order they arrived.
type ring struct {
	most int
	age  time.Duration
	kept []*record
}

// add keeps r. The oldest go as long as the ring is full or they are past their time.
func (g *ring) add(r *record) {
	n := 0
	for n < len(g.kept) && (len(g.kept)-n >= g.most || g.over(g.kept[n], r.at)) {
		n++
	}
	g.kept = append(slices.Delete(g.kept, 0, n), r)
}

// live returns what is not past its time, and lets the rest go. A clock that was set back may leave younger records
// before older ones, so all of them are looked at.
func (g *ring) live(now time.Time) []*record {
	g.kept = slices.DeleteFunc(g.kept, func(r *record) bool { return g.over(r, now) })
	return g.kept
}

func (g *ring) over(r *record, now time.Time) bool { return now.Sub(r.at) > g.age }
