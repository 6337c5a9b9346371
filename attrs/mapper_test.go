package attrs_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/attrs"
)

func claims(t *testing.T, doc string) attrs.Incoming {
	t.Helper()
	in, err := attrs.FromJSON([]byte(doc))
	require.NoError(t, err)
	return in
}

func saml(attributes ...attrs.Named) attrs.Incoming { return attrs.FromAttributes(attributes) }

func named(name string, values ...string) attrs.Named {
	return attrs.Named{Name: name, Values: values}
}

// groups translates a user's groups, as a mapping of a role does.
func groups(from ...string) attrs.Source {
	return attrs.Source{From: from, Values: map[string]string{"staff": "client-manager", "bosses": "client-manager", "pupils": "student", "root": "admin"}}
}

// said is a value as a test states it.
func said(v attrs.Value) string {
	doc, err := v.MarshalJSON()
	if err != nil {
		return "absent"
	}
	return string(doc)
}

func TestApplyReadsEveryForm(t *testing.T) {
	split := attrs.Source{From: []string{"x"}, Split: ","}
	translated := attrs.Source{From: []string{"x"}, Values: map[string]string{"g1": "intro", "g2": "advanced"}}
	for name, row := range map[string]struct {
		key    attrs.Key
		source attrs.Source
		in     attrs.Incoming
		want   string
	}{
		"text":                                {attrs.FirstName, attrs.From("x"), claims(t, `{"x":"Ada"}`), `"Ada"`},
		"text with white space kept":          {attrs.FirstName, attrs.From("x"), claims(t, `{"x":"  "}`), `"  "`},
		"text from an integer":                {attrs.ExternalID, attrs.From("x"), claims(t, `{"x":90071992547409931234}`), `"90071992547409931234"`},
		"text absent":                         {attrs.FirstName, attrs.From("x"), claims(t, `{}`), "absent"},
		"text null":                           {attrs.FirstName, attrs.From("x"), claims(t, `{"x":null}`), "null"},
		"text empty":                          {attrs.FirstName, attrs.From("x"), claims(t, `{"x":""}`), "null"},
		"text from an empty list":             {attrs.FirstName, attrs.From("x"), claims(t, `{"x":[]}`), "null"},
		"name in another case is absent":      {attrs.FirstName, attrs.From("X"), claims(t, `{"x":"Ada"}`), "absent"},
		"first present source wins":           {attrs.FirstName, attrs.From("a", "b", "c"), claims(t, `{"c":"3","b":"2","a":""}`), `"2"`},
		"blank when one source is blank":      {attrs.FirstName, attrs.From("a", "b", "c"), claims(t, `{"b":""}`), "null"},
		"list":                                {attrs.CourseSlugs, attrs.From("x"), claims(t, `{"x":["b","a"]}`), `["b","a"]`},
		"list of one":                         {attrs.CourseSlugs, attrs.From("x"), claims(t, `{"x":["a"]}`), `["a"]`},
		"list from one text":                  {attrs.CourseSlugs, attrs.From("x"), claims(t, `{"x":"a, b"}`), `["a, b"]`},
		"list from numbers":                   {attrs.ActiveLicenseIDs, attrs.From("x"), claims(t, `{"x":[1,2]}`), `["1","2"]`},
		"list from one number":                {attrs.ActiveLicenseIDs, attrs.From("x"), claims(t, `{"x":7}`), `["7"]`},
		"list with empty items":               {attrs.CourseSlugs, attrs.From("x"), claims(t, `{"x":["",null,"a"]}`), `["a"]`},
		"list of empty items":                 {attrs.CourseSlugs, attrs.From("x"), claims(t, `{"x":["",null]}`), "null"},
		"list split":                          {attrs.CourseSlugs, split, claims(t, `{"x":" a,, b c ,"}`), `["a","b c"]`},
		"list split from several texts":       {attrs.CourseSlugs, split, saml(named("x", "a,b", "c")), `["a","b","c"]`},
		"list split to nothing":               {attrs.CourseSlugs, split, claims(t, `{"x":" , "}`), "null"},
		"list translated":                     {attrs.CourseSlugs, translated, claims(t, `{"x":["g2","other","g1"]}`), `["advanced","intro"]`},
		"list translated to nothing":          {attrs.CourseSlugs, translated, claims(t, `{"x":["other"]}`), "absent"},
		"list blank though translated":        {attrs.CourseSlugs, translated, claims(t, `{"x":[]}`), "null"},
		"translation is by exact spelling":    {attrs.CourseSlugs, translated, claims(t, `{"x":["G1"," g2"]}`), "absent"},
		"flag true":                           {attrs.ClearCart, attrs.From("x"), claims(t, `{"x":true}`), `"true"`},
		"flag false":                          {attrs.ClearCart, attrs.From("x"), claims(t, `{"x":false}`), `"false"`},
		"flag as a number":                    {attrs.ClearCart, attrs.From("x"), claims(t, `{"x":1}`), `"true"`},
		"flag as a text":                      {attrs.ClearCart, attrs.From("x"), claims(t, `{"x":"No"}`), `"false"`},
		"flag from SAML":                      {attrs.ClearCart, attrs.From("x"), saml(named("x", "TRUE")), `"true"`},
		"flag blank":                          {attrs.ClearCart, attrs.From("x"), claims(t, `{"x":""}`), "null"},
		"time by its digits":                  {attrs.IssuedAt, attrs.From("x"), claims(t, `{"x":1700000000.25}`), `"1700000000.25"`},
		"role from a group":                   {attrs.Role, groups("x"), claims(t, `{"x":"staff"}`), `"client-manager"`},
		"role from one group of several":      {attrs.Role, groups("x"), claims(t, `{"x":["staff","offline_access"]}`), `"client-manager"`},
		"role from groups that mean the same": {attrs.Role, groups("x"), claims(t, `{"x":["staff","bosses"]}`), `"client-manager"`},
		"role from a delimited text": {attrs.Role, attrs.Source{From: []string{"x"}, Split: ";", Values: map[string]string{"staff": "client-manager"}},
			claims(t, `{"x":"everybody; staff"}`), `"client-manager"`},
		"role from SAML groups":          {attrs.Role, groups("x"), saml(named("x", "all", "pupils")), `"student"`},
		"text translated to nothing":     {attrs.Language, groups("x"), claims(t, `{"x":"zz"}`), "absent"},
		"SAML by name":                   {attrs.Email, attrs.From("x"), saml(named("x", "a@x.example")), `"a@x.example"`},
		"SAML by friendly name":          {attrs.Email, attrs.From("mail"), saml(attrs.Named{Name: "urn:oid:1", FriendlyName: "mail", Values: []string{"a"}}), `"a"`},
		"SAML name before friendly name": {attrs.Email, attrs.From("mail"), saml(attrs.Named{Name: "urn:oid:1", FriendlyName: "mail", Values: []string{"f"}}, named("mail", "n")), `"n"`},
		"SAML without a value":           {attrs.FirstName, attrs.From("x"), saml(named("x")), "null"},
		"SAML with only empty values":    {attrs.FirstName, attrs.From("x"), saml(named("x", "", "")), "null"},
		"SAML with one value not empty":  {attrs.FirstName, attrs.From("x"), saml(named("x", "", "Ada")), `"Ada"`},
		"SAML repeated attributes merge": {attrs.CourseSlugs, attrs.From("x"), saml(named("x", "a"), named("y", "n"), named("x", "b", "")), `["a","b"]`},
		"SAML repeated friendly ones merge": {attrs.CourseSlugs, attrs.From("f"), saml(attrs.Named{Name: "1", FriendlyName: "f", Values: []string{"a"}},
			attrs.Named{Name: "2", FriendlyName: "f", Values: []string{"b"}}), `["a","b"]`},
		"SAML names are never paths": {attrs.Role, attrs.From("a.b"), saml(named("a", "x")), "absent"},
		"nothing arrived":            {attrs.Role, attrs.From("a.b"), attrs.Incoming{}, "absent"},
	} {
		t.Run(name, func(t *testing.T) {
			set, err := attrs.Mapping{row.key: row.source}.Apply(row.in)
			require.NoError(t, err)
			require.Equal(t, row.want, said(set.Get(row.key)))
		})
	}
}

