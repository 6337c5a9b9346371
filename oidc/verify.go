package oidc

import (
	"context"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/internal/strictjson"
)

// verifier verifies what the provider signed, for one connection. It is immutable once keys is set, and safe for concurrent
// use.
type verifier struct {
	cfg    Config
	mapper *attrs.Mapper
	// keys are the provider's public keys; nil where only the client secret verifies. Set by whoever makes the verifier.
	keys keySource
	// secret holds the client secret as the HS256 key; nil when nothing is configured for HS256. The two sources are never
	// mixed: a public key taken for a shared secret is a secret everybody knows.
	secret keySource
	// algorithm is the one of ID and logout tokens, infoAlgorithm the one of signed userinfo answers.
	algorithm, infoAlgorithm jose.SignatureAlgorithm
}

// idToken verifies an ID token (OpenID Connect Core section 3.1.3.7). Nothing in it is believed before its signature was
// verified; what is returned passed every check.
func (v *verifier) idToken(ctx context.Context, raw string, want expectation) (out verified, err error) {
	defer refusePanic(&err, func() { out = verified{} })
	if err := checkExpectation(want); err != nil {
		return verified{}, err
	}
	object, claims, err := v.open(ctx, raw, reading{max: maxToken, algorithm: v.algorithm, types: idTokenTypes()})
	if err != nil {
		return verified{}, err
	}
	if out, err = v.judge(claims, want); err != nil {
		return verified{}, err
	}
	out.raw, out.object, out.claims = raw, object, claims
	return out, nil
}

// refusePanic makes a refusal of a panic: a bug in a parser or a codec must not become a login. clear empties the result.
func refusePanic(err *error, clear func()) {
	if p := recover(); p != nil {
		clear()
		*err = refuse(lmssso.ErrMalformed, lmssso.Error{Detail: "reading the provider's message panicked"})
	}
}

// checkExpectation refuses to verify against nothing: a rule without the thing it compares with would let everything through.
func checkExpectation(want expectation) error {
	switch {
	case want.facts == nil || want.facts.issuer == "":
		return refuse(ErrSetup, lmssso.Error{Detail: "the provider's issuer is not known"})
	case want.pend == nil || want.pend.Nonce == "":
		return refuse(ErrTokenNonce, lmssso.Error{Detail: "the login that the token should answer sent no nonce"})
	default:
		return nil
	}
}

// judge applies the rules of an ID token to authentic claims.
func (v *verifier) judge(c strictjson.Object, want expectation) (out verified, err error) {
	w := v.window()
	if out.issuer, out.tenantID, err = checkIssuer(c, want.facts.issuer, v.cfg.OP.AllowedTenantIDs); err != nil {
		return verified{}, err
	}
	if out.subject, err = checkSubject(c); err != nil {
		return verified{}, err
	}
	for _, check := range []func() error{
		func() error { return checkPurpose(c) },
		func() error { return v.checkReceivers(c) },
		func() error { return w.checkExpiry(c, true) },
		func() error { return w.checkIssued(c) },
		func() error { return w.checkNotBefore(c) },
		func() error { return checkNonce(c, want.pend.Nonce) },
		func() error { return w.checkAuthTime(c, want.pend, v.cfg.Check.MaxAuthnAge) },
		func() error { return checkCodeHash(c, v.algorithm, want.code, want.frontChannel) },
		func() error { return checkAccessTokenHash(c, v.algorithm, want.accessToken, want.frontChannel) },
		func() error { return checkStateHash(c, v.algorithm, want.pend.Handle) },
		func() error { return checkKept(c) },
	} {
		if err := check(); err != nil {
			return verified{}, err
		}
	}
	return out, nil
}

// checkReceivers judges for whom the token was made.
func (v *verifier) checkReceivers(c strictjson.Object) error {
	several, err := checkAudience(c, v.cfg.RP.ClientID, v.cfg.Check.TrustedAudiences)
	if err != nil {
		return err
	}
	return checkAuthorizedParty(c, v.cfg.RP.ClientID, several)
}

// sameUser compares the two ID tokens of a hybrid answer: one issuer, one user (OpenID Connect Core section 3.3.3.6).
func (v *verifier) sameUser(front, back verified) error {
	if front.subject == "" || front.issuer != back.issuer || front.subject != back.subject {
		return refuse(ErrIDTokensDiffer, lmssso.Error{Detail: "the two ID tokens differ in iss or sub"})
	}
	return nil
}

// String hides the token and its claims.
func (verified) String() string { return redacted }

// GoString hides them from %#v.
func (verified) GoString() string { return redacted }
