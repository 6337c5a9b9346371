package oidc

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"strings"
	"testing"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/lmssso/lmssso/internal/fetch"
	"github.com/stretchr/testify/require"
)

// FuzzDiscovery: whatever a document says, accepted facts are the expected issuer's and name https addresses only, and a
// second reader of the same document reads the same issuer.
func FuzzDiscovery(f *testing.F) {
	const base = "https://op.example/common"
	f.Add(`{"issuer":"`+base+`","authorization_endpoint":"https://op.example/a","token_endpoint":"https://op.example/t","jwks_uri":"https://op.example/k"}`, false)
	f.Add(`{"issuer":"`+base+`/","authorization_endpoint":"https://op.example/a","token_endpoint":"http://op.example/t","jwks_uri":"https://op.example/k"}`, false)
	f.Add(`{"issuer":"https://op.example/{tenantid}","authorization_endpoint":"https://op.example/a","token_endpoint":"https://op.example/t","jwks_uri":"https://op.example/k","userinfo_endpoint":"https://u.example/"}`, true)
	f.Add(`{"issuer":"`+base+`","ISSUER":"https://evil.example","authorization_response_iss_parameter_supported":true}`, false)
	f.Fuzz(func(t *testing.T, doc string, tenants bool) {
		d := &discovery{address: base + configPath, tenants: tenants, needs: needs{token: true, jwks: true, userinfo: true}}
		got, err := d.read(doc)
		if err != nil {
			if got != nil {
				t.Fatal("facts beside an error")
			}
			return
		}
		want := []string{base, base + "/"}
		if tenants {
			want = []string{"https://op.example/{tenantid}", "https://op.example/{tenantid}/"}
		}
		if got.issuer != want[0] && got.issuer != want[1] {
			t.Fatalf("issuer %q", got.issuer)
		}
		var second map[string]any
		if err := json.Unmarshal([]byte(doc), &second); err != nil || second["issuer"] != got.issuer {
			t.Fatalf("another reader reads %v, %v", second["issuer"], err)
		}
		e := got.endpoints
		for _, at := range []string{e.Authorization, e.Token, e.JWKS} {
			if !strings.HasPrefix(strings.ToLower(at), "https://") {
				t.Fatalf("endpoint %q", at)
			}
		}
	})
}

// FuzzJWKS: whatever a set says, only public keys of sufficient size are kept, nothing fits an algorithm of another kind,
// and no key comes from an entry that holds a secret.
func FuzzJWKS(f *testing.F) {
	k := makeTestKeys()
	f.Add(jwks(jwk(&k.rsa.PublicKey, "a", nil), jwk(&k.p256.PublicKey, "b", map[string]any{"alg": "ES256", "use": "sig"})))
	f.Add(jwks(jwk(k.ed.Public(), "c", map[string]any{"key_ops": []string{"verify"}}), jwk(k.p384, "d", nil)))
	f.Add(jwks(jwk([]byte("0123456789abcdef0123456789abcdef"), "oct", nil), jwk(&k.weak.PublicKey, "weak", nil)))
	f.Fuzz(func(t *testing.T, doc string) {
		set, err := parseKeys(doc)
		if err != nil {
			if set != nil {
				t.Fatal("keys beside an error")
			}
			return
		}
		for _, alg := range []jose.SignatureAlgorithm{jose.HS256, jose.HS384, jose.HS512, "none", ""} {
			if len(set.pick(alg, "")) != 0 {
				t.Fatalf("a key for %q", alg)
			}
		}
		for _, k := range set {
			switch key := k.key.(type) {
			case *rsa.PublicKey:
				if key.N.BitLen() < 2048 || key.E < 3 {
					t.Fatal("a weak key")
				}
			case *ecdsa.PublicKey:
				if _, err := key.ECDH(); err != nil { // which looks whether the point is on the curve
					t.Fatal("a point off its curve")
				}
			case ed25519.PublicKey:
			default:
				t.Fatalf("%T", key)
			}
		}
		if !sameKeys(&set, &set) {
			t.Fatal("a set differs from itself")
		}
		var second struct{ Keys []map[string]any }
		if json.Unmarshal([]byte(doc), &second) != nil {
			t.Fatal("another reader reads nothing")
		}
		public := 0
		for _, m := range second.Keys {
			if m["d"] == nil && m["k"] == nil && m["use"] != "enc" {
				public++
			}
		}
		if len(set) > public {
			t.Fatal("a key from an entry that holds a secret or is for encryption")
		}
	})
}

// FuzzTokenAnswer: whatever the token endpoint answers, tokens never come beside an error, and are never taken from an
// answer that names one.
func FuzzTokenAnswer(f *testing.F) {
	f.Add(200, goodTokens)
	f.Add(400, `{"error":"invalid_grant"}`)
	f.Add(200, `{"error":"x","id_token":"y","access_token":"z","token_type":"bearer"}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		c := newRedeemer(Config{})
		got, err := c.readTokens(&fetch.Response{Status: status, Body: []byte(body)})
		if err != nil {
			if got != (tokens{}) {
				t.Fatal("tokens beside an error")
			}
			return
		}
		var second map[string]any
		if e := json.Unmarshal([]byte(body), &second); e != nil || second["id_token"] != got.idToken || second["error"] != nil || status != 200 {
			t.Fatalf("another reader reads it otherwise: %v", e)
		}
	})
}

// A key whose reading panics must not end the program.
func TestAPanicWhileReadingKeysIsARefusal(t *testing.T) {
	p := newFetchedOP(t)
	src := newKeys(p.config(), panickingFacts{})
	defer func() { _ = src.Close() }()
	_, err := src.candidates(t.Context(), jose.RS256, "a")
	require.ErrorIs(t, err, ErrKeysDocument)
	require.NotContains(t, err.Error(), "SECRET")
}

type panickingFacts struct{}

func (panickingFacts) facts(context.Context) (*facts, error) { panic("SECRET") }
