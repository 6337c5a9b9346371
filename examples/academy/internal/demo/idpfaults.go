package demo

import (
	"errors"
	"slices"
	"strings"

	idp "github.com/lmssso/lmssso/internal/demoidp/saml"
)

var errNoFault = errors.New("there is no such fault here")

// refusable reports whether the connection refuses the fault: some are faults only where a rule asks for the opposite.
func (c *spConnection) refusable(f idp.Fault) bool {
	s := c.conn.SAML
	switch f {
	case idp.Unencrypted:
		return !s.Allow.UnencryptedAssertions
	case idp.DuplicateID: // the assertion's ID shows only in the clear
		return s.Allow.UnencryptedAssertions
	case idp.SHA1Signature, idp.SHA1Digest:
		return !s.Allow.SHA1
	case idp.CBCUnsigned:
		return !s.Allow.CBCInUnsignedResponse
	case idp.UnspecifiedNameID, idp.NameIDWithoutFormat:
		return !s.Allow.UnspecifiedNameID
	case idp.StaleAuthnInstant, idp.FutureAuthnInstant:
		return s.Request.ForceAuthn
	case idp.OtherAuthnContext:
		return len(c.conn.Policy.RequireAuthnContext) > 0
	}
	return true
}

// menuOf lists the faults the connection refuses, in families.
func (c *spConnection) menuOf() []faultGroup {
	var out []faultGroup
	for _, f := range idp.Faults() {
		if !c.refusable(f) {
			continue
		}
		family := f.Group()
		if len(out) == 0 || out[len(out)-1].Title != family {
			out = append(out, faultGroup{Title: family})
		}
		last := &out[len(out)-1]
		last.Faults = append(last.Faults, choice{Value: string(f), Title: faultTitle(f), Text: f.Explanation()})
	}
	return out
}

// faultTitle makes a heading of a fault's name.
func faultTitle(f idp.Fault) string {
	return titled(string(f),
		" name id ", " NameID ", " xml ", " XML ", " id ", " ID ", " sha1 ", " SHA-1 ", " hmac ", " HMAC ", " rsa 1 5 ", " RSA 1.5 ", " cbc ", " CBC ",
		" triple des ", " Triple DES ", " version 1 1 ", " version 1.1 ", " xslt ", " XSLT ", " xpath ", " XPath ", " authn ", " authentication ",
		" in response to ", " InResponseTo ", " xsw", " Wrapping, form ",
	)
}

// titled makes a heading of a name with hyphens; words come in pairs, each with a space on both sides.
func titled(name string, words ...string) string {
	title := strings.TrimSpace(strings.NewReplacer(words...).Replace(" " + strings.ReplaceAll(name, "-", " ") + " "))
	return strings.ToUpper(title[:1]) + title[1:]
}

// offers reports whether a fault is on a menu.
func offers(menu []faultGroup, id string) bool {
	return slices.ContainsFunc(menu, func(g faultGroup) bool {
		return slices.ContainsFunc(g.Faults, func(f choice) bool { return f.Value == id })
	})
}

// chosenOf is a menu with one fault chosen, and its family open.
func chosenOf(menu []faultGroup, chosen string) []faultGroup {
	out := slices.Clone(menu)
	for i, g := range out {
		at := slices.IndexFunc(g.Faults, func(f choice) bool { return f.Value == chosen })
		if at < 0 {
			continue
		}
		out[i].Open, out[i].Faults = true, slices.Clone(g.Faults)
		out[i].Faults[at].On = true
	}
	return out
}
