package saml

import "time"

// Faults of who says it and to whom.
const (
	WrongIssuer         Fault = "wrong-issuer"          // the assertion's Issuer is another provider
	WrongResponseIssuer Fault = "wrong-response-issuer" // the response's Issuer is another provider
	MissingIssuer       Fault = "missing-issuer"        // the assertion has no Issuer
	MissingAudience     Fault = "missing-audience"      // no audience restriction
	WrongAudience       Fault = "wrong-audience"        // for another service provider
	SecondAudienceWrong Fault = "second-audience-wrong" // two restrictions, one of them for somebody else
	NoConditions        Fault = "no-conditions"         // no Conditions at all
	UnknownCondition    Fault = "unknown-condition"     // a condition nobody knows
	WrongRecipient      Fault = "wrong-recipient"       // confirmed for another address
	MissingRecipient    Fault = "missing-recipient"     // confirmed for no address
	WrongDestination    Fault = "wrong-destination"     // the response is for another address
	MissingDestination  Fault = "missing-destination"   // the signed response names no address
)

// Faults of time.
const (
	Expired                 Fault = "expired"                    // the conditions ended an hour ago
	EndsAtLeeway            Fault = "ends-at-leeway"             // ended a minute ago to the second
	NotYetValid             Fault = "not-yet-valid"              // the conditions begin in an hour
	ConfirmationExpired     Fault = "confirmation-expired"       // the confirmation ended an hour ago
	ConfirmationNotYetValid Fault = "confirmation-not-yet-valid" // the confirmation begins in an hour
	ConfirmationEndless     Fault = "confirmation-endless"       // the confirmation has no end
	OldIssueInstant         Fault = "old-issue-instant"          // issued a day ago
	FutureIssueInstant      Fault = "future-issue-instant"       // issued in an hour
	CenturyLong             Fault = "century-long"               // valid for a hundred years
	StaleAuthnInstant       Fault = "stale-authn-instant"        // the user signed in a day ago
	FutureAuthnInstant      Fault = "future-authn-instant"       // the user signs in an hour from now
	SessionEnded            Fault = "session-ended"              // the session ended an hour ago
)

// assert returns a say that changes the assertion.
func assert(f func(s *scene, a *Assertion)) func(*scene, *Response) error {
	return func(s *scene, r *Response) error {
		if len(r.Assertions) == 0 {
			return errNoAssertion
		}
		f(s, &r.Assertions[0])
		return nil
	}
}

// confirm returns a say that changes each subject confirmation.
func confirm(f func(s *scene, c *Confirmation)) func(*scene, *Response) error {
	return assert(func(s *scene, a *Assertion) {
		for i := range a.Confirmations {
			f(s, &a.Confirmations[i])
		}
	})
}

// limit returns a say that changes the conditions.
func limit(f func(s *scene, c *Conditions)) func(*scene, *Response) error {
	return assert(func(s *scene, a *Assertion) {
		if a.Conditions != nil {
			f(s, a.Conditions)
		}
	})
}

func respond(f func(s *scene, r *Response)) func(*scene, *Response) error {
	return func(s *scene, r *Response) error {
		f(s, r)
		return nil
	}
}

const elsewhere = "https://other.example/"

func addressFaults() []change {
	return []change{
		{fault: WrongIssuer, text: "The assertion says that another provider made it.", say: assert(func(_ *scene, a *Assertion) { a.Issuer = elsewhere + "idp" })},
		{fault: WrongResponseIssuer, text: "The response says that another provider made it.", say: respond(func(_ *scene, r *Response) { r.Issuer = elsewhere + "idp" })},
		{fault: MissingIssuer, text: "The assertion does not say who made it.", say: assert(func(_ *scene, a *Assertion) { a.Issuer = "" })},
		{fault: MissingAudience, text: "No audience is named, so an assertion for any service would be good at this one.", say: limit(func(_ *scene, c *Conditions) { c.Audiences = nil })},
		{fault: WrongAudience, text: "The assertion is for another service, which may have passed it on.", say: limit(func(_ *scene, c *Conditions) { c.Audiences = [][]string{{elsewhere + "sp"}} })},
		{fault: SecondAudienceWrong, text: "One of two audience restrictions excludes this service, and all must be met.",
			say: limit(func(_ *scene, c *Conditions) { c.Audiences = append(c.Audiences, []string{elsewhere + "sp"}) })},
		{fault: NoConditions, text: "No conditions, so neither an audience nor an end.", say: assert(func(_ *scene, a *Assertion) { a.Conditions = nil })},
		{fault: UnknownCondition, text: "A condition of an unknown type; one that cannot be judged is not met.", say: limit(func(_ *scene, c *Conditions) { c.Unknown = "OnlyOnTuesdays" })},
		{fault: WrongRecipient, text: "The confirmation is for another address than the one it came to.", say: confirm(func(_ *scene, c *Confirmation) { c.Recipient = elsewhere + "acs" })},
		{fault: MissingRecipient, text: "The confirmation names no address, so it would be good at any.", say: confirm(func(_ *scene, c *Confirmation) { c.Recipient = "" })},
		{fault: WrongDestination, text: "The response is for another address than the one it came to.", say: respond(func(_ *scene, r *Response) { r.Destination = elsewhere + "acs" })},
		{fault: MissingDestination, text: "The signed response names no address, which SAML wants of signed ones.", how: signResponseToo, say: respond(func(_ *scene, r *Response) { r.Destination = "" })},
	}
}

