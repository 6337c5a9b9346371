package tenant

import (
	"net/http"

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
	// build makes the handlers of a checked connection.
	build(c Connection, b builder) (built, error)
}

// endpoint is one route of one connection.
type endpoint struct {
	path    string // without the tenant's slug
	methods []string
	// login is verified and signed in at this endpoint, under the log's name action.
	login  lmssso.Authenticator
	action string
	// handler answers where nobody is signed in.
	handler http.Handler
	// inherited answers for a tenant without a set-up of its own, on the main site's behalf; nil answers 404.
	inherited func(tenant string) http.Handler
}

// logouter is a connection that can end the provider's session too. key is what a SAML provider knows the session by, hint
// what an OpenID provider does.
type logouter interface {
	startLogout(w http.ResponseWriter, r *http.Request, key lmssso.SessionKey, hint lmssso.Secret, returnTo string) error
}

// built is a connection's handlers.
type built struct {
	endpoints []endpoint
	logout    logouter     // nil where the protocol has none
	close     func() error // ends what works in the background; nil where nothing does
}

// plugOf returns the protocol's plug.
func plugOf(p lmssso.Protocol) (plug, bool) {
	switch p {
	case lmssso.JWT:
		return jwtPlug{}, true
	case lmssso.SAML:
		return samlPlug{}, true
	case lmssso.OIDC:
		return oidcPlug{}, true
	default:
		return nil, false
	}
}
