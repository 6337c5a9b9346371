package attrs

import (
	"iter"
	"slices"
	"strings"
)

// Set is what one login said, attribute by attribute, after its provider's names were mapped to the catalogue's.
// The zero Set says nothing.
type Set struct {
	// said holds the attributes mentioned, each once. For the dozen a login has, a list is quicker to make and to search
	// than a map.
	said []mention
	// Fields holds the custom fields mentioned, by name; nil when none was. One not in the map is absent.
	Fields map[string]Value
	// Warnings name what was tolerated.
	Warnings []Warning
}

// mention is one attribute that is not absent.
type mention struct {
	key   Key
	value Value
}

// SetOf returns a set that says these attributes and nothing else.
func SetOf(values map[Key]Value) Set {
	var s Set
	for k, v := range values {
		s.Put(k, v)
	}
	return s
}

// Get returns the value of an attribute; absent when the login did not mention it. Flags are "true", "false" or blank.
func (s Set) Get(k Key) Value {
	for i := range s.said {
		if s.said[i].key == k {
			return s.said[i].value
		}
	}
	return Value{}
}

// Put sets an attribute; an absent value takes it away.
func (s *Set) Put(k Key, v Value) {
	i := slices.IndexFunc(s.said, func(m mention) bool { return m.key == k })
	switch {
	case i < 0 && !v.IsAbsent():
		s.said = append(s.said, mention{k, v})
	case i >= 0 && v.IsAbsent():
		s.said = slices.Delete(s.said, i, i+1)
	case i >= 0:
		s.said[i].value = v
	}
}

// All ranges over the attributes mentioned, in no particular order.
func (s Set) All() iter.Seq2[Key, Value] {
	return func(yield func(Key, Value) bool) {
		for _, m := range s.said {
			if !yield(m.key, m.value) {
				return
			}
		}
	}
}

func (s *Set) warn(k Key, text string) {
	s.Warnings = append(s.Warnings, Warning{Key: k, Text: text})
}

func (s *Set) putField(name string, v Value) {
	if s.Fields == nil {
		s.Fields = map[string]Value{}
	}
	s.Fields[name] = v
}

// putFields takes the custom fields from an object. A null or empty one clears the field. What a mapping says about a
// single field wins over the object, so the object must not have put it there already: customFields sorts before
// customFields.NAME, and a mapper's rules are sorted.
func (r *rule) putFields(p piece, s *Set) *Error {
	if p.isBlank() {
		s.warn(r.key, "the custom fields came blank as a whole, which clears none of them")
		return nil
	}
	if p.shape != shapeObject {
		return r.wrongType(p, "an object of texts")
	}
	for c := open(p.text); ; {
		name, raw, ok, err := c.member()
		if err != nil {
			return &Error{Key: r.key, Detail: "a field's name is " + err.Error()}
		}
		if !ok {
			return nil
		}
		if bad := r.putMember(name, raw, s); bad != nil {
			bad.Key = r.key
			return bad
		}
	}
}

func (r *rule) putMember(name, raw string, s *Set) *Error {
	if bad := checkFieldName(name); bad != "" {
		return &Error{Detail: "a custom field with " + bad}
	}
	if _, twice := s.Fields[name]; twice {
		return &Error{Detail: "the custom field " + quoteName(name) + " is there twice"}
	}
	if len(s.Fields) == maxFields {
		return &Error{Detail: "too many custom fields", Expected: "at most " + plural(maxFields, "field")}
	}
	p, err := readPiece(raw)
	if err != nil {
		return &Error{Detail: "the custom field " + quoteName(name) + ": " + err.Detail}
	}
	if p.shape == shapeList || p.shape == shapeObject {
		return &Error{Detail: "wrong type in the custom field " + quoteName(name), Expected: "a text or null", Received: p.shape.String()}
	}
	if p.isBlank() {
		s.putField(name, Cleared())
		return nil
	}
	if err := r.limits.check(r.key, p.text); err != nil {
		return err
	}
	s.putField(name, Text(p.text))
	return nil
}

// joinDeprecated makes student licences of the licences listed under the old name.
func (s *Set) joinDeprecated() {
	old := s.Get(LicenseSKUs)
	if old.IsAbsent() {
		return
	}
	s.Put(LicenseSKUs, Value{})
	s.warn(LicenseSKUs, "deprecated by the platform; taken for studentLicenseSkus. Send that attribute, or managerLicenseSkus")
	held := s.Get(StudentLicenseSKUs)
	switch {
	case old.IsPresent():
		all := held.All()
		for _, sku := range old.All() {
			if !slices.Contains(all, sku) {
				all = append(all, sku)
			}
		}
		s.Put(StudentLicenseSKUs, List(all...))
	case held.IsAbsent():
		s.Put(StudentLicenseSKUs, old)
	}
}

// splitFullName makes first and last name of a full name when neither arrived. A name without a space is a first name
// and says nothing about the last; a blank one clears both; one of only white space says nothing.
func (s *Set) splitFullName() {
	full := s.Get(FullName)
	if full.IsAbsent() || !s.Get(FirstName).IsAbsent() || !s.Get(LastName).IsAbsent() {
		return
	}
	if !full.IsPresent() {
		s.Put(FirstName, Cleared())
		s.Put(LastName, Cleared())
		return
	}
	text := strings.TrimSpace(full.String())
	if text == "" {
		return
	}
	i := strings.LastIndexByte(text, ' ')
	if i < 0 {
		s.Put(FirstName, Text(text))
		return
	}
	s.Put(FirstName, Text(strings.TrimSpace(text[:i])))
	s.Put(LastName, Text(text[i+1:]))
}

// maxNamesListed bounds how many of the names that arrived an error repeats.
const maxNamesListed = 20

// blankError refuses a blank attribute that an account cannot be without, and shows which names arrived: the usual cause
// is a mapping that takes it from the wrong one.
func blankError(k Key, names []string) *Error {
	listed := make([]string, 0, maxNamesListed)
	for _, name := range names[:min(len(names), maxNamesListed)] {
		listed = append(listed, quoteName(name))
	}
	text := "a blank one; the names that arrived: " + strings.Join(listed, ", ")
	if len(names) > maxNamesListed {
		text += ", …"
	}
	return &Error{Key: k, Missing: true, Detail: "blank, but an account cannot be without it", Expected: "a value", Received: text}
}
