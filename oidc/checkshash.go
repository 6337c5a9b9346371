package oidc

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/internal/strictjson"
)

// Hashes tie to an ID token what came beside it.

// checkCodeHash binds the code to the token (section 3.3.2.11): through the browser the c_hash must be there when a code
// is, and where it is there it must be the code's. One without a code tells that the code was taken away.
func checkCodeHash(c strictjson.Object, alg jose.SignatureAlgorithm, code string, frontChannel bool) error {
	hash, given, err := textClaim(c, "c_hash")
	if err != nil {
		return err
	}
	if given && !isHashOf(alg, code, hash) || !given && frontChannel && code != "" {
		return refuse(ErrCodeHash, lmssso.Error{Detail: "c_hash is missing or not the code's"})
	}
	return nil
}

// checkAccessTokenHash binds the access token to the ID token (sections 3.1.3.8 and 3.2.2.9). One without an access token is
// not judged: there is nothing that could have been exchanged.
func checkAccessTokenHash(c strictjson.Object, alg jose.SignatureAlgorithm, accessToken string, frontChannel bool) error {
	hash, given, err := textClaim(c, "at_hash")
	if err != nil {
		return err
	}
	if accessToken == "" {
		return nil
	}
	if given && !isHashOf(alg, accessToken, hash) || !given && frontChannel {
		return refuse(ErrAccessTokenHash, lmssso.Error{Detail: "at_hash is missing or not the access token's"})
	}
	return nil
}

// checkStateHash binds the state, where the provider does so (Financial-grade API 1.0 part 2, section 5.1).
func checkStateHash(c strictjson.Object, alg jose.SignatureAlgorithm, state string) error {
	hash, given, err := textClaim(c, "s_hash")
	if err != nil {
		return err
	}
	if given && !isHashOf(alg, state, hash) {
		return refuse(ErrStateHash, lmssso.Error{Detail: "s_hash is not the state's"})
	}
	return nil
}

// isHashOf reports whether a hash claim is the text's: the left half of the hash that the signature algorithm uses, in
// base64url (section 3.1.3.6). Ed25519 uses SHA-512 (RFC 8032 section 5.1). Nothing has no hash.
func isHashOf(alg jose.SignatureAlgorithm, text, claim string) bool {
	var sum []byte
	switch alg {
	case jose.RS256, jose.PS256, jose.ES256, jose.HS256:
		s := sha256.Sum256([]byte(text))
		sum = s[:]
	case jose.RS384, jose.PS384, jose.ES384:
		s := sha512.Sum384([]byte(text))
		sum = s[:]
	case jose.RS512, jose.PS512, jose.ES512, jose.EdDSA:
		s := sha512.Sum512([]byte(text))
		sum = s[:]
	default:
		return false
	}
	want := base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
	return text != "" && subtle.ConstantTimeCompare([]byte(want), []byte(claim)) == 1
}
