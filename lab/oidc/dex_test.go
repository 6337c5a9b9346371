package oidc_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dexidp/dex/server"
	"github.com/dexidp/dex/server/connectors"
	dexsession "github.com/dexidp/dex/server/session"
	"github.com/dexidp/dex/server/signer"
	"github.com/dexidp/dex/storage"
	"github.com/dexidp/dex/storage/memory"
	jose "github.com/go-jose/go-jose/v4"
	"golang.org/x/crypto/bcrypt"

	"github.com/lmssso/lmssso/oidc"
)

// dex is the identity service Dex, at an address with a path.
type dex struct {
	t       *testing.T
	issuer  string
	clients []storage.Client
	log     *lines
	now     atomic.Pointer[http.Handler]
}

// startDex starts it for these clients, until the test ends.
func startDex(t *testing.T, alg jose.SignatureAlgorithm, clients ...storage.Client) *dex {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &dex{t: t, issuer: fmt.Sprintf("http://%s/dex", listener.Addr()), clients: clients, log: &lines{}}
	d.restart(alg)
	site := &httptest.Server{Listener: listener, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		(*d.now.Load()).ServeHTTP(w, r)
	})}}
	site.Start()
	t.Cleanup(func() {
		site.Close()
		if t.Failed() {
			t.Logf("dex:\n%s", d.log)
		}
	})
	return d
}

// restart puts a Dex that remembers nothing in the place of the one before: it has other keys, and none of the old.
func (d *dex) restart(alg jose.SignatureAlgorithm) {
	d.t.Helper()
	logger := slog.New(slog.NewTextHandler(d.log, nil))
	hash, err := bcrypt.GenerateFromPassword([]byte(anna.Password), 10)
	if err != nil {
		d.t.Fatal(err)
	}
	s := storage.WithStaticClients(memory.New(logger), d.clients)
	s = storage.WithStaticPasswords(s, []storage.Password{{
		Email: "anna@example.com", Hash: hash, Username: "anna", Name: "Änna O'Brien & <Söhne>", UserID: anna.Subject,
	}}, logger)
	s = storage.WithStaticConnectors(s, []storage.Connector{{ID: connectors.LocalConnector, Type: connectors.LocalConnector, Name: "Password"}})
	ctx, end := context.WithCancel(context.Background())
	d.t.Cleanup(end)
	keys, err := (&signer.LocalConfig{KeysRotationPeriod: "6h", Algorithm: alg}).Open(ctx, s, time.Hour, time.Now, logger)
	if err != nil {
		d.t.Fatal(err)
	}
	made, err := server.NewServer(ctx, server.Config{
		Issuer: d.issuer, Storage: s, Signer: keys, Logger: logger, SkipApprovalScreen: true, IDTokensValidFor: time.Hour,
		SupportedResponseTypes: []string{"code", "id_token", "code id_token"},
		SessionConfig: &dexsession.Config{
			CookieName: "dex_session", AbsoluteLifetime: time.Hour, ValidIfNotUsedFor: time.Hour, SSOSharedWithDefault: "all",
			RememberMeCheckedByDefault: true,
		},
	})
	if err != nil {
		d.t.Fatal(err)
	}
	handler := http.Handler(made)
	d.now.Store(&handler)
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

// signInAtDex goes through a login, typing the password where Dex asks for it.
func (b *browser) signInAtDex(s *site, id string) *page {
	b.t.Helper()
	p := b.open(s.url + "/login/" + id + "?returnTo=/welcome")
	if p != nil && p.status == http.StatusOK && len(p.forms) == 1 && p.forms[0].asks {
		p = b.submit(p, map[string]string{"login": "anna@example.com", "password": anna.Password, "remember_me": "on"})
	}
	return p
}
