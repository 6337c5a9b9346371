package oidc

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
)

const (
	testIssuer = "https://op.example"
	testClient = "lms"
	testNonce  = "nonce-of-the-request"
	testState  = "l0123456789abcdefghijkl"
	testSecret = "0123456789abcdef0123456789abcdef"
	tenantA    = "0f0f0f0f-1111-2222-3333-444455556666"
	tenantB    = "0a0a0a0a-1111-2222-3333-444455556666"
)

var testNow = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// testKeys are made once: RSA keys take a while.
var testKeys = sync.OnceValue(func() map[string]crypto.Signer {
	must := func(k crypto.Signer, err error) crypto.Signer {
		if err != nil {
			panic(err)
		}
		return k
	}
	rsaKey := func(bits int) crypto.Signer { k, err := rsa.GenerateKey(rand.Reader, bits); return must(k, err) }
	ecKey := func(c elliptic.Curve) crypto.Signer { k, err := ecdsa.GenerateKey(c, rand.Reader); return must(k, err) }
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	return map[string]crypto.Signer{
		"rsa": rsaKey(2048), "other": rsaKey(2048), "short": rsaKey(1024),
		"256": ecKey(elliptic.P256()), "384": ecKey(elliptic.P384()), "512": ecKey(elliptic.P521()), "ed": must(ed, err),
	}
})

// keyFor returns the fixture's key for an algorithm.
func keyFor(alg string) crypto.Signer {
	switch {
	case strings.HasPrefix(alg, "ES"):
		return testKeys()[alg[2:]]
	case alg == "EdDSA":
		return testKeys()["ed"]
	default:
		return testKeys()["rsa"]
	}
}

// signInput signs the input as the algorithm wants it.
func signInput(t testing.TB, alg string, key crypto.Signer, input []byte) []byte {
	t.Helper()
	if alg == "HS256" {
		mac := hmac.New(sha256.New, []byte(testSecret))
		mac.Write(input)
		return mac.Sum(nil)
	}
	if alg == "EdDSA" {
		sig, err := key.Sign(rand.Reader, input, crypto.Hash(0))
		require.NoError(t, err)
		return sig
	}
	hash := map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}[alg[2:]]
	h := hash.New()
	h.Write(input)
	sum := h.Sum(nil)
	switch k := key.(type) {
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, k, sum)
		require.NoError(t, err)
		size := (k.Params().BitSize + 7) / 8
		return append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...)
	default:
		var opts crypto.SignerOpts = hash
		if alg[:2] == "PS" {
			opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: hash}
		}
		sig, err := key.Sign(rand.Reader, sum, opts)
		require.NoError(t, err)
		return sig
	}
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// compact signs a header and a payload as they stand.
func compact(t testing.TB, alg string, key crypto.Signer, header, payload string) string {
	t.Helper()
	input := b64([]byte(header)) + "." + b64([]byte(payload))
	return input + "." + b64(signInput(t, alg, key, []byte(input)))
}

// claimsOf are claims as a test changes them; a nil value takes one away.
type claimsOf map[string]any

// absent takes a claim away.
type absent struct{}

func goodClaims() claimsOf {
	return claimsOf{
		"iss": testIssuer, "sub": "user-1", "aud": testClient, "nonce": testNonce, "jti": "id-1", "sid": "session-1",
		"iat": testNow.Unix() - 5, "exp": testNow.Unix() + 300, "auth_time": testNow.Unix() - 20,
		"acr": "urn:mfa", "amr": []string{"pwd", "otp"},
		"email": "Ada@Example.com", "email_verified": true, "given_name": "Ada", "family_name": "Lovelace",
	}
}

func (c claimsOf) with(changes claimsOf) claimsOf {
	out := maps.Clone(c)
	for name, v := range changes {
		if _, gone := v.(absent); gone {
			delete(out, name)
			continue
		}
		out[name] = v
	}
	return out
}

func (c claimsOf) json(t testing.TB) string {
	t.Helper()
	b, err := json.Marshal(c)
	require.NoError(t, err)
	return string(b)
}

