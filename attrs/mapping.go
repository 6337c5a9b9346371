package attrs

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Mapping says, for each attribute, which of the provider's names carry it. As JSON it is an object of [Source]s. Besides
// the catalogue's keys it takes customFields.NAME, which sets one custom field.
type Mapping map[Key]Source

// Source says where one attribute's value comes from and how it is read.
//
// As JSON it is a list of names, or an object {"from": [names], "split": ",", "values": {"theirs": "ours"}}.
type Source struct {
	// From lists the provider's names, case-sensitive. The first that is present wins; when none is, one that is blank
	// makes the attribute blank. In SAML a name matches an attribute's Name, else its FriendlyName. In JSON claims it
	// matches a claim of that exact name, else a nested one, by dots (realm_access.roles) or as a JSON pointer
	// (/realm_access/roles, RFC 6901). An empty From takes the attribute from nowhere, which switches off a preset's entry.
	From []string
	// Split cuts each text of a list at this delimiter; white space around the pieces is dropped. "" keeps texts whole.
	Split string
	// Values translates the provider's values to ours, exactly as written. A value not in the table is dropped with a
	// warning; a role of which nothing is left is refused. nil takes values as they are. With a table, an attribute that
	// holds one text may come as a list, such as a user's groups: what the table makes of it must be one value.
	Values map[string]string
}

// From returns a source that takes an attribute from the first of these names that is present.
func From(names ...string) Source { return Source{From: names} }

// fieldPrefix begins the mapping keys of single custom fields.
const fieldPrefix = string(CustomFields) + "."

// field returns the custom field a mapping key sets; "" and false for an attribute of the catalogue.
func (k Key) field() (name string, ok bool) {
	if name, ok = strings.CutPrefix(string(k), fieldPrefix); !ok {
		return "", false
	}
	return name, true
}

// Over returns the mapping that takes each attribute as m says, else as base does. An entry of m with an empty From
// switches base's off. Neither mapping is changed. It is how a connection's own mapping goes over its preset's.
func (m Mapping) Over(base Mapping) Mapping {
	out := make(Mapping, len(m)+len(base))
	maps.Copy(out, base)
	maps.Copy(out, m)
	maps.DeleteFunc(out, func(_ Key, s Source) bool { return len(s.From) == 0 })
	return out
}

// Apply reads a login by the mapping. It compiles the mapping first; use [NewMapper] for more than one login.
func (m Mapping) Apply(in Incoming) (Set, error) {
	mapper, err := NewMapper(m)
	if err != nil {
		return Set{}, err
	}
	return mapper.Apply(in)
}

// MarshalJSON writes the short form, a list of names, where it says everything.
func (s Source) MarshalJSON() ([]byte, error) {
	from := s.From
	if from == nil {
		from = []string{}
	}
	if s.Split == "" && s.Values == nil {
		return json.Marshal(from)
	}
	return json.Marshal(struct {
		From   []string          `json:"from"`
		Split  string            `json:"split,omitempty"`
		Values map[string]string `json:"values,omitempty"`
	}{from, s.Split, s.Values})
}

// UnmarshalJSON reads either form. Members it does not know, repeated members and wrong types are [Faults].
func (s *Source) UnmarshalJSON(doc []byte) error {
	if !readable(doc) {
		return Faults{{Text: "not readable JSON"}}
	}
	got, faults := readSource(strings.TrimSpace(string(doc)))
	if len(faults) > 0 {
		return faults
	}
	*s = got
	return nil
}

// UnmarshalJSON reads an object of sources and reports every fault in it at once, as [Faults]: those of form, and those
// [Mapping.Check] finds.
func (m *Mapping) UnmarshalJSON(doc []byte) error {
	if !readable(doc) {
		return Faults{{Text: "not readable JSON"}}
	}
	text := strings.TrimSpace(string(doc))
	if shapeOf(text) == shapeNull {
		*m = nil
		return nil
	}
	out := Mapping{}
	faults := readMembers(text, func(name, raw string) Faults {
		got, faults := readSource(raw)
		if len(faults) == 0 {
			out[Key(name)] = got
		}
		return faults
	})
	if faults = append(faults, out.Check()...); len(faults) > 0 {
		return faults.sorted()
	}
	*m = out
	return nil
}

// readMembers calls read for each member of an object and puts the member's name before the faults it returns.
func readMembers(raw string, read func(name, raw string) Faults) Faults {
	if s := shapeOf(raw); s != shapeObject {
		return Faults{{Text: "must be an object, not " + s.String()}}
	}
	var faults Faults
	seen := map[string]bool{}
	for c := open(raw); ; {
		name, value, ok, err := c.member()
		switch {
		case err != nil:
			return append(faults, Fault{Text: "has a member name that is " + err.Error()})
		case !ok:
			return faults
		case seen[name]:
			faults = append(faults, Fault{Path: pathName(name), Text: "is there twice"})
		default:
			seen[name] = true
			faults = append(faults, read(name, value).under(pathName(name))...)
		}
	}
}

func readSource(raw string) (Source, Faults) {
	if shapeOf(raw) == shapeList {
		names, faults := readNames(raw)
		return Source{From: names}, faults
	}
	var s Source
	faults := readMembers(raw, func(name, raw string) (faults Faults) {
		switch name {
		case "from":
			s.From, faults = readNames(raw)
		case "split":
			s.Split, faults = readText(raw)
		case "values":
			s.Values = map[string]string{}
			faults = readMembers(raw, func(theirs, raw string) (faults Faults) {
				s.Values[theirs], faults = readText(raw)
				return faults
			})
		default:
			faults = Faults{{Text: "is not a member of a source; known are from, split and values"}}
		}
		return faults
	})
	if len(faults) == 0 && s.From == nil {
		faults = Faults{{Path: "from", Text: "is missing"}}
	}
	return s, faults
}

func readNames(raw string) ([]string, Faults) {
	if s := shapeOf(raw); s != shapeList {
		return nil, Faults{{Text: "must be a list of names, not " + s.String()}}
	}
	out := []string{}
	var faults Faults
	for c := open(raw); ; {
		part, ok := c.item()
		if !ok {
			return out, faults
		}
		name, bad := readText(part)
		faults = append(faults, bad.under(fmt.Sprintf("[%d]", len(out)))...)
		out = append(out, name)
	}
}

func readText(raw string) (string, Faults) {
	if s := shapeOf(raw); s != shapeText {
		return "", Faults{{Text: "must be a text, not " + s.String()}}
	}
	text, err := unquote(raw)
	if err != nil {
		return "", Faults{{Text: "is " + err.Error()}}
	}
	return text, nil
}

// keys returns the mapping's keys in order, so that faults and errors come in the same order every time.
func (m Mapping) keys() []Key { return slices.Sorted(maps.Keys(m)) }
