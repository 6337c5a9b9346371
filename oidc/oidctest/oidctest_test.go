package oidctest_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/oidc/oidctest"
)

// signIn plays a login and returns what the application got.
func signIn(t *testing.T, a *app) map[string]any {
	t.Helper()
	resp := a.op.SignIn(a.op.Client(), a.URL+"/login")
	require.Equal(t, http.StatusOK, resp.StatusCode)
	var out map[string]any
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&out))
	return out
}

func TestGoodAnswers(t *testing.T) {
	for _, c := range []struct{ alg, responseType, mode, method string }{
		{"RS256", "code", "", "GET"},
		{"RS256", "code", "query", "GET"},
		{"RS256", "code", "form_post", "POST"},
		{"RS256", "code", "fragment", "POST"},
		{"RS384", "id_token", "", "POST"},
		{"RS512", "id_token", "form_post", "POST"},
		{"PS256", "code id_token", "", "POST"},
		{"PS384", "id_token code", "form_post", "POST"},
		{"PS512", "code id_token token", "", "POST"},
		{"ES256", "code", "", "GET"},
		{"ES384", "code id_token", "", "POST"},
		{"ES512", "id_token token", "", "POST"},
		{"EdDSA", "code id_token", "", "POST"},
		{"HS256", "code id_token", "", "POST"},
	} {
		t.Run(c.alg+" "+c.responseType+" "+c.mode, func(t *testing.T) {
			op := oidctest.NewProvider(t, oidctest.Options{Algorithms: []string{c.alg}})
			a := newApp(t, op)
			a.alg, a.responseType, a.mode = c.alg, c.responseType, c.mode
			out := signIn(t, a)
			require.Equal(t, c.method, out["method"])
			for _, part := range []string{"front", "claims"} {
				claims, ok := out[part].(map[string]any)
				if !ok {
					continue
				}
				require.Equal(t, "user-1", claims["sub"], "%v", claims)
				require.Equal(t, op.Issuer, claims["iss"])
				require.Equal(t, "user@example.com", claims["email"])
			}
			if c.responseType != "id_token" && c.responseType != "id_token token" {
				require.EqualValues(t, 200, out["userinfoStatus"])
				require.Contains(t, out, "claims")
			} else {
				require.Contains(t, out, "front")
			}
		})
	}
}
