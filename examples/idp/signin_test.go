package main

import (
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/jwtsso"
)

func TestAGoodPasswordMakesATokenTheLearningSiteAccepts(t *testing.T) {
	const asked = testLMS + "/learn/course/intro?page=2&x=a+b"
	for _, d := range jwtsso.Dialects() {
		t.Run(d.Name, func(t *testing.T) {
			b := start(t, dialect(d))
			a, to := b.arrive(t, b.post(email, password, asked))
			require.Equal(t, "h-1001", a.Link.ExternalID)
			require.Equal(t, email, a.Profile.Email.String())
			require.Equal(t, "Ines", a.Profile.FirstName.String())
			require.Equal(t, "Moreau", a.Profile.LastName.String())
			require.Equal(t, asked, a.ReturnTo)
			require.Equal(t, testLMS+d.Endpoint.Path, to.Scheme+"://"+to.Host+to.Path)
		})
	}
}

// A page that wants a user must not be where a refusal goes: it would send the browser back here without end.
func TestARefusalThereGoesToAPageForEverybody(t *testing.T) {
	b := start(t, dialect(jwtsso.Thinkific()))
	_, to := b.arrive(t, b.post(email, password, "/learn/course/intro"))
	require.Equal(t, testLMS+"/", to.Query().Get("error_url"))
	require.Equal(t, "/learn/course/intro", to.Query().Get("return_to"))
}

func TestAnUnknownUserGetsTheAnswerOfAWrongPassword(t *testing.T) {
	b := start(t)
	wrong, unknown := b.post(email, "not this one", "/x"), b.post("nobody@example.com", password, "/x")
	require.Equal(t, http.StatusForbidden, wrong.Code)
	require.Equal(t, wrong.Code, unknown.Code)
	require.Equal(t, wrong.Body.String(), strings.ReplaceAll(unknown.Body.String(), "nobody@example.com", email))
	require.Equal(t, wrong.Header(), unknown.Header())
	require.Empty(t, wrong.Result().Cookies(), "no session")
	require.NotContains(t, wrong.Body.String(), "not this one", "a password is never sent back")
	require.Contains(t, wrong.Body.String(), `role="alert"`)
}

func TestWhatIsMissingIsNamed(t *testing.T) {
	b := start(t)
	for name, c := range map[string]struct{ email, password, says string }{
		"email":         {" ", "x", `id="no-email">Enter your email address.`},
		"password":      {email, "", `id="no-password">Enter your password.`},
		"whole content": {"", "", `id="no-password">Enter your password.`},
	} {
		t.Run(name, func(t *testing.T) {
			w := b.post(c.email, c.password, "")
			require.Equal(t, http.StatusUnprocessableEntity, w.Code)
			require.Contains(t, w.Body.String(), c.says)
			require.Contains(t, w.Body.String(), `aria-invalid="true"`)
		})
	}
}

func TestTheFormCanBeUsedByEverybody(t *testing.T) {
	body := start(t).do(request{target: "/sign_in"}).Body.String()
	for _, want := range []string{
		`<html lang="en">`, `<label for="email">`, `<label for="password">`, `autocomplete="username"`, `autocomplete="current-password"`,
	} {
		require.Contains(t, body, want)
	}
	require.Equal(t, 1, strings.Count(body, "<h1>"))
	require.NotContains(t, body, "demonstration", "no passwords are shown of users that are not invented")
}

func TestTheEmailIsFoundHoweverItIsWrittenButNotByALookAlike(t *testing.T) {
	b := start(t)
	require.Equal(t, http.StatusSeeOther, b.post(" INES@Example.com ", password, "").Code)
	require.Equal(t, http.StatusSeeOther, b.post("yuki@example.com", "rope-and-copper", "").Code)
	require.Equal(t, http.StatusForbidden, b.post("yu\u212ai@example.com", "rope-and-copper", "").Code, "the Kelvin sign lower-cases to k")
}

