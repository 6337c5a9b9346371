package oidc_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/oidc"
	"github.com/lmssso/lmssso/store"
)

func TestARequestHoldsWhatProtectsIt(t *testing.T) {
	for _, kind := range []oidc.ResponseType{oidc.Code, oidc.IDToken, oidc.CodeIDToken} {
		s := newFlowSite(t, func(c *oidc.Config) { c.Request.ResponseType = kind })
		seen := map[string]bool{}
		for range 20 {
			start, err := s.provider.Begin(t.Context(), nil)
			require.NoError(t, err)
			pend, q := start.Pending, start.Redirect.Query()
			require.Regexp(t, `^[A-Za-z0-9_-]{1,80}$`, pend.Handle)
			require.Regexp(t, `^[A-Za-z0-9_-]{22,}$`, pend.Nonce, "128 bits")
			require.Regexp(t, `^[A-Za-z0-9_-]{43,128}$`, pend.Verifier, "RFC 7636 section 4.1")
			sum := sha256.Sum256([]byte(pend.Verifier))
			require.Equal(t, url.Values{
				"state": {pend.Handle}, "nonce": {pend.Nonce}, "code_challenge": {b64(sum[:])}, "code_challenge_method": {"S256"},
				"client_id": {"client"}, "redirect_uri": {s.URL + "/callback"}, "response_type": {string(kind)}, "scope": {"openid"},
				"policy": {"p1"}, // the endpoint's own; its state and Request_URI are gone
			}, q)
			require.NotContains(t, start.Redirect.String(), pend.Verifier)
			require.Equal(t, flowEpoch, pend.Begun)
			for _, secret := range []string{pend.Handle, pend.Nonce, pend.Verifier} {
				require.False(t, seen[secret])
				seen[secret] = true
			}
		}
	}
}

func TestARequestAsksForWhatIsConfigured(t *testing.T) {
	s := newFlowSite(t, func(c *oidc.Config) {
		c.Request = oidc.Request{
			ResponseMode: oidc.FormPost, Scope: []string{"openid", "profile"}, Prompt: "select_account", ACRValues: []string{"urn:a", "b"},
			UILocales: []string{"de-CH", "en"}, Parameters: map[string]string{"domain_hint": "example.com", "hd": "x"},
		}
		c.Check.MaxAuthnAge = time.Hour
	})
	start, err := s.provider.Begin(t.Context(), nil)
	require.NoError(t, err)
	q := start.Redirect.Query()
	for name, want := range map[string]string{
		"response_mode": "form_post", "scope": "openid profile", "prompt": "select_account", "acr_values": "urn:a b", "ui_locales": "de-CH en",
		"domain_hint": "example.com", "hd": "x", "max_age": "3600", "login_hint": "",
	} {
		require.Equal(t, want, q.Get(name), name)
	}
	require.Equal(t, time.Hour, start.Pending.MaxAuthnAge)
	require.False(t, start.Pending.Fresh)

	start, err = s.provider.Begin(t.Context(), &oidc.BeginOptions{
		ReturnTo: "/x", Tenant: "acme", LoginHint: "bob@example.com", Prompt: "consent login", ACRValues: []string{"c"}, UILocales: []string{"fr"},
		MaxAuthnAge: 90 * time.Second, Parameters: map[string]string{"hd": "y"},
	})
	require.NoError(t, err)
	q = start.Redirect.Query()
	for name, want := range map[string]string{
		"prompt": "consent login", "acr_values": "c", "ui_locales": "fr", "domain_hint": "example.com", "hd": "y", "max_age": "90", "login_hint": "bob@example.com",
	} {
		require.Equal(t, want, q.Get(name), name)
	}
	require.Equal(t, 90*time.Second, start.Pending.MaxAuthnAge)
	require.True(t, start.Pending.Fresh)
	require.Equal(t, "/x", start.Pending.ReturnTo)
	require.Equal(t, "acme", start.Pending.Tenant)

	start, err = s.provider.Begin(t.Context(), &oidc.BeginOptions{MaxAuthnAge: 2 * time.Hour})
	require.NoError(t, err)
	require.Equal(t, "3600", start.Redirect.Query().Get("max_age"), "an option never relaxes")
	require.Equal(t, "x", start.Redirect.Query().Get("hd"), "options of one login stay with it")
	require.Equal(t, time.Hour, start.Pending.MaxAuthnAge)
}

