package site_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/examples/academy/internal/config"
	"github.com/lmssso/lmssso/examples/academy/internal/site"
	"github.com/lmssso/lmssso/examples/academy/internal/stores"
	"github.com/lmssso/lmssso/jwtsso"
)

const adminToken = "the-admin-token-of-the-tests"

// clock is a clock tests turn.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// buffer is a log writer several goroutines may use.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// academy is a running academy.
type academy struct {
	t     *testing.T
	url   string
	file  config.File
	clock *clock
	logs  *buffer
	keys  map[string]lmssso.Secret
	open  *stores.Stores
	stop  func()
}

// setup says how an academy of a test differs from the example's.
type setup struct {
	store  string // directory and singleUse; "" is memory
	keys   map[string]lmssso.Secret
	edit   func(f *config.File)
	stores func(s *stores.Stores)
}

// start runs the example's academy on a port of its own.
func start(t *testing.T, s setup) *academy {
	t.Helper()
	a := &academy{t: t, clock: &clock{now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}, logs: &buffer{}, keys: s.keys}
	if a.keys == nil {
		a.keys = map[string]lmssso.Secret{}
		for _, id := range config.ExampleSecrets() {
			a.keys[id] = jwtsso.GenerateKey()
		}
	}
	server := httptest.NewUnstartedServer(nil)
	a.url = "http://" + server.Listener.Addr().String()
	if s.store == "" {
		s.store = "memory:"
	}
	doc, err := config.Example(a.url, s.store, a.keys)
	require.NoError(t, err)
	a.file, err = config.Parse(doc, config.Override{})
	require.NoError(t, err)
	a.file.AdminToken = adminToken
	if s.edit != nil {
		s.edit(&a.file)
	}
	require.Empty(t, a.file.Check())
	a.open, err = stores.Open(t.Context(), a.file, a.clock.Now)
	require.NoError(t, err)
	if s.stores != nil {
		s.stores(a.open)
	}
	handler, err := site.New(site.Config{
		File: a.file, Stores: a.open, SAMLKeys: samlKeys(t, a.file), OpenIDKeys: openIDKeys(), Now: a.clock.Now, Logger: slog.New(slog.NewTextHandler(a.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	require.NoError(t, err)
	server.Config.Handler = handler
	server.Start()
	a.stop = sync.OnceFunc(func() {
		server.Close()
		require.NoError(t, a.open.Close())
	})
	t.Cleanup(a.stop)
	return a
}

// kinds runs a test on every directory.
func kinds(t *testing.T, test func(t *testing.T, a *academy)) {
	for name, store := range map[string]func(*testing.T) string{
		"memory":           func(*testing.T) string { return "memory:" },
		"SQLite in memory": func(*testing.T) string { return "sqlite:" + stores.InMemory },
		"SQLite file":      func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "academy.db") },
	} {
		t.Run(name, func(t *testing.T) { test(t, start(t, setup{store: store(t)})) })
	}
}

// browser keeps cookies and follows no redirect by itself.
type browser struct {
	a      *academy
	client *http.Client
}

func (a *academy) browser() *browser {
	jar, err := cookiejar.New(nil)
	require.NoError(a.t, err)
	return &browser{a, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// answer is a response with its body.
type answer struct {
	*http.Response
	body string
}

func (r answer) location() string { return r.Header.Get("Location") }

func (b *browser) do(method, target string, form url.Values, headers ...string) answer {
	b.a.t.Helper()
	if form == nil {
		return b.send(method, target, nil, headers...)
	}
	return b.send(method, target, strings.NewReader(form.Encode()), append(headers, "Content-Type", "application/x-www-form-urlencoded")...)
}

func (b *browser) send(method, target string, body io.Reader, headers ...string) answer {
	b.a.t.Helper()
	if strings.HasPrefix(target, "/") {
		target = b.a.url + target
	}
	req, err := http.NewRequestWithContext(context.Background(), method, target, body)
	require.NoError(b.a.t, err)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := b.client.Do(req)
	require.NoError(b.a.t, err)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	require.NoError(b.a.t, err)
	return answer{resp, string(text)}
}

func (b *browser) get(target string, headers ...string) answer {
	return b.do(http.MethodGet, target, nil, headers...)
}

func (b *browser) post(target string, form url.Values, headers ...string) answer {
	return b.do(http.MethodPost, target, form, headers...)
}

// follow gets a page and goes where it redirects, to the end.
func (b *browser) follow(target string) answer {
	b.a.t.Helper()
	for range 10 {
		got := b.get(target)
		if got.location() == "" {
			return got
		}
		target = got.location()
	}
	b.a.t.Fatal("the redirects do not end")
	return answer{}
}

// issuer is the other side of a connection.
func (a *academy) issuer(id string) *jwtsso.Issuer {
	a.t.Helper()
	for _, c := range a.file.Connections {
		if c.ID != id {
			continue
		}
		d, ok := jwtsso.Named(c.JWT.Dialect)
		require.True(a.t, ok)
		endpoint := a.url + d.Endpoint.Path
		if c.Tenant != "" {
			endpoint += "/" + c.Tenant
		}
		i, err := jwtsso.NewIssuer(jwtsso.IssuerConfig{Dialect: d, Endpoint: endpoint, Keys: c.JWT.Keys[:1], Now: a.clock.Now})
		require.NoError(a.t, err)
		return i
	}
	a.t.Fatalf("no connection %s", id)
	return nil
}

// link mints a token and returns the URL that signs in with it.
func (a *academy) link(connection string, l jwtsso.Learner, o jwtsso.RedirectOptions) string {
	a.t.Helper()
	to, err := a.issuer(connection).RedirectURL(l, o)
	require.NoError(a.t, err)
	return to
}

func bob() jwtsso.Learner {
	return jwtsso.Learner{ExternalID: "12345", Email: "bob@example.com", FirstName: "Bob", LastName: "Jones"}
}

func newcomer() jwtsso.Learner {
	return jwtsso.Learner{ExternalID: "77", Email: "nora@example.com", FirstName: "Nora", LastName: "Quist"}
}

// sessionView is /api/session.
type sessionView struct {
	SignedIn bool            `json:"signedIn"`
	Account  *accountView    `json:"account"`
	Changes  []lmssso.Change `json:"changes"`
	TraceID  string          `json:"traceID"`
}

type accountView struct {
	ID         string   `json:"id"`
	Realm      string   `json:"realm"`
	ExternalID string   `json:"externalID"`
	Email      string   `json:"email"`
	Role       string   `json:"role"`
	Tenant     string   `json:"tenant"`
	Courses    []string `json:"courses"`
	DualRole   *struct {
		Side    string `json:"side"`
		OtherID string `json:"otherID"`
	} `json:"dualRole"`
}

func (b *browser) session() sessionView {
	b.a.t.Helper()
	var v sessionView
	b.decode(b.get("/api/session"), &v)
	return v
}

func (b *browser) decode(r answer, into any) {
	b.a.t.Helper()
	require.Equal(b.a.t, "application/json; charset=utf-8", r.Header.Get("Content-Type"), r.body)
	require.NoError(b.a.t, json.Unmarshal([]byte(r.body), into), r.body)
}

// refusal is the JSON of an error.
type refusal struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	TraceID string `json:"traceID"`
}

func (a *academy) refused(r answer) refusal {
	a.t.Helper()
	var f refusal
	require.NoError(a.t, json.Unmarshal([]byte(r.body), &f), r.body)
	return f
}

// logView is /api/admin/sso-log.
type logView struct {
	Held    int `json:"held"`
	Entries []struct {
		TraceID  string `json:"traceID"`
		SSOBlock string `json:"ssoBlock"`
		Result   struct {
			Valid bool `json:"valid"`
			Error *struct {
				Code string `json:"code"`
			} `json:"error"`
		} `json:"result"`
	} `json:"entries"`
}

func (a *academy) log(query string) logView {
	a.t.Helper()
	b := a.browser()
	var v logView
	b.decode(b.get("/api/admin/sso-log"+query, "Authorization", "Bearer "+adminToken), &v)
	return v
}

// accounts returns the accounts as JSON text, to compare.
func (a *academy) accounts() string {
	a.t.Helper()
	r := a.browser().get("/api/admin/accounts", "Authorization", "Bearer "+adminToken)
	require.Equal(a.t, http.StatusOK, r.StatusCode)
	return r.body
}

func (a *academy) account(email, role string) accountView {
	a.t.Helper()
	var list struct{ Accounts []accountView }
	require.NoError(a.t, json.Unmarshal([]byte(a.accounts()), &list))
	for _, v := range list.Accounts {
		if v.Email == email && v.Role == role {
			return v
		}
	}
	a.t.Fatalf("no account %s", role)
	return accountView{}
}
