package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/jwtsso"
)

func keyFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "idp.key")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

func usersFile(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "users.json")
	text := `[{"id": "u-1", "email": "a@example.com", "firstName": "A", "lastName": "B", "passwordHash": "` + hashOfX + `"}]`
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

// stopper is an output that ends the program as soon as it says anything.
type stopper context.CancelFunc

func (s stopper) Write(p []byte) (int, error) {
	s()
	return len(p), nil
}

func TestItSaysWhereItListensAndStopsWhenTold(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out, stdout := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, []string{"-addr", ":0", "-key-file", keyFile(t, string(testKey)), "-users", usersFile(t)}, nil, stdout, io.Discard)
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	base, ok := strings.CutPrefix(strings.TrimSpace(line), "idp: listening on ")
	require.True(t, ok, line)
	require.Contains(t, base, "http://127.0.0.1:")

	resp, err := http.Get(base + "/sign_in")
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Contains(t, string(body), "127.0.0.1:8080", "where the user will be sent")

	cancel()
	require.NoError(t, <-ended)
}

func TestABadCommandLineStopsTheStart(t *testing.T) {
	key, users := keyFile(t, string(testKey)), usersFile(t)
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"no key file":             {nil, "-key-file is missing"},
		"a key file not there":    {[]string{"-key-file", key + ".none"}, "no such file"},
		"an empty key file":       {[]string{"-key-file", keyFile(t, "\n \n")}, "holds no key"},
		"a short key":             {[]string{"-key-file", keyFile(t, "open-sesame"), "-users", users}, "configuration"},
		"an unknown dialect":      {[]string{"-key-file", key, "-dialect", "moodle"}, `no "moodle"`},
		"users not there":         {[]string{"-key-file", key, "-users", users + ".none"}, "no such file"},
		"tokens in the clear":     {[]string{"-key-file", key, "-users", users, "-lms", "http://learn.example.com"}, "-lms must be https"},
		"passwords in the clear":  {[]string{"-key-file", key, "-users", users, "-base-url", "http://harbour.example.org"}, "-base-url must be https"},
		"no site":                 {[]string{"-key-file", key, "-users", users, "-lms", "learn.example.com"}, "-lms must be an absolute URL"},
		"a form it does not take": {[]string{"-key-file", key, "-users", users, "-dialect", "thinkific", "-post"}, "takes no token by form"},
		"an address without port": {[]string{"-key-file", key, "-users", users, "-addr", "127.0.0.1"}, "-addr must be host:port"},
		"too much":                {[]string{"serve"}, "unexpected argument"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var stderr bytes.Buffer
			err := run(ctx, append([]string{"-addr", "127.0.0.1:0"}, c.args...), nil, stopper(cancel), &stderr)
			require.ErrorContains(t, err, c.says, "it never says that it listens")
			for _, text := range []string{err.Error(), stderr.String()} {
				require.NotContains(t, text, string(testKey))
				require.NotContains(t, text, "open-sesame")
			}
		})
	}
}

func TestInventedPeopleStayOnThisMachine(t *testing.T) {
	c, log := newClock(), &bytes.Buffer{}
	demo := func(cfg *config) { cfg.demo = inventedPeople() }
	_, err := newSite(testConfig(t, c, log, demo))
	require.ErrorIs(t, err, errInvented)
	b := start(t, demo, func(cfg *config) { cfg.base = "http://127.0.0.1:8090" })
	require.Contains(t, b.do(request{target: "/sign_in"}).Body.String(), password)

	require.False(t, onLoopback(&net.TCPAddr{IP: net.IPv4zero, Port: 1}))
	require.False(t, onLoopback(&net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 1}))
	require.True(t, onLoopback(&net.TCPAddr{IP: net.IPv6loopback, Port: 1}))
}

func TestAUserTheLearningSiteWouldRefuseIsFoundAtTheStart(t *testing.T) {
	for name, u := range map[string]user{
		"no email address":          {ID: "1", Email: "not an address"},
		"a role's display name":     {ID: "1", Email: "a@example.com", Role: "Client Admin"},
		"a role it has no claim of": {ID: "1", Email: "a@example.com", FirstName: "A", LastName: "B", Role: "client-admin"},
		"courses it has none for":   {ID: "1", Email: "a@example.com", FirstName: "A", LastName: "B", Courses: []string{"intro"}},
		"no name":                   {ID: "1", Email: "a@example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			u.PasswordHash = hash(t, "x", bcrypt.MinCost)
			list, err := newUsers([]user{u}, bcrypt.MinCost)
			require.NoError(t, err)
			_, err = newSite(testConfig(t, newClock(), &bytes.Buffer{}, dialect(jwtsso.Thinkific()), func(cfg *config) { cfg.users = list }))
			require.ErrorContains(t, err, "user 1 cannot be signed in")
			require.NotEmpty(t, lmssso.CodeOf(err))
		})
	}
}

func TestKeysAreReadNewestFirst(t *testing.T) {
	keys, err := readKeys(keyFile(t, "\n  newest-key  \r\n\nolder-key"))
	require.NoError(t, err)
	require.Equal(t, []lmssso.Secret{"newest-key", "older-key"}, keys)
}

func TestItMakesKeysAndHashes(t *testing.T) {
	var first, second, made bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-new-key"}, nil, &first, io.Discard))
	require.NoError(t, run(t.Context(), []string{"-new-key"}, nil, &second, io.Discard))
	require.Len(t, strings.TrimSpace(first.String()), 43)
	require.NotEqual(t, first.String(), second.String())

	require.NoError(t, printHash(strings.NewReader("open-sesame\n"), &made, bcrypt.MinCost))
	require.NoError(t, bcrypt.CompareHashAndPassword(bytes.TrimSpace(made.Bytes()), []byte("open-sesame")))
	require.Error(t, run(t.Context(), []string{"-new-hash"}, strings.NewReader(""), &made, io.Discard))
	require.Error(t, run(t.Context(), []string{"-new-hash"}, strings.NewReader(strings.Repeat("x", 73)), &made, io.Discard), "bcrypt would not look at the rest")
}
