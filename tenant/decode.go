package tenant

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/lmssso/lmssso/attrs"
)

// Decode reads a JSON configuration strictly into a struct and reports every fault at once, as [Faults], each with
// the path of the value it is about: a key that is not known, one that stands twice, a value of the wrong type. Keys that
// begin with // are comments. An application decodes its own configuration with it, embedding [Config].
func Decode(doc []byte, into any) error {
	d := decoder{}
	target := reflect.ValueOf(into)
	if target.Kind() != reflect.Pointer || target.IsNil() {
		return errors.New("tenant: Decode needs a pointer to a struct")
	}
	if err := wellFormed(doc); err != nil {
		return Faults{{Text: err.Error()}}
	}
	d.value("", doc, target.Elem())
	if len(d.faults) > 0 {
		return d.faults
	}
	return nil
}

// wellFormed makes sure that the document is one JSON value, and says where it is not.
func wellFormed(doc []byte) error {
	dec := json.NewDecoder(bytes.NewReader(doc))
	var any json.RawMessage
	if err := dec.Decode(&any); err != nil {
		return fmt.Errorf("not readable JSON near byte %d", dec.InputOffset())
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("more than one JSON value, from byte %d on", dec.InputOffset())
	}
	return nil
}

type decoder struct{ faults Faults }

func (d *decoder) fault(path, format string, args ...any) {
	d.faults = append(d.faults, Fault{Path: path, Text: fmt.Sprintf(format, args...)})
}

// value decodes one JSON value. Types that read themselves, and plain values, are left to encoding/json; structs, lists
// and maps of them are walked, so that a fault inside has its own path.
func (d *decoder) value(path string, doc json.RawMessage, to reflect.Value) {
	switch {
	case readsItself(to):
		d.leaf(path, doc, to)
	case string(bytes.TrimSpace(doc)) == "null":
	case to.Kind() == reflect.Pointer:
		to.Set(reflect.New(to.Type().Elem()))
		d.value(path, doc, to.Elem())
	case to.Kind() == reflect.Struct:
		fields := map[string]reflect.Value{}
		collect(to, fields)
		d.object(path, doc, fields)
	case to.Kind() == reflect.Slice && to.Type().Elem().Kind() != reflect.Uint8:
		d.list(path, doc, to)
	case to.Kind() == reflect.Map:
		d.mapOf(path, doc, to)
	default:
		d.leaf(path, doc, to)
	}
}

func readsItself(v reflect.Value) bool {
	switch v.Addr().Interface().(type) {
	case json.Unmarshaler, encoding.TextUnmarshaler:
		return true
	}
	return false
}

// leaf decodes by encoding/json, and gives the faults of what reads itself their full path.
func (d *decoder) leaf(path string, doc json.RawMessage, to reflect.Value) {
	err := json.Unmarshal(doc, to.Addr().Interface())
	var faults attrs.Faults
	var own Faults
	var typ *json.UnmarshalTypeError
	switch {
	case err == nil:
	case errors.As(err, &faults):
		for _, f := range faults {
			d.fault(join(path, f.Path), "%s", f.Text)
		}
	case errors.As(err, &own):
		d.faults = append(d.faults, under(path, own)...)
	case errors.As(err, &typ):
		d.fault(path, "must be %s, not %s", kindName(to.Type()), typ.Value)
	default:
		d.fault(path, "%s", err)
	}
}

func (d *decoder) object(path string, doc json.RawMessage, fields map[string]reflect.Value) {
	d.members(path, doc, func(name string, value json.RawMessage) {
		to, known := fields[name]
		if !known {
			d.fault(join(path, name), "is not a known key")
			return
		}
		d.value(join(path, name), value, to)
	})
}

// mapOf decodes an object whose names are free.
func (d *decoder) mapOf(path string, doc json.RawMessage, to reflect.Value) {
	out := reflect.MakeMap(to.Type())
	d.members(path, doc, func(name string, value json.RawMessage) {
		v := reflect.New(to.Type().Elem()).Elem()
		d.value(join(path, name), value, v)
		out.SetMapIndex(reflect.ValueOf(name).Convert(to.Type().Key()), v)
	})
	to.Set(out)
}

// members calls read for every member of an object, once a name; comments are left out.
func (d *decoder) members(path string, doc json.RawMessage, read func(name string, value json.RawMessage)) {
	dec := json.NewDecoder(bytes.NewReader(doc))
	if t, _ := dec.Token(); t != json.Delim('{') {
		d.fault(path, "must be an object")
		return
	}
	seen := map[string]bool{}
	for dec.More() {
		token, _ := dec.Token() // the document is known to be well-formed
		name := token.(string)
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			d.fault(join(path, name), "%s", err)
			return
		}
		switch {
		case strings.HasPrefix(name, "//"):
		case seen[name]:
			d.fault(join(path, name), "stands twice")
		default:
			read(name, value)
		}
		seen[name] = true
	}
}

func (d *decoder) list(path string, doc json.RawMessage, to reflect.Value) {
	var items []json.RawMessage
	if err := json.Unmarshal(doc, &items); err != nil {
		d.fault(path, "must be a list")
		return
	}
	out := reflect.MakeSlice(to.Type(), len(items), len(items))
	for i, item := range items {
		d.value(fmt.Sprintf("%s[%d]", path, i), item, out.Index(i))
	}
	to.Set(out)
}

// collect finds a struct's fields by their JSON names, those of embedded structs and of fields tagged ",inline" included.
func collect(v reflect.Value, into map[string]reflect.Value) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, option, _ := strings.Cut(f.Tag.Get("json"), ",")
		if (f.Anonymous || option == "inline") && f.Type.Kind() == reflect.Struct {
			collect(v.Field(i), into)
			continue
		}
		if name != "" && name != "-" && f.IsExported() {
			into[name] = v.Field(i)
		}
	}
}

func join(path, name string) string {
	if path == "" || name == "" || strings.HasPrefix(name, "[") {
		return path + name
	}
	return path + "." + name
}

func kindName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Map, reflect.Struct:
		return "an object"
	case reflect.Slice:
		return "a list"
	default:
		return "a number"
	}
}
