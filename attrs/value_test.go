package attrs_test

import (
	"encoding/json"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/attrs"
)

// holder is how a value stands in a document: absent is left out.
type holder struct {
	V attrs.Value `json:"v,omitzero"`
}

func TestValueHasExactJSON(t *testing.T) {
	for name, row := range map[string]struct {
		value attrs.Value
		doc   string
	}{
		"absent is left out":             {attrs.Value{}, `{}`},
		"blank is null":                  {attrs.Cleared(), `{"v":null}`},
		"an empty text is null":          {attrs.Text(""), `{"v":null}`},
		"an empty list is null":          {attrs.List(), `{"v":null}`},
		"a list of empty texts is null":  {attrs.List("", ""), `{"v":null}`},
		"a text is a text":               {attrs.Text("x"), `{"v":"x"}`},
		"white space is kept":            {attrs.Text(" x "), `{"v":" x "}`},
		"a list of one stays a list":     {attrs.List("x"), `{"v":["x"]}`},
		"a list keeps its order":         {attrs.List("b", "", "a"), `{"v":["b","a"]}`},
		"a character outside the BMP":    {attrs.Text("😀"), `{"v":"😀"}`},
		"HTML is not escaped":            {attrs.Text("<a&b>"), `{"v":"<a&b>"}`},
		"a quotation mark and backslash": {attrs.Text(`"\`), `{"v":"\"\\"}`},
	} {
		t.Run(name, func(t *testing.T) {
			direct, err := row.value.MarshalJSON()
			if row.value.IsAbsent() {
				require.Error(t, err)
			} else {
				require.NoError(t, err)
				require.Equal(t, row.doc, `{"v":`+string(direct)+`}`)
			}
			doc, err := json.Marshal(holder{row.value})
			require.NoError(t, err)
			var back holder
			require.NoError(t, json.Unmarshal(doc, &back))
			require.Equal(t, row.value.State(), back.V.State())
			require.Equal(t, row.value.All(), back.V.All())
			again, err := json.Marshal(back)
			require.NoError(t, err)
			require.Equal(t, string(doc), string(again))
		})
	}
}

func TestValueReadsJSON(t *testing.T) {
	for name, row := range map[string]struct {
		doc  string
		want attrs.Value
	}{
		"null":                      {`null`, attrs.Cleared()},
		"empty text":                {`""`, attrs.Cleared()},
		"empty list":                {`[]`, attrs.Cleared()},
		"list of nothing":           {`["", null]`, attrs.Cleared()},
		"integer by its digits":     {`9007199254740993`, attrs.Text("9007199254740993")},
		"leading minus":             {`-1`, attrs.Text("-1")},
		"boolean by its word":       {`true`, attrs.Text("true")},
		"numbers in a list":         {`[1, "b"]`, attrs.List("1", "b")},
		"empty items dropped":       {`["a", "", "b"]`, attrs.List("a", "b")},
		"escapes":                   {`"a\u00e9\n\/\ud83d\ude00"`, attrs.Text("aé\n/😀")},
		"surrounding white space":   {" \n\"x\"\t", attrs.Text("x")},
		"commas and brackets in it": {`["a,]", "{\"b"]`, attrs.List("a,]", `{"b`)},
	} {
		t.Run(name, func(t *testing.T) {
			var v attrs.Value
			require.NoError(t, v.UnmarshalJSON([]byte(row.doc)))
			require.Equal(t, row.want.State(), v.State())
			require.Equal(t, row.want.All(), v.All())
		})
	}
}

func TestValueRefusesOtherJSON(t *testing.T) {
	for name, doc := range map[string]string{
		"object":                     `{"a":1}`,
		"nested list":                `[["a"]]`,
		"object in a list":           `[{"a":1}]`,
		"boolean in a list":          `[true]`,
		"fraction":                   `1.5`,
		"exponent":                   `1e3`,
		"fraction in a list":         `[1.5]`,
		"high half of a pair":        `"\ud83d"`,
		"low half of a pair":         `"\ude00x"`,
		"two high halves":            `"\ud83d\ud83d"`,
		"half before another one":    `"\ud83d\u0041"`,
		"half a pair in a list":      `["\ud83d"]`,
		"bytes that are not UTF-8":   "\"\xff\"",
		"no JSON":                    `x`,
		"nothing":                    ``,
		"two values":                 `"a" "b"`,
		"an unfinished text":         `"a`,
		"a text ending in an escape": `"\"`,
	} {
		t.Run(name, func(t *testing.T) {
			v := attrs.Text("kept")
			var refused *attrs.Error
			require.ErrorAs(t, v.UnmarshalJSON([]byte(doc)), &refused)
			require.Equal(t, "attribute-invalid", refused.SSOCode())
			require.Equal(t, "kept", v.String(), "a refused value must not change what was there")
		})
	}
}

func TestValueNeverTurnsAbsentIntoAnOrder(t *testing.T) {
	_, err := json.Marshal(map[string]attrs.Value{"a": {}})
	require.Error(t, err, "null would clear what is stored")
	_, err = json.Marshal(attrs.Text("\xff"))
	require.Error(t, err, "a replacement character is another text")
	_, err = json.Marshal(attrs.List("ok", "\xff"))
	require.Error(t, err)
}

func TestValueIsImmutable(t *testing.T) {
	items := []string{"a", "b"}
	v := attrs.List(items...)
	items[0] = "x"
	v.All()[1] = "y"
	require.Equal(t, []string{"a", "b"}, v.All())
	require.Equal(t, 2, v.Len())
	first, ok := v.First()
	require.True(t, ok)
	require.Equal(t, "a", first)
	require.True(t, v.Equal(attrs.List("a", "b")))
	require.False(t, v.Equal(attrs.List("b", "a")))
	require.False(t, attrs.Cleared().Equal(attrs.Value{}), "blank and absent are different orders")
}

// FuzzValueJSON: whatever can be read is written in the one form of its state, and reads back the same.
func FuzzValueJSON(f *testing.F) {
	for _, seed := range []string{`null`, `""`, `[]`, `"x"`, `["x"]`, `["x",null,1]`, `true`, `12`, `"\ud83d\ude00"`, `"\ud83d"`, `{"a":[]}`, `[[1]]`, `"\u0000"`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		var v attrs.Value
		if v.UnmarshalJSON(doc) != nil {
			require.True(t, v.IsAbsent())
			return
		}
		require.False(t, v.IsAbsent())
		checkState(t, v)
		out, err := v.MarshalJSON()
		require.NoError(t, err)
		var back attrs.Value
		require.NoError(t, back.UnmarshalJSON(out))
		require.True(t, v.Equal(back))
		again, err := back.MarshalJSON()
		require.NoError(t, err)
		require.Equal(t, string(out), string(again))
		var std any
		require.NoError(t, json.Unmarshal(doc, &std))
		if s, ok := std.(string); ok {
			require.Equal(t, s, v.String(), "the standard library reads the same text")
		}
	})
}

// FuzzTextRoundTrip: every text that JSON can carry survives the way out and back.
func FuzzTextRoundTrip(f *testing.F) {
	f.Add("x", "")
	f.Add("\u2028<&>", "\x00")
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, v := range []attrs.Value{attrs.Text(a), attrs.List(a), attrs.List(a, b)} {
			out, err := v.MarshalJSON()
			if v.IsPresent() && slices.ContainsFunc(v.All(), func(s string) bool { return !utf8.ValidString(s) }) {
				require.Error(t, err)
				continue
			}
			require.NoError(t, err)
			var back attrs.Value
			require.NoError(t, back.UnmarshalJSON(out))
			require.True(t, v.Equal(back))
		}
	})
}

// checkState holds a value to the rules of its state.
func checkState(t *testing.T, v attrs.Value) {
	t.Helper()
	if v.IsPresent() {
		require.Positive(t, v.Len())
		require.False(t, slices.Contains(v.All(), ""), "an empty text is never present")
		return
	}
	require.Nil(t, v.All())
	require.Zero(t, v.Len())
	require.Empty(t, v.String())
}
