package provision_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/provision"
)

// scripted is a directory that fails on demand.
type scripted struct {
	provision.Directory
	read, apply error
	stale       int // how many times Apply answers ErrStale first
	reads       int
	applies     int
}

func (s *scripted) Read(ctx context.Context, q provision.Query) (provision.Snapshot, error) {
	s.reads++
	if s.read != nil {
		return provision.Snapshot{}, s.read
	}
	return s.Directory.Read(ctx, q)
}

func (s *scripted) Apply(ctx context.Context, snap provision.Snapshot, out lmssso.Outcome) (lmssso.Account, error) {
	s.applies++
	switch {
	case s.apply != nil:
		return lmssso.Account{}, s.apply
	case s.applies <= s.stale:
		return lmssso.Account{}, provision.ErrStale
	}
	return s.Directory.Apply(ctx, snap, out)
}

func newService(t *testing.T, d provision.Directory) *provision.Service {
	t.Helper()
	s, err := provision.New(provision.Config{Directory: d})
	require.NoError(t, err)
	return s
}

func TestServiceNeedsADirectory(t *testing.T) {
	s, err := provision.New(provision.Config{})
	require.ErrorIs(t, err, lmssso.ErrConfiguration)
	require.Nil(t, s)
}

func TestServiceAppliesThePlan(t *testing.T) {
	d := &scripted{Directory: directory(t, nil)}
	out, err := newService(t, d).Provision(t.Context(), login(nil), mainPolicy(nil))
	require.NoError(t, err)
	require.True(t, out.Created)
	require.NotEmpty(t, out.Account.ID)
	require.EqualValues(t, 1, out.Account.Version)
	require.Equal(t, 1, d.applies)
}

func TestServiceWritesNothingWhenNothingChanges(t *testing.T) {
	d := &scripted{Directory: directory(t, accounts(bob()))}
	a := access(lmssso.JWT, func(a *lmssso.Access) { a.ClearCart, a.CourseSlugs = true, attrs.Text("ghost") })
	out, err := newService(t, d).Provision(t.Context(), a, mainPolicy(nil))
	require.NoError(t, err)
	require.True(t, out.ClearCart)
	require.Equal(t, 1, d.reads)
	require.Zero(t, d.applies, "a warning or an event was written")
}

func TestServiceRefusalWritesNothing(t *testing.T) {
	d := &scripted{Directory: directory(t, accounts(bob()))}
	out, err := newService(t, d).Provision(t.Context(), login(role("admin")), mainPolicy(nil))
	require.ErrorIs(t, err, lmssso.ErrRoleNotAllowed)
	require.Nil(t, out)
	require.Zero(t, d.applies)
}

func TestServicePlansAgainAtMostThreeTimes(t *testing.T) {
	t.Run("settles", func(t *testing.T) {
		d := &scripted{Directory: directory(t, nil), stale: 3}
		out, err := newService(t, d).Provision(t.Context(), login(nil), mainPolicy(nil))
		require.NoError(t, err)
		require.NotEmpty(t, out.Account.ID)
		require.Equal(t, 4, d.reads, "a stale plan was applied again without reading")
	})
	t.Run("does not settle", func(t *testing.T) {
		d := &scripted{Directory: directory(t, nil), stale: 100}
		out, err := newService(t, d).Provision(t.Context(), login(nil), mainPolicy(nil))
		require.ErrorIs(t, err, lmssso.ErrBusy)
		require.Nil(t, out)
		require.Equal(t, 4, d.applies)
	})
}

func TestServiceFailsClosedWithTheDirectory(t *testing.T) {
	down := errors.New("connection refused to db.internal")
	for name, d := range map[string]*scripted{"Read": {read: down}, "Apply": {apply: down}} {
		t.Run(name, func(t *testing.T) {
			d.Directory = directory(t, nil)
			out, err := newService(t, d).Provision(t.Context(), login(nil), mainPolicy(nil))
			require.ErrorIs(t, err, lmssso.ErrUnavailable)
			require.ErrorIs(t, err, down)
			require.NotContains(t, err.Error(), "db.internal")
			require.Nil(t, out)
		})
	}
	t.Run("every act of an administrator", func(t *testing.T) {
		s := newService(t, &scripted{Directory: directory(t, accounts(bob())), read: down})
		_, err := s.Link(t.Context(), "bob", lmssso.Link{ExternalID: "1"})
		require.ErrorIs(t, err, lmssso.ErrUnavailable)
		_, _, err = s.MakeDual(t.Context(), "bob", "client-manager")
		require.ErrorIs(t, err, lmssso.ErrUnavailable)
		_, err = s.Switch(t.Context(), "bob", mainPolicy(nil))
		require.ErrorIs(t, err, lmssso.ErrUnavailable)
		_, _, err = s.Sides(t.Context(), "bob")
		require.ErrorIs(t, err, lmssso.ErrUnavailable)
	})
}

