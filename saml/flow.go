package saml

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/internal/page"
	"github.com/lmssso/lmssso/internal/pending"
	"github.com/lmssso/lmssso/safelist"
)

// again marks a form that our own page posted once more, so that it is answered with a page at most once.
const again = "lmssso_again"

// Finish verifies a response and returns the login. pend is what was remembered when the login began, taken out of its
// store beforehand, so that it serves once; nil says that nobody asked, which [Allow.IdPInitiated] must allow.
func (p *Provider) Finish(ctx context.Context, in Input, pend *Pending) (*lmssso.Assertion, error) {
	if in.Method != http.MethodPost {
		return nil, &lmssso.Error{Reason: lmssso.ErrMethod, Detail: "a response arrives by POST", Received: in.Method}
	}
	encoded, err := oneField(in.Form, "SAMLResponse")
	if err != nil {
		return nil, err
	}
	idp, err := p.cfg.IdP.IdP()
	if err != nil {
		return nil, err
	}
	if pend != nil && (pend.Connection != p.cfg.Connection || pend.IdP != idp.EntityID) {
		return nil, &lmssso.Error{Reason: lmssso.ErrStateLost, Detail: "the login began with another connection or provider", Expected: quoted(idp.EntityID), Received: quoted(pend.IdP)}
	}
	a, err := p.verifier.response(ctx, encoded, expectation{now: p.cfg.Now(), idp: idp, request: pend})
	if err != nil {
		return nil, err
	}
	return a, nil
}

// oneField returns a field that must not be repeated; "" when it is not there.
func oneField(form url.Values, name string) (string, error) {
	switch v := form[name]; len(v) {
	case 0:
		return "", nil
	case 1:
		return v[0], nil
	default:
		return "", &lmssso.Error{Reason: lmssso.ErrMalformed, Detail: "the field " + name + " is there more than once"}
	}
}

// Authenticate answers at the assertion consumer service. It finds the login the response answers by RelayState, makes
// sure that it began in this browser, and finishes it.
//
// A cross-site POST may arrive without the cookie that ties the login to the browser. It is then answered, once, by a page
// that posts the same fields from this site ([lmssso.ErrAnswered]); a second miss is [lmssso.ErrStateLost], and no login
// is begun again by itself.
func (p *Provider) Authenticate(w http.ResponseWriter, r *http.Request) (*lmssso.Assertion, error) {
	if r.Method != http.MethodPost {
		return nil, &lmssso.Error{Reason: lmssso.ErrMethod, Detail: "a response arrives by POST", Received: r.Method}
	}
	if err := readForm(r); err != nil {
		return nil, err
	}
	relay, err := oneField(r.PostForm, "RelayState")
	if err != nil {
		return nil, err
	}
	in := Input{Method: r.Method, RawQuery: r.URL.RawQuery, Form: r.PostForm}
	if !pending.IsHandle(relay) {
		return p.unsolicited(r.Context(), in, relay)
	}
	if !p.keeper.HasCookie(r) {
		return nil, p.askAgain(w, r)
	}
	var pend Pending
	err = p.keeper.Take(r, relay, func(record []byte) (string, error) {
		err := json.Unmarshal(record, &pend)
		return pend.Browser, err
	})
	if err != nil {
		return nil, stateLost(err)
	}
	return p.Finish(r.Context(), in, &pend)
}

// unsolicited finishes a login nobody asked for, which verification refuses unless the connection allows it. Its
// RelayState, if any, is a target of the provider's choosing and goes through the safelist like every other.
func (p *Provider) unsolicited(ctx context.Context, in Input, relay string) (*lmssso.Assertion, error) {
	a, err := p.Finish(ctx, in, nil)
	if err != nil {
		return nil, err
	}
	if a.ReturnTo == "" {
		a.ReturnTo = relay
	}
	return a, nil
}

// MaxBody is the largest body of a POST: an encoded message whose every byte may be percent-encoded, and a RelayState. It
// implements [lmssso.BodyLimiter].
func (p *Provider) MaxBody() int64 { return int64(3*p.verifier.cfg.Check.FormValue) + 64<<10 }