func TestAPageElsewhereIsNeverPassedOn(t *testing.T) {
	for name, target := range map[string]string{
		"another site":          "https://evil.example/learn",
		"a look-alike":          "https://learn.example.com.evil.example/",
		"below the site":        "https://x.learn.example.com/",
		"user information":      "https://learn.example.com@evil.example/",
		"no scheme":             "//evil.example/",
		"a backslash":           `/\evil.example`,
		"a script":              "javascript:alert(1)",
		"in the clear":          "http://learn.example.com/",
		"another port":          "https://learn.example.com:8443/",
		"a tab":                 "/\t/evil.example",
		"this backend":          "https://harbour.example.org/",
		"a path with no origin": "learn",
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t)
			a, _ := b.arrive(t, b.post(email, password, target))
			require.Empty(t, a.ReturnTo, "with a password")

			session, asked := b.signedIn(t), "/sign_in?return_to="+url.QueryEscape(target)
			a, _ = b.arrive(t, b.do(request{target: asked, cookie: session}))
			require.Empty(t, a.ReturnTo, "straight through")

			require.Contains(t, b.do(request{target: asked}).Body.String(), `name="return_to" value=""`, "into the form")
			w := b.do(request{target: "/logout?return_to=" + url.QueryEscape(target), cookie: session})
			require.Equal(t, http.StatusOK, w.Code)
			require.Empty(t, w.Header().Get("Location"), "signing out")
		})
	}
}

func TestTheFormKeepsThePageAskedFor(t *testing.T) {
	const asked = testLMS + `/learn/?a=1&b=%22`
	body := start(t).do(request{target: "/sign_in?return_to=" + url.QueryEscape(asked)}).Body.String()
	field := regexp.MustCompile(`name="return_to" value="([^"]*)"`).FindStringSubmatch(body)
	require.Len(t, field, 2)
	require.Equal(t, asked, html.UnescapeString(field[1]))
}

func TestASessionGoesStraightThroughWithANewToken(t *testing.T) {
	b := start(t)
	session := b.signedIn(t)
	first := b.do(request{target: "/sign_in?return_to=/learn/", cookie: session})
	second := b.do(request{target: "/sign_in?return_to=/learn/", cookie: session})
	a, _ := b.arrive(t, first)
	require.Equal(t, "h-1001", a.Link.ExternalID)
	require.Equal(t, "/learn/", a.ReturnTo)
	require.NotEqual(t, first.Header().Get("Location"), second.Header().Get("Location"))
	require.Equal(t, "no-referrer", first.Header().Get("Referrer-Policy"))
	require.Equal(t, "no-store", first.Header().Get("Cache-Control"))

	b.clock.advance(sessionLife)
	require.Equal(t, http.StatusOK, b.do(request{target: "/sign_in", cookie: session}).Code, "over: the form again")
}

func TestALearningSiteThatSendsTheBrowserBackIsNoticed(t *testing.T) {
	b := start(t)
	session := b.signedIn(t)
	again := func() int { return b.do(request{target: "/sign_in", cookie: session}).Code }
	for range 6 {
		require.Equal(t, http.StatusSeeOther, again())
	}
	require.Equal(t, http.StatusTooManyRequests, again())
	b.clock.advance(time.Minute)
	require.Equal(t, http.StatusSeeOther, again())
}

func TestSigningInMakesANewSessionAndEndsTheOld(t *testing.T) {
	b := start(t)
	old := b.signedIn(t)
	w := b.do(request{target: "/sign_in", form: credentials(email, password, ""), cookie: old})
	require.Equal(t, http.StatusSeeOther, w.Code)
	fresh := w.Result().Cookies()[0]
	require.NotEqual(t, old.Value, fresh.Value)
	require.Equal(t, http.StatusOK, b.do(request{target: "/sign_in", cookie: old}).Code, "the old one asks for a password")
	require.Equal(t, http.StatusSeeOther, b.do(request{target: "/sign_in", cookie: fresh}).Code)

	planted := &http.Cookie{Name: old.Name, Value: "chosen-by-somebody-else"}
	w = b.do(request{target: "/sign_in", form: credentials(email, password, ""), cookie: planted})
	require.NotEqual(t, planted.Value, w.Result().Cookies()[0].Value)
	require.Equal(t, http.StatusOK, b.do(request{target: "/sign_in", cookie: planted}).Code)
}

func TestTheCookieIsKeptFromScriptsAndFromOtherSites(t *testing.T) {
	c := start(t).signedIn(t)
	require.Equal(t, "__Host-idp-session", c.Name)
	require.True(t, c.HttpOnly)
	require.True(t, c.Secure)
	require.Equal(t, http.SameSiteLaxMode, c.SameSite)
	require.Equal(t, "/", c.Path)

	c = start(t, func(cfg *config) { cfg.base = "http://127.0.0.1:8090" }).signedIn(t)
	require.Equal(t, "idp-session", c.Name)
	require.False(t, c.Secure, "a browser would not send it back over http")
	require.True(t, c.HttpOnly)
}

