package safelist

import (
	"net/url"
	"slices"
	"strings"
)

// MaxLength is the length of the longest accepted target, in bytes.
const MaxLength = 2048

// Target is a place a [List] has accepted. Only [List.Check] and [List.Pair] make one; the zero Target means none.
// Targets are comparable.
type Target struct{ raw string }

// String returns the accepted text, byte for byte as it was checked; "" for none. Set it as the Location header
// yourself: http.Redirect cleans a path and so sends another text than the one that was judged. It is a stranger's
// text: do not show it in a page.
func (t Target) String() string { return t.raw }

// IsZero reports whether there is no target.
func (t Target) IsZero() bool { return t.raw == "" }

// IsRelative reports whether the target is a path on the same site. It is false for none.
func (t Target) IsRelative() bool { return strings.HasPrefix(t.raw, "/") }

// URL returns the target as net/url reads it, for looking at; nil for none. Each call returns a new copy. Send
// [Target.String], not this: writing a URL out again may change it.
func (t Target) URL() *url.URL {
	if t.IsZero() {
		return nil
	}
	u, err := url.Parse(t.raw)
	if err != nil { // what Check accepts is within what net/url reads; the fuzz test holds the two together
		return nil
	}
	return u
}

// With returns the target's text with values added to its query, in the order of their names. Everything that was there
// stays as it was, and the fragment stays last. The result is still acceptable to the list that accepted the target: a
// value that would take it past [MaxLength] is left out. None stays "".
func (t Target) With(values url.Values) string {
	if t.IsZero() {
		return ""
	}
	base, fragment, hasFragment := strings.Cut(t.raw, "#")
	if hasFragment {
		fragment = "#" + fragment
	}
	for _, name := range sortedNames(values) {
		for _, v := range values[name] {
			next := base + separator(base) + url.QueryEscape(name) + "=" + url.QueryEscape(v)
			if len(next)+len(fragment) <= MaxLength {
				base = next
			}
		}
	}
	return base + fragment
}

// separator is what must stand between a URL without fragment and one more parameter.
func separator(base string) string {
	_, query, hasQuery := strings.Cut(base, "?")
	switch {
	case !hasQuery:
		return "?"
	case query == "", strings.HasSuffix(query, "&"):
		return ""
	}
	return "&"
}

func sortedNames(values url.Values) []string {
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
