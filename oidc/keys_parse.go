package oidc

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"slices"
	"strings"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/internal/strictjson"
)

const (
	maxKeys    = 100  // Microsoft Entra publishes about ten
	maxKeyName = 512  // characters
	minModulus = 2048 // RFC 7518 section 3.3
	maxModulus = 4096 // go-jose takes no larger ones: verifying costs the square
)

// keyLimits bounds a JWKS. Certificate chains make the largest ones seen 30 kB.
func keyLimits() strictjson.Limits {
	return strictjson.Limits{Bytes: maxDocument, Depth: 16, Members: 100, Values: 20_000}
}

// publicKey is one key a provider signs with. alg is "" when the provider does not say.
type publicKey struct {
	kid, alg string
	key      crypto.PublicKey
}

// keySet is what of a JWKS can verify signatures, in the document's order. It is never changed.
type keySet []publicKey

// parseKeys reads a JWKS (RFC 7517 section 5). Keys of kinds or with contents this package does not use are left out, and
// so are ones that are not public or not for signatures: one bad key must not end the logins of all the others. A set
// without a single usable key is an error.
func parseKeys(doc string) (keySet, error) {
	o, err := strictjson.Parse(doc, keyLimits())
	if err != nil {
		return nil, refuse(ErrKeysDocument, lmssso.Error{Detail: err.Error(), Err: err})
	}
	list := o.Get("keys")
	if list.Kind() != strictjson.Array {
		return nil, refuse(ErrKeysDocument, lmssso.Error{Detail: "keys", Expected: "an array", Received: list.Kind().String()})
	}
	if list.Len() > maxKeys {
		return nil, refuse(ErrKeysDocument, lmssso.Error{Detail: "more than 100 keys"})
	}
	var set keySet
	for item := range list.Items() {
		if k, ok := parseKey(item); ok {
			set = append(set, k)
		}
	}
	if len(set) == 0 {
		return nil, refuse(ErrKeysDocument, lmssso.Error{Detail: "none of the keys can verify signatures"})
	}
	return slices.Clone(set), nil // no longer than it must be
}

// parseKey reads one key; false leaves it out.
func parseKey(item strictjson.Value) (k publicKey, ok bool) {
	o, ok := item.Object()
	if !ok || holdsSecret(o) || !forSignatures(o) {
		return k, false
	}
	kid, kidOK := optionalText(o, "kid")
	alg, algOK := optionalText(o, "alg")
	if !kidOK || !algOK || len(kid) > maxKeyName {
		return k, false
	}
	k = publicKey{kid: strings.Clone(kid), alg: strings.Clone(alg)} // copies: the document is not kept
	k.key, ok = decodeKey(o)
	return k, ok
}

// holdsSecret reports whether a key is private or symmetric (RFC 7518 sections 6.2.2, 6.3.2, 6.4; RFC 8037). A private key
// that was published signs for anybody who read it.
func holdsSecret(o strictjson.Object) bool {
	for _, name := range [...]string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"} {
		if k := o.Get(name).Kind(); k != strictjson.Missing && k != strictjson.Null {
			return true
		}
	}
	return false
}

// forSignatures reports whether use and key_ops, when they are there, allow verifying (RFC 7517 sections 4.2 and 4.3).
func forSignatures(o strictjson.Object) bool {
	use, ok := optionalText(o, "use")
	if !ok || use != "" && use != "sig" {
		return false
	}
	ops := o.Get("key_ops")
	if k := ops.Kind(); k == strictjson.Missing || k == strictjson.Null {
		return true
	}
	for op := range ops.Items() {
		if op.Kind() == strictjson.Text && op.Text() == "verify" {
			return true
		}
	}
	return false
}

// optionalText returns a member that is text; "" where it is not there or null; false where it is something else.
func optionalText(o strictjson.Object, name string) (string, bool) {
	switch v := o.Get(name); v.Kind() {
	case strictjson.Text:
		return v.Text(), true
	case strictjson.Missing, strictjson.Null:
		return "", true
	default:
		return "", false
	}
}

