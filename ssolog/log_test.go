package ssolog_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/ssolog"
)

func TestTheZeroConfigRecordsNothing(t *testing.T) {
	l, err := ssolog.New(ssolog.Config{})
	require.NoError(t, err)
	record(t, l, jwtAttempt("T-1", "1", "a@example.com"))
	require.Empty(t, all(t, l))
	require.False(t, l.Enabled())
}

func TestTheSwitchStopsAndStartsRecordingAndKeepsWhatIsThere(t *testing.T) {
	l := newLog(t, ssolog.Config{})
	record(t, l, jwtAttempt("T-1", "1", "a@example.com"))
	l.SetEnabled(false)
	record(t, l, jwtAttempt("T-2", "1", "a@example.com"))
	require.Equal(t, []string{"T-1"}, traces(all(t, l)))
	l.SetEnabled(true)
	record(t, l, jwtAttempt("T-3", "1", "a@example.com"))
	require.Equal(t, []string{"T-3", "T-1"}, traces(all(t, l)))
}

func TestTheLast600OfEachOutcomeAreKept(t *testing.T) {
	l := newLog(t, ssolog.Config{})
	for i := range 601 {
		record(t, l, jwtAttempt(fmt.Sprint("good-", i), "1", "a@example.com"))
	}
	got := traces(all(t, l))
	require.Len(t, got, 600)
	require.Equal(t, "good-600", got[0])
	require.Equal(t, "good-1", got[599])
}

func TestRefusedNoiseCannotPushOutGoodLogins(t *testing.T) {
	l := newLog(t, ssolog.Config{})
	record(t, l, jwtAttempt("good", "1", "a@example.com"))
	for i := range 5000 {
		record(t, l, refusedAttempt(fmt.Sprint("noise-", i)))
	}
	require.Equal(t, []string{"good"}, traces(query(t, l, ssolog.Query{Verdict: ssolog.Accepted})))
	require.Len(t, query(t, l, ssolog.Query{Verdict: ssolog.Refused}), 600)
	require.Len(t, all(t, l), 601)
}

func TestEntriesAreShownForSevenDays(t *testing.T) {
	c := &clock{now: noon}
	l := newLog(t, ssolog.Config{Now: c.Now})
	record(t, l, jwtAttempt("good", "1", "a@example.com"))
	record(t, l, refusedAttempt("bad"))
	c.advance(7 * 24 * time.Hour)
	require.Len(t, all(t, l), 2)
	c.advance(time.Second)
	require.Empty(t, all(t, l))
}

func TestAClockThatWasSetBackHidesNothingLive(t *testing.T) {
	c := &clock{now: noon}
	l := newLog(t, ssolog.Config{Now: c.Now})
	c.now = noon.Add(time.Hour)
	record(t, l, jwtAttempt("ahead", "1", "a@example.com"))
	c.now = noon
	record(t, l, jwtAttempt("back", "1", "a@example.com"))
	c.now = noon.Add(7*24*time.Hour + time.Minute)
	require.Equal(t, []string{"ahead"}, traces(all(t, l)))
}

func TestWhatVouchedForNobodyAndWasNotRefusedLeavesNoEntry(t *testing.T) {
	for name, a := range map[string]*lmssso.Attempt{
		"begun":    {Action: "login"},
		"metadata": {Action: "metadata"},
		"answered": {Action: "callback", Err: lmssso.ErrAnswered},
		"wrapped":  {Action: "callback", Err: fmt.Errorf("page: %w", lmssso.ErrAnswered)},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLog(t, ssolog.Config{})
			record(t, l, a)
			require.Empty(t, all(t, l))
		})
	}
	l := newLog(t, ssolog.Config{})
	record(t, l, &lmssso.Attempt{Action: "logout", Protocol: lmssso.SAML})
	require.Equal(t, "logout", all(t, l)[0].Response.Type)
}

