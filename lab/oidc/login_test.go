package oidc_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"slices"
	"strings"
	"testing"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/oidc"
)

// combination is one way to sign in.
type combination struct {
	response oidc.ResponseType
	mode     oidc.ResponseMode
	alg      string
	auth     oidc.AuthMethod
	key      crypto.Signer // for private_key_jwt
}

func (c combination) id() string {
	return strings.NewReplacer(" ", "-", "_", "-").Replace(strings.Join([]string{string(c.response), string(c.mode), c.alg, string(c.auth)}, "."))
}

// codeless reports whether no code comes, and so no call of the token endpoint.
func (c combination) codeless() bool { return c.response == oidc.IDToken }

// ways lists how an answer may come: every response type by every mode it may have, and without naming one.
func ways() []combination {
	out := []combination{{response: oidc.Code, mode: oidc.Query}}
	for _, response := range []oidc.ResponseType{oidc.Code, oidc.IDToken, oidc.CodeIDToken} {
		for _, mode := range []oidc.ResponseMode{"", oidc.Fragment, oidc.FormPost} {
			out = append(out, combination{response: response, mode: mode})
		}
	}
	return out
}

// registered is the combination as the provider's client.
func (c combination) registered(t *testing.T) client {
	t.Helper()
	out := client{
		"response_types": []string{string(c.response)}, "grant_types": []string{"authorization_code"},
		"id_token_signed_response_alg": c.alg,
	}
	if c.auth != "" {
		out["token_endpoint_auth_method"] = string(c.auth)
	}
	switch c.response {
	case oidc.IDToken:
		out["grant_types"] = []string{"implicit"}
	case oidc.CodeIDToken:
		out["grant_types"] = []string{"implicit", "authorization_code"}
	}
	if c.key != nil {
		out["jwks"] = map[string]any{"keys": []jose.JSONWebKey{{Key: c.key.Public(), KeyID: "client", Use: "sig"}}}
	}
	return out
}

// apply is the combination as the connection's settings.
func (c combination) apply(cfg *oidc.Config) {
	cfg.Request.ResponseType, cfg.Request.ResponseMode = c.response, c.mode
	cfg.Check.SigningAlgorithm, cfg.RP.TokenAuth = c.alg, c.auth
	if c.key != nil {
		cfg.RP.Key = oidc.ClientKey{Signer: c.key, KeyID: "client"}
	}
}

func clientKeys(t *testing.T) []crypto.Signer {
	t.Helper()
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	e, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return []crypto.Signer{r, e, ed}
}

func TestSignInAtOIDCProviderEveryWay(t *testing.T) {
	var all []combination
	for _, way := range ways() {
		for _, alg := range []string{"RS256", "ES256", "PS256", "EdDSA", "HS256"} {
			way.alg, way.auth = alg, oidc.ClientSecretBasic
			all = append(all, way)
		}
		way.alg = "RS256"
		if !way.codeless() {
			way.auth = oidc.ClientSecretPost
			all = append(all, way)
		}
	}
	all = append(all, combination{response: oidc.Code, alg: "RS384", auth: oidc.ClientSecretPost},
		combination{response: oidc.CodeIDToken, alg: "RS512", auth: oidc.ClientSecretPost},
		combination{response: oidc.CodeIDToken, alg: "ES384", auth: oidc.ClientSecretPost})
	for i, key := range clientKeys(t) {
		all = append(all, combination{response: oidc.Code, mode: ways()[i].mode, alg: "ES256", auth: oidc.PrivateKeyJWT, key: key})
	}
	s := newSite(t, false)
	var clients []client
	for _, c := range all {
		clients = append(clients, s.client(c.id(), c.registered(t)))
	}
	p := startOP(t, nil, clients...)
	for _, c := range all {
		t.Run(c.id(), func(t *testing.T) {
			s.connect(t, c.id(), p.side(), c.apply)
			b := newBrowser(t)
			a := s.mustBeIn(t, b.signIn(s, c.id()), "/welcome")
			mustBeAnna(t, a, p.issuer, c.id())
			s.mustKnowAnna(t)
			again := s.mustBeIn(t, b.signIn(s, c.id()), "/welcome")
			if again.Session.Index != a.Session.Index {
				t.Errorf("the provider's session is %q and then %q", a.Session.Index, again.Session.Index)
			}
		})
	}
}

// mustBeAnna checks what a login says.
func mustBeAnna(t *testing.T, a *lmssso.Assertion, issuer, connection string) {
	t.Helper()
	if want := (lmssso.Link{Realm: "main", ExternalID: anna.Subject}); a.Link != want || a.Subject.Value != anna.Subject {
		t.Errorf("the login is of %+v, %+v", a.Link, a.Subject)
	}
	if a.Origin.Issuer != issuer || a.Origin.Connection != connection || a.Origin.Protocol != lmssso.OIDC {
		t.Errorf("the login came from %+v", a.Origin)
	}
	if email, _ := a.Profile.Email.First(); email != "anna@example.com" || !a.Profile.EmailVerified {
		t.Errorf("the email is %q, verified: %v", email, a.Profile.EmailVerified)
	}
	if a.Session.Index == "" || a.Session.Hint == "" || a.ReturnTo != "/welcome" {
		t.Errorf("the session is %+v, the browser goes to %q", a.Session, a.ReturnTo)
	}
	if a.Times.IssuedAt.IsZero() || a.Times.NotOnOrAfter.IsZero() {
		t.Errorf("the times are %+v", a.Times)
	}
}

// mustKnowAnna checks what the directory knows after anna signed in with every scope.
func (s *site) mustKnowAnna(t *testing.T) {
	t.Helper()
	all, err := s.directory.Accounts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 1 {
		t.Fatalf("%d accounts", len(all))
	}
	if a := all[0]; a.Email != "anna@example.com" || a.Role != "student" || !slices.Equal(a.Grants.Courses, []string{"intro", "welding"}) ||
		a.Profile.FirstName != "Änna" || a.Profile.LastName != "O'Brien & <Söhne>" {
		t.Fatalf("the account is %+v", a)
	}
}

// TestManySignInAtOnce lets the first logins of a connection, which find out about the provider, come together.
func TestManySignInAtOnce(t *testing.T) {
	s, p := startOrdinary(t)
	const each = 8
	t.Run("all", func(t *testing.T) {
		for id := range ordinary {
			for range each {
				t.Run(id, func(t *testing.T) {
					t.Parallel()
					if end := newBrowser(t).signIn(s, id); !strings.Contains(end.body, "signed in as ") {
						t.Errorf("the browser is at %s:\n%s", end.url, end.body)
					}
				})
			}
		}
	})
	all := s.takeAttempts()
	if len(all) != each*len(ordinary) {
		t.Errorf("%d attempts reached the site", len(all))
	}
	for _, a := range all {
		if a.Err != nil {
			t.Errorf("%s: %v", a.Connection, a.Err)
			continue
		}
		mustBeAnna(t, a.Assertion, p.issuer, a.Connection)
	}
}
