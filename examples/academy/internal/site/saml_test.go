package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/examples/academy/internal/config"
	"github.com/lmssso/lmssso/jwtsso"
)

// samlSession is what /api/session tells of a SAML login.
type samlSession struct {
	Assertion struct {
		Protocol, Connection, Tenant, Issuer, ID, InResponseTo  string
		Realm, ExternalID, Subject, SubjectFormat, SessionIndex string
		AuthnContext                                            []string
	}
}

func TestSAMLSignsInByEveryWayOfSigningAndBinding(t *testing.T) {
	kinds(t, func(t *testing.T, a *academy) {
		for _, signing := range []string{"assertion", "response", "both"} {
			b := a.browser()
			got := b.samlLogin("/access/saml/login", "main-saml", bobKey, "signing", signing, "course", "welding")
			require.Equal(t, http.StatusSeeOther, got.StatusCode, got.body)
			require.Equal(t, "/dashboard", got.location())
			s := b.session()
			require.True(t, s.SignedIn)
			require.Equal(t, "12345", s.Account.ExternalID)
			require.Contains(t, s.Account.Courses, "welding")
			require.Equal(t, http.StatusOK, b.get("/learn/course/welding").StatusCode)
		}
		b := a.browser() // asked by form, answered in the clear
		require.Equal(t, http.StatusOK, b.get("/access/saml/login/initech").StatusCode, "a page that posts")
		got := b.samlLogin("/access/saml/login/initech", "initech-saml", "mila@initech.example student", "encryption", "off", "course", "welding")
		require.Equal(t, "/dashboard", got.location(), got.body)
		require.Equal(t, "initech", b.session().Account.Tenant)
	})
}

