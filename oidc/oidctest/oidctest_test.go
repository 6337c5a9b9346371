package oidctest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/oidc/oidctest"
)

// signIn plays a login and returns what the application got.
func signIn(t *testing.T, a *app) map[string]any {
	t.Helper()
	resp := a.op.SignIn(a.op.Client(), a.URL+"/login")
	require.Equal(t, http.StatusOK, resp.StatusCode)
	var out map[string]any
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&out))
	return out
}

func TestGoodAnswers(t *testing.T) {
	for _, c := range []struct{ alg, responseType, mode, method string }{
		{"RS256", "code", "", "GET"},
		{"RS256", "code", "query", "GET"},
		{"RS256", "code", "form_post", "POST"},
		{"RS256", "code", "fragment", "POST"},
		{"RS384", "id_token", "", "POST"},
		{"RS512", "id_token", "form_post", "POST"},
		{"PS256", "code id_token", "", "POST"},
		{"PS384", "id_token code", "form_post", "POST"},
		{"PS512", "code id_token token", "", "POST"},
		{"ES256", "code", "", "GET"},
		{"ES384", "code id_token", "", "POST"},
		{"ES512", "id_token token", "", "POST"},
		{"EdDSA", "code id_token", "", "POST"},
		{"HS256", "code id_token", "", "POST"},
	} {
		t.Run(c.alg+" "+c.responseType+" "+c.mode, func(t *testing.T) {
			op := oidctest.NewProvider(t, oidctest.Options{Algorithms: []string{c.alg}})
			a := newApp(t, op)
			a.alg, a.responseType, a.mode = c.alg, c.responseType, c.mode
			out := signIn(t, a)
			require.Equal(t, c.method, out["method"])
			for _, part := range []string{"front", "claims"} {
				claims, ok := out[part].(map[string]any)
				if !ok {
					continue
				}
				require.Equal(t, "user-1", claims["sub"], "%v", claims)
				require.Equal(t, op.Issuer, claims["iss"])
				require.Equal(t, "user@example.com", claims["email"])
			}
			if c.responseType != "id_token" && c.responseType != "id_token token" {
				require.EqualValues(t, 200, out["userinfoStatus"])
				require.Contains(t, out, "claims")
			} else {
				require.Contains(t, out, "front")
			}
		})
	}
}

// claimsOf are those of the last ID token.
func claimsOf(t *testing.T, out map[string]any) map[string]any {
	t.Helper()
	got, ok := out["claims"].(map[string]any)
	if !ok {
		got, ok = out["front"].(map[string]any)
	}
	require.True(t, ok, "%v", out)
	return got
}

func TestVariationsSignIn(t *testing.T) {
	for _, v := range oidctest.Variations() {
		t.Run(string(v), func(t *testing.T) {
			a := newApp(t, oidctest.NewProvider(t, oidctest.Options{}))
			a.op.SetVariations(v)
			a.responseType = "code id_token"
			out := signIn(t, a)
			require.EqualValues(t, 200, out["tokenStatus"])
			require.Equal(t, "user-1", claimsOf(t, out)["sub"], "%v", out)
			require.Equal(t, v == oidctest.RawAuthorization, out["userinfoStatus"] != float64(200))
			a.op.SetVariations()
			signIn(t, a)
		})
	}
}

func TestFragmentsAreHandedOn(t *testing.T) {
	a := newApp(t, oidctest.NewProvider(t, oidctest.Options{}))
	a.mode = "fragment"
	for _, a.formless = range []bool{false, true} {
		out := signIn(t, a)
		answer := out["answer"].(map[string]any)
		require.Equal(t, "POST", out["method"])
		require.Equal(t, []any{"1"}, answer["lmssso_fragment"])
		require.Equal(t, !a.formless, answer["own"] != nil, "the fields of the page's own form")
		require.Equal(t, "user-1", claimsOf(t, out)["sub"])
	}
	a.op.SetFaults(oidctest.CodeTwice)
	require.Len(t, signIn(t, a)["answer"].(map[string]any)["code"], 2, "what stands twice arrives twice")
	a.op.SetRefusal("access_denied")
	require.Equal(t, []any{"access_denied"}, signIn(t, a)["answer"].(map[string]any)["error"])
}

func TestRefusals(t *testing.T) {
	a := newApp(t, oidctest.NewProvider(t, oidctest.Options{}))
	a.op.SetRefusal("server_error")
	require.Equal(t, []any{"server_error"}, signIn(t, a)["answer"].(map[string]any)["error"])
	a.op.SetRefusal("")
	a.op.SetUser(oidctest.User{})
	require.Equal(t, []any{"login_required"}, signIn(t, a)["answer"].(map[string]any)["error"])
	_, ok := a.op.Session("app")
	require.False(t, ok)
	a.op.SetUser(oidctest.User{Subject: "u", SessionID: "s", ACR: "urn:a", AMR: []string{"hwk"}, Claims: map[string]any{"groups": []string{"g"}}})
	got := claimsOf(t, signIn(t, a))
	require.Equal(t, []any{"u", "s", "urn:a", []any{"hwk"}, []any{"g"}}, []any{got["sub"], got["sid"], got["acr"], got["amr"], got["groups"]})
	require.Len(t, a.op.Requests(), 3)
	require.Equal(t, "app", a.op.Requests()[0].Get("client_id"))
}

