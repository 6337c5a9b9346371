package attrs

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// Named is one SAML attribute as it arrived.
type Named struct {
	// Name is the attribute's Name; FriendlyName the readable one some providers add (SAML Core section 2.7.3.1).
	Name, FriendlyName string
	// Values are its values in order; none, or only empty ones, is an order to clear.
	Values []string
}

// Incoming is what one login carried, by the provider's own names. Make it with [FromJSON], [FromClaims] or
// [FromAttributes]; the zero Incoming carried nothing. It is read-only and safe for concurrent use.
type Incoming struct {
	claims []claim
	index  map[string]int // claims by name, only when there are many
	named  []Named
}

// claim is one top-level member of a JSON object, its value still as JSON text.
type claim struct{ name, raw string }

// manyClaims is how many claims make an index worth its making.
const manyClaims = 48

// FromJSON takes the claims of a token or of a userinfo answer: one JSON object. It refuses with an [*Error] what is
// not an object in valid UTF-8, and a name that stands in the object twice.
func FromJSON(object []byte) (Incoming, error) {
	if !readable(object) {
		return Incoming{}, &Error{Detail: "the claims are not readable", Expected: "a JSON object in valid UTF-8"}
	}
	return FromChecked(string(object))
}

// FromChecked is [FromJSON] for a text that a strict parser has accepted already: JSON in valid UTF-8. It does not look
// again. What it makes of any other text is not defined, and it may panic.
func FromChecked(object string) (Incoming, error) {
	text := strings.TrimLeft(object, " \t\r\n")
	if s := shapeOf(text); s != shapeObject {
		return Incoming{}, &Error{Detail: "the claims are not an object", Expected: "a JSON object", Received: s.String()}
	}
	in := Incoming{claims: make([]claim, 0, min(strings.Count(text, ":"), manyClaims))}
	for c := open(text); ; {
		name, raw, ok, err := c.member()
		if err != nil {
			return Incoming{}, &Error{Detail: "a claim's name is " + err.Error()}
		}
		if !ok {
			return in, nil
		}
		if !in.add(claim{name, raw}) {
			return Incoming{}, &Error{Detail: "the claim " + quoteName(name) + " is there twice"}
		}
	}
}

// add appends a claim, unless its name is there already.
func (in *Incoming) add(c claim) bool {
	if _, found := in.claim(c.name); found {
		return false
	}
	if in.index == nil && len(in.claims) == manyClaims {
		in.index = make(map[string]int, 2*manyClaims)
		for i, old := range in.claims {
			in.index[old.name] = i
		}
	}
	if in.index != nil {
		in.index[c.name] = len(in.claims)
	}
	in.claims = append(in.claims, c)
	return true
}

// FromClaims takes claims that are decoded already. Decode them with json.Decoder.UseNumber: a float64 has lost how a
// number was written. [FromJSON] is the faster way where the JSON text is at hand.
func FromClaims(claims map[string]any) (Incoming, error) {
	if claims == nil {
		return Incoming{}, nil
	}
	object, err := json.Marshal(claims)
	if err != nil {
		return Incoming{}, &Error{Detail: "the claims have no JSON form"}
	}
	return FromJSON(object)
}

// FromAttributes takes the attributes of a SAML assertion. The slices must not be changed afterwards.
func FromAttributes(attributes []Named) Incoming { return Incoming{named: attributes} }

// Len returns how many attributes or claims arrived.
func (in Incoming) Len() int { return len(in.claims) + len(in.named) }

