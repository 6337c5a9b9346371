package saml

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/beevik/etree"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/internal/page"
	"github.com/lmssso/lmssso/internal/pending"
)

// signingOut heads the page that posts a logout message.
const signingOut = "Signing you out"

const (
	statusResponder = "urn:oasis:names:tc:SAML:2.0:status:Responder"
	statusPartial   = "urn:oasis:names:tc:SAML:2.0:status:PartialLogout"
)

// LogoutEnd is how a logout ended at this site, for the application to answer the browser and for the log.
type LogoutEnd struct {
	// Answered says that the response was written: the provider's request was answered.
	Answered bool
	// ReturnTo is where the browser asked to go when a logout of ours came back, unchecked.
	ReturnTo string
	// Ended is how many sessions a provider's request ended here.
	Ended int
	// Err is why the message was refused, or that the provider did not end its session ([ErrLogoutFailed]).
	Err error
}

// BeginLogout makes a signed LogoutRequest for one of the subject's sessions (Core section 3.7.1), or for all when the
// key's Index is empty. It refuses with [ErrNoLogout] where the provider has no endpoint for it. Like [Provider.Begin] it
// stores nothing.
func (p *Provider) BeginLogout(_ context.Context, key lmssso.SessionKey, returnTo string) (*Start, error) {
	idp, err := p.cfg.IdP.IdP()
	if err != nil {
		return nil, err
	}
	endpoint, ok := endpointFor(idp.SLO, Redirect)
	if !ok {
		endpoint, ok = endpointFor(idp.SLO, Post)
	}
	if !ok || p.signer == nil || p.cfg.SP.SLO == "" {
		return nil, refuse(ErrNoLogout, lmssso.Error{Detail: "the provider has no single-logout endpoint, or this side none or no key"})
	}
	start := &Start{
		heading: signingOut,
		Pending: Pending{Handle: pending.NewHandle(), RequestID: newID(), ReturnTo: returnTo, Begun: p.cfg.Now()},
	}
	request := newMessage("LogoutRequest", start.Pending.RequestID, endpoint.URL, p.cfg.SP.EntityID, start.Pending.Begun)
	name := request.CreateElement("saml:NameID")
	name.SetText(key.Subject.Value)
	for _, q := range []struct{ attribute, value string }{
		{"Format", key.Subject.Format}, {"NameQualifier", key.Subject.NameQualifier}, {"SPNameQualifier", key.Subject.SPNameQualifier},
	} {
		if q.value != "" {
			name.CreateAttr(q.attribute, q.value)
		}
	}
	if key.Index != "" {
		request.CreateElement("samlp:SessionIndex").SetText(key.Index)
	}
	return start, p.carry(start, endpoint.URL, endpoint.Binding, "SAMLRequest", request, start.Pending.Handle)
}

// carry puts a signed message into a redirect or a form.
func (p *Provider) carry(s *Start, to string, binding Binding, parameter string, el *etree.Element, relay string) (err error) {
	if binding == Post {
		s.Form, err = postForm(to, parameter, el, relay, p.signer)
	} else {
		s.Redirect, err = redirectURL(to, parameter, el, relay, p.signer)
	}
	if err != nil {
		return &lmssso.Error{Reason: lmssso.ErrConfiguration, Detail: "the logout message cannot be made", Err: err}
	}
	return nil
}

// StartLogout sends the browser to the provider to end its session as well. The application has ended its own before. On
// an error nothing was written: the user is signed out here, and the application says so.
func (p *Provider) StartLogout(w http.ResponseWriter, r *http.Request, key lmssso.SessionKey, returnTo string) error {
	start, err := p.BeginLogout(r.Context(), key, returnTo)
	if err != nil {
		return err
	}
	record, err := json.Marshal(start.Pending)
	if err == nil {
		err = p.keeper.Put(r.Context(), start.Pending.Handle, record)
	}
	if err != nil {
		return &lmssso.Error{Reason: lmssso.ErrUnavailable, Detail: "the logout cannot be remembered", Err: err}
	}
	page.SetHeaders(w.Header(), page.Policy{})
	start.send(w)
	return nil
}

// LogoutHandler answers at the single-logout endpoint, by GET and POST. A provider's request ends the sessions it names,
// found by [lmssso.Sessions] and not by cookie, and is answered by a signed LogoutResponse; a provider's answer ends a
// logout of ours. finish is called once for each message: it answers the browser unless Answered is set.
func (p *Provider) LogoutHandler(finish func(w http.ResponseWriter, r *http.Request, end LogoutEnd)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page.SetHeaders(w.Header(), page.Policy{})
		in := Input{Method: r.Method, RawQuery: r.URL.RawQuery}
		switch r.Method {
		case http.MethodGet:
			in.Form = r.URL.Query()
		case http.MethodPost:
			r.Body = http.MaxBytesReader(w, r.Body, p.MaxBody())
			if err := readForm(r); err != nil {
				finish(w, r, LogoutEnd{Err: err})
				return
			}
			in.Form = r.PostForm
		default:
			w.Header().Set("Allow", "GET, POST")
			finish(w, r, LogoutEnd{Err: &lmssso.Error{Reason: lmssso.ErrMethod, Detail: "logout messages arrive by GET or POST", Received: r.Method}})
			return
		}
		if in.Form.Has("SAMLResponse") {
			finish(w, r, p.FinishLogout(r.Context(), in))
			return
		}
		start, ended, err := p.AnswerLogout(r.Context(), in)
		if err != nil {
			finish(w, r, LogoutEnd{Err: err})
			return
		}
		start.send(w)
		finish(w, r, LogoutEnd{Answered: true, Ended: ended})
	})
}

