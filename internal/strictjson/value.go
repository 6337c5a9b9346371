package strictjson

import "iter"

// Kind says what a [Value] is.
type Kind uint8

// The kinds of JSON value. The zero Kind is no value.
const (
	Missing Kind = iota
	Null
	Bool
	Number
	Text
	Array
	Map // a JSON object
)

// String returns the kind as an error message words it.
func (k Kind) String() string {
	return [...]string{"nothing", "null", "a boolean", "a number", "text", "an array", "an object"}[k]
}

// node is one value of a document. What a container holds follows it, up to next.
type node struct {
	name string // of a member
	text string // decoded text, or the source of any other kind
	hash uint64 // of the folded name
	next int32  // the first node after the value
	kind Kind
}

// Value is one value of a document. The zero Value is [Missing].
type Value struct {
	doc []node
	i   int
}

// Object is a JSON object whose names are unique, also when case is ignored. The zero Object is empty.
type Object struct{ v Value }

// Kind returns what the value is.
func (v Value) Kind() Kind {
	if v.doc == nil {
		return Missing
	}
	return v.doc[v.i].kind
}

// Text returns the decoded text of a [Text], and the source of every other kind: "true", "1.50", `["a"]`.
func (v Value) Text() string {
	if v.doc == nil {
		return ""
	}
	return v.doc[v.i].text
}

// Items ranges over what an [Array] holds; over nothing for any other kind.
func (v Value) Items() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if v.Kind() != Array {
			return
		}
		for i := v.i + 1; i < v.end(); i = int(v.doc[i].next) {
			if !yield(Value{v.doc, i}) {
				return
			}
		}
	}
}

// Len returns how many members a [Map] or items an [Array] has; 0 for any other kind.
func (v Value) Len() int {
	n := 0
	for i := v.i + 1; i < v.end(); i = int(v.doc[i].next) {
		n++
	}
	return n
}

// Object returns the value as an object, and whether it is one.
func (v Value) Object() (Object, bool) {
	if v.Kind() != Map {
		return Object{}, false
	}
	return Object{v}, true
}

// end returns the first node after the value.
func (v Value) end() int {
	if v.doc == nil {
		return 0
	}
	return int(v.doc[v.i].next)
}

// Get returns the member with exactly this name; a [Missing] value when there is none.
func (o Object) Get(name string) Value {
	for i := o.v.i + 1; i < o.v.end(); i = int(o.v.doc[i].next) {
		if o.v.doc[i].name == name {
			return Value{o.v.doc, i}
		}
	}
	return Value{}
}

// All ranges over the members in the order they were sent.
func (o Object) All() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		for i := o.v.i + 1; i < o.v.end(); i = int(o.v.doc[i].next) {
			if !yield(o.v.doc[i].name, Value{o.v.doc, i}) {
				return
			}
		}
	}
}

// Len returns the number of members.
func (o Object) Len() int { return o.v.Len() }
