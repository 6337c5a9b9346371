// Command academy is a small learning site whose people sign in by signed JWT, SAML and OpenID Connect, built on lmssso's public
// packages the way an application of your own would be. Without arguments it is a demonstration with a portal, an identity
// provider and an OpenID provider to sign in from.
//
//	go run ./examples/academy                     # the demonstration, in memory
//	go run ./examples/academy -print-config > academy.json
//	go run ./examples/academy -config academy.json -check-config
//	go run ./examples/academy -config academy.json -data academy.db
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "academy:", err)
		}
		stop()
		os.Exit(1)
	}
}

// options is the command line.
type options struct {
	addr, baseURL, data, config string
	print, check                bool
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("academy", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.addr, "addr", "127.0.0.1:8080", "`address` to listen on; \":0\" picks a port on this machine")
	flags.StringVar(&o.baseURL, "base-url", "", "the site's own `URL` as browsers see it (default: the configuration's, else from -addr)")
	flags.StringVar(&o.data, "data", "", "SQLite `file` that keeps accounts and replay records (default: in memory)")
	flags.StringVar(&o.config, "config", "", "configuration `file` (default: the demonstration)")
	flags.BoolVar(&o.print, "print-config", false, "print a commented example configuration and stop")
	flags.BoolVar(&o.check, "check-config", false, "check the configuration and stop: faults end with status 1, warnings are printed")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if o.check && o.config == "" && flags.NArg() == 1 {
		o.config = flags.Arg(0)
	} else if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	return o, nil
}

// run does what the command line says. It returns when the server has stopped.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	switch {
	case o.print:
		return printConfig(o, stdout)
	case o.check:
		return checkConfig(o, stdout)
	default:
		return serve(ctx, o, stdout, stderr)
	}
}
