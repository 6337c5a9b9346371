package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/examples/academy/internal/config"
	"github.com/lmssso/lmssso/jwtsso"
)

func TestThoughtIndustriesLoginOpensTheDashboard(t *testing.T) {
	kinds(t, func(t *testing.T, a *academy) {
		b := a.browser()
		l := bob()
		l.Access.CourseSlugs = attrs.List("welding")
		got := b.get(a.link("main-ti", l, jwtsso.RedirectOptions{}))
		require.Equal(t, http.StatusSeeOther, got.StatusCode)
		require.Equal(t, "/dashboard", got.location())
		require.Equal(t, "no-referrer", got.Header.Get("Referrer-Policy"))

		page := b.get("/dashboard")
		require.Equal(t, http.StatusOK, page.StatusCode)
		session := b.session()
		for _, want := range []string{"Welcome, Bob", "Welding, first steps", "/learn/course/intro", "course:welding", session.TraceID} {
			require.Contains(t, page.body, want)
		}
		require.Equal(t, []string{"intro", "welding"}, session.Account.Courses)
		require.Equal(t, "12345", session.Account.ExternalID)
		require.NotEmpty(t, session.Changes)

		require.Equal(t, http.StatusOK, b.get("/learn/course/welding").StatusCode)
		denied := b.get("/learn/course/safety")
		require.Equal(t, http.StatusForbidden, denied.StatusCode)
		require.Contains(t, denied.body, "You do not have access to this course")
		require.Equal(t, http.StatusNotFound, b.get("/learn/course/nothing").StatusCode)
		require.Len(t, a.log("?trace="+session.TraceID).Entries, 1)
	})
}

func TestTokenArrivesInQueryFormOrHeader(t *testing.T) {
	a := start(t, setup{})
	mint := func() string {
		token, err := a.issuer("main-ti").Mint(bob())
		require.NoError(t, err)
		return string(token)
	}
	for name, send := range map[string]func(b *browser) answer{
		"query":          func(b *browser) answer { return b.get("/access/jwt?jwt=" + mint()) },
		"trailing slash": func(b *browser) answer { return b.get("/access/jwt/?jwt=" + mint()) },
		"cross-site form": func(b *browser) answer {
			return b.post("/access/jwt", url.Values{"jwt": {mint()}}, "Sec-Fetch-Site", "cross-site", "Origin", "https://portal.example")
		},
		"header": func(b *browser) answer { return b.get("/access/jwt", "Authorization", "Bearer "+mint()) },
	} {
		b := a.browser()
		require.Equal(t, "/dashboard", send(b).location(), name)
		require.True(t, b.session().SignedIn, name)
	}
}

func TestThinkificTargets(t *testing.T) {
	listed, unlisted := "https://school.thinkific.com/next?a=b", "https://evil.example/next"
	for name, c := range map[string]struct {
		good             bool
		returnTo, errURL string
		location         string
	}{
		"no target":                         {true, "", "", "/dashboard"},
		"listed target":                     {true, listed, "", listed},
		"page of this site":                 {true, "/learn/course/intro", "", "/learn/course/intro"},
		"unlisted target":                   {true, unlisted, "", "/dashboard"},
		"unlisted error url spoils both":    {true, listed, unlisted, "/dashboard"},
		"refused, listed error url":         {false, listed, "https://school.thinkific.com/oops", "https://school.thinkific.com/oops?kind=error"},
		"refused, only a listed return url": {false, listed, "", "https://school.thinkific.com/next?a=b&kind=error"},
		"refused, unlisted error url":       {false, listed, unlisted, "/?trace="},
	} {
		t.Run(name, func(t *testing.T) {
			a := start(t, setup{})
			b := a.browser()
			to := a.link("main-thinkific", bob(), jwtsso.RedirectOptions{ReturnTo: c.returnTo, ErrorURL: c.errURL})
			if !c.good {
				a.clock.advance(time.Hour)
			}
			got := b.get(to)
			require.Equal(t, http.StatusSeeOther, got.StatusCode, got.body)
			require.Equal(t, c.good, b.session().SignedIn)
			if c.good {
				require.Equal(t, c.location, got.location())
				return
			}
			require.True(t, strings.HasPrefix(got.location(), c.location), got.location())
			require.Contains(t, got.location(), "trace=")
		})
	}
}

func TestRefusedThinkificLoginShowsItsTraceAtHome(t *testing.T) {
	a := start(t, setup{})
	b := a.browser()
	to := a.link("main-thinkific", bob(), jwtsso.RedirectOptions{ReturnTo: "https://evil.example/"})
	a.clock.advance(time.Hour)
	home := b.follow(to)
	trace := a.log("").Entries[0].TraceID
	require.Contains(t, home.body, "You are not signed in")
	require.Contains(t, home.body, trace)
	require.NotContains(t, b.get("/?kind=error&message=Call+0900&trace=Call+0900").body, "0900")
}

func TestRefusedErrorOnAPageThatNeedsAUserBeginsNoOtherLogin(t *testing.T) {
	a := start(t, setup{})
	got := a.browser().get("/dashboard?kind=error&message=x&trace=abc")
	require.Equal(t, "/?kind=error&trace=abc", got.location())
}

