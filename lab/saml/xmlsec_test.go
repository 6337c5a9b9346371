package saml_test

import (
	"bytes"
	"context"
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

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/saml"
	"github.com/lmssso/lmssso/store"
)

// The two sides of the messages that xmlsec1 and openssl make and judge.
const (
	benchSite = "https://learn.example.com"
	benchIdP  = "https://idp.example.com/metadata"
	benchSLO  = "https://idp.example.com/slo"
	requestID = "_0123456789abcdef0123456789abcdef"
)

// bench is a service provider without a server, and a folder for programs to work in.
type bench struct {
	t        *testing.T
	dir      string
	provider *saml.Provider
	idp      pemFiles // the provider's key
	site     pemFiles // this side's
	sessions *endings
}

// endings remembers which sessions a provider ended.
type endings struct {
	mu   sync.Mutex
	keys []lmssso.SessionKey
}

func (e *endings) End(_ context.Context, k lmssso.SessionKey) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.keys = append(e.keys, k)
	return 1, nil
}

// newBench makes one for a provider's key and a site's; change may be nil.
func newBench(t *testing.T, provider, site saml.Key, change func(*saml.Config)) *bench {
	t.Helper()
	b := &bench{t: t, dir: t.TempDir(), sessions: &endings{}}
	b.idp, b.site = writeKey(t, b.dir, "idp", provider), writeKey(t, b.dir, "site", site)
	cfg := saml.Config{
		Connection: connection, Realm: "main", Mapping: attributes,
		SP: saml.SP{BaseURL: benchSite, EntityID: benchSite + "/metadata", ACS: benchSite + "/acs", SLO: benchSite + "/slo", Keys: []saml.Key{site}},
		IdP: &saml.StaticIdP{
			EntityID: benchIdP, Certificates: append(trusted(provider), trusted(otherKey())...),
			SSO: []saml.Endpoint{{Binding: saml.Post, URL: "https://idp.example.com/sso"}, {Binding: saml.Redirect, URL: "https://idp.example.com/sso"}},
			SLO: []saml.Endpoint{{Binding: saml.Post, URL: benchSLO}},
		},
		Request: saml.Request{Sign: true, Binding: saml.Post}, Allow: saml.Allow{UnencryptedAssertions: true},
		SingleUse: store.NewMemory(store.MemoryConfig{}), Sessions: b.sessions,
	}
	if change != nil {
		change(&cfg)
	}
	var err error
	if b.provider, err = saml.New(cfg); err != nil {
		t.Fatal(err)
	}
	return b
}

