package oidc_test

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lmssso/lmssso/oidc"
)

// op is a provider in a process of its own: the npm package oidc-provider, or Dex.
type op struct {
	t      *testing.T
	issuer string // ends without a slash
	orders io.Writer
	ready  <-chan string
	log    *lines
}

// client holds one client's registration, by the names of OpenID Connect Dynamic Client Registration 1.0 section 2.
type client map[string]any

// setup is what server.mjs is told.
type setup struct {
	Clients []client            `json:"clients"`
	User    user                `json:"user"`
	Scopes  map[string][]string `json:"scopes"`
	TLS     *keyFiles           `json:"tls,omitempty"`
}

type user struct {
	Name     string         `json:"username"`
	Password string         `json:"password"`
	Subject  string         `json:"sub"`
	Claims   map[string]any `json:"claims"`
}

// keyFiles are a certificate and its key, as PEM.
type keyFiles struct {
	Key  string `json:"key"`
	Cert string `json:"cert"`
}

// lines collects what a process prints.
type lines struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// startOP starts the provider for these clients, until the test ends. Without key files it speaks http.
func startOP(t *testing.T, tls *keyFiles, clients ...client) *op {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatalf("node is missing: %v", err)
	}
	if _, err := os.Stat("oidcprovider/node_modules/oidc-provider"); err != nil {
		t.Fatalf("oidc-provider is missing, run npm ci in lab/oidc/oidcprovider: %v", err)
	}
	cmd := exec.Command(node, "server.mjs")
	cmd.Dir = "oidcprovider"
	p := startProcess(t, cmd)
	p.order(setup{Clients: clients, User: anna, Scopes: scopes, TLS: tls})
	return p
}

// startProcess starts a provider that takes orders on its input, until the test ends.
func startProcess(t *testing.T, cmd *exec.Cmd) *op {
	t.Helper()
	name := filepath.Base(cmd.Path)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, w := io.Pipe()
	log := &lines{}
	cmd.Stdout, cmd.Stderr = w, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready := make(chan string)
	go func() {
		defer close(ready)
		for s := bufio.NewScanner(out); s.Scan(); {
			if issuer, ok := strings.CutPrefix(s.Text(), "ready "); ok {
				ready <- issuer
			}
		}
	}()
	p := &op{t: t, orders: in, ready: ready, log: log}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s did not end well: %v", name, err)
		}
		w.Close()
		for range ready {
		}
		if t.Failed() {
			t.Logf("%s:\n%s", name, log)
		}
	})
	return p
}

// order tells the provider something and waits until it is done.
func (p *op) order(what any) {
	p.t.Helper()
	line, err := json.Marshal(what)
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := p.orders.Write(append(line, '\n')); err != nil {
		p.t.Fatalf("the provider is gone: %v\n%s", err, p.log)
	}
	select {
	case issuer, ok := <-p.ready:
		if !ok {
			p.t.Fatalf("the provider ended:\n%s", p.log)
		}
		p.issuer = issuer
	case <-time.After(30 * time.Second):
		p.t.Fatalf("the provider is not ready:\n%s", p.log)
	}
}

// rotate withdraws all keys of the provider; how is "fresh" for keys with new ids, "same" for other keys under the same ids.
func (p *op) rotate(how string) { p.order(map[string]string{"rotate": how}) }

// side is the provider as a connection names it.
func (p *op) side() oidc.OP {
	return oidc.OP{WellKnown: p.issuer + "/.well-known/openid-configuration", Network: loopback}
}

// loopback lets a connection ask a provider of the lab.
var loopback = oidc.Network{AllowHTTP: true, AllowPrivateAddresses: true}

// anna is the user of the lab's providers.
var anna = user{
	Name: "anna", Password: "right-password", Subject: "anna-7",
	Claims: map[string]any{
		"email": "anna@example.com", "email_verified": true, "given_name": "Änna", "family_name": "O'Brien & <Söhne>",
		"name": "Änna O'Brien & <Söhne>", "role": "student", "courses": []string{"intro", "welding"},
	},
}

// scopes are the claims of each scope at the provider.
var scopes = map[string][]string{
	"email": {"email", "email_verified"}, "profile": {"name", "given_name", "family_name"}, "learning": {"role", "courses"},
}

// right and wrong are what anna types.
var (
	right = map[string]string{"username": anna.Name, "password": anna.Password}
	wrong = map[string]string{"username": anna.Name, "password": "wrong-password"}
)
