package oidc

import (
	"cmp"
	"net/url"
	"strings"

	"github.com/lmssso/lmssso"
)

// finding is one thing to check in a configuration.
type finding struct {
	wrong       bool
	name, wants string
}

// sourceFaults lists what is wrong with how the provider is described and how the client proves itself to it.
func (cfg Config) sourceFaults() []error {
	found := append(cfg.issuerFindings(), cfg.clientFindings()...)
	if cfg.OP.WellKnown != "" {
		found = append(found, cfg.discoveryFindings()...)
	} else {
		found = append(found, cfg.manualFindings()...)
	}
	var errs []error
	for _, f := range found {
		if f.wrong {
			errs = append(errs, setupFault(f.name, f.wants))
		}
	}
	return errs
}

// setupFault is one fault of a configuration.
func setupFault(name, wants string) error {
	return refuse(ErrSetup, lmssso.Error{Detail: "oidc.Config." + name, Expected: wants})
}

// discoveryFindings: the address must say that it is a discovery document's, and nothing may stand beside it that the
// document would say otherwise.
func (cfg Config) discoveryFindings() []finding {
	u, err := cfg.OP.Network.check(cfg.OP.WellKnown)
	return []finding{
		{err != nil, "OP.WellKnown", "an absolute https URL without user name or fragment"},
		{err == nil && !discoveryAddress(u, cfg.OP.WellKnown), "OP.WellKnown", "an address whose path contains /.well-known/"},
		{cfg.OP.Endpoints != Endpoints{}, "OP.Endpoints", "none beside WellKnown"},
	}
}

// discoveryAddress reports whether the path of an address, as it is written, is a well-known one.
func discoveryAddress(u *url.URL, address string) bool {
	path, _, _ := strings.Cut(address, "?")
	return strings.Contains(path, wellKnown) && strings.Contains(u.Path, wellKnown) && !strings.ContainsAny(path, "{}")
}

// manualFindings: without discovery everything that is used must be there.
func (cfg Config) manualFindings() []finding {
	e, n := cfg.OP.Endpoints, cfg.needs()
	if cfg.OP.Issuer == "" && e == (Endpoints{}) {
		return []finding{{true, "OP", "WellKnown, or Issuer and Endpoints"}}
	}
	found := []finding{{cfg.OP.Issuer == "", "OP.Issuer", "the provider's name, when there is no WellKnown"}}
	for _, at := range []struct {
		name, address string
		required      bool
	}{
		{"Authorization", e.Authorization, true}, {"Token", e.Token, n.token}, {"JWKS", e.JWKS, n.jwks},
		{"Userinfo", e.Userinfo, n.askUserinfo}, {"EndSession", e.EndSession, false},
	} {
		_, err := cfg.OP.Network.check(at.address)
		found = append(found,
			finding{at.address == "" && at.required, "OP.Endpoints." + at.name, "an address"},
			finding{at.address != "" && err != nil, "OP.Endpoints." + at.name, "an absolute https URL without user name or fragment"})
	}
	return found
}

// issuerFindings: a template lets in whom the list names, so neither may be without the other.
func (cfg Config) issuerFindings() []finding {
	issuer, tenants := cfg.OP.Issuer, cfg.OP.AllowedTenantIDs
	template := strings.Contains(issuer, tenantPlace)
	found := []finding{
		{!plainText(issuer, 2048) && issuer != "", "OP.Issuer", "printable ASCII without spaces"},
		{strings.ContainsAny(strings.Replace(issuer, tenantPlace, "", 1), "{}"), "OP.Issuer", "no braces but one " + tenantPlace},
		{template && !isTemplate(issuer), "OP.Issuer", "an https URL in which " + tenantPlace + " is one part of the path"},
		{template && len(tenants) == 0, "OP.AllowedTenantIDs", "the tenants that may fill the issuer's " + tenantPlace},
		{issuer != "" && !template && len(tenants) > 0, "OP.AllowedTenantIDs", "none, when the issuer has no " + tenantPlace},
	}
	for _, id := range tenants {
		found = append(found, finding{!plainID(id), "OP.AllowedTenantIDs", "tenants' ids, of letters, digits and hyphens"})
	}
	return found
}

// isTemplate reports whether {tenantid} is one whole part of an URL's path.
func isTemplate(issuer string) bool {
	parts := strings.Split(issuer, "/")
	if len(parts) < 4 || parts[0] != "https:" && parts[0] != "http:" || parts[1] != "" || parts[2] == "" {
		return false
	}
	for _, p := range parts[3:] {
		if p == tenantPlace {
			return true
		}
	}
	return false
}

// plainID reports whether a tenant's id is one: Microsoft Entra's are GUIDs.
func plainID(id string) bool {
	return id != "" && len(id) <= 64 && strings.Trim(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == ""
}

// plainText reports whether a text is 1 to most bytes of visible ASCII.
func plainText(s string, most int) bool { return cleanText(s, most) && !strings.Contains(s, " ") }

// clientFindings: what the client needs in order to prove itself where it redeems codes, and to verify HS256.
func (cfg Config) clientFindings() []finding {
	auth, symmetric := cmp.Or(cfg.RP.TokenAuth, ClientSecretBasic), cfg.Check.SigningAlgorithm == "HS256"
	secret, redeems := cfg.RP.ClientSecret, cfg.usesCode()
	found := []finding{
		{symmetric && len(secret) < minSharedSecret, "RP.ClientSecret", "at least 32 bytes for HS256"},
	}
	switch auth {
	case ClientSecretBasic, ClientSecretPost:
		return append(found, finding{redeems && secret == "", "RP.ClientSecret", "the secret the client proves itself with"})
	case PrivateKeyJWT:
		_, err := cfg.RP.Key.algorithm()
		return append(found,
			finding{cfg.RP.Key.Signer == nil, "RP.Key", "the key the client proves itself with"},
			finding{cfg.RP.Key.Signer != nil && err != nil, "RP.Key", "an RSA key of 2048 bits or more, an ECDSA key on P-256, P-384 or P-521, or an Ed25519 key"},
			finding{cfg.RP.Key.KeyID != "" && !plainText(cfg.RP.Key.KeyID, maxKeyName), "RP.Key.KeyID", "at most 512 printable ASCII characters"})
	default:
		return append(found, finding{true, "RP.TokenAuth", "client_secret_basic, client_secret_post or private_key_jwt"})
	}
}
