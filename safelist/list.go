package safelist

import "golang.org/x/net/publicsuffix"

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
	for host := o.host; ; {
		if l.admits(host, o) {
			return true
		}
		var ok bool
		if host, ok = above(host); !ok {
			return false
		}
	}
}

// admits reports whether an entry for the host itself, or for a host above the origin's, reaches the origin.
func (l *List) admits(entry string, o origin) bool {
	for _, r := range l.entries[entry] {
		below := entry != o.host
		if r.admitsPort(o) && (!below || !r.exact && !strangers(entry, o.host)) {
			return true
		}
	}
	return false
}

// admitsPort compares ports: the entry's own, or the default port of the target's scheme.
func (r rule) admitsPort(o origin) bool {
	if r.port != 0 {
		return r.port == o.port
	}
	return o.port == defaultPort(o.scheme)
}

// strangers reports whether a public suffix lies between the entry and a host below it. amazonaws.com is Amazon's, but
// s3.amazonaws.com is a public suffix, so bucket.s3.amazonaws.com is anybody's.
func strangers(entry, host string) bool {
	suffix, _ := publicsuffix.PublicSuffix(host)
	return len(suffix) > len(entry)
}
