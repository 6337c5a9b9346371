package site_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/examples/academy/internal/config"
	"github.com/lmssso/lmssso/examples/academy/internal/stores"
)

// offered returns the values of a field the portal's form offers.
func offered(page, field string) []string {
	var out []string
	for _, m := range regexp.MustCompile(`name="`+field+`" value="([^"]+)"`).FindAllStringSubmatch(page, -1) {
		out = append(out, html.UnescapeString(m[1]))
	}
	return out
}

// codes is what each fault must be refused with, whatever the portal says of it.
func codes() map[string]string {
	return map[string]string{
		"expired": "expired", "future": "not-yet-valid", "exp-passed": "expired", "no-time": "malformed",
		"wrong-key": "signature", "other-connection": "signature", "tampered": "signature",
		"alg-none": "algorithm", "alg-other": "algorithm", "header-key": "malformed", "twice": "malformed",
		"large": "too-large", "replayed": "replayed",
		"no-external-id": "external-id-missing", "blank-email": "attribute-missing", "bad-email": "attribute-invalid",
		"email-taken": "email-taken", "unknown-role": "role-unknown", "forbidden-role": "role-not-allowed",
		"dual-incomplete": "dual-role-incomplete", "not-dual": "not-dual-role",
		"bad-flag": "attribute-invalid", "replace-nothing": "ambiguous-replace", "replace-unknown": "unknown-grant",
		"unknown-tenant": "tenant-not-assigned", "forbidden-tenant": "tenant-not-allowed", "forbidden-license": "license-not-allowed",
	}
}

// TestEveryFaultOfThePortalIsRefused sends each fault through each connection, for somebody who has an account and for
// somebody who has none.
func TestEveryFaultOfThePortalIsRefused(t *testing.T) {
	for name, s := range map[string]setup{"memory": {}, "SQLite": {store: "sqlite:" + stores.InMemory}} {
		t.Run(name, func(t *testing.T) {
			a := start(t, s)
			seen := map[string]bool{}
			for _, connection := range config.ExampleConnections() {
				form := a.browser().get("/demo/jwt?connection=" + connection).body
				users := offered(form, "user")
				require.NotEmpty(t, users)
				for _, id := range offered(form, "fault") {
					seen[id] = true
					for _, user := range []string{users[0], "newcomer"} {
						t.Run(connection+" "+id+" "+user, func(t *testing.T) { refuseFault(t, a, connection, id, user) })
					}
				}
			}
			require.Len(t, seen, len(codes()), "the portal offers every fault somewhere")
		})
	}
}

func refuseFault(t *testing.T, a *academy, connection, id, user string) {
	a.t = t
	before, held := a.accounts(), a.log("").Held
	b := a.browser()
	sent := b.post("/demo/jwt", url.Values{"connection": {connection}, "user": {user}, "fault": {id}})
	require.Equal(t, http.StatusSeeOther, sent.StatusCode, sent.body)
	entries := 1
	if id == "replayed" { // somebody else used it first
		entries, before = 2, a.accounts()
	}
	f := a.refused(b.get(sent.location(), "Accept", "application/json"))
	require.Equal(t, codes()[id], f.Code)
	require.False(t, b.session().SignedIn)
	require.Equal(t, before, a.accounts(), "no account and no grant")
	log := a.log("")
	require.Equal(t, held+entries, log.Held)
	require.Equal(t, f.TraceID, log.Entries[0].TraceID)
	require.Equal(t, connection, log.Entries[0].SSOBlock)
	require.False(t, log.Entries[0].Result.Valid)
}

