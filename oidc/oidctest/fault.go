package oidctest

import demo "github.com/lmssso/lmssso/internal/demoidp/oidc"

// Fault is one known way for a provider, or for somebody between, to be wrong. A relying party must refuse each.
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
func (f Fault) Explanation() string { return demo.Fault(f).Explanation() }

// Group is a heading to list the fault under.
func (f Fault) Group() string { return demo.Fault(f).Group() }

// Side says whose answer it is in.
func (f Fault) Side() Side { return Side(demo.Fault(f).Side()) }

// Needs says what must be so for it to show.
func (f Fault) Needs() Needs { return Needs(demo.Fault(f).Needs()) }

// Applies says whether it shows with a response type: what is wrong at the token endpoint does not without a code.
func (f Fault) Applies(responseType string) bool { return demo.Fault(f).Applies(responseType) }

// Faults lists all faults of logins, group by group.
func Faults() []Fault { return own(demo.Faults()) }

// LogoutFaults lists the faults that logout tokens can have.
func LogoutFaults() []Fault { return own(demo.LogoutFaults()) }

func own(faults []demo.Fault) []Fault {
	out := make([]Fault, len(faults))
	for i, f := range faults {
		out[i] = Fault(f)
	}
	return out
}

func demoFaults(faults []Fault) []demo.Fault {
	out := make([]demo.Fault, len(faults))
	for i, f := range faults {
		out[i] = demo.Fault(f)
	}
	return out
}
