package oidc

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
)

// Key is a signing key.
type Key struct {
	// ID is its kid; "" for none.
	ID string
	// Signer is an RSA, an ECDSA or an Ed25519 key.
	Signer crypto.Signer
}

// GenerateKey makes a key that an algorithm can sign with; "" is RS256.
func GenerateKey(alg string) (crypto.Signer, error) {
	switch orText(alg, "RS256") {
	case "RS256", "RS384", "RS512", "PS256", "PS384", "PS512":
		return rsa.GenerateKey(rand.Reader, 2048)
	case "ES256":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ES384":
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "ES512":
		return ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case "EdDSA":
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	}
	return nil, fmt.Errorf("no key signs with %q", clip(alg))
}

// fits says whether a key can sign with an algorithm.
func fits(pub crypto.PublicKey, alg string) bool {
	switch pub := pub.(type) {
	case *rsa.PublicKey:
		return len(alg) == 5 && (alg[:2] == "RS" || alg[:2] == "PS")
	case *ecdsa.PublicKey:
		return alg == map[string]string{"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}[pub.Curve.Params().Name]
	case ed25519.PublicKey:
		return alg == "EdDSA"
	}
	return false
}

// algOf is the algorithm a key is published for when the client's does not say more.
func algOf(pub crypto.PublicKey) string {
	for _, alg := range []string{"RS256", "ES256", "ES384", "ES512", "EdDSA"} {
		if fits(pub, alg) {
			return alg
		}
	}
	return ""
}

// jwk writes a public key (RFC 7518 section 6, RFC 8037 section 2).
func jwk(pub crypto.PublicKey) (object, error) {
	switch pub := pub.(type) {
	case *rsa.PublicKey:
		return object{{"kty", "RSA"}, {"n", b64(pub.N.Bytes())}, {"e", b64(big.NewInt(int64(pub.E)).Bytes())}}, nil
	case *ecdsa.PublicKey:
		point, err := pub.Bytes()
		if err != nil {
			return nil, err
		}
		half := (len(point) - 1) / 2
		return object{{"kty", "EC"}, {"crv", pub.Curve.Params().Name}, {"x", b64(point[1 : 1+half])}, {"y", b64(point[1+half:])}}, nil
	case ed25519.PublicKey:
		return object{{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", b64(pub)}}, nil
	}
	return nil, errors.New("a key is neither RSA, ECDSA nor Ed25519")
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
