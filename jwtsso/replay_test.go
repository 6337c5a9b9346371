package jwtsso_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/jwtsso"
)

func TestATokenIsAcceptedOnce(t *testing.T) {
	for name, token := range map[string]string{"with a jti": withClaim(`"jti":"a"`), "without one": withClaims(goodClaims)} {
		t.Run(name, func(t *testing.T) {
			v := verifier(t, config(&spender{}))
			_, err := v.Verify(t.Context(), token)
			require.NoError(t, err)
			a, err := v.Verify(t.Context(), token)
			require.ErrorIs(t, err, lmssso.ErrReplayed)
			require.Nil(t, a)
		})
	}
}

func TestASecondTokenWithTheSameIDIsAReplay(t *testing.T) {
	v := verifier(t, config(&spender{}))
	_, err := v.Verify(t.Context(), withClaim(`"jti":"a"`))
	require.NoError(t, err)
	for name, token := range map[string]string{
		"minted a second later":     withClaims(`{"iat":1700000001,"externalCustomerId":"12345","jti":"a"}`),
		"for another user":          withClaims(`{"iat":1700000000,"externalCustomerId":"99","jti":"a"}`),
		"signed with the other key": sign(oldKey, goodHeader, strings.TrimSuffix(goodClaims, "}")+`,"jti":"a"}`),
		"with its header reordered": sign(newKey, `{"typ":"JWT","alg":"HS256"}`, strings.TrimSuffix(goodClaims, "}")+`,"jti":"a"}`),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := v.Verify(t.Context(), token)
			require.ErrorIs(t, err, lmssso.ErrReplayed)
		})
	}
}

func TestDifferentTokensAreBothAccepted(t *testing.T) {
	v := verifier(t, config(&spender{}))
	signature := string(mac(newKey, b64(goodHeader)+"."+b64(goodClaims)))
	for _, token := range []string{
		withClaims(goodClaims), withClaim(`"ref1":"x"`), withClaim(`"jti":"a"`), withClaim(`"jti":"A"`),
		withClaim(`"jti":"` + b64(signature) + `"`), // an id that looks like another token's signature
	} {
		_, err := v.Verify(t.Context(), token)
		require.NoError(t, err)
	}
}

func TestOneConnectionsTokenIsWorthlessAtAnother(t *testing.T) {
	s := &spender{}
	mainSite := verifier(t, config(s))
	tenant := config(s)
	tenant.Connection, tenant.Tenant, tenant.Realm, tenant.Keys = "acme-jwt", "acme", "t-1", []lmssso.Secret{"the tenant's own key, of more than 32 bytes"}
	acme := verifier(t, tenant)

	a, err := acme.Verify(t.Context(), withClaims(goodClaims))
	refused(t, s, a, err, lmssso.ErrSignature)
	a, err = mainSite.Verify(t.Context(), sign(tenant.Keys[0], goodHeader, goodClaims))
	refused(t, s, a, err, lmssso.ErrSignature)

	a, err = acme.Verify(t.Context(), sign(tenant.Keys[0], goodHeader, goodClaims))
	require.NoError(t, err)
	require.Equal(t, "acme-jwt", a.Origin.Connection)
	require.Equal(t, "acme", a.Origin.Tenant)
	require.Equal(t, "acme", a.Access.Target.Path)
	require.Equal(t, lmssso.Link{Realm: "t-1", ExternalID: "12345"}, a.Link)
}

// Two connections that share a key by mistake still keep separate replay records, so that one cannot lock out the other.
func TestReplayKeysAreSeparateByConnection(t *testing.T) {
	s := &spender{}
	other := config(s)
	other.Connection = "other"
	for _, cfg := range []jwtsso.VerifierConfig{config(s), other} {
		for _, token := range []string{withClaims(goodClaims), withClaim(`"jti":"a"`)} {
			_, err := verifier(t, cfg).Verify(t.Context(), token)
			require.NoError(t, err)
		}
	}
	require.Len(t, s.seen, 4)
	for key := range s.seen {
		require.Regexp(t, `^r[A-Za-z0-9_-]{43}$`, key)
	}
	require.Nil(t, s.value, "a replay record has no value, so that it is never evicted early")
}

// A token is remembered for longer than it would pass, whatever bounds it.
func TestATokenIsRememberedUntilItCannotPass(t *testing.T) {
	const second = time.Second
	for _, tt := range []struct {
		name, token string
		change      func(*jwtsso.VerifierConfig)
		until       time.Time
	}{
		{"issued now", withClaims(goodClaims), nil, now.Add(501 * second)},
		{"issued at the end of the window", withIAT("1699999500"), nil, now.Add(1 * second)},
		{"issued ahead", withIAT("1700000500"), nil, now.Add(1001 * second)},
		{"ending before its window", withClaim(`"exp":1700000060`), nil, now.Add(61 * second)},
		{"ending after its window", withClaim(`"exp":1800000000`), nil, now.Add(501 * second)},
		{"without iat, ending", withClaims(`{"externalCustomerId":"12345","exp":1700086400}`), allowMissing, now.Add(86401 * second)},
		{"without iat, never ending", withClaims(`{"externalCustomerId":"12345"}`), allowMissing, now.Add(50*365*24*time.Hour + second)},
		{"without iat, ending in a century", withClaims(`{"externalCustomerId":"12345","exp":253402300799}`), allowMissing, now.Add(50*365*24*time.Hour + second)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &spender{}
			cfg := config(s)
			if tt.change != nil {
				tt.change(&cfg)
			}
			_, err := verifier(t, cfg).Verify(t.Context(), tt.token)
			require.NoError(t, err)
			require.Equal(t, tt.until, s.until)
		})
	}
}

func allowMissing(cfg *jwtsso.VerifierConfig) { cfg.AllowMissingIssuedAt = true }

func TestAStoreThatFailsClosesTheDoor(t *testing.T) {
	a, err := verifier(t, config(&spender{err: errors.New("connection refused to 10.0.0.7")})).Verify(t.Context(), withClaims(goodClaims))
	require.ErrorIs(t, err, lmssso.ErrUnavailable)
	require.Nil(t, a)
	status, text := lmssso.PublicMessage(err)
	require.Equal(t, 503, status)
	require.NotContains(t, text, "10.0.0.7")
}

func TestAPanicIsARefusal(t *testing.T) {
	a, err := verifier(t, config(&spender{boom: true})).Verify(t.Context(), withClaims(goodClaims))
	require.ErrorIs(t, err, lmssso.ErrMalformed)
	require.Nil(t, a)
}

func TestAllowReplayAsksNoStore(t *testing.T) {
	cfg := config(nil)
	cfg.AllowReplay = true
	v := verifier(t, cfg)
	for range 2 {
		_, err := v.Verify(t.Context(), withClaims(goodClaims))
		require.NoError(t, err)
	}
}

func TestOfManyAtOnceOneIsAccepted(t *testing.T) {
	v, token := verifier(t, config(&spender{})), withClaims(goodClaims)
	var wg sync.WaitGroup
	results := make(chan error, 50)
	for range cap(results) {
		wg.Go(func() {
			_, err := v.Verify(t.Context(), token)
			results <- err
		})
	}
	wg.Wait()
	close(results)
	good := 0
	for err := range results {
		if err == nil {
			good++
			continue
		}
		require.ErrorIs(t, err, lmssso.ErrReplayed)
	}
	require.Equal(t, 1, good)
}
