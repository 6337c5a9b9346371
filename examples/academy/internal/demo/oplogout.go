package demo

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/examples/academy/internal/ui"
	op "github.com/lmssso/lmssso/internal/demoidp/oidc"
	"github.com/lmssso/lmssso/jwtsso"
)

func newSID() string { return "sid-" + rand.Text() }

// signedIn remembers whom an answer signed in, for a logout that begins here.
func (p *OP) signedIn(c *rpConnection, who person, login op.Login) {
	s := opSession{
		ID: rand.Text(), Connection: c.conn.ID, Name: who.name, At: p.cfg.Now(), subject: login.User.Subject, sid: login.SessionID,
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sessions = slices.Insert(p.sessions, 0, s)
	p.sessions = p.sessions[:min(len(p.sessions), mostSessions)]
}

// sessionsAt lists whom the provider has signed in through a connection.
func (p *OP) sessionsAt(c *rpConnection) []opSession {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []opSession
	for _, s := range p.sessions {
		if s.Connection == c.conn.ID {
			out = append(out, s)
		}
	}
	return out
}

// session finds a session by its id.
func (p *OP) session(id string) (opSession, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.sessions, func(s opSession) bool { return s.ID == id })
	if i < 0 {
		return opSession{}, false
	}
	return p.sessions[i], true
}

// forget drops the sessions a test holds for.
func (p *OP) forget(test func(opSession) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sessions = slices.DeleteFunc(p.sessions, test)
}

// endSession is the end-session endpoint: a user who signs out at the academy comes here, and goes back.
func (p *OP) endSession(h *house) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		engine, err := h.engine()
		if err != nil {
			p.say(w, r, http.StatusServiceUnavailable, "Not ready", "The OpenID provider has no key: "+err.Error()+".", opPickPath)
			return
		}
		out, err := engine.ReadEndSession(r)
		if err != nil {
			p.unreadable(w, r, err)
			return
		}
		c, known := p.asking(h, out.ClientID)
		if !known || out.SessionID == "" {
			p.say(w, r, http.StatusOK, "Whose session?", "The request shows no ID token, so the provider cannot tell whose session is meant. Pick one at the provider.", opPickPath)
			return
		}
		p.forget(func(s opSession) bool { return s.Connection == c.conn.ID && s.sid == out.SessionID })
		if out.ReturnTo == "" {
			p.say(w, r, http.StatusOK, "Signed out", "The session at the OpenID provider is over.", opPickPath)
			return
		}
		redirect(w, out.ReturnTo)
	}
}

// end begins a logout at the provider: it tells the academy to end the session, without a browser (OpenID Connect
// Back-Channel Logout 1.0).
func (p *OP) end(w http.ResponseWriter, r *http.Request) {
	s, ok := p.session(r.PostFormValue("session"))
	c, known := p.find(s.Connection)
	if !ok || !known {
		p.say(w, r, http.StatusNotFound, "No such session", "The OpenID provider does not know this session any more.", opPickPath)
		return
	}
	back := opPickPath + "?" + url.Values{"connection": {s.Connection}}.Encode()
	how := op.How{}
	fault := r.PostFormValue("fault")
	if fault != "" {
		how.Faults = []op.Fault{op.Fault(fault)}
	}
	status, err := p.tell(r, c, s, how)
	switch {
	case err != nil:
		p.say(w, r, http.StatusBadRequest, "Not sent", "The OpenID provider cannot send this: "+err.Error()+".", back)
	case status != http.StatusOK:
		p.say(w, r, http.StatusOK, "The academy refused", "It did not take the logout token, and its session goes on. Its sign-in log says why.", back)
	case fault != "":
		p.say(w, r, http.StatusOK, "The academy accepted", "It took a logout token that it should have refused.", back)
	default:
		p.forget(func(x opSession) bool { return x.ID == s.ID })
		p.say(w, r, http.StatusOK, "Signed out everywhere", "The academy answered that the session is over there as well.", back)
	}
}

// tell sends the academy a logout token, and returns the status it answers with.
func (p *OP) tell(r *http.Request, c *rpConnection, s opSession, how op.How) (status int, err error) {
	engine, err := c.house.engine()
	if err != nil {
		return 0, err
	}
	if c.backchannel == "" {
		return 0, errors.New("the connection has no address for it")
	}
	if len(how.Faults) > 0 && !offers([]faultGroup{{Faults: p.logoutFaults()}}, string(how.Faults[0])) {
		return 0, errNoFault
	}
	text, err := engine.LogoutToken(c.conn.OIDC.Client.ID, op.Logout{Subject: s.subject, SessionID: s.sid}, how)
	if err != nil {
		return 0, err
	}
	request, err := http.NewRequestWithContext(r.Context(), http.MethodPost, c.backchannel, strings.NewReader(url.Values{"logout_token": {text}}.Encode()))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.RemoteAddr, request.RequestURI = r.RemoteAddr, request.URL.RequestURI()
	answer := &answered{nowhere: nowhere{http.Header{}}, status: http.StatusOK}
	p.cfg.Site.ServeHTTP(answer, request)
	return answer.status, nil
}

// answered keeps an answer's status.
type answered struct {
	nowhere
	status int
}

func (a *answered) WriteHeader(status int) { a.status = status }

// deliver writes an answer to the redirect URI.
func deliver(w http.ResponseWriter, r *http.Request, a *op.Answer) {
	if target := a.URL(); target != "" {
		redirect(w, target)
		return
	}
	form := &jwtsso.Form{Action: a.RedirectURI}
	for _, f := range a.Params {
		form.Fields = append(form.Fields, jwtsso.FormField{Name: f.Name, Value: lmssso.Secret(f.Value)})
	}
	form.ServeHTTP(w, r)
}

// unreadable refuses a message of a client.
func (p *OP) unreadable(w http.ResponseWriter, r *http.Request, err error) {
	p.say(w, r, http.StatusBadRequest, "The message cannot be used", "The OpenID provider refused what it was sent. "+err.Error()+".", opPickPath)
}

// say answers with a page that only says something.
func (p *OP) say(w http.ResponseWriter, r *http.Request, status int, heading, text, back string) {
	p.cfg.Show(w, r, status, "message", ui.Page{Title: heading, Body: map[string]any{
		"Heading": heading, "Text": text, "Code": "", "TraceID": "",
		"Links": []map[string]string{{"URL": back, "Text": "To the OpenID provider"}, {"URL": "/", "Text": "To the academy"}},
	}})
}