func TestFaultsArrive(t *testing.T) {
	for fault, shows := range map[oidctest.Fault]func(map[string]any) bool{
		oidctest.StrangerSameKid: func(out map[string]any) bool { return out["claims"].(map[string]any)["error"] != nil },
		oidctest.WrongIssuer:     func(out map[string]any) bool { return out["claims"].(map[string]any)["iss"] == "https://other.example" },
		oidctest.CodeOfOther:     func(out map[string]any) bool { return out["tokenStatus"] == float64(400) },
		oidctest.CodeReplayed:    func(out map[string]any) bool { return out["tokenStatus"] == float64(400) },
		oidctest.ExchangeError:   func(out map[string]any) bool { return out["tokenStatus"] == float64(500) },
		oidctest.UserinfoSubject: func(out map[string]any) bool {
			return out["userinfo"].(map[string]any)["sub"] == oidctest.ForgedSubject
		},
		oidctest.KeysError: func(out map[string]any) bool { return out["claims"].(map[string]any)["error"] != nil },
	} {
		t.Run(string(fault), func(t *testing.T) {
			a := newApp(t, oidctest.NewProvider(t, oidctest.Options{}))
			require.False(t, shows(signIn(t, a)))
			a.op.SetFaults(fault)
			require.True(t, shows(signIn(t, a)))
			a.op.SetFaults()
			require.False(t, shows(signIn(t, a)))
		})
	}
}

func TestSecondFaults(t *testing.T) {
	a := newApp(t, oidctest.NewProvider(t, oidctest.Options{}))
	a.responseType = "code id_token"
	a.op.SetSecondFaults(oidctest.WrongIssuer)
	out := signIn(t, a)
	require.Equal(t, a.op.Issuer, out["front"].(map[string]any)["iss"])
	require.Equal(t, "https://other.example", out["claims"].(map[string]any)["iss"])
}

func TestRotations(t *testing.T) {
	for _, c := range []struct {
		how  oidctest.Rotation
		keys int
	}{{oidctest.NewKeyInFront, 2}, {oidctest.OldKeyGone, 1}, {oidctest.NewKeySameName, 1}} {
		t.Run(string(c.how), func(t *testing.T) {
			a := newApp(t, oidctest.NewProvider(t, oidctest.Options{Algorithms: []string{"ES256"}}))
			a.alg = "ES256"
			before := keySet(t, a.op)
			a.op.RotateKeys(c.how)
			after := keySet(t, a.op)
			require.Len(t, after, c.keys)
			require.Equal(t, c.how == oidctest.NewKeySameName, before[0]["kid"] == after[0]["kid"])
			require.NotEqual(t, before[0]["x"], after[0]["x"])
			require.Equal(t, "user-1", claimsOf(t, signIn(t, a))["sub"])
			require.Equal(t, 3, a.op.Count(a.op.JWKSURL))
		})
	}
}

func keySet(t *testing.T, op *oidctest.Provider) []map[string]any {
	t.Helper()
	var set struct{ Keys []map[string]any }
	req, err := http.NewRequest(http.MethodGet, op.JWKSURL, nil)
	require.NoError(t, err)
	require.Equal(t, 200, ask(req, &set))
	return set.Keys
}

func TestBackchannelLogout(t *testing.T) {
	a := newApp(t, oidctest.NewProvider(t, oidctest.Options{}))
	signIn(t, a)
	s, ok := a.op.Session("app")
	require.True(t, ok)
	for fault, shows := range map[oidctest.Fault]func(map[string]any) bool{
		"": func(m map[string]any) bool {
			return m["sub"] == "user-1" && m["sid"] == s.SessionID && m["events"] != nil
		},
		oidctest.LogoutNonce:        func(m map[string]any) bool { return m["nonce"] != nil },
		oidctest.LogoutBadSignature: func(m map[string]any) bool { return m["error"] != nil },
	} {
		var faults []oidctest.Fault
		if fault != "" {
			faults = append(faults, fault)
		}
		resp := a.op.Logout(s, faults...)
		var got map[string]any
		require.NoError(t, json.NewDecoder(resp.Body).Decode(&got))
		require.True(t, shows(got), "%s: %v", fault, got)
	}
	require.NotEmpty(t, a.op.LogoutToken(s))
}

