package demo

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strings"

	"github.com/lmssso/lmssso/examples/academy/internal/ui"
	idp "github.com/lmssso/lmssso/internal/demoidp/saml"
)

// signedIn remembers whom a response signed in, for a logout that begins here.
func (p *IdP) signedIn(c *spConnection, who person, sent *idp.Sent) {
	if len(sent.Response.Assertions) == 0 || sent.Response.Assertions[0].NameID == nil || sent.Response.Assertions[0].Authn == nil {
		return
	}
	a := sent.Response.Assertions[0]
	s := idpSession{
		ID: rand.Text(), Connection: c.conn.ID, Name: who.name, At: a.IssueInstant,
		sp: c.entityID, nameID: *a.NameID, index: a.Authn.SessionIndex,
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sessions = slices.Insert(p.sessions, 0, s)
	p.sessions = p.sessions[:min(len(p.sessions), mostSessions)]
}

// sessionsAt lists whom the provider has signed in through a connection.
func (p *IdP) sessionsAt(c *spConnection) []idpSession {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []idpSession
	for _, s := range p.sessions {
		if s.Connection == c.conn.ID {
			out = append(out, s)
		}
	}
	return out
}

// forget drops the sessions a test holds for, and returns them.
func (p *IdP) forget(test func(idpSession) bool) []idpSession {
	p.mu.Lock()
	defer p.mu.Unlock()
	var gone, left []idpSession
	for _, s := range p.sessions {
		if test(s) {
			gone = append(gone, s)
		} else {
			left = append(left, s)
		}
	}
	p.sessions = left
	return gone
}

// end begins a logout at the provider: it tells the academy to end the session.
func (p *IdP) end(w http.ResponseWriter, r *http.Request) {
	id := r.PostFormValue("session")
	gone := p.forget(func(s idpSession) bool { return s.ID == id })
	if len(gone) == 0 {
		p.say(w, r, http.StatusNotFound, "No such session", "The identity provider does not know this session any more.", pickPath)
		return
	}
	s := gone[0]
	out, _, err := p.engine.SendLogoutRequest(s.sp, idp.LogoutRequest{NameID: s.nameID, SessionIndexes: []string{s.index}}, idp.LogoutHow{Binding: idp.Redirect})
	if err != nil {
		p.say(w, r, http.StatusBadGateway, "Not signed out", "The identity provider cannot reach the academy: "+err.Error()+".", pickPath)
		return
	}
	redirect(w, out.Redirect)
}

// logout is the provider's logout address. The academy's requests end the provider's session; its answers end what began
// here.
func (p *IdP) logout(w http.ResponseWriter, r *http.Request) {
	in, err := p.engine.ReadLogout(r)
	if err != nil {
		p.unreadable(w, r, err)
		return
	}
	if in.Request == nil {
		p.answered(w, r, in.Response)
		return
	}
	req := in.Request
	p.forget(func(s idpSession) bool {
		return s.sp == req.Issuer && s.nameID.Value == req.NameID.Value && (len(req.SessionIndexes) == 0 || slices.Contains(req.SessionIndexes, s.index))
	})
	out, err := p.engine.SendLogoutResponse(req.Issuer, idp.LogoutResponse{InResponseTo: req.ID, RelayState: req.RelayState}, idp.LogoutHow{Binding: idp.Redirect})
	if err != nil {
		p.say(w, r, http.StatusBadGateway, "Signed out here", "The academy cannot be told: "+err.Error()+".", pickPath)
		return
	}
	redirect(w, out.Redirect)
}

// answered shows what the academy said to a logout that began here.
func (p *IdP) answered(w http.ResponseWriter, r *http.Request, answer *idp.LogoutResponse) {
	back := pickPath
	if c, ok := p.asking(answer.Issuer); ok {
		back += "?connection=" + c.conn.ID
	}
	if answer.Status.Code == idp.StatusSuccess {
		p.say(w, r, http.StatusOK, "Signed out everywhere", "The academy answered that it ended the session as well.", back)
		return
	}
	code := answer.Status.Code[strings.LastIndexByte(answer.Status.Code, ':')+1:]
	p.say(w, r, http.StatusOK, "Signed out here", "The academy answered "+code+": its session may still be there.", back)
}

// unreadable refuses a message of a service provider.
func (p *IdP) unreadable(w http.ResponseWriter, r *http.Request, err error) {
	p.say(w, r, http.StatusBadRequest, "The message cannot be used", "The identity provider refused what it was sent. "+err.Error()+".", pickPath)
}

// say answers with a page that only says something.
func (p *IdP) say(w http.ResponseWriter, r *http.Request, status int, heading, text, back string) {
	p.cfg.Show(w, r, status, "message", ui.Page{Title: heading, Body: map[string]any{
		"Heading": heading, "Text": text, "Code": "", "TraceID": "",
		"Links": []map[string]string{{"URL": back, "Text": "To the identity provider"}, {"URL": "/", "Text": "To the academy"}},
	}})
}
