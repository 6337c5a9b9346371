package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/jwtsso"
)

// start runs the application with single sign-on and returns a browser at its address.
func start(t *testing.T, key lmssso.Secret) (browser *http.Client, base string) {
	t.Helper()
	a := newApp()
	if err := a.addSSO(key); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(a.mux)
	t.Cleanup(server.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, Transport: server.Client().Transport}, server.URL
}

func open(t *testing.T, browser *http.Client, url string) (status int, body string) {
	t.Helper()
	resp, err := browser.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func TestTheLinkSignsInOnce(t *testing.T) {
	key := jwtsso.GenerateKey()
	browser, base := start(t, key)
	if _, body := open(t, browser, base+"/"); strings.Contains(body, "this is you") {
		t.Fatalf("before: %s", body)
	}
	link, err := demoURL(base, key)
	if err != nil {
		t.Fatal(err)
	}
	if status, body := open(t, browser, link); status != http.StatusOK || !strings.Contains(body, "bob@example.com (this is you)") {
		t.Fatalf("after: %d %s", status, body)
	}

	stranger := &http.Client{Transport: browser.Transport}
	if status, body := open(t, stranger, link); status != http.StatusForbidden || !strings.Contains(body, "replayed") {
		t.Fatalf("the same link again: %d %s", status, body)
	}
	if _, body := open(t, stranger, base+"/"); strings.Contains(body, "this is you") {
		t.Fatalf("the refused one has a session: %s", body)
	}
}

func TestALinkMadeWithAnotherKeyIsRefused(t *testing.T) {
	browser, base := start(t, jwtsso.GenerateKey())
	link, err := demoURL(base, jwtsso.GenerateKey())
	if err != nil {
		t.Fatal(err)
	}
	if status, _ := open(t, browser, link); status != http.StatusForbidden {
		t.Fatalf("status %d", status)
	}
	if _, body := open(t, browser, base+"/"); strings.Contains(body, "<li>") {
		t.Fatalf("signed in by a forged link: %s", body)
	}
}
