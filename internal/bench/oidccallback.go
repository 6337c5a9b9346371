package bench

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"github.com/zitadel/oidc/v3/pkg/client/rp"
	zitadel "github.com/zitadel/oidc/v3/pkg/oidc"
	"golang.org/x/oauth2"

	"github.com/lmssso/lmssso/oidc"
)

var (
	errNonce = errors.New("bench: the nonce is another")
	errState = errors.New("bench: the state is another")
	errToken = errors.New("bench: there is no ID token")
)

func nonceOf(context.Context) string { return rpNonce }

// patient is the HTTP client the other libraries are given. Its connections stay open.
func patient() *http.Client { return hasty(false) }

// hasty is one whose connections are closed after each answer, if asked to.
func hasty(closes bool) *http.Client {
	return &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: closes, MaxIdleConnsPerHost: 8}}
}

// callbackQuery is what a provider sends a browser back with.
func callbackQuery(code string) string {
	return url.Values{"code": {code}, "state": {rpState}}.Encode()
}

// codeOf reads a callback as the others' callers do, each by hand.
func codeOf(rawQuery string) (string, error) {
	q, err := url.ParseQuery(rawQuery)
	if err != nil {
		return "", err
	}
	if q.Get("state") != rpState {
		return "", errState
	}
	return q.Get("code"), nil
}

// newOurCallback reads a callback, redeems its code, verifies the token to an assertion and asks every validator.
func newOurCallback(o *openID) verifier {
	cfg := o.connection(rs256)
	cfg.Request.Userinfo.Mode = oidc.UserinfoNever
	return finishing(o, must(oidc.New(cfg)), func(query string) oidc.Input { return oidc.Input{Method: http.MethodGet, RawQuery: query} })
}

func oauthConfig(o *openID) oauth2.Config {
	return oauth2.Config{
		ClientID: rpClient, ClientSecret: rpSecret, RedirectURL: rpCallback, Scopes: []string{"openid"},
		Endpoint: oauth2.Endpoint{AuthURL: o.base + "/authorize", TokenURL: o.base + tokenPath, AuthStyle: oauth2.AuthStyleInHeader},
	}
}

// newGoOIDCCallback redeems with x/oauth2 and verifies with go-oidc, as its documentation shows.
func newGoOIDCCallback(o *openID, c *http.Client) verifier {
	cfg, v, ctx := oauthConfig(o), goOIDCVerifier(o, rs256, c), gooidc.ClientContext(background(), c)
	return func(query string) (string, error) {
		code, err := codeOf(query)
		if err != nil {
			return "", err
		}
		got, err := cfg.Exchange(ctx, code, oauth2.VerifierOption(rpVerifier))
		if err != nil {
			return "", err
		}
		raw, ok := got.Extra("id_token").(string)
		if !ok {
			return "", errToken
		}
		t, err := v.Verify(ctx, raw)
		if err != nil {
			return "", err
		}
		if err := t.VerifyAccessToken(got.AccessToken); err != nil {
			return "", err
		}
		return goOIDCEmail(t)
	}
}

// newZitadelCallback redeems and verifies with zitadel/oidc.
func newZitadelCallback(o *openID) verifier {
	party := must(rp.NewRelyingPartyOIDC(background(), opName, rpClient, rpSecret, rpCallback, []string{"openid"},
		rp.WithCustomDiscoveryUrl(o.base+wellKnownPath), rp.WithHTTPClient(patient()), rp.WithAuthStyle(oauth2.AuthStyleInHeader),
		rp.WithVerifierOpts(zitadelOptions(rs256)...)))
	return func(query string) (string, error) {
		code, err := codeOf(query)
		if err != nil {
			return "", err
		}
		got, err := rp.CodeExchange[*zitadel.IDTokenClaims](background(), code, party, rp.WithCodeVerifier(rpVerifier))
		if err != nil {
			return "", err
		}
		return got.IDTokenClaims.Email, nil
	}
}

// caller is something that answers at the redirect URI.
type caller struct {
	name string
	make func(o *openID) verifier
}

// callers lists what reads callbacks, the library first.
func callers() []caller {
	return []caller{
		{"lmssso", newOurCallback},
		{"go-oidc+oauth2", func(o *openID) verifier { return newGoOIDCCallback(o, patient()) }},
		{"go-oidc+oauth2-no-keepalive", func(o *openID) verifier { return newGoOIDCCallback(o, hasty(true)) }},
		{"zitadel", newZitadelCallback},
	}
}

// callingBack compares whole callbacks: one question to the token endpoint, keys known. The provider is the same for all and
// runs in the same process, so its part is in every figure.
func callingBack(parties providing) Comparison {
	c := Comparison{
		Name:  "oidc-callback",
		Goals: []Goal{{Against: "go-oidc+oauth2", Most: 0.75}, {Against: "go-oidc+oauth2-no-keepalive"}, {Against: "zitadel"}},
	}
	for _, by := range callers() {
		c.Subjects = append(c.Subjects, late(by.name, func() func() error {
			return warmed(by.make(parties()), callbackQuery(goodCode))
		}))
	}
	return c
}
