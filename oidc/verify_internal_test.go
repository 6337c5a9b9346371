package oidc

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
)

func TestIDTokenOfEveryAlgorithm(t *testing.T) {
	for _, alg := range []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "HS256"} {
		t.Run(alg, func(t *testing.T) {
			v, keys := verifierOf(t, func(c *Config) { c.Check.SigningAlgorithm = alg })
			want := expecting()
			want.frontChannel, want.code, want.accessToken = true, "the-code", "the-token"
			claims := goodClaims().with(claimsOf{"c_hash": halfHash(alg, "the-code"), "at_hash": halfHash(alg, "the-token"), "s_hash": halfHash(alg, testState)})
			raw := compact(t, alg, keyFor(alg), headerOf(alg), claims.json(t))
			got, err := v.idToken(context.Background(), raw, want)
			require.NoError(t, err)
			require.Equal(t, "user-1", got.subject)
			require.Equal(t, testIssuer, got.issuer)
			require.Empty(t, got.tenantID)
			require.Equal(t, raw, got.raw)
			require.Equal(t, claims.json(t), got.object)
			if alg == "HS256" {
				require.Zero(t, keys.asked, "the client secret is never mixed with the provider's keys")
				return
			}
			require.Equal(t, "k1", keys.kid)
			require.Equal(t, jose.SignatureAlgorithm(alg), keys.alg)

			forged := raw[:strings.LastIndexByte(raw, '.')+1] + b64(make([]byte, 256))
			_, err = v.idToken(context.Background(), forged, want)
			requireReason(t, err, ErrTokenSignature)
		})
	}
}

