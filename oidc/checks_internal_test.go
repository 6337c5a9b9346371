package oidc

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
)

func TestHashesTieWhatCameAlong(t *testing.T) {
	code, token := halfHash("RS256", "code"), halfHash("RS256", "token")
	for _, tt := range []struct {
		name        string
		front       bool
		code, token string
		change      claimsOf
		want        *lmssso.Reason
	}{
		{"both in the front channel", true, "code", "token", claimsOf{"c_hash": code, "at_hash": token}, nil},
		{"no c_hash in the front channel", true, "code", "", nil, ErrCodeHash},
		{"no at_hash in the front channel", true, "", "token", nil, ErrAccessTokenHash},
		{"another code in the front channel", true, "stolen", "", claimsOf{"c_hash": code}, ErrCodeHash},
		{"another token in the front channel", true, "", "stolen", claimsOf{"at_hash": token}, ErrAccessTokenHash},
		{"neither in the back channel", false, "code", "token", nil, nil},
		{"both in the back channel", false, "code", "token", claimsOf{"c_hash": code, "at_hash": token}, nil},
		{"another code in the back channel", false, "stolen", "token", claimsOf{"c_hash": code}, ErrCodeHash},
		{"another token in the back channel", false, "code", "stolen", claimsOf{"at_hash": token}, ErrAccessTokenHash},
		{"the whole hash instead of the half", false, "", "token", claimsOf{"at_hash": "PEaenWxYddN6Q_NT1PKOYZ7EsLcbfzaiPrLyPOVDDfg"}, ErrAccessTokenHash},
		{"a hash in padded form", false, "", "token", claimsOf{"at_hash": token + "=="}, ErrAccessTokenHash},
		{"an empty hash", false, "", "token", claimsOf{"at_hash": ""}, ErrAccessTokenHash},
		{"the hash of a longer algorithm", false, "", "token", claimsOf{"at_hash": halfHash("RS512", "token")}, ErrAccessTokenHash},
		{"a c_hash that is a number", true, "code", "", claimsOf{"c_hash": 1}, ErrClaimType},
		{"an at_hash that is null", true, "", "token", claimsOf{"at_hash": nil}, ErrClaimType},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v, _ := verifierOf(t, nil)
			want := expecting()
			want.frontChannel, want.code, want.accessToken = tt.front, tt.code, tt.token
			_, err := v.idToken(context.Background(), goodClaims().with(tt.change).token(t), want)
			if tt.want == nil {
				require.NoError(t, err)
				return
			}
			requireReason(t, err, tt.want)
		})
	}
}

func TestAuthenticationTime(t *testing.T) {
	at := func(d time.Duration) int64 { return testNow.Add(d).Unix() }
	for _, tt := range []struct {
		name        string
		pending     time.Duration
		configured  time.Duration
		fresh       bool
		authTime    any
		wantRefused bool
	}{
		{"nothing asked", 0, 0, false, absent{}, false},
		{"asked and missing", time.Hour, 0, false, absent{}, true},
		{"asked by the connection and missing", 0, time.Hour, false, absent{}, true},
		{"fresh and missing", 0, 0, true, absent{}, true},
		{"within the age", time.Hour, 0, false, at(-time.Hour), false},
		{"at the age and the leeway", time.Hour, 0, false, at(-time.Hour - time.Minute), false},
		{"beyond the age and the leeway", time.Hour, 0, false, at(-time.Hour-time.Minute) - 1, true},
		{"beyond the connection's age", 0, time.Hour, false, at(-time.Hour-time.Minute) - 1, true},
		{"the request's shorter age", time.Minute, time.Hour, false, at(-10 * time.Minute), true},
		{"the connection's shorter age", time.Hour, time.Minute, false, at(-10 * time.Minute), true},
		{"in the year 1970", time.Hour, 0, false, 1, true},
		{"in the year 9999", time.Hour, 0, false, 253402300799, true},
		{"fresh, at the beginning", 0, 0, true, at(-time.Minute), false},
		{"fresh, within the leeway before", 0, 0, true, at(-2 * time.Minute), false},
		{"fresh, before the beginning", 0, 0, true, at(-2*time.Minute) - 1, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v, _ := verifierOf(t, func(c *Config) { c.Check.MaxAuthnAge = tt.configured })
			want := expecting()
			want.pend.MaxAuthnAge, want.pend.Fresh = tt.pending, tt.fresh
			_, err := v.idToken(context.Background(), goodClaims().with(claimsOf{"auth_time": tt.authTime}).token(t), want)
			if tt.wantRefused {
				requireReason(t, err, ErrAuthTime)
				return
			}
			require.NoError(t, err)
		})
	}
}