// What decides the request's safety cannot be said by a parameter, however a provider might read its name.
func TestParametersCannotOverride(t *testing.T) {
	s := newFlowSite(t, nil)
	for _, name := range []string{
		"state", "nonce", "redirect_uri", "code_challenge", "code_challenge_method", "client_id", "response_type", "response_mode", "scope",
		"request", "request_uri", "prompt", "max_age", "acr_values", "ui_locales", "login_hint", "id_token_hint", "client_secret",
		"client_assertion", "client_assertion_type",
		"State", "NONCE", "redirect.uri", "Redirect-URI", "state[]", "state ", " state", "state\x00", "", "stät", strings.Repeat("a", 65),
	} {
		_, err := s.provider.Begin(t.Context(), &oidc.BeginOptions{Parameters: map[string]string{name: "x"}})
		require.ErrorIs(t, err, oidc.ErrSetup, "%q", name)
		_, err = oidc.New(flowConfig(func(c *oidc.Config) { c.Request.Parameters = map[string]string{name: "x"} }))
		require.ErrorIs(t, err, oidc.ErrSetup, "%q", name)
	}
}

func TestOptionsThatCannotBeAskedFor(t *testing.T) {
	s := newFlowSite(t, nil)
	for name, o := range map[string]*oidc.BeginOptions{
		"none beside another": {Prompt: "none login"}, "negative age": {MaxAuthnAge: -time.Second}, "less than a second": {MaxAuthnAge: time.Millisecond},
		"two words": {ACRValues: []string{"a b"}}, "a locale with a line break": {UILocales: []string{"de\n"}},
	} {
		_, err := s.provider.Begin(t.Context(), o)
		require.ErrorIs(t, err, oidc.ErrSetup, name)
	}
}

// flowConfig is a good configuration by hand.
func flowConfig(change func(*oidc.Config)) oidc.Config {
	cfg := oidc.Config{
		Connection: "c", Realm: "main", SingleUse: store.NewMemory(store.MemoryConfig{}),
		RP: oidc.RP{BaseURL: "https://learn.example.com", RedirectURI: "https://learn.example.com/callback", ClientID: "client", ClientSecret: "secret"},
		OP: oidc.OP{
			Issuer:    "https://op.example.com",
			Endpoints: oidc.Endpoints{Authorization: "https://op.example.com/a", Token: "https://op.example.com/t", JWKS: "https://op.example.com/j"},
		},
		Mapping: attrs.Mapping{attrs.Email: attrs.From("email")},
	}
	if change != nil {
		change(&cfg)
	}
	return cfg
}

