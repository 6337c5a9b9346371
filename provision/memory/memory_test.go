package memory_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/provision"
	"github.com/lmssso/lmssso/provision/memory"
	"github.com/lmssso/lmssso/provision/provisiontest"
)

func TestDirectoryConforms(t *testing.T) {
	provisiontest.Run(t, func(t *testing.T, facts provision.Facts) provision.Directory {
		d, err := memory.New(memory.Config{Facts: facts})
		require.NoError(t, err)
		return d
	})
}

var student = provision.Role{Slug: "student", Kind: lmssso.Learner, Scope: provision.TenantScope}

func TestNewRefusesWhatContradictsItself(t *testing.T) {
	account := lmssso.Account{Link: lmssso.Link{Realm: "main", ExternalID: "1"}, Email: "bob@example.com", Role: "student"}
	with := func(change func(a *lmssso.Account)) memory.Config {
		second := account
		second.Link.ExternalID, second.Email = "2", "eve@example.com"
		change(&second)
		return memory.Config{Facts: provision.Facts{Roles: []provision.Role{student}}, Accounts: []lmssso.Account{account, second}}
	}
	facts := func(f provision.Facts) memory.Config { return memory.Config{Facts: f} }
	for name, cfg := range map[string]memory.Config{
		"two accounts with one external id": with(func(a *lmssso.Account) { a.Link.ExternalID = "1" }),
		"two accounts with one email":       with(func(a *lmssso.Account) { a.Email = "BOB@example.com" }),
		"two accounts with one id":          with(func(a *lmssso.Account) { a.ID = "account-1" }),
		"an account of an unknown role":     with(func(a *lmssso.Account) { a.Role = "Student" }),
		"an account without a realm":        with(func(a *lmssso.Account) { a.Link.Realm = "" }),
		"an account in an unknown tenant":   with(func(a *lmssso.Account) { a.Tenant = "nowhere" }),
		"an account on the wrong side":      with(func(a *lmssso.Account) { a.Side = lmssso.Manager }),
		"a role of no kind":                 facts(provision.Facts{Roles: []provision.Role{{Slug: "x", Scope: provision.SiteScope}}}),
		"a role without a scope":            facts(provision.Facts{Roles: []provision.Role{{Slug: "x", Kind: lmssso.Learner}}}),
		"two roles of one slug":             facts(provision.Facts{Roles: []provision.Role{student, student}}),
		"a course without a slug":           facts(provision.Facts{Courses: []provision.Course{{SKU: "C-1"}}}),
		"two courses with one SKU":          facts(provision.Facts{Courses: []provision.Course{{Slug: "a", SKU: "C-1"}, {Slug: "b", SKU: "C-1"}}}),
		"a licence of an unknown tenant":    facts(provision.Facts{Licenses: []provision.License{{ID: "L", Tenant: "nowhere"}}}),
	} {
		t.Run(name, func(t *testing.T) {
			d, err := memory.New(cfg)
			require.ErrorIs(t, err, lmssso.ErrConfiguration)
			require.Nil(t, d)
		})
	}
}

func TestNewNamesEveryFaultAtOnce(t *testing.T) {
	_, err := memory.New(memory.Config{
		Facts:    provision.Facts{Courses: []provision.Course{{}, {Slug: "a"}, {Slug: "a"}}},
		Accounts: []lmssso.Account{{Role: "ghost"}},
	})
	require.ErrorContains(t, err, "a course slug is empty")
	require.ErrorContains(t, err, "the course slug a is used twice")
	require.ErrorContains(t, err, "accounts[0]: the role is not in the catalogue")
}

func TestSeededAccountsAreCompleted(t *testing.T) {
	d, err := memory.New(memory.Config{
		Facts: provision.Facts{Roles: []provision.Role{student}},
		Accounts: []lmssso.Account{
			{ID: "account-1", Link: lmssso.Link{Realm: "main"}, Email: "Bob@Example.com", Role: "student"},
			{Link: lmssso.Link{Realm: "main"}, Email: "eve@example.com", Role: "student"},
		},
	})
	require.NoError(t, err)
	all, err := d.Accounts(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, "bob@example.com", all[0].Email)
	require.Equal(t, lmssso.Learner, all[0].Side)
	require.NotEqual(t, all[0].ID, all[1].ID)
}

func TestAccountsAreCopies(t *testing.T) {
	d, err := memory.New(memory.Config{
		Facts: provision.Facts{Roles: []provision.Role{student}},
		Accounts: []lmssso.Account{{
			Link: lmssso.Link{Realm: "main"}, Email: "bob@example.com", Role: "student", Grants: lmssso.Grants{Courses: []string{"intro"}},
		}},
	})
	require.NoError(t, err)
	first, err := d.Accounts(t.Context())
	require.NoError(t, err)
	first[0].Grants.Courses[0] = "scribbled"
	second, err := d.Accounts(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"intro"}, second[0].Grants.Courses)
}
