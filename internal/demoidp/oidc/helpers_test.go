package oidc_test

import (
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	mathrand "math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/internal/demoidp/oidc"
)

const (
	base     = "https://op.example.com"
	redirect = "https://app.example.com/cb"
	verifier = "a-verifier-of-forty-three-characters-or-more-0123456789"
	secret   = "s3cret/with+signs"
)

var now = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// The RSA keys are made once, because one takes a good part of a second.
var (
	rsaKey      = sync.OnceValue(func() crypto.Signer { return mustKey("RS256") })
	strangerKey = sync.OnceValue(func() crypto.Signer { return mustKey("RS256") })
	spareKey    = sync.OnceValue(func() crypto.Signer { return mustKey("RS256") })
	ecKey       = sync.OnceValue(func() crypto.Signer { return mustKey("ES256") })
)

func mustKey(alg string) crypto.Signer {
	k, err := oidc.GenerateKey(alg)
	if err != nil {
		panic(err)
	}
	return k
}

// fixed is a source that gives the same each time.
func fixed() *mathrand.ChaCha8 { return mathrand.NewChaCha8([32]byte{1}) }

func newOP(t testing.TB, change ...func(*oidc.Config)) *oidc.OP {
	t.Helper()
	cfg := oidc.Config{
		BaseURL: base, Keys: []oidc.Key{{ID: "k1", Signer: rsaKey()}}, Stranger: strangerKey(), Spare: spareKey(),
		Now: func() time.Time { return now }, Random: fixed(),
	}
	for _, f := range change {
		f(&cfg)
	}
	p, err := oidc.New(cfg)
	require.NoError(t, err)
	register(t, p)
	return p
}

func register(t testing.TB, p *oidc.OP, change ...func(*oidc.Client)) {
	t.Helper()
	c := oidc.Client{
		ID: "app", Secret: secret, RedirectURIs: []string{redirect}, PostLogoutRedirectURIs: []string{"https://app.example.com/bye"},
		BackchannelLogoutURI: "https://app.example.com/logout", TokenAuth: []string{"client_secret_basic", "client_secret_post", "private_key_jwt"},
	}
	for _, f := range change {
		f(&c)
	}
	require.NoError(t, p.Register(c))
}

func ecdsaOP(c *oidc.Config) {
	c.Keys, c.Algorithms = []oidc.Key{{ID: "k1", Signer: ecKey()}}, []string{"ES256"}
}

func login(how oidc.How) oidc.Login {
	return oidc.Login{User: oidc.User{Subject: "user-1", Claims: map[string]any{
		"email": "user@example.com", "email_verified": true, "given_name": "Test", "groups": []string{"a"},
	}}, How: how}
}

// parameters of a good request.
func parameters(responseType string) url.Values {
	sum := sha256.Sum256([]byte(verifier))
	return url.Values{
		"client_id": {"app"}, "redirect_uri": {redirect}, "response_type": {responseType}, "scope": {"openid email"}, "state": {"the-state"},
		"nonce": {"The-Nonce"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
}

func read(t testing.TB, p *oidc.OP, v url.Values) *oidc.Request {
	t.Helper()
	req, err := p.ReadAuthorize(httptest.NewRequest(http.MethodGet, "/authorize?"+v.Encode(), nil))
	require.NoError(t, err)
	return req
}

// exchange redeems a code with basic credentials.
func exchange(p *oidc.OP, code string) *httptest.ResponseRecorder {
	return post(p, url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirect}, "code_verifier": {verifier}}, "app", secret)
}

func post(p *oidc.OP, form url.Values, user, password string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if user != "" {
		r.SetBasicAuth(url.QueryEscape(user), url.QueryEscape(password))
	}
	w := httptest.NewRecorder()
	p.TokenHandler().ServeHTTP(w, r)
	return w
}

func userinfo(p *oidc.OP, authorization string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/userinfo", nil)
	r.Header.Set("Authorization", authorization)
	w := httptest.NewRecorder()
	p.UserinfoHandler().ServeHTTP(w, r)
	return w
}

func get(h http.Handler) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	return w
}

func object(t testing.TB, text string) map[string]any {
	t.Helper()
	var out map[string]any
	require.NoError(t, json.Unmarshal([]byte(text), &out), text)
	return out
}

// claims reads the payload of a token.
func claims(t testing.TB, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	require.Len(t, parts, 3)
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	require.NoError(t, err)
	return object(t, string(payload))
}
