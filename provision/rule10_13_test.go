package provision_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/provision"
)

func TestRule10_ClearCartIsAnEvent(t *testing.T) {
	out := mustPlan(t, accounts(bob()), access(lmssso.JWT, func(a *lmssso.Access) { a.ClearCart = true }), mainPolicy(nil))
	require.True(t, out.ClearCart)
	require.Equal(t, []string{"cart"}, subjects(out, lmssso.ChangeEvent))
	require.False(t, out.Alters(), "an event is nothing to store")
	require.False(t, mustPlan(t, accounts(bob()), login(nil), mainPolicy(nil)).ClearCart)
}

func TestRule11_PlacesInSublicenses(t *testing.T) {
	p := mainPolicy(func(p *lmssso.Policy) { p.Roles, p.Tenants = []string{"student", "client-manager"}, []string{"acme"} })
	lists := func(a *lmssso.Access) {
		a.StudentLicenses = lmssso.LicenseRefs{IDs: attrs.Text("lic-acme"), SKUs: attrs.List("L-A", "L-A2")}
		a.ManagerLicenses = lmssso.LicenseRefs{SKUs: attrs.Text("L-A")}
	}
	t.Run("a manager has both", func(t *testing.T) {
		out := mustPlan(t, accounts(withRole("client-manager")), access(lmssso.JWT, lists), p)
		require.Equal(t, []string{"lic-acme", "lic-acme2", "lic-main"}, out.Account.Grants.StudentLicenses)
		require.Equal(t, []string{"lic-acme"}, out.Account.Grants.ManagerLicenses)
	})
	t.Run("a learner gets no administrator's place", func(t *testing.T) {
		out := mustPlan(t, accounts(bob()), access(lmssso.JWT, lists), p)
		require.Equal(t, []string{"lic-acme", "lic-acme2", "lic-main"}, out.Account.Grants.StudentLicenses)
		require.Empty(t, out.Account.Grants.ManagerLicenses)
		require.Equal(t, []string{"managerLicense:lic-acme"}, subjects(out, lmssso.ChangeWarning))
	})
	t.Run("a learner keeps a place that is listed", func(t *testing.T) {
		stored := account(func(a *lmssso.Account) { a.Grants.ManagerLicenses = []string{"lic-acme", "lic-acme2"} })
		out := mustPlan(t, accounts(stored), access(lmssso.JWT, func(a *lmssso.Access) { lists(a); a.Replace.Licenses = true }), p)
		require.Equal(t, []string{"lic-acme"}, out.Account.Grants.ManagerLicenses)
	})
}

func TestRule11_AttackLicenceBeyondThePolicy(t *testing.T) {
	for name, tc := range map[string]struct {
		licence string
		policy  lmssso.Policy
	}{
		"a tenant's, under the main site's zero policy":      {"lic-acme", mainPolicy(nil)},
		"a tenant's that the policy does not list":           {"lic-beta", mainPolicy(toAcme)},
		"another tenant's, by a tenant":                      {"lic-beta", acmePolicy(nil)},
		"the main site's, by a tenant":                       {"lic-main", acmePolicy(nil)},
		"another tenant's, by a tenant that claims any":      {"lic-beta", acmePolicy(func(p *lmssso.Policy) { p.Tenants = []string{lmssso.AnyTenant} })},
		"the main site's, by a tenant that claims no tenant": {"lic-main", acmePolicy(func(p *lmssso.Policy) { p.Tenants = []string{""} })},
	} {
		for kind, set := range map[string]func(a *lmssso.Access){
			"student": func(a *lmssso.Access) { a.StudentLicenses.IDs = attrs.Text(tc.licence) },
			"manager": func(a *lmssso.Access) { a.ManagerLicenses.IDs = attrs.Text(tc.licence) },
			"replace": func(a *lmssso.Access) { a.StudentLicenses.IDs, a.Replace.Licenses = attrs.Text(tc.licence), true },
			"parent": func(a *lmssso.Access) {
				for _, l := range catalogue().Licenses {
					if l.ID == tc.licence {
						a.ParentLicenseSKU = attrs.Text(l.SKU)
					}
				}
			},
		} {
			t.Run(name+" as "+kind, func(t *testing.T) {
				mustRefuse(t, nil, access(lmssso.JWT, set), tc.policy, lmssso.ErrLicenseNotAllowed)
			})
		}
	}
}