func TestSAMLSessionAndLogTellOfTheAssertion(t *testing.T) {
	a := start(t, setup{})
	b := a.browser()
	require.Equal(t, http.StatusSeeOther, b.samlLogin("/access/saml/login", "main-saml", nora).StatusCode)
	var s samlSession
	b.decode(b.get("/api/session"), &s)
	require.Equal(t, "saml", s.Assertion.Protocol)
	require.Equal(t, "main-saml", s.Assertion.Connection)
	require.Equal(t, a.url+"/demo/saml/metadata", s.Assertion.Issuer)
	require.Equal(t, "n-1001", s.Assertion.Subject)
	require.Equal(t, "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent", s.Assertion.SubjectFormat)
	require.NotEmpty(t, s.Assertion.ID)
	require.NotEmpty(t, s.Assertion.InResponseTo)
	require.NotEmpty(t, s.Assertion.SessionIndex)
	require.Equal(t, []string{"urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"}, s.Assertion.AuthnContext)

	var log struct {
		Entries []struct {
			Type, Action, SSOBlock string
			Response               struct {
				ResponseHeader struct {
					Destination  string
					InResponseTo string `json:"in_response_to"`
				} `json:"response_header"`
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
	b.decode(b.get("/api/admin/sso-log", "Authorization", "Bearer "+adminToken), &log)
	require.Len(t, log.Entries, 1)
	e := log.Entries[0]
	require.Equal(t, []string{"saml", "assertionConsumer", "main-saml"}, []string{e.Type, e.Action, e.SSOBlock})
	require.Equal(t, a.url+"/access/saml/consumer", e.Response.ResponseHeader.Destination)
	require.Equal(t, s.Assertion.InResponseTo, e.Response.ResponseHeader.InResponseTo)
	require.Equal(t, "n-1001", e.Response.User.NameID)
	require.Equal(t, s.Assertion.SessionIndex, e.Response.User.SessionIndex)
	require.Contains(t, e.Response.User.Attributes, "givenName")
	require.Contains(t, e.Result.Attrs, "email")
	require.True(t, e.Result.Valid)
}

func TestSAMLGoesBackToThePageAskedForWhenItIsListed(t *testing.T) {
	a := start(t, setup{})
	for asked, want := range map[string]string{
		"/learn/course/intro": "/learn/course/intro", a.url + "/account": a.url + "/account",
		"https://school.thinkific.com/x": "https://school.thinkific.com/x",
		"https://evil.example/":          "/dashboard", "//evil.example": "/dashboard", "javascript:alert(1)": "/dashboard", "": "/dashboard",
	} {
		got := a.browser().samlLogin("/access/saml/login?returnTo="+url.QueryEscape(asked), "main-saml", bobKey, "course", "intro")
		require.Equal(t, want, got.location(), asked)
	}
	got := a.browser().samlIdPInitiated("initech-saml", nora, "https://evil.example/")
	require.Equal(t, "/dashboard", got.location(), "a RelayState is judged by the same list")
}

// samlIdPInitiated signs in from the provider.
func (b *browser) samlIdPInitiated(connection, user, relayState string) answer {
	b.a.t.Helper()
	f := b.response(connection, "", user, "return_to", relayState)
	return b.post(f.action, f.fields)
}

func TestLoginsNobodyAskedForAreTakenOnlyWhereTheConnectionSaysSo(t *testing.T) {
	a := start(t, setup{})
	b := a.browser()
	require.Contains(t, b.get("/demo/saml?connection=initech-saml").body, "Or sign in from here")
	require.NotContains(t, b.get("/demo/saml?connection=main-saml").body, "Or sign in from here")
	got := b.samlIdPInitiated("initech-saml", "mila@initech.example student", "/learn/course/safety")
	require.Equal(t, "/learn/course/safety", got.location(), got.body)
	require.True(t, b.session().SignedIn)

	b = a.browser()
	f := b.response("main-saml", "", bobKey)
	refused := a.refused(b.post(f.action, f.fields, "Accept", "application/json"))
	require.Equal(t, "unsolicited", refused.Code)
	require.False(t, b.session().SignedIn)
	require.Equal(t, refused.TraceID, a.log("").Entries[0].TraceID)
}

func TestATenantInheritsTheMainSitesSAML(t *testing.T) {
	a := start(t, setup{})
	b := a.browser()
	require.Contains(t, b.get("/p/globex").body, `href="/access/saml/login/globex?returnTo=%2Fp%2Fglobex"`)
	got := b.samlLogin("/access/saml/login/globex", "main-saml", nora)
	require.Equal(t, "/dashboard", got.location(), got.body)
	require.Equal(t, "globex", b.session().Account.Tenant)
	for _, path := range []string{"/access/saml/metadata/globex", "/access/saml/logout/globex", "/access/saml/login/acme", "/access/saml/metadata/acme", "/access/saml/login/nobody"} {
		require.Equal(t, http.StatusNotFound, b.get(path).StatusCode, path)
	}
	require.Equal(t, http.StatusNotFound, b.post("/access/saml/consumer/globex", url.Values{"SAMLResponse": {"x"}}).StatusCode)

	closed := start(t, setup{edit: func(f *config.File) { f.Connections[3].Policy.Tenants = nil }})
	b = closed.browser()
	_, request := b.picker("/access/saml/login/globex")
	f := b.response("main-saml", request, nora)
	require.Equal(t, "tenant-not-allowed", closed.refused(b.post(f.action, f.fields, "Accept", "application/json")).Code)
}

// TestAResponseIsWorthNothingElsewhere brings good responses to every endpoint but their own.
func TestAResponseIsWorthNothingElsewhere(t *testing.T) {
	a := start(t, setup{})
	for _, c := range []struct{ path, connection, user, elsewhere string }{
		{"/access/saml/login", "main-saml", bobKey, "/access/saml/consumer/initech"},
		{"/access/saml/login/initech", "initech-saml", nora, "/access/saml/consumer"},
	} {
		b := a.browser()
		_, request := b.picker(c.path)
		f := b.response(c.connection, request, c.user)
		got := b.post(c.elsewhere, f.fields, "Accept", "application/json")
		if got.StatusCode == http.StatusOK { // the page for a browser without this connection's cookie
			again := b.posting(got)
			got = b.post(again.action, again.fields, "Accept", "application/json")
		}
		require.Equal(t, "state-lost", a.refused(got).Code)
		f.fields.Del("RelayState")
		require.NotEqual(t, http.StatusSeeOther, b.post(c.elsewhere, f.fields, "Accept", "application/json").StatusCode)
		for _, path := range []string{"/access/jwt", "/access/jwt/acme"} {
			got := a.refused(b.post(path, url.Values{"jwt": {f.fields.Get("SAMLResponse")[:8000]}}, "Accept", "application/json"))
			require.Equal(t, "malformed", got.Code)
		}
		require.False(t, b.session().SignedIn)
	}
	token := a.link("main-ti", bob(), jwtsso.RedirectOptions{})
	u, err := url.Parse(token)
	require.NoError(t, err)
	b := a.browser()
	got := b.post("/access/saml/consumer", url.Values{"SAMLResponse": {u.Query().Get("jwt")}}, "Accept", "application/json")
	require.NotEqual(t, http.StatusSeeOther, got.StatusCode)
	require.False(t, b.session().SignedIn)
}

func TestALostCookieIsAskedForOnceAndThenRefused(t *testing.T) {
	a := start(t, setup{})
	b := a.browser()
	_, request := b.picker("/access/saml/login")
	f := b.response("main-saml", request, bobKey)

	other := a.browser() // without the cookie
	held := a.log("").Held
	page := other.post(f.action, f.fields)
	again := other.posting(page)
	require.Equal(t, f.action, again.action)
	require.Equal(t, f.fields.Get("SAMLResponse"), again.fields.Get("SAMLResponse"))
	require.Equal(t, held, a.log("").Held, "asking again is no attempt")
	lost := a.refused(other.post(again.action, again.fields, "Accept", "application/json"))
	require.Equal(t, "state-lost", lost.Code)
	require.Equal(t, held+1, a.log("").Held)

	got := b.post(again.action, again.fields)
	require.Equal(t, "/dashboard", got.location(), "the page's form works where the cookie is")
	once := a.refused(b.post(f.action, f.fields, "Accept", "application/json"))
	require.Equal(t, "state-lost", once.Code, "and only once")
}

// TestAFreshSignInIsToldFromAStaleOne turns on what some faults are only faults against.
func TestAFreshSignInIsToldFromAStaleOne(t *testing.T) {
	a := start(t, setup{edit: func(f *config.File) {
		f.Connections[3].SAML.Request.ForceAuthn = true
		f.Connections[3].Policy.RequireAuthnContext = []string{"urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"}
	}})
	b := a.browser()
	require.Equal(t, "/dashboard", b.samlLogin("/access/saml/login", "main-saml", bobKey).location())
	for fault, code := range map[string]string{
		"stale-authn-instant": "authn-context", "future-authn-instant": "not-yet-valid",
		"other-authn-context": "authn-context",
	} {
		b := a.browser()
		page, request := b.picker("/access/saml/login")
		require.Contains(t, page.body, "a fresh sign-in")
		f := b.response("main-saml", request, bobKey, "fault", fault)
		require.Equal(t, code, a.refused(b.post(f.action, f.fields, "Accept", "application/json")).Code, fault)
		require.False(t, b.session().SignedIn)
	}
}

func TestSAMLMetadataIsADownloadForEachConnection(t *testing.T) {
	a := start(t, setup{})
	for path, signs := range map[string]string{"/access/saml/metadata": "true", "/access/saml/metadata/initech": "false"} {
		got := a.browser().get(path)
		require.Equal(t, http.StatusOK, got.StatusCode)
		require.Contains(t, got.Header.Get("Content-Type"), "application/samlmetadata+xml")
		require.Contains(t, got.Header.Get("Content-Disposition"), "attachment")
		require.Contains(t, got.body, `entityID="`+a.url+path+`"`)
		require.Contains(t, got.body, a.url+strings.Replace(path, "metadata", "consumer", 1))
		require.Contains(t, got.body, a.url+strings.Replace(path, "metadata", "logout", 1))
		require.Contains(t, got.body, `AuthnRequestsSigned="`+signs+`"`)
	}
	require.Contains(t, a.browser().get("/demo/saml/metadata").body, "IDPSSODescriptor")
}

func TestTheProvidersEndOfSessionIsTheAcademys(t *testing.T) {
	a := start(t, setup{})
	b := a.browser()
	require.Equal(t, http.StatusSeeOther, b.samlLogin("/access/saml/login", "main-saml", bobKey, "ends", "5m").StatusCode)
	a.clock.advance(5*time.Minute - time.Second)
	require.True(t, b.session().SignedIn)
	a.clock.advance(time.Second)
	require.False(t, b.session().SignedIn)
}

func TestConnectionsPageTellsWhatAnIdentityProviderMustKnow(t *testing.T) {
	a := start(t, setup{})
	page := a.browser().get("/admin/connections", "Authorization", "Bearer "+adminToken).body
	for _, slug := range []string{"", "/initech"} {
		for name, path := range map[string]string{
			"Assertion consumer service (ACS)": "/access/saml/consumer", "Single logout": "/access/saml/logout",
		} {
			require.Contains(t, page, "<dt>"+name+"</dt><dd><code>"+a.url+path+slug+"</code>")
		}
		for name, path := range map[string]string{"Entity id, and metadata": "/access/saml/metadata", "Sign-in begins at": "/access/saml/login"} {
			require.Contains(t, page, "<dt>"+name+`</dt><dd><a href="`+a.url+path+slug+`">`)
		}
	}
}

func TestWaysToSignInListSAML(t *testing.T) {
	a := start(t, setup{edit: func(f *config.File) { f.Demo = false }})
	b := a.browser()
	require.Contains(t, b.get("/").body, `href="/access/saml/login"`)
	require.Contains(t, b.get("/p/initech").body, `href="/access/saml/login/initech?returnTo=%2Fp%2Finitech"`)
	require.NotContains(t, b.get("/p/acme").body, "/access/saml/")
	require.Equal(t, http.StatusNotFound, b.get("/demo/saml").StatusCode)
	require.Equal(t, http.StatusNotFound, b.get("/demo/saml/sso").StatusCode)
	// The address of the demonstration's provider is then one like any other, and nobody answers there.
	require.Equal(t, "discovery", a.refused(b.get("/access/saml/login", "Accept", "application/json")).Code)
}
