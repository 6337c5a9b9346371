package oidc

import (
	"context"
	"crypto"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/internal/fetch"
	"github.com/stretchr/testify/require"
)

const (
	testCode     = "CODE-SECRET +&="
	testVerifier = "VERIFIER-SECRET"
	goodTokens   = `{"id_token":"ID-SECRET","access_token":"ACCESS-SECRET","token_type":"Bearer","expires_in":60}`
)

// sent is what an endpoint was asked.
type sent struct {
	method string
	header http.Header
	form   url.Values
}

// capture makes a path answer, and returns what it is asked last.
func (p *fetchedOP) capture(path, answer string) *sent {
	got := &sent{}
	p.serve(path, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got.method, got.header = r.Method, r.Header
		got.form, _ = url.ParseQuery(string(body))
		_, _ = io.WriteString(w, answer)
	})
	return got
}

func (p *fetchedOP) redeem(t *testing.T, cfg Config) (tokens, error) {
	t.Helper()
	f, err := newTestSource(t, cfg).facts(t.Context())
	require.NoError(t, err)
	got, err := newRedeemer(cfg).redeem(t.Context(), f, testCode, testVerifier)
	if err != nil {
		require.Equal(t, tokens{}, got)
		require.NotContains(t, fmt.Sprintf("%v %+v", err, got), "SECRET")
	}
	return got, err
}

func TestACodeIsRedeemedOnceWithTheClientsSecret(t *testing.T) {
	p := newFetchedOP(t)
	got := p.capture("/token", goodTokens)
	cfg := p.config()
	cfg.RP.ClientID, cfg.RP.ClientSecret = "a client:1", "s+e/c%r:e t"
	tok, err := p.redeem(t, cfg)
	require.NoError(t, err)
	require.Equal(t, tokens{idToken: "ID-SECRET", accessToken: "ACCESS-SECRET"}, tok)
	require.NotContains(t, fmt.Sprintf("%v %+v %#v %s", tok, tok, tok, tok), "SECRET")
	require.Equal(t, 1, p.count("/token"))
	require.Equal(t, http.MethodPost, got.method)
	require.Equal(t, "application/x-www-form-urlencoded", got.header.Get("Content-Type"))
	require.Equal(t, "application/json", got.header.Get("Accept"))
	require.Equal(t, url.Values{
		"grant_type": {"authorization_code"}, "code": {testCode}, "redirect_uri": {cfg.RP.RedirectURI}, "code_verifier": {testVerifier},
	}, got.form, "the secret stands in the header alone")
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(got.header.Get("Authorization"), "Basic "))
	require.NoError(t, err)
	require.Equal(t, "a+client%3A1:s%2Be%2Fc%25r%3Ae+t", string(raw))
}

func TestTheSecretInTheForm(t *testing.T) {
	p := newFetchedOP(t)
	got := p.capture("/token", goodTokens)
	cfg := p.config()
	cfg.RP.TokenAuth = ClientSecretPost
	_, err := p.redeem(t, cfg)
	require.NoError(t, err)
	require.Empty(t, got.header.Get("Authorization"))
	require.Equal(t, "client", got.form.Get("client_id"))
	require.Equal(t, string(cfg.RP.ClientSecret), got.form.Get("client_secret"))
	require.Equal(t, "authorization_code", got.form.Get("grant_type"))
}

func TestAnAssertionInsteadOfASecret(t *testing.T) {
	k := makeTestKeys()
	p := newFetchedOP(t)
	seen := map[string]bool{}
	for name, c := range map[string]struct {
		key crypto.Signer
		kid string
		alg jose.SignatureAlgorithm
	}{
		"RSA": {k.rsa, "r1", jose.RS256}, "P-256": {k.p256, "", jose.ES256}, "P-384": {k.p384, "", jose.ES384}, "Ed25519": {k.ed, "e", jose.EdDSA},
	} {
		got := p.capture("/token", goodTokens)
		cfg := p.config()
		cfg.RP.TokenAuth, cfg.RP.ClientSecret, cfg.RP.Key = PrivateKeyJWT, "", ClientKey{Signer: c.key, KeyID: c.kid}
		_, err := p.redeem(t, cfg)
		require.NoError(t, err, name)
		require.Empty(t, got.header.Get("Authorization"))
		require.Empty(t, got.form.Get("client_secret"))
		require.Equal(t, "client", got.form.Get("client_id"))
		require.Equal(t, "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", got.form.Get("client_assertion_type"))

		published, err := cfg.RP.Key.JWKS()
		require.NoError(t, err)
		var set jose.JSONWebKeySet
		require.NoError(t, json.Unmarshal(published, &set))
		require.True(t, set.Keys[0].IsPublic())
		jws, err := jose.ParseSignedCompact(got.form.Get("client_assertion"), []jose.SignatureAlgorithm{c.alg})
		require.NoError(t, err, name)
		require.Equal(t, c.kid, jws.Signatures[0].Header.KeyID)
		body, err := jws.Verify(set.Keys[0].Key)
		require.NoError(t, err, name)
		var claims map[string]any
		require.NoError(t, json.Unmarshal(body, &claims))
		id, _ := claims["jti"].(string)
		require.GreaterOrEqual(t, len(id), 22, "random")
		require.False(t, seen[id], "never twice")
		seen[id] = true
		delete(claims, "jti")
		now := float64(p.clock.Now().Unix())
		require.Equal(t, map[string]any{"iss": "client", "sub": "client", "aud": p.URL + "/token", "iat": now, "exp": now + 120}, claims)
	}
}

