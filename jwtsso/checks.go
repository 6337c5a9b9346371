package jwtsso

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/internal/strictjson"
)

// One check, one function, one reason. The order they run in is in verifier.go.

// maxQuoted bounds how much of a header an error repeats. Headers hold no personal data.
const maxQuoted = 40

func quoted(s string) string {
	if len(s) > maxQuoted {
		s = s[:maxQuoted]
	}
	return strconv.Quote(s)
}

// checkHeaderMembers lets only alg, typ and kid pass (an allow-list, so that an extension nobody thought of is refused).
func checkHeaderMembers(h strictjson.Object) error {
	for name, v := range h.All() {
		switch name {
		case "alg", "typ":
		case "kid":
			if err := checkKeyID(v); err != nil {
				return err
			}
		default:
			return refuse(headerReason(name), lmssso.Error{Detail: "header member " + quoted(name), Expected: "alg, typ, kid"})
		}
	}
	return nil
}

// checkKeyID wants kid to be text (RFC 7515 section 4.1.4). It chooses nothing: every live key is tried.
func checkKeyID(v strictjson.Value) error {
	if v.Kind() != strictjson.Text {
		return refuse(ErrHeader, lmssso.Error{Detail: "kid is not text", Received: v.Kind().String()})
	}
	return nil
}

// headerReason tells apart the header members that attacks have used.
func headerReason(name string) *lmssso.Reason {
	switch name {
	case "crit":
		return ErrCritical
	case "b64":
		return ErrUnencoded
	case "zip":
		return ErrCompressed
	case "jwk":
		return ErrHeaderJWK
	case "jku":
		return ErrHeaderJKU
	case "x5u":
		return ErrHeaderX5U
	case "x5c":
		return ErrHeaderX5C
	default:
		return ErrHeader
	}
}

// checkAlgorithm wants the dialect's algorithm, byte for byte (RFC 8725 section 3.1). The key was bound to it beforehand,
// so the header chooses nothing; a header that lies is refused all the same.
func checkAlgorithm(v strictjson.Value, want Algorithm) error {
	got := v.Text()
	switch {
	case v.Kind() == strictjson.Text && got == string(want):
		return nil
	case v.Kind() == strictjson.Missing:
		return refuse(ErrAlgorithmMissing, lmssso.Error{Detail: "the header has no alg", Expected: string(want)})
	case strings.EqualFold(got, "none"):
		return refuse(ErrUnsecured, lmssso.Error{Detail: "the token is not signed", Expected: string(want), Received: quoted(got)})
	default:
		return refuse(lmssso.ErrAlgorithm, lmssso.Error{Detail: "another algorithm", Expected: string(want), Received: quoted(got)})
	}
}

// checkType wants typ JWT or none (RFC 7519 section 5.1). It is a media type, so case does not count. Tokens made for
// another purpose, such as at+jwt or logout+jwt, say so here (RFC 8725 section 3.11).
func checkType(v strictjson.Value) error {
	if v.Kind() == strictjson.Missing || v.Kind() == strictjson.Text && len(v.Text()) == 3 && strings.EqualFold(v.Text(), "JWT") {
		return nil
	}
	return refuse(ErrType, lmssso.Error{Detail: "typ is another", Expected: `"JWT", or none`, Received: quoted(v.Text())})
}

// checkSignature tries every live key and stops at none, so that the time it takes does not tell which key signed.
func checkSignature(keys []checker, t token) error {
	ok := false
	for _, k := range keys {
		good := k.check(t.input, t.signature)
		ok = ok || good
	}
	if !ok {
		return refuse(lmssso.ErrSignature, lmssso.Error{Detail: "no live key of the connection made the signature"})
	}
	return nil
}

// lastSecond is the end of the year 9999: beyond it time.Time's texts and many databases fail.
const lastSecond = 253402300799

// readTime reads a NumericDate in the given unit (RFC 7519 section 2). A time that is not a number, not finite or
// outside the years 1970 to 9999 is refused: such values have wrapped around and become "no limit" elsewhere.
func readTime(name string, v strictjson.Value, unit time.Duration) (time.Time, error) {
	if v.Kind() != strictjson.Number {
		return time.Time{}, refuse(ErrTimeType, lmssso.Error{Detail: name + " is not a number", Received: v.Kind().String()})
	}
	n, err := strconv.ParseFloat(v.Text(), 64)
	seconds := n / float64(time.Second/unit)
	if err != nil || !(seconds >= 1 && seconds <= lastSecond) {
		return time.Time{}, refuse(ErrTimeRange, lmssso.Error{Detail: name + " is no time", Expected: fmt.Sprintf("1 to %d seconds", lastSecond)})
	}
	whole, fraction := math.Modf(seconds)
	return time.Unix(int64(whole), int64(fraction*1e9)).UTC(), nil
}

