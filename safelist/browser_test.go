package safelist_test

import (
	"errors"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// visited is where a browser would go: the scheme, host and port it connects to.
type visited struct{ scheme, host, port string }

var errNoVisit = errors.New("a browser would not navigate")

// browse resolves raw against an https base the way the WHATWG URL Standard's basic URL parser does, as far as scheme,
// host and port are concerned. It shares no code with the package and is as lenient as a browser.
func browse(base visited, raw string) (visited, error) {
	in := strings.TrimFunc(raw, func(r rune) bool { return r <= 0x20 })
	in = strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(in)
	scheme, rest, ok := browserScheme(in)
	if !ok {
		return browseRelative(base, base.scheme, in)
	}
	switch scheme {
	case "http", "https", "ws", "wss", "ftp":
		if scheme == base.scheme && !strings.HasPrefix(rest, "//") {
			return browseRelative(base, scheme, rest)
		}
		return browserAuthority(scheme, strings.TrimLeft(rest, `/\`))
	}
	return visited{scheme: scheme}, nil // file:, javascript:, data: and all the others: no host of ours
}

// browserScheme reads letter *(letter / digit / "+" / "-" / ".") ":".
func browserScheme(in string) (scheme, rest string, ok bool) {
	for i := range len(in) {
		c := in[i] | 0x20
		switch {
		case 'a' <= c && c <= 'z':
		case i > 0 && strings.IndexByte("0123456789+-.", in[i]) >= 0:
		case i > 0 && in[i] == ':':
			return strings.ToLower(in[:i]), in[i+1:], true
		default:
			return "", "", false
		}
	}
	return "", "", false
}

// browseRelative is the "relative" and "relative slash" states of a special scheme.
func browseRelative(base visited, scheme, in string) (visited, error) {
	isSlash := func(i int) bool { return i < len(in) && (in[i] == '/' || in[i] == '\\') }
	if isSlash(0) && isSlash(1) {
		return browserAuthority(scheme, strings.TrimLeft(in, `/\`))
	}
	return base, nil
}

// browserAuthority is the "authority", "host" and "port" states.
func browserAuthority(scheme, in string) (visited, error) {
	if i := strings.IndexAny(in, `/\?#`); i >= 0 {
		in = in[:i]
	}
	in = in[strings.LastIndex(in, "@")+1:]
	host, port := in, ""
	if i := strings.LastIndexByte(in, ':'); i > strings.LastIndexByte(in, ']') {
		host, port = in[:i], in[i+1:]
		if first := strings.IndexByte(in, ':'); !strings.HasPrefix(in, "[") && first != i {
			return visited{}, errNoVisit
		}
	}
	port, err := browserPort(scheme, port)
	if err != nil {
		return visited{}, err
	}
	host, err = browserHost(host)
	return visited{scheme, host, port}, err
}

func browserPort(scheme, port string) (string, error) {
	defaults := map[string]string{"http": "80", "ws": "80", "https": "443", "wss": "443", "ftp": "21"}
	if port == "" {
		return defaults[scheme], nil
	}
	n := 0
	for _, c := range port {
		if c < '0' || c > '9' {
			return "", errNoVisit
		}
		if n = n*10 + int(c-'0'); n > 65535 {
			return "", errNoVisit
		}
	}
	return strconv.Itoa(n), nil
}

// browserHost is the host parser: percent-decoding, domain to ASCII, forbidden code points, IPv4 and IPv6.
func browserHost(host string) (string, error) {
	if strings.HasPrefix(host, "[") {
		inner, ok := strings.CutSuffix(host[1:], "]")
		a, err := netip.ParseAddr(inner)
		if !ok || err != nil || !a.Is6() || a.Zone() != "" {
			return "", errNoVisit
		}
		return "[" + a.String() + "]", nil
	}
	decoded := browserDecode(host)
	if !utf8.ValidString(decoded) {
		return "", errNoVisit
	}
	uts46 := idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false), idna.CheckHyphens(false), idna.CheckJoiners(true), idna.BidiRule())
	ascii, err := uts46.ToASCII(decoded)
	if err != nil || ascii == "" || strings.ContainsAny(ascii, "\x00\t\n\r #/:<>?@[\\]^|%\x7f") {
		return "", errNoVisit
	}
	for i := range len(ascii) {
		if ascii[i] < 0x20 {
			return "", errNoVisit
		}
	}
	return browserIPv4(ascii)
}

func browserDecode(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(n))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// browserIPv4 is the "ends in a number checker" and the IPv4 parser: octal, hexadecimal and shortened forms included.
func browserIPv4(host string) (string, error) {
	parts := strings.Split(strings.TrimSuffix(host, "."), ".")
	last := parts[len(parts)-1]
	_, err := browserNumber(last)
	if err != nil && (last == "" || strings.Trim(last, "0123456789") != "") {
		return host, nil
	}
	if len(parts) > 4 {
		return "", errNoVisit
	}
	var addr uint64
	for i, part := range parts {
		n, err := browserNumber(part)
		if err != nil {
			return "", errNoVisit
		}
		if i == len(parts)-1 {
			if n >= 1<<(8*(5-len(parts))) {
				return "", errNoVisit
			}
			addr |= n
			break
		}
		if n > 255 {
			return "", errNoVisit
		}
		addr |= n << (8 * (3 - i))
	}
	return netip.AddrFrom4([4]byte{byte(addr >> 24), byte(addr >> 16), byte(addr >> 8), byte(addr)}).String(), nil
}

func browserNumber(s string) (uint64, error) {
	if s == "" {
		return 0, errNoVisit
	}
	lower := strings.ToLower(s)
	if hex, ok := strings.CutPrefix(lower, "0x"); ok {
		if hex == "" {
			return 0, nil
		}
		return strconv.ParseUint(hex, 16, 64)
	}
	if len(s) > 1 && s[0] == '0' {
		return strconv.ParseUint(s[1:], 8, 64)
	}
	return strconv.ParseUint(s, 10, 64)
}

// eagerServer is a server behind the target that decodes the path as often as it likes, drops path parameters, removes
// dot segments and redirects to what is left. It returns every such path.
func eagerServer(u *url.URL) (redirects []string) {
	path := u.EscapedPath()
	for range 12 {
		slashed := strings.ReplaceAll(path, `\`, "/")
		redirects = append(redirects, path, removeDots(path), slashed, removeDots(slashed), removeDots(dropParameters(slashed)))
		path = browserDecode(path)
	}
	return redirects
}

func dropParameters(path string) string {
	segments := strings.Split(path, "/")
	for i, s := range segments {
		segments[i], _, _ = strings.Cut(s, ";")
	}
	return strings.Join(segments, "/")
}

// removeDots is RFC 3986 section 5.2.4 over a path that begins with a slash.
func removeDots(path string) string {
	var out []string
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, s := range segments {
		last := i == len(segments)-1
		switch s {
		case "..":
			if len(out) > 0 {
				out = out[:len(out)-1]
			}
			if last {
				out = append(out, "")
			}
		case ".":
			if last {
				out = append(out, "")
			}
		default:
			out = append(out, s)
		}
	}
	return "/" + strings.Join(out, "/")
}
