package memory_test

import (
	"context"
	"fmt"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/provision"
	"github.com/lmssso/lmssso/provision/memory"
)

func Example() {
	directory, err := memory.New(memory.Config{
		Facts: provision.Facts{
			Roles:   []provision.Role{{Slug: "student", Kind: lmssso.Learner, Scope: provision.TenantScope}},
			Courses: []provision.Course{{Slug: "intro", SKU: "C-1", Title: "Introduction"}},
		},
		Accounts: []lmssso.Account{{
			Link: lmssso.Link{Realm: "main", ExternalID: "12345"}, Email: "Bob@example.com", Role: "student",
		}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	accounts, err := directory.Accounts(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, a := range accounts {
		fmt.Println(a.ID, a.Email, a.Side)
	}
	// Output:
	// account-1 bob@example.com learner
}
