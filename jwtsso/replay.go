package jwtsso

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"github.com/lmssso/lmssso"
)

// forever is how long a token is remembered that never ages by itself: longer than any key should live.
const forever = 50 * 365 * 24 * time.Hour

// spend records the token as used. It is the last check: only a token that would sign somebody in is spent.
func (v *Verifier) spend(ctx context.Context, t token, f facts) error {
	if v.cfg.AllowReplay {
		return nil
	}
	first, err := v.cfg.SingleUse.Add(ctx, v.replayKey(t, f), nil, v.rememberUntil(f))
	if err != nil {
		return refuse(lmssso.ErrUnavailable, lmssso.Error{Detail: "the single-use store failed", Err: err})
	}
	if !first {
		return refuse(lmssso.ErrReplayed, lmssso.Error{Detail: "the token was used before"})
	}
	return nil
}

// replayKey names the token within its connection: by its id when it has one, else by its decoded signature.
//
// One name is enough. Copies of a token have the same signed id, so the id stops them, and it also stops a second token
// made with the same id, which a digest of the signature would let through. Without an id the decoded signature is the
// token: it covers every byte of the rest, and how it was encoded does not matter. The letters j and s keep an id that
// looks like a signature apart from one.
func (v *Verifier) replayKey(t token, f facts) string {
	buf := make([]byte, 0, 512)
	buf = append(buf, v.cfg.Connection...)
	if f.id != "" {
		buf = append(append(buf, "\x00j"...), f.id...)
	} else {
		buf = append(append(buf, "\x00s"...), t.signature...)
	}
	sum := sha256.Sum256(buf)
	key := [44]byte{0: 'r'}
	base64.RawURLEncoding.Encode(key[1:], sum[:])
	return string(key[:])
}

// rememberUntil returns when the token can no longer pass the other checks. The window's bound itself passes, hence the
// second on top.
func (v *Verifier) rememberUntil(f facts) time.Time {
	rules := v.cfg.Dialect.Time
	end := f.now.Add(forever)
	if !f.issued.IsZero() && f.issued.Add(rules.Window).Before(end) {
		end = f.issued.Add(rules.Window)
	}
	if !f.expires.IsZero() && f.expires.Before(end) {
		end = f.expires
	}
	return end.Add(time.Second)
}
