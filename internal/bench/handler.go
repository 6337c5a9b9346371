package bench

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/provision"
	"github.com/lmssso/lmssso/safelist"
	"github.com/lmssso/lmssso/ssolog"
)

const (
	endpoint = "/access/jwt"
	cookie   = "academy_session"
)

// startSession sets the cookie every handler sets.
func startSession(w http.ResponseWriter) {
	http.SetCookie(w, &http.Cookie{Name: cookie, Value: "s-0123456789abcdef", Path: "/", HttpOnly: true, Secure: true, SameSite: http.SameSiteLaxMode})
}

// newLogin is the library's whole handler over a directory that knows the user, with every validator. Its operational
// log is discarded, as the other handlers have none.
func newLogin(d provision.Directory, once lmssso.SingleUse, recorder lmssso.Recorder) http.Handler {
	l := list()
	return must(lmssso.NewLogin(lmssso.LoginConfig{
		Connection: "main-jwt", Protocol: lmssso.JWT, Authenticator: must(jwtVerifier(once)), Policy: policy(),
		Validators: validators(), Provisioner: returning(d), Recorder: recorder,
		Site: lmssso.Site{Safelist: func() *safelist.List { return l }},
		Done: func(w http.ResponseWriter, _ *http.Request, _ *lmssso.Attempt) error {
			startSession(w)
			return nil
		},
		Env: lmssso.Env{Now: clock, Logger: slog.New(slog.DiscardHandler)},
	}))
}

func newLog() *ssolog.Log { return must(ssolog.New(ssolog.Config{Enabled: true, Now: clock})) }

// golangJWTHandler is what one would write with golang-jwt: verify, cookie, redirect wherever the token says.
func golangJWTHandler() http.Handler {
	parse := golangJWT()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := parse(r.URL.Query().Get("jwt"))
		if err != nil {
			http.Error(w, "refused", http.StatusForbidden)
			return
		}
		startSession(w)
		http.Redirect(w, r, c.ReturnTo, http.StatusSeeOther)
	})
}

// unverifiedHandler takes the parameter, sets the cookie and redirects. It looks at nothing: it is what the web server
// itself costs.
func unverifiedHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("jwt") == "" {
			http.Error(w, "refused", http.StatusForbidden)
			return
		}
		startSession(w)
		http.Redirect(w, r, returnTo, http.StatusSeeOther)
	})
}

// emptyHandler answers 303 to everything.
func emptyHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusSeeOther) })
}

// named is a handler under the name it is measured by.
type named struct {
	name    string
	handler http.Handler
}

// handlers lists the sign-in handlers, ours first.
func handlers() []named {
	return []named{
		{"lmssso", newLogin(memoryDirectory(), newRotating(), nil)},
		{"lmssso-with-log", newLogin(memoryDirectory(), newRotating(), newLog())},
		{"golang-jwt", golangJWTHandler()},
		{"unverified", unverifiedHandler()},
		{"empty", emptyHandler()},
	}
}

// answer is a response kept in memory.
type answer struct {
	header http.Header
	status int
}

// Header implements [http.ResponseWriter].
func (a *answer) Header() http.Header { return a.header }

// Write implements [http.ResponseWriter]. The body is not looked at.
func (a *answer) Write(b []byte) (int, error) { return len(b), nil }

// WriteHeader implements [http.ResponseWriter].
func (a *answer) WriteHeader(status int) { a.status = status }

// ask sends one request to a handler without a network.
func ask(h http.Handler, token string) *answer {
	a := &answer{header: http.Header{}}
	query := "jwt=" + token
	h.ServeHTTP(a, &http.Request{
		Method: http.MethodGet, URL: &url.URL{Path: endpoint, RawQuery: query}, RequestURI: endpoint + "?" + query,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Body: http.NoBody, Host: "learn.example.com",
	})
	return a
}

// signIn makes a subject of a handler that must answer 303.
func signIn(all tokens, n named) Subject {
	p := all.pool()
	return all.ready(operation(n.name, func() error {
		if a := ask(n.handler, p.token()); a.status != http.StatusSeeOther {
			return fmt.Errorf("bench: %s answered %d", n.name, a.status)
		}
		return nil
	}))
}

func signingIn(all tokens) Comparison {
	c := Comparison{
		Name:  "login-in-memory",
		Goals: []Goal{{Against: "golang-jwt"}, {Against: "lmssso-with-log"}},
	}
	for _, n := range handlers() {
		c.Subjects = append(c.Subjects, signIn(all, n))
	}
	return c
}
