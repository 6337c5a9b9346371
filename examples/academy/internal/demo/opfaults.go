package demo

import (
	"errors"
	"slices"
	"strings"

	op "github.com/lmssso/lmssso/internal/demoidp/oidc"
	"github.com/lmssso/lmssso/oidc"
)

// opFault is a fault, and what is known of it.
type opFault struct {
	choice
	fault  op.Fault
	family string
	side   op.Side
	needs  op.Needs
	types  []string // the response types it can show with
}

// readFaults reads the engine's list. It takes its time, so it is done once, and when somebody first asks.
func readFaults() []opFault {
	var out []opFault
	for _, f := range append(op.Faults(), op.LogoutFaults()...) {
		one := opFault{choice: choice{Value: string(f), Title: opFaultTitle(f), Text: f.Explanation()}, fault: f, family: f.Group(), side: f.Side(), needs: f.Needs()}
		for _, t := range []oidc.ResponseType{oidc.Code, oidc.IDToken, oidc.CodeIDToken} {
			if f.Applies(string(t)) {
				one.types = append(one.types, string(t))
			}
		}
		out = append(out, one)
	}
	return out
}

// refusable reports whether the connection can meet the fault and refuses it. Those of the discovery document and of the keys
// are left out: the academy keeps both for a while, and nobody could tell which sign-in meets them.
func (c *rpConnection) refusable(f opFault) bool {
	s := c.conn.OIDC
	switch {
	case f.fault == op.ResponseISSTwice && c.house.dialect == op.Thinkific: // it sends none that could stand twice
		return false
	case f.side == op.DiscoverySide, f.side == op.KeysSide, f.side == op.LogoutSide:
		return false
	case f.needs.Template, f.needs.SignedUserinfo, f.needs.TLS, f.needs.PublicOnly, !slices.Contains(f.types, c.responseType()):
		return false
	case f.needs.MaxAge && c.conn.MaxAuthnAge == 0, f.needs.Contexts && len(c.conn.Policy.RequireAuthnContext) == 0:
		return false
	case f.needs.TrustedAudience && len(s.TrustedAudiences) == 0:
		return false
	}
	return signs(orText(s.SigningAlgorithm, "RS256"), f.needs.Algorithm)
}

// suited has a login answered with a fault, in a way that lets it show.
func suited(login *op.Login, f op.Fault, hybrid bool) error {
	login.How.Faults = []op.Fault{f}
	switch sub := login.User.Subject; f {
	case op.AggregatedIdentity: // userinfo, or the other token of a hybrid flow, would tell the address after all
		login.How.Variations, login.How.Second = append(login.How.Variations, op.ClaimsInIDToken), hybrid
	case op.UserinfoLetters:
		if strings.ToUpper(sub) == strings.ToLower(sub) {
			return errors.New("this user's sub has no letters that could be others")
		}
	}
	return nil
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
func (p *OP) menuOf(c *rpConnection) []faultGroup {
	var out []faultGroup
	for _, f := range p.faults() {
		if !c.refusable(f) {
			continue
		}
		if len(out) == 0 || out[len(out)-1].Title != f.family {
			out = append(out, faultGroup{Title: f.family})
		}
		last := &out[len(out)-1]
		last.Faults = append(last.Faults, f.choice)
	}
	return out
}

// logoutFaults lists what can be wrong with a logout token.
func (p *OP) logoutFaults() []choice {
	var out []choice
	for _, f := range p.faults() {
		if f.side == op.LogoutSide {
			out = append(out, f.choice)
		}
	}
	return out
}

// opFaultTitle makes a heading of a fault's name: what its family says already is left out, and claims get their meaning.
func opFaultTitle(f op.Fault) string {
	name := string(f)
	switch f.Side() {
	case op.ExchangeSide:
		name = strings.TrimPrefix(name, "exchange-")
	case op.UserinfoSide:
		name = strings.TrimPrefix(name, "userinfo-")
	case op.LogoutSide:
		name = strings.TrimPrefix(name, "logout-")
	}
	meaning := map[string]string{
		"sub": "subject", "aud": "audience", "iss": "issuer", "azp": "authorized party", "exp": "expiry", "iat": "time of issue", "kid": "key id",
		"alg": "algorithm", "typ": "type", "tid": "tenant id", "jti": "token id", "sid": "session id", "id": "ID", "html": "HTML", "json": "JSON",
		"jwt": "JWT", "mac": "MAC", "acr": "ACR", "ascii": "ASCII", "guid": "GUID", "der": "DER", "hs256": "HS256", "utf8": "UTF-8",
		"500": "status 500", "401": "status 401", "403": "status 403",
	}
	words := strings.Split(name, "-")
	for i, word := range words {
		words[i] = orText(meaning[word], word)
	}
	title := strings.Join(words, " ")
	for _, x := range [][2]string{{"at hash", "access token hash"}, {"c hash", "code hash"}, {"s hash", "state hash"}, {"type at", "type of an access token"}} {
		title = strings.ReplaceAll(title, x[0], x[1])
	}
	return strings.ToUpper(title[:1]) + title[1:]
}
