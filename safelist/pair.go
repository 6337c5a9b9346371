package safelist

import "errors"

// Which target an [Error] is about.
const (
	// ReturnTo is the page for success.
	ReturnTo = "returnTo"
	// ErrorURL is the page for failure.
	ErrorURL = "errorURL"
)

// Pair is what a login may do with its two targets.
type Pair struct {
	// ReturnTo is the accepted page for success; the zero Target means the default page.
	ReturnTo Target
	// ErrorURL is the accepted page for failure; the zero Target means the site's own page.
	ErrorURL Target
	// Refused says that a target was given and not accepted, so that both are ignored.
	Refused bool
}

// Pair judges the two targets of one login together; "" means not given. When any given target is refused, both are
// ignored: the Pair has no targets and Refused set, and the error joins an [*Error] for each refused one. The user may
// still be signed in; only the redirect goes to the site's own page. Both-or-neither is Thinkific's rule (article
// "Safelisted domains": unless both domains are listed, neither parameter works).
func (l *List) Pair(returnTo, errorURL string) (Pair, error) {
	to, toErr := l.checkGiven(ReturnTo, returnTo)
	bad, badErr := l.checkGiven(ErrorURL, errorURL)
	if err := errors.Join(toErr, badErr); err != nil {
		return Pair{Refused: true}, err
	}
	return Pair{ReturnTo: to, ErrorURL: bad}, nil
}

// checkGiven judges a target that may not have been given, and says in the error which one it was.
func (l *List) checkGiven(name, raw string) (Target, error) {
	if raw == "" {
		return Target{}, nil
	}
	if rule := l.verdict(raw); rule != nil {
		return Target{}, &Error{Rule: rule, Target: name}
	}
	return Target{raw: raw}, nil
}