// run runs a program in the bench's folder and returns what it prints. Files are named without their folder: its name is
// the test's, and xmlsec1 takes commas for separators.
func (b *bench) run(name string, args ...string) (string, error) {
	b.t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		b.t.Fatalf("%s is missing: install the package of that name: %v", name, err)
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(b.t.Context(), path, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = b.dir, &out, &out
	err = cmd.Run()
	return out.String(), err
}

// must runs a program that must succeed.
func (b *bench) must(name string, args ...string) {
	b.t.Helper()
	if out, err := b.run(name, args...); err != nil {
		b.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

func (b *bench) write(name, text string) {
	b.t.Helper()
	writeFile(b.t, filepath.Join(b.dir, name), text)
}

func (b *bench) read(name string) string {
	b.t.Helper()
	text, err := os.ReadFile(filepath.Join(b.dir, name))
	if err != nil {
		b.t.Fatal(err)
	}
	return string(text)
}

// idAttributes tells xmlsec1 which attributes are IDs; without a schema it cannot know.
func idAttributes() (args []string) {
	for _, e := range []string{"protocol:AuthnRequest", "protocol:LogoutRequest", "protocol:LogoutResponse", "protocol:Response", "assertion:Assertion"} {
		args = append(args, "--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:"+e)
	}
	return args
}

// verified reports whether xmlsec1 takes the signature on a document's root, made with the certificate's key.
func (b *bench) verified(doc, cert string) bool {
	b.t.Helper()
	args := append([]string{"--verify", "--enabled-reference-uris", "same-doc", "--enabled-key-data", "raw-x509-cert", "--pubkey-cert-pem", filepath.Base(cert)}, idAttributes()...)
	b.write("verify.xml", doc)
	out, err := b.run("xmlsec1", append(args, "verify.xml")...)
	if err == nil && !strings.Contains(out, "OK") {
		b.t.Fatalf("xmlsec1 does not say OK: %s", out)
	}
	return err == nil
}

// posted returns the document in a form of ours.
func posted(t *testing.T, s *saml.Start, parameter string) string {
	t.Helper()
	if s.Form == nil {
		t.Fatal("the message does not travel by post")
	}
	doc, err := base64.StdEncoding.DecodeString(s.Form.Fields.Get(parameter))
	if err != nil {
		t.Fatal(err)
	}
	return string(doc)
}

// TestXmlsecVerifiesWhatWeSign: every message we post, with both kinds of key. It must not verify by another key, nor with
// a byte changed.
func TestXmlsecVerifiesWhatWeSign(t *testing.T) {
	for _, k := range []struct {
		name string
		key  saml.Key
	}{{"RSA", siteKey()}, {"P-256", siteEC()}, {"P-384", ec384()}, {"P-521", ec521()}} {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, idpKey(), k.key, nil)
			stranger := writeKey(t, b.dir, "stranger", otherKey())
			for name, doc := range b.ours() {
				if !b.verified(doc, b.site.cert) {
					t.Errorf("xmlsec1 refuses the %s:\n%s", name, doc)
				}
				if b.verified(doc, stranger.cert) {
					t.Errorf("the %s verifies by another key", name)
				}
				if changed := strings.Replace(doc, "example.com", "example.org", 1); b.verified(changed, b.site.cert) {
					t.Errorf("the %s verifies although it was changed", name)
				}
			}
		})
	}
}

// ours returns one signed document of every kind this side posts.
func (b *bench) ours() map[string]string {
	b.t.Helper()
	ctx := b.t.Context()
	request, err := b.provider.Begin(ctx, &saml.BeginOptions{ForceAuthn: true})
	if err != nil {
		b.t.Fatal(err)
	}
	key := lmssso.SessionKey{Connection: connection, Subject: lmssso.Subject{Value: "O'Brien & <Söhne>", Format: persistent, SPNameQualifier: "x"}, Index: "_1"}
	logout, err := b.provider.BeginLogout(ctx, key, "/")
	if err != nil {
		b.t.Fatal(err)
	}
	answer, ended, err := b.provider.AnswerLogout(ctx, b.logoutRequest(signWith(rsaSHA256)))
	if err != nil || ended != 1 {
		b.t.Fatalf("a logout request signed by xmlsec1 ended %d sessions: %v", ended, err)
	}
	return map[string]string{
		"AuthnRequest": posted(b.t, request, "SAMLRequest"), "LogoutRequest": posted(b.t, logout, "SAMLRequest"), "LogoutResponse": posted(b.t, answer, "SAMLResponse"),
	}
}

// logoutRequest returns a provider's request by post, signed by xmlsec1 from a template.
func (b *bench) logoutRequest(s sign) saml.Input {
	b.t.Helper()
	b.write("logout.xml", fmt.Sprintf(`<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_logout" Version="2.0" IssueInstant="%s" Destination="%s/slo" NotOnOrAfter="%s"><saml:Issuer>%s</saml:Issuer>%s<saml:NameID Format="%s">anna-7</saml:NameID><samlp:SessionIndex>_session</samlp:SessionIndex></samlp:LogoutRequest>`,
		instant(0), benchSite, instant(time.Minute), benchIdP, s.template("_logout"), persistent))
	b.sign("logout.xml", "/*[local-name()='LogoutRequest']", s)
	return saml.Input{Method: http.MethodPost, Form: url.Values{"SAMLRequest": {base64.StdEncoding.EncodeToString([]byte(b.read("logout.xml")))}}}
}

func instant(later time.Duration) string {
	return time.Now().Add(later).UTC().Format("2006-01-02T15:04:05.999Z")
}
