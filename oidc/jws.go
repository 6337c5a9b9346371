package oidc

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/internal/strictjson"
)

const (
	// maxToken bounds ID and logout tokens in bytes; maxUserinfo userinfo answers, which may list many groups.
	maxToken    = 64 << 10
	maxUserinfo = 256 << 10
	// maxKeyID bounds kid in bytes.
	maxKeyID = 1024
)

// The typ values of each kind of token, in lower case. None, and "JWT", is what most providers write; another one says that
// the token was made for something else (RFC 8725 section 3.11).
func idTokenTypes() []string     { return []string{"jwt"} }
func logoutTokenTypes() []string { return []string{"jwt", "logout+jwt"} }

func headerLimits() strictjson.Limits {
	return strictjson.Limits{Bytes: 8 << 10, Depth: 4, Members: 32, Values: 256}
}

func claimLimits(size int) strictjson.Limits {
	return strictjson.Limits{Bytes: size, Depth: 16, Members: 256, Values: 8192}
}

// strictBase64 decodes base64url without padding and refuses set trailing bits. It still passes over line breaks, which
// checkLines refuses: a token has one spelling.
var strictBase64 = base64.RawURLEncoding.Strict()

// reading says what a token must be.
type reading struct {
	max       int
	algorithm jose.SignatureAlgorithm
	types     []string
}

// open takes a token apart, judges its header and verifies its signature. What it returns is authentic, and nothing more:
// its claims are still to be judged.
func (v *verifier) open(ctx context.Context, raw string, r reading) (object string, claims strictjson.Object, err error) {
	none := strictjson.Object{}
	header, object, err := takeApart(raw, r.max)
	if err != nil {
		return "", none, err
	}
	h, err := strictjson.Parse(header, headerLimits())
	if err != nil {
		return "", none, refuse(ErrTokenHeader, lmssso.Error{Detail: "the token's header: " + err.Error()})
	}
	for _, check := range []func() error{
		func() error { return checkHeaderMembers(h) },
		func() error { return checkAlgorithm(h.Get("alg"), r.algorithm) },
		func() error { return checkType(h.Get("typ"), r.types) },
		func() error { return checkKeyID(h.Get("kid")) },
	} {
		if err := check(); err != nil {
			return "", none, err
		}
	}
	if claims, err = strictjson.Parse(object, claimLimits(r.max)); err != nil {
		return "", none, refuse(ErrTokenClaims, lmssso.Error{Detail: "the token's claims: " + err.Error()})
	}
	if err := v.verifySignature(ctx, raw, object, r.algorithm, h.Get("kid").Text()); err != nil {
		return "", none, err
	}
	return object, claims, nil
}

// takeApart decodes a compact JWS (RFC 7515 section 7.1). It judges form only.
func takeApart(raw string, limit int) (header, payload string, err error) {
	if len(raw) > limit {
		return "", "", refuse(ErrTokenFormat, lmssso.Error{Detail: "the token is too large", Expected: "at most " + strconv.Itoa(limit) + " bytes"})
	}
	if err := checkLines(raw); err != nil {
		return "", "", err
	}
	switch dots := strings.Count(raw, "."); dots {
	case 2:
	case 4: // a compact JWE (RFC 7516 section 7.1)
		return "", "", refuse(ErrTokenEncrypted, lmssso.Error{Detail: "the token has five parts"})
	default:
		return "", "", refuse(ErrTokenFormat, lmssso.Error{Detail: "the token's parts", Expected: "3", Received: strconv.Itoa(dots + 1)})
	}
	var decoded [3][]byte
	at := 0
	for part := range strings.SplitSeq(raw, ".") {
		if decoded[at], err = strictBase64.DecodeString(part); err != nil {
			return "", "", refuse(ErrTokenFormat, lmssso.Error{Detail: "part " + strconv.Itoa(at+1) + " of the token is not unpadded base64url"})
		}
		at++
	}
	return string(decoded[0]), string(decoded[1]), nil
}

// checkLines refuses line breaks, which encoding/base64 passes over.
func checkLines(raw string) error {
	if strings.ContainsAny(raw, "\r\n") {
		return refuse(ErrTokenFormat, lmssso.Error{Detail: "the token holds a line break"})
	}
	return nil
}

// checkHeaderMembers refuses what lets a token change how it is verified: crit and b64 (RFC 7515 section 4.1.11, RFC 7797),
// compression, and keys it brings along or points to (RFC 8725 section 3.10). Others, such as x5t, are ignored.
func checkHeaderMembers(h strictjson.Object) error {
	for _, name := range [...]string{"crit", "b64", "zip", "jku", "jwk", "x5u", "x5c"} {
		if h.Get(name).Kind() != strictjson.Missing {
			return refuse(ErrTokenHeader, lmssso.Error{Detail: "the token's header holds " + name})
		}
	}
	return nil
}

