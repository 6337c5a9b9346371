package oidc_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/oidc"
)

// The connections most tests sign in by, each with its own client.
var ordinary = map[string]combination{
	"code":     {response: oidc.Code, mode: oidc.Query, alg: "RS256", auth: oidc.ClientSecretBasic},
	"implicit": {response: oidc.IDToken, mode: oidc.FormPost, alg: "ES256"},
	"fragment": {response: oidc.IDToken, mode: oidc.Fragment, alg: "HS256"},
	"hybrid":   {response: oidc.CodeIDToken, mode: oidc.FormPost, alg: "EdDSA", auth: oidc.ClientSecretPost},
}

// startOrdinary starts a site and a provider with the ordinary connections.
func startOrdinary(t *testing.T) (*site, *op) {
	t.Helper()
	s := newSite(t, false)
	var clients []client
	for id, c := range ordinary {
		clients = append(clients, s.client(id, c.registered(t)))
	}
	p := startOP(t, nil, clients...)
	for id, c := range ordinary {
		s.connect(t, id, p.side(), c.apply)
	}
	return s, p
}

// held begins a login in a browser of its own and keeps the provider's answer back.
func (s *site) held(t *testing.T, id string) *browser {
	t.Helper()
	b := newBrowser(t)
	b.hold = true
	if p := b.signIn(s, id); p != nil {
		t.Fatalf("the provider did not answer: %s\n%s", p.url, p.body)
	}
	return b
}

// params returns an answer's parameters, wherever they are, and a function that puts others in their place.
func (a *answer) params() (url.Values, func(url.Values)) {
	switch {
	case a.fields != nil:
		return a.fields, func(v url.Values) { a.fields = v }
	case a.url.Fragment != "":
		v, _ := url.ParseQuery(a.url.EscapedFragment())
		return v, func(v url.Values) { a.url.Fragment, a.url.RawFragment = v.Encode(), v.Encode() }
	default:
		return a.url.Query(), func(v url.Values) { a.url.RawQuery = v.Encode() }
	}
}

// change changes an answer's parameters.
func (a *answer) change(f func(v url.Values)) {
	v, put := a.params()
	f(v)
	put(v)
}

func (a *answer) get(name string) string {
	v, _ := a.params()
	return v.Get(name)
}

func TestAnAnswerIsTakenOnce(t *testing.T) {
	s, _ := startOrdinary(t)
	for id := range ordinary {
		t.Run(id, func(t *testing.T) {
			b := newBrowser(t)
			s.mustBeIn(t, b.signIn(s, id), "/welcome")
			s.mustRefuse(t, b.deliver(b.answered), lmssso.ErrStateLost)
		})
	}
}

// A stolen answer is worth nothing in another browser, one that began a login of its own among them.
func TestAnAnswerIsTakenFromTheBrowserThatAskedAlone(t *testing.T) {
	s, _ := startOrdinary(t)
	for id := range ordinary {
		t.Run(id, func(t *testing.T) {
			stolen := s.held(t, id).answered
			s.mustRefuse(t, newBrowser(t).deliver(stolen), lmssso.ErrStateLost)
			stolen = s.held(t, id).answered
			s.mustRefuse(t, s.held(t, id).deliver(stolen), lmssso.ErrStateLost)
		})
	}
}

func TestAnAnswerIsTakenByItsConnectionAlone(t *testing.T) {
	s, _ := startOrdinary(t)
	b := s.held(t, "implicit")
	b.answered.url.Path = "/callback/hybrid"
	s.mustRefuse(t, b.deliver(b.answered), lmssso.ErrStateLost)
}

