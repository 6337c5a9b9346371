package tenant

import (
	"github.com/lmssso/lmssso"
)

// plug is what a protocol brings to be configured and mounted. Every protocol is one implementation, in a file of its own.
type plug interface {
	// check lists what is wrong with the connection's settings for this protocol, by paths below the connection's.
	check(c Connection) Faults
	// paths returns the paths the connection answers on, without a tenant's slug. No two connections of one site share one.
	paths(c Connection) []string
	// defaults returns the account rules the connection starts from.
	defaults(c Connection) lmssso.AccountPolicy
	// endpoints builds the handlers of a checked connection.
	endpoints(c Connection, b builder) ([]endpoint, error)
}

// endpoint is one route of one connection.
type endpoint struct {
	path    string // without the tenant's slug
	methods []string
	action  string // the log's name for it
	login   lmssso.Authenticator
}

// plugOf returns the protocol's plug.
func plugOf(p lmssso.Protocol) (plug, bool) {
	switch p {
	case lmssso.JWT:
		return jwtPlug{}, true
	default:
		return nil, false
	}
}