func TestOutOfRangeSettingsAreConfigurationFaults(t *testing.T) {
	for name, cfg := range map[string]ssolog.Config{
		"more entries than the platform keeps": {Limits: ssolog.Limits{Entries: 601}},
		"longer than the platform keeps":       {Limits: ssolog.Limits{Age: 7*24*time.Hour + 1}},
		"negative entries":                     {Limits: ssolog.Limits{Entries: -1}},
		"negative age":                         {Limits: ssolog.Limits{Age: -1}},
		"too many attributes":                  {Limits: ssolog.Limits{Attributes: 1001}},
		"too many values":                      {Limits: ssolog.Limits{Values: 1001}},
		"too long values":                      {Limits: ssolog.Limits{ValueBytes: 8<<10 + 1}},
		"unknown policy":                       {Values: 2},
		"script as a style sheet":              {Page: ssolog.Page{Stylesheet: "javascript:alert(1)"}},
		"plain http style sheet":               {Page: ssolog.Page{Stylesheet: "http://cdn.example.com/a.css"}},
		"style sheet that extends the policy":  {Page: ssolog.Page{Stylesheet: "https://cdn.example.com;script-src/a.css"}},
		"style sheet with credentials":         {Page: ssolog.Page{Stylesheet: "https://a:b@cdn.example.com/a.css"}},
		"style sheet of another site":          {Page: ssolog.Page{Stylesheet: "//cdn.example.com/a.css"}},
		"switch at another site":               {Page: ssolog.Page{ToggleURL: "//evil.example.com/"}},
		"switch at another site, slashes":      {Page: ssolog.Page{ToggleURL: "///evil.example.com/"}},
		"switch at another site, backslash":    {Page: ssolog.Page{ToggleURL: `/\evil.example.com/`}},
		"switch by script":                     {Page: ssolog.Page{ToggleURL: "javascript:alert(1)"}},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := ssolog.New(cfg)
			require.ErrorIs(t, err, lmssso.ErrConfiguration)
			require.Nil(t, l)
		})
	}
}

func TestPolicyTextIsTheConfigurationFilesOwn(t *testing.T) {
	var p ssolog.ValuePolicy
	require.NoError(t, p.UnmarshalText([]byte("kept")))
	require.Equal(t, ssolog.KeepValues, p)
	require.NoError(t, p.UnmarshalText([]byte("redacted")))
	require.Equal(t, ssolog.RedactValues, p)
	for _, bad := range []string{"", "Kept", "keep", "none"} {
		require.ErrorIs(t, p.UnmarshalText([]byte(bad)), lmssso.ErrConfiguration)
	}
}

func TestANilAttemptIsAnErrorAndNoPanic(t *testing.T) {
	require.ErrorIs(t, newLog(t, ssolog.Config{}).Record(context.Background(), nil), lmssso.ErrUnavailable)
}

