package attrs_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/internal/strictjson"
)

// FuzzFromChecked holds three readers together: what the strict parser accepts, FromChecked must read without looking
// again, and both, and encoding/json, must find the same in it. Two readers that disagree about a signed text are how one
// person's token becomes another's.
func FuzzFromChecked(f *testing.F) {
	for _, doc := range []string{
		`{}`, "{\"a\":1}\n\t ", "{\t\"a\"\t:\r[\t1\n,\t\"x\"\r]\t,\n\"b\":1}", ` { "a" : [ ] , "b" : { } } `, `{"a":1}x`, `{"a":1,}`, `{"a":01}`, "\ufeff{}",
		`{"a":"\\\"}{][,:","b":-0.1,"c":[[],{"k":[{}]},1,2.5e3,"x",null,true]}`,
		`{"email":"bob@example.com","\u0065mail":"eve@example.com"}`, `{"email":"bob@example.com","EMAIL":"eve@example.com"}`,
		`{"a":"\ud83d\ude00","b":"\ud83d","c":"\ude00\ud83d"}`, "{\"a\":\"\xff\"}", `{"a":"\u2028\/\b\f\n\r\t"}`,
		`{"externalCustomerId":12,"role":"student","customFields":{"a":"x","b":null},"courseSlugs":["a","\u0062"],"dualRole":"yes"}`,
	} {
		f.Add(doc)
	}
	mapper, err := attrs.NewMapper(attrs.ClaimNames())
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, doc string) {
		object, err := strictjson.Parse(doc, strictjson.Limits{Bytes: 16 << 10, Depth: 8, Members: 256, Values: 2048})
		if err != nil {
			return
		}
		checked, err := attrs.FromChecked(doc)
		require.NoError(t, err)
		twice, err := attrs.FromJSON([]byte(doc))
		require.NoError(t, err)
		require.Equal(t, twice, checked)

		raw, plain := map[string][]string{}, map[string]any{}
		for name, v := range object.All() {
			raw[name], plain[name] = rawOf(v), plainOf(v)
		}
		require.Equal(t, raw, checked.Raw())
		var decoded map[string]any
		d := json.NewDecoder(bytes.NewReader([]byte(doc)))
		d.UseNumber()
		require.NoError(t, d.Decode(&decoded))
		require.Equal(t, decoded, plain)

		set, err := mapper.Apply(checked)
		if err != nil {
			return
		}
		for _, k := range []attrs.Key{attrs.ExternalID, attrs.Email, attrs.Role} {
			if text, ok := set.Get(k).First(); ok {
				require.Equal(t, object.Get(string(k)).Text(), text)
			}
		}
	})
}

// rawOf is what [attrs.Incoming.Raw] promises for a value, as the strict parser sees it.
func rawOf(v strictjson.Value) []string {
	switch v.Kind() {
	case strictjson.Null:
		return []string{}
	case strictjson.Array:
		out := []string{}
		for item := range v.Items() {
			out = append(out, item.Text())
		}
		return out
	default:
		return []string{v.Text()}
	}
}

// plainOf is what encoding/json makes of a value, as the strict parser sees it.
func plainOf(v strictjson.Value) any {
	switch v.Kind() {
	case strictjson.Bool:
		return v.Text() == "true"
	case strictjson.Number:
		return json.Number(v.Text())
	case strictjson.Text:
		return v.Text()
	case strictjson.Array:
		out := []any{}
		for item := range v.Items() {
			out = append(out, plainOf(item))
		}
		return out
	case strictjson.Map:
		out := map[string]any{}
		object, _ := v.Object()
		for name, member := range object.All() {
			out[name] = plainOf(member)
		}
		return out
	default:
		return nil
	}
}