func TestServiceWithoutAssertion(t *testing.T) {
	s := newService(t, directory(t, nil))
	_, err := s.Provision(t.Context(), nil, mainPolicy(nil))
	require.ErrorIs(t, err, lmssso.ErrConfiguration)
	_, err = s.DryRun(t.Context(), nil, mainPolicy(nil))
	require.ErrorIs(t, err, lmssso.ErrConfiguration)
}

func TestDryRunSaysTheSameAndChangesNothing(t *testing.T) {
	d := &scripted{Directory: directory(t, accounts(bob()))}
	s := newService(t, d)
	a := access(lmssso.JWT, func(a *lmssso.Access) { a.CourseSlugs, a.Replace.Courses = attrs.Text("safety"), true })
	dry, err := s.DryRun(t.Context(), a, mainPolicy(nil))
	require.NoError(t, err)
	require.Zero(t, d.applies)
	wet, err := s.Provision(t.Context(), a, mainPolicy(nil))
	require.NoError(t, err)
	require.Equal(t, wet.Changes, dry.Changes)
	require.Equal(t, wet.Account.Grants, dry.Account.Grants)
	_, err = s.DryRun(t.Context(), login(role("admin")), mainPolicy(nil))
	require.ErrorIs(t, err, lmssso.ErrRoleNotAllowed)
}

func TestLinkRefusals(t *testing.T) {
	eve := account(func(a *lmssso.Account) { a.ID, a.Link = "eve", lmssso.Link{Realm: "id-acme", ExternalID: "67890"} })
	quiet := account(func(a *lmssso.Account) { a.ID, a.Link = "quiet", lmssso.Link{Realm: "id-beta"} })
	s := newService(t, directory(t, accounts(bob(), eve, quiet)))
	for name, tc := range map[string]struct {
		id   string
		link lmssso.Link
		want *lmssso.Reason
	}{
		"an unknown account":                      {"ghost", lmssso.Link{ExternalID: "1"}, provision.ErrNoAccount},
		"no account":                              {"", lmssso.Link{ExternalID: "1"}, provision.ErrNoAccount},
		"a realm where the email is taken":        {"bob", lmssso.Link{Realm: "id-acme", ExternalID: "1"}, lmssso.ErrEmailTaken},
		"a realm where the email exists":          {"bob", lmssso.Link{Realm: "id-beta", ExternalID: "1"}, lmssso.ErrEmailExists},
		"a realm where the email is the link's":   {"bob", eve.Link, lmssso.ErrEmailTaken},
		"clearing into a realm that has the mail": {"bob", lmssso.Link{Realm: "id-acme"}, lmssso.ErrEmailTaken},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := s.Link(t.Context(), tc.id, tc.link)
			require.ErrorIs(t, err, tc.want)
			require.Zero(t, got)
		})
	}
	require.Equal(t, lmssso.ErrNotFound.Code(), provision.ErrNoAccount.Code())
}

func TestLinkSetsMovesAndClears(t *testing.T) {
	eve := account(func(a *lmssso.Account) { a.ID, a.Email, a.Link.ExternalID = "eve", "eve@example.com", "" })
	d := &scripted{Directory: directory(t, accounts(bob(), eve))}
	s := newService(t, d)
	got, err := s.Link(t.Context(), "eve", lmssso.Link{ExternalID: "12345"})
	require.NoError(t, err)
	require.Equal(t, bob().Link, got.Link)
	former, err := d.Read(t.Context(), provision.Query{AccountID: "bob"})
	require.NoError(t, err)
	require.Equal(t, lmssso.Link{Realm: "main"}, former.ByID[0].Link)

	applies := d.applies
	_, err = s.Link(t.Context(), "eve", bob().Link)
	require.NoError(t, err)
	require.Equal(t, applies, d.applies, "the link was there already")

	got, err = s.Link(t.Context(), "eve", lmssso.Link{Realm: "id-acme", ExternalID: "1"})
	require.NoError(t, err)
	require.Equal(t, lmssso.Link{Realm: "id-acme", ExternalID: "1"}, got.Link)
	got, err = s.Link(t.Context(), "eve", lmssso.Link{})
	require.NoError(t, err)
	require.Equal(t, lmssso.Link{Realm: "id-acme"}, got.Link)
}

