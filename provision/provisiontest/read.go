package provisiontest

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/provision"
)

var readChecks = []check{
	{"ReadFindsNobodyWithoutError", readNobody},
	{"ReadFindsByLinkEmailAndID", readByEveryKey},
	{"ReadFindsBothSidesOfAPair", readPair},
	{"ReadKeepsRealmsApart", readRealms},
	{"ReadComparesExactly", readExactly},
	{"ReadTellsOnlyFactsMentioned", readFacts},
	{"ReadTellsTenantsOfWhatItReturns", readTenants},
	{"ReadEchoesTheQuery", readEcho},
	{"CancelledContextStopsEverything", cancelled},
}

func readNobody(t *testing.T, d provision.Directory) {
	s := mustRead(t, d, provision.Query{Link: linkOf("nobody"), Email: "nobody@example.com", AccountID: "nobody"})
	if len(s.ByLink)+len(s.ByEmail)+len(s.ByID) != 0 {
		t.Errorf("an empty directory returned accounts: %+v", s)
	}
	mustApply(t, d, student("", "unlinked@example.com"))
	s = mustRead(t, d, provision.Query{Link: linkOf("")})
	if len(s.ByLink)+len(s.ByEmail)+len(s.ByID) != 0 {
		t.Errorf("an empty query returned accounts: %+v", s)
	}
}

func readByEveryKey(t *testing.T, d provision.Directory) {
	bob := mustApply(t, d, student("12345", "bob@example.com"))
	mustApply(t, d, student("67890", "eve@example.com"))
	if bob.ID == "" {
		t.Fatal("Apply returned an account without an ID")
	}
	s := mustRead(t, d, provision.Query{Link: linkOf("12345"), Email: "bob@example.com", AccountID: bob.ID})
	for name, found := range map[string][]lmssso.Account{"ByLink": s.ByLink, "ByEmail": s.ByEmail, "ByID": s.ByID} {
		if len(found) != 1 {
			t.Errorf("%s: got %d accounts, want 1", name, len(found))
			continue
		}
		mustEqual(t, found[0], bob)
	}
}

func readPair(t *testing.T, d provision.Directory) {
	learner, other := mustPair(t, d, "12345", "bob@example.com")
	mustApply(t, d, student("67890", "eve@example.com"))
	want := []string{learner.ID, other.ID}
	slices.Sort(want)
	for _, id := range want {
		s := mustRead(t, d, provision.Query{Link: linkOf("12345"), Email: "bob@example.com", AccountID: id})
		for name, found := range map[string][]lmssso.Account{"ByLink": s.ByLink, "ByEmail": s.ByEmail, "ByID": s.ByID} {
			got := ids(found)
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("%s: got %v, want both sides", name, got)
			}
		}
	}
}

func readRealms(t *testing.T, d provision.Directory) {
	here := mustApply(t, d, student("12345", "bob@example.com"))
	there := student("12345", "bob@example.com")
	there.Link.Realm = "tenant-acme"
	there = mustApply(t, d, there)
	for _, want := range []lmssso.Account{here, there} {
		s := mustRead(t, d, provision.Query{Link: want.Link, Email: want.Email})
		if got := ids(s.ByLink); !slices.Equal(got, []string{want.ID}) {
			t.Errorf("ByLink in %s: got %v, want only its own account", want.Link.Realm, got)
		}
		if got := ids(s.ByEmail); !slices.Equal(got, []string{want.ID}) {
			t.Errorf("ByEmail in %s: got %v, want only its own account", want.Link.Realm, got)
		}
	}
	if s := mustRead(t, d, provision.Query{Link: lmssso.Link{Realm: "elsewhere", ExternalID: "12345"}, Email: "bob@example.com"}); len(s.ByLink)+len(s.ByEmail) != 0 {
		t.Errorf("a realm without accounts returned some")
	}
}

// readExactly guards against collations, trimming and wildcards: each would sign one person in as another.
func readExactly(t *testing.T, d provision.Directory) {
	names := []string{"abc", "ABC", "abc ", " abc", "ábc", "a%c", "%", "a_c", "ａｂｃ", "1", "01", "1.0", "'; DROP TABLE accounts; --", "a\\c", "null"}
	want := make(map[string]string, len(names))
	for i, name := range names {
		want[name] = mustApply(t, d, student(name, "user"+string(rune('a'+i))+"@example.com")).ID
	}
	for _, name := range names {
		if got := ids(mustRead(t, d, provision.Query{Link: linkOf(name)}).ByLink); !slices.Equal(got, []string{want[name]}) {
			t.Errorf("external id %q: found %v, want %v", name, got, want[name])
		}
	}
	for _, email := range []string{"%@example.com", "user_@example.com", "usera@example.com "} {
		if s := mustRead(t, d, provision.Query{Link: linkOf(""), Email: email}); len(s.ByEmail) != 0 {
			t.Errorf("email %q found somebody", email)
		}
	}
	if s := mustRead(t, d, provision.Query{AccountID: "%"}); len(s.ByID) != 0 {
		t.Errorf("the account id %% found somebody")
	}
}