func TestPortalSignsInEverybody(t *testing.T) {
	a := start(t, setup{})
	for _, connection := range config.ExampleConnections() {
		form := a.browser().get("/demo/jwt?connection=" + connection).body
		for _, user := range offered(form, "user") {
			b := a.browser()
			got := b.follow(b.post("/demo/jwt", url.Values{"connection": {connection}, "user": {user}}).location())
			refusedAs := map[string]string{"main-ti dave@example.com student": "email-exists", "main-thinkific ada@example.com admin": "role-not-allowed"}
			if code, refused := refusedAs[connection+" "+user]; refused {
				require.Contains(t, got.body, code, user)
				continue
			}
			require.Equal(t, http.StatusOK, got.StatusCode, "%s %s", connection, user)
			require.True(t, b.session().SignedIn, "%s %s", connection, user)
		}
	}
}

func TestPortalPostsTheTokenInAForm(t *testing.T) {
	a := start(t, setup{})
	b := a.browser()
	for _, fault := range []string{"", "tampered"} {
		page := b.post("/demo/jwt", url.Values{"connection": {"main-ti"}, "user": {"newcomer"}, "delivery": {"post"}, "fault": {fault}})
		require.Equal(t, http.StatusOK, page.StatusCode)
		require.Contains(t, page.body, `method="post"`)
		token := regexp.MustCompile(`name="jwt" value="([^"]+)"`).FindStringSubmatch(page.body)
		require.NotNil(t, token, page.body)
		got := b.post("/access/jwt", url.Values{"jwt": {html.UnescapeString(token[1])}})
		if fault == "" {
			require.Equal(t, "/dashboard", got.location())
		} else {
			require.Equal(t, http.StatusForbidden, got.StatusCode)
		}
	}
}

// TestPageThatNeedsAUserGoesThroughThePortalAndBack is the round trip of the external login URL.
func TestPageThatNeedsAUserGoesThroughThePortalAndBack(t *testing.T) {
	a := start(t, setup{})
	b := a.browser()
	portal := b.get("/learn/course/intro")
	require.Equal(t, http.StatusSeeOther, portal.StatusCode)
	asked := a.url + "/learn/course/intro"
	require.Equal(t, a.url+"/demo/jwt?return_to="+url.QueryEscape(asked), portal.location())
	form := b.get(portal.location())
	require.Contains(t, form.body, `name="return_to" value="`+asked+`"`)
	for _, connection := range []string{"main-ti", "main-thinkific"} {
		sent := b.post("/demo/jwt", url.Values{"connection": {connection}, "user": {"bob@example.com student"}, "return_to": {asked}})
		got := b.get(sent.location())
		require.Equal(t, asked, got.location(), connection)
		require.Equal(t, http.StatusOK, b.get(got.location()).StatusCode)
	}
}

func TestPortalKeepsWhatWasChosenWhenItCannotMint(t *testing.T) {
	a := start(t, setup{})
	got := a.browser().post("/demo/jwt", url.Values{"connection": {"main-ti"}, "user": {"newcomer"}, "return_to": {"javascript:alert(1)"}, "course": {"safety"}})
	require.Equal(t, http.StatusBadRequest, got.StatusCode)
	require.Contains(t, got.body, "The portal cannot send this")
	require.Contains(t, got.body, `value="safety" checked`)
	require.Contains(t, got.body, `value="newcomer" checked`)
	require.Equal(t, http.StatusNotFound, a.browser().get("/demo/jwt?connection=nobody").StatusCode)
}

func TestPortalIsOnlyThereInADemonstration(t *testing.T) {
	a := start(t, setup{edit: func(f *config.File) { f.Demo = false }})
	b := a.browser()
	require.Equal(t, http.StatusNotFound, b.get("/demo/jwt").StatusCode)
	require.Equal(t, http.StatusNotFound, b.post("/demo/jwt", url.Values{"connection": {"main-ti"}, "user": {"newcomer"}}).StatusCode)
	require.NotContains(t, b.get("/").body, "/demo/")
}

func TestPortalTakesNoPostFromAnotherSite(t *testing.T) {
	a := start(t, setup{})
	got := a.browser().post("/demo/jwt", url.Values{"connection": {"main-ti"}, "user": {"newcomer"}}, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example")
	require.Equal(t, http.StatusForbidden, got.StatusCode)
	require.Empty(t, got.location())
}
