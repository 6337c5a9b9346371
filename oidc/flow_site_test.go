package oidc_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/big"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/oidc"
	"github.com/lmssso/lmssso/store"
)

// flowEpoch is when these tests happen.
var flowEpoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// flowOP is a provider whose every answer a test may bend. It is written from the standards, without the module's own code.
type flowOP struct {
	*httptest.Server

	mu       sync.Mutex
	down     bool                                   // answers 503 everywhere
	announce bool                                   // announces RFC 9207
	bend     func(claims map[string]any, at string) // changes the claims of an ID token, made at "front" or "back"
	userinfo map[string]any                         // nil is 404 in the document
	tokens   []url.Values                           // the forms the token endpoint was sent
	nonces   map[string]string                      // by code
	infos    []string                               // the Authorization headers userinfo was sent
	codes    int
}

var flowKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

func newFlowOP(t testing.TB) *flowOP {
	t.Helper()
	o := &flowOP{nonces: map[string]string{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", o.document)
	mux.HandleFunc("GET /jwks", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, map[string]any{"keys": []any{map[string]any{
			"kty": "RSA", "kid": "k", "use": "sig", "alg": "RS256", "n": b64(flowKey().N.Bytes()), "e": b64(big.NewInt(int64(flowKey().E)).Bytes()),
		}}})
	})
	mux.HandleFunc("POST /token", o.token)
	mux.HandleFunc("GET /userinfo", func(w http.ResponseWriter, r *http.Request) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.infos = append(o.infos, r.Header.Get("Authorization"))
		reply(w, o.userinfo)
	})
	o.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.mu.Lock()
		down := o.down
		o.mu.Unlock()
		if down {
			http.Error(w, "down", http.StatusServiceUnavailable)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(o.Close)
	return o
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (o *flowOP) set(change func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	change()
}

func (o *flowOP) document(w http.ResponseWriter, _ *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	d := map[string]any{
		"issuer": o.URL, "authorization_endpoint": o.URL + "/authorize?policy=p1&state=fixed&Request_URI=urn:x", "token_endpoint": o.URL + "/token",
		"jwks_uri": o.URL + "/jwks", "end_session_endpoint": o.URL + "/logout", "authorization_response_iss_parameter_supported": o.announce,
	}
	if o.userinfo != nil {
		d["userinfo_endpoint"] = o.URL + "/userinfo"
	}
	reply(w, d)
}

func (o *flowOP) token(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.tokens = append(o.tokens, r.PostForm)
	nonce, ok := o.nonces[r.PostForm.Get("code")]
	if !ok {
		w.WriteHeader(http.StatusBadRequest)
		reply(w, map[string]any{"error": "invalid_grant"})
		return
	}
	delete(o.nonces, r.PostForm.Get("code"))
	reply(w, map[string]any{"id_token": o.idToken(nonce, "", "back"), "access_token": "access", "token_type": "Bearer"})
}

// idToken makes an ID token; the caller holds the lock.
func (o *flowOP) idToken(nonce, code, at string) string {
	claims := map[string]any{
		"iss": o.URL, "sub": "u-1", "aud": "client", "exp": flowEpoch.Add(time.Hour).Unix(), "iat": flowEpoch.Unix(),
		"nonce": nonce, "sid": "s-1", "email": "bob@example.com",
	}
	if code != "" {
		sum := sha256.Sum256([]byte(code))
		claims["c_hash"] = b64(sum[:16])
	}
	if o.bend != nil {
		o.bend(claims, at)
	}
	return flowSign(map[string]any{"alg": "RS256", "kid": "k"}, claims)
}

func flowSign(header, claims map[string]any) string {
	h, _ := json.Marshal(header)
	c, _ := json.Marshal(claims)
	input := b64(h) + "." + b64(c)
	sum := sha256.Sum256([]byte(input))
	sig, err := rsa.SignPKCS1v15(rand.Reader, flowKey(), crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return input + "." + b64(sig)
}

// answer is what the provider sends the browser back with for an authorization request.
func (o *flowOP) answer(request url.Values) url.Values {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := url.Values{"state": {request.Get("state")}}
	code := ""
	if strings.Contains(request.Get("response_type"), "code") {
		o.codes++
		code = fmt.Sprintf("code-%d of %s", o.codes, o.URL)
		o.nonces[code] = request.Get("nonce")
		out.Set("code", code)
	}
	if strings.Contains(request.Get("response_type"), "id_token") {
		out.Set("id_token", o.idToken(request.Get("nonce"), code, "front"))
	}
	if o.announce {
		out.Set("iss", o.URL)
	}
	return out
}

// flowSite is an application with one connection, and everything about it observed.
type flowSite struct {
	*httptest.Server
	provider *oidc.Provider
	op       *flowOP
	store    *flowStore

	mu       sync.Mutex
	attempts []*lmssso.Attempt
	begun    []error
	logouts  []oidc.LogoutEnd
	ended    []lmssso.SessionKey
	endErr   error
}

// flowStore is a store that can fail, and tells what was asked of it.
type flowStore struct {
	lmssso.SingleUse
	mu    sync.Mutex
	err   error
	takes int
}

func (s *flowStore) Add(ctx context.Context, key string, value []byte, until time.Time) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return false, s.err
	}
	return s.SingleUse.Add(ctx, key, value, until)
}

