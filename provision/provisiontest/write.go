package provisiontest

import (
	"reflect"
	"testing"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/provision"
)

var writeChecks = []check{
	{"ApplyKeepsEveryField", keepsEveryField},
	{"ApplyClearsFields", clearsFields},
	{"ApplySharesNoMemory", sharesNoMemory},
	{"ApplyCountsVersions", countsVersions},
	{"ApplyRefusesAnOldVersion", refusesOldVersion},
	{"ApplyRefusesAnUnknownID", refusesUnknownID},
	{"ApplyWritesAllOrNothing", writesAllOrNothing},
	{"ApplyMovesALink", movesLink},
	{"ApplyMovesALinkBetweenPairs", movesLinkBetweenPairs},
	{"ApplyAddsASecondSide", addsSecondSide},
}

// full has every field set. A field added to an account later fails the test until it is set here.
func full(t *testing.T) lmssso.Account {
	t.Helper()
	a := lmssso.Account{
		Link: lmssso.Link{Realm: realm, ExternalID: "12345"}, Email: "bob@example.com", Role: "student", Side: lmssso.Learner,
		PairID: "pair-1", Tenant: "tenant-acme",
		Profile: lmssso.StoredProfile{
			FirstName: "Böb 🎓", LastName: "O'Jones\n\"II\"", Language: "en-GB",
			Refs: map[int]string{1: "one", 10: "ten"}, CustomFields: map[string]string{"Department": "R&D", "a.b/c": "%_\\"},
			IMISID: "imis", SalesforceContact: "003", SalesforceAccount: "001", Bio: "<b>bio</b>", Company: "Acme",
			Timezone: "Europe/Berlin", Picture: "https://example.com/p.png",
		},
		Grants: lmssso.Grants{
			Courses: []string{"intro", "safety"}, LearningPaths: []string{"leadership", "onboarding"}, Bundles: []string{"gold"},
			SSOBundles: map[string]string{"okta": "silver", "": "gold"}, StudentLicenses: []string{"lic-acme", "lic-beta"},
			ManagerLicenses: []string{"lic-acme"}, ActiveLicenses: []string{"lic-beta"}, LicenseCourseSKUs: []string{"C-1", "C-2"},
			ParentLicenseSKU: "L-A",
		},
	}
	for _, part := range []any{a.Profile, a.Grants} {
		v := reflect.ValueOf(part)
		for i := range v.NumField() {
			if v.Field(i).IsZero() {
				t.Fatalf("the suite does not set %s.%s", v.Type(), v.Type().Field(i).Name)
			}
		}
	}
	return a
}

func keepsEveryField(t *testing.T, d provision.Directory) {
	want := full(t)
	got := mustApply(t, d, want)
	want.ID, want.Version = got.ID, got.Version
	mustEqual(t, got, want)
	mustEqual(t, stored(t, d, got.ID), want)
}

func clearsFields(t *testing.T, d provision.Directory) {
	a := mustApply(t, d, full(t))
	a.Profile.Refs = map[int]string{10: "ten"}
	a.Profile.CustomFields = map[string]string{"New": "field"}
	a.Grants.Courses = []string{"safety"}
	a.Grants.SSOBundles = nil
	got := mustApply(t, d, a)
	a.Version = got.Version
	mustEqual(t, stored(t, d, a.ID), a)
	a.Profile, a.Grants, a.Tenant, a.PairID, a.Link.ExternalID = lmssso.StoredProfile{}, lmssso.Grants{}, "", "", ""
	got = mustApply(t, d, a)
	a.Version = got.Version
	mustEqual(t, got, a)
	mustEqual(t, stored(t, d, a.ID), a)
	if s := mustRead(t, d, provision.Query{Link: linkOf("12345")}); len(s.ByLink) != 0 {
		t.Error("the account is still found by the external id it no longer has")
	}
}

func sharesNoMemory(t *testing.T, d provision.Directory) {
	given := full(t)
	returned := mustApply(t, d, given)
	id := returned.ID
	want := full(t)
	want.ID, want.Version = id, returned.Version
	scribble(given)
	scribble(returned)
	mustEqual(t, stored(t, d, id), want)
	scribble(stored(t, d, id))
	mustEqual(t, stored(t, d, id), want)
	facts := mustRead(t, d, provision.Query{Names: provision.Names{CourseSlugs: []string{"intro"}}}).Facts
	facts.Roles[0].Slug, facts.Courses[0].Slug = "scribbled", "scribbled"
	mustHave(t, "roles", mustRead(t, d, provision.Query{}).Facts.Roles, catalogue().Roles...)
}

