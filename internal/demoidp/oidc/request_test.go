package oidc_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/internal/demoidp/oidc"
)

func TestReadAuthorizeReadsAGoodRequest(t *testing.T) {
	v := parameters("id_token code")
	v.Set("prompt", "login consent")
	v.Set("max_age", "60")
	v.Set("acr_values", "urn:a urn:b")
	v.Set("login_hint", "bob")
	v.Set("ui_locales", "de en")
	p := newOP(t)
	req := read(t, p, v)
	require.Equal(t, "code id_token", req.ResponseType)
	require.Equal(t, "fragment", req.ResponseMode)
	require.Equal(t, []string{"login", "consent"}, req.Prompt)
	require.Equal(t, time.Minute, req.MaxAge)
	require.Equal(t, []string{"urn:a", "urn:b"}, req.ACRValues)
	require.Equal(t, []string{"de", "en"}, req.UILocales)
	require.Equal(t, "bob", req.LoginHint)

	r := httptest.NewRequest(http.MethodPost, "/authorize", strings.NewReader(v.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	posted, err := p.ReadAuthorize(r)
	require.NoError(t, err)
	require.Equal(t, req, posted)
}

func TestReadAuthorizeRefuses(t *testing.T) {
	set := func(name, value string) func(url.Values) { return func(v url.Values) { v.Set(name, value) } }
	drop := func(name string) func(url.Values) { return func(v url.Values) { v.Del(name) } }
	for name, c := range map[string]struct {
		change func(url.Values)
		code   string
		shown  bool // to the browser, because the client is not known to own the redirect URI
	}{
		"an unknown client":              {set("client_id", "other"), "unauthorized_client", true},
		"an unregistered redirect URI":   {set("redirect_uri", redirect+"/"), "invalid_request", true},
		"a parameter that stands twice":  {func(v url.Values) { v.Add("state", "x") }, "invalid_request", true},
		"an unknown response type":       {set("response_type", "token"), "unsupported_response_type", false},
		"no response type":               {drop("response_type"), "unsupported_response_type", false},
		"an unknown response mode":       {set("response_mode", "pigeon"), "invalid_request", false},
		"tokens in the query":            {func(v url.Values) { v.Set("response_type", "id_token"); v.Set("response_mode", "query") }, "invalid_request", false},
		"no openid scope":                {set("scope", "email"), "invalid_scope", false},
		"an ID token without a nonce":    {func(v url.Values) { v.Set("response_type", "id_token"); v.Del("nonce") }, "invalid_request", false},
		"a plain code challenge":         {set("code_challenge_method", "plain"), "invalid_request", false},
		"a code challenge of odd length": {set("code_challenge", "short"), "invalid_request", false},
		"prompt none beside login":       {set("prompt", "none login"), "invalid_request", false},
		"a negative max_age":             {set("max_age", "-1"), "invalid_request", false},
		"a foreign id_token_hint":        {set("id_token_hint", "a.b.c"), "invalid_request", false},
		"a request object":               {set("request", "a.b.c"), "request_not_supported", false},
		"a request object by address":    {set("request_uri", "https://x.example"), "request_uri_not_supported", false},
	} {
		t.Run(name, func(t *testing.T) {
			p := newOP(t)
			v := parameters("code")
			c.change(v)
			_, err := p.ReadParameters(v)
			var no *oidc.Refusal
			require.ErrorAs(t, err, &no)
			require.Equal(t, c.code, no.Code)
			require.Equal(t, c.shown, no.Request == nil)

			w := httptest.NewRecorder()
			p.Deny(w, err)
			if c.shown {
				require.Equal(t, http.StatusBadRequest, w.Code)
				require.Empty(t, w.Header().Get("Location"))
				return
			}
			u, err := url.Parse(w.Header().Get("Location"))
			require.NoError(t, err)
			answer := u.Query()
			if u.Fragment != "" {
				answer, err = url.ParseQuery(u.EscapedFragment())
				require.NoError(t, err)
			}
			require.Equal(t, c.code, answer.Get("error"))
			require.Equal(t, "the-state", answer.Get("state"))
			require.Equal(t, base, answer.Get("iss"))
		})
	}
	require.Error(t, errors.Join(&oidc.Refusal{Code: "a", Description: "b"}))
}

func TestPKCECanBeRequired(t *testing.T) {
	p := newOP(t)
	register(t, p, func(c *oidc.Client) { c.RequirePKCE = true })
	v := parameters("code")
	v.Del("code_challenge")
	_, err := p.ReadParameters(v)
	require.Error(t, err)
}

func TestHintOfSomebodyElseIsRefused(t *testing.T) {
	p := newOP(t)
	a, err := p.Respond(read(t, p, parameters("id_token")), login(oidc.How{}))
	require.NoError(t, err)
	v := parameters("code")
	v.Set("id_token_hint", a.Get("id_token"))
	req := read(t, p, v)
	require.Equal(t, "user-1", req.HintSubject)
	other := login(oidc.How{})
	other.User.Subject = "user-2"
	a, err = p.Respond(req, other)
	require.NoError(t, err)
	require.Equal(t, "login_required", a.Get("error"))
	require.Empty(t, a.Get("code"))
}

func TestRefuseAnswersInTheRequestsMode(t *testing.T) {
	p := newOP(t)
	v := parameters("code")
	v.Set("response_mode", "form_post")
	a, err := p.Refuse(read(t, p, v), "access_denied", "no", oidc.How{})
	require.NoError(t, err)
	require.Equal(t, "form_post", a.Mode)
	require.Equal(t, "access_denied", a.Get("error"))
	require.Equal(t, "no", a.Get("error_description"))
}

func TestAuthTimeFollowsTheRequest(t *testing.T) {
	old := now.Add(-time.Hour)
	for name, c := range map[string]struct {
		name, value string
		want        time.Time
	}{
		"nothing asked":       {"x", "y", old},
		"prompt login":        {"prompt", "login", now},
		"max_age exceeded":    {"max_age", "60", now},
		"max_age not reached": {"max_age", "7200", old},
	} {
		t.Run(name, func(t *testing.T) {
			p := newOP(t)
			v := parameters("id_token")
			v.Set(c.name, c.value)
			l := login(oidc.How{})
			l.AuthTime = old
			a, err := p.Respond(read(t, p, v), l)
			require.NoError(t, err)
			require.EqualValues(t, c.want.Unix(), claims(t, a.Get("id_token"))["auth_time"])
		})
	}
}

func TestNewRefusesBadConfigurations(t *testing.T) {
	for name, c := range map[string]oidc.Config{
		"no address": {Keys: []oidc.Key{{Signer: rsaKey()}}},
		"no key":     {BaseURL: base},
		"no signer":  {BaseURL: base, Keys: []oidc.Key{{ID: "k"}}},
	} {
		_, err := oidc.New(c)
		require.Error(t, err, name)
	}
	require.Error(t, newOP(t).Register(oidc.Client{}))
	_, err := oidc.GenerateKey("HS256")
	require.Error(t, err)
}
