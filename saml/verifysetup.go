package saml

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"maps"
	"strconv"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
)

// newVerifier checks the parts of a configuration that verification uses and fills in their defaults. It refuses with
// [ErrSetup].
func newVerifier(cfg Config) (*verifier, error) {
	if err := checkSetup(&cfg); err != nil {
		return nil, err
	}
	v := &verifier{cfg: cfg, mapped: map[string]bool{}}
	var err error
	if v.mapper, err = attrs.NewMapper(cfg.Mapping); err != nil {
		return nil, refuse(ErrSetup, lmssso.Error{Detail: "Mapping: " + err.Error()})
	}
	v.cfg.Mapping = maps.Clone(cfg.Mapping)
	for _, source := range cfg.Mapping {
		for _, name := range source.From {
			v.mapped[name] = true
		}
	}
	if v.decrypters, err = decrypters(cfg.SP.Keys); err != nil {
		return nil, err
	}
	return v, nil
}

// checkSetup refuses what would leave a rule without the thing it compares with.
func checkSetup(cfg *Config) error {
	for _, f := range []struct {
		name string
		ok   bool
	}{
		{"Connection is missing", cfg.Connection != ""},
		{"Realm is missing", cfg.Realm != ""},
		{"SP.EntityID is missing", cfg.SP.EntityID != ""},
		{"SP.ACS is missing", cfg.SP.ACS != ""},
		{"IdP is missing", cfg.IdP != nil},
		{"SingleUse is missing", cfg.SingleUse != nil},
		{"Check.Leeway is beyond 0 to 5 minutes", cfg.Check.Leeway >= 0 && cfg.Check.Leeway <= 5*time.Minute},
		{"Check.MaxAuthnAge is negative", cfg.Check.MaxAuthnAge >= 0},
		{"Check.Elements is beyond 0 to 20000", cfg.Check.Elements >= 0 && cfg.Check.Elements <= maxElements},
		{"Check.FormValue is beyond 0 to 2 MB", cfg.Check.FormValue >= 0 && cfg.Check.FormValue <= maxFormValue},
	} {
		if !f.ok {
			return refuse(ErrSetup, lmssso.Error{Detail: f.name})
		}
	}
	for value, standard := range map[*int]int{&cfg.Check.Elements: defaultElements, &cfg.Check.FormValue: defaultFormValue} {
		if *value == 0 {
			*value = standard
		}
	}
	if cfg.Check.Leeway == 0 {
		cfg.Check.Leeway = time.Minute
	}
	if static, ok := cfg.IdP.(*StaticIdP); ok {
		if static == nil {
			return refuse(ErrSetup, lmssso.Error{Detail: "IdP is missing"})
		}
		return checkIdP((*IdP)(static))
	}
	return nil
}

// checkIdP refuses an identity provider nothing can be verified against. It is asked again for every response, because
// metadata changes.
func checkIdP(idp *IdP) error {
	switch {
	case idp == nil || idp.EntityID == "":
		return refuse(ErrSetup, lmssso.Error{Detail: "the identity provider has no EntityID"})
	case len(idp.Certificates) == 0 || len(idp.Certificates) > maxCertificates:
		return refuse(ErrSetup, lmssso.Error{Detail: "the identity provider's certificates", Expected: "1 to " + strconv.Itoa(maxCertificates), Received: strconv.Itoa(len(idp.Certificates))})
	}
	for _, c := range idp.Certificates {
		if c == nil {
			return refuse(ErrSetup, lmssso.Error{Detail: "a certificate of the identity provider is nil"})
		}
		switch c.PublicKey.(type) {
		case *rsa.PublicKey, *ecdsa.PublicKey:
		default:
			return refuse(ErrSetup, lmssso.Error{Detail: "a certificate of the identity provider", Expected: "an RSA or ECDSA key", Received: c.PublicKeyAlgorithm.String()})
		}
	}
	return nil
}

// decrypters returns the keys of this side that can decrypt.
func decrypters(keys []Key) ([]crypto.Decrypter, error) {
	if len(keys) > 2 {
		return nil, refuse(ErrSetup, lmssso.Error{Detail: "SP.Keys", Expected: "at most 2", Received: strconv.Itoa(len(keys))})
	}
	var out []crypto.Decrypter
	for _, k := range keys {
		if k.Signer == nil {
			return nil, refuse(ErrSetup, lmssso.Error{Detail: "a key of SP.Keys has no Signer"})
		}
		public, isRSA := k.Signer.Public().(*rsa.PublicKey)
		if isRSA && public.N.BitLen() < 2048 {
			return nil, refuse(ErrSetup, lmssso.Error{Detail: "an RSA key of SP.Keys", Expected: "at least 2048 bits", Received: strconv.Itoa(public.N.BitLen())})
		}
		if d, ok := k.Signer.(crypto.Decrypter); ok && isRSA {
			out = append(out, d)
		}
	}
	return out, nil
}
