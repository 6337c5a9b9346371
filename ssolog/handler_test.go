package ssolog_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/ssolog"
)

func get(h http.Handler, target string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, target, nil))
	return w
}

func filled(t *testing.T, cfg ssolog.Config) *ssolog.Log {
	t.Helper()
	l := newLog(t, cfg)
	record(t, l, jwtAttempt("T-good", "ext-bob", "bob@example.com"))
	record(t, l, refusedAttempt("T-bad"))
	return l
}

func TestJSONAnswersTheQuery(t *testing.T) {
	l := filled(t, ssolog.Config{})
	for target, want := range map[string][]string{
		"/":                                  {"T-bad", "T-good"},
		"/?valid=true":                       {"T-good"},
		"/?valid=false":                      {"T-bad"},
		"/?trace=T-bad":                      {"T-bad"},
		"/?limit=1":                          {"T-bad"},
		"/?user=BOB%40example.com":           {"T-good"},
		"/?connection=main-jwt&valid=&user=": {"T-bad", "T-good"},
		"/?connection=other":                 {},
	} {
		w := get(l.JSONHandler(), target)
		require.Equal(t, http.StatusOK, w.Code, target)
		require.Equal(t, "application/json; charset=utf-8", w.Header().Get("Content-Type"))
		var view ssolog.View
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &view))
		require.Equal(t, want, traces(view.Entries), target)
		require.True(t, view.Enabled)
		require.Equal(t, 2, view.Held)
	}
}

func TestAnEmptyLogIsAnEmptyListNotNull(t *testing.T) {
	l, err := ssolog.New(ssolog.Config{})
	require.NoError(t, err)
	require.JSONEq(t, `{"enabled":false,"values":"redacted","held":0,"entries":[]}`, get(l.JSONHandler(), "/").Body.String())
}

var badQueries = map[string]string{
	"limit of zero":       "limit=0",
	"negative limit":      "limit=-1",
	"limit beyond both":   "limit=1201",
	"limit with a sign":   "limit=%2B5",
	"limit in words":      "limit=ten",
	"limit too long":      "limit=99999999999999999999",
	"unknown verdict":     "valid=yes",
	"unknown parameter":   "admin=true",
	"parameter twice":     "user=a&user=b",
	"control character":   "user=a%00b",
	"invalid UTF-8":       "user=%ff",
	"over-long filter":    "user=" + strings.Repeat("a", 321),
	"badly escaped query": "user=%zz",
	"semicolon":           "user=a;valid=true",
}

func TestAQueryThatCannotBeUnderstoodIsATypedRefusal(t *testing.T) {
	l := filled(t, ssolog.Config{})
	for name, q := range badQueries {
		t.Run(name, func(t *testing.T) {
			w := get(l.JSONHandler(), "/?"+q)
			require.Equal(t, http.StatusBadRequest, w.Code)
			var answer map[string]string
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
			require.Equal(t, "malformed", answer["code"])
			require.NotEmpty(t, answer["message"])
			require.NotEmpty(t, answer["detail"])
			require.NotContains(t, w.Body.String(), "T-good")

			page := get(l.HTMLHandler(), "/?"+q)
			require.Equal(t, http.StatusBadRequest, page.Code)
			require.Contains(t, page.Body.String(), `role="alert"`)
			require.NotContains(t, page.Body.String(), "T-good")
			require.NotContains(t, page.Body.String(), "No log entries yet")

			if values, err := url.ParseQuery(q); err == nil {
				_, err = ssolog.ParseQuery(values)
				require.ErrorIs(t, err, ssolog.ErrQuery)
			}
		})
	}
}

func TestQueriesFromCodeAreHeldToTheSameBounds(t *testing.T) {
	l := filled(t, ssolog.Config{})
	for _, q := range []ssolog.Query{{Limit: -1}, {Limit: 1201}, {Verdict: 3}, {User: "a\x00"}, {TraceID: strings.Repeat("a", 321)}} {
		_, err := l.Query(context.Background(), q)
		require.ErrorIs(t, err, ssolog.ErrQuery)
		require.Equal(t, lmssso.Code("malformed"), lmssso.CodeOf(err))
	}
}

