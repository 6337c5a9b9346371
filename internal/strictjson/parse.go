package strictjson

import (
	"errors"
	"fmt"
	"strings"
)

// The faults a document can have. They are told apart because a caller reports each as its own refusal.
var (
	// ErrSyntax refuses text that is not JSON (RFC 8259).
	ErrSyntax = errors.New("not JSON")
	// ErrTrailing refuses anything but white space after the document.
	ErrTrailing = errors.New("text after the end of the document")
	// ErrNotObject refuses a document that is not an object.
	ErrNotObject = errors.New("not an object")
	// ErrDuplicate refuses a name given twice in one object.
	ErrDuplicate = errors.New("name given twice")
	// ErrCaseCollision refuses two names of one object that differ only in case, as encoding/json folds it.
	ErrCaseCollision = errors.New("names differ only in case")
	// ErrText refuses invalid UTF-8, lone surrogates, U+FFFD and U+0000.
	ErrText = errors.New("text is not clean Unicode")
	// ErrTooLong, ErrTooDeep and ErrTooMany refuse what is beyond the caller's [Limits].
	ErrTooLong = errors.New("document too long")
	ErrTooDeep = errors.New("nested too deeply")
	ErrTooMany = errors.New("too many values")
)

// Error tells which fault a document has and where. It never repeats the document.
type Error struct {
	// Fault is one of the package's Err values.
	Fault error
	// Offset is the byte at which the fault was seen.
	Offset int
}

// Error returns the fault and its offset.
func (e *Error) Error() string { return fmt.Sprintf("%v at byte %d", e.Fault, e.Offset) }

// Unwrap returns the fault.
func (e *Error) Unwrap() error { return e.Fault }

// Limits bounds a document. Every field must be set: zero allows nothing.
type Limits struct {
	// Bytes is the largest length of the document.
	Bytes int
	// Depth is how deep arrays and objects may nest; the document itself is depth 1.
	Depth int
	// Members is the largest number of members in one object. Comparing names costs its square.
	Members int
	// Values is the largest number of values in the document, members and items at every depth.
	Values int
}

// Parse reads one JSON object. Nothing of a faulty document is returned. The result refers to doc and keeps it alive.
func Parse(doc string, lim Limits) (Object, error) {
	p := parser{src: doc, lim: lim}
	if len(doc) > lim.Bytes {
		return Object{}, p.fault(ErrTooLong)
	}
	p.nodes = make([]node, 0, estimate(doc, lim))
	p.space()
	if p.at >= len(doc) {
		return Object{}, p.fault(ErrSyntax)
	}
	if doc[p.at] != '{' {
		return Object{}, p.notObject()
	}
	if err := p.value("", 0, 1); err != nil {
		return Object{}, err
	}
	p.space()
	if p.at != len(doc) {
		return Object{}, p.fault(ErrTrailing)
	}
	return Object{Value{doc: p.nodes}}, nil
}

// notObject tells a document of another kind from text that is no JSON at all.
func (p *parser) notObject() error {
	start := p.at
	if err := p.value("", 0, 1); err != nil {
		return err
	}
	return &Error{Fault: ErrNotObject, Offset: start}
}

// estimate sizes the node list: every value but the first follows a comma or opens a container.
func estimate(doc string, lim Limits) int {
	return min(2+strings.Count(doc, ",")+strings.Count(doc, "[")+strings.Count(doc, "{"), lim.Values+1)
}

type parser struct {
	src   string
	at    int
	nodes []node
	lim   Limits
}

func (p *parser) fault(f error) error { return &Error{Fault: f, Offset: p.at} }

// peek returns the next byte, 0 at the end: no token begins with 0.
func (p *parser) peek() byte {
	if p.at < len(p.src) {
		return p.src[p.at]
	}
	return 0
}

// space skips the four white-space characters of RFC 8259 section 2.
func (p *parser) space() {
	for p.at < len(p.src) {
		switch p.src[p.at] {
		case ' ', '\t', '\r', '\n':
			p.at++
		default:
			return
		}
	}
}

