package attrs

import (
	"fmt"
	"strings"
)

// Error refuses what a provider sent for one attribute. Its texts name attributes, rules and shapes ("a text of 7
// characters"), never what a person's attribute said, so they may be logged.
type Error struct {
	// Key is the attribute concerned; "" when the whole document was unreadable or the attribute is not known.
	Key Key
	// Missing says that a needed attribute came blank; otherwise it came in a form that cannot be taken.
	Missing bool
	// Detail says what was wrong, in a phrase.
	Detail string
	// Expected and Received say what would have been accepted and the shape of what came instead; both may be empty.
	Expected, Received string
}

// SSOCode returns the stable code of the refusal: "attribute-missing" or "attribute-invalid".
func (e *Error) SSOCode() string {
	if e.Missing {
		return "attribute-missing"
	}
	return "attribute-invalid"
}

// Error returns the code, the attribute and the particulars.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.SSOCode())
	if e.Key != "" {
		b.WriteString(": " + string(e.Key))
	}
	for _, part := range []struct{ label, text string }{
		{": ", e.Detail}, {"; expected ", e.Expected}, {"; received ", e.Received},
	} {
		if part.text != "" {
			b.WriteString(part.label + part.text)
		}
	}
	return b.String()
}

// maxQuoted bounds how much of a provider's attribute name an error repeats.
const maxQuoted = 64

// quoteName quotes a name a provider chose, cut to a harmless length.
func quoteName(s string) string {
	if len(s) > maxQuoted {
		return fmt.Sprintf("%.*q…", maxQuoted, s)
	}
	return fmt.Sprintf("%q", s)
}

// plural returns "1 value", "3 values".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
