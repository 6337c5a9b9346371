package attrs

import (
	"slices"
	"strings"
)

// Kind says what form an attribute's value has.
type Kind string

// The kinds of attribute.
const (
	KindText Kind = "text" // one text; an integer number is taken by its digits
	KindList Kind = "list" // several texts; one text is a list of one
	KindFlag Kind = "flag" // yes or no, in the spellings of [ParseFlag]
	KindMap  Kind = "map"  // an object whose members are texts
	KindTime Kind = "time" // a JSON number, kept by its digits
)

// Attribute is one entry of the catalogue.
type Attribute struct {
	// Key is the attribute's name in mappings, logs and, where JWT.By says so, tokens.
	Key Key
	// Title is what the platforms call it on their settings pages.
	Title string
	// Kind is the form of its value.
	Kind Kind
	// Doc says what it does and where an administrator finds the value to send.
	Doc string
	// Source is whose attribute it is: "Thought Industries", "Thinkific", or "ours" where no platform has it.
	Source string
	// JWT, SAML and OIDC say how each protocol carries it.
	JWT, SAML, OIDC Carriage
	// Deprecated says what replaces it; "" for an attribute in good standing.
	Deprecated string
}

// Carriage says how one protocol carries an attribute. The zero value is "not at all".
type Carriage struct {
	// By is what carries it when nothing is mapped, such as a claim's name, NameID or RelayState; "" for nothing.
	By string
	// Mappable says that a mapping can take it from an attribute or claim of the provider.
	Mappable bool
	// Ours says that the platform has no such way and this library adds it.
	Ours bool
}

// String describes the carriage in a few words, as the documentation's table does.
func (c Carriage) String() string {
	var parts []string
	if c.By != "" {
		parts = append(parts, c.By)
	}
	if c.Mappable {
		parts = append(parts, "mapped")
	}
	if len(parts) == 0 {
		return "no"
	}
	text := strings.Join(parts, ", or ")
	if c.Ours {
		text += " (ours)"
	}
	return text
}

// Catalogue returns every attribute a login can carry, in the order of the documentation. The slice is the caller's.
func Catalogue() []Attribute {
	return slices.Concat(people(), refs(), tenants(), grants(), switches(), others())
}

// Lookup returns the catalogue's entry for a key, and whether there is one.
func Lookup(k Key) (Attribute, bool) {
	all := Catalogue()
	if i := slices.IndexFunc(all, func(a Attribute) bool { return a.Key == k }); i >= 0 {
		return all[i], true
	}
	return Attribute{}, false
}

// ClaimNames returns the mapping of the catalogue's own JWT claim names, which are those of Thought Industries' guide
// and ours where it has none: each attribute a token carries comes from the claim of the same name.
func ClaimNames() Mapping {
	m := Mapping{}
	for _, a := range Catalogue() {
		if a.JWT.By != "" {
			m[a.Key] = From(a.JWT.By)
		}
	}
	return m
}
