package oidc

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/internal/strictjson"
)

// merged is what a login said in both documents, as one.
type merged struct {
	// object is the JSON text of all claims.
	object string
	// first and second are the documents, the ID token's claims before userinfo's.
	first, second strictjson.Object
	// mailSecond says that email and email_verified come from userinfo.
	mailSecond bool
}

// mergeClaims joins the claims of both documents. The ID token's win; userinfo fills gaps. A name in another case is no gap. What
// a token says about itself is never taken from userinfo. email and email_verified come from one document: what one says
// about an address does not hold for the other's.
func mergeClaims(idt verified, more userClaims) merged {
	m := merged{object: idt.object, first: idt.claims, second: more.claims}
	if more.claims.Len() == 0 {
		return m
	}
	m.mailSecond = !folded(idt.claims, "email")
	b := append(make([]byte, 0, len(idt.object)+512), '{')
	for name, v := range idt.claims.All() {
		if !m.mailSecond || !strings.EqualFold(name, "email_verified") {
			b = appendMember(b, name, v)
		}
	}
	for name, v := range more.claims.All() {
		if m.fills(name) {
			b = appendMember(b, name, v)
		}
	}
	m.object = string(append(b, '}'))
	return m
}

// fills reports whether a userinfo claim fills a gap of the ID token. "a.b" and "/a/b" fill none where the ID token has a: a mapping
// would read them before the path that they look like.
func (m *merged) fills(name string) bool {
	if strings.EqualFold(name, "email_verified") {
		return m.mailSecond
	}
	return !isTokenClaim(name) && !slices.ContainsFunc(claimRoots(name), func(root string) bool { return folded(m.first, root) })
}

// folded reports whether an object has a member of this name, in any case.
func folded(o strictjson.Object, name string) bool {
	for n := range o.All() {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}

// appendMember writes one member. Texts are encoded anew; everything else keeps the text it was sent as.
func appendMember(b []byte, name string, v strictjson.Value) []byte {
	if len(b) > 1 {
		b = append(b, ',')
	}
	b = append(appendText(b, name), ':')
	if v.Kind() == strictjson.Text {
		return appendText(b, v.Text())
	}
	return append(b, v.Text()...)
}

func appendText(b []byte, text string) []byte {
	quoted, _ := json.Marshal(text) // a text always has a JSON form
	return append(b, quoted...)
}

// vouches reports whether the provider says that this address was verified: email_verified is the boolean true, in the
// document the email claim comes from, and the address is that claim's. A text "true" is nothing, and an address that was
// mapped from another claim, such as upn, was not verified by anybody.
func (m *merged) vouches(address attrs.Value) bool {
	doc := m.first
	if m.mailSecond {
		doc = m.second
	}
	said := doc.Get("email_verified")
	mapped, ok := address.First()
	return ok && said.Kind() == strictjson.Bool && said.Text() == "true" && mapped == lowerLetters(checkedText(doc, "email"))
}

// isMessageClaim reports whether a claim ties a token to one message. It says nothing about a person and is not kept: a nonce
// and the hashes belong to one login, and _claim_sources may hold access tokens (OpenID Connect Core section 5.6.2).
func isMessageClaim(name string) bool {
	switch name {
	case "nonce", "at_hash", "c_hash", "s_hash", "_claim_sources":
		return true
	default:
		return false
	}
}

// isTokenClaim reports whether a claim is about a token and not about a person, so that userinfo has no say in it.
func isTokenClaim(name string) bool {
	switch lowerLetters(name) {
	case "iss", "sub", "aud", "exp", "iat", "nbf", "jti", "azp", "auth_time", "acr", "amr", "sid", "tid", "nonce", "at_hash", "c_hash", "s_hash", "events":
		return true
	default:
		return false
	}
}

// rawOf returns everything that came, without what belongs to one message.
func rawOf(in attrs.Incoming) map[string][]string {
	raw := in.Raw()
	for name := range raw {
		if isMessageClaim(name) {
			delete(raw, name)
		}
	}
	return raw
}

// maxElsewhere bounds how many claims a warning is made for.
const maxElsewhere = 20

// checkElsewhere looks for claims the provider has and did not send: those it names in _claim_names (OpenID Connect Core
// section 5.6.2), which Microsoft Entra does to groups when a user has more than 200, or with hasgroups in tokens through the
// browser (Microsoft, "ID token claims reference", groups overage claim). One that the mapping reads is refused: the user
// would silently lose what it grants. The others are warnings.
func (v *verifier) checkElsewhere(m merged) ([]attrs.Warning, error) {
	var out []attrs.Warning
	for _, doc := range [...]strictjson.Object{m.first, m.second} {
		names, err := claimsElsewhere(doc)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if m.has(name) {
				continue
			}
			if key, reads := v.needs(name, m); reads {
				return nil, refuse(ErrAggregated, lmssso.Error{Detail: string(key) + " is mapped to " + quoted(name) + ", which the provider did not send itself"})
			}
			if len(out) < maxElsewhere {
				out = append(out, attrs.Warning{Text: "the provider has the claim " + quoted(name) + " and did not send it itself, so it was not read"})
			}
		}
	}
	return out, nil
}

// claimsElsewhere lists the claims a document says are to be found elsewhere.
func claimsElsewhere(doc strictjson.Object) (out []string, err error) {
	if v := doc.Get("_claim_names"); !isAbsent(v) {
		names, ok := v.Object()
		if !ok {
			return nil, wrongClaimType("_claim_names", "an object", v)
		}
		for name := range names.All() {
			out = append(out, name)
		}
	}
	if doc.Get("hasgroups").Text() == "true" && !slices.Contains(out, "groups") { // a boolean; a text in older tokens
		out = append(out, "groups")
	}
	return out, nil
}

// has reports whether a claim came in either document.
func (m *merged) has(name string) bool {
	return m.first.Get(name).Kind() != strictjson.Missing || m.second.Get(name).Kind() != strictjson.Missing
}

// needs returns an attribute the mapping would read from a claim that did not come.
func (v *verifier) needs(name string, m merged) (attrs.Key, bool) {
	for _, key := range slices.Sorted(maps.Keys(v.cfg.Mapping)) {
		for _, from := range v.cfg.Mapping[key].From {
			if slices.Contains(claimRoots(from), name) {
				return key, true
			}
			if m.says(from) {
				break // an earlier name of the list is present and wins
			}
		}
	}
	return "", false
}

// says reports whether a claim of exactly this name came and is not blank.
func (m *merged) says(name string) bool {
	for _, doc := range [...]strictjson.Object{m.first, m.second} {
		switch v := doc.Get(name); v.Kind() {
		case strictjson.Missing, strictjson.Null:
		case strictjson.Text:
			return v.Text() != ""
		case strictjson.Array:
			return v.Len() > 0
		default:
			return true
		}
	}
	return false
}

// claimRoots returns the claims of the top level that a mapping's name may be read from: itself, and the first step of the path
// it may stand for.
func claimRoots(name string) []string {
	if pointer, ok := strings.CutPrefix(name, "/"); ok {
		step, _, _ := strings.Cut(pointer, "/")
		return []string{name, strings.ReplaceAll(strings.ReplaceAll(step, "~1", "/"), "~0", "~")}
	}
	step, _, _ := strings.Cut(name, ".")
	return []string{name, step}
}
