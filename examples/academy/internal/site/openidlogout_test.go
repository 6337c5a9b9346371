package site_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/examples/academy/internal/config"
	"github.com/lmssso/lmssso/jwtsso"
)

func TestOpenIDLogoutEndsTheProvidersSessionAndComesBack(t *testing.T) {
	for name, c := range map[string]struct {
		way opWay
		end string
	}{
		"main site": {opWays()[0], "/"},
		"tenant":    {opWays()[2], "https://vandelay.example/bye"},
	} {
		t.Run(name, func(t *testing.T) {
			a := start(t, setup{edit: func(f *config.File) { f.Tenants[4].Settings.AccountLogoutURL = "https://vandelay.example/bye" }})
			b := a.browser()
			require.Equal(t, "/dashboard", b.opLogin(c.way.at("/access/openId/login"), c.way.connection, c.way.user).location())
			require.Contains(t, b.get("/demo/openid?connection="+c.way.connection).body, "Sign out everywhere")
			out := b.get("/logout")
			require.False(t, b.session().SignedIn, "at once, whatever the provider does")
			require.Contains(t, out.location(), a.url+"/demo/openid/logout?")
			require.Contains(t, out.location(), "id_token_hint=eyJ")
			back := b.get(out.location())
			require.Contains(t, back.location(), a.url+c.way.at("/access/openId/logout")+"?state=")
			require.NotContains(t, b.get("/demo/openid?connection="+c.way.connection).body, "Sign out everywhere", "the provider ended its session")
			home := b.get(back.location())
			require.Contains(t, home.location(), "/logout?tenant=")
			require.Equal(t, c.end, b.get(home.location()).location())
			require.Equal(t, "logout", a.actions()[0])
			require.NotEqual(t, http.StatusSeeOther, b.get(back.location()).StatusCode, "once")
			require.NotContains(t, a.logs.String(), "eyJ")
		})
	}
}

func TestALogoutWithoutAnEndpointOfTheProvidersStaysHere(t *testing.T) {
	a := start(t, setup{})
	b := a.browser()
	require.Equal(t, "/dashboard", b.opLogin("/access/openId/login/hooli", "hooli-oidc", nora).location())
	require.Equal(t, "/", b.get("/logout").location(), "a Thinkific school names none")
	require.False(t, b.session().SignedIn)
	require.NotContains(t, a.logs.String(), "no single logout")
}

func TestTheEndSessionPageEndsNothingWithoutAToken(t *testing.T) {
	a := start(t, setup{})
	b := a.browser()
	require.Equal(t, "/dashboard", b.opLogin("/access/openId/login", "main-oidc", bobKey).location())
	require.Contains(t, b.get("/demo/openid/logout").body, "Whose session?")
	got := b.get("/demo/openid/logout?" + url.Values{"client_id": {"academy"}, "post_logout_redirect_uri": {"https://evil.example/"}}.Encode())
	require.Equal(t, http.StatusBadRequest, got.StatusCode)
	require.Empty(t, got.location())
	known := b.get("/demo/openid/logout?" + url.Values{"client_id": {"academy"}, "post_logout_redirect_uri": {a.url + "/access/openId/logout"}}.Encode())
	require.Contains(t, known.body, "Whose session?", "a link alone signs nobody out, and sends nobody on")
	forged := b.get("/demo/openid/logout?id_token_hint=e30.e30.e30")
	require.Equal(t, http.StatusBadRequest, forged.StatusCode)
	require.Contains(t, b.get("/demo/openid").body, "Sign out everywhere")
	require.True(t, b.session().SignedIn)
	lost := a.refused(b.get("/access/openId/logout?state=nothing", "Accept", "application/json"))
	require.Equal(t, "state-lost", lost.Code)
}

var opSessions = regexp.MustCompile(`name="session" value="([^"]+)"`)

