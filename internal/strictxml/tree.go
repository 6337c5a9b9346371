package strictxml

import (
	"slices"
	"strings"

	"github.com/beevik/etree"
)

// Namespace returns the namespace of an element's name; "" for none.
func Namespace(e *etree.Element) string { return lookup(e, e.Space) }

// lookup returns what a prefix stands for on an element; "" for nothing.
func lookup(e *etree.Element, prefix string) string {
	for at := e; at != nil; at = at.Parent() {
		for i := range at.Attr {
			a := &at.Attr[i]
			if prefix == "" && a.Space == "" && a.Key == "xmlns" || prefix != "" && a.Space == "xmlns" && a.Key == prefix {
				return a.Value
			}
		}
	}
	if prefix == "xml" {
		return xmlURI
	}
	return ""
}

// Is reports whether an element has the name, of that namespace.
func Is(e *etree.Element, namespace, name string) bool {
	return e != nil && e.Tag == name && Namespace(e) == namespace
}

// Children returns the elements directly below e.
func Children(e *etree.Element) []*etree.Element {
	out := make([]*etree.Element, 0, len(e.Child))
	for _, t := range e.Child {
		if c, ok := t.(*etree.Element); ok {
			out = append(out, c)
		}
	}
	return out
}

// Attr returns the attribute of that name without a prefix.
func Attr(e *etree.Element, name string) (string, bool) {
	for i := range e.Attr {
		if e.Attr[i].Space == "" && e.Attr[i].Key == name {
			return e.Attr[i].Value, true
		}
	}
	return "", false
}

// AttrNS returns the attribute of that name in a namespace.
func AttrNS(e *etree.Element, namespace, name string) (string, bool) {
	for i := range e.Attr {
		a := &e.Attr[i]
		if a.Key == name && a.Space != "" && a.Space != "xmlns" && lookup(e, a.Space) == namespace {
			return a.Value, true
		}
	}
	return "", false
}

// Text returns the text of an element that holds nothing but text, or nothing. Any other element has none: readers
// disagree on whether a name ends at the first child, skips it or swallows it.
func Text(e *etree.Element) (string, bool) {
	switch len(e.Child) {
	case 0:
		return "", true
	case 1:
		c, ok := e.Child[0].(*etree.CharData)
		if !ok {
			return "", false
		}
		return c.Data, true
	}
	var b strings.Builder
	for _, t := range e.Child {
		c, ok := t.(*etree.CharData)
		if !ok {
			return "", false
		}
		b.WriteString(c.Data)
	}
	return b.String(), true
}

// OnlyElements reports whether an element holds nothing but elements and white space.
func OnlyElements(e *etree.Element) bool {
	for _, t := range e.Child {
		switch t := t.(type) {
		case *etree.Element:
		case *etree.CharData:
			if strings.Trim(t.Data, " \t\r\n") != "" {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// Walk calls visit for e and every element below it, in document order, until it returns an error.
func Walk(e *etree.Element, visit func(*etree.Element) error) error {
	if err := visit(e); err != nil {
		return err
	}
	for _, t := range e.Child {
		if c, ok := t.(*etree.Element); ok {
			if err := Walk(c, visit); err != nil {
				return err
			}
		}
	}
	return nil
}

// Detach returns a copy of an element as the root of a tree of its own, with the namespace declarations it inherits
// written on it.
func Detach(e *etree.Element) *etree.Element {
	c := e.Copy()
	for _, b := range slices.Backward(inherited(e.Parent())) {
		declareOn(c, b)
	}
	return etree.NewDocumentWithRoot(c).Root()
}

// inherited returns the declarations in scope inside e, outermost first, each prefix as it is bound innermost.
func inherited(e *etree.Element) []binding {
	var out []binding
	for at := e; at != nil; at = at.Parent() {
		for _, a := range at.Attr {
			b := binding{a.Key, a.Value}
			switch {
			case a.Space == "" && a.Key == "xmlns":
				b.prefix = ""
			case a.Space != "xmlns":
				continue
			}
			if !slices.ContainsFunc(out, func(o binding) bool { return o.prefix == b.prefix }) {
				out = append(out, b)
			}
		}
	}
	slices.Reverse(out)
	return out
}
