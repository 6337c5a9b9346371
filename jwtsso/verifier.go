package jwtsso

import (
	"context"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/internal/strictjson"
)

// VerifierConfig sets up the receiving side of one connection. Dialect, Connection, Realm, Keys and SingleUse are
// required; the zero value of everything else is the strictest.
type VerifierConfig struct {
	// Dialect is the platform's way. To override its window or claim names, change them in the value given here.
	Dialect Dialect
	// Connection is the connection's id. Replay keys are bound to it.
	Connection string
	// Tenant is the slug of the tenant whose endpoint this is; "" is the main site.
	Tenant string
	// Realm is the namespace the connection's external ids live in.
	Realm string
	// Keys are the live keys, newest first, at most Signing.MaxKeys. Any of them verifies.
	Keys []lmssso.Secret
	// SingleUse remembers tokens that were accepted.
	SingleUse lmssso.SingleUse
	// Expect compares iss and aud, which new connections should send.
	Expect Expect
	// ErrorURL is where a dialect that reports errors sends a refused login whose request names no error URL, such as
	// Zendesk's remote logout URL. It passes through the site's safelist like any other.
	ErrorURL string
	// AllowShortKeys accepts secrets shorter than the algorithm's hash. Safe only with a platform that hands out such keys
	// and never with a secret somebody thought up: a short one is guessed offline from a single token.
	AllowShortKeys bool
	// AllowMissingIssuedAt accepts tokens without a time of issue. Such a token never ages, so whoever copies one before it
	// is used can use it at any time until the key is retired; safe only while clients are being moved.
	AllowMissingIssuedAt bool
	// AllowReplay accepts a token more than once within its window; SingleUse may then be nil. Whoever sees a URL in a
	// history, a log or a Referer header can sign in as its user; safe only in tests.
	AllowReplay bool
	// Now is the clock; nil is the machine's.
	Now func() time.Time
}

// Expect is what a token must say about its way. An empty field expects nothing.
type Expect struct {
	// Issuer is the iss every token must carry.
	Issuer string
	// Audience must be the aud of every token, or in it.
	Audience string
}

// Verifier is the receiving side of one connection. It is immutable and safe for concurrent use, and implements
// [lmssso.Authenticator] and [lmssso.Targeter].
type Verifier struct {
	cfg    VerifierConfig
	keys   []checker
	mapper *attrs.Mapper
	// headers are those every check has passed, as text.
	headers []string
}

var (
	_ lmssso.Authenticator = (*Verifier)(nil)
	_ lmssso.Targeter      = (*Verifier)(nil)
)

// NewVerifier checks the configuration and copies it. It refuses, under the code "configuration", with [ErrDialect],
// [ErrKeyCount], [ErrKeyTooShort], [ErrKeyInvalid] or [ErrReplayStore].
func NewVerifier(cfg VerifierConfig) (*Verifier, error) {
	if err := cfg.Dialect.Check(); err != nil {
		return nil, err
	}
	if cfg.Connection == "" || cfg.Realm == "" {
		return nil, refuse(lmssso.ErrConfiguration, lmssso.Error{Detail: "Connection or Realm is missing"})
	}
	if cfg.SingleUse == nil && !cfg.AllowReplay {
		return nil, refuse(ErrReplayStore, lmssso.Error{Detail: "SingleUse is missing"})
	}
	cfg.Dialect = cfg.Dialect.clone()
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	keys, err := newCheckers(cfg)
	if err != nil {
		return nil, err
	}
	mapper, err := attrs.NewMapper(cfg.Dialect.Claims)
	if err != nil {
		return nil, refuse(ErrDialect, lmssso.Error{Detail: err.Error()})
	}
	cfg.Keys = nil // decoded above; not kept twice
	v := &Verifier{cfg: cfg, keys: keys, mapper: mapper}
	v.judgeUsual()
	return v, nil
}

