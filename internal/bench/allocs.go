package bench

import (
	"maps"
	"strings"
	"testing"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
)

// rounds is how often an operation is repeated to count its allocations.
const rounds = 2000

// allocations counts what the library allocates for a token.
func allocations() []Figure {
	p, q, forged := newTokens().pool(), newTokens().pool(), sign(forgedKey, 1)
	verify, withoutStore, mint := newOurs(newRotating()), newOurs(accepting{}), newOurMinter()
	count := func(op func() error) float64 {
		return testing.AllocsPerRun(rounds, func() {
			if err := op(); err != nil {
				panic(err)
			}
		})
	}
	verified := count(func() error { _, err := verify(p.token()); return err })
	own := ownAllocations()
	return []Figure{
		{Name: "allocations: verify and validate", Value: verified},
		{Name: "allocations: the assertion's own", Value: own},
		{Name: "allocations: verify and validate before the assertion's own", Value: verified - own, Most: 15},
		{Name: "allocations: the same without the replay store", Value: count(func() error { _, err := withoutStore(q.token()); return err }) - own},
		{Name: "allocations: refuse a forged signature", Value: testing.AllocsPerRun(rounds, func() { _, _ = verify(forged) })},
		{Name: "allocations: mint", Value: count(func() error { _, err := mint(); return err })},
	}
}

// ownAllocations counts what an assertion of the sample token is made of, whoever makes it: itself, the text all its
// values share, its maps, and its lists.
func ownAllocations() float64 {
	a := login()
	var kept *lmssso.Assertion
	courses, paths := a.Access.CourseSlugs.All(), a.Access.LearningPathSlugs.All()
	n := testing.AllocsPerRun(rounds, func() {
		kept = copyAssertion(a)
		kept.Access.CourseSlugs, kept.Access.LearningPathSlugs = attrs.List(courses...), attrs.List(paths...)
	})
	if kept.Link != a.Link || len(kept.Raw) != len(a.Raw) {
		panic("bench: the copy is another assertion")
	}
	return n
}

// copyAssertion copies an assertion with everything it holds but its lists. The values share one text, as those of a
// token do.
func copyAssertion(a *lmssso.Assertion) *lmssso.Assertion {
	out := *a
	out.Link.ExternalID = strings.Clone(a.Link.ExternalID) // stands for the text the values share
	out.Profile.CustomFields = maps.Clone(a.Profile.CustomFields)
	out.Raw = copyRaw(a.Raw)
	return &out
}

// copyRaw copies the map and its lists; those of one value share an array.
func copyRaw(raw map[string][]string) map[string][]string {
	out := make(map[string][]string, len(raw))
	single := make([]string, 0, len(raw))
	for name, values := range raw {
		if len(values) == 1 {
			single = append(single, values[0])
			out[name] = single[len(single)-1 : len(single) : len(single)]
			continue
		}
		out[name] = append([]string(nil), values...)
	}
	return out
}