func TestAVisitorWhoLeavesIsStillRecorded(t *testing.T) {
	l := newLog(t, ssolog.Config{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.NoError(t, l.Record(ctx, refusedAttempt("T-1")))
	require.Len(t, all(t, l), 1)
	_, err := l.Query(ctx, ssolog.Query{})
	require.ErrorIs(t, err, context.Canceled)
}

func TestFiltersFindWhatTheyName(t *testing.T) {
	for _, values := range []ssolog.ValuePolicy{ssolog.RedactValues, ssolog.KeepValues} {
		t.Run(values.String(), func(t *testing.T) {
			l := newLog(t, ssolog.Config{Values: values})
			bob := jwtAttempt("T-bob", "ext-bob", "Bob@Example.com")
			bob.Outcome.Account = lmssso.Account{ID: "acc-1"}
			record(t, l, bob)
			ann := jwtAttempt("T-ann", "ext-ann", "ann@example.com")
			ann.Connection, ann.Assertion.Subject.Value = "acme-saml", "NAMEID-ann"
			ann.Err = lmssso.ErrRoleNotAllowed
			record(t, l, ann)
			record(t, l, refusedAttempt("T-noise"))

			for name, tc := range map[string]struct {
				q    ssolog.Query
				want []string
			}{
				"everything":                       {ssolog.Query{}, []string{"T-noise", "T-ann", "T-bob"}},
				"the newest":                       {ssolog.Query{Limit: 1}, []string{"T-noise"}},
				"the newest that match":            {ssolog.Query{Limit: 1, User: "ext-bob"}, []string{"T-bob"}},
				"by connection":                    {ssolog.Query{Connection: "acme-saml"}, []string{"T-ann"}},
				"by trace id":                      {ssolog.Query{TraceID: "T-noise"}, []string{"T-noise"}},
				"by external id":                   {ssolog.Query{User: "ext-bob"}, []string{"T-bob"}},
				"external ids keep their case":     {ssolog.Query{User: "EXT-BOB"}, []string{}},
				"not by a part of it":              {ssolog.Query{User: "ext"}, []string{}},
				"by email in any case":             {ssolog.Query{User: "bOB@example.COM"}, []string{"T-bob"}},
				"by name id":                       {ssolog.Query{User: "NAMEID-ann"}, []string{"T-ann"}},
				"by account id":                    {ssolog.Query{User: "acc-1"}, []string{"T-bob"}},
				"accepted":                         {ssolog.Query{Verdict: ssolog.Accepted}, []string{"T-bob"}},
				"refused":                          {ssolog.Query{Verdict: ssolog.Refused}, []string{"T-noise", "T-ann"}},
				"filters are taken together":       {ssolog.Query{User: "ext-bob", Verdict: ssolog.Refused}, []string{}},
				"refused after verification, user": {ssolog.Query{User: "ext-ann", Verdict: ssolog.Refused}, []string{"T-ann"}},
			} {
				t.Run(name, func(t *testing.T) { require.Equal(t, tc.want, traces(query(t, l, tc.q))) })
			}
		})
	}
}

func TestAPseudonymStandsForOneUserInOneRealm(t *testing.T) {
	l := newLog(t, ssolog.Config{})
	record(t, l, jwtAttempt("T-1", "ext-bob", "bob@example.com"))
	record(t, l, jwtAttempt("T-2", "ext-bob", "bob@new.example.com"))
	record(t, l, jwtAttempt("T-3", "ext-ann", "ann@example.com"))
	elsewhere := jwtAttempt("T-4", "ext-bob", "bob@example.com")
	elsewhere.Assertion.Link.Realm = "acme"
	record(t, l, elsewhere)
	e := all(t, l)
	bob := e[3].Response.User.NameID
	require.Equal(t, bob, e[2].Response.User.NameID)
	require.NotEqual(t, bob, e[1].Response.User.NameID)
	require.NotEqual(t, bob, e[0].Response.User.NameID)
	require.Equal(t, []string{"T-2", "T-1"}, traces(query(t, l, ssolog.Query{User: bob})))

	other := newLog(t, ssolog.Config{})
	record(t, other, jwtAttempt("T-1", "ext-bob", "bob@example.com"))
	require.NotEqual(t, bob, all(t, other)[0].Response.User.NameID, "a pseudonym must not outlive the process")
}

func TestOneEntryHasABound(t *testing.T) {
	for name, tc := range map[string]struct {
		fill func(a *lmssso.Attempt)
		want string
	}{
		"long value": {func(a *lmssso.Attempt) { a.Assertion.Raw["bio"] = []string{strings.Repeat("é ", 40_000)} }, "[truncated]"},
		"many values": {func(a *lmssso.Attempt) {
			a.Assertion.Raw["groups"] = slicesOf("group", 5000)
		}, "[4950 more]"},
		"many attributes": {func(a *lmssso.Attempt) {
			for i := range 5000 {
				a.Assertion.Raw[fmt.Sprint("name-", i)] = []string{"x"}
			}
		}, "[4902 more]"},
		"many long values": {func(a *lmssso.Attempt) {
			for i := range 100 {
				a.Assertion.Raw[fmt.Sprint("name-", i)] = slicesOf(strings.Repeat("x ", 400), 100)
			}
		}, `"[truncated]":["`},
		"long names":      {func(a *lmssso.Attempt) { a.Assertion.Raw[strings.Repeat("n ", 9000)] = []string{"x"} }, "[truncated]"},
		"mapped lists":    {func(a *lmssso.Attempt) { a.Assertion.Access.CourseSlugs = attrs.List(slicesOf("c", 5000)...) }, "[4950 more]"},
		"changes":         {func(a *lmssso.Attempt) { a.Outcome.Changes = make([]lmssso.Change, 5000) }, "[4800 more]"},
		"warnings":        {func(a *lmssso.Attempt) { a.Assertion.Warnings = make([]attrs.Warning, 5000) }, "[4800 more]"},
		"error":           {func(a *lmssso.Attempt) { a.Err = &lmssso.Error{Detail: strings.Repeat("no ", 1<<20)} }, "[truncated]"},
		"custom fields":   {func(a *lmssso.Attempt) { a.Assertion.Profile.CustomFields = manyFields(5000) }, "[4900 more]"},
		"connection name": {func(a *lmssso.Attempt) { a.Connection = strings.Repeat("c ", 9000) }, "[truncated]"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLog(t, ssolog.Config{Values: ssolog.KeepValues})
			a := jwtAttempt("T-1", "1", "a@example.com")
			tc.fill(a)
			record(t, l, a)
			text := jsonOf(t, l)
			require.Contains(t, text, tc.want)
			require.Less(t, len(text), 100_000)
			require.NotContains(t, text, `\ufffd`, "a text was cut inside a character")
		})
	}
}

func slicesOf(s string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = s
	}
	return out
}

