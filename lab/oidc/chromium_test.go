package oidc_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/lmssso/lmssso/oidc"
)

// tab opens a page in a fresh Chromium profile. It takes any certificate.
func tab(t *testing.T, width, height int) context.Context {
	t.Helper()
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("chromium is not installed: apt-get install chromium")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(width, height), chromedp.IgnoreCertErrors,
		chromedp.Flag("disable-quic", true), chromedp.Flag("no-first-run", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-back-forward-cache", true), chromedp.UserDataDir(t.TempDir()),
	)
	alloc, cancelAlloc := chromedp.NewExecAllocator(context.Background(), opts...)
	ctx, cancelTab := chromedp.NewContext(alloc)
	ctx, cancelTime := context.WithTimeout(ctx, 90*time.Second)
	t.Cleanup(func() {
		cancelTime()
		if err := chromedp.Cancel(ctx); err != nil && ctx.Err() == nil {
			t.Logf("closing the browser: %v", err)
		}
		cancelTab()
		cancelAlloc()
	})
	return ctx
}

// read runs an action and keeps a picture of what was there when it fails.
func read[T any](t *testing.T, ctx context.Context, what string, a chromedp.Action[T]) T {
	t.Helper()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		shot(t, ctx, "failed")
		t.Fatalf("%s: %v", what, err)
	}
	return v
}

// shot keeps a picture of the page, for people to look at, in the folder SHOTS names or in shots.
func shot(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	dir := os.Getenv("SHOTS")
	if dir == "" {
		dir = filepath.Join("..", "shots")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Errorf("no screenshot: %v", err)
		return
	}
	file := filepath.Join(dir, strings.NewReplacer("/", "-", " ", "-").Replace(t.Name()+"-"+name)+".png")
	if err := os.WriteFile(file, png, 0o644); err != nil {
		t.Fatal(err)
	}
}

// where returns the page's address and the text of its heading, once it has one.
func where(t *testing.T, ctx context.Context) (address, heading string) {
	t.Helper()
	heading = read(t, ctx, "reading the heading", chromedp.Text(chromedp.CSS("h1")))
	return read(t, ctx, "reading the address", chromedp.Location()), heading
}

// go to an address, and wait for the page that is there in the end.
func visit(t *testing.T, ctx context.Context, address string) {
	t.Helper()
	read(t, ctx, "opening "+address, chromedp.Navigate(address))
	read(t, ctx, "waiting at "+address, chromedp.WaitVisible(chromedp.CSS("h1")))
}

// enter types anna's password at the provider and presses a button, and waits for what follows.
func enter(t *testing.T, ctx context.Context, button, follows string) {
	t.Helper()
	if _, heading := where(t, ctx); heading != "Sign in at the provider" {
		t.Fatalf("the provider says %q", heading)
	}
	read(t, ctx, "typing the name", chromedp.SendKeys(chromedp.CSS("input[name=username]"), anna.Name))
	read(t, ctx, "typing the password", chromedp.SendKeys(chromedp.CSS("input[name=password]"), anna.Password))
	read(t, ctx, "pressing the button", chromedp.Click(chromedp.CSS(button)))
	read(t, ctx, "waiting for "+follows, chromedp.WaitVisible(chromedp.CSS(follows)))
}

// requests counts how often a path of the site was asked for.
func (s *site) requests(method, path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, r := range s.paths {
		if r == method+" "+path {
			n++
		}
	}
	return n
}

// mustKeepNothing looks for what a provider's answer held, in the history of the tab and in what the site was sent as Referer.
func (s *site) mustKeepNothing(t *testing.T, ctx context.Context) {
	t.Helper()
	var kept []string
	for _, e := range read(t, ctx, "reading the history", chromedp.NavigationEntries()).Entries {
		kept = append(kept, e.URL, e.UserTypedURL)
	}
	s.mu.Lock()
	kept = append(kept, s.referers...)
	s.mu.Unlock()
	for _, address := range kept {
		if strings.Contains(address, "id_token") || strings.Contains(address, "code=") || strings.Contains(address, "eyJ") {
			t.Errorf("the answer is kept in %.60s…", address)
		}
	}
}