func TestAnswersOfOIDCProviderAreNotTakenWhenChanged(t *testing.T) {
	s, _ := startOrdinary(t)
	for _, row := range []struct {
		name, id string
		change   func(t *testing.T, v url.Values)
		reason   error
	}{
		{"the code of another login", "code", func(t *testing.T, v url.Values) {
			v.Set("code", s.held(t, "code").answered.get("code"))
		}, oidc.ErrCodeRefused},
		{"the code of another login beside an ID token", "hybrid", func(t *testing.T, v url.Values) {
			v.Set("code", s.held(t, "hybrid").answered.get("code"))
		}, oidc.ErrCodeHash},
		{"the code and ID token of another login", "hybrid", func(t *testing.T, v url.Values) {
			other := s.held(t, "hybrid").answered
			v.Set("code", other.get("code"))
			v.Set("id_token", other.get("id_token"))
		}, oidc.ErrTokenNonce},
		{"the ID token of another login", "implicit", func(t *testing.T, v url.Values) {
			v.Set("id_token", s.held(t, "implicit").answered.get("id_token"))
		}, oidc.ErrTokenNonce},
		{"the ID token of another login in a fragment", "fragment", func(t *testing.T, v url.Values) {
			v.Set("id_token", s.held(t, "fragment").answered.get("id_token"))
		}, oidc.ErrTokenNonce},
		{"the ID token of another client", "hybrid", func(t *testing.T, v url.Values) {
			v.Set("id_token", s.held(t, "implicit").answered.get("id_token"))
		}, oidc.ErrTokenAlgorithm},
		{"a made-up code", "code", func(_ *testing.T, v url.Values) { v.Set("code", strings.Repeat("x", 43)) }, oidc.ErrCodeRefused},
		{"another iss", "code", func(_ *testing.T, v url.Values) { v.Set("iss", "https://evil.example") }, oidc.ErrResponseIssuer},
		{"iss with a slash", "code", func(_ *testing.T, v url.Values) { v.Set("iss", v.Get("iss")+"/") }, oidc.ErrResponseIssuer},
		{"no iss", "code", func(_ *testing.T, v url.Values) { v.Del("iss") }, oidc.ErrResponseIssuerMissing},
		{"two codes", "code", func(_ *testing.T, v url.Values) { v.Add("code", "x") }, oidc.ErrParameters},
		{"two states", "implicit", func(_ *testing.T, v url.Values) { v.Add("state", v.Get("state")) }, oidc.ErrParameters},
		{"an error beside the code", "code", func(_ *testing.T, v url.Values) { v.Set("error", "access_denied") }, oidc.ErrResponse},
		{"no code", "hybrid", func(_ *testing.T, v url.Values) { v.Del("code") }, oidc.ErrResponse},
		{"no ID token", "hybrid", func(_ *testing.T, v url.Values) { v.Del("id_token") }, oidc.ErrResponse},
		{"an access token", "implicit", func(_ *testing.T, v url.Values) { v.Set("access_token", "x") }, oidc.ErrResponse},
		{"another user", "implicit", func(_ *testing.T, v url.Values) { v.Set("id_token", forged(v.Get("id_token"))) }, oidc.ErrTokenSignature},
		{"another user under HS256", "fragment", func(_ *testing.T, v url.Values) { v.Set("id_token", forged(v.Get("id_token"))) }, oidc.ErrTokenSignature},
		{"no signature", "implicit", func(_ *testing.T, v url.Values) { v.Set("id_token", unsigned(v.Get("id_token"))) }, oidc.ErrTokenAlgorithm},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := s.held(t, row.id)
			b.answered.change(func(v url.Values) { row.change(t, v) })
			s.mustRefuse(t, b.deliver(b.answered), row.reason)
			if s.open(row.id) != 0 {
				t.Fatal("somebody is signed in")
			}
		})
	}
}

// forged changes the user of a token and keeps its signature.
func forged(token string) string {
	parts := strings.Split(token, ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		panic(err)
	}
	parts[1] = base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(payload), anna.Subject, "root-1", 1)))
	return strings.Join(parts, ".")
}

// unsigned is a token that says that it needs no signature.
func unsigned(token string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + strings.Split(token, ".")[1] + "."
}

func TestAnAnswerIsTakenTheWayItWasAskedForAlone(t *testing.T) {
	s, _ := startOrdinary(t)
	for _, id := range []string{"implicit", "fragment", "hybrid"} {
		t.Run(id+" by query", func(t *testing.T) {
			b := s.held(t, id)
			v, _ := b.answered.params()
			at := *b.answered.url
			at.Fragment, at.RawFragment, at.RawQuery = "", "", v.Encode()
			s.mustRefuse(t, b.deliver(&answer{method: http.MethodGet, url: &at, from: "127.0.0.1"}), oidc.ErrResponseMode)
		})
	}
	t.Run("code by form", func(t *testing.T) {
		b := s.held(t, "code")
		at := *b.answered.url
		at.RawQuery = ""
		s.mustRefuse(t, b.deliver(&answer{method: http.MethodPost, url: &at, fields: b.answered.url.Query(), from: "127.0.0.1"}), oidc.ErrResponseMode)
	})
}

func TestWhatOIDCProviderRefusesIsTold(t *testing.T) {
	s, _ := startOrdinary(t)
	for id := range ordinary {
		t.Run(id+" cancelled", func(t *testing.T) {
			b := newBrowser(t)
			ask := b.open(s.url + "/login/" + id)
			s.mustRefuse(t, b.press(ask, map[string]string{"cancel": "yes"}), oidc.ErrDenied)
		})
	}
	t.Run("a wrong password goes nowhere", func(t *testing.T) {
		b := newBrowser(t)
		ask := b.submit(b.open(s.url+"/login/code"), wrong)
		if !strings.Contains(ask.body, "User or password is wrong") {
			t.Fatalf("the provider says:\n%s", ask.body)
		}
		s.mustBeIn(t, b.submit(ask, right), "/")
	})
}

func TestTheClockDecides(t *testing.T) {
	s, _ := startOrdinary(t)
	t.Cleanup(func() { s.shift(0) })
	for id := range ordinary {
		for _, row := range []struct {
			name   string
			ahead  time.Duration
			reason error
		}{
			{"two hours ahead", 2 * time.Hour, lmssso.ErrExpired}, {"twelve minutes ahead", 12 * time.Minute, lmssso.ErrExpired},
			{"two minutes behind", -2 * time.Minute, lmssso.ErrNotYetValid},
		} {
			t.Run(id+" "+row.name, func(t *testing.T) {
				s.shift(row.ahead)
				s.mustRefuse(t, newBrowser(t).signIn(s, id), row.reason)
			})
		}
		t.Run(id+" half a minute behind", func(t *testing.T) {
			s.shift(-30 * time.Second)
			s.mustBeIn(t, newBrowser(t).signIn(s, id), "/welcome")
		})
	}
}
