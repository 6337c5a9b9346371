package main

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/jwtsso"
	"github.com/lmssso/lmssso/provision"
	"github.com/lmssso/lmssso/provision/memory"
	"github.com/lmssso/lmssso/safelist"
	"github.com/lmssso/lmssso/store"
)

// lms is a small learning site: one course page that wants a user, and a login page that sends visitors to the backend.
type lms struct {
	url      string
	settings *lmssso.Settings
	logins   atomic.Int64
}

// newLMS starts a learning site whose external login and logout are the backend's.
func newLMS(t *testing.T, c *clock, d jwtsso.Dialect, idp string, keys ...lmssso.Secret) *lms {
	t.Helper()
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	l := &lms{url: server.URL}
	var err error
	l.settings, err = lmssso.NewSettings(lmssso.SettingsConfig{
		BaseURL:          server.URL,
		ExternalLoginURL: idp + "/sign_in?return_to={{returnTo}}",
		AccountLogoutURL: idp + "/logout?return_to={{returnTo}}",
	})
	require.NoError(t, err)
	login := l.login(t, c, d, keys)
	mux.Handle("GET "+d.Endpoint.Path, login)
	mux.Handle("POST "+d.Endpoint.Path, login)
	mux.HandleFunc("GET /learn/", l.page)
	mux.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) {
		to, _ := l.settings.LoginURL(r.URL.Query().Get("returnTo"))
		http.Redirect(w, r, to, http.StatusSeeOther)
	})
	mux.HandleFunc("GET /logout", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "lms", MaxAge: -1, Path: "/"})
		to, _ := l.settings.LogoutURL("/bye")
		http.Redirect(w, r, to, http.StatusSeeOther)
	})
	mux.HandleFunc("GET /bye", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "goodbye") })
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "home ", r.URL.RawQuery) })
	return l
}

func (l *lms) login(t *testing.T, c *clock, d jwtsso.Dialect, keys []lmssso.Secret) *lmssso.Login {
	t.Helper()
	verifier, err := jwtsso.NewVerifier(jwtsso.VerifierConfig{
		Dialect: d, Connection: "harbour", Realm: "main", Keys: keys, Now: c.now,
		SingleUse: store.NewMemory(store.MemoryConfig{Now: c.now}),
	})
	require.NoError(t, err)
	directory, err := memory.New(memory.Config{Facts: provision.Facts{
		Roles: []provision.Role{{Slug: "student", Kind: lmssso.Learner, Scope: provision.TenantScope}},
	}})
	require.NoError(t, err)
	accounts, err := provision.New(provision.Config{Directory: directory})
	require.NoError(t, err)
	list, err := safelist.New(safelist.Config{BaseURL: l.url})
	require.NoError(t, err)
	login, err := lmssso.NewLogin(lmssso.LoginConfig{
		Connection: "harbour", Protocol: lmssso.JWT, Authenticator: verifier, Provisioner: accounts,
		Policy: lmssso.Policy{Realm: "main"},
		Site:   lmssso.Site{Safelist: func() *safelist.List { return list }},
		Done: func(w http.ResponseWriter, _ *http.Request, a *lmssso.Attempt) error {
			l.logins.Add(1)
			http.SetCookie(w, &http.Cookie{Name: "lms", Value: a.Outcome.Account.Link.ExternalID, Path: "/"})
			return nil
		},
		Env: lmssso.Env{Now: c.now, Logger: slog.New(slog.DiscardHandler)},
	})
	require.NoError(t, err)
	return login
}

