package oidc

import (
	"crypto"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// Dialect says whose manners a provider has.
type Dialect string

// The dialects.
const (
	Standard  Dialect = ""          // what the standards say
	Thinkific Dialect = "thinkific" // what Thinkific's page "OpenID Connect" says, where it differs
)

// Config sets up a provider. BaseURL and Keys are required.
type Config struct {
	// BaseURL is where the provider is, without a slash at the end. Its endpoints are below.
	BaseURL string
	// Issuer is its name; "" is BaseURL. With "{tenantid}" in it, it is a template that each login's tenant fills.
	Issuer string
	// Paths are where the endpoints are.
	Paths Paths
	// Keys sign, the first that fits the algorithm; all are published.
	Keys []Key
	// Algorithms are those announced for ID tokens; empty is RS256.
	Algorithms []string
	// Dialect says whose manners it has.
	Dialect Dialect
	// Stranger is an RSA key nobody trusts, for the faults that sign with one, and Spare the key [RotatedJustNow] turns to; nil
	// makes one when it is first needed.
	Stranger, Spare crypto.Signer
	// Now is the clock; nil is the machine's.
	Now func() time.Time
	// Random makes codes and names; nil is crypto/rand. A fixed source makes the same again, for tests only.
	Random io.Reader
}

// Paths are where the endpoints are below BaseURL; "" takes the usual.
type Paths struct {
	// WellKnown is the discovery document's path, JWKS the keys'.
	WellKnown, JWKS string
	// Authorize, Token, Userinfo and EndSession are the endpoints' paths.
	Authorize, Token, Userinfo, EndSession string
}

// DefaultPaths are the paths of a dialect.
func DefaultPaths(d Dialect) Paths {
	p := Paths{WellKnown: "/.well-known/openid-configuration", JWKS: "/jwks.json", Authorize: "/authorize", Token: "/token", Userinfo: "/userinfo", EndSession: "/logout"}
	if d == Thinkific {
		p.JWKS, p.Authorize, p.Token, p.Userinfo, p.EndSession = "/.well-known/jwks.json", "/oauth2/authorize", "/oauth2/token", "/oidc/userinfo", ""
	}
	return p
}

func (p *Paths) fill(d Dialect) {
	def := DefaultPaths(d)
	p.WellKnown, p.JWKS = orText(p.WellKnown, def.WellKnown), orText(p.JWKS, def.JWKS)
	p.Authorize, p.Token = orText(p.Authorize, def.Authorize), orText(p.Token, def.Token)
	p.Userinfo, p.EndSession = orText(p.Userinfo, def.Userinfo), orText(p.EndSession, def.EndSession)
}

// OP is an OpenID provider. It is safe for concurrent use.
type OP struct {
	cfg      Config
	stranger func() (crypto.Signer, error)

	mu      sync.Mutex
	keys    []Key
	retired []Key // no longer published; ID tokens that come back as hints may be of them
	clients map[string]*Client
	codes   map[string]*grant
	access  map[string]*grant
	jtis    map[string]time.Time
	last    map[string]last // by client
	rotated bool
	spares  map[string]crypto.Signer // keys of the faults, by name
}

// last is what was sent before, for the faults that repeat it.
type last struct{ idToken, code, logoutToken string }

// New checks the configuration and copies it.
func New(cfg Config) (*OP, error) {
	if cfg.BaseURL == "" || len(cfg.Keys) == 0 {
		return nil, errors.New("demo OpenID provider: BaseURL and Keys are required")
	}
	cfg.BaseURL = strings.TrimSuffix(cfg.BaseURL, "/")
	cfg.Issuer = orText(cfg.Issuer, cfg.BaseURL)
	cfg.Paths.fill(cfg.Dialect)
	cfg.Algorithms = slices.Clone(cfg.Algorithms)
	if len(cfg.Algorithms) == 0 {
		cfg.Algorithms = []string{"RS256"}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Random == nil {
		cfg.Random = rand.Reader
	}
	p := &OP{
		cfg: cfg, clients: map[string]*Client{}, codes: map[string]*grant{}, access: map[string]*grant{},
		jtis: map[string]time.Time{}, last: map[string]last{}, spares: map[string]crypto.Signer{},
	}
	p.stranger = sync.OnceValues(func() (crypto.Signer, error) {
		if cfg.Stranger != nil {
			return cfg.Stranger, nil
		}
		return GenerateKey("RS256")
	})
	return p, p.SetKeys(cfg.Keys...)
}

const maxRetired = 8

// SetKeys takes other keys from now on, all of which are published.
func (p *OP) SetKeys(keys ...Key) error {
	for _, k := range keys {
		if k.Signer == nil || algOf(k.Signer.Public()) == "" {
			return errors.New("demo OpenID provider: a key needs a signer by RSA, ECDSA or Ed25519")
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.retired = append(p.retired, p.keys...); len(p.retired) > maxRetired {
		p.retired = slices.Clone(p.retired[len(p.retired)-maxRetired:])
	}
	p.keys = slices.Clone(keys)
	return nil
}

// Keys returns the keys.
func (p *OP) Keys() []Key {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.keys)
}

// everKeys are the keys, and those there were.
func (p *OP) everKeys() []Key {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Concat(p.keys, p.retired)
}

// Paths returns where the endpoints are.
func (p *OP) Paths() Paths { return p.cfg.Paths }

// Issuer returns the provider's name, or the template of it.
func (p *OP) Issuer() string { return p.cfg.Issuer }

// issuerFor is the issuer of one login.
func (p *OP) issuerFor(tenantID string) string {
	return strings.ReplaceAll(p.cfg.Issuer, "{tenantid}", tenantID)
}

// keyFor returns the first key that can sign with an algorithm.
func (p *OP) keyFor(alg string) (Key, error) {
	for _, k := range p.Keys() {
		if fits(k.Signer.Public(), alg) {
			return k, nil
		}
	}
	return Key{}, fmt.Errorf("demo OpenID provider: no key signs with %q", clip(alg))
}

// newID returns a text of 128 random bits.
func (p *OP) newID(prefix string) (string, error) {
	var b [16]byte
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, err := io.ReadFull(p.cfg.Random, b[:]); err != nil {
		return "", fmt.Errorf("making a random text: %w", err)
	}
	return prefix + b64(b[:]), nil
}
