package tenant_test

import (
	"fmt"
	"net/http"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/provision"
	"github.com/lmssso/lmssso/provision/memory"
	"github.com/lmssso/lmssso/store"
	"github.com/lmssso/lmssso/tenant"
)

// A configuration file becomes routes on the application's own router.
func Example() {
	var cfg tenant.Config
	err := tenant.Decode([]byte(`{
		"baseURL": "https://learn.example.com",
		"tenants": [{"slug": "acme", "id": "66667fe3-2cc9-4bbd-a2e2-2e2bfabf253f"}],
		"connections": [
			{"id": "main-jwt", "protocol": "jwt", "dialect": "thoughtindustries", "keys": ["a-shared-secret-of-32-bytes-here"]},
			{"id": "acme-jwt", "tenant": "acme", "protocol": "jwt", "dialect": "thoughtindustries", "keys": ["another-secret-of-32-bytes-there"]}
		]
	}`), &cfg)
	if err != nil {
		fmt.Println(err) // every fault with its path
		return
	}
	directory, err := memory.New(memory.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	accounts, err := provision.New(provision.Config{Directory: directory})
	if err != nil {
		fmt.Println(err)
		return
	}
	reg, err := tenant.New(cfg, tenant.App{
		SingleUse:   store.NewMemory(store.MemoryConfig{}),
		Provisioner: accounts,
		Done: func(w http.ResponseWriter, r *http.Request, t *lmssso.Attempt) error {
			http.SetCookie(w, &http.Cookie{Name: "session", Value: "your own session's id"})
			return nil
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	reg.Mount(http.NewServeMux())
	for _, c := range reg.Connections() {
		fmt.Println(c.ID, c.Realm, c.Endpoints)
	}
	// Output:
	// main-jwt main [https://learn.example.com/access/jwt]
	// acme-jwt 66667fe3-2cc9-4bbd-a2e2-2e2bfabf253f [https://learn.example.com/access/jwt/acme]
}
