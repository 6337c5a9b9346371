package jwtsso_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/jwtsso"
)

func TestTimesThatPass(t *testing.T) {
	for name, token := range map[string]string{
		"iat at the window's far end":  withIAT("1699999500"),
		"iat at the window's near end": withIAT("1700000500"),
		"iat with a fraction":          withIAT("1700000000.123456"),
		"iat with an exponent":         withIAT("1.7e9"),
		"exp in a second":              withClaim(`"exp":1700000001`),
		"exp in the year 9999":         withClaim(`"exp":253402300799`),
		"nbf now":                      withClaim(`"nbf":1700000000`),
		"nbf long ago":                 withClaim(`"nbf":1`),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := verifier(t, config(&spender{})).Verify(t.Context(), token)
			require.NoError(t, err)
		})
	}
}

func TestHeadersThatPass(t *testing.T) {
	for name, header := range map[string]string{
		"no typ":             `{"alg":"HS256"}`,
		"typ in lower case":  `{"alg":"HS256","typ":"jwt"}`,
		"kid, which is text": `{"alg":"HS256","typ":"JWT","kid":"../../dev/null"}`,
		"line breaks":        "{\r\n \"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}",
		"an escaped letter":  `{"\u0061lg":"HS256"}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := verifier(t, config(&spender{})).Verify(t.Context(), withHeader(header))
			require.NoError(t, err)
		})
	}
}

func TestTheRefusalTellsTheMeasuredSkew(t *testing.T) {
	for token, want := range map[string]lmssso.Error{
		withIAT("1699999488"):             {Expected: "within 500 s of this server's clock", Received: "issued 512 s ago"},
		withIAT("1700000512.5"):           {Expected: "within 500 s of this server's clock", Received: "issued 512.5 s ahead"},
		withClaim(`"exp":1699999990`):     {Received: "expired 10 s ago"},
		withClaim(`"nbf":1700000007.250`): {Received: "holds in 7.25 s"},
	} {
		_, err := verifier(t, config(&spender{})).Verify(t.Context(), token)
		var got *lmssso.Error
		require.True(t, errors.As(err, &got))
		require.Equal(t, want.Expected, got.Expected)
		require.Equal(t, want.Received, got.Received)
	}
}

func TestAllowMissingIssuedAtStillJudgesOneThatIsThere(t *testing.T) {
	s := &spender{}
	cfg := config(s)
	cfg.AllowMissingIssuedAt = true
	a, err := verifier(t, cfg).Verify(t.Context(), withIAT("1699999499"))
	refused(t, s, a, err, lmssso.ErrExpired)
}

func TestFinerReasonsMatchTheirCode(t *testing.T) {
	_, err := verifier(t, config(&spender{})).Verify(t.Context(), withHeader(`{"alg":"HS256","crit":[]}`))
	require.ErrorIs(t, err, jwtsso.ErrCritical)
	require.ErrorIs(t, err, lmssso.ErrMalformed)
	require.Equal(t, lmssso.Code("malformed"), lmssso.CodeOf(err))
}

func TestExpectedIssuerAndAudience(t *testing.T) {
	cfg := config(nil)
	cfg.AllowReplay = true
	cfg.Expect = jwtsso.Expect{Issuer: "https://idp.example", Audience: "learn"}
	v := verifier(t, cfg)
	for _, tt := range []struct {
		name, claims string
		want         error
	}{
		{"both right", `"iss":"https://idp.example","aud":"learn"`, nil},
		{"the audience in a list", `"iss":"https://idp.example","aud":["other","learn"]`, nil},
		{"iss missing", `"aud":"learn"`, lmssso.ErrIssuer},
		{"iss of another", `"iss":"https://evil.example","aud":"learn"`, lmssso.ErrIssuer},
		{"iss with a slash more", `"iss":"https://idp.example/","aud":"learn"`, lmssso.ErrIssuer},
		{"iss as a list", `"iss":["https://idp.example"],"aud":"learn"`, lmssso.ErrIssuer},
		{"iss as a number", `"iss":1,"aud":"learn"`, lmssso.ErrIssuer},
		{"aud missing", `"iss":"https://idp.example"`, lmssso.ErrAudience},
		{"aud of another", `"iss":"https://idp.example","aud":"other"`, lmssso.ErrAudience},
		{"aud in another case", `"iss":"https://idp.example","aud":"Learn"`, lmssso.ErrAudience},
		{"aud null", `"iss":"https://idp.example","aud":null`, lmssso.ErrAudience},
		{"aud as an object", `"iss":"https://idp.example","aud":{"learn":1}`, lmssso.ErrAudience},
		{"aud an empty list", `"iss":"https://idp.example","aud":[]`, lmssso.ErrAudience},
		{"aud a list with a number", `"iss":"https://idp.example","aud":["learn",1]`, lmssso.ErrAudience},
		{"aud a list within a list", `"iss":"https://idp.example","aud":[["learn"]]`, lmssso.ErrAudience},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, err := v.Verify(t.Context(), withClaim(tt.claims))
			require.ErrorIs(t, err, tt.want)
			require.Equal(t, tt.want == nil, a != nil)
		})
	}
}

func TestOnlyTheDialectsClaimNamesCount(t *testing.T) {
	a, err := verifier(t, config(&spender{})).Verify(t.Context(), withClaim(`"external_id":"1","EXTERNALID":"2","first_name":"Eve","admin":true,"sub":"root"`))
	require.NoError(t, err)
	require.Equal(t, "12345", a.Link.ExternalID)
	require.True(t, a.Profile.FirstName.IsAbsent())
	require.Equal(t, []string{"true"}, a.Raw["admin"], "kept for the log and of no effect")
}

func TestRotation(t *testing.T) {
	v := verifier(t, config(&spender{}))
	for name, key := range map[string]lmssso.Secret{"the newest key": newKey, "the one before": oldKey} {
		_, err := v.Verify(t.Context(), sign(key, goodHeader, goodClaims))
		require.NoError(t, err, name)
	}
	cfg := config(&spender{})
	cfg.Keys = cfg.Keys[:1]
	_, err := verifier(t, cfg).Verify(t.Context(), sign(oldKey, goodHeader, goodClaims))
	require.ErrorIs(t, err, lmssso.ErrSignature, "a retired key")
}

func TestNewVerifierRefuses(t *testing.T) {
	long := lmssso.Secret(strings.Repeat("0123456789", 5))
	for _, tt := range []struct {
		name   string
		change func(*jwtsso.VerifierConfig)
		want   *lmssso.Reason
	}{
		{"no dialect", func(c *jwtsso.VerifierConfig) { c.Dialect = jwtsso.Dialect{} }, jwtsso.ErrDialect},
		{"no connection", func(c *jwtsso.VerifierConfig) { c.Connection = "" }, lmssso.ErrConfiguration},
		{"no realm", func(c *jwtsso.VerifierConfig) { c.Realm = "" }, lmssso.ErrConfiguration},
		{"no single-use store", func(c *jwtsso.VerifierConfig) { c.SingleUse = nil }, jwtsso.ErrReplayStore},
		{"no key", func(c *jwtsso.VerifierConfig) { c.Keys = nil }, jwtsso.ErrKeyCount},
		{"three keys", func(c *jwtsso.VerifierConfig) { c.Keys = append(c.Keys, long) }, jwtsso.ErrKeyCount},
		{"one key twice", func(c *jwtsso.VerifierConfig) { c.Keys = []lmssso.Secret{long, long} }, jwtsso.ErrKeyInvalid},
		{"an empty key", func(c *jwtsso.VerifierConfig) { c.Keys = []lmssso.Secret{""} }, jwtsso.ErrKeyInvalid},
		{"an empty key, with short ones allowed", func(c *jwtsso.VerifierConfig) {
			c.Keys, c.AllowShortKeys = []lmssso.Secret{""}, true
		}, jwtsso.ErrKeyInvalid},
		{"a key of 31 bytes", func(c *jwtsso.VerifierConfig) { c.Keys = []lmssso.Secret{long[:31]} }, jwtsso.ErrKeyTooShort},
		{"a short key behind a good one", func(c *jwtsso.VerifierConfig) { c.Keys = []lmssso.Secret{long, "tiny!"} }, jwtsso.ErrKeyTooShort},
		{"a key of 63 bytes for HS512", func(c *jwtsso.VerifierConfig) {
			c.Dialect.Signing.Algorithm = jwtsso.HS512
			c.Keys = []lmssso.Secret{(long + long)[:63]}
		}, jwtsso.ErrKeyTooShort},
		{"a key of 47 bytes for HS384", func(c *jwtsso.VerifierConfig) {
			c.Dialect.Signing.Algorithm = jwtsso.HS384
			c.Keys = []lmssso.Secret{long[:47]}
		}, jwtsso.ErrKeyTooShort},
		{"64 hexadecimal digits of which only 31 bytes are left", func(c *jwtsso.VerifierConfig) {
			c.Dialect.Signing.Key = jwtsso.HexKey
			c.Keys = []lmssso.Secret{lmssso.Secret(strings.Repeat("ab", 31))}
		}, jwtsso.ErrKeyTooShort},
		{"hexadecimal that is none", func(c *jwtsso.VerifierConfig) { c.Dialect.Signing.Key = jwtsso.HexKey }, jwtsso.ErrKeyInvalid},
		{"base64 that is none", func(c *jwtsso.VerifierConfig) { c.Dialect.Signing.Key = jwtsso.Base64Key }, jwtsso.ErrKeyInvalid},
		{"a public key for a secret", func(c *jwtsso.VerifierConfig) {
			c.Keys = []lmssso.Secret{lmssso.Secret(publicPEM(rsaKey(t)))}
		}, jwtsso.ErrKeyInvalid},
		{"no window", func(c *jwtsso.VerifierConfig) { c.Dialect.Time.Window = 0 }, jwtsso.ErrDialect},
		{"a window of a day", func(c *jwtsso.VerifierConfig) { c.Dialect.Time.Window = 24 * time.Hour }, jwtsso.ErrDialect},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := config(&spender{})
			tt.change(&cfg)
			v, err := jwtsso.NewVerifier(cfg)
			require.Nil(t, v)
			require.Same(t, tt.want, lmssso.ReasonOf(err), "%v", err)
			require.ErrorIs(t, err, lmssso.ErrConfiguration)
			for _, k := range cfg.Keys {
				if k != "" {
					require.NotContains(t, err.Error(), string(k), "an error must not tell a key")
				}
			}
		})
	}
}

func TestAKeyOf32BytesIsEnough(t *testing.T) {
	cfg := config(&spender{})
	cfg.Keys = []lmssso.Secret{"0123456789abcdef0123456789abcdef"}
	verifier(t, cfg)
}

func TestGenerateKey(t *testing.T) {
	k := jwtsso.GenerateKey()
	require.Len(t, string(k), 43)
	require.NotEqual(t, k, jwtsso.GenerateKey())
	cfg := config(&spender{})
	cfg.Keys = []lmssso.Secret{k}
	verifier(t, cfg)
}

// What a caller still holds cannot change a running verifier.
func TestTheConfigurationIsCopied(t *testing.T) {
	cfg := config(&spender{})
	v := verifier(t, cfg)
	cfg.Keys[0] = "another key that is longer than 32 bytes"
	cfg.Dialect.Roles["student"] = "admin"
	delete(cfg.Dialect.Claims, "externalCustomerId")
	cfg.Dialect.Endpoint.Deliveries[0] = jwtsso.InHeader
	a, err := v.Verify(t.Context(), withClaim(`"role":"student"`))
	require.NoError(t, err)
	require.Equal(t, "12345", a.Link.ExternalID)
	require.Equal(t, "student", a.Profile.Role.String())
}