func TestTokenTextsRefused(t *testing.T) {
	good := goodClaims().token(t)
	parts := strings.Split(good, ".")
	payload := goodClaims().json(t)
	signed := func(header string) string { return compact(t, "RS256", testKeys()["rsa"], header, payload) }
	claims := func(object string) string {
		return compact(t, "RS256", testKeys()["rsa"], headerOf("RS256"), object)
	}
	hs := func(key string) string { // HS256 with something public for the secret
		input := b64([]byte(`{"alg":"HS256"}`)) + "." + parts[1]
		return input + "." + b64(signInput(t, "HS256", nil, []byte(input+key)))
	}
	for _, tt := range []struct {
		name, raw string
		want      *lmssso.Reason
	}{
		{"nothing", "", ErrTokenFormat},
		{"two parts", parts[0] + "." + parts[1], ErrTokenFormat},
		{"four parts", good + ".x", ErrTokenFormat},
		{"six parts", good + ".x.y.z", ErrTokenFormat},
		{"an encrypted token", good + ".x.y", ErrTokenEncrypted},
		{"beyond 64 kB", good + strings.Repeat("A", 64<<10), ErrTokenFormat},
		{"padding", parts[0] + "." + parts[1] + "." + parts[2] + "=", ErrTokenFormat},
		{"standard base64", parts[0] + "." + parts[1] + ".+/+/", ErrTokenFormat},
		{"a line break", parts[0] + ".\n" + parts[1] + "." + parts[2], ErrTokenFormat},
		{"a space", parts[0] + ". " + parts[1] + "." + parts[2], ErrTokenFormat},
		{"another spelling of the last bits", respell(t, good), ErrTokenFormat},
		{"a header that is no JSON", signed(`{`), ErrTokenHeader},
		{"a header with two algs", signed(`{"alg":"RS256","alg":"RS256"}`), ErrTokenHeader},
		{"a header with alg in two cases", signed(`{"alg":"RS256","ALG":"none"}`), ErrTokenHeader},
		{"crit", signed(`{"alg":"RS256","crit":["b64"],"b64":true}`), ErrTokenHeader},
		{"crit of nothing", signed(`{"alg":"RS256","crit":[]}`), ErrTokenHeader},
		{"b64", signed(`{"alg":"RS256","b64":true}`), ErrTokenHeader},
		{"zip", signed(`{"alg":"RS256","zip":"DEF"}`), ErrTokenHeader},
		{"jku", signed(`{"alg":"RS256","jku":"https://evil.example/keys"}`), ErrTokenHeader},
		{"jwk", signed(`{"alg":"RS256","jwk":{}}`), ErrTokenHeader},
		{"x5u", signed(`{"alg":"RS256","x5u":"https://evil.example/cert"}`), ErrTokenHeader},
		{"x5c", signed(`{"alg":"RS256","x5c":["AA=="]}`), ErrTokenHeader},
		{"a kid that is a number", signed(`{"alg":"RS256","kid":1}`), ErrTokenHeader},
		{"an endless kid", signed(`{"alg":"RS256","kid":"` + strings.Repeat("k", 1025) + `"}`), ErrTokenHeader},
		{"no alg", signed(`{"typ":"JWT"}`), ErrTokenAlgorithm},
		{"alg none", b64([]byte(`{"alg":"none"}`)) + "." + parts[1] + ".", ErrTokenAlgorithm},
		{"alg none in another case, signed", signed(`{"alg":"nOnE"}`), ErrTokenAlgorithm},
		{"alg in another case", signed(`{"alg":"rs256"}`), ErrTokenAlgorithm},
		{"an alg that is a list", signed(`{"alg":["RS256"]}`), ErrTokenAlgorithm},
		{"a stronger alg", compact(t, "RS512", testKeys()["rsa"], headerOf("RS512"), payload), ErrTokenAlgorithm},
		{"HS256 where RS256 is configured", hs(""), ErrTokenAlgorithm},
		{"an access token by its typ", signed(`{"alg":"RS256","typ":"at+jwt"}`), ErrTokenType},
		{"a logout token by its typ", signed(`{"alg":"RS256","typ":"logout+jwt"}`), ErrTokenType},
		{"a full media type of another kind", signed(`{"alg":"RS256","typ":"application/logout+jwt"}`), ErrTokenType},
		{"a typ that is a number", signed(`{"alg":"RS256","typ":1}`), ErrTokenType},
		{"claims that are no JSON", claims(`{"iss":`), ErrTokenClaims},
		{"claims that are a list", claims(`[]`), ErrTokenClaims},
		{"no claims", parts[0] + ".." + parts[2], ErrTokenClaims},
		{"a claim twice", claims(strings.Replace(payload, `{`, `{"sub":"victim",`, 1)), ErrTokenClaims},
		{"a claim in two cases", claims(strings.Replace(payload, `{`, `{"SUB":"victim",`, 1)), ErrTokenClaims},
		{"text after the claims", claims(payload + "{}"), ErrTokenClaims},
		{"another payload under the signature", parts[0] + "." + b64([]byte(strings.Replace(payload, "user-1", "victim", 1))) + "." + parts[2], ErrTokenSignature},
		{"another header under the signature", b64([]byte(`{"alg":"RS256","kid":"k1","typ":"JWT"}`)) + "." + parts[1] + "." + parts[2], ErrTokenSignature},
		{"no signature", parts[0] + "." + parts[1] + ".", ErrTokenSignature},
		{"another key", compact(t, "RS256", testKeys()["other"], headerOf("RS256"), payload), ErrTokenSignature},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v, _ := verifierOf(t, nil)
			got, err := v.idToken(context.Background(), tt.raw, expecting())
			requireReason(t, err, tt.want)
			require.Zero(t, got)
		})
	}
}

// respell sets a trailing bit of the signature that a lenient decoder drops.
func respell(t *testing.T, raw string) string {
	t.Helper()
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, raw[len(raw)-1])
	out := raw[:len(raw)-1] + string(alphabet[last|1])
	a, err := base64.RawURLEncoding.DecodeString(raw[strings.LastIndexByte(raw, '.')+1:])
	require.NoError(t, err)
	b, err := base64.RawURLEncoding.DecodeString(out[strings.LastIndexByte(out, '.')+1:])
	require.NoError(t, err)
	require.Equal(t, a, b)
	require.NotEqual(t, raw, out)
	return out
}