// Names returns the names that arrived, sorted and without repeats, for an error text or a settings page: the claims of
// the top level, or the Names of SAML attributes.
func (in Incoming) Names() []string {
	out := make([]string, 0, in.Len())
	for _, c := range in.claims {
		out = append(out, c.name)
	}
	for _, a := range in.named {
		out = append(out, a.Name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Raw returns everything that arrived, by the provider's names: texts decoded, lists item by item, null as no value,
// anything else as JSON text. Values of a repeated SAML attribute are joined. The map is the caller's.
func (in Incoming) Raw() map[string][]string {
	out := make(map[string][]string, in.Len())
	single := make([]string, 0, len(in.claims)) // one array behind all the lists of one value
	for _, c := range in.claims {
		switch shapeOf(c.raw) {
		case shapeNull:
			out[c.name] = []string{}
		case shapeList:
			out[c.name] = rawItems(c.raw)
		default:
			n := len(single)
			single = append(single, rawText(c.raw))
			out[c.name] = single[n : n+1 : n+1]
		}
	}
	for _, a := range in.named {
		if out[a.Name] == nil {
			out[a.Name] = []string{}
		}
		out[a.Name] = append(out[a.Name], a.Values...)
	}
	return out
}

// rawText decodes a text and leaves anything else as its JSON text.
func rawText(raw string) string {
	if shapeOf(raw) != shapeText {
		return raw
	}
	if s, err := unquote(raw); err == nil {
		return s
	}
	return raw
}

func rawItems(raw string) []string {
	out := make([]string, 0, min(strings.Count(raw, ",")+1, 64))
	for c := open(raw); ; {
		part, ok := c.item()
		if !ok {
			return out
		}
		out = append(out, rawText(part))
	}
}

// claim finds a claim of the top level by its exact name.
func (in *Incoming) claim(name string) (raw string, found bool) {
	if in.index != nil {
		i, ok := in.index[name]
		if !ok {
			return "", false
		}
		return in.claims[i].raw, true
	}
	for i := range in.claims {
		if in.claims[i].name == name {
			return in.claims[i].raw, true
		}
	}
	return "", false
}

// findNamed joins the non-empty values of every attribute with the Name, or else of every one with the FriendlyName.
func (in *Incoming) findNamed(name string) (piece, bool) {
	for _, friendly := range [2]bool{false, true} {
		var values []string
		found := false
		for i := range in.named {
			a := &in.named[i]
			if (friendly && a.FriendlyName != name) || (!friendly && a.Name != name) {
				continue
			}
			found = true
			values = appendFilled(values, a.Values)
		}
		if found {
			return fromNamed(values), true
		}
	}
	return piece{}, false
}

// appendFilled appends the non-empty values.
func appendFilled(to, values []string) []string {
	for _, v := range values {
		if v != "" {
			to = append(to, v)
		}
	}
	return to
}

// descend follows a path into a JSON value: member names, or indexes of lists. A path that leads nowhere is not found.
func descend(raw string, path []string) (string, bool, *Error) {
	for _, step := range path {
		var found bool
		var err *Error
		switch shapeOf(raw) {
		case shapeObject:
			raw, found, err = memberOf(raw, step)
		case shapeList:
			raw, found = itemOf(raw, step)
		}
		if err != nil || !found {
			return "", false, err
		}
	}
	return raw, true, nil
}

// memberOf finds a member by name. The whole object is read, so that a name standing twice is seen and refused.
func memberOf(object, name string) (raw string, found bool, _ *Error) {
	for c := open(object); ; {
		n, value, ok, err := c.member()
		switch {
		case err != nil:
			return "", false, &Error{Detail: "a nested claim's name is " + err.Error()}
		case !ok:
			return raw, found, nil
		case n == name && found:
			return "", false, &Error{Detail: "the nested claim " + quoteName(name) + " is there twice"}
		case n == name:
			raw, found = value, true
		}
	}
}

// itemOf finds an item of a list by its index, written as RFC 6901 section 4 asks: digits without a leading zero.
func itemOf(list, index string) (raw string, found bool) {
	n, err := strconv.Atoi(index)
	if err != nil || n < 0 || strconv.Itoa(n) != index {
		return "", false
	}
	c := open(list)
	for ; n >= 0; n-- {
		if raw, found = c.item(); !found {
			return "", false
		}
	}
	return raw, true
}
