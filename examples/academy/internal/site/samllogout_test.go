package site_test

import (
	"net/http"
	"net/url"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/examples/academy/internal/config"
	"github.com/lmssso/lmssso/jwtsso"
)

func TestLogoutEndsTheProvidersSessionAndComesBack(t *testing.T) {
	for name, c := range map[string]struct{ path, connection, user, end string }{
		"main site": {"/access/saml/login", "main-saml", bobKey, "/"},
		"tenant":    {"/access/saml/login/initech", "initech-saml", nora, "https://initech.example/bye"},
	} {
		t.Run(name, func(t *testing.T) {
			a := start(t, setup{edit: func(f *config.File) { f.Tenants[2].Settings.AccountLogoutURL = "https://initech.example/bye" }})
			b := a.browser()
			require.Equal(t, http.StatusSeeOther, b.samlLogin(c.path, c.connection, c.user).StatusCode)
			require.Contains(t, b.get("/demo/saml?connection="+c.connection).body, "Sign out everywhere")
			out := b.get("/logout")
			require.False(t, b.session().SignedIn, "at once, whatever the provider does")
			require.Contains(t, out.location(), a.url+"/demo/saml/logout?SAMLRequest=")
			back := b.get(out.location())
			require.Contains(t, back.location(), "/access/saml/logout")
			require.NotContains(t, b.get("/demo/saml?connection="+c.connection).body, "Sign out everywhere", "the provider ended its session")
			home := b.get(back.location())
			require.Contains(t, home.location(), "/logout?tenant=")
			require.Equal(t, c.end, b.get(home.location()).location())
			require.Equal(t, "logout", a.actions()[0])
		})
	}
}

// actions lists the log's actions, newest first.
func (a *academy) actions() []string {
	a.t.Helper()
	var log struct{ Entries []struct{ Action string } }
	b := a.browser()
	b.decode(b.get("/api/admin/sso-log", "Authorization", "Bearer "+adminToken), &log)
	var out []string
	for _, e := range log.Entries {
		out = append(out, e.Action)
	}
	return out
}

func TestTheProvidersLogoutEndsTheSessionItNamesInWhateverBrowser(t *testing.T) {
	a := start(t, setup{})
	b, other, third := a.browser(), a.browser(), a.browser()
	require.Equal(t, http.StatusSeeOther, other.samlLogin("/access/saml/login", "main-saml", bobKey).StatusCode)
	require.Equal(t, http.StatusSeeOther, b.samlLogin("/access/saml/login", "main-saml", bobKey).StatusCode)
	require.Equal(t, http.StatusSeeOther, third.get(a.link("main-ti", bob(), jwtsso.RedirectOptions{})).StatusCode)
	sessions := regexp.MustCompile(`name="session" value="([^"]+)"`).FindAllStringSubmatch(b.get("/demo/saml").body, -1)
	require.Len(t, sessions, 2)

	stranger := a.browser() // no cookie of the academy's
	request := stranger.post("/demo/saml/end", url.Values{"session": {sessions[0][1]}})
	require.Contains(t, request.location(), a.url+"/access/saml/logout?SAMLRequest=")
	reply := stranger.get(request.location())
	require.Contains(t, reply.location(), a.url+"/demo/saml/logout?SAMLResponse=")
	require.Contains(t, stranger.get(reply.location()).body, "Signed out everywhere")
	require.False(t, b.session().SignedIn, "the newest session was named")
	require.True(t, other.session().SignedIn, "another session of the same user goes on")
	require.True(t, third.session().SignedIn, "and one through another connection")

	require.NotEqual(t, http.StatusSeeOther, stranger.get(request.location()).StatusCode, "a request counts once")
	require.Equal(t, http.StatusNotFound, stranger.post("/demo/saml/end", url.Values{"session": {sessions[0][1]}}).StatusCode)
}

func TestAForgedLogoutEndsNothing(t *testing.T) {
	a := start(t, setup{})
	b := a.browser()
	require.Equal(t, http.StatusSeeOther, b.samlLogin("/access/saml/login", "main-saml", bobKey).StatusCode)
	session := regexp.MustCompile(`name="session" value="([^"]+)"`).FindStringSubmatch(b.get("/demo/saml").body)
	require.NotNil(t, session)
	request := b.post("/demo/saml/end", url.Values{"session": {session[1]}}).location()
	u, err := url.Parse(request)
	require.NoError(t, err)
	for name, change := range map[string]func(url.Values){
		"unsigned":     func(q url.Values) { q.Del("Signature"); q.Del("SigAlg") },
		"other relay":  func(q url.Values) { q.Set("RelayState", "x") },
		"no signature": func(q url.Values) { q.Set("Signature", "AAAA") },
	} {
		q := u.Query()
		change(q)
		got := b.get("/access/saml/logout?"+q.Encode(), "Accept", "application/json")
		require.Equal(t, "signature", a.refused(got).Code, name)
		require.True(t, b.session().SignedIn, name)
	}
}
