package oidc

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand"
	"strings"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
	"github.com/zitadel/oidc/v3/pkg/client/rp"
	"github.com/zitadel/oidc/v3/pkg/oidc"
)

// oneKey is a second reader's key set.
type oneKey struct{ key crypto.PublicKey }

func (k oneKey) VerifySignature(_ context.Context, jws *jose.JSONWebSignature) ([]byte, error) {
	return jws.Verify(k.key)
}

// secondOpinion asks zitadel/oidc about a token. It panics on some audiences, which is a refusal here.
func secondOpinion(alg, raw string) (claims *oidc.IDTokenClaims, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panicked: %v", p)
		}
	}()
	v := rp.NewIDTokenVerifier(testIssuer, testClient, oneKey{keyFor(alg).Public()},
		rp.WithSupportedSigningAlgorithms(alg), rp.WithNonce(func(context.Context) string { return testNonce }), rp.WithIssuedAtOffset(time.Minute))
	return rp.VerifyIDToken[*oidc.IDTokenClaims](context.Background(), raw, v)
}

// liveVerifier is a verifier on the machine's clock. zitadel/oidc has no other, so that its opinion can be had only about
// tokens of now; the times in these tests are far from every bound, so that the clock decides nothing.
func liveVerifier(t testing.TB, alg string) (*verifier, time.Time) {
	v, _ := verifierOf(t, func(c *Config) {
		c.Check.SigningAlgorithm = alg
		c.Check.TrustedAudiences = []string{"trusted"}
		c.Now = time.Now
	})
	return v, time.Now()
}

func liveClaims(now time.Time) claimsOf {
	return goodClaims().with(claimsOf{"iat": now.Unix() - 20, "exp": now.Unix() + 300, "auth_time": now.Unix() - 40})
}

// TestWhatIsAcceptedASecondReaderAccepts: our rules are never looser than those of zitadel/oidc, and both read one user.
func TestWhatIsAcceptedASecondReaderAccepts(t *testing.T) {
	values := []any{
		absent{}, "", "x", 0, 1, -1, 1.5, 1e300, true, nil, []string{}, []any{1}, []string{"x"}, map[string]any{}, testClient, []string{testClient},
		[]string{testClient, "trusted"}, []string{testClient, "other"}, testIssuer, testNonce, "user-1", []any{testClient, nil},
	}
	names := []string{"iss", "sub", "aud", "azp", "nonce", "iat", "exp", "nbf", "auth_time", "acr", "amr", "sid", "jti", "at_hash", "c_hash", "s_hash", "events"}
	for _, alg := range []string{"RS256", "PS384", "ES256", "ES512", "EdDSA"} {
		random := rand.New(rand.NewSource(7))
		v, now := liveVerifier(t, alg)
		accepted := 0
		for round := range 120 {
			claims := liveClaims(now)
			for range random.Intn(3) {
				claims = claims.with(claimsOf{names[random.Intn(len(names))]: values[random.Intn(len(values))]})
			}
			raw := compact(t, alg, keyFor(alg), headerOf(alg), claims.json(t))
			if round%4 == 3 { // any one byte another one
				b := []byte(raw)
				b[random.Intn(len(b))] = "AQgw_-.09"[random.Intn(9)]
				raw = string(b)
			}
			got, err := v.idToken(context.Background(), raw, expecting())
			theirs, theirErr := secondOpinion(alg, raw)
			if err != nil {
				require.NotContains(t, err.Error(), "panicked")
				continue
			}
			accepted++
			require.NoError(t, theirErr, "accepted here and nowhere else: %s", claims.json(t))
			require.Equal(t, theirs.Subject, got.subject)
			require.Equal(t, theirs.Issuer, got.issuer)
		}
		require.Greater(t, accepted, 20, "the generator makes good tokens too")
	}
}

