package strictxml

import (
	"errors"
	"fmt"
)

// The faults a document can have. They are told apart because a caller reports each as its own refusal.
var (
	// ErrSyntax refuses what is not well-formed XML 1.0 in UTF-8, or says that it is another version or encoding.
	ErrSyntax = errors.New("not well-formed XML")
	// ErrDTD refuses document types and with them entities, ErrPI processing instructions.
	ErrDTD = errors.New("a document type declaration")
	ErrPI  = errors.New("a processing instruction")
	// ErrComment and ErrCDATA refuse comments and CDATA sections: parsers disagree on the text around them.
	ErrComment = errors.New("a comment")
	ErrCDATA   = errors.New("a CDATA section")
	// ErrAttribute refuses an attribute given twice, also by two prefixes of one namespace.
	ErrAttribute = errors.New("an attribute given twice")
	// ErrName refuses a name that would not be written as it was read, such as one with two colons.
	ErrName = errors.New("an odd name")
	// ErrNamespace refuses a prefix that is not declared, and declarations the specification forbids.
	ErrNamespace = errors.New("a namespace that cannot be resolved")
	// ErrID refuses an identifier behind a prefix, such as xml:id, which only some readers take for one.
	ErrID = errors.New("an identifier attribute with a prefix")
	// ErrSameID refuses one identifier on two elements.
	ErrSameID = errors.New("an identifier used twice")
	// ErrRoot refuses a second root and text outside the root.
	ErrRoot = errors.New("something outside the one root element")
	// ErrTooLarge refuses what is beyond the caller's [Limits].
	ErrTooLarge = errors.New("beyond a limit")
)

// Error tells which fault a document has and where. It never repeats the document.
type Error struct {
	// Fault is one of the package's Err values.
	Fault error
	// Offset is the byte at which the fault was seen.
	Offset int64
	// Limit names the limit of an [ErrTooLarge], with its value.
	Limit string
}

// Error returns the fault, its limit and its offset.
func (e *Error) Error() string {
	if e.Limit != "" {
		return fmt.Sprintf("%v (%s) at byte %d", e.Fault, e.Limit, e.Offset)
	}
	return fmt.Sprintf("%v at byte %d", e.Fault, e.Offset)
}

// Unwrap returns the fault.
func (e *Error) Unwrap() error { return e.Fault }

// Limits bounds a document. Every number must be set: zero allows nothing.
type Limits struct {
	// Bytes is the largest length of the document.
	Bytes int
	// Elements is the largest number of elements, Depth how deep they may nest; the root is depth 1.
	Elements, Depth int
	// Attributes is the largest number of attributes of one element, namespace declarations among them.
	Attributes int
	// Namespaces is the largest number of namespace declarations on an element and its ancestors.
	Namespaces int
	// Text is the largest number of bytes in one attribute value, and of text in one element.
	Text int
	// Long names the element whose text only Bytes bounds, such as CipherValue; "" for none.
	Long string
	// DropComments leaves comments out instead of refusing them, and joins the text around them. Safe for documents from
	// which nobody's identity is read, such as metadata.
	DropComments bool
}
