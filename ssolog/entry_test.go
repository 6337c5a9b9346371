package ssolog_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/ssolog"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestEntriesAreWrittenExactly(t *testing.T) {
	changed := jwtAttempt("T-2", "12345", "bob@example.com")
	changed.Tenant = "acme"
	changed.Outcome.Changes = []lmssso.Change{{Kind: lmssso.ChangeRevoke, Subject: "course:intro", Why: "replaceCourseAccess: not listed"}}
	changed.Assertion.Warnings = []attrs.Warning{{Key: attrs.DualRole, Text: "blank, taken for false"}}
	changed.Assertion.Profile.LastName = attrs.Cleared()
	changed.Assertion.Profile.CustomFields = map[string]attrs.Value{"shirt": attrs.Text("XL"), "motto": attrs.Cleared()}

	for name, tc := range map[string]struct {
		values  ssolog.ValuePolicy
		attempt *lmssso.Attempt
	}{
		"saml-kept":       {ssolog.KeepValues, samlAttempt()},
		"jwt-kept":        {ssolog.KeepValues, changed},
		"openid-kept":     {ssolog.KeepValues, oidcAttempt()},
		"jwt-refused":     {ssolog.RedactValues, refusedAttempt("T-4")},
		"saml-redacted":   {ssolog.RedactValues, samlAttempt()},
		"openid-redacted": {ssolog.RedactValues, oidcAttempt()},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLog(t, ssolog.Config{Values: tc.values})
			record(t, l, tc.attempt)
			e := all(t, l)[0]
			if tc.values == ssolog.RedactValues && e.Response.User.NameID != "" {
				require.Regexp(t, `^user-[0-9a-f]{12}$`, e.Response.User.NameID)
				e.Response.User.NameID = "user-000000000000"
			}
			got, err := json.MarshalIndent(e, "", "  ")
			require.NoError(t, err)
			golden(t, name+".json", append(got, '\n'))
		})
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
}

// The members of the sample in the Thought Industries SSO guide, "Single Sign-On Logs", with their kinds.
func TestTheSampleOfTheGuideIsReproducedMemberForMember(t *testing.T) {
	l := newLog(t, ssolog.Config{Values: ssolog.KeepValues})
	record(t, l, samlAttempt())
	text, err := json.Marshal(all(t, l)[0])
	require.NoError(t, err)
	var doc map[string]any
	require.NoError(t, json.Unmarshal(text, &doc))
	for _, ours := range []string{"time", "traceID", "durationMS"} {
		require.Contains(t, doc, ours)
		delete(doc, ours)
	}
	want := []string{
		"action text", "response.response_header.destination text", "response.response_header.id text",
		"response.response_header.in_response_to text", "response.response_header.version text", "response.type text",
		"response.user.name_id text", "response.user.session_index text",
		"result.attrs.email text", "result.attrs.externalCustomerId text", "result.attrs.firstName text",
		"result.attrs.lastName text", "result.attrs.ref4 text", "result.attrs.studentLicenseIds list",
		"result.valid bool", "ssoBlock text", "type text",
	}
	for _, name := range []string{
		"department", "departmentID", "email", "firstName", "groups", "jobCode", "lastName", "licenseSlug", "location", "oktaID", "team",
	} {
		want = append(want, "response.user.attributes."+name+" list")
	}
	slices.Sort(want)
	require.Equal(t, want, slices.Sorted(maps.Keys(members("", doc))))
	require.Equal(t, "saml", doc["type"])
	require.Equal(t, "assertionConsumer", doc["action"])
}

func members(path string, v any) map[string]bool {
	out := map[string]bool{}
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			for m := range members(path+"."+name, member) {
				out[m] = true
			}
		}
	case []any:
		out[path[1:]+" list"] = true
	case bool:
		out[path[1:]+" bool"] = true
	case string:
		out[path[1:]+" text"] = true
	default:
		out[fmt.Sprintf("%s %T", path[1:], v)] = true
	}
	return out
}