// brokenSigner is a key in a device that fails.
type brokenSigner struct{ crypto.Signer }

func (brokenSigner) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("SECRET")
}

func TestAKeyThatDoesNotSignIsToldBeforeTheCodeIsSent(t *testing.T) {
	p := newFetchedOP(t)
	for name, signer := range map[string]crypto.Signer{"broken": brokenSigner{makeTestKeys().p256}, "weak": makeTestKeys().weak, "missing": nil} {
		cfg := p.config()
		cfg.RP.Key = ClientKey{Signer: signer}
		f, err := newTestSource(t, cfg).facts(t.Context())
		require.NoError(t, err)
		cfg.RP.TokenAuth = PrivateKeyJWT
		_, err = newRedeemer(cfg).redeem(t.Context(), f, testCode, testVerifier)
		require.ErrorIs(t, err, ErrClientKey, name)
		require.NotContains(t, err.Error(), "SECRET")
	}
	require.Zero(t, p.count("/token"))
}

func TestAnswersOfTheTokenEndpoint(t *testing.T) {
	p := newFetchedOP(t)
	answer := func(status int, body string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	for name, c := range map[string]struct {
		status int
		body   string
		want   error
		shown  string
	}{
		"the client is not known":            {401, `{"error":"invalid_client","error_description":"SECRET"}`, ErrClientRefused, `"invalid_client"`},
		"the same with another status":       {400, `{"error":"invalid_client"}`, ErrClientRefused, "HTTP status 400"},
		"a 401 of something in between":      {401, `<html>SECRET`, ErrClientRefused, "HTTP status 401"},
		"the code is not known":              {400, `{"error":"invalid_grant","error_description":"SECRET"}`, ErrCodeRefused, `"invalid_grant"`},
		"another fault":                      {400, `{"error":"unsupported_grant_type"}`, ErrTokenEndpoint, `"unsupported_grant_type"`},
		"a 401 for another reason":           {401, `{"error":"unauthorized_client"}`, ErrTokenEndpoint, `"unauthorized_client"`},
		"a text instead of a code":           {400, `{"error":"User SECRET is not allowed"}`, ErrTokenEndpoint, "HTTP status 400"},
		"a long code":                        {400, `{"error":"` + strings.Repeat("secret_", 10) + `"}`, ErrTokenEndpoint, "HTTP status 400"},
		"an error that is no text":           {400, `{"error":{"code":"SECRET"}}`, ErrTokenEndpoint, "HTTP status 400"},
		"an error beside tokens":             {200, `{"error":"invalid_grant",` + goodTokens[1:], ErrCodeRefused, "HTTP status 200"},
		"an empty error beside tokens":       {200, `{"error":"",` + goodTokens[1:], ErrTokenEndpoint, "HTTP status 200"},
		"tokens with another status":         {201, goodTokens, ErrTokenEndpoint, "HTTP status 201"},
		"a failing server":                   {500, "SECRET", ErrTokenEndpoint, "HTTP status 500"},
		"not JSON":                           {200, "SECRET", ErrTokenEndpoint, ""},
		"a form":                             {200, "id_token=SECRET&token_type=Bearer", ErrTokenEndpoint, ""},
		"an array":                           {200, "[]", ErrTokenEndpoint, ""},
		"an ID token twice":                  {200, `{"id_token":"SECRET",` + goodTokens[1:], ErrTokenEndpoint, ""},
		"an ID token in two cases":           {200, `{"ID_TOKEN":"SECRET",` + goodTokens[1:], ErrTokenEndpoint, ""},
		"no ID token":                        {200, `{"access_token":"SECRET","token_type":"Bearer"}`, ErrTokenResponse, "id_token"},
		"an empty ID token":                  {200, strings.Replace(goodTokens, "ID-SECRET", "", 1), ErrTokenResponse, "id_token"},
		"an ID token that is no text":        {200, strings.Replace(goodTokens, `"ID-SECRET"`, "5", 1), ErrTokenResponse, "id_token"},
		"an access token that is no text":    {200, strings.Replace(goodTokens, `"ACCESS-SECRET"`, "5", 1), ErrTokenResponse, "access_token"},
		"a line break in the access token":   {200, strings.Replace(goodTokens, "ACCESS", `A\r\nX: `, 1), ErrTokenResponse, "access_token"},
		"another kind of token":              {200, strings.Replace(goodTokens, "Bearer", "mac", 1), ErrTokenResponse, "token_type"},
		"DPoP":                               {200, strings.Replace(goodTokens, "Bearer", "DPoP", 1), ErrTokenResponse, "token_type"},
		"no kind of token":                   {200, strings.Replace(goodTokens, "token_type", "type", 1), ErrTokenResponse, "token_type"},
		"more than a megabyte":               {200, goodTokens + strings.Repeat(" ", 2<<20), ErrTokenEndpoint, "too large"},
		"more than a megabyte with an error": {400, `{"error":"invalid_grant"}` + strings.Repeat(" ", 2<<20), ErrTokenEndpoint, "too large"},
	} {
		t.Run(name, func(t *testing.T) {
			p.serve("/token", answer(c.status, c.body))
			before := p.count("/token")
			_, err := p.redeem(t, p.config())
			require.ErrorIs(t, err, c.want)
			require.ErrorIs(t, err, lmssso.ErrProvider)
			require.Contains(t, err.Error(), c.shown)
			require.Equal(t, 1, p.count("/token")-before, "the code is never sent twice")
		})
	}
}

func TestTokensThatAreTaken(t *testing.T) {
	p := newFetchedOP(t)
	for name, c := range map[string]struct {
		body, contentType string
		access            string
	}{
		"bearer in small letters": {strings.Replace(goodTokens, "Bearer", "bearer", 1), "application/json", "ACCESS-SECRET"},
		"as text":                 {goodTokens, "text/plain", "ACCESS-SECRET"},
		"with unknown members":    {`{"x":{"y":[1]},` + goodTokens[1:], "application/json", "ACCESS-SECRET"},
		"without an access token": {`{"id_token":"ID-SECRET"}`, "application/json", ""},
		"with one that is null":   {`{"id_token":"ID-SECRET","access_token":null,"error":null}`, "application/json", ""},
	} {
		p.serve("/token", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", c.contentType)
			_, _ = io.WriteString(w, c.body)
		})
		got, err := p.redeem(t, p.config())
		require.NoError(t, err, name)
		require.Equal(t, tokens{idToken: "ID-SECRET", accessToken: c.access}, got, name)
	}
	p.json("/token", `{"id_token":"ID-SECRET"}`)
	cfg := p.config()
	cfg.Request.Userinfo.Mode = UserinfoAlways
	_, err := p.redeem(t, cfg)
	require.ErrorIs(t, err, ErrTokenResponse, "userinfo cannot be asked without one")
}