func TestAFormOfAnotherSiteSignsNobodyIn(t *testing.T) {
	b := start(t)
	for name, header := range map[string]http.Header{
		"by fetch metadata": {"Sec-Fetch-Site": {"cross-site"}},
		"by origin":         {"Origin": {"https://evil.example"}},
		"by hidden origin":  {"Origin": {"null"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := b.do(request{target: "/sign_in", form: credentials(email, password, ""), header: header})
			require.Equal(t, http.StatusForbidden, w.Code)
			require.Empty(t, w.Result().Cookies())
			require.Empty(t, w.Header().Get("Location"))
		})
	}
}

func TestHeadNeitherMintsNorSignsOut(t *testing.T) {
	b := start(t)
	session := b.signedIn(t)
	for _, target := range []string{"/sign_in", "/logout"} {
		w := b.do(request{method: http.MethodHead, target: target, cookie: session})
		require.Equal(t, http.StatusMethodNotAllowed, w.Code)
		require.Empty(t, w.Header().Get("Location"))
	}
	require.Equal(t, http.StatusSeeOther, b.do(request{target: "/sign_in", cookie: session}).Code, "still signed in")
}

func TestAnOverlongFormIsRefused(t *testing.T) {
	b := start(t)
	w := b.post(email, strings.Repeat("x", maxBody), "")
	require.Equal(t, http.StatusBadRequest, w.Code)
	require.Empty(t, w.Result().Cookies())
}

func TestLogoutEndsTheSessionAndGoesToTheLearningSite(t *testing.T) {
	for name, c := range map[string]struct{ returnTo, location string }{
		"a page of it":                {testLMS + "/bye?x=1", testLMS + "/bye?x=1"},
		"a path is a path over there": {"/bye", testLMS + "/bye"},
		"nothing":                     {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t)
			session := b.signedIn(t)
			w := b.do(request{target: "/logout?return_to=" + url.QueryEscape(c.returnTo), cookie: session})
			require.Equal(t, c.location, w.Header().Get("Location"))
			require.Equal(t, -1, w.Result().Cookies()[0].MaxAge, "the cookie is removed")
			require.Equal(t, http.StatusOK, b.do(request{target: "/sign_in", cookie: session}).Code, "and worth nothing where it was kept")
		})
	}
}

func TestAFormPostsWhatARedirectWouldSay(t *testing.T) {
	for _, d := range []jwtsso.Dialect{jwtsso.ThoughtIndustries(), jwtsso.Zendesk()} {
		t.Run(d.Name, func(t *testing.T) {
			b := start(t, dialect(d), func(cfg *config) { cfg.post = true })
			w := b.post(email, password, testLMS+"/learn/")
			require.Equal(t, http.StatusOK, w.Code)
			require.Len(t, w.Result().Cookies(), 1, "the session begins all the same")
			require.Equal(t, "no-store", w.Header().Get("Cache-Control"))

			action, fields := readForm(t, w.Body.String())
			require.Equal(t, testLMS+d.Endpoint.Path, action)
			r := httptest.NewRequest(http.MethodPost, action, strings.NewReader(fields.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			a, err := b.verifier(t).Authenticate(httptest.NewRecorder(), r)
			require.NoError(t, err)
			require.Equal(t, "h-1001", a.Link.ExternalID)
			require.Equal(t, testLMS+"/learn/", a.ReturnTo)
		})
	}
}

func readForm(t *testing.T, body string) (action string, fields url.Values) {
	t.Helper()
	found := regexp.MustCompile(`<form method="post" action="([^"]*)"`).FindStringSubmatch(body)
	require.Len(t, found, 2)
	fields = url.Values{}
	for _, f := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`).FindAllStringSubmatch(body, -1) {
		fields.Add(f[1], html.UnescapeString(f[2]))
	}
	return html.UnescapeString(found[1]), fields
}

func TestTheLogTellsNeitherWhoNorWithWhat(t *testing.T) {
	b := start(t)
	b.post(email, "a-wrong-password", "")
	b.post("nobody@example.com", password, "")
	w := b.post(email, password, testLMS+"/learn/")
	to, err := url.Parse(w.Header().Get("Location"))
	require.NoError(t, err)
	log := b.log.String()
	require.Contains(t, log, "signed in")
	require.Contains(t, log, "sign-in refused")
	for _, secret := range []string{
		email, "nobody@example.com", password, "a-wrong-password", string(testKey), to.Query().Get("jwt"), "h-1001", w.Result().Cookies()[0].Value,
	} {
		require.NotContains(t, log, secret)
	}
}
