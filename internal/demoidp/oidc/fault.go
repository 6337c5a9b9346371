package oidc

import (
	"fmt"
	"slices"
	"strings"
)

// Fault is one known way for a provider, or for somebody between, to be wrong. A relying party must refuse each, by a reason
// of its own.
type Fault string

// Side says whose answer a fault is in.
type Side string

// The sides.
const (
	AnswerSide    Side = "answer"    // the answer at the redirect URI
	TokenSide     Side = "token"     // an ID token, wherever it comes
	ExchangeSide  Side = "exchange"  // the token endpoint's answer
	UserinfoSide  Side = "userinfo"  // the userinfo endpoint's answer
	DiscoverySide Side = "discovery" // the discovery document
	KeysSide      Side = "keys"      // the keys
	LogoutSide    Side = "logout"    // a logout token
)

// Needs is what must be so for a fault to show. The zero value needs nothing.
type Needs struct {
	// ResponseTypes are those it can be made with; empty is all.
	ResponseTypes []string
	// Algorithm is how the algorithm of tokens must begin: RS for a provider with an RSA key, ES for ECDSA; "" is any but HS.
	Algorithm string
	// MaxAge needs a request with max_age. Template needs an issuer with {tenantid}. Earlier needs a login before this one.
	MaxAge, Template, Earlier bool
	// Email needs a user with an email claim and the scope for it.
	Email bool
	// SignedUserinfo needs a client whose userinfo is signed.
	SignedUserinfo bool
	// Contexts needs a relying party that accepts certain authentication contexts alone, [WeakContext] not among them.
	Contexts bool
	// TLS needs a provider by https. PublicOnly needs a relying party that asks no private addresses.
	TLS, PublicOnly bool
	// TrustedAudience needs a relying party that trusts [OtherAudience] beside itself.
	TrustedAudience bool
}

// Explanation says in a sentence what the fault does and why that must be refused.
func (f Fault) Explanation() string {
	c, _ := find(f)
	return c.text
}

// Group is a heading to list the fault under.
func (f Fault) Group() string {
	g, _ := groupOf(f)
	return g.title
}

// Side says whose answer it is in.
func (f Fault) Side() Side {
	g, _ := groupOf(f)
	return g.side
}

// Needs says what must be so for it to show.
func (f Fault) Needs() Needs {
	c, _ := find(f)
	return c.needs
}

// Applies says whether a fault shows with a response type: what is wrong at the token endpoint does not without a code.
func (f Fault) Applies(responseType string) bool {
	words := strings.Fields(responseType)
	slices.Sort(words)
	n := f.Needs()
	switch side := f.Side(); {
	case side == ExchangeSide && !slices.Contains(words, "code"), side == UserinfoSide && !slices.Contains(words, "code") && !slices.Contains(words, "token"):
		return false
	}
	return len(n.ResponseTypes) == 0 || slices.Contains(n.ResponseTypes, strings.Join(words, " "))
}

// Faults lists all faults of logins, group by group.
func Faults() []Fault {
	return list(func(s Side) bool { return s != LogoutSide })
}

// LogoutFaults lists the faults that logout tokens can have.
func LogoutFaults() []Fault {
	return list(func(s Side) bool { return s == LogoutSide })
}

func list(of func(Side) bool) []Fault {
	var out []Fault
	for _, g := range menu() {
		for _, c := range g.changes {
			if of(g.side) {
				out = append(out, c.fault)
			}
		}
	}
	return out
}

// change is how a fault is made: at one or more steps on the way from the good answer to the wire.
type change struct {
	fault Fault
	text  string
	needs Needs
	// grant changes what the provider remembers, token an ID or logout token before it is written, answer what goes to the
	// redirect URI.
	grant  func(*scene, *grant)
	token  func(*scene, *token) error
	answer func(*scene, *Answer) error
	// said changes the members an endpoint answers with, reply the finished answer. Which endpoint is the group's side.
	said  func(*scene, *object) error
	reply func(*reply)
	// keys changes the keys published.
	keys func(*scene, []object) ([]object, error)
}

type group struct {
	title   string
	side    Side
	changes []change
}

func menu() []group {
	return []group{
		{"Signature", TokenSide, signatureFaults()},
		{"Algorithm", TokenSide, algorithmFaults()},
		{"Header", TokenSide, headerFaults()},
		{"Text of the token", TokenSide, textFaults()},
		{"Names that stand twice", TokenSide, twiceFaults()},
		{"Issuer and audience", TokenSide, addressFaults()},
		{"Time", TokenSide, timeFaults()},
		{"Subject", TokenSide, subjectFaults()},
		{"What ties the token to the login", TokenSide, tieFaults()},
		{"Answer: whose and for whom", AnswerSide, stateFaults()},
		{"Answer: its parts", AnswerSide, partFaults()},
		{"Token endpoint", ExchangeSide, exchangeFaults()},
		{"Userinfo", UserinfoSide, userinfoFaults()},
		{"Discovery document", DiscoverySide, discoveryFaults()},
		{"Keys", KeysSide, keyFaults()},
		{"Logout token", LogoutSide, logoutFaults()},
	}
}

func groupOf(f Fault) (group, bool) {
	for _, g := range menu() {
		if slices.ContainsFunc(g.changes, func(c change) bool { return c.fault == f }) {
			return g, true
		}
	}
	return group{}, false
}

func find(f Fault) (change, bool) {
	g, _ := groupOf(f)
	for _, c := range g.changes {
		if c.fault == f {
			return c, true
		}
	}
	return change{}, false
}

// changesOf gives the changes of faults by side. An unknown fault is an error.
func changesOf(faults []Fault) (map[Side][]change, error) {
	out := map[Side][]change{}
	for _, f := range faults {
		g, ok := groupOf(f)
		if !ok {
			return nil, fmt.Errorf("no fault is called %q", clip(string(f)))
		}
		c, _ := find(f)
		out[g.side] = append(out[g.side], c)
	}
	return out, nil
}