func TestRule11_ActiveLicences(t *testing.T) {
	active := func(v attrs.Value) *lmssso.Assertion {
		return access(lmssso.JWT, func(a *lmssso.Access) { a.ActiveLicenseIDs = v })
	}
	stored := account(func(a *lmssso.Account) { a.Grants.StudentLicenses = []string{"lic-acme", "lic-main"} })
	t.Run("a list sets the marks", func(t *testing.T) {
		out := mustPlan(t, accounts(stored), active(attrs.List("lic-acme", "lic-acme")), mainPolicy(nil))
		require.Equal(t, []string{"lic-acme"}, out.Account.Grants.ActiveLicenses)
		require.Equal(t, []string{"activeLicense:lic-acme"}, subjects(out, lmssso.ChangeGrant))
		require.Equal(t, []string{"activeLicense:lic-main"}, subjects(out, lmssso.ChangeRevoke))
	})
	t.Run("blank clears them", func(t *testing.T) {
		require.Empty(t, mustPlan(t, accounts(stored), active(attrs.Cleared()), mainPolicy(nil)).Account.Grants.ActiveLicenses)
	})
	t.Run("one granted by the same login can be marked", func(t *testing.T) {
		a := access(lmssso.JWT, func(a *lmssso.Access) {
			a.StudentLicenses.SKUs, a.ActiveLicenseIDs = attrs.Text("L-A2"), attrs.Text("lic-acme2")
		})
		require.Equal(t, []string{"lic-acme2"}, mustPlan(t, accounts(stored), a, mainPolicy(toAcme)).Account.Grants.ActiveLicenses)
	})
	for name, a := range map[string]*lmssso.Assertion{
		"one not held":     active(attrs.Text("lic-beta")),
		"one nobody knows": active(attrs.Text("ghost")),
		"one revoked just now": access(lmssso.JWT, func(a *lmssso.Access) {
			a.Replace.Licenses, a.StudentLicenses.IDs, a.ActiveLicenseIDs = true, attrs.Text("lic-main"), attrs.Text("lic-acme")
		}),
		"its SKU is not its id": active(attrs.Text("L-M")),
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			mustRefuse(t, accounts(stored), a, mainPolicy(nil), lmssso.ErrLicenseNotAllowed)
		})
	}
}

func TestRule11_ReportsAndParent(t *testing.T) {
	stored := account(func(a *lmssso.Account) {
		a.Grants.LicenseCourseSKUs, a.Grants.ParentLicenseSKU = []string{"C-1"}, "L-M"
	})
	out := mustPlan(t, accounts(stored), access(lmssso.JWT, func(a *lmssso.Access) {
		a.LicenseCourseSKUs, a.ParentLicenseSKU = attrs.List("C-3", "ghost"), attrs.Text("L-A")
	}), mainPolicy(toAcme))
	require.Equal(t, []string{"C-1", "C-3"}, out.Account.Grants.LicenseCourseSKUs)
	require.Equal(t, "L-A", out.Account.Grants.ParentLicenseSKU)
	require.Equal(t, []string{"licenseCourse:ghost"}, subjects(out, lmssso.ChangeWarning))
	require.Equal(t, []string{"parentLicenseSku"}, subjects(out, lmssso.ChangeProfile))

	out = mustPlan(t, accounts(stored), access(lmssso.JWT, func(a *lmssso.Access) {
		a.LicenseCourseSKUs, a.ParentLicenseSKU = attrs.Cleared(), attrs.Cleared()
	}), mainPolicy(nil))
	require.Empty(t, out.Account.Grants.LicenseCourseSKUs)
	require.Empty(t, out.Account.Grants.ParentLicenseSKU)
	require.Equal(t, []string{"licenseCourse:C-1"}, subjects(out, lmssso.ChangeRevoke))
}

func TestRule12_UnknownGrantsAreWarnings(t *testing.T) {
	out := mustPlan(t, accounts(bob()), access(lmssso.SAML, func(a *lmssso.Access) {
		a.CourseSlugs, a.CourseSKUs = attrs.List("Intro", "safety"), attrs.Text("intro")
		a.LearningPathSlugs, a.BundleSlugs = attrs.Text("ghost"), attrs.Text("two words\n")
	}), mainPolicy(nil))
	require.Equal(t, []string{"intro", "law", "safety"}, out.Account.Grants.Courses)
	require.Equal(t, []string{"course:Intro", "course:intro", "learningPath:ghost", `bundle:"two words\n"`}, subjects(out, lmssso.ChangeWarning))
}

