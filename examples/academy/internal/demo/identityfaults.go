package demo

import (
	"github.com/lmssso/lmssso/attrs"
)

// identityFaults are about who the user is: a good token that says something this connection may not, or cannot, say.
func identityFaults() []fault {
	return []fault{
		{
			ID: "no-external-id", Title: "No external id",
			Text:     "A login must say whose it is by an id that is never given to anybody else.",
			possible: func(c *connection) bool { return !c.dialect.Defaults.IdentityByEmail },
			spoil:    set(attrs.ExternalID, nil),
		},
		{
			ID: "blank-email", Title: "Blank email",
			Text: "An email may be left out, never cleared.", spoil: set(attrs.Email, ""),
		},
		{
			ID: "bad-email", Title: "Not a plain address",
			Text:  "Display names, lists and look-alike letters have each been used to take over accounts.",
			spoil: set(attrs.Email, "Nora <nora@example.com>"),
		},
		{
			ID: "email-taken", Title: "Somebody else's email",
			Text:     "A new external id with the email of a user who has another one.",
			possible: func(c *connection) bool { _, ok := linked(c, ""); return ok },
			spoil: func(t *token, s scene) {
				victim, _ := linked(s.c, "")
				t.set(s.c.claim(attrs.ExternalID), "stranger-1")
				t.set(s.c.claim(attrs.Email), victim.email)
				t.set(s.c.claim(attrs.Role), nil)
				t.set(s.c.claim(attrs.DualRole), nil)
			},
		},
		{
			ID: "unknown-role", Title: "A role by its display name",
			Text:  "“Client Admin” instead of its slug, the usual slip.",
			needs: []attrs.Key{attrs.Role}, spoil: set(attrs.Role, "Client Admin"),
		},
		{
			ID: "forbidden-role", Title: "A role beyond the policy",
			Text:  "instructor exists, but this connection may not assert it.",
			needs: []attrs.Key{attrs.Role}, spoil: set(attrs.Role, "instructor"),
		},
		{
			ID: "dual-incomplete", Title: "Dual role without a role",
			Text:  "dualRole is true and nothing says which of the two.",
			needs: []attrs.Key{attrs.Role, attrs.DualRole},
			spoil: func(t *token, s scene) {
				t.set(s.c.claim(attrs.Role), nil)
				t.set(s.c.claim(attrs.DualRole), true)
			},
		},
		{
			ID: "not-dual", Title: "Dual role of a single user",
			Text:     "A login never makes the second side; an administrator does.",
			needs:    []attrs.Key{attrs.Role, attrs.DualRole},
			possible: func(c *connection) bool { _, ok := single(c); return ok },
			spoil: func(t *token, s scene) {
				who, _ := single(s.c)
				t.set(s.c.claim(attrs.ExternalID), who.externalID)
				t.set(s.c.claim(attrs.Email), who.email)
				t.set(s.c.claim(attrs.Role), who.role)
				t.set(s.c.claim(attrs.DualRole), true)
			},
		},
	}
}

// linked returns a user with one role and an account with an external id.
func linked(c *connection, except string) (person, bool) {
	return c.with(except, func(p person) bool { return !p.unlinked && !p.newcomer && p.single })
}

func single(c *connection) (person, bool) { return linked(c, "") }

// accessFaults are about what the login grants.
func accessFaults() []fault {
	return []fault{
		{
			ID: "bad-flag", Title: "A flag that is neither",
			Text:  "replaceCourseAccess says “maybe”. It is never taken for false.",
			needs: []attrs.Key{attrs.ReplaceCourses}, spoil: set(attrs.ReplaceCourses, "maybe"),
		},
		{
			ID: "replace-nothing", Title: "Replace without a list",
			Text:  "replaceCourseAccess without any list of courses: most often a mapping got lost, and everything would be revoked.",
			needs: []attrs.Key{attrs.ReplaceCourses, attrs.CourseSlugs},
			spoil: func(t *token, s scene) {
				t.set(s.c.claim(attrs.CourseSlugs), nil)
				t.set(s.c.claim(attrs.ReplaceCourses), true)
			},
		},
		{
			ID: "replace-unknown", Title: "Replace with a typing error",
			Text:  "Under a replace flag a misspelt course would revoke the right one.",
			needs: []attrs.Key{attrs.ReplaceCourses, attrs.CourseSlugs},
			spoil: func(t *token, s scene) {
				t.set(s.c.claim(attrs.CourseSlugs), []string{"intrro"})
				t.set(s.c.claim(attrs.ReplaceCourses), true)
			},
		},
		{
			ID: "unknown-tenant", Title: "An unknown learning site",
			Text:  "clientSku names a site that does not exist.",
			needs: []attrs.Key{attrs.ClientSKU}, spoil: set(attrs.ClientSKU, "NOWHERE-9"),
		},
		{
			ID: "forbidden-tenant", Title: "A learning site beyond the policy",
			Text:     "The site exists, but this connection may not place users there.",
			needs:    []attrs.Key{attrs.ClientSlug},
			possible: func(c *connection) bool { return c.forbiddenTenant != "" },
			spoil:    func(t *token, s scene) { t.set(s.c.claim(attrs.ClientSlug), s.c.forbiddenTenant) },
		},
		{
			ID: "forbidden-license", Title: "Another site's licence",
			Text:     "The licence belongs to a learning site this connection may not grant for.",
			needs:    []attrs.Key{attrs.StudentLicenseSKUs},
			possible: func(c *connection) bool { return c.forbiddenLicense != "" },
			spoil: func(t *token, s scene) {
				t.set(s.c.claim(attrs.StudentLicenseSKUs), []string{s.c.forbiddenLicense})
			},
		},
	}
}
