package provisiontest

import (
	"errors"
	"testing"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/provision"
)

var serviceChecks = []check{
	{"HundredFirstLoginsMakeOneAccount", hundredFirstLogins},
	{"HundredGrantsAllArrive", concurrentGrants},
	{"LoginThatChangesNothingWritesNothing", writesNothing},
	{"LinkIsRefusedThenSetThenAccepted", linkWay},
	{"LinkMovesBothSides", linkMovesPair},
	{"DualRoleWay", dualRoleWay},
}

// service returns a service over the directory.
func service(t *testing.T, d provision.Directory) *provision.Service {
	t.Helper()
	s, err := provision.New(provision.Config{Directory: d})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// login is a verified login of a user.
func login(externalID, email string) *lmssso.Assertion {
	a := &lmssso.Assertion{
		Origin: lmssso.Origin{Protocol: lmssso.JWT, Connection: "portal"}, Link: lmssso.Link{Realm: realm, ExternalID: externalID},
	}
	a.Profile.Email = attrs.Text(email)
	return a
}

func policy() lmssso.Policy { return lmssso.Policy{Realm: realm} }

func hundredFirstLogins(t *testing.T, d provision.Directory) {
	s := service(t, d)
	a := login("12345", "bob@example.com")
	a.Profile.FirstName, a.Access.CourseSlugs = attrs.Text("Bob"), attrs.List("intro", "safety")
	ids := make([]string, 100)
	won := race(t, len(ids), func(i int) error {
		out, err := s.Provision(t.Context(), a, policy())
		if err == nil {
			ids[i] = out.Account.ID
		}
		return err
	})
	if won != len(ids) {
		t.Fatalf("%d of %d logins were accepted", won, len(ids))
	}
	for _, id := range ids {
		if id != ids[0] || id == "" {
			t.Fatalf("the logins got different accounts")
		}
	}
	if n := len(mustRead(t, d, provision.Query{Link: linkOf("12345")}).ByLink); n != 1 {
		t.Errorf("%d accounts were made, want 1", n)
	}
}

// concurrentGrants loses no grant of logins that come at once: a login refused as busy is simply sent again.
func concurrentGrants(t *testing.T, d provision.Directory) {
	s := service(t, d)
	slugs := []string{"intro", "safety", "no-sku", "no-sku-either"}
	race(t, len(slugs), func(i int) error {
		a := login("12345", "bob@example.com")
		a.Access.CourseSlugs = attrs.Text(slugs[i])
		_, err := s.Provision(t.Context(), a, policy())
		for errors.Is(err, lmssso.ErrBusy) {
			_, err = s.Provision(t.Context(), a, policy())
		}
		return err
	})
	found := mustRead(t, d, provision.Query{Link: linkOf("12345")}).ByLink
	if len(found) != 1 || len(found[0].Grants.Courses) != len(slugs) {
		t.Errorf("got %+v, want one account with every course", found)
	}
}

func writesNothing(t *testing.T, d provision.Directory) {
	s := service(t, d)
	a := login("12345", "Bob@Example.com")
	a.Access.CourseSlugs, a.Profile.Refs[2] = attrs.List("safety", "intro"), attrs.Text("three")
	first, err := s.Provision(t.Context(), a, policy())
	if err != nil {
		t.Fatal(err)
	}
	second, err := s.Provision(t.Context(), a, policy())
	if err != nil {
		t.Fatal(err)
	}
	if second.Alters() || second.Account.Version != first.Account.Version {
		t.Errorf("the same login again changed %+v", second.Changes)
	}
	mustEqual(t, second.Account, first.Account)
	mustEqual(t, stored(t, d, first.Account.ID), first.Account)
}

func linkWay(t *testing.T, d provision.Directory) {
	s := service(t, d)
	old := mustApply(t, d, student("", "bob@example.com"))
	a := login("12345", "bob@example.com")
	if _, err := s.Provision(t.Context(), a, policy()); !errors.Is(err, lmssso.ErrEmailExists) {
		t.Fatalf("an email without an external id: got error %v", err)
	}
	linked, err := s.Link(t.Context(), old.ID, lmssso.Link{ExternalID: "12345"})
	if err != nil || linked.Link != linkOf("12345") {
		t.Fatalf("Link: got %+v, %v", linked.Link, err)
	}
	out, err := s.Provision(t.Context(), a, policy())
	if err != nil || out.Account.ID != old.ID {
		t.Fatalf("the login after Link: got %v, want the linked account", err)
	}
	cleared, err := s.Link(t.Context(), old.ID, lmssso.Link{})
	if err != nil || !cleared.Link.IsZero() || cleared.Link.Realm != realm {
		t.Fatalf("clearing the link: got %+v, %v", cleared.Link, err)
	}
	if _, err := s.Provision(t.Context(), a, policy()); !errors.Is(err, lmssso.ErrEmailExists) {
		t.Fatalf("the login after clearing: got error %v", err)
	}
}

func linkMovesPair(t *testing.T, d provision.Directory) {
	s := service(t, d)
	fromL, fromM := mustPair(t, d, "12345", "old@example.com")
	toL, toM := mustPair(t, d, "", "new@example.com")
	if _, err := s.Link(t.Context(), toM.ID, linkOf("12345")); err != nil {
		t.Fatal(err)
	}
	for _, a := range []lmssso.Account{fromL, fromM} {
		if got := stored(t, d, a.ID); !got.Link.IsZero() {
			t.Errorf("the %s the link was taken from still has it", a.Side)
		}
	}
	for _, a := range []lmssso.Account{toL, toM} {
		if got := stored(t, d, a.ID); got.Link != linkOf("12345") {
			t.Errorf("the %s has no link", a.Side)
		}
	}
}

func dualRoleWay(t *testing.T, d provision.Directory) {
	s := service(t, d)
	first, err := s.Provision(t.Context(), login("12345", "bob@example.com"), policy())
	if err != nil {
		t.Fatal(err)
	}
	learner, manager, err := s.MakeDual(t.Context(), first.Account.ID, "client-manager")
	if err != nil {
		t.Fatalf("MakeDual: %v", err)
	}
	if learner.ID != first.Account.ID || manager.Side != lmssso.Manager || learner.PairID == "" || learner.PairID != manager.PairID {
		t.Fatalf("MakeDual: got %+v and %+v", learner, manager)
	}
	both := policy()
	both.Roles = []string{"student", "client-manager"}
	for from, want := range map[string]string{learner.ID: manager.ID, manager.ID: learner.ID} {
		if other, err := s.Switch(t.Context(), from, both); err != nil || other.ID != want {
			t.Errorf("Switch: got %q, %v, want the other side", other.ID, err)
		}
	}
	if other, err := s.Switch(t.Context(), learner.ID, policy()); !errors.Is(err, lmssso.ErrRoleNotAllowed) {
		t.Errorf("Switch beyond the policy: got %q, %v, want %v", other.ID, err, lmssso.ErrRoleNotAllowed)
	}
	for role, want := range map[string]string{"student": learner.ID, "client-manager": manager.ID} {
		a := login("12345", "bob@example.com")
		a.Profile.DualRole, a.Profile.Role = true, attrs.Text(role)
		p := policy()
		p.Roles = []string{"student", "client-manager"}
		out, err := s.Provision(t.Context(), a, p)
		if err != nil || out.Account.ID != want {
			t.Errorf("role %s: got %v, want that side", role, err)
		}
	}
	changed := login("12345", "robert@example.com")
	p := policy()
	p.Roles = []string{"student", "client-manager"}
	if _, err := s.Provision(t.Context(), changed, p); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{learner.ID, manager.ID} {
		if got := stored(t, d, id).Email; got != "robert@example.com" {
			t.Errorf("a dual-role user has two emails")
		}
	}
}
