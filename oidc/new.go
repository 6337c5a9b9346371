package oidc

import (
	"errors"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/internal/pending"
)

const (
	// defaultLeeway is the clock difference tolerated when none is said, maxLeeway the largest that may be.
	defaultLeeway = time.Minute
	maxLeeway     = 5 * time.Minute
	// defaultAlgorithm is what every provider must be able to sign with (OpenID Connect Core section 15.1).
	defaultAlgorithm = "RS256"
	// scopeOpenID makes a request one of OpenID Connect (Core section 3.1.2.1).
	scopeOpenID = "openid"
)

// Provider is the relying party's side of one connection. It is safe for concurrent use, implements
// [lmssso.Authenticator] and [lmssso.BodyLimiter], and must be closed.
type Provider struct {
	cfg      *Config // the verifier's: a site may have many connections, so each holds one copy
	keeper   *pending.Keeper
	verifier *verifier
	source   factSource
	redeemer redeemer
	closers  []io.Closer
}

var (
	_ lmssso.Authenticator = (*Provider)(nil)
	_ lmssso.BodyLimiter   = (*Provider)(nil)
)

// New checks the configuration and copies it. It refuses with [ErrSetup], [ErrClientKey] or [lmssso.ErrConfiguration],
// listing every fault. It asks the provider nothing: that happens at the first login, so that a site starts while its
// provider is down.
func New(cfg Config) (*Provider, error) {
	cfg = cfg.withDefaults()
	if err := errors.Join(append(cfg.flowFaults(), cfg.sourceFaults()...)...); err != nil {
		return nil, err
	}
	p := &Provider{keeper: pending.New(cfg.SingleUse, cfg.RP.BaseURL, cfg.Connection, cfg.Now)}
	if err := p.connect(cfg); err != nil {
		return nil, err
	}
	return p, nil
}

// withDefaults fills in what was left out, and copies what the caller could still change.
func (cfg Config) withDefaults() Config {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	for _, d := range []struct {
		field *string
		value string
	}{
		{&cfg.Check.SigningAlgorithm, defaultAlgorithm},
		{(*string)(&cfg.Request.ResponseType), string(Code)},
		{(*string)(&cfg.RP.TokenAuth), string(ClientSecretBasic)},
	} {
		if *d.field == "" {
			*d.field = d.value
		}
	}
	if cfg.Check.Leeway == 0 {
		cfg.Check.Leeway = defaultLeeway
	}
	if len(cfg.Request.Scope) == 0 {
		cfg.Request.Scope = []string{scopeOpenID}
	}
	for _, list := range []*[]string{
		&cfg.Request.Scope, &cfg.Request.ACRValues, &cfg.Request.UILocales, &cfg.OP.AllowedTenantIDs, &cfg.Check.TrustedAudiences,
	} {
		*list = slices.Clone(*list)
	}
	cfg.Request.Parameters = maps.Clone(cfg.Request.Parameters)
	cfg.Mapping = maps.Clone(cfg.Mapping)
	return cfg
}

// flowFaults lists what is missing or cannot be used of what the flow needs. An empty client id or address would switch its
// check off, so none is accepted.
func (cfg Config) flowFaults() []error {
	var errs []error
	for _, f := range []finding{
		{cfg.Connection == "", "Connection", "an id"},
		{cfg.Realm == "", "Realm", "the namespace of external ids"},
		{cfg.SingleUse == nil, "SingleUse", "a store"},
		{!absolute(cfg.RP.BaseURL), "RP.BaseURL", "an absolute URL"},
		{!absolute(cfg.RP.RedirectURI), "RP.RedirectURI", "an absolute URL without a fragment"},
		{!sameOrigin(cfg.RP.BaseURL, cfg.RP.RedirectURI), "RP.RedirectURI", "on the scheme and host of RP.BaseURL, where the browser's cookie is"},
		{holdsAnswer(cfg.RP.RedirectURI), "RP.RedirectURI", "without parameters of answers in its query"},
		{cfg.RP.PostLogoutRedirectURI != "" && !absolute(cfg.RP.PostLogoutRedirectURI), "RP.PostLogoutRedirectURI", "an absolute URL, or nothing"},
		{!cleanText(cfg.RP.ClientID, maxName), "RP.ClientID", "this client's name at the provider"},
		{!cfg.Request.ResponseType.known(), "Request.ResponseType", "code, id_token or code id_token"},
		{!cfg.Request.ResponseMode.known(), "Request.ResponseMode", "query, form_post, fragment, or nothing"},
		{cfg.exposesTokens(), "Request.ResponseMode", "form_post or fragment where an ID token is asked for; Allow.TokensInQuery accepts it in the URL"},
		{cfg.Check.Leeway < 0 || cfg.Check.Leeway > maxLeeway, "Check.Leeway", "at most 5 minutes"},
		{!wholeAge(cfg.Check.MaxAuthnAge), "Check.MaxAuthnAge", "a second or more, or nothing"},
	} {
		if f.wrong {
			errs = append(errs, setupFault(f.name, f.wants))
		}
	}
	return append(errs, cfg.Request.faults()...)
}

