package saml_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/internal/demoidp/saml"
)

var update = flag.Bool("update", false, "rewrite the golden file")

// TestFaultsChangeExactlyWhatTheySay compares each faulty response with the good one, thing by thing.
func TestFaultsChangeExactlyWhatTheySay(t *testing.T) {
	var b strings.Builder
	b.WriteString("# What each fault changes in a good response, and which signatures verify.\n")
	for _, f := range saml.Faults() {
		fmt.Fprintf(&b, "\n%s (%s): %s\n", f, f.Group(), f.Explanation())
		for _, l := range effect(t, f) {
			fmt.Fprintf(&b, "    %s\n", strings.ReplaceAll(strings.ReplaceAll(l, "\r", `\r`), "\n", `\n`))
		}
	}
	golden := filepath.Join("testdata", "faults.txt")
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(b.String()), 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), b.String())
}

// effect makes the good response and the faulty one, with the same message IDs, and tells what differs.
func effect(t *testing.T, f saml.Fault) []string {
	t.Helper()
	how := saml.How{}
	if f.Group() == "Encryption" {
		how.Encryption.On = true
	}
	good := second(t, how)
	how.Faults = []saml.Fault{f}
	bad := second(t, how)
	out := difference(lines(good.XML), lines(bad.XML))
	if g, b := verdict(good.XML), verdict(bad.XML); g != b {
		out = append(out, "verifies: "+b)
	}
	if got := string(decodeLoosely(bad.Form.Fields.Get("SAMLResponse"))); got != string(bad.XML) {
		out = append(out, "the form holds something else")
	}
	if n := len(bad.Form.Fields["SAMLResponse"]); n != 1 {
		out = append(out, fmt.Sprintf("the form holds the response %d times", n))
	}
	if relay := bad.Form.Fields.Get("RelayState"); relay != "handle" {
		out = append(out, fmt.Sprintf("RelayState is %q", relay))
	}
	return out
}

// second makes a response that has one before it, for the faults that repeat.
func second(t *testing.T, how saml.How) *saml.Sent {
	t.Helper()
	p := newIdP(t)
	first := how
	first.Faults = nil
	respond(t, p, first)
	return respond(t, p, how)
}

func TestFaultsAreExplained(t *testing.T) {
	seen := map[string]saml.Fault{}
	for _, f := range saml.Faults() {
		text := f.Explanation()
		require.NotEmpty(t, f.Group(), f)
		require.True(t, strings.HasSuffix(text, "."), "%s: %s", f, text)
		require.NotContains(t, seen, text, "%s and %s", f, seen[text])
		require.NotContains(t, seen, string(f))
		seen[text], seen[string(f)] = f, f
	}
	require.Greater(t, len(saml.Faults()), 100)
	require.Empty(t, saml.Fault("other").Explanation())
	require.Empty(t, saml.Fault("other").Group())
}

func TestFaultsThatCannotBeMade(t *testing.T) {
	for name, c := range map[string]struct {
		login saml.Login
		how   saml.How
	}{
		"an unknown fault":                    {login(), saml.How{Faults: []saml.Fault{"other"}}},
		"an earlier response is missing":      {login(), saml.How{Faults: []saml.Fault{saml.Replay}}},
		"an earlier assertion is missing":     {login(), saml.How{Faults: []saml.Fault{saml.ReusedAssertionID}}},
		"the user has no attribute to change": {saml.Login{}, saml.How{Faults: []saml.Fault{saml.TamperedAttribute}}},
		"the user has no attribute to double": {saml.Login{}, saml.How{Faults: []saml.Fault{saml.TwoEmailValues}}},
		"there is no assertion to wrap":       {login(), saml.How{Faults: []saml.Fault{saml.NoAssertion, saml.XSW3}}},
		"SHA-1 wants an RSA key":              {login(), saml.How{Signing: saml.Signing{Key: keep(ecKey())}, Faults: []saml.Fault{saml.SHA1Signature}}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newIdP(t).Respond(request(), c.login, c.how)
			require.Error(t, err)
		})
	}
}

func keep(k saml.Key) *saml.Key { return &k }

// TestWrappingKeepsTheSignedPart makes sure that each wrapping attack still holds an element the provider really signed: else
// it would be refused for the wrong reason.
func TestWrappingKeepsTheSignedPart(t *testing.T) {
	for _, f := range []saml.Fault{saml.XSW1, saml.XSW2, saml.XSW3, saml.XSW4, saml.XSW5, saml.XSW6, saml.XSW7, saml.XSW8} {
		t.Run(string(f), func(t *testing.T) {
			root := parse(t, respond(t, newIdP(t), saml.How{Faults: []saml.Fault{f}}).XML)
			ref := root.FindElement("//Signature/SignedInfo/Reference").SelectAttrValue("URI", "")
			signed := root.FindElement("//[@ID='" + strings.TrimPrefix(ref, "#") + "']")
			require.NotNil(t, signed, "the signed element is gone")
			require.Contains(t, textsOf(root), saml.ForgedNameID)
			require.Contains(t, textsOf(root), "user-12345")

			whole := signed.Copy()
			if whole.SelectElement("Signature") == nil {
				whole.AddChild(root.FindElement("//Signature").Copy())
				strip(whole.SelectElement("Signature"))
			}
			_, err := verify(idpKey().Certificate, whole)
			require.NoError(t, err)
		})
	}
}
