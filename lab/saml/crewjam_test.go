package saml_test

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/crewjam/saml/samlidp"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/saml"
)

const (
	rsaSHA256   = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
	ecdsaSHA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
)

// crewjam is the identity provider of github.com/crewjam/saml, with anna as its user.
type crewjam struct {
	t   *testing.T
	url string
}

// startCrewjam starts it; "" for its own choice of signature method. It signs assertion and response, always both
// (identity_provider.go, MakeAssertionEl and MakeResponse), and encrypts whenever the site's metadata has a key for that.
func startCrewjam(t *testing.T, key saml.Key, method string) *crewjam {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	server.Start()
	t.Cleanup(server.Close)
	at, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	idp, err := samlidp.New(samlidp.Options{
		URL: *at, Signer: key.Signer, Certificate: key.Certificate, Store: &samlidp.MemoryStore{}, Logger: log.New(io.Discard, "", 0),
	})
	if err != nil {
		t.Fatal(err)
	}
	idp.IDP.SignatureMethod = method
	idp.IDP.LoginURL = idp.IDP.SSOURL // the form then goes on with the request it was shown for
	server.Config.Handler = idp
	c := &crewjam{t: t, url: server.URL}
	user, err := json.Marshal(map[string]any{
		"name": "anna-7", "password": "right-password", "email": "anna@example.com", "given_name": "Änna", "surname": "O'Brien & <Söhne>",
		"groups": []string{"intro", "welding"},
	})
	if err != nil {
		t.Fatal(err)
	}
	c.put("/users/anna-7", string(user))
	return c
}

func (c *crewjam) put(path, body string) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodPut, c.url+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode/100 != 2 {
		c.t.Fatalf("PUT %s: %s", path, answer.Status)
	}
}

// crewjamNames maps what it sends: OIDs for everything, the groups as affiliations, no attribute called mail.
var crewjamNames = attrs.Mapping{
	attrs.ExternalID:  attrs.From("urn:oid:0.9.2342.19200300.100.1.1"),
	attrs.Email:       attrs.From("urn:oid:1.3.6.1.4.1.5923.1.1.1.6"),
	attrs.FirstName:   attrs.From("urn:oid:2.5.4.42"),
	attrs.LastName:    attrs.From("urn:oid:2.5.4.4"),
	attrs.CourseSlugs: attrs.From("urn:oid:1.3.6.1.4.1.5923.1.1.1.1"),
}

// withCrewjam joins a site and a samlidp by each other's metadata.
func withCrewjam(t *testing.T, key saml.Key, method string, change func(*saml.Config)) (*site, *crewjam) {
	t.Helper()
	c := startCrewjam(t, key, method)
	s := newSite(t, c.url+"/metadata", func(cfg *saml.Config) {
		cfg.Mapping, cfg.Allow = crewjamNames, saml.Allow{}
		if change != nil {
			change(cfg)
		}
	})
	c.put("/services/site", s.metadata())
	return s, c
}

var (
	rightCrewjam = map[string]string{"user": "anna-7", "password": "right-password"}
	wrongCrewjam = map[string]string{"user": "anna-7", "password": "wrong-password"}
)

// onlyEC gives the site an elliptic key alone: there is then no key to encrypt for.
func onlyEC(c *saml.Config) { c.SP.Keys = []saml.Key{siteEC()} }

