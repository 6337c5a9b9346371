package provision_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/provision"
	"github.com/lmssso/lmssso/provision/memory"
)

// catalogue is what the directories of these tests know.
func catalogue() provision.Facts {
	return provision.Facts{
		Roles: []provision.Role{
			{Slug: "student", Kind: lmssso.Learner, Scope: provision.TenantScope},
			{Slug: "auditor", Kind: lmssso.Learner, Scope: provision.TenantScope},
			{Slug: "client-manager", Kind: lmssso.Manager, Scope: provision.TenantScope},
			{Slug: "client-admin", Kind: lmssso.Manager, Scope: provision.TenantScope},
			{Slug: "admin", Kind: lmssso.Manager, Scope: provision.SiteScope},
		},
		Courses:       []provision.Course{{Slug: "intro", SKU: "C-1"}, {Slug: "safety", SKU: "C-2"}, {Slug: "law", SKU: "C-3"}},
		LearningPaths: []provision.LearningPath{{Slug: "onboarding"}, {Slug: "leadership"}},
		Bundles:       []provision.Bundle{{Slug: "silver"}, {Slug: "gold"}, {Slug: "welcome"}},
		Licenses: []provision.License{
			{ID: "lic-main", SKU: "L-M"}, {ID: "lic-acme", SKU: "L-A", Tenant: "id-acme"},
			{ID: "lic-acme2", SKU: "L-A2", Tenant: "id-acme"}, {ID: "lic-beta", SKU: "L-B", Tenant: "id-beta"},
		},
		Tenants: []provision.Tenant{{ID: "id-acme", SKU: "T-A", Slug: "acme"}, {ID: "id-beta", SKU: "T-B", Slug: "beta"}},
	}
}

// bob is a student of the main site whom everybody knows.
func bob() lmssso.Account {
	return lmssso.Account{
		ID: "bob", Link: lmssso.Link{Realm: "main", ExternalID: "12345"}, Email: "bob@example.com", Role: "student", Version: 1,
		Profile: lmssso.StoredProfile{
			FirstName: "Bob", LastName: "Jones", Refs: map[int]string{1: "one"}, CustomFields: map[string]string{"team": "red", "site": "north"},
		},
		Grants: lmssso.Grants{
			Courses: []string{"intro", "law"}, LearningPaths: []string{"onboarding"}, Bundles: []string{"silver"},
			StudentLicenses: []string{"lic-main"}, ActiveLicenses: []string{"lic-main"},
		},
	}
}

// account is bob, changed.
func account(change func(a *lmssso.Account)) lmssso.Account {
	a := bob()
	change(&a)
	return a
}

// dualBob is bob with a manager's side.
func dualBob() []lmssso.Account {
	learner := account(func(a *lmssso.Account) { a.PairID = "pair" })
	manager := lmssso.Account{
		ID: "bob-manager", Link: learner.Link, Email: learner.Email, Role: "client-manager", PairID: "pair", Version: 1,
		Profile: lmssso.StoredProfile{FirstName: "Robert"},
	}
	return []lmssso.Account{learner, manager}
}

// login is bob's login by a signed token, changed.
func login(change func(a *lmssso.Assertion)) *lmssso.Assertion {
	a := &lmssso.Assertion{
		Origin: lmssso.Origin{Protocol: lmssso.JWT, Connection: "portal"}, Link: lmssso.Link{Realm: "main", ExternalID: "12345"},
	}
	a.Profile.Email = attrs.Text("bob@example.com")
	if change != nil {
		change(a)
	}
	return a
}

// by lets another protocol carry the login.
func by(p lmssso.Protocol, a *lmssso.Assertion) *lmssso.Assertion {
	a.Origin.Protocol = p
	return a
}

// mainPolicy is the strictest policy of the main site, changed.
func mainPolicy(change func(p *lmssso.Policy)) lmssso.Policy {
	p := lmssso.Policy{Realm: "main"}
	if change != nil {
		change(&p)
	}
	return p
}

// acmePolicy is the strictest policy of the tenant acme. It shares the main realm, so that its users can be reached for.
func acmePolicy(change func(p *lmssso.Policy)) lmssso.Policy {
	return mainPolicy(func(p *lmssso.Policy) {
		p.Tenant = "id-acme"
		if change != nil {
			change(p)
		}
	})
}

// accounts lists who is there.
func accounts(list ...lmssso.Account) []lmssso.Account { return list }

// directory holds the accounts and the catalogue.
func directory(t testing.TB, stored []lmssso.Account) *memory.Directory {
	t.Helper()
	d, err := memory.New(memory.Config{Facts: catalogue(), Accounts: stored})
	require.NoError(t, err)
	return d
}

// plan asks the directory and plans.
func plan(t testing.TB, stored []lmssso.Account, a *lmssso.Assertion, p lmssso.Policy) (lmssso.Outcome, error) {
	t.Helper()
	s, err := directory(t, stored).Read(t.Context(), provision.QueryFor(a, p))
	require.NoError(t, err)
	return provision.Plan(s, a, p)
}

// mustPlan is plan, for logins that must be accepted.
func mustPlan(t testing.TB, stored []lmssso.Account, a *lmssso.Assertion, p lmssso.Policy) lmssso.Outcome {
	t.Helper()
	out, err := plan(t, stored, a, p)
	require.NoError(t, err)
	return out
}

// mustRefuse is plan, for logins that must be refused for the reason.
func mustRefuse(t testing.TB, stored []lmssso.Account, a *lmssso.Assertion, p lmssso.Policy, reason *lmssso.Reason) {
	t.Helper()
	out, err := plan(t, stored, a, p)
	require.ErrorIs(t, err, reason)
	require.Zero(t, out, "an outcome came beside the error")
}

// subjects lists the subjects of the outcome's changes of one kind.
func subjects(out lmssso.Outcome, kind lmssso.ChangeKind) []string {
	var list []string
	for _, c := range out.Changes {
		if c.Kind == kind {
			list = append(list, c.Subject)
		}
	}
	return list
}

// requireReasons demands that every change says why.
func requireReasons(t testing.TB, out lmssso.Outcome) {
	t.Helper()
	for _, c := range out.Changes {
		require.NotEmpty(t, c.Subject)
		require.NotEmpty(t, strings.TrimSpace(c.Why), "the change of %s gives no reason", c.Subject)
	}
}
