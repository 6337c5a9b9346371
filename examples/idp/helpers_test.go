package main

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/jwtsso"
	"github.com/lmssso/lmssso/store"
)

const (
	testKey  = lmssso.Secret("a-shared-secret-of-32-bytes-here")
	testLMS  = "https://learn.example.com"
	email    = "ines@example.com"
	password = "lantern-on-the-pier"
)

// clock is a time that moves only when told to.
type clock struct{ at time.Time }

func newClock() *clock { return &clock{time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time          { return c.at }
func (c *clock) advance(d time.Duration) { c.at = c.at.Add(d) }

// backend is a site under test, with what it wrote to its log.
type backend struct {
	*site
	clock *clock
	log   *bytes.Buffer
}

// start makes a site with the invented people, changed by the test's wishes.
func start(t *testing.T, wishes ...func(*config)) *backend {
	t.Helper()
	b := &backend{clock: newClock(), log: &bytes.Buffer{}}
	s, err := newSite(testConfig(t, b.clock, b.log, wishes...))
	require.NoError(t, err)
	b.site = s
	return b
}

// invented hashes the invented people once, at the least cost there is.
var invented = sync.OnceValues(func() (*users, error) { return hashPeople(inventedPeople(), bcrypt.MinCost) })

func testConfig(t *testing.T, c *clock, log *bytes.Buffer, wishes ...func(*config)) config {
	t.Helper()
	people, err := invented()
	require.NoError(t, err)
	cfg := config{
		base: "https://harbour.example.org", lms: testLMS, dialect: jwtsso.ThoughtIndustries(), keys: []lmssso.Secret{testKey},
		users: people, now: c.now, log: slog.New(slog.NewTextHandler(log, nil)),
	}
	for _, wish := range wishes {
		wish(&cfg)
	}
	return cfg
}

func dialect(d jwtsso.Dialect) func(*config) { return func(cfg *config) { cfg.dialect = d } }

// request is one request of a browser.
type request struct {
	method, target string
	form           url.Values
	cookie         *http.Cookie
	from           string // address and port; "" is one address for all
	header         http.Header
}

func (b *backend) do(q request) *httptest.ResponseRecorder {
	var r *http.Request
	if q.form != nil {
		r = httptest.NewRequest(http.MethodPost, q.target, strings.NewReader(q.form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	} else {
		r = httptest.NewRequest(http.MethodGet, q.target, nil)
	}
	if q.method != "" {
		r.Method = q.method
	}
	for name, values := range q.header {
		r.Header[name] = values
	}
	if q.cookie != nil {
		r.AddCookie(q.cookie)
	}
	if q.from != "" {
		r.RemoteAddr = q.from
	}
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	return w
}

// post sends the form.
func (b *backend) post(email, password, returnTo string) *httptest.ResponseRecorder {
	return b.do(request{target: "/sign_in", form: credentials(email, password, returnTo)})
}

func credentials(email, password, returnTo string) url.Values {
	return url.Values{"email": {email}, "password": {password}, "return_to": {returnTo}}
}

// signedIn signs the first of the people in and returns the session's cookie.
func (b *backend) signedIn(t *testing.T) *http.Cookie {
	t.Helper()
	w := b.post(email, password, "")
	require.Equal(t, http.StatusSeeOther, w.Code)
	cookies := w.Result().Cookies()
	require.Len(t, cookies, 1)
	return cookies[0]
}

// verifier is the learning site's end of the connection.
func (b *backend) verifier(t *testing.T) *jwtsso.Verifier {
	t.Helper()
	v, err := jwtsso.NewVerifier(jwtsso.VerifierConfig{
		Dialect: b.cfg.dialect, Connection: "harbour", Realm: "main", Keys: b.cfg.keys,
		SingleUse: store.NewMemory(store.MemoryConfig{Now: b.clock.now}), Now: b.clock.now,
	})
	require.NoError(t, err)
	return v
}

// arrive takes the redirect to the learning site's verifier.
func (b *backend) arrive(t *testing.T, w *httptest.ResponseRecorder) (*lmssso.Assertion, *url.URL) {
	t.Helper()
	require.Equal(t, http.StatusSeeOther, w.Code)
	to, err := url.Parse(w.Header().Get("Location"))
	require.NoError(t, err)
	a, err := b.verifier(t).Authenticate(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, to.String(), nil))
	require.NoError(t, err)
	return a, to
}
