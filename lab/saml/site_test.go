package saml_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/provision"
	"github.com/lmssso/lmssso/provision/memory"
	"github.com/lmssso/lmssso/saml"
	"github.com/lmssso/lmssso/store"
)

const (
	connection = "lab"
	transient  = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
	persistent = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
)

// site is a learning platform with one SAML connection. It lives at localhost, providers at 127.0.0.1: for a browser's
// cookies those are two sites, as in life.
type site struct {
	t         *testing.T
	url       string
	provider  *saml.Provider
	directory *memory.Directory

	mu       sync.Mutex
	ahead    time.Duration // how far the site's clock is ahead
	sessions map[string]session
	attempts []*lmssso.Attempt
	ends     []saml.LogoutEnd
	begins   []error // logins that could not begin
}

// session is one of the site's sessions, with what a logout needs to know of it.
type session struct {
	account string
	key     lmssso.SessionKey
}

// attributes is what the lab's providers send, by the names the programs use.
var attributes = attrs.Mapping{
	attrs.ExternalID:  attrs.From("uid", "urn:oid:0.9.2342.19200300.100.1.1"),
	attrs.Email:       attrs.From("mail", "urn:oid:1.3.6.1.4.1.5923.1.1.1.6"),
	attrs.FirstName:   attrs.From("givenName", "urn:oid:2.5.4.42"),
	attrs.LastName:    attrs.From("sn", "urn:oid:2.5.4.4"),
	attrs.Role:        attrs.From("role"),
	attrs.CourseSlugs: attrs.From("courses"),
}

