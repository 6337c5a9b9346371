package jwtsso_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/jwtsso"
	"github.com/lmssso/lmssso/store"
)

// The receiving side: one connection of a Thought Industries site. The clock stands still so that the output does.
func ExampleVerifier_Verify() {
	noon := func() time.Time { return time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC) }
	key := lmssso.Secret("an API key of at least thirty-two bytes")
	verifier, err := jwtsso.NewVerifier(jwtsso.VerifierConfig{
		Dialect:    jwtsso.ThoughtIndustries(),
		Connection: "main-jwt",
		Realm:      "main",
		Keys:       []lmssso.Secret{key},
		SingleUse:  store.NewMemory(store.MemoryConfig{Now: noon}), // one process; SQL or Redis for several
		Now:        noon,
	})
	if err != nil {
		panic(err)
	}

	token := tokenOf(key, noon)
	login, err := verifier.Verify(context.Background(), token)
	if err != nil {
		panic(err)
	}
	fmt.Println(login.Link.ExternalID, login.Profile.Email, login.Access.CourseSlugs.All())

	_, err = verifier.Verify(context.Background(), token)
	fmt.Println(err, errors.Is(err, lmssso.ErrReplayed))
	// Output:
	// 12345 bob@example.com [intro]
	// replayed: the token was used before true
}

func tokenOf(key lmssso.Secret, now func() time.Time) string {
	issuer, err := jwtsso.NewIssuer(jwtsso.IssuerConfig{
		Dialect: jwtsso.ThoughtIndustries(), Endpoint: "https://learn.example.com", Keys: []lmssso.Secret{key}, Now: now,
	})
	if err != nil {
		panic(err)
	}
	token, err := issuer.Mint(jwtsso.Learner{
		ExternalID: "12345", Email: "bob@example.com", Access: lmssso.Access{CourseSlugs: attrs.List("intro")},
	})
	if err != nil {
		panic(err)
	}
	return string(token)
}

// The minting side: a backend that has users sends one of them to a Thinkific school. Clock and random bits are fixed so
// that the output is.
func ExampleIssuer_RedirectURL() {
	issuer, err := jwtsso.NewIssuer(jwtsso.IssuerConfig{
		Dialect:  jwtsso.Thinkific(),
		Endpoint: "https://school.thinkific.com",
		Keys:     []lmssso.Secret{"the school's API key, thirty-two bytes"},
		Now:      func() time.Time { return time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC) },
		Random:   strings.NewReader("sixteen letters!"),
	})
	if err != nil {
		panic(err)
	}
	link, err := issuer.RedirectURL(jwtsso.Learner{
		ExternalID: "12345", Email: "bob@example.com", FirstName: "Bob", LastName: "Jones",
	}, jwtsso.RedirectOptions{ReturnTo: "https://www.example.com/after?x=1&y=2", ErrorURL: "https://www.example.com/sorry"})
	if err != nil {
		panic(err)
	}
	// Never log the link: it signs its bearer in. Here it is taken apart to be looked at.
	u, err := url.Parse(link)
	if err != nil {
		panic(err)
	}
	fmt.Println(u.Host + u.Path)
	fmt.Println(u.Query().Get("return_to"))
	fmt.Println(u.Query().Get("error_url"))
	fmt.Println(len(strings.Split(u.Query().Get("jwt"), ".")), "segments")
	// Output:
	// school.thinkific.com/api/sso/v2/sso/jwt
	// https://www.example.com/after?x=1&y=2
	// https://www.example.com/sorry
	// 3 segments
}

// A platform of your own: HS512 with a hexadecimal secret, a token parameter of its own, the email as the subject, and
// iat in milliseconds.
func ExampleDialect() {
	d := jwtsso.Dialect{
		Name: "clinic-academy",
		Endpoint: jwtsso.Endpoint{
			Path: "/uaa/login/jwt", Deliveries: []jwtsso.Delivery{jwtsso.InQuery}, Token: "token", ReturnTo: "returnTo",
		},
		Signing: jwtsso.Signing{Algorithm: jwtsso.HS512, Key: jwtsso.HexKey, MaxKeys: 1},
		Time:    jwtsso.TimeRules{Claim: "iat", Unit: time.Millisecond, Window: 3 * time.Minute},
		TokenID: jwtsso.TokenIDRule{Claim: "jti", Required: true},
		Claims:  attrs.Mapping{attrs.Email: attrs.From("sub"), attrs.FullName: attrs.From("display_name")},
	}
	fmt.Println(d.Check())

	d.Time.Window = 0
	d.Endpoint.Token = ""
	fmt.Println(d.Check())
	// Output:
	// <nil>
	// configuration: dialect "clinic-academy": Endpoint.Token is missing; Time.Window is not above 0 and at most 1h0m0s
}
