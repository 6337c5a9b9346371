package oidc

import (
	"crypto/sha256"
	"crypto/subtle"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/internal/strictjson"
)

// One check, one function, one reason. The order they run in is in verify.go. Sections are OpenID Connect Core's where
// nothing else is said.

const (
	// maxTokenAge is how long ago a token may have been issued.
	maxTokenAge = 10 * time.Minute
	// maxSubject is the longest sub (section 2).
	maxSubject = 255
	// maxAudiences bounds aud. Tokens for several name two or three.
	maxAudiences = 32
	// maxKept bounds what is remembered as long as a session, in bytes: sid, jti, acr and each of amr.
	maxKept = 1024
	// maxMethods bounds amr.
	maxMethods = 32
	// lastSecond is the end of the year 9999: beyond it time.Time's texts and many databases fail.
	lastSecond = 253402300799
	// tenantPlace is what stands in an issuer template for the tenant's id.
	tenantPlace = "{tenantid}"
	// logoutEvent is the member of events that makes a token a logout token (Back-Channel Logout section 2.4).
	logoutEvent = "http://schemas.openid.net/event/backchannel-logout"
)

// textClaim reads a claim that is a text, where there is one.
func textClaim(c strictjson.Object, name string) (text string, given bool, err error) {
	switch v := c.Get(name); v.Kind() {
	case strictjson.Text:
		return v.Text(), true, nil
	case strictjson.Missing:
		return "", false, nil
	default:
		return "", false, wrongClaimType(name, "a text", v)
	}
}

func wrongClaimType(name, expected string, v strictjson.Value) error {
	return refuse(ErrClaimType, lmssso.Error{Detail: "the claim " + name, Expected: expected, Received: v.Kind().String()})
}

func missingClaim(name string) error {
	return refuse(ErrClaimMissing, lmssso.Error{Detail: "the claim " + name + " is missing"})
}

// checkIssuer compares iss with the provider's (section 3.1.3.7, 2.), byte for byte. In a template it is the tenant's of the
// tid claim, which must be allowed (Microsoft, "Access tokens", validate the issuer). It returns the tenant's id in lower
// case, since a GUID in capitals is the same one; "" without a template.
func checkIssuer(c strictjson.Object, want string, allowed []string) (issuer, tenantID string, err error) {
	issuer, given, err := textClaim(c, "iss")
	switch {
	case err != nil:
		return "", "", err
	case !given:
		return "", "", missingClaim("iss")
	}
	if !strings.Contains(want, tenantPlace) {
		if issuer != want {
			return "", "", otherIssuer(want, issuer)
		}
		return issuer, "", nil
	}
	named, fits := filled(want, issuer)
	if !fits {
		return "", "", otherIssuer(want, issuer)
	}
	tenantID, err = checkTenantID(c, named, allowed)
	return issuer, tenantID, err
}

// filled returns what stands in the place of a template in an issuer, and whether the rest is the template's, byte for byte.
func filled(template, issuer string) (tenant string, ok bool) {
	before, after, _ := strings.Cut(template, tenantPlace)
	if tenant, ok = strings.CutPrefix(issuer, before); ok {
		tenant, ok = strings.CutSuffix(tenant, after)
	}
	return tenant, ok
}

func otherIssuer(want, got string) error {
	return refuse(ErrTokenIssuer, lmssso.Error{Detail: "another iss", Expected: quoted(want), Received: quoted(got)})
}

// checkTenantID wants the tid claim to be the one the issuer names, and an allowed one.
func checkTenantID(c strictjson.Object, named string, allowed []string) (string, error) {
	tid, _, err := textClaim(c, "tid")
	if err != nil {
		return "", err
	}
	if !isTenantGUID(tid) || tid != named {
		return "", refuse(ErrTenantID, lmssso.Error{Detail: "tid is not the tenant of iss", Expected: quoted(named), Received: quoted(tid)})
	}
	low := lowerLetters(tid)
	if !slices.ContainsFunc(allowed, func(a string) bool { return lowerLetters(a) == low }) {
		return "", refuse(ErrTenantID, lmssso.Error{Detail: "the tenant is not allowed", Received: quoted(tid)})
	}
	return low, nil
}

// isTenantGUID reports whether a text is a GUID as Entra writes tenant ids: 8-4-4-4-12 hexadecimal digits.
func isTenantGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch ch := s[i]; {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if ch != '-' {
				return false
			}
		case ch >= '0' && ch <= '9', ch >= 'a' && ch <= 'f', ch >= 'A' && ch <= 'F':
		default:
			return false
		}
	}
	return true
}

