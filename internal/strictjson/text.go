package strictjson

import (
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// text reads a JSON string. A string without escapes is a piece of the document and costs no copy.
func (p *parser) text() (string, error) {
	p.at++
	start := p.at
	for p.at < len(p.src) {
		switch c := p.src[p.at]; {
		case c == '"':
			p.at++
			return p.src[start : p.at-1], nil
		case c == '\\':
			return p.escaped(start)
		case c < ' ':
			return "", p.fault(ErrSyntax)
		case c < utf8.RuneSelf:
			p.at++
		default:
			if err := p.rune(); err != nil {
				return "", err
			}
		}
	}
	return "", p.fault(ErrSyntax)
}

// rune steps over one character beyond ASCII. DecodeRune answers U+FFFD for bad bytes, and a replacement character that
// was sent as such is the trace of bad bytes further up, so both are refused alike.
func (p *parser) rune() error {
	r, size := utf8.DecodeRuneInString(p.src[p.at:])
	if r == utf8.RuneError {
		return p.fault(ErrText)
	}
	p.at += size
	return nil
}

// escaped reads the rest of a string that holds escapes.
func (p *parser) escaped(start int) (string, error) {
	var b strings.Builder
	b.WriteString(p.src[start:p.at])
	for p.at < len(p.src) {
		from := p.at
		switch c := p.src[p.at]; {
		case c == '"':
			p.at++
			return b.String(), nil
		case c == '\\':
			r, err := p.escape()
			if err != nil {
				return "", err
			}
			b.WriteRune(r)
			continue
		case c < ' ':
			return "", p.fault(ErrSyntax)
		case c < utf8.RuneSelf:
			p.at++
		default:
			if err := p.rune(); err != nil {
				return "", err
			}
		}
		b.WriteString(p.src[from:p.at])
	}
	return "", p.fault(ErrSyntax)
}

// escape reads one escape sequence.
func (p *parser) escape() (rune, error) {
	p.at++
	c := p.peek()
	p.at++
	switch c {
	case '"', '\\', '/':
		return rune(c), nil
	case 'b':
		return '\b', nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'u':
		return p.unicode()
	default:
		return 0, p.fault(ErrSyntax)
	}
}

// unicode reads the digits of \uXXXX, and the second half of a surrogate pair.
func (p *parser) unicode() (rune, error) {
	r, ok := p.hex4()
	if !ok {
		return 0, p.fault(ErrSyntax)
	}
	if utf16.IsSurrogate(r) {
		if !strings.HasPrefix(p.src[p.at:], `\u`) {
			return 0, p.fault(ErrText)
		}
		p.at += 2
		low, ok := p.hex4()
		if !ok {
			return 0, p.fault(ErrSyntax)
		}
		r = utf16.DecodeRune(r, low) // U+FFFD unless the two are a pair
	}
	if r == 0 || r == utf8.RuneError {
		return 0, p.fault(ErrText)
	}
	return r, nil
}

func (p *parser) hex4() (rune, bool) {
	if len(p.src)-p.at < 4 {
		return 0, false
	}
	var r rune
	for _, c := range []byte(p.src[p.at : p.at+4]) {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	p.at += 4
	return r, true
}

// clash compares a name with those the object at node i has already. Equal hashes are rare, so the texts seldom are
// looked at; the number of members is limited, so neither is the square a danger.
func clash(nodes []node, i int, name string, hash uint64) error {
	for j := i + 1; j < len(nodes); j = int(nodes[j].next) {
		if nodes[j].hash != hash {
			continue
		}
		if nodes[j].name == name {
			return ErrDuplicate
		}
		if foldEqual(nodes[j].name, name) {
			return ErrCaseCollision
		}
	}
	return nil
}

// foldHash is FNV-1a over the folded characters: names that fold alike have the same hash.
func foldHash(s string) uint64 {
	h := uint64(14695981039346656037)
	for _, r := range s {
		h = (h ^ uint64(fold(r))) * 1099511628211
	}
	return h
}

func foldEqual(a, b string) bool { return strings.EqualFold(a, b) }

// fold returns the smallest character that Unicode's simple folding equates with r, so that K, k and the Kelvin sign are
// one. encoding/json matches names to fields by the same rule.
func fold(r rune) rune {
	if r < utf8.RuneSelf {
		if 'a' <= r && r <= 'z' {
			r -= 'a' - 'A'
		}
		return r
	}
	for {
		next := unicode.SimpleFold(r)
		if next <= r {
			return next
		}
		r = next
	}
}
