package oidc_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/dexidp/dex/storage"
	jose "github.com/go-jose/go-jose/v4"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/tenant"
)

// TestARegistrySignsInAtTwoProviders gives the main site to oidc-provider and the tenant acme to Dex, by a configuration file
// and the registry's routes. The tenant quiet has no connection of its own and signs in by the main site's.
func TestARegistrySignsInAtTwoProviders(t *testing.T) {
	s := newSite(t, false)
	at := func(path, slug string) string { return s.url + "/access/openId/" + path + slug }
	p := startOP(t, nil, client{
		"client_id": "main", "client_secret": secret("main"), "redirect_uris": []string{at("callback", "")},
		"post_logout_redirect_uris": []string{at("logout", "")}, "backchannel_logout_uri": at("backchannel-logout", ""),
		"backchannel_logout_session_required": true, "response_types": []string{"code id_token"},
		"grant_types": []string{"implicit", "authorization_code"}, "id_token_signed_response_alg": "ES256",
	})
	d := startDex(t, jose.RS256, storage.Client{
		ID: "acme", Secret: secret("acme"), Name: "Acme", RedirectURIs: []string{at("callback", "/acme")},
		PostLogoutRedirectURIs: []string{at("logout", "/acme")}, BackchannelLogoutURI: at("backchannel-logout", "/acme"),
	})
	reg := s.registry(t, fmt.Sprintf(`{
		"baseURL": %q,
		"tenants": [{"slug": "acme", "id": "acme-1"}, {"slug": "quiet", "id": "quiet-1"}],
		"connections": [
			{"id": "main-oidc", "protocol": "oidc", "wellKnown": %q, "clientID": "main", "clientSecret": %q,
			 "responseType": "code id_token", "responseMode": "form_post", "scope": "openid email profile", "signingAlgorithm": "ES256",
			 "allowHTTP": true, "allowPrivateAddresses": true, "policy": {"tenants": ["quiet"], "roles": ["student"]}},
			{"id": "acme-oidc", "tenant": "acme", "protocol": "oidc", "wellKnown": %q, "clientID": "acme", "clientSecret": %q,
			 "scope": "openid email profile", "allowHTTP": true, "allowPrivateAddresses": true}
		]}`, s.url, p.side().WellKnown, secret("main"), d.side().WellKnown, secret("acme")))
	atMain := func(b *browser, slug string) *page {
		return b.submit(b.open(at("login", slug)+"?returnTo=/welcome"), right)
	}
	atAcme := func(b *browser) *page {
		return b.submit(b.open(at("login", "/acme")+"?returnTo=/welcome"), atDex)
	}

	t.Run("the main site", func(t *testing.T) {
		a := s.mustBeIn(t, atMain(newBrowser(t), ""), "/welcome")
		mustBeAnna(t, a, p.issuer, "main-oidc")
		if name, _ := a.Profile.FirstName.First(); name != "Änna" || a.Origin.Tenant != "" {
			t.Errorf("the login is %+v, %+v", a.Origin, a.Profile)
		}
	})
	t.Run("a tenant with its own provider", func(t *testing.T) {
		a := s.mustBeIn(t, atAcme(newBrowser(t)), "/welcome")
		if a.Origin.Tenant != "acme" || a.Origin.Issuer != d.issuer || a.Link.Realm != "acme-1" {
			t.Errorf("the login is %+v, %+v", a.Origin, a.Link)
		}
	})
	t.Run("a tenant that inherits", func(t *testing.T) {
		a := s.mustBeIn(t, atMain(newBrowser(t), "/quiet"), "/welcome")
		if a.Origin.Issuer != p.issuer || a.Link.Realm != "main" {
			t.Errorf("the login is %+v, %+v", a.Origin, a.Link)
		}
	})
	t.Run("an answer at the other's callback", func(t *testing.T) {
		b := newBrowser(t)
		b.hold = true
		atAcme(b)
		b.answered.url.Path = "/access/openId/callback"
		s.mustRefuse(t, b.deliver(b.answered), lmssso.ErrStateLost)
	})
	t.Run("the provider's logout", func(t *testing.T) {
		b, other := newBrowser(t), newBrowser(t)
		s.mustBeIn(t, atMain(b, ""), "/welcome")
		s.mustBeIn(t, atMain(other, ""), "/welcome")
		before := s.open("main-oidc")
		back := b.press(b.open(s.url+"/logout"), map[string]string{"logout": "yes"})
		if back.url.String() != s.url+"/goodbye" || !strings.Contains(back.body, "signed out") {
			t.Fatalf("the logout ended at %s:\n%s", back.url, back.body)
		}
		if left := before - s.open("main-oidc"); left != 1 {
			t.Errorf("%d sessions ended, not one", left)
		}
		for _, a := range s.takeAttempts() {
			if a.Action != "logout" || a.Err != nil {
				t.Errorf("the log holds %q: %v", a.Action, a.Err)
			}
		}
	})
	t.Run("the log", func(t *testing.T) {
		if len(reg.Connections()) != 2 {
			t.Fatalf("the registry has %+v", reg.Connections())
		}
	})
}

// registry mounts what a configuration file says.
func (s *site) registry(t *testing.T, text string) *tenant.Registry {
	t.Helper()
	var cfg tenant.Config
	if err := tenant.Decode([]byte(text), &cfg); err != nil {
		t.Fatal(err)
	}
	reg, err := tenant.New(cfg, tenant.App{
		SingleUse: s.once, Provisioner: s.accounts, Recorder: s, Sessions: s, Done: s.signIn,
		Env: lmssso.Env{Now: s.now, Logger: slog.New(slog.DiscardHandler)},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := reg.Close(); err != nil {
			t.Error(err)
		}
	})
	reg.Mount(s.mux)
	s.mux.HandleFunc("/logout", func(w http.ResponseWriter, r *http.Request) {
		open, value := s.current(r)
		s.mu.Lock()
		delete(s.sessions, value)
		s.mu.Unlock()
		if answered, err := reg.Logout(w, r, open.key, open.hint, "/goodbye"); err != nil || !answered {
			http.Error(w, fmt.Sprint(answered, err), http.StatusBadGateway)
		}
	})
	return reg
}
