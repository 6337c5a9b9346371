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

func TestOpenIDSignsInByEveryFlowAndMode(t *testing.T) {
	kinds(t, func(t *testing.T, a *academy) {
		for _, way := range opWays() {
			b := a.browser()
			_, request := b.opPicker(way.at("/access/openId/login"))
			sent := b.opRespond(way.connection, request, way.user)
			require.Equal(t, way.mode, sent.mode)
			require.Equal(t, a.url+way.at("/access/openId/callback"), sent.target)
			got := b.opDeliver(sent)
			require.Equal(t, http.StatusSeeOther, got.StatusCode, got.body)
			require.Equal(t, "/dashboard", got.location())
			s := b.session()
			require.True(t, s.SignedIn)
			require.Equal(t, way.externalID, s.Account.ExternalID)
			require.Equal(t, way.tenant, s.Account.Tenant)
			require.Contains(t, b.get("/dashboard").body, "<code>"+way.connection+"</code>")
			require.Equal(t, 1, strings.Count(a.accounts(), `"`+way.externalID+`"`), "the account that was there")
		}
	})
}

func TestOpenIDMakesAndGrantsWhereverTheClaimsCome(t *testing.T) {
	a := start(t, setup{})
	for i, claims := range []string{"", "userinfo", "token"} {
		b := a.browser()
		got := b.opLogin("/access/openId/login", "main-oidc", nora, "claims", claims, "course", "welding", "course", "safety", "path", "onboarding", "bundle", "gold")
		require.Equal(t, "/dashboard", got.location(), got.body)
		s := b.session()
		require.Equal(t, "n-1001", s.Account.ExternalID)
		require.Equal(t, "nora@example.com", s.Account.Email)
		require.ElementsMatch(t, []string{"welding", "safety"}, s.Account.Courses)
		require.Equal(t, i == 0, len(s.Changes) > 1, "granted once")
		require.Equal(t, http.StatusOK, b.get("/learn/course/welding").StatusCode)
		require.Equal(t, http.StatusOK, b.get("/learn/learning-path/onboarding").StatusCode, "a claim within an object")
	}
	b := a.browser()
	require.Equal(t, "/dashboard", b.opLogin("/access/openId/login", "main-oidc", nora, "replace", "on", "course", "intro").location())
	require.Equal(t, []string{"intro"}, b.session().Account.Courses)
	require.Equal(t, "/dashboard", b.opLogin("/access/openId/login", "main-oidc", nora, "replace", "on").location())
	require.Empty(t, b.session().Account.Courses, "an empty list takes all away")
	require.Equal(t, "/admin", b.opLogin("/access/openId/login", "main-oidc", "ada@example.com admin").location())
	require.Equal(t, "/admin", b.opLogin("/access/openId/login", "main-oidc", "carol@example.com client-manager").location())
	require.Equal(t, "client-manager", b.session().Account.Role)
	got := b.opLogin("/access/openId/login", "main-oidc", nora, "site", "globex")
	require.Equal(t, "/dashboard", got.location(), got.body)
	require.Equal(t, "globex", b.session().Account.Tenant)
}

