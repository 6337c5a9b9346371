package oidc_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/internal/demoidp/oidc"
)

func TestFaultsAreExplained(t *testing.T) {
	seen := map[string]oidc.Fault{}
	for _, f := range slices.Concat(oidc.Faults(), oidc.LogoutFaults()) {
		text := f.Explanation()
		require.NotEmpty(t, f.Group(), f)
		require.NotEmpty(t, f.Side(), f)
		require.True(t, strings.HasSuffix(text, ".") || strings.HasSuffix(text, "?"), "%s: %s", f, text)
		require.NotContains(t, seen, string(f))
		seen[string(f)] = f
	}
	require.Greater(t, len(seen), 180)
	other := oidc.Fault("other")
	require.Empty(t, other.Explanation()+other.Group()+string(other.Side()))
	_, err := newOP(t).Respond(read(t, newOP(t), parameters("code")), login(oidc.How{Faults: []oidc.Fault{other}}))
	require.Error(t, err)
}

// scene is the provider and the request a fault needs.
func scene(t *testing.T, f oidc.Fault) (*oidc.OP, string, oidc.Login) {
	t.Helper()
	n := f.Needs()
	responseType := "code"
	for _, rt := range []string{"code id_token", "id_token", "code id_token token", "id_token token"} {
		if !f.Applies(responseType) {
			responseType = rt
		}
	}
	require.True(t, f.Applies(responseType), f)
	p := newOP(t, func(c *oidc.Config) {
		if n.Algorithm == "ES" {
			ecdsaOP(c)
		}
		if n.Template {
			c.Issuer = base + "/{tenantid}/v2.0"
		}
	})
	register(t, p, func(c *oidc.Client) {
		c.IDTokenAlg = "RS256"
		if n.Algorithm == "ES" {
			c.IDTokenAlg = "ES256"
		}
		if n.SignedUserinfo {
			c.UserinfoAlg = c.IDTokenAlg
		}
	})
	l := login(oidc.How{})
	if n.Template {
		l.TenantID = "11111111-1111-4111-8111-111111111111"
	}
	return p, responseType, l
}

// play is a whole login, after an earlier one, told surface by surface.
func play(t *testing.T, f oidc.Fault, faults ...oidc.Fault) map[string]string {
	t.Helper()
	p, responseType, l := scene(t, f)
	out := map[string]string{}
	for _, how := range []oidc.How{{}, {Faults: faults}} {
		clear(out)
		l.How = how
		l.SessionID = "sid"
		a, err := p.Respond(read(t, p, parameters(responseType)), l)
		require.NoError(t, err)
		out["front"] = tell(p, a.Get("id_token"))
		out["answer"] = a.Mode
		for _, param := range a.Params {
			if param.Name != "id_token" || f.Side() == oidc.AnswerSide {
				out["answer"] += " " + param.Name + "=" + param.Value
			}
		}
		access := a.Get("access_token")
		if code := a.Get("code"); code != "" {
			w := exchange(p, code)
			body := w.Body.String()
			var tokens struct {
				ID json.RawMessage `json:"id_token"`
			}
			if json.Unmarshal(w.Body.Bytes(), &tokens) == nil && len(tokens.ID) > 2 {
				out["second"] = tell(p, string(tokens.ID[1:len(tokens.ID)-1]))
				if f.Side() != oidc.ExchangeSide {
					body = strings.ReplaceAll(body, string(tokens.ID), "")
				}
			}
			out["exchange"] = fmt.Sprint(w.Code, w.Header(), body)
			_, rest, _ := strings.Cut(body, `"access_token":"`)
			access, _, _ = strings.Cut(rest, `"`)
		}
		w := userinfo(p, "Bearer "+access)
		out["userinfo"] = fmt.Sprint(w.Code, w.Header(), w.Body)
	}
	manner := func(*http.Request) oidc.How { return oidc.How{Faults: faults} }
	w := get(p.DiscoveryHandler(manner))
	out["discovery"] = fmt.Sprint(w.Code, w.Header(), w.Body)
	w = get(p.JWKSHandler(manner))
	out["keys"] = fmt.Sprint(w.Code, w.Header(), w.Body)
	return out
}

// tell is a token without what is made anew each time, and whether go-jose verifies it.
func tell(p *oidc.OP, text string) string {
	cut := strings.LastIndexByte(text, '.')
	if cut < 0 {
		return text
	}
	verdict := "bad"
	key := p.Keys()[0].Signer.Public()
	if jws, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.RS256, jose.ES256}); err == nil {
		if _, err := jws.Verify(key); err == nil {
			verdict = "good"
		}
	}
	return text[:cut] + " " + verdict + fmt.Sprint(len(text)-cut)
}

// TestFaultsDifferFromTheGoodAnswer makes sure that every fault shows, and only where its side says.
func TestFaultsDifferFromTheGoodAnswer(t *testing.T) {
	allowed := map[oidc.Side][]string{
		oidc.AnswerSide: {"answer", "front", "second", "exchange", "userinfo"}, oidc.TokenSide: {"front", "second", "keys"}, oidc.ExchangeSide: {"exchange", "second", "userinfo"},
		oidc.UserinfoSide: {"userinfo"}, oidc.DiscoverySide: {"discovery"}, oidc.KeysSide: {"keys"},
	}
	for _, f := range oidc.Faults() {
		if f == oidc.DiscoveryHTTP { // the engine of this test is at https
			require.True(t, f.Needs().TLS)
		}
		t.Run(string(f), func(t *testing.T) {
			good, bad := play(t, f), play(t, f, f)
			var changed []string
			for _, surface := range slices.Sorted(maps.Keys(good)) {
				if good[surface] != bad[surface] {
					changed = append(changed, surface)
				}
			}
			require.NotEmpty(t, changed, "the fault has no effect")
			require.Subset(t, allowed[f.Side()], changed)
			if f.Side() == oidc.TokenSide {
				require.False(t, slices.Contains(changed, "front") && slices.Contains(changed, "second"), "both tokens are faulty")
			}
		})
	}
}