func TestHeadersAccepted(t *testing.T) {
	v, _ := verifierOf(t, nil)
	for _, header := range []string{
		`{"alg":"RS256"}`, `{"alg":"RS256","typ":"jwt"}`, `{"alg":"RS256","typ":"JWT","kid":"any","x5t":"abc","x5t#S256":"abc"}`,
		`{"alg":"RS256","typ":"application/jwt"}`,
	} {
		_, err := v.idToken(context.Background(), compact(t, "RS256", testKeys()["rsa"], header, goodClaims().json(t)), expecting())
		require.NoError(t, err, header)
	}
}

func TestKeysAreAskedForTwiceAndNoMore(t *testing.T) {
	raw := goodClaims().token(t)
	for _, tt := range []struct {
		name       string
		keys       *fakeKeys
		want       *lmssso.Reason
		wantsAgain int
	}{
		{"the first", &fakeKeys{first: public("rsa")}, nil, 0},
		{"the second of several", &fakeKeys{first: public("other", "rsa")}, nil, 0},
		{"a newer one under the same kid", &fakeKeys{first: public("other"), later: public("rsa")}, nil, 1},
		{"none, not even a newer one", &fakeKeys{first: public("other"), later: public("other")}, ErrTokenSignature, 1},
		{"no key at all", &fakeKeys{}, ErrTokenKey, 1},
		{"the source's own error", &fakeKeys{err: refuse(ErrKeysFetch, lmssso.Error{})}, ErrKeysFetch, 0},
		{"an elliptic key", &fakeKeys{first: public("256")}, ErrTokenKey, 1},
		{"a short RSA key", &fakeKeys{first: public("short")}, ErrTokenKey, 1},
		{"a key for encryption", &fakeKeys{first: []jose.JSONWebKey{{Key: testKeys()["rsa"].Public(), Use: "enc"}}}, ErrTokenKey, 1},
		{"a key for another algorithm", &fakeKeys{first: []jose.JSONWebKey{{Key: testKeys()["rsa"].Public(), Algorithm: "RS512"}}}, ErrTokenKey, 1},
		{"a private key", &fakeKeys{first: []jose.JSONWebKey{{Key: testKeys()["rsa"]}}}, ErrTokenKey, 1},
		{"a symmetric key", &fakeKeys{first: []jose.JSONWebKey{{Key: []byte(testSecret)}}}, ErrTokenKey, 1},
		{"the ninth key", &fakeKeys{first: public("other", "other", "other", "other", "other", "other", "other", "other", "rsa")}, ErrTokenSignature, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v, _ := verifierOf(t, nil)
			v.keys = tt.keys
			_, err := v.idToken(context.Background(), raw, expecting())
			if tt.want == nil {
				require.NoError(t, err)
			} else {
				requireReason(t, err, tt.want)
			}
			require.Equal(t, 1, tt.keys.asked)
			require.Equal(t, tt.wantsAgain, tt.keys.again)
		})
	}
}

func TestSharedSecretAndPublicKeysAreNeverMixed(t *testing.T) {
	hs, _ := verifierOf(t, func(c *Config) { c.Check.SigningAlgorithm = "HS256" })
	_, err := hs.idToken(context.Background(), goodClaims().token(t), expecting())
	requireReason(t, err, ErrTokenAlgorithm)

	rs, _ := verifierOf(t, nil)
	require.Nil(t, rs.secret, "without HS256 there is no secret to verify with")
	_, err = rs.idToken(context.Background(), compact(t, "HS256", nil, headerOf("HS256"), goodClaims().json(t)), expecting())
	requireReason(t, err, ErrTokenAlgorithm)

	_, err = hs.secret.candidates(context.Background(), jose.RS256, "")
	requireReason(t, err, ErrTokenKey)

	// Even a source that handed out octets for RS256, or a public key for HS256, would not be believed.
	require.False(t, keyFits(&jose.JSONWebKey{Key: []byte(testSecret)}, jose.RS256))
	require.False(t, keyFits(&jose.JSONWebKey{Key: testKeys()["rsa"].Public()}, jose.HS256))
	require.False(t, keyFits(&jose.JSONWebKey{Key: testKeys()["384"].Public()}, jose.ES256))

	rs.keys = nil
	_, err = rs.idToken(context.Background(), goodClaims().token(t), expecting())
	requireReason(t, err, ErrTokenKey)
}

