package provision_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/provision"
	"github.com/lmssso/lmssso/provision/memory"
)

// dice makes choices from bytes, so that a fuzzer can steer them; after the last byte it always takes the first choice.
type dice struct{ left []byte }

func (d *dice) n(below int) int {
	if len(d.left) == 0 {
		return 0
	}
	b := d.left[0]
	d.left = d.left[1:]
	return int(b) % below
}

func (d *dice) flag() bool { return d.n(4) == 3 }

func (d *dice) of(items ...string) string { return items[d.n(len(items))] }

// value is absent, blank, or some of the items.
func (d *dice) value(items ...string) attrs.Value {
	switch d.n(4) {
	case 1:
		return attrs.Cleared()
	case 2:
		return attrs.Text(d.of(items...))
	case 3:
		return attrs.List(d.some(items...)...)
	}
	return attrs.Value{}
}

func (d *dice) some(items ...string) []string {
	return slices.DeleteFunc(slices.Clone(items), func(string) bool { return d.n(2) == 0 })
}

var (
	someIDs      = []string{"1", "2", ""}
	someEmails   = []string{"a@example.com", "b@example.com", "c@example.org"}
	someRoles    = []string{"student", "auditor", "client-manager", "client-admin", "admin"}
	someTenants  = []string{"", "id-acme", "id-beta"}
	someCourses  = []string{"intro", "safety", "law"}
	someLicences = []string{"lic-main", "lic-acme", "lic-acme2", "lic-beta"}
)

func (d *dice) account() lmssso.Account {
	a := lmssso.Account{
		Link:  lmssso.Link{Realm: d.of("main", "main", "id-acme"), ExternalID: d.of(someIDs...)},
		Email: d.of(someEmails...), Role: d.of(someRoles...), Tenant: d.of(someTenants...), Version: 1,
	}
	a.Profile.FirstName = d.of("", "Bob")
	if d.flag() {
		a.Profile.Refs, a.Profile.CustomFields = map[int]string{1: "one"}, map[string]string{"team": "red"}
	}
	g := &a.Grants
	g.Courses, g.LearningPaths, g.Bundles = d.some(slices.Sorted(slices.Values(someCourses))...), d.some("leadership", "onboarding"), d.some("gold", "silver")
	g.StudentLicenses, g.ManagerLicenses = d.some(slices.Sorted(slices.Values(someLicences))...), d.some("lic-acme", "lic-main")
	g.ActiveLicenses = d.some(g.StudentLicenses...)
	if d.flag() {
		g.SSOBundles = map[string]string{"portal": d.of("welcome", "gold")}
	}
	return a
}

// world is a directory of a few users, some of them with two roles; whoever does not fit in is left out.
func (d *dice) world(t testing.TB) *memory.Directory {
	var stored []lmssso.Account
	for range d.n(5) {
		a := d.account()
		next := append(slices.Clone(stored), a)
		if d.flag() {
			other := a
			a.PairID, a.Role = "pair "+string(rune('a'+len(stored))), "student"
			other.PairID, other.Role = a.PairID, d.of("client-manager", "admin")
			next = append(slices.Clone(stored), a, other)
		}
		if _, err := memory.New(memory.Config{Facts: catalogue(), Accounts: next}); err == nil {
			stored = next
		}
	}
	return directory(t, stored)
}

func (d *dice) login() *lmssso.Assertion {
	a := &lmssso.Assertion{
		Origin: lmssso.Origin{Protocol: protocols[d.n(3)], Connection: "portal"},
		Link:   lmssso.Link{ExternalID: d.of(someIDs...)},
	}
	p, acc := &a.Profile, &a.Access
	p.Email, p.EmailVerified = d.value("a@example.com", "B@Example.com", "c@example.org", "new@example.com"), d.flag()
	p.FirstName, p.Role, p.DualRole = d.value("Bob", "Rob"), d.value(append([]string{"ghost"}, someRoles...)...), d.flag()
	p.Refs[0] = d.value("one", "two")
	p.CustomFields = map[string]attrs.Value{"team": d.value("red", "blue")}
	acc.CourseSlugs, acc.CourseSKUs = d.value("intro", "law", "intro", "ghost"), d.value("C-1", "C-2", "C-9")
	acc.LearningPathSlugs, acc.BundleSlugs = d.value("onboarding", "leadership", "ghost"), d.value("gold", "silver", "ghost")
	acc.StudentLicenses = lmssso.LicenseRefs{IDs: d.value(someLicences...), SKUs: d.value("L-A", "L-M")}
	acc.ManagerLicenses = lmssso.LicenseRefs{IDs: d.value(someLicences...), SKUs: d.value("L-A", "ghost")}
	acc.ActiveLicenseIDs, acc.LicenseCourseSKUs = d.value("lic-main", "lic-acme"), d.value("C-1", "C-9")
	acc.ParentLicenseSKU = d.value("L-A", "L-M")
	acc.Replace = lmssso.Replace{Courses: d.flag(), LearningPaths: d.flag(), Licenses: d.flag(), TieredSubscription: d.flag()}
	acc.Target = lmssso.Target{ID: d.value("id-acme", "id-beta"), Slug: d.value("acme", "beta", "ghost"), Path: d.of("", "acme", "beta")}
	acc.ClearCart = d.flag()
	return a
}

