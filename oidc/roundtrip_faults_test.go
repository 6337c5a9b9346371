package oidc_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/oidc"
	"github.com/lmssso/lmssso/oidc/oidctest"
)

// Every known way to be wrong ends without a login.
func TestRoundTripWithEveryFault(t *testing.T) {
	shown, ops := 0, map[string]*oidctest.Provider{"RS256": newTripOP(t, "RS256"), "ES256": newTripOP(t, "ES256")}
	for _, kind := range []oidc.ResponseType{oidc.Code, oidc.IDToken, oidc.CodeIDToken} {
		for _, f := range oidctest.Faults() {
			if needs := f.Needs(); !f.Applies(string(kind)) || needs.Template || needs.TrustedAudience || needs.Contexts || needs.TLS || needs.PublicOnly {
				continue
			}
			if f == oidctest.DiscoveryRelative && kind == oidc.IDToken {
				continue // the address nobody asks is not judged
			}
			for _, second := range []bool{false, true} {
				if f == oidctest.AggregatedIdentity && kind == oidc.CodeIDToken && !second {
					continue // the second token tells what the first one does not
				}
				if second && (kind != oidc.CodeIDToken || f.Side() != oidctest.TokenSide || f == oidctest.CodeHashMissing) {
					continue // c_hash is for what comes through the browser
				}
				shown++
				t.Run(fmt.Sprintf("%s %s second %v", f, kind, second), func(t *testing.T) { oneFault(t, ops, kind, f, second) })
			}
		}
	}
	require.Greater(t, shown, 50)
}

func oneFault(t *testing.T, ops map[string]*oidctest.Provider, kind oidc.ResponseType, f oidctest.Fault, second bool) {
	needs := f.Needs()
	alg := "RS256"
	if strings.HasPrefix(needs.Algorithm, "ES") {
		alg = "ES256"
	}
	mode := oidc.FormPost
	op := ops[alg]
	op.SetFaults()
	op.SetSecondFaults()
	s := newTrip(t, op, func(c *oidctest.Client) {
		c.IDTokenAlg = alg
		if needs.SignedUserinfo {
			c.UserinfoAlg = alg
		}
	}, func(c *oidc.Config) {
		c.Check.SigningAlgorithm, c.Request.ResponseType, c.Request.ResponseMode = alg, kind, mode
		if f.Side() != oidctest.UserinfoSide { // so that it does not fill what the fault takes away
			c.Request.Userinfo.Mode = oidc.UserinfoNever
		}
		if needs.MaxAge {
			c.Check.MaxAuthnAge = time.Hour
		}
	})
	if needs.Earlier {
		s.signIn(t)
	}
	if second {
		op.SetSecondFaults(f)
	} else {
		op.SetFaults(f)
	}
	page := s.arrive(t)
	err := s.why()
	require.NotEqual(t, "page /dashboard", page, "%s", f.Explanation())
	require.Error(t, err, "%s", f.Explanation())
	require.NotEqual(t, lmssso.Code("unavailable"), lmssso.CodeOf(err), "%v", err)
}
