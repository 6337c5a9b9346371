package oidc

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"strings"
)

// Faults of who signed a token.
const (
	BadSignature     Fault = "bad-signature"      // one bit of the signature is wrong
	TamperedSubject  Fault = "tampered-subject"   // the subject changed after signing
	StrangerSigned   Fault = "stranger-signed"    // signed by a stranger, under a kid of its own
	StrangerSameKid  Fault = "stranger-same-kid"  // signed by a stranger, under the provider's kid
	StrangerNoKid    Fault = "stranger-no-kid"    // signed by a stranger, without a kid
	UnknownKid       Fault = "unknown-kid"        // the provider's signature under a kid nobody knows
	EncryptionKey    Fault = "encryption-key"     // signed with a key that is published for encryption
	WeakKey          Fault = "weak-key"           // signed with a published RSA key of 1024 bits
	LeakedKey        Fault = "leaked-key"         // signed with a key whose private half is published
	SharedKey        Fault = "shared-key"         // signed by HMAC with an oct key that is published
	DERSignature     Fault = "der-signature"      // an ECDSA signature as ASN.1
	ZeroSignature    Fault = "zero-signature"     // an ECDSA signature of two zeros (CVE-2022-21449)
	EmptySignature   Fault = "empty-signature"    // no signature where one belongs
	OtherTokensProof Fault = "other-tokens-proof" // the signature is that of another token
)

// Who forged answers are about. An application that signs in anybody of this name or address was fooled.
const (
	ForgedSubject = "forged-identity"
	ForgedEmail   = "forged@attacker.example"
)

// forge makes a token one about somebody else.
func forge(t *token) {
	t.claims.set("sub", ForgedSubject)
	if t.claims.has("email") {
		t.claims.set("email", ForgedEmail)
	}
}

// strangerFor is a key nobody trusts that signs with an algorithm.
func (s *scene) strangerFor(alg string) (any, error) {
	if strings.HasPrefix(alg, "HS") {
		return []byte("a secret that nobody agreed upon at all"), nil
	}
	return s.op.spareKey(alg, func() (crypto.Signer, error) {
		if k, err := s.op.stranger(); err != nil || fits(k.Public(), alg) {
			return k, err
		}
		return GenerateKey(alg)
	})
}

// spareKey is a key made once, by name.
func (p *OP) spareKey(name string, make func() (crypto.Signer, error)) (crypto.Signer, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if k, ok := p.spares[name]; ok {
		return k, nil
	}
	k, err := make()
	if err == nil {
		p.spares[name] = k
	}
	return k, err
}

// byStranger returns a change that forges the token and signs it with the stranger's key; header changes its header.
func byStranger(header func(s *scene, t *token, key crypto.Signer) error) func(*scene, *token) error {
	return func(s *scene, t *token) error {
		key, err := s.strangerFor(t.alg)
		if err != nil {
			return err
		}
		forge(t)
		t.key = key
		signer, _ := key.(crypto.Signer)
		return header(s, t, signer)
	}
}

func kid(value any) func(*scene, *token, crypto.Signer) error {
	return func(_ *scene, t *token, _ crypto.Signer) error {
		t.header.set("kid", value)
		return nil
	}
}

// signed returns a change that signs a forged token with another algorithm and what key makes.
func signed(alg string, key func(*scene, *token) (any, error)) func(*scene, *token) error {
	return func(s *scene, t *token) error {
		k, err := key(s, t)
		if err != nil {
			return err
		}
		forge(t)
		t.alg, t.key = alg, k
		t.header.set("alg", alg)
		return nil
	}
}

// plainly returns a change that cannot fail.
func plainly(f func(s *scene, t *token)) func(*scene, *token) error {
	return func(s *scene, t *token) error {
		f(s, t)
		return nil
	}
}

// tampered returns a change of the parts of the finished text.
func tampered(f func(parts []string) []string) func(*scene, *token) error {
	return plainly(func(_ *scene, t *token) {
		t.tamper = func(text string) string { return strings.Join(f(strings.Split(text, ".")), ".") }
	})
}

var errSigner = errors.New("needs a key pair, not a shared secret")

