// Command idp is a backend that already has users, and signs them in to a learning site by JWT.
//
//	go run ./examples/idp -new-key > idp.key     # or a file with the key the learning site shows
//	go run ./examples/idp -lms http://127.0.0.1:8080 -dialect thoughtindustries -key-file idp.key
//
// The learning site's external login URL is then http://127.0.0.1:8090/sign_in?return_to={{returnTo}} and its logout URL
// http://127.0.0.1:8090/logout?return_to={{returnTo}}. Whoever wants to sign in there is sent here, shows a password
// once, and is sent back with a signed token; with a session here, nothing is asked at all.
//
// With the academy: write its configuration by go run ./examples/academy -print-config, put the key into the keys of
// main-ti and the two URLs into settings, as externalLoginURL and accountLogoutURL, and start it with -config.
//
//	visitor ──► learning site ──► /sign_in ──► password ──► jwtsso.Issuer ──► learning site, signed in, at the page asked for
//
// Without -users there are three invented people, whose passwords stand on the sign-in page. The users of a file have
// bcrypt hashes, which -new-hash makes:
//
//	[{"id": "u-1001", "email": "ines@example.com", "firstName": "Ines", "lastName": "Moreau",
//	  "passwordHash": "$2a$12$…", "role": "student", "courses": ["intro"]}]
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/crypto/bcrypt"

	"github.com/lmssso/lmssso/jwtsso"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "idp:", err)
		}
		stop()
		os.Exit(1)
	}
}

// options is the command line.
type options struct {
	addr, base, lms, dialect string
	keyFile, users           string
	post, allowHTTP          bool
	newKey, newHash          bool
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("idp", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.addr, "addr", "127.0.0.1:8090", "`address` to listen on; \":0\" picks a port on this machine")
	flags.StringVar(&o.base, "base-url", "", "this backend's own `URL` as browsers see it (default: from -addr)")
	flags.StringVar(&o.lms, "lms", "http://127.0.0.1:8080", "the learning site's `URL`, or that of its JWT endpoint")
	flags.StringVar(&o.dialect, "dialect", "thoughtindustries", "how that site does JWT sign-in: thoughtindustries, thinkific or zendesk")
	flags.StringVar(&o.keyFile, "key-file", "", "`file` with the keys shared with that site, one a line, newest first")
	flags.StringVar(&o.users, "users", "", "JSON `file` with the users (default: three invented ones)")
	flags.BoolVar(&o.post, "post", false, "send tokens by a form that posts itself, where the dialect takes one")
	flags.BoolVar(&o.allowHTTP, "allow-http", false, "accept http URLs beyond this machine: passwords and tokens then cross the network in the clear")
	flags.BoolVar(&o.newKey, "new-key", false, "print a new key and stop")
	flags.BoolVar(&o.newHash, "new-hash", false, "read a password from the standard input, print its hash for -users and stop")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	return o, nil
}

// run does what the command line says. It returns when the server has stopped.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	switch {
	case err != nil:
		return err
	case o.newKey:
		_, err = fmt.Fprintln(stdout, string(jwtsso.GenerateKey()))
		return err
	case o.newHash:
		return printHash(stdin, stdout, hashCost)
	default:
		return serve(ctx, o, stdout, stderr)
	}
}

// printHash reads one line, so that the password stands neither in the shell's history nor in the list of processes.
func printHash(stdin io.Reader, stdout io.Writer, cost int) error {
	lines := bufio.NewScanner(stdin)
	if !lines.Scan() || len(lines.Bytes()) == 0 {
		return errors.New("-new-hash: there is no password on the standard input")
	}
	hash, err := bcrypt.GenerateFromPassword(lines.Bytes(), cost)
	if err != nil {
		return fmt.Errorf("-new-hash: %w", err)
	}
	_, err = fmt.Fprintln(stdout, string(hash))
	return err
}
