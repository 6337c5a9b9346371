package bench

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"

	demo "github.com/lmssso/lmssso/internal/demoidp/saml"
	"github.com/lmssso/lmssso/saml"
)

// refusal is a response that must be refused.
type refusal struct {
	name string
	// message makes it.
	message func(f *federation) string
	// most is the goal: what share of gosaml2's time the refusal may take.
	most float64
}

func refusals() []refusal {
	usual := shapes()[0]
	return []refusal{
		{"unsigned", func(f *federation) string { return usual.message(f, demo.Unsigned) }, 0.15},
		{"tampered", func(f *federation) string { return usual.message(f, demo.TamperedAttribute) }, 0.30},
		{"tiny-elements", func(f *federation) string { return tinyElements(usual.message(f, demo.Unsigned), 247_000) }, 0.15},
		{"deflated", func(*federation) string { return deflated(1 << 20) }, 0.001},
	}
}

func (r refusal) refusing(parties federated) Comparison {
	message := sync.OnceValue(func() string { return r.message(parties()) })
	return Comparison{
		Name: "saml-refuse-" + r.name,
		Subjects: []Subject{
			refusedLate("lmssso", message, func() verifier { return newOurSAML(parties(), true, saml.Check{}) }),
			refusedLate("gosaml2", message, func() verifier { return newGosaml2(parties()) }),
		},
		Goals: []Goal{{Against: "gosaml2", Most: r.most}},
	}
}

// refusedLate makes a subject of a verifier that must refuse a message.
func refusedLate(name string, message func() string, set func() verifier) Subject {
	return late(name, func() func() error {
		read, text := set(), message()
		return func() error {
			if _, err := read(text); err == nil {
				return errAccepted
			}
			return nil
		}
	})
}

// replaced replaces a text that must be there once at least, the first time.
func replaced(s, old, by string) string {
	if !strings.Contains(s, old) {
		panic("bench: the message has no " + old)
	}
	return strings.Replace(s, old, by, 1)
}

// tinyElements fills a response with empty elements up to a length of the encoded message. They are just long enough for
// gosaml2, which counts how many there are, to read them.
func tinyElements(message string, length int) string {
	doc := xmlOf(message)
	const one = `<x a="123"/>`
	n := (length*3/4 - len(doc)) / len(one)
	return encoded(replaced(doc, "<samlp:Status>", "<samlp:Extensions>"+strings.Repeat(one, n)+"</samlp:Extensions><samlp:Status>"))
}

// deflated is a message as only redirects are sent, of a document that is so many bytes long when it is inflated: empty
// elements with as many attributes as it takes to stay below gosaml2's number of elements.
func deflated(length int) string {
	var one strings.Builder
	one.WriteString("<x")
	for i := range 40 {
		fmt.Fprintf(&one, ` a%d=""`, i)
	}
	one.WriteString("/>")
	doc := `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="id-1" Version="2.0">` +
		strings.Repeat(one.String(), length/one.Len()) + `</samlp:Response>`
	var packed bytes.Buffer
	w := must(flate.NewWriter(&packed, flate.BestCompression))
	_ = must(w.Write([]byte(doc)))
	if err := w.Close(); err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(packed.Bytes())
}

// flood is a hostile response in three sizes. The ratios tell how its cost grows with its length.
type flood struct {
	name string
	// message makes it, of at most so many bytes when encoded.
	message func(f *federation, length int) string
}

func floods() []flood {
	return []flood{
		{"declarations", func(f *federation, n int) string { return crowdedRoot(f, n, `xmlns:n%d="u%d" `) }},
		{"attributes", func(f *federation, n int) string { return crowdedRoot(f, n, `a%d="%d" `) }},
		{"within-limits", crowdedValues},
	}
}

func (h flood) growing(parties federated) Comparison {
	c := Comparison{Name: "saml-hostile-" + h.name}
	for _, kB := range []int{257, 65, 17} {
		name := fmt.Sprintf("%d-kB", kB)
		message := func() string { return h.message(parties(), kB*1000) }
		c.Subjects = append(c.Subjects, refusedLate(name, message, func() verifier { return newOurSAML(parties(), true, saml.Check{}) }))
		c.Goals = append(c.Goals, Goal{Against: name})
	}
	c.Goals = c.Goals[1:] // not against itself
	return c
}

// crowdedRoot gives the response's element as many attributes as there is room for.
func crowdedRoot(f *federation, length int, format string) string {
	doc := xmlOf(shapes()[0].message(f))
	var b strings.Builder
	for i := 0; len(doc)+b.Len()+40 < length*3/4; i++ {
		fmt.Fprintf(&b, format, i, i)
	}
	return encoded(replaced(doc, "<samlp:Response ", "<samlp:Response "+b.String()))
}

// crowdedValues uses what the limits allow: two dozen declarations on the assertion, and below it values, fewer than two
// thousand, each with as many attributes under those prefixes as the length has room for. The signature is a good one of
// the provider, over what stood there before: it is refused only once all of it is canonicalized and hashed.
func crowdedValues(f *federation, length int) string {
	const room, most = 24, 1900
	doc := xmlOf(shapes()[0].message(f))
	var declared, used, values strings.Builder
	for i := range room {
		fmt.Fprintf(&declared, ` xmlns:n%d="u%d"`, i, i)
	}
	left := length*3/4 - len(doc) - declared.Len()
	each := max(left/most, 90)
	for i := 0; i < room && used.Len()+40+len("</saml:AttributeValue>") < each; i++ {
		fmt.Fprintf(&used, ` n%d:a=""`, i)
	}
	one := "<saml:AttributeValue" + used.String() + "></saml:AttributeValue>"
	one = replaced(one, "><", ">"+strings.Repeat("v", max(each-len(one), 1))+"<")
	values.WriteString(strings.Repeat(one, min(left/len(one), most)))
	doc = replaced(doc, "<saml:Assertion ", "<saml:Assertion"+declared.String()+" ")
	return encoded(replaced(doc, "</saml:Attribute>", values.String()+"</saml:Attribute>"))
}