// readForm reads the fields of a POST. The body is bounded before.
func readForm(r *http.Request) error {
	err := r.ParseForm()
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return &lmssso.Error{Reason: lmssso.ErrTooLarge, Detail: "the form is too large"}
	case err != nil:
		return &lmssso.Error{Reason: lmssso.ErrMalformed, Detail: "the form cannot be read", Err: err}
	}
	return nil
}

// askAgain answers a POST without cookie by the page that posts it once more, from this site, or refuses the second time.
func (p *Provider) askAgain(w http.ResponseWriter, r *http.Request) error {
	if r.PostForm.Has(again) {
		return &lmssso.Error{
			Reason: lmssso.ErrStateLost, Detail: "the browser did not send the cookie this login began with",
			Expected: "cookies allowed for this site, and the same browser",
		}
	}
	post := page.Post{Action: p.cfg.SP.ACS}
	for _, name := range []string{"SAMLResponse", "RelayState"} {
		for _, value := range r.PostForm[name] {
			post.Fields = append(post.Fields, page.Field{Name: name, Value: value})
		}
	}
	post.Fields = append(post.Fields, page.Field{Name: again, Value: "1"})
	page.WritePost(w, post)
	return lmssso.ErrAnswered
}

// stateLost gives the ways an answer loses its beginning one reason, each with its own particulars.
func stateLost(err error) error {
	e := &lmssso.Error{Reason: lmssso.ErrStateLost, Detail: err.Error(), Err: err}
	switch {
	case errors.Is(err, pending.ErrUnknown):
		e.Expected = "an answer within " + pending.TTL.String() + ", and only one"
	case errors.Is(err, pending.ErrOtherBrowser):
		e.Expected = "the answer in the browser the login began in"
	default:
		return &lmssso.Error{Reason: lmssso.ErrUnavailable, Detail: "the pending login cannot be read", Err: err}
	}
	return e
}

// LoginHandler begins a login: GET with an optional returnTo. The path's tenant, when the route has one, is given by
// tenantOf; nil is none. It redirects to the provider, or posts to it. When it cannot, it answers by the refuse function,
// which [lmssso.Login] users take from their own pages.
func (p *Provider) LoginHandler(tenantOf func(*http.Request) string, refuse func(http.ResponseWriter, *http.Request, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page.SetHeaders(w.Header(), page.Policy{})
		if r.Method != http.MethodGet {
			w.Header().Set("Allow", http.MethodGet)
			refuse(w, r, &lmssso.Error{Reason: lmssso.ErrMethod, Detail: "a login begins by GET", Received: r.Method})
			return
		}
		opts := &BeginOptions{ReturnTo: r.URL.Query().Get("returnTo")}
		if len(opts.ReturnTo) > safelist.MaxLength { // no such target is ever followed, so it is not kept either
			opts.ReturnTo = ""
		}
		if tenantOf != nil {
			opts.Tenant = tenantOf(r)
		}
		if err := p.begin(w, r, opts); err != nil {
			refuse(w, r, err)
		}
	})
}

// begin keeps the pending login and sends the browser on.
func (p *Provider) begin(w http.ResponseWriter, r *http.Request, opts *BeginOptions) error {
	start, err := p.Begin(r.Context(), opts)
	if err != nil {
		return err
	}
	err = p.keeper.Keep(w, r, start.Pending.Handle, func(browser string) ([]byte, error) {
		start.Pending.Browser = browser
		return json.Marshal(start.Pending)
	})
	if err != nil {
		return &lmssso.Error{Reason: lmssso.ErrUnavailable, Detail: "the login cannot be remembered", Err: err}
	}
	start.send(w)
	return nil
}

// send answers with the redirect or the form.
func (s *Start) send(w http.ResponseWriter) {
	if s.Redirect != nil {
		w.Header().Set("Location", s.Redirect.String())
		w.WriteHeader(http.StatusSeeOther)
		return
	}
	post := page.Post{Action: s.Form.Action, Heading: s.heading, FramedBy: s.framedBy}
	names := make([]string, 0, len(s.Form.Fields))
	for name := range s.Form.Fields {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		post.Fields = append(post.Fields, page.Field{Name: name, Value: s.Form.Fields.Get(name)})
	}
	page.WritePost(w, post)
}