// TestSignedFaultsAreSignedWell makes sure that a token with a wrong claim is signed: else it would be refused for the wrong
// reason.
func TestSignedFaultsAreSignedWell(t *testing.T) {
	groups := []string{"Names that stand twice", "Issuer and audience", "Time", "Subject", "What ties the token to the login"}
	for _, f := range oidc.Faults() {
		if !slices.Contains(groups, f.Group()) {
			continue
		}
		t.Run(string(f), func(t *testing.T) {
			out := play(t, f, f)
			require.Contains(t, orText(out["front"], out["second"]), " good")
		})
	}
}

func orText(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// TestForgedSignaturesSayWhoWasForged makes sure that who takes such a token shows it.
func TestForgedSignaturesSayWhoWasForged(t *testing.T) {
	for _, f := range []oidc.Fault{
		oidc.TamperedSubject, oidc.StrangerSigned, oidc.StrangerSameKid, oidc.StrangerNoKid, oidc.EncryptionKey, oidc.WeakKey, oidc.SharedKey, oidc.AlgNone,
		oidc.AlgNoneOddCase, oidc.HS256WithPublicKey, oidc.HS256WithClientKey, oidc.OtherKindOfKey, oidc.EmbeddedJWK, oidc.EmbeddedJKU, oidc.EmbeddedX5C,
		oidc.EmbeddedX5U, oidc.OtherTokensProof,
	} {
		t.Run(string(f), func(t *testing.T) {
			p, responseType, l := scene(t, f)
			l.How.Faults = []oidc.Fault{f}
			a, err := p.Respond(read(t, p, parameters(responseType)), l)
			require.NoError(t, err)
			got := claims(t, object(t, exchange(p, a.Get("code")).Body.String())["id_token"].(string))
			require.Equal(t, oidc.ForgedSubject, got["sub"])
			require.Equal(t, oidc.ForgedEmail, got["email"])
		})
	}
}

func TestFaultsOfTheSecondToken(t *testing.T) {
	p := newOP(t)
	l := login(oidc.How{Faults: []oidc.Fault{oidc.WrongIssuer}, Second: true})
	a, err := p.Respond(read(t, p, parameters("code id_token")), l)
	require.NoError(t, err)
	require.Equal(t, base, claims(t, a.Get("id_token"))["iss"])
	second := object(t, exchange(p, a.Get("code")).Body.String())["id_token"].(string)
	require.NotEqual(t, base, claims(t, second)["iss"])
}

func TestFaultsThatCannotBeMade(t *testing.T) {
	for _, f := range []oidc.Fault{oidc.CodeReplayed, oidc.IDTokenReplayed} {
		_, err := newOP(t).Respond(read(t, newOP(t), parameters("code id_token")), login(oidc.How{Faults: []oidc.Fault{f}}))
		require.Error(t, err, f)
	}
	_, err := newOP(t).LogoutToken("app", oidc.Logout{Subject: "user-1"}, oidc.How{Faults: []oidc.Fault{oidc.LogoutReplayed}})
	require.Error(t, err)
}

func TestLogoutFaultsDifferFromTheGoodToken(t *testing.T) {
	l := oidc.Logout{Subject: "user-1", SessionID: "sid-1"}
	for _, f := range oidc.LogoutFaults() {
		t.Run(string(f), func(t *testing.T) {
			var texts []string
			for _, faults := range [][]oidc.Fault{nil, {f}} {
				p := newOP(t)
				first, err := p.LogoutToken("app", l, oidc.How{})
				require.NoError(t, err)
				text, err := p.LogoutToken("app", l, oidc.How{Faults: faults})
				require.NoError(t, err)
				require.Equal(t, f == oidc.LogoutReplayed && faults != nil, first == text)
				texts = append(texts, tell(p, text))
			}
			require.NotEqual(t, texts[0], texts[1])
		})
	}
}

// TestBadSignatureIsOneBit tells the fault from an answer that cannot be read.
func TestBadSignatureIsOneBit(t *testing.T) {
	p := newOP(t)
	a, err := p.Respond(read(t, p, parameters("id_token")), login(oidc.How{Faults: []oidc.Fault{oidc.BadSignature}}))
	require.NoError(t, err)
	parts := strings.Split(a.Get("id_token"), ".")
	sig, err := base64.RawURLEncoding.DecodeString(parts[2])
	require.NoError(t, err)
	require.Len(t, sig, 256)
}

// TestSendWritesEveryMode shows how an answer with a parameter that stands twice travels.
func TestSendWritesEveryMode(t *testing.T) {
	a := &oidc.Answer{RedirectURI: redirect, Params: []oidc.Param{{Name: "code", Value: "a&b"}, {Name: "code", Value: `"<`}}}
	for mode, want := range map[string]string{
		"query": redirect + "?code=a%26b&code=%22%3C", "fragment": redirect + "#code=a%26b&code=%22%3C", "form_post": "",
	} {
		a.Mode = mode
		w := httptest.NewRecorder()
		oidc.Send(w, a)
		require.Equal(t, want, w.Header().Get("Location"))
		require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
		if mode == "form_post" {
			require.Contains(t, w.Body.String(), `<input type="hidden" name="code" value="&#34;&lt;">`)
		}
	}
	a.RedirectURI, a.Mode = redirect+"?x=1", "query"
	require.Equal(t, redirect+"?x=1&code=a%26b&code=%22%3C", a.URL())
}