// checkAge wants |now - issued| within the window; the bound itself passes.
func checkAge(issued, now time.Time, window time.Duration) error {
	age := now.Sub(issued)
	if age > window {
		return refuse(lmssso.ErrExpired, lmssso.Error{
			Detail: "the token was issued too long ago", Expected: within(window), Received: "issued " + inSeconds(age) + " ago",
		})
	}
	if ahead := issued.Sub(now); ahead > window { // not -age: a difference is cut off at 292 years, and the negative bound has no opposite
		return refuse(lmssso.ErrNotYetValid, lmssso.Error{
			Detail: "the token was issued in the future", Expected: within(window), Received: "issued " + inSeconds(ahead) + " ahead",
		})
	}
	return nil
}

func within(window time.Duration) string {
	return "within " + inSeconds(window) + " of this server's clock"
}

func inSeconds(d time.Duration) string {
	return strconv.FormatFloat(d.Round(time.Millisecond).Seconds(), 'f', -1, 64) + " s"
}

// checkExpiry is strict: at exp the token is over (RFC 7519 section 4.1.4), without leeway, because the window is the
// whole tolerance.
func checkExpiry(expires, now time.Time) error {
	if !now.Before(expires) {
		return refuse(lmssso.ErrExpired, lmssso.Error{Detail: "the token expired", Received: "expired " + inSeconds(now.Sub(expires)) + " ago"})
	}
	return nil
}

// checkLifetime bounds the expiry of a dialect that has nothing else to bound a token's life.
func checkLifetime(expires, now time.Time, window time.Duration) error {
	if ahead := expires.Sub(now); ahead > window {
		return refuse(ErrLifetime, lmssso.Error{
			Detail: "the token is valid for too long", Expected: "at most " + inSeconds(window), Received: inSeconds(ahead),
		})
	}
	return nil
}

// checkNotBefore is strict: before nbf the token does not hold (RFC 7519 section 4.1.5).
func checkNotBefore(notBefore, now time.Time) error {
	if now.Before(notBefore) {
		return refuse(lmssso.ErrNotYetValid, lmssso.Error{Detail: "the token does not hold yet", Received: "holds in " + inSeconds(notBefore.Sub(now))})
	}
	return nil
}

// checkIssuer compares iss with the configured one; nothing configured expects nothing.
func checkIssuer(v strictjson.Value, want string) error {
	if want != "" && (v.Kind() != strictjson.Text || v.Text() != want) {
		return refuse(lmssso.ErrIssuer, lmssso.Error{Detail: "iss is another, or missing", Expected: strconv.Quote(want)})
	}
	return nil
}

// checkAudience wants the configured audience in aud: as its text, or in a list of nothing but texts (RFC 7519 section
// 4.1.3). Without one configured, a token that names an audience is taken as it is: the platforms define none.
func checkAudience(v strictjson.Value, want string) error {
	if want == "" || v.Kind() == strictjson.Text && v.Text() == want {
		return nil
	}
	found := false
	for item := range v.Items() {
		if item.Kind() != strictjson.Text {
			found = false
			break
		}
		found = found || item.Text() == want
	}
	if !found {
		return refuse(lmssso.ErrAudience, lmssso.Error{Detail: "aud is another, or missing", Expected: strconv.Quote(want)})
	}
	return nil
}

const maxTokenID = 256

// checkTokenID wants the token's id, where there is one, to be a text that can serve as a key.
func checkTokenID(v strictjson.Value, rule TokenIDRule) error {
	switch {
	case v.Kind() == strictjson.Missing && !rule.Required:
		return nil
	case v.Kind() == strictjson.Missing:
		return refuse(ErrTokenIDMissing, lmssso.Error{Detail: rule.Claim + " is missing"})
	case v.Kind() != strictjson.Text || v.Text() == "" || len(v.Text()) > maxTokenID:
		return refuse(ErrTokenID, lmssso.Error{Detail: rule.Claim + " cannot serve as an id", Expected: "a text of 1 to 256 bytes"})
	default:
		return nil
	}
}
