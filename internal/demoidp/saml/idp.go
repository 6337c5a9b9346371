package saml

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// Config sets up an identity provider. EntityID, SSOURL and Keys are required.
type Config struct {
	// EntityID is the provider's name, the Issuer of all it says.
	EntityID string
	// SSOURL is where requests to sign on arrive, by either binding.
	SSOURL string
	// SLOURL is where logout messages arrive, by either binding; "" offers no logout. SLOResponseURL is where answers to
	// the provider's own logout requests arrive when that is elsewhere (SAML Metadata section 2.2.2).
	SLOURL, SLOResponseURL string
	// Keys sign; the first does unless told otherwise. All stand in the metadata.
	Keys []Key
	// WantSignedRequests refuses unsigned AuthnRequests and says so in the metadata.
	WantSignedRequests bool
	// Stranger is a key nobody trusts, for the faults that sign with one; one is made when it is first needed otherwise.
	Stranger Key
	// Now is the clock; nil is the machine's.
	Now func() time.Time
	// Random makes message IDs; nil is crypto/rand. A fixed source makes the same messages again, for tests only.
	Random io.Reader
}

// IdP is an identity provider. It is safe for concurrent use.
type IdP struct {
	cfg Config

	mu   sync.Mutex
	sps  map[string]*SP
	last map[string]Sent // the last response by service provider, for the faults that repeat it

	stranger func() (Key, error)
}

// New checks the configuration and copies it.
func New(cfg Config) (*IdP, error) {
	if cfg.EntityID == "" || cfg.SSOURL == "" || len(cfg.Keys) == 0 {
		return nil, errors.New("demo identity provider: EntityID, SSOURL and Keys are required")
	}
	cfg.Keys = append([]Key(nil), cfg.Keys...)
	for _, k := range cfg.Keys {
		if err := k.check(); err != nil {
			return nil, fmt.Errorf("demo identity provider: %w", err)
		}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Random == nil {
		cfg.Random = rand.Reader
	}
	p := &IdP{cfg: cfg, sps: map[string]*SP{}, last: map[string]Sent{}}
	p.stranger = sync.OnceValues(p.makeStranger)
	return p, nil
}

// makeStranger makes a key that is not the provider's, with a certificate that reads the same.
func (p *IdP) makeStranger() (Key, error) {
	if p.cfg.Stranger.Signer != nil {
		return p.cfg.Stranger, p.cfg.Stranger.check()
	}
	return GenerateKey(KeyOptions{Name: p.cfg.Keys[0].Certificate.Subject.CommonName})
}

// EntityID returns the provider's name.
func (p *IdP) EntityID() string { return p.cfg.EntityID }

// Keys returns the provider's keys, the signing one first.
func (p *IdP) Keys() []Key { return append([]Key(nil), p.cfg.Keys...) }

// Register makes a service provider known, in place of one of the same name.
func (p *IdP) Register(sp SP) error {
	if sp.EntityID == "" {
		return errors.New("demo identity provider: a service provider needs an EntityID")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sps[sp.EntityID] = &sp
	return nil
}

// SP returns the service provider of that name.
func (p *IdP) SP(entityID string) (SP, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	sp, ok := p.sps[entityID]
	if !ok {
		return SP{}, fmt.Errorf("demo identity provider: no service provider is called %q", clip(entityID))
	}
	return *sp, nil
}

// newID returns a message ID of 128 random bits. It starts with a letter, as xs:ID must.
func (p *IdP) newID() (string, error) {
	var b [16]byte
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, err := io.ReadFull(p.cfg.Random, b[:]); err != nil {
		return "", fmt.Errorf("making an ID: %w", err)
	}
	return "id-" + hex.EncodeToString(b[:]), nil
}

// clip cuts text for a message.
func clip(s string) string {
	if len(s) > 200 {
		return s[:200]
	}
	return s
}
