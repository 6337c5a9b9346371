package oidctest_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/lmssso/lmssso/oidc/oidctest"
)

// exampleT stands for the *testing.T of a real test.
type exampleT struct {
	testing.TB
	cleanups []func()
}

func (e *exampleT) Helper()                   {}
func (e *exampleT) Cleanup(f func())          { e.cleanups = append(e.cleanups, f) }
func (e *exampleT) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }
func (e *exampleT) done() {
	for _, f := range e.cleanups {
		f()
	}
}

// A provider signs a user in, once properly and once by a token that says whatever its bearer likes. The application of this
// example only shows whom a token speaks of; a real one must take the first and refuse the second.
func Example() {
	t := &exampleT{} // in a test: t *testing.T
	defer t.done()

	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var claims struct{ Sub string }
		payload, _ := base64.RawURLEncoding.DecodeString(strings.Split(r.PostFormValue("id_token"), ".")[1])
		_ = json.Unmarshal(payload, &claims)
		fmt.Fprint(w, claims.Sub)
	}))
	t.Cleanup(app.Close)

	op := oidctest.NewProvider(t, oidctest.Options{})
	op.Register(oidctest.Client{ID: "learn", RedirectURIs: []string{app.URL + "/callback"}})
	op.SetUser(oidctest.User{Subject: "bob", Claims: map[string]any{"email": "bob@example.com"}})
	login := op.AuthorizeURL + "?" + url.Values{
		"client_id": {"learn"}, "redirect_uri": {app.URL + "/callback"}, "response_type": {"id_token"}, "response_mode": {"form_post"},
		"scope": {"openid email"}, "state": {"the-state"}, "nonce": {"the-nonce"},
	}.Encode() // in a test: the application's login address

	for _, faults := range [][]oidctest.Fault{nil, {oidctest.AlgNone}} {
		op.SetFaults(faults...)
		resp := op.SignIn(op.Client(), login)
		var who string
		_, _ = fmt.Fscan(resp.Body, &who)
		fmt.Println("the token is about", who)
	}
	fmt.Println(oidctest.AlgNone.Explanation())
	// Output:
	// the token is about bob
	// the token is about forged-identity
	// The token says that it is not signed, and is not.
}