// signResponseToo signs the response as well, if it is not.
func signResponseToo(s *scene) {
	if !s.how.Signing.response() {
		s.how.Signing.What = SignBoth
	}
}

func timeFaults() []change {
	return []change{
		{fault: Expired, text: "The assertion's conditions ended an hour ago.", say: limit(func(s *scene, c *Conditions) {
			c.NotBefore, c.NotOnOrAfter = s.now.Add(-2*time.Hour), s.now.Add(-time.Hour)
		})},
		{fault: EndsAtLeeway, text: "Everything ended exactly a minute ago, the usual leeway; the end itself no longer counts.", say: endsAt(-time.Minute)},
		{fault: NotYetValid, text: "The assertion's conditions begin in an hour.", say: limit(func(s *scene, c *Conditions) {
			c.NotBefore, c.NotOnOrAfter = s.now.Add(time.Hour), s.now.Add(2*time.Hour)
		})},
		{fault: ConfirmationExpired, text: "The confirmation ended an hour ago.", say: confirm(func(s *scene, c *Confirmation) { c.NotOnOrAfter = s.now.Add(-time.Hour) })},
		{fault: ConfirmationNotYetValid, text: "The confirmation begins in an hour.", say: confirm(func(s *scene, c *Confirmation) { c.NotBefore = s.now.Add(time.Hour) })},
		{fault: ConfirmationEndless, text: "The confirmation has no end, so a stolen one would be good for ever.", say: confirm(func(_ *scene, c *Confirmation) { c.NotOnOrAfter = time.Time{} })},
		{fault: OldIssueInstant, text: "Response and assertion were issued a day ago.", say: issuedAt(-24 * time.Hour)},
		{fault: FutureIssueInstant, text: "Response and assertion are issued an hour from now.", say: issuedAt(time.Hour)},
		{fault: CenturyLong, text: "Valid for a hundred years, for which nobody can remember what was used.", say: endsAt(100 * 365 * 24 * time.Hour)},
		{fault: StaleAuthnInstant, text: "The user signed in a day ago; refused where a fresh sign-in was asked for.", say: authenticatedAt(-24 * time.Hour)},
		{fault: FutureAuthnInstant, text: "The user signs in an hour from now.", say: authenticatedAt(time.Hour)},
		{fault: SessionEnded, text: "The provider's session ended an hour ago.", say: assert(func(s *scene, a *Assertion) {
			if a.Authn != nil {
				a.Authn.SessionNotOnOrAfter = s.now.Add(-time.Hour)
			}
		})},
	}
}

func endsAt(d time.Duration) func(*scene, *Response) error {
	return assert(func(s *scene, a *Assertion) {
		at := s.now.Add(d)
		for i := range a.Confirmations {
			a.Confirmations[i].NotOnOrAfter = at
		}
		if a.Conditions == nil {
			return
		}
		a.Conditions.NotOnOrAfter = at
		if !a.Conditions.NotBefore.Before(at) {
			a.Conditions.NotBefore = at.Add(-lifetime)
		}
	})
}

func issuedAt(d time.Duration) func(*scene, *Response) error {
	return respond(func(s *scene, r *Response) {
		r.IssueInstant = s.now.Add(d)
		for i := range r.Assertions {
			r.Assertions[i].IssueInstant = s.now.Add(d)
		}
	})
}

func authenticatedAt(d time.Duration) func(*scene, *Response) error {
	return assert(func(s *scene, a *Assertion) {
		if a.Authn != nil {
			a.Authn.Instant = s.now.Add(d)
		}
	})
}
