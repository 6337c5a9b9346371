package saml_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/saml"
	"github.com/lmssso/lmssso/saml/samltest"
)

// FuzzLogout hands in whatever a stranger could send. A request that ends a session must be one of the provider's own, to
// the byte of what its signature covers.
func FuzzLogout(f *testing.F) {
	f.Add("", "", "")
	f.Add("SAMLRequest=x&SigAlg=y&Signature=z", "PHg+", "")
	f.Add("SAMLRequest=%zz&SAMLRequest=", "", "PHg+")
	s, _, key := signedIn(f, nil)
	session, _ := s.idp.Session(s.URL + "/access/saml/metadata")
	// Made beforehand: inside the target the provider may not fail the test.
	_, good, _ := strings.Cut(s.idp.LogoutRequest(session, samltest.Redirect).Redirect, "?")
	f.Fuzz(func(t *testing.T, query, posted, answered string) {
		for _, in := range []saml.Input{
			{Method: http.MethodGet, RawQuery: query, Form: values(query)},
			{Method: http.MethodGet, RawQuery: mix(good, query), Form: values(mix(good, query))},
			{Method: http.MethodPost, Form: url.Values{"SAMLRequest": {posted}, "SAMLResponse": {answered}}},
		} {
			s.sessions[key] = 1
			_, ended, err := s.provider.AnswerLogout(t.Context(), in)
			if err == nil {
				require.True(t, covers(good, in.RawQuery), "%q", in.RawQuery)
				continue
			}
			require.Zero(t, ended)
			require.Len(t, s.sessions, 1)
			end := s.provider.FinishLogout(t.Context(), in)
			require.Error(t, end.Err)
		}
	})
}

// mix puts a stranger's text behind the genuine query.
func mix(good, text string) string {
	if text == "" {
		return good + "x"
	}
	return good + "&" + text
}

func values(query string) url.Values {
	v, _ := url.ParseQuery(query) // what can be read of it
	return v
}

// covers reports whether a query still holds everything the genuine one had, in any company.
func covers(good, query string) bool {
	for _, pair := range strings.Split(good, "&") {
		if !strings.Contains("&"+query+"&", "&"+pair+"&") {
			return false
		}
	}
	return true
}
