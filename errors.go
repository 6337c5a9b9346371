package lmssso

import (
	"errors"
	"net/http"
	"strings"
)

// Code is a stable, documented name for why a login failed. It appears in pages, JSON answers, redirects and the log.
type Code string

// Reason is one rule's refusal: something to match with [errors.Is], a code to document, a status for HTTP, a text safe
// to show to anybody and a remedy for the administrator. Several reasons may share a code. A Reason is immutable.
type Reason struct {
	code           Code
	status         int
	public, remedy string
}

// NewReason makes a reason, usually once in a package variable. public is shown to the user and must be constant;
// remedy tells an administrator what to do.
func NewReason(code Code, status int, public, remedy string) *Reason {
	return &Reason{code: code, status: status, public: public, remedy: remedy}
}

// Error returns the code and the public text.
func (r *Reason) Error() string { return string(r.code) + ": " + r.public }

// Code returns the stable name.
func (r *Reason) Code() Code { return r.code }

// Status returns the HTTP status of an answer that reports the reason.
func (r *Reason) Status() int { return r.status }

// Public returns the text that is safe to show to anybody.
func (r *Reason) Public() string { return r.public }

// Remedy returns what an administrator should do about it.
func (r *Reason) Remedy() string { return r.remedy }

// Error is a refusal with its particulars. Its texts go to the administrator's log: they name attributes, rules,
// settings and measured times, never a token, a secret or a person's data.
type Error struct {
	// Reason is the rule that refused; matched with [errors.Is].
	Reason *Reason
	// Detail says what was wrong, in a phrase.
	Detail string
	// Expected and Received say what would have been accepted and what came instead; both may be empty.
	Expected, Received string
	// Err is the cause, when there is one. Its text is not part of Error's: it may repeat what an attacker sent.
	Err error
}

// Error returns the code and the particulars, without the cause's text.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Reason != nil {
		b.WriteString(string(e.Reason.code))
	} else {
		b.WriteString(string(ErrUnavailable.code))
	}
	if e.Detail != "" {
		b.WriteString(": " + e.Detail)
	}
	if e.Expected != "" {
		b.WriteString("; expected " + e.Expected)
	}
	if e.Received != "" {
		b.WriteString("; received " + e.Received)
	}
	return b.String()
}

// Unwrap returns the reason and the cause, so that [errors.Is] and [errors.As] find both.
func (e *Error) Unwrap() []error {
	var out []error
	if e.Reason != nil {
		out = append(out, e.Reason)
	}
	if e.Err != nil {
		out = append(out, e.Err)
	}
	return out
}

// ReasonOf returns the first reason in err's tree; [ErrUnavailable] for an error that names none, because what is not
// understood must not be reported as anything milder, and nil for nil. Packages the root imports cannot name a Reason;
// their errors give its code by a method SSOCode.
func ReasonOf(err error) *Reason {
	if err == nil {
		return nil
	}
	var r *Reason
	if errors.As(err, &r) {
		return r
	}
	var c interface{ SSOCode() string }
	if errors.As(err, &c) {
		return reasonByCode(Code(c.SSOCode()))
	}
	return ErrUnavailable
}

func reasonByCode(c Code) *Reason {
	for _, r := range Reasons() {
		if r.code == c {
			return r
		}
	}
	return ErrUnavailable
}

// withReason gives an error that names no reason the one it is reported under.
func withReason(err error) error {
	var r *Reason
	if err == nil || errors.As(err, &r) {
		return err
	}
	return &Error{Reason: ReasonOf(err), Err: err}
}

// CodeOf returns the code of err's reason; "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	return ReasonOf(err).code
}

// PublicMessage returns the HTTP status for err and a text that is safe to show to anybody; 200 and "" for nil.
func PublicMessage(err error) (status int, text string) {
	if err == nil {
		return http.StatusOK, ""
	}
	r := ReasonOf(err)
	return r.status, r.public
}