func TestClaimsRefused(t *testing.T) {
	at := func(d time.Duration) int64 { return testNow.Add(d).Unix() }
	for _, tt := range []struct {
		name   string
		change claimsOf
		want   *lmssso.Reason
	}{
		{"no iss", claimsOf{"iss": absent{}}, ErrClaimMissing},
		{"iss with a slash at the end", claimsOf{"iss": testIssuer + "/"}, ErrTokenIssuer},
		{"iss in another case", claimsOf{"iss": "https://OP.example"}, ErrTokenIssuer},
		{"an empty iss", claimsOf{"iss": ""}, ErrTokenIssuer},
		{"iss as a list", claimsOf{"iss": []string{testIssuer}}, ErrClaimType},
		{"no sub", claimsOf{"sub": absent{}}, ErrSubject},
		{"an empty sub", claimsOf{"sub": ""}, ErrSubject},
		{"a sub of 256 characters", claimsOf{"sub": strings.Repeat("a", 256)}, ErrSubject},
		{"a sub beyond ASCII", claimsOf{"sub": "usér"}, ErrSubject},
		{"a sub with a control character", claimsOf{"sub": "user\n1"}, ErrSubject},
		{"a sub with DEL", claimsOf{"sub": "user\x7f"}, ErrSubject},
		{"a sub with a space at the end", claimsOf{"sub": "user-1 "}, ErrSubject},
		{"a sub of spaces", claimsOf{"sub": " "}, ErrSubject},
		{"a sub that is a number", claimsOf{"sub": 1}, ErrClaimType},
		{"no aud", claimsOf{"aud": absent{}}, ErrClaimMissing},
		{"another aud", claimsOf{"aud": "other"}, ErrTokenAudience},
		{"aud in another case", claimsOf{"aud": "LMS"}, ErrTokenAudience},
		{"an empty list of aud", claimsOf{"aud": []string{}}, ErrTokenAudience},
		{"aud as a number", claimsOf{"aud": 7}, ErrClaimType},
		{"aud with a number in the list", claimsOf{"aud": []any{testClient, 7}}, ErrClaimType},
		{"aud with null in the list", claimsOf{"aud": []any{testClient, nil}}, ErrClaimType},
		{"aud with a list in the list", claimsOf{"aud": []any{testClient, []string{testClient}}}, ErrClaimType},
		{"an endless aud", claimsOf{"aud": strings.Split(strings.Repeat("lms ", 33), " ")[:33], "azp": testClient}, ErrClaimType},
		{"another audience beside ours", claimsOf{"aud": []string{testClient, "other"}, "azp": testClient}, ErrUntrustedAudience},
		{"a trusted audience without azp", claimsOf{"aud": []string{testClient, "trusted"}}, ErrAuthorizedParty},
		{"a trusted audience whose azp is its own", claimsOf{"aud": []string{testClient, "trusted"}, "azp": "trusted"}, ErrAuthorizedParty},
		{"another azp with one audience", claimsOf{"azp": "other"}, ErrAuthorizedParty},
		{"an empty azp", claimsOf{"azp": ""}, ErrAuthorizedParty},
		{"azp as a list", claimsOf{"azp": []string{testClient}}, ErrClaimType},
		{"no exp", claimsOf{"exp": absent{}}, ErrClaimMissing},
		{"exp at the leeway's end", claimsOf{"exp": at(-time.Minute)}, ErrTokenExpired},
		{"exp long ago", claimsOf{"exp": 1}, ErrTokenExpired},
		{"exp as a text", claimsOf{"exp": "9999999999"}, ErrClaimType},
		{"exp beyond all calendars", claimsOf{"exp": 1e300}, ErrClaimType},
		{"exp of zero", claimsOf{"exp": 0}, ErrClaimType},
		{"exp below zero", claimsOf{"exp": -1}, ErrClaimType},
		{"no iat", claimsOf{"iat": absent{}}, ErrClaimMissing},
		{"iat beyond the leeway ahead", claimsOf{"iat": at(time.Minute) + 1}, ErrTokenFromFuture},
		{"iat more than ten minutes and the leeway ago", claimsOf{"iat": at(-11*time.Minute) - 1}, ErrTokenTooOld},
		{"iat as a text", claimsOf{"iat": "1"}, ErrClaimType},
		{"iat that would overflow", claimsOf{"iat": 9223372036854775807}, ErrClaimType},
		{"nbf beyond the leeway", claimsOf{"nbf": at(time.Minute) + 1}, ErrTokenNotYet},
		{"nbf as null", claimsOf{"nbf": nil}, ErrClaimType},
		{"no nonce", claimsOf{"nonce": absent{}}, ErrTokenNonce},
		{"another nonce", claimsOf{"nonce": "other"}, ErrTokenNonce},
		{"an empty nonce", claimsOf{"nonce": ""}, ErrTokenNonce},
		{"nonce in another case", claimsOf{"nonce": strings.ToUpper(testNonce)}, ErrTokenNonce},
		{"nonce as a list", claimsOf{"nonce": []string{testNonce}}, ErrClaimType},
		{"auth_time as a text", claimsOf{"auth_time": "1"}, ErrClaimType},
		{"the logout event in it", claimsOf{"events": map[string]any{logoutEvent: map[string]any{}}}, ErrTokenType},
		{"a c_hash without a code", claimsOf{"c_hash": halfHash("RS256", "code")}, ErrCodeHash},
		{"another state's s_hash", claimsOf{"s_hash": halfHash("RS256", "other")}, ErrStateHash},
		{"an s_hash that is null", claimsOf{"s_hash": nil}, ErrClaimType},
		{"sid as a number", claimsOf{"sid": 1}, ErrClaimType},
		{"an endless sid", claimsOf{"sid": strings.Repeat("s", 1025)}, ErrClaimType},
		{"jti as an object", claimsOf{"jti": map[string]any{}}, ErrClaimType},
		{"acr as a list", claimsOf{"acr": []string{"1"}}, ErrClaimType},
		{"amr as a text", claimsOf{"amr": "pwd"}, ErrClaimType},
		{"amr with a number", claimsOf{"amr": []any{"pwd", 1}}, ErrClaimType},
		{"endless amr", claimsOf{"amr": strings.Split(strings.Repeat("a ", 33), " ")[:33]}, ErrClaimType},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v, _ := verifierOf(t, func(c *Config) { c.Check.TrustedAudiences = []string{"trusted"} })
			got, err := v.idToken(context.Background(), goodClaims().with(tt.change).token(t), expecting())
			requireReason(t, err, tt.want)
			require.Zero(t, got)
		})
	}
}

