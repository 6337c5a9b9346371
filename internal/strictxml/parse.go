package strictxml

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/beevik/etree"
)

// Parse reads one document and returns its root. Nothing of a faulty document is returned.
func Parse(doc []byte, lim Limits) (*etree.Element, error) { return parse(doc, lim, nil) }

// ParseIn reads a fragment with one root that stands inside scope: prefixes declared there are declared in it too. The
// root returned carries the declarations it inherits and belongs to no other tree.
func ParseIn(doc []byte, lim Limits, scope *etree.Element) (*etree.Element, error) {
	return parse(doc, lim, inherited(scope))
}

func parse(doc []byte, lim Limits, scope []binding) (*etree.Element, error) {
	if len(doc) > lim.Bytes {
		return nil, &Error{Fault: ErrTooLarge, Limit: fmt.Sprintf("%d bytes", lim.Bytes)}
	}
	doc, skipped, err := prolog(doc)
	if err == nil {
		err = scan(doc, lim)
	}
	if err != nil {
		return nil, err
	}
	p := &parser{
		dec: xml.NewDecoder(bytes.NewReader(doc)), lim: lim, skipped: skipped,
		scope: scope, inherited: len(scope), ids: map[string]bool{}, top: etree.NewDocument(),
	}
	return p.run()
}

// declaration is the XML declaration allowed: version 1.0 and UTF-8 or nothing.
var declaration = regexp.MustCompile(
	`^<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:"1\.0"|'1\.0')` +
		`(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?:"(?i:utf-8)"|'(?i:utf-8)'))?` +
		`(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?:"(?:yes|no)"|'(?:yes|no)'))?[ \t\r\n]*\?>`)

// prolog cuts the XML declaration off. One that says another version or encoding is refused, not ignored: what another
// reader would make of the bytes is then unknown.
func prolog(doc []byte) (rest []byte, skipped int64, err error) {
	if !bytes.HasPrefix(doc, []byte("<?xml")) {
		return doc, 0, nil
	}
	m := declaration.Find(doc[:min(len(doc), 256)])
	if m == nil {
		return nil, 0, &Error{Fault: ErrSyntax}
	}
	return doc[len(m):], int64(len(m)), nil
}

// scan refuses by their first bytes everything that is not elements and text. In well-formed XML these bytes stand
// nowhere else, as "<" is escaped in text and attribute values; the tokenizer refuses it there.
func scan(doc []byte, lim Limits) error {
	for at := 0; ; {
		i := bytes.IndexByte(doc[at:], '<')
		if i < 0 || at+i+1 >= len(doc) {
			return nil
		}
		at += i
		rest := doc[at:]
		var fault error
		switch {
		case rest[1] == '?':
			fault = ErrPI
		case rest[1] != '!':
		case bytes.HasPrefix(rest, []byte("<!--")):
			end := bytes.Index(rest, []byte("-->"))
			if lim.DropComments && end > 0 {
				at += end
				continue
			}
			fault = ErrComment
		case bytes.HasPrefix(rest, []byte("<![CDATA[")):
			fault = ErrCDATA
		default:
			fault = ErrDTD
		}
		if fault != nil {
			return &Error{Fault: fault, Offset: int64(at)}
		}
		at++
	}
}

// binding is one namespace declaration in scope.
type binding struct{ prefix, uri string }

// frame is one open element.
type frame struct {
	el    *etree.Element
	scope int // how many bindings were in scope outside
	text  int // bytes of text so far
	// run is the text since the last element inside. Comments that are left out cut it into pieces, which are put together
	// once: joining each to the last would cost the square of their number.
	run []byte
}

type parser struct {
	dec       *xml.Decoder
	lim       Limits
	skipped   int64
	scope     []binding
	inherited int
	open      []frame
	elements  int
	ids       map[string]bool
	names     []xml.Name // of the current element's attributes, resolved
	top       *etree.Document
}

func (p *parser) fault(f error) error {
	return &Error{Fault: f, Offset: p.skipped + p.dec.InputOffset()}
}

