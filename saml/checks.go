package saml

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/beevik/etree"
	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/internal/strictxml"
)

// One check, one function, one reason. The order they run in is in verify.go and verifyassertion.go.

const (
	// maxAge is how long ago a response and its assertion may have been issued.
	maxAge = 15 * time.Minute
	// maxLifetime is how far ahead an assertion may end.
	maxLifetime = 24 * time.Hour
	// maxNameID bounds a NameID in bytes; the specification's own bound for persistent ones is 256 (Core section 8.3.7).
	maxNameID = 1024
)

// Statuses and formats by name (Core sections 3.2.2.2, 8.3).
const (
	statusSuccess = "urn:oasis:names:tc:SAML:2.0:status:Success"
	methodBearer  = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
	formatEntity  = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
)

// checkVersion wants SAML 2.0 (Core sections 2.3.3 and 3.2.2).
func checkVersion(e *etree.Element) error {
	if got := attr(e, "Version"); got != "2.0" {
		return refuse(ErrMessage, lmssso.Error{Detail: "the version of " + e.Tag, Expected: `"2.0"`, Received: quoted(got)})
	}
	return nil
}

// checkID wants an identifier: without one nothing can be signed by reference or remembered as used.
func checkID(e *etree.Element) error {
	if attr(e, "ID") == "" {
		return refuse(ErrIDs, lmssso.Error{Detail: e.Tag + " has no ID"})
	}
	return nil
}

// checkIssuer compares an Issuer with the connection's identity provider (Profiles section 4.1.4.2): its name byte for
// byte, its format entity or none.
func checkIssuer(issuer *etree.Element, want string) error {
	got, err := uri(issuer)
	if err != nil {
		return err
	}
	if got != want {
		return refuse(lmssso.ErrIssuer, lmssso.Error{Detail: "another Issuer in " + issuer.Parent().Tag, Expected: quoted(want), Received: quoted(got)})
	}
	if format := attr(issuer, "Format"); format != "" && format != formatEntity {
		return refuse(lmssso.ErrIssuer, lmssso.Error{Detail: "the Issuer's Format", Expected: quoted(formatEntity), Received: quoted(format)})
	}
	return nil
}

// checkDestination wants this site's address: always when a Destination is given, and one must be given when the
// response is signed (Bindings section 3.5.5.2).
func checkDestination(response *etree.Element, signed bool, acs string) error {
	got, given := strictxml.Attr(response, "Destination")
	if !given && !signed {
		return nil
	}
	if got != acs {
		return refuse(ErrDestination, lmssso.Error{Detail: "the response's Destination", Expected: quoted(acs), Received: quoted(got)})
	}
	return nil
}

// checkStatus wants success at the top level. The codes of a refusal go to the administrator (Core section 3.2.2.2).
func checkStatus(status *etree.Element) error {
	f, err := parts(status, ErrStructure, part{nsProtocol, "StatusCode", 1, 1}, part{nsProtocol, "StatusMessage", 0, 1}, part{nsProtocol, "StatusDetail", 0, 1})
	if err != nil {
		return err
	}
	top := f.one("StatusCode")
	if attr(top, "Value") == statusSuccess {
		return nil
	}
	codes := quoted(attr(top, "Value"))
	for _, sub := range strictxml.Children(top) {
		codes += " " + quoted(attr(sub, "Value"))
		break
	}
	return refuse(lmssso.ErrProviderRefused, lmssso.Error{Detail: "the identity provider's status", Expected: "Success", Received: codes})
}

// checkInResponseTo wants the request's ID in an answer to a request, and nothing in a response nobody asked for (Core
// section 3.2.2, Profiles sections 4.1.4.3 and 4.1.5).
func checkInResponseTo(e *etree.Element, request *Pending) error {
	got, given := strictxml.Attr(e, "InResponseTo")
	if request == nil {
		if given {
			return refuse(ErrUnaskedAnswer, lmssso.Error{Detail: e.Tag + " of an IdP-initiated login has InResponseTo"})
		}
		return nil
	}
	if got == "" || got != request.RequestID {
		return refuse(ErrInResponseTo, lmssso.Error{Detail: "InResponseTo of " + e.Tag, Expected: quoted(request.RequestID), Received: quoted(got)})
	}
	return nil
}

// readTime reads a time as SAML writes it: in UTC, with any number of decimals (Core section 1.3.3).
func readTime(what, text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, strings.Trim(text, " \t\r\n"))
	if err != nil || strings.Contains(text, ",") || t.Year() < 1970 || t.UTC().Year() > 9999 {
		return time.Time{}, refuse(ErrTime, lmssso.Error{Detail: what + " is no time", Received: quoted(text)})
	}
	return t.UTC(), nil
}