func TestApplyReachesNestedClaims(t *testing.T) {
	doc := `{"realm_access":{"roles":["staff"],"a.b":"dotted","":"empty"},"https://lms.example/claims":{"course":"c/1"},
		"https://lms.example/role":"pupils","list":["zero",{"deep":"one"}],"/literal":"exact","null":null,"text":"t","s~1t":{"u":"tilde"}}`
	for source, want := range map[string]string{
		"realm_access.roles":                    `["staff"]`,
		"/realm_access/roles":                   `["staff"]`,
		"/realm_access/roles/0":                 `["staff"]`,
		"/realm_access/a.b":                     `["dotted"]`,
		"/realm_access/":                        `["empty"]`,
		"/https:~1~1lms.example~1claims/course": `["c/1"]`,
		"https://lms.example/role":              `["pupils"]`,
		"/https:~1~1lms.example~1role":          `["pupils"]`,
		"/list/0":                               `["zero"]`,
		"/list/1/deep":                          `["one"]`,
		"list.1.deep":                           `["one"]`,
		"/literal":                              `["exact"]`,
		"/s~01t/u":                              `["tilde"]`,
		"null":                                  "null",
		"null.deep":                             "absent",
		"text.deep":                             "absent",
		"/list/01":                              "absent",
		"/list/-":                               "absent",
		"/list/2":                               "absent",
		"/list/+1":                              "absent",
		"realm_access.a.b":                      "absent",
		"realm_access.":                         "absent",
		".roles":                                "absent",
		"realm_access.ROLES":                    "absent",
	} {
		t.Run(source, func(t *testing.T) {
			set, err := attrs.Mapping{attrs.CourseSlugs: attrs.From(source)}.Apply(claims(t, doc))
			require.NoError(t, err)
			require.Equal(t, want, said(set.Get(attrs.CourseSlugs)))
		})
	}
	set, err := attrs.Mapping{attrs.Bio: attrs.From("a.b")}.Apply(claims(t, `{"a":{"b":"nested"},"a.b":"exact"}`))
	require.NoError(t, err)
	require.Equal(t, "exact", set.Get(attrs.Bio).String(), "a claim of the exact name wins over a nested one")
}

