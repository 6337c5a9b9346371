// Command quickstart is a small application that had its own router, users and sessions before, and now also accepts
// sign-ins by signed JWT. Everything lmssso needs is in addSSO; the rest of this file was there.
//
//	go run ./examples/quickstart
package main

import (
	"crypto/rand"
	"flag"
	"fmt"
	"html"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/jwtsso"
	"github.com/lmssso/lmssso/provision"
	"github.com/lmssso/lmssso/provision/memory"
	"github.com/lmssso/lmssso/store"
)

// app is the application as it was: pages, the people it knows, and sessions kept by cookie.
type app struct {
	mux      *http.ServeMux
	users    sync.Map // account id → email address
	sessions sync.Map // cookie → account id
}

func newApp() *app {
	a := &app{mux: http.NewServeMux()}
	a.mux.HandleFunc("GET /{$}", a.usersPage)
	return a
}

func (a *app) usersPage(w http.ResponseWriter, r *http.Request) {
	var me any
	if c, err := r.Cookie("session"); err == nil {
		me, _ = a.sessions.Load(c.Value)
	}
	fmt.Fprint(w, "<!doctype html><html lang=en><title>Users</title><h1>Users</h1><ul>")
	a.users.Range(func(id, email any) bool {
		fmt.Fprintf(w, "<li>%s", html.EscapeString(email.(string)))
		if id == me {
			fmt.Fprint(w, " (this is you)")
		}
		return true
	})
}

func (a *app) startSession(w http.ResponseWriter, accountID string) {
	cookie := rand.Text() // a new one at every sign-in; on https it is also Secure
	a.sessions.Store(cookie, accountID)
	http.SetCookie(w, &http.Cookie{Name: "session", Value: cookie, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

// addSSO lets people sign in at GET /access/jwt?jwt=TOKEN, by tokens made with the key.
func (a *app) addSSO(key lmssso.Secret) error {
	// Which tokens are accepted, each of them once.
	verifier, err := jwtsso.NewVerifier(jwtsso.VerifierConfig{
		Dialect: jwtsso.ThoughtIndustries(), Connection: "main-jwt", Realm: "main",
		Keys: []lmssso.Secret{key}, SingleUse: store.NewMemory(store.MemoryConfig{}),
	})
	if err != nil {
		return err
	}
	// Where accounts are kept: here in memory. provision/sqldir uses a database; your user store can be a Directory too.
	directory, err := memory.New(memory.Config{Facts: provision.Facts{
		Roles: []provision.Role{{Slug: "student", Kind: lmssso.Learner, Scope: provision.TenantScope}},
	}})
	if err != nil {
		return err
	}
	accounts, err := provision.New(provision.Config{Directory: directory})
	if err != nil {
		return err
	}
	// The endpoint: verify, find or make the account, start the application's session, go to a page of this site.
	login, err := lmssso.NewLogin(lmssso.LoginConfig{
		Connection: "main-jwt", Protocol: lmssso.JWT, Authenticator: verifier, Provisioner: accounts,
		Policy: lmssso.Policy{Realm: "main"}, // the strictest: nobody but students
		Done: func(w http.ResponseWriter, _ *http.Request, t *lmssso.Attempt) error {
			a.users.Store(t.Outcome.Account.ID, t.Outcome.Account.Email)
			a.startSession(w, t.Outcome.Account.ID)
			return nil
		},
	})
	if err != nil {
		return err
	}
	a.mux.Handle("GET /access/jwt", login)
	return nil
}

func main() {
	addr := flag.String("addr", "127.0.0.1:8081", "`address` to listen on")
	flag.Parse()
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	a, key := newApp(), jwtsso.GenerateKey() // a real key comes from your configuration
	if err := a.addSSO(key); err != nil {
		log.Fatal(err)
	}
	if err := printDemo("http://"+listener.Addr().String(), key); err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Handler: a.mux, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second}
	log.Fatal(server.Serve(listener))
}
