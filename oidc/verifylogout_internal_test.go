package oidc

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
)

func logoutClaims() claimsOf {
	return claimsOf{
		"iss": testIssuer, "aud": testClient, "iat": testNow.Unix() - 5, "exp": testNow.Unix() + 120, "jti": "logout-1",
		"sub": "user-1", "sid": "session-1", "events": map[string]any{logoutEvent: map[string]any{}},
	}
}

func logoutRaw(t testing.TB, typ string, changes claimsOf) string {
	t.Helper()
	return compact(t, "RS256", testKeys()["rsa"], `{"alg":"RS256","kid":"k1"`+typ+`}`, logoutClaims().with(changes).json(t))
}

func TestLogoutTokenNamesTheSessions(t *testing.T) {
	subject := lmssso.Subject{Value: "user-1"}
	for _, tt := range []struct {
		name, typ string
		change    claimsOf
		want      lmssso.SessionKey
	}{
		{"sub and sid", `,"typ":"logout+jwt"`, nil, lmssso.SessionKey{Connection: "conn", Subject: subject, Index: "session-1"}},
		{"typ JWT", `,"typ":"JWT"`, nil, lmssso.SessionKey{Connection: "conn", Subject: subject, Index: "session-1"}},
		{"no typ", ``, nil, lmssso.SessionKey{Connection: "conn", Subject: subject, Index: "session-1"}},
		{"sub alone", ``, claimsOf{"sid": absent{}}, lmssso.SessionKey{Connection: "conn", Subject: subject}},
		{"sid alone", ``, claimsOf{"sub": absent{}}, lmssso.SessionKey{Connection: "conn", Index: "session-1"}},
		{"no exp", ``, claimsOf{"exp": absent{}}, lmssso.SessionKey{Connection: "conn", Subject: subject, Index: "session-1"}},
		{"an event that says more", ``, claimsOf{"events": map[string]any{logoutEvent: map[string]any{"why": 1}, "other": 2}}, lmssso.SessionKey{Connection: "conn", Subject: subject, Index: "session-1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v, _ := verifierOf(t, nil)
			got, err := v.logoutToken(context.Background(), logoutRaw(t, tt.typ, tt.change), expecting().facts)
			require.NoError(t, err)
			require.Equal(t, tt.want, got.key)
			require.Equal(t, tt.want.Index, got.session)
			require.Equal(t, tt.want.Subject.Value, got.subject)
			require.Equal(t, "logout-1", got.id)
			require.Equal(t, testIssuer, got.issuer)
		})
	}
}

func TestLogoutKeyIsTheLoginsOwn(t *testing.T) {
	change := func(c *Config) { c.OP.AllowedTenantIDs = []string{tenantA} }
	tenant := claimsOf{"iss": "https://login.example/" + tenantA + "/v2.0", "tid": tenantA}
	want := expecting()
	want.facts = &facts{issuer: "https://login.example/{tenantid}/v2.0"}
	v, _ := verifierOf(t, change)
	idt, err := v.idToken(context.Background(), goodClaims().with(tenant).token(t), want)
	require.NoError(t, err)
	a, err := v.assertion(idt, userClaims{}, want.pend)
	require.NoError(t, err)
	out, err := v.logoutToken(context.Background(), logoutRaw(t, "", tenant), want.facts)
	require.NoError(t, err)
	require.Equal(t, lmssso.SessionKey{Connection: a.Origin.Connection, Subject: a.Subject, Index: a.Session.Index}, out.key)
	require.Equal(t, tenant["iss"], a.Subject.NameQualifier)
}

func TestLogoutTokensRefused(t *testing.T) {
	event := func(v any) claimsOf { return claimsOf{"events": v} }
	for _, tt := range []struct {
		name, typ string
		change    claimsOf
		want      *lmssso.Reason
	}{
		{"an access token by its typ", `,"typ":"at+jwt"`, nil, ErrTokenType},
		{"another iss", ``, claimsOf{"iss": testIssuer + "/"}, ErrTokenIssuer},
		{"no iss", ``, claimsOf{"iss": absent{}}, ErrClaimMissing},
		{"another aud", ``, claimsOf{"aud": "other"}, ErrTokenAudience},
		{"another audience beside", ``, claimsOf{"aud": []string{testClient, "other"}}, ErrUntrustedAudience},
		{"expired", ``, claimsOf{"exp": testNow.Unix() - 60}, ErrTokenExpired},
		{"an exp that is a text", ``, claimsOf{"exp": "soon"}, ErrClaimType},
		{"no iat", ``, claimsOf{"iat": absent{}}, ErrClaimMissing},
		{"too old", ``, claimsOf{"iat": testNow.Unix() - 661, "exp": absent{}}, ErrTokenTooOld},
		{"from the future", ``, claimsOf{"iat": testNow.Unix() + 61}, ErrTokenFromFuture},
		{"not yet", ``, claimsOf{"nbf": testNow.Unix() + 61}, ErrTokenNotYet},
		{"no events", ``, event(absent{}), ErrLogoutToken},
		{"another event", ``, event(map[string]any{"http://schemas.openid.net/event/other": map[string]any{}}), ErrLogoutToken},
		{"events as a list", ``, event([]string{logoutEvent}), ErrLogoutToken},
		{"an event that is true", ``, event(map[string]any{logoutEvent: true}), ErrLogoutToken},
		{"an event that is null", ``, event(map[string]any{logoutEvent: nil}), ErrLogoutToken},
		{"a nonce", ``, claimsOf{"nonce": testNonce}, ErrLogoutToken},
		{"a nonce that is null", ``, claimsOf{"nonce": nil}, ErrLogoutToken},
		{"no jti", ``, claimsOf{"jti": absent{}}, ErrLogoutToken},
		{"an empty jti", ``, claimsOf{"jti": ""}, ErrLogoutToken},
		{"an endless jti", ``, claimsOf{"jti": strings.Repeat("j", 1025)}, ErrClaimType},
		{"neither sub nor sid", ``, claimsOf{"sub": absent{}, "sid": absent{}}, ErrLogoutToken},
		{"an empty sid and no sub", ``, claimsOf{"sub": absent{}, "sid": ""}, ErrLogoutToken},
		{"an empty sub", ``, claimsOf{"sub": ""}, ErrSubject},
		{"a sub that is a list", ``, claimsOf{"sub": []string{"user-1"}}, ErrClaimType},
	} {
		t.Run(tt.name, func(t *testing.T) {
			store := &fakeStore{}
			v, _ := verifierOf(t, func(c *Config) { c.SingleUse = store })
			got, err := v.logoutToken(context.Background(), logoutRaw(t, tt.typ, tt.change), expecting().facts)
			requireReason(t, err, tt.want)
			require.Zero(t, got)
			require.Empty(t, store.until, "only a token that would end sessions is spent")
		})
	}
}

