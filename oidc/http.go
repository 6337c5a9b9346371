package oidc

import (
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

// Authenticate answers at the redirect URI. It finds the login the answer names by state, makes sure that it began in this
// browser, and finishes it. The pending login is taken out before anything is checked: a failed attempt stays consumed.
//
// Two pages of ours may come first ([lmssso.ErrAnswered]); nothing is consumed by them. Where an answer may be in the
// fragment, a GET without one is answered by a page that posts the fragment's parameters. A cross-site POST that arrives
// without the cookie that ties the login to the browser is answered, once, by a page that posts the same fields from this
// site; a second miss is [lmssso.ErrStateLost], and no login is begun again by itself.
func (p *Provider) Authenticate(w http.ResponseWriter, r *http.Request) (*lmssso.Assertion, error) {
	in := Input{Method: r.Method, RawQuery: r.URL.RawQuery}
	if r.Method == http.MethodPost {
		if err := readForm(r); err != nil {
			return nil, err
		}
		in.Form = r.PostForm
	}
	values, _, err := carried(in)
	if err != nil {
		return nil, err
	}
	if r.Method == http.MethodGet && p.mayBeFragment() && !slices.ContainsFunc(answerParameters(), values.Has) {
		page.WriteBridge(w, page.Bridge{Action: p.cfg.RP.RedirectURI, Mark: bridged})
		return nil, lmssso.ErrAnswered
	}
	state := values["state"]
	switch {
	case len(state) > 1:
		return nil, refuse(ErrParameters, lmssso.Error{Detail: "the parameter state is there more than once"})
	case len(state) == 0 || !pending.IsHandle(state[0]):
		return nil, refuse(ErrUnsolicited, lmssso.Error{Detail: "the answer has no state of ours", Received: toldError(values.Get("error"))})
	case r.Method == http.MethodPost && !p.keeper.HasCookie(r):
		return nil, p.askAgain(w, r)
	}
	pend, err := p.take(r, state[0])
	if err != nil {
		return nil, err
	}
	return p.Finish(r.Context(), in, pend)
}

// MaxBody is the largest body of a POST: an ID token and a code, each byte percent-encoded, and the rest of an answer. It
// implements [lmssso.BodyLimiter].
func (p *Provider) MaxBody() int64 { return 3*(maxToken+maxCode) + 64<<10 }

// mayBeFragment tells whether an answer may be in the fragment: where that was asked for, and wherever an ID token was,
// because providers that do not know a response mode fall back to it (OAuth 2.0 Multiple Response Type Encoding Practices
// section 5).
func (p *Provider) mayBeFragment() bool {
	return p.cfg.Request.ResponseMode == Fragment || p.cfg.Request.ResponseType.has(partIDToken)
}

// take takes the pending login out of its store.
func (p *Provider) take(r *http.Request, state string) (*Pending, error) {
	var pend Pending
	err := p.keeper.Take(r, state, func(record []byte) (string, error) {
		err := json.Unmarshal(record, &pend)
		return pend.Browser, err
	})
	if err != nil {
		return nil, stateLost(err)
	}
	pend.Handle = state
	return &pend, nil
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

// readForm reads the fields of a POST. The body is bounded before.
func readForm(r *http.Request) error {
	err := r.ParseForm()
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return &lmssso.Error{Reason: lmssso.ErrTooLarge, Detail: "the form is too large"}
	case err != nil:
		return refuse(ErrParameters, lmssso.Error{Detail: "the form cannot be read"})
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
	post := page.Post{Action: p.cfg.RP.RedirectURI}
	for _, name := range answerParameters() {
		for _, value := range r.PostForm[name] {
			post.Fields = append(post.Fields, page.Field{Name: name, Value: value})
		}
	}
	post.Fields = append(post.Fields, page.Field{Name: again, Value: "1"})
	page.WritePost(w, post)
	return lmssso.ErrAnswered
}

// StartLogin begins a login: it remembers it, ties it to the browser by a cookie, and redirects to the provider. On an error
// nothing was written. o may be nil.
func (p *Provider) StartLogin(w http.ResponseWriter, r *http.Request, o *BeginOptions) error {
	start, err := p.Begin(r.Context(), o)
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

// send answers with the redirect.
func (s *Start) send(w http.ResponseWriter) {
	page.SetHeaders(w.Header(), page.Policy{})
	w.Header().Set("Location", s.Redirect.String())
	w.WriteHeader(http.StatusSeeOther)
}

// LoginHandler begins a login: GET with an optional returnTo. The path's tenant, when the route has one, is given by
// tenantOf; nil is none. When it cannot, it answers by the refuse function, which [lmssso.Login] users take from their own
// pages.
//
// A provider's portal may send the browser here as well, with iss, and optionally login_hint and target_link_uri (OpenID Connect
// Core section 4). iss must then be the connection's issuer, else [ErrInitiator]. Without iss the other two are ignored.
func (p *Provider) LoginHandler(tenantOf func(*http.Request) string, refuse func(http.ResponseWriter, *http.Request, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page.SetHeaders(w.Header(), page.Policy{})
		if r.Method != http.MethodGet {
			w.Header().Set("Allow", http.MethodGet)
			refuse(w, r, wrongMethod("a login begins by GET", r.Method))
			return
		}
		o, err := p.initiated(r)
		if err != nil {
			refuse(w, r, err)
			return
		}
		if tenantOf != nil {
			o.Tenant = tenantOf(r)
		}
		if err := p.StartLogin(w, r, o); err != nil {
			refuse(w, r, err)
		}
	})
}

// initiated reads what the browser was sent here with.
func (p *Provider) initiated(r *http.Request) (*BeginOptions, error) {
	q := r.URL.Query()
	if !q.Has("iss") {
		return &BeginOptions{ReturnTo: target(q, "returnTo")}, nil
	}
	f, err := p.source.facts(r.Context())
	if err != nil {
		return nil, err
	}
	if iss := q["iss"]; len(iss) != 1 || !issuerFits(f.issuer, iss[0], p.cfg.OP.AllowedTenantIDs) {
		return nil, refuse(ErrInitiator, lmssso.Error{Detail: "the login was begun for another issuer", Expected: quoted(f.issuer), Received: quoted(q.Get("iss"))})
	}
	o := &BeginOptions{ReturnTo: target(q, "target_link_uri")}
	if o.ReturnTo == "" {
		o.ReturnTo = target(q, "returnTo")
	}
	if hint := q.Get("login_hint"); len(hint) <= maxName {
		o.LoginHint = hint
	}
	return o, nil
}

// target returns where the browser asks to go. What no safelist ever follows is not kept either.
func target(q url.Values, name string) string {
	if v := q.Get(name); len(v) <= safelist.MaxLength {
		return v
	}
	return ""
}
