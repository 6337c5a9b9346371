package attrs_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/attrs"
)

func TestMappingReadsBothForms(t *testing.T) {
	var m attrs.Mapping
	require.NoError(t, json.Unmarshal([]byte(`{
		"email": ["mail", "urn:oid:0.9.2342.19200300.100.1.3"],
		"role": {"from": ["/realm_access/roles"], "values": {"staff": "client-manager"}},
		"courseSlugs": {"from": ["courses"], "split": ";"},
		"customFields.shoe size": ["shoe"],
		"lastName": []
	}`), &m))
	require.Equal(t, attrs.Mapping{
		attrs.Email:              attrs.From("mail", "urn:oid:0.9.2342.19200300.100.1.3"),
		attrs.Role:               {From: []string{"/realm_access/roles"}, Values: map[string]string{"staff": "client-manager"}},
		attrs.CourseSlugs:        {From: []string{"courses"}, Split: ";"},
		"customFields.shoe size": attrs.From("shoe"),
		attrs.LastName:           {From: []string{}},
	}, m)

	out, err := json.Marshal(m)
	require.NoError(t, err)
	var back attrs.Mapping
	require.NoError(t, json.Unmarshal(out, &back))
	require.Equal(t, m, back)
	require.Contains(t, string(out), `"email":["mail",`)
	require.Contains(t, string(out), `"lastName":[]`)

	var none attrs.Mapping
	require.NoError(t, json.Unmarshal([]byte(`null`), &none))
	require.Nil(t, none)
	off, err := json.Marshal(attrs.Source{})
	require.NoError(t, err)
	require.Equal(t, `[]`, string(off), "not null, which a source does not read")
}

func TestMappingListsEveryFaultByPath(t *testing.T) {
	for name, row := range map[string]struct {
		doc  string
		want []string
	}{
		"several at once": {
			`{"email": "mail", "role": {"from": [1, "r", "r"], "vales": {}}, "rolle": ["r"], "clearCart": {"from": ["c"], "split": ","}}`,
			[]string{
				"clearCart.split is not for an attribute of kind flag",
				"email must be an object, not a text",
				"role.from[0] must be a text, not a number",
				"role.vales is not a member of a source; known are from, split and values",
				"rolle is not an attribute of the catalogue",
			},
		},
		"not an object":              {`["email"]`, []string{"must be an object, not a list"}},
		"key twice":                  {`{"email": ["a"], "email": ["b"]}`, []string{"email is there twice"}},
		"key twice by escape":        {`{"email": ["a"], "\u0065mail": ["b"]}`, []string{"email is there twice"}},
		"member twice":               {`{"email": {"from": ["a"], "from": ["b"]}}`, []string{"email.from is there twice"}},
		"value twice":                {`{"role": {"from": ["a"], "values": {"x": "student", "x": "admin"}}}`, []string{"role.values.x is there twice"}},
		"members by another case":    {`{"email": {"From": ["a"]}}`, []string{"email.From is not a member of a source; known are from, split and values"}},
		"keys by another case":       {`{"Email": ["a"]}`, []string{"Email is not an attribute of the catalogue"}},
		"no from":                    {`{"email": {}}`, []string{"email.from is missing"}},
		"null source":                {`{"email": null}`, []string{"email must be an object, not a null"}},
		"null from":                  {`{"email": {"from": null}}`, []string{"email.from must be a list of names, not a null"}},
		"number to split at":         {`{"courseSlugs": {"from": ["a"], "split": 1}}`, []string{"courseSlugs.split must be a text, not a number"}},
		"list of values":             {`{"role": {"from": ["a"], "values": ["x"]}}`, []string{"role.values must be an object, not a list"}},
		"number as value":            {`{"role": {"from": ["a"], "values": {"x": 1}}}`, []string{"role.values.x must be a text, not a number"}},
		"half a surrogate in a name": {`{"email": ["\ud800"]}`, []string{"email[0] is a text with half of a surrogate pair"}},
	} {
		t.Run(name, func(t *testing.T) {
			m := attrs.Mapping{attrs.Bio: attrs.From("kept")}
			err := json.Unmarshal([]byte(row.doc), &m)
			var faults attrs.Faults
			require.ErrorAs(t, err, &faults)
			require.Equal(t, row.want, texts(faults))
			require.Equal(t, attrs.Mapping{attrs.Bio: attrs.From("kept")}, m)
		})
	}
	var s attrs.Source
	require.Error(t, s.UnmarshalJSON([]byte(`["a"`)))
	var m attrs.Mapping
	require.Error(t, m.UnmarshalJSON([]byte("{\"email\":[\"\xff\"]}")))
}

func texts(faults attrs.Faults) []string {
	var out []string
	for _, f := range faults {
		out = append(out, f.String())
	}
	return out
}

