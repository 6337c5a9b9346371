package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// far is a browser at the far end of a tunnel: what it asks the base URL for arrives at the address listened on.
type far struct{ base, real string }

func (f far) RoundTrip(r *http.Request) (*http.Response, error) {
	if to, ok := strings.CutPrefix(r.URL.String(), f.base); ok {
		u, err := url.Parse(f.real + to)
		if err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.URL, r.Host = u, strings.TrimPrefix(f.base, "http://")
	}
	return http.DefaultTransport.RoundTrip(r)
}

// TestOpenIDProviderIsAskedWhereTheAcademyListens signs in where the base URL is the address listened on, and where it is one
// that only the browser reaches.
func TestOpenIDProviderIsAskedWhereTheAcademyListens(t *testing.T) {
	for name, base := range map[string]string{"the same": "", "another": "http://localhost:9"} {
		t.Run(name, func(t *testing.T) {
			args := []string{"-addr", ":0"}
			if base != "" {
				args = append(args, "-base-url", base)
			}
			real, _, _, _ := running(t, args...)
			jar, err := cookiejar.New(nil)
			require.NoError(t, err)
			client := &http.Client{Jar: jar}
			if base == "" {
				base = real
			} else {
				client.Transport = far{base, real}
			}
			signIn := func(path, connection string) string {
				page := read(t, func() (*http.Response, error) { return client.Get(base + path) })
				request := regexp.MustCompile(`name="request" value="([^"]+)"`).FindStringSubmatch(page)
				require.NotNil(t, request, page)
				return read(t, func() (*http.Response, error) {
					return client.PostForm(base+"/demo/openid", url.Values{"connection": {connection}, "request": {request[1]}, "user": {"newcomer"}})
				})
			}
			require.Contains(t, signIn("/access/openId/login", "main-oidc"), "Welcome, Nora")
			require.Contains(t, signIn("/access/openId/login/hooli", "hooli-oidc"), base+"/access/openId/callback/hooli", "a form that posts itself")
		})
	}
}

func read(t *testing.T, ask func() (*http.Response, error)) string {
	t.Helper()
	resp, err := ask()
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(body)
}
