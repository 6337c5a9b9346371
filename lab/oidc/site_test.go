package oidc_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/oidc"
	"github.com/lmssso/lmssso/provision"
	"github.com/lmssso/lmssso/provision/memory"
	"github.com/lmssso/lmssso/store"
)

// site is a learning platform with OpenID Connect connections. It lives at localhost, providers at 127.0.0.1: for a
// browser's cookies those are two sites, as in life.
type site struct {
	url       string
	mux       *http.ServeMux
	once      lmssso.SingleUse
	directory *memory.Directory
	accounts  lmssso.Provisioner

	mu       sync.Mutex
	ahead    time.Duration // how far the site's clock is ahead
	sessions map[string]session
	attempts []*lmssso.Attempt // since the last was looked at
	ends     []end
	begins   []error           // logins that could not begin
	tokens   map[string]string // the last logout token of each connection
	ended    chan struct{}     // told of every logout token
	paths    []string          // every path asked for, as method and path
	referers []string          // where browsers said that they came from
}

// session is one of the site's sessions, with what a logout needs to know of it.
type session struct {
	account string
	key     lmssso.SessionKey
	hint    lmssso.Secret
}

// end is how a logout ended, at a connection.
type end struct {
	connection string
	oidc.LogoutEnd
}

// attributes is what the lab's providers send.
var attributes = attrs.Mapping{
	attrs.Email:       attrs.From("email"),
	attrs.FirstName:   attrs.From("given_name"),
	attrs.LastName:    attrs.From("family_name"),
	attrs.Role:        attrs.From("role"),
	attrs.CourseSlugs: attrs.From("courses"),
}

