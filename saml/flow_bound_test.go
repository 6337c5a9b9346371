package saml_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/saml"
	"github.com/lmssso/lmssso/saml/samltest"
)

// TestALoginServesOnlyTheConnectionAndProviderItBeganWith: an application that keeps pending logins by itself may mix them up.
func TestALoginServesOnlyTheConnectionAndProviderItBeganWith(t *testing.T) {
	s := newSite(t, nil)
	start, err := s.provider.Begin(t.Context(), nil)
	require.NoError(t, err)
	fields := s.idp.Respond(s.idp.Request(start.Redirect.String()), samltest.User{NameID: "u-1"})
	for name, change := range map[string]func(*saml.Pending){
		"another connection": func(p *saml.Pending) { p.Connection = "other" },
		"no connection":      func(p *saml.Pending) { p.Connection = "" },
		"another provider":   func(p *saml.Pending) { p.IdP = "https://other.example.com" },
	} {
		pend := start.Pending
		change(&pend)
		a, err := s.provider.Finish(t.Context(), saml.Input{Method: http.MethodPost, Form: fields}, &pend)
		require.ErrorIs(t, err, lmssso.ErrStateLost, name)
		require.Nil(t, a)
	}
	_, err = s.provider.Finish(t.Context(), saml.Input{Method: http.MethodPost, Form: fields}, &start.Pending)
	require.NoError(t, err)
}
