package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
)

// TestOpenIDFaultsNameTheirPath gives each faulty setting of a connection the path an administrator finds it by.
func TestOpenIDFaultsNameTheirPath(t *testing.T) {
	const good = `"wellKnown": "https://op.example/.well-known/openid-configuration", "clientID": "c", "clientSecret": "0123456789abcdef"`
	for name, c := range map[string]struct{ settings, path string }{
		"oidc without a provider":           {`"clientID": "c", "clientSecret": "0123456789abcdef"`, "wellKnown"},
		"oidc by an unknown preset":         {good + `, "preset": "x"`, "preset"},
		"oidc without a client":             {`"wellKnown": "https://op.example/.well-known/openid-configuration", "clientSecret": "0123456789abcdef"`, "clientID"},
		"oidc without a secret":             {`"wellKnown": "https://op.example/.well-known/openid-configuration", "clientID": "c"`, "clientSecret"},
		"a document that is not well known": {`"wellKnown": "https://op.example/document", "clientID": "c", "clientSecret": "0123456789abcdef"`, "wellKnown"},
		"a document over an open line":      {`"wellKnown": "http://op.example/.well-known/openid-configuration", "clientID": "c", "clientSecret": "0123456789abcdef"`, "wellKnown"},
		"an address beside the document":    {good + `, "tokenEndpoint": "https://op.example/t"`, "tokenEndpoint"},
		"an endpoint over an open line":     {`"issuer": "https://op.example", "authorizationEndpoint": "https://op.example/a", "tokenEndpoint": "http://op.example/t", "jwksURI": "https://op.example/k", "clientID": "c", "clientSecret": "0123456789abcdef", "scope": "openid"`, "tokenEndpoint"},
		"a scope without openid":            {good + `, "scope": "email profile"`, "scope"},
		"an unknown response type":          {good + `, "responseType": "token"`, "responseType"},
		"an unknown response mode":          {good + `, "responseMode": "pigeon"`, "responseMode"},
		"ID tokens in the query":            {good + `, "responseType": "code id_token", "responseMode": "query"`, "responseMode"},
		"an algorithm nobody takes":         {good + `, "signingAlgorithm": "none"`, "signingAlgorithm"},
		"HS256 with a short secret":         {good + `, "signingAlgorithm": "HS256"`, "clientSecret"},
		"a parameter of our own":            {good + `, "authorizationParameters": {"state": "x"}`, "authorizationParameters.state"},
		"no way of showing the secret":      {good + `, "tokenAuth": "none"`, "tokenAuth"},
		"a key file that is not there":      {good + `, "tokenAuth": "private_key_jwt", "clientKeyFile": "none.pem"`, "clientKeyFile"},
		"userinfo without an access token":  {good + `, "responseType": "id_token", "responseMode": "fragment", "useUserinfo": true`, "useUserinfo"},
		"an unknown key of oidc":            {good + `, "client": "c"`, "client"},
		"a scope as a list":                 {good + `, "scope": ["openid"]`, "scope"},
		"a setting of another protocol":     {good + `, "signRequests": true`, "protocol"},
	} {
		t.Run(name, func(t *testing.T) {
			_, faults := parse(t, `{"connections": [{"id": "o", "protocol": "oidc", `+c.settings+`}]}`)
			require.Len(t, faults, 1, "%v", faults)
			require.Equal(t, "connections[0]."+c.path, faults[0].Path)
			require.ErrorIs(t, faults, lmssso.ErrConfiguration)
			require.NotContains(t, faults.Error(), "0123456789abcdef", "no secret")
		})
	}
	_, faults := parse(t, `{"connections": [{"id": "o", "protocol": "oidc", `+good+`}]}`)
	require.Empty(t, faults)
}

func TestOpenIDLintWarnsOfWhatDeservesASecondLook(t *testing.T) {
	f, faults := parse(t, `{"connections": [{"id": "o", "protocol": "oidc", "wellKnown": "http://127.0.0.1/.well-known/openid-configuration",
		"clientID": "c", "clientSecret": "short", "allowHTTP": true, "allowPrivateAddresses": true, "responseType": "code id_token",
		"responseMode": "query", "allowTokensInQuery": true}]}`)
	require.Empty(t, faults)
	var paths []string
	for _, w := range f.Lint() {
		paths = append(paths, w.Path)
	}
	require.Subset(t, paths, []string{
		"connections[0].allowHTTP", "connections[0].allowPrivateAddresses", "connections[0].allowTokensInQuery",
		"connections[0].clientSecret", "connections[0].scope",
	})
}
