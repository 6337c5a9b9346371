package oidc_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/oidc"
	"github.com/lmssso/lmssso/store"
)

// One connection's endpoints. The provider is described by hand here; a WellKnown address does it as well.
func Example() {
	provider, err := oidc.New(oidc.Config{
		Connection: "example-oidc", Realm: "main",
		RP: oidc.RP{
			BaseURL: "https://learn.example.com", RedirectURI: "https://learn.example.com/access/openId/callback",
			PostLogoutRedirectURI: "https://learn.example.com/access/openId/signed-out",
			ClientID:              "learn", ClientSecret: "from a secret store",
		},
		OP: oidc.OP{
			Issuer: "https://op.example.com",
			Endpoints: oidc.Endpoints{
				Authorization: "https://op.example.com/authorize", Token: "https://op.example.com/token",
				JWKS: "https://op.example.com/keys", EndSession: "https://op.example.com/logout",
			},
		},
		Mapping:   attrs.Mapping{attrs.Email: attrs.From("email"), attrs.FirstName: attrs.From("given_name")},
		Request:   oidc.Request{Scope: []string{"openid", "email", "profile"}},
		SingleUse: store.NewMemory(store.MemoryConfig{}),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer provider.Close()

	login, err := lmssso.NewLogin(lmssso.LoginConfig{
		Connection: "example-oidc", Protocol: lmssso.OIDC, Authenticator: provider, Provisioner: accounts{},
		Done: func(http.ResponseWriter, *http.Request, *lmssso.Attempt) error { return nil }, // set the session's cookie here
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	refuse := func(w http.ResponseWriter, r *http.Request, err error) { lmssso.Env{}.Refuse(w, r, err) }
	mux := http.NewServeMux()
	mux.Handle("/access/openId/login", provider.LoginHandler(nil, refuse))
	mux.Handle("/access/openId/callback", login)
	mux.Handle("/access/openId/signed-out", provider.LogoutReturnHandler(func(w http.ResponseWriter, _ *http.Request, end oidc.LogoutEnd) {
		fmt.Fprintln(w, "You are signed out.") // end.ReturnTo goes through the safelist
	}))

	start, err := provider.Begin(context.Background(), &oidc.BeginOptions{ReturnTo: "/learn/course/intro"})
	if err != nil {
		fmt.Println(err)
		return
	}
	sent := start.Redirect.Query()
	fmt.Println(start.Redirect.Host + start.Redirect.Path)
	fmt.Println(sent.Get("response_type"), "for", sent.Get("scope"))
	fmt.Println("state, nonce and challenge:", sent.Get("state") != "", sent.Get("nonce") != "", sent.Get("code_challenge_method"))

	_, err = provider.Finish(context.Background(), oidc.Input{Method: http.MethodGet, RawQuery: "error=access_denied&state=" + sent.Get("state")}, &start.Pending)
	status, text := lmssso.PublicMessage(err)
	fmt.Println(status, text)
	// Output:
	// op.example.com/authorize
	// code for openid email profile
	// state, nonce and challenge: true true S256
	// 403 Your identity provider refused the sign-in.
}

// accounts stands for the application's accounts; the provision package has a complete one.
type accounts struct{}

func (accounts) Provision(context.Context, *lmssso.Assertion, lmssso.Policy) (*lmssso.Outcome, error) {
	return &lmssso.Outcome{Account: lmssso.Account{ID: "1"}}, nil
}
