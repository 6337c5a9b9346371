package jwtsso_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
)

// FuzzVerify signs whatever header and payload the fuzzer thinks of with the right key. What is accepted, encoding/json
// must read to the same user; what is refused returns nothing.
func FuzzVerify(f *testing.F) {
	for _, s := range []string{
		goodClaims, twelveClaims, `{"iat":1700000000}`, `{"iat":1.7e9,"EMAIL":"a@example.com","email":"b@example.com"}`,
		`{"iat":1700000000,"externalCustomerId":"\u0031","external\u0043ustomerId":"2"}`, `{"iat":1700000000,"jti":"x","exp":1700000001}`,
	} {
		f.Add(goodHeader, s)
	}
	f.Add(`{"alg":"HS256","crit":["exp"]}`, goodClaims)
	f.Add(`{"alg":"none"}`, goodClaims)
	cfg := config(nil)
	cfg.AllowReplay = true
	v := verifier(f, cfg)
	f.Fuzz(func(t *testing.T, header, payload string) {
		a, err := v.Verify(t.Context(), sign(newKey, header, payload))
		if err != nil {
			require.Nil(t, a)
			require.NotSame(t, lmssso.ErrUnavailable, lmssso.ReasonOf(err), "every refusal has its reason: %v", err)
			return
		}
		var h struct{ Alg string }
		require.NoError(t, json.Unmarshal([]byte(header), &h))
		require.Equal(t, "HS256", h.Alg)
		dec := json.NewDecoder(strings.NewReader(payload))
		dec.UseNumber()
		var c map[string]any
		require.NoError(t, dec.Decode(&c))
		require.Equal(t, a.Link.ExternalID, reread(c["externalCustomerId"]))
		require.Equal(t, a.Profile.Email.String(), strings.ToLower(reread(c["email"])))
		at, err := c["iat"].(json.Number).Float64()
		require.NoError(t, err)
		require.InDelta(t, 1700000000, at, 500)
	})
}

func reread(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	default:
		return ""
	}
}

// FuzzToken feeds tokens nobody signed: none is accepted, whatever its form.
func FuzzToken(f *testing.F) {
	good := withClaims(goodClaims)
	for _, s := range []string{good[:len(good)-1], good + "=", "a.b.c", "...", guideToken, rfcToken} {
		f.Add(s)
	}
	s := &spender{}
	v := verifier(f, config(s))
	f.Fuzz(func(t *testing.T, token string) {
		a, err := v.Verify(t.Context(), token)
		if token == good {
			return
		}
		if i := strings.LastIndexByte(token, '.'); i > 0 && token[i+1:] == b64(string(mac(newKey, token[:i]))) {
			return // the fuzzer found the key's signature by way of the seeds
		}
		require.Error(t, err)
		require.Nil(t, a)
	})
}

// FuzzExtract: a request is accepted only if it holds the one good token exactly once, in its decoded parameters and
// headers, as net/url reads them.
func FuzzExtract(f *testing.F) {
	token := withClaims(goodClaims)
	f.Add("jwt="+token, "", "")
	f.Add("jwt="+token+"&jwt=", "jwt="+token, "Bearer "+token)
	f.Add("returnTo=/100%&jwt="+token, "a;b", "Basic x")
	f.Add("%6awt="+token, "j%77t=x", "bearer ")
	f.Fuzz(func(t *testing.T, query, body, authorization string) {
		if strings.ContainsAny(authorization, "\r\n") {
			return
		}
		r := post(query, body)
		if body == "" {
			r = get(query)
		}
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		a, err := verifier(t, config(&spender{})).Authenticate(httptest.NewRecorder(), r)
		if err != nil {
			require.Nil(t, a)
			return
		}
		total := len(r.URL.Query()["jwt"]) + len(r.PostForm["jwt"])
		if strings.HasPrefix(strings.ToLower(authorization), "bearer") {
			total++
		}
		require.LessOrEqual(t, total, 1)
	})
}