func signatureFaults() []change {
	rsaOnly, ecOnly := Needs{Algorithm: "RS"}, Needs{Algorithm: "ES"}
	return []change{
		{fault: BadSignature, text: "One bit of the signature is wrong, so nobody knows who wrote the token.", token: tampered(func(p []string) []string {
			sig, _ := base64.RawURLEncoding.DecodeString(p[2])
			if len(sig) > 0 {
				sig[len(sig)/2] ^= 1
			}
			return []string{p[0], p[1], b64(sig)}
		})},
		{fault: TamperedSubject, text: "The token was about somebody else when the provider signed it.", token: tamperSubject},
		{fault: StrangerSigned, text: "A stranger signed the token, and says so.", token: byStranger(kid("stranger"))},
		{fault: StrangerSameKid, text: "A stranger signed the token under the name of the provider's key.", token: byStranger(func(*scene, *token, crypto.Signer) error { return nil })},
		{fault: StrangerNoKid, text: "A stranger signed the token and does not say with what key.", token: byStranger(func(_ *scene, t *token, _ crypto.Signer) error {
			t.header.drop("kid")
			return nil
		})},
		{fault: UnknownKid, text: "The token names a key the provider does not publish.", token: plainly(func(_ *scene, t *token) { t.header.set("kid", "unknown") })},
		{fault: EncryptionKey, text: "The token is signed with a key that is published for encryption alone.", token: byStranger(kid("encryption")), keys: published("encryption", "enc")},
		{fault: WeakKey, text: "The token is signed with an RSA key of 1024 bits, which can be broken.", needs: rsaOnly, token: weakSigned, keys: publishWeak},
		{fault: LeakedKey, text: "The token is signed with a key that is published with its private half, so everybody can.", needs: rsaOnly, token: byStranger(kid("leaked")), keys: publishLeaked},
		{fault: SharedKey, text: "The token is signed with a shared key that is published, so everybody can.",
			token: signed("HS256", func(_ *scene, t *token) (any, error) {
				t.header.set("kid", "shared")
				return []byte(sharedSecret), nil
			}),
			keys: func(_ *scene, keys []object) ([]object, error) {
				return append(keys, object{{"kty", "oct"}, {"kid", "shared"}, {"alg", "HS256"}, {"use", "sig"}, {"k", b64([]byte(sharedSecret))}}), nil
			}},
		{fault: DERSignature, text: "The signature is written in ASN.1, which JOSE does not allow.", needs: ecOnly, token: tampered(func(p []string) []string {
			sig, _ := base64.RawURLEncoding.DecodeString(p[2])
			return []string{p[0], p[1], b64(asn1Signature(sig))}
		})},
		{fault: ZeroSignature, text: "The signature is two zeros, which careless libraries take for anything's.", needs: ecOnly, token: tampered(func(p []string) []string {
			return []string{p[0], p[1], strings.Repeat("A", len(p[2]))}
		})},
		{fault: EmptySignature, text: "The signature is missing though the header names an algorithm.", token: tampered(func(p []string) []string { return []string{p[0], p[1], ""} })},
		{fault: OtherTokensProof, text: "The signature is the provider's, but over another token.", token: otherProof},
	}
}

const sharedSecret = "a secret that is published to all of us"

// tamperSubject puts a forged payload under the good signature.
func tamperSubject(_ *scene, t *token) error {
	other := token{claims: append(object(nil), t.claims...)}
	forge(&other)
	payload, err := other.claims.text()
	if err != nil {
		return err
	}
	return tampered(func(p []string) []string { return []string{p[0], b64(payload), p[2]} })(nil, t)
}

// otherProof takes the signature of a token that differs in its jti alone.
func otherProof(_ *scene, t *token) error {
	other := *t
	other.claims = append(object(nil), t.claims...)
	other.claims.add("other", "token")
	text, err := other.compact()
	if err != nil {
		return err
	}
	proof := text[strings.LastIndexByte(text, '.')+1:]
	forge(t)
	return tampered(func(p []string) []string { return []string{p[0], p[1], proof} })(nil, t)
}

// published returns a change that publishes the stranger's keys under a kid and for a use.
func published(kid, use string) func(*scene, []object) ([]object, error) {
	return func(s *scene, keys []object) ([]object, error) {
		for _, alg := range s.op.cfg.Algorithms {
			k, err := s.strangerFor(alg)
			if err != nil {
				return nil, err
			}
			signer, ok := k.(crypto.Signer)
			if !ok {
				continue // a shared secret is not published
			}
			o, err := jwk(signer.Public())
			if err != nil {
				return nil, err
			}
			o.set("kid", kid)
			o.set("use", use)
			keys = append(keys, o)
		}
		return keys, nil
	}
}

func (s *scene) weakKey() (crypto.Signer, error) {
	return s.op.spareKey("weak", func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 1024) }) // weak on purpose
}

func weakSigned(s *scene, t *token) error {
	k, err := s.weakKey()
	if err != nil {
		return err
	}
	forge(t)
	t.key = k
	t.header.set("kid", "weak")
	return nil
}

func publishWeak(s *scene, keys []object) ([]object, error) {
	k, err := s.weakKey()
	if err != nil {
		return nil, err
	}
	o, err := jwk(k.Public())
	o.set("kid", "weak")
	o.set("use", "sig")
	return append(keys, o), err
}

// publishLeaked publishes the stranger's whole key (RFC 7518 section 6.3.2).
func publishLeaked(s *scene, keys []object) ([]object, error) {
	k, err := s.op.stranger()
	if err != nil {
		return nil, err
	}
	private, ok := k.(*rsa.PrivateKey)
	if !ok {
		return nil, errSigner
	}
	o, err := jwk(private.Public())
	o = append(o, object{
		{"kid", "leaked"}, {"use", "sig"}, {"d", b64(private.D.Bytes())}, {"p", b64(private.Primes[0].Bytes())}, {"q", b64(private.Primes[1].Bytes())},
		{"dp", b64(private.Precomputed.Dp.Bytes())}, {"dq", b64(private.Precomputed.Dq.Bytes())}, {"qi", b64(private.Precomputed.Qinv.Bytes())},
	}...)
	return append(keys, o), err
}

// asn1Signature writes r and s as a DER sequence of two integers.
func asn1Signature(sig []byte) []byte {
	var body []byte
	for _, half := range [][]byte{sig[:len(sig)/2], sig[len(sig)/2:]} {
		n := bytes.TrimLeft(half, "\x00")
		if len(n) == 0 || n[0] >= 0x80 {
			n = append([]byte{0}, n...)
		}
		body = append(append(body, 0x02, byte(len(n))), n...)
	}
	head := []byte{0x30, byte(len(body))}
	if len(body) >= 0x80 {
		head = []byte{0x30, 0x81, byte(len(body))}
	}
	return append(head, body...)
}
