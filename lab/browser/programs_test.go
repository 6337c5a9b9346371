// Package browser drives the example servers, as real processes, with a real Chromium.
package browser

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const root = "../.."

// built holds the example programs, compiled once.
var built struct {
	sync.Mutex
	dir   string
	paths map[string]string
}

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "lmssso-lab")
	if err != nil {
		panic(err)
	}
	built.dir, built.paths = dir, map[string]string{}
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil && code == 0 {
		code = 1
	}
	os.Exit(code)
}

// program compiles an example as a user would and returns the binary.
func program(t *testing.T, name string) string {
	t.Helper()
	built.Lock()
	defer built.Unlock()
	if p, ok := built.paths[name]; ok {
		return p
	}
	p := filepath.Join(built.dir, name)
	cmd := exec.Command("go", "build", "-o", p, "./examples/"+name)
	cmd.Dir = root
	cmd.Env = without(os.Environ(), "GOWORK")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build %s: %v\n%s", name, err, out)
	}
	built.paths[name] = p
	return p
}

func without(env []string, name string) []string {
	var out []string
	for _, e := range env {
		if !strings.HasPrefix(e, name+"=") {
			out = append(out, e)
		}
	}
	return out
}

var ready = regexp.MustCompile(`listening on (http://\S+)`)

// server is a running example.
type server struct {
	url string
	mu  sync.Mutex
	out strings.Builder
}

func (s *server) output() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.String()
}

// start runs an example on a free port until the test ends, and waits for its ready line.
func start(t *testing.T, name string, args ...string) *server {
	t.Helper()
	cmd := exec.Command(program(t, name), append([]string{"-addr", "127.0.0.1:0"}, args...)...)
	pipe, w := io.Pipe()
	cmd.Stdout, cmd.Stderr = w, w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &server{}
	up := make(chan string, 1)
	read := make(chan struct{})
	go func() {
		defer close(read)
		for lines := bufio.NewScanner(pipe); lines.Scan(); {
			s.mu.Lock()
			s.out.WriteString(lines.Text() + "\n")
			s.mu.Unlock()
			if m := ready.FindStringSubmatch(lines.Text()); m != nil {
				up <- m[1]
			}
		}
	}()
	t.Cleanup(func() {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Errorf("%s was gone before the test ended: %v\n%s", name, err, s.output())
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s did not stop cleanly: %v\n%s", name, err, s.output())
		}
		w.Close()
		<-read
	})
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	select {
	case s.url = <-up:
	case <-ctx.Done():
		t.Fatalf("%s did not become ready:\n%s", name, s.output())
	}
	return s
}