func TestLogoutTokenSignature(t *testing.T) {
	v, _ := verifierOf(t, nil)
	claims := logoutClaims().json(t)
	_, err := v.logoutToken(context.Background(), compact(t, "RS256", testKeys()["other"], headerOf("RS256"), claims), expecting().facts)
	requireReason(t, err, ErrTokenSignature)
	_, err = v.logoutToken(context.Background(), b64([]byte(`{"alg":"none"}`))+"."+b64([]byte(claims))+".", expecting().facts)
	requireReason(t, err, ErrTokenAlgorithm)
	_, err = v.logoutToken(context.Background(), compact(t, "HS256", nil, headerOf("HS256"), claims), expecting().facts)
	requireReason(t, err, ErrTokenAlgorithm)
	for _, f := range []*facts{nil, {}} {
		_, err = v.logoutToken(context.Background(), logoutRaw(t, "", nil), f)
		requireReason(t, err, ErrSetup)
	}
}

// TestTokensKeepToTheirKind: one key signs both, for one audience; only their claims tell them apart.
func TestTokensKeepToTheirKind(t *testing.T) {
	v, _ := verifierOf(t, nil)
	_, err := v.logoutToken(context.Background(), goodClaims().token(t), expecting().facts)
	requireReason(t, err, ErrLogoutToken)
	_, err = v.logoutToken(context.Background(), goodClaims().with(claimsOf{"nonce": absent{}}).token(t), expecting().facts)
	requireReason(t, err, ErrLogoutToken)
	_, err = v.idToken(context.Background(), logoutRaw(t, "", nil), expecting())
	requireReason(t, err, ErrTokenType)
	_, err = v.idToken(context.Background(), logoutRaw(t, "", claimsOf{"nonce": testNonce}), expecting())
	requireReason(t, err, ErrTokenType)
	_, err = v.userinfo(context.Background(), logoutRaw(t, "", nil), true, verified{issuer: testIssuer, subject: "user-1"})
	requireReason(t, err, ErrTokenType)
}

func TestLogoutTokenServesOnce(t *testing.T) {
	store := &fakeStore{}
	v, _ := verifierOf(t, func(c *Config) { c.SingleUse = store })
	raw := logoutRaw(t, "", nil)
	_, err := v.logoutToken(context.Background(), raw, expecting().facts)
	require.NoError(t, err)
	_, err = v.logoutToken(context.Background(), raw, expecting().facts)
	requireReason(t, err, lmssso.ErrReplayed)
	_, err = v.logoutToken(context.Background(), logoutRaw(t, "", claimsOf{"sub": "other"}), expecting().facts)
	requireReason(t, err, lmssso.ErrReplayed)

	elsewhere, _ := verifierOf(t, func(c *Config) { c.SingleUse = store; c.Connection = "other" })
	_, err = elsewhere.logoutToken(context.Background(), raw, expecting().facts)
	require.NoError(t, err, "another connection's token is another one")
	for key, until := range store.until {
		require.Regexp(t, `^r[A-Za-z0-9_-]{43}$`, key)
		require.Equal(t, testNow.Add(-5*time.Second+12*time.Minute+time.Second), until, "as long as it could pass")
	}

	down := errors.New("store down")
	v, _ = verifierOf(t, func(c *Config) { c.SingleUse = &fakeStore{err: down} })
	got, err := v.logoutToken(context.Background(), raw, expecting().facts)
	requireReason(t, err, lmssso.ErrUnavailable)
	require.ErrorIs(t, err, down)
	require.Equal(t, 503, lmssso.ReasonOf(err).Status())
	require.Zero(t, got)
}