// AnswerLogout verifies a provider's LogoutRequest, ends the sessions it names and returns the answer to send. An error
// with nothing ended says that the request was refused; nothing is to be answered. Where the provider has no endpoint for the
// answer, the sessions it named are ended all the same, and the error comes with their number.
func (p *Provider) AnswerLogout(ctx context.Context, in Input) (*Start, int, error) {
	m, err := p.verifier.readLogout(in, "SAMLRequest", p.cfg.Now())
	if err != nil {
		return nil, 0, err
	}
	subject, indexes, err := m.loggedOut()
	if err != nil {
		return nil, 0, err
	}
	if p.signer == nil {
		return nil, 0, refuse(ErrNoLogout, lmssso.Error{Detail: "this side has no key to sign the answer with"})
	}
	if err := p.verifier.spendLogout(ctx, m); err != nil {
		return nil, 0, err
	}
	status, ended := p.end(ctx, subject, indexes) // status codes, the outer one first
	idp, err := p.cfg.IdP.IdP()
	if err != nil {
		return nil, ended, err
	}
	start := &Start{heading: signingOut}
	return start, ended, p.logoutResponse(start, idp, m, status)
}

// end ends the sessions, and tells the status to answer with, the outer code first. One that was over already is no
// failure; when some could not be ended, the logout was partial (Core section 3.7.3.2).
func (p *Provider) end(ctx context.Context, subject lmssso.Subject, indexes []string) (status []string, ended int) {
	if p.cfg.Sessions == nil {
		return []string{statusResponder}, 0
	}
	if len(indexes) == 0 {
		indexes = []string{""}
	}
	failed := 0
	for _, index := range indexes {
		n, err := p.cfg.Sessions.End(ctx, lmssso.SessionKey{Connection: p.cfg.Connection, Subject: subject, Index: index})
		ended += n
		if err != nil {
			failed++
		}
	}
	switch {
	case failed == 0:
		return []string{statusSuccess}, ended
	case failed < len(indexes):
		return []string{statusResponder, statusPartial}, ended
	default:
		return []string{statusResponder}, ended
	}
}

// logoutResponse answers by the binding the request came by where the provider has it, else by the other.
//
// Some providers carry logouts in a frame of their own page (LemonLDAP::NG, SimpleSAMLphp). The page that posts the answer
// may be framed by the origin it posts to, and by nobody else.
func (p *Provider) logoutResponse(s *Start, idp *IdP, m *logoutMessage, status []string) error {
	endpoint, ok := endpointFor(idp.SLO, m.binding)
	if !ok {
		other := map[Binding]Binding{Redirect: Post, Post: Redirect}[m.binding]
		if endpoint, ok = endpointFor(idp.SLO, other); !ok {
			return refuse(ErrNoLogout, lmssso.Error{Detail: "the provider has no endpoint for the answer"})
		}
	}
	to := endpoint.URL
	if endpoint.ResponseURL != "" {
		to = endpoint.ResponseURL
	}
	response := newMessage("LogoutResponse", newID(), to, p.cfg.SP.EntityID, p.cfg.Now())
	response.CreateAttr("InResponseTo", m.id)
	code := response.CreateElement("samlp:Status")
	for _, value := range status {
		code = code.CreateElement("samlp:StatusCode")
		code.CreateAttr("Value", value)
	}
	s.framedBy = originOf(to)
	return p.carry(s, to, endpoint.Binding, "SAMLResponse", response, m.relay)
}

// FinishLogout verifies a provider's LogoutResponse to a logout that began here.
func (p *Provider) FinishLogout(ctx context.Context, in Input) LogoutEnd {
	m, err := p.verifier.readLogout(in, "SAMLResponse", p.cfg.Now())
	if err != nil {
		return LogoutEnd{Err: err}
	}
	record, err := p.keeper.Pop(ctx, m.relay)
	if err != nil {
		return LogoutEnd{Err: stateLost(err)}
	}
	var pend Pending
	if err := json.Unmarshal(record, &pend); err != nil {
		return LogoutEnd{Err: stateLost(err)}
	}
	if err := checkInResponseTo(m.root, &pend); err != nil {
		return LogoutEnd{Err: err}
	}
	end := LogoutEnd{ReturnTo: pend.ReturnTo}
	if err := checkStatus(m.family.one("Status")); err != nil {
		end.Err = refuse(ErrLogoutFailed, lmssso.Error{Detail: "the provider's answer is no success", Err: err})
	}
	return end
}

// originOf returns the scheme, host and port of an address; "" where a header could not hold them.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || strings.Trim(u.Host, hostCharacters) != "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// hostCharacters are all a host and port in a header may hold.
const hostCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]"
