// Package mutations proves that the security rules are tested: it takes one rule out at a time and expects the tests of
// its package to fail.
package mutations

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// mutation is one rule taken out.
type mutation struct {
	line          int // in the list
	name          string
	file          string
	find, replace string
	packages      []string
}

const root = "../.."

// TestEveryRuleIsGuarded reads list.txt and runs each entry.
func TestEveryRuleIsGuarded(t *testing.T) {
	list := read(t)
	if len(list) < 40 {
		t.Fatalf("only %d mutations found", len(list))
	}
	abs, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range list {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			m.run(t, abs)
		})
	}
}

// run tests the package with the file replaced by its mutated text. The tree itself is not touched.
func (m mutation) run(t *testing.T, abs string) {
	file := filepath.Join(abs, m.file)
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(source), m.find); n != 1 {
		t.Fatalf("list.txt:%d: the text to replace stands %d times in %s", m.line, n, m.file)
	}
	dir := t.TempDir()
	mutated := filepath.Join(dir, "mutated.go")
	if err := os.WriteFile(mutated, []byte(strings.Replace(string(source), m.find, m.replace, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{file: mutated}})
	if err != nil {
		t.Fatal(err)
	}
	overlayFile := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlayFile, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	switch out, err := goRun(abs, append([]string{"test", "-overlay", overlayFile, "-count=1", "-failfast", "-vet=off"}, m.packages...)...); {
	case err == nil:
		t.Errorf("no test noticed:\n%s", out)
	case strings.Contains(out, "[build failed]") || strings.Contains(out, "[setup failed]"):
		t.Fatalf("the mutated code does not compile, so it proves nothing:\n%s", out)
	case !strings.Contains(out, "FAIL"):
		t.Fatalf("the tests did not run:\n%s", out)
	}
}

func goRun(dir string, args ...string) (string, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// read parses list.txt: a name, the file, the packages whose tests must fail, then the text to find and what replaces it,
// each line of which begins with "- " or "+ ". Entries are separated by blank lines; # begins a comment.
func read(t *testing.T) []mutation {
	t.Helper()
	f, err := os.Open("list.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []mutation
	var m mutation
	flush := func() {
		if m.name != "" {
			out = append(out, m)
		}
		m = mutation{}
	}
	n := 0
	for s := bufio.NewScanner(f); s.Scan(); {
		n++
		line := s.Text()
		switch {
		case strings.TrimSpace(line) == "":
			flush()
		case strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "- ") || line == "-":
			m.find = extend(m.find, line)
		case strings.HasPrefix(line, "+ ") || line == "+":
			m.replace = extend(m.replace, line)
		case m.name == "":
			m.name, m.line = line, n
		case m.file == "":
			fields := strings.Fields(line)
			if len(fields) < 2 {
				t.Fatalf("list.txt:%d: want a file and the packages to test", n)
			}
			m.file, m.packages = fields[0], fields[1:]
		default:
			t.Fatalf("list.txt:%d: unexpected line", n)
		}
	}
	flush()
	return out
}

// extend adds a line of a multi-line text, without its marker.
func extend(text, line string) string {
	line = strings.TrimPrefix(line[1:], " ")
	if text == "" {
		return line
	}
	return text + "\n" + line
}