// decodeKey lets go-jose read the numbers, which it checks to be on the curve or within bounds. It is given nothing but the
// members it needs, by their exact names: it would read others in any case, and certificates decide nothing here.
func decodeKey(o strictjson.Object) (crypto.PublicKey, bool) {
	bare := map[string]string{}
	for _, name := range [...]string{"kty", "crv", "n", "e", "x", "y"} {
		text, ok := optionalText(o, name)
		if !ok {
			return nil, false
		}
		if text != "" {
			bare[name] = text
		}
	}
	doc, err := json.Marshal(bare)
	if err != nil {
		return nil, false
	}
	var k jose.JSONWebKey
	if err := k.UnmarshalJSON(doc); err != nil {
		return nil, false
	}
	return k.Key, strongKey(k.Key)
}

// strongKey reports whether a key is a public one of a kind and size that verifies.
func strongKey(key any) bool {
	switch key := key.(type) {
	case *rsa.PublicKey:
		bits := key.N.BitLen()
		return bits >= minModulus && bits <= maxModulus && key.N.Bit(0) == 1 && key.E >= 3 && key.E&1 == 1 && key.E < 1<<31
	case *ecdsa.PublicKey:
		return key.Curve != nil // go-jose knows P-256, P-384 and P-521, and looked whether the point is on it
	case ed25519.PublicKey:
		return len(key) == ed25519.PublicKeySize
	}
	return false
}

// fits reports whether a key may verify signatures of an algorithm: the kind of key, the curve, and what the provider says.
func (k publicKey) fits(alg jose.SignatureAlgorithm) bool {
	return (k.alg == "" || k.alg == string(alg)) && kindFits(k.key, alg)
}

// kindFits reports whether an algorithm is for a kind of key (RFC 7518 section 3.1, RFC 8037).
func kindFits(key crypto.PublicKey, alg jose.SignatureAlgorithm) bool {
	switch key := key.(type) {
	case *rsa.PublicKey:
		switch alg {
		case jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512:
			return true
		}
	case *ecdsa.PublicKey:
		return curveAlgorithm(key) == alg
	case ed25519.PublicKey:
		return alg == jose.EdDSA
	}
	return false
}

// curveAlgorithm returns the one algorithm a curve has; "" for any other curve.
func curveAlgorithm(key *ecdsa.PublicKey) jose.SignatureAlgorithm {
	if key.Curve == nil {
		return ""
	}
	switch key.Curve.Params().Name {
	case "P-256":
		return jose.ES256
	case "P-384":
		return jose.ES384
	case "P-521":
		return jose.ES512
	}
	return ""
}

// pick returns the keys a token may have been signed with, at most [maxCandidates]: those of its kid; where there are none,
// or the token names none, see the cases.
func (s keySet) pick(alg jose.SignatureAlgorithm, kid string) []jose.JSONWebKey {
	out := s.where(func(k publicKey) bool { return k.fits(alg) && (kid == "" || k.kid == kid) })
	if len(out) == 0 && kid != "" {
		// A provider that names no keys cannot be asked for this one. Named keys are never tried under another name.
		out = s.where(func(k publicKey) bool { return k.fits(alg) && k.kid == "" })
	}
	return out
}

func (s keySet) where(fit func(publicKey) bool) []jose.JSONWebKey {
	var out []jose.JSONWebKey
	for _, k := range s {
		if len(out) < maxCandidates && fit(k) {
			out = append(out, jose.JSONWebKey{Key: k.key, KeyID: k.kid, Algorithm: k.alg})
		}
	}
	return out
}

// sameKeys reports whether two sets are the same, in the same order.
func sameKeys(a, b *keySet) bool {
	if len(*a) != len(*b) {
		return false
	}
	for i, k := range *a {
		o := (*b)[i]
		eq, ok := k.key.(interface{ Equal(crypto.PublicKey) bool })
		if k.kid != o.kid || k.alg != o.alg || !ok || !eq.Equal(o.key) {
			return false
		}
	}
	return true
}