func (d *dice) policy() lmssso.Policy {
	p := lmssso.Policy{
		Realm: d.of("main", "main", "id-acme"), Tenant: d.of("", "", "id-acme"), Roles: d.some(someRoles...),
		Tenants: d.some("acme", "beta", lmssso.AnyTenant), EmailDomains: d.some("example.com"), SSOSubscription: d.of("", "welcome", "ghost"),
		ReplaceAbsentMeansEmpty: d.flag(), ForbidTenantMoves: d.flag(),
	}
	p.Accounts = lmssso.AccountPolicy{LinkVerifiedEmail: d.flag(), IdentityByEmail: d.flag(), ExistingOnly: d.flag()}
	return p
}

// FuzzPlan plans random logins in random worlds and demands what must hold of every plan.
func FuzzPlan(f *testing.F) {
	for seed := range uint64(64) {
		f.Add(randomBytes(seed))
	}
	f.Fuzz(func(t *testing.T, choices []byte) {
		d := &dice{choices}
		checkPlan(t, d.world(t), d.login(), d.policy())
	})
}

// TestPlanProperties is FuzzPlan over many fixed seeds. Most random logins are refused, so some are made easier.
func TestPlanProperties(t *testing.T) {
	accepted := 0
	for seed := range uint64(3000) {
		d := &dice{randomBytes(seed)}
		world, a, p := d.world(t), d.login(), d.policy()
		if seed%4 != 0 {
			ease(a, &p, seed)
		}
		if checkPlan(t, world, a, p) {
			accepted++
		}
	}
	require.Greater(t, accepted, 600, "too few logins are accepted to prove anything")
}

// ease takes the most frequent reasons for a refusal out of a login and its policy.
func ease(a *lmssso.Assertion, p *lmssso.Policy, seed uint64) {
	p.Roles, p.ReplaceAbsentMeansEmpty, p.Accounts.ExistingOnly = someRoles, true, false
	a.Access.Target, a.Access.ActiveLicenseIDs = lmssso.Target{}, attrs.Value{}
	a.Access.ManagerLicenses = lmssso.LicenseRefs{SKUs: a.Access.ParentLicenseSKU}
	if a.Profile.Email.State() == attrs.Blank {
		a.Profile.Email = attrs.Text("new@example.com")
	}
	if role := a.Profile.Role.String(); role == "" || role == "ghost" {
		a.Profile.Role = attrs.Text("student")
	}
	if seed%4 > 1 {
		p.Tenant, p.Tenants, a.Profile.DualRole = "", []string{lmssso.AnyTenant}, seed%8 == 2
	}
	if seed%4 == 3 {
		a.Access.CourseSKUs, a.Access.LearningPathSlugs = attrs.Text("C-2"), attrs.Text("onboarding")
		a.Access.CourseSlugs, a.Access.BundleSlugs = attrs.List("intro", "law"), attrs.Text("gold")
	}
}

func randomBytes(seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	out := make([]byte, 400)
	for i := range out {
		out[i] = byte(r.Uint32())
	}
	return out
}