func newCheckers(cfg VerifierConfig) ([]checker, error) {
	signing := cfg.Dialect.Signing
	decoded, err := readKeys(signing, cfg.Keys, false, cfg.AllowShortKeys)
	if err != nil {
		return nil, err
	}
	var out []checker
	for _, k := range decoded {
		c, err := newChecker(signing.Algorithm, k)
		if err != nil {
			return nil, refuse(ErrKeyInvalid, lmssso.Error{Detail: "the signature library refused the key", Err: err})
		}
		out = append(out, c)
	}
	return out, nil
}

// Verify turns a token into a login. It returns an assertion or an error, never both, and the token is spent only when
// nothing else is wrong with it.
//
// The order: form, header, signature by every live key; only then is the payload decoded, once; times, issuer, audience,
// token id; claims to attributes; and last the replay store, whose failure refuses with [lmssso.ErrUnavailable].
func (v *Verifier) Verify(ctx context.Context, tokenText string) (a *lmssso.Assertion, err error) {
	defer func() {
		if p := recover(); p != nil { // a bug in a parser or a codec must not become a login
			a, err = nil, refuse(lmssso.ErrMalformed, lmssso.Error{Detail: "reading the token panicked"})
		}
	}()
	t, err := v.open(tokenText)
	if err != nil {
		return nil, err
	}
	decoded, err := t.decodePayload()
	if err != nil {
		return nil, err
	}
	payload := string(decoded)
	claims, err := parseObject(payload, "payload", payloadLimits())
	if err != nil {
		return nil, err
	}
	f, err := v.judge(claims)
	if err != nil {
		return nil, err
	}
	if a, err = v.assertion(payload, f); err != nil {
		return nil, err
	}
	if err := v.spend(ctx, t, f); err != nil {
		return nil, err
	}
	return a, nil
}

// open takes a token apart and verifies its signature. What it returns is authentic.
func (v *Verifier) open(text string) (token, error) {
	t, err := splitToken(text)
	if err != nil {
		return token{}, err
	}
	if !v.knows(t.header) {
		if err := v.judgeHeader(string(t.header)); err != nil {
			return token{}, err
		}
	}
	if err := checkSignature(v.keys, t); err != nil {
		return token{}, err
	}
	return t, nil
}

// knows reports whether a header is, byte for byte, one that was judged when the verifier was made.
func (v *Verifier) knows(header []byte) bool {
	for _, judged := range v.headers {
		if string(header) == judged {
			return true
		}
	}
	return false
}

// judgeHeader reads a header and checks everything in it.
func (v *Verifier) judgeHeader(text string) error {
	header, err := parseObject(text, "header", headerLimits())
	if err != nil {
		return err
	}
	if err := checkHeaderMembers(header); err != nil {
		return err
	}
	if err := checkAlgorithm(header.Get("alg"), v.cfg.Dialect.Signing.Algorithm); err != nil {
		return err
	}
	return checkType(header.Get("typ"))
}

// judgeUsual judges the headers that nearly every library writes, so that they need not be read again each time.
func (v *Verifier) judgeUsual() {
	alg := `"alg":"` + string(v.cfg.Dialect.Signing.Algorithm) + `"`
	for _, usual := range []string{"{" + alg + `,"typ":"JWT"}`, `{"typ":"JWT",` + alg + "}", "{" + alg + "}"} {
		if v.judgeHeader(usual) == nil {
			v.headers = append(v.headers, usual)
		}
	}
}

// facts is what a verified token says about itself.
type facts struct {
	now     time.Time
	issued  time.Time // zero when it does not say
	expires time.Time // zero when it does not say
	id      string
	issuer  string
}

