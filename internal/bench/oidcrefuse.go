package bench

import (
	"strings"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/oidc"
)

// idRefusal is an ID token that must be refused.
type idRefusal struct {
	name string
	// token makes it, for RS256.
	token func(o *openID) string
	// reason is the library's.
	reason *lmssso.Reason
}

// unknownKid is a key id nobody published.
const unknownKid = "rsa-nobody-knows"

func idRefusals() []idRefusal {
	return []idRefusal{
		{"bad-signature", func(o *openID) string { return o.forge(rs256, rsaNow, o.claims()) }, oidc.ErrTokenSignature},
		{"wrong-audience", func(o *openID) string {
			return o.sign(rs256, strings.ReplaceAll(o.claims(), rpClient, "0oa-another-site"))
		}, oidc.ErrTokenAudience},
		{"unknown-kid", func(o *openID) string { return o.forge(rs256, unknownKid, o.claims()) }, oidc.ErrTokenKey},
		{"oversized", func(o *openID) string {
			return o.forge(rs256, rsaNow, replaced(o.claims(), `"groups":[`, `"groups":[`+strings.Repeat(`"engines",`, 100_000)))
		}, oidc.ErrTokenFormat},
	}
}

// refusing compares who refuses the token, and what accepting the good one takes. For an unknown key the others ask the
// provider each time, which makes anybody who can reach the callback able to make the site do so.
func (r idRefusal) refusing(parties providing) Comparison {
	c := Comparison{
		Name:  "oidc-refuse-" + r.name,
		Goals: []Goal{{Against: "good", Most: 1.1}, {Against: "zitadel"}, {Against: "go-oidc"}},
	}
	for _, by := range idReaders()[:3] {
		c.Subjects = append(c.Subjects, late(by.name, func() func() error {
			o := parties()
			return refused(o, by.make(o, rs256), r.token(o))
		}))
	}
	c.Subjects = append(c.Subjects, late("good", func() func() error {
		o := parties()
		return warmed(newOurOIDC(o, o.posting(rs256)), o.sign(rs256, o.claims()))
	}))
	return c
}

// refused makes an operation of a verifier that has fetched what it needs, and must refuse.
func refused(o *openID, read verifier, token string) func() error {
	_ = must(read(o.sign(rs256, o.claims())))
	return func() error {
		if _, err := read(token); err == nil {
			return errAccepted
		}
		return nil
	}
}

func refusingIDs(parties providing) []Comparison {
	var out []Comparison
	for _, r := range idRefusals() {
		out = append(out, r.refusing(parties))
	}
	return out
}

// strangers is how many tokens with unknown key ids are counted.
const strangers = 1000

// fetchesFor returns how often the provider was asked for its keys while tokens came that name keys nobody knows, each
// another.
func fetchesFor(o *openID, read verifier, tokens []string) (float64, error) {
	before := o.fetches.Load()
	for _, token := range tokens {
		if _, err := read(token); err == nil {
			return 0, errAccepted
		}
	}
	return float64(o.fetches.Load() - before), nil
}

// unknown makes tokens signed by a stranger, each with a key id of its own.
func unknown(o *openID, n int) []string {
	out := make([]string, n)
	good := o.forge(rs256, unknownKid, o.claims())
	_, rest, _ := strings.Cut(good, ".")
	for i := range out {
		out[i] = encodedHeader(i) + "." + rest // the signature is wrong either way
	}
	return out
}