func manyFields(n int) map[string]attrs.Value {
	out := map[string]attrs.Value{}
	for i := range n {
		out[fmt.Sprint("field-", i)] = attrs.Text("x")
	}
	return out
}

func TestACountOfValuesIsKeptWhenTheValuesAreNot(t *testing.T) {
	l := newLog(t, ssolog.Config{})
	a := jwtAttempt("T-1", "1", "a@example.com")
	a.Assertion.Raw = map[string][]string{"groups": {"a", "b", ""}, "none": {}, "sent-blank": {""}}
	a.Assertion.Profile.LastName = attrs.Cleared()
	record(t, l, a)
	e := all(t, l)[0]
	require.Equal(t, map[string][]string{"groups": {"[redacted]", "[redacted]", ""}, "none": {}, "sent-blank": {""}}, e.Response.User.Attributes)
	require.Equal(t, ssolog.Attr{}, e.Result.Attrs[attrs.LastName], "blank is an order, and shows")
	require.NotContains(t, e.Result.Attrs, attrs.FirstName, "absent does not show")
}

func TestErrorsAreDescribedByWhatTheyDeclare(t *testing.T) {
	own := &lmssso.Error{Reason: lmssso.ErrExternalIDMissing, Detail: "d", Expected: "e", Received: "r"}
	attr := &attrs.Error{Key: attrs.DualRole, Detail: "not a flag", Expected: "true or false", Received: "a text of 5 characters"}
	for name, tc := range map[string]struct {
		err  error
		want ssolog.Failure
	}{
		"ours": {own, ssolog.Failure{Code: "external-id-missing", Detail: "d", Expected: "e", Received: "r"}},
		"ours, wrapped": {fmt.Errorf("while: %w", own), ssolog.Failure{
			Code: "external-id-missing", Detail: "d", Expected: "e", Received: "r"}},
		"a reason alone": {lmssso.ErrReplayed, ssolog.Failure{Code: "replayed"}},
		"an attribute": {&lmssso.Error{Reason: lmssso.ErrAttributeInvalid, Err: attr}, ssolog.Failure{
			Code: "attribute-invalid", Detail: "dualRole: not a flag", Expected: "true or false", Received: "a text of 5 characters"}},
		"a foreign error": {errors.New("pq: password authentication failed for user \"bob\""), ssolog.Failure{Code: "unavailable"}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLog(t, ssolog.Config{Values: ssolog.KeepValues})
			record(t, l, &lmssso.Attempt{Action: "jwt", Err: tc.err})
			got := *all(t, l)[0].Result.Error
			require.NotEmpty(t, got.Message)
			require.NotEmpty(t, got.Remedy)
			got.Message, got.Remedy = "", ""
			require.Equal(t, tc.want, got)
		})
	}
}

func TestUseByManyAtOnce(t *testing.T) {
	l := newLog(t, ssolog.Config{Limits: ssolog.Limits{Entries: 50}})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range 100 {
				_ = l.Record(context.Background(), jwtAttempt(fmt.Sprint(i, "-", n), "1", "a@example.com"))
				_ = l.Record(context.Background(), refusedAttempt("bad"))
				if n%20 == 0 {
					entries, err := l.Query(context.Background(), ssolog.Query{User: "1"})
					if err != nil || len(entries) > 50 {
						t.Error("the log lost its bound", err, len(entries))
					}
					for _, e := range entries {
						e.Response.User.Attributes["mine"] = nil
					}
					l.SetEnabled(true)
				}
			}
		})
	}
	wg.Wait()
	require.Len(t, all(t, l), 100)
}
