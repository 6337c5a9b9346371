package page_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http/httptest"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/internal/page"
)

func writePost(p page.Post) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	page.WritePost(w, p)
	return w
}

func TestPostEscapesWhatItIsGiven(t *testing.T) {
	w := writePost(page.Post{
		Action: `https://lms.example/a?b=c&d="x`,
		Fields: []page.Field{{Name: `n"><script>`, Value: `v"><script>alert(1)</script>`}, {Name: "submit", Value: "x"}},
	})
	body := w.Body.String()
	require.Equal(t, 1, len(regexp.MustCompile(`<script`).FindAllString(body, -1)), "only the page's own script")
	require.Contains(t, body, `action="https://lms.example/a?b=c&amp;d=%22x"`)
	require.Contains(t, body, `<h1>Signing you in</h1>`)
	require.Contains(t, body, `<button>Continue</button>`, "for browsers without scripts")
}

// The policy allows exactly the page's own script and style, by their hashes.
func TestPostAllowsItsOwnScriptAlone(t *testing.T) {
	w := writePost(page.Post{Action: "https://lms.example/access/jwt"})
	csp := w.Header().Get("Content-Security-Policy")
	for _, tag := range []string{"script", "style"} {
		inline := regexp.MustCompile(`<` + tag + `>([^<]*)</` + tag + `>`).FindStringSubmatch(w.Body.String())
		require.Len(t, inline, 2)
		sum := sha256.Sum256([]byte(inline[1]))
		require.Contains(t, csp, tag+"-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'")
	}
	require.NotContains(t, csp, "unsafe")
	require.Contains(t, csp, "default-src 'none'")
	require.Contains(t, csp, "frame-ancestors 'none'")
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	require.Equal(t, "no-referrer", w.Header().Get("Referrer-Policy"))
	require.Equal(t, "text/html; charset=utf-8", w.Header().Get("Content-Type"))
}

// Browsers hold the redirects that follow a post to form-action, and a platform may answer with one to another host.
func TestPostLetsThePlatformRedirect(t *testing.T) {
	require.Contains(t, writePost(page.Post{Action: "https://lms.example"}).Header().Get("Content-Security-Policy"), "; form-action https:")
	require.Contains(t, writePost(page.Post{Action: "http://127.0.0.1:8080"}).Header().Get("Content-Security-Policy"), "; form-action http: https:")
}

func TestPostRefusesAScriptForAnAction(t *testing.T) {
	require.NotContains(t, writePost(page.Post{Action: "javascript:alert(1)"}).Body.String(), "javascript:")
}