func TestAConfigurationIsChecked(t *testing.T) {
	p, err := oidc.New(flowConfig(nil))
	require.NoError(t, err)
	require.NoError(t, p.Close())
	for name, change := range map[string]func(*oidc.Config){
		"Connection":               func(c *oidc.Config) { c.Connection = "" },
		"Realm":                    func(c *oidc.Config) { c.Realm = "" },
		"SingleUse":                func(c *oidc.Config) { c.SingleUse = nil },
		"RP.BaseURL":               func(c *oidc.Config) { c.RP.BaseURL = "/" },
		"RP.RedirectURI":           func(c *oidc.Config) { c.RP.RedirectURI = "" },
		"RP.RedirectURI ":          func(c *oidc.Config) { c.RP.RedirectURI += "#x" },
		"RP.RedirectURI  ":         func(c *oidc.Config) { c.RP.RedirectURI = "https://other.example.com/callback" },
		"RP.RedirectURI   ":        func(c *oidc.Config) { c.RP.RedirectURI = "http://learn.example.com/callback" },
		"RP.RedirectURI    ":       func(c *oidc.Config) { c.RP.RedirectURI += "?state=x" },
		"RP.PostLogoutRedirectURI": func(c *oidc.Config) { c.RP.PostLogoutRedirectURI = "/signed-out" },
		"RP.ClientID":              func(c *oidc.Config) { c.RP.ClientID = "" },
		"RP.ClientSecret":          func(c *oidc.Config) { c.RP.ClientSecret = "" },
		"RP.TokenAuth":             func(c *oidc.Config) { c.RP.TokenAuth = "none" },
		"OP":                       func(c *oidc.Config) { c.OP = oidc.OP{} },
		"Request.ResponseType":     func(c *oidc.Config) { c.Request.ResponseType = "token" },
		"Request.ResponseType ":    func(c *oidc.Config) { c.Request.ResponseType = "id_token code" },
		"Request.ResponseMode":     func(c *oidc.Config) { c.Request.ResponseMode = "web_message" },
		"Request.ResponseMode ":    func(c *oidc.Config) { c.Request.ResponseType, c.Request.ResponseMode = oidc.IDToken, oidc.Query },
		"Request.ResponseMode  ":   func(c *oidc.Config) { c.Request.ResponseType, c.Request.ResponseMode = oidc.CodeIDToken, oidc.Query },
		"Request.Scope":            func(c *oidc.Config) { c.Request.Scope = []string{"profile"} },
		"Request.Scope ":           func(c *oidc.Config) { c.Request.Scope = []string{"openid", "a b"} },
		"Request.Prompt":           func(c *oidc.Config) { c.Request.Prompt = "none consent" },
		"Request.ACRValues":        func(c *oidc.Config) { c.Request.ACRValues = []string{""} },
		"Request.UILocales":        func(c *oidc.Config) { c.Request.UILocales = []string{"de en"} },
		"Request.Parameters":       func(c *oidc.Config) { c.Request.Parameters = map[string]string{"State": "x"} },
		"Request.Userinfo.Mode":    func(c *oidc.Config) { c.Request.Userinfo.Mode = "sometimes" },
		"Request.Userinfo.Mode ": func(c *oidc.Config) {
			c.Request.ResponseType, c.Request.ResponseMode, c.Request.Userinfo.Mode = oidc.IDToken, oidc.FormPost, oidc.UserinfoAlways
		},
		"Check.Leeway":           func(c *oidc.Config) { c.Check.Leeway = 5*time.Minute + 1 },
		"Check.Leeway ":          func(c *oidc.Config) { c.Check.Leeway = -1 },
		"Check.MaxAuthnAge":      func(c *oidc.Config) { c.Check.MaxAuthnAge = -time.Second },
		"Check.MaxAuthnAge ":     func(c *oidc.Config) { c.Check.MaxAuthnAge = time.Millisecond },
		"Check.SigningAlgorithm": func(c *oidc.Config) { c.Check.SigningAlgorithm = "none" },
	} {
		p, err := oidc.New(flowConfig(change))
		require.ErrorIs(t, err, oidc.ErrSetup, name)
		require.ErrorIs(t, err, lmssso.ErrConfiguration, name)
		require.Nil(t, p)
		require.Contains(t, err.Error(), strings.TrimSpace(name))
	}
	_, err = oidc.New(oidc.Config{})
	for _, name := range []string{"Connection", "Realm", "SingleUse", "RP.BaseURL", "RP.RedirectURI", "RP.ClientID", "OP"} {
		require.ErrorContains(t, err, name, "every fault is listed")
	}
}

