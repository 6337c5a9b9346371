package oidc_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/internal/demoidp/oidc"
)

func TestDocument(t *testing.T) {
	text, err := newOP(t).Document(oidc.How{})
	require.NoError(t, err)
	doc := object(t, string(text))
	require.Equal(t, base, doc["issuer"])
	require.Equal(t, base+"/authorize", doc["authorization_endpoint"])
	require.Equal(t, true, doc["authorization_response_iss_parameter_supported"])
	text, err = newOP(t).Document(oidc.How{Variations: []oidc.Variation{oidc.NoUserinfo, oidc.NoEndSession, oidc.UnannouncedISS}})
	require.NoError(t, err)
	for _, name := range []string{"userinfo_endpoint", "end_session_endpoint", "authorization_response_iss_parameter_supported"} {
		require.NotContains(t, object(t, string(text)), name)
	}
}

func keysOf(t *testing.T, p *oidc.OP, vs ...oidc.Variation) []map[string]any {
	t.Helper()
	text, err := p.JWKS(oidc.How{Variations: vs})
	require.NoError(t, err)
	var set struct{ Keys []map[string]any }
	require.NoError(t, json.Unmarshal(text, &set))
	return set.Keys
}

func TestKeys(t *testing.T) {
	p := newOP(t)
	key := keysOf(t, p)[0]
	require.Equal(t, []any{"k1", "RS256", "sig", "RSA", "AQAB"}, []any{key["kid"], key["alg"], key["use"], key["kty"], key["e"]})
	key = keysOf(t, p, oidc.KeysWithoutAlg, oidc.KeysWithoutKid, oidc.KeysWithoutUse)[0]
	for _, name := range []string{"kid", "alg", "use"} {
		require.NotContains(t, key, name)
	}
	require.Len(t, keysOf(t, p, oidc.JunkAmongKeys), 8)
}

// TestKeysAreReadByOthers compares what is published with what go-jose makes of it.
func TestKeysAreReadByOthers(t *testing.T) {
	for _, alg := range []string{"RS256", "ES256", "ES384", "ES512", "EdDSA"} {
		key := mustKey(alg)
		p := newOP(t, func(c *oidc.Config) { c.Keys, c.Algorithms = []oidc.Key{{Signer: key}}, []string{alg} })
		text, err := p.JWKS(oidc.How{})
		require.NoError(t, err)
		var set jose.JSONWebKeySet
		require.NoError(t, json.Unmarshal(text, &set))
		require.Equal(t, key.Public(), set.Keys[0].Key)
		require.Equal(t, alg, set.Keys[0].Algorithm)
	}
}

func TestRotatedJustNow(t *testing.T) {
	p := newOP(t)
	a, err := p.Respond(read(t, p, parameters("id_token")), login(oidc.How{Variations: []oidc.Variation{oidc.RotatedJustNow}}))
	require.NoError(t, err)
	require.Equal(t, "rotated", keysOf(t, p)[0]["kid"])
	require.Len(t, keysOf(t, p), 1)
	require.Contains(t, tell(p, a.Get("id_token")), " good")

	end, err := p.ReadEndSession(httptest.NewRequest(http.MethodGet, "/logout?id_token_hint="+a.Get("id_token"), nil))
	require.NoError(t, err)
	require.Equal(t, "user-1", end.Subject)
}

// thinkificDocument is the example of Thinkific's page "OpenID Connect", with another host.
const thinkificDocument = `{"issuer":"https://op.example.com","authorization_endpoint":"https://op.example.com/oauth2/authorize",
"token_endpoint":"https://op.example.com/oauth2/token","token_endpoint_auth_methods_supported":["client_secret_basic"],
"userinfo_endpoint":"https://op.example.com/oidc/userinfo","jwks_uri":"https://op.example.com/.well-known/jwks.json",
"grant_types_supported":["authorization_code","implicit","refresh_token"],"scopes_supported":["openid","profile","email","site"],
"response_modes_supported":["query","form_post"],"response_types_supported":["code","code id_token","id_token"],"subject_types_supported":["public"],
"id_token_signing_alg_values_supported":["RS256"],"claim_types_supported":["normal","aggregated"],
"claims_supported":["aud","sub","iss","auth_time","name","given_name","family_name","updated_at","picture","email","email_verified","site"]}`

