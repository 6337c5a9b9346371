package house_test

import (
	"strings"
	"testing"
)

// TestReadmeCodeCompiles wants the README's code to be the Example's, which the compiler checks.
func TestReadmeCodeCompiles(t *testing.T) {
	_, code, ok := strings.Cut(read(t, "example_readme_test.go"), "\t// readme:\n")
	if !ok {
		t.Fatal("the example has no marker")
	}
	code, _, ok = strings.Cut(code, "\t// :readme")
	if !ok {
		t.Fatal("the example has no closing marker")
	}
	var b strings.Builder
	for line := range strings.Lines(code) {
		b.WriteString(strings.TrimPrefix(line, "\t"))
	}
	if !strings.Contains(read(t, "README.md"), "```go\n"+b.String()+"```") {
		t.Error("the README does not hold the code of example_readme_test.go")
	}
	if n := strings.Count(b.String(), "\n"); n > 28 {
		t.Errorf("the README's import has grown to %d lines", n)
	}
}

// TestReadmeBeginsWithTheTwoCommands keeps them first.
func TestReadmeBeginsWithTheTwoCommands(t *testing.T) {
	text := read(t, "README.md")
	demo, test := strings.Index(text, "go run ./examples/academy"), strings.Index(text, "go test work")
	block := strings.Index(text, "```")
	if demo < block || test < demo || test > block+250 {
		t.Error("the two commands do not stand first")
	}
}

// TestTheProjectSpeaksOfItselfAlone looks for paths of one machine.
func TestTheProjectSpeaksOfItselfAlone(t *testing.T) {
	for _, f := range append(goFiles(t), "README.md", "DECISIONS.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md", "Makefile", ".ci/run") {
		if strings.HasPrefix(f, "internal/house/") {
			continue
		}
		for _, path := range []string{"/root/", "/home/", "/tmp/"} {
			if strings.Contains(read(t, f), path) {
				t.Errorf("%s mentions %s", f, path)
			}
		}
	}
}
