package lmssso

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// Authenticator turns a request into a verified login. The protocol packages' providers implement it.
//
// It returns an assertion or an error, never both. When it wrote an answer of its own, because the protocol needs
// another round trip, it returns [ErrAnswered].
type Authenticator interface {
	Authenticate(w http.ResponseWriter, r *http.Request) (*Assertion, error)
}

// ErrAnswered is returned by an [Authenticator] that wrote the response itself, such as a page that posts the same
// fields once more. Nothing was consumed; nothing is logged.
var ErrAnswered = errors.New("lmssso: the authenticator wrote the response")

// Targeter is implemented by an [Authenticator] whose requests say where the browser should go. What it returns is
// unverified and used only through the safelist.
type Targeter interface {
	Targets(r *http.Request) Targets
}

// BodyLimiter is implemented by an [Authenticator] whose messages are smaller, or by configuration larger, than the 1 MB
// [Login] allows a request's body.
type BodyLimiter interface {
	// MaxBody is the largest body in bytes.
	MaxBody() int64
}

// Targets is where a request asks the browser to be sent.
type Targets struct {
	// ReturnTo is for success, ErrorURL for a refusal; "" when not given.
	ReturnTo, ErrorURL string
	// ReportErrors sends the browser of a refused login to ErrorURL, else ReturnTo, with kind, message and trace
	// parameters, as Zendesk's and Thinkific's dialects do. Without it a refusal is a page.
	ReportErrors bool
}

// Validator may refuse a verified login. It judges by what the assertion alone tells, and can only add refusals.
type Validator interface {
	Validate(ctx context.Context, a *Assertion) error
}

// ValidatorFunc makes a function a [Validator].
type ValidatorFunc func(ctx context.Context, a *Assertion) error

// Validate calls f.
func (f ValidatorFunc) Validate(ctx context.Context, a *Assertion) error { return f(ctx, a) }

// Provisioner turns a verified and validated login into an account, as far as the connection's policy allows.
// The provision package's Service implements it over a Directory.
type Provisioner interface {
	Provision(ctx context.Context, a *Assertion, p Policy) (*Outcome, error)
}

// PolicyJudge is implemented by a [Provisioner] that itself refuses roles and tenants beyond the policy, by what the account
// would hold afterwards. [Login] then leaves those two rules to it, because it can tell what is unknown from what is not
// allowed. To a provisioner that does not say so, Login lets nothing through that the policy does not list.
type PolicyJudge interface {
	// JudgesPolicy is never called; having it is the promise.
	JudgesPolicy()
}

// Recorder keeps the SSO log. A failing recorder never stops a login.
type Recorder interface {
	Record(ctx context.Context, t *Attempt) error
}

// Attempt is one try to sign in, good or bad, as the log and the application see it.
type Attempt struct {
	// TraceID is what a user can quote and an administrator can search for.
	TraceID string
	// Action names the endpoint: jwt, assertionConsumer, callback, login, logout.
	Action string
	// Connection is the id of the connection, Protocol its protocol.
	Connection string
	Protocol   Protocol
	// Tenant is the slug of the tenant whose endpoint was used; "" for the main site.
	Tenant string
	// Started is when the attempt began, Took how long it lasted.
	Started time.Time
	Took    time.Duration
	// Assertion is the verified login; nil when verification refused it.
	Assertion *Assertion
	// Outcome is what it did to the directory; nil when it got no further.
	Outcome *Outcome
	// Err is why it was refused; nil for a good login.
	Err error
}

// SessionKey names the sessions a logout message is about.
type SessionKey struct {
	// Connection is the id of the connection the sessions were opened through.
	Connection string
	// Subject is the user's name as the provider sent it. The zero Subject is whoever the session of the Index belongs to: an
	// OpenID Connect logout token may name a session alone.
	Subject Subject
	// Index is one session's index (SAML SessionIndex, OpenID Connect sid); "" means all of the subject's. Subject and Index
	// are never both empty; an implementation ends nothing for such a key.
	Index string
}

// Sessions ends sessions of the application, found by key and not by cookie.
type Sessions interface {
	End(ctx context.Context, k SessionKey) (ended int, err error)
}

// SingleUse remembers things until a time, atomically and once. It is both the replay guard and the home of pending
// logins. An error means that the store cannot answer; a login then fails closed.
//
// The store compares until with its own clock. Add with an until that is not in the future is an error. A nil value is a
// replay record and is never evicted early: a full store answers with an error. A non-nil value is a pending login, and
// the oldest may be evicted. The conformance suite in store/storetest checks all of it.
type SingleUse interface {
	// Add stores value under key until the given time, and reports whether no live record had that key.
	Add(ctx context.Context, key string, value []byte, until time.Time) (first bool, err error)
	// Take returns and removes the live record under key.
	Take(ctx context.Context, key string) (value []byte, found bool, err error)
}
