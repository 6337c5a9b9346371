package ssolog_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/ssolog"
)

var noon = time.Date(2025, 3, 14, 12, 0, 0, 0, time.UTC)

// clock is a hand-set clock.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time          { return c.now }
func (c *clock) advance(d time.Duration) { c.now = c.now.Add(d) }

func newLog(t testing.TB, cfg ssolog.Config) *ssolog.Log {
	t.Helper()
	if cfg.Now == nil {
		cfg.Now = (&clock{now: noon}).Now
	}
	cfg.Enabled = true
	l, err := ssolog.New(cfg)
	require.NoError(t, err)
	return l
}

func record(t testing.TB, l *ssolog.Log, a *lmssso.Attempt) {
	t.Helper()
	require.NoError(t, l.Record(context.Background(), a))
}

func all(t testing.TB, l *ssolog.Log) []ssolog.Entry { t.Helper(); return query(t, l, ssolog.Query{}) }

func query(t testing.TB, l *ssolog.Log, q ssolog.Query) []ssolog.Entry {
	t.Helper()
	entries, err := l.Query(context.Background(), q)
	require.NoError(t, err)
	return entries
}

func traces(entries []ssolog.Entry) []string {
	out := []string{}
	for _, e := range entries {
		out = append(out, e.TraceID)
	}
	return out
}

// samlAttempt is the login of the guide's sample, with invented values.
func samlAttempt() *lmssso.Attempt {
	a := &lmssso.Assertion{
		Origin: lmssso.Origin{
			Protocol: lmssso.SAML, Connection: "61c81b3a-3c98-4704-a970-7c01f4debca4", Issuer: "http://www.example.com/exk1",
			ID: "id43982046788224579913027701", InResponseTo: "_74fa8cede8f6a019cb994af43620a3fb7546c2ba6a",
			Destination: "https://learn.example.com/access/saml/consumer",
		},
		Link:    lmssso.Link{Realm: "main", ExternalID: "00u1example2TTnzU297"},
		Subject: lmssso.Subject{Value: "00u1example2TTnzU297"},
		Session: lmssso.Session{Index: "_74fa8cede8f6a019cb994af43620a3fb7546c2ba6a"},
		Profile: lmssso.Profile{
			Email: attrs.Text("bob.jones@example.com"), FirstName: attrs.Text("Bob"), LastName: attrs.Text("Jones"),
		},
		Raw: map[string][]string{
			"email": {"bob.jones@example.com"}, "firstName": {"Bob"}, "lastName": {"Jones"}, "oktaID": {"00u1example2TTnzU297"},
			"department": {"Education"}, "location": {"USA_CO"}, "team": {"Relations"}, "jobCode": {"ENG1192"},
			"departmentID": {"D28000"}, "groups": {"Everyone", "eng", "staff", "Employees"},
			"licenseSlug": {"a641d986-9fe6-4b90-a318-2a14178d2012"},
		},
	}
	a.Access.StudentLicenses.IDs = attrs.List("a641d986-9fe6-4b90-a318-2a14178d2012")
	a.Profile.Refs[3] = attrs.Text("00u1example2TTnzU297")
	return &lmssso.Attempt{
		TraceID: "T-1", Action: "assertionConsumer", Connection: a.Origin.Connection, Protocol: lmssso.SAML,
		Started: noon, Took: 12345 * time.Microsecond, Assertion: a, Outcome: &lmssso.Outcome{},
	}
}

// jwtAttempt is a good login of one user by JWT.
func jwtAttempt(trace, externalID, email string) *lmssso.Attempt {
	return &lmssso.Attempt{
		TraceID: trace, Action: "jwt", Connection: "main-jwt", Protocol: lmssso.JWT, Started: noon,
		Assertion: &lmssso.Assertion{
			Origin:  lmssso.Origin{Protocol: lmssso.JWT, Connection: "main-jwt", ID: "jti-" + trace},
			Link:    lmssso.Link{Realm: "main", ExternalID: externalID},
			Profile: lmssso.Profile{Email: attrs.Text(email)},
			Raw:     map[string][]string{"externalCustomerId": {externalID}, "email": {email}},
		},
		Outcome: &lmssso.Outcome{},
	}
}

// The secrets of an OpenID Connect login: short, so that nothing but their names gives them away.
const (
	oidcNonce  = "n-planted-1"
	oidcAtHash = "h-planted-2"
	oidcHint   = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzIn0.planted-3"
)

// oidcAttempt is a good login by OpenID Connect, at a provider whose external id is not sub.
func oidcAttempt() *lmssso.Attempt {
	t := jwtAttempt("T-3", "123456780", "bob@example.com")
	t.Protocol, t.Action, t.Connection = lmssso.OIDC, "callback", "school-oidc"
	a := t.Assertion
	a.Origin.Protocol, a.Origin.Connection, a.Origin.Issuer = lmssso.OIDC, "school-oidc", "https://school.example.com"
	a.Subject = lmssso.Subject{Value: "01EY1SAQY490WCG2H7SZ1365HN"}
	a.Session = lmssso.Session{Index: "sid-9", Hint: oidcHint}
	a.Raw = map[string][]string{
		"iss": {"https://school.example.com"}, "sub": {"01EY1SAQY490WCG2H7SZ1365HN"}, "email": {"bob@example.com"}, "user_id_api_v1": {"123456780"},
		"roles": {"site_admin"}, "site": {`{"subdomain":"jane","nonce":"` + oidcNonce + `"}`},
		"nonce": {oidcNonce}, "at_hash": {oidcAtHash}, "c_hash": {oidcAtHash}, "s_hash": {oidcAtHash},
	}
	return t
}

// refusedAttempt is a login that verification refused.
func refusedAttempt(trace string) *lmssso.Attempt {
	return &lmssso.Attempt{
		TraceID: trace, Action: "jwt", Connection: "main-jwt", Protocol: lmssso.JWT, Started: noon,
		Err: &lmssso.Error{Reason: lmssso.ErrExpired, Detail: "iat is too old", Expected: "at most 500s", Received: "501s"},
	}
}