func TestOpenIDSessionAndLogTellOfTheAssertion(t *testing.T) {
	a := start(t, setup{})
	for _, way := range opWays() {
		b := a.browser()
		require.Equal(t, "/dashboard", b.opLogin(way.at("/access/openId/login"), way.connection, way.user).location())
		var s samlSession
		b.decode(b.get("/api/session"), &s)
		house := "/demo/openid"
		if way.connection == "hooli-oidc" {
			house = "/demo/thinkific"
			require.Equal(t, "01EY1SAQY490WCG2H7SZ123456780", s.Assertion.Subject, "not the id that accounts are known by")
		}
		require.Equal(t, "oidc", s.Assertion.Protocol)
		require.Equal(t, way.connection, s.Assertion.Connection)
		require.Equal(t, way.tenant, s.Assertion.Tenant)
		require.Equal(t, a.url+house, s.Assertion.Issuer)
		require.Equal(t, way.externalID, s.Assertion.ExternalID)
		require.True(t, strings.HasPrefix(s.Assertion.SessionIndex, "sid-"))
		require.Equal(t, []string{"pwd"}, s.Assertion.AuthnContext)
		require.NotContains(t, b.get("/api/session").body, "eyJ", "no token")

		var log struct {
			Entries []struct {
				Type, Action, SSOBlock, Tenant string
				Response                       struct {
					User struct {
						NameID       string `json:"name_id"`
						SessionIndex string `json:"session_index"`
						Attributes   map[string]any
					}
				}
				Result struct {
					Valid bool
					Attrs map[string]any
				}
			}
		}
		raw := b.get("/api/admin/sso-log?limit=1", "Authorization", "Bearer "+adminToken)
		b.decode(raw, &log)
		require.Len(t, log.Entries, 1)
		e := log.Entries[0]
		require.Equal(t, []string{"openId", "callback", way.connection, way.tenant}, []string{e.Type, e.Action, e.SSOBlock, e.Tenant})
		require.Equal(t, s.Assertion.SessionIndex, e.Response.User.SessionIndex)
		require.Contains(t, e.Response.User.Attributes, "given_name")
		require.Contains(t, e.Result.Attrs, "email")
		require.True(t, e.Result.Valid)
		require.NotContains(t, raw.body, "eyJ", "no token")
		page := b.get("/admin/sso-log", "Authorization", "Bearer "+adminToken)
		require.Contains(t, page.body, "openId")
	}
	require.NotContains(t, a.logs.String(), "eyJ", "no token")
	for _, secret := range a.keys {
		require.NotContains(t, a.logs.String(), string(secret))
	}
}

// TestAThinkificSchoolsUsersKeepWhatTheSchoolSays checks the manners of Thinkific's page "OpenID Connect".
func TestAThinkificSchoolsUsersKeepWhatTheSchoolSays(t *testing.T) {
	a := start(t, setup{})
	b := a.browser()
	page, request := b.opPicker("/access/openId/login/hooli")
	require.Contains(t, page.body, "code and id_token")
	require.Contains(t, page.body, "openid, profile, email, site")
	sent := b.opRespond("hooli-oidc", request, nora)
	require.Equal(t, "form_post", sent.mode)
	for _, name := range []string{"code", "id_token", "state"} {
		require.NotEmpty(t, sent.fields.Get(name), name)
	}
	require.False(t, sent.fields.Has("iss"), "a Thinkific school sends none")
	require.Equal(t, "/dashboard", b.opDeliver(sent).location())
	require.Equal(t, "n-1001", b.session().Account.ExternalID, "user_id_api_v1")
	log := b.get("/api/admin/sso-log?limit=1", "Authorization", "Bearer "+adminToken).body
	for _, claim := range []string{`"user_id_api_v1"`, `"roles"`, `"site"`, `"updated_at"`, `"support_email`} {
		require.Contains(t, log, strings.Trim(claim, `"`), claim)
	}

	wrong := start(t, setup{edit: func(f *config.File) { // userinfo after "Bearer", which the school refuses
		off := false
		f.Connections[6].OIDC.Userinfo.RawAuthorization = &off
	}})
	b = wrong.browser()
	_, request = b.opPicker("/access/openId/login/hooli")
	refused := wrong.refused(b.opDeliver(b.opRespond("hooli-oidc", request, nora), "Accept", "application/json"))
	require.Equal(t, "provider-error", refused.Code)
	require.False(t, b.session().SignedIn)
}

func TestOpenIDGoesBackToThePageAskedForWhenItIsListed(t *testing.T) {
	a := start(t, setup{})
	for asked, want := range map[string]string{
		"/learn/course/intro": "/learn/course/intro", a.url + "/account": a.url + "/account",
		"https://school.thinkific.com/x": "https://school.thinkific.com/x",
		"https://evil.example/":          "/dashboard", "//evil.example": "/dashboard", "javascript:alert(1)": "/dashboard", "": "/dashboard",
	} {
		got := a.browser().opLogin("/access/openId/login?returnTo="+url.QueryEscape(asked), "main-oidc", bobKey, "course", "intro")
		require.Equal(t, want, got.location(), asked)
	}
}

