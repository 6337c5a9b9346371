package provision_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
)

var protocols = []lmssso.Protocol{lmssso.JWT, lmssso.SAML, lmssso.OIDC}

// access makes a login that carries only access.
func access(protocol lmssso.Protocol, change func(a *lmssso.Access)) *lmssso.Assertion {
	return by(protocol, login(func(a *lmssso.Assertion) { change(&a.Access) }))
}

func TestRule03_GrantsAddAndRevokeNothing(t *testing.T) {
	for _, protocol := range protocols {
		out := mustPlan(t, accounts(bob()), access(protocol, func(a *lmssso.Access) {
			a.CourseSlugs, a.CourseSKUs = attrs.List("safety", "intro"), attrs.Text("C-2")
			a.LearningPathSlugs, a.BundleSlugs = attrs.Text("leadership"), attrs.List("gold", "gold")
			a.StudentLicenses.SKUs = attrs.Text("L-M")
		}), mainPolicy(nil))
		require.Equal(t, []string{"intro", "law", "safety"}, out.Account.Grants.Courses)
		require.Equal(t, []string{"leadership", "onboarding"}, out.Account.Grants.LearningPaths)
		require.Equal(t, []string{"gold", "silver"}, out.Account.Grants.Bundles)
		require.Equal(t, []string{"course:safety", "learningPath:leadership", "bundle:gold"}, subjects(out, lmssso.ChangeGrant))
		require.Empty(t, subjects(out, lmssso.ChangeRevoke))
		requireReasons(t, out)
	}
}

func TestRule03_WithoutAFlagNothingIsRevoked(t *testing.T) {
	for name, v := range map[string]attrs.Value{"absent": {}, "blank": attrs.Cleared(), "another": attrs.Text("intro")} {
		t.Run(name, func(t *testing.T) {
			out := mustPlan(t, accounts(bob()), access(lmssso.SAML, func(a *lmssso.Access) {
				a.CourseSlugs = v
				if !v.IsPresent() {
					a.CourseSKUs, a.LearningPathSlugs, a.BundleSlugs = v, v, v
					a.StudentLicenses.IDs, a.ManagerLicenses.IDs = v, v
				}
			}), mainPolicy(nil))
			require.False(t, out.Alters(), "%+v", out.Changes)
		})
	}
}

