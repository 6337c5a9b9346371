package lmssso

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/lmssso/lmssso/internal/page"
	"github.com/lmssso/lmssso/safelist"
)

// NewTraceID returns 80 random bits in lower-case letters and digits, short enough to read out on the telephone.
func NewTraceID() string {
	var b [10]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the process instead
	return strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
}

func (l *Login) safelist() *safelist.List {
	if l.cfg.Site.Safelist == nil {
		return nil
	}
	return l.cfg.Site.Safelist()
}

func (l *Login) targets(r *http.Request) Targets {
	if t, ok := l.cfg.Authenticator.(Targeter); ok {
		return t.Targets(r)
	}
	return Targets{}
}

// target decides where a good login goes: to the page asked for when that and the error URL, if given, are both on the
// list, else to the role's default page (Thinkific, "Safelisted domains": both or neither).
func (l *Login) target(r *http.Request, t *Attempt) string {
	asked := t.Assertion.ReturnTo
	pair, err := l.safelist().Pair(asked, l.targets(r).ErrorURL)
	if err == nil && asked != "" {
		return pair.ReturnTo.String()
	}
	return l.defaultPage(t.Outcome.Account)
}

func (l *Login) defaultPage(a Account) string {
	if l.cfg.Site.DefaultPage == nil {
		return "/"
	}
	target, err := l.safelist().Check(l.cfg.Site.DefaultPage(a))
	if err != nil {
		return "/"
	}
	return target.String()
}

// refuse answers a refused login. A dialect that reports errors by redirect sends the browser to the error URL, else to
// the return URL, with the Zendesk parameters kind and message and our trace; to the home page when a target was given
// that is not listed. Faults of this site (5xx) are never sent elsewhere.
func (l *Login) refuse(w http.ResponseWriter, r *http.Request, t *Attempt) {
	reason := ReasonOf(t.Err)
	f := Refusal{Status: reason.status, Code: reason.code, Message: reason.public, TraceID: t.TraceID}
	if !wantsJSON(r) && f.Status < http.StatusInternalServerError {
		if target, ok := l.errorTarget(r, t, f); ok {
			redirect(w, target)
			return
		}
	}
	l.cfg.Env.answer(w, r, f)
}

// Refuse answers a request the way [Login] answers a refused one, under a trace id of its own, which it returns. It is for
// the endpoints around a login, such as the one that begins it. The logger gets the reason's code.
func (e Env) Refuse(w http.ResponseWriter, r *http.Request, err error) (traceID string) {
	page.SetHeaders(w.Header(), page.Policy{})
	reason := ReasonOf(err)
	f := Refusal{Status: reason.status, Code: reason.code, Message: reason.public, TraceID: NewTraceID()}
	logger := e.Logger
	if logger == nil {
		logger = slog.Default()
	}
	logger.Info("sso request refused", "trace", f.TraceID, "code", f.Code, "detail", detailOf(err))
	e.answer(w, r, f)
	return f.TraceID
}

// detailOf returns what may be logged of a refusal: the particulars of our own error type, never a cause's text.
func detailOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Error()
	}
	return ""
}

func (l *Login) errorTarget(r *http.Request, t *Attempt, f Refusal) (string, bool) {
	asked := l.targets(r)
	if t.Assertion != nil {
		asked.ReturnTo = t.Assertion.ReturnTo
	}
	if !asked.ReportErrors || asked.ReturnTo == "" && asked.ErrorURL == "" {
		return "", false
	}
	pair, err := l.safelist().Pair(asked.ReturnTo, asked.ErrorURL)
	if err != nil {
		return "/?" + url.Values{"trace": {f.TraceID}}.Encode(), true
	}
	to := pair.ErrorURL
	if asked.ErrorURL == "" {
		to = pair.ReturnTo
	}
	return to.With(url.Values{"kind": {"error"}, "message": {f.Message}, "trace": {f.TraceID}}), true
}

// redirect answers 303 with the target exactly as it was checked: http.Redirect would rewrite it.
func redirect(w http.ResponseWriter, target string) {
	w.Header().Set("Location", target)
	w.WriteHeader(http.StatusSeeOther)
}

// answer writes a refusal as JSON or as a page.
func (e Env) answer(w http.ResponseWriter, r *http.Request, f Refusal) {
	switch {
	case wantsJSON(r):
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(f.Status)
		_ = json.NewEncoder(w).Encode(f) // the client went away: nobody is left to tell
	case e.RefusalPage != nil:
		e.RefusalPage(w, r, f)
	default:
		page.WriteRefusal(w, page.Refusal{Status: f.Status, Code: string(f.Code), Message: f.Message, TraceID: f.TraceID})
	}
}

// wantsJSON reports whether the client asks for JSON and not for a page, as scripts do.
func wantsJSON(r *http.Request) bool {
	accept := strings.Join(r.Header.Values("Accept"), ",")
	return strings.Contains(accept, "application/json") && !strings.Contains(accept, "text/html")
}