func TestATenantInheritsTheMainSitesOpenID(t *testing.T) {
	a := start(t, setup{})
	b := a.browser()
	require.Contains(t, b.get("/p/globex").body, `href="/access/openId/login/globex?returnTo=%2Fp%2Fglobex"`)
	got := b.opLogin("/access/openId/login/globex", "main-oidc", nora)
	require.Equal(t, "/dashboard", got.location(), got.body)
	require.Equal(t, "globex", b.session().Account.Tenant)
	for _, path := range []string{
		"/access/openId/callback/globex", "/access/openId/logout/globex", "/access/openId/login/acme", "/access/openId/callback/acme",
		"/access/openId/login/initech", "/access/openId/login/nobody",
	} {
		require.Equal(t, http.StatusNotFound, b.get(path).StatusCode, path)
	}
	for _, path := range []string{"/access/openId/callback/acme", "/access/openId/backchannel-logout/globex", "/access/openId/backchannel-logout/nobody"} {
		require.Equal(t, http.StatusNotFound, b.post(path, url.Values{"state": {"x"}}).StatusCode, path)
	}
}

func TestOpenIDEndpointsTakeTheirMethodsAlone(t *testing.T) {
	a := start(t, setup{})
	b := a.browser()
	held := a.log("").Held
	for path, methods := range map[string]string{
		"/access/openId/login": "GET", "/access/openId/callback": "GET POST", "/access/openId/logout": "GET", "/access/openId/backchannel-logout": "POST",
	} {
		for _, tenant := range []string{"", "/hooli"} {
			for _, method := range []string{http.MethodHead, http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
				got := b.do(method, path+tenant, nil)
				taken := strings.Contains(methods, method)
				require.Equal(t, !taken, got.StatusCode == http.StatusMethodNotAllowed, "%s %s: %d", method, path, got.StatusCode)
				if !taken {
					require.Contains(t, got.Header.Get("Allow"), strings.Fields(methods)[0])
				}
			}
		}
	}
	require.Positive(t, a.log("").Held-held, "what came and was no answer is in the log")

	_, request := b.opPicker("/access/openId/login")
	sent := b.opRespond("main-oidc", request, bobKey)
	head := b.do(http.MethodHead, sent.target+"?"+sent.fields.Encode(), nil)
	require.Equal(t, http.StatusMethodNotAllowed, head.StatusCode)
	require.Equal(t, "/dashboard", b.opDeliver(sent).location(), "it consumed nothing")
}

// TestAnAnswerIsWorthNothingElsewhere brings good answers to other endpoints, other browsers, and a second time.
func TestAnAnswerIsWorthNothingElsewhere(t *testing.T) {
	a := start(t, setup{})
	ways := opWays()
	for i, way := range ways {
		b := a.browser()
		_, request := b.opPicker(way.at("/access/openId/login"))
		sent := b.opRespond(way.connection, request, way.user)
		other := ways[(i+1)%len(ways)]
		elsewhere := sent
		elsewhere.mode, elsewhere.target = other.mode, a.url+other.at("/access/openId/callback")
		_, _ = b.opPicker(other.at("/access/openId/login")) // with a cookie of its own
		require.Equal(t, "state-lost", a.refused(b.opDeliver(elsewhere, "Accept", "application/json")).Code)
		require.False(t, b.session().SignedIn)

		stranger := a.browser() // no cookie of the academy's
		got := stranger.opDeliver(sent, "Accept", "application/json")
		if got.StatusCode == http.StatusOK { // the page for a browser whose cookie stayed behind
			again := stranger.posting(got)
			got = stranger.post(again.action, again.fields, "Accept", "application/json")
		}
		require.Equal(t, "state-lost", a.refused(got).Code)
		require.False(t, stranger.session().SignedIn)

		b = a.browser()
		_, request = b.opPicker(way.at("/access/openId/login"))
		sent = b.opRespond(way.connection, request, way.user)
		require.Equal(t, "/dashboard", b.opDeliver(sent).location())
		require.Equal(t, "state-lost", a.refused(b.opDeliver(sent, "Accept", "application/json")).Code, "once")
		if token := sent.fields.Get("id_token"); token != "" {
			require.NotEqual(t, http.StatusSeeOther, a.browser().get("/access/jwt?jwt="+url.QueryEscape(token)).StatusCode)
		}
	}
	b := a.browser()
	u, err := url.Parse(a.link("main-ti", bob(), jwtsso.RedirectOptions{}))
	require.NoError(t, err)
	got := a.refused(b.post("/access/openId/callback", url.Values{"id_token": {u.Query().Get("jwt")}, "state": {"x"}}, "Accept", "application/json"))
	require.Equal(t, "unsolicited", got.Code)
	require.False(t, b.session().SignedIn)
}

