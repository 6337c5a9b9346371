package saml_test

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/lmssso/lmssso/saml"
)

// Settings of SimpleSAMLphp.
const (
	bothWays = `'SingleLogoutServiceBinding' => ['urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect', 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST'],`
	inFrames = `'logouttype' => 'iframe',`
	postOnly = `'SingleLogoutServiceBinding' => 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST',`
)

// TestSimpleSAMLphpLogoutBegunHere: the site's logout ends the provider's session too, which then asks for the password.
func TestSimpleSAMLphpLogoutBegunHere(t *testing.T) {
	for _, c := range []struct{ name, hosted, request string }{
		{"by redirect", ``, "GET"},
		{"by post, answered by redirect", postOnly, "POST"},
		{"persistent names", lastingNames, "GET"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, idp := withSSP(t, c.hosted, func(cfg *saml.Config) {
				if c.hosted == lastingNames {
					cfg.Request.NameIDFormat = persistent
				}
			})
			b := newBrowser(t)
			s.mustBeIn(b.submit(b.open(s.url+"/login?returnTo=/1"), right), "/1", 1)
			b.seen = nil
			p := b.open(s.url + "/logout")
			if end := s.lastEnd(); end.Err != nil || end.ReturnTo != "/goodbye" {
				t.Fatalf("the logout ended with %+v", end)
			}
			if p.url.String() != s.url+"/goodbye" || !strings.Contains(p.body, "signed out") || s.open() != 0 {
				t.Fatalf("the browser is at %s:\n%s", p.url, p.body)
			}
			if !strings.Contains(strings.Join(b.seen, "\n"), c.request+" "+idp.url+"/saml2/idp/SingleLogoutService.php") {
				t.Fatalf("the request took another way:\n%s", strings.Join(b.seen, "\n"))
			}
			if b.open(s.url+"/login").login() == nil {
				t.Fatal("the provider kept its session")
			}
		})
	}
}

// initiate is where SimpleSAMLphp begins a logout of its own.
func (p *ssp) initiate() string {
	return p.url + "/saml2/idp/initSLO.php?" + url.Values{"RelayState": {p.url + "/saml2/idp/metadata.php"}}.Encode()
}

// TestSimpleSAMLphpLogoutBegunThere: the provider's logout ends exactly the session it names, found without a cookie.
func TestSimpleSAMLphpLogoutBegunThere(t *testing.T) {
	for _, c := range []struct {
		name, hosted string
		frames, post bool
	}{
		{"by redirects through the site", lastingNames, false, false},
		{"by posts through the site", lastingNames + bothWays, false, true},
		{"in a frame, where the site gets no cookie", lastingNames + inFrames, true, false},
		{"by posts in a frame", lastingNames + bothWays + inFrames, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, idp := withSSP(t, c.hosted, func(cfg *saml.Config) { cfg.Request.NameIDFormat = persistent })
			if c.post { // SimpleSAMLphp prefers redirects where a site takes them
				redirects := regexp.MustCompile(`<md:SingleLogoutService [^>]*HTTP-Redirect[^>]*/>`)
				idp.trust(redirects.ReplaceAllString(s.metadata(), ""))
			}
			b, other := newBrowser(t), newBrowser(t)
			s.mustBeIn(b.submit(b.open(s.url+"/login?returnTo=/1"), right), "/1", 1)
			s.mustBeIn(other.submit(other.open(s.url+"/login?returnTo=/2"), right), "/2", 2)
			p := b.open(idp.initiate())
			if c.frames {
				b.frames = true
				p = b.press(p, "/logout-iframe.php", map[string]string{"type": "js"})
				p = b.press(p, "/logout-iframe-done.php", nil)
			}
			if end := s.lastEnd(); end.Err != nil || !end.Answered || end.Ended != 1 {
				t.Fatalf("the logout ended with %+v", end)
			}
			if p.url.Path != "/saml2/idp/metadata.php" {
				t.Fatalf("SimpleSAMLphp did not take our answer: %s\n%s", p.url, p.body)
			}
			// A page that posts our answer must not stand in a frame, so there the answer does not arrive: SimpleSAMLphp
			// calls the logout incomplete, although the session here has ended. A redirect has no page and does arrive.
			if arrives := strings.Contains(idp.log(), "Received SAML 2.0 LogoutResponse"); !arrives {
				t.Fatalf("the answer arrived: %t\n%s", arrives, idp.log())
			}
			if got := b.open(s.url + "/"); !strings.Contains(got.body, "signed out") {
				t.Fatalf("the session lives on: %s", got.body)
			}
			if got := other.open(s.url + "/"); !strings.Contains(got.body, "signed in") {
				t.Fatalf("the same person's session in another browser was ended: %s", got.body)
			}
			if b.open(s.url+"/login").login() == nil {
				t.Fatal("the provider kept its session")
			}
		})
	}
}

// TestSimpleSAMLphpUnsignedLogout: a logout that is not signed ends nothing.
func TestSimpleSAMLphpUnsignedLogout(t *testing.T) {
	s, idp := withSSP(t, `'redirect.sign' => false, 'sign.logout' => false,`, nil)
	b := newBrowser(t)
	s.mustBeIn(b.submit(b.open(s.url+"/login?returnTo=/1"), right), "/1", 1)
	b.open(idp.initiate())
	if end := s.lastEnd(); !errors.Is(end.Err, saml.ErrUnsignedLogout) || end.Answered || s.open() != 1 {
		t.Fatalf("the logout ended with %+v, %d sessions are open", end, s.open())
	}
}

// TestSimpleSAMLphpLogoutOfTwoSites: a logout begun at one site ends the session at the other; where the other cannot end
// it, the first is told no lie but a partial success.
func TestSimpleSAMLphpLogoutOfTwoSites(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*saml.Config)
		left   int
		answer string
	}{
		{"both end", nil, 0, "Sending logout response to SP"},
		{"the second cannot end its sessions", func(cfg *saml.Config) { cfg.Sessions = nil }, 1, "Sending logout response for partial logout"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			idp := startSSP(t, ``)
			first, second := newSite(t, idp.metadata, nil), newSite(t, idp.metadata, c.change)
			var both strings.Builder
			for _, s := range []*site{first, second} {
				_, entity, _ := strings.Cut(s.metadata(), "?>")
				both.WriteString(entity)
			}
			idp.trust(`<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">` + both.String() + `</EntitiesDescriptor>`)
			b := newBrowser(t)
			first.mustBeIn(b.submit(b.open(first.url+"/login?returnTo=/1"), right), "/1", 1)
			second.mustBeIn(b.open(second.url+"/login?returnTo=/2"), "/2", 1)
			p := b.open(first.url + "/logout")
			if p.url.String() != first.url+"/goodbye" || first.lastEnd().Err != nil {
				t.Fatalf("the browser is at %s, the logout ended with %+v", p.url, first.lastEnd())
			}
			if got := second.open(); got != c.left || !second.lastEnd().Answered {
				t.Fatalf("%d sessions are left at the second site, which answered %+v", got, second.lastEnd())
			}
			if !strings.Contains(idp.log(), c.answer) {
				t.Fatalf("SimpleSAMLphp did not understand the second site's answer:\n%s", idp.log())
			}
		})
	}
}
