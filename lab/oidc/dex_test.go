package oidc_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dexidp/dex/storage"
	jose "github.com/go-jose/go-jose/v4"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/oidc"
)

// dex is the identity service Dex, at an address with a path, in a process of its own.
type dex struct {
	*op
	clients []storage.Client
}

// programs is where dexProgram builds; it is gone when the tests have ended.
var programs string

func TestMain(m *testing.M) {
	var err error
	if programs, err = os.MkdirTemp("", "lab-oidc"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(programs)
	os.Exit(code)
}

// dexProgram builds the program of the folder dex, once.
var dexProgram = sync.OnceValues(func() (string, error) {
	program := filepath.Join(programs, "dex")
	if out, err := exec.Command("go", "build", "-o", program, "./dex").CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return program, nil
})

// startDex starts it for these clients, until the test ends.
func startDex(t *testing.T, alg jose.SignatureAlgorithm, clients ...storage.Client) *dex {
	t.Helper()
	program, err := dexProgram()
	if err != nil {
		t.Fatal(err)
	}
	d := &dex{op: startProcess(t, exec.Command(program)), clients: clients}
	d.restart(alg)
	return d
}

// restart puts a Dex that remembers nothing in the place of the one before: it has other keys, and none of the old.
func (d *dex) restart(alg jose.SignatureAlgorithm) {
	d.t.Helper()
	d.order(map[string]any{"algorithm": alg, "clients": d.clients, "user": map[string]string{
		"email": "anna@example.com", "password": anna.Password, "name": "Änna O'Brien & <Söhne>", "subject": anna.Subject,
	}})
}

// side is Dex as a connection names it.
func (d *dex) side() oidc.OP {
	return oidc.OP{WellKnown: d.issuer + "/.well-known/openid-configuration", Network: loopback}
}

// dexClient registers a connection of this site at Dex.
func (s *site) dexClient(id string) storage.Client {
	return storage.Client{
		ID: id, Secret: secret(id), Name: id, RedirectURIs: []string{s.url + "/callback/" + id},
		PostLogoutRedirectURIs: []string{s.url + "/signed-out/" + id}, BackchannelLogoutURI: s.url + "/backchannel/" + id,
	}
}

// atDex is what anna types at Dex.
var atDex = map[string]string{"login": "anna@example.com", "password": anna.Password, "remember_me": "on"}

// signInAtDex goes through a login, typing the password where Dex asks for it.
func (b *browser) signInAtDex(s *site, id string) *page {
	b.t.Helper()
	p := b.open(s.url + "/login/" + id + "?returnTo=/welcome")
	if p != nil && p.status == http.StatusOK && len(p.forms) == 1 && p.forms[0].asks {
		p = b.submit(p, atDex)
	}
	return p
}

// dexScopes are the ones Dex knows; it refuses others.
func dexScopes(c *oidc.Config) { c.Request.Scope = []string{"openid", "email", "profile"} }

// dexWays lists what Dex can: it chooses the response mode by the response type, whatever was asked for.
var dexWays = []combination{
	{response: oidc.Code}, {response: oidc.Code, mode: oidc.Query},
	{response: oidc.IDToken}, {response: oidc.IDToken, mode: oidc.Fragment},
	{response: oidc.CodeIDToken}, {response: oidc.CodeIDToken, mode: oidc.Fragment},
}

func TestSignInAtDexEveryWay(t *testing.T) {
	for _, alg := range []jose.SignatureAlgorithm{jose.RS256, jose.ES256} {
		t.Run(string(alg), func(t *testing.T) {
			var all []combination
			for _, way := range dexWays {
				for _, auth := range []oidc.AuthMethod{oidc.ClientSecretBasic, oidc.ClientSecretPost} {
					way.alg, way.auth = string(alg), auth
					all = append(all, way)
				}
			}
			s := newSite(t, false)
			var clients []storage.Client
			for _, c := range all {
				clients = append(clients, s.dexClient(c.id()))
			}
			d := startDex(t, alg, clients...)
			for _, c := range all {
				t.Run(c.id(), func(t *testing.T) {
					s.connect(t, c.id(), d.side(), func(cfg *oidc.Config) {
						dexScopes(cfg)
						c.apply(cfg)
						if alg != jose.RS256 { // Dex's userinfo endpoint takes no other access tokens, its own among them
							cfg.Request.Userinfo.Mode = oidc.UserinfoNever
						}
					})
					d.mustBeAnna(t, s.mustBeIn(t, newBrowser(t).signInAtDex(s, c.id()), "/welcome"), c.id())
				})
			}
		})
	}
}

// TestAUserinfoEndpointThatForbidsStopsTheLogin asks Dex with an access token that Dex itself made and does not take.
func TestAUserinfoEndpointThatForbidsStopsTheLogin(t *testing.T) {
	s := newSite(t, false)
	d := startDex(t, jose.ES256, s.dexClient("code"))
	s.connect(t, "code", d.side(), func(c *oidc.Config) {
		dexScopes(c)
		c.Check.SigningAlgorithm = "ES256"
	})
	s.mustRefuse(t, newBrowser(t).signInAtDex(s, "code"), oidc.ErrUserinfoForbidden)
}

// mustBeAnna checks what a login at Dex says. Dex makes subjects of its own out of the connector and the user.
func (d *dex) mustBeAnna(t *testing.T, a *lmssso.Assertion, connection string) {
	t.Helper()
	subject := base64.RawURLEncoding.EncodeToString([]byte("\n\x06" + anna.Subject + "\x12\x05local"))
	if a.Subject.Value != subject || a.Link != (lmssso.Link{Realm: "main", ExternalID: subject}) {
		t.Errorf("the login is of %+v, %+v", a.Link, a.Subject)
	}
	if a.Origin.Issuer != d.issuer || a.Origin.Connection != connection || a.Session.Index == "" || a.Times.AuthenticatedAt.IsZero() {
		t.Errorf("the login came from %+v, %+v, %+v", a.Origin, a.Session, a.Times)
	}
	if email, _ := a.Profile.Email.First(); email != "anna@example.com" || !a.Profile.EmailVerified || a.Raw["name"][0] != "Änna O'Brien & <Söhne>" {
		t.Errorf("the user is %+v, %q", a.Profile, a.Raw["name"])
	}
}

// startDexSite starts a site with the connections code, implicit and hybrid at Dex.
func startDexSite(t *testing.T) (*site, *dex) {
	t.Helper()
	s := newSite(t, false)
	d := startDex(t, jose.RS256, s.dexClient("code"), s.dexClient("implicit"), s.dexClient("hybrid"), s.dexClient("form"), s.dexClient("wrong-secret"), s.dexClient("wrong-alg"))
	for id, response := range map[string]oidc.ResponseType{"code": oidc.Code, "implicit": oidc.IDToken, "hybrid": oidc.CodeIDToken, "form": oidc.CodeIDToken, "wrong-secret": oidc.Code, "wrong-alg": oidc.IDToken} {
		s.connect(t, id, d.side(), func(c *oidc.Config) {
			dexScopes(c)
			c.Request.ResponseType = response
			switch id {
			case "form":
				c.Request.ResponseMode = oidc.FormPost
			case "wrong-secret":
				c.RP.ClientSecret += "x"
			case "wrong-alg":
				c.Check.SigningAlgorithm = "ES256"
			}
		})
	}
	return s, d
}

func TestAnswersOfDexAreNotTakenWhenChanged(t *testing.T) {
	s, _ := startDexSite(t)
	held := func(t *testing.T, id string) *browser {
		t.Helper()
		b := newBrowser(t)
		b.hold = true
		if p := b.signInAtDex(s, id); p != nil {
			t.Fatalf("Dex did not answer: %s\n%s", p.url, p.body)
		}
		return b
	}
	for _, row := range []struct {
		name, id string
		change   func(t *testing.T, v url.Values)
		reason   error
	}{
		{"the code of another login", "code", func(t *testing.T, v url.Values) { v.Set("code", held(t, "code").answered.get("code")) }, oidc.ErrCodeRefused},
		{"the code of another client", "code", func(t *testing.T, v url.Values) { v.Set("code", held(t, "hybrid").answered.get("code")) }, oidc.ErrCodeRefused},
		{"the code of another login beside an ID token", "hybrid", func(t *testing.T, v url.Values) {
			v.Set("code", held(t, "hybrid").answered.get("code"))
		}, oidc.ErrCodeHash},
		{"the ID token of another login", "implicit", func(t *testing.T, v url.Values) { v.Set("id_token", held(t, "implicit").answered.get("id_token")) }, oidc.ErrTokenNonce},
		{"the ID token of another client", "implicit", func(t *testing.T, v url.Values) { v.Set("id_token", held(t, "hybrid").answered.get("id_token")) }, oidc.ErrTokenAudience},
		{"another iss", "code", func(_ *testing.T, v url.Values) { v.Set("iss", "https://evil.example") }, oidc.ErrResponseIssuer},
		{"another user", "implicit", func(_ *testing.T, v url.Values) { v.Set("id_token", v.Get("id_token")+"AA") }, oidc.ErrTokenSignature},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := held(t, row.id)
			b.answered.change(func(v url.Values) { row.change(t, v) })
			s.mustRefuse(t, b.deliver(b.answered), row.reason)
		})
	}
	for _, id := range []string{"code", "implicit", "hybrid"} {
		t.Run(id+" twice", func(t *testing.T) {
			b := newBrowser(t)
			s.mustBeIn(t, b.signInAtDex(s, id), "/welcome")
			s.mustRefuse(t, b.deliver(b.answered), lmssso.ErrStateLost)
		})
		t.Run(id+" stolen", func(t *testing.T) {
			s.mustRefuse(t, newBrowser(t).deliver(held(t, id).answered), lmssso.ErrStateLost)
		})
	}
	t.Run("a wrong client secret", func(t *testing.T) {
		s.mustRefuse(t, newBrowser(t).signInAtDex(s, "wrong-secret"), oidc.ErrClientRefused)
	})
	t.Run("a wrong algorithm", func(t *testing.T) {
		s.mustRefuse(t, newBrowser(t).signInAtDex(s, "wrong-alg"), oidc.ErrTokenAlgorithm)
	})
	t.Run("a fragment where a form was asked for", func(t *testing.T) {
		s.mustRefuse(t, newBrowser(t).signInAtDex(s, "form"), oidc.ErrResponseMode)
	})
}