// checkPlan plans, checks what must hold, and reports whether the login was accepted.
func checkPlan(t testing.TB, d *memory.Directory, a *lmssso.Assertion, p lmssso.Policy) bool {
	t.Helper()
	s, err := d.Read(t.Context(), provision.QueryFor(a, p))
	require.NoError(t, err)
	before := asJSON(t, s)
	out, err := provision.Plan(s, a, p)
	require.Equal(t, before, asJSON(t, s), "Plan changed its snapshot")
	if err != nil {
		require.Zero(t, out, "an outcome came beside an error")
		require.NotContains(t, []lmssso.Code{lmssso.ErrUnavailable.Code(), lmssso.ErrConfiguration.Code()}, lmssso.CodeOf(err), "%v", err)
		return false
	}
	requireReasons(t, out)
	requireWithinPolicy(t, s, out, a, p)
	requireListedStays(t, s, out, a)
	again, err := provision.Plan(s, a, p)
	require.NoError(t, err)
	require.Equal(t, out, again, "the same question got another answer")
	requireSettled(t, d, s, out, a, p)
	return true
}

func asJSON(t testing.TB, s provision.Snapshot) string {
	t.Helper()
	raw, err := json.Marshal(s)
	require.NoError(t, err)
	return string(raw)
}

// stored returns the account as it was, the zero account for a new one.
func stored(s provision.Snapshot, id string) lmssso.Account {
	for _, a := range slices.Concat(s.ByLink, s.ByEmail) {
		if a.ID == id && id != "" {
			return a
		}
	}
	return lmssso.Account{}
}

// requireWithinPolicy demands the connection's ceiling, computed from the catalogue and the policy alone.
func requireWithinPolicy(t testing.TB, s provision.Snapshot, out lmssso.Outcome, a *lmssso.Assertion, p lmssso.Policy) {
	t.Helper()
	facts := catalogue()
	covered := func(id string) bool {
		for _, tenant := range facts.Tenants {
			if tenant.ID == id {
				return p.AllowsTenant(id, tenant.Slug)
			}
		}
		return p.Tenant == ""
	}
	was := stored(s, out.Account.ID)
	require.True(t, p.AllowsRole(out.Account.Role), "role %s", out.Account.Role)
	for _, written := range append([]lmssso.Account{out.Account}, out.Others...) {
		i := slices.IndexFunc(facts.Roles, func(r provision.Role) bool { return r.Slug == written.Role })
		require.GreaterOrEqual(t, i, 0)
		require.Equal(t, facts.Roles[i].Kind, written.Side)
		require.Equal(t, p.Realm, written.Link.Realm)
		if p.Tenant != "" {
			require.Equal(t, provision.TenantScope, facts.Roles[i].Scope, "a tenant's connection reached a site role")
			require.True(t, covered(written.Tenant), "a tenant's connection reached tenant %q", written.Tenant)
		}
	}
	if out.Account.Tenant != was.Tenant || out.Created {
		require.True(t, covered(out.Account.Tenant), "placed in tenant %q", out.Account.Tenant)
	}
	if p.Tenant != "" && !out.Created {
		require.True(t, covered(was.Tenant), "taken from tenant %q", was.Tenant)
	}
	if !out.Created && was.Link != out.Account.Link {
		require.True(t, was.Link.IsZero() && was.PairID == "" && was.Side == lmssso.Learner, "a link was taken over")
		require.True(t, covered(was.Tenant))
		require.True(t, p.Accounts.IdentityByEmail || p.Accounts.LinkVerifiedEmail && p.Vouches(a))
	}
	for _, l := range facts.Licenses {
		g, old := out.Account.Grants, was.Grants
		fresh := slices.Contains(g.StudentLicenses, l.ID) && !slices.Contains(old.StudentLicenses, l.ID)
		place := slices.Contains(g.ManagerLicenses, l.ID) && !slices.Contains(old.ManagerLicenses, l.ID)
		require.True(t, covered(l.Tenant) || !fresh && !place, "licence %s", l.ID)
		require.True(t, !place || out.Account.Side == lmssso.Manager, "an administrator's place for a learner")
	}
	require.Equal(t, out.Created, out.Account.ID == "")
	require.NotEmpty(t, out.Account.Email)
}

