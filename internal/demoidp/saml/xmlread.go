package saml

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/beevik/etree"
)

// Limits on what is read. A service provider's messages are small.
const (
	maxMessage  = 256 << 10
	maxElements = 2000
	maxDepth    = 40
	maxAttrs    = 64
)

// readXML parses a message within the limits. A DTD, a comment or a processing instruction is refused: no service provider
// sends one.
func readXML(text []byte) (*etree.Element, error) {
	if len(text) > maxMessage {
		return nil, fmt.Errorf("the message is longer than %d bytes", maxMessage)
	}
	text = bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))) // the validation of etree takes nothing after the root
	if err := scanXML(text); err != nil {
		return nil, err
	}
	doc := etree.NewDocument()
	doc.ReadSettings.ValidateInput = true
	if err := doc.ReadFromBytes(text); err != nil {
		return nil, fmt.Errorf("not well-formed: %w", err)
	}
	if doc.Root() == nil {
		return nil, errors.New("the document is empty")
	}
	return doc.Root(), nil
}

// scanXML walks the tokens once, before a tree is built.
func scanXML(text []byte) error {
	dec := xml.NewDecoder(bytes.NewReader(text))
	var s scan
	for {
		offset := dec.InputOffset()
		token, err := dec.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("not well-formed: %w", err)
		}
		if err := s.step(token, offset); err != nil {
			return err
		}
	}
}

type scan struct{ depth, elements int }

func (s *scan) step(token xml.Token, offset int64) error {
	switch t := token.(type) {
	case xml.StartElement:
		s.depth++
		s.elements++
		if s.depth > maxDepth || s.elements > maxElements || len(t.Attr) > maxAttrs {
			return errors.New("too many or too deep elements, or too many attributes")
		}
		return uniqueAttrs(t.Attr)
	case xml.EndElement:
		s.depth--
	case xml.Directive:
		return errors.New("a DTD is not allowed")
	case xml.Comment:
		return errors.New("a comment is not allowed")
	case xml.ProcInst:
		if t.Target != "xml" || offset != 0 {
			return errors.New("a processing instruction is not allowed")
		}
	}
	return nil
}

func uniqueAttrs(attrs []xml.Attr) error {
	seen := make(map[xml.Name]bool, len(attrs))
	for _, a := range attrs {
		if seen[a.Name] {
			return errors.New("an attribute stands twice on one element")
		}
		seen[a.Name] = true
	}
	return nil
}

// is reports whether the element has this name in this namespace.
func is(e *etree.Element, ns, tag string) bool { return e.Tag == tag && e.NamespaceURI() == ns }

// children returns the child elements of this name.
func children(e *etree.Element, ns, tag string) []*etree.Element {
	var out []*etree.Element
	for _, c := range e.ChildElements() {
		if is(c, ns, tag) {
			out = append(out, c)
		}
	}
	return out
}

// child returns the first child element of this name, or nil.
func child(e *etree.Element, ns, tag string) *etree.Element {
	if all := children(e, ns, tag); len(all) > 0 {
		return all[0]
	}
	return nil
}

// textOf returns the text of the first child element of this name, without white space around it.
func textOf(e *etree.Element, ns, tag string) string {
	if c := child(e, ns, tag); c != nil {
		return strings.TrimSpace(c.Text())
	}
	return ""
}

// attr returns an attribute without a prefix.
func attr(e *etree.Element, name string) string {
	for _, a := range e.Attr {
		if a.Space == "" && a.Key == name {
			return a.Value
		}
	}
	return ""
}

func flag(e *etree.Element, name string) bool { v := attr(e, name); return v == "true" || v == "1" }

// instant reads a time; an absent or unreadable one is the zero time.
func instant(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
