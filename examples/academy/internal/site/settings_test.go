package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/examples/academy/internal/config"
	"github.com/lmssso/lmssso/jwtsso"
	"github.com/lmssso/lmssso/tenant"
)

func withSettings(s *tenant.SettingsConfig) setup {
	return setup{edit: func(f *config.File) { f.Settings = s }}
}

func TestPagesGoWhereTheSettingsSay(t *testing.T) {
	a := start(t, withSettings(&tenant.SettingsConfig{
		ExternalLoginURL: "https://id.example/in?to={{returnTo}}", AccountLogoutURL: "https://id.example/out?to={{returnTo}}",
		ExternalRegisterURL: "https://id.example/new?to={{returnTo}}", AccountSettingsURL: "https://id.example/me?to={{returnTo}}",
	}))
	at := func(path string) string { return strings.ReplaceAll(url.QueryEscape(a.url+path), "+", "%20") }
	for path, want := range map[string]string{
		"/login":                               "https://id.example/in?to=" + at("/"),
		"/login?returnTo=%2Flearn%2F":          "https://id.example/in?to=" + at("/learn/"),
		"/login?returnTo=https://evil.example": "https://id.example/in?to=" + at("/"),
		"/dashboard":                           "https://id.example/in?to=" + at("/dashboard"),
		"/learn/course/intro?x=a+b":            "https://id.example/in?to=" + at("/learn/course/intro?x=a+b"),
		"/register":                            "https://id.example/new?to=" + at("/"),
		"/checkout?course=intro":               "https://id.example/new?to=" + at("/checkout?course=intro"),
		"/account":                             "https://id.example/me?to=" + at("/dashboard"),
	} {
		got := a.browser().get(path)
		require.Equal(t, http.StatusSeeOther, got.StatusCode, path)
		require.Equal(t, want, got.location(), path)
	}
	b := a.browser()
	b.get(a.link("main-ti", bob(), jwtsso.RedirectOptions{}))
	out := b.get("/logout")
	require.Equal(t, "https://id.example/out?to="+at("/"), out.location())
	require.False(t, b.session().SignedIn)
}

func TestCheckoutResumesOnceSignedIn(t *testing.T) {
	a := start(t, withSettings(&tenant.SettingsConfig{ExternalRegisterURL: "https://id.example/new?to={{returnTo}}"}))
	b := a.browser()
	register, err := url.Parse(b.get("/checkout?course=intro").location())
	require.NoError(t, err)
	resume := register.Query().Get("to")
	got := b.get(a.link("main-ti", newcomer(), jwtsso.RedirectOptions{ReturnTo: resume}))
	require.Equal(t, resume, got.location())
	page := b.get(got.location())
	require.Contains(t, page.body, "Getting started")
}

func TestSSOOnlyLeavesNoPageOfItsOwn(t *testing.T) {
	a := start(t, withSettings(&tenant.SettingsConfig{ExternalLoginURL: "https://id.example/in?to={{returnTo}}", SSOOnly: true}))
	for _, path := range []string{"/login", "/register", "/account", "/checkout"} {
		got := a.browser().get(path)
		require.True(t, strings.HasPrefix(got.location(), "https://id.example/in?"), path)
	}
}

func TestWithoutSettingsTheSiteKeepsItsPages(t *testing.T) {
	a := start(t, withSettings(nil))
	b := a.browser()
	require.Equal(t, "/login?returnTo=%2Fdashboard", b.get("/dashboard").location())
	for _, path := range []string{"/login", "/register"} {
		page := b.get(path)
		require.Equal(t, http.StatusOK, page.StatusCode, path)
		require.Contains(t, page.body, "/demo/jwt?connection=main-ti", path)
	}
	require.Equal(t, "/login?returnTo=%2Fcheckout%3Fcourse%3Dintro", b.get("/checkout?course=intro").location())
	b.get(a.link("main-ti", bob(), jwtsso.RedirectOptions{}))
	require.Contains(t, b.get("/account").body, "bob@example.com")
	require.Equal(t, "/learn/", b.get("/login?returnTo=/learn/").location(), "somebody signed in is not asked again")
	require.Equal(t, "/", b.get("/logout").location())
}

func TestATenantHasItsOwnSettingsAndWays(t *testing.T) {
	a := start(t, setup{})
	b := a.browser()
	require.Contains(t, b.get("/login?tenant=acme").location(), "connection=acme-jwt")
	require.Equal(t, http.StatusNotFound, b.get("/login?tenant=nobody").StatusCode)
	acme, globex := b.get("/p/acme"), b.get("/p/globex")
	require.Contains(t, acme.body, "connection=acme-jwt")
	require.NotContains(t, acme.body, "connection=main-ti", "a tenant with its own set-up does not offer the main site's")
	require.Contains(t, globex.body, "connection=main-ti")
	require.Equal(t, http.StatusNotFound, b.get("/p/nobody").StatusCode)
}
