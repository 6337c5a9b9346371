package attrs

import (
	"slices"
	"strings"
)

// Set is what one login said, attribute by attribute, after its provider's names were mapped to the catalogue's.
// The zero Set says nothing.
type Set struct {
	// Values holds the attributes mentioned; one not in the map is absent. Flags are "true", "false" or blank.
	Values map[Key]Value
	// Fields holds the custom fields mentioned, by name; nil when none was. One not in the map is absent.
	Fields map[string]Value
	// Warnings name what was tolerated.
	Warnings []Warning
}

// Get returns the value of an attribute; absent when the login did not mention it.
func (s Set) Get(k Key) Value { return s.Values[k] }

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
	old, ok := s.Values[LicenseSKUs]
	if !ok {
		return
	}
	delete(s.Values, LicenseSKUs)
	s.warn(LicenseSKUs, "deprecated by the platform; taken for studentLicenseSkus. Send that attribute, or managerLicenseSkus")
	held := s.Values[StudentLicenseSKUs]
	switch {
	case old.IsPresent():
		all := held.All()
		for _, sku := range old.All() {
			if !slices.Contains(all, sku) {
				all = append(all, sku)
			}
		}
		s.Values[StudentLicenseSKUs] = List(all...)
	case held.IsAbsent():
		s.Values[StudentLicenseSKUs] = old
	}
}

// splitFullName makes first and last name of a full name when neither arrived. A name without a space is a first name
// and says nothing about the last; a blank one clears both; one of only white space says nothing.
func (s *Set) splitFullName() {
	full, ok := s.Values[FullName]
	if !ok || !s.Values[FirstName].IsAbsent() || !s.Values[LastName].IsAbsent() {
		return
	}
	if !full.IsPresent() {
		s.Values[FirstName], s.Values[LastName] = Cleared(), Cleared()
		return
	}
	text := strings.TrimSpace(full.String())
	if text == "" {
		return
	}
	i := strings.LastIndexByte(text, ' ')
	if i < 0 {
		s.Values[FirstName] = Text(text)
		return
	}
	s.Values[FirstName], s.Values[LastName] = Text(strings.TrimSpace(text[:i])), Text(text[i+1:])
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