func TestLinkKeepsBothSidesTogether(t *testing.T) {
	d := directory(t, dualBob())
	got, err := newService(t, d).Link(t.Context(), "bob-manager", lmssso.Link{ExternalID: "new"})
	require.NoError(t, err)
	require.Equal(t, "bob-manager", got.ID)
	s, err := d.Read(t.Context(), provision.Query{Link: lmssso.Link{Realm: "main", ExternalID: "new"}})
	require.NoError(t, err)
	require.Len(t, s.ByLink, 2)
}

func TestMakeDual(t *testing.T) {
	for name, tc := range map[string]struct {
		from lmssso.Account
		role string
	}{
		"from the learner's side": {bob(), "client-manager"},
		"from the manager's side": {withRole("client-manager"), "student"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t, directory(t, accounts(tc.from)))
			learner, manager, err := s.MakeDual(t.Context(), "bob", tc.role)
			require.NoError(t, err)
			require.Equal(t, lmssso.Learner, learner.Side)
			require.Equal(t, lmssso.Manager, manager.Side)
			require.Equal(t, learner.Link, manager.Link)
			require.Equal(t, learner.Email, manager.Email)
			require.NotEmpty(t, learner.PairID)
			require.Equal(t, learner.PairID, manager.PairID)
			made := manager
			if tc.from.Role != "student" {
				made = learner
			}
			require.Equal(t, "Bob", made.Profile.FirstName)
			require.Zero(t, made.Grants, "access was copied")
			again, _, err := s.MakeDual(t.Context(), "bob", tc.role)
			require.NoError(t, err)
			require.Equal(t, learner, again)
		})
	}
}

func TestMakeDualRefusals(t *testing.T) {
	for name, tc := range map[string]struct {
		stored   []lmssso.Account
		id, role string
		want     *lmssso.Reason
	}{
		"learner and learner":      {accounts(bob()), "bob", "auditor", provision.ErrNotPairable},
		"manager and manager":      {accounts(withRole("client-manager")), "bob", "client-admin", provision.ErrNotPairable},
		"two sides already":        {dualBob(), "bob", "client-admin", provision.ErrNotPairable},
		"an unknown role":          {accounts(bob()), "bob", "Client Manager", lmssso.ErrRoleUnknown},
		"no role":                  {accounts(bob()), "bob", "", lmssso.ErrRoleUnknown},
		"an unknown account":       {accounts(bob()), "ghost", "client-manager", provision.ErrNoAccount},
		"an account without an id": {accounts(bob()), "", "client-manager", provision.ErrNoAccount},
	} {
		t.Run(name, func(t *testing.T) {
			learner, manager, err := newService(t, directory(t, tc.stored)).MakeDual(t.Context(), tc.id, tc.role)
			require.ErrorIs(t, err, tc.want)
			require.Zero(t, learner)
			require.Zero(t, manager)
		})
	}
}

// staff may assert both roles of dualBob.
func staff() lmssso.Policy {
	return mainPolicy(func(p *lmssso.Policy) { p.Roles = []string{"student", "client-manager"} })
}

func TestSwitch(t *testing.T) {
	s := newService(t, directory(t, dualBob()))
	other, err := s.Switch(t.Context(), "bob", staff())
	require.NoError(t, err)
	require.Equal(t, "bob-manager", other.ID)
	other, err = s.Switch(t.Context(), "bob-manager", staff())
	require.NoError(t, err)
	require.Equal(t, "bob", other.ID)

	_, err = newService(t, directory(t, accounts(bob()))).Switch(t.Context(), "bob", staff())
	require.ErrorIs(t, err, lmssso.ErrNotDualRole)
	_, err = s.Switch(t.Context(), "ghost", staff())
	require.ErrorIs(t, err, provision.ErrNoAccount)
}

