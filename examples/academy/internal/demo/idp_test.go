package demo_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/examples/academy/internal/demo"
	"github.com/lmssso/lmssso/tenant"
)

func TestOnlyConnectionsThatNameTheProviderOnThisMachineAreAdopted(t *testing.T) {
	for url, want := range map[string]bool{
		"http://127.0.0.1:8080/demo/saml/metadata": true, "http://localhost/demo/saml/metadata": true, "http://[::1]:1/demo/saml/metadata": true,
		"https://idp.example/demo/saml/metadata": false, "http://127.0.0.1:8080/metadata": false, "http://127.0.0.1.example/demo/saml/metadata": false,
		"": false, "http://%": false,
	} {
		c := tenant.Connection{Protocol: lmssso.SAML}
		c.SAML.IdP.MetadataURL = url
		require.Equal(t, want, demo.Adopts(c), url)
		c.Protocol = lmssso.JWT
		require.False(t, demo.Adopts(c), url)
	}
}