// selfSigned makes a certificate for loopback that signed itself.
func selfSigned(t *testing.T) (*keyFiles, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "lab"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	text := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	return &keyFiles{Key: text("PRIVATE KEY", pkcs8), Cert: text("CERTIFICATE", der)}, pool
}

// TestSignInWithChromium signs in across two sites with a real browser: by query, in a fragment, and by a form that the
// provider posts, whose cookie comes along over https and is asked for once more over http.
func TestSignInWithChromium(t *testing.T) {
	for _, row := range []struct {
		name   string
		secure bool
		posts  int // how often the callback is posted to by a form_post answer
	}{{"http", false, 2}, {"https", true, 1}} {
		t.Run(row.name, func(t *testing.T) {
			s := newSite(t, row.secure)
			ways := map[string]combination{
				"query":    {response: oidc.Code, mode: oidc.Query, alg: "RS256", auth: oidc.ClientSecretBasic},
				"fragment": {response: oidc.CodeIDToken, mode: oidc.Fragment, alg: "ES256", auth: oidc.ClientSecretBasic},
				"implicit": {response: oidc.IDToken, alg: "PS256"},
				"form":     {response: oidc.CodeIDToken, mode: oidc.FormPost, alg: "EdDSA", auth: oidc.ClientSecretPost},
			}
			var clients []client
			for id, way := range ways {
				clients = append(clients, s.client(id, way.registered(t)))
			}
			var files *keyFiles
			network := loopback
			if row.secure {
				var pool *x509.CertPool
				files, pool = selfSigned(t)
				network = oidc.Network{AllowPrivateAddresses: true, RootCAs: pool}
			}
			p := startOP(t, files, clients...)
			side := p.side()
			side.Network = network
			for id, way := range ways {
				s.connect(t, id, side, way.apply)
			}
			for id, want := range map[string]struct{ gets, posts int }{"query": {1, 0}, "fragment": {1, 1}, "implicit": {1, 1}, "form": {0, row.posts}} {
				t.Run(id, func(t *testing.T) {
					ctx := tab(t, 1280, 900)
					visit(t, ctx, s.url+"/login/"+id+"?returnTo=/welcome")
					shot(t, ctx, "1-provider")
					enter(t, ctx, "#enter", "#site")
					address, heading := where(t, ctx)
					shot(t, ctx, "2-signed-in")
					a := s.attempt(t)
					if a.Err != nil {
						t.Fatalf("refused: %v", a.Err)
					}
					mustBeAnna(t, a.Assertion, p.issuer, id)
					if address != s.url+"/welcome" || !strings.HasPrefix(heading, "signed in as ") {
						t.Fatalf("the browser is at %s, which says %q", address, heading)
					}
					if gets, posts := s.requests("GET", "/callback/"+id), s.requests("POST", "/callback/"+id); gets != want.gets || posts != want.posts {
						t.Errorf("the callback was asked %d times by GET and %d times by POST, not %d and %d", gets, posts, want.gets, want.posts)
					}
					if id != "query" {
						s.mustKeepNothing(t, ctx)
					}
				})
			}
		})
	}
}

// TestGoingBackInChromiumIsNoSecondLogin goes back from where a login ended, and to a callback that nobody answers at.
func TestGoingBackInChromiumIsNoSecondLogin(t *testing.T) {
	s, p := startOrdinary(t)
	ctx := tab(t, 390, 844)
	visit(t, ctx, s.url+"/login/fragment?returnTo=/welcome")
	enter(t, ctx, "#enter", "#site")
	if a := s.attempt(t); a.Err != nil {
		t.Fatal(a.Err)
	}
	read(t, ctx, "going back", chromedp.Evaluate[any](`history.back()`))
	read(t, ctx, "leaving", chromedp.WaitVisible(chromedp.CSS("h1:not(#site)")))
	address, heading := where(t, ctx)
	shot(t, ctx, "1-back")
	if !strings.HasPrefix(address, p.issuer+"/interaction/") || heading != "This sign-in is over" {
		t.Errorf("the page before the login's end is %s, which says %q", address, heading)
	}
	s.mustKeepNothing(t, ctx)
	visit(t, ctx, s.url+"/callback/fragment")
	if _, heading := where(t, ctx); heading != "Signing you in" {
		t.Errorf("the page for fragments says %q", heading)
	}
	read(t, ctx, "being told that nothing came", chromedp.WaitVisible(chromedp.CSS("#nothing")))
	shot(t, ctx, "2-nothing-came")
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.attempts) != 0 {
		t.Errorf("that counted as %d attempts", len(s.attempts))
	}
}

