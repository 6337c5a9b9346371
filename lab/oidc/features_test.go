package oidc_test

import (
	"strings"
	"testing"
	"time"

	"github.com/dexidp/dex/storage"
	jose "github.com/go-jose/go-jose/v4"

	"github.com/lmssso/lmssso/oidc"
)

// TestUserinfoOfOIDCProvider asks for the claims as JSON and signed.
func TestUserinfoOfOIDCProvider(t *testing.T) {
	s := newSite(t, false)
	var clients []client
	algs := []string{"RS256", "PS256", "ES256", "EdDSA", "HS256"}
	for _, alg := range algs {
		clients = append(clients, s.client("signed-"+alg, client{"userinfo_signed_response_alg": alg}))
	}
	clients = append(clients, s.client("json", nil), s.client("other", client{"userinfo_signed_response_alg": "ES256"}), s.client("raw", nil), s.client("never", nil))
	p := startOP(t, nil, clients...)
	for _, alg := range algs {
		s.connect(t, "signed-"+alg, p.side(), func(c *oidc.Config) {
			c.Request.Userinfo = oidc.Userinfo{Mode: oidc.UserinfoAlways, SigningAlgorithm: alg}
		})
	}
	s.connect(t, "json", p.side(), func(c *oidc.Config) { c.Request.Userinfo.Mode = oidc.UserinfoAlways })
	s.connect(t, "other", p.side(), nil)
	s.connect(t, "raw", p.side(), func(c *oidc.Config) { c.Request.Userinfo.RawAuthorization = true })
	s.connect(t, "never", p.side(), func(c *oidc.Config) { c.Request.Userinfo.Mode = oidc.UserinfoNever })
	for _, id := range []string{"json", "signed-RS256", "signed-PS256", "signed-ES256", "signed-EdDSA", "signed-HS256"} {
		t.Run(id, func(t *testing.T) {
			mustBeAnna(t, s.mustBeIn(t, newBrowser(t).signIn(s, id), "/welcome"), p.issuer, id)
			s.mustKnowAnna(t)
		})
	}
	t.Run("signed by another algorithm", func(t *testing.T) {
		s.mustRefuse(t, newBrowser(t).signIn(s, "other"), oidc.ErrTokenAlgorithm)
	})
	t.Run("an access token without Bearer", func(t *testing.T) {
		s.mustRefuse(t, newBrowser(t).signIn(s, "raw"), oidc.ErrUserinfo)
	})
	t.Run("not asked", func(t *testing.T) {
		a := s.mustBeIn(t, newBrowser(t).signIn(s, "never"), "/welcome")
		if a.Profile.Email.IsPresent() || a.Profile.EmailVerified {
			t.Fatalf("the email came from somewhere: %+v", a.Profile)
		}
	})
}

// TestOIDCProviderAsksAgainWhenTold sends prompt and max_age, and a provider that keeps its session.
func TestOIDCProviderAsksAgainWhenTold(t *testing.T) {
	s := newSite(t, false)
	p := startOP(t, nil, s.client("plain", nil), s.client("login", nil), s.client("none", nil), s.client("age", nil))
	s.connect(t, "plain", p.side(), nil)
	s.connect(t, "login", p.side(), func(c *oidc.Config) { c.Request.Prompt = "login" })
	s.connect(t, "none", p.side(), func(c *oidc.Config) { c.Request.Prompt = "none" })
	s.connect(t, "age", p.side(), func(c *oidc.Config) { c.Check.MaxAuthnAge = time.Hour })
	b := newBrowser(t)
	s.mustRefuse(t, b.open(s.url+"/login/none"), oidc.ErrInteraction)
	s.mustBeIn(t, b.signIn(s, "plain"), "/welcome")
	s.mustBeIn(t, b.open(s.url+"/login/plain"), "/")
	s.mustBeIn(t, b.open(s.url+"/login/none"), "/")
	ask := b.open(s.url + "/login/login")
	if !strings.Contains(ask.body, "It asks for login") {
		t.Fatalf("the provider did not ask:\n%s", ask.body)
	}
	a := s.mustBeIn(t, b.submit(ask, right), "/")
	if a.Times.AuthenticatedAt.IsZero() {
		t.Error("nobody knows when the user authenticated")
	}
	a = s.mustBeIn(t, b.open(s.url+"/login/age"), "/")
	if age := time.Since(a.Times.AuthenticatedAt); age < 0 || age > time.Minute {
		t.Errorf("the user authenticated %s ago", age)
	}
}

// TestOIDCProviderRotatesItsKeys withdraws the keys between logins, and puts others under the same ids.
func TestOIDCProviderRotatesItsKeys(t *testing.T) {
	s, p := startOrdinary(t)
	t.Cleanup(func() { s.shift(0) })
	everybody := func() {
		t.Helper()
		for id := range ordinary {
			s.mustBeIn(t, newBrowser(t).signIn(s, id), "/welcome")
		}
	}
	everybody()
	old := s.held(t, "implicit")
	p.rotate("fresh")
	everybody()
	s.mustRefuse(t, old.deliver(old.answered), oidc.ErrTokenKey)

	s.shift(2 * time.Minute) // keys are fetched again at most once a minute
	p.rotate("same")
	everybody()
}

// TestCredentialsOfEveryCharacter signs in with an id and a secret that mean something in forms, URLs and headers. Both
// providers decode Basic credentials as RFC 6749 section 2.3.1 says.
func TestCredentialsOfEveryCharacter(t *testing.T) {
	const oddID, oddSecret = `an:odd id+/%&=?#"~`, `a+b/c%2Bd:e f&g=h?i;j~k"l\m<n>o'p|q`
	s, other := newSite(t, false), newSite(t, false) // one person cannot be of two providers at one site
	ids := []oidc.AuthMethod{oidc.ClientSecretBasic, oidc.ClientSecretPost}
	var atOP []client
	var inDex []storage.Client
	for _, method := range ids {
		id := string(method)
		atOP = append(atOP, s.client("op-"+id, client{
			"client_id": id + oddID, "client_secret": oddSecret, "token_endpoint_auth_method": id, "id_token_signed_response_alg": "HS256",
		}))
		c := other.dexClient("dex-" + id)
		c.ID, c.Secret = id+oddID, oddSecret
		inDex = append(inDex, c)
	}
	p, d := startOP(t, nil, atOP...), startDex(t, jose.RS256, inDex...)
	for _, method := range ids {
		id := string(method)
		odd := func(c *oidc.Config) { c.RP.ClientID, c.RP.ClientSecret, c.RP.TokenAuth = id+oddID, oddSecret, method }
		t.Run("oidc-provider "+id, func(t *testing.T) {
			s.connect(t, "op-"+id, p.side(), func(c *oidc.Config) {
				odd(c)
				c.Check.SigningAlgorithm = "HS256"
			})
			mustBeAnna(t, s.mustBeIn(t, newBrowser(t).signIn(s, "op-"+id), "/welcome"), p.issuer, "op-"+id)
		})
		t.Run("Dex "+id, func(t *testing.T) {
			other.connect(t, "dex-"+id, d.side(), func(c *oidc.Config) {
				dexScopes(c)
				odd(c)
			})
			d.mustBeAnna(t, other.mustBeIn(t, newBrowser(t).signInAtDex(other, "dex-"+id), "/welcome"), "dex-"+id)
		})
	}
}