func TestCrewjamLogins(t *testing.T) {
	both := "Assertion signed, Response signed"
	for _, c := range []struct {
		name, method string
		elliptic     bool
		change       func(*saml.Config)
		shape        string
		refused      error
	}{
		{"SHA-1, its own choice", "", false, nil, "Response signed, encrypted", saml.ErrSHA1},
		{"SHA-1, allowed", "", false, func(c *saml.Config) { c.Allow.SHA1 = true }, "Response signed, encrypted", nil},
		{"encrypted", rsaSHA256, false, nil, "Response signed, encrypted", nil},
		{"signed response required", rsaSHA256, false, func(c *saml.Config) { c.Check.RequireSignedResponse = true }, "Response signed, encrypted", nil},
		{"in the clear", rsaSHA256, false, onlyEC, both, saml.ErrUnencrypted},
		{"in the clear, allowed", rsaSHA256, false, func(c *saml.Config) { onlyEC(c); c.Allow.UnencryptedAssertions = true }, both, nil},
		{"SHA-1 in the clear", "", false, func(c *saml.Config) { onlyEC(c); c.Allow.UnencryptedAssertions = true }, both, saml.ErrSHA1},
		{"elliptic key", ecdsaSHA256, true, nil, "Response signed, encrypted", nil},
		{"signed request by post", rsaSHA256, false, func(c *saml.Config) { c.Request.Binding = saml.Post }, "Response signed, encrypted", nil},
		{"unsigned request", rsaSHA256, false, func(c *saml.Config) { c.Request.Sign = false }, "Response signed, encrypted", nil},
		// The NameID is called transient and holds the email address: it must not become anybody's lasting name.
		{"its NameID is no external id", rsaSHA256, false, func(c *saml.Config) {
			c.Mapping = attrs.Mapping{attrs.Email: attrs.From("urn:oid:1.3.6.1.4.1.5923.1.1.1.6")}
			c.Allow.UnspecifiedNameID = true
		}, "Response signed, encrypted", lmssso.ErrExternalIDMissing},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			key := idpKey()
			if c.elliptic {
				key = siteEC()
			}
			s, _ := withCrewjam(t, key, c.method, c.change)
			b := newBrowser(t)
			p := b.submit(b.open(s.url+"/login?returnTo=/learn/course/intro"), rightCrewjam)
			if got := shape(t, b.posted); got != c.shape {
				t.Fatalf("crewjam sent %q, not %q", got, c.shape)
			}
			if c.refused != nil {
				s.mustRefuse(p, 1, c.refused)
				if errors.Is(c.refused, saml.ErrSHA1) && !strings.Contains(saml.ErrSHA1.Remedy(), "AllowSHA1") {
					t.Fatalf("the remedy names no option: %s", saml.ErrSHA1.Remedy())
				}
				return
			}
			a := s.mustBeIn(p, "/learn/course/intro", 1)
			s.mustBeAnna("anna-7")
			if a.Subject.Format != transient || a.Subject.Value != "anna@example.com" || a.Subject.NameQualifier == "" || a.Subject.SPNameQualifier == "" {
				t.Fatalf("the subject is %+v", a.Subject)
			}
		})
	}
}

func TestCrewjamWrongPassword(t *testing.T) {
	s, idp := withCrewjam(t, idpKey(), rsaSHA256, nil)
	b := newBrowser(t)
	p := b.submit(b.open(s.url+"/login?returnTo=/dashboard"), wrongCrewjam)
	if p.login() == nil || !strings.HasPrefix(p.url.String(), idp.url) || !strings.Contains(p.body, "Invalid username or password") {
		t.Fatalf("the provider does not ask again: %s\n%s", p.url, p.body)
	}
	s.last(0)
	s.mustBeIn(b.submit(p, rightCrewjam), "/dashboard", 1)
}

// TestCrewjamIgnoresForceAuthn: it answers from its session without asking, and its AuthnInstant says so. Within the
// leeway nobody can tell; two minutes later the site does.
func TestCrewjamIgnoresForceAuthn(t *testing.T) {
	s, _ := withCrewjam(t, idpKey(), rsaSHA256, nil)
	b := newBrowser(t)
	s.mustBeIn(b.submit(b.open(s.url+"/login?returnTo=/1"), rightCrewjam), "/1", 1)
	s.mustBeIn(b.open(s.url+"/login?returnTo=/2"), "/2", 2)
	s.shift(2 * time.Minute)
	s.mustBeIn(b.open(s.url+"/login?returnTo=/3"), "/3", 3)
	s.mustRefuse(b.open(s.url+"/login/fresh?returnTo=/4"), 4, saml.ErrAuthnAge)
}

