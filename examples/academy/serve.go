package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/lmssso/lmssso/examples/academy/internal/config"
	"github.com/lmssso/lmssso/examples/academy/internal/site"
	"github.com/lmssso/lmssso/examples/academy/internal/stores"
	"github.com/lmssso/lmssso/jwtsso"
)

// grace is how long logins under way may take once the server is told to stop.
const grace = 15 * time.Second

// serve runs the academy until ctx is over.
func serve(ctx context.Context, o options, stdout, stderr io.Writer) (err error) {
	o.baseURL = strings.TrimSuffix(o.baseURL, "/")
	listener, err := listen(ctx, o.addr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ignoreClosed(listener.Close())) }()
	f, err := configuration(ctx, o, listener.Addr().String())
	if err != nil {
		return err
	}
	if f.Demo && !onLoopback(listener.Addr()) {
		return fmt.Errorf("demo: refuses to listen on %s: it signs anybody in as anybody, so use a loopback address", listener.Addr())
	}
	for _, warning := range f.Lint() {
		fmt.Fprintln(stderr, "warning:", warning)
	}
	if f.AdminToken == "" {
		f.AdminToken = jwtsso.GenerateKey()
		fmt.Fprintln(stderr, "admin token for this run:", string(f.AdminToken))
	}
	return serveSite(ctx, listener, f, stdout, stderr)
}

func serveSite(ctx context.Context, listener net.Listener, f config.File, stdout, stderr io.Writer) (err error) {
	logger := slog.New(slog.NewTextHandler(stderr, nil))
	opened, err := stores.Open(ctx, f, time.Now)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	keys, err := opened.SAMLKeys(ctx, site.SAMLKeyNames(f), time.Now())
	if err != nil {
		return err
	}
	academy, err := site.New(site.Config{
		File: f, Stores: opened, SAMLKeys: keys, Listening: "http://" + listener.Addr().String(), Logger: logger,
	})
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           academy,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10, // a token of 16 kB in the URL, and cookies
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	fmt.Fprintln(stdout, "academy: listening on http://"+listener.Addr().String())
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	return server.Shutdown(bye)
}

// listen opens the address. One without a host is on this machine only: other machines are reached by naming 0.0.0.0.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("-addr must be host:port: %w", err)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(host, port))
}

func onLoopback(a net.Addr) bool {
	host, _, err := net.SplitHostPort(a.String())
	return err == nil && config.Loopback(host)
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
