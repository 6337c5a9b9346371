package oidc

import (
	"context"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/internal/strictjson"
)

// userClaims is a userinfo answer that passed every check. The zero userClaims is none.
type userClaims struct {
	claims strictjson.Object
}

// userinfo verifies a userinfo answer (OpenID Connect Core section 5.3.2, 5.3.4): strict JSON, or a JWT by one of the
// provider's keys when signed says so, and in both cases about the ID token's user, to the letter.
func (v *verifier) userinfo(ctx context.Context, body string, signed bool, idt verified) (out userClaims, err error) {
	defer refusePanic(&err, func() { out = userClaims{} })
	var claims strictjson.Object
	if signed {
		claims, err = v.signedUserinfo(ctx, body, idt)
	} else if want := v.cfg.Request.Userinfo.SigningAlgorithm; want != "" {
		err = refuse(ErrTokenAlgorithm, lmssso.Error{Detail: "the userinfo answer is not signed", Expected: quoted(want), Received: "plain JSON"})
	} else if claims, err = strictjson.Parse(body, claimLimits(maxUserinfo)); err != nil {
		err = refuse(ErrUserinfo, lmssso.Error{Detail: "the userinfo answer: " + err.Error()})
	}
	if err != nil {
		return userClaims{}, err
	}
	if err := checkSameSubject(claims, idt.subject); err != nil {
		return userClaims{}, err
	}
	return userClaims{claims: claims}, nil
}

// signedUserinfo verifies a userinfo answer that is a JWT. Its iss and aud should be there and its times may be; what is
// there must hold (section 5.3.2). Providers write aud as a text or as a list.
func (v *verifier) signedUserinfo(ctx context.Context, body string, idt verified) (strictjson.Object, error) {
	_, claims, err := v.open(ctx, body, reading{max: maxUserinfo, algorithm: v.infoAlgorithm, types: idTokenTypes()})
	if err != nil {
		return strictjson.Object{}, err
	}
	w := v.window()
	for _, check := range []func() error{
		func() error { return checkPurpose(claims) },
		func() error { return checkInfoIssuer(claims, idt.issuer) },
		func() error { return v.checkInfoAudience(claims) },
		func() error { return w.checkExpiry(claims, false) },
		func() error { return w.checkNotBefore(claims) },
	} {
		if err := check(); err != nil {
			return strictjson.Object{}, err
		}
	}
	return claims, nil
}

// checkInfoIssuer wants a signed answer's iss, where there is one, to be the ID token's.
func checkInfoIssuer(c strictjson.Object, want string) error {
	iss, given, err := textClaim(c, "iss")
	if err == nil && given && iss != want {
		err = otherIssuer(want, iss)
	}
	return err
}

// checkInfoAudience wants this client in a signed answer's aud, where there is one.
func (v *verifier) checkInfoAudience(c strictjson.Object) error {
	if c.Get("aud").Kind() == strictjson.Missing {
		return nil
	}
	_, err := checkAudience(c, v.cfg.RP.ClientID, v.cfg.Check.TrustedAudiences)
	return err
}

// checkSameSubject compares the answer's sub with the ID token's, byte for byte (section 5.3.2): another user's claims are
// what an exchanged access token brings.
func checkSameSubject(c strictjson.Object, want string) error {
	if sub := c.Get("sub"); want == "" || sub.Kind() != strictjson.Text || sub.Text() != want {
		return refuse(ErrUserinfoSubject, lmssso.Error{Detail: "the userinfo answer's sub is missing or another"})
	}
	return nil
}

// String hides the claims.
func (userClaims) String() string { return redacted }

// GoString hides them from %#v.
func (userClaims) GoString() string { return redacted }