// newSite starts a site without connections. With a certificate it speaks https.
func newSite(t *testing.T, secure bool) *site {
	t.Helper()
	s := &site{mux: http.NewServeMux(), sessions: map[string]session{}, tokens: map[string]string{}, ended: make(chan struct{}, 16)}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.url = fmt.Sprintf("http://localhost:%d", listener.Addr().(*net.TCPAddr).Port)
	s.once = store.NewMemory(store.MemoryConfig{Now: s.now})
	s.mux.HandleFunc("/", s.home)
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: http.HandlerFunc(s.serve), ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}}
	if secure {
		s.url = "https" + strings.TrimPrefix(s.url, "http")
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	s.directory, err = memory.New(memory.Config{Facts: provision.Facts{
		Roles:   []provision.Role{{Slug: "student", Kind: lmssso.Learner, Scope: provision.TenantScope}},
		Courses: []provision.Course{{Slug: "intro"}, {Slug: "welding"}},
		Tenants: []provision.Tenant{{ID: "acme-1", Slug: "acme"}, {ID: "quiet-1", Slug: "quiet"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if s.accounts, err = provision.New(provision.Config{Directory: s.directory}); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *site) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.paths, s.referers = append(s.paths, r.Method+" "+r.URL.Path), append(s.referers, r.Referer())
	s.mu.Unlock()
	s.mux.ServeHTTP(w, r)
}

// secret is a client's secret at its provider, long enough for HS256.
func secret(id string) string {
	return "the-secret-of-client-" + strings.ReplaceAll(id, "_", "-") + "-is-long"
}

// config is a connection of this site at a provider, before a test changes it.
func (s *site) config(id string, side oidc.OP) oidc.Config {
	return oidc.Config{
		Connection: id, Realm: "main", OP: side, Mapping: attributes,
		RP: oidc.RP{
			BaseURL: s.url, RedirectURI: s.url + "/callback/" + id, PostLogoutRedirectURI: s.url + "/signed-out/" + id,
			ClientID: id, ClientSecret: lmssso.Secret(secret(id)),
		},
		Request:   oidc.Request{Scope: []string{"openid", "email", "profile", "learning"}},
		SingleUse: s.once, Sessions: s, Now: s.now,
	}
}

// connect adds a connection. change may change its configuration; nil changes nothing.
func (s *site) connect(t *testing.T, id string, side oidc.OP, change func(*oidc.Config)) {
	t.Helper()
	cfg := s.config(id, side)
	if change != nil {
		change(&cfg)
	}
	provider, err := oidc.New(cfg)
	if err != nil {
		t.Fatalf("%s: %v", id, err)
	}
	t.Cleanup(func() {
		if err := provider.Close(); err != nil {
			t.Error(err)
		}
	})
	login, err := lmssso.NewLogin(lmssso.LoginConfig{
		Connection: id, Protocol: lmssso.OIDC, Authenticator: provider,
		Policy: lmssso.Policy{Realm: "main", Roles: []string{"student"}}, Provisioner: s.accounts,
		Recorder: s, Done: s.signIn, Env: lmssso.Env{Now: s.now, Logger: slog.New(slog.DiscardHandler)},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.mux.Handle("/login/"+id, provider.LoginHandler(nil, s.cannotBegin))
	s.mux.Handle("/callback/"+id, login)
	s.mux.HandleFunc("/logout/"+id, func(w http.ResponseWriter, r *http.Request) { s.logout(w, r, id, provider) })
	s.mux.Handle("/signed-out/"+id, provider.LogoutReturnHandler(s.finishLogout(id)))
	s.mux.Handle("/backchannel/"+id, s.overhear(id, provider.BackchannelHandler(s.finishLogout(id))))
}

// overhear keeps the logout tokens that come, for tests to try them elsewhere.
func (s *site) overhear(id string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.mu.Lock()
		s.tokens[id] = string(text)
		s.mu.Unlock()
		r.Body = io.NopCloser(strings.NewReader(string(text)))
		next.ServeHTTP(w, r)
		select {
		case s.ended <- struct{}{}:
		default: // nobody waits
		}
	})
}

func (s *site) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Add(s.ahead)
}

// shift sets the site's clock ahead, or behind.
func (s *site) shift(ahead time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead = ahead
}

// Record keeps every attempt, for tests to look at.
func (s *site) Record(_ context.Context, a *lmssso.Attempt) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attempts = append(s.attempts, a)
	return nil
}

// cookie names the site's cookie after its port: hosts, not ports, keep cookies apart.
func (s *site) cookie() string { return "site-" + s.url[strings.LastIndex(s.url, ":")+1:] }

// signIn opens the site's own session.
func (s *site) signIn(w http.ResponseWriter, _ *http.Request, a *lmssso.Attempt) error {
	value := rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions[value] = session{
		account: a.Outcome.Account.ID, hint: a.Assertion.Session.Hint,
		key: lmssso.SessionKey{Connection: a.Connection, Subject: a.Assertion.Subject, Index: a.Assertion.Session.Index},
	}
	http.SetCookie(w, &http.Cookie{Name: s.cookie(), Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	return nil
}

// End ends sessions by their key, as a provider's logout token asks.
func (s *site) End(_ context.Context, k lmssso.SessionKey) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ended := 0
	for value, open := range s.sessions {
		subject := k.Subject == lmssso.Subject{} && k.Index != "" || k.Subject == open.key.Subject
		if open.key.Connection == k.Connection && subject && (k.Index == "" || k.Index == open.key.Index) {
			delete(s.sessions, value)
			ended++
		}
	}
	return ended, nil
}

// current returns the browser's session, and its cookie's value.
func (s *site) current(r *http.Request) (open session, value string) {
	c, err := r.Cookie(s.cookie())
	if err != nil {
		return session{}, ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	open, ok := s.sessions[c.Value]
	if !ok {
		return session{}, ""
	}
	return open, c.Value
}

func (s *site) home(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	state := "signed out"
	if open, value := s.current(r); value != "" {
		state = "signed in as " + open.account
	}
	fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Site</title><h1 id="site">%s</h1><p>at %s</p></html>`, state, r.URL.Path)
}

// logout ends the browser's session here and then the provider's.
func (s *site) logout(w http.ResponseWriter, r *http.Request, id string, provider *oidc.Provider) {
	open, value := s.current(r)
	if value == "" {
		http.Error(w, "nobody is signed in", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	delete(s.sessions, value)
	s.mu.Unlock()
	if err := provider.StartLogout(w, r, open.hint, "/goodbye"); err != nil {
		s.finishLogout(id)(w, r, oidc.LogoutEnd{Err: err})
	}
}

func (s *site) finishLogout(id string) func(http.ResponseWriter, *http.Request, oidc.LogoutEnd) {
	return func(w http.ResponseWriter, r *http.Request, e oidc.LogoutEnd) {
		s.mu.Lock()
		s.ends = append(s.ends, end{id, e})
		s.mu.Unlock()
		switch {
		case e.Answered:
		case e.Err != nil:
			http.Error(w, e.Err.Error(), http.StatusForbidden)
		default:
			http.Redirect(w, r, e.ReturnTo, http.StatusSeeOther)
		}
	}
}

func (s *site) cannotBegin(w http.ResponseWriter, _ *http.Request, err error) {
	s.mu.Lock()
	s.begins = append(s.begins, err)
	s.mu.Unlock()
	http.Error(w, err.Error(), http.StatusBadGateway)
}

// client registers a connection of this site at a provider, with what change says over it.
func (s *site) client(id string, change client) client {
	c := client{
		"client_id": id, "client_secret": secret(id), "redirect_uris": []string{s.url + "/callback/" + id},
		"post_logout_redirect_uris": []string{s.url + "/signed-out/" + id},
		"backchannel_logout_uri":    s.url + "/backchannel/" + id, "backchannel_logout_session_required": true,
		"response_types": []string{"code"}, "grant_types": []string{"authorization_code"},
	}
	for name, value := range change {
		c[name] = value
	}
	return c
}

// signIn goes through a login at a connection, typing the password where the provider asks for it.
func (b *browser) signIn(s *site, id string) *page {
	b.t.Helper()
	p := b.open(s.url + "/login/" + id + "?returnTo=/welcome")
	if p != nil && p.status == http.StatusOK && len(p.forms) == 1 && p.forms[0].asks {
		p = b.submit(p, right)
	}
	return p
}
