package oidctest_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/zitadel/oidc/v3/pkg/client/rp"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/lmssso/lmssso/oidc/oidctest"
)

// TestForeignLibrarySignsIn has a library written by others discover the provider, redeem a code, verify the token and read
// userinfo.
func TestForeignLibrarySignsIn(t *testing.T) {
	for _, alg := range []string{"RS256", "ES256"} {
		t.Run(alg, func(t *testing.T) {
			op := oidctest.NewProvider(t, oidctest.Options{Algorithms: []string{alg}})
			op.Register(oidctest.Client{ID: "foreign", Secret: "secret", RedirectURIs: []string{"http://127.0.0.1/cb"}})
			client := op.Client()
			client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			party, err := rp.NewRelyingPartyOIDC(t.Context(), op.Issuer, "foreign", "secret", "http://127.0.0.1/cb", []string{"openid", "email"}, rp.WithHTTPClient(client))
			require.NoError(t, err)

			resp := op.SignIn(client, rp.AuthURL("the-state", party))
			answer, err := resp.Location()
			require.NoError(t, err)
			require.Equal(t, "the-state", answer.Query().Get("state"))
			require.Equal(t, op.Issuer, answer.Query().Get("iss"))

			tokens, err := rp.CodeExchange[*oidc.IDTokenClaims](t.Context(), answer.Query().Get("code"), party)
			require.NoError(t, err)
			require.Equal(t, "user-1", tokens.IDTokenClaims.Subject)
			info, err := rp.Userinfo[*oidc.UserInfo](t.Context(), tokens.AccessToken, tokens.TokenType, tokens.IDTokenClaims.Subject, party)
			require.NoError(t, err)
			require.Equal(t, "user@example.com", info.Email)
		})
	}
}
