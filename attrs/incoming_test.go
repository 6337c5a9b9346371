package attrs_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/attrs"
)

func TestFromJSONRefuses(t *testing.T) {
	var many []string
	for i := range 100 {
		many = append(many, fmt.Sprintf(`"n%d":1`, i))
	}
	for name, doc := range map[string]string{
		"nothing":                   ``,
		"a list":                    `["a"]`,
		"a text":                    `"a"`,
		"null":                      `null`,
		"something after it":        `{"a":1} {}`,
		"a comment":                 `{/**/}`,
		"bytes that are not UTF-8":  "{\"a\":\"\xff\"}",
		"a byte order mark":         "\ufeff{}",
		"a name twice":              `{"role":"student","role":"admin"}`,
		"a name twice by an escape": `{"role":"student","\u0072ole":"admin"}`,
		"a name twice among many":   `{` + strings.Join(many, ",") + `,"n99":2}`,
		"the same at the turn":      `{` + strings.Join(many[:48], ",") + `,"n47":2}`,
		"half a pair in a name":     `{"\ud800":1}`,
	} {
		t.Run(name, func(t *testing.T) {
			in, err := attrs.FromJSON([]byte(doc))
			var refused *attrs.Error
			require.ErrorAs(t, err, &refused)
			require.Equal(t, "attribute-invalid", refused.SSOCode())
			require.Zero(t, in)
		})
	}
}

func TestManyClaimsAreAllFound(t *testing.T) {
	var doc []string
	m := attrs.Mapping{}
	for i := range 300 {
		doc = append(doc, fmt.Sprintf(`"n%d":"v%d"`, i, i))
		m[attrs.Key(fmt.Sprintf("customFields.f%d", i))] = attrs.From(fmt.Sprintf("n%d", i))
	}
	set, err := m.Apply(claims(t, `{`+strings.Join(doc, " ,\n")+`}`))
	require.NoError(t, err)
	require.Len(t, set.Fields, 300)
	require.Equal(t, "v299", set.Fields["f299"].String())
}

func TestFromClaims(t *testing.T) {
	in, err := attrs.FromClaims(map[string]any{
		"email": "a@x.example", "n": json.Number("9007199254740993"), "roles": []any{"a"}, "deep": map[string]any{"er": "x"}, "no": nil,
	})
	require.NoError(t, err)
	require.Equal(t, []string{"deep", "email", "n", "no", "roles"}, in.Names())
	set, err := attrs.Mapping{attrs.ExternalID: attrs.From("n"), attrs.Company: attrs.From("deep.er")}.Apply(in)
	require.NoError(t, err)
	require.Equal(t, "9007199254740993", set.Get(attrs.ExternalID).String())
	require.Equal(t, "x", set.Get(attrs.Company).String())

	none, err := attrs.FromClaims(nil)
	require.NoError(t, err)
	require.Zero(t, none.Len())
	_, err = attrs.FromClaims(map[string]any{"f": func() {}})
	require.Error(t, err)

	lost, err := attrs.FromClaims(map[string]any{"id": "a\xff"})
	require.NoError(t, err)
	_, err = attrs.Mapping{attrs.ExternalID: attrs.From("id")}.Apply(lost)
	require.Error(t, err, "two broken ids must not become the same one")
}

func TestRawKeepsWhatArrived(t *testing.T) {
	in := claims(t, ` {"t":"a\n","n":1.50,"b":true,"z":null,"e":[],"l":["x",2,null,{"a":1}],"o":{"a" : [1]},"h":"\ud800"} `)
	require.Equal(t, map[string][]string{
		"t": {"a\n"}, "n": {"1.50"}, "b": {"true"}, "z": {}, "e": {}, "l": {"x", "2", "null", `{"a":1}`}, "o": {`{"a" : [1]}`}, "h": {`"\ud800"`},
	}, in.Raw())
	require.Equal(t, []string{"b", "e", "h", "l", "n", "o", "t", "z"}, in.Names())

	fromSAML := saml(named("x", "1", ""), attrs.Named{Name: "y", FriendlyName: "why"}, named("x", "2"))
	require.Equal(t, map[string][]string{"x": {"1", "", "2"}, "y": {}}, fromSAML.Raw())
	require.Equal(t, []string{"x", "y"}, fromSAML.Names())
	require.Empty(t, attrs.Incoming{}.Raw())
	require.Empty(t, attrs.Incoming{}.Names())

	raw := in.Raw()
	raw["t"] = append(raw["t"], "more")
	require.Equal(t, []string{"true"}, raw["b"], "one list must not run into the next")
}

