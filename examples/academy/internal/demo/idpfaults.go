package demo

import (
	"errors"
	"slices"
	"strings"

	idp "github.com/lmssso/lmssso/internal/demoidp/saml"
)

var errNoFault = errors.New("there is no such fault here")

// offers reports whether the connection refuses the fault: some are faults only where a rule asks for their opposite.
func (c *spConnection) offers(f idp.Fault) bool {
	s := c.conn.SAML
	switch f {
	case idp.Unencrypted:
		return !s.Allow.UnencryptedAssertions
	case idp.SHA1Signature:
		return !s.Allow.SHA1
	case idp.CBCUnsigned:
		return !s.Allow.CBCInUnsignedResponse
	case idp.UnspecifiedNameID, idp.NameIDWithoutFormat:
		return !s.Allow.UnspecifiedNameID
	case idp.StaleAuthnInstant:
		return s.Request.ForceAuthn
	case idp.NoAuthnContext, idp.OtherAuthnContext:
		return len(c.conn.Policy.RequireAuthnContext) > 0
	}
	return f.Explanation() != ""
}

func (c *spConnection) faultGroups(chosen string) []faultGroup {
	var out []faultGroup
	for _, f := range idp.Faults() {
		if !c.offers(f) {
			continue
		}
		i := slices.IndexFunc(out, func(g faultGroup) bool { return g.Title == f.Group() })
		if i < 0 {
			i, out = len(out), append(out, faultGroup{Title: f.Group()})
		}
		on := string(f) == chosen
		out[i].Faults = append(out[i].Faults, choice{string(f), faultTitle(f), f.Explanation(), on})
		out[i].Open = out[i].Open || on
	}
	return out
}

// faultTitle makes a heading of a fault's name.
func faultTitle(f idp.Fault) string {
	title := strings.ReplaceAll(string(f), "-", " ")
	for _, fix := range []struct{ from, to string }{
		{"name id", "NameID"}, {"xml", "XML"}, {" id", " ID"}, {"sha1", "SHA-1"}, {"sha 1", "SHA-1"}, {"rsa 1 5", "RSA 1.5"}, {"cbc", "CBC"}, {"des", "DES"},
		{"base64", "Base64"}, {"version 1 1", "version 1.1"},
	} {
		title = replaceWord(title, fix.from, fix.to)
	}
	return strings.ToUpper(title[:1]) + title[1:]
}

// replaceWord replaces whole words.
func replaceWord(s, from, to string) string {
	padded := strings.ReplaceAll(" "+s+" ", " "+strings.TrimSpace(from)+" ", " "+strings.TrimSpace(to)+" ")
	return strings.TrimSpace(padded)
}
