package oidc

import (
	"context"
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
