package attrs

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// MarshalJSON writes a blank value as null, a text as a text and a list as a list, also when it has one item.
//
// An absent value has no JSON: null would turn "leave it" into "clear it". Put `json:",omitzero"` on the field; without
// it, and in a map or an array, marshalling fails. So does a text that is not valid UTF-8, which JSON cannot carry.
func (v Value) MarshalJSON() ([]byte, error) {
	switch v.state {
	case Absent:
		return nil, &Error{Detail: "an absent value has no JSON form; leave its member out (omitzero)"}
	case Blank:
		return []byte("null"), nil
	}
	for i := range v.Len() {
		if !utf8.ValidString(v.at(i)) {
			return nil, &Error{Detail: "a text that is not valid UTF-8 has no JSON form"}
		}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	var err error
	if v.isList {
		err = enc.Encode(v.list)
	} else {
		err = enc.Encode(v.text)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// UnmarshalJSON reads null, "" and [] as blank, a text as a text and a list of texts as a list. Integer numbers become
// texts with the same digits, a boolean becomes "true" or "false", and null or empty items of a list are dropped.
// Objects, nested lists, booleans in a list, other numbers and half surrogate pairs are refused with an [*Error].
func (v *Value) UnmarshalJSON(doc []byte) error {
	if !readable(doc) {
		return &Error{Detail: "not a JSON value", Expected: "null, a text or a list of texts"}
	}
	p, err := readPiece(string(bytes.TrimSpace(doc)))
	if err != nil {
		return err
	}
	if p.shape == shapeNumber && !isInteger(p.text) {
		return &Error{Detail: "a number with a fraction or an exponent", Expected: "an integer or a text"}
	}
	switch p.shape {
	case shapeObject:
		return &Error{Detail: "wrong type", Expected: "null, a text or a list of texts", Received: p.shape.String()}
	case shapeNull:
		*v = Cleared()
	case shapeList:
		*v = List(p.items...)
	default:
		*v = Text(p.text)
	}
	return nil
}
