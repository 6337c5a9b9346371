package tenant_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/tenant"
)

// oidcDoc is a site with one OpenID Connect connection of these settings.
func oidcDoc(settings string) string {
	return `{"baseURL": "https://learn.example.com", "connections": [{"id": "c", "protocol": "oidc"` + settings + `}]}`
}

func clientKeyFile(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	name := filepath.Join(t.TempDir(), "client.pem")
	require.NoError(t, os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
	return name
}

func TestOpenIDConnectFaultsByPath(t *testing.T) {
	junk := filepath.Join(t.TempDir(), "junk.pem")
	require.NoError(t, os.WriteFile(junk, []byte("planted-secret"), 0o600))
	const (
		client = `, "clientID": "c", "clientSecret": "planted-secret-0123456789abcdef0123"`
		found  = client + `, "wellKnown": "https://op.example.org/.well-known/openid-configuration"`
		hand   = client + `, "issuer": "https://op.example.org", "authorizationEndpoint": "https://op.example.org/a", "tokenEndpoint": "https://op.example.org/t", "jwksURI": "https://op.example.org/j"`
		tid    = "8d9a3a0e-0000-4000-8000-000000000000"
	)
	at := func(paths ...string) []string {
		for i := range paths {
			paths[i] = "connections[0]." + paths[i]
		}
		return paths
	}
	for _, tc := range []struct {
		name, settings string
		want           []string
	}{
		{"discovery", found, nil},
		{"by hand", hand, nil},
		{"everything", hand + `, "preset": "okta", "userinfoEndpoint": "https://op.example.org/u", "endSessionEndpoint": "https://op.example.org/e",
			"responseType": "code id_token", "responseMode": "fragment", "scope": "openid email", "tokenAuth": "client_secret_post", "signingAlgorithm": "ES256",
			"trustedAudiences": ["a"], "useUserinfo": true, "rawAuthorizationHeader": false, "maxAuthnAge": "1h", "leeway": "10s"`, nil},
		{"nothing", ``, at("wellKnown", "clientID", "clientSecret")},
		{"no issuer", strings.Replace(hand, `"issuer": "https://op.example.org", `, "", 1), at("issuer")},
		{"no addresses", client + `, "issuer": "https://op.example.org"`, at("authorizationEndpoint", "tokenEndpoint", "jwksURI")},
		{"both", found + `, "tokenEndpoint": "https://op.example.org/t", "jwksURI": "https://op.example.org/j"`, at("tokenEndpoint", "jwksURI")},
		{"an address without .well-known", client + `, "wellKnown": "https://op.example.org/openid-configuration"`, at("wellKnown")},
		{"http", strings.Replace(found, "https://op", "http://op", 1), at("wellKnown")},
		{"http by hand", strings.Replace(hand, "https://op.example.org/t", "http://op.example.org/t", 1), at("tokenEndpoint")},
		{"allowed http", strings.Replace(found, "https://op", "http://op", 1) + `, "allowHTTP": true`, nil},
		{"unknown preset", found + `, "preset": "moodle"`, at("preset")},
		{"a SAML preset", found + `, "preset": "shibboleth"`, at("preset")},
		{"scope without openid", found + `, "scope": "profile email"`, at("scope")},
		{"response type", found + `, "responseType": "token"`, at("responseType")},
		{"response mode", found + `, "responseMode": "web_message"`, at("responseMode")},
		{"tokens in the query", found + `, "responseType": "id_token", "responseMode": "query"`, at("responseMode")},
		{"hybrid tokens in the query", found + `, "responseType": "code id_token", "responseMode": "query"`, at("responseMode")},
		{"allowed tokens in the query", found + `, "responseType": "id_token", "responseMode": "query", "allowTokensInQuery": true`, nil},
		{"userinfo without an access token", found + `, "responseType": "id_token", "useUserinfo": true`, at("useUserinfo")},
		{"userinfo turned off", found + `, "responseType": "id_token", "useUserinfo": false`, nil},
		{"userinfo that the provider lacks", hand + `, "useUserinfo": true`, at("userinfoEndpoint")},
		{"algorithm none", found + `, "signingAlgorithm": "none"`, at("signingAlgorithm")},
		{"HS256 with a short secret", strings.Replace(found, "0123456789abcdef0123", "", 1) + `, "signingAlgorithm": "HS256"`, at("clientSecret")},
		{"token authentication", found + `, "tokenAuth": "none"`, at("tokenAuth")},
		{"private_key_jwt without key", found + `, "tokenAuth": "private_key_jwt"`, at("clientKeyFile")},
		{"private_key_jwt", found + `, "tokenAuth": "private_key_jwt", "clientKeyID": "k", "clientKeyFile": "` + clientKeyFile(t) + `"`, nil},
		{"missing key file", found + `, "tokenAuth": "private_key_jwt", "clientKeyFile": "no-such-file"`, at("clientKeyFile")},
		{"junk key file", found + `, "tokenAuth": "private_key_jwt", "clientKeyFile": "` + junk + `"`, at("clientKeyFile")},
		{"template without tenants", hand2(hand, "https://op.example.org/{tenantid}/v2.0"), at("allowedTenantIDs")},
		{"template", hand2(hand, "https://op.example.org/{tenantid}/v2.0") + `, "allowedTenantIDs": ["` + tid + `"]`, nil},
		{"tenants of what has none", hand + `, "allowedTenantIDs": ["` + tid + `"]`, at("allowedTenantIDs")},
		{"tenants that are none", found + `, "allowedTenantIDs": ["*"]`, at("allowedTenantIDs")},
		{"empty trusted audience", found + `, "trustedAudiences": [""]`, at("trustedAudiences")},
		{"parameters of ours", found + `, "authorizationParameters": {"state": "s", "response_mode": "query", "max_age": "soon"}`,
			at("authorizationParameters.max_age", "authorizationParameters.response_mode", "authorizationParameters.state")},
		{"parameters that look like ours", found + `, "authorizationParameters": {"Redirect-URI": "https://evil.example"}`, at("authorizationParameters")},
		{"prompt", found + `, "authorizationParameters": {"prompt": "none login"}`, at("authorizationParameters.prompt")},
		{"authentication age", found + `, "maxAuthnAge": "-1s"`, at("maxAuthnAge")},
		{"authentication age below a second", found + `, "maxAuthnAge": "1ms"`, at("maxAuthnAge")},
		{"leeway", found + `, "leeway": "6m"`, at("leeway")},
		{"a mapping that says nothing about a person", found + `, "mapping": {"role": ["nonce"]}`, at("mapping")},
		{"another protocol's settings", found + `, "signRequests": true`, at("protocol")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			faults := decode(t, oidcDoc(tc.settings)).Check()
			require.Equal(t, tc.want, paths(faults), "%v", faults)
			for _, f := range faults {
				require.NotContains(t, f.String(), "planted-secret")
				require.NotContains(t, f.Text, "oidc.Config")
				require.NotEmpty(t, f.Text)
			}
		})
	}
}

