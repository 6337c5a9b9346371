package demo_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/examples/academy/internal/demo"
	"github.com/lmssso/lmssso/tenant"
)

func TestOnlyConnectionsThatNameTheOpenIDProviderOnThisMachineAreAdopted(t *testing.T) {
	for url, want := range map[string]bool{
		"http://127.0.0.1:8080/demo/openid/.well-known/openid-configuration": true, "http://[::1]:1/demo/thinkific/.well-known/openid-configuration": true,
		"http://localhost/demo/openid/.well-known/openid-configuration": true, "https://op.example/demo/openid/.well-known/openid-configuration": false,
		"http://127.0.0.1.example/demo/openid/.well-known/openid-configuration": false, "http://127.0.0.1/.well-known/openid-configuration": false,
		"http://127.0.0.1/demo/openid/other": false, "": false, "http://%": false,
	} {
		c := tenant.Connection{Protocol: lmssso.OIDC}
		c.OIDC.Provider.WellKnown = url
		require.Equal(t, want, demo.AdoptsOIDC(c), url)
		c.Protocol = lmssso.SAML
		require.False(t, demo.AdoptsOIDC(c), url)
	}
}