// timeOf reads an attribute that holds a time; zero when it is not there.
func timeOf(e *etree.Element, name string) (time.Time, error) {
	text, ok := strictxml.Attr(e, name)
	if !ok {
		return time.Time{}, nil
	}
	return readTime(name+" of "+e.Tag, text)
}

// window judges times by the connection's clock and leeway.
type window struct {
	now    time.Time
	leeway time.Duration
}

// checkIssued wants a message issued lately.
func (w window) checkIssued(e *etree.Element) (time.Time, error) {
	at, err := timeOf(e, "IssueInstant")
	if err != nil {
		return at, err
	}
	if at.IsZero() {
		return at, refuse(ErrTime, lmssso.Error{Detail: e.Tag + " has no IssueInstant"})
	}
	if age := w.now.Sub(at); age > maxAge+w.leeway {
		return at, refuse(ErrIssueInstant, lmssso.Error{Detail: e.Tag + " was issued too long ago", Expected: "within " + (maxAge + w.leeway).String(), Received: age.String() + " ago"})
	}
	return at, w.checkNotBefore(e.Tag+" was issued in the future", at)
}

// checkNotBefore wants the time to have come (Core section 2.5.1.2).
func (w window) checkNotBefore(what string, at time.Time) error {
	if ahead := at.Sub(w.now); !at.IsZero() && ahead > w.leeway {
		return refuse(lmssso.ErrNotYetValid, lmssso.Error{Detail: what, Expected: "at most " + w.leeway.String() + " ahead of this server's clock", Received: ahead.String() + " ahead"})
	}
	return nil
}

// checkNotOnOrAfter wants the time not to have come: the bound itself is refused (Core section 2.5.1.2).
func (w window) checkNotOnOrAfter(reason *lmssso.Reason, what string, at time.Time) error {
	if late := w.now.Sub(at); !at.IsZero() && late >= w.leeway {
		return refuse(reason, lmssso.Error{Detail: what, Expected: "less than " + w.leeway.String() + " ago", Received: late.String() + " ago"})
	}
	return nil
}

// checkLifetime bounds how long a message may be good for, and with it how long it must be remembered.
func (w window) checkLifetime(what string, at time.Time) error {
	if ahead := at.Sub(w.now); ahead > maxLifetime+w.leeway {
		return refuse(ErrLifetime, lmssso.Error{Detail: what + " is valid for too long", Expected: "at most " + maxLifetime.String(), Received: ahead.String()})
	}
	return nil
}

// checkConditions judges an assertion's conditions and returns its end; zero when they set none. A condition that is not
// known makes the assertion worthless (Core section 2.5.1). OneTimeUse asks for what happens anyway; ProxyRestriction is
// about assertions made from this one, and none are.
func (w window) checkConditions(c *etree.Element, audience string) (time.Time, error) {
	f, err := parts(c, ErrCondition, part{nsAssertion, "AudienceRestriction", 0, many}, part{nsAssertion, "OneTimeUse", 0, 1}, part{nsAssertion, "ProxyRestriction", 0, 1})
	if err != nil {
		return time.Time{}, err
	}
	from, err := timeOf(c, "NotBefore")
	if err != nil {
		return time.Time{}, err
	}
	until, err := timeOf(c, "NotOnOrAfter")
	if err != nil {
		return time.Time{}, err
	}
	if err := w.checkNotBefore("the assertion does not hold yet", from); err != nil {
		return time.Time{}, err
	}
	if err := w.checkNotOnOrAfter(lmssso.ErrExpired, "the assertion expired", until); err != nil {
		return time.Time{}, err
	}
	if err := w.checkLifetime("the assertion", until); err != nil {
		return time.Time{}, err
	}
	return until, checkAudiences(f["AudienceRestriction"], audience)
}

// checkAudiences wants this site in every restriction, and at least one restriction (Core section 2.5.1.4, Profiles
// section 4.1.4.2).
func checkAudiences(restrictions []*etree.Element, want string) error {
	if len(restrictions) == 0 {
		return refuse(ErrNoAudience, lmssso.Error{Detail: "the assertion has no AudienceRestriction", Expected: quoted(want)})
	}
	for _, r := range restrictions {
		f, err := parts(r, ErrStructure, part{nsAssertion, "Audience", 1, many})
		if err != nil {
			return err
		}
		var names []string
		for _, a := range f["Audience"] {
			name, err := uri(a)
			if err != nil {
				return err
			}
			names = append(names, name)
		}
		if !slices.Contains(names, want) {
			return refuse(lmssso.ErrAudience, lmssso.Error{Detail: "the assertion is for another audience", Expected: quoted(want), Received: quoted(strings.Join(names, " "))})
		}
	}
	return nil
}

