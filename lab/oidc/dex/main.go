// Command dex runs the identity service Dex for the tests of this folder: in memory, with one user who has a password. Dex's own
// command is no module that could be asked for, so this one uses its server package.
//
// It is told what to do by lines of JSON on its standard input, an [order] each. After each it prints "ready" and its issuer; it
// ends with its input.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/dexidp/dex/server"
	"github.com/dexidp/dex/server/connectors"
	dexsession "github.com/dexidp/dex/server/session"
	"github.com/dexidp/dex/server/signer"
	"github.com/dexidp/dex/storage"
	"github.com/dexidp/dex/storage/memory"
	jose "github.com/go-jose/go-jose/v4"
	"golang.org/x/crypto/bcrypt"
)

// order starts a Dex in place of the one before. The new one remembers nothing: it has other keys, and none of the old.
type order struct {
	// Algorithm is what it signs with.
	Algorithm jose.SignatureAlgorithm `json:"algorithm"`
	// Clients are registered.
	Clients []storage.Client `json:"clients"`
	// User is the one who can sign in.
	User struct {
		Email, Password, Name, Subject string
	} `json:"user"`
}

func main() {
	if err := run(os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(in io.Reader, out, log io.Writer) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	issuer := fmt.Sprintf("http://%s/dex", listener.Addr())
	var now atomic.Pointer[http.Handler]
	site := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		(*now.Load()).ServeHTTP(w, r)
	})}
	served := make(chan error, 1)
	defer func() { _ = site.Close() }()
	end := context.CancelFunc(func() {})
	lines := bufio.NewScanner(in)
	for lines.Buffer(nil, 1<<20); lines.Scan(); {
		var o order
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			return err
		}
		ctx, cancel := context.WithCancel(context.Background())
		h, err := o.start(ctx, issuer, slog.New(slog.NewTextHandler(log, nil)))
		if err != nil {
			cancel()
			return err
		}
		if now.Swap(&h) == nil {
			go func() { served <- site.Serve(listener) }()
		}
		end() // the one before
		end = cancel
		if _, err := fmt.Fprintln(out, "ready", issuer); err != nil {
			return err
		}
	}
	end()
	select {
	case err := <-served: // it stopped by itself
		return err
	default:
		return lines.Err()
	}
}

// start makes a Dex.
func (o order) start(ctx context.Context, issuer string, log *slog.Logger) (http.Handler, error) {
	hash, err := bcrypt.GenerateFromPassword([]byte(o.User.Password), 10)
	if err != nil {
		return nil, err
	}
	s := storage.WithStaticClients(memory.New(log), o.Clients)
	s = storage.WithStaticPasswords(s, []storage.Password{{
		Email: o.User.Email, Hash: hash, Username: o.User.Email, Name: o.User.Name, UserID: o.User.Subject,
	}}, log)
	s = storage.WithStaticConnectors(s, []storage.Connector{{ID: connectors.LocalConnector, Type: connectors.LocalConnector, Name: "Password"}})
	keys, err := (&signer.LocalConfig{KeysRotationPeriod: "6h", Algorithm: o.Algorithm}).Open(ctx, s, time.Hour, time.Now, log)
	if err != nil {
		return nil, err
	}
	return server.NewServer(ctx, server.Config{
		Issuer: issuer, Storage: s, Signer: keys, Logger: log, SkipApprovalScreen: true, IDTokensValidFor: time.Hour,
		SupportedResponseTypes: []string{"code", "id_token", "code id_token"},
		SessionConfig: &dexsession.Config{
			CookieName: "dex_session", AbsoluteLifetime: time.Hour, ValidIfNotUsedFor: time.Hour, SSOSharedWithDefault: "all",
			RememberMeCheckedByDefault: true,
		},
	})
}
