package oidc_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"testing"

	"github.com/lmssso/lmssso/oidc"
)

// TestConnectionsThatDoNotFitTheProvider signs in by connections whose settings are not what the provider knows.
func TestConnectionsThatDoNotFitTheProvider(t *testing.T) {
	s := newSite(t, false)
	keys := clientKeys(t)
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	code := func(alg string, auth oidc.AuthMethod) combination {
		return combination{response: oidc.Code, alg: alg, auth: auth}
	}
	signed := combination{response: oidc.Code, alg: "RS256", auth: oidc.PrivateKeyJWT, key: keys[1]}
	implicit := func(alg string) combination {
		return combination{response: oidc.IDToken, mode: oidc.FormPost, alg: alg}
	}
	rows := []struct {
		id     string
		way    combination
		change func(*oidc.Config)
		reason error
	}{
		{"secret-basic", code("RS256", oidc.ClientSecretBasic), func(c *oidc.Config) { c.RP.ClientSecret += "x" }, oidc.ErrClientRefused},
		{"secret-post", code("RS256", oidc.ClientSecretPost), func(c *oidc.Config) { c.RP.ClientSecret += "x" }, oidc.ErrClientRefused},
		{"client-key", signed, func(c *oidc.Config) { c.RP.Key.Signer = other }, oidc.ErrClientRefused},
		{"method-basic-for-post", code("RS256", oidc.ClientSecretPost), func(c *oidc.Config) { c.RP.TokenAuth = oidc.ClientSecretBasic }, nil},
		{"secret-for-key", signed, func(c *oidc.Config) { c.RP.TokenAuth = oidc.ClientSecretPost }, oidc.ErrClientRefused},
		{"alg-es-for-rs", code("RS256", oidc.ClientSecretBasic), func(c *oidc.Config) { c.Check.SigningAlgorithm = "ES256" }, oidc.ErrTokenAlgorithm},
		{"alg-hs-for-rs", code("RS256", oidc.ClientSecretBasic), func(c *oidc.Config) { c.Check.SigningAlgorithm = "HS256" }, oidc.ErrTokenAlgorithm},
		{"alg-default-for-hs", code("HS256", oidc.ClientSecretBasic), func(c *oidc.Config) { c.Check.SigningAlgorithm = "" }, oidc.ErrTokenAlgorithm},
		{"alg-ps-for-rs", implicit("RS256"), func(c *oidc.Config) { c.Check.SigningAlgorithm = "PS256" }, oidc.ErrTokenAlgorithm},
		{"alg-rs-for-ps", implicit("PS256"), func(c *oidc.Config) { c.Check.SigningAlgorithm = "RS256" }, oidc.ErrTokenAlgorithm},
		{"hs-secret", implicit("HS256"), func(c *oidc.Config) { c.RP.ClientSecret += "x" }, oidc.ErrTokenSignature},
		{"response-type", code("RS256", oidc.ClientSecretBasic), func(c *oidc.Config) { c.Request.ResponseType = oidc.CodeIDToken }, oidc.ErrRequestRefused},
	}
	var clients []client
	for _, row := range rows {
		clients = append(clients, s.client(row.id, row.way.registered(t)))
	}
	p := startOP(t, nil, clients...)
	for _, row := range rows {
		t.Run(row.id, func(t *testing.T) {
			s.connect(t, row.id, p.side(), func(c *oidc.Config) {
				row.way.apply(c)
				row.change(c)
			})
			b := newBrowser(t)
			if row.reason == nil {
				s.mustBeIn(t, b.signIn(s, row.id), "/welcome")
				return
			}
			s.mustRefuse(t, b.signIn(s, row.id), row.reason)
		})
	}
}

// TestTheProviderIsTheOneTheConnectionNames points connections at the wrong provider, by discovery and by hand.
func TestTheProviderIsTheOneTheConnectionNames(t *testing.T) {
	s := newSite(t, false)
	way := combination{response: oidc.CodeIDToken, mode: oidc.FormPost, alg: "RS256", auth: oidc.ClientSecretBasic}
	ids := []string{"hand", "hand-issuer", "hand-code-issuer", "hand-keys", "issuer", "slash", "private", "http"}
	var clients []client
	for _, id := range ids {
		c := s.client(id, way.registered(t))
		if id == "hand-code-issuer" {
			c["response_types"], c["grant_types"] = []string{"code"}, []string{"authorization_code"}
		}
		clients = append(clients, c)
	}
	p := startOP(t, nil, clients...)
	d := startDex(t, "RS256", s.dexClient("hand-keys"))
	byHand := func(change func(*oidc.OP)) oidc.OP {
		side := oidc.OP{
			Issuer: p.issuer, Network: loopback,
			Endpoints: oidc.Endpoints{Authorization: p.issuer + "/auth", Token: p.issuer + "/token", JWKS: p.issuer + "/jwks", Userinfo: p.issuer + "/me"},
		}
		change(&side)
		return side
	}
	discovered := func(change func(*oidc.OP)) oidc.OP {
		side := p.side()
		change(&side)
		return side
	}
	sides := map[string]oidc.OP{
		"hand":             byHand(func(*oidc.OP) {}),
		"hand-issuer":      byHand(func(o *oidc.OP) { o.Issuer += "/" }),
		"hand-code-issuer": byHand(func(o *oidc.OP) { o.Issuer = d.issuer }),
		"hand-keys":        byHand(func(o *oidc.OP) { o.Endpoints.JWKS = d.issuer + "/keys" }),
		"issuer":           discovered(func(o *oidc.OP) { o.Issuer = d.issuer }),
		"slash":            discovered(func(o *oidc.OP) { o.Issuer = p.issuer + "/" }),
		"private":          discovered(func(o *oidc.OP) { o.Network.AllowPrivateAddresses = false }),
	}
	for id, side := range sides {
		s.connect(t, id, side, func(c *oidc.Config) {
			way.apply(c)
			if id == "hand-code-issuer" {
				c.Request.ResponseType, c.Request.ResponseMode = oidc.Code, ""
			}
		})
	}
	t.Run("by hand", func(t *testing.T) {
		mustBeAnna(t, s.mustBeIn(t, newBrowser(t).signIn(s, "hand"), "/welcome"), p.issuer, "hand")
	})
	for id, reason := range map[string]error{"hand-issuer": oidc.ErrTokenIssuer, "hand-code-issuer": oidc.ErrResponseIssuer, "hand-keys": oidc.ErrTokenKey} {
		t.Run(id, func(t *testing.T) { s.mustRefuse(t, newBrowser(t).signIn(s, id), reason) })
	}
	for id, reason := range map[string]error{"issuer": oidc.ErrDiscoveryIssuer, "slash": oidc.ErrDiscoveryIssuer, "private": oidc.ErrDiscoveryFetch} {
		t.Run(id, func(t *testing.T) { s.mustNotBegin(t, newBrowser(t).signIn(s, id), reason) })
	}
	t.Run("http", func(t *testing.T) {
		cfg := s.config("http", discovered(func(o *oidc.OP) { o.Network.AllowHTTP = false }))
		if made, err := oidc.New(cfg); err == nil {
			made.Close()
			t.Fatal("an http provider was accepted")
		}
	})
}
