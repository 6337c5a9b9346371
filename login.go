package lmssso

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"time"

	"github.com/lmssso/lmssso/internal/page"
	"github.com/lmssso/lmssso/safelist"
)

const (
	// maxURL bounds path and query: a token of 16 kB, two redirect targets of 2 kB and their escapes.
	maxURL = 32 << 10
	// maxBody bounds a request's body before any protocol looks at it, unless the protocol has a bound of its own.
	maxBody = 1 << 20
)

// LoginConfig sets up one connection's sign-in endpoint. Authenticator, Provisioner, Connection and Done are required.
type LoginConfig struct {
	// Connection is the connection's id, Tenant the slug of the tenant whose endpoint this is ("" is the main site).
	Connection, Tenant string
	// Protocol is the connection's protocol; a login that says otherwise is refused.
	Protocol Protocol
	// Action names the endpoint in the log: jwt, assertionConsumer or callback. Empty takes the protocol's usual one.
	Action string
	// Authenticator verifies the request.
	Authenticator Authenticator
	// Policy is the connection's ceiling; the zero value is the strictest.
	Policy Policy
	// Validators may refuse what was verified, beside the policy, which always rules.
	Validators []Validator
	// Provisioner turns the login into an account.
	Provisioner Provisioner
	// Site says where browsers may be sent.
	Site Site
	// Recorder keeps the SSO log; nil keeps none. Its failure is reported to Env.Logger and stops nothing.
	Recorder Recorder
	// Done starts the application's session, usually by setting a cookie. It writes no body and no status; when it fails
	// the answer is 503 and none of its headers are sent.
	Done func(w http.ResponseWriter, r *http.Request, t *Attempt) error
	// Env holds what a login needs of its surroundings; the zero value is good.
	Env Env
}

// Site says where a login may send the browser.
type Site struct {
	// Safelist returns the list that judges redirect targets, so that it can be replaced while running. A nil func or list
	// allows only paths of the site itself.
	Safelist func() *safelist.List
	// DefaultPage returns the path a user goes to when the login asks for no page, or for one that is not allowed; usually
	// by role. Nil, or a path the safelist refuses, means "/".
	DefaultPage func(a Account) string
}

// Env holds what a login needs of its surroundings. The zero value uses the machine's clock and the default logger.
type Env struct {
	// Now is the clock.
	Now func() time.Time
	// Logger receives one line an attempt, without personal data, and what went wrong inside.
	Logger *slog.Logger
	// RefusalPage renders a refusal in the application's own layout, with f.Status. The strict headers are already set on
	// w; a page that needs more than they allow replaces the Content-Security-Policy. Nil renders the library's page.
	RefusalPage func(w http.ResponseWriter, r *http.Request, f Refusal)
}

// Refusal is what may be shown of a refused login.
type Refusal struct {
	// Status is the HTTP status.
	Status int `json:"-"`
	// Code is the reason's stable name.
	Code Code `json:"code"`
	// Message is the reason's public text.
	Message string `json:"message"`
	// TraceID finds the attempt in the SSO log.
	TraceID string `json:"traceID"`
}

// Login is one connection's sign-in endpoint: the one handler that authenticates, validates, provisions, decides where
// the browser goes and hands the user to the application's session. It is safe for concurrent use.
type Login struct {
	cfg   LoginConfig
	check Validator
}

// NewLogin checks the configuration and copies it. It refuses with [ErrConfiguration], listing everything missing.
func NewLogin(cfg LoginConfig) (*Login, error) {
	var errs []error
	for _, f := range []struct {
		name    string
		missing bool
	}{
		{"Connection", cfg.Connection == ""},
		{"Protocol", !slices.Contains([]Protocol{JWT, SAML, OIDC}, cfg.Protocol)},
		{"Authenticator", cfg.Authenticator == nil},
		{"Provisioner", cfg.Provisioner == nil},
		{"Done", cfg.Done == nil},
	} {
		if f.missing {
			errs = append(errs, &Error{Reason: ErrConfiguration, Detail: "LoginConfig." + f.name + " is missing"})
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if cfg.Action == "" {
		cfg.Action = map[Protocol]string{JWT: "jwt", SAML: "assertionConsumer", OIDC: "callback"}[cfg.Protocol]
	}
	if cfg.Env.Logger == nil {
		cfg.Env.Logger = slog.Default()
	}
	if cfg.Env.Now == nil {
		cfg.Env.Now = time.Now
	}
	policy := Validator(PolicyCheck{Policy: cfg.Policy})
	if _, judged := cfg.Provisioner.(PolicyJudge); judged {
		policy = ValidatorFunc(PolicyCheck{Policy: cfg.Policy}.withoutDirectory)
	}
	all := append([]Validator{policy}, cfg.Validators...)
	return &Login{cfg: cfg, check: All(all...)}, nil
}

// ServeHTTP runs one attempt. A good login answers 303 to the checked target; a refused one a page, JSON when the client
// accepts only that, or a redirect where the dialect reports errors so. Every attempt is recorded once.
func (l *Login) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	page.SetHeaders(w.Header(), page.Policy{})
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, POST")
		l.cfg.Env.answer(w, r, Refusal{Status: ErrMethod.status, Code: ErrMethod.code, Message: ErrMethod.public})
		return
	}
	t := &Attempt{
		TraceID: NewTraceID(), Action: l.cfg.Action, Connection: l.cfg.Connection,
		Protocol: l.cfg.Protocol, Tenant: l.cfg.Tenant, Started: l.cfg.Env.Now(),
	}
	r.Body = http.MaxBytesReader(w, r.Body, l.maxBody())
	started := doneWriter{header: http.Header{}}
	target, err := l.attempt(w, started, r, t)
	if errors.Is(err, ErrAnswered) {
		return
	}
	t.Err, t.Took = withReason(err), l.cfg.Env.Now().Sub(t.Started)
	l.record(r.Context(), t)
	if err != nil {
		l.refuse(w, r, t)
		return
	}
	started.copyTo(w.Header())
	redirect(w, target)
}

