package saml

import (
	"errors"
	"strconv"
	"strings"

	"github.com/beevik/etree"
	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/internal/strictxml"
)

// The namespaces a response is written in, beside SAML's own.
const (
	nsSignature    = "http://www.w3.org/2000/09/xmldsig#"
	nsEncryption   = "http://www.w3.org/2001/04/xmlenc#"
	nsEncryption11 = "http://www.w3.org/2009/xmlenc11#"
	nsExclusive    = "http://www.w3.org/2001/10/xml-exc-c14n#"
	nsInstance     = "http://www.w3.org/2001/XMLSchema-instance"
)

// many is the most children of one kind an element may have, where the schema sets no number.
const many = 1 << 20

// part is one kind of child an element may have, and how often.
type part struct {
	ns, name string
	min, max int
}

// family is an element's children by their names.
type family map[string][]*etree.Element

// one returns the first child of a name; nil when there is none.
func (f family) one(name string) *etree.Element {
	if len(f[name]) == 0 {
		return nil
	}
	return f[name][0]
}

// parts sorts an element's children. It refuses kinds that are not listed, wrong numbers and text between them: what is
// there twice is read once by some and last by others, and what nobody looks at can hide anything.
func parts(e *etree.Element, reason *lmssso.Reason, allowed ...part) (family, error) {
	if !strictxml.OnlyElements(e) {
		return nil, refuse(reason, lmssso.Error{Detail: "text between the elements of " + e.Tag})
	}
	out := make(family, len(allowed))
	for _, c := range strictxml.Children(e) {
		if !listed(c, allowed) {
			return nil, refuse(reason, lmssso.Error{Detail: e.Tag + " holds another element", Received: quoted(c.Tag)})
		}
		out[c.Tag] = append(out[c.Tag], c)
	}
	for _, a := range allowed {
		if n := len(out[a.name]); n < a.min || n > a.max {
			return nil, refuse(reason, lmssso.Error{Detail: "the number of " + a.name + " in " + e.Tag, Expected: a.numbers(), Received: strconv.Itoa(n)})
		}
	}
	return out, nil
}

func listed(c *etree.Element, allowed []part) bool {
	for _, a := range allowed {
		if c.Tag == a.name && strictxml.Namespace(c) == a.ns {
			return true
		}
	}
	return false
}

func (a part) numbers() string {
	switch {
	case a.min == a.max:
		return strconv.Itoa(a.min)
	case a.max == many:
		return "at least " + strconv.Itoa(a.min)
	default:
		return strconv.Itoa(a.min) + " to " + strconv.Itoa(a.max)
	}
}

// leaf returns the text of an element that may hold nothing else.
func leaf(e *etree.Element) (string, error) {
	text, ok := strictxml.Text(e)
	if !ok {
		return "", refuse(ErrNotText, lmssso.Error{Detail: e.Tag + " holds elements"})
	}
	return text, nil
}

// uri returns the text of an element that holds an address or a name. White space around it is not part of it: printers
// of XML put some there, and the schema's anyURI drops it.
func uri(e *etree.Element) (string, error) {
	text, err := leaf(e)
	return strings.Trim(text, " \t\r\n"), err
}

// attr returns an attribute's value; "" when it is not there.
func attr(e *etree.Element, name string) string {
	value, _ := strictxml.Attr(e, name)
	return value
}

// xmlRefusal gives a fault of the strict reader its reason.
func xmlRefusal(err error) error {
	var f *strictxml.Error
	if !errors.As(err, &f) {
		return refuse(ErrXML, lmssso.Error{Detail: "the document cannot be read"})
	}
	reason := ErrXML
	for _, known := range []struct {
		fault  error
		reason *lmssso.Reason
	}{
		{strictxml.ErrDTD, ErrDTD},
		{strictxml.ErrComment, ErrMarkup},
		{strictxml.ErrCDATA, ErrMarkup},
		{strictxml.ErrPI, ErrMarkup},
		{strictxml.ErrAttribute, ErrDuplicate},
		{strictxml.ErrName, ErrNamespace},
		{strictxml.ErrNamespace, ErrNamespace},
		{strictxml.ErrID, ErrIDs},
		{strictxml.ErrSameID, ErrIDs},
		{strictxml.ErrTooLarge, ErrLimits},
	} {
		if errors.Is(f, known.fault) {
			reason = known.reason
		}
	}
	return refuse(reason, lmssso.Error{Detail: f.Error(), Err: f})
}
