package oidc

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha256" // the hashes of the algorithms
	_ "crypto/sha512" // likewise
	"fmt"
	"strings"
)

// token is a JWT in the making. Whatever of it is changed before it is written is signed as it stands.
type token struct {
	header, claims object
	// alg is what it is signed with, whatever the header says; none signs nothing. key is a crypto.Signer or a shared secret.
	alg string
	key any
	// payload changes the written claims before they are signed, tamper the finished text; nil changes nothing.
	payload func([]byte) []byte
	tamper  func(string) string
}

// compact writes and signs the token (RFC 7515 section 3.1).
func (t *token) compact() (string, error) {
	header, err := t.header.text()
	if err != nil {
		return "", err
	}
	payload, err := t.claims.text()
	if err != nil {
		return "", err
	}
	if t.payload != nil {
		payload = t.payload(payload)
	}
	input := b64(header) + "." + b64(payload)
	sig, err := sign(t.alg, t.key, []byte(input))
	if err != nil {
		return "", err
	}
	text := input + "." + b64(sig)
	if t.tamper != nil {
		text = t.tamper(text)
	}
	return text, nil
}

// hashOf is the hash of an algorithm (RFC 7518 section 3.1); EdDSA's is the one inside Ed25519.
func hashOf(alg string) crypto.Hash {
	switch {
	case strings.HasSuffix(alg, "384"):
		return crypto.SHA384
	case strings.HasSuffix(alg, "512"), alg == "EdDSA":
		return crypto.SHA512
	}
	return crypto.SHA256
}

func digest(h crypto.Hash, data []byte) []byte {
	w := h.New()
	w.Write(data)
	return w.Sum(nil)
}

// sign makes the signature of an algorithm.
func sign(alg string, key any, input []byte) ([]byte, error) {
	if alg == "none" {
		return nil, nil
	}
	h := hashOf(alg)
	if secret, ok := key.([]byte); ok && strings.HasPrefix(alg, "HS") {
		mac := hmac.New(h.New, secret)
		mac.Write(input)
		return mac.Sum(nil), nil
	}
	signer, ok := key.(crypto.Signer)
	if !ok || !fits(signer.Public(), alg) {
		return nil, fmt.Errorf("the key does not sign with %q", clip(alg))
	}
	switch alg[:2] {
	case "RS":
		return signer.Sign(rand.Reader, digest(h, input), h)
	case "PS":
		return signer.Sign(rand.Reader, digest(h, input), &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: h})
	case "ES":
		return signECDSA(signer, digest(h, input))
	}
	return signer.Sign(rand.Reader, input, crypto.Hash(0))
}

// signECDSA makes a signature of two numbers of the curve's size (RFC 7518 section 3.4).
func signECDSA(signer crypto.Signer, sum []byte) ([]byte, error) {
	key, ok := signer.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("signing by ECDSA needs the key itself")
	}
	r, s, err := ecdsa.Sign(rand.Reader, key, sum)
	if err != nil {
		return nil, err
	}
	size := (key.Curve.Params().BitSize + 7) / 8
	out := make([]byte, 2*size)
	r.FillBytes(out[:size])
	s.FillBytes(out[size:])
	return out, nil
}

// leftHalf is the hash that at_hash, c_hash and s_hash hold: the left half, in base64url (OpenID Connect Core section 3.1.3.6).
func leftHalf(alg, text string) string {
	sum := digest(hashOf(alg), []byte(text))
	return b64(sum[:len(sum)/2])
}
