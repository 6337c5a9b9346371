package bench

import (
	"sync"
	"testing"

	demo "github.com/lmssso/lmssso/internal/demoidp/saml"
	"github.com/lmssso/lmssso/saml"
)

// federated makes the parties at the first call: their keys take a while.
type federated func() *federation

func newFederated() federated { return sync.OnceValue(newFederation) }

// shape is one kind of response.
type shape struct {
	// name names it.
	name string
	// what is signed, and whether the assertion is encrypted: by AES-128-GCM, the only one all know, with a key sent by
	// RSA-OAEP.
	what   demo.What
	sealed bool
	// groups is how many groups the user is in.
	groups int
	// sizes are the library's limits, where the usual ones do not do.
	sizes saml.Check
	// plain leaves the types off the values, which are most of a value's length.
	plain bool
	// peers are the other libraries that take it: goxmldsig's limits, as they use it, refuse many values.
	peers []string
	// goals against the others.
	goals []Goal
}

// fewGroups makes a response of about 9 kB with a signature, manyGroups one of about 100.
const (
	fewGroups  = 6
	manyGroups = 500
)

// shapes lists the responses that must be accepted.
func shapes() []shape {
	one := []Goal{{Against: "crewjam", Most: 0.35}, {Against: "gosaml2", Most: 0.35}, {Against: "floor"}}
	two := []Goal{{Against: "crewjam", Most: 0.50}, {Against: "gosaml2", Most: 0.50}, {Against: "floor"}}
	sealed := []Goal{{Against: "floor", Most: 2.4}, {Against: "crewjam"}, {Against: "gosaml2"}}
	most := saml.Check{Elements: 10_000, FormValue: 1 << 20}
	both := []string{"gosaml2", "crewjam"}
	return []shape{
		{name: "signed-assertion", what: demo.SignAssertion, groups: fewGroups, peers: both, goals: one},
		{name: "signed-response", what: demo.SignResponse, groups: fewGroups, peers: both, goals: one},
		{name: "both-signed", what: demo.SignBoth, groups: fewGroups, peers: both, goals: two},
		{name: "encrypted", what: demo.SignAssertion, sealed: true, groups: fewGroups, peers: both, goals: sealed},
		{
			name: "500-groups", what: demo.SignAssertion, groups: manyGroups, peers: []string{"crewjam"},
			goals: []Goal{{Against: "crewjam", Most: 0.33}, {Against: "floor"}},
		},
		{
			name: "5000-groups", what: demo.SignAssertion, groups: 10 * manyGroups, plain: true, sizes: most,
			goals: []Goal{{Against: "floor"}},
		},
	}
}

func (s shape) how(faults ...demo.Fault) demo.How {
	return demo.How{
		Signing: demo.Signing{What: s.what}, Encryption: demo.Encryption{On: s.sealed, Cipher: demo.AES128GCM},
		Style: demo.Style{Untyped: s.plain}, Faults: faults,
	}
}

// message is a good response, or one with faults.
func (s shape) message(f *federation, faults ...demo.Fault) string {
	return f.respond(member(s.groups), s.how(faults...))
}

func (s shape) signatures() int {
	if s.what == demo.SignBoth {
		return 2
	}
	return 1
}

// reader is something that reads responses.
type reader struct {
	name string
	// make sets it up. The floor knows one message, the good one; the others do not look at it.
	make func(f *federation, good string) verifier
}

// readers lists what reads the shape, the library first.
func (s shape) readers() []reader {
	out := []reader{{"lmssso", func(f *federation, _ string) verifier { return newOurSAML(f, !s.sealed, s.sizes) }}}
	for _, name := range s.peers {
		out = append(out, reader{name, func(f *federation, _ string) verifier { return newPeer(f, name) }})
	}
	return append(out, reader{"floor", func(f *federation, good string) verifier {
		return newSAMLFloor(f, good, s.signatures(), s.sealed)
	}})
}

func newPeer(f *federation, name string) verifier {
	if name == "gosaml2" {
		return newGosaml2(f)
	}
	return newCrewjam(f)
}

// late makes a subject whose operation is set up when it is first measured.
func late(name string, set func() func() error) Subject {
	ready := sync.OnceValue(set)
	return Subject{name, func(b *testing.B) { operation(name, ready()).Bench(b) }}
}

// reading compares everything that reads one shape.
func (s shape) reading(parties federated) Comparison {
	good := sync.OnceValue(func() string { return s.message(parties()) })
	c := Comparison{Name: "saml-" + s.name, Goals: s.goals}
	for _, r := range s.readers() {
		c.Subjects = append(c.Subjects, late(r.name, func() func() error {
			message := good()
			read := r.make(parties(), message)
			return func() error {
				_, err := read(message)
				return err
			}
		}))
	}
	return c
}

// bySAML lists everything that is measured of SAML.
func bySAML() []Comparison {
	var out []Comparison
	parties := newFederated()
	for _, s := range shapes() {
		out = append(out, s.reading(parties))
	}
	for _, r := range refusals() {
		out = append(out, r.refusing(parties))
	}
	for _, h := range floods() {
		out = append(out, h.growing(parties))
	}
	return append(out, aggregating(parties))
}
