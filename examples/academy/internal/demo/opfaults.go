package demo

import (
	"strings"

	op "github.com/lmssso/lmssso/internal/demoidp/oidc"
)

// refusable reports whether the connection can meet the fault and refuses it. Those of the discovery document and of the keys
// are left out: the academy keeps both for a while, and nobody could tell which sign-in meets them.
func (c *rpConnection) refusable(f op.Fault) bool {
	s, needs := c.conn.OIDC, f.Needs()
	switch {
	case f.Side() == op.DiscoverySide, f.Side() == op.KeysSide, needs.Template, needs.SignedUserinfo:
		return false
	case !f.Applies(c.responseType()):
		return false
	case needs.MaxAge && c.conn.MaxAuthnAge == 0, needs.Contexts && len(c.conn.Policy.RequireAuthnContext) == 0:
		return false
	case needs.TrustedAudience && len(s.TrustedAudiences) == 0:
		return false
	}
	return signs(orText(s.SigningAlgorithm, "RS256"), needs.Algorithm)
}

// signs reports whether tokens of an algorithm can show a fault that needs one that begins so.
func signs(alg, needed string) bool {
	if needed == "" {
		return !strings.HasPrefix(alg, "HS")
	}
	return strings.HasPrefix(alg, needed)
}

// mode is how answers reach the connection.
func (c *rpConnection) mode() string {
	responseType := c.responseType()
	usual := "query"
	if c.house.dialect != op.Thinkific && responseType != "code" {
		usual = "fragment"
	}
	return orText(c.setting(c.conn.OIDC.Request.ResponseMode, "responseMode"), usual)
}

// menuOf lists the faults the connection refuses, in families.
func (c *rpConnection) menuOf() []faultGroup {
	var out []faultGroup
	for _, f := range op.Faults() {
		if !c.refusable(f) {
			continue
		}
		family := f.Group()
		if len(out) == 0 || out[len(out)-1].Title != family {
			out = append(out, faultGroup{Title: family})
		}
		last := &out[len(out)-1]
		last.Faults = append(last.Faults, choice{Value: string(f), Title: opFaultTitle(f), Text: f.Explanation()})
	}
	return out
}

// logoutFaults lists what can be wrong with a logout token.
func logoutFaults() []choice {
	var out []choice
	for _, f := range op.LogoutFaults() {
		out = append(out, choice{Value: string(f), Title: opFaultTitle(f), Text: f.Explanation()})
	}
	return out
}

// opFaultTitle makes a heading of a fault's name.
func opFaultTitle(f op.Fault) string {
	return titled(string(f),
		" id token ", " ID token ", " at hash ", " at_hash ", " c hash ", " c_hash ", " s hash ", " s_hash ", " rs256 ", " RS256 ", " hs256 ", " HS256 ",
		" es256 ", " ES256 ", " jwk ", " jwk ", " jku ", " jku ", " json ", " JSON ", " jwt ", " JWT ", " pkce ", " PKCE ", " id ", " ID ", " utf8 ", " UTF-8 ",
	)
}
