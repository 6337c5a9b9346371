package lmssso

import "strings"

const maxEmail = 254

// checkEmail refuses whatever is not a plain ASCII dot-atom at a dotted host name (RFC 5321 section 4.1.2 without quoted
// strings, literals, comments, display names or lists). Look-alike letters, control characters and second addresses have
// each been used to take over accounts, so nothing is repaired.
func checkEmail(s string) bool {
	if len(s) > maxEmail {
		return false
	}
	local, domain, ok := strings.Cut(s, "@")
	return ok && len(local) <= 64 && dotAtom(local) && hostName(domain)
}

func dotAtom(s string) bool {
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" || strings.ContainsFunc(atom, func(r rune) bool { return !isAtext(r) }) {
			return false
		}
	}
	return true
}

func isAtext(r rune) bool {
	return isAlnum(r) || (r < 0x80 && strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r))
}

func isAlnum(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

// hostName accepts at least two labels of letters, digits and inner hyphens.
func hostName(s string) bool {
	labels := 0
	for l := range strings.SplitSeq(s, ".") {
		labels++
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
			return false
		}
		if strings.ContainsFunc(l, func(r rune) bool { return !isAlnum(r) && r != '-' }) {
			return false
		}
	}
	return labels >= 2
}

// lowerASCII folds ASCII letters only: strings.ToLower would turn U+212A KELVIN SIGN into "k".
func lowerASCII(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r >= 'A' && r <= 'Z' }) {
		return s
	}
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