func TestOnlyGETIsServed(t *testing.T) {
	l := filled(t, ssolog.Config{})
	for _, h := range []http.Handler{l.JSONHandler(), l.HTMLHandler()} {
		for _, method := range []string{http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions} {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(method, "/", nil))
			require.Equal(t, http.StatusMethodNotAllowed, w.Code, method)
			require.Equal(t, "GET", w.Header().Get("Allow"))
			require.NotContains(t, w.Body.String(), "T-good")
		}
	}
}

func TestEveryAnswerCarriesTheStrictHeaders(t *testing.T) {
	l := filled(t, ssolog.Config{Page: ssolog.Page{Stylesheet: "https://cdn.example.com/a.css"}})
	for _, h := range []http.Handler{l.JSONHandler(), l.HTMLHandler()} {
		for _, target := range []string{"/", "/?limit=x"} {
			got := get(h, target).Header()
			require.Equal(t, "no-store", got.Get("Cache-Control"))
			require.Equal(t, "nosniff", got.Get("X-Content-Type-Options"))
			require.Equal(t, "no-referrer", got.Get("Referrer-Policy"))
			csp := got.Get("Content-Security-Policy")
			require.Contains(t, csp, "default-src 'none'")
			require.Contains(t, csp, "frame-ancestors 'none'")
			require.Contains(t, csp, "script-src 'none'")
			require.NotContains(t, csp, "unsafe")
		}
	}
	require.Contains(t, get(l.HTMLHandler(), "/").Header().Get("Content-Security-Policy"), " https://cdn.example.com;")
}

func TestThePolicyAllowsThePagesOwnStyleAndItsForms(t *testing.T) {
	w := get(filled(t, ssolog.Config{Page: ssolog.Page{Stylesheet: "/own.css"}}).HTMLHandler(), "/")
	_, rest, ok := strings.Cut(w.Body.String(), "<style>")
	require.True(t, ok)
	style, _, ok := strings.Cut(rest, "</style>")
	require.True(t, ok)
	sum := sha256.Sum256([]byte(style))
	csp := w.Header().Get("Content-Security-Policy")
	require.Contains(t, csp, "style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"' 'self'")
	require.Contains(t, csp, "form-action 'self'")
	require.Contains(t, w.Body.String(), `<link rel="stylesheet" href="/own.css">`)
	require.NotContains(t, w.Body.String(), " style=", "an inline style would be refused by the policy")
	require.NotContains(t, w.Body.String(), "<script")
}

func TestThePageShowsEntriesWithTheirJSON(t *testing.T) {
	l := filled(t, ssolog.Config{})
	w := get(l.HTMLHandler(), "/")
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, "text/html; charset=utf-8", w.Header().Get("Content-Type"))
	body := w.Body.String()
	require.Equal(t, 1, strings.Count(body, "<h1"))
	require.Equal(t, 2, strings.Count(body, "<details>"))
	require.Equal(t, 6, strings.Count(body, `<th scope="col">`))
	require.Contains(t, body, "<caption>")
	require.Less(t, strings.Index(body, "T-bad"), strings.Index(body, "T-good"), "newest first")
	for _, id := range []string{"f-connection", "f-user", "f-trace", "f-valid", "f-limit"} {
		require.Contains(t, body, `<label for="`+id+`">`)
		require.Contains(t, body, `id="`+id+`"`)
	}
	for _, text := range []string{"iat is too old", "at most 500s", "501s", lmssso.ErrExpired.Remedy(), lmssso.ErrExpired.Public()} {
		require.Contains(t, html.UnescapeString(body), text)
	}
	for _, e := range all(t, l) {
		text, err := json.MarshalIndent(e, "", "  ")
		require.NoError(t, err)
		require.Contains(t, html.UnescapeString(body), string(text))
	}
}