func TestRule04_ReplaceRevokesWhatNoListNames(t *testing.T) {
	flag := func(f func(r *lmssso.Replace)) func(a *lmssso.Access) {
		return func(a *lmssso.Access) { f(&a.Replace) }
	}
	courses := flag(func(r *lmssso.Replace) { r.Courses = true })
	paths := flag(func(r *lmssso.Replace) { r.LearningPaths = true })
	for _, tc := range []struct {
		name        string
		protocols   []lmssso.Protocol
		flag        func(a *lmssso.Access)
		lists       func(a *lmssso.Access)
		wantCourses []string
		wantPaths   []string
	}{
		{"courses by slug", protocols[:1], courses, func(a *lmssso.Access) { a.CourseSlugs = attrs.Text("safety") }, []string{"safety"}, []string{"onboarding"}},
		{"courses by SKU", protocols[:1], courses, func(a *lmssso.Access) { a.CourseSKUs = attrs.Text("C-3") }, []string{"law"}, []string{"onboarding"}},
		{"courses by both", protocols[:1], courses, func(a *lmssso.Access) { a.CourseSlugs, a.CourseSKUs = attrs.Text("safety"), attrs.Text("C-3") }, []string{"law", "safety"}, []string{"onboarding"}},
		{"blank slugs and named SKUs are one list", protocols[:1], courses, func(a *lmssso.Access) { a.CourseSlugs, a.CourseSKUs = attrs.Cleared(), attrs.Text("C-3") }, []string{"law"}, []string{"onboarding"}},
		{"blank courses revoke all courses", protocols[:1], courses, func(a *lmssso.Access) { a.CourseSKUs = attrs.Cleared() }, nil, []string{"onboarding"}},
		{"a token's paths are not governed by replaceCourseAccess", protocols[:1], courses, func(a *lmssso.Access) {
			a.CourseSlugs, a.LearningPathSlugs = attrs.Text("intro"), attrs.Text("leadership")
		}, []string{"intro"}, []string{"leadership", "onboarding"}},
		{"courses named, paths not", protocols[1:], courses, func(a *lmssso.Access) { a.CourseSlugs = attrs.Text("intro") }, []string{"intro"}, nil},
		{"paths named, courses not", protocols[1:], courses, func(a *lmssso.Access) { a.LearningPathSlugs = attrs.Text("onboarding") }, nil, []string{"onboarding"}},
		{"paths blank, courses not", protocols[1:], courses, func(a *lmssso.Access) { a.LearningPathSlugs = attrs.Cleared() }, nil, nil},
		{"both named", protocols[1:], courses, func(a *lmssso.Access) {
			a.CourseSKUs, a.LearningPathSlugs = attrs.Text("C-1"), attrs.Text("leadership")
		}, []string{"intro"}, []string{"leadership"}},
		{"learning paths", protocols, paths, func(a *lmssso.Access) { a.LearningPathSlugs = attrs.Text("leadership") }, []string{"intro", "law"}, []string{"leadership"}},
		{"blank learning paths", protocols, paths, func(a *lmssso.Access) { a.LearningPathSlugs = attrs.Cleared() }, []string{"intro", "law"}, nil},
	} {
		for _, protocol := range tc.protocols {
			t.Run(fmt.Sprint(tc.name, " ", protocol), func(t *testing.T) {
				out := mustPlan(t, accounts(bob()), access(protocol, func(a *lmssso.Access) { tc.flag(a); tc.lists(a) }), mainPolicy(nil))
				require.ElementsMatch(t, tc.wantCourses, out.Account.Grants.Courses)
				require.ElementsMatch(t, tc.wantPaths, out.Account.Grants.LearningPaths)
				require.Equal(t, bob().Grants.Bundles, out.Account.Grants.Bundles)
				require.Equal(t, bob().Grants.StudentLicenses, out.Account.Grants.StudentLicenses)
				requireReasons(t, out)
			})
		}
	}
}

func TestRule04_EveryRevokeIsNamedWithItsFlag(t *testing.T) {
	out := mustPlan(t, accounts(bob()), access(lmssso.SAML, func(a *lmssso.Access) {
		a.Replace.Courses, a.CourseSlugs = true, attrs.Text("intro")
	}), mainPolicy(nil))
	require.Equal(t, []string{"course:law", "learningPath:onboarding"}, subjects(out, lmssso.ChangeRevoke))
	for _, c := range out.Warnings() {
		require.Contains(t, c.Why, "replaceCourseAccess")
	}
}

func TestRule04_ReplaceLicenses(t *testing.T) {
	stored := account(func(a *lmssso.Account) {
		a.Role, a.Tenant = "client-manager", "id-acme"
		a.Grants.StudentLicenses, a.Grants.ManagerLicenses = []string{"lic-acme", "lic-main"}, []string{"lic-acme", "lic-acme2"}
		a.Grants.ActiveLicenses = []string{"lic-acme", "lic-main"}
	})
	p := mainPolicy(func(p *lmssso.Policy) { p.Roles, p.Tenants = []string{"client-manager"}, []string{"acme"} })
	for name, tc := range map[string]struct {
		lists                      func(a *lmssso.Access)
		students, managers, active []string
	}{
		"students by id revoke managers too": {func(a *lmssso.Access) { a.StudentLicenses.IDs = attrs.Text("lic-acme") }, []string{"lic-acme"}, nil, []string{"lic-acme"}},
		"managers by SKU revoke students":    {func(a *lmssso.Access) { a.ManagerLicenses.SKUs = attrs.Text("L-A2") }, nil, []string{"lic-acme2"}, nil},
		"both": {func(a *lmssso.Access) {
			a.StudentLicenses.SKUs, a.ManagerLicenses.IDs = attrs.Text("L-M"), attrs.Text("lic-acme")
		}, []string{"lic-main"}, []string{"lic-acme"}, []string{"lic-acme", "lic-main"}},
		"blank revokes all": {func(a *lmssso.Access) { a.ManagerLicenses.SKUs = attrs.Cleared() }, nil, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			out := mustPlan(t, accounts(stored), access(lmssso.JWT, func(a *lmssso.Access) { a.Replace.Licenses = true; tc.lists(a) }), p)
			require.ElementsMatch(t, tc.students, out.Account.Grants.StudentLicenses)
			require.ElementsMatch(t, tc.managers, out.Account.Grants.ManagerLicenses)
			require.ElementsMatch(t, tc.active, out.Account.Grants.ActiveLicenses, "a mark outlived its licence")
			require.Equal(t, bob().Grants.Courses, out.Account.Grants.Courses)
		})
	}
}