func TestDexRotatesItsKeys(t *testing.T) {
	s, d := startDexSite(t)
	for range 2 {
		for _, id := range []string{"code", "implicit", "hybrid"} {
			s.mustBeIn(t, newBrowser(t).signInAtDex(s, id), "/welcome")
		}
		d.restart(jose.RS256)
	}
}

// TestDexSignsOut begins a logout at the site, which Dex tells its other clients of, asking nobody.
func TestDexSignsOut(t *testing.T) {
	s, _ := startDexSite(t)
	b := newBrowser(t)
	s.mustBeIn(t, newBrowser(t).signInAtDex(s, "code"), "/welcome")
	ids := []string{"hybrid", "implicit", "code"}
	for _, id := range ids {
		s.mustBeIn(t, b.signInAtDex(s, id), "/welcome")
	}
	back := b.open(s.url + "/logout/code")
	if back.url.String() != s.url+"/goodbye" || !strings.Contains(back.body, "signed out") {
		t.Fatalf("the logout ended at %s:\n%s", back.url, back.body)
	}
	for late := time.After(10 * time.Second); s.open("hybrid")+s.open("implicit") > 0; { // Dex tells them after it answered the browser
		select {
		case <-s.ended:
		case <-late:
			t.Fatalf("Dex did not end the other sessions: %+v", s.takeEnds())
		}
	}
	if n := s.open("code"); n != 1 {
		t.Errorf("%d sessions are left, not the other browser's alone", n)
	}
	for _, e := range s.takeEnds() {
		if e.Err != nil {
			t.Errorf("%s: %v", e.connection, e.Err)
		}
	}
}
