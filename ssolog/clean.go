package ssolog

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/lmssso/lmssso/attrs"
)

const (
	redactedMark  = "[redacted]"  // a value the policy does not keep
	removedMark   = "[removed]"   // what looks like a secret; never kept
	truncatedMark = "[truncated]" // what did not fit

	entryBytes   = 64 << 10 // text one entry may hold
	textOverhead = 32       // what a text costs beside its bytes
	nameBytes    = 200      // longest attribute name kept
	minMasked    = 4        // shorter identifiers are not looked for in sentences
)

// cleaner decides what of one attempt's texts goes into its entry. Every text of an entry passes through it.
type cleaner struct {
	values ValuePolicy
	limits Limits
	// own are the user's identifiers, masked in sentences under RedactValues.
	own []string
	// left is how many bytes of text the entry may still take.
	left int
}

// text cleans a sentence: secrets go, under [RedactValues] the user's identifiers and anything shaped like an email
// address too.
func (c *cleaner) text(s string) string {
	if c.left <= 0 {
		return truncatedMark
	}
	return c.keep(c.mask(scrub(s)), c.limits.ValueBytes)
}

// ours cleans a text of the library or of the configuration, such as the connection's id, which names no user.
func (c *cleaner) ours(s string) string { return c.keep(shown(s), c.limits.ValueBytes) }

// shown is how a text of ours appears in entries, and so in filters.
func shown(s string) string { return cut(printable(scrub(s)), nameBytes) }

// name cleans an attribute name, which is always kept.
func (c *cleaner) name(s string) string { return c.keep(c.mask(scrub(s)), nameBytes) }

// value cleans one value of the named attribute. A blank one stays blank.
func (c *cleaner) value(name, s string) string {
	switch {
	case s == "":
		return ""
	case c.values != KeepValues:
		c.left -= textOverhead
		return redactedMark
	case c.left <= 0:
		return truncatedMark // before any work is done for it
	case secretName(name):
		c.left -= textOverhead
		return removedMark
	default:
		return c.keep(scrubValue(s), c.limits.ValueBytes)
	}
}

// list cleans the values of the named attribute. Those beyond the limit become one text that counts them.
func (c *cleaner) list(name string, values []string) []string {
	out := []string{}
	for i, v := range values {
		if i == c.limits.Values {
			return append(out, moreText(len(values)-i))
		}
		out = append(out, c.value(name, v))
	}
	return out
}

// attr cleans a mapped attribute. A text with several values shows as a list.
func (c *cleaner) attr(name string, v attrs.Value, list bool) Attr {
	switch {
	case v.State() == attrs.Blank:
		return Attr{}
	case list || v.Len() > 1:
		return Attr{List: c.list(name, v.All())}
	default:
		return Attr{Text: c.value(name, v.String())}
	}
}

// attributes cleans what the provider sent. Names that become the same share their values.
func (c *cleaner) attributes(raw map[string][]string) map[string][]string {
	out := make(map[string][]string)
	more := eachName(c, raw, func(shown, name string, values []string) {
		out[shown] = append(out[shown], c.list(name, values)...)
	})
	for name, values := range out {
		if values == nil {
			out[name] = []string{}
		}
	}
	if more > 0 {
		out[truncatedMark] = []string{moreText(more)}
	}
	return out
}

// eachName calls put for the names of m in order, each as sent and as shown, until a limit is reached. It returns how
// many names were left out.
func eachName[V any](c *cleaner, m map[string]V, put func(shown, name string, v V)) (more int) {
	names := slices.Sorted(maps.Keys(m))
	for i, name := range names {
		if i == c.limits.Attributes || c.left <= 0 {
			return len(names) - i
		}
		put(c.name(name), name, m[name])
	}
	return 0
}

func moreText(n int) string { return "[" + strconv.Itoa(n) + " more]" }

// keep charges a text to the entry, makes it printable, and cuts it to max bytes.
func (c *cleaner) keep(s string, max int) string {
	if s == "" {
		return ""
	}
	if c.left <= 0 {
		return truncatedMark
	}
	s = cut(printable(s), max)
	c.left -= len(s) + textOverhead
	return strings.Clone(s) // so that a short piece does not hold a long message in memory
}

// cut shortens a text to max bytes, between two characters, and says so.
func cut(s string, max int) string {
	if len(s) <= max {
		return s
	}
	for max > 0 && !utf8.RuneStart(s[max]) {
		max--
	}
	return s[:max] + truncatedMark
}

// printable replaces invalid UTF-8, control characters and the ones that turn the writing direction around, with which a
// value could make a page show something else than it holds.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r < 0x20, r >= 0x7f && r <= 0x9f, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			return utf8.RuneError
		default:
			return r
		}
	}, s)
}

var emailLike = regexp.MustCompile(`[^\s"'<>(),;:=]+@[^\s"'<>(),;:=]+`)

// mask hides who the user is in a sentence, unless values are kept. Errors and changes name no personal value by
// contract; this is for the one that does.
func (c *cleaner) mask(s string) string {
	if c.values == KeepValues {
		return s
	}
	if strings.Contains(s, "@") {
		s = emailLike.ReplaceAllString(s, redactedMark)
	}
	for _, id := range c.own {
		if len(id) >= minMasked {
			s = maskWord(s, id)
		}
	}
	return s
}

// maskWord replaces every occurrence of word, in any case, that is not part of a longer word or number.
func maskWord(s, word string) string {
	lower, word := asciiLower(s), asciiLower(word)
	var b strings.Builder
	for from := 0; ; {
		i := strings.Index(lower[from:], word)
		if i < 0 {
			return b.String() + s[from:]
		}
		start, end := from+i, from+i+len(word)
		if start > 0 && isAlnum(s[start-1]) || end < len(s) && isAlnum(s[end]) {
			b.WriteString(s[from : start+1])
			from = start + 1
			continue
		}
		b.WriteString(s[from:start] + redactedMark)
		from = end
	}
}

// asciiLower keeps the length of s, so that positions in both are the same.
func asciiLower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
