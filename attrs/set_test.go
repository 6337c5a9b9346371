package attrs_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/attrs"
)

// ownNames maps every attribute from the claim of its own name, the deprecated one included.
func ownNames() attrs.Mapping {
	m := attrs.ClaimNames()
	m[attrs.LicenseSKUs] = attrs.From(string(attrs.LicenseSKUs))
	return m
}

func apply(t *testing.T, m attrs.Mapping, doc string) attrs.Set {
	t.Helper()
	set, err := m.Apply(claims(t, doc))
	require.NoError(t, err)
	return set
}

func TestParseFlag(t *testing.T) {
	for _, word := range []string{"true", "TRUE", "True", "1", "yes", "Yes", "YES"} {
		on, err := attrs.ParseFlag(attrs.DualRole, attrs.Text(word))
		require.NoError(t, err, word)
		require.True(t, on, word)
	}
	for _, word := range []string{"false", "FALSE", "0", "no", "nO"} {
		on, err := attrs.ParseFlag(attrs.DualRole, attrs.Text(word))
		require.NoError(t, err, word)
		require.False(t, on, word)
	}
	for _, v := range []attrs.Value{{}, attrs.Cleared(), attrs.List()} {
		on, err := attrs.ParseFlag(attrs.DualRole, v)
		require.NoError(t, err)
		require.False(t, on)
	}
	for _, v := range []attrs.Value{
		attrs.Text("on"), attrs.Text("y"), attrs.Text("t"), attrs.Text("2"), attrs.Text("01"), attrs.Text("-0"), attrs.Text(" true"), attrs.Text("true "),
		attrs.Text(" "), attrs.Text("null"), attrs.Text("truе"), attrs.List("true"), attrs.List("true", "false"), attrs.Text("ＴＲＵＥ"),
	} {
		_, err := attrs.ParseFlag(attrs.DualRole, v)
		var refused *attrs.Error
		require.ErrorAs(t, err, &refused, v.String())
		require.Equal(t, attrs.DualRole, refused.Key)
		require.Equal(t, "attribute-invalid", refused.SSOCode())
	}
}

func TestSetFlag(t *testing.T) {
	set := apply(t, ownNames(), `{"replaceCourseAccess":"Yes","clearCart":0,"dualRole":null}`)
	for k, want := range map[attrs.Key]bool{attrs.ReplaceCourses: true, attrs.ClearCart: false, attrs.DualRole: false, attrs.ReplaceLicenses: false} {
		on, err := set.Flag(k)
		require.NoError(t, err)
		require.Equal(t, want, on, k)
	}
	require.Equal(t, []attrs.Warning{{Key: attrs.DualRole, Text: "the flag came blank and was taken for false"}}, set.Warnings)
	_, err := attrs.SetOf(map[attrs.Key]attrs.Value{attrs.DualRole: attrs.Text("maybe")}).Flag(attrs.DualRole)
	require.Error(t, err)
}

func TestFullNameIsSplitOnlyWhenNeitherPartArrives(t *testing.T) {
	for name, row := range map[string]struct{ doc, first, last string }{
		"two words":            {`{"name":"Ada Lovelace"}`, `"Ada"`, `"Lovelace"`},
		"three words":          {`{"name":"Ada King Lovelace"}`, `"Ada King"`, `"Lovelace"`},
		"one word":             {`{"name":"Ada"}`, `"Ada"`, "absent"},
		"space at the end":     {`{"name":"Ada "}`, `"Ada"`, "absent"},
		"spaces between":       {`{"name":" Ada  Lovelace "}`, `"Ada"`, `"Lovelace"`},
		"only white space":     {`{"name":"  "}`, "absent", "absent"},
		"blank":                {`{"name":""}`, "null", "null"},
		"not there":            {`{}`, "absent", "absent"},
		"with a first name":    {`{"name":"Ada Lovelace","firstName":"A"}`, `"A"`, "absent"},
		"with a last name":     {`{"name":"Ada Lovelace","lastName":"L"}`, "absent", `"L"`},
		"with a blank one":     {`{"name":"Ada Lovelace","lastName":""}`, "absent", "null"},
		"no-break space joins": {`{"name":"Ada\u00a0Lovelace"}`, "\"Ada\u00a0Lovelace\"", "absent"},
	} {
		t.Run(name, func(t *testing.T) {
			set := apply(t, ownNames(), row.doc)
			require.Equal(t, row.first, said(set.Get(attrs.FirstName)))
			require.Equal(t, row.last, said(set.Get(attrs.LastName)))
		})
	}
}

