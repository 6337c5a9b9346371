package oidc

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/zitadel/oidc/v3/pkg/client/rp"
	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// benchClaims are the claims of an ordinary ID token, eighteen of them.
func benchClaims(now time.Time) claimsOf {
	return liveClaims(now).with(claimsOf{"name": "Ada Lovelace", "locale": "en-GB", "azp": testClient, "picture": "https://example.com/a.png"})
}

func BenchmarkVerify(b *testing.B) {
	for _, alg := range []string{"RS256", "ES256"} {
		v, now := liveVerifier(b, alg)
		raw := compact(b, alg, keyFor(alg), headerOf(alg), benchClaims(now).json(b))
		want := expecting()
		b.Run(alg+"/assertion", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				idt, err := v.idToken(context.Background(), raw, want)
				require.NoError(b, err)
				_, err = v.assertion(idt, userClaims{}, want.pend)
				require.NoError(b, err)
			}
		})
		b.Run(alg+"/floor", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				require.NoError(b, floor(alg, raw))
			}
		})
		theirs := rp.NewIDTokenVerifier(testIssuer, testClient, oneKey{keyFor(alg).Public()},
			rp.WithSupportedSigningAlgorithms(alg), rp.WithNonce(func(context.Context) string { return testNonce }))
		b.Run(alg+"/zitadel", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, err := rp.VerifyIDToken[*oidc.IDTokenClaims](context.Background(), raw, theirs)
				require.NoError(b, err)
			}
		})
	}
}

// floor is the least that anybody must do: decode, hash, verify, and encoding/json.
func floor(alg, raw string) error {
	parts := strings.Split(raw, ".")
	sum := sha256.Sum256([]byte(raw[:len(parts[0])+1+len(parts[1])]))
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return err
	}
	switch key := keyFor(alg).Public().(type) {
	case *rsa.PublicKey:
		err = rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature)
	case *ecdsa.PublicKey:
		if !ecdsa.Verify(key, sum[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
			err = errors.New("no")
		}
	}
	if err != nil {
		return err
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return err
	}
	var claims map[string]any
	return json.Unmarshal(payload, &claims)
}