func TestClaimsAccepted(t *testing.T) {
	at := func(d time.Duration) int64 { return testNow.Add(d).Unix() }
	for name, change := range map[string]claimsOf{
		"exp just within the leeway":    {"exp": at(-time.Minute) + 1},
		"iat at the leeway ahead":       {"iat": at(time.Minute)},
		"iat at its oldest":             {"iat": at(-11 * time.Minute)},
		"nbf at the leeway":             {"nbf": at(time.Minute)},
		"times with a fraction":         {"iat": float64(testNow.Unix()) + 0.25, "exp": float64(testNow.Unix()) + 60.75},
		"aud as a list":                 {"aud": []string{testClient}},
		"azp beside one audience":       {"azp": testClient},
		"a trusted audience":            {"aud": []string{"trusted", testClient}, "azp": testClient},
		"a sub of 255 characters":       {"sub": strings.Repeat("a", 255)},
		"a sub with a bar and a space":  {"sub": "auth0|a b"},
		"no sid, jti, acr, amr":         {"sid": absent{}, "jti": nil, "acr": nil, "amr": absent{}},
		"an at_hash and no token":       {"at_hash": "anything"},
		"the state's s_hash":            {"s_hash": halfHash("RS256", testState)},
		"events that are not logout":    {"events": []string{"conference"}},
		"an authentication long ago":    {"auth_time": 1},
		"a claim nobody has heard of":   {"https://example.com/claim": map[string]any{"deep": []int{1}}},
		"an exp in the year ten":        {"exp": 253402300799},
		"no authentication time at all": {"auth_time": absent{}},
	} {
		t.Run(name, func(t *testing.T) {
			v, _ := verifierOf(t, func(c *Config) { c.Check.TrustedAudiences = []string{"trusted"} })
			good(t, v, change)
		})
	}
}

