package saml

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lmssso/lmssso"
	"github.com/stretchr/testify/require"
)

// hostile are documents that cost other readers seconds: all unsigned or with a signature taken from elsewhere, all
// within the form's size. Each must end at a limit, or be small work.
func hostile() map[string]making {
	open := "<samlp:Response "
	attributes := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i, i)
		}
		return b.String()
	}
	nested := func(n int, element string) string {
		return strings.Repeat("<"+element+">", n) + strings.Repeat("</"+strings.Fields(element)[0]+">", n)
	}
	sig := `<ds:Signature xmlns:ds="` + nsSignature + `">`
	inside := func(what string) making {
		return forged("<samlp:Status>", "<samlp:Extensions>"+what+"</samlp:Extensions><samlp:Status>")
	}
	return map[string]making{
		"thousands of namespace declarations":     forged(open, open+attributes(6000, `xmlns:a%d="u%d" `)),
		"thousands of prefixed attributes":        forged(open, open+`xmlns:x="u" `+attributes(6000, `x:a%d="%d" `)),
		"thousands of attributes":                 forged(open, open+attributes(8000, `a%d="%d" `)),
		"declarations on every level":             inside(nested(30, `x xmlns:a="1" xmlns:b="2" xmlns:c="3" xmlns:d="4"`)),
		"deep nesting":                            inside(nested(5000, "x")),
		"thousands of siblings":                   inside(strings.Repeat("<x/>", 16_000)),
		"hundreds of signatures":                  inside(strings.Repeat(sig+"</ds:Signature>", 200)),
		"thousands of references":                 forged("<ds:Reference ", strings.Repeat(`<ds:Reference URI="#x"/>`, 3000)+"<ds:Reference "),
		"hundreds of encrypted keys":              forged("<samlp:Status>", "<samlp:Extensions>"+strings.Repeat("<e:EncryptedKey xmlns:e=\""+nsEncryption+"\"/>", 200)+"</samlp:Extensions><samlp:Status>"),
		"a text as long as the form":              forged(">user-17<", ">"+strings.Repeat("x", 100_000)+"<"),
		"an attribute as long as the form":        forged(open, open+`Consent="`+strings.Repeat("x", 100_000)+`" `),
		"as much as the limits take, wrong key":   {inner: &signing{key: keys().other}, assertion: fullToTheLimits},
		"as much as the limits take, not signed":  {assertion: fullToTheLimits},
		"as much as the limits take, then forged": {inner: &signing{}, assertion: fullToTheLimits, after: swap(">user-17<", ">admin<")},
	}
}

// fullToTheLimits gives an assertion all the elements and all the namespace declarations that pass.
func fullToTheLimits(s string) string {
	var declared strings.Builder
	for i := range 24 {
		fmt.Fprintf(&declared, ` xmlns:n%d="u%d"`, i, i)
	}
	var values strings.Builder
	for i := range 1900 {
		fmt.Fprintf(&values, `<saml:AttributeValue n1:a="" n2:b="" n3:c="" n4:d="">%d</saml:AttributeValue>`, i)
	}
	s = strings.Replace(s, ` ID="_assertion1"`, declared.String()+` ID="_assertion1"`, 1)
	return strings.Replace(s, "<saml:AttributeValue>intro</saml:AttributeValue>", values.String(), 1)
}

// TestHostileDocumentsAreLittleWork counts allocations instead of time: they do not depend on the machine, and every
// quadratic cost of canonicalization is one of them. A plain login makes about 2,000.
func TestHostileDocumentsAreLittleWork(t *testing.T) {
	for name, m := range hostile() {
		t.Run(name, func(t *testing.T) {
			encoded, v := m.encoded(), verifierFor(t, newConfig())
			require.LessOrEqual(t, len(encoded), defaultFormValue, "the row must be stopped by more than its size")
			work := testing.AllocsPerRun(1, func() {
				a, err := v.response(t.Context(), encoded, answer())
				require.Nil(t, a)
				require.Error(t, err)
				require.NotContains(t, []*lmssso.Reason{ErrXML}, lmssso.ReasonOf(err), "the row is not the document it should be")
			})
			t.Logf("%.0f allocations", work)
			require.Less(t, work, 200_000.0)
		})
	}
}

func BenchmarkResponse(b *testing.B) {
	for _, row := range []struct {
		name string
		make making
	}{
		{"assertion", good()},
		{"response", making{outer: &signing{}}},
		{"both", making{inner: &signing{}, outer: &signing{}}},
		{"encrypted", making{inner: &signing{}, sealed: &sealing{}}},
		{"500values", groups(500)},
	} {
		b.Run(row.name, func(b *testing.B) { benchmark(b, row.make, true) })
	}
}

func BenchmarkHostile(b *testing.B) {
	for name, m := range hostile() {
		b.Run(strings.ReplaceAll(name, " ", "_"), func(b *testing.B) { benchmark(b, m, false) })
	}
}

func benchmark(b *testing.B, m making, good bool) {
	cfg := newConfig()
	v, encoded := verifierFor(b, cfg), m.encoded()
	b.ReportAllocs()
	b.SetBytes(int64(len(encoded)))
	for b.Loop() {
		cfg.SingleUse.(*memoryUse).until = nil
		if _, err := v.response(b.Context(), encoded, answer()); (err == nil) != good {
			b.Fatal(err)
		}
	}
}
