package sqltest

import (
	"database/sql"
	"fmt"
	"testing"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/provision"
	"github.com/lmssso/lmssso/provision/provisiontest"
	"github.com/lmssso/lmssso/provision/sqldir"
	"github.com/stretchr/testify/require"
)

// newDirectory makes a directory with its tables in db.
func newDirectory(t *testing.T, db *sql.DB, facts provision.Facts) *sqldir.Directory {
	t.Helper()
	d, err := sqldir.New(sqldir.Config{DB: db})
	require.NoError(t, err)
	require.NoError(t, d.Migrate(t.Context()))
	require.NoError(t, d.Migrate(t.Context()), "a second start finds the tables there")
	require.NoError(t, d.SetCatalogue(t.Context(), facts))
	return d
}

func TestDirectoryConforms(t *testing.T) {
	for _, database := range databases {
		t.Run(database.name, func(t *testing.T) {
			provisiontest.Run(t, func(t *testing.T, facts provision.Facts) provision.Directory {
				return newDirectory(t, database.open(t), facts)
			})
		})
	}
}

func TestReadTakesAsManyNamesAsALoginCanHave(t *testing.T) {
	facts := provision.Facts{}
	var slugs []string
	for i := range 5000 {
		slugs = append(slugs, fmt.Sprint("course-", i))
		facts.Courses = append(facts.Courses, provision.Course{Slug: slugs[i], SKU: fmt.Sprint(i)})
	}
	d := newDirectory(t, inMemory(t), facts)
	s, err := d.Read(t.Context(), provision.Query{Names: provision.Names{CourseSlugs: slugs}})
	require.NoError(t, err)
	require.Len(t, s.Facts.Courses, len(slugs))
}

func TestSetCatalogueReplaces(t *testing.T) {
	d := newDirectory(t, inMemory(t), provision.Facts{Courses: []provision.Course{{Slug: "old", SKU: "1"}, {Slug: "kept", SKU: "2"}}})
	require.NoError(t, d.SetCatalogue(t.Context(), provision.Facts{Courses: []provision.Course{{Slug: "kept", SKU: "1"}}}))
	require.ErrorIs(t, d.SetCatalogue(t.Context(), provision.Facts{Courses: []provision.Course{{}}}), lmssso.ErrConfiguration)
	s, err := d.Read(t.Context(), provision.Query{Names: provision.Names{CourseSlugs: []string{"old", "kept"}, CourseSKUs: []string{"1", "2"}}})
	require.NoError(t, err)
	require.Equal(t, []provision.Course{{Slug: "kept", SKU: "1"}}, s.Facts.Courses)
}

func TestKeysNoDatabaseHoldsFindNobody(t *testing.T) {
	d := newDirectory(t, inMemory(t), provision.Facts{})
	made, err := d.Apply(t.Context(), provision.Snapshot{}, lmssso.Outcome{Account: learner("1", "bob@example.com")})
	require.NoError(t, err)
	for _, suffix := range []string{"\x00", "\xff", "\x00x"} {
		s, err := d.Read(t.Context(), provision.Query{
			Link: lmssso.Link{Realm: "main", ExternalID: "1" + suffix}, Email: "bob@example.com" + suffix, AccountID: made.ID + suffix,
		})
		require.NoError(t, err)
		require.Empty(t, append(append(s.ByLink, s.ByEmail...), s.ByID...))
	}
}

func TestAccountsListsPages(t *testing.T) {
	d := newDirectory(t, inMemory(t), provision.Facts{})
	for i, email := range []string{"eve@example.com", "adam@example.com", "carol_1@example.com", "bob%2@example.com", "dave@example.org"} {
		a := learner(fmt.Sprint("ID-", i), email)
		if i%2 == 0 {
			a.Tenant, a.Link.Realm = "acme", "acme-realm"
		}
		_, err := d.Apply(t.Context(), provision.Snapshot{}, lmssso.Outcome{Account: a})
		require.NoError(t, err)
	}
	all := []string{"adam@example.com", "bob%2@example.com", "carol_1@example.com", "dave@example.org", "eve@example.com"}
	require.Equal(t, all, emails(t, d, sqldir.Filter{}))
	require.Equal(t, all[:2], emails(t, d, sqldir.Filter{Limit: 2}))
	require.Equal(t, []string{all[2], all[3], all[4]}, emails(t, d, sqldir.Filter{Realm: "acme-realm"}))
	require.Equal(t, []string{all[2], all[3], all[4]}, emails(t, d, sqldir.Filter{Tenant: "acme"}))
	require.Empty(t, emails(t, d, sqldir.Filter{Tenant: "acme", Realm: "main"}))
	for search, want := range map[string][]string{
		"EXAMPLE.ORG": {all[3]}, "%": {all[1]}, "_": {all[2]}, "!": nil, "id-4": {all[3]}, "\x00": nil, "'": nil,
	} {
		require.Equal(t, want, emails(t, d, sqldir.Filter{Search: search}), "search %q", search)
	}
	var paged []string
	for _, a := range allOf(t, d) {
		paged = append(paged, a.Email)
	}
	require.Equal(t, all, paged)
	require.Empty(t, emails(t, d, sqldir.Filter{After: "nobody"}))
}

func emails(t *testing.T, d *sqldir.Directory, f sqldir.Filter) (list []string) {
	t.Helper()
	accounts, err := d.Accounts(t.Context(), f)
	require.NoError(t, err)
	for _, a := range accounts {
		list = append(list, a.Email)
	}
	return list
}

func TestAClosedDirectoryFailsClosed(t *testing.T) {
	db := inMemory(t)
	d := newDirectory(t, db, provision.Facts{})
	require.NoError(t, db.Close())
	_, err := d.Read(t.Context(), provision.Query{AccountID: "1"})
	require.ErrorIs(t, err, lmssso.ErrUnavailable)
	_, err = d.Apply(t.Context(), provision.Snapshot{}, lmssso.Outcome{Account: learner("1", "bob@example.com")})
	require.ErrorIs(t, err, lmssso.ErrUnavailable)
	require.NotErrorIs(t, err, provision.ErrStale)
}

func TestEveryReadIsByIndex(t *testing.T) {
	db := inMemory(t)
	newDirectory(t, db, provision.Facts{})
	for _, where := range []string{
		"accounts WHERE realm = 'm' AND external_id = '1'", "accounts WHERE realm = 'm' AND email = 'e'", "accounts WHERE pair_id <> '' AND id <> 'i' AND pair_id = 'p'",
		"catalogue WHERE kind = 'course' AND id <> '' AND id IN ('a', 'b')", "catalogue WHERE kind = 'course' AND sku <> '' AND sku IN ('a', 'b')", "catalogue WHERE kind = 'tenant' AND slug <> '' AND slug IN ('a', 'b')",
	} {
		var id, parent, unused int
		var plan string
		require.NoError(t, db.QueryRow("EXPLAIN QUERY PLAN SELECT doc FROM lmssso_"+where).Scan(&id, &parent, &unused, &plan))
		require.Contains(t, plan, "SEARCH", where)
		require.NotContains(t, plan, "(kind=?)", where)
	}
}

func learner(externalID, email string) lmssso.Account {
	return lmssso.Account{Link: lmssso.Link{Realm: "main", ExternalID: externalID}, Email: email, Role: "student", Side: lmssso.Learner}
}