func TestApplyRefuses(t *testing.T) {
	long, free := strings.Repeat("a", 4097), strings.Repeat("a", 64*1024+1)
	many := strings.Repeat("a,", 5001)
	for name, row := range map[string]struct {
		key    attrs.Key
		source attrs.Source
		in     attrs.Incoming
	}{
		"two e-mail values in SAML":         {attrs.Email, attrs.From("x"), saml(named("x", "a@x.example", "b@x.example"))},
		"one e-mail twice in SAML":          {attrs.Email, attrs.From("x"), saml(named("x", "a@x.example"), named("x", "a@x.example"))},
		"a list for a text":                 {attrs.Email, attrs.From("x"), claims(t, `{"x":["a@x.example"]}`)},
		"an object for a text":              {attrs.Email, attrs.From("x"), claims(t, `{"x":{"a":"b"}}`)},
		"an empty object for a text":        {attrs.Email, attrs.From("x"), claims(t, `{"x":{}}`)},
		"a boolean for a text":              {attrs.ExternalID, attrs.From("x"), claims(t, `{"x":true}`)},
		"a fraction for a text":             {attrs.ExternalID, attrs.From("x"), claims(t, `{"x":1.0}`)},
		"an exponent for a text":            {attrs.ExternalID, attrs.From("x"), claims(t, `{"x":1e3}`)},
		"an object for a list":              {attrs.CourseSlugs, attrs.From("x"), claims(t, `{"x":{"a":"b"}}`)},
		"a boolean for a list":              {attrs.CourseSlugs, attrs.From("x"), claims(t, `{"x":true}`)},
		"a boolean in a list":               {attrs.CourseSlugs, attrs.From("x"), claims(t, `{"x":["a",true]}`)},
		"a list in a list":                  {attrs.CourseSlugs, attrs.From("x"), claims(t, `{"x":[["a"]]}`)},
		"an object in a list":               {attrs.CourseSlugs, attrs.From("x"), claims(t, `{"x":[{}]}`)},
		"a fraction in a list":              {attrs.CourseSlugs, attrs.From("x"), claims(t, `{"x":[1.5]}`)},
		"a number for a flag":               {attrs.ReplaceCourses, attrs.From("x"), claims(t, `{"x":2}`)},
		"a fraction for a flag":             {attrs.ReplaceCourses, attrs.From("x"), claims(t, `{"x":1.0}`)},
		"a word for a flag":                 {attrs.ReplaceCourses, attrs.From("x"), claims(t, `{"x":"on"}`)},
		"white space around a flag":         {attrs.ReplaceCourses, attrs.From("x"), claims(t, `{"x":" true"}`)},
		"white space for a flag":            {attrs.ReplaceCourses, attrs.From("x"), claims(t, `{"x":" "}`)},
		"a list for a flag":                 {attrs.ReplaceCourses, attrs.From("x"), claims(t, `{"x":[true]}`)},
		"an object for a flag":              {attrs.ReplaceCourses, attrs.From("x"), claims(t, `{"x":{}}`)},
		"two values for a flag in SAML":     {attrs.ReplaceCourses, attrs.From("x"), saml(named("x", "false", "true"))},
		"a text for a time":                 {attrs.IssuedAt, attrs.From("x"), claims(t, `{"x":"1700000000"}`)},
		"a boolean for a time":              {attrs.IssuedAt, attrs.From("x"), claims(t, `{"x":true}`)},
		"a text for custom fields":          {attrs.CustomFields, attrs.From("x"), claims(t, `{"x":"a"}`)},
		"a list for custom fields":          {attrs.CustomFields, attrs.From("x"), claims(t, `{"x":["a"]}`)},
		"custom fields from SAML":           {attrs.CustomFields, attrs.From("x"), saml(named("x", `{"a":"b"}`))},
		"a list in a custom field":          {attrs.CustomFields, attrs.From("x"), claims(t, `{"x":{"a":["b"]}}`)},
		"an object in a custom field":       {attrs.CustomFields, attrs.From("x"), claims(t, `{"x":{"a":{}}}`)},
		"a custom field twice":              {attrs.CustomFields, attrs.From("x"), claims(t, `{"x":{"a":"1","\u0061":"2"}}`)},
		"a custom field without a name":     {attrs.CustomFields, attrs.From("x"), claims(t, `{"x":{"":"1"}}`)},
		"a custom field name with NUL":      {attrs.CustomFields, attrs.From("x"), claims(t, `{"x":{"a\u0000":"1"}}`)},
		"a custom field name too long":      {attrs.CustomFields, attrs.From("x"), claims(t, `{"x":{"`+strings.Repeat("n", 257)+`":"1"}}`)},
		"a custom field name half a pair":   {attrs.CustomFields, attrs.From("x"), claims(t, `{"x":{"\ud800":"1"}}`)},
		"NUL in a custom field":             {attrs.CustomFields, attrs.From("x"), claims(t, `{"x":{"a":"\u0000"}}`)},
		"too many custom fields":            {attrs.CustomFields, attrs.From("x"), claims(t, `{"x":{`+fields(501)+`}}`)},
		"a list for one custom field":       {"customFields.a", attrs.From("x"), claims(t, `{"x":["b"]}`)},
		"two SAML values for one field":     {"customFields.a", attrs.From("x"), saml(named("x", "1", "2"))},
		"a nested claim twice":              {attrs.Role, attrs.From("a.b"), claims(t, `{"a":{"b":"student","\u0062":"admin"}}`)},
		"NUL":                               {attrs.FirstName, attrs.From("x"), claims(t, `{"x":"a\u0000"}`)},
		"CR LF":                             {attrs.Email, attrs.From("x"), claims(t, `{"x":"a@x.example\r\nBcc: b@x.example"}`)},
		"tab":                               {attrs.FirstName, attrs.From("x"), claims(t, `{"x":"a\tb"}`)},
		"DEL":                               {attrs.FirstName, attrs.From("x"), claims(t, `{"x":"a\u007f"}`)},
		"C1 control":                        {attrs.FirstName, attrs.From("x"), claims(t, `{"x":"a\u0085"}`)},
		"escape in a bio":                   {attrs.Bio, attrs.From("x"), claims(t, `{"x":"a\u001b[2J"}`)},
		"replacement character":             {attrs.ExternalID, attrs.From("x"), claims(t, `{"x":"a\ufffd"}`)},
		"half a surrogate pair":             {attrs.ExternalID, attrs.From("x"), claims(t, `{"x":"a\ud800"}`)},
		"half a surrogate pair in a list":   {attrs.CourseSlugs, attrs.From("x"), claims(t, `{"x":["a\ud800"]}`)},
		"control in a list":                 {attrs.CourseSlugs, attrs.From("x"), claims(t, `{"x":["ok","a\n"]}`)},
		"bytes that are not UTF-8":          {attrs.ExternalID, attrs.From("x"), saml(named("x", "a\xff"))},
		"text too long":                     {attrs.FirstName, attrs.From("x"), claims(t, `{"x":"`+long+`"}`)},
		"number too long":                   {attrs.IssuedAt, attrs.From("x"), claims(t, `{"x":1`+strings.Repeat("0", 4096)+`}`)},
		"list item too long":                {attrs.CourseSlugs, attrs.From("x"), claims(t, `{"x":["`+long+`"]}`)},
		"free text too long":                {attrs.Ref(1), attrs.From("x"), claims(t, `{"x":"`+free+`"}`)},
		"list too long":                     {attrs.CourseSlugs, attrs.From("x"), saml(named("x", strings.Split(many, ",")...))},
		"list too long once split":          {attrs.CourseSlugs, attrs.Source{From: []string{"x"}, Split: ","}, claims(t, `{"x":"`+many+`"}`)},
		"a role that is not mapped":         {attrs.Role, groups("x"), claims(t, `{"x":"superuser"}`)},
		"roles none of which is mapped":     {attrs.Role, groups("x"), claims(t, `{"x":["superuser","u2"]}`)},
		"groups that mean two roles":        {attrs.Role, groups("x"), claims(t, `{"x":["pupils","root"]}`)},
		"values that mean two texts":        {attrs.Language, groups("x"), claims(t, `{"x":["pupils","root"]}`)},
		"a boolean to translate":            {attrs.Role, groups("x"), claims(t, `{"x":true}`)},
		"an object to translate":            {attrs.Role, groups("x"), claims(t, `{"x":{"staff":true}}`)},
		"a wrong type before a sound claim": {attrs.FirstName, attrs.From("a", "b"), claims(t, `{"a":{},"b":"ok"}`)},
		"blank e-mail":                      {attrs.Email, attrs.From("x"), claims(t, `{"x":""}`)},
		"blank external id":                 {attrs.ExternalID, attrs.From("x"), claims(t, `{"x":null}`)},
		"blank role":                        {attrs.Role, attrs.From("x"), claims(t, `{"x":[]}`)},
		"blank role in SAML":                {attrs.Role, attrs.From("x"), saml(named("x", ""))},
		"a role that splits to nothing": {attrs.Role, attrs.Source{From: []string{"x"}, Split: ",", Values: map[string]string{"a": "student"}},
			claims(t, `{"x":" , "}`)},
	} {
		t.Run(name, func(t *testing.T) {
			set, err := attrs.Mapping{row.key: row.source}.Apply(row.in)
			var refused *attrs.Error
			require.ErrorAs(t, err, &refused)
			require.Equal(t, row.key, refused.Key)
			missing := strings.HasPrefix(name, "blank") || strings.HasSuffix(name, "to nothing")
			require.Equal(t, missing, refused.SSOCode() == "attribute-missing")
			require.Equal(t, !missing, refused.SSOCode() == "attribute-invalid")
			require.Zero(t, set, "nothing beside an error")
			require.Contains(t, err.Error(), string(row.key))
			for _, personal := range []string{"x.example", "superuser", "Bcc", "aaaaaaaaaa"} {
				require.NotContains(t, err.Error(), personal)
			}
		})
	}
}

