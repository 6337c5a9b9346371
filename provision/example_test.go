package provision_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/provision"
	"github.com/lmssso/lmssso/provision/memory"
)

// site returns a directory with one student, known by external id 12345.
func site() *memory.Directory {
	d, err := memory.New(memory.Config{
		Facts: provision.Facts{
			Roles: []provision.Role{
				{Slug: "student", Kind: lmssso.Learner, Scope: provision.TenantScope},
				{Slug: "client-manager", Kind: lmssso.Manager, Scope: provision.TenantScope},
			},
			Courses: []provision.Course{{Slug: "intro", SKU: "C-1"}, {Slug: "safety", SKU: "C-2"}},
		},
		Accounts: []lmssso.Account{{
			Link: lmssso.Link{Realm: "main", ExternalID: "12345"}, Email: "bob@example.com", Role: "student",
			Grants: lmssso.Grants{Courses: []string{"intro"}},
		}},
	})
	if err != nil {
		panic(err)
	}
	return d
}

// verified stands for what a protocol package returns after it verified a login.
func verified(externalID, email string) *lmssso.Assertion {
	a := &lmssso.Assertion{
		Origin: lmssso.Origin{Protocol: lmssso.JWT, Connection: "portal"},
		Link:   lmssso.Link{Realm: "main", ExternalID: externalID},
	}
	a.Profile.Email = attrs.Text(email)
	return a
}

// A service applies what a login says, as far as the connection's policy goes.
func ExampleService() {
	service, err := provision.New(provision.Config{Directory: site()})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, policy := context.Background(), lmssso.Policy{Realm: "main"}

	login := verified("67890", "eve@example.com")
	login.Profile.FirstName = attrs.Text("Eve")
	login.Access.CourseSKUs = attrs.List("C-2", "C-9")
	out, err := service.Provision(ctx, login, policy)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("created:", out.Created, out.Account.Role, out.Account.Grants.Courses)
	for _, c := range out.Warnings() {
		fmt.Println("warning:", c.Subject)
	}

	login.Profile.Role = attrs.Text("client-manager")
	_, err = service.Provision(ctx, login, policy)
	fmt.Println("refused:", lmssso.CodeOf(err), errors.Is(err, lmssso.ErrRoleNotAllowed))
	// Output:
	// created: true student [safety]
	// warning: course:C-9
	// refused: role-not-allowed true
}

// A dry run tells an administrator what a login would do, and why, before anybody uses it.
func ExampleService_DryRun() {
	service, err := provision.New(provision.Config{Directory: site()})
	if err != nil {
		fmt.Println(err)
		return
	}
	login := verified("12345", "bob@example.com")
	login.Access.CourseSlugs = attrs.Text("safety")
	login.Access.Replace.Courses = true
	out, err := service.DryRun(context.Background(), login, lmssso.Policy{Realm: "main"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range out.Changes {
		fmt.Printf("%s %s: %s\n", c.Kind, c.Subject, c.Why)
	}
	// Output:
	// grant course:safety: listed in courseSlugs, courseSkus
	// revoke course:intro: replaceCourseAccess is on and no list it governs names this
}

// Plan is a function of what the directory knows, what the login says, and what the policy allows.
func ExamplePlan() {
	ctx, policy := context.Background(), lmssso.Policy{Realm: "main"}
	login := verified("", "bob@example.com")
	snapshot, err := site().Read(ctx, provision.QueryFor(login, policy))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = provision.Plan(snapshot, login, policy)
	fmt.Println(err)

	login.Link.ExternalID = "another-id"
	_, err = provision.Plan(snapshot, login, policy)
	fmt.Println(err)
	// Output:
	// external-id-missing: the login carries no external id and the policy does not find users by email
	// email-taken: the email belongs to an account with another external id
}

// An administrator links an account that was made before single sign-on; the next login then syncs to it.
func ExampleService_Link() {
	d := site()
	service, err := provision.New(provision.Config{Directory: d})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, policy := context.Background(), lmssso.Policy{Realm: "main"}
	login := verified("new-id", "bob@example.com")
	_, err = service.Provision(ctx, login, policy)
	fmt.Println("before:", lmssso.CodeOf(err))

	bob, err := d.Accounts(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := service.Link(ctx, bob[0].ID, login.Link); err != nil {
		fmt.Println(err)
		return
	}
	out, err := service.Provision(ctx, login, policy)
	fmt.Println("after:", out.Account.ID == bob[0].ID, err)
	// Output:
	// before: email-taken
	// after: true <nil>
}

// Two sides of one user are made by an administrator; the application switches between them.
func ExampleService_MakeDual() {
	d := site()
	service, err := provision.New(provision.Config{Directory: d})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	learner, manager, err := service.MakeDual(ctx, "account-1", "client-manager")
	fmt.Println(learner.Role, manager.Role, err)
	staff := lmssso.Policy{Realm: "main", Roles: []string{"student", "client-manager"}} // of the session's connection
	other, err := service.Switch(ctx, learner.ID, staff)
	fmt.Println(other.ID == manager.ID, err)
	// Output:
	// student client-manager <nil>
	// true <nil>
}
