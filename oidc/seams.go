package oidc

import (
	"context"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/lmssso/lmssso/internal/strictjson"
)

// facts are what is known of the provider, by discovery or by hand.
type facts struct {
	// issuer is the expected iss, or a template with {tenantid}.
	issuer string
	// endpoints are the addresses; each passed the fetch client's CheckURL, or the browser's equivalent.
	endpoints Endpoints
	// announcesISS is authorization_response_iss_parameter_supported (RFC 9207 section 3).
	announcesISS bool
}

// factSource gives the current facts, discovering them when they are needed first. Its error is one of the discovery reasons.
type factSource interface {
	facts(ctx context.Context) (*facts, error)
}

// keySource gives the public keys a token may have been signed with.
type keySource interface {
	// candidates returns the keys that fit the algorithm and the key id, best first, at most maxCandidates. A kid nobody knows
	// makes it fetch the set again, at most once a minute. No key is an error of its own.
	candidates(ctx context.Context, alg jose.SignatureAlgorithm, kid string) ([]jose.JSONWebKey, error)
	// newer is asked once after every candidate failed: it fetches the set again, at most once a minute, and returns the
	// candidates if they changed; none otherwise.
	newer(ctx context.Context, alg jose.SignatureAlgorithm, kid string) []jose.JSONWebKey
}

// maxCandidates bounds how many signatures are tried for a token without kid.
const maxCandidates = 8

// tokens is what the token endpoint gave for a code. It never prints.
type tokens struct {
	idToken, accessToken string
}

// String hides the tokens.
func (tokens) String() string { return redacted }

// GoString hides the tokens from %#v.
func (tokens) GoString() string { return redacted }

// redeemer talks to the token and userinfo endpoints.
type redeemer interface {
	// redeem exchanges a code for tokens. It refuses an answer without an ID token and an access token that is no Bearer token.
	redeem(ctx context.Context, f *facts, code, verifier string) (tokens, error)
	// userinfo asks the userinfo endpoint. signed says that the body is a JWT.
	userinfo(ctx context.Context, f *facts, accessToken string) (body string, signed bool, err error)
}

// expectation is what one ID token must fit.
type expectation struct {
	// facts are the provider's.
	facts *facts
	// pend is the login it answers.
	pend *Pending
	// frontChannel says that the token came through the browser, where hashes of what came with it are not optional.
	frontChannel bool
	// code and accessToken came with the token; "" when they did not.
	code, accessToken string
}

// verified is an ID token that passed every check.
type verified struct {
	raw    string
	claims strictjson.Object
	// object is the payload the claims were read from.
	object string
	// issuer and subject are iss and sub; tenantID is what filled the issuer's template, "" without one.
	issuer, subject, tenantID string
}
