package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/examples/academy/internal/config"
	"github.com/lmssso/lmssso/examples/academy/internal/stores"
	"github.com/lmssso/lmssso/jwtsso"
)

// printConfig prints the example. Its keys are made for this one print-out.
func printConfig(o options, stdout io.Writer) error {
	base, err := baseURL(o, o.addr)
	if err != nil {
		return err
	}
	doc, err := config.Example(base, "memory:", nil)
	if err != nil {
		return err
	}
	_, err = stdout.Write(doc)
	return err
}

// checkConfig reports faults as an error, and prints what is allowed but deserves a second look.
func checkConfig(o options, stdout io.Writer) error {
	if o.config == "" {
		return errors.New("-check-config needs -config FILE")
	}
	base, err := baseURL(o, o.addr)
	if err != nil {
		return err
	}
	f, err := config.Read(o.config, config.Override{BaseURL: o.baseURL, Fallback: base, Data: o.data})
	if err != nil {
		return err
	}
	for _, warning := range f.Lint() {
		fmt.Fprintln(stdout, "warning:", warning)
	}
	_, err = fmt.Fprintln(stdout, "the configuration has no faults")
	return err
}

// configuration is what the server runs with: the file's, or the demonstration's.
func configuration(ctx context.Context, o options, listening string) (config.File, error) {
	base, err := baseURL(o, listening)
	if err != nil {
		return config.File{}, err
	}
	over := config.Override{BaseURL: o.baseURL, Fallback: base, Data: o.data}
	if o.config != "" {
		return config.Read(o.config, over)
	}
	var keys map[string]lmssso.Secret
	if o.data != "" {
		if keys, err = stores.DemoKeys(ctx, o.data, config.ExampleSecrets(), jwtsso.GenerateKey); err != nil {
			return config.File{}, err
		}
	}
	doc, err := config.Example(base, "sqlite:"+stores.InMemory, keys)
	if err != nil {
		return config.File{}, err
	}
	return config.Parse(doc, over)
}

// baseURL is the address browsers use, unless a configuration names another one.
func baseURL(o options, listening string) (string, error) {
	if o.baseURL != "" {
		return strings.TrimSuffix(o.baseURL, "/"), nil
	}
	host, port, err := net.SplitHostPort(listening)
	if err != nil {
		return "", fmt.Errorf("-addr must be host:port: %w", err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port), nil
}