func headerOf(alg string) string { return `{"alg":"` + alg + `","typ":"JWT","kid":"k1"}` }

// token signs claims with RS256.
func (c claimsOf) token(t testing.TB) string {
	t.Helper()
	return compact(t, "RS256", testKeys()["rsa"], headerOf("RS256"), c.json(t))
}

// fakeKeys is a key source that counts.
type fakeKeys struct {
	first, later []jose.JSONWebKey
	err          error
	asked, again int
	kid          string
	alg          jose.SignatureAlgorithm
}

func (f *fakeKeys) candidates(_ context.Context, alg jose.SignatureAlgorithm, kid string) ([]jose.JSONWebKey, error) {
	f.asked++
	f.alg, f.kid = alg, kid
	return f.first, f.err
}

func (f *fakeKeys) newer(context.Context, jose.SignatureAlgorithm, string) []jose.JSONWebKey {
	f.again++
	return f.later
}

func public(names ...string) []jose.JSONWebKey {
	var out []jose.JSONWebKey
	for _, n := range names {
		out = append(out, jose.JSONWebKey{Key: testKeys()[n].Public(), KeyID: "k1"})
	}
	return out
}

// fakeStore remembers, or fails.
type fakeStore struct {
	mu    sync.Mutex
	until map[string]time.Time
	err   error
}

func (f *fakeStore) Add(_ context.Context, key string, _ []byte, until time.Time) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return false, f.err
	}
	if f.until == nil {
		f.until = map[string]time.Time{}
	}
	_, there := f.until[key]
	f.until[key] = until
	return !there, nil
}

func (f *fakeStore) Take(context.Context, string) ([]byte, bool, error) { return nil, false, f.err }

func goodConfig() Config {
	return Config{
		Connection: "conn", Tenant: "main-tenant", Realm: "main", SingleUse: &fakeStore{},
		RP:      RP{ClientID: testClient, ClientSecret: testSecret},
		Mapping: attrs.Mapping{attrs.Email: attrs.From("email"), attrs.FirstName: attrs.From("given_name"), attrs.LastName: attrs.From("family_name")},
		Now:     func() time.Time { return testNow },
	}
}

// verifierOf makes a verifier of the good configuration, changed, whose keys are the fixture's for its algorithm.
func verifierOf(t testing.TB, change func(*Config)) (*verifier, *fakeKeys) {
	t.Helper()
	cfg := goodConfig()
	if change != nil {
		change(&cfg)
	}
	v, err := newVerifier(cfg)
	require.NoError(t, err)
	keys := &fakeKeys{first: []jose.JSONWebKey{{Key: keyFor(string(v.algorithm)).Public(), KeyID: "k1"}}}
	v.keys = keys
	return v, keys
}

// expecting is what a good token of the code flow must fit.
func expecting() expectation {
	return expectation{
		facts: &facts{issuer: testIssuer},
		pend:  &Pending{Handle: testState, Nonce: testNonce, Begun: testNow.Add(-time.Minute), ReturnTo: "/course"},
	}
}

// halfHash is a hash claim as the specification words it, written a second time for the tests.
func halfHash(alg, text string) string {
	switch alg[len(alg)-3:] {
	case "256":
		s := sha256.Sum256([]byte(text))
		return b64(s[:16])
	case "384":
		s := sha512.Sum384([]byte(text))
		return b64(s[:24])
	default:
		s := sha512.Sum512([]byte(text))
		return b64(s[:32])
	}
}

// good verifies the good token, changed.
func good(t testing.TB, v *verifier, changes claimsOf) verified {
	t.Helper()
	out, err := v.idToken(context.Background(), goodClaims().with(changes).token(t), expecting())
	require.NoError(t, err)
	return out
}

func requireReason(t testing.TB, err error, want *lmssso.Reason) {
	t.Helper()
	require.ErrorIs(t, err, want)
	require.Same(t, want, lmssso.ReasonOf(err))
}