// What the caller changes afterwards changes nothing.
func TestAConfigurationIsCopied(t *testing.T) {
	scope, parameters := []string{"openid", "email"}, map[string]string{"hd": "x"}
	p, err := oidc.New(flowConfig(func(c *oidc.Config) { c.Request.Scope, c.Request.Parameters = scope, parameters }))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	scope[0], parameters["hd"], parameters["state"] = "x", "y", "z"
	start, err := p.Begin(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, "openid email", start.Redirect.Query().Get("scope"))
	require.Equal(t, "x", start.Redirect.Query().Get("hd"))
	require.NotEqual(t, "z", start.Redirect.Query().Get("state"))
}

func TestAPendingLoginDoesNotShowItsSecrets(t *testing.T) {
	s := newFlowSite(t, nil)
	start, err := s.provider.Begin(t.Context(), &oidc.BeginOptions{ReturnTo: "/secret-course"})
	require.NoError(t, err)
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("begun", "pending", start.Pending)
	for _, secret := range []string{start.Pending.Nonce, start.Pending.Verifier, start.Pending.Handle, "secret-course"} {
		require.NotContains(t, log.String(), secret)
	}
	record, err := json.Marshal(start.Pending)
	require.NoError(t, err)
	require.NotContains(t, string(record), start.Pending.Handle, "the record does not tell its own name")
}

func TestTheLoginHandler(t *testing.T) {
	s := newFlowSite(t, nil)
	page := flowGet(t, flowBrowser(t), s.URL+"/login?returnTo=/x&login_hint=eve&target_link_uri=/y")
	require.Equal(t, http.StatusSeeOther, page.status)
	require.Equal(t, s.op.URL+"/authorize", page.location.Scheme+"://"+page.location.Host+page.location.Path)
	require.Empty(t, page.location.Query().Get("login_hint"), "only an issuer that was named may name a user")
	require.Equal(t, "no-store", page.header.Get("Cache-Control"))
	require.Equal(t, "no-referrer", page.header.Get("Referrer-Policy"))
	require.Len(t, page.header.Values("Set-Cookie"), 1)
}

// Third-party initiated login (OpenID Connect Core section 4).
func TestALoginBegunAtThePortal(t *testing.T) {
	s := newFlowSite(t, nil)
	c := flowBrowser(t)
	page := flowGet(t, c, s.URL+"/login?login_hint=bob&target_link_uri=/learn/course/intro&returnTo=/dashboard&iss="+url.QueryEscape(s.op.URL))
	require.Equal(t, http.StatusSeeOther, page.status)
	require.Equal(t, "bob", page.location.Query().Get("login_hint"))
	page = s.send(t, c, oidc.Query, s.op.answer(page.location.Query()))
	require.Equal(t, s.URL+"/learn/course/intro", page.location.String())
	for _, iss := range []string{
		"iss=", "iss=https://evil.example", "iss=" + url.QueryEscape(s.op.URL+"/"), "iss=" + url.QueryEscape(s.op.URL) + "&iss=" + url.QueryEscape(s.op.URL),
	} {
		s.begun = nil
		page := flowGet(t, flowBrowser(t), s.URL+"/login?"+iss)
		require.Equal(t, http.StatusForbidden, page.status)
		require.ErrorIs(t, s.begun[0], oidc.ErrInitiator)
		require.Empty(t, page.header.Values("Set-Cookie"))
	}
	page = flowGet(t, c, s.URL+"/login?login_hint="+strings.Repeat("a", 2049)+"&iss="+url.QueryEscape(s.op.URL))
	require.Empty(t, page.location.Query().Get("login_hint"))
}

func TestATargetNobodyWouldFollowIsNotKept(t *testing.T) {
	s := newFlowSite(t, nil)
	c := flowBrowser(t)
	page := s.send(t, c, oidc.Query, s.begin(t, c, "?returnTo=/"+strings.Repeat("a", 3000)))
	require.Equal(t, s.URL+"/dashboard", page.location.String())
	require.Empty(t, s.last(t).Assertion.ReturnTo)
}