// scribble overwrites everything the account points to.
func scribble(a lmssso.Account) {
	for _, part := range []any{a.Profile, a.Grants} {
		v := reflect.ValueOf(part)
		for i := range v.NumField() {
			switch f := v.Field(i); f.Kind() {
			case reflect.Slice:
				for j := range f.Len() {
					f.Index(j).SetString("scribbled")
				}
			case reflect.Map:
				for _, key := range f.MapKeys() {
					f.SetMapIndex(key, reflect.ValueOf("scribbled"))
				}
			}
		}
	}
}

func countsVersions(t *testing.T, d provision.Directory) {
	a := mustApply(t, d, student("12345", "bob@example.com"))
	for range 3 {
		before := a.Version
		a.Profile.FirstName += "x"
		a = mustApply(t, d, a)
		if a.Version <= before {
			t.Fatalf("the version went from %d to %d", before, a.Version)
		}
		mustEqual(t, stored(t, d, a.ID), a)
	}
}

func refusesOldVersion(t *testing.T, d provision.Directory) {
	old := mustApply(t, d, student("12345", "bob@example.com"))
	changed := old
	changed.Profile.FirstName = "Robert"
	now := mustApply(t, d, changed)
	old.Profile.FirstName = "Bobby"
	mustBeStale(t, d, old)
	now.Version++
	mustBeStale(t, d, now)
	now.Version--
	mustEqual(t, stored(t, d, now.ID), now)
}

func refusesUnknownID(t *testing.T, d provision.Directory) {
	ghost := student("12345", "bob@example.com")
	ghost.ID, ghost.Version = "ghost", 1
	mustBeStale(t, d, ghost)
	ghost.Version = 0
	mustBeStale(t, d, ghost)
	if s := mustRead(t, d, provision.Query{Link: linkOf("12345"), Email: "bob@example.com"}); len(s.ByLink)+len(s.ByEmail) != 0 {
		t.Error("an account was made under an id that was not the directory's")
	}
}

func writesAllOrNothing(t *testing.T, d provision.Directory) {
	bob := mustApply(t, d, student("12345", "bob@example.com"))
	eve := mustApply(t, d, student("67890", "eve@example.com"))
	oldEve := eve
	eve.Profile.FirstName = "Eve"
	eve = mustApply(t, d, eve)

	changed := bob
	changed.Profile.FirstName = "Robert"
	oldEve.Profile.FirstName = "Eva"
	mustBeStale(t, d, changed, oldEve)
	taken := student("67890", "new@example.com")
	mustBeStale(t, d, changed, taken)
	mustBeStale(t, d, student("new", "new@example.com"), oldEve)
	mustEqual(t, stored(t, d, bob.ID), bob)
	mustEqual(t, stored(t, d, eve.ID), eve)
	if s := mustRead(t, d, provision.Query{Link: linkOf("new"), Email: "new@example.com"}); len(s.ByLink)+len(s.ByEmail) != 0 {
		t.Error("half of a refused change was written")
	}
}

func movesLink(t *testing.T, d provision.Directory) {
	from := mustApply(t, d, student("12345", "old@example.com"))
	to := mustApply(t, d, student("", "new@example.com"))
	to.Link.ExternalID, from.Link.ExternalID = "12345", ""
	got := mustApply(t, d, to, from)
	if found := ids(mustRead(t, d, provision.Query{Link: linkOf("12345")}).ByLink); len(found) != 1 || found[0] != got.ID {
		t.Errorf("the external id names %v, want the account it moved to", found)
	}
	if a := stored(t, d, from.ID); !a.Link.IsZero() || a.Version <= from.Version {
		t.Errorf("the account the external id was taken from still has it, or its old version")
	}
}

func movesLinkBetweenPairs(t *testing.T, d provision.Directory) {
	fromL, fromM := mustPair(t, d, "12345", "old@example.com")
	toL, toM := mustPair(t, d, "", "new@example.com")
	fromL.Link.ExternalID, fromM.Link.ExternalID = "", ""
	toL.Link.ExternalID, toM.Link.ExternalID = "12345", "12345"
	mustApply(t, d, toM, toL, fromL, fromM)
	for _, a := range mustRead(t, d, provision.Query{Link: linkOf("12345")}).ByLink {
		if a.PairID != toL.PairID {
			t.Errorf("the external id still names the old pair")
		}
	}
	if n := len(mustRead(t, d, provision.Query{Link: linkOf("12345")}).ByLink); n != 2 {
		t.Errorf("the external id names %d accounts, want both sides", n)
	}
}

func addsSecondSide(t *testing.T, d provision.Directory) {
	learner := mustApply(t, d, student("12345", "bob@example.com"))
	learner.PairID = "pair-1"
	made := mustApply(t, d, manager(learner), learner)
	if made.Side != lmssso.Manager || made.ID == learner.ID || made.ID == "" {
		t.Errorf("Apply returned %+v, want the new side", made)
	}
	if got := mustRead(t, d, provision.Query{AccountID: made.ID}).ByID; len(got) != 2 {
		t.Errorf("the new side is found with %d accounts, want 2", len(got))
	}
}