// newSite starts a site. The provider's side is at its metadata's address; change may change the rest, nil changes nothing.
func newSite(t *testing.T, metadataURL string, change func(*saml.Config)) *site {
	t.Helper()
	s := &site{t: t, sessions: map[string]session{}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.url = fmt.Sprintf("http://localhost:%d", listener.Addr().(*net.TCPAddr).Port)
	server := &httptest.Server{Listener: listener, Config: &http.Server{}}
	source, err := saml.NewMetadataSource(saml.MetadataConfig{
		URL: metadataURL, Trust: saml.MetadataTrust{AllowHTTP: true},
		Network: saml.MetadataNetwork{AllowHTTP: true, AllowPrivateAddresses: true}, Now: s.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Close()
		if err := source.Close(); err != nil {
			t.Error(err)
		}
	})
	server.Config.Handler = s.routes(s.config(source, change))
	server.Start()
	return s
}

func (s *site) config(source saml.IdPSource, change func(*saml.Config)) saml.Config {
	cfg := saml.Config{
		Connection: connection, Realm: "main",
		SP: saml.SP{
			BaseURL: s.url, EntityID: s.url + "/access/saml/metadata", ACS: s.url + "/access/saml/consumer",
			SLO: s.url + "/access/saml/logout", Keys: []saml.Key{siteKey()},
			About: saml.About{Organization: "Lab", OrganizationURL: s.url, TechnicalContact: "lab@example.com", RequestedAttributes: []string{"uid", "mail"}},
		},
		IdP: source, Mapping: attributes, Request: saml.Request{Sign: true},
		Allow:     saml.Allow{UnencryptedAssertions: true},
		SingleUse: store.NewMemory(store.MemoryConfig{Now: s.now}), Sessions: s, Now: s.now,
	}
	if change != nil {
		change(&cfg)
	}
	return cfg
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

// routes builds the site's handlers.
func (s *site) routes(cfg saml.Config) http.Handler {
	s.t.Helper()
	provider, err := saml.New(cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	s.provider = provider
	fresh := cfg
	fresh.Request.ForceAuthn = true
	forced, err := saml.New(fresh)
	if err != nil {
		s.t.Fatal(err)
	}
	login, err := lmssso.NewLogin(lmssso.LoginConfig{
		Connection: connection, Protocol: lmssso.SAML, Authenticator: provider,
		Policy: lmssso.Policy{Realm: "main", Roles: []string{"student", "instructor"}}, Provisioner: s.provisioner(),
		Recorder: s, Done: s.signIn, Env: lmssso.Env{Now: s.now, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/login", provider.LoginHandler(nil, s.cannotBegin))
	mux.Handle("/login/fresh", forced.LoginHandler(nil, s.cannotBegin))
	mux.Handle("/access/saml/consumer", login)
	mux.Handle("/access/saml/metadata", provider.MetadataHandler())
	mux.Handle("/access/saml/logout", provider.LogoutHandler(s.finishLogout))
	mux.HandleFunc("/logout", s.logout)
	mux.HandleFunc("/", s.home)
	return mux
}

func (s *site) provisioner() lmssso.Provisioner {
	s.t.Helper()
	var err error
	s.directory, err = memory.New(memory.Config{Facts: provision.Facts{
		Roles:   []provision.Role{{Slug: "student", Kind: lmssso.Learner, Scope: provision.TenantScope}, {Slug: "instructor", Kind: lmssso.Manager, Scope: provision.TenantScope}},
		Courses: []provision.Course{{Slug: "intro"}, {Slug: "welding"}},
	}})
	if err != nil {
		s.t.Fatal(err)
	}
	service, err := provision.New(provision.Config{Directory: s.directory})
	if err != nil {
		s.t.Fatal(err)
	}
	return service
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
	s.sessions[value] = session{a.Outcome.Account.ID, lmssso.SessionKey{Connection: connection, Subject: a.Assertion.Subject, Index: a.Assertion.Session.Index}}
	http.SetCookie(w, &http.Cookie{Name: s.cookie(), Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	return nil
}

// End ends sessions by their key, as a provider's logout asks.
func (s *site) End(_ context.Context, k lmssso.SessionKey) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ended := 0
	for value, open := range s.sessions {
		if open.key.Connection == k.Connection && open.key.Subject == k.Subject && (k.Index == "" || k.Index == open.key.Index) {
			delete(s.sessions, value)
			ended++
		}
	}
	return ended, nil
}

func (s *site) current(r *http.Request) (session, bool) {
	c, err := r.Cookie(s.cookie())
	if err != nil {
		return session{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	open, ok := s.sessions[c.Value]
	return open, ok
}

func (s *site) home(w http.ResponseWriter, r *http.Request) {
	if open, ok := s.current(r); ok {
		fmt.Fprintf(w, "signed in as %s at %s", open.account, r.URL.Path)
		return
	}
	fmt.Fprint(w, "signed out at ", r.URL.Path)
}

// logout ends the browser's session here and then the provider's.
func (s *site) logout(w http.ResponseWriter, r *http.Request) {
	open, ok := s.current(r)
	if !ok {
		http.Error(w, "nobody is signed in", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	for value, o := range s.sessions {
		if o == open {
			delete(s.sessions, value)
		}
	}
	s.mu.Unlock()
	if err := s.provider.StartLogout(w, r, open.key, "/goodbye"); err != nil {
		s.finishLogout(w, r, saml.LogoutEnd{Err: err})
	}
}

func (s *site) finishLogout(w http.ResponseWriter, r *http.Request, end saml.LogoutEnd) {
	s.mu.Lock()
	s.ends = append(s.ends, end)
	s.mu.Unlock()
	switch {
	case end.Answered:
	case end.Err != nil:
		http.Error(w, end.Err.Error(), http.StatusForbidden)
	default:
		http.Redirect(w, r, end.ReturnTo, http.StatusSeeOther)
	}
}

func (s *site) cannotBegin(w http.ResponseWriter, _ *http.Request, err error) {
	s.mu.Lock()
	s.begins = append(s.begins, err)
	s.mu.Unlock()
	http.Error(w, err.Error(), http.StatusBadGateway)
}

// metadata returns what the site says about itself, as a provider would fetch it.
func (s *site) metadata() string {
	s.t.Helper()
	p := newBrowser(s.t).open(s.url + "/access/saml/metadata")
	if p.status != http.StatusOK {
		s.t.Fatalf("metadata: %d\n%s", p.status, p.body)
	}
	return p.body
}

// last returns the last of the attempts, of which there must be n.
func (s *site) last(n int) *lmssso.Attempt {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.attempts) != n {
		var all []string
		for _, a := range s.attempts {
			all = append(all, fmt.Sprint(a.Err))
		}
		s.t.Fatalf("%d attempts reached the site, not %d: %s", len(s.attempts), n, strings.Join(all, "; "))
	}
	if n == 0 {
		return nil
	}
	return s.attempts[n-1]
}

// lastEnd returns how the last logout ended.
func (s *site) lastEnd() saml.LogoutEnd {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.ends) == 0 {
		s.t.Fatal("no logout message reached the site")
	}
	return s.ends[len(s.ends)-1]
}

func (s *site) open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sessions)
}

// mustBeIn checks that the browser ended at a path of the site, signed in, by the n-th attempt, and returns its assertion.
func (s *site) mustBeIn(p *page, path string, n int) *lmssso.Assertion {
	s.t.Helper()
	a := s.last(n)
	if a.Err != nil {
		s.t.Fatalf("refused: %v", a.Err)
	}
	if p.url.String() != s.url+path || !strings.Contains(p.body, "signed in as ") {
		s.t.Fatalf("the browser is at %s:\n%s", p.url, p.body)
	}
	return a.Assertion
}

// mustRefuse checks that the n-th attempt was refused for a reason, and that nobody is signed in.
func (s *site) mustRefuse(p *page, n int, reason error) {
	s.t.Helper()
	a := s.last(n)
	if !errors.Is(a.Err, reason) {
		s.t.Fatalf("refused for another reason than %v: %v", reason, a.Err)
	}
	if a.Assertion != nil && a.Outcome != nil || p.status < 400 {
		s.t.Fatalf("a refused login was answered by %d:\n%s", p.status, p.body)
	}
}

// mustBeAnna checks what the directory knows after the user anna of the lab's providers signed in.
func (s *site) mustBeAnna(externalID string) {
	s.t.Helper()
	all, err := s.directory.Accounts(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	if len(all) != 1 {
		s.t.Fatalf("%d accounts", len(all))
	}
	a := all[0]
	if a.Link != (lmssso.Link{Realm: "main", ExternalID: externalID}) || a.Email != "anna@example.com" ||
		a.Profile.FirstName != "Änna" || a.Profile.LastName != "O'Brien & <Söhne>" || !slices.Equal(a.Grants.Courses, []string{"intro", "welding"}) || a.Role != "student" {
		s.t.Fatalf("the account is %+v", a)
	}
}
