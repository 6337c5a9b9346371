package attrs

// login is one login while a mapper reads it: what arrived, and at which place each name the mapper knows stands in it.
// Looking every arrived name up once is much cheaper than looking for every name a mapping has.
type login struct {
	in    *Incoming
	place []int32 // by name number: 0 not there, else one more than the claim's index
}

// manyNames is how many names a mapping may have before a login's table of places is allocated on the heap.
const manyNames = 96

// note fills the table of places.
func (l *login) note(names map[string]int) {
	if len(names) > len(l.place) {
		l.place = make([]int32, len(names))
	}
	for i := range l.in.claims {
		if n, ok := names[l.in.claims[i].name]; ok {
			l.place[n] = int32(i) + 1
		}
	}
	for i := range l.in.named {
		a := &l.in.named[i]
		for _, name := range [...]string{a.Name, a.FriendlyName} {
			if n, ok := names[name]; ok {
				l.place[n] = int32(i) + 1
			}
		}
	}
}

// has reports whether a source may be there; find decides.
func (l *login) has(s *sourceName) bool {
	return l.place[s.whole] > 0 || (s.path != nil && l.place[s.first] > 0)
}

// hasAny reports whether any of the sources may be there.
func (l *login) hasAny(sources []sourceName) bool {
	for i := range sources {
		if l.has(&sources[i]) {
			return true
		}
	}
	return false
}

// find returns what one source name held, and whether it arrived. The error carries no key.
func (l *login) find(s *sourceName) (piece, bool, *Error) {
	if l.in.named != nil {
		p, found := l.in.findNamed(s.name)
		return p, found, nil
	}
	if at := l.place[s.whole]; at > 0 {
		p, err := readPiece(l.in.claims[at-1].raw)
		return p, true, err
	}
	raw, found, err := descend(l.in.claims[l.place[s.first]-1].raw, s.path[1:])
	if err != nil || !found {
		return piece{}, false, err
	}
	p, err := readPiece(raw)
	return p, true, err
}