func TestThinkificManners(t *testing.T) {
	p := newOP(t, func(c *oidc.Config) { c.Dialect = oidc.Thinkific })
	text, err := p.Document(oidc.How{})
	require.NoError(t, err)
	require.Equal(t, strings.ReplaceAll(thinkificDocument, "\n", ""), string(text), "members, order and values")
	key := keysOf(t, p)[0]
	require.NotContains(t, key, "alg")
	require.NotContains(t, key, "use")

	v := parameters("code id_token")
	v.Del("nonce")
	req := read(t, p, v)
	require.Equal(t, "query", req.ResponseMode, "even for tokens")
	v.Set("response_mode", "form_post")
	_, err = p.ReadParameters(v)
	require.Error(t, err, "form_post wants a nonce")
	v.Set("response_mode", "fragment")
	_, err = p.ReadParameters(v)
	require.Error(t, err, "no fragment")

	a, err := p.Respond(req, login(oidc.How{}))
	require.NoError(t, err)
	require.Empty(t, a.Get("iss"))
	access := object(t, exchange(p, a.Get("code")).Body.String())["access_token"].(string)
	require.Equal(t, 200, userinfo(p, access).Code)
	require.Equal(t, 200, userinfo(p, "Bearer "+access).Code)
	no := userinfo(p, "other")
	require.Equal(t, 401, no.Code)
	require.JSONEq(t, `{"error":"unauthorized"}`, no.Body.String())
}

func TestTemplateIssuer(t *testing.T) {
	p := newOP(t, func(c *oidc.Config) { c.Issuer = base + "/{tenantid}/v2.0" })
	text, err := p.Document(oidc.How{})
	require.NoError(t, err)
	require.Equal(t, base+"/{tenantid}/v2.0", object(t, string(text))["issuer"])
	l := login(oidc.How{Variations: []oidc.Variation{oidc.GroupOverage}})
	l.TenantID = "t-1"
	a, err := p.Respond(read(t, p, parameters("id_token")), l)
	require.NoError(t, err)
	got := claims(t, a.Get("id_token"))
	require.Equal(t, base+"/t-1/v2.0", got["iss"])
	require.Equal(t, "t-1", got["tid"])
	require.Equal(t, map[string]any{"groups": "src1"}, got["_claim_names"])
	require.NotContains(t, got, "groups")
	require.Equal(t, base+"/t-1/v2.0", a.Get("iss"))
}

func TestEndSession(t *testing.T) {
	p := newOP(t)
	a, err := p.Respond(read(t, p, parameters("id_token")), login(oidc.How{}))
	require.NoError(t, err)
	hint := a.Get("id_token")
	for name, c := range map[string]struct {
		query url.Values
		to    string
		bad   bool
	}{
		"with a hint":                 {query: url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {"https://app.example.com/bye"}, "state": {"s"}}, to: "https://app.example.com/bye?state=s"},
		"with a client id":            {query: url.Values{"client_id": {"app"}, "post_logout_redirect_uri": {"https://app.example.com/bye"}}, to: "https://app.example.com/bye"},
		"to nowhere":                  {query: url.Values{"id_token_hint": {hint}}},
		"to an address nobody knows":  {query: url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {"https://evil.example"}}, bad: true},
		"of a client nobody knows":    {query: url.Values{"post_logout_redirect_uri": {"https://app.example.com/bye"}}, bad: true},
		"with a hint somebody forged": {query: url.Values{"id_token_hint": {hint[:len(hint)-4] + "AAAA"}}, bad: true},
		"twice":                       {query: url.Values{"state": {"a", "b"}}, bad: true},
	} {
		t.Run(name, func(t *testing.T) {
			var heard *oidc.EndSession
			w := httptest.NewRecorder()
			p.EndSessionHandler(func(e *oidc.EndSession) { heard = e }).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/logout?"+c.query.Encode(), nil))
			require.Equal(t, c.to, w.Header().Get("Location"))
			require.Equal(t, c.bad, w.Code == http.StatusBadRequest)
			require.Equal(t, c.bad, heard == nil)
		})
	}
}

func TestLogoutToken(t *testing.T) {
	p := newOP(t)
	text, err := p.LogoutToken("app", oidc.Logout{Subject: "user-1", SessionID: "sid-1"}, oidc.How{})
	require.NoError(t, err)
	got := claims(t, text)
	require.NotEmpty(t, got["jti"])
	delete(got, "jti")
	require.Equal(t, map[string]any{
		"iss": base, "aud": "app", "iat": float64(now.Unix()), "exp": float64(now.Unix() + 120), "sub": "user-1", "sid": "sid-1",
		"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}},
	}, got)
	require.Contains(t, tell(p, text), " good")
	_, err = p.LogoutToken("other", oidc.Logout{Subject: "user-1"}, oidc.How{})
	require.Error(t, err)
	register(t, p, func(c *oidc.Client) { c.BackchannelLogoutURI = "" })
	_, err = p.SendLogout(t.Context(), http.DefaultClient, "app", oidc.Logout{Subject: "user-1"}, oidc.How{})
	require.Error(t, err)
}
