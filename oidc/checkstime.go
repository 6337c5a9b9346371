package oidc

import (
	"math"
	"strconv"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/internal/strictjson"
)

// Times are compared with times. A difference of two that a token chose is cut off at 292 years and would deceive.

// window is what times are compared with.
type window struct {
	now    time.Time
	leeway time.Duration
}

func (v *verifier) window() window { return window{now: v.cfg.Now(), leeway: v.cfg.Check.Leeway} }

// timeClaim reads a NumericDate, where there is one (RFC 7519 section 2). A time that is not a number, not finite or
// outside the years 1970 to 9999 is refused: such values wrap around and become "no limit".
func timeClaim(c strictjson.Object, name string) (at time.Time, given bool, err error) {
	v := c.Get(name)
	switch v.Kind() {
	case strictjson.Number:
	case strictjson.Missing:
		return time.Time{}, false, nil
	default:
		return time.Time{}, false, wrongClaimType(name, "a number", v)
	}
	seconds, err := strconv.ParseFloat(v.Text(), 64)
	if err != nil || !(seconds >= 1 && seconds <= lastSecond) {
		return time.Time{}, false, refuse(ErrClaimType, lmssso.Error{Detail: "the claim " + name + " is no time", Expected: "1 to 253402300799 seconds"})
	}
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(fraction*1e9)).UTC(), true, nil
}

// checkExpiry refuses a token at and after its exp (section 3.1.3.7, 9.).
func (w window) checkExpiry(c strictjson.Object, required bool) error {
	exp, given, err := timeClaim(c, "exp")
	switch {
	case err != nil:
		return err
	case !given && required:
		return missingClaim("exp")
	case given && !w.now.Add(-w.leeway).Before(exp):
		return refuse(ErrTokenExpired, lmssso.Error{Detail: "the token expired", Expected: "a leeway of " + w.leeway.String(), Received: "expired " + secondsText(w.now.Sub(exp)) + " ago"})
	default:
		return nil
	}
}

// checkIssued wants iat not in the future and at most ten minutes ago (section 3.1.3.7, 10.).
func (w window) checkIssued(c strictjson.Object) error {
	iat, given, err := timeClaim(c, "iat")
	switch {
	case err != nil:
		return err
	case !given:
		return missingClaim("iat")
	case w.now.Add(w.leeway).Before(iat):
		return refuse(ErrTokenFromFuture, lmssso.Error{Detail: "the token was issued in the future", Received: secondsText(iat.Sub(w.now)) + " ahead"})
	case w.now.Add(-w.leeway).After(iat.Add(maxTokenAge)):
		return refuse(ErrTokenTooOld, lmssso.Error{Detail: "the token was issued too long ago", Expected: "at most " + maxTokenAge.String(), Received: secondsText(w.now.Sub(iat)) + " ago"})
	default:
		return nil
	}
}

// checkNotBefore refuses a token before its nbf, where it has one (RFC 7519 section 4.1.5).
func (w window) checkNotBefore(c strictjson.Object) error {
	nbf, given, err := timeClaim(c, "nbf")
	if err != nil {
		return err
	}
	if given && w.now.Add(w.leeway).Before(nbf) {
		return refuse(ErrTokenNotYet, lmssso.Error{Detail: "the token does not hold yet", Received: "holds in " + secondsText(nbf.Sub(w.now))})
	}
	return nil
}

// secondsText words a difference. It is for texts alone: a difference is cut off at 292 years.
func secondsText(d time.Duration) string {
	return strconv.FormatFloat(d.Round(time.Millisecond).Seconds(), 'f', -1, 64) + " s"
}

// checkAuthTime wants auth_time where max_age or a new authentication was asked for (sections 2 and 3.1.3.7, 13.):
// no older than the shorter of what the request and the connection ask, and with prompt=login not before the request began.
func (w window) checkAuthTime(c strictjson.Object, pend *Pending, most time.Duration) error {
	at, given, err := timeClaim(c, "auth_time")
	if err != nil {
		return err
	}
	if pend.MaxAuthnAge > 0 && (most == 0 || pend.MaxAuthnAge < most) {
		most = pend.MaxAuthnAge
	}
	if most == 0 && !pend.Fresh {
		return nil
	}
	refused := func(detail string) error { return refuse(ErrAuthTime, lmssso.Error{Detail: detail}) }
	switch {
	case !given:
		return refused("auth_time is missing")
	case w.now.Add(w.leeway).Before(at):
		return refused("auth_time lies " + secondsText(at.Sub(w.now)) + " in the future")
	case pend.Fresh && at.Add(w.leeway).Before(pend.Begun.Truncate(time.Second)):
		return refused("a new authentication was asked for, and auth_time lies " + secondsText(pend.Begun.Sub(at)) + " before the request")
	case most > 0 && w.now.Add(-w.leeway).Add(-most).After(at):
		return refused("the authentication is " + secondsText(w.now.Sub(at)) + " old, and at most " + most.String() + " was asked for")
	default:
		return nil
	}
}
