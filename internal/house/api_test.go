package house_test

import (
	"bytes"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/printer"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// apiPackage is one public package, parsed.
type apiPackage struct {
	rel   string
	fset  *token.FileSet
	files []*ast.File
	doc   *doc.Package
}

func publicPackages(t *testing.T) []apiPackage {
	t.Helper()
	var out []apiPackage
	for _, p := range listPackages(t) {
		if strings.HasPrefix(p.rel(), "internal") {
			continue
		}
		a := apiPackage{rel: p.rel(), fset: token.NewFileSet()}
		names, err := filepath.Glob(filepath.Join(p.Dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(a.fset, name, nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			a.files = append(a.files, f)
		}
		if a.doc, err = doc.NewFromFiles(a.fset, a.files, p.ImportPath, doc.PreserveAST); err != nil {
			t.Fatal(err)
		}
		out = append(out, a)
	}
	return out
}

// TestAPIIsGolden lists every exported declaration, so that a change of the API is seen in a review.
func TestAPIIsGolden(t *testing.T) {
	var b strings.Builder
	b.WriteString("# The exported API. Comments and unexported fields are left out.\n")
	for _, p := range publicPackages(t) {
		b.WriteString("\npackage " + module + strings.TrimSuffix("/"+p.rel, "/") + "\n")
		values(&b, p, p.doc.Consts)
		values(&b, p, p.doc.Vars)
		funcs(&b, p, p.doc.Funcs)
		for _, typ := range p.doc.Types {
			for _, spec := range typ.Decl.Specs {
				ts := *spec.(*ast.TypeSpec)
				b.WriteString("type " + printNode(p.fset, exportedOnly(&ts)) + "\n")
			}
			values(&b, p, typ.Consts)
			values(&b, p, typ.Vars)
			funcs(&b, p, typ.Funcs)
			funcs(&b, p, typ.Methods)
		}
	}
	golden(t, "api.txt", b.String())
}

func values(b *strings.Builder, p apiPackage, vs []*doc.Value) {
	for _, v := range vs {
		for _, spec := range v.Decl.Specs {
			for _, name := range spec.(*ast.ValueSpec).Names {
				if name.IsExported() {
					b.WriteString(v.Decl.Tok.String() + " " + name.Name + "\n")
				}
			}
		}
	}
}

func funcs(b *strings.Builder, p apiPackage, fs []*doc.Func) {
	for _, f := range fs {
		decl := *f.Decl
		decl.Doc, decl.Body = nil, nil
		b.WriteString(printNode(p.fset, &decl) + "\n")
	}
}

// exportedOnly drops comments and unexported fields.
func exportedOnly(ts *ast.TypeSpec) *ast.TypeSpec {
	ts.Doc, ts.Comment = nil, nil
	st, ok := ts.Type.(*ast.StructType)
	if !ok {
		return ts
	}
	kept := &ast.FieldList{}
	for _, f := range st.Fields.List {
		var names []*ast.Ident
		for _, n := range f.Names {
			if n.IsExported() {
				names = append(names, n)
			}
		}
		if len(names) > 0 || len(f.Names) == 0 {
			kept.List = append(kept.List, &ast.Field{Names: names, Type: f.Type, Tag: f.Tag})
		}
	}
	ts.Type = &ast.StructType{Fields: kept}
	return ts
}

var blank = regexp.MustCompile(`\s+`)

// printNode prints a declaration on one line.
func printNode(fset *token.FileSet, n ast.Node) string {
	var b bytes.Buffer
	if err := printer.Fprint(&b, fset, n); err != nil {
		return err.Error()
	}
	return blank.ReplaceAllString(strings.TrimSpace(regexp.MustCompile(`(?m)//.*$`).ReplaceAllString(b.String(), "")), " ")
}

// TestEverythingExportedIsExplained wants a comment on each exported identifier, field and interface method.
func TestEverythingExportedIsExplained(t *testing.T) {
	for _, p := range publicPackages(t) {
		if len(p.doc.Doc) < 80 {
			t.Errorf("package %s has no comment that tells its flow", p.doc.Name)
		}
		for _, f := range p.files {
			ast.Inspect(f, func(n ast.Node) bool { return explained(t, p, n) })
		}
	}
}

func explained(t *testing.T, p apiPackage, n ast.Node) bool {
	complain := func(pos token.Pos, what string) {
		at := p.fset.Position(pos)
		t.Errorf("%s/%s:%d: %s has no comment", p.rel, filepath.Base(at.Filename), at.Line, what)
	}
	switch d := n.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) && !isObvious(d.Name.Name) {
			complain(d.Pos(), d.Name.Name)
		}
		return false
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() && d.Doc == nil && s.Doc == nil {
					complain(s.Pos(), s.Name.Name)
				}
				if s.Name.IsExported() {
					fieldsExplained(s.Type, complain)
				}
			case *ast.ValueSpec:
				if s.Names[0].IsExported() && d.Doc == nil && s.Doc == nil && s.Comment == nil {
					complain(s.Pos(), s.Names[0].Name)
				}
			}
		}
		return false
	}
	return true
}

// isObvious names methods the standard library's interfaces explain.
func isObvious(name string) bool { return name == "Unwrap" || name == "Error" || name == "Is" }

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	typ := d.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	if idx, ok := typ.(*ast.IndexExpr); ok {
		typ = idx.X
	}
	id, ok := typ.(*ast.Ident)
	return ok && id.IsExported()
}

// fieldsExplained wants a comment on every field; fields named in one line, or following a commented one without a blank
// line between, share it.
func fieldsExplained(typ ast.Expr, complain func(token.Pos, string)) {
	var list *ast.FieldList
	switch typ := typ.(type) {
	case *ast.StructType:
		list = typ.Fields
	case *ast.InterfaceType:
		list = typ.Methods
		if len(list.List) == 1 {
			return // the type's own comment speaks of its one method
		}
	default:
		return
	}
	shared := false
	for _, f := range list.List {
		shared = shared || f.Doc != nil
		for _, name := range f.Names {
			if name.IsExported() && f.Doc == nil && f.Comment == nil && !shared {
				complain(f.Pos(), "field "+name.Name)
			}
		}
	}
}
