package jwtsso

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lmssso/lmssso"
)

// minRSABits is the least modulus of an RSA key (RFC 7518 section 3.3). No option relaxes it.
const minRSABits = 2048

// GenerateKey returns a new secret of 256 random bits, as 43 characters that go into any configuration file. It suits
// HS256 with a raw key; its text, not what it decodes to, is the secret.
func GenerateKey() lmssso.Secret {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the process instead
	return lmssso.Secret(base64.RawURLEncoding.EncodeToString(b[:]))
}

// readKeys decodes and judges the live keys, newest first. Its errors never repeat a key.
func readKeys(s Signing, texts []lmssso.Secret, private, allowShort bool) ([]key, error) {
	if err := checkKeyCount(s, texts); err != nil {
		return nil, err
	}
	var out []key
	for i, text := range texts {
		k, err := readKey(s, string(text), private)
		if err != nil {
			return nil, refuse(ErrKeyInvalid, lmssso.Error{Detail: fmt.Sprintf("key %d: %v", i+1, err)})
		}
		if err := checkKeyLength(s.Algorithm, k, i, allowShort); err != nil {
			return nil, err
		}
		out = append(out, k)
	}
	return out, nil
}

func checkKeyCount(s Signing, texts []lmssso.Secret) error {
	if len(texts) < 1 || len(texts) > s.MaxKeys {
		return refuse(ErrKeyCount, lmssso.Error{
			Detail: "wrong number of keys", Expected: fmt.Sprintf("1 to %d", s.MaxKeys), Received: fmt.Sprint(len(texts)),
		})
	}
	for i, text := range texts {
		if slices.Contains(texts[:i], text) {
			return refuse(ErrKeyInvalid, lmssso.Error{Detail: fmt.Sprintf("key %d repeats an earlier one", i+1)})
		}
	}
	return nil
}

// checkKeyLength demands of a secret as many bytes as the hash has (RFC 7518 section 3.2).
func checkKeyLength(alg Algorithm, k key, i int, allowShort bool) error {
	if alg == RS256 || allowShort || len(k.secret) >= alg.hashSize() {
		return nil
	}
	return refuse(ErrKeyTooShort, lmssso.Error{
		Detail:   fmt.Sprintf("key %d is too short for %s", i+1, alg),
		Expected: fmt.Sprintf("at least %d bytes", alg.hashSize()), Received: fmt.Sprintf("%d bytes", len(k.secret)),
	})
}

func readKey(s Signing, text string, private bool) (key, error) {
	if s.Algorithm == RS256 {
		return readRSA(text, private)
	}
	// A public key is no secret: taken for one, anybody could sign (CVE-2016-5431).
	if strings.Contains(text, "-----BEGIN ") {
		return key{}, errors.New("a PEM block is not a shared secret")
	}
	secret, err := decodeSecret(s.Key, text)
	if err == nil && len(secret) == 0 {
		err = errors.New("empty")
	}
	return key{secret: secret}, err
}

func decodeSecret(enc KeyEncoding, text string) ([]byte, error) {
	switch enc {
	case HexKey:
		b, err := hex.DecodeString(text)
		if err != nil {
			return nil, errors.New("not hexadecimal")
		}
		return b, nil
	case Base64Key:
		plain := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
		b, err := base64.RawStdEncoding.Strict().DecodeString(plain)
		if err != nil {
			return nil, errors.New("not base64")
		}
		return b, nil
	default:
		return []byte(text), nil
	}
}

// readRSA reads a public key, a certificate or, to mint, a private key.
func readRSA(text string, private bool) (key, error) {
	block, rest := pem.Decode([]byte(text))
	if block == nil || strings.TrimSpace(string(rest)) != "" {
		return key{}, errors.New("not one PEM block")
	}
	var k key
	var err error
	if private {
		k, err = privateRSA(block)
	} else {
		k, err = publicRSA(block)
	}
	if err == nil && k.publicRSA.N.BitLen() < minRSABits {
		err = fmt.Errorf("an RSA key of fewer than %d bits", minRSABits)
	}
	return k, err
}

func publicRSA(block *pem.Block) (key, error) {
	var pub any
	var err error
	switch block.Type {
	case "PUBLIC KEY":
		pub, err = x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		pub, err = x509.ParsePKCS1PublicKey(block.Bytes)
	case "CERTIFICATE":
		var cert *x509.Certificate
		if cert, err = x509.ParseCertificate(block.Bytes); err == nil {
			pub = cert.PublicKey
		}
	default:
		return key{}, errors.New("not a public key: the verifying side must not hold a private one")
	}
	if rsaKey, ok := pub.(*rsa.PublicKey); ok && err == nil {
		return key{publicRSA: rsaKey}, nil
	}
	return key{}, errors.New("not an RSA public key")
}

func privateRSA(block *pem.Block) (key, error) {
	var priv any
	var err error
	switch block.Type {
	case "PRIVATE KEY":
		priv, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		priv, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	default:
		return key{}, errors.New("not a private key")
	}
	if rsaKey, ok := priv.(*rsa.PrivateKey); ok && err == nil {
		return key{publicRSA: &rsaKey.PublicKey, pair: rsaKey}, nil
	}
	return key{}, errors.New("not an RSA private key")
}
