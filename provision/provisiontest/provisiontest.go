// Package provisiontest is the conformance suite of [provision.Directory]. A directory that passes [Run] can be trusted
// with logins: it finds exactly whom it was asked for, writes all of a change or nothing, keeps apart who must be kept
// apart, and gives back what it was given.
//
//	func TestDirectory(t *testing.T) {
//		provisiontest.Run(t, func(t *testing.T, facts provision.Facts) provision.Directory {
//			return openMyDirectory(t, facts)
//		})
//	}
package provisiontest

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/provision"
)

// realm is where the suite's accounts live unless a test says otherwise.
const realm = "main"

// Run checks the directory that open returns. open is called once for every test, gives a directory without accounts and
// with exactly the facts as its catalogue, and closes it by t.Cleanup.
func Run(t *testing.T, open func(t *testing.T, facts provision.Facts) provision.Directory) {
	t.Helper()
	for _, group := range [...][]check{readChecks, writeChecks, uniqueChecks, serviceChecks} {
		for _, c := range group {
			t.Run(c.name, func(t *testing.T) { c.run(t, open(t, catalogue())) })
		}
	}
}

// check is one test of the suite.
type check struct {
	name string
	run  func(t *testing.T, d provision.Directory)
}

// catalogue is what every directory under test knows.
func catalogue() provision.Facts {
	return provision.Facts{
		Roles: []provision.Role{
			{Slug: "student", Kind: lmssso.Learner, Scope: provision.TenantScope},
			{Slug: "admin", Kind: lmssso.Manager, Scope: provision.SiteScope},
			{Slug: "client-manager", Kind: lmssso.Manager, Scope: provision.TenantScope},
		},
		Courses: []provision.Course{
			{Slug: "intro", SKU: "C-1", Title: "Introduction"}, {Slug: "safety", SKU: "C-2"}, {Slug: "no-sku"}, {Slug: "no-sku-either"},
		},
		LearningPaths: []provision.LearningPath{{Slug: "onboarding", Title: "Onboarding"}, {Slug: "leadership"}},
		Bundles:       []provision.Bundle{{Slug: "silver", Title: "Silver"}, {Slug: "gold"}},
		Licenses: []provision.License{
			{ID: "lic-acme", SKU: "L-A", Tenant: "tenant-acme", Title: "Acme staff"}, {ID: "lic-main", SKU: "L-M"}, {ID: "lic-beta", Tenant: "tenant-beta"},
		},
		Tenants: []provision.Tenant{
			{ID: "tenant-acme", SKU: "T-A", Slug: "acme", Title: "Acme"}, {ID: "tenant-beta", Slug: "beta"}, {ID: "tenant-gamma", SKU: "T-G", Slug: "gamma"},
		},
	}
}

// student is a learner who is not stored yet.
func student(externalID, email string) lmssso.Account {
	return lmssso.Account{
		Link: lmssso.Link{Realm: realm, ExternalID: externalID}, Email: email, Role: "student", Side: lmssso.Learner,
	}
}

// manager is the other side of a student, in the same pair.
func manager(of lmssso.Account) lmssso.Account {
	of.ID, of.Version, of.Role, of.Side = "", 0, "client-manager", lmssso.Manager
	return of
}

// apply writes accounts together, the first of them as the outcome's account.
func apply(ctx context.Context, d provision.Directory, accounts ...lmssso.Account) (lmssso.Account, error) {
	return d.Apply(ctx, provision.Snapshot{}, lmssso.Outcome{
		Account: accounts[0], Created: accounts[0].ID == "", Others: accounts[1:],
		Changes: []lmssso.Change{{Kind: lmssso.ChangeProfile, Subject: "test", Why: "the suite changes it"}},
	})
}

// mustApply is apply, for changes that must be accepted.
func mustApply(t *testing.T, d provision.Directory, accounts ...lmssso.Account) lmssso.Account {
	t.Helper()
	stored, err := apply(t.Context(), d, accounts...)
	if err != nil {
		t.Fatalf("Apply: %v", err)
	}
	return stored
}

// mustBeStale is apply, for changes that must be refused.
func mustBeStale(t *testing.T, d provision.Directory, accounts ...lmssso.Account) {
	t.Helper()
	stored, err := apply(t.Context(), d, accounts...)
	if !errors.Is(err, provision.ErrStale) {
		t.Fatalf("Apply: got error %v, want ErrStale", err)
	}
	if !reflect.ValueOf(stored).IsZero() {
		t.Errorf("Apply returned an account beside its error")
	}
}

// mustPair stores both sides of a dual-role user and returns them.
func mustPair(t *testing.T, d provision.Directory, externalID, email string) (learner, other lmssso.Account) {
	t.Helper()
	l := student(externalID, email)
	l.PairID = "pair of " + email
	l = mustApply(t, d, l, manager(l))
	byID := mustRead(t, d, provision.Query{AccountID: l.ID}).ByID
	if len(byID) != 2 {
		t.Fatalf("ByID of one side: got %d accounts, want both sides", len(byID))
	}
	for _, a := range byID {
		if a.ID != l.ID {
			other = a
		}
	}
	return l, other
}

func mustRead(t *testing.T, d provision.Directory, q provision.Query) provision.Snapshot {
	t.Helper()
	s, err := d.Read(t.Context(), q)
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	return s
}

// stored returns the account as the directory has it now.
func stored(t *testing.T, d provision.Directory, id string) lmssso.Account {
	t.Helper()
	for _, a := range mustRead(t, d, provision.Query{AccountID: id}).ByID {
		if a.ID == id {
			return a
		}
	}
	t.Fatalf("the directory lost the account")
	return lmssso.Account{}
}

func linkOf(externalID string) lmssso.Link { return lmssso.Link{Realm: realm, ExternalID: externalID} }

// mustEqual compares accounts. An empty list or map is as good as none.
func mustEqual(t *testing.T, got, want lmssso.Account) {
	t.Helper()
	got, want = normal(got), normal(want)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the account differs:\n got %+v\nwant %+v", got, want)
	}
}

// normal makes every empty list and map nil.
func normal(a lmssso.Account) lmssso.Account {
	for _, part := range []reflect.Value{reflect.ValueOf(&a.Profile).Elem(), reflect.ValueOf(&a.Grants).Elem()} {
		for i := range part.NumField() {
			f := part.Field(i)
			if k := f.Kind(); (k == reflect.Slice || k == reflect.Map) && f.Len() == 0 {
				f.SetZero()
			}
		}
	}
	return a
}

// ids lists the accounts' ids.
func ids(accounts []lmssso.Account) []string {
	out := make([]string, len(accounts))
	for i, a := range accounts {
		out[i] = a.ID
	}
	return out
}