func TestARefusalAtTheProviderIsAPageWithItsCode(t *testing.T) {
	a := start(t, setup{})
	for _, way := range opWays() {
		b := a.browser()
		before := a.accounts()
		_, request := b.opPicker(way.at("/access/openId/login"))
		sent := b.opRespond(way.connection, request, "", "cancel", "on")
		got := b.opDeliver(sent)
		require.Equal(t, http.StatusForbidden, got.StatusCode)
		require.Contains(t, got.body, "You are not signed in")
		require.Contains(t, got.body, "<code>provider-refused</code>")
		require.False(t, b.session().SignedIn)
		require.Equal(t, before, a.accounts())
	}
}

func TestTheProviderRefusesWhatItIsNotAsked(t *testing.T) {
	a := start(t, setup{})
	b := a.browser()
	for name, q := range map[string]url.Values{
		"nothing":         {},
		"unknown client":  {"client_id": {"nobody"}, "redirect_uri": {a.url + "/access/openId/callback"}},
		"other's address": {"client_id": {"academy"}, "redirect_uri": {"https://evil.example/"}},
	} {
		got := b.get("/demo/openid/authorize?" + q.Encode())
		require.Equal(t, http.StatusBadRequest, got.StatusCode, name)
		require.Empty(t, got.location(), name)
		require.Contains(t, got.body, "The message cannot be used", name)
		require.NotContains(t, got.body, `href="https://evil`)
	}
	back := b.get("/demo/openid/authorize?" + url.Values{"client_id": {"academy"}, "redirect_uri": {a.url + "/access/openId/callback"}, "response_type": {"code"}, "state": {"x"}}.Encode())
	require.Contains(t, back.location(), a.url+"/access/openId/callback?error=invalid_scope")

	_, request := b.opPicker("/access/openId/login")
	for name, c := range map[string]struct {
		form url.Values
		text string
	}{
		"nobody picked":         {url.Values{"connection": {"main-oidc"}, "request": {request}, "course": {"safety"}}, "Pick a user."},
		"no request":            {url.Values{"connection": {"main-oidc"}, "user": {bobKey}}, "too old"},
		"another's request":     {url.Values{"connection": {"hooli-oidc"}, "request": {request}, "user": {nora}}, "too old"},
		"a fault not on offer":  {url.Values{"connection": {"main-oidc"}, "request": {request}, "user": {bobKey}, "fault": {"nothing-like-it"}}, "there is no such fault here"},
		"a fault of the keys'":  {url.Values{"connection": {"main-oidc"}, "request": {request}, "user": {bobKey}, "fault": {"keys-empty"}}, "there is no such fault here"},
		"a fault of logout's":   {url.Values{"connection": {"main-oidc"}, "request": {request}, "user": {bobKey}, "fault": {"logout-nonce"}}, "there is no such fault here"},
		"nothing of that name":  {url.Values{"connection": {"nobody"}}, "Nothing to try here"},
		"no OpenID one of that": {url.Values{"connection": {"main-saml"}}, "Nothing to try here"},
	} {
		got := b.post("/demo/openid", c.form)
		require.Contains(t, []int{http.StatusBadRequest, http.StatusNotFound}, got.StatusCode, name)
		require.Contains(t, got.body, c.text, name)
	}
}

