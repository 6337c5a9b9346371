package jwtsso

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
)

// maxWindow bounds how long a token may be good, and with it how long the replay store remembers it.
const maxWindow = time.Hour

// maxLiveKeys bounds the signatures computed for one token.
const maxLiveKeys = 5

// Check returns every fault of the dialect, as one [ErrDialect] error; nil when there is none.
func (d Dialect) Check() error {
	var f faults
	f.add(d.Name == "", "Name is missing")
	f.endpoint(d.Endpoint)
	f.signing(d.Signing)
	f.time(d.Time)
	f.add(d.TokenID.Required && d.TokenID.Claim == "", "TokenID.Claim is missing and required")
	f.claims(d)
	if len(f) == 0 {
		return nil
	}
	return refuse(ErrDialect, lmssso.Error{Detail: fmt.Sprintf("dialect %q: %s", d.Name, strings.Join(f, "; "))})
}

type faults []string

func (f *faults) add(wrong bool, format string, args ...any) {
	if wrong {
		*f = append(*f, fmt.Sprintf(format, args...))
	}
}

func (f *faults) endpoint(e Endpoint) {
	f.add(e.Path != "" && !strings.HasPrefix(e.Path, "/"), "Endpoint.Path does not begin with a slash")
	f.add(len(e.Deliveries) == 0, "Endpoint.Deliveries is empty")
	for i, way := range e.Deliveries {
		f.add(way != InQuery && way != InForm && way != InHeader, "Endpoint.Deliveries[%d] is not query, form or bearer", i)
		f.add(slices.Contains(e.Deliveries[:i], way), "Endpoint.Deliveries[%d] repeats an earlier one", i)
	}
	f.add(e.Token == "", "Endpoint.Token is missing")
	names := []string{e.Token, e.ReturnTo, e.ErrorURL}
	for i, name := range names {
		f.add(name != "" && slices.Contains(names[:i], name), "Endpoint uses the parameter %q twice", name)
	}
}

func (f *faults) signing(s Signing) {
	f.add(s.Algorithm.hashSize() == 0, "Signing.Algorithm is not HS256, HS384, HS512 or RS256")
	switch s.Key {
	case RawKey, Base64Key, HexKey:
		f.add(s.Algorithm == RS256, "Signing.Key must be pem for RS256")
	case PEMKey:
		f.add(s.Algorithm != RS256, "Signing.Key pem is for RS256 alone")
	default:
		f.add(true, "Signing.Key is not raw, base64, hex or pem")
	}
	f.add(s.MaxKeys < 1 || s.MaxKeys > maxLiveKeys, "Signing.MaxKeys is not 1 to %d", maxLiveKeys)
}

func (f *faults) time(t TimeRules) {
	f.add(t.Claim == "", "Time.Claim is missing")
	f.add(t.Claim == "nbf" || t.Claim == "exp" && !t.EndsAt || t.Claim == "iat" && t.EndsAt, "Time.Claim %q means something else", t.Claim)
	f.add(t.Unit != time.Second && t.Unit != time.Millisecond, "Time.Unit is not a second or a millisecond")
	f.add(t.Claim == "exp" && t.Unit != time.Second, "Time.Unit of exp is the second")
	f.add(t.Window <= 0 || t.Window > maxWindow, "Time.Window is not above 0 and at most %v", maxWindow)
}

func (f *faults) claims(d Dialect) {
	for _, one := range d.Claims.Check() {
		f.add(true, "Claims: %s", one)
	}
	f.add(len(d.Claims[attrs.ExternalID].From) == 0 && len(d.Claims[attrs.Email].From) == 0,
		"Claims maps neither externalCustomerId nor email, so that nobody could be found")
	for _, k := range d.Required {
		f.add(len(d.Claims[k].From) == 0, "Required attribute %s is not in Claims", k)
	}
	for theirs, our := range d.Roles {
		f.add(theirs == "" || !isSlug(our), "Roles translates %q to what is not a role's slug", theirs)
	}
}

// hashSize is the algorithm's hash in bytes, and so the least length of its secrets; 0 for one that is not known.
func (a Algorithm) hashSize() int {
	switch a {
	case HS256, RS256:
		return 32
	case HS384:
		return 48
	case HS512:
		return 64
	default:
		return 0
	}
}

// isSlug reports whether a text has the form of a role's slug: lower-case words joined by hyphens or underscores.
func isSlug(s string) bool {
	if s == "" || len(s) > 100 {
		return false
	}
	word := func(r rune) bool { return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' }
	for i, r := range s {
		if word(r) {
			continue
		}
		if i == 0 || i == len(s)-1 || r != '-' && r != '_' {
			return false
		}
	}
	return true
}