// value reads one value and appends it, and everything in it, to the nodes.
func (p *parser) value(name string, hash uint64, depth int) error {
	if len(p.nodes) > p.lim.Values {
		return p.fault(ErrTooMany)
	}
	i, start := len(p.nodes), p.at
	p.nodes = append(p.nodes, node{name: name, hash: hash})
	kind, err := p.body(i, depth)
	if err != nil {
		return err
	}
	n := &p.nodes[i]
	n.kind, n.next = kind, int32(len(p.nodes))
	if kind != Text {
		n.text = p.src[start:p.at]
	}
	return nil
}

// body reads what the first byte of a value announces.
func (p *parser) body(i, depth int) (Kind, error) {
	switch c := p.peek(); c {
	case '"':
		text, err := p.text()
		p.nodes[i].text = text
		return Text, err
	case '{':
		return Map, p.object(i, depth)
	case '[':
		return Array, p.array(depth)
	case 't':
		return Bool, p.literal("true")
	case 'f':
		return Bool, p.literal("false")
	case 'n':
		return Null, p.literal("null")
	default:
		return Number, p.number()
	}
}

func (p *parser) literal(word string) error {
	if !strings.HasPrefix(p.src[p.at:], word) {
		return p.fault(ErrSyntax)
	}
	p.at += len(word)
	return nil
}

func (p *parser) array(depth int) error {
	if depth > p.lim.Depth {
		return p.fault(ErrTooDeep)
	}
	p.at++
	p.space()
	if p.peek() == ']' {
		p.at++
		return nil
	}
	for {
		if err := p.value("", 0, depth+1); err != nil {
			return err
		}
		if done, err := p.separator(']'); done || err != nil {
			return err
		}
	}
}

func (p *parser) object(i, depth int) error {
	if depth > p.lim.Depth {
		return p.fault(ErrTooDeep)
	}
	p.at++
	p.space()
	if p.peek() == '}' {
		p.at++
		return nil
	}
	for members := 1; ; members++ {
		if members > p.lim.Members {
			return p.fault(ErrTooMany)
		}
		if err := p.member(i, depth); err != nil {
			return err
		}
		if done, err := p.separator('}'); done || err != nil {
			return err
		}
	}
}

// separator reads a comma, or the byte that closes a container.
func (p *parser) separator(end byte) (done bool, err error) {
	p.space()
	switch p.peek() {
	case end:
		p.at++
		return true, nil
	case ',':
		p.at++
		p.space()
		return false, nil
	default:
		return false, p.fault(ErrSyntax)
	}
}

// member reads one name and its value into the object at node i.
func (p *parser) member(i, depth int) error {
	start := p.at
	if p.peek() != '"' {
		return p.fault(ErrSyntax)
	}
	name, err := p.text()
	if err != nil {
		return err
	}
	hash := foldHash(name)
	if f := clash(p.nodes, i, name, hash); f != nil {
		return &Error{Fault: f, Offset: start}
	}
	p.space()
	if p.peek() != ':' {
		return p.fault(ErrSyntax)
	}
	p.at++
	p.space()
	return p.value(name, hash, depth+1)
}

// number reads a number as RFC 8259 section 6 writes it, and leaves it as it stands.
func (p *parser) number() error {
	if p.peek() == '-' {
		p.at++
	}
	switch c := p.peek(); {
	case c == '0':
		p.at++
	case c >= '1' && c <= '9':
		p.digits()
	default:
		return p.fault(ErrSyntax)
	}
	if p.peek() == '.' {
		p.at++
		if !p.digits() {
			return p.fault(ErrSyntax)
		}
	}
	if c := p.peek(); c == 'e' || c == 'E' {
		p.at++
		if c := p.peek(); c == '+' || c == '-' {
			p.at++
		}
		if !p.digits() {
			return p.fault(ErrSyntax)
		}
	}
	return nil
}

func (p *parser) digits() bool {
	start := p.at
	for c := p.peek(); c >= '0' && c <= '9'; c = p.peek() {
		p.at++
	}
	return p.at > start
}