// TestARefusalInChromium cancels at the provider.
func TestARefusalInChromium(t *testing.T) {
	s, _ := startOrdinary(t)
	for _, id := range []string{"code", "fragment", "hybrid"} {
		t.Run(id, func(t *testing.T) {
			ctx := tab(t, 390, 844)
			visit(t, ctx, s.url+"/login/"+id)
			enter(t, ctx, "#cancel", "dl dd")
			_, heading := where(t, ctx)
			shot(t, ctx, "refused")
			if a := s.attempt(t); !errors.Is(a.Err, oidc.ErrDenied) {
				t.Fatalf("the page says %q, the log %v", heading, a.Err)
			}
		})
	}
}

// TestSigningOutWithChromium signs out at the site and the provider, which ends the sessions of the other connections.
func TestSigningOutWithChromium(t *testing.T) {
	s, _ := startOrdinary(t)
	ctx := tab(t, 1280, 900)
	visit(t, ctx, s.url+"/login/implicit")
	enter(t, ctx, "#enter", "#site")
	s.attempt(t)
	visit(t, ctx, s.url+"/login/hybrid")
	s.attempt(t)
	visit(t, ctx, s.url+"/logout/hybrid")
	shot(t, ctx, "1-provider-asks")
	read(t, ctx, "saying yes", chromedp.Click(chromedp.CSS("button[name=logout]")))
	read(t, ctx, "coming back", chromedp.WaitVisible(chromedp.CSS("#site")))
	if address, heading := where(t, ctx); address != s.url+"/goodbye" || heading != "signed out" {
		t.Fatalf("the logout ended at %s, which says %q", address, heading)
	}
	if n := s.open("implicit"); n != 0 {
		t.Fatal("the other connection's session is open")
	}
}

// TestChromiumWithoutScriptsPressesButtons signs in by form_post over http, where two pages would submit themselves, and is
// told where a fragment needs a script.
func TestChromiumWithoutScriptsPressesButtons(t *testing.T) {
	s, p := startOrdinary(t)
	ctx := tab(t, 390, 844)
	visit(t, ctx, s.url+"/login/hybrid?returnTo=/welcome")
	read(t, ctx, "turning scripts off", chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	}))
	enter(t, ctx, "#enter", "noscript button")
	shot(t, ctx, "1-provider")
	read(t, ctx, "pressing the provider's button", chromedp.Click(chromedp.CSS("noscript button")))
	read(t, ctx, "waiting for ours", chromedp.WaitVisible(chromedp.CSS("main form button")))
	shot(t, ctx, "2-once-more")
	read(t, ctx, "pressing ours", chromedp.Click(chromedp.CSS("main form button")))
	read(t, ctx, "being in", chromedp.WaitVisible(chromedp.CSS("#site")))
	a := s.attempt(t)
	if a.Err != nil {
		t.Fatal(a.Err)
	}
	mustBeAnna(t, a.Assertion, p.issuer, "hybrid")
	visit(t, ctx, s.url+"/login/fragment")
	shot(t, ctx, "3-fragment")
	if text := read(t, ctx, "reading", chromedp.Text(chromedp.CSS("main"))); !strings.Contains(text, "needs JavaScript") {
		t.Errorf("the page for fragments says %q", text)
	}
}
