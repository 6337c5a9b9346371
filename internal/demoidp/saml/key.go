package saml

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// Key is a signing key with its certificate.
type Key struct {
	// Signer is an RSA or an ECDSA key.
	Signer crypto.Signer
	// Certificate holds the key's public half.
	Certificate *x509.Certificate
}

// Kind is a kind of key.
type Kind string

// The kinds of keys [GenerateKey] makes.
const (
	RSA2048   Kind = "rsa-2048"
	ECDSAP256 Kind = "ecdsa-p256"
)

// KeyOptions describes a key to generate.
type KeyOptions struct {
	// Kind is the kind of key; "" is [RSA2048].
	Kind Kind
	// Name is the certificate's common name; "" is "Demo identity provider".
	Name string
	// NotBefore and NotAfter are the certificate's dates; zero is the start of 2000 and the end of 2099.
	NotBefore, NotAfter time.Time
}

// GenerateKey makes a key and signs a certificate for it with itself.
func GenerateKey(o KeyOptions) (Key, error) {
	signer, err := newSigner(o.Kind)
	if err != nil {
		return Key{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: orText(o.Name, "Demo identity provider")},
		NotBefore:    orTime(o.NotBefore, time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)),
		NotAfter:     orTime(o.NotAfter, time.Date(2099, 12, 31, 23, 59, 59, 0, time.UTC)),
		KeyUsage:     x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, signer.Public(), signer)
	if err != nil {
		return Key{}, fmt.Errorf("signing the certificate: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return Key{}, fmt.Errorf("reading the new certificate: %w", err)
	}
	return Key{Signer: signer, Certificate: cert}, nil
}

func newSigner(kind Kind) (crypto.Signer, error) {
	switch kind {
	case "", RSA2048:
		return rsa.GenerateKey(rand.Reader, 2048)
	case ECDSAP256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	return nil, fmt.Errorf("unknown kind of key %q", string(kind))
}

func (k Key) check() error {
	if k.Signer == nil || k.Certificate == nil {
		return errors.New("a key needs a signer and a certificate")
	}
	type equaler interface{ Equal(crypto.PublicKey) bool }
	if pub, ok := k.Signer.Public().(equaler); !ok || !pub.Equal(k.Certificate.PublicKey) {
		return errors.New("the certificate is not the key's")
	}
	return nil
}

func orText(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func orTime(t, otherwise time.Time) time.Time {
	if t.IsZero() {
		return otherwise
	}
	return t
}