func TestEveryAttributeOfAnAssertionIsAmongTheMappedOnes(t *testing.T) {
	a := &lmssso.Assertion{Link: lmssso.Link{Realm: "main", ExternalID: "v0"}, ReturnTo: "/learn"}
	var want []string
	fill(reflect.ValueOf(&a.Profile).Elem(), &want)
	fill(reflect.ValueOf(&a.Access).Elem(), &want)
	require.Greater(t, len(want), 30, "the walk found nothing")

	l := newLog(t, ssolog.Config{Values: ssolog.KeepValues})
	record(t, l, &lmssso.Attempt{Action: "jwt", Protocol: lmssso.JWT, Assertion: a})
	text, err := json.Marshal(all(t, l)[0].Result.Attrs)
	require.NoError(t, err)
	for _, value := range want {
		require.Contains(t, string(text), `"`+value+`"`)
	}
	var keys map[string]any
	require.NoError(t, json.Unmarshal(text, &keys))
	for _, k := range []attrs.Key{
		attrs.DualRole, attrs.ReplaceCourses, attrs.ReplacePaths, attrs.ReplaceLicenses, attrs.TieredSubscription, attrs.ClearCart,
		attrs.ExternalID, attrs.ReturnTo, attrs.CustomFields, attrs.Ref(1), attrs.Ref(10),
	} {
		require.Contains(t, keys, string(k))
	}
}

// fill sets every attribute below v to a value of its own and every flag to true.
func fill(v reflect.Value, values *[]string) {
	next := func() string {
		*values = append(*values, fmt.Sprintf("v%d", len(*values)+1))
		return (*values)[len(*values)-1]
	}
	switch v.Type() {
	case reflect.TypeFor[attrs.Value]():
		v.Set(reflect.ValueOf(attrs.Text(next())))
		return
	case reflect.TypeFor[map[string]attrs.Value]():
		v.Set(reflect.ValueOf(map[string]attrs.Value{"field": attrs.Text(next())}))
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), values)
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), values)
		}
	}
}

func TestAttrSurvivesJSON(t *testing.T) {
	for name, a := range map[string]ssolog.Attr{
		"blank":  {},
		"text":   {Text: "x"},
		"list":   {List: []string{"x", "y"}},
		"fields": {Fields: map[string]ssolog.Attr{"a": {Text: "x"}, "b": {}}},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := json.Marshal(a)
			require.NoError(t, err)
			got := ssolog.Attr{Text: "left over"}
			require.NoError(t, json.Unmarshal(text, &got))
			require.Equal(t, a, got)
		})
	}
	require.Error(t, new(ssolog.Attr).UnmarshalJSON(nil))
}

func TestAnEntryInTheOperationalLogSaysNothingOfTheUser(t *testing.T) {
	l := newLog(t, ssolog.Config{Values: ssolog.KeepValues})
	refused := jwtAttempt("T-7", "12345", "bob@example.com")
	refused.Err = &lmssso.Error{Reason: lmssso.ErrEmailTaken, Detail: "held by 12345"}
	record(t, l, refused)
	var out bytes.Buffer
	slog.New(slog.NewTextHandler(&out, nil)).Info("entry", "entry", all(t, l)[0], "log", l)
	require.Contains(t, out.String(), "entry.trace=T-7")
	require.Contains(t, out.String(), "entry.code=email-taken")
	require.NotContains(t, out.String(), "bob@")
	require.NotContains(t, out.String(), "12345")
}

func TestEntriesOfAQueryAreTheCallersOwn(t *testing.T) {
	l := newLog(t, ssolog.Config{Values: ssolog.KeepValues})
	attempt := samlAttempt()
	attempt.Err = lmssso.ErrRoleUnknown
	attempt.Outcome.Changes = []lmssso.Change{{Kind: lmssso.ChangeGrant}}
	attempt.Assertion.Warnings = []attrs.Warning{{Key: attrs.Role}}
	attempt.Assertion.Profile.CustomFields = map[string]attrs.Value{"a": attrs.List("x", "y")}
	record(t, l, attempt)
	before, err := json.Marshal(all(t, l))
	require.NoError(t, err)

	e := all(t, l)[0]
	e.Response.User.Attributes["groups"][0] = "changed"
	delete(e.Response.User.Attributes, "email")
	e.Result.Attrs[attrs.StudentLicenseIDs].List[0] = "changed"
	e.Result.Attrs[attrs.CustomFields].Fields["a"].List[0] = "changed"
	delete(e.Result.Attrs, attrs.Email)
	e.Result.Error.Message = "changed"
	e.Changes[0].Why, e.Warnings[0].Text = "changed", "changed"

	after, err := json.Marshal(all(t, l))
	require.NoError(t, err)
	require.Equal(t, string(before), string(after))
}