// A session that a connection opened on one side reaches the other side only as far as the connection's policy does.
func TestSwitchStaysWithinThePolicy(t *testing.T) {
	in := func(tenant string, role string) []lmssso.Account {
		pair := dualBob()
		pair[0].Tenant, pair[1].Tenant, pair[1].Role = "id-acme", tenant, role
		return pair
	}
	anyRole := func(p *lmssso.Policy) { p.Roles = []string{"student", "client-manager", "admin"} }
	for name, tc := range map[string]struct {
		stored []lmssso.Account
		policy lmssso.Policy
		want   *lmssso.Reason
	}{
		"a connection for students":                 {dualBob(), mainPolicy(nil), lmssso.ErrRoleNotAllowed},
		"a tenant's connection and its own manager": {in("id-acme", "client-manager"), acmePolicy(anyRole), nil},
		"a tenant's connection and another tenant":  {in("id-beta", "client-manager"), acmePolicy(anyRole), lmssso.ErrTenantNotAllowed},
		"a tenant's connection and the main site":   {in("", "client-manager"), acmePolicy(anyRole), lmssso.ErrTenantNotAllowed},
		"a tenant's connection and a site role":     {in("id-acme", "admin"), acmePolicy(anyRole), lmssso.ErrRoleNotAllowed},
		"another realm's connection":                {dualBob(), lmssso.Policy{Realm: "other", Roles: []string{"client-manager"}}, lmssso.ErrConfiguration},
		"no connection":                             {dualBob(), lmssso.Policy{Roles: []string{"client-manager"}}, lmssso.ErrConfiguration},
	} {
		t.Run(name, func(t *testing.T) {
			other, err := newService(t, directory(t, tc.stored)).Switch(t.Context(), "bob", tc.policy)
			if tc.want == nil {
				require.NoError(t, err)
				require.Equal(t, "bob-manager", other.ID)
				return
			}
			require.ErrorIs(t, err, tc.want)
			require.Zero(t, other)
		})
	}
}

func TestSides(t *testing.T) {
	s := newService(t, directory(t, dualBob()))
	for _, id := range []string{"bob", "bob-manager"} {
		learner, manager, err := s.Sides(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, "bob", learner.ID)
		require.Equal(t, "bob-manager", manager.ID)
	}
	_, _, err := newService(t, directory(t, accounts(bob()))).Sides(t.Context(), "bob")
	require.ErrorIs(t, err, lmssso.ErrNotDualRole)
	_, _, err = s.Sides(t.Context(), "ghost")
	require.ErrorIs(t, err, provision.ErrNoAccount)
}

// What an account has become decides, not what it was when the session began.
func TestAdmit(t *testing.T) {
	with := func(tenant, role string) lmssso.Account {
		return account(func(a *lmssso.Account) { a.Tenant, a.Role = tenant, role })
	}
	for name, tc := range map[string]struct {
		account lmssso.Account
		policy  lmssso.Policy
		want    *lmssso.Reason
	}{
		"a student":                                  {with("", "student"), mainPolicy(nil), nil},
		"a student who became an administrator":      {with("", "admin"), mainPolicy(nil), lmssso.ErrRoleNotAllowed},
		"an administrator where policy has the role": {with("", "admin"), mainPolicy(func(p *lmssso.Policy) { p.Roles = []string{"admin"} }), nil},
		"a tenant's user at the main site":           {with("id-acme", "student"), mainPolicy(nil), nil},
		"a tenant's user at the tenant":              {with("id-acme", "student"), acmePolicy(nil), nil},
		"a user who left the tenant":                 {with("id-beta", "student"), acmePolicy(nil), lmssso.ErrTenantNotAllowed},
		"a tenant's user with a role of the site":    {with("id-acme", "admin"), acmePolicy(func(p *lmssso.Policy) { p.Roles = []string{"admin"} }), lmssso.ErrRoleNotAllowed},
		"a role that is gone":                        {with("", "retired"), mainPolicy(func(p *lmssso.Policy) { p.Roles = []string{"retired"} }), lmssso.ErrRoleUnknown},
		"another realm":                              {with("", "student"), lmssso.Policy{Realm: "other"}, lmssso.ErrConfiguration},
		"no realm":                                   {lmssso.Account{ID: "bob", Role: "student"}, lmssso.Policy{}, lmssso.ErrConfiguration},
	} {
		t.Run(name, func(t *testing.T) {
			err := provision.Admit(catalogue(), tc.account, tc.policy)
			if tc.want == nil {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, tc.want)
		})
	}
}

// confused answers a query by id with somebody else.
type confused struct{ provision.Directory }

func (confused) Read(context.Context, provision.Query) (provision.Snapshot, error) {
	return provision.Snapshot{ByID: accounts(bob()), Facts: catalogue()}, nil
}

func TestAdministratorsGetNobodyElse(t *testing.T) {
	s := newService(t, confused{})
	_, err := s.Switch(t.Context(), "eve", staff())
	require.ErrorIs(t, err, lmssso.ErrUnavailable)
	_, err = s.Link(t.Context(), "eve", lmssso.Link{ExternalID: "1"})
	require.ErrorIs(t, err, lmssso.ErrUnavailable)
}
