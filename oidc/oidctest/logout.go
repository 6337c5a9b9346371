package oidctest

import (
	"context"
	"net/http"
	"slices"
	"time"

	demo "github.com/lmssso/lmssso/internal/demoidp/oidc"
)

// Session is the latest session at a client.
func (p *Provider) Session(clientID string) (Session, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, ok := p.sessions[clientID]
	return s, ok
}

// Ended lists the sessions that clients asked to end at the end-session endpoint, in that order.
func (p *Provider) Ended() []Session {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.ended)
}

func (p *Provider) end(e *demo.EndSession) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = append(p.ended, Session{ClientID: e.ClientID, Subject: e.Subject, SessionID: e.SessionID})
}

// LogoutToken makes a logout token that ends a session at its client. See [LogoutFaults] for the faults there are.
func (p *Provider) LogoutToken(s Session, faults ...Fault) string {
	p.t.Helper()
	text, err := p.engine.LogoutToken(s.ClientID, s.logout(), p.logoutHow(faults))
	if err != nil {
		p.t.Fatalf("oidctest: %v", err)
	}
	return text
}

// Logout posts a logout token to the client's back-channel address, and returns the answer, whose body need not be closed.
func (p *Provider) Logout(s Session, faults ...Fault) *http.Response {
	p.t.Helper()
	by := &http.Client{
		Transport: p.transport(), Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := p.engine.SendLogout(context.Background(), by, s.ClientID, s.logout(), p.logoutHow(faults))
	if err == nil {
		err = keepBody(resp)
	}
	if err != nil {
		p.t.Fatalf("oidctest: %v", err)
	}
	return resp
}

func (s Session) logout() demo.Logout {
	return demo.Logout{Subject: s.Subject, SessionID: s.SessionID, TenantID: s.TenantID}
}

func (p *Provider) logoutHow(faults []Fault) demo.How {
	how := p.manner()
	how.Faults = demoFaults(faults)
	return how
}