func TestACodeIsNotSentTwiceWhenTheConnectionBreaks(t *testing.T) {
	p := newFetchedOP(t)
	p.serve("/token", func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	})
	_, err := p.redeem(t, p.config())
	require.ErrorIs(t, err, ErrTokenEndpoint)
	require.Equal(t, 1, p.count("/token"))
}

func TestACodeDoesNotFollowRedirects(t *testing.T) {
	p := newFetchedOP(t)
	for _, status := range []int{301, 302, 303, 307, 308} {
		p.serve("/token", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", status) })
		_, err := p.redeem(t, p.config())
		require.ErrorIs(t, err, ErrTokenEndpoint)
		require.ErrorIs(t, err, fetch.ErrRedirect)
	}
	require.Zero(t, p.count("/elsewhere"))
}

func TestEndpointsOnPrivateAddressesAreNotAsked(t *testing.T) {
	p := newFetchedOP(t)
	cfg := p.manual()
	cfg.OP.Network.AllowPrivateAddresses = false
	_, err := p.redeem(t, cfg)
	require.ErrorIs(t, err, fetch.ErrAddress)
	f, err := newTestSource(t, cfg).facts(t.Context())
	require.NoError(t, err)
	_, _, err = newRedeemer(cfg).userinfo(t.Context(), f, "x")
	require.ErrorIs(t, err, fetch.ErrAddress)
	_, err = newTestKeys(t, cfg).candidates(t.Context(), jose.RS256, "a")
	require.ErrorIs(t, err, fetch.ErrAddress)
	require.ErrorIs(t, err, ErrKeysFetch)
}

func TestHangingEndpointsEndWithTheRequest(t *testing.T) {
	p := newFetchedOP(t)
	f, err := newTestSource(t, p.config()).facts(t.Context())
	require.NoError(t, err)
	c := newRedeemer(p.config())
	for path, ask := range map[string]func(context.Context) error{
		"/token":    func(ctx context.Context) error { _, err := c.redeem(ctx, f, testCode, testVerifier); return err },
		"/userinfo": func(ctx context.Context) error { _, _, err := c.userinfo(ctx, f, "x"); return err },
	} {
		asked, _ := p.hang(t, path, "")
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error, 1)
		go func() { failed <- ask(ctx) }()
		<-asked
		cancel()
		err := <-failed
		require.ErrorIs(t, err, context.Canceled)
		require.NotContains(t, err.Error(), "SECRET")
	}
}