func (s *flowStore) Take(ctx context.Context, key string) ([]byte, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.takes++
	if s.err != nil {
		return nil, false, s.err
	}
	return s.SingleUse.Take(ctx, key)
}

func (s *flowStore) set(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func flowNow() time.Time { return flowEpoch }

// newFlowSite starts the application and a provider.
func newFlowSite(t testing.TB, change func(*oidc.Config)) *flowSite {
	t.Helper()
	return newFlowSiteAt(t, newFlowOP(t), "main-oidc", change)
}

func newFlowSiteAt(t testing.TB, op *flowOP, connection string, change func(*oidc.Config)) *flowSite {
	t.Helper()
	s := newFlowSiteFor(t, op.URL+"/.well-known/openid-configuration", connection, change)
	s.op = op
	return s
}

// newFlowSiteFor starts the application alone.
func newFlowSiteFor(t testing.TB, wellKnown, connection string, change func(*oidc.Config)) *flowSite {
	t.Helper()
	s := &flowSite{store: &flowStore{SingleUse: store.NewMemory(store.MemoryConfig{Now: flowNow})}}
	mux := http.NewServeMux()
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	cfg := oidc.Config{
		Connection: connection, Realm: "main",
		RP: oidc.RP{
			BaseURL: s.URL, RedirectURI: s.URL + "/callback", PostLogoutRedirectURI: s.URL + "/signed-out", ClientID: "client", ClientSecret: "secret",
		},
		OP: oidc.OP{
			WellKnown: wellKnown, Network: oidc.Network{AllowHTTP: true, AllowPrivateAddresses: true},
		},
		Mapping:   attrs.Mapping{attrs.Email: attrs.From("email")},
		SingleUse: s.store, Sessions: s, Now: flowNow,
	}
	if change != nil {
		change(&cfg)
	}
	var err error
	s.provider, err = oidc.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.provider.Close()) })
	s.routes(t, mux, cfg)
	return s
}