func TestRule12_ATypingErrorRevokesNothing(t *testing.T) {
	for name, set := range map[string]func(a *lmssso.Access){
		"course slug": func(a *lmssso.Access) { a.Replace.Courses, a.CourseSlugs = true, attrs.List("intro", "lww") },
		"course SKU":  func(a *lmssso.Access) { a.Replace.Courses, a.CourseSKUs = true, attrs.List("C-1", "C-l") },
		"path, SAML": func(a *lmssso.Access) {
			a.Replace.Courses, a.CourseSlugs, a.LearningPathSlugs = true, attrs.Text("intro"), attrs.Text("onbording")
		},
		"path":   func(a *lmssso.Access) { a.Replace.LearningPaths, a.LearningPathSlugs = true, attrs.Text("onbording") },
		"bundle": func(a *lmssso.Access) { a.Replace.TieredSubscription, a.BundleSlugs = true, attrs.Text("glod") },
		"licence id": func(a *lmssso.Access) {
			a.Replace.Licenses, a.StudentLicenses.IDs = true, attrs.List("lic-main", "lic-mian")
		},
		"licence SKU": func(a *lmssso.Access) { a.Replace.Licenses, a.ManagerLicenses.SKUs = true, attrs.Text("lic-main") },
		"also if lost": func(a *lmssso.Access) {
			a.Replace.Courses, a.CourseSlugs = true, attrs.Text("")
			a.CourseSKUs = attrs.Text("ghost")
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := mainPolicy(func(p *lmssso.Policy) { p.ReplaceAbsentMeansEmpty = true })
			mustRefuse(t, accounts(bob()), access(lmssso.SAML, set), p, lmssso.ErrUnknownGrant)
		})
	}
}

func TestRule12_UnknownLicencesAreAlwaysRefused(t *testing.T) {
	for name, set := range map[string]func(a *lmssso.Access){
		"student id":  func(a *lmssso.Access) { a.StudentLicenses.IDs = attrs.List("lic-main", "ghost") },
		"student SKU": func(a *lmssso.Access) { a.StudentLicenses.SKUs = attrs.Text("lic-main") },
		"manager id":  func(a *lmssso.Access) { a.ManagerLicenses.IDs = attrs.Text("L-M") },
		"manager SKU": func(a *lmssso.Access) { a.ManagerLicenses.SKUs = attrs.Text("ghost") },
		"parent SKU":  func(a *lmssso.Access) { a.ParentLicenseSKU = attrs.Text("ghost") },
	} {
		t.Run(name, func(t *testing.T) {
			mustRefuse(t, accounts(bob()), access(lmssso.JWT, set), mainPolicy(nil), lmssso.ErrUnknownGrant)
		})
	}
	t.Run("one SKU of two licences names neither", func(t *testing.T) {
		facts := catalogue()
		facts.Licenses[3].SKU = "L-A"
		a := access(lmssso.JWT, func(a *lmssso.Access) { a.StudentLicenses.SKUs = attrs.Text("L-A") })
		p := mainPolicy(func(p *lmssso.Policy) { p.Tenants = []string{lmssso.AnyTenant} })
		_, err := provision.Plan(provision.Snapshot{Facts: facts}, a, p)
		require.ErrorIs(t, err, lmssso.ErrUnknownGrant)
	})
}

func TestRule12_HostileNamesStayShort(t *testing.T) {
	names := make([]string, 5000)
	for i := range names {
		names[i] = fmt.Sprintf("%05d\x1b[31m%s", i, strings.Repeat("x", 1000))
	}
	a := access(lmssso.JWT, func(a *lmssso.Access) { a.CourseSlugs = attrs.List(names...) })
	out := mustPlan(t, accounts(bob()), a, mainPolicy(nil))
	require.Len(t, out.Changes, 21)
	for _, c := range out.Changes {
		require.Less(t, len(c.Subject), 900)
		require.NotContains(t, c.Subject, "\x1b")
	}
	a.Access.Replace.Courses = true
	_, err := plan(t, accounts(bob()), a, mainPolicy(nil))
	require.ErrorIs(t, err, lmssso.ErrUnknownGrant)
	require.Less(t, len(err.Error()), 20*900)
	require.NotContains(t, err.Error(), "\x1b")
}

func TestRule13_VerifiedEmailLinksOnceAndOnRecord(t *testing.T) {
	vouching := mainPolicy(func(p *lmssso.Policy) { p.Accounts.LinkVerifiedEmail, p.EmailDomains = true, []string{"Example.com"} })
	stored := accounts(account(unlinked))
	for _, a := range []*lmssso.Assertion{
		login(nil), by(lmssso.SAML, login(nil)), by(lmssso.OIDC, login(func(a *lmssso.Assertion) { a.Profile.EmailVerified = true })),
	} {
		out := mustPlan(t, stored, a, vouching)
		require.Equal(t, "bob", out.Account.ID)
		require.Equal(t, lmssso.Link{Realm: "main", ExternalID: "12345"}, out.Account.Link)
		require.Equal(t, []string{"externalID"}, subjects(out, lmssso.ChangeLink))
		require.False(t, out.Created)
	}
	t.Run("also where no accounts are made", func(t *testing.T) {
		p := vouching
		p.Accounts.ExistingOnly = true
		require.Equal(t, "bob", mustPlan(t, stored, login(nil), p).Account.ID)
	})
	t.Run("a second external id is refused", func(t *testing.T) {
		a := login(func(a *lmssso.Assertion) { a.Link.ExternalID = "67890" })
		mustRefuse(t, accounts(bob()), a, vouching, lmssso.ErrEmailTaken)
	})
}

