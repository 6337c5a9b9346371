package samltest

import (
	"net/http"
	"net/url"
	"slices"

	demo "github.com/lmssso/lmssso/internal/demoidp/saml"
)

// Binding is how a logout message travels.
type Binding string

// The bindings of logout messages.
const (
	Redirect Binding = "redirect" // in the query; the default is the service provider's first
	Post     Binding = "post"     // in a form
)

// LogoutStep is a logout request on its way: exactly one of Redirect and Fields is set.
type LogoutStep struct {
	// ID is the request's.
	ID string
	// Redirect is the address to open.
	Redirect string
	// Action is the address to post to.
	Action string
	// Fields are what to post.
	Fields url.Values
}

// LogoutRequest makes a request to end a session at its service provider. See [LogoutFaults] for the faults there are.
func (i *IdP) LogoutRequest(s Session, binding Binding, faults ...Fault) LogoutStep {
	i.t.Helper()
	req := demo.LogoutRequest{NameID: demo.NameID{Value: s.NameID, Format: s.Format, NameQualifier: s.NameQualifier, SPNameQualifier: s.SPNameQualifier}}
	if s.Index != "" {
		req.SessionIndexes = []string{s.Index}
	}
	out, sent, err := i.engine.SendLogoutRequest(s.SP, req, i.logoutHow(binding, faults))
	if err != nil {
		i.t.Fatalf("samltest: %v", err)
	}
	step := LogoutStep{ID: sent.ID, Redirect: out.Redirect}
	if out.Form != nil {
		step.Action, step.Fields = out.Form.Action, out.Form.Fields
	}
	return step
}

// Logout ends the latest session at a service provider, in a browser, and returns the last page's answer. How the service
// provider answered is in [IdP.LogoutAnswers].
func (i *IdP) Logout(client *http.Client, sp string, faults ...Fault) *http.Response {
	i.t.Helper()
	session, ok := i.Session(sp)
	if !ok {
		i.t.Fatalf("samltest: nobody signed in at %q", sp)
	}
	step := i.LogoutRequest(session, "", faults...)
	if step.Redirect != "" {
		return i.SignIn(client, step.Redirect)
	}
	return i.Post(client, step.Action, step.Fields)
}

// Session is the latest session at a service provider.
func (i *IdP) Session(sp string) (Session, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	s, ok := i.sessions[sp]
	return s, ok
}

// Ended lists the sessions that service providers asked to end, in that order.
func (i *IdP) Ended() []Session {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.ended)
}

// LogoutAnswers lists the status codes that answered the provider's logout requests, in that order.
func (i *IdP) LogoutAnswers() []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.answers)
}

func (i *IdP) logoutHow(binding Binding, faults []Fault) demo.LogoutHow {
	i.mu.Lock()
	defer i.mu.Unlock()
	signing := i.manner.signing()
	signing.What = ""
	return demo.LogoutHow{Binding: demo.Binding(binding), Signing: signing, Style: demo.Style(i.manner.Style), Faults: demoFaults(faults)}
}

// end answers a service provider's logout request, with those faults that such an answer can have.
func (i *IdP) end(req *demo.LogoutRequest) (demo.Status, demo.LogoutHow) {
	i.mu.Lock()
	ended := Session{SP: req.Issuer, NameID: req.NameID.Value, Format: req.NameID.Format, NameQualifier: req.NameID.NameQualifier, SPNameQualifier: req.NameID.SPNameQualifier}
	if len(req.SessionIndexes) > 0 {
		ended.Index = req.SessionIndexes[0]
	}
	i.ended = append(i.ended, ended)
	delete(i.sessions, req.Issuer)
	faults := slices.DeleteFunc(slices.Clone(i.faults), func(f Fault) bool { return !slices.Contains(LogoutFaults(), f) })
	i.mu.Unlock()
	return demo.Status{}, i.logoutHow("", faults)
}

func (i *IdP) answered(r *demo.LogoutResponse) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.answers = append(i.answers, r.Status.Code)
}