// fields makes n members of a custom-fields object.
func fields(n int) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = fmt.Sprintf(`"f%d":"v"`, i)
	}
	return strings.Join(parts, ",")
}

func TestApplyTakesTheLargestAllowed(t *testing.T) {
	items := make([]string, 5000)
	for i := range items {
		items[i] = fmt.Sprint("c", i)
	}
	m := attrs.Mapping{
		attrs.CourseSlugs: attrs.From("c"), attrs.FirstName: attrs.From("n"), attrs.Ref(10): attrs.From("r"),
		attrs.CustomFields: attrs.From("f"), attrs.Bio: attrs.From("b"),
	}
	list, err := json.Marshal(items)
	require.NoError(t, err)
	set, err := m.Apply(claims(t, `{"c":`+string(list)+`,"n":"`+strings.Repeat("n", 4096)+`","r":"`+strings.Repeat("r", 64*1024)+
		`","f":{`+fields(500)+`},"b":"two\r\n\tlines"}`))
	require.NoError(t, err)
	require.Equal(t, items, set.Get(attrs.CourseSlugs).All())
	require.Len(t, set.Get(attrs.FirstName).String(), 4096)
	require.Len(t, set.Get(attrs.Ref(10)).String(), 64*1024)
	require.Len(t, set.Fields, 500)
	require.Equal(t, "two\r\n\tlines", set.Get(attrs.Bio).String())
}