func (s *flowSite) routes(t testing.TB, mux *http.ServeMux, cfg oidc.Config) {
	login, err := lmssso.NewLogin(lmssso.LoginConfig{
		Connection: cfg.Connection, Protocol: lmssso.OIDC, Authenticator: s.provider, Provisioner: s, Recorder: s,
		Done: func(http.ResponseWriter, *http.Request, *lmssso.Attempt) error { return nil },
		Site: lmssso.Site{DefaultPage: func(lmssso.Account) string { return "/dashboard" }},
		Env:  lmssso.Env{Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: flowNow},
	})
	require.NoError(t, err)
	mux.Handle("/callback", login)
	mux.Handle("/login", s.provider.LoginHandler(func(r *http.Request) string { return r.URL.Query().Get("tenant") }, func(w http.ResponseWriter, _ *http.Request, err error) {
		s.mu.Lock()
		s.begun = append(s.begun, err)
		s.mu.Unlock()
		status, text := lmssso.PublicMessage(err)
		http.Error(w, text, status)
	}))
	finish := func(w http.ResponseWriter, r *http.Request, end oidc.LogoutEnd) {
		s.mu.Lock()
		s.logouts = append(s.logouts, end)
		s.mu.Unlock()
		if status, text := lmssso.PublicMessage(end.Err); end.Err != nil && !end.Answered {
			http.Error(w, text, status)
		} else if !end.Answered {
			fmt.Fprintf(w, "signed out, back to %q", end.ReturnTo)
		}
	}
	mux.Handle("/signed-out", s.provider.LogoutReturnHandler(finish))
	mux.Handle("/backchannel", s.provider.BackchannelHandler(finish))
	mux.HandleFunc("/logout", func(w http.ResponseWriter, r *http.Request) {
		if err := s.provider.StartLogout(w, r, "hint", "/bye"); err != nil {
			status, text := lmssso.PublicMessage(err)
			http.Error(w, text, status)
		}
	})
	for _, page := range []string{"/dashboard", "/learn/course/intro"} {
		mux.HandleFunc(page, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "page "+r.URL.Path) })
	}
}

func (s *flowSite) Provision(context.Context, *lmssso.Assertion, lmssso.Policy) (*lmssso.Outcome, error) {
	return &lmssso.Outcome{Account: lmssso.Account{ID: "1"}}, nil
}

func (s *flowSite) Record(_ context.Context, t *lmssso.Attempt) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attempts = append(s.attempts, t)
	return nil
}

// End implements [lmssso.Sessions].
func (s *flowSite) End(_ context.Context, k lmssso.SessionKey) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = append(s.ended, k)
	return 1, s.endErr
}

// last returns the last attempt.
func (s *flowSite) last(t testing.TB) *lmssso.Attempt {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	require.NotEmpty(t, s.attempts)
	return s.attempts[len(s.attempts)-1]
}

// browser is one that keeps cookies and goes nowhere by itself.
func flowBrowser(t testing.TB) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// page is an answer to a browser.
type flowPage struct {
	status   int
	header   http.Header
	body     string
	location *url.URL
}

func flowDo(t testing.TB, c *http.Client, r *http.Request) flowPage {
	t.Helper()
	resp, err := c.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	to, _ := resp.Location()
	return flowPage{resp.StatusCode, resp.Header, string(b), to}
}

func flowGet(t testing.TB, c *http.Client, address string) flowPage {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, address, nil)
	require.NoError(t, err)
	return flowDo(t, c, r)
}

func flowPost(t testing.TB, c *http.Client, address string, form url.Values) flowPage {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, address, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return flowDo(t, c, r)
}

// begin starts a login and returns the provider's answer to it.
func (s *flowSite) begin(t testing.TB, c *http.Client, query string) url.Values {
	t.Helper()
	page := flowGet(t, c, s.URL+"/login"+query)
	require.Equal(t, http.StatusSeeOther, page.status, page.body)
	return s.op.answer(page.location.Query())
}

// refused wants the last attempt to have been refused for a reason.
func (s *flowSite) refused(t testing.TB, page flowPage, reason error) {
	t.Helper()
	a := s.last(t)
	require.ErrorIs(t, a.Err, reason)
	require.Nil(t, a.Assertion)
	require.Equal(t, lmssso.ReasonOf(reason).Status(), page.status)
}

// with returns a copy of an answer with parameters replaced; nil takes one out.
func with(answer url.Values, name string, values ...string) url.Values {
	out := maps.Clone(answer)
	out[name] = values
	if len(values) == 0 {
		delete(out, name)
	}
	return out
}

func oidcMapping() attrs.Mapping {
	return attrs.Mapping{attrs.Email: attrs.From("email"), attrs.FirstName: attrs.From("given_name")}
}
