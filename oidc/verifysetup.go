package oidc

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
)

const (
	// minSharedSecret is the least length of an HS256 key in bytes (RFC 7518 section 3.2): a shorter one is guessed offline from a
	// single token.
	minSharedSecret = 32
	// maxTrustedNames bounds the lists of audiences and tenants a configuration may name.
	maxTrustedNames = 1000
)

// verifyAlgorithms lists what [Check].SigningAlgorithm may be. Anything else, none above all, is no choice.
func verifyAlgorithms() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{
		jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512, jose.EdDSA,
		jose.HS256,
	}
}

// newVerifier checks the parts of a configuration that verification uses and fills in their defaults. The keys are still
// to be set, except for HS256.
func newVerifier(cfg Config) (*verifier, error) {
	if cfg.Check.Leeway == 0 {
		cfg.Check.Leeway = defaultLeeway
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if err := checkVerifySetup(cfg); err != nil {
		return nil, err
	}
	v := &verifier{cfg: cfg}
	var err error
	if v.algorithm, err = verifyAlgorithm("Check.SigningAlgorithm", cfg.Check.SigningAlgorithm, jose.RS256); err != nil {
		return nil, err
	}
	if v.infoAlgorithm, err = verifyAlgorithm("Request.Userinfo.SigningAlgorithm", cfg.Request.Userinfo.SigningAlgorithm, v.algorithm); err != nil {
		return nil, err
	}
	if v.algorithm == jose.HS256 || v.infoAlgorithm == jose.HS256 {
		if v.secret, err = newSharedSecret(cfg.RP.ClientSecret); err != nil {
			return nil, err
		}
	}
	if v.mapper, err = attrs.NewMapper(cfg.Mapping); err != nil {
		return nil, refuse(ErrSetup, lmssso.Error{Detail: "Mapping: " + err.Error()})
	}
	v.cfg.Mapping = maps.Clone(cfg.Mapping)
	v.cfg.Check.TrustedAudiences = slices.Clone(cfg.Check.TrustedAudiences)
	v.cfg.OP.AllowedTenantIDs = slices.Clone(cfg.OP.AllowedTenantIDs)
	return v, nil
}

// checkVerifySetup refuses what would leave a rule without the thing it compares with.
func checkVerifySetup(cfg Config) error {
	for _, f := range []struct {
		fault string
		ok    bool
	}{
		{"Connection is missing", cfg.Connection != ""},
		{"Realm is missing", cfg.Realm != ""},
		{"RP.ClientID is missing", cfg.RP.ClientID != ""},
		{"SingleUse is missing", cfg.SingleUse != nil},
		{"Check.Leeway is beyond 0 to 5 minutes", cfg.Check.Leeway > 0 && cfg.Check.Leeway <= maxLeeway},
		{"Check.MaxAuthnAge is negative", cfg.Check.MaxAuthnAge >= 0},
		{"Check.TrustedAudiences holds an empty one, or too many", allSound(cfg.Check.TrustedAudiences, func(s string) bool { return s != "" })},
		{"OP.AllowedTenantIDs holds what is no GUID, or too many", allSound(cfg.OP.AllowedTenantIDs, isTenantGUID)},
	} {
		if !f.ok {
			return refuse(ErrSetup, lmssso.Error{Detail: f.fault})
		}
	}
	for key, source := range cfg.Mapping {
		for _, name := range source.From {
			if slices.ContainsFunc(claimRoots(name), isMessageClaim) {
				return refuse(ErrSetup, lmssso.Error{Detail: "Mapping: " + string(key) + " reads " + quoted(name) + ", which says nothing about a person"})
			}
		}
	}
	return nil
}

func allSound(list []string, ok func(string) bool) bool {
	return len(list) <= maxTrustedNames && !slices.ContainsFunc(list, func(s string) bool { return !ok(s) })
}

// verifyAlgorithm reads the name of a signature algorithm; "" is the standard.
func verifyAlgorithm(field, name string, standard jose.SignatureAlgorithm) (jose.SignatureAlgorithm, error) {
	a := jose.SignatureAlgorithm(name)
	if name == "" {
		a = standard
	}
	if !slices.Contains(verifyAlgorithms(), a) {
		return "", refuse(ErrSetup, lmssso.Error{Detail: field + " is not supported", Expected: "RS256, ES256 or another documented one", Received: quoted(name)})
	}
	return a, nil
}

// sharedSecret is the source of the one HS256 key: the client secret's bytes (OpenID Connect Core section 10.1). It never prints.
type sharedSecret struct{ key []byte }

func newSharedSecret(secret lmssso.Secret) (sharedSecret, error) {
	if len(secret) < minSharedSecret {
		return sharedSecret{}, refuse(ErrSetup, lmssso.Error{
			Detail: "RP.ClientSecret is too short for HS256", Expected: "at least 32 bytes", Received: strconv.Itoa(len(secret)) + " bytes",
		})
	}
	return sharedSecret{[]byte(secret)}, nil
}

// candidates returns the secret, whatever the kid: there is one.
func (s sharedSecret) candidates(_ context.Context, alg jose.SignatureAlgorithm, _ string) ([]jose.JSONWebKey, error) {
	if alg != jose.HS256 {
		return nil, refuse(ErrTokenKey, lmssso.Error{Detail: "the client secret verifies HS256 alone", Received: quoted(string(alg))})
	}
	return []jose.JSONWebKey{{Key: s.key}}, nil
}

// newer has nothing newer.
func (sharedSecret) newer(context.Context, jose.SignatureAlgorithm, string) []jose.JSONWebKey {
	return nil
}

// String hides the secret.
func (sharedSecret) String() string { return redacted }

// GoString hides the secret from %#v.
func (sharedSecret) GoString() string { return redacted }
