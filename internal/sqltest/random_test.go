package sqltest

import (
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/provision"
	"github.com/lmssso/lmssso/provision/memory"
	"github.com/lmssso/lmssso/provision/sqldir"
	"github.com/stretchr/testify/require"
)

// pick returns one of the values.
func pick[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }

// scramble gives an account keys from so small a choice that it often meets others.
func scramble(r *rand.Rand, a lmssso.Account) lmssso.Account {
	a.Link = lmssso.Link{Realm: pick(r, "main", "main", "acme"), ExternalID: pick(r, "", "1", "2", "3")}
	a.Email = pick(r, "a@example.com", "b@example.com", "c@example.com", "d@example.com")
	a.PairID = pick(r, "", "", "p", "q")
	a.Side, a.Role = lmssso.Learner, "student"
	if r.IntN(2) == 0 {
		a.Side, a.Role = lmssso.Manager, "client-manager"
	}
	return a
}

// change draws a change of one to three accounts: new ones, and known ones that keep their keys, change them or are of an
// old version.
func change(r *rand.Rand, known []lmssso.Account) lmssso.Outcome {
	var batch []lmssso.Account
	for range 1 + r.IntN(3) {
		var a lmssso.Account
		if len(known) > 0 && r.IntN(3) > 0 {
			a = known[r.IntN(len(known))]
		}
		if a.ID == "" || r.IntN(2) == 0 {
			a = scramble(r, a)
		}
		if r.IntN(10) == 0 {
			a.Version--
		}
		a.Profile.FirstName = fmt.Sprint(r.IntN(1000))
		batch = append(batch, a)
	}
	return lmssso.Outcome{Account: batch[0], Others: batch[1:]}
}

// TestDirectoriesAgree gives the same random changes to the directory in memory and to the one in a database, which share
// no code, and wants the same answers.
func TestDirectoriesAgree(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			other, err := memory.New(memory.Config{})
			require.NoError(t, err)
			db := inMemory(t)
			d := newDirectory(t, db, provision.Facts{})
			theirs := map[string]string{} // ids in memory by ids in the database
			accepted := 0
			for step := range 80 {
				out := change(r, allOf(t, d))
				_, errSQL := d.Apply(t.Context(), provision.Snapshot{}, out)
				_, errMemory := other.Apply(t.Context(), provision.Snapshot{}, translated(out, theirs))
				require.Equal(t, errMemory == nil, errSQL == nil, "step %d: memory says %v, the database %v: %+v", step, errMemory, errSQL, out)
				if errSQL != nil {
					require.ErrorIs(t, errSQL, provision.ErrStale)
				} else {
					accepted++
				}
				match(t, d, other, theirs)
				requireSound(t, db, d)
			}
			require.Greater(t, accepted, 10, "a run in which nothing is accepted shows nothing")
		})
	}
}

// translated is the outcome with the ids the directory in memory uses.
func translated(out lmssso.Outcome, ids map[string]string) lmssso.Outcome {
	out.Account.ID = ids[out.Account.ID]
	others := make([]lmssso.Account, len(out.Others))
	for i, a := range out.Others {
		a.ID = ids[a.ID]
		others[i] = a
	}
	out.Others = others
	return out
}

// match pairs new accounts of both directories by what they hold, and compares all of them.
func match(t *testing.T, d *sqldir.Directory, other *memory.Directory, ids map[string]string) {
	t.Helper()
	rest := map[string]lmssso.Account{}
	list, err := other.Accounts(t.Context())
	require.NoError(t, err)
	for _, a := range list {
		rest[a.ID] = a
	}
	for _, a := range allOf(t, d) {
		id, known := ids[a.ID]
		if !known {
			id = twin(t, a, rest, ids)
			ids[a.ID] = id
		}
		want, got := rest[id], a
		got.ID = id
		require.Equal(t, want, got)
		delete(rest, id)
	}
	require.Empty(t, rest)
}

// twin finds the account in memory that holds what a does: realm, email and side are one account's alone.
func twin(t *testing.T, a lmssso.Account, in map[string]lmssso.Account, taken map[string]string) string {
	t.Helper()
	for id, b := range in {
		if b.Link.Realm == a.Link.Realm && b.Email == a.Email && b.Side == a.Side && b.PairID == a.PairID {
			for _, used := range taken {
				require.NotEqual(t, used, id)
			}
			return id
		}
	}
	t.Fatalf("the directory in memory has no account like %+v", a)
	return ""
}

// allOf lists every account, page by page.
func allOf(t *testing.T, d *sqldir.Directory) []lmssso.Account {
	t.Helper()
	var all []lmssso.Account
	f := sqldir.Filter{Limit: 3}
	for {
		page, err := d.Accounts(t.Context(), f)
		require.NoError(t, err)
		all = append(all, page...)
		if len(page) < f.Limit {
			return all
		}
		f.After = page[len(page)-1].ID
	}
}

// requireSound checks what must hold at every moment: accounts that share a key are the two sides of one pair, and the
// table of holders says exactly what the accounts say.
func requireSound(t *testing.T, db *sql.DB, d *sqldir.Directory) {
	t.Helper()
	want := map[[4]string]string{} // kind, realm, name, side → account
	owners := map[[3]string]string{}
	for _, a := range allOf(t, d) {
		owner := "account " + a.ID
		if a.PairID != "" {
			owner = "pair " + a.PairID
		}
		for _, k := range [][3]string{{"link", a.Link.Realm, a.Link.ExternalID}, {"email", a.Link.Realm, a.Email}, {"pair", "", a.PairID}} {
			if k[2] == "" {
				continue
			}
			require.NotContains(t, want, [4]string{k[0], k[1], k[2], string(a.Side)}, "two accounts on one side of a %s", k[0])
			want[[4]string{k[0], k[1], k[2], string(a.Side)}] = a.ID
			require.Contains(t, []string{"", owner}, owners[k], "a %s shared by strangers", k[0])
			owners[k] = owner
		}
	}
	require.Equal(t, want, holders(t, db))
}

func holders(t *testing.T, db *sql.DB) map[[4]string]string {
	t.Helper()
	rows, err := db.Query(`SELECT kind, realm, name, learner, manager FROM lmssso_holders`)
	require.NoError(t, err)
	defer rows.Close()
	got := map[[4]string]string{}
	for rows.Next() {
		var kind, realm, name string
		var learner, manager sql.NullString
		require.NoError(t, rows.Scan(&kind, &realm, &name, &learner, &manager))
		require.True(t, learner.Valid || manager.Valid, "a key nobody holds was left behind")
		if learner.Valid {
			got[[4]string{kind, realm, name, string(lmssso.Learner)}] = learner.String
		}
		if manager.Valid {
			got[[4]string{kind, realm, name, string(lmssso.Manager)}] = manager.String
		}
	}
	require.NoError(t, rows.Err())
	return got
}

// TestConcurrentChangesStaySound lets several connections make random changes at once.
func TestConcurrentChangesStaySound(t *testing.T) {
	db := inFile(t)
	d := newDirectory(t, db, provision.Facts{})
	var wg sync.WaitGroup
	for worker := range uint64(6) {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(worker, 2))
			for range 60 {
				known, err := d.Accounts(t.Context(), sqldir.Filter{})
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := d.Apply(t.Context(), provision.Snapshot{}, change(r, known)); err != nil && !errors.Is(err, provision.ErrStale) {
					t.Errorf("%v: %v", err, errors.Unwrap(err))
				}
			}
		})
	}
	wg.Wait()
	requireSound(t, db, d)
}
