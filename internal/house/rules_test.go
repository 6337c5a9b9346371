package house_test

import (
	"bufio"
	"go/ast"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestNoHiddenState keeps out init functions and exported variables other than errors and reasons.
func TestNoHiddenState(t *testing.T) {
	for _, p := range publicPackages(t) {
		for _, f := range p.files {
			for _, d := range f.Decls {
				switch d := d.(type) {
				case *ast.FuncDecl:
					if d.Recv == nil && d.Name.Name == "init" {
						t.Errorf("%s has an init function", p.rel)
					}
				case *ast.GenDecl:
					exportedVars(t, p, d)
				}
			}
		}
	}
}

func exportedVars(t *testing.T, p apiPackage, d *ast.GenDecl) {
	for _, s := range d.Specs {
		v, ok := s.(*ast.ValueSpec)
		if !ok || d.Tok.String() != "var" {
			continue
		}
		for _, n := range v.Names {
			if n.IsExported() && !strings.HasPrefix(n.Name, "Err") {
				t.Errorf("%s exports the variable %s", p.rel, n.Name)
			}
		}
	}
}

// TestNothingIsLeftToDo keeps unfinished work, skipped tests and sleeping tests out of the tree.
func TestNothingIsLeftToDo(t *testing.T) {
	for what, pattern := range map[string]string{
		"unfinished work": `\b(TO` + `DO|FIX` + `ME|XX` + `X)\b`,
		"a skipped test":  `\b[tbf]\.Skip(f|Now)?\(`,
		"a sleep":         `time\.Sle` + `ep\(`,
	} {
		re := regexp.MustCompile(pattern)
		for _, f := range goFiles(t) {
			if loc := re.FindString(read(t, f)); loc != "" {
				t.Errorf("%s: %s: %s", f, what, loc)
			}
		}
	}
}

// TestFilesStaySmall keeps every file readable in one sitting.
func TestFilesStaySmall(t *testing.T) {
	for _, f := range goFiles(t) {
		if n := strings.Count(read(t, f), "\n"); n > 500 && !strings.HasSuffix(f, "_test.go") {
			t.Errorf("%s has %d lines", f, n)
		}
	}
}

// TestRootUsesNoNewerStandardLibrary looks for identifiers the standard library got after the Go version of go.mod.
func TestRootUsesNoNewerStandardLibrary(t *testing.T) {
	newer := newerIdentifiers(t)
	for _, f := range goFiles(t) {
		if nested(f) {
			continue
		}
		text := read(t, f)
		for _, id := range newer {
			if strings.Contains(text, id+"(") || strings.Contains(text, id+"[") {
				t.Errorf("%s uses %s, which is newer than go.mod's Go version", f, id)
			}
		}
	}
}

// nested reports whether the file belongs to a module of its own, with a Go version of its own.
func nested(rel string) bool {
	for dir := filepath.Dir(rel); dir != "."; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(root, dir, "go.mod")); err == nil {
			return true
		}
	}
	return false
}

var funcLine = regexp.MustCompile(`^pkg ([\w/]+), func (\w+)`)

func newerIdentifiers(t *testing.T) []string {
	t.Helper()
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(goroot)), "api", "go1.*.txt"))
	if err != nil || len(files) < 20 {
		t.Fatalf("the toolchain's API lists are missing: %v", err)
	}
	var out []string
	for _, name := range files {
		if strings.TrimSuffix(filepath.Base(name), ".txt") <= "go1.25" || len(filepath.Base(name)) < len("go1.25.txt") {
			continue
		}
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		for s := bufio.NewScanner(f); s.Scan(); {
			// What became deprecated stands in the list as well, and is not new.
			if m := funcLine.FindStringSubmatch(s.Text()); m != nil && !strings.Contains(s.Text(), "//deprecated") {
				out = append(out, filepath.Base(m[1])+"."+m[2])
			}
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(out) == 0 {
		t.Fatal("no newer identifier found: the comparison says nothing")
	}
	return out
}
