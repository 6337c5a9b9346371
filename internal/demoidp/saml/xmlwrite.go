package saml

import (
	"time"

	"github.com/beevik/etree"
)

// DefaultNamespace as a prefix of a [Style] means: no prefix, xmlns="…" instead.
const DefaultNamespace = "xmlns"

// Style is how a message is written down; providers differ in it, and it means nothing. The zero value is the usual one.
type Style struct {
	// Protocol, Assertion and Signature are the prefixes; "" is samlp, saml and ds.
	Protocol, Assertion, Signature string
	// TimeLayout is the layout of times, as for [time.Time.Format]; "" is whole seconds with a Z.
	TimeLayout string
	// Declaration writes an XML declaration first.
	Declaration bool
	// SignatureLast puts the signature at the end of what it signs, as Auth0 does for responses, not after the Issuer.
	SignatureLast bool
	// Untyped leaves xsi:type off attribute values.
	Untyped bool
}

func (s Style) prefix(ns string) string {
	p := map[string]string{
		nsProtocol: orText(s.Protocol, "samlp"), nsAssertion: orText(s.Assertion, "saml"), nsSignature: orText(s.Signature, "ds"),
		nsMetadata: "md", nsEncrypt: "xenc", nsEncrypt11: "xenc11",
	}[ns]
	if p == DefaultNamespace {
		return ""
	}
	return p
}

func (s Style) time(t time.Time) string {
	return t.UTC().Format(orText(s.TimeLayout, "2006-01-02T15:04:05Z"))
}

// add makes an element with its namespace declared, under a parent or, with nil, alone. Attributes are name, value pairs; an
// empty value leaves the attribute out.
func (s Style) add(parent *etree.Element, ns, tag string, attrs ...string) *etree.Element {
	e := etree.NewElement(tag)
	e.Space = s.prefix(ns)
	if e.Space == "" {
		e.CreateAttr("xmlns", ns)
	} else {
		e.CreateAttr("xmlns:"+e.Space, ns)
	}
	for i := 0; i+1 < len(attrs); i += 2 {
		if attrs[i+1] != "" {
			e.CreateAttr(attrs[i], attrs[i+1])
		}
	}
	if parent != nil {
		parent.AddChild(e)
	}
	return e
}

// addText is add with a text.
func (s Style) addText(parent *etree.Element, ns, tag, text string, attrs ...string) *etree.Element {
	e := s.add(parent, ns, tag, attrs...)
	e.SetText(text)
	return e
}

// prune takes out the declarations that repeat those of an ancestor. Assertions, signatures and encrypted data keep
// theirs, so that each can stand alone.
func prune(e *etree.Element, scope map[string]string) {
	inner := make(map[string]string, len(scope)+1)
	for k, v := range scope {
		inner[k] = v
	}
	keep := e.Attr[:0]
	for _, a := range e.Attr {
		prefix, declares := declaration(a)
		if declares && scope[prefix] == a.Value && !alone(e) {
			continue
		}
		if declares {
			inner[prefix] = a.Value
		}
		keep = append(keep, a)
	}
	e.Attr = keep
	for _, c := range e.ChildElements() {
		prune(c, inner)
	}
}

func alone(e *etree.Element) bool {
	return e.Tag == "Assertion" || e.Tag == "Signature" || e.Tag == "EncryptedData" || e.Tag == "EncryptedKey"
}

func declaration(a etree.Attr) (prefix string, ok bool) {
	switch {
	case a.Space == "xmlns":
		return a.Key, true
	case a.Space == "" && a.Key == "xmlns":
		return "", true
	}
	return "", false
}

// write serialises an element as a document. Text and attributes are escaped as canonical XML does, so that what is signed is
// what is read.
func write(e *etree.Element, declaration bool) ([]byte, error) {
	doc := etree.NewDocument()
	doc.WriteSettings = etree.WriteSettings{CanonicalText: true, CanonicalAttrVal: true}
	if declaration {
		doc.CreateProcInst("xml", `version="1.0" encoding="UTF-8"`)
	}
	doc.SetRoot(e.Copy())
	return doc.WriteToBytes()
}
