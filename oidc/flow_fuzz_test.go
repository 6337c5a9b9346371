package oidc_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/oidc"
)

// FuzzCallback hands in whatever a stranger could send. Nobody signs in, nothing panics, and no error tells what was sent as a
// code or token: the browser has the cookie and the state is a pending login's, so everything is read.
func FuzzCallback(f *testing.F) {
	for _, seed := range []string{
		"", "code=x", "code=x&code=y", "id_token=e30.e30.e30&code=x", "error=access_denied&error_description=AADSTS65004:+x", "iss=https://evil.example&code=x",
		"id_token=eyJhbGciOiJub25lIn0.e30.&lmssso_fragment=1", "code=%zz", "a=b;c=d", "lmssso_again=1&code=x", "state=x&state=y", "%00=%00",
	} {
		f.Add(seed, "code")
		f.Add(seed, "id_token")
		f.Add(seed, "code id_token")
	}
	sites := map[string]*flowSite{}
	for _, kind := range []oidc.ResponseType{oidc.Code, oidc.IDToken, oidc.CodeIDToken} {
		sites[string(kind)] = newFlowSite(f, func(c *oidc.Config) {
			c.Request.ResponseType, c.Allow.TokensInQuery = kind, true
		})
	}
	f.Fuzz(func(t *testing.T, sent, kind string) {
		s := sites[kind]
		if s == nil {
			s = sites["code"]
		}
		start, err := s.provider.Begin(t.Context(), nil)
		require.NoError(t, err)
		withState := "state=" + start.Pending.Handle + "&" + sent
		form, _ := url.ParseQuery(withState)
		for _, in := range []oidc.Input{
			{Method: http.MethodGet, RawQuery: sent},
			{Method: http.MethodGet, RawQuery: withState},
			{Method: http.MethodPost, Form: form},
			{Method: http.MethodPost, RawQuery: sent, Form: form},
			{Method: kind, RawQuery: withState},
		} {
			a, err := s.provider.Finish(t.Context(), in, &start.Pending)
			require.Nil(t, a)
			require.Error(t, err)
			if code := form.Get("code"); len(code) > 20 {
				require.NotContains(t, err.Error(), code)
			}
		}
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/callback", strings.NewReader(withState))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		a, err := s.provider.Authenticate(w, r)
		require.Nil(t, a)
		require.Error(t, err)
		if err == lmssso.ErrAnswered {
			require.Contains(t, w.Body.String(), `name="lmssso_again"`)
			require.Equal(t, 1, strings.Count(w.Body.String(), "<script"))
		}
	})
}
