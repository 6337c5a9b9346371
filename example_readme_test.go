package lmssso_test

import (
	"log"
	"net/http"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/jwtsso"
	"github.com/lmssso/lmssso/provision"
	"github.com/lmssso/lmssso/provision/memory"
	"github.com/lmssso/lmssso/store"
)

// Example is the README's: sign-in by JWT in an application that has its own router, users and sessions.
func Example() {
	mux := http.NewServeMux()
	myUsers, key := exampleDirectory(), lmssso.Secret("a-shared-secret-of-32-bytes-here")
	startSession := func(http.ResponseWriter, *http.Request, string) error { return nil }

	// readme:
	verifier, err := jwtsso.NewVerifier(jwtsso.VerifierConfig{
		Dialect: jwtsso.ThoughtIndustries(), Connection: "main-jwt", Realm: "main",
		Keys:      []lmssso.Secret{key},
		SingleUse: store.NewMemory(store.MemoryConfig{}), // refuses a token the second time
	})
	if err != nil {
		log.Fatal(err)
	}
	accounts, err := provision.New(provision.Config{Directory: myUsers}) // your user store, or provision/sqldir
	if err != nil {
		log.Fatal(err)
	}
	login, err := lmssso.NewLogin(lmssso.LoginConfig{
		Connection: "main-jwt", Protocol: lmssso.JWT, Authenticator: verifier, Provisioner: accounts,
		Policy: lmssso.Policy{Realm: "main"}, // the strictest: nobody but students
		Done: func(w http.ResponseWriter, r *http.Request, t *lmssso.Attempt) error {
			return startSession(w, r, t.Outcome.Account.ID) // your session, your cookie
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	mux.Handle("GET /access/jwt", login)
	// :readme

	// Output:
}

func exampleDirectory() provision.Directory {
	return must(memory.New(memory.Config{Facts: provision.Facts{
		Roles: []provision.Role{{Slug: "student", Kind: lmssso.Learner, Scope: provision.TenantScope}},
	}}))
}