func TestIssuerTemplate(t *testing.T) {
	const template = "https://login.example/{tenantid}/v2.0"
	iss := func(tid string) string { return "https://login.example/" + tid + "/v2.0" }
	for _, tt := range []struct {
		name   string
		change claimsOf
		want   *lmssso.Reason
	}{
		{"an allowed tenant", claimsOf{"iss": iss(tenantA), "tid": tenantA}, nil},
		{"an allowed tenant in capitals", claimsOf{"iss": iss(strings.ToUpper(tenantA)), "tid": strings.ToUpper(tenantA)}, nil},
		{"no tid", claimsOf{"iss": iss(tenantA)}, ErrTenantID},
		{"a tid that is a number", claimsOf{"iss": iss(tenantA), "tid": 1}, ErrClaimType},
		{"a tenant nobody allowed", claimsOf{"iss": iss(tenantB), "tid": tenantB}, ErrTenantID},
		{"an allowed tid under another tenant's iss", claimsOf{"iss": iss(tenantB), "tid": tenantA}, ErrTenantID},
		{"another tid under an allowed iss", claimsOf{"iss": iss(tenantA), "tid": tenantB}, ErrTenantID},
		{"cases that differ", claimsOf{"iss": iss(strings.ToUpper(tenantA)), "tid": tenantA}, ErrTenantID},
		{"no GUID", claimsOf{"iss": iss("common"), "tid": "common"}, ErrTenantID},
		{"the template itself", claimsOf{"iss": template, "tid": "{tenantid}"}, ErrTenantID},
		{"another host", claimsOf{"iss": "https://evil.example/" + tenantA + "/v2.0", "tid": tenantA}, ErrTokenIssuer},
		{"another ending", claimsOf{"iss": "https://login.example/" + tenantA + "/v2.0/", "tid": tenantA}, ErrTokenIssuer},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v, _ := verifierOf(t, func(c *Config) { c.OP.AllowedTenantIDs = []string{strings.ToUpper(tenantA[:8]) + tenantA[8:]} })
			want := expecting()
			want.facts = &facts{issuer: template}
			got, err := v.idToken(context.Background(), goodClaims().with(tt.change).token(t), want)
			if tt.want != nil {
				requireReason(t, err, tt.want)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tenantA, got.tenantID)
			require.Equal(t, tt.change["iss"], got.issuer)
		})
	}
	v, _ := verifierOf(t, nil)
	want := expecting()
	want.facts = &facts{issuer: template}
	_, err := v.idToken(context.Background(), goodClaims().with(claimsOf{"iss": iss(tenantA), "tid": tenantA}).token(t), want)
	requireReason(t, err, ErrTenantID)
}