// requireListedStays demands that whatever the login lists and the catalogue knows is held, and that nothing listed was
// revoked.
func requireListedStays(t testing.TB, s provision.Snapshot, out lmssso.Outcome, a *lmssso.Assertion) {
	t.Helper()
	facts, acc := catalogue(), a.Access
	was := stored(s, out.Account.ID)
	for _, c := range facts.Courses {
		listed := slices.Contains(acc.CourseSlugs.All(), c.Slug) || slices.Contains(acc.CourseSKUs.All(), c.SKU)
		requireHeld(t, listed, acc.Replace.Courses, out.Account.Grants.Courses, was.Grants.Courses, c.Slug)
	}
	for _, l := range facts.LearningPaths {
		replaced := acc.Replace.LearningPaths || acc.Replace.Courses && a.Origin.Protocol != lmssso.JWT
		listed := slices.Contains(acc.LearningPathSlugs.All(), l.Slug)
		requireHeld(t, listed, replaced, out.Account.Grants.LearningPaths, was.Grants.LearningPaths, l.Slug)
	}
	for _, b := range facts.Bundles {
		listed := slices.Contains(acc.BundleSlugs.All(), b.Slug)
		requireHeld(t, listed, acc.Replace.TieredSubscription, out.Account.Grants.Bundles, was.Grants.Bundles, b.Slug)
	}
	for _, l := range facts.Licenses {
		listed := slices.Contains(acc.StudentLicenses.IDs.All(), l.ID) || slices.Contains(acc.StudentLicenses.SKUs.All(), l.SKU)
		requireHeld(t, listed, acc.Replace.Licenses, out.Account.Grants.StudentLicenses, was.Grants.StudentLicenses, l.ID)
	}
}

// requireHeld demands of one item that it is held when it is listed, and otherwise only when it was held and not replaced.
func requireHeld(t testing.TB, listed, replaced bool, after, before []string, item string) {
	t.Helper()
	want := listed || !replaced && slices.Contains(before, item)
	require.Equal(t, want, slices.Contains(after, item), "%s: listed %t, replaced %t", item, listed, replaced)
	require.True(t, slices.IsSorted(after))
	require.Equal(t, len(slices.Compact(slices.Clone(after))), len(after))
}

// requireSettled applies the plan and demands that the same login then changes nothing.
func requireSettled(t testing.TB, d *memory.Directory, s provision.Snapshot, out lmssso.Outcome, a *lmssso.Assertion, p lmssso.Policy) {
	t.Helper()
	if !out.Alters() {
		require.Equal(t, stored(s, out.Account.ID), out.Account, "a change is not on record")
		return
	}
	_, err := d.Apply(t.Context(), s, out)
	require.NoError(t, err)
	s, err = d.Read(t.Context(), provision.QueryFor(a, p))
	require.NoError(t, err)
	again, err := provision.Plan(s, a, p)
	require.NoError(t, err, "the same login is refused the second time")
	require.False(t, again.Alters(), "the same login changed again: %+v", again.Changes)
}

// FuzzPlanRaw gives Plan snapshots that no directory should return: it must not panic, nor answer beside an error.
func FuzzPlanRaw(f *testing.F) {
	for seed := range uint64(32) {
		f.Add(randomBytes(seed))
	}
	f.Fuzz(func(t *testing.T, choices []byte) {
		d := &dice{choices}
		a, p := d.login(), d.policy()
		s := provision.Snapshot{Facts: d.facts()}
		for _, list := range []*[]lmssso.Account{&s.ByLink, &s.ByEmail} {
			for range d.n(4) {
				x := d.account()
				x.ID, x.PairID, x.Side = d.of("a", "b", ""), d.of("", "pair"), lmssso.Side(d.of("learner", "manager", ""))
				*list = append(*list, x)
			}
		}
		out, err := provision.Plan(s, a, p)
		if err != nil {
			require.Zero(t, out)
			return
		}
		require.True(t, p.AllowsRole(out.Account.Role))
		require.Equal(t, p.Realm, out.Account.Link.Realm)
	})
}

// facts is a catalogue with anything missing, doubled or half empty.
func (d *dice) facts() provision.Facts {
	f := catalogue()
	f.Roles = append(f.Roles[:d.n(5)+1], provision.Role{Slug: "auditor"})
	f.Courses = append(f.Courses[:d.n(3)+1], provision.Course{SKU: "C-9"}, f.Courses[0])
	f.Licenses = append(f.Licenses[:d.n(4)+1], provision.License{ID: "lic-acme", SKU: "L-M", Tenant: "gone"})
	f.Tenants = append(f.Tenants[:d.n(2)+1], provision.Tenant{ID: "x", Slug: d.of("acme", "")})
	f.Bundles = f.Bundles[:d.n(3)]
	return f
}
