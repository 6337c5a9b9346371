package attrs

// Set is what one login said, attribute by attribute, after its provider's names were mapped to the catalogue's.
// The zero Set says nothing.
type Set struct {
	// Values holds the attributes mentioned; one not in the map is absent.
	Values map[Key]Value
	// Fields holds the custom fields mentioned, by name.
	Fields map[string]Value
	// Warnings name what was tolerated.
	Warnings []Warning
}

// Get returns the value of an attribute; absent when the login did not mention it.
func (s Set) Get(k Key) Value { return s.Values[k] }