func (l *lms) page(w http.ResponseWriter, r *http.Request) {
	c, err := r.Cookie("lms")
	if err != nil {
		http.Redirect(w, r, "/login?returnTo="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
		return
	}
	fmt.Fprintf(w, "%s reads %s", c.Value, r.URL.RequestURI())
}

// world starts a learning site and the backend it trusts, and returns a browser.
func world(t *testing.T, d jwtsso.Dialect, wishes ...func(*config)) (*http.Client, *lms) {
	t.Helper()
	clock := newClock()
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	l := newLMS(t, clock, d, server.URL, testKey)
	s, err := newSite(testConfig(t, clock, &bytes.Buffer{}, append([]func(*config){dialect(d), func(cfg *config) {
		cfg.base, cfg.lms = server.URL, l.url
	}}, wishes...)...))
	require.NoError(t, err)
	mux.Handle("/", s)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &http.Client{Jar: jar}, l
}

// body reads an answer and the address the browser ended at.
func read(t *testing.T, resp *http.Response, err error) (at *url.URL, status int, body string) {
	t.Helper()
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.Request.URL, resp.StatusCode, string(text)
}

func TestAVisitorComesBackSignedInAtThePageAskedFor(t *testing.T) {
	const asked = "/learn/course/intro?page=2&q=a%26b"
	for _, d := range jwtsso.Dialects() {
		t.Run(d.Name, func(t *testing.T) {
			browser, l := world(t, d)
			resp, err := browser.Get(l.url + asked)
			at, status, body := read(t, resp, err)
			require.Equal(t, http.StatusOK, status)
			require.Equal(t, "/sign_in", at.Path, "the learning site sent the visitor to the backend")
			_, fields := readForm(t, strings.ReplaceAll(body, `class="card" `, ""))
			fields.Set("email", email)
			fields.Set("password", password)

			resp, err = browser.PostForm(at.Scheme+"://"+at.Host+"/sign_in", fields)
			at, status, body = read(t, resp, err)
			require.Equal(t, http.StatusOK, status)
			require.Equal(t, l.url+asked, at.String())
			require.Equal(t, "h-1001 reads "+asked, body)
			require.EqualValues(t, 1, l.logins.Load())

			// Signing out there signs out here: the next visit asks for the password again.
			resp, err = browser.Get(l.url + "/logout")
			at, _, body = read(t, resp, err)
			require.Equal(t, l.url+"/bye", at.String())
			require.Equal(t, "goodbye", body)
			resp, err = browser.Get(l.url + asked)
			at, _, _ = read(t, resp, err)
			require.Equal(t, "/sign_in", at.Path)
		})
	}
}

func TestASecondSiteSessionNeedsNoPassword(t *testing.T) {
	browser, l := world(t, jwtsso.ThoughtIndustries())
	resp, err := browser.Get(l.url + "/learn/a")
	at, _, _ := read(t, resp, err)
	resp, err = browser.PostForm(at.Scheme+"://"+at.Host+"/sign_in", credentials(email, password, ""))
	read(t, resp, err)

	lmsURL, err := url.Parse(l.url)
	require.NoError(t, err)
	browser.Jar.SetCookies(lmsURL, []*http.Cookie{{Name: "lms", MaxAge: -1, Path: "/"}})
	resp, err = browser.Get(l.url + "/learn/b")
	at, _, body := read(t, resp, err)
	require.Equal(t, l.url+"/learn/b", at.String())
	require.Equal(t, "h-1001 reads /learn/b", body)
	require.EqualValues(t, 2, l.logins.Load())
}

// With a key the learning site does not have, its refusal must end somewhere, not run in circles.
func TestARefusedTokenDoesNotRunInCircles(t *testing.T) {
	for _, d := range jwtsso.Dialects() {
		t.Run(d.Name, func(t *testing.T) {
			browser, l := world(t, d, func(cfg *config) { cfg.keys = []lmssso.Secret{"another-secret-of-32-bytes-long!"} })
			resp, err := browser.Get(l.url + "/learn/a")
			at, _, _ := read(t, resp, err)
			resp, err = browser.PostForm(at.Scheme+"://"+at.Host+"/sign_in", credentials(email, password, l.url+"/learn/a"))
			at, _, _ = read(t, resp, err)
			require.NotEqual(t, "/learn/a", at.Path)
			require.Equal(t, strings.TrimPrefix(l.url, "http://"), at.Host)
			require.Zero(t, l.logins.Load())
		})
	}
}