// families sets each replace flag.
var families = map[string]func(r *lmssso.Replace){
	"courses":       func(r *lmssso.Replace) { r.Courses = true },
	"learningPaths": func(r *lmssso.Replace) { r.LearningPaths = true },
	"licences":      func(r *lmssso.Replace) { r.Licenses = true },
	"tiered":        func(r *lmssso.Replace) { r.TieredSubscription = true },
}

func TestRule04_ReplaceWithoutAnyListIsAmbiguous(t *testing.T) {
	for name, set := range families {
		for _, protocol := range protocols {
			t.Run(fmt.Sprint(name, " ", protocol), func(t *testing.T) {
				a := access(protocol, func(a *lmssso.Access) { set(&a.Replace) })
				mustRefuse(t, accounts(bob()), a, mainPolicy(nil), lmssso.ErrAmbiguousReplace)
				mustRefuse(t, nil, a, mainPolicy(nil), lmssso.ErrAmbiguousReplace)
			})
		}
	}
	t.Run("another family's list does not help", func(t *testing.T) {
		mustRefuse(t, accounts(bob()), access(lmssso.JWT, func(a *lmssso.Access) {
			a.Replace.Courses = true
			a.LearningPathSlugs, a.BundleSlugs, a.StudentLicenses.IDs = attrs.Text("onboarding"), attrs.Text("gold"), attrs.Text("lic-main")
		}), mainPolicy(nil), lmssso.ErrAmbiguousReplace)
	})
	t.Run("learning paths have their own flag in a token", func(t *testing.T) {
		mustRefuse(t, accounts(bob()), access(lmssso.JWT, func(a *lmssso.Access) {
			a.Replace.LearningPaths, a.CourseSlugs = true, attrs.Text("intro")
		}), mainPolicy(nil), lmssso.ErrAmbiguousReplace)
	})
}

func TestRule04_PolicyMayTakeAbsentAsEmpty(t *testing.T) {
	p := mainPolicy(func(p *lmssso.Policy) { p.ReplaceAbsentMeansEmpty = true })
	out := mustPlan(t, accounts(bob()), access(lmssso.SAML, func(a *lmssso.Access) {
		a.Replace = lmssso.Replace{Courses: true, Licenses: true, TieredSubscription: true}
	}), p)
	require.Empty(t, out.Account.Grants.Courses)
	require.Empty(t, out.Account.Grants.LearningPaths)
	require.Empty(t, out.Account.Grants.StudentLicenses)
	require.Empty(t, out.Account.Grants.Bundles)
	require.Empty(t, out.Account.Grants.ActiveLicenses)
}