func TestRefusalsDescribeWhatCameByItsShape(t *testing.T) {
	for doc, want := range map[string]struct {
		key attrs.Key
		err attrs.Error
	}{
		`{"email":["a@x.example","b"]}`: {attrs.Email, attrs.Error{Detail: "wrong type", Expected: "a text", Received: "a list of 2 values"}},
		`{"clearCart":7}`:               {attrs.ClearCart, attrs.Error{Detail: "not a flag", Expected: "true, false, 1, 0, yes or no", Received: "a number"}},
		`{"clearCart":"später"}`:        {attrs.ClearCart, attrs.Error{Detail: "not a flag", Expected: "true, false, 1, 0, yes or no", Received: "a text of 6 characters"}},
		`{"clearCart":["x"]}`:           {attrs.ClearCart, attrs.Error{Detail: "not a flag", Expected: "true, false, 1, 0, yes or no", Received: "a list of 1 value"}},
		`{"courseSlugs":{}}`:            {attrs.CourseSlugs, attrs.Error{Detail: "wrong type", Expected: "a list of texts, or one text", Received: "an object"}},
	} {
		_, err := ownNames().Apply(claims(t, doc))
		want.err.Key = want.key
		require.Equal(t, &want.err, err)
	}
	_, err := ownNames().Apply(saml(named("email", "a", "b")))
	require.Equal(t, &attrs.Error{Key: attrs.Email, Detail: "several values for an attribute that holds one", Expected: "one value",
		Received: "a list of 2 values"}, err)
	_, err = attrs.ParseFlag(attrs.DualRole, attrs.List("a", "b"))
	require.ErrorContains(t, err, "received a list of 2 values")
}

func TestRoleRefusalNamesOurRolesOnly(t *testing.T) {
	_, err := attrs.Mapping{attrs.Role: groups("x")}.Apply(claims(t, `{"x":["secret-group","another"]}`))
	var refused *attrs.Error
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "what stands for admin, client-manager, student", refused.Expected)
	require.Equal(t, "2 values, none of them in the mapping", refused.Received)
}

func TestBlankRefusalShowsTheNamesThatArrived(t *testing.T) {
	_, err := attrs.Mapping{attrs.Email: attrs.From("Mail")}.Apply(claims(t, `{"mail":"a@x.example","Mail":""}`))
	require.ErrorContains(t, err, `the names that arrived: "Mail", "mail"`)
	var doc []string
	for i := range 30 {
		doc = append(doc, fmt.Sprintf(`"n%02d%s":1`, i, strings.Repeat("x", 100)))
	}
	_, err = attrs.Mapping{attrs.Email: attrs.From("e")}.Apply(claims(t, `{"e":null,`+strings.Join(doc, ",")+`}`))
	require.ErrorContains(t, err, "…")
	require.Less(t, len(err.Error()), 2000)
}