func readFacts(t *testing.T, d provision.Directory) {
	c := catalogue()
	none := mustRead(t, d, provision.Query{}).Facts
	mustHave(t, "roles", none.Roles, c.Roles...)
	none.Roles = nil
	if n := len(none.Courses) + len(none.LearningPaths) + len(none.Bundles) + len(none.Licenses) + len(none.Tenants); n != 0 {
		t.Errorf("an empty query returned %d facts", n)
	}
	f := mustRead(t, d, provision.Query{Names: provision.Names{
		CourseSlugs: []string{"intro", "unknown", "intro", "C-2", "INTRO", "%"}, CourseSKUs: []string{"C-1", "C-2", "unknown", "no-sku", "c-1"},
		LearningPaths: []string{"leadership", "unknown"}, Bundles: []string{"gold", "unknown"},
		LicenseIDs: []string{"lic-main", "L-A", "unknown"}, LicenseSKUs: []string{"L-M", "lic-beta", "unknown"},
		TenantIDs: []string{"tenant-acme", "acme", "unknown"}, TenantSKUs: []string{"T-A", "T-G", "unknown"}, TenantSlugs: []string{"beta", "unknown"},
	}}).Facts
	mustHave(t, "roles", f.Roles, c.Roles...)
	mustHave(t, "courses", f.Courses, c.Courses[0], c.Courses[1])
	mustHave(t, "learning paths", f.LearningPaths, c.LearningPaths[1])
	mustHave(t, "bundles", f.Bundles, c.Bundles[1])
	mustHave(t, "licences", f.Licenses, c.Licenses[1])
	mustHave(t, "tenants", f.Tenants, c.Tenants...)
	empty := mustRead(t, d, provision.Query{Names: provision.Names{CourseSKUs: []string{""}, LicenseSKUs: []string{""}, TenantSKUs: []string{""}}}).Facts
	if len(empty.Courses)+len(empty.Licenses)+len(empty.Tenants) != 0 {
		t.Errorf("an empty SKU named something")
	}
}

func readTenants(t *testing.T, d provision.Directory) {
	c := catalogue()
	f := mustRead(t, d, provision.Query{Names: provision.Names{LicenseSKUs: []string{"L-A"}, LicenseIDs: []string{"lic-beta", "lic-main"}}}).Facts
	mustHave(t, "licences", f.Licenses, c.Licenses...)
	mustHave(t, "tenants of the licences", f.Tenants, c.Tenants[0], c.Tenants[1])
	bob := student("12345", "bob@example.com")
	bob.Tenant = "tenant-gamma"
	bob = mustApply(t, d, bob)
	for name, q := range map[string]provision.Query{
		"link": {Link: linkOf("12345")}, "email": {Link: linkOf(""), Email: "bob@example.com"}, "id": {AccountID: bob.ID},
	} {
		mustHave(t, "tenants of an account found by "+name, mustRead(t, d, q).Facts.Tenants, c.Tenants[2])
	}
}

// mustHave compares facts in any order.
func mustHave[T comparable](t *testing.T, what string, got []T, want ...T) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
		return
	}
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("%s: got %+v, want %+v", what, got, want)
			return
		}
	}
}

func readEcho(t *testing.T, d provision.Directory) {
	q := provision.Query{Link: linkOf("x"), Email: "x@example.com", AccountID: "x", Names: provision.Names{CourseSlugs: []string{"intro"}}}
	if got := mustRead(t, d, q).Query; !reflect.DeepEqual(got, q) {
		t.Errorf("the snapshot's query: got %+v, want %+v", got, q)
	}
}

func cancelled(t *testing.T, d provision.Directory) {
	bob := mustApply(t, d, student("12345", "bob@example.com"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Read(ctx, provision.Query{AccountID: bob.ID}); !errors.Is(err, context.Canceled) {
		t.Errorf("Read with a cancelled context: got error %v", err)
	}
	changed := bob
	changed.Profile.FirstName = "Robert"
	if _, err := apply(ctx, d, changed); !errors.Is(err, context.Canceled) {
		t.Errorf("Apply with a cancelled context: got error %v", err)
	}
	mustEqual(t, stored(t, d, bob.ID), bob)
}
