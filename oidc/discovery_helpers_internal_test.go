package oidc

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
)

// fetchedClock is a clock that stands still until it is moved.
type fetchedClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *fetchedClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fetchedClock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// fetchedOP is a provider's server: by path what it answers, and how often it was asked.
type fetchedOP struct {
	*httptest.Server
	clock *fetchedClock
	mu    sync.Mutex
	paths map[string]http.HandlerFunc
	asked map[string]int
}

const (
	configPath = "/.well-known/openid-configuration"
	jwksPath   = "/jwks"
)

func newFetchedOP(t *testing.T) *fetchedOP {
	t.Helper()
	p := &fetchedOP{clock: &fetchedClock{now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}, paths: map[string]http.HandlerFunc{}, asked: map[string]int{}}
	p.Server = httptest.NewUnstartedServer(p)
	p.Config.ErrorLog = log.New(io.Discard, "", 0)
	p.Start()
	t.Cleanup(p.Close)
	p.json(configPath, p.document(nil))
	return p
}

func (p *fetchedOP) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.asked[r.URL.Path]++
	h := p.paths[r.URL.Path]
	p.mu.Unlock()
	if h == nil {
		http.NotFound(w, r)
		return
	}
	h(w, r)
}

func (p *fetchedOP) count(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked[path]
}

func (p *fetchedOP) serve(path string, h http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.paths[path] = h
}

func (p *fetchedOP) json(path, body string) {
	p.serve(path, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
}

func (p *fetchedOP) fail(path string) {
	p.serve(path, func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "BODY-SECRET", http.StatusServiceUnavailable)
	})
}

// hang makes a path answer nothing until the function returned is called, and tells when it is asked.
func (p *fetchedOP) hang(t *testing.T, path string, then string) (asked <-chan struct{}, release func()) {
	began, done := make(chan struct{}, 100), make(chan struct{})
	release = sync.OnceFunc(func() { close(done) })
	t.Cleanup(release)
	p.serve(path, func(w http.ResponseWriter, r *http.Request) {
		began <- struct{}{}
		select {
		case <-done:
			_, _ = io.WriteString(w, then)
		case <-r.Context().Done():
		}
	})
	return began, release
}

// document returns a discovery document with some members changed; nil takes one out.
func (p *fetchedOP) document(change map[string]any) string {
	doc := map[string]any{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/auth", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + jwksPath,
		"userinfo_endpoint": p.URL + "/userinfo", "end_session_endpoint": p.URL + "/end",
		"response_types_supported": []string{"code", "id_token"}, "mtls_endpoint_aliases": map[string]any{"token_endpoint": "https://mtls.example/token"},
	}
	for name, v := range change {
		if doc[name] = v; v == nil {
			delete(doc, name)
		}
	}
	text, err := json.Marshal(doc)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func (p *fetchedOP) config() Config {
	return Config{
		RP:  RP{ClientID: "client", ClientSecret: "a secret of this client", RedirectURI: "https://school.example/cb"},
		OP:  OP{WellKnown: p.URL + configPath, Network: Network{AllowHTTP: true, AllowPrivateAddresses: true}},
		Now: p.clock.Now,
	}
}

// manual returns a configuration without discovery.
func (p *fetchedOP) manual() Config {
	cfg := p.config()
	cfg.OP.WellKnown, cfg.OP.Issuer = "", p.URL
	cfg.OP.Endpoints = Endpoints{Authorization: p.URL + "/auth", Token: p.URL + "/token", JWKS: p.URL + jwksPath, Userinfo: p.URL + "/userinfo"}
	return cfg
}

func newTestSource(t *testing.T, cfg Config) *source {
	t.Helper()
	require.Empty(t, cfg.sourceFaults())
	s, err := newSource(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func newTestKeys(t *testing.T, cfg Config) *publishedKeys {
	t.Helper()
	k := newKeys(cfg, newTestSource(t, cfg))
	t.Cleanup(func() { require.NoError(t, k.Close()) })
	return k
}

// settle waits for what goes on in the background.
func settle[T any](k *kept[T]) { k.flight.Join(context.Background()) }

// publishingKeys are made once: RSA keys cost time.
type publishingKeys struct {
	rsa, rsa2, weak *rsa.PrivateKey
	p256, p384      *ecdsa.PrivateKey
	ed              ed25519.PrivateKey
}

var makeTestKeys = sync.OnceValue(func() publishingKeys {
	newRSA := func(bits int) *rsa.PrivateKey {
		k, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			panic(err)
		}
		return k
	}
	newEC := func(c elliptic.Curve) *ecdsa.PrivateKey {
		k, err := ecdsa.GenerateKey(c, rand.Reader)
		if err != nil {
			panic(err)
		}
		return k
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	return publishingKeys{rsa: newRSA(2048), rsa2: newRSA(2048), weak: newRSA(1024), p256: newEC(elliptic.P256()), p384: newEC(elliptic.P384()), ed: ed}
})

// jwk writes a key as JSON, with some members changed; nil takes one out.
func jwk(key any, kid string, change map[string]any) string {
	text, err := json.Marshal(jose.JSONWebKey{Key: key, KeyID: kid})
	if err != nil {
		panic(err)
	}
	m := map[string]any{}
	if err := json.Unmarshal(text, &m); err != nil {
		panic(err)
	}
	for name, v := range change {
		if m[name] = v; v == nil {
			delete(m, name)
		}
	}
	if text, err = json.Marshal(m); err != nil {
		panic(err)
	}
	return string(text)
}

// jwks writes a set.
func jwks(keys ...string) string {
	text := `{"keys":[`
	for i, k := range keys {
		if i > 0 {
			text += ","
		}
		text += k
	}
	return text + "]}"
}

// ids returns the key ids of candidates.
func ids(keys []jose.JSONWebKey) []string {
	var out []string
	for _, k := range keys {
		out = append(out, k.KeyID)
	}
	return out
}
