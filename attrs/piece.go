package attrs

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// piece is what one source name held: a JSON value or the values of a SAML attribute, decoded one level deep.
type piece struct {
	shape shape
	// named says that it came from a SAML attribute, whose values are always texts.
	named bool
	// text is the decoded text, the number's digits or the boolean's word; an object's JSON text.
	text string
	// items are a list's texts, without the empty ones; empty says that there were none at all.
	items []string
}

// readPiece decodes one JSON value. The error carries no key; the caller knows the attribute.
func readPiece(raw string) (piece, *Error) {
	p := piece{shape: shapeOf(raw), text: raw}
	switch p.shape {
	case shapeText:
		s, err := unquote(raw)
		if err != nil {
			return piece{}, &Error{Detail: err.Error()}
		}
		p.text = s
	case shapeList:
		items, err := readItems(raw)
		if err != nil {
			return piece{}, err
		}
		p.items, p.text = items, ""
	}
	return p, nil
}

// readItems decodes a list of texts. Integers keep their digits, empty and null items go.
func readItems(raw string) ([]string, *Error) {
	out := make([]string, 0, min(strings.Count(raw, ",")+1, 64))
	for c := open(raw); ; {
		part, ok := c.item()
		if !ok {
			return out, nil
		}
		switch s := shapeOf(part); {
		case s == shapeNull || part == `""`:
		case s == shapeText:
			text, err := unquote(part)
			if err != nil {
				return nil, &Error{Detail: err.Error()}
			}
			out = append(out, text)
		case s == shapeNumber && isInteger(part):
			out = append(out, part)
		default:
			return nil, &Error{Detail: "wrong type inside a list", Expected: "a list of texts", Received: "a list with " + s.String()}
		}
	}
}

// fromNamed makes the piece of a SAML attribute: several texts are a list, one is a text, only empty ones are blank.
func fromNamed(values []string) piece {
	switch len(values) {
	case 0:
		return piece{shape: shapeNull, named: true}
	case 1:
		return piece{shape: shapeText, named: true, text: values[0]}
	default:
		return piece{shape: shapeList, named: true, items: values}
	}
}

// isBlank reports whether the piece is an order to clear: null, "", [] or a list of nothing but empty items.
func (p piece) isBlank() bool {
	switch p.shape {
	case shapeNull:
		return true
	case shapeText:
		return p.text == ""
	case shapeList:
		return len(p.items) == 0
	default:
		return false
	}
}

// describe tells the piece's form for an error text, without what it says.
func (p piece) describe() string {
	switch p.shape {
	case shapeText:
		return fmt.Sprintf("a text of %s", plural(utf8.RuneCountInString(p.text), "character"))
	case shapeList:
		return "a list of " + plural(len(p.items), "value")
	default:
		return p.shape.String()
	}
}
