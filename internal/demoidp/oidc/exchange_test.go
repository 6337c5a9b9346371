package oidc_test

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/internal/demoidp/oidc"
)

func codeOf(t *testing.T, p *oidc.OP) string {
	t.Helper()
	a, err := p.Respond(read(t, p, parameters("code")), login(oidc.How{}))
	require.NoError(t, err)
	return a.Get("code")
}

func TestExchangeGivesTokens(t *testing.T) {
	p := newOP(t)
	w := exchange(p, codeOf(t, p))
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	tokens := object(t, w.Body.String())
	got := claims(t, tokens["id_token"].(string))
	sum := sha256.Sum256([]byte(tokens["access_token"].(string)))
	require.Equal(t, map[string]any{
		"iss": base, "sub": "user-1", "aud": "app", "exp": float64(now.Add(time.Hour).Unix()), "iat": float64(now.Unix()), "auth_time": float64(now.Unix()),
		"nonce": "The-Nonce", "amr": []any{"pwd"}, "sid": got["sid"], "at_hash": base64.RawURLEncoding.EncodeToString(sum[:16]),
		"email": "user@example.com", "email_verified": true, "groups": []any{"a"},
	}, got, "given_name belongs to a scope that nobody asked for")
	require.Equal(t, "user-1", object(t, userinfo(p, "Bearer "+tokens["access_token"].(string)).Body.String())["sub"])
}

func TestHashesAreOfTheAlgorithmsSize(t *testing.T) {
	p := newOP(t)
	register(t, p, func(c *oidc.Client) { c.IDTokenAlg = "RS512" })
	a, err := p.Respond(read(t, p, parameters("code id_token token")), login(oidc.How{Variations: []oidc.Variation{oidc.WithStateHash}}))
	require.NoError(t, err)
	got := claims(t, a.Get("id_token"))
	for name, of := range map[string]string{"c_hash": a.Get("code"), "at_hash": a.Get("access_token"), "s_hash": "the-state"} {
		sum := sha512.Sum512([]byte(of))
		require.Equal(t, base64.RawURLEncoding.EncodeToString(sum[:32]), got[name], name)
	}
}

func TestExchangeRefuses(t *testing.T) {
	good := func(code string) url.Values {
		return url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirect}, "code_verifier": {verifier}}
	}
	for name, c := range map[string]struct {
		change         func(url.Values)
		user, password string
		status         int
		code           string
	}{
		"another redirect URI":     {func(v url.Values) { v.Set("redirect_uri", "https://app.example.com/other") }, "app", secret, 400, "invalid_grant"},
		"another verifier":         {func(v url.Values) { v.Set("code_verifier", verifier+"x") }, "app", secret, 400, "invalid_grant"},
		"no verifier":              {func(v url.Values) { v.Del("code_verifier") }, "app", secret, 400, "invalid_grant"},
		"an unknown code":          {func(v url.Values) { v.Set("code", "other") }, "app", secret, 400, "invalid_grant"},
		"another client's code":    {func(url.Values) {}, "second", secret, 400, "invalid_grant"},
		"a wrong secret":           {func(url.Values) {}, "app", "wrong", 401, "invalid_client"},
		"an unknown client":        {func(url.Values) {}, "other", secret, 401, "invalid_client"},
		"no credentials":           {func(url.Values) {}, "", "", 401, "invalid_client"},
		"two ways at once":         {func(v url.Values) { v.Set("client_secret", secret) }, "app", secret, 401, "invalid_client"},
		"a form that stands twice": {func(v url.Values) { v.Add("code", "x") }, "app", secret, 400, "invalid_request"},
		"another grant":            {func(v url.Values) { v.Set("grant_type", "password") }, "app", secret, 400, "unsupported_grant_type"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newOP(t)
			register(t, p, func(c *oidc.Client) { c.ID = "second" })
			form := good(codeOf(t, p))
			c.change(form)
			w := post(p, form, c.user, c.password)
			require.Equal(t, c.status, w.Code)
			require.Equal(t, c.code, object(t, w.Body.String())["error"])
		})
	}
}

func TestCodesAreUsedOnce(t *testing.T) {
	p := newOP(t)
	code := codeOf(t, p)
	access := object(t, exchange(p, code).Body.String())["access_token"].(string)
	require.Equal(t, 200, userinfo(p, "Bearer "+access).Code)
	require.Equal(t, 400, exchange(p, code).Code)
	require.Equal(t, 401, userinfo(p, "Bearer "+access).Code, "what the first use gave out must end")
}

func TestCodesAndAccessTokensEnd(t *testing.T) {
	at := now
	p := newOP(t, func(c *oidc.Config) { c.Now = func() time.Time { return at } })
	code, late := codeOf(t, p), codeOf(t, p)
	access := object(t, exchange(p, code).Body.String())["access_token"].(string)
	at = now.Add(11 * time.Minute)
	require.Equal(t, 400, exchange(p, late).Code)
	require.Equal(t, 200, userinfo(p, "Bearer "+access).Code)
	at = now.Add(2 * time.Hour)
	require.Equal(t, 401, userinfo(p, "Bearer "+access).Code)
}