func TestABackChannelLogoutEndsTheSessionItNamesInWhateverBrowser(t *testing.T) {
	a := start(t, setup{})
	for _, way := range opWays() {
		b, other, third := a.browser(), a.browser(), a.browser()
		require.Equal(t, "/dashboard", other.opLogin(way.at("/access/openId/login"), way.connection, way.user).location())
		require.Equal(t, "/dashboard", b.opLogin(way.at("/access/openId/login"), way.connection, way.user).location())
		require.Equal(t, http.StatusSeeOther, third.get(a.link("main-ti", bob(), jwtsso.RedirectOptions{})).StatusCode)
		sessions := opSessions.FindAllStringSubmatch(b.get("/demo/openid?connection="+way.connection).body, -1)
		require.Len(t, sessions, 2)

		held := a.log("?limit=1").Held
		stranger := a.browser() // no cookie of the academy's
		require.Contains(t, stranger.post("/demo/openid/end", url.Values{"session": {sessions[0][1]}}).body, "Signed out everywhere")
		require.False(t, b.session().SignedIn, "the newest session was named")
		require.True(t, other.session().SignedIn, "another session of the same user goes on")
		require.True(t, third.session().SignedIn, "and one through another connection")
		log := a.log("?limit=1")
		require.Equal(t, held+1, log.Held)
		require.True(t, log.Entries[0].Result.Valid)
		require.Equal(t, "logout", a.actions()[0])
		require.Equal(t, http.StatusNotFound, stranger.post("/demo/openid/end", url.Values{"session": {sessions[0][1]}}).StatusCode)
	}
}

func TestAForgedLogoutTokenEndsNothing(t *testing.T) {
	a := start(t, setup{})
	b := a.browser()
	require.Equal(t, "/dashboard", b.opLogin("/access/openId/login", "main-oidc", bobKey).location())
	for name, form := range map[string]url.Values{
		"nothing": {}, "no token": {"logout_token": {"x"}}, "unsigned": {"logout_token": {"eyJhbGciOiJub25lIn0.e30."}},
		"twice": {"logout_token": {"a", "b"}},
	} {
		got := b.post("/access/openId/backchannel-logout", form, "Origin", "https://op.example")
		require.Equal(t, http.StatusBadRequest, got.StatusCode, name)
		require.True(t, b.session().SignedIn, name)
	}
	out := b.get("/logout").location() // an ID token is no logout token
	u, err := url.Parse(out)
	require.NoError(t, err)
	c := a.browser()
	require.Equal(t, "/dashboard", c.opLogin("/access/openId/login", "main-oidc", bobKey).location())
	got := c.post("/access/openId/backchannel-logout", url.Values{"logout_token": {u.Query().Get("id_token_hint")}})
	require.Equal(t, http.StatusBadRequest, got.StatusCode)
	require.True(t, c.session().SignedIn)
}

// TestEveryFaultOfALogoutTokenIsRefused sends each, and the sessions go on.
func TestEveryFaultOfALogoutTokenIsRefused(t *testing.T) {
	a := start(t, setup{})
	b := a.browser()
	require.Equal(t, "/dashboard", b.opLogin("/access/openId/login", "main-oidc", bobKey).location())
	page := b.get("/demo/openid").body
	session := opSessions.FindStringSubmatch(page)
	require.NotNil(t, session)
	menu := regexp.MustCompile(`<option value="([^"]+)">`).FindAllStringSubmatch(page, -1)
	require.NotEmpty(t, menu)
	for _, fault := range menu {
		name := fault[1]
		if strings.Contains(name, "replay") { // needs one to repeat
			c := a.browser()
			require.Equal(t, "/dashboard", c.opLogin("/access/openId/login", "main-oidc", nora).location())
			newest := opSessions.FindStringSubmatch(b.get("/demo/openid").body)
			require.Contains(t, b.post("/demo/openid/end", url.Values{"session": {newest[1]}}).body, "Signed out everywhere")
		}
		held := a.log("?limit=1").Held
		got := b.post("/demo/openid/end", url.Values{"session": {session[1]}, "fault": {name}})
		require.Contains(t, got.body, "The academy refused", name)
		require.True(t, b.session().SignedIn, name)
		log := a.log("?limit=1")
		require.Equal(t, held+1, log.Held, name)
		require.False(t, log.Entries[0].Result.Valid, name)
	}
	require.Contains(t, b.post("/demo/openid/end", url.Values{"session": {session[1]}, "fault": {"nothing-like-it"}}).body, "there is no such fault here")
	require.Contains(t, b.post("/demo/openid/end", url.Values{"session": {session[1]}}).body, "Signed out everywhere")
	require.False(t, b.session().SignedIn)
}