func TestTheProvidersPagesKeepToThisMachineAndSite(t *testing.T) {
	a := start(t, setup{})
	b := a.browser()
	_, request := b.opPicker("/access/openId/login")
	form := url.Values{"connection": {"main-oidc"}, "request": {request}, "user": {bobKey}}
	for _, path := range []string{"/demo/openid", "/demo/openid/end"} {
		require.Equal(t, http.StatusForbidden, b.post(path, form, "Sec-Fetch-Site", "cross-site").StatusCode, path)
		require.Equal(t, http.StatusForbidden, b.post(path, form, "Origin", "https://evil.example").StatusCode, path)
	}
	require.Equal(t, http.StatusForbidden, b.post("/demo/openid/token", form, "Sec-Fetch-Site", "cross-site").StatusCode)
	for _, path := range []string{
		"/demo/openid", "/demo/openid/authorize", "/demo/openid/.well-known/openid-configuration", "/demo/openid/jwks.json",
		"/demo/openid/userinfo", "/demo/openid/logout", "/demo/thinkific/.well-known/openid-configuration", "/demo/thinkific/oauth2/authorize",
	} {
		got := b.getAs("rebound.example:80", path)
		require.Equal(t, http.StatusMisdirectedRequest, got.StatusCode, path)
	}
}

// getAs gets a page under another name of the same machine.
func (b *browser) getAs(host, path string) answer {
	b.a.t.Helper()
	req, err := http.NewRequest(http.MethodGet, b.a.url+path, http.NoBody)
	require.NoError(b.a.t, err)
	req.Host = host
	resp, err := b.client.Do(req)
	require.NoError(b.a.t, err)
	defer func() { _ = resp.Body.Close() }()
	return answer{Response: resp}
}

func TestConnectionsPageTellsWhatAnOpenIDProviderMustKnow(t *testing.T) {
	a := start(t, setup{})
	page := a.browser().get("/admin/connections", "Authorization", "Bearer "+adminToken).body
	for _, slug := range []string{"", "/hooli", "/vandelay"} {
		for name, path := range map[string]string{
			"Redirect URI": "/access/openId/callback", "Back-channel logout URI": "/access/openId/backchannel-logout", "Post-logout redirect URI": "/access/openId/logout",
		} {
			require.Contains(t, page, "<dt>"+name+"</dt><dd><code>"+a.url+path+slug+"</code>")
		}
		require.Contains(t, page, `<dt>Sign-in begins at</dt><dd><a href="`+a.url+"/access/openId/login"+slug+`">`)
	}
	for _, secret := range a.keys {
		require.NotContains(t, page, string(secret))
	}
}

func TestWaysToSignInListOpenID(t *testing.T) {
	a := start(t, setup{})
	b := a.browser()
	require.Contains(t, b.get("/").body, "Demo OpenID provider")
	tabs := regexp.MustCompile(`href="/demo/openid\?connection=([^"&]+)`).FindAllStringSubmatch(b.get("/demo/jwt").body, -1)
	require.Len(t, tabs, 3)
	for _, way := range opWays() {
		page := b.get("/demo/openid?connection=" + way.connection + "&return_to=/account").body
		require.Contains(t, page, way.at(a.url+"/access/openId/login")+"?returnTo=%2Faccount")
		require.NotContains(t, page, `name="request"`, "nobody asked")
	}

	off := start(t, setup{edit: func(f *config.File) { f.Demo = false }})
	b = off.browser()
	require.Contains(t, b.get("/").body, `href="/access/openId/login"`)
	require.Contains(t, b.get("/p/hooli").body, `href="/access/openId/login/hooli?returnTo=%2Fp%2Fhooli"`)
	require.NotContains(t, b.get("/p/acme").body, "/access/openId/")
	for _, path := range []string{"/demo/openid", "/demo/openid/authorize", "/demo/openid/.well-known/openid-configuration", "/demo/thinkific/oauth2/token"} {
		require.Equal(t, http.StatusNotFound, b.get(path).StatusCode, path)
	}
	// The address of the demonstration's provider is then one like any other, and nobody answers there.
	require.Equal(t, "discovery", off.refused(b.get("/access/openId/login", "Accept", "application/json")).Code)
}