// hand2 is a provider by hand with another issuer.
func hand2(hand, issuer string) string {
	return strings.Replace(hand, `"issuer": "https://op.example.org"`, `"issuer": "`+issuer+`"`, 1)
}

func TestFaultsOfClientSecretsNeverRepeatThem(t *testing.T) {
	for _, secret := range []string{`["planted-secret"]`, `{"planted-secret": 1}`, `7`} {
		var cfg tenant.Config
		err := tenant.Decode([]byte(oidcDoc(`, "clientSecret": `+secret)), &cfg)
		require.ErrorContains(t, err, "connections[0].clientSecret")
		require.NotContains(t, err.Error(), "planted-secret")
	}
}

func TestAuthorizationParametersAreReadStrictly(t *testing.T) {
	var cfg tenant.Config
	err := tenant.Decode([]byte(oidcDoc(`, "authorizationParameters": {"a": "1", "a": "2", "b": 3}`)), &cfg)
	var faults tenant.Faults
	require.ErrorAs(t, err, &faults)
	require.Equal(t, []string{"connections[0].authorizationParameters.a", "connections[0].authorizationParameters.b"}, paths(faults))
	require.Error(t, tenant.Decode([]byte(oidcDoc(`, "authorizationParameters": ["a"]`)), &cfg))
}