// checkSubject wants a name that can be kept: 1 to 255 ASCII characters (section 2), all of them visible or inner spaces.
// Many databases take "a" and "a " for the same text.
func checkSubject(c strictjson.Object) (string, error) {
	sub, given, err := textClaim(c, "sub")
	if err != nil {
		return "", err
	}
	if !given || sub == "" {
		return "", refuse(ErrSubject, lmssso.Error{Detail: "sub is missing or empty"})
	}
	unclean := func(r rune) bool { return r < ' ' || r > '~' }
	if len(sub) > maxSubject || strings.ContainsFunc(sub, unclean) || strings.TrimSpace(sub) != sub {
		return "", refuse(ErrSubject, lmssso.Error{
			Detail: "sub cannot serve as a name", Expected: "1 to 255 printable ASCII characters, without spaces around", Received: strconv.Itoa(len(sub)) + " bytes",
		})
	}
	return sub, nil
}

// checkPurpose refuses a logout token where an ID token is wanted: both are signed with one key, for one audience
// (Back-Channel Logout section 2.4; RFC 8725 section 2.8).
func checkPurpose(c strictjson.Object) error {
	if events, ok := c.Get("events").Object(); ok && events.Get(logoutEvent).Kind() != strictjson.Missing {
		return refuse(ErrTokenType, lmssso.Error{Detail: "the token is a logout token", Expected: "an ID token"})
	}
	return nil
}

// checkAudience wants this client in aud, and beside it only audiences that are trusted (section 3.1.3.7, 3.). It reports
// whether there are several.
func checkAudience(c strictjson.Object, client string, trusted []string) (several bool, err error) {
	all, err := readAudiences(c)
	if err != nil {
		return false, err
	}
	if !slices.Contains(all, client) {
		return false, refuse(ErrTokenAudience, lmssso.Error{Detail: "another aud", Expected: quoted(client), Received: quoted(strings.Join(all, " "))})
	}
	for _, a := range all {
		if a != client && !slices.Contains(trusted, a) {
			return false, refuse(ErrUntrustedAudience, lmssso.Error{Detail: "aud names another audience as well", Expected: quoted(client) + " alone", Received: quoted(a)})
		}
	}
	return len(all) > 1, nil
}

// readAudiences reads aud: a text or a list of nothing but texts (section 2).
func readAudiences(c strictjson.Object) ([]string, error) {
	v := c.Get("aud")
	switch v.Kind() {
	case strictjson.Missing:
		return nil, missingClaim("aud")
	case strictjson.Text:
		return []string{v.Text()}, nil
	case strictjson.Array:
	default:
		return nil, wrongClaimType("aud", "a text or a list of texts", v)
	}
	var all []string
	for item := range v.Items() {
		if item.Kind() != strictjson.Text || len(all) == maxAudiences {
			return nil, wrongClaimType("aud", "a text or a list of at most 32 texts", item)
		}
		all = append(all, item.Text())
	}
	return all, nil
}

// checkAuthorizedParty wants azp to be this client: always when it is there, and it must be there when there are several
// audiences (section 3.1.3.7, 4. and 5., as they stood before errata set 2 made azp the extensions' business).
func checkAuthorizedParty(c strictjson.Object, client string, required bool) error {
	azp, given, err := textClaim(c, "azp")
	if err != nil {
		return err
	}
	if given && azp != client || required && !given {
		return refuse(ErrAuthorizedParty, lmssso.Error{Detail: "azp", Expected: quoted(client), Received: quoted(azp)})
	}
	return nil
}

// checkNonce wants the nonce of the request back (section 3.1.3.7, 11.). Both are hashed first, so that how long the
// comparison takes tells nothing.
func checkNonce(c strictjson.Object, want string) error {
	nonce, given, err := textClaim(c, "nonce")
	if err != nil {
		return err
	}
	got, wanted := sha256.Sum256([]byte(nonce)), sha256.Sum256([]byte(want))
	if !given || want == "" || subtle.ConstantTimeCompare(got[:], wanted[:]) != 1 {
		return refuse(ErrTokenNonce, lmssso.Error{Detail: "nonce is missing or another"})
	}
	return nil
}

// checkKept bounds what is remembered of a token: sid, jti and acr are texts, amr a list of texts (section 2). Null counts
// as not there.
func checkKept(c strictjson.Object) error {
	for _, name := range [...]string{"sid", "jti", "acr"} {
		if v := c.Get(name); !isAbsent(v) && !isKeepable(v) {
			return wrongClaimType(name, "a text of at most 1024 bytes", v)
		}
	}
	amr := c.Get("amr")
	if isAbsent(amr) {
		return nil
	}
	if amr.Kind() != strictjson.Array || amr.Len() > maxMethods {
		return wrongClaimType("amr", "a list of at most 32 texts", amr)
	}
	for item := range amr.Items() {
		if !isKeepable(item) {
			return wrongClaimType("amr", "a list of texts of at most 1024 bytes", item)
		}
	}
	return nil
}

func isAbsent(v strictjson.Value) bool {
	return v.Kind() == strictjson.Missing || v.Kind() == strictjson.Null
}

func isKeepable(v strictjson.Value) bool {
	return v.Kind() == strictjson.Text && len(v.Text()) <= maxKept
}
