package site

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/examples/academy/internal/session"
	"github.com/lmssso/lmssso/examples/academy/internal/ui"
)

// mostChanges is how many changes of its login a session remembers: a token can bring hundreds, and sessions are many.
const mostChanges = 200

// done begins the session of a login that passed every check. It is the library's last step before the redirect.
func (s *Site) done(w http.ResponseWriter, r *http.Request, t *lmssso.Attempt) error {
	a, account := t.Assertion, t.Outcome.Account
	return s.sessions.Start(w, r, session.Session{
		AccountID: account.ID, Link: account.Link, Tenant: account.Tenant,
		Key: lmssso.SessionKey{Connection: t.Connection, Subject: a.Subject, Index: a.Session.Index},
		Login: session.Login{
			Protocol: t.Protocol, Connection: t.Connection, Tenant: a.Origin.Tenant, Issuer: a.Origin.Issuer, ID: a.Origin.ID,
			InResponseTo: a.Origin.InResponseTo,
			Realm:        a.Link.Realm, ExternalID: a.Link.ExternalID,
			Subject: a.Subject.Value, SubjectFormat: a.Subject.Format, SessionIndex: a.Session.Index,
			IssuedAt: a.Times.IssuedAt, AuthnContext: append([]string{}, a.AuthnContext...),
		},
		Changes: slices.Concat([]lmssso.Change{}, t.Outcome.Changes[:min(len(t.Outcome.Changes), mostChanges)]), TraceID: t.TraceID,
	}, a.Session.Ends)
}

// defaultPage is where a login goes that asks for no page: learners to their dashboard, managers to theirs.
func defaultPage(a lmssso.Account) string {
	if a.Side == lmssso.Manager {
		return "/admin"
	}
	return "/dashboard"
}

// refusalPage shows a refused login in the site's own frame.
func (s *Site) refusalPage(w http.ResponseWriter, r *http.Request, f lmssso.Refusal) {
	m := message{
		Heading: "You are not signed in", Text: f.Message, Code: string(f.Code), TraceID: f.TraceID,
		Links: []link{{"/", "Back to the home page"}},
	}
	if to := s.logURL(r, f.TraceID); to != "" {
		m.Links = append(m.Links, link{to, "See it in the sign-in log"})
	}
	s.show(w, r, f.Status, "message", ui.Page{Title: "Sign-in refused", Body: m})
}

// logURL leads to a login's entry in the log, for those who may open it; in a demonstration everybody may try.
func (s *Site) logURL(r *http.Request, trace string) string {
	if trace == "" || !s.cfg.File.Demo && !s.mayAdminister(r) {
		return ""
	}
	return "/admin/sso-log?" + url.Values{"trace": {trace}}.Encode()
}

// switchSide takes a dual-role user to the other side, without a new login, as far as the connection the session came
// through may go.
func (s *Site) switchSide(w http.ResponseWriter, r *http.Request) {
	v := s.signedIn(w, r)
	if v == nil {
		return
	}
	other, err := s.cfg.Stores.Service.Switch(r.Context(), v.account.ID, s.policy(v.session))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	next := v.session
	next.AccountID, next.Link, next.Tenant = other.ID, other.Link, other.Tenant
	if err := s.sessions.Change(w, r, next); err != nil {
		s.fail(w, r, err)
		return
	}
	seeOther(w, defaultPage(other))
}

// policy returns the ceiling of the connection a session came through. The zero policy, of a connection that is gone,
// admits nobody.
func (s *Site) policy(v session.Session) lmssso.Policy {
	for _, info := range s.registry.Connections() {
		if info.ID == v.Key.Connection {
			return info.Policy
		}
	}
	return lmssso.Policy{}
}

// logout ends the session, and the provider's where the connection can, then goes where the site's settings say. The
// provider sends the browser back here, without a session: the tenant whose settings count stands in the address.
func (s *Site) logout(w http.ResponseWriter, r *http.Request) {
	site := r.URL.Query().Get("tenant")
	v, signedIn := s.sessions.Get(r)
	s.sessions.Stop(w, r)
	if signedIn {
		site = v.Login.Tenant
		back := "/logout?" + url.Values{"tenant": {site}}.Encode()
		answered, err := s.registry.Logout(w, r, v.Key, "", back)
		if answered {
			return
		}
		if err != nil { // the user is signed out here, which is what this site can promise
			s.cfg.Logger.Warn("no single logout", "connection", v.Key.Connection, "error", err.Error())
		}
	}
	to, ok := s.registry.Settings(site).LogoutURL("/")
	if !ok {
		to = "/"
	}
	seeOther(w, to)
}