// judge checks the registered claims.
func (v *Verifier) judge(c strictjson.Object) (facts, error) {
	f := facts{now: v.cfg.Now()}
	if err := v.judgeTimes(c, &f); err != nil {
		return facts{}, err
	}
	if err := checkIssuer(c.Get("iss"), v.cfg.Expect.Issuer); err != nil {
		return facts{}, err
	}
	if err := checkAudience(c.Get("aud"), v.cfg.Expect.Audience); err != nil {
		return facts{}, err
	}
	if rule := v.cfg.Dialect.TokenID; rule.Claim != "" {
		id := c.Get(rule.Claim)
		if err := checkTokenID(id, rule); err != nil {
			return facts{}, err
		}
		f.id = id.Text()
	}
	if iss := c.Get("iss"); iss.Kind() == strictjson.Text {
		f.issuer = iss.Text()
	}
	return f, nil
}

// judgeTimes checks the dialect's time claim, then what RFC 7519 registers.
func (v *Verifier) judgeTimes(c strictjson.Object, f *facts) (err error) {
	rules := v.cfg.Dialect.Time
	if rules.EndsAt {
		err = v.judgeEnd(c.Get(rules.Claim), f)
	} else {
		err = v.judgeIssue(c.Get(rules.Claim), f)
	}
	if err != nil {
		return err
	}
	if rules.Claim != "exp" {
		if err := v.judgeExpiry(c.Get("exp"), f); err != nil {
			return err
		}
	}
	if nbf := c.Get("nbf"); nbf.Kind() != strictjson.Missing {
		at, err := readTime("nbf", nbf, time.Second)
		if err != nil {
			return err
		}
		if err := checkNotBefore(at, f.now); err != nil {
			return err
		}
	}
	return v.judgeOtherIssue(c.Get("iat"), f)
}

// judgeIssue checks the claim that says when the token was made.
func (v *Verifier) judgeIssue(val strictjson.Value, f *facts) (err error) {
	rules := v.cfg.Dialect.Time
	if val.Kind() == strictjson.Missing {
		if v.cfg.AllowMissingIssuedAt {
			return nil
		}
		return refuse(ErrIssuedAtMissing, lmssso.Error{Detail: rules.Claim + " is missing"})
	}
	if f.issued, err = readTime(rules.Claim, val, rules.Unit); err != nil {
		return err
	}
	return checkAge(f.issued, f.now, rules.Window)
}

// judgeEnd checks the claim that says when the token ends.
func (v *Verifier) judgeEnd(val strictjson.Value, f *facts) (err error) {
	rules := v.cfg.Dialect.Time
	if val.Kind() == strictjson.Missing {
		return refuse(ErrExpiryMissing, lmssso.Error{Detail: rules.Claim + " is missing"})
	}
	if f.expires, err = readTime(rules.Claim, val, rules.Unit); err != nil {
		return err
	}
	if err := checkExpiry(f.expires, f.now); err != nil {
		return err
	}
	return checkLifetime(f.expires, f.now, rules.Window)
}

// judgeExpiry checks exp where it is not the dialect's time claim.
func (v *Verifier) judgeExpiry(val strictjson.Value, f *facts) error {
	if val.Kind() == strictjson.Missing {
		if v.cfg.Dialect.Time.RequireExpiry {
			return refuse(ErrExpiryMissing, lmssso.Error{Detail: "exp is missing"})
		}
		return nil
	}
	at, err := readTime("exp", val, time.Second)
	if err != nil {
		return err
	}
	if f.expires.IsZero() || at.Before(f.expires) {
		f.expires = at
	}
	return checkExpiry(at, f.now)
}

// judgeOtherIssue checks iat where the dialect's time claim is another: it need not be there, but may not be absurd.
func (v *Verifier) judgeOtherIssue(val strictjson.Value, f *facts) error {
	rules := v.cfg.Dialect.Time
	if rules.Claim == "iat" || val.Kind() == strictjson.Missing {
		return nil
	}
	issued, err := readTime("iat", val, time.Second)
	if err != nil {
		return err
	}
	if f.issued.IsZero() {
		f.issued = issued
	}
	return checkAge(issued, f.now, rules.Window)
}