func (p *parser) limit(n int, what string) error {
	return &Error{Fault: ErrTooLarge, Offset: p.skipped + p.dec.InputOffset(), Limit: fmt.Sprintf("%d %s", n, what)}
}

func (p *parser) run() (*etree.Element, error) {
	for {
		t, err := p.dec.RawToken()
		if err == io.EOF {
			if len(p.open) > 0 || p.elements == 0 {
				return nil, p.fault(ErrSyntax)
			}
			return p.top.Root(), nil
		}
		if err != nil {
			return nil, p.fault(ErrSyntax) // without its text, which may repeat the document
		}
		if err := p.token(t); err != nil {
			return nil, err
		}
	}
}

func (p *parser) token(t xml.Token) error {
	switch t := t.(type) {
	case xml.StartElement:
		return p.start(t)
	case xml.EndElement:
		return p.end(t)
	case xml.CharData:
		return p.text(t)
	case xml.Comment:
		if p.lim.DropComments {
			return nil
		}
		return p.fault(ErrComment)
	case xml.ProcInst:
		return p.fault(ErrPI)
	default:
		return p.fault(ErrDTD)
	}
}

func (p *parser) start(t xml.StartElement) error {
	if err := p.counts(t); err != nil {
		return err
	}
	if oddName(t.Name) || t.Name.Space == "xmlns" {
		return p.fault(ErrName)
	}
	outside := len(p.scope)
	el := &etree.Element{Space: t.Name.Space, Tag: t.Name.Local}
	el.Attr = make([]etree.Attr, 0, len(t.Attr)+p.inheritedBy())
	for _, a := range t.Attr {
		if err := p.declare(a); err != nil {
			return err
		}
		el.Attr = append(el.Attr, etree.Attr{Space: a.Name.Space, Key: a.Name.Local, Value: a.Value})
	}
	if len(p.scope) > p.lim.Namespaces {
		return p.limit(p.lim.Namespaces, "namespace declarations")
	}
	if err := p.attributes(t); err != nil {
		return err
	}
	if _, ok := p.resolve(t.Name.Space); !ok {
		return p.fault(ErrNamespace)
	}
	p.inherit(el)
	p.endRun()
	p.parent().AddChild(el)
	p.open = append(p.open, frame{el: el, scope: outside})
	return nil
}

// counts checks the limits an element can break by being there.
func (p *parser) counts(t xml.StartElement) error {
	p.elements++
	switch {
	case len(p.open) == 0 && p.elements > 1:
		return p.fault(ErrRoot)
	case p.elements > p.lim.Elements:
		return p.limit(p.lim.Elements, "elements")
	case len(p.open) >= p.lim.Depth:
		return p.limit(p.lim.Depth, "levels")
	case len(t.Attr) > p.lim.Attributes:
		return p.limit(p.lim.Attributes, "attributes of one element")
	}
	for _, a := range t.Attr {
		if len(a.Value) > p.lim.Text {
			return p.limit(p.lim.Text, "bytes in one attribute")
		}
	}
	return nil
}

func (p *parser) parent() *etree.Element {
	if len(p.open) == 0 {
		return &p.top.Element
	}
	return p.open[len(p.open)-1].el
}

// The two namespaces that are bound beforehand (Namespaces in XML 1.0 section 3).
const (
	xmlURI   = "http://www.w3.org/XML/1998/namespace"
	xmlnsURI = "http://www.w3.org/2000/xmlns/"
)

// declare takes an attribute that declares a namespace into scope, within the rules of Namespaces in XML 1.0 section 3.
func (p *parser) declare(a xml.Attr) error {
	prefix := ""
	switch {
	case a.Name.Space == "xmlns":
		prefix = a.Name.Local
		if prefix == "xml" || prefix == "xmlns" || a.Value == "" {
			return p.fault(ErrNamespace)
		}
	case a.Name.Space == "" && a.Name.Local == "xmlns":
	default:
		return nil
	}
	if a.Value == xmlURI || a.Value == xmlnsURI {
		return p.fault(ErrNamespace)
	}
	p.scope = append(p.scope, binding{prefix, a.Value})
	return nil
}

