package safelist

import "strings"

// checkPath refuses a path that somebody on the way could turn into "//host" or "/\host". A server may decode a path,
// remove its dot segments and its path parameters (RFC 3986 sections 2.4, 5.2.4 and 3.3), and redirect to what is left,
// for instance to add a slash; a browser then reads two leading slashes as a host. So the path is judged as its
// most eager reader would have it: decoded as often as it can be, backslash taken for slash.
//
//   - The first segment must not be empty, unless the path is "/" alone: //evil, /%2fevil, /%5cevil, /;/evil.
//   - No empty segment may follow a dot segment: /.//evil, /a/%2e%2e//evil.
//   - No encoded control character: /%09/evil.
func checkPath(p string) error {
	if p == "" || p == "/" {
		return nil
	}
	decoded, ok := decodeFully(p)
	if !ok {
		return ErrPath
	}
	afterDot := true
	for segment := range strings.SplitSeq(decoded[1:], "/") {
		segment, _, _ = strings.Cut(segment, ";")
		if segment == "" && afterDot {
			return ErrPath
		}
		afterDot = segment == "." || segment == ".."
	}
	return nil
}

// maxDecodings bounds how often a path can be decoded; nobody encodes three times by accident.
const maxDecodings = 3

// decodeFully undoes percent-encoding until nothing is left to undo, and turns backslashes into slashes. It reports
// false for an encoded control character and for more than maxDecodings layers.
func decodeFully(p string) (decoded string, ok bool) {
	for range maxDecodings + 1 {
		next, ok := decodeOnce(p)
		if !ok {
			return "", false
		}
		if next == p {
			return strings.ReplaceAll(p, `\`, "/"), true
		}
		p = next
	}
	return "", false
}

// decodeOnce undoes one layer. A percent sign that begins no escape stays. A path without one is returned as it is.
func decodeOnce(p string) (decoded string, ok bool) {
	if strings.IndexByte(p, '%') < 0 {
		return p, true
	}
	out := make([]byte, 0, len(p))
	for i := 0; i < len(p); i++ {
		c := p[i]
		if c == '%' && i+2 < len(p) && isHex(p[i+1]) && isHex(p[i+2]) {
			c = unhex(p[i+1])<<4 | unhex(p[i+2])
			i += 2
			if c < 0x20 || c == 0x7f {
				return "", false
			}
		}
		out = append(out, c)
	}
	return string(out), true
}

// unhex returns the value of a hexadecimal digit.
func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&^0x20 - 'A' + 10
}
