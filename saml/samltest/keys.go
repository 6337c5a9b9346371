package samltest

import (
	"crypto"
	"crypto/x509"
	"sync"
	"testing"
	"time"

	demo "github.com/lmssso/lmssso/internal/demoidp/saml"
)

// Key is a key with its certificate.
type Key struct {
	// Signer is the private key.
	Signer crypto.Signer
	// Certificate is its certificate.
	Certificate *x509.Certificate
}

// The keys are made once a process, because an RSA key takes a good part of a second.
var (
	rsaKey      = sync.OnceValues(func() (demo.Key, error) { return demo.GenerateKey(demo.KeyOptions{Name: "Test identity provider"}) })
	strangerKey = sync.OnceValues(func() (demo.Key, error) { return demo.GenerateKey(demo.KeyOptions{Name: "Test identity provider"}) })
)

// NewKey makes an RSA key whose certificate is good between the two times; zero times stand for the years 2000 and 2099.
func NewKey(t testing.TB, notBefore, notAfter time.Time) Key {
	t.Helper()
	return newKey(t, demo.KeyOptions{NotBefore: notBefore, NotAfter: notAfter})
}

// NewECDSAKey makes a P-256 key with a certificate for this century.
func NewECDSAKey(t testing.TB) Key {
	t.Helper()
	return newKey(t, demo.KeyOptions{Kind: demo.ECDSAP256})
}

func newKey(t testing.TB, o demo.KeyOptions) Key {
	t.Helper()
	k, err := demo.GenerateKey(o)
	if err != nil {
		t.Fatalf("samltest: making a key: %v", err)
	}
	return Key(k)
}