func TestThePageSaysWhenThereIsNothing(t *testing.T) {
	l := newLog(t, ssolog.Config{})
	require.Contains(t, get(l.HTMLHandler(), "/").Body.String(), ">No log entries yet<")
	record(t, l, refusedAttempt("T-1"))
	body := get(l.HTMLHandler(), "/?valid=true").Body.String()
	require.NotContains(t, body, "No log entries yet")
	require.Contains(t, body, "No entry matches these filters")
}

func TestThePageShowsTheLatest100UnlessAsked(t *testing.T) {
	l := newLog(t, ssolog.Config{})
	for i := range 120 {
		record(t, l, refusedAttempt(fmt.Sprint("T-", i)))
	}
	require.Equal(t, 100, strings.Count(get(l.HTMLHandler(), "/").Body.String(), "<details>"))
	require.Equal(t, 110, strings.Count(get(l.HTMLHandler(), "/?limit=110").Body.String(), "<details>"))
}

func TestTheSwitchIsShownAndOfferedWhereTheApplicationHasOne(t *testing.T) {
	l := filled(t, ssolog.Config{})
	body := get(l.HTMLHandler(), "/").Body.String()
	require.Contains(t, body, "Recording is <strong>on</strong>")
	require.NotContains(t, body, `method="post"`)

	l = filled(t, ssolog.Config{Page: ssolog.Page{
		ToggleURL: "/admin/sso-log/switch",
		Hidden:    func(r *http.Request) (string, string) { return "csrf", r.Header.Get("X-Test") + `"><i>` },
	}})
	body = get(l.HTMLHandler(), "/").Body.String()
	require.Contains(t, body, `<form method="post" action="/admin/sso-log/switch">`)
	require.Contains(t, body, `name="csrf" value="&#34;&gt;&lt;i&gt;"`)
	require.Contains(t, body, `name="enabled" value="false"`)
	l.SetEnabled(false)
	body = get(l.HTMLHandler(), "/").Body.String()
	require.Contains(t, body, "Recording is <strong>off</strong>")
	require.Contains(t, body, `name="enabled" value="true"`)
}

func TestMarkupFromAProviderIsText(t *testing.T) {
	const attack = `"><script>alert(1)</script><img src=x onerror=alert(1)>`
	l := newLog(t, ssolog.Config{Values: ssolog.KeepValues})
	record(t, l, fullOf(attack, lmssso.SAML))
	refused := fullOf(attack, lmssso.OIDC)
	refused.Err = &lmssso.Error{Reason: lmssso.ErrSignature, Detail: attack, Expected: attack, Received: attack}
	record(t, l, refused)
	body := get(l.HTMLHandler(), "/?user="+url.QueryEscape(attack)+"&trace="+url.QueryEscape(attack)).Body.String()
	body += get(l.HTMLHandler(), "/").Body.String()
	require.Contains(t, body, "alert(1)")
	require.NotContains(t, body, "<script>")
	require.NotContains(t, body, "<img")
	require.NotContains(t, get(l.JSONHandler(), "/").Body.String(), "<script>")
}

func FuzzParseQuery(f *testing.F) {
	for _, q := range badQueries {
		f.Add(q)
	}
	f.Add("limit=5&connection=a&user=b&trace=c&valid=true")
	f.Add("limit=&connection=&user=&trace=&valid=")
	l := newLog(f, ssolog.Config{})
	f.Fuzz(func(t *testing.T, raw string) {
		values, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		q, err := ssolog.ParseQuery(values)
		if err != nil {
			require.ErrorIs(t, err, ssolog.ErrQuery)
			require.Equal(t, ssolog.Query{}, q)
			return
		}
		again, err := ssolog.ParseQuery(q.Values())
		require.NoError(t, err)
		require.Equal(t, q, again)
		_, err = l.Query(context.Background(), q)
		require.NoError(t, err, "what was parsed must be answered")
	})
}