func TestRule05_TieredSubscription(t *testing.T) {
	tiered := func(v attrs.Value) *lmssso.Assertion {
		return access(lmssso.JWT, func(a *lmssso.Access) { a.Replace.TieredSubscription, a.BundleSlugs = true, v })
	}
	t.Run("the listed bundle replaces every other", func(t *testing.T) {
		stored := account(func(a *lmssso.Account) { a.Grants.Bundles = []string{"silver", "welcome"} })
		out := mustPlan(t, accounts(stored), tiered(attrs.List("gold", "gold")), mainPolicy(nil))
		require.Equal(t, []string{"gold"}, out.Account.Grants.Bundles)
		require.Equal(t, []string{"bundle:silver", "bundle:welcome"}, subjects(out, lmssso.ChangeRevoke))
	})
	t.Run("a blank list removes it", func(t *testing.T) {
		out := mustPlan(t, accounts(bob()), tiered(attrs.Cleared()), mainPolicy(nil))
		require.Empty(t, out.Account.Grants.Bundles)
	})
	t.Run("the bundle held stays", func(t *testing.T) {
		require.False(t, mustPlan(t, accounts(bob()), tiered(attrs.Text("silver")), mainPolicy(nil)).Alters())
	})
	t.Run("several bundles are refused", func(t *testing.T) {
		mustRefuse(t, accounts(bob()), tiered(attrs.List("silver", "gold")), mainPolicy(nil), lmssso.ErrAttributeInvalid)
	})
	t.Run("no list is ambiguous", func(t *testing.T) {
		mustRefuse(t, accounts(bob()), tiered(attrs.Value{}), mainPolicy(nil), lmssso.ErrAmbiguousReplace)
	})
	t.Run("a misspelt bundle takes nothing away", func(t *testing.T) {
		mustRefuse(t, accounts(bob()), tiered(attrs.Text("Gold")), mainPolicy(nil), lmssso.ErrUnknownGrant)
	})
}

func TestRule06_SSOSubscription(t *testing.T) {
	subscribed := mainPolicy(func(p *lmssso.Policy) { p.SSOSubscription = "welcome" })
	t.Run("every login receives it, as the connection's", func(t *testing.T) {
		for _, stored := range [][]lmssso.Account{nil, accounts(bob())} {
			out := mustPlan(t, stored, login(nil), subscribed)
			require.Equal(t, map[string]string{"portal": "welcome"}, out.Account.Grants.SSOBundles)
			require.NotContains(t, out.Account.Grants.Bundles, "welcome")
			require.Equal(t, []string{"ssoBundle:welcome"}, subjects(out, lmssso.ChangeGrant))
		}
	})
	held := account(func(a *lmssso.Account) { a.Grants.SSOBundles = map[string]string{"portal": "welcome", "okta": "gold"} })
	t.Run("twice changes nothing", func(t *testing.T) {
		require.False(t, mustPlan(t, accounts(held), login(nil), subscribed).Alters())
	})
	t.Run("it stands outside the tiered set", func(t *testing.T) {
		for _, v := range []attrs.Value{attrs.Cleared(), attrs.Text("silver"), attrs.Text("welcome")} {
			a := access(lmssso.JWT, func(a *lmssso.Access) { a.Replace.TieredSubscription, a.BundleSlugs = true, v })
			for _, p := range []lmssso.Policy{subscribed, mainPolicy(nil)} {
				out := mustPlan(t, accounts(held), a, p)
				require.Equal(t, held.Grants.SSOBundles, out.Account.Grants.SSOBundles)
				require.Equal(t, v.Len(), len(out.Account.Grants.Bundles))
			}
		}
	})
	t.Run("another bundle takes the place of the connection's own", func(t *testing.T) {
		out := mustPlan(t, accounts(held), login(nil), mainPolicy(func(p *lmssso.Policy) { p.SSOSubscription = "silver" }))
		require.Equal(t, map[string]string{"portal": "silver", "okta": "gold"}, out.Account.Grants.SSOBundles)
		require.Equal(t, []string{"ssoBundle:welcome"}, subjects(out, lmssso.ChangeRevoke))
	})
	t.Run("a bundle nobody knows is a warning, not the user's fault", func(t *testing.T) {
		out := mustPlan(t, accounts(bob()), login(nil), mainPolicy(func(p *lmssso.Policy) { p.SSOSubscription = "missing" }))
		require.Empty(t, out.Account.Grants.SSOBundles)
		require.Equal(t, []string{"ssoBundle:missing"}, subjects(out, lmssso.ChangeWarning))
		require.False(t, out.Alters())
	})
	t.Run("a login that names no connection", func(t *testing.T) {
		mustRefuse(t, accounts(bob()), login(func(a *lmssso.Assertion) { a.Origin.Connection = "" }), subscribed, lmssso.ErrConfiguration)
	})
}
