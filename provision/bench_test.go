package provision_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/provision"
)

// twelve is a login of twelve attributes.
func twelve() *lmssso.Assertion {
	return login(func(a *lmssso.Assertion) {
		p := &a.Profile
		p.FirstName, p.LastName, p.Role, p.Language = attrs.Text("Bob"), attrs.Text("Jones"), attrs.Text("student"), attrs.Text("en")
		p.Refs[0], p.Refs[1] = attrs.Text("one"), attrs.Text("two")
		p.CustomFields = map[string]attrs.Value{"team": attrs.Text("red")}
		a.Access.CourseSlugs, a.Access.LearningPathSlugs = attrs.List("intro", "law"), attrs.Text("onboarding")
		a.Access.BundleSlugs = attrs.Text("silver")
	})
}

// known is the account that twelve finds nothing to change in.
func known() lmssso.Account {
	return account(func(a *lmssso.Account) { a.Profile.Language, a.Profile.Refs = "en", map[int]string{1: "one", 2: "two"} })
}

func BenchmarkPlanUpdateWithoutChange(b *testing.B) { benchmarkPlan(b, accounts(known()), false) }

func BenchmarkPlanCreate(b *testing.B) { benchmarkPlan(b, nil, true) }

func benchmarkPlan(b *testing.B, stored []lmssso.Account, alters bool) {
	a, p := twelve(), mainPolicy(nil)
	s, err := directory(b, stored).Read(b.Context(), provision.QueryFor(a, p))
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		out, err := provision.Plan(s, a, p)
		if err != nil || out.Alters() != alters {
			b.Fatal(err, out.Changes)
		}
	}
}

func BenchmarkQueryFor(b *testing.B) {
	a, p := twelve(), mainPolicy(nil)
	b.ReportAllocs()
	for b.Loop() {
		if q := provision.QueryFor(a, p); q.Email == "" {
			b.Fatal("no email")
		}
	}
}

func BenchmarkServiceUpdateWithoutChange(b *testing.B) {
	s, err := provision.New(provision.Config{Directory: directory(b, accounts(known()))})
	require.NoError(b, err)
	a, p := twelve(), mainPolicy(nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Provision(b.Context(), a, p); err != nil {
			b.Fatal(err)
		}
	}
}
