package strictjson_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/internal/strictjson"
)

var limits = strictjson.Limits{Bytes: 4096, Depth: 4, Members: 16, Values: 64}

func TestParseRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, doc string
		want      error
	}{
		{"an empty document", ``, strictjson.ErrSyntax},
		{"white space alone", " \n", strictjson.ErrSyntax},
		{"an array", `[1]`, strictjson.ErrNotObject},
		{"a text", `"a.b.c"`, strictjson.ErrNotObject},
		{"null", `null`, strictjson.ErrNotObject},
		{"a number", `1`, strictjson.ErrNotObject},
		{"a byte order mark", "\ufeff{}", strictjson.ErrSyntax},
		{"an object that does not end", `{"a":1`, strictjson.ErrSyntax},
		{"an array that does not end", `{"a":[1`, strictjson.ErrSyntax},
		{"a text that does not end", `{"a":"b`, strictjson.ErrSyntax},
		{"a text that ends in a backslash", `{"a":"b\`, strictjson.ErrSyntax},
		{"a trailing comma", `{"a":1,}`, strictjson.ErrSyntax},
		{"a trailing comma in an array", `{"a":[1,]}`, strictjson.ErrSyntax},
		{"a name without quotes", `{a:1}`, strictjson.ErrSyntax},
		{"a missing colon", `{"a" 1}`, strictjson.ErrSyntax},
		{"a missing value", `{"a":}`, strictjson.ErrSyntax},
		{"single quotes", `{'a':1}`, strictjson.ErrSyntax},
		{"a comment", `{"a":1/**/}`, strictjson.ErrSyntax},
		{"a control character in a text", "{\"a\":\"b\nc\"}", strictjson.ErrSyntax},
		{"an unknown escape", `{"a":"\x41"}`, strictjson.ErrSyntax},
		{"a short unicode escape", `{"a":"\u41"}`, strictjson.ErrSyntax},
		{"a unicode escape with a wrong digit", `{"a":"\u00g1"}`, strictjson.ErrSyntax},
		{"NaN", `{"a":NaN}`, strictjson.ErrSyntax},
		{"infinity", `{"a":-Infinity}`, strictjson.ErrSyntax},
		{"a leading zero", `{"a":01}`, strictjson.ErrSyntax},
		{"a plus sign", `{"a":+1}`, strictjson.ErrSyntax},
		{"a bare fraction", `{"a":.5}`, strictjson.ErrSyntax},
		{"a fraction without digits", `{"a":1.}`, strictjson.ErrSyntax},
		{"an exponent without digits", `{"a":1e}`, strictjson.ErrSyntax},
		{"a hexadecimal number", `{"a":0x1}`, strictjson.ErrSyntax},
		{"a shortened literal", `{"a":tru}`, strictjson.ErrSyntax},
		{"a literal in another case", `{"a":True}`, strictjson.ErrSyntax},
		{"a second document", `{"a":1}{"a":2}`, strictjson.ErrTrailing},
		{"text after the end", `{"a":1} x`, strictjson.ErrTrailing},
		{"a NUL after the end", "{\"a\":1}\x00", strictjson.ErrTrailing},
		{"a name given twice", `{"a":1,"b":2,"a":3}`, strictjson.ErrDuplicate},
		{"a name given twice, once escaped", `{"a":1,"\u0061":2}`, strictjson.ErrDuplicate},
		{"a name given twice, deep down", `{"x":[{"y":{"a":1,"a":1}}]}`, strictjson.ErrDuplicate},
		{"the empty name given twice", `{"":1,"":2}`, strictjson.ErrDuplicate},
		{"names that differ in case", `{"email":1,"EMAIL":2}`, strictjson.ErrCaseCollision},
		{"names that differ in case, once escaped", `{"email":1,"\u0045mail":2}`, strictjson.ErrCaseCollision},
		{"names that differ in case, deep down", `{"x":{"a":{"b":1},"A":2}}`, strictjson.ErrCaseCollision},
		{"a Kelvin sign for k", `{"key":1,"` + "\u212a" + `ey":2}`, strictjson.ErrCaseCollision},
		{"a long s for s", `{"sub":1,"` + "\u017f" + `ub":2}`, strictjson.ErrCaseCollision},
		{"invalid UTF-8 in a text", "{\"a\":\"\xff\"}", strictjson.ErrText},
		{"invalid UTF-8 in a name", "{\"a\xc3\":1}", strictjson.ErrText},
		{"invalid UTF-8 after an escape", "{\"a\":\"\\n\xff\"}", strictjson.ErrText},
		{"an overlong encoding", "{\"a\":\"\xc0\xaf\"}", strictjson.ErrText},
		{"an encoded surrogate", "{\"a\":\"\xed\xa0\x80\"}", strictjson.ErrText},
		{"a lone high surrogate", `{"a":"\ud800"}`, strictjson.ErrText},
		{"a lone low surrogate", `{"a":"\udc00"}`, strictjson.ErrText},
		{"surrogates in the wrong order", `{"a":"\udc00\ud800"}`, strictjson.ErrText},
		{"a high surrogate before a letter", `{"a":"\ud800\u0041"}`, strictjson.ErrText},
		{"a replacement character", `{"a":"` + "\ufffd" + `"}`, strictjson.ErrText},
		{"an escaped replacement character", `{"a":"\ufffd"}`, strictjson.ErrText},
		{"an escaped NUL", `{"a":"\u0000"}`, strictjson.ErrText},
		{"a document beyond its length", `{"a":"` + strings.Repeat("x", 4096) + `"}`, strictjson.ErrTooLong},
		{"nesting beyond its depth", `{"a":[[[[1]]]]}`, strictjson.ErrTooDeep},
		{"objects nested beyond their depth", `{"a":{"a":{"a":{"a":{}}}}}`, strictjson.ErrTooDeep},
		{"too many items", `{"a":[` + strings.Repeat("1,", 64) + `1]}`, strictjson.ErrTooMany},
		{"too many members", members(17), strictjson.ErrTooMany},
	} {
		t.Run(tt.name, func(t *testing.T) {
			obj, err := strictjson.Parse(tt.doc, limits)
			require.ErrorIs(t, err, tt.want)
			require.Zero(t, obj)
		})
	}
}

func members(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(`,"m` + strings.Repeat("x", i) + `":1`)
	}
	return "{" + b.String()[1:] + "}"
}

func TestZeroLimitsAllowNothing(t *testing.T) {
	_, err := strictjson.Parse(`{}`, strictjson.Limits{})
	require.ErrorIs(t, err, strictjson.ErrTooLong)
}

func TestErrorSaysWhereAndNeverWhat(t *testing.T) {
	_, err := strictjson.Parse(`{"secret-name":1,"secret-name":2}`, limits)
	require.EqualError(t, err, "name given twice at byte 17")
}

func TestParseReads(t *testing.T) {
	const doc = ` { "text" : "a\"\\\/\b\f\n\r\tz" , "uni":"\u00e9\ud83d\ude00ü", "n":-0.5e+3, "t":true,"f":false,"nil":null,
		"list":[1,"two",[],{"x":{}}], "map":{"a":1,"b":[2]}, "":0 } `
	obj, err := strictjson.Parse(doc, limits)
	require.NoError(t, err)
	require.Equal(t, 9, obj.Len())
	for name, want := range map[string]struct {
		kind strictjson.Kind
		text string
		size int
	}{
		"text": {strictjson.Text, "a\"\\/\b\f\n\r\tz", 0},
		"uni":  {strictjson.Text, "é😀ü", 0},
		"n":    {strictjson.Number, "-0.5e+3", 0},
		"t":    {strictjson.Bool, "true", 0},
		"f":    {strictjson.Bool, "false", 0},
		"nil":  {strictjson.Null, "null", 0},
		"list": {strictjson.Array, `[1,"two",[],{"x":{}}]`, 4},
		"map":  {strictjson.Map, `{"a":1,"b":[2]}`, 2},
		"":     {strictjson.Number, "0", 0},
		"none": {strictjson.Missing, "", 0},
	} {
		v := obj.Get(name)
		require.Equal(t, want.kind, v.Kind(), name)
		require.Equal(t, want.text, v.Text(), name)
		require.Equal(t, want.size, v.Len(), name)
	}
	inner, ok := obj.Get("map").Object()
	require.True(t, ok)
	require.Equal(t, "1", inner.Get("a").Text())
	_, ok = obj.Get("list").Object()
	require.False(t, ok)
}

func TestNamesAreCaseSensitive(t *testing.T) {
	obj, err := strictjson.Parse(`{"Email":"x"}`, limits)
	require.NoError(t, err)
	require.Equal(t, strictjson.Missing, obj.Get("email").Kind())
}

func TestRangesStopEarly(t *testing.T) {
	obj, err := strictjson.Parse(`{"a":[1,2],"b":1}`, limits)
	require.NoError(t, err)
	for name, v := range obj.All() {
		require.Equal(t, "a", name)
		for item := range v.Items() {
			require.Equal(t, "1", item.Text())
			break
		}
		break
	}
	for range obj.Get("b").Items() {
		t.Fatal("a number has no items")
	}
	require.Zero(t, strictjson.Object{}.Len())
}

// FuzzParse: what is accepted, encoding/json reads to the same values, and no object in it has colliding names.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`{}`, `{"a":1,"b":[true,null,"x\u00e9"],"c":{"d":-1.5e-7}}`, `{"a":1,"A":2}`, `{"k":1,"\u212a":2}`,
		`{"a":"\ud83d\ude00"}`, `{"a":{"b":{"c":{}}}}`, `{"\u0061":1,"a":2}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, doc string) {
		obj, err := strictjson.Parse(doc, limits)
		if err != nil {
			require.Zero(t, obj)
			return
		}
		dec := json.NewDecoder(strings.NewReader(doc))
		dec.UseNumber()
		var want map[string]any
		require.NoError(t, dec.Decode(&want))
		require.Equal(t, want, plain(t, obj))
	})
}