func TestDeprecatedLicencesBecomeStudentLicences(t *testing.T) {
	for name, row := range map[string]struct{ doc, want string }{
		"alone":                 {`{"licenseSkus":["b","a"]}`, `["b","a"]`},
		"with the new list":     {`{"licenseSkus":["a","b"],"studentLicenseSkus":["c","a"]}`, `["c","a","b"]`},
		"with a blank new list": {`{"licenseSkus":["a"],"studentLicenseSkus":[]}`, `["a"]`},
		"blank":                 {`{"licenseSkus":[]}`, "null"},
		"blank beside the new":  {`{"licenseSkus":[],"studentLicenseSkus":["c"]}`, `["c"]`},
		"both blank":            {`{"licenseSkus":[],"studentLicenseSkus":null}`, "null"},
	} {
		t.Run(name, func(t *testing.T) {
			set := apply(t, ownNames(), row.doc)
			require.Equal(t, row.want, said(set.Get(attrs.StudentLicenseSKUs)))
			require.NotContains(t, maps.Collect(set.All()), attrs.LicenseSKUs)
			require.Len(t, set.Warnings, 1)
			require.Equal(t, attrs.LicenseSKUs, set.Warnings[0].Key)
			require.Contains(t, set.Warnings[0].Text, "deprecated")
		})
	}
	require.Empty(t, apply(t, ownNames(), `{"studentLicenseSkus":["a"]}`).Warnings)
}

func TestCustomFields(t *testing.T) {
	set := apply(t, ownNames(), `{"customFields":{"shoe size":42.5,"member":true,"team":"blue\nred","gone":null,"empty":"","n":1e3}}`)
	got := map[string]string{}
	for name, v := range set.Fields {
		got[name] = said(v)
	}
	require.Equal(t, map[string]string{
		"shoe size": `"42.5"`, "member": `"true"`, "team": `"blue\nred"`, "gone": "null", "empty": "null", "n": `"1e3"`,
	}, got)
	require.NotContains(t, maps.Collect(set.All()), attrs.CustomFields)

	require.Nil(t, apply(t, ownNames(), `{}`).Fields)
	require.Nil(t, apply(t, ownNames(), `{"customFields":{}}`).Fields)

	blank := apply(t, ownNames(), `{"customFields":null}`)
	require.Nil(t, blank.Fields, "a blank whole clears no field")
	require.Len(t, blank.Warnings, 1)
}

func TestSingleCustomFieldsAreMapped(t *testing.T) {
	m := attrs.Mapping{
		attrs.CustomFields:  attrs.From("customFields"),
		"customFields.team": attrs.From("department"),
		"customFields.ok":   {From: []string{"groups"}, Values: map[string]string{"g": "G"}},
	}
	set := apply(t, m, `{"customFields":{"team":"object","other":"o"},"department":"mapped","groups":["g","h"]}`)
	require.Equal(t, "mapped", set.Fields["team"].String(), "what the mapping says of one field wins over the object")
	require.Equal(t, "o", set.Fields["other"].String())
	require.Equal(t, "G", set.Fields["ok"].String())
	require.Equal(t, []attrs.Warning{{Key: "customFields.ok", Text: "1 value not in the mapping's table dropped"}}, set.Warnings)

	set = apply(t, m, `{"department":""}`)
	require.Equal(t, attrs.Blank, set.Fields["team"].State())
	require.Equal(t, attrs.Absent, set.Fields["ok"].State())

	fromSAML, err := m.Apply(saml(named("department", "maths")))
	require.NoError(t, err)
	require.Equal(t, "maths", fromSAML.Fields["team"].String())
}

func TestDroppedValuesAreCountedNotRepeated(t *testing.T) {
	m := attrs.Mapping{attrs.CourseSlugs: {From: []string{"g"}, Values: map[string]string{"a": "intro"}}}
	set := apply(t, m, `{"g":["a","secret","other"]}`)
	require.Equal(t, []attrs.Warning{{Key: attrs.CourseSlugs, Text: "2 values not in the mapping's table dropped"}}, set.Warnings)
}

func TestUnmappedAttributesStayOut(t *testing.T) {
	set := apply(t, attrs.Mapping{attrs.Email: attrs.From("mail")}, `{"mail":"a@x.example","role":"admin"}`)
	require.Equal(t, map[attrs.Key]attrs.Value{attrs.Email: attrs.Text("a@x.example")}, maps.Collect(set.All()))
	require.True(t, set.Get(attrs.Role).IsAbsent())
	require.True(t, attrs.Set{}.Get(attrs.Role).IsAbsent())
}
