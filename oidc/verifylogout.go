package oidc

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/internal/strictjson"
)

// loggedOut is a logout token that passed every check and was not used before.
type loggedOut struct {
	// issuer and id are iss and jti.
	issuer, id string
	// subject and session are sub and sid; one of them may be "".
	subject, session string
	// key names the sessions to end, as [verifier.assertion] named them.
	key lmssso.SessionKey
	// spent is the key under which the token is remembered as used.
	spent string
}

// logoutToken verifies a logout token and remembers it as used (OpenID Connect Back-Channel Logout 1.0 section 2.6).
func (v *verifier) logoutToken(ctx context.Context, raw string, f *facts) (out loggedOut, err error) {
	defer refusePanic(&err, func() { out = loggedOut{} })
	if f == nil || f.issuer == "" {
		return loggedOut{}, refuse(ErrSetup, lmssso.Error{Detail: "the provider's issuer is not known"})
	}
	_, claims, err := v.open(ctx, raw, reading{max: maxToken, algorithm: v.algorithm, types: logoutTokenTypes()})
	if err != nil {
		return loggedOut{}, err
	}
	if out, err = v.judgeLogout(claims, f); err != nil {
		return loggedOut{}, err
	}
	if out.spent, err = v.spendLogout(ctx, claims, out); err != nil {
		return loggedOut{}, err
	}
	return out, nil
}

// judgeLogout applies the rules of a logout token to authentic claims.
//
// exp is judged where it is there. The final specification requires it, its drafts did not know it, and providers that
// follow them leave it out (Ory Hydra issue 4035, LemonLDAP::NG). Nothing is lost: iat is always required and bounds a
// token's life more tightly.
func (v *verifier) judgeLogout(c strictjson.Object, f *facts) (out loggedOut, err error) {
	w, tenantID := v.window(), ""
	if out.issuer, tenantID, err = checkIssuer(c, f.issuer, v.cfg.OP.AllowedTenantIDs); err != nil {
		return loggedOut{}, err
	}
	for _, check := range []func() error{
		func() error { _, err := checkAudience(c, v.cfg.RP.ClientID, v.cfg.Check.TrustedAudiences); return err },
		func() error { return w.checkExpiry(c, false) },
		func() error { return w.checkIssued(c) },
		func() error { return w.checkNotBefore(c) },
		func() error { return checkEvents(c) },
		func() error { return checkNoNonce(c) },
		func() error { return checkKept(c) },
	} {
		if err := check(); err != nil {
			return loggedOut{}, err
		}
	}
	if out.id = checkedText(c, "jti"); out.id == "" {
		return loggedOut{}, refuse(ErrLogoutToken, lmssso.Error{Detail: "jti is missing or empty"})
	}
	if out.subject, out.session, err = checkWhose(c); err != nil {
		return loggedOut{}, err
	}
	out.key = lmssso.SessionKey{Connection: v.cfg.Connection, Index: out.session}
	if out.subject != "" {
		out.key.Subject = subjectOf(out.subject, out.issuer, tenantID)
	}
	return out, nil
}

// checkEvents wants the logout event, which no ID token has (section 2.4).
func checkEvents(c strictjson.Object) error {
	events, _ := c.Get("events").Object()
	if events.Get(logoutEvent).Kind() != strictjson.Map {
		return refuse(ErrLogoutToken, lmssso.Error{Detail: "events does not hold the logout event", Expected: "an object named " + logoutEvent})
	}
	return nil
}

// checkNoNonce refuses a nonce, so that no ID token passes for a logout token (section 2.4).
func checkNoNonce(c strictjson.Object) error {
	if c.Get("nonce").Kind() != strictjson.Missing {
		return refuse(ErrLogoutToken, lmssso.Error{Detail: "a logout token must not have a nonce"})
	}
	return nil
}

// checkWhose wants to know whose sessions end: by sub, by sid, or by both (section 2.4).
func checkWhose(c strictjson.Object) (subject, session string, err error) {
	if !isAbsent(c.Get("sub")) {
		if subject, err = checkSubject(c); err != nil {
			return "", "", err
		}
	}
	if session = checkedText(c, "sid"); session == "" && subject == "" {
		return "", "", refuse(ErrLogoutToken, lmssso.Error{Detail: "the logout token has neither sub nor sid"})
	}
	return subject, session, nil
}

// spendLogout remembers a token as used, for as long as it could pass again, and returns under which key. It is the last check.
func (v *verifier) spendLogout(ctx context.Context, c strictjson.Object, out loggedOut) (key string, err error) {
	issued, _, err := timeClaim(c, "iat")
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(v.cfg.Connection + "\x00logout\x00" + out.issuer + "\x00" + out.id))
	key = "r" + base64.RawURLEncoding.EncodeToString(sum[:])
	first, err := v.cfg.SingleUse.Add(ctx, key, nil, issued.Add(maxTokenAge+2*v.cfg.Check.Leeway+time.Second))
	if err != nil {
		return "", refuse(lmssso.ErrUnavailable, lmssso.Error{Detail: "the single-use store failed", Err: err})
	}
	if !first {
		return "", refuse(lmssso.ErrReplayed, lmssso.Error{Detail: "the logout token was used before"})
	}
	return key, nil
}

// unspend forgets a token whose sessions could not be ended: the provider, which is told to ask again, has no other.
func (v *verifier) unspend(ctx context.Context, out loggedOut) error {
	_, _, err := v.cfg.SingleUse.Take(context.WithoutCancel(ctx), out.spent)
	return err
}