// TestCrewjamClocks: its assertions begin now and last 90 seconds. The leeway of a minute covers clocks that nearly agree.
func TestCrewjamClocks(t *testing.T) {
	for _, c := range []struct {
		name    string
		ahead   time.Duration
		refused error
	}{
		{"half a minute behind", -30 * time.Second, nil},
		{"half a minute ahead", 30 * time.Second, nil},
		{"two minutes behind", -2 * time.Minute, lmssso.ErrNotYetValid},
		{"four minutes ahead", 4 * time.Minute, lmssso.ErrExpired},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, _ := withCrewjam(t, idpKey(), rsaSHA256, nil)
			b := newBrowser(t)
			asked := b.open(s.url + "/login?returnTo=/1")
			s.shift(c.ahead)
			p := b.submit(asked, rightCrewjam)
			if c.refused != nil {
				s.mustRefuse(p, 1, c.refused)
				return
			}
			s.mustBeIn(p, "/1", 1)
		})
	}
}

func TestCrewjamBeginsItself(t *testing.T) {
	for _, allowed := range []bool{false, true} {
		s, idp := withCrewjam(t, idpKey(), rsaSHA256, func(c *saml.Config) { c.Allow.IdPInitiated = allowed })
		idp.put("/shortcuts/learn", `{"service_provider": "`+s.url+`/access/saml/metadata", "relay_state": "/learn/course/welding"}`)
		b := newBrowser(t)
		s.mustBeIn(b.submit(b.open(s.url+"/login?returnTo=/1"), rightCrewjam), "/1", 1)
		p := b.open(idp.url + "/login/learn")
		if !allowed {
			s.mustRefuse(p, 2, lmssso.ErrUnsolicited)
			continue
		}
		s.mustBeIn(p, "/learn/course/welding", 2)
		s.mustRefuse(b.visit(http.MethodPost, b.posted.action, b.posted.fields, "127.0.0.1"), 3, lmssso.ErrReplayed)
	}
}

// TestCrewjamHasNoLogout: its metadata names no address for logouts, and the site says so instead of sending one nowhere.
// The site's own session has ended by then.
func TestCrewjamHasNoLogout(t *testing.T) {
	s, _ := withCrewjam(t, idpKey(), rsaSHA256, nil)
	b := newBrowser(t)
	s.mustBeIn(b.submit(b.open(s.url+"/login?returnTo=/1"), rightCrewjam), "/1", 1)
	b.open(s.url + "/logout")
	if end := s.lastEnd(); !errors.Is(end.Err, saml.ErrNoLogout) || s.open() != 0 {
		t.Fatalf("the logout ended with %+v, %d sessions are open", end, s.open())
	}
}

func TestMetadataOfCrewjam(t *testing.T) {
	idp := startCrewjam(t, idpKey(), rsaSHA256)
	doc := newBrowser(t).open(idp.url + "/metadata").body
	got, err := saml.ParseIdPMetadata([]byte(doc), saml.MetadataTrust{AllowHTTP: true}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	want := &saml.IdP{
		EntityID: idp.url + "/metadata", Certificates: []*x509.Certificate{idpKey().Certificate},
		SSO: []saml.Endpoint{{Binding: saml.Redirect, URL: idp.url + "/sso"}, {Binding: saml.Post, URL: idp.url + "/sso"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("read %+v\nwant %+v\nfrom %s", got, want, doc)
	}
	later := time.Now().Add(72 * time.Hour)
	if _, err := saml.ParseIdPMetadata([]byte(doc), saml.MetadataTrust{AllowHTTP: true}, later); !errors.Is(err, saml.ErrMetadataExpired) {
		t.Fatalf("its validUntil of two days does not count: %v", err)
	}
}
