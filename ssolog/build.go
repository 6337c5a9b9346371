package ssolog

import (
	"errors"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
)

// maxNotes is how many changes, and how many warnings, one entry holds.
const maxNotes = 200

// logoutAction is the action of an attempt that may succeed without vouching for anybody.
const logoutAction = "logout"

// leavesEntry reports whether an attempt belongs in the log. One that neither vouched for anybody nor was refused began a
// login, served metadata or answered with another round trip.
func leavesEntry(t *lmssso.Attempt) bool {
	if t.Err != nil {
		return !errors.Is(t.Err, lmssso.ErrAnswered)
	}
	return t.Assertion != nil || t.Action == logoutAction
}

// entry makes the log's picture of an attempt. What matters most comes first, because what comes last is what no longer fits.
func (l *Log) entry(t *lmssso.Attempt, u subject, now time.Time) Entry {
	c := &cleaner{values: l.values, limits: l.limits, own: u.names, left: entryBytes}
	e := Entry{
		Type:       c.ours(typeOf(t.Protocol)),
		Action:     c.ours(t.Action),
		SSOBlock:   c.ours(t.Connection),
		Time:       t.Started.UTC(),
		TraceID:    c.ours(t.TraceID),
		DurationMS: float64(t.Took.Microseconds()) / 1000,
		Tenant:     c.ours(t.Tenant),
		Result:     Result{Valid: t.Err == nil, Error: c.failure(t.Err)},
	}
	if t.Started.IsZero() {
		e.Time = now.UTC()
	}
	e.Response = Response{Type: responseType(t), User: User{Attributes: map[string][]string{}}}
	if t.Outcome != nil {
		e.Changes = c.changes(t.Outcome.Changes)
	}
	if a := t.Assertion; a != nil {
		e.Warnings = c.warnings(a.Warnings)
		e.Response.Header = c.header(a)
		e.Response.User = c.user(a, u.pseudonym)
		e.Result.Attrs = mappedAttrs(c, a)
		e.Response.User.Attributes = c.attributes(a.Raw)
	}
	return e
}

// typeOf spells a protocol as the guide does.
func typeOf(p lmssso.Protocol) string {
	if p == lmssso.OIDC {
		return "openId"
	}
	return string(p)
}

func responseType(t *lmssso.Attempt) string {
	switch {
	case t.Action == logoutAction:
		return logoutAction
	case t.Protocol == lmssso.SAML:
		return "authn_response"
	case t.Protocol == lmssso.OIDC:
		return "id_token"
	default:
		return "jwt"
	}
}

func (c *cleaner) header(a *lmssso.Assertion) Header {
	h := Header{
		Destination:  c.text(a.Origin.Destination),
		InResponseTo: c.text(a.Origin.InResponseTo),
		ID:           c.text(a.Origin.ID),
	}
	if a.Origin.Protocol == lmssso.SAML {
		h.Version = "2.0"
	}
	return h
}

// user names the user as the provider does: SAML by its NameID, OpenID Connect by its sub, a platform's token by its external
// id. The pseudonym stands in where the policy keeps no values, and where the name looks like a secret.
func (c *cleaner) user(a *lmssso.Assertion, pseudonym string) User {
	name := a.Subject.Value
	if id := a.Link.ExternalID; name == "" || a.Origin.Protocol == lmssso.JWT && id != "" {
		name = id
	}
	if name != "" && (c.values != KeepValues || scrub(name) != name) {
		name = pseudonym
	}
	return User{NameID: c.keep(name, c.limits.ValueBytes), SessionIndex: c.value("", a.Session.Index)}
}

// failure describes a refusal by its reason and by the particulars of our own error types. The text of any other error is
// not read: it may repeat what an attacker or a provider sent.
func (c *cleaner) failure(err error) *Failure {
	if err == nil {
		return nil
	}
	r := lmssso.ReasonOf(err)
	f := &Failure{Code: lmssso.Code(c.ours(string(r.Code()))), Message: c.ours(r.Public()), Remedy: c.ours(r.Remedy())}
	detail, expected, received := particulars(err)
	f.Detail, f.Expected, f.Received = c.text(detail), c.text(expected), c.text(received)
	return f
}

// particulars returns those of the first [lmssso.Error] that has any, else of an [attrs.Error].
func particulars(err error) (detail, expected, received string) {
	var own *lmssso.Error
	if errors.As(err, &own) && own != nil && own.Detail+own.Expected+own.Received != "" {
		return own.Detail, own.Expected, own.Received
	}
	var attr *attrs.Error
	if !errors.As(err, &attr) || attr == nil {
		return "", "", ""
	}
	if attr.Key == "" {
		return attr.Detail, attr.Expected, attr.Received
	}
	return string(attr.Key) + ": " + attr.Detail, attr.Expected, attr.Received
}

func (c *cleaner) changes(all []lmssso.Change) []lmssso.Change {
	var out []lmssso.Change
	for i, change := range all {
		if i == maxNotes || c.left <= 0 {
			return append(out, lmssso.Change{Kind: lmssso.ChangeWarning, Subject: truncatedMark, Why: moreText(len(all) - i)})
		}
		out = append(out, lmssso.Change{
			Kind: lmssso.ChangeKind(c.ours(string(change.Kind))), Subject: c.text(change.Subject), Why: c.text(change.Why),
		})
	}
	return out
}

func (c *cleaner) warnings(all []attrs.Warning) []attrs.Warning {
	var out []attrs.Warning
	for i, w := range all {
		if i == maxNotes || c.left <= 0 {
			return append(out, attrs.Warning{Key: truncatedMark, Text: moreText(len(all) - i)})
		}
		out = append(out, attrs.Warning{Key: attrs.Key(c.ours(string(w.Key))), Text: c.text(w.Text)})
	}
	return out
}
