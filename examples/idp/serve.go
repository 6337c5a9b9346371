package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/jwtsso"
)

// grace is how long sign-ins under way may take once the server is told to stop.
const grace = 10 * time.Second

// serve runs the backend until ctx is over.
func serve(ctx context.Context, o options, stdout, stderr io.Writer) error {
	logger := slog.New(slog.NewTextHandler(stderr, nil))
	cfg, err := configure(o)
	if err != nil {
		return err
	}
	listener, err := listen(ctx, o.addr)
	if err != nil {
		return err
	}
	cfg.base = strings.TrimSuffix(o.base, "/")
	if cfg.base == "" {
		cfg.base = "http://" + listener.Addr().String()
	}
	cfg.log = logger
	s, err := newSite(cfg)
	if err == nil && len(cfg.demo) > 0 && !onLoopback(listener.Addr()) {
		err = errInvented
	}
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       20 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	fmt.Fprintln(stdout, "idp: listening on http://"+listener.Addr().String())
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	return server.Shutdown(bye)
}

// configure reads what the command line names.
func configure(o options) (config, error) {
	cfg := config{lms: o.lms, post: o.post, allowHTTP: o.allowHTTP, now: time.Now}
	var known bool
	if cfg.dialect, known = jwtsso.Named(o.dialect); !known {
		return cfg, fmt.Errorf("-dialect: there is no %q; there are thoughtindustries, thinkific and zendesk", o.dialect)
	}
	var err error
	if cfg.keys, err = readKeys(o.keyFile); err != nil {
		return cfg, err
	}
	if o.users != "" {
		cfg.users, err = readUsers(o.users)
		return cfg, err
	}
	cfg.demo = inventedPeople()
	cfg.users, err = hashPeople(cfg.demo, minCost)
	return cfg, err
}

// readKeys reads the shared keys: one a line, newest first.
func readKeys(file string) ([]lmssso.Secret, error) {
	if file == "" {
		return nil, errors.New("-key-file is missing: name a file with the key the learning site shares, or make one by -new-key")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("-key-file: %w", err)
	}
	var keys []lmssso.Secret
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" {
			keys = append(keys, lmssso.Secret(line))
		}
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("-key-file: %s holds no key", file)
	}
	return keys, nil
}

// siteURL reads the URL of a flag. A password or a token must not cross a network in the clear.
func siteURL(name, raw string, allowHTTP bool) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("%s must be an absolute URL such as https://learn.example.com", name)
	}
	if u.Scheme != "https" && !(u.Scheme == "http" && (allowHTTP || loopbackHost(u.Hostname()))) {
		return nil, fmt.Errorf("%s must be https beyond this machine (or set -allow-http on a closed test network)", name)
	}
	return u, nil
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
	return err == nil && loopbackHost(host)
}

func loopbackHost(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
