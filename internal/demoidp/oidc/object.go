package oidc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// object is a JSON object whose members keep their order and may stand twice.
type object []member

type member struct {
	name  string
	value any
}

// verbatim is a value that is written as it stands, good JSON or not.
type verbatim string

// set gives a member a value, in its place or at the end.
func (o *object) set(name string, value any) {
	for i := range *o {
		if (*o)[i].name == name {
			(*o)[i].value = value
			return
		}
	}
	o.add(name, value)
}

// add puts a member at the end, even if one of its name is there.
func (o *object) add(name string, value any) { *o = append(*o, member{name, value}) }

// drop takes a member away.
func (o *object) drop(name string) {
	*o = slices.DeleteFunc(*o, func(m member) bool { return m.name == name })
}

func (o object) get(name string) any {
	for _, m := range o {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

func (o object) has(name string) bool {
	return slices.ContainsFunc(o, func(m member) bool { return m.name == name })
}

// words is a member that is a text; "" when it is none.
func (o object) words(name string) string {
	text, _ := o.get(name).(string)
	return text
}

// text writes the object.
func (o object) text() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(m.name)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		if err := writeValue(&b, m.value); err != nil {
			return nil, fmt.Errorf("writing %q: %w", clip(m.name), err)
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func writeValue(b *bytes.Buffer, v any) error {
	switch v := v.(type) {
	case verbatim:
		b.WriteString(string(v))
	case object:
		text, err := v.text()
		b.Write(text)
		return err
	case []object:
		b.WriteByte('[')
		for i, o := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := writeValue(b, o); err != nil {
				return err
			}
		}
		b.WriteByte(']')
	default:
		text, err := json.Marshal(v)
		b.Write(text)
		return err
	}
	return nil
}

// clip cuts text for a message.
func clip(s string) string {
	if len(s) > 200 {
		return s[:200]
	}
	return s
}

func orText(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