// checkConfirmations wants one bearer confirmation that is valid in everything (Profiles section 4.1.4.3) and returns
// the latest end of any. Others may be there for others; when none is valid the first bearer's fault is reported.
func (w window) checkConfirmations(all []*etree.Element, acs string, request *Pending) (latest time.Time, err error) {
	err = refuse(ErrConfirmation, lmssso.Error{Detail: "no SubjectConfirmation has the method bearer", Received: strconv.Itoa(len(all)) + " of other methods"})
	valid, bearers := false, 0
	for _, c := range all {
		if attr(c, "Method") != methodBearer {
			continue
		}
		bearers++
		until, fault := w.checkBearer(c, acs, request)
		if fault == nil {
			valid = true
		} else if bearers == 1 {
			err = fault
		}
		if until.After(latest) {
			latest = until
		}
	}
	if valid {
		return latest, nil
	}
	return time.Time{}, err
}

// checkBearer judges one bearer confirmation. Its Address is not compared: the identity provider sees another one behind
// every proxy. A confirmation that names somebody else as its bearer is for him.
func (w window) checkBearer(c *etree.Element, acs string, request *Pending) (time.Time, error) {
	f, err := parts(c, ErrConfirmation, part{nsAssertion, "SubjectConfirmationData", 1, 1})
	if err != nil {
		return time.Time{}, err
	}
	data := f.one("SubjectConfirmationData")
	until, err := timeOf(data, "NotOnOrAfter")
	if err != nil {
		return time.Time{}, err
	}
	if until.IsZero() {
		return until, refuse(ErrConfirmation, lmssso.Error{Detail: "SubjectConfirmationData has no NotOnOrAfter"})
	}
	from, err := timeOf(data, "NotBefore")
	if err != nil {
		return until, err
	}
	for _, check := range []func() error{
		func() error { return checkRecipient(data, acs) },
		func() error { return w.checkNotBefore("the confirmation does not hold yet", from) },
		func() error { return w.checkNotOnOrAfter(lmssso.ErrExpired, "the confirmation expired", until) },
		func() error { return w.checkLifetime("the confirmation", until) },
		func() error { return checkInResponseTo(data, request) },
	} {
		if err := check(); err != nil {
			return until, err
		}
	}
	return until, nil
}

// checkRecipient wants this site's address (Profiles section 4.1.4.2).
func checkRecipient(data *etree.Element, acs string) error {
	if got := attr(data, "Recipient"); got != acs {
		return refuse(lmssso.ErrRecipient, lmssso.Error{Detail: "the confirmation's Recipient", Expected: quoted(acs), Received: quoted(got)})
	}
	return nil
}

// checkNameID wants a name that can be kept: not empty, not endless, nothing in it that cannot be seen.
func checkNameID(name string) error {
	bad := func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }
	if strings.TrimSpace(name) == "" || len(name) > maxNameID || strings.ContainsFunc(name, bad) {
		return refuse(ErrNameID, lmssso.Error{Detail: "the NameID cannot serve as a name", Expected: "1 to 1024 bytes without control characters", Received: strconv.Itoa(len(name)) + " bytes"})
	}
	return nil
}

// checkKept bounds attributes that are remembered as long as a session: a provider's own names, of which none is long.
func checkKept(e *etree.Element, names ...string) error {
	for _, name := range names {
		if n := len(attr(e, name)); n > maxNameID {
			return refuse(ErrStructure, lmssso.Error{Detail: name + " of " + e.Tag + " is too long", Expected: "at most 1024 bytes", Received: strconv.Itoa(n) + " bytes"})
		}
	}
	return nil
}

// checkAuthnInstant judges when the user last proved who they are. It is judged only where the request asked for a fresh
// authentication or the connection sets an age: identity providers keep sessions for days.
func (w window) checkAuthnInstant(at time.Time, request *Pending, maxAuthnAge time.Duration) error {
	forced := request != nil && request.ForceAuthn
	if !forced && maxAuthnAge == 0 {
		return nil
	}
	if err := w.checkNotBefore("the authentication lies in the future", at); err != nil {
		return err
	}
	if forced && at.Before(request.Begun.Add(-w.leeway)) {
		return refuse(ErrAuthnAge, lmssso.Error{Detail: "ForceAuthn was asked for and not honoured", Received: "authenticated " + request.Begun.Sub(at).String() + " before the request"})
	}
	if age := w.now.Sub(at); maxAuthnAge > 0 && age-w.leeway > maxAuthnAge {
		return refuse(ErrAuthnAge, lmssso.Error{Detail: "the authentication is too old", Expected: "at most " + maxAuthnAge.String() + " ago", Received: age.String() + " ago"})
	}
	return nil
}