func TestTheCallersSlicesStayTheCallers(t *testing.T) {
	values := []string{"b", "a"}
	in := saml(named("c", values...))
	set, err := attrs.Mapping{attrs.CourseSlugs: attrs.From("c")}.Apply(in)
	require.NoError(t, err)
	values[0] = "changed"
	require.Equal(t, []string{"b", "a"}, set.Get(attrs.CourseSlugs).All())
}

// FuzzApply feeds arbitrary claims through a mapping of every attribute.
func FuzzApply(f *testing.F) {
	for _, seed := range []string{
		twelveClaims, `{}`, `{"role":["staff"]}`, `{"customFields":{"a":null,"b":"x"}}`, `{"a":{"b":{"c":["x"]}}}`, `{"name":"a b"}`,
		`{"licenseSkus":"a,b","studentLicenseSkus":[1]}`, `{"iat":1e400}`, `{"email":"\ud800"}`, `{"clearCart":" "}`, `[{]`, `{"dualRole":"YES"}`,
	} {
		f.Add([]byte(seed))
	}
	m := ownNames()
	m[attrs.Role] = groups("role", "/a/b", "a.b.c")
	m[attrs.Company] = attrs.From("company", "a.b.c", "/a/b/0")
	m[attrs.BundleSlugs] = attrs.Source{From: []string{"bundleSlugs", "a"}, Split: ","}
	m["customFields.one"] = attrs.From("one")
	mapper, err := attrs.NewMapper(m)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, doc []byte) {
		in, err := attrs.FromJSON(doc)
		if err != nil {
			require.Zero(t, in)
			return
		}
		var object map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(doc, &object), "what is taken is JSON")
		require.Len(t, in.Names(), len(object))
		require.Len(t, in.Raw(), len(object))
		set, err := mapper.Apply(in)
		if err != nil {
			require.Zero(t, set)
			var refused *attrs.Error
			require.ErrorAs(t, err, &refused)
			require.NotEmpty(t, refused.Key)
			return
		}
		checkSet(t, set)
		again, err := mapper.Apply(in)
		require.NoError(t, err)
		require.Equal(t, set, again)
	})
}

// FuzzApplyNamed does the same with SAML attributes.
func FuzzApplyNamed(f *testing.F) {
	f.Add("email", "", "a@x.example", "")
	f.Add("courseSlugs", "role", "a", "b")
	f.Add("x", "clearCart", "yes", "")
	mapper, err := attrs.NewMapper(ownNames())
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, name, friendly, a, b string) {
		in := saml(attrs.Named{Name: name, FriendlyName: friendly, Values: []string{a, b}}, named(friendly, b))
		set, err := mapper.Apply(in)
		if err != nil {
			require.Zero(t, set)
			return
		}
		checkSet(t, set)
	})
}

// checkSet holds a set to what every caller relies on.
func checkSet(t *testing.T, set attrs.Set) {
	t.Helper()
	for k, v := range set.All() {
		a, known := attrs.Lookup(k)
		require.True(t, known, k)
		require.False(t, v.IsAbsent(), "an absent value has no place in a set")
		checkState(t, v)
		switch a.Kind {
		case attrs.KindText, attrs.KindTime:
			require.LessOrEqual(t, v.Len(), 1, k)
		case attrs.KindFlag:
			_, err := set.Flag(k)
			require.NoError(t, err)
			require.Contains(t, []string{"", "true", "false"}, v.String())
		case attrs.KindMap:
			t.Fatal("custom fields belong in Fields")
		}
		for _, s := range v.All() {
			require.NotContains(t, s, "\x00")
		}
	}
	for _, k := range []attrs.Key{attrs.Email, attrs.ExternalID, attrs.Role} {
		require.NotEqual(t, attrs.Blank, set.Get(k).State(), k)
	}
	for name, v := range set.Fields {
		require.NotEmpty(t, name)
		require.False(t, v.IsAbsent())
		checkState(t, v)
	}
}
