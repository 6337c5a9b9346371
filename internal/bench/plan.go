package bench

import (
	"errors"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/provision"
	"github.com/lmssso/lmssso/provision/memory"
)

// facts is a small platform.
func facts() provision.Facts {
	return provision.Facts{
		Roles: []provision.Role{
			{Slug: "student", Kind: lmssso.Learner, Scope: provision.TenantScope},
			{Slug: "client-admin", Kind: lmssso.Manager, Scope: provision.TenantScope},
			{Slug: "admin", Kind: lmssso.Manager, Scope: provision.SiteScope},
		},
		Courses:       []provision.Course{{Slug: "introduction-to-engines"}, {Slug: "advanced-engines"}, {Slug: "looms"}},
		LearningPaths: []provision.LearningPath{{Slug: "onboarding"}},
	}
}

// login is the assertion of a token that was verified.
func login() *lmssso.Assertion {
	v := must(jwtVerifier(accepting{}))
	return must(v.Verify(background(), sign(key, 1)))
}

// returning is a service whose directory knows the user already, so that the same login changes nothing.
func returning(d provision.Directory) *provision.Service {
	s := must(provision.New(provision.Config{Directory: d}))
	out := must(s.Provision(background(), login(), policy()))
	if !out.Created {
		panic("bench: the account was there before the first login")
	}
	return s
}

func memoryDirectory() *memory.Directory { return must(memory.New(memory.Config{Facts: facts()})) }

// planner is a plan over what the directory answers.
func planner(d provision.Directory, a *lmssso.Assertion) func() (lmssso.Outcome, error) {
	p := policy()
	s := must(d.Read(background(), provision.QueryFor(a, p)))
	return func() (lmssso.Outcome, error) { return provision.Plan(s, a, p) }
}

// planUnchanged plans the login of a user who has everything it says.
func planUnchanged() func() (lmssso.Outcome, error) {
	d := memoryDirectory()
	returning(d)
	return planner(d, login())
}

// planUpdate plans a login with a new last name and one more course.
func planUpdate() func() (lmssso.Outcome, error) {
	d := memoryDirectory()
	returning(d)
	a := login()
	a.Profile.LastName, a.Access.CourseSlugs = attrs.Text("King"), attrs.List("introduction-to-engines", "looms")
	return planner(d, a)
}

// planCreate plans the first login of a user.
func planCreate() func() (lmssso.Outcome, error) { return planner(memoryDirectory(), login()) }

var errOutcome = errors.New("bench: the plan is another than the one to measure")

// plan makes a subject of a plan that must, or must not, change something.
func plan(name string, alters bool, make func() func() (lmssso.Outcome, error)) Subject {
	decide := make()
	return operation(name, func() error {
		out, err := decide()
		if err == nil && out.Alters() != alters {
			return errOutcome
		}
		return err
	})
}

// planning compares plans with one another: there is no other library's.
func planning() Comparison {
	return Comparison{
		Name: "plan",
		Subjects: []Subject{
			plan("unchanged", false, planUnchanged), plan("update", true, planUpdate), plan("create", true, planCreate),
		},
		Goals: []Goal{{Against: "create"}},
	}
}