func TestRule13_AttackTakeoverByEmail(t *testing.T) {
	vouch := func(p *lmssso.Policy) { p.Accounts.LinkVerifiedEmail, p.EmailDomains = true, []string{"example.com"} }
	all := func(p *lmssso.Policy) { vouch(p); p.Roles = []string{"student", "auditor", "client-manager", "admin"} }
	is := func(change func(a *lmssso.Account)) []lmssso.Account {
		return accounts(account(func(a *lmssso.Account) { unlinked(a); change(a) }))
	}
	for name, tc := range map[string]struct {
		stored []lmssso.Account
		login  *lmssso.Assertion
		policy lmssso.Policy
	}{
		"the policy does not link":           {is(func(*lmssso.Account) {}), login(nil), mainPolicy(func(p *lmssso.Policy) { p.EmailDomains = []string{"example.com"} })},
		"the policy vouches for no domain":   {is(func(*lmssso.Account) {}), login(nil), mainPolicy(func(p *lmssso.Policy) { p.Accounts.LinkVerifiedEmail = true })},
		"another domain is vouched for":      {is(func(*lmssso.Account) {}), login(nil), mainPolicy(func(p *lmssso.Policy) { vouch(p); p.EmailDomains = []string{"example.org"} })},
		"only the parent domain is":          {is(func(a *lmssso.Account) { a.Email = "bob@mail.example.com" }), login(func(a *lmssso.Assertion) { a.Profile.Email = attrs.Text("bob@mail.example.com") }), mainPolicy(vouch)},
		"OpenID Connect without verified":    {is(func(*lmssso.Account) {}), by(lmssso.OIDC, login(nil)), mainPolicy(vouch)},
		"a manager's account":                {is(func(a *lmssso.Account) { a.Role = "client-manager" }), login(nil), mainPolicy(all)},
		"an administrator's account":         {is(func(a *lmssso.Account) { a.Role = "admin" }), login(nil), mainPolicy(all)},
		"a manager's account, as a student":  {is(func(a *lmssso.Account) { a.Role = "client-manager" }), login(role("student")), mainPolicy(all)},
		"a dual-role user's account":         {unlinkedPair(), login(nil), mainPolicy(all)},
		"a tenant's account":                 {is(func(a *lmssso.Account) { a.Tenant = "id-beta" }), login(nil), mainPolicy(all)},
		"another tenant's account":           {is(func(a *lmssso.Account) { a.Tenant = "id-beta" }), login(nil), acmePolicy(all)},
		"the main site's account, by tenant": {is(func(*lmssso.Account) {}), login(nil), acmePolicy(all)},
	} {
		t.Run(name, func(t *testing.T) { mustRefuse(t, tc.stored, tc.login, tc.policy, lmssso.ErrEmailExists) })
	}
	t.Run("a tenant links its own learner", func(t *testing.T) {
		own := is(func(a *lmssso.Account) { a.Tenant, a.Role = "id-acme", "auditor" })
		require.Equal(t, "bob", mustPlan(t, own, login(nil), acmePolicy(all)).Account.ID)
	})
}

// A catalogue large enough for an index must answer like a small one.
func TestRule12_ManyFactsAnswerLikeFew(t *testing.T) {
	facts := catalogue()
	for i := range 100 {
		facts.Courses = append(facts.Courses, provision.Course{Slug: fmt.Sprint("course-", i), SKU: fmt.Sprint("X-", i/2)})
	}
	a := access(lmssso.JWT, func(a *lmssso.Access) {
		a.CourseSlugs, a.CourseSKUs = attrs.List("intro", "course-7", "ghost"), attrs.List("C-2", "X-1", "X-99")
	})
	out, err := provision.Plan(provision.Snapshot{Facts: facts}, a, mainPolicy(nil))
	require.NoError(t, err)
	require.Equal(t, []string{"course-7", "intro", "safety"}, out.Account.Grants.Courses)
	require.Equal(t, []string{"course:ghost", "course:X-1", "course:X-99"}, subjects(out, lmssso.ChangeWarning))
	a.Access.CourseSKUs = attrs.Text("X-1")
	few := provision.Facts{Roles: facts.Roles, Courses: []provision.Course{{Slug: "a", SKU: "X-1"}, {Slug: "b", SKU: "X-1"}, {Slug: "a", SKU: "X-1"}}}
	out, err = provision.Plan(provision.Snapshot{Facts: few}, a, mainPolicy(nil))
	require.NoError(t, err)
	require.Empty(t, out.Account.Grants.Courses)
}
