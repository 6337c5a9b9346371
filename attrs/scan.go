package attrs

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// The scanner below walks JSON that [readable] accepted, so it needs no error for syntax. It hands out pieces of the
// one text it was given instead of building a tree: a login reads a dozen of its claims, each once.

// shape is the form a piece of JSON has.
type shape uint8

const (
	shapeNull shape = iota
	shapeText
	shapeNumber
	shapeBool
	shapeList
	shapeObject
)

// String names the shape for an error text.
func (s shape) String() string {
	return [...]string{"a null", "a text", "a number", "a boolean", "a list", "an object"}[s]
}

// readable reports whether doc is one JSON value in valid UTF-8.
func readable(doc []byte) bool { return utf8.Valid(doc) && json.Valid(doc) }

// shapeOf tells a value's form by its first byte.
func shapeOf(raw string) shape {
	switch raw[0] {
	case '"':
		return shapeText
	case '[':
		return shapeList
	case '{':
		return shapeObject
	case 't', 'f':
		return shapeBool
	case 'n':
		return shapeNull
	default:
		return shapeNumber
	}
}

// cursor walks the members of an object or the items of a list.
type cursor struct {
	text string
	at   int
}

// open starts at the first member or item of raw, which must begin with { or [.
func open(raw string) cursor { return cursor{text: raw, at: 1} }

// item returns the next item of a list; ok is false at its end.
func (c *cursor) item() (raw string, ok bool) {
	c.skip(",")
	if c.at >= len(c.text) || c.text[c.at] == ']' {
		return "", false
	}
	return c.value(), true
}

// member returns the next member of an object; ok is false at its end.
func (c *cursor) member() (name, raw string, ok bool, err error) {
	c.skip(",")
	if c.at >= len(c.text) || c.text[c.at] == '}' {
		return "", "", false, nil
	}
	name, err = unquote(c.value())
	c.skip(":")
	return name, c.value(), true, err
}

// skip passes white space and at most one of the given mark.
func (c *cursor) skip(mark string) {
	for c.at < len(c.text) {
		switch b := c.text[c.at]; {
		case b == ' ' || b == '\t' || b == '\n' || b == '\r':
		case b == mark[0]:
		default:
			return
		}
		c.at++
	}
}

// value returns the value at the cursor and passes it.
func (c *cursor) value() string {
	start := c.at
	switch c.text[c.at] {
	case '"':
		c.at = endOfText(c.text, c.at)
	case '{', '[':
		c.at = endOfGroup(c.text, c.at)
	default:
		end := strings.IndexAny(c.text[c.at:], ",]} \t\n\r")
		if end < 0 {
			end = len(c.text) - c.at
		}
		c.at += end
	}
	return c.text[start:c.at]
}

// endOfText returns the index after the text that begins at i.
func endOfText(s string, i int) int {
	for i++; s[i] != '"'; i++ {
		if s[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// endOfGroup returns the index after the object or list that begins at i.
func endOfGroup(s string, i int) int {
	for depth := 0; ; {
		switch s[i] {
		case '"':
			i = endOfText(s, i)
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		i++
		if depth == 0 {
			return i
		}
	}
}

// errSurrogate refuses half of a surrogate pair, which stands for no character: decoders disagree about what to make
// of it (RFC 8259 section 8.2), so two different texts could be taken for the same one.
var errSurrogate = errors.New("a text with half of a surrogate pair")

// unquote decodes a JSON text. Without escapes the result is a piece of raw.
func unquote(raw string) (string, error) {
	body := raw[1 : len(raw)-1]
	i := strings.IndexByte(body, '\\')
	if i < 0 {
		return body, nil
	}
	var b strings.Builder
	b.Grow(len(body))
	for i >= 0 {
		b.WriteString(body[:i])
		r, n, err := unescape(body[i:])
		if err != nil {
			return "", err
		}
		b.WriteRune(r)
		body = body[i+n:]
		i = strings.IndexByte(body, '\\')
	}
	b.WriteString(body)
	return b.String(), nil
}

// unescape decodes the escape at the start of s and returns its length.
func unescape(s string) (r rune, length int, err error) {
	switch s[1] {
	case 'b':
		return '\b', 2, nil
	case 'f':
		return '\f', 2, nil
	case 'n':
		return '\n', 2, nil
	case 'r':
		return '\r', 2, nil
	case 't':
		return '\t', 2, nil
	case 'u':
		return unescapeUnicode(s)
	default: // quotation mark, backslash, slash
		return rune(s[1]), 2, nil
	}
}

// unescapeUnicode decodes \uXXXX, or the two of a surrogate pair.
func unescapeUnicode(s string) (r rune, length int, err error) {
	r = hex4(s[2:6])
	if !utf16.IsSurrogate(r) {
		return r, 6, nil
	}
	if len(s) >= 12 && s[6] == '\\' && s[7] == 'u' {
		if pair := utf16.DecodeRune(r, hex4(s[8:12])); pair != utf8.RuneError {
			return pair, 12, nil
		}
	}
	return 0, 0, errSurrogate
}

// hex4 reads four hexadecimal digits, which the syntax check has already seen.
func hex4(s string) rune {
	n, err := strconv.ParseUint(s, 16, 16)
	if err != nil {
		return utf8.RuneError
	}
	return rune(n)
}

// isInteger reports whether a JSON number is written without fraction and exponent.
func isInteger(raw string) bool { return !strings.ContainsAny(raw, ".eE") }