func TestMappingCheck(t *testing.T) {
	values := map[string]string{"theirs": "ours"}
	for name, row := range map[string]struct {
		key    attrs.Key
		source attrs.Source
		want   []string
	}{
		"sound":                          {attrs.Email, attrs.From("mail"), nil},
		"switched off":                   {attrs.Email, attrs.Source{}, nil},
		"a list split and translated":    {attrs.CourseSlugs, attrs.Source{From: []string{"c"}, Split: ",", Values: values}, nil},
		"a text split and translated":    {attrs.Role, attrs.Source{From: []string{"c"}, Split: ",", Values: values}, nil},
		"the custom fields whole":        {attrs.CustomFields, attrs.From("f"), nil},
		"unknown attribute":              {"emial", attrs.From("mail"), []string{"emial is not an attribute of the catalogue"}},
		"unknown attribute, odd name":    {"e mail", attrs.From("mail"), []string{`"e mail" is not an attribute of the catalogue`}},
		"custom field without a name":    {"customFields.", attrs.From("f"), []string{"customFields. is not an attribute of the catalogue"}},
		"empty name":                     {attrs.Email, attrs.From("a", ""), []string{"email.from[1] is empty"}},
		"name twice":                     {attrs.Email, attrs.From("a", "b", "a"), []string{"email.from[2] repeats an earlier name"}},
		"control character in a name":    {attrs.Email, attrs.From("a\x00"), []string{"email.from[0] has a control character"}},
		"bad pointer":                    {attrs.Email, attrs.From("/a~2"), []string{"email.from[0] is not a JSON pointer: ~ must be followed by 0 or 1"}},
		"pointer ending in an escape":    {attrs.Email, attrs.From("/a~"), []string{"email.from[0] is not a JSON pointer: ~ must be followed by 0 or 1"}},
		"split without a source":         {attrs.CourseSlugs, attrs.Source{Split: ","}, []string{"courseSlugs.from is empty"}},
		"values without a source":        {attrs.Role, attrs.Source{Values: values}, []string{"role.from is empty"}},
		"split on a flag":                {attrs.DualRole, attrs.Source{From: []string{"a"}, Split: ","}, []string{"dualRole.split is not for an attribute of kind flag"}},
		"split on a map":                 {attrs.CustomFields, attrs.Source{From: []string{"a"}, Split: ","}, []string{"customFields.split is not for an attribute of kind map"}},
		"split on a text":                {attrs.Email, attrs.Source{From: []string{"a"}, Split: ","}, []string{"email.split needs values: the attribute holds one text"}},
		"split on a time":                {attrs.IssuedAt, attrs.Source{From: []string{"a"}, Split: ","}, []string{"iat.split is not for an attribute of kind time"}},
		"values on a map":                {attrs.CustomFields, attrs.Source{From: []string{"a"}, Values: values}, []string{"customFields.values is not for an attribute of kind map"}},
		"values on a flag":               {attrs.ClearCart, attrs.Source{From: []string{"a"}, Values: values}, []string{"clearCart.values is not for an attribute of kind flag"}},
		"no values":                      {attrs.Role, attrs.Source{From: []string{"a"}, Values: map[string]string{}}, []string{"role.values is empty, so that every value would be dropped"}},
		"translation of the empty text":  {attrs.Role, attrs.Source{From: []string{"a"}, Values: map[string]string{"": "student"}}, []string{`role.values."" translates the empty text, which is an order to clear`}},
		"translation to the empty text":  {attrs.Role, attrs.Source{From: []string{"a"}, Values: map[string]string{"x": ""}}, []string{"role.values.x translates to the empty text"}},
		"translation to a control":       {attrs.Role, attrs.Source{From: []string{"a"}, Values: map[string]string{"x": "a\n"}}, []string{"role.values.x translates to a text with the control character U+000A"}},
		"several faults of one":          {attrs.Role, attrs.Source{From: []string{""}, Split: ","}, []string{"role.from[0] is empty", "role.split needs values: the attribute holds one text"}},
		"control in a custom field name": {"customFields.a\n", attrs.From("f"), []string{`"customFields.a\n" is not an attribute of the catalogue`}},
	} {
		t.Run(name, func(t *testing.T) {
			m := attrs.Mapping{row.key: row.source}
			require.Equal(t, row.want, texts(m.Check()))
			_, err := attrs.NewMapper(m)
			require.Equal(t, row.want == nil, err == nil)
			_, err = m.Apply(attrs.Incoming{})
			require.Equal(t, row.want == nil, err == nil)
		})
	}
}

func TestOwnMappingGoesOverThePresets(t *testing.T) {
	base := attrs.Mapping{attrs.Email: attrs.From("mail"), attrs.FirstName: attrs.From("givenName"), attrs.LastName: attrs.From("sn")}
	own := attrs.Mapping{attrs.Email: attrs.From("upn"), attrs.LastName: {}, attrs.Role: attrs.From("r")}
	require.Equal(t, attrs.Mapping{
		attrs.Email: attrs.From("upn"), attrs.FirstName: attrs.From("givenName"), attrs.Role: attrs.From("r"),
	}, own.Over(base))
	require.Len(t, base, 3)
	require.Len(t, own, 3)
	require.Empty(t, attrs.Mapping(nil).Over(nil))

	preset := attrs.Preset{Name: "okta", Protocol: "saml", Mapping: base}
	require.Equal(t, base, attrs.Mapping{}.Over(preset.Mapping))
}

func TestMapperKeepsItsOwnCopy(t *testing.T) {
	m := attrs.Mapping{attrs.Role: {From: []string{"r"}, Values: map[string]string{"a": "student"}}}
	mapper, err := attrs.NewMapper(m)
	require.NoError(t, err)
	m[attrs.Role].Values["a"] = "admin"
	m[attrs.Role].From[0] = "x"
	set, err := mapper.Apply(claims(t, `{"r":"a"}`))
	require.NoError(t, err)
	require.Equal(t, "student", set.Get(attrs.Role).String())
}