// faults lists what cannot be asked for.
func (q Request) faults() []error {
	var errs []error
	for _, f := range []finding{
		{!slices.Contains(q.Scope, scopeOpenID), "Request.Scope", "a list with openid in it"},
		{!words(q.Scope), "Request.Scope", "words without spaces"},
		{!goodPrompt(q.Prompt), "Request.Prompt", "none alone, or other words"},
		{!words(q.ACRValues), "Request.ACRValues", "words without spaces"},
		{!words(q.UILocales), "Request.UILocales", "language tags"},
		{!slices.Contains([]UserinfoMode{UserinfoIfKnown, UserinfoAlways, UserinfoNever}, q.Userinfo.Mode), "Request.Userinfo.Mode", "always, never, or nothing"},
		{q.Userinfo.Mode == UserinfoAlways && !q.ResponseType.has(partCode), "Request.Userinfo.Mode", "used with a response type that holds code: without one there is no access token"},
	} {
		if f.wrong {
			errs = append(errs, setupFault(f.name, f.wants))
		}
	}
	if name, ok := badParameter(q.Parameters); !ok {
		errs = append(errs, setupFault("Request.Parameters", "further parameters; not "+quoted(name)))
	}
	return errs
}

// exposesTokens tells that ID tokens were asked for in the query without saying so twice.
func (cfg Config) exposesTokens() bool {
	return cfg.Request.ResponseType.has(partIDToken) && cfg.Request.ResponseMode == Query && !cfg.Allow.TokensInQuery
}

// The parts a response type may ask for, as its words and as parameters of the answer.
const (
	partCode    = "code"
	partIDToken = "id_token"
)

// has tells whether the type asks for a part.
func (t ResponseType) has(part string) bool { return slices.Contains(strings.Fields(string(t)), part) }

func (t ResponseType) known() bool { return t == Code || t == IDToken || t == CodeIDToken }

func (m ResponseMode) known() bool { return m == "" || m == Query || m == FormPost || m == Fragment }

// wholeAge wants an age that max_age, which counts seconds, can ask for. Less than one would ask for a sign-in at every
// login, which prompt=login says more clearly.
func wholeAge(d time.Duration) bool { return d == 0 || d >= time.Second }

// goodPrompt wants none to stand alone (OpenID Connect Core section 3.1.2.1).
func goodPrompt(prompt string) bool {
	all := strings.Fields(prompt)
	return words(all) && (len(all) < 2 || !slices.Contains(all, promptNone))
}

// words wants texts that can stand in a list divided by spaces.
func words(list []string) bool {
	return !slices.ContainsFunc(list, func(s string) bool { return !plainText(s, maxName) })
}

// maxName bounds a name such as a client id or a scope.
const maxName = 2 << 10

// cleanText wants printable ASCII of at most a length, and not nothing (RFC 6749 appendix A, VSCHAR).
func cleanText(s string, longest int) bool {
	return s != "" && len(s) <= longest && strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) < 0
}

func absolute(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil && !strings.ContainsAny(text, "#\\")
}

// sameOrigin tells whether two addresses have one scheme and host. What cannot be read is reported by [absolute].
func sameOrigin(a, b string) bool {
	x, errX := url.Parse(a)
	y, errY := url.Parse(b)
	return errX != nil || errY != nil || x.Scheme == y.Scheme && strings.EqualFold(x.Host, y.Host)
}

// holdsAnswer tells whether an address has a query that an answer's would mix with.
func holdsAnswer(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	own, err := url.ParseQuery(u.RawQuery)
	return err != nil || slices.ContainsFunc(answerParameters(), own.Has)
}

// connect makes what talks to the provider. Where only the client secret verifies, no keys are fetched.
func (p *Provider) connect(cfg Config) (err error) {
	if p.verifier, err = newVerifier(cfg); err != nil {
		return err
	}
	p.cfg = &p.verifier.cfg
	source, err := newSource(cfg)
	if err != nil {
		return err
	}
	p.source = source
	p.closers = append(p.closers, source)
	if cfg.needs().jwks {
		keys := newKeys(cfg, p.source)
		p.verifier.keys, p.closers = keys, append(p.closers, keys)
	}
	endpoints := newRedeemer(cfg)
	p.redeemer, p.closers = endpoints, append(p.closers, endpoints)
	return nil
}

// Close ends what works in the background. Nothing is fetched of the provider's description and keys afterwards: logins that
// need them anew fail, others may still end well, so route no request here any more.
func (p *Provider) Close() error {
	var errs []error
	for _, c := range slices.Backward(p.closers) { // the keys are fetched from where the source says
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}