func TestEndSession(t *testing.T) {
	a := newApp(t, oidctest.NewProvider(t, oidctest.Options{}))
	id := signIn(t, a)["tokens"].(map[string]any)["id_token"].(string)
	client := a.op.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp := a.op.SignIn(client, a.op.EndSessionURL+"?"+url.Values{"id_token_hint": {id}, "post_logout_redirect_uri": {a.URL + "/"}, "state": {"s"}}.Encode())
	require.Equal(t, a.URL+"/?state=s", resp.Header.Get("Location"))
	require.Equal(t, "user-1", a.op.Ended()[0].Subject)
}

func TestThinkificFixture(t *testing.T) {
	op := oidctest.Thinkific(t, oidctest.Options{})
	require.Empty(t, op.EndSessionURL)
	a := newApp(t, op)
	a.responseType = "code id_token"
	out := signIn(t, a)
	require.Equal(t, "GET", out["method"], "by query, as Thinkific does")
	info := out["userinfo"].(map[string]any)
	require.Equal(t, []any{"01EY1SAQY490WCG2H7SZ1365HN", "123456780", "jane@thinkific.com"}, []any{info["sub"], info["user_id_api_v1"], info["email"]})
	require.Equal(t, []any{"site_admin"}, info["roles"])
	require.Equal(t, "usd", info["site"].(map[string]any)["currency"])
	a.mode = "form_post"
	require.Equal(t, "POST", signIn(t, a)["method"])
	require.NotContains(t, keySet(t, op)[0], "alg")
}

func TestTLS(t *testing.T) {
	op := oidctest.NewProvider(t, oidctest.Options{TLS: true, IssuerPath: "/{tenantid}"})
	require.NotNil(t, op.RootCAs())
	require.Equal(t, op.URL+"/{tenantid}", op.Issuer)
	op.SetFaults(oidctest.DiscoveryHTTP)
	resp, err := op.Client().Get(op.WellKnown)
	require.NoError(t, err)
	defer resp.Body.Close()
	var doc map[string]any
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&doc))
	require.Contains(t, doc["token_endpoint"], "http://")
}

func TestClock(t *testing.T) {
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	op := oidctest.NewProvider(t, oidctest.Options{Now: func() time.Time { return at }})
	a := newApp(t, op)
	require.EqualValues(t, at.Unix(), claimsOf(t, signIn(t, a))["iat"])
	op.SetNow(func() time.Time { return at.Add(time.Hour) })
	require.EqualValues(t, at.Add(time.Hour).Unix(), claimsOf(t, signIn(t, a))["iat"])
}

// TestNamesAreComplete compares the constants with what is listed.
func TestNamesAreComplete(t *testing.T) {
	named := map[string]bool{}
	for _, file := range []string{"fault_names.go", "fault_names_wire.go", "variation.go"} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, m := range regexp.MustCompile(`(?:Fault|Variation)\s+= "([a-z0-9-]+)"`).FindAllStringSubmatch(string(text), -1) {
			require.False(t, named[m[1]], m[1])
			named[m[1]] = true
		}
	}
	listed := map[string]bool{}
	for _, f := range append(oidctest.Faults(), oidctest.LogoutFaults()...) {
		listed[string(f)] = true
		require.NotEmpty(t, f.Explanation())
		require.NotEmpty(t, f.Group())
		require.NotEmpty(t, f.Side())
	}
	for _, v := range oidctest.Variations() {
		listed[string(v)] = true
	}
	require.Equal(t, listed, named)
	require.True(t, oidctest.SecondSubject.Applies("id_token code"))
	require.False(t, oidctest.SecondSubject.Applies("code"))
	require.False(t, oidctest.UserinfoSubject.Applies("id_token"))
	require.False(t, oidctest.ExchangeError.Applies("id_token"))
	require.True(t, oidctest.StaleAuthTime.Needs().MaxAge)
}

func TestMistakesEndTheTest(t *testing.T) {
	op := oidctest.NewProvider(t, oidctest.Options{})
	for name, f := range map[string]func(*oidctest.Provider){
		"an unknown rotation":      func(p *oidctest.Provider) { p.RotateKeys("other") },
		"a client without an id":   func(p *oidctest.Provider) { p.Register(oidctest.Client{}) },
		"a logout of nobody":       func(p *oidctest.Provider) { p.Logout(oidctest.Session{ClientID: "other"}) },
		"a logout token of nobody": func(p *oidctest.Provider) { p.LogoutToken(oidctest.Session{ClientID: "other"}) },
		"a page that is not there": func(p *oidctest.Provider) { p.SignIn(p.Client(), "http://127.0.0.1:1/") },
	} {
		stub := &exampleT{}
		p := oidctest.NewProvider(stub, oidctest.Options{})
		require.Panics(t, func() { f(p) }, name)
		stub.done()
	}
	require.NotEmpty(t, op.URL)
}

func TestBrowseEndsCircles(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<form method="post"><input name="state" value="1"></form>`))
	}))
	defer server.Close()
	resp, err := oidctest.Browse(server.Client(), server.URL)
	if resp != nil {
		resp.Body.Close()
	}
	require.Error(t, err)
}
