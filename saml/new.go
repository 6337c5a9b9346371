package saml

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/internal/pending"
)

// maxLeeway bounds the clock difference a connection may tolerate.
const maxLeeway = 5 * time.Minute

// Provider is the service provider's side of one connection. It is immutable and safe for concurrent use, and implements
// [lmssso.Authenticator].
type Provider struct {
	cfg      Config
	verifier *verifier
	keeper   *pending.Keeper
	signer   *signer // nil when nothing is signed
}

var _ lmssso.Authenticator = (*Provider)(nil)

// New checks the configuration and copies it. It refuses with [lmssso.ErrConfiguration], listing every fault.
func New(cfg Config) (*Provider, error) {
	cfg = cfg.withDefaults()
	p := &Provider{cfg: cfg}
	errs := append(cfg.faults(), cfg.metadataFault())
	if len(cfg.SP.Keys) > 0 {
		s, err := newSigner(cfg.SP.Keys[0])
		if err != nil {
			errs = append(errs, fault("SP.Keys[0]", err.Error()))
		}
		p.signer = s
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	var err error
	if p.verifier, err = newVerifier(cfg); err != nil {
		return nil, err
	}
	p.keeper = pending.New(cfg.SingleUse, cfg.SP.BaseURL, cfg.Connection, cfg.Now)
	return p, nil
}

func (cfg Config) withDefaults() Config {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Request.Binding == "" {
		cfg.Request.Binding = Redirect
	}
	cfg.SP.Keys = slices.Clone(cfg.SP.Keys)
	cfg.SP.About.RequestedAttributes = slices.Clone(cfg.SP.About.RequestedAttributes)
	cfg.Request.AuthnContext = slices.Clone(cfg.Request.AuthnContext)
	return cfg
}

// faults lists what is missing or cannot be used. An empty entity id, issuer or address would switch its check off, so
// none is accepted.
func (cfg Config) faults() []error {
	var errs []error
	for _, f := range []struct {
		wrong       bool
		name, wants string
	}{
		{cfg.Connection == "", "Connection", "an id"},
		{cfg.Realm == "", "Realm", "the namespace of external ids"},
		{cfg.SP.EntityID == "", "SP.EntityID", "this service provider's name"},
		{!absolute(cfg.SP.BaseURL), "SP.BaseURL", "an absolute URL"},
		{!absolute(cfg.SP.ACS), "SP.ACS", "an absolute URL"},
		{cfg.SP.SLO != "" && !absolute(cfg.SP.SLO), "SP.SLO", "an absolute URL, or nothing"},
		{len(cfg.SP.Keys) > 2, "SP.Keys", "at most two keys"},
		{(cfg.Request.Sign || cfg.SP.SLO != "") && len(cfg.SP.Keys) == 0, "SP.Keys", "a key, to sign with"},
		{cfg.IdP == nil, "IdP", "the identity provider"},
		{cfg.SingleUse == nil, "SingleUse", "a store"},
		{cfg.Request.Binding != Redirect && cfg.Request.Binding != Post, "Request.Binding", "redirect or post"},
		{!slices.Contains([]string{"", "exact", "minimum", "maximum", "better"}, cfg.Request.Comparison), "Request.Comparison", "exact, minimum, maximum or better"},
		{cfg.Check.Leeway < 0 || cfg.Check.Leeway > maxLeeway, "Check.Leeway", "at most 5 minutes"},
		{cfg.Check.MaxAuthnAge < 0, "Check.MaxAuthnAge", "a length of time"},
	} {
		if f.wrong {
			errs = append(errs, fault(f.name, "must be "+f.wants))
		}
	}
	return errs
}

func fault(name, text string) error {
	return &lmssso.Error{Reason: lmssso.ErrConfiguration, Detail: fmt.Sprintf("saml.Config.%s %s", name, text)}
}

func absolute(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil && !strings.ContainsAny(text, "#\\")
}
