package safelist

import (
	"net/netip"
	"strings"

	"golang.org/x/net/idna"
)

// Lengths of DNS names in text form (RFC 1035 section 2.3.4).
const (
	maxLabel = 63
	maxName  = 253
)

// validHost reports whether a lower-case host is a DNS name or an address in its usual form. A name has letters,
// digits, "-", "_" and "." only, so an internationalized one stands in punycode: characters such as U+2100 or U+FF0F,
// which Unicode normalization turns into "a/c" and "/", cannot occur (HostSplit, CVE-2019-9636).
func validHost(host string) bool {
	if isAddress(host) {
		return true
	}
	if len(host) > maxName || endsInNumber(host) {
		return false
	}
	puny := false
	for label := range strings.SplitSeq(host, ".") {
		if !validLabel(label) {
			return false
		}
		puny = puny || strings.HasPrefix(label, "xn--")
	}
	return !puny || roundTrips(host)
}

// validLabel reports whether a label is of the right length and of allowed characters.
func validLabel(label string) bool {
	if label == "" || len(label) > maxLabel {
		return false
	}
	for i := range len(label) {
		c := label[i]
		if (c < 'a' || c > 'z') && !isDigit(c) && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// roundTrips reports whether a punycode name is the one spelling of its Unicode form (UTS 46, lookup profile). A label
// that decodes to something invalid, or to plain ASCII, is not.
func roundTrips(host string) bool {
	name, err := idna.Lookup.ToUnicode(host)
	if err != nil {
		return false
	}
	back, err := idna.Lookup.ToASCII(name)
	return err == nil && back == host
}

// isAddress reports whether the host is an IP address in the one form a browser writes it: four decimal numbers, or
// the shortest IPv6 text in brackets, without a zone.
func isAddress(host string) bool {
	_, ok := address(host)
	return ok
}

func address(host string) (netip.Addr, bool) {
	text, bracketed := strings.CutPrefix(host, "[")
	if bracketed {
		var closed bool
		if text, closed = strings.CutSuffix(text, "]"); !closed {
			return netip.Addr{}, false
		}
	} else if !endsInNumber(host) { // a name, as a rule: spares the making of an error
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(text)
	if err != nil || a.Zone() != "" || a.Is6() != bracketed || a.Is4In6() || a.String() != text {
		return netip.Addr{}, false
	}
	return a, true
}

// endsInNumber reports whether a browser would read the name as an IPv4 address: its last label is decimal or 0x and
// hexadecimal (WHATWG URL, "ends in a number checker"). 2130706433, 127.1 and 0x7f.1 are all 127.0.0.1.
func endsInNumber(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	if hex, ok := strings.CutPrefix(last, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return last != "" && strings.Trim(last, "0123456789") == ""
}

// isLoopback reports whether the host is the browser's own machine: localhost and the names below it (RFC 6761 section
// 6.3), 127.0.0.0/8, [::1].
func isLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	a, ok := address(host)
	return ok && a.IsLoopback()
}

// above returns the name one label up.
func above(host string) (parent string, ok bool) {
	_, parent, ok = strings.Cut(host, ".")
	return parent, ok
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
