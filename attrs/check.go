package attrs

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Fault is one mistake in a mapping.
type Fault struct {
	// Path leads to the place, such as role.from[1].
	Path string
	// Text says what is wrong, so that "path text" reads as a sentence.
	Text string
}

// String returns the path and the text.
func (f Fault) String() string { return strings.TrimSpace(f.Path + " " + f.Text) }

// Faults lists every mistake in a mapping. It is an error when it is not empty.
type Faults []Fault

// Error returns all faults, separated by semicolons.
func (f Faults) Error() string {
	texts := make([]string, len(f))
	for i, one := range f {
		texts[i] = one.String()
	}
	return "mapping: " + strings.Join(texts, "; ")
}

// under puts a place before every fault's path.
func (f Faults) under(place string) Faults {
	for i, one := range f {
		switch {
		case one.Path == "" || one.Path[0] == '[':
			f[i].Path = place + one.Path
		default:
			f[i].Path = place + "." + one.Path
		}
	}
	return f
}

func (f Faults) sorted() Faults {
	slices.SortStableFunc(f, func(a, b Fault) int { return strings.Compare(a.Path, b.Path) })
	return f
}

// pathName makes a name fit for a path: quoted when it is not a plain word.
func pathName(name string) string {
	plain := func(r rune) bool {
		return r != '.' && r != '-' && r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}
	if name == "" || len(name) > maxQuoted || strings.IndexFunc(name, plain) >= 0 {
		return quoteName(name)
	}
	return name
}

// maxNameBytes bounds the names of claims, attributes and custom fields.
const maxNameBytes = 1024

// Check returns everything that is wrong with the mapping, in the order of its keys; nil when nothing is.
func (m Mapping) Check() Faults {
	var out Faults
	kinds := catalogueKinds()
	for _, k := range m.keys() {
		out = append(out, m[k].check(k, kinds).under(pathName(string(k)))...)
	}
	return out
}

// check returns what is wrong with one source, by paths inside it.
func (s Source) check(k Key, kinds map[Key]Kind) Faults {
	kind, ok := kindOf(k, kinds)
	if !ok {
		return Faults{{Text: "is not an attribute of the catalogue"}}
	}
	out := checkFrom(s.From)
	if len(s.From) == 0 && (s.Split != "" || s.Values != nil) {
		out = append(out, Fault{Path: "from", Text: "is empty"})
	}
	if s.Split != "" {
		out = append(out, s.checkSplit(kind)...)
	}
	if s.Values != nil {
		out = append(out, s.checkValues(k, kind)...)
	}
	return out
}

// kindOf returns the kind of what a mapping key sets, and whether a mapping may have that key.
func kindOf(k Key, kinds map[Key]Kind) (Kind, bool) {
	if name, ok := k.field(); ok {
		return KindText, checkFieldName(name) == ""
	}
	kind, ok := kinds[k]
	return kind, ok
}

func catalogueKinds() map[Key]Kind {
	out := map[Key]Kind{}
	for _, a := range Catalogue() {
		out[a.Key] = a.Kind
	}
	return out
}

func checkFrom(names []string) (out Faults) {
	for i, name := range names {
		var text string
		switch {
		case name == "":
			text = "is empty"
		case len(name) > maxNameBytes:
			text = fmt.Sprintf("is longer than %d bytes", maxNameBytes)
		case strings.ContainsFunc(name, unicode.IsControl):
			text = "has a control character"
		case slices.Contains(names[:i], name):
			text = "repeats an earlier name"
		case strings.HasPrefix(name, "/") && !soundPointer(name):
			text = "is not a JSON pointer: ~ must be followed by 0 or 1"
		default:
			continue
		}
		out = append(out, Fault{Path: fmt.Sprintf("from[%d]", i), Text: text})
	}
	return out
}

func (s Source) checkSplit(kind Kind) Faults {
	switch {
	case kind == KindText && s.Values == nil:
		return Faults{{Path: "split", Text: "needs values: the attribute holds one text"}}
	case kind != KindText && kind != KindList:
		return Faults{{Path: "split", Text: "is not for an attribute of kind " + string(kind)}}
	default:
		return nil
	}
}

func (s Source) checkValues(k Key, kind Kind) (out Faults) {
	if kind != KindText && kind != KindList {
		return Faults{{Path: "values", Text: "is not for an attribute of kind " + string(kind)}}
	}
	if len(s.Values) == 0 {
		return Faults{{Path: "values", Text: "is empty, so that every value would be dropped"}}
	}
	for theirs, our := range s.Values {
		place := "values." + pathName(theirs)
		if theirs == "" {
			out = append(out, Fault{Path: place, Text: "translates the empty text, which is an order to clear"})
		}
		if our == "" {
			out = append(out, Fault{Path: place, Text: "translates to the empty text"})
		} else if err := limitsOf(k).check(k, our); err != nil {
			out = append(out, Fault{Path: place, Text: "translates to " + err.Detail})
		}
	}
	return out.sorted()
}

// soundPointer reports whether every ~ of a JSON pointer is part of an escape (RFC 6901 section 3).
func soundPointer(p string) bool {
	for {
		i := strings.IndexByte(p, '~')
		if i < 0 {
			return true
		}
		if i+1 == len(p) || (p[i+1] != '0' && p[i+1] != '1') {
			return false
		}
		p = p[i+2:]
	}
}
