package oidc

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/internal/strictjson"
)

func parseForTest(doc string) (strictjson.Object, error) {
	return strictjson.Parse(doc, claimLimits(maxUserinfo))
}

func TestSetupRefused(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"no connection":                 func(c *Config) { c.Connection = "" },
		"no realm":                      func(c *Config) { c.Realm = "" },
		"no client id":                  func(c *Config) { c.RP.ClientID = "" },
		"no store":                      func(c *Config) { c.SingleUse = nil },
		"a leeway below zero":           func(c *Config) { c.Check.Leeway = -1 },
		"a leeway beyond five minutes":  func(c *Config) { c.Check.Leeway = 5*time.Minute + 1 },
		"an age below zero":             func(c *Config) { c.Check.MaxAuthnAge = -1 },
		"none for the algorithm":        func(c *Config) { c.Check.SigningAlgorithm = "none" },
		"an algorithm in small letters": func(c *Config) { c.Check.SigningAlgorithm = "rs256" },
		"an algorithm without a way":    func(c *Config) { c.Check.SigningAlgorithm = "HS512" },
		"userinfo's algorithm none":     func(c *Config) { c.Request.Userinfo.SigningAlgorithm = "none" },
		"HS256 with 31 bytes":           func(c *Config) { c.Check.SigningAlgorithm = "HS256"; c.RP.ClientSecret = lmssso.Secret(testSecret[1:]) },
		"HS256 for userinfo with 31 bytes": func(c *Config) {
			c.Request.Userinfo.SigningAlgorithm = "HS256"
			c.RP.ClientSecret = lmssso.Secret(testSecret[1:])
		},
		"HS256 without a secret":         func(c *Config) { c.Check.SigningAlgorithm = "HS256"; c.RP.ClientSecret = "" },
		"an empty trusted audience":      func(c *Config) { c.Check.TrustedAudiences = []string{""} },
		"too many trusted audiences":     func(c *Config) { c.Check.TrustedAudiences = strings.Split(strings.Repeat("a ", 1001), " ")[:1001] },
		"a tenant that is no GUID":       func(c *Config) { c.OP.AllowedTenantIDs = []string{"common"} },
		"a tenant with a brace":          func(c *Config) { c.OP.AllowedTenantIDs = []string{"{" + tenantA[1:]} },
		"a mapping of nothing":           func(c *Config) { c.Mapping = attrs.Mapping{"nonsense": attrs.From("x")} },
		"a mapping that reads the nonce": func(c *Config) { c.Mapping[attrs.Ref(1)] = attrs.From("x", "nonce") },
		"one that reads it by a pointer": func(c *Config) { c.Mapping[attrs.Ref(1)] = attrs.From("/at_hash") },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := goodConfig()
			change(&cfg)
			v, err := newVerifier(cfg)
			requireReason(t, err, ErrSetup)
			require.Nil(t, v)
			require.NotContains(t, err.Error(), testSecret[1:])
		})
	}
}

func TestSetupIsCopied(t *testing.T) {
	cfg := goodConfig()
	cfg.Check.TrustedAudiences = []string{"trusted"}
	cfg.OP.AllowedTenantIDs = []string{tenantA}
	v, err := newVerifier(cfg)
	require.NoError(t, err)
	cfg.Check.TrustedAudiences[0], cfg.OP.AllowedTenantIDs[0] = "evil", tenantB
	cfg.Mapping[attrs.ExternalID] = attrs.From("email")
	require.Equal(t, []string{"trusted"}, v.cfg.Check.TrustedAudiences)
	require.Equal(t, []string{tenantA}, v.cfg.OP.AllowedTenantIDs)
	require.NotContains(t, v.cfg.Mapping, attrs.ExternalID)
	require.Equal(t, time.Minute, v.cfg.Check.Leeway)
	require.Equal(t, "RS256", string(v.algorithm))
	require.Equal(t, "RS256", string(v.infoAlgorithm))
}

func TestSharedSecretNeverPrints(t *testing.T) {
	s, err := newSharedSecret(lmssso.Secret(testSecret))
	require.NoError(t, err)
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		require.NotContains(t, fmt.Sprintf(format, s), testSecret)
		require.NotContains(t, fmt.Sprintf(format, s), "48 49")
	}
}

func TestVerifiedNeverPrints(t *testing.T) {
	v, _ := verifierOf(t, nil)
	idt := good(t, v, nil)
	more, err := v.userinfo(t.Context(), `{"sub":"user-1"}`, false, idt)
	require.NoError(t, err)
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		require.Equal(t, "[redacted] [redacted]", fmt.Sprintf(format+" "+format, idt, more))
	}
}