func TestRefusalIsThisSitesPageOrJSON(t *testing.T) {
	a := start(t, setup{})
	b := a.browser()
	to := a.link("main-ti", bob(), jwtsso.RedirectOptions{})
	a.clock.advance(time.Hour)
	page := b.get(to, "Accept", "text/html,application/xhtml+xml")
	require.Equal(t, http.StatusForbidden, page.StatusCode)
	trace := a.log("").Entries[0].TraceID
	for _, want := range []string{"You are not signed in", "expired", trace, "/static/academy.css", "/admin/sso-log?trace=" + trace} {
		require.Contains(t, page.body, want)
	}
	require.Contains(t, page.Header.Get("Content-Security-Policy"), "style-src 'self'")
	require.NotContains(t, page.Header.Get("Content-Security-Policy"), "script-src")
	f := a.refused(b.get(to, "Accept", "application/json"))
	require.Equal(t, "expired", f.Code)
	require.NotEmpty(t, f.TraceID)
	require.NotEmpty(t, f.Message)
}

// TestRefusedLinkedAccepted walks the remedy the platform's guide gives for "Email already exists".
func TestRefusedLinkedAccepted(t *testing.T) {
	kinds(t, func(t *testing.T, a *academy) {
		dave := jwtsso.Learner{ExternalID: "40004", Email: "dave@example.com", FirstName: "Dave", LastName: "Okafor"}
		b := a.browser()
		refused := b.get(a.link("main-ti", dave, jwtsso.RedirectOptions{}), "Accept", "application/json")
		require.Equal(t, "email-exists", a.refused(refused).Code)
		require.False(t, b.session().SignedIn)

		admin := a.browser()
		require.Equal(t, "/admin/accounts", admin.post("/admin/sign-in", url.Values{"token": {adminToken}, "next": {"/admin/accounts"}}).location())
		id := a.account("dave@example.com", "student").ID
		require.Contains(t, admin.get("/admin/accounts?search=dave").body, "/admin/accounts/"+id+"/link")
		done := admin.post("/admin/accounts/"+id+"/link", url.Values{"externalID": {"40004"}, "realm": {"main"}})
		require.Equal(t, http.StatusSeeOther, done.StatusCode, done.body)
		require.Contains(t, admin.get(done.location()).body, "The link is saved.")

		require.Equal(t, "/dashboard", b.get(a.link("main-ti", dave, jwtsso.RedirectOptions{})).location())
		require.Equal(t, id, b.session().Account.ID, "the login syncs to the account that was linked")
	})
}

func TestLinkByAPI(t *testing.T) {
	a := start(t, setup{})
	id := a.account("dave@example.com", "student").ID
	link := func(id, body string, headers ...string) answer {
		return a.browser().send(http.MethodPost, "/api/admin/accounts/"+id+"/link", strings.NewReader(body), headers...)
	}
	bearer := []string{"Authorization", "Bearer " + adminToken}
	require.Equal(t, http.StatusUnauthorized, link(id, `{"externalID":"1"}`).StatusCode)
	require.Equal(t, http.StatusOK, link(id, `{"realm":"main","externalID":"40004"}`, bearer...).StatusCode)
	require.Equal(t, "40004", a.account("dave@example.com", "student").ExternalID)
	for name, body := range map[string]string{"no object": `[]`, "unknown key": `{"externalId":"1"}`, "nothing said": `{}`, "twice": `{"externalID":"1","externalID":"2"}`} {
		got := link(id, body, bearer...)
		require.Equal(t, http.StatusBadRequest, got.StatusCode, name)
		require.Equal(t, "malformed", a.refused(got).Code, name)
	}
	require.Equal(t, http.StatusNotFound, link("nobody", `{"externalID":"9"}`, bearer...).StatusCode)
	require.Equal(t, http.StatusRequestEntityTooLarge, link(id, `{"externalID":"`+strings.Repeat("x", 1<<20)+`"}`, bearer...).StatusCode)
	require.Equal(t, http.StatusOK, link(id, `{"externalID":"12345"}`, bearer...).StatusCode, "moves from its holder")
	require.Empty(t, a.account("bob@example.com", "student").ExternalID)
	require.Equal(t, http.StatusOK, link(id, `{"externalID":""}`, bearer...).StatusCode)
	require.Empty(t, a.account("dave@example.com", "student").ExternalID)
}

func TestConcurrentFirstLoginsMakeOneAccount(t *testing.T) {
	kinds(t, func(t *testing.T, a *academy) {
		var links []string
		for range 20 {
			links = append(links, a.link("main-ti", newcomer(), jwtsso.RedirectOptions{}))
		}
		var wg sync.WaitGroup
		statuses := make([]int, len(links))
		for i, to := range links {
			wg.Go(func() { statuses[i] = a.browser().get(to).StatusCode })
		}
		wg.Wait()
		for _, status := range statuses {
			require.Equal(t, http.StatusSeeOther, status)
		}
		require.Equal(t, 1, strings.Count(a.accounts(), `"nora@example.com"`))
	})
}