func TestNothingIsVerifiedAgainstNothing(t *testing.T) {
	v, _ := verifierOf(t, nil)
	raw := goodClaims().with(claimsOf{"iss": "", "nonce": ""}).token(t)
	for _, tt := range []struct {
		name string
		with expectation
		want *lmssso.Reason
	}{
		{"no facts", expectation{pend: expecting().pend}, ErrSetup},
		{"no issuer", expectation{facts: &facts{}, pend: expecting().pend}, ErrSetup},
		{"no pending login", expectation{facts: expecting().facts}, ErrTokenNonce},
		{"a pending login without a nonce", expectation{facts: expecting().facts, pend: &Pending{}}, ErrTokenNonce},
	} {
		_, err := v.idToken(context.Background(), raw, tt.with)
		requireReason(t, err, tt.want)
	}
}

func TestSameUser(t *testing.T) {
	v, _ := verifierOf(t, nil)
	a := verified{issuer: "i", subject: "s"}
	require.NoError(t, v.sameUser(a, a))
	requireReason(t, v.sameUser(a, verified{issuer: "i", subject: "S"}), ErrIDTokensDiffer)
	requireReason(t, v.sameUser(a, verified{issuer: "j", subject: "s"}), ErrIDTokensDiffer)
	requireReason(t, v.sameUser(verified{}, verified{}), ErrIDTokensDiffer)
}

type panickingKeys struct{ keySource }

func (panickingKeys) candidates(context.Context, jose.SignatureAlgorithm, string) ([]jose.JSONWebKey, error) {
	panic("secret-in-a-panic")
}

func TestPanicsAreRefusals(t *testing.T) {
	v, _ := verifierOf(t, nil)
	v.keys = panickingKeys{}
	got, err := v.idToken(context.Background(), goodClaims().token(t), expecting())
	requireReason(t, err, lmssso.ErrMalformed)
	require.Zero(t, got)
	require.NotContains(t, err.Error(), "secret-in-a-panic")
	more, err := v.userinfo(context.Background(), goodClaims().token(t), true, verified{subject: "user-1", issuer: testIssuer})
	requireReason(t, err, lmssso.ErrMalformed)
	require.Zero(t, more)
	out, err := v.logoutToken(context.Background(), logoutClaims().token(t), expecting().facts)
	requireReason(t, err, lmssso.ErrMalformed)
	require.Zero(t, out)
	v.mapper = nil
	a, err := v.assertion(verified{subject: "x", object: `{}`}, userClaims{}, &Pending{})
	requireReason(t, err, lmssso.ErrMalformed)
	require.Nil(t, a)
}

// TestErrorsTellNothingPersonal goes through refusals whose tokens are full of what must not be repeated.
func TestErrorsTellNothingPersonal(t *testing.T) {
	marks := claimsOf{"email": "private@example.com", "sub": "private-sub", "nonce": "private-nonce", "sid": "private-sid", "acr": "private-acr"}
	changes := []claimsOf{
		{"iss": "x"}, {"aud": "x"}, {"azp": "x"}, {"exp": 1}, {"iat": 1}, {"nbf": 9999999999}, {"nonce": "private-other"}, {"sub": "private-sub\n"},
		{"c_hash": "private-hash"}, {"s_hash": "private-hash"}, {"sid": []string{"private-sid"}}, {"amr": "private-amr"}, {"sub": []string{"private"}},
	}
	v, _ := verifierOf(t, nil)
	for _, change := range changes {
		raw := goodClaims().with(marks).with(change).token(t)
		want := expecting()
		if _, other := change["nonce"]; !other {
			want.pend.Nonce = "private-nonce"
		}
		_, err := v.idToken(context.Background(), raw, want)
		require.Error(t, err)
		for e := err; e != nil; e = errors.Unwrap(e) {
			require.NotContains(t, e.Error(), "private")
			require.NotContains(t, e.Error(), testNonce)
			require.NotContains(t, e.Error(), raw[:20])
		}
		require.NotContains(t, err.Error(), "private")
		require.NotContains(t, err.Error(), raw[:20])
	}
}