func TestUserinfoIsAskedWithTheAccessToken(t *testing.T) {
	p := newFetchedOP(t)
	for name, c := range map[string]struct {
		raw                 bool
		contentType, header string
		signed              bool
	}{
		"as a Bearer token":         {false, "application/json", "Bearer ACCESS", false},
		"raw":                       {true, "application/json; charset=utf-8", "ACCESS", false},
		"signed":                    {false, "application/jwt", "Bearer ACCESS", true},
		"signed, in other letters":  {false, "Application/JWT; charset=utf-8", "Bearer ACCESS", true},
		"something else is claims":  {false, "text/html", "Bearer ACCESS", false},
		"no type":                   {false, "", "Bearer ACCESS", false},
		"another type of that kind": {false, "application/jwt+json", "Bearer ACCESS", false},
	} {
		var got sent
		p.serve("/userinfo", func(w http.ResponseWriter, r *http.Request) {
			got = sent{method: r.Method, header: r.Header}
			w.Header()["Content-Type"] = []string{c.contentType}
			_, _ = io.WriteString(w, `{"sub":"x"}`)
		})
		cfg := p.config()
		cfg.Request.Userinfo.RawAuthorization = c.raw
		f, err := newTestSource(t, cfg).facts(t.Context())
		require.NoError(t, err)
		body, signed, err := newRedeemer(cfg).userinfo(t.Context(), f, "ACCESS")
		require.NoError(t, err, name)
		require.Equal(t, `{"sub":"x"}`, body)
		require.Equal(t, c.signed, signed, name)
		require.Equal(t, http.MethodGet, got.method)
		require.Equal(t, []string{c.header}, got.header["Authorization"], name)
		require.Equal(t, "application/json, application/jwt", got.header.Get("Accept"))
	}
}

func TestRefusalsOfTheUserinfoEndpoint(t *testing.T) {
	p := newFetchedOP(t)
	f, err := newTestSource(t, p.config()).facts(t.Context())
	require.NoError(t, err)
	for name, c := range map[string]struct {
		status int
		body   string
		want   error
		shown  string
	}{
		"unauthorized":         {401, `{"error":"unauthorized"}`, ErrUserinfoUnauthorized, `HTTP status 401, error "unauthorized"`},
		"forbidden":            {403, `{"error":"forbidden"}`, ErrUserinfoForbidden, `HTTP status 403, error "forbidden"`},
		"forbidden, with HTML": {403, `<html>SECRET`, ErrUserinfoForbidden, "HTTP status 403"},
		"a personal error":     {401, `{"error":"SECRET@example.org"}`, ErrUserinfoUnauthorized, "HTTP status 401"},
		"down":                 {503, `SECRET`, ErrUserinfo, "HTTP status 503"},
		"a redirect":           {302, ``, ErrUserinfo, ""},
		"no content":           {204, ``, ErrUserinfo, "HTTP status 204"},
		"too large":            {200, strings.Repeat("x", 2<<20), ErrUserinfo, "too large"},
	} {
		p.serve("/userinfo", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		})
		body, _, err := newRedeemer(p.config()).userinfo(t.Context(), f, "ACCESS-SECRET")
		require.Empty(t, body)
		require.ErrorIs(t, err, c.want, name)
		require.ErrorIs(t, err, lmssso.ErrProvider, name)
		require.Contains(t, err.Error(), c.shown, name)
		require.NotContains(t, err.Error(), "SECRET", name)
	}
	require.Zero(t, p.count("/elsewhere"))
}

func TestUserinfoIsNotAskedWithoutAnAddressOrAToken(t *testing.T) {
	p := newFetchedOP(t)
	c := newRedeemer(p.config())
	_, _, err := c.userinfo(t.Context(), &facts{}, "x")
	require.ErrorIs(t, err, ErrUserinfo)
	for _, token := range []string{"", "a b", "a\r\nX: y", "é"} {
		_, _, err := c.userinfo(t.Context(), &facts{endpoints: Endpoints{Userinfo: p.URL + "/userinfo"}}, token)
		require.ErrorIs(t, err, ErrUserinfo)
	}
	require.Zero(t, p.count("/userinfo"))
}

func TestAnAssertionDoesNotOutliveItsRequestForLong(t *testing.T) {
	require.LessOrEqual(t, assertionLife, 2*time.Minute)
}
