package safelist

import (
	"strconv"
	"strings"
)

// parse applies every rule that does not depend on a list, and returns the rule that was broken. It changes nothing:
// what it judged is the whole of raw. A path on the same site has no origin.
func parse(raw string) (origin, error) {
	if len(raw) > MaxLength {
		return origin{}, ErrTooLong
	}
	if !validCharacters(raw) {
		return origin{}, ErrCharacter
	}
	if strings.HasPrefix(raw, "/") {
		return origin{}, checkPath(path(raw))
	}
	return parseAbsolute(raw)
}

// parseAbsolute judges scheme "://" host [":" port] [path] ["?" query] ["#" fragment].
func parseAbsolute(raw string) (origin, error) {
	scheme, rest, err := cutScheme(raw)
	if err != nil {
		return origin{}, err
	}
	authority := rest[:boundary(rest, "/?#")]
	o, err := parseAuthority(scheme, authority)
	if err != nil {
		return origin{}, err
	}
	return o, checkPath(path(rest[len(authority):]))
}

// cutScheme splits off http:// or https://. A browser reads "https:host" and "https:/host" as if the slashes were
// there (WHATWG URL, "special authority ignore slashes state"); RFC 3986 does not, so both are refused.
func cutScheme(raw string) (scheme, rest string, err error) {
	scheme, rest, ok := strings.Cut(raw, ":")
	if !ok || strings.ContainsAny(scheme, "/?#") {
		return "", "", ErrMalformed
	}
	scheme = strings.ToLower(scheme)
	if scheme != "https" && scheme != "http" {
		return "", "", ErrScheme
	}
	if rest, ok = strings.CutPrefix(rest, "//"); !ok {
		return "", "", ErrMalformed
	}
	return scheme, rest, nil
}

// parseAuthority reads host and port. User information is refused wherever "@" stands in the authority.
func parseAuthority(scheme, authority string) (origin, error) {
	if strings.Contains(authority, "@") {
		return origin{}, ErrUserInfo
	}
	host, port, hasPort := cutPort(authority)
	host = strings.ToLower(host)
	if !validHost(host) {
		return origin{}, ErrHost
	}
	o := origin{scheme, host, defaultPort(scheme)}
	if hasPort {
		n, ok := parsePort(port)
		if !ok {
			return origin{}, ErrPort
		}
		o.port = n
	}
	return o, nil
}

// cutPort splits "host:port" at the first colon behind the host; a bracketed address keeps its brackets.
func cutPort(authority string) (host, port string, hasPort bool) {
	end := 0
	if strings.HasPrefix(authority, "[") {
		end = strings.IndexByte(authority, ']') + 1
	}
	host, port, hasPort = strings.Cut(authority[end:], ":")
	return authority[:end] + host, port, hasPort
}

// parsePort reads 1 to 65535 in its shortest decimal form.
func parsePort(s string) (uint16, bool) {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n == 0 || strconv.FormatUint(n, 10) != s {
		return 0, false
	}
	return uint16(n), true
}

// defaultPort is the port a URL without one means.
func defaultPort(scheme string) uint16 {
	if scheme == "http" {
		return 80
	}
	return 443
}

// validCharacters admits the characters of RFC 3986 section 2 and complete percent escapes. That leaves out control
// characters, spaces, backslashes, quotes, angle brackets and everything beyond ASCII: browsers strip tabs and line
// ends, read a backslash as a slash, and fold some Unicode characters into "/", "?", "#" and ".".
func validCharacters(raw string) bool {
	for i := 0; i < len(raw); i++ {
		if !urlByte(raw[i]) {
			return false
		}
		if raw[i] == '%' && (i+2 >= len(raw) || !isHex(raw[i+1]) || !isHex(raw[i+2])) {
			return false
		}
	}
	return true
}

// urlByte reports whether RFC 3986 section 2 gives the byte a place in a URL: unreserved, reserved or the percent sign.
func urlByte(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return strings.IndexByte("-._~:/?#[]@!$&'()*+,;=%", c) >= 0
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// path is the part of a relative reference before its query and fragment.
func path(raw string) string { return raw[:boundary(raw, "?#")] }

// boundary is the index of the first of the characters, or the length.
func boundary(s, chars string) int {
	if i := strings.IndexAny(s, chars); i >= 0 {
		return i
	}
	return len(s)
}
