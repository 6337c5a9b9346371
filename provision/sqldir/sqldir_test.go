package sqldir_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/provision"
	"github.com/lmssso/lmssso/provision/sqldir"
	"github.com/stretchr/testify/require"
)

// database stands in for one: it notes the statements it is sent, finds nothing, and writes one row at each statement
// unless err says that it is down.
type database struct {
	mu         sync.Mutex
	statements []string
	rolledBack int
	err        error
	failAt     string // the statements that fail; "" is all, once err is set
}

func (d *database) note(statement string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.statements = append(d.statements, statement)
	if d.err != nil && strings.Contains(statement, d.failAt) {
		return d.err
	}
	return nil
}

func (d *database) Connect(context.Context) (driver.Conn, error) { return connection{d}, nil }
func (d *database) Driver() driver.Driver                        { return nil }

type connection struct{ d *database }

func (connection) Close() error                { return nil }
func (c connection) Begin() (driver.Tx, error) { return c, c.d.note("BEGIN") }
func (c connection) Commit() error             { return c.d.note("COMMIT") }
func (c connection) Rollback() error           { c.d.rolledBack++; return nil }

func (c connection) Prepare(q string) (driver.Stmt, error) { return statement{c, q}, nil }

func (c connection) ExecContext(_ context.Context, q string, _ []driver.NamedValue) (driver.Result, error) {
	return driver.RowsAffected(1), c.d.note(q)
}

func (c connection) QueryContext(_ context.Context, q string, _ []driver.NamedValue) (driver.Rows, error) {
	return nothing{}, c.d.note(q)
}

type statement struct {
	c connection
	q string
}

func (statement) Close() error  { return nil }
func (statement) NumInput() int { return -1 }
func (s statement) Exec([]driver.Value) (driver.Result, error) {
	return driver.RowsAffected(1), s.c.d.note(s.q)
}
func (s statement) Query([]driver.Value) (driver.Rows, error) { return nothing{}, s.c.d.note(s.q) }

type nothing struct{}

func (nothing) Columns() []string         { return make([]string, 4) }
func (nothing) Close() error              { return nil }
func (nothing) Next([]driver.Value) error { return io.EOF }

func open(t *testing.T, d *database) *sqldir.Directory {
	t.Helper()
	db := sql.OpenDB(d)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	dir, err := sqldir.New(sqldir.Config{DB: db, Prefix: "x_"})
	require.NoError(t, err)
	return dir
}

func bob() lmssso.Account {
	return lmssso.Account{
		ID: "A1", Version: 3, Link: lmssso.Link{Realm: "main", ExternalID: "12345"}, Email: "bob@example.com",
		Role: "student", Side: lmssso.Learner,
	}
}

func TestNewRefusesWhatItCannotUse(t *testing.T) {
	db := sql.OpenDB(&database{})
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	for name, cfg := range map[string]sqldir.Config{
		"no database":              {},
		"a prefix that needs care": {DB: db, Prefix: `x"; DROP TABLE users; --`},
		"a prefix from a digit":    {DB: db, Prefix: "1_"},
		"a prefix with a dot":      {DB: db, Prefix: "a."},
		"a long prefix":            {DB: db, Prefix: strings.Repeat("p", 41)},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := sqldir.New(cfg)
			require.ErrorIs(t, err, lmssso.ErrConfiguration)
			require.Nil(t, d)
		})
	}
}

func TestALoginCostsFewStatements(t *testing.T) {
	d := &database{}
	dir := open(t, d)
	_, err := dir.Read(t.Context(), provision.Query{
		Link: lmssso.Link{Realm: "main", ExternalID: "12345"}, Email: "bob@example.com", AccountID: "A1",
		Names: provision.Names{
			CourseSlugs: []string{"a"}, CourseSKUs: []string{"b"}, LearningPaths: []string{"c"}, Bundles: []string{"d"}, LicenseIDs: []string{"e"},
			LicenseSKUs: []string{"f"}, TenantIDs: []string{"g"}, TenantSKUs: []string{"h"}, TenantSlugs: []string{"i"},
		},
	})
	require.NoError(t, err)
	require.Len(t, d.statements, 1, "a login that changes nothing must cost one round trip")
	stored, err := dir.Apply(t.Context(), provision.Snapshot{}, lmssso.Outcome{Account: bob()})
	require.NoError(t, err)
	require.Len(t, d.statements, 2, "a changed profile must cost one more")
	require.Equal(t, int64(4), stored.Version)
	for _, statement := range append(d.statements, dir.Schema()...) {
		require.NotContains(t, statement, "{")
		require.NotContains(t, statement, "12345", "values travel as parameters")
		require.Contains(t, statement, "x_")
	}
}

func TestLoginsOfLikeSizeShareAStatement(t *testing.T) {
	d := &database{}
	dir := open(t, d)
	seen := map[string]bool{}
	for n := range 100 {
		var slugs []string
		for i := range n {
			slugs = append(slugs, fmt.Sprint("course-", i), fmt.Sprint("course-", i), "", "\x00", "\xff")
		}
		_, err := dir.Read(t.Context(), provision.Query{Names: provision.Names{CourseSlugs: slugs}})
		require.NoError(t, err)
		seen[d.statements[len(d.statements)-1]] = true
	}
	require.Len(t, seen, 9, "lists have 0, 1, 2, 4 … 128 places")
}

func TestTooManyNamesAreRefusedBeforeTheDatabaseIsAsked(t *testing.T) {
	d := &database{}
	slugs := make([]string, 16_385)
	for i := range slugs {
		slugs[i] = fmt.Sprint(i)
	}
	_, err := open(t, d).Read(t.Context(), provision.Query{Names: provision.Names{CourseSlugs: slugs}})
	require.ErrorIs(t, err, lmssso.ErrTooLarge)
	require.Empty(t, d.statements)
}

