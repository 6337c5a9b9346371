package jwtsso_test

import (
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/jwtsso"
)

func issuerConfig(d jwtsso.Dialect) jwtsso.IssuerConfig {
	return jwtsso.IssuerConfig{Dialect: d, Endpoint: "https://learn.example.com", Keys: []lmssso.Secret{newKey}, Now: clock}
}

func issuer(t testing.TB, cfg jwtsso.IssuerConfig) *jwtsso.Issuer {
	t.Helper()
	i, err := jwtsso.NewIssuer(cfg)
	require.NoError(t, err)
	return i
}

func bob() jwtsso.Learner {
	return jwtsso.Learner{ExternalID: "12345", Email: "bob@example.com", FirstName: "Bob", LastName: "Jones"}
}

func TestEveryBuiltInDialectAcceptsWhatItsIssuerMints(t *testing.T) {
	for _, d := range jwtsso.Dialects() {
		t.Run(d.Name, func(t *testing.T) {
			cfg := config(&spender{})
			cfg.Dialect = d
			v, i := verifier(t, cfg), issuer(t, issuerConfig(d))
			raw, err := i.Mint(bob())
			require.NoError(t, err)
			a, err := v.Verify(t.Context(), string(raw))
			require.NoError(t, err)
			require.Equal(t, "12345", a.Link.ExternalID)
			require.Equal(t, "Bob", a.Profile.FirstName.String())
			require.Equal(t, "Jones", a.Profile.LastName.String())
			require.Equal(t, "bob@example.com", a.Profile.Email.String())

			link, err := i.RedirectURL(bob(), jwtsso.RedirectOptions{ReturnTo: "https://www.example.org/a?b=c&d=%C3%A4#f"})
			require.NoError(t, err)
			u, err := url.Parse(link)
			require.NoError(t, err)
			require.Equal(t, d.Endpoint.Path, u.Path)
			a, err = v.Authenticate(httptest.NewRecorder(), httptest.NewRequest("GET", link, nil))
			require.NoError(t, err)
			require.Equal(t, "https://www.example.org/a?b=c&d=%C3%A4#f", a.ReturnTo)
		})
	}
}
