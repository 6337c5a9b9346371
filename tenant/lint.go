package tenant

import (
	"fmt"
	"time"

	"github.com/lmssso/lmssso"
)

// Lint lists what is allowed but deserves a second look, such as every relaxation that is on. It expects a configuration
// without faults.
func (cfg Config) Lint() []Fault {
	var out []Fault
	warn := func(path, format string, args ...any) {
		out = append(out, Fault{Path: path, Text: fmt.Sprintf(format, args...)})
	}
	lintSafelist(warn, "safelist", cfg.Safelist)
	for i, t := range cfg.Tenants {
		lintSafelist(warn, fmt.Sprintf("tenants[%d].safelist", i), t.Safelist)
	}
	realms, keys := map[string]string{}, map[lmssso.Secret]int{}
	for i, conn := range cfg.Connections {
		path := fmt.Sprintf("connections[%d]", i)
		for j, key := range conn.JWT.Keys {
			first, shared := keys[key]
			if !shared {
				keys[key] = i
				continue
			}
			text := "is also connections[%d]'s: a token used at one can be used once more at the other"
			if cfg.Connections[first].Tenant != conn.Tenant {
				text = "is also connections[%d]'s, of another owner: whoever has it signs for both"
			}
			warn(fmt.Sprintf("%s.keys[%d]", path, j), text, first)
		}
		realm := cfg.realm(conn)
		if first, shared := realms[realm]; shared {
			warn(path+".realm", "is shared with %s: each can sign in the other's users, because they trust each other's external ids", first)
		} else {
			realms[realm] = path
		}
		lintConnection(warn, path, conn, cfg.effective(conn))
		lintOIDC(warn, path, conn)
	}
	return out
}

func lintSafelist(warn func(path, format string, args ...any), path string, s *SafelistConfig) {
	if s == nil {
		return
	}
	if s.AllowAny {
		warn(path+".allowAny", "sends browsers to any site a link names")
	}
	if s.AllowHTTP {
		warn(path+".allowHTTP", "accepts targets without encryption")
	}
}

// effective is the connection's ceiling with what its protocol starts from.
func (cfg Config) effective(conn Connection) lmssso.Policy {
	if plug, ok := plugOf(conn.Protocol); ok {
		return cfg.policy(conn, plug.defaults(conn))
	}
	return cfg.policy(conn, lmssso.AccountPolicy{})
}

func lintConnection(warn func(path, format string, args ...any), path string, conn Connection, p lmssso.Policy) {
	for _, r := range []struct {
		on         bool
		name, text string
	}{
		{conn.JWT.AllowShortKeys, "allowShortKeys", "accepts keys that can be guessed offline from one token"},
		{conn.JWT.AllowMissingIssuedAt, "allowMissingIssuedAt", "accepts tokens that do not say how old they are"},
		{conn.JWT.AllowReplay, "allowReplay", "accepts a token seen in a log or a browser's history again"},
		{time.Duration(conn.JWT.Window) > 10*time.Minute, "window", "keeps a stolen token usable for long"},
		{conn.SAML.Allow.UnencryptedAssertions, "allowUnencryptedAssertions", "accepts assertions the browser can read"},
		{conn.SAML.Allow.SHA1, "allowSHA1", "accepts signatures that can be forged by collision"},
		{conn.SAML.Allow.CBCInUnsignedResponse, "allowCBCInUnsignedResponse", "decrypts what nobody vouched for"},
		{conn.SAML.Allow.UnspecifiedNameID, "allowUnspecifiedNameID", "takes a name of no promised kind for the external id"},
		{conn.SAML.Allow.ExpiredCertificates, "allowExpiredCertificates", "accepts certificates their owner meant to be over"},
		{conn.SAML.Allow.IdPInitiated, "allowIdPInitiated", "accepts logins nobody asked for"},
		{conn.AllowHTTP, "allowHTTP", "reads the provider's keys over an open line"},
		{conn.AllowPrivateAddresses, "allowPrivateAddresses", "fetches the provider's description from inside the network"},
		{conn.OIDC.AllowTokensInQuery, "allowTokensInQuery", "accepts ID tokens that histories, logs and Referer headers keep"},
		{conn.Policy.LinkVerifiedEmail, "policy.linkVerifiedEmail", "lets the provider take over accounts in its domains that have no external id"},
		{p.Accounts.IdentityByEmail, "policy.identityByEmail", "finds users by an attribute that can be given to somebody else"},
		{conn.Policy.ReplaceAbsentMeansEmpty, "policy.replaceAbsentMeansEmpty", "revokes everything when a mapping is lost"},
	} {
		if r.on {
			warn(path+"."+r.name, "%s", r.text)
		}
	}
}
