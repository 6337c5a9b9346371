package oidctest

import (
	"crypto"
	"sync"
	"testing"

	demo "github.com/lmssso/lmssso/internal/demoidp/oidc"
)

// The RSA keys are made once a process, because one takes a good part of a second.
var (
	rsaKey      = sync.OnceValues(func() (crypto.Signer, error) { return demo.GenerateKey("RS256") })
	secondKey   = sync.OnceValues(func() (crypto.Signer, error) { return demo.GenerateKey("RS256") })
	strangerKey = sync.OnceValues(func() (crypto.Signer, error) { return demo.GenerateKey("RS256") })
)

// NewKey makes a key that an algorithm such as ES256 can sign with; "" is RS256.
func NewKey(t testing.TB, alg string) crypto.Signer {
	t.Helper()
	return must(t)(demo.GenerateKey(alg))
}

func must(t testing.TB) func(crypto.Signer, error) crypto.Signer {
	return func(k crypto.Signer, err error) crypto.Signer {
		t.Helper()
		if err != nil {
			t.Fatalf("oidctest: making a key: %v", err)
		}
		return k
	}
}

// isRSA says whether an algorithm signs with RSA.
func isRSA(alg string) bool { return alg == "" || alg[:2] == "RS" || alg[:2] == "PS" }
