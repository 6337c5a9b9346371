package house_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"slices"
	"sort"
	"strings"
	"testing"
)

const module = "github.com/lmssso/lmssso"

// pkg is what go list tells of a package.
type pkg struct {
	ImportPath                         string
	Dir                                string
	Standard                           bool
	Imports, TestImports, XTestImports []string
	Deps                               []string
}

func (p pkg) rel() string { return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/") }

// listPackages returns the root module's packages, as seen without the workspace.
func listPackages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,Standard,Imports,TestImports,XTestImports,Deps", "./...")
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), "GOWORK=off")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var pkgs []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
	if len(pkgs) < 10 {
		t.Fatalf("only %d packages found", len(pkgs))
	}
	return pkgs
}

func isStandard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".")
}

// allowed says which of our packages and which modules each room may import. A pattern ending in /... covers what is
// below; "" is the root package. A package without an entry of its own takes that of the nearest folder above.
var allowed = map[string][]string{
	"":                        {"attrs", "safelist", "internal/page"},
	"attrs":                   {},
	"safelist":                {"golang.org/x/net/idna", "golang.org/x/net/publicsuffix"},
	"internal":                {},
	"jwtsso":                  {"", "attrs", "safelist", "internal/...", "github.com/lestrrat-go/jwx/v2/..."},
	"provision":               {"", "attrs"},
	"provision/memory":        {"", "attrs", "provision"},
	"provision/sqldir":        {"", "attrs", "provision"},
	"provision/provisiontest": {"", "attrs", "provision"},
	"ssolog":                  {"", "attrs", "internal/..."},
	"store":                   {"", "internal/..."},
	"store/sqlstore":          {"", "store"},
	"store/storetest":         {""},
	"saml":                    {"", "attrs", "safelist", "internal/...", "github.com/beevik/etree", "github.com/russellhaering/..."},
	"saml/samltest":           {"internal/demoidp/saml"},
	"oidc":                    {"", "attrs", "safelist", "internal/...", "github.com/go-jose/go-jose/v4/...", "github.com/zitadel/oidc/v3/..."},
	"oidc/oidctest":           {"internal/demoidp/oidc"},
	"internal/strictxml":      {"github.com/beevik/etree"},
	"internal/demoidp/saml":   {"github.com/beevik/etree", "github.com/russellhaering/..."},
	"internal/demoidp/oidc":   {"github.com/go-jose/go-jose/v4/..."},
	"tenant":                  {"", "attrs", "safelist", "jwtsso", "saml", "oidc", "provision", "ssolog", "store", "internal/..."},
}

func ruleFor(rel string) ([]string, bool) {
	for dir := rel; ; dir = path.Dir(dir) {
		if rules, ok := allowed[dir]; ok && (dir != "" || rel == "") {
			return rules, true
		}
		if dir == "." || dir == "" {
			return nil, false
		}
	}
}

func permits(rules []string, importPath string) bool {
	own, isOwn := strings.CutPrefix(importPath, module)
	name := importPath
	if isOwn {
		name = strings.TrimPrefix(own, "/")
	}
	return slices.ContainsFunc(rules, func(r string) bool {
		if prefix, ok := strings.CutSuffix(r, "/..."); ok {
			return name == prefix || strings.HasPrefix(name, prefix+"/")
		}
		return r == name && (isOwn || r != "")
	})
}

func TestImportRules(t *testing.T) {
	for _, p := range listPackages(t) {
		rules, ok := ruleFor(p.rel())
		if !ok {
			t.Errorf("%s has no import rule: add one", p.ImportPath)
			continue
		}
		for _, imp := range p.Imports {
			if !isStandard(imp) && !permits(rules, imp) {
				t.Errorf("%s may not import %s", p.ImportPath, imp)
			}
		}
	}
}

// TestProductionImportsNoTestCode keeps testing packages out of everything a user's binary links.
func TestProductionImportsNoTestCode(t *testing.T) {
	for _, p := range listPackages(t) {
		if strings.HasSuffix(p.ImportPath, "test") {
			continue
		}
		for _, dep := range p.Deps {
			if dep == "testing" || dep == "net/http/httptest" || strings.Contains(dep, "stretchr/testify") || strings.HasPrefix(dep, module) && strings.HasSuffix(dep, "test") {
				t.Errorf("%s depends on %s", p.ImportPath, dep)
			}
		}
	}
}

// TestTestSuitesUseOnlyTesting keeps assertion libraries out of the suites users import.
func TestTestSuitesUseOnlyTesting(t *testing.T) {
	found := 0
	for _, p := range listPackages(t) {
		if !strings.HasSuffix(p.ImportPath, "test") {
			continue
		}
		found++
		for _, dep := range p.Deps {
			if strings.Contains(dep, "stretchr/testify") {
				t.Errorf("%s depends on %s", p.ImportPath, dep)
			}
		}
	}
	if found < 2 {
		t.Errorf("only %d test suites found", found)
	}
}

// TestOneFileTouchesJWX keeps the JOSE library replaceable in one room.
func TestOneFileTouchesJWX(t *testing.T) {
	files := grepGo(t, "lestrrat-go/jwx")
	files = slices.DeleteFunc(files, func(f string) bool { return strings.HasPrefix(f, "internal/house/") })
	if len(files) != 1 || !strings.HasPrefix(files[0], "jwtsso/") {
		t.Errorf("files that import jwx: %v", files)
	}
}

func TestDependenciesAreGolden(t *testing.T) {
	var b strings.Builder
	b.WriteString("# What each public package links beyond the standard library.\n")
	for _, p := range listPackages(t) {
		if strings.HasPrefix(p.rel(), "internal") {
			continue
		}
		var deps []string
		for _, d := range p.Deps {
			if !isStandard(d) {
				deps = append(deps, strings.TrimPrefix(d, module+"/"))
			}
		}
		sort.Strings(deps)
		b.WriteString("\n" + p.ImportPath + "\n")
		for _, d := range deps {
			b.WriteString("\t" + d + "\n")
		}
	}
	golden(t, "deps.txt", b.String())
}
