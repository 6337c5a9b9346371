package attrs_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/attrs"
)

var update = flag.Bool("update", false, "rewrite docs/attributes.md")

// docs is the page made from the catalogue.
var docs = filepath.Join("..", "docs", "attributes.md")

func TestDocumentationIsTheCatalogue(t *testing.T) {
	page := page()
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(docs), 0o755))
		require.NoError(t, os.WriteFile(docs, []byte(page), 0o644))
	}
	stored, err := os.ReadFile(docs)
	require.NoError(t, err)
	require.Equal(t, page, string(stored), "run: go test ./attrs -run Documentation -update")
}

func page() string {
	var b strings.Builder
	b.WriteString(`# Attributes

What a login can carry, by the key used in mappings and in the SSO log. The JWT column has the claim of Thought Industries'
tokens; other dialects, and a connection's own mapping, take it from other claims. "mapped" means that a connection's mapping
takes it from an attribute or claim of the provider; "(ours)" that the platform has no such way and this library adds it.
Names are case-sensitive.

A text may come as an integer number. A list may come as several values, as a JSON list, as one text (a list of one) or, with
` + "`split`" + ` in the mapping, as one delimited text. A flag is true, false, 1, 0, yes or no in any case.

<!-- Made from the catalogue: go test ./attrs -run Documentation -update -->

| key | kind | JWT | SAML | OpenID Connect | whose | what it does, and where to find the value |
|---|---|---|---|---|---|---|
`)
	for _, a := range attrs.Catalogue() {
		doc := "**" + a.Title + ".** " + a.Doc
		if a.Deprecated != "" {
			doc += " *Deprecated: " + a.Deprecated + "*"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s | %s |\n", a.Key, a.Kind, claim(a), a.SAML, a.OIDC, a.Source, doc)
	}
	return b.String()
}

// claim is the table's cell for tokens: every claim can also be mapped, so that is not repeated.
func claim(a attrs.Attribute) string {
	own := a.JWT
	own.Mappable = false
	return own.String()
}

// TestCatalogueHasEveryKey reads the constants from the source, so that a new key cannot be forgotten.
func TestCatalogueHasEveryKey(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "key.go", nil, 0)
	require.NoError(t, err)
	keys := map[attrs.Key]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 {
			if lit, ok := spec.Values[0].(*ast.BasicLit); ok && lit.Kind == token.STRING {
				text, err := strconv.Unquote(lit.Value)
				require.NoError(t, err)
				keys[attrs.Key(text)] = true
			}
		}
		return true
	})
	require.Greater(t, len(keys), 30)
	for n := 1; n <= attrs.Refs; n++ {
		keys[attrs.Ref(n)] = true
	}
	for _, a := range attrs.Catalogue() {
		require.True(t, keys[a.Key], "%s is there twice or is no key", a.Key)
		delete(keys, a.Key)
		require.NotEmpty(t, a.Title, a.Key)
		require.NotEmpty(t, a.Doc, a.Key)
		require.NotEmpty(t, a.Source, a.Key)
		found, ok := attrs.Lookup(a.Key)
		require.True(t, ok)
		require.Equal(t, a, found)
	}
	require.Empty(t, keys, "keys without a catalogue entry")
}

func TestLookupKnowsOnlyTheCatalogue(t *testing.T) {
	for _, k := range []attrs.Key{"", "Email", "ref0", "ref11", "customFields.a", attrs.Ref(0), attrs.Ref(attrs.Refs + 1)} {
		_, ok := attrs.Lookup(k)
		require.False(t, ok, k)
	}
}

// TestCatalogueSaysHowEachProtocolCarriesIt holds the entries that differ from the usual.
func TestCatalogueSaysHowEachProtocolCarriesIt(t *testing.T) {
	for _, row := range []struct {
		key             attrs.Key
		kind            attrs.Kind
		jwt, saml, oidc string
	}{
		{attrs.ExternalID, attrs.KindText, "externalCustomerId, or mapped", "NameID, or mapped", "sub, or mapped"},
		{attrs.Email, attrs.KindText, "email, or mapped", "mapped", "mapped"},
		{attrs.Language, attrs.KindText, "language, or mapped (ours)", "mapped", "mapped (ours)"},
		{attrs.IMISID, attrs.KindText, "imisId, or mapped (ours)", "mapped", "mapped"},
		{attrs.CustomFields, attrs.KindMap, "customFields, or mapped", "mapped (ours)", "mapped (ours)"},
		{attrs.LicenseSKUs, attrs.KindList, "no", "mapped", "no"},
		{attrs.CourseSKUs, attrs.KindList, "courseSkus, or mapped (ours)", "mapped", "mapped"},
		{attrs.ReplacePaths, attrs.KindFlag, "replaceLearningPathAccess, or mapped", "replaceCourseAccess", "replaceCourseAccess"},
		{attrs.ParentLicenseSKU, attrs.KindText, "parentLicenseSku, or mapped (ours)", "mapped", "mapped"},
		{attrs.DualRole, attrs.KindFlag, "dualRole, or mapped", "mapped", "mapped"},
		{attrs.Bio, attrs.KindText, "bio, or mapped", "mapped (ours)", "mapped (ours)"},
		{attrs.ReturnTo, attrs.KindText, "returnTo, or mapped", "RelayState", "state"},
		{attrs.IssuedAt, attrs.KindTime, "iat, or mapped", "IssueInstant", "iat"},
	} {
		a, ok := attrs.Lookup(row.key)
		require.True(t, ok)
		require.Equal(t, row.kind, a.Kind, row.key)
		require.Equal(t, row.jwt, a.JWT.String(), row.key)
		require.Equal(t, row.saml, a.SAML.String(), row.key)
		require.Equal(t, row.oidc, a.OIDC.String(), row.key)
		require.Equal(t, row.key == attrs.LicenseSKUs, a.Deprecated != "")
	}
}

func TestClaimNamesAreTheCataloguesOwn(t *testing.T) {
	m := attrs.ClaimNames()
	require.Empty(t, m.Check())
	require.NotContains(t, m, attrs.LicenseSKUs, "no token carries the deprecated list")
	require.Len(t, m, len(attrs.Catalogue())-1)
	for k, source := range m {
		require.Equal(t, []string{string(k)}, source.From)
	}
}
