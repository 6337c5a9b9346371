package provisiontest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/provision"
)

var uniqueChecks = []check{
	{"LinkIsUniqueInARealm", uniqueLink},
	{"EmailIsUniqueInARealm", uniqueEmail},
	{"OnlyOnePairMayShare", onlyOnePairShares},
	{"SameBatchMayNotCollide", sameBatch},
	{"NoExternalIDIsNoCollision", noExternalID},
	{"OneOfManyWritersWins", oneWriterWins},
	{"OneOfManyMakersWins", oneMakerWins},
}

func uniqueLink(t *testing.T, d provision.Directory) {
	bob := mustApply(t, d, student("12345", "bob@example.com"))
	mustBeStale(t, d, student("12345", "other@example.com"))
	mustBeStale(t, d, manager(student("12345", "other@example.com")))
	eve := mustApply(t, d, student("67890", "eve@example.com"))
	eve.Link.ExternalID = "12345"
	mustBeStale(t, d, eve)
	mustEqual(t, stored(t, d, bob.ID), bob)
	elsewhere := student("12345", "other@example.com")
	elsewhere.Link.Realm = "tenant-acme"
	elsewhere = mustApply(t, d, elsewhere)
	elsewhere.Link.Realm = realm
	mustBeStale(t, d, elsewhere)
}

func uniqueEmail(t *testing.T, d provision.Directory) {
	bob := mustApply(t, d, student("12345", "bob@example.com"))
	mustBeStale(t, d, student("67890", "bob@example.com"))
	mustBeStale(t, d, student("", "bob@example.com"))
	mustBeStale(t, d, manager(student("67890", "bob@example.com")))
	eve := mustApply(t, d, student("67890", "eve@example.com"))
	eve.Email = "bob@example.com"
	mustBeStale(t, d, eve)
	mustEqual(t, stored(t, d, bob.ID), bob)
	elsewhere := student("67890", "bob@example.com")
	elsewhere.Link.Realm = "tenant-acme"
	mustApply(t, d, elsewhere)
}

func onlyOnePairShares(t *testing.T, d provision.Directory) {
	learner, other := mustPair(t, d, "12345", "bob@example.com")
	third := learner
	third.ID, third.Version = "", 0
	mustBeStale(t, d, third)
	mustBeStale(t, d, manager(learner))
	stranger := manager(student("12345", "stranger@example.com"))
	stranger.PairID = "another pair"
	mustBeStale(t, d, stranger)
	byEmail := student("67890", "bob@example.com")
	byEmail.PairID = "another pair"
	mustBeStale(t, d, byEmail)
	leaves := other
	leaves.PairID = ""
	mustBeStale(t, d, leaves)
	crosses := other
	crosses.Role, crosses.Side = "student", lmssso.Learner
	mustBeStale(t, d, crosses)
	mustEqual(t, stored(t, d, learner.ID), learner)
	mustEqual(t, stored(t, d, other.ID), other)

	learner.Email, other.Email = "robert@example.com", "robert@example.com"
	mustApply(t, d, learner, other)
	if s := mustRead(t, d, provision.Query{Link: linkOf(""), Email: "robert@example.com"}); len(s.ByEmail) != 2 {
		t.Errorf("the pair's new email finds %d accounts, want both sides", len(s.ByEmail))
	}
	mustApply(t, d, student("67890", "bob@example.com"))
}

func sameBatch(t *testing.T, d provision.Directory) {
	mustBeStale(t, d, student("12345", "bob@example.com"), student("12345", "eve@example.com"))
	mustBeStale(t, d, student("12345", "bob@example.com"), student("67890", "bob@example.com"))
	mustBeStale(t, d, student("12345", "bob@example.com"), manager(student("12345", "bob@example.com")))
	if s := mustRead(t, d, provision.Query{Link: linkOf("12345"), Email: "bob@example.com"}); len(s.ByLink)+len(s.ByEmail) != 0 {
		t.Error("half of a refused change was written")
	}
}

func noExternalID(t *testing.T, d provision.Directory) {
	for i := range 3 {
		mustApply(t, d, student("", fmt.Sprintf("user%d@example.com", i)))
	}
	first := mustRead(t, d, provision.Query{Link: linkOf(""), Email: "user0@example.com"}).ByEmail
	if len(first) != 1 {
		t.Fatalf("ByEmail: got %d accounts, want 1", len(first))
	}
	a := first[0]
	a.Profile.FirstName = "Bob"
	mustApply(t, d, a)
}

// oneWriterWins lets many change one account at once, all from the same version.
func oneWriterWins(t *testing.T, d provision.Directory) {
	bob := mustApply(t, d, student("12345", "bob@example.com"))
	won := race(t, 20, func(i int) error {
		changed := bob
		changed.Profile.FirstName = fmt.Sprintf("Bob %d", i)
		_, err := apply(t.Context(), d, changed)
		return err
	})
	if won != 1 {
		t.Errorf("%d writers of one version were accepted, want 1", won)
	}
}

// oneMakerWins lets many make the same user at once.
func oneMakerWins(t *testing.T, d provision.Directory) {
	won := race(t, 20, func(int) error {
		_, err := apply(t.Context(), d, student("12345", "bob@example.com"))
		return err
	})
	if won != 1 {
		t.Errorf("%d accounts of one user were made, want 1", won)
	}
	if n := len(mustRead(t, d, provision.Query{Link: linkOf("12345")}).ByLink); n != 1 {
		t.Errorf("the external id names %d accounts, want 1", n)
	}
}

// race runs the function n times at once and returns how often it succeeded. Any error but ErrStale fails the test.
func race(t *testing.T, n int, run func(i int) error) int {
	t.Helper()
	var won atomic.Int64
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Add(1)
		go func() {
			defer wg.Done()
			<-start
			switch err := run(i); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, provision.ErrStale):
				t.Errorf("run %d: %v", i, err)
			}
		}()
	}
	close(start)
	wg.Wait()
	return int(won.Load())
}