func TestAFailingDatabaseFailsClosed(t *testing.T) {
	ctx, down := t.Context(), errors.New("password=hunter2 refused")
	dir := open(t, &database{err: down})
	_, err := dir.Read(ctx, provision.Query{AccountID: "A1"})
	requireUnavailable(t, err, down)
	newcomer := bob()
	newcomer.ID = ""
	for _, out := range []lmssso.Outcome{{Account: bob()}, {Account: newcomer}, {Account: bob(), Others: []lmssso.Account{newcomer}}} {
		stored, err := dir.Apply(ctx, provision.Snapshot{}, out)
		requireUnavailable(t, err, down)
		require.Zero(t, stored)
	}
	_, err = dir.Accounts(ctx, sqldir.Filter{})
	requireUnavailable(t, err, down)
	requireUnavailable(t, dir.Migrate(ctx), down)
	requireUnavailable(t, dir.SetCatalogue(ctx, provision.Facts{}), down)
}

func requireUnavailable(t *testing.T, err, cause error) {
	t.Helper()
	require.ErrorIs(t, err, lmssso.ErrUnavailable)
	require.ErrorIs(t, err, cause)
	require.NotErrorIs(t, err, provision.ErrStale, "a login must not be tried again and again at a database that is down")
	require.NotContains(t, err.Error(), "hunter2", "a driver's text may hold what must not be logged")
}

func TestAFailureInBetweenIsRolledBack(t *testing.T) {
	newcomer := bob()
	newcomer.ID = ""
	for _, at := range []string{"x_holders", "INSERT INTO x_accounts"} {
		d := &database{err: errors.New("disk full"), failAt: at}
		_, err := open(t, d).Apply(t.Context(), provision.Snapshot{}, lmssso.Outcome{Account: newcomer})
		require.ErrorIs(t, err, lmssso.ErrUnavailable)
		require.NotContains(t, d.statements, "COMMIT")
		require.Equal(t, 1, d.rolledBack)
	}
}

func TestApplyRefusesWhatNoDatabaseShouldHold(t *testing.T) {
	for name, spoil := range map[string]func(*lmssso.Account){
		"no side":                   func(a *lmssso.Account) { a.Side = "" },
		"a side there is not":       func(a *lmssso.Account) { a.Side = "learner, manager" },
		"NUL in the external id":    func(a *lmssso.Account) { a.Link.ExternalID = "1\x002" },
		"broken UTF-8 in the email": func(a *lmssso.Account) { a.Email = "\xff@example.com" },
		"broken UTF-8 in the realm": func(a *lmssso.Account) { a.Link.Realm = "\xc3" },
		"NUL in the pair":           func(a *lmssso.Account) { a.PairID = "\x00" },
		"NUL in the tenant":         func(a *lmssso.Account) { a.Tenant = "\x00" },
	} {
		t.Run(name, func(t *testing.T) {
			d := &database{}
			a := bob()
			spoil(&a)
			_, err := open(t, d).Apply(t.Context(), provision.Snapshot{}, lmssso.Outcome{Account: bob(), Others: []lmssso.Account{a}})
			require.ErrorIs(t, err, lmssso.ErrAttributeInvalid)
			require.Empty(t, d.statements)
		})
	}
}

func TestApplyRefusesAnAccountNamedTwice(t *testing.T) {
	d := &database{}
	again := bob()
	again.Version++ // what the first of the two would leave
	_, err := open(t, d).Apply(t.Context(), provision.Snapshot{}, lmssso.Outcome{Account: bob(), Others: []lmssso.Account{again}})
	require.ErrorIs(t, err, provision.ErrStale)
	require.Empty(t, d.statements)
}

func TestSetCatalogueNamesEveryFault(t *testing.T) {
	d := &database{}
	err := open(t, d).SetCatalogue(t.Context(), provision.Facts{
		Roles:    []provision.Role{{Slug: "student", Kind: "pupil", Scope: "world"}, {}},
		Courses:  []provision.Course{{Slug: "a", SKU: "1"}, {Slug: "b", SKU: "1"}, {Slug: "a"}, {Slug: "n\x00l"}},
		Licenses: []provision.License{{ID: "l", Tenant: "nowhere"}},
		Tenants:  []provision.Tenant{{ID: "t", Slug: "s"}, {ID: "u", Slug: "s"}, {ID: "v"}},
	})
	require.ErrorIs(t, err, lmssso.ErrConfiguration)
	for _, fault := range []string{
		`"student" is of no kind`, `"student" has no scope`, "a role has no id", `course SKU "1" is used twice`, `course id "a" is used twice`,
		"not text", `license "l" belongs to a tenant`, `tenant slug "s" is used twice`, "a tenant has no slug",
	} {
		require.Contains(t, err.Error(), fault)
	}
	require.Empty(t, d.statements, "the old catalogue stays")
}

// Example opens a directory over the application's own database and hands it to the provisioning service.
func Example() {
	db := sql.OpenDB(&database{}) // an application calls sql.Open with its driver
	d, err := sqldir.New(sqldir.Config{DB: db})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	fmt.Println("tables:", d.Migrate(ctx))
	fmt.Println("catalogue:", d.SetCatalogue(ctx, provision.Facts{
		Roles:   []provision.Role{{Slug: "student", Kind: lmssso.Learner, Scope: provision.TenantScope}},
		Courses: []provision.Course{{Slug: "intro", Title: "Introduction"}},
	}))
	_, err = provision.New(provision.Config{Directory: d})
	fmt.Println("service:", err)
	// Output:
	// tables: <nil>
	// catalogue: <nil>
	// service: <nil>
}