func TestSharedSettingsAreNotAJWTConnections(t *testing.T) {
	cfg := decode(t, `{"baseURL": "https://x.example", "connections": [{"id": "c", "protocol": "jwt", "dialect": "thoughtindustries", "keys": ["`+mainKey+`"],
		"leeway": "1s", "maxAuthnAge": "1h", "allowHTTP": true, "allowPrivateAddresses": true}]}`)
	require.Equal(t, []string{
		"connections[0].leeway", "connections[0].maxAuthnAge", "connections[0].allowHTTP", "connections[0].allowPrivateAddresses",
	}, paths(cfg.Check()))
}

func TestTheMainSiteMayHaveOneOfEachProtocol(t *testing.T) {
	site := func(connections ...string) tenant.Faults {
		return decode(t, `{"baseURL": "https://learn.example.com", "tenants": [{"slug": "acme", "id": "id-acme"}], "connections": [`+strings.Join(connections, ",")+`]}`).Check()
	}
	jwt := `{"id": "j", "realm": "j", "protocol": "jwt", "dialect": "thoughtindustries", "keys": ["` + mainKey + `"]%}`
	saml := `{"id": "s", "realm": "s", "protocol": "saml", "idpEntityID": "e", "idpSSOURL": "https://idp.example.org/sso", "idpCertificates": ["` + certificate(t) + `"]%}`
	one, two := oidcConn(`, "id": "o", "realm": "o"%`), oidcConn(`, "id": "p", "realm": "p"%`)
	main := func(c string) string { return strings.Replace(c, "%", "", 1) }
	acme := func(c string) string { return strings.Replace(c, "%", `, "tenant": "acme"`, 1) }
	require.Empty(t, site(main(jwt), main(saml), main(one)))
	require.Empty(t, site(main(one), acme(two)))
	require.Equal(t, []string{"connections[1]", "connections[1]", "connections[1]", "connections[1]"}, paths(site(main(one), main(two))), "one a path")
	require.Equal(t, []string{"connections[0].tenant", "connections[1].tenant"}, paths(site(acme(one), acme(saml))), "a tenant has exactly one")
	require.Equal(t, []string{"connections[0].tenant", "connections[1].tenant"}, paths(site(acme(jwt), acme(one))))
}

func TestOpenIDConnectLint(t *testing.T) {
	const found = `, "clientID": "c", "wellKnown": "http://op.example.org/.well-known/openid-configuration"`
	cfg := decode(t, oidcDoc(found+`, "clientSecret": "planted-short", "responseType": "id_token", "responseMode": "query",
		"allowTokensInQuery": true, "allowHTTP": true, "allowPrivateAddresses": true`))
	require.Empty(t, cfg.Check())
	lint := cfg.Lint()
	require.Equal(t, []string{
		"connections[0].allowHTTP", "connections[0].allowPrivateAddresses", "connections[0].allowTokensInQuery", "connections[0].scope", "connections[0].clientSecret",
	}, paths(lint))
	require.NotContains(t, tenant.Faults(lint).Error(), "planted")
	cfg = decode(t, oidcDoc(strings.Replace(found, "http:", "https:", 1)+`, "clientSecret": "0123456789abcdef", "preset": "google"`))
	require.Empty(t, cfg.Check())
	require.Empty(t, cfg.Lint(), "a preset asks for the address")
}