// TestGoodTokensPleaseBothReaders: what a careful provider sends is accepted here and there.
func TestGoodTokensPleaseBothReaders(t *testing.T) {
	for _, alg := range []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"} {
		v, now := liveVerifier(t, alg)
		for _, change := range []claimsOf{
			{}, {"aud": []string{testClient}}, {"azp": testClient}, {"aud": []string{testClient, "trusted"}, "azp": testClient},
			{"sid": absent{}, "acr": absent{}, "amr": absent{}}, {"auth_time": absent{}}, {"nbf": now.Unix() - 20},
			{"address": map[string]any{"locality": "Paris"}, "groups": []string{"a", "b"}, "updated_at": 1},
		} {
			raw := compact(t, alg, keyFor(alg), headerOf(alg), liveClaims(now).with(change).json(t))
			got, err := v.idToken(context.Background(), raw, expecting())
			require.NoError(t, err)
			theirs, err := secondOpinion(alg, raw)
			require.NoError(t, err)
			require.Equal(t, theirs.Subject, got.subject)
		}
	}
}

// FuzzIDToken: nothing panics, and what is accepted is, byte for byte, what the key signed.
func FuzzIDToken(f *testing.F) {
	v, _ := verifierOf(f, nil)
	raw := goodClaims().token(f)
	parts := strings.Split(raw, ".")
	for _, seed := range []string{
		raw, parts[0] + "." + parts[1], raw + ".a.b", parts[0] + ".." + parts[2], "..", parts[1] + "." + parts[0] + "." + parts[2],
		b64([]byte(`{"alg":"none"}`)) + "." + parts[1] + ".", raw[:len(raw)-1], raw + "\n", " " + raw,
		goodClaims().with(claimsOf{"aud": []any{1, testClient}}).token(f),
	} {
		f.Add(seed)
	}
	key := testKeys()["rsa"].Public().(*rsa.PublicKey)
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := v.idToken(context.Background(), raw, expecting())
		if err != nil {
			require.Zero(t, got)
			require.NotContains(t, err.Error(), "panicked")
			return
		}
		parts := strings.Split(raw, ".")
		require.Len(t, parts, 3)
		sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
		signature, err := base64.RawURLEncoding.Strict().DecodeString(parts[2])
		require.NoError(t, err)
		require.NoError(t, rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature))
		require.Equal(t, b64([]byte(got.object)), parts[1])
	})
}

// FuzzSignedClaims: whatever a provider signs, nothing panics, and what is accepted says to encoding/json what it says here.
func FuzzSignedClaims(f *testing.F) {
	v, _ := verifierOf(f, func(c *Config) { c.Check.SigningAlgorithm = "EdDSA" })
	for _, change := range []claimsOf{
		{}, {"aud": []any{testClient, 1}}, {"exp": 1e300}, {"_claim_names": map[string]any{"groups": "s"}}, {"amr": []any{nil}}, {"sub": "é"},
		{"events": map[string]any{logoutEvent: map[string]any{}}}, {"aud": []string{testClient, testClient}, "azp": testClient},
	} {
		f.Add(goodClaims().with(change).json(f))
	}
	f.Fuzz(func(t *testing.T, object string) {
		raw := compact(t, "EdDSA", testKeys()["ed"], `{"alg":"EdDSA"}`, object)
		got, err := v.idToken(context.Background(), raw, expecting())
		if err != nil {
			require.NotContains(t, err.Error(), "panicked")
			return
		}
		var said struct {
			Iss, Sub, Nonce string
			Aud             any
			Exp, Iat        float64
		}
		require.NoError(t, json.Unmarshal([]byte(object), &said))
		require.Equal(t, testIssuer, said.Iss)
		require.Equal(t, testNonce, said.Nonce)
		require.Equal(t, got.subject, said.Sub)
		require.Contains(t, fmt.Sprint(said.Aud), testClient)
		require.Greater(t, said.Exp, float64(testNow.Unix()-60))
		require.InDelta(t, float64(testNow.Unix()), said.Iat, 661)
		a, err := v.assertion(got, userClaims{}, expecting().pend)
		if err != nil {
			require.NotContains(t, err.Error(), "panicked")
			require.Nil(t, a)
			return
		}
		require.Equal(t, said.Sub, a.Link.ExternalID)
	})
}