// plain converts an object to what encoding/json makes of it, and fails on names that collide.
func plain(t *testing.T, obj strictjson.Object) map[string]any {
	out := map[string]any{}
	for name, v := range obj.All() {
		for seen := range out {
			require.False(t, strings.EqualFold(seen, name), "colliding names accepted")
		}
		out[name] = plainValue(t, v)
	}
	return out
}

func plainValue(t *testing.T, v strictjson.Value) any {
	switch v.Kind() {
	case strictjson.Text:
		return v.Text()
	case strictjson.Number:
		return json.Number(v.Text())
	case strictjson.Bool:
		return v.Text() == "true"
	case strictjson.Array:
		out := []any{}
		for item := range v.Items() {
			out = append(out, plainValue(t, item))
		}
		return out
	case strictjson.Map:
		obj, _ := v.Object()
		require.True(t, json.Valid([]byte(v.Text())))
		return plain(t, obj)
	default:
		return nil
	}
}

const twelveClaims = `{"iat":1700000000,"jti":"0123456789abcdef0123456789abcdef","externalCustomerId":"12345","email":"bob@example.com",` +
	`"firstName":"Bob","lastName":"Jones","role":"student","courseSlugs":["intro","advanced"],"ref1":"studentid",` +
	`"ref2":"company name","replaceCourseAccess":false,"customFields":{"team":"red"}}`

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := strictjson.Parse(twelveClaims, limits); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodingJSON(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		var v map[string]any
		if err := json.NewDecoder(bytes.NewReader([]byte(twelveClaims))).Decode(&v); err != nil {
			b.Fatal(err)
		}
	}
}
