package fetch

import (
	"errors"
	"net/url"
	"strconv"
)

// What can go wrong, to be matched with [errors.Is].
var (
	// ErrURL refuses an address that is not an absolute URL of an accepted scheme, or that carries a user name.
	ErrURL = errors.New("the URL cannot be used")
	// ErrAddress refuses a host that resolves to no public address.
	ErrAddress = errors.New("the host has no address that may be asked")
	// ErrRedirect refuses a redirect: one too many, or to another scheme.
	ErrRedirect = errors.New("the redirect is not followed")
	// ErrTooLarge refuses an answer beyond the size limit.
	ErrTooLarge = errors.New("the answer is too large")
	// ErrStatus refuses an answer that is not a success.
	ErrStatus = errors.New("the answer is not a success")
	// ErrTimeout tells that the answer did not come, or not whole, in time.
	ErrTimeout = errors.New("the answer took too long")
	// ErrNetwork tells that the host could not be resolved, connected to or trusted, or stopped in the middle.
	ErrNetwork = errors.New("the host could not be talked to")
	// ErrClosed tells that the [Flight] was closed.
	ErrClosed = errors.New("closed")
	// ErrPanic tells that a [Flight]'s job panicked.
	ErrPanic = errors.New("the job panicked")
)

// Error is a failed fetch. Its text names the scheme and host and never holds a path, a query or anything the other side
// said: those may carry secrets, or whatever an attacker wrote.
type Error struct {
	// Kind is one of the package's errors.
	Kind error
	// Origin is the scheme and host asked, quoted and cut; "" when the URL had none.
	Origin string
	// Status is the HTTP status, with [ErrStatus].
	Status int
	// Err is the cause. Its text may repeat what the other side sent: it is for errors.As, not for logs.
	Err error
}

// Error returns the kind and the origin.
func (e *Error) Error() string {
	text := e.Kind.Error()
	if e.Status != 0 {
		text += ": HTTP status " + strconv.Itoa(e.Status)
	}
	if e.Origin != "" {
		text += " (" + e.Origin + ")"
	}
	return text
}

// Unwrap returns the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// maxOrigin bounds how much of a host an error repeats, in bytes.
const maxOrigin = 100

// origin returns the scheme and host of a URL for error texts.
func origin(u *url.URL) string {
	if u == nil || u.Host == "" {
		return ""
	}
	text := u.Scheme + "://" + u.Host
	if len(text) > maxOrigin {
		text = text[:maxOrigin]
	}
	return strconv.Quote(text)
}
