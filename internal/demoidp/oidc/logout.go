package oidc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// EndSession is a client's wish that the provider end its session as well (OpenID Connect RP-Initiated Logout section 2).
type EndSession struct {
	// ClientID is who asks, "" when it is not known.
	ClientID string
	// Subject and SessionID are the hint's; "" without one.
	Subject, SessionID string
	// ReturnTo is where the browser goes afterwards, with the state in it; "" is nowhere.
	ReturnTo string
}

// ReadEndSession reads a logout by GET or POST and checks it.
func (p *OP) ReadEndSession(r *http.Request) (*EndSession, error) {
	values := r.URL.Query()
	if r.Method == http.MethodPost {
		r.Body = http.MaxBytesReader(nil, r.Body, maxForm)
		if err := r.ParseForm(); err != nil {
			return nil, errors.New("the form cannot be read")
		}
		values = r.PostForm
	}
	if repeated(values) {
		return nil, errors.New("a parameter stands twice")
	}
	out := &EndSession{ClientID: values.Get("client_id")}
	if text := values.Get("id_token_hint"); text != "" {
		h, err := p.readHint(text, out.ClientID)
		if err != nil {
			return nil, fmt.Errorf("id_token_hint: %w", err)
		}
		out.ClientID, out.Subject, out.SessionID = string(h.Audience), h.Subject, h.SessionID
	}
	target := values.Get("post_logout_redirect_uri")
	if target == "" {
		return out, nil
	}
	client, err := p.Client(out.ClientID)
	if err != nil || !slices.Contains(client.PostLogoutRedirectURIs, target) {
		return nil, fmt.Errorf("the post_logout_redirect_uri %q is not registered", clip(target))
	}
	out.ReturnTo = target
	if state := values.Get("state"); state != "" {
		sep := "?"
		if strings.Contains(target, "?") {
			sep = "&"
		}
		out.ReturnTo += sep + "state=" + url.QueryEscape(state)
	}
	return out, nil
}

// EndSessionHandler is the end-session endpoint. end hears of each logout; nil hears nothing.
func (p *OP) EndSessionHandler(end func(*EndSession)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out, err := p.ReadEndSession(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if end != nil {
			end(out)
		}
		w.Header().Set("Cache-Control", "no-store")
		if out.ReturnTo != "" {
			w.Header().Set("Location", out.ReturnTo)
			w.WriteHeader(http.StatusSeeOther)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("Signed out.\n")) // the client went away: nobody is left to tell
	})
}

// Logout says whose sessions end.
type Logout struct {
	// Subject and SessionID are whose; one may be "".
	Subject, SessionID string
	// TenantID fills the issuer's template.
	TenantID string
}

// logoutEvent is the member of events that makes a logout token one (OpenID Connect Back-Channel Logout section 2.4).
const logoutEvent = "http://schemas.openid.net/event/backchannel-logout"

// logoutLife is how long a logout token is good; the standard advises at most two minutes.
const logoutLife = 2 * time.Minute

// LogoutToken makes a logout token for a client.
func (p *OP) LogoutToken(clientID string, l Logout, how How) (string, error) {
	client, err := p.Client(clientID)
	if err != nil {
		return "", err
	}
	s, err := p.scene(client, &Request{}, Login{User: User{Subject: l.Subject}, SessionID: l.SessionID, TenantID: l.TenantID, How: how})
	if err != nil {
		return "", err
	}
	t, err := s.newToken(client.IDTokenAlg, "logout+jwt")
	if err != nil {
		return "", err
	}
	if err := s.sayLogout(t); err != nil {
		return "", err
	}
	if err := s.each(LogoutSide, t); err != nil {
		return "", err
	}
	text, err := t.compact()
	if err != nil {
		return "", err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.last[clientID]
	before.logoutToken = text
	p.last[clientID] = before
	return text, nil
}

func (s *scene) sayLogout(t *token) error {
	id, err := s.op.newID("jti-")
	if err != nil {
		return err
	}
	t.claims = object{{"iss", s.op.issuerFor(s.login.TenantID)}, {"aud", s.client.ID}, {"iat", s.now.Unix()}, {"exp", s.now.Add(logoutLife).Unix()}, {"jti", id}}
	t.claims.set("events", object{{logoutEvent, object{}}})
	if s.login.User.Subject != "" {
		t.claims.set("sub", s.login.User.Subject)
	}
	if s.login.SessionID != "" {
		t.claims.set("sid", s.login.SessionID)
	}
	if s.login.TenantID != "" {
		t.claims.set("tid", s.login.TenantID)
	}
	return nil
}

// SendLogout makes a logout token and posts it to the client, whose answer's body is still to be read and closed.
func (p *OP) SendLogout(ctx context.Context, by *http.Client, clientID string, l Logout, how How) (*http.Response, error) {
	client, err := p.Client(clientID)
	if err != nil {
		return nil, err
	}
	if client.BackchannelLogoutURI == "" {
		return nil, fmt.Errorf("demo OpenID provider: client %q takes no logout tokens", clip(clientID))
	}
	text, err := p.LogoutToken(clientID, l, how)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, client.BackchannelLogoutURI, strings.NewReader(url.Values{"logout_token": {text}}.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return by.Do(req)
}
