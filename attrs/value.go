package attrs

import "slices"

// State says which of three different orders a [Value] is to the learning platform.
type State uint8

const (
	// Absent leaves what is stored as it is. It is the zero value, so a forgotten field can never wipe anything.
	Absent State = iota
	// Blank clears what is stored (JSON null, "" or []; in SAML an attribute without a non-empty value).
	Blank
	// Present sets what is stored.
	Present
)

// String returns "absent", "blank" or "present".
func (s State) String() string {
	switch s {
	case Blank:
		return "blank"
	case Present:
		return "present"
	default:
		return "absent"
	}
}

// Value is what an identity provider said about one attribute: nothing, an order to clear it, or one or more texts.
// The zero Value is absent. A Value is immutable and safe for concurrent use.
type Value struct {
	state  State
	isList bool
	text   string
	list   []string
}

// Text returns a value holding one text. An empty text is [Blank]; white space is kept as sent.
func Text(s string) Value {
	if s == "" {
		return Value{state: Blank}
	}
	return Value{state: Present, text: s}
}

// List returns a value holding several texts, in order. Empty items are dropped; when none remains the value is [Blank].
func List(items ...string) Value {
	kept := slices.DeleteFunc(slices.Clone(items), func(s string) bool { return s == "" })
	if len(kept) == 0 {
		return Value{state: Blank, isList: true}
	}
	return Value{state: Present, isList: true, list: kept}
}

// listOf is [List] for items that have no empty text and belong to nobody else any more.
func listOf(items []string) Value {
	if len(items) == 0 {
		return Value{state: Blank, isList: true}
	}
	return Value{state: Present, isList: true, list: items}
}

// Cleared returns the [Blank] value: an explicit order to clear what is stored.
func Cleared() Value { return Value{state: Blank} }

// State reports whether the value is absent, blank or present.
func (v Value) State() State { return v.state }

// IsPresent reports whether the value holds at least one text.
func (v Value) IsPresent() bool { return v.state == Present }

// IsAbsent reports whether nothing was said.
func (v Value) IsAbsent() bool { return v.state == Absent }

// IsZero reports whether the value is absent, so that `json:",omitzero"` leaves it out.
func (v Value) IsZero() bool { return v.state == Absent }

// First returns the first text, and whether there is one.
func (v Value) First() (string, bool) {
	if v.state != Present {
		return "", false
	}
	if len(v.list) > 0 {
		return v.list[0], true
	}
	return v.text, true
}

// String returns the first text, or "" when the value is absent or blank. Use [Value.State] where those two differ.
func (v Value) String() string {
	s, _ := v.First()
	return s
}

// All returns every text in the order they were sent; nil when absent or blank. The caller may keep the slice.
func (v Value) All() []string {
	switch {
	case v.state != Present:
		return nil
	case v.list != nil:
		return slices.Clone(v.list)
	default:
		return []string{v.text}
	}
}

// at returns the i-th text of a present value.
func (v Value) at(i int) string {
	if v.list != nil {
		return v.list[i]
	}
	return v.text
}

// describe tells a present value's form for an error text, without what it says.
func (v Value) describe() string {
	p := piece{shape: shapeText, text: v.text, items: v.list}
	if v.isList {
		p.shape = shapeList
	}
	return p.describe()
}

// Len returns the number of texts without copying them.
func (v Value) Len() int {
	switch {
	case v.state != Present:
		return 0
	case v.list != nil:
		return len(v.list)
	default:
		return 1
	}
}

// Equal reports whether both values give the same order: same state, same texts in the same order.
func (v Value) Equal(o Value) bool {
	return v.state == o.state && slices.Equal(v.All(), o.All())
}