func (p *parser) resolve(prefix string) (string, bool) {
	if prefix == "xml" {
		return xmlURI, true
	}
	for i := len(p.scope) - 1; i >= 0; i-- {
		if p.scope[i].prefix == prefix {
			return p.scope[i].uri, true
		}
	}
	return "", prefix == ""
}

// attributes checks the names of an element's attributes, and the identifiers among them.
func (p *parser) attributes(t xml.StartElement) error {
	p.names = p.names[:0]
	for _, a := range t.Attr {
		if oddName(a.Name) {
			return p.fault(ErrName)
		}
		name := a.Name
		switch {
		case name.Space == "xmlns":
			name.Space = xmlnsURI
		case name.Space != "":
			uri, ok := p.resolve(name.Space)
			if !ok {
				return p.fault(ErrNamespace)
			}
			name.Space = uri
		}
		for _, other := range p.names {
			if other == name {
				return p.fault(ErrAttribute)
			}
		}
		p.names = append(p.names, name)
		if err := p.identifier(name, a.Value); err != nil {
			return err
		}
	}
	return nil
}

// identifier refuses what could be taken for another element's ID. The attribute is called ID in SAML and Id in XML
// Signature and Encryption; a reader that minds neither case nor prefix must find the same element.
func (p *parser) identifier(name xml.Name, value string) error {
	if !strings.EqualFold(name.Local, "id") || name.Space == xmlnsURI {
		return nil
	}
	if name.Space != "" {
		return p.fault(ErrID)
	}
	if p.ids[value] {
		return p.fault(ErrSameID)
	}
	p.ids[value] = true
	return nil
}

// oddName reports names that would not be read back as they were written (CVE-2020-29509, CVE-2020-29510).
func oddName(n xml.Name) bool {
	return n.Local == "" || strings.Contains(n.Local, ":") || strings.Contains(n.Space, ":")
}

func (p *parser) end(t xml.EndElement) error {
	if len(p.open) == 0 {
		return p.fault(ErrSyntax)
	}
	top := p.open[len(p.open)-1]
	if top.el.Space != t.Name.Space || top.el.Tag != t.Name.Local {
		return p.fault(ErrSyntax)
	}
	p.endRun()
	p.scope = p.scope[:top.scope]
	p.open = p.open[:len(p.open)-1]
	return nil
}

func (p *parser) text(t xml.CharData) error {
	if len(p.open) == 0 {
		if len(bytes.Trim(t, " \t\r\n")) > 0 {
			return p.fault(ErrRoot)
		}
		return nil
	}
	top := &p.open[len(p.open)-1]
	if top.text += len(t); top.text > p.lim.Text && (top.el.Tag != p.lim.Long || p.lim.Long == "") {
		return p.limit(p.lim.Text, "bytes of text in one element")
	}
	top.run = append(top.run, t...)
	return nil
}

// endRun puts the text read so far into the innermost open element.
func (p *parser) endRun() {
	if len(p.open) == 0 {
		return
	}
	if top := &p.open[len(p.open)-1]; len(top.run) > 0 {
		top.el.AddChild(etree.NewText(string(top.run)))
		top.run = nil
	}
}

// inheritedBy returns how many declarations the coming element takes over from outside the fragment.
func (p *parser) inheritedBy() int {
	if len(p.open) > 0 {
		return 0
	}
	return p.inherited
}

// inherit writes the fragment's outer declarations on its root, unless the root has its own.
func (p *parser) inherit(root *etree.Element) {
	for _, b := range p.scope[:p.inheritedBy()] {
		declareOn(root, b)
	}
}

// declareOn adds a declaration to an element that does not have one for the prefix.
func declareOn(e *etree.Element, b binding) {
	a := etree.Attr{Space: "xmlns", Key: b.prefix, Value: b.uri}
	if b.prefix == "" {
		a.Space, a.Key = "", "xmlns"
	}
	for _, have := range e.Attr {
		if have.Space == a.Space && have.Key == a.Key {
			return
		}
	}
	e.Attr = append(e.Attr, a)
}
