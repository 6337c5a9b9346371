package attrs

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what one login may carry. They are far above what platforms and directories use; their purpose is that one
// login cannot fill a store.
const (
	maxTextBytes  = 4096      // one text
	maxFreeBytes  = 64 * 1024 // a bio, a learner ref or a custom field
	maxListItems  = 5000      // one list
	maxFields     = 500       // custom fields of one login
	maxFieldBytes = 256       // a custom field's name
)

// limits says which texts an attribute takes.
type limits struct {
	bytes  int
	breaks bool // tab and line breaks are allowed
}

// limitsOf returns the limits of an attribute. Bio and custom fields are prose and may have line breaks.
func limitsOf(k Key) limits {
	switch {
	case k == Bio || k == CustomFields || strings.HasPrefix(string(k), fieldPrefix):
		return limits{bytes: maxFreeBytes, breaks: true}
	case strings.HasPrefix(string(k), "ref"):
		return limits{bytes: maxFreeBytes}
	default:
		return limits{bytes: maxTextBytes}
	}
}

// check refuses a text that is too long or has characters no such attribute has: control characters
// (NUL, CR and LF are what header and mail injection is made of), and U+FFFD, which stands where a decoder lost a
// character, so that two different texts may have become one.
func (l limits) check(k Key, s string) *Error {
	if len(s) > l.bytes {
		return &Error{Key: k, Detail: "a text that is too long", Expected: fmt.Sprintf("at most %d bytes", l.bytes),
			Received: fmt.Sprintf("%d bytes", len(s))}
	}
	for _, r := range s {
		switch {
		case r == utf8.RuneError: // also what bytes that are not UTF-8 are read as
			return &Error{Key: k, Detail: "a text with a character that was lost on the way (U+FFFD)", Expected: "valid UTF-8"}
		case unicode.IsControl(r) && (!l.breaks || (r != '\t' && r != '\n' && r != '\r')):
			return &Error{Key: k, Detail: fmt.Sprintf("a text with the control character U+%04X", r)}
		}
	}
	return nil
}

// checkFieldName returns what is wrong with a custom field's name; "" when nothing is.
func checkFieldName(name string) string {
	switch {
	case name == "":
		return "an empty name"
	case len(name) > maxFieldBytes:
		return fmt.Sprintf("a name longer than %d bytes", maxFieldBytes)
	case strings.ContainsFunc(name, func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }):
		return "a name with a control or replacement character"
	default:
		return ""
	}
}