func TestTenantsAreApart(t *testing.T) {
	a := start(t, setup{})
	erin := jwtsso.Learner{ExternalID: "E-7", Email: "erin@acme.example", FirstName: "Erin", LastName: "Sato"}
	b := a.browser()
	require.Equal(t, "/dashboard", b.get(a.link("acme-jwt", erin, jwtsso.RedirectOptions{})).location())
	require.Equal(t, "acme", b.session().Account.Tenant)

	for name, to := range map[string]string{
		"the tenant's token at the main site":  strings.Replace(a.link("acme-jwt", erin, jwtsso.RedirectOptions{}), "/access/jwt/acme", "/access/jwt", 1),
		"the main site's token at the tenant":  strings.Replace(a.link("main-ti", bob(), jwtsso.RedirectOptions{}), "/access/jwt", "/access/jwt/acme", 1),
		"one dialect's token at the other one": strings.Replace(a.link("main-ti", bob(), jwtsso.RedirectOptions{}), "/access/jwt", "/api/sso/v2/sso/jwt", 1),
	} {
		got := a.browser().get(to, "Accept", "application/json")
		require.Equal(t, "signature", a.refused(got).Code, name)
	}
	none := a.browser().get(strings.Replace(a.link("main-ti", bob(), jwtsso.RedirectOptions{}), "/access/jwt", "/access/jwt/globex", 1), "Accept", "application/json")
	require.Equal(t, http.StatusNotFound, none.StatusCode)
	require.Equal(t, "not-found", a.refused(none).Code)
}

func TestSSOEndpointsTakeNoOtherMethod(t *testing.T) {
	a := start(t, setup{})
	token, err := a.issuer("main-ti").Mint(bob())
	require.NoError(t, err)
	for _, path := range []string{"/access/jwt", "/access/jwt/acme", "/api/sso/v2/sso/jwt"} {
		for _, method := range []string{http.MethodHead, http.MethodPut, http.MethodDelete} {
			b := a.browser()
			require.Equal(t, http.StatusMethodNotAllowed, b.do(method, path+"?jwt="+string(token), nil).StatusCode, "%s %s", method, path)
			require.False(t, b.session().SignedIn)
		}
	}
	require.Equal(t, "/dashboard", a.browser().get("/access/jwt?jwt="+string(token)).location(), "HEAD spends no token")
}

func TestOperationalLogHoldsNothingPersonalOrSecret(t *testing.T) {
	a := start(t, setup{})
	good := a.link("main-ti", bob(), jwtsso.RedirectOptions{})
	b := a.browser()
	b.get(good)
	b.get(good)
	stranger := newcomer()
	stranger.Email = "bob@example.com"
	b.get(a.link("main-ti", stranger, jwtsso.RedirectOptions{}))
	b.get("/dashboard?secret=in-the-query")
	b.post("/admin/sign-in", url.Values{"token": {"a-guess-of-the-token"}})
	text := a.logs.String()
	require.Contains(t, text, "sso login accepted")
	require.Contains(t, text, "sso login refused")
	token := good[strings.Index(good, "jwt=")+4:]
	for _, secret := range []string{
		token, token[len(token)-20:], "bob@example.com", "12345", "Jones", "in-the-query", "a-guess-of-the-token", adminToken,
		string(a.keys["main-ti"]), string(a.keys["acme-jwt"]),
	} {
		require.NotContains(t, text, secret)
	}
}

func TestBrokenStoreFailsClosed(t *testing.T) {
	a := start(t, setup{store: "sqlite:" + t.TempDir() + "/a.db"})
	b := a.browser()
	require.Equal(t, http.StatusOK, b.get("/readyz").StatusCode)
	to := a.link("main-thinkific", bob(), jwtsso.RedirectOptions{ReturnTo: "https://school.thinkific.com/"})
	require.NoError(t, a.open.Close())
	down := b.get("/readyz")
	require.Equal(t, http.StatusServiceUnavailable, down.StatusCode)
	require.Contains(t, down.body, "directory")
	require.Contains(t, down.body, "singleUse")
	require.Equal(t, http.StatusOK, b.get("/healthz").StatusCode)
	got := b.get(to)
	require.Equal(t, http.StatusServiceUnavailable, got.StatusCode)
	require.Empty(t, got.location(), "a fault of this site sends nobody elsewhere")
	require.Equal(t, http.StatusOK, b.get("/").StatusCode)
}

func TestSSOSubscriptionAndPolicyReachTheAccount(t *testing.T) {
	a := start(t, setup{edit: func(f *config.File) { f.Connections[0].SSOSubscription = "gold" }})
	b := a.browser()
	b.get(a.link("main-ti", newcomer(), jwtsso.RedirectOptions{}))
	require.Equal(t, http.StatusOK, b.get("/bundle/gold").StatusCode)
	require.Equal(t, http.StatusForbidden, b.get("/bundle/silver").StatusCode)
	l := newcomer()
	l.Role = "instructor"
	require.Equal(t, string(lmssso.ErrRoleNotAllowed.Code()), a.refused(b.get(a.link("main-ti", l, jwtsso.RedirectOptions{}), "Accept", "application/json")).Code)
}
