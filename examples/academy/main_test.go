package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// output is a writer several goroutines may use.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "academy.json")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

// running starts the command and returns its address once it says that it listens.
func running(t *testing.T, args ...string) (url string, stdout *bufio.Reader, stderr *output, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	read, out := io.Pipe()
	stderr = &output{}
	done := make(chan error, 1)
	go func() {
		err := run(ctx, args, out, stderr)
		_ = out.CloseWithError(io.EOF)
		done <- err
	}()
	stdout = bufio.NewReader(read)
	line, err := stdout.ReadString('\n')
	require.NoError(t, err, stderr.String())
	require.True(t, strings.HasPrefix(line, "academy: listening on http://127.0.0.1:"), line)
	stop = sync.OnceValue(func() error {
		cancel()
		return <-done
	})
	t.Cleanup(func() { _ = stop() })
	return strings.TrimSpace(strings.TrimPrefix(line, "academy: listening on ")), stdout, stderr, stop
}

func get(t *testing.T, url string, headers ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(body)
}

func TestStartsSaysWhereAndStops(t *testing.T) {
	url, stdout, stderr, stop := running(t, "-addr", ":0")
	status, home := get(t, url+"/")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, home, "Ways to sign in")
	_, token, found := strings.Cut(stderr.String(), "admin token for this run: ")
	require.True(t, found)
	token, _, _ = strings.Cut(token, "\n")
	status, _ = get(t, url+"/api/admin/accounts", "Authorization", "Bearer "+token)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, 1, strings.Count(stderr.String(), token), "printed once")
	require.NoError(t, stop())
	rest, err := io.ReadAll(stdout)
	require.NoError(t, err)
	require.Empty(t, rest, "one line on stdout")
}

func TestPrintedConfigurationIsAcceptedAndRuns(t *testing.T) {
	var printed, checked output
	require.NoError(t, run(t.Context(), []string{"-print-config"}, &printed, io.Discard))
	file := write(t, printed.String())
	require.NoError(t, run(t.Context(), []string{"-config", file, "-check-config"}, &checked, io.Discard))
	require.Contains(t, checked.String(), "no faults")
	require.Contains(t, checked.String(), "warning: connections[1].realm")
	url, _, _, _ := running(t, "-config", file, "-addr", "127.0.0.1:0", "-data", filepath.Join(t.TempDir(), "academy.db"))
	status, _ := get(t, url+"/readyz")
	require.Equal(t, http.StatusOK, status)
}

func TestFaultyConfigurationStopsTheStart(t *testing.T) {
	file := write(t, `{"directory": "postgres://db", "connections": [{"id": "a b", "protocol": "jwt", "dialect": "thinkific", "keys": []}]}`)
	for _, args := range [][]string{{"-config", file, "-check-config"}, {"-check-config", file}, {"-config", file, "-addr", ":0"}} {
		err := run(t.Context(), args, io.Discard, io.Discard)
		require.Error(t, err)
		for _, path := range []string{"directory", "connections[0].id", "connections[0].keys"} {
			require.Contains(t, err.Error(), path)
		}
	}
}

func TestRefusedCommandLines(t *testing.T) {
	for name, args := range map[string][]string{
		"demo for other machines": {"-addr", "0.0.0.0:0"},
		"demo under another name": {"-addr", ":0", "-base-url", "https://learn.example"},
		"no port":                 {"-addr", "127.0.0.1"},
		"an argument":             {"serve"},
		"an unknown flag":         {"-prot", "80"},
		"no such file":            {"-config", filepath.Join(t.TempDir(), "none.json")},
		"nothing to check":        {"-check-config"},
		"data in no folder":       {"-addr", ":0", "-data", filepath.Join(t.TempDir(), "none", "a.db")},
	} {
		require.Error(t, run(t.Context(), args, io.Discard, io.Discard), name)
	}
}

func TestDemonstrationKeepsItsKeysInTheDataFile(t *testing.T) {
	data := filepath.Join(t.TempDir(), "a.db")
	o := options{addr: "127.0.0.1:0", data: data}
	first, err := configuration(t.Context(), o, "127.0.0.1:8080")
	require.NoError(t, err)
	second, err := configuration(t.Context(), o, "127.0.0.1:8080")
	require.NoError(t, err)
	require.Equal(t, first.Connections[0].JWT.Keys, second.Connections[0].JWT.Keys)
	require.NotEqual(t, first.Connections[0].JWT.Keys, first.Connections[1].JWT.Keys)
	require.Equal(t, "sqlite:"+data, first.Directory)
	require.Equal(t, "sqlite:"+data, first.SingleUse)
}

// TestLoginUnderWayFinishes stops the server while a sign-in's body is still arriving.
func TestLoginUnderWayFinishes(t *testing.T) {
	url, _, _, stop := running(t, "-addr", ":0")
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	const body = "jwt=nothing"
	_, err = fmt.Fprintf(conn, "POST /access/jwt HTTP/1.1\r\nHost: academy\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", len(body))
	require.NoError(t, err)
	reader := bufio.NewReader(conn)
	line, err := reader.ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, line, "100 Continue", "the login is reading its body")
	_, err = reader.ReadString('\n')
	require.NoError(t, err)

	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	require.Eventually(t, func() bool { // the server takes no further connection
		c, err := net.DialTimeout("tcp", strings.TrimPrefix(url, "http://"), time.Second)
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	}, 5*time.Second, time.Millisecond)
	_, err = conn.Write([]byte(body))
	require.NoError(t, err)
	resp, err := http.ReadResponse(reader, nil)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	require.Equal(t, http.StatusBadRequest, resp.StatusCode)
	require.NoError(t, <-stopped)
}