func TestClientSecretPost(t *testing.T) {
	p := newOP(t)
	form := url.Values{"grant_type": {"authorization_code"}, "code": {codeOf(t, p)}, "redirect_uri": {redirect}, "code_verifier": {verifier}, "client_id": {"app"}, "client_secret": {secret}}
	require.Equal(t, 200, post(p, form, "", "").Code)

	p = newOP(t)
	register(t, p, func(c *oidc.Client) { c.TokenAuth = nil })
	form.Set("code", codeOf(t, p))
	require.Equal(t, 401, post(p, form, "", "").Code, "a client that registered for basic alone")
}

func TestPrivateKeyJWT(t *testing.T) {
	good := func() map[string]any {
		return map[string]any{"iss": "app", "sub": "app", "aud": base + "/token", "exp": now.Add(time.Minute).Unix(), "jti": "one"}
	}
	for name, c := range map[string]struct {
		change func(map[string]any)
		kind   string
		status int
	}{
		"a good one":              {func(map[string]any) {}, "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", 200},
		"for the issuer":          {func(m map[string]any) { m["aud"] = []string{base} }, "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", 200},
		"of another kind":         {func(map[string]any) {}, "other", 401},
		"for another provider":    {func(m map[string]any) { m["aud"] = "https://other.example" }, "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", 401},
		"of another subject":      {func(m map[string]any) { m["sub"] = "other" }, "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", 401},
		"that ended":              {func(m map[string]any) { m["exp"] = now.Add(-time.Minute).Unix() }, "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", 401},
		"good for a day":          {func(m map[string]any) { m["exp"] = now.Add(24 * time.Hour).Unix() }, "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", 401},
		"without an id":           {func(m map[string]any) { delete(m, "jti") }, "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", 401},
		"signed by somebody else": {func(m map[string]any) { m["sign"] = true }, "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", 401},
	} {
		t.Run(name, func(t *testing.T) {
			p := newOP(t)
			register(t, p, func(c *oidc.Client) { c.Keys = []oidc.PublicKey{{ID: "ck", Key: ecKey().Public()}} })
			m := good()
			c.change(m)
			key := ecKey()
			if m["sign"] != nil {
				key = mustKey("ES256")
			}
			form := url.Values{
				"grant_type": {"authorization_code"}, "code": {codeOf(t, p)}, "redirect_uri": {redirect}, "code_verifier": {verifier},
				"client_assertion": {assertion(t, key, m)}, "client_assertion_type": {c.kind},
			}
			require.Equal(t, c.status, post(p, form, "", "").Code)
			form.Set("code", codeOf(t, p))
			require.Equal(t, 401, post(p, form, "", "").Code, "an assertion is good once")
		})
	}
}

func assertion(t *testing.T, key any, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: "ck"}}, nil)
	require.NoError(t, err)
	payload, err := json.Marshal(claims)
	require.NoError(t, err)
	jws, err := signer.Sign(payload)
	require.NoError(t, err)
	text, err := jws.CompactSerialize()
	require.NoError(t, err)
	return text
}

func TestUserinfoManners(t *testing.T) {
	access := func(p *oidc.OP, how oidc.How) string {
		a, err := p.Respond(read(t, p, parameters("code token")), login(how))
		require.NoError(t, err)
		return a.Get("access_token")
	}
	p := newOP(t)
	text := access(p, oidc.How{})
	require.Equal(t, 200, userinfo(p, "Bearer "+text).Code)
	require.Equal(t, 401, userinfo(p, text).Code)
	require.Equal(t, 401, userinfo(p, "").Code)
	raw := access(p, oidc.How{Variations: []oidc.Variation{oidc.RawAuthorization}})
	require.Equal(t, 200, userinfo(p, raw).Code)
	require.Equal(t, 401, userinfo(p, "Bearer "+raw).Code)

	register(t, p, func(c *oidc.Client) { c.UserinfoAlg = "RS256" })
	w := userinfo(p, "Bearer "+access(p, oidc.How{}))
	require.Equal(t, "application/jwt", w.Header().Get("Content-Type"))
	got := claims(t, w.Body.String())
	require.Equal(t, base, got["iss"])
	require.Equal(t, "app", got["aud"])
	require.Equal(t, "user@example.com", got["email"])
}

func TestWhereClaimsGo(t *testing.T) {
	for v, want := range map[oidc.Variation][2]bool{"": {true, true}, oidc.ClaimsInUserinfo: {false, true}, oidc.ClaimsInIDToken: {true, false}} {
		p := newOP(t)
		a, err := p.Respond(read(t, p, parameters("code id_token token")), login(oidc.How{Variations: []oidc.Variation{v}}))
		require.NoError(t, err)
		_, inToken := claims(t, a.Get("id_token"))["email"]
		_, inInfo := object(t, userinfo(p, "Bearer "+a.Get("access_token")).Body.String())["email"]
		require.Equal(t, want, [2]bool{inToken, inInfo}, v)

		a, err = p.Respond(read(t, p, parameters("id_token")), login(oidc.How{Variations: []oidc.Variation{v}}))
		require.NoError(t, err)
		require.Contains(t, claims(t, a.Get("id_token")), "email", "without an access token there is no other place")
	}
}
