package store

import (
	"container/list"
	"math"
)

// pending holds logins under way, oldest first, bounded in number and in bytes.
type pending struct {
	max, maxBytes int
	records       map[digest]*list.Element // of *login
	order         list.List                // oldest at the front
	bytes         int
	earliest      int64 // no record ends before this
}

type login struct {
	id    digest
	value []byte
	until int64
}

// live reports whether id has a record that has not ended.
func (p *pending) live(id digest, now int64) bool {
	e, ok := p.records[id]
	return ok && e.Value.(*login).until > now
}

// take removes the record of id and returns its value if it had not ended.
func (p *pending) take(id digest, now int64) ([]byte, bool) {
	e, ok := p.records[id]
	if !ok {
		return nil, false
	}
	l := p.remove(e)
	if l.until <= now {
		return nil, false
	}
	return l.value, true
}

// add records a copy of value under an id that has no live record; older logins give way.
func (p *pending) add(id digest, value []byte, end, now int64) (bool, error) {
	if len(value) > p.maxBytes {
		return false, full("a pending login is larger than all of them may be together")
	}
	if e, ok := p.records[id]; ok {
		p.remove(e)
	}
	p.makeRoom(len(value), now)
	if p.records == nil {
		p.records, p.earliest = map[digest]*list.Element{}, math.MaxInt64
	}
	l := &login{id, append(make([]byte, 0, len(value)), value...), end}
	p.records[id] = p.order.PushBack(l)
	p.bytes += len(value)
	p.earliest = min(p.earliest, end)
	return true, nil
}

// makeRoom drops what ended at the front, then, if room is still wanted, everything that ended, then the oldest.
func (p *pending) makeRoom(size int, now int64) {
	for e := p.order.Front(); e != nil && e.Value.(*login).until <= now; e = p.order.Front() {
		p.remove(e)
	}
	if p.fits(size) {
		return
	}
	if now >= p.earliest {
		p.sweep(now)
	}
	for !p.fits(size) {
		p.remove(p.order.Front())
	}
}

func (p *pending) fits(size int) bool {
	return len(p.records) < p.max && p.bytes+size <= p.maxBytes
}

// sweep removes every record that ended.
func (p *pending) sweep(now int64) {
	p.earliest = math.MaxInt64
	for e := p.order.Front(); e != nil; {
		next, l := e.Next(), e.Value.(*login)
		if l.until <= now {
			p.remove(e)
		} else {
			p.earliest = min(p.earliest, l.until)
		}
		e = next
	}
}

func (p *pending) remove(e *list.Element) *login {
	l := p.order.Remove(e).(*login)
	delete(p.records, l.id)
	p.bytes -= len(l.value)
	return l
}
