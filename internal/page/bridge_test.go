package page_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/internal/page"
)

func writeBridge(b page.Bridge) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	page.WriteBridge(w, b)
	return w
}

// The page runs its own script, by its hash, and nothing else; nobody may frame it, store it, or learn its address.
func TestBridgeAllowsItsOwnScriptAlone(t *testing.T) {
	w := writeBridge(page.Bridge{Action: "https://lms.example/callback", Mark: "mark"})
	csp := w.Header().Get("Content-Security-Policy")
	for _, tag := range []string{"script", "style"} {
		inline := regexp.MustCompile(`<`+tag+`>([^<]*)</`+tag+`>`).FindAllStringSubmatch(w.Body.String(), -1)
		require.Len(t, inline, 1)
		sum := sha256.Sum256([]byte(inline[0][1]))
		require.Contains(t, csp, tag+"-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'")
	}
	require.NotContains(t, csp, "unsafe")
	require.Contains(t, csp, "default-src 'none'")
	require.Contains(t, csp, "frame-ancestors 'none'")
	require.Equal(t, "DENY", w.Header().Get("X-Frame-Options"))
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	require.Equal(t, "no-referrer", w.Header().Get("Referrer-Policy"))
	require.Equal(t, "text/html; charset=utf-8", w.Header().Get("Content-Type"))
}

func TestBridgePostsToItsActionWithItsMark(t *testing.T) {
	body := writeBridge(page.Bridge{Action: `https://lms.example/callback?a=b&c="x`, Mark: `m"><script>`}).Body.String()
	require.Contains(t, body, `<form method="post" action="https://lms.example/callback?a=b&amp;c=%22x">`)
	require.Equal(t, 1, strings.Count(body, "<script"), "only the page's own script")
	require.Contains(t, body, `<html lang="en">`)
	require.Contains(t, body, "<noscript>")
	require.NotContains(t, writeBridge(page.Bridge{Action: "javascript:alert(1)"}).Body.String(), "javascript:")
}

// A parameter of the provider's choosing must not stand in for the form's own methods, and the history is cleaned before
// anything else can happen.
func TestBridgeScriptTrustsNoFieldName(t *testing.T) {
	body := writeBridge(page.Bridge{Action: "https://lms.example/callback", Mark: "mark"}).Body.String()
	require.Contains(t, body, "HTMLFormElement.prototype.submit.call(form)")
	require.Contains(t, body, "Node.prototype.appendChild.call(form,fields)")
	require.Contains(t, body, "history.replaceState(null,\"\",location.pathname+location.search)")
	require.Less(t, strings.Index(body, "history.replaceState"), strings.Index(body, "URLSearchParams"))
	require.NotContains(t, body, "innerHTML")
}