// checkAlgorithm wants the connection's algorithm, byte for byte (RFC 8725 section 3.1). The header chooses nothing.
func checkAlgorithm(v strictjson.Value, want jose.SignatureAlgorithm) error {
	if v.Kind() == strictjson.Text && v.Text() == string(want) {
		return nil
	}
	return refuse(ErrTokenAlgorithm, lmssso.Error{Detail: "the token's algorithm", Expected: string(want), Received: quoted(v.Text())})
}

// checkType wants one of the types, or none. It is a media type, so case does not count, and application/ may stand before
// it (RFC 7515 section 4.1.9).
func checkType(v strictjson.Value, types []string) error {
	if v.Kind() == strictjson.Missing {
		return nil
	}
	name := strings.TrimPrefix(lowerLetters(v.Text()), "application/")
	if v.Kind() != strictjson.Text || !slices.Contains(types, name) {
		return refuse(ErrTokenType, lmssso.Error{Detail: "the token's typ", Expected: strings.Join(types, " or ") + ", or none", Received: quoted(v.Text())})
	}
	return nil
}

// checkKeyID wants kid to be a text, where there is one (RFC 7515 section 4.1.4).
func checkKeyID(v strictjson.Value) error {
	if v.Kind() != strictjson.Missing && (v.Kind() != strictjson.Text || len(v.Text()) > maxKeyID) {
		return refuse(ErrTokenHeader, lmssso.Error{Detail: "the token's kid", Expected: "a text of at most 1024 bytes", Received: v.Kind().String()})
	}
	return nil
}

// verifySignature wants a signature by one of the keys. When none fits, the keys are asked for once more: a provider may
// have put a new key under an old id.
func (v *verifier) verifySignature(ctx context.Context, raw, payload string, alg jose.SignatureAlgorithm, kid string) error {
	source := v.keys
	if alg == jose.HS256 {
		source = v.secret
	}
	if source == nil {
		return refuse(ErrTokenKey, lmssso.Error{Detail: "the connection has no keys for " + string(alg)})
	}
	jws, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{alg})
	if err != nil {
		return refuse(ErrTokenFormat, lmssso.Error{Detail: "the signature library cannot read the token"})
	}
	keys, err := source.candidates(ctx, alg, kid)
	if err != nil {
		return err
	}
	tried, ok := verifies(jws, payload, alg, keys)
	if ok {
		return nil
	}
	again, ok := verifies(jws, payload, alg, source.newer(ctx, alg, kid))
	if ok {
		return nil
	}
	if tried+again == 0 {
		return refuse(ErrTokenKey, lmssso.Error{Detail: "no key fits the token", Expected: "a key for " + string(alg), Received: "kid " + quoted(kid)})
	}
	return refuse(ErrTokenSignature, lmssso.Error{Detail: "no key made the signature", Received: "kid " + quoted(kid)})
}

// verifies reports whether one of the keys made the signature, over exactly the payload that was read, and how many fit.
func verifies(jws *jose.JSONWebSignature, payload string, alg jose.SignatureAlgorithm, keys []jose.JSONWebKey) (tried int, ok bool) {
	for i := range keys {
		if tried == maxCandidates {
			break
		}
		if !keyFits(&keys[i], alg) {
			continue
		}
		tried++
		if signed, err := jws.Verify(keys[i].Key); err == nil && string(signed) == payload {
			return tried, true
		}
	}
	return tried, false
}

// keyFits reports whether a key may be used with the algorithm. The sources choose so already; a key of the wrong kind here
// would be the classic confusion of a public key with a shared secret (RFC 8725 section 2.1), so it is asked again.
func keyFits(k *jose.JSONWebKey, alg jose.SignatureAlgorithm) bool {
	if k.Use != "" && k.Use != "sig" || k.Algorithm != "" && k.Algorithm != string(alg) {
		return false
	}
	switch key := k.Key.(type) {
	case *rsa.PublicKey:
		return (alg[:2] == "RS" || alg[:2] == "PS") && key.N.BitLen() >= minModulus
	case *ecdsa.PublicKey:
		return alg[:2] == "ES" && key.Curve != nil && curveBits()[alg] == key.Curve.Params().BitSize
	case ed25519.PublicKey:
		return alg == jose.EdDSA && len(key) == ed25519.PublicKeySize
	case []byte:
		return alg == jose.HS256 && len(key) >= minSharedSecret
	default:
		return false
	}
}

// curveBits tells the size of each algorithm's curve in bits (RFC 7518 section 3.4).
func curveBits() map[jose.SignatureAlgorithm]int {
	return map[jose.SignatureAlgorithm]int{jose.ES256: 256, jose.ES384: 384, jose.ES512: 521}
}

// lowerLetters folds A to Z alone, so that no letter of another script becomes one of ours.
func lowerLetters(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
