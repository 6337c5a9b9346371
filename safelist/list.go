package safelist

// List is the set of places a browser may be sent to. The zero List and a nil *List accept only paths on the same site.
// A List never changes after it was made and may be used by any number of goroutines; to change the list of a running
// site, make a new one and swap the pointer.
type List struct {
	own       origin            // the site's own origin; the zero origin matches nothing
	entries   map[string][]rule // by host
	any       bool              // every named host is listed
	allowHTTP bool
}

// origin is scheme, host and port, with the port always written out.
type origin struct {
	scheme, host string
	port         uint16
}

// rule is one entry's reach under its host.
type rule struct {
	port  uint16 // 0: the scheme's default port
	exact bool   // not the hosts below
}

// Check judges one target. It returns the proof of acceptance or an [*Error] with the rule that was broken, never both.
// An empty string is refused with [ErrMalformed]: whether a target was given at all is the caller's to know, or
// [List.Pair]'s.
func (l *List) Check(raw string) (Target, error) {
	if rule := l.verdict(raw); rule != nil {
		return Target{}, &Error{Rule: rule}
	}
	return Target{raw: raw}, nil
}

// verdict returns the rule the target breaks; nil accepts it. It depends on nothing but the list and the text.
func (l *List) verdict(raw string) error {
	o, err := parse(raw)
	if err != nil || o.host == "" { // a path on the same site needs no list
		return err
	}
	return l.judge(o)
}

// judge decides about a well-formed absolute URL.
func (l *List) judge(o origin) error {
	if l == nil {
		l = &List{}
	}
	if o == l.own {
		return nil
	}
	if o.scheme != "https" && !l.allowHTTP {
		return ErrScheme
	}
	if !l.lists(o) {
		return ErrNotListed
	}
	return nil
}

// lists reports whether the host and port are on the list. An address that is not the site's own is never covered by
// [AllowAny]; a loopback host only in development.
func (l *List) lists(o origin) bool {
	switch {
	case !l.any:
		return l.covers(o)
	case isLoopback(o.host):
		return l.allowHTTP
	}
	return !isAddress(o.host)
}

// covers looks the host up, then each host above it, label by label: "evilexample.org" is never below "example.org".
func (l *List) covers(o origin) bool {
	for host, below := o.host, false; ; below = true {
		for _, r := range l.entries[host] {
			if r.admits(o, below) {
				return true
			}
		}
		parent, ok := above(host)
		if !ok {
			return false
		}
		host = parent
	}
}

// admits reports whether the entry reaches a host below its own, when below is set, at the origin's port.
func (r rule) admits(o origin, below bool) bool {
	if below && r.exact {
		return false
	}
	if r.port != 0 {
		return r.port == o.port
	}
	return o.port == defaultPort(o.scheme)
}