func (l *Login) maxBody() int64 {
	if b, ok := l.cfg.Authenticator.(BodyLimiter); ok {
		return b.MaxBody()
	}
	return maxBody
}

// attempt runs the steps in their order. Whatever panics is a refusal: a parser's bug must not become a login, nor take
// the process down.
func (l *Login) attempt(w http.ResponseWriter, done doneWriter, r *http.Request, t *Attempt) (target string, err error) {
	defer func() {
		if p := recover(); p != nil {
			l.cfg.Env.Logger.Error("sso login panicked", "trace", t.TraceID, "connection", t.Connection, "stack", string(debug.Stack()))
			target, err = "", &Error{Reason: ErrUnavailable, Detail: "the login panicked; the operational log has the stack"}
		}
	}()
	if len(r.RequestURI) > maxURL || len(r.URL.RawQuery) > maxURL {
		return "", &Error{Reason: ErrTooLarge, Detail: "the URL is too long", Expected: "at most 32 kB"}
	}
	a, err := l.authenticate(w, r)
	if err != nil {
		return "", err
	}
	t.Assertion = a
	if err := l.check.Validate(r.Context(), a); err != nil {
		return "", err
	}
	out, err := l.cfg.Provisioner.Provision(r.Context(), a, l.cfg.Policy)
	if err != nil {
		return "", err
	}
	if out == nil {
		return "", &Error{Reason: ErrUnavailable, Detail: "the provisioner returned nothing"}
	}
	t.Outcome = out
	if err := l.withinPolicy(out.Account); err != nil {
		return "", err
	}
	if err := l.cfg.Done(done, r, t); err != nil {
		return "", &Error{Reason: ErrUnavailable, Detail: "the application could not start a session", Err: err}
	}
	return l.target(r, t), nil
}

// withinPolicy starts no session for an account beyond the policy, whoever judged it before: a type that embeds a
// [PolicyJudge] makes its promise too, whether it keeps it or not. An account without a role is the application's own affair.
func (l *Login) withinPolicy(a Account) error {
	if a.Role == "" || l.cfg.Policy.AllowsRole(a.Role) {
		return nil
	}
	return &Error{Reason: ErrRoleNotAllowed, Detail: "the provisioner returned an account with a role the policy does not list", Expected: listed(l.cfg.Policy.Roles, StudentRole)}
}

// authenticate asks the protocol, and makes sure that what it returns is this connection's.
func (l *Login) authenticate(w http.ResponseWriter, r *http.Request) (*Assertion, error) {
	a, err := l.cfg.Authenticator.Authenticate(w, r)
	switch {
	case err != nil:
		return nil, err
	case a == nil:
		return nil, &Error{Reason: ErrUnavailable, Detail: "the authenticator returned nothing"}
	case a.Origin.Connection != l.cfg.Connection || a.Origin.Protocol != l.cfg.Protocol:
		return nil, &Error{Reason: ErrConfiguration, Detail: "the authenticator belongs to another connection"}
	}
	return a, nil
}

func (l *Login) record(ctx context.Context, t *Attempt) {
	log := l.cfg.Env.Logger
	if t.Err == nil {
		log.Info("sso login accepted", "trace", t.TraceID, "connection", t.Connection, "took", t.Took)
	} else {
		log.Info("sso login refused", "trace", t.TraceID, "connection", t.Connection, "code", CodeOf(t.Err), "took", t.Took)
	}
	if l.cfg.Recorder == nil {
		return
	}
	// A visitor who closes the connection must not thereby keep the attempt out of the log.
	if err := l.cfg.Recorder.Record(context.WithoutCancel(ctx), t); err != nil {
		log.Error("sso log not written", "trace", t.TraceID, "connection", t.Connection, "code", CodeOf(err))
	}
}

// doneWriter collects the headers the application sets, so that they are sent only when the login ends well.
type doneWriter struct{ header http.Header }

func (d doneWriter) Header() http.Header { return d.header }

func (d doneWriter) Write([]byte) (int, error) {
	return 0, errors.New("lmssso: Done sets headers only; it writes no body")
}

func (d doneWriter) WriteHeader(int) {}

func (d doneWriter) copyTo(h http.Header) {
	for name, values := range d.header {
		for _, v := range values {
			h.Add(name, v)
		}
	}
}
