package oidc

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/cryptosigner"
	"github.com/lmssso/lmssso"
)

// assertionLife is how long an assertion of this client can be used: one request, and some difference of clocks.
const assertionLife = 2 * time.Minute

// ParseClientKey reads a private key in PEM: PKCS#8 ("PRIVATE KEY"), PKCS#1 ("RSA PRIVATE KEY") or SEC 1 ("EC PRIVATE
// KEY"). keyID is the kid the provider knows it by, "" for none. It refuses, with [ErrClientKey], encrypted keys, more than
// one, RSA keys of less than 2048 bits, and other curves than P-256, P-384, P-521 and Ed25519.
func ParseClientKey(text []byte, keyID string) (ClientKey, error) {
	if keyID != "" && !plainText(keyID, maxKeyName) {
		return ClientKey{}, keyFault("the key id is not printable ASCII of at most 512 characters", nil)
	}
	block, err := onlyKey(text)
	if err != nil {
		return ClientKey{}, err
	}
	parsed, err := parsePrivate(block)
	if err != nil {
		return ClientKey{}, keyFault("the key cannot be read", nil) // the parser's error may repeat a piece of it
	}
	signer, ok := parsed.(crypto.Signer)
	if !ok {
		return ClientKey{}, keyFault("the key is of a kind that does not sign", nil)
	}
	k := ClientKey{Signer: signer, KeyID: keyID}
	if _, err := k.algorithm(); err != nil {
		return ClientKey{}, err
	}
	return k, nil
}

func keyFault(detail string, err error) error {
	return refuse(ErrClientKey, lmssso.Error{Detail: detail, Err: err})
}

// onlyKey returns the one private key of a PEM file, which may begin with the parameters of its curve, as openssl writes.
func onlyKey(text []byte) (*pem.Block, error) {
	var found *pem.Block
	for {
		block, rest := pem.Decode(text)
		switch {
		case block == nil && found == nil:
			return nil, keyFault("there is no PEM block", nil)
		case block == nil && len(bytes.TrimSpace(rest)) > 0:
			return nil, keyFault("there is something beside the key", nil)
		case block == nil:
			return found, nil
		case block.Type == "EC PARAMETERS" && found == nil:
		case block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "" || block.Headers["Proc-Type"] != "":
			return nil, keyFault("the key is encrypted", nil)
		case found != nil:
			return nil, keyFault("there is more than one PEM block", nil)
		default:
			found = block
		}
		text = rest
	}
}

func parsePrivate(block *pem.Block) (any, error) {
	switch block.Type {
	case "PRIVATE KEY":
		return x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		return x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		return x509.ParseECPrivateKey(block.Bytes)
	}
	return nil, errors.New("no private key")
}

// algorithm returns what a key signs with, by its kind. It refuses keys that are too weak or of another kind.
func (k ClientKey) algorithm() (jose.SignatureAlgorithm, error) {
	if k.Signer == nil {
		return "", keyFault("there is no key", nil)
	}
	switch key := k.Signer.Public().(type) {
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits < minModulus || bits > 2*maxModulus {
			return "", keyFault("the RSA key must have 2048 to 8192 bits", nil)
		}
		return jose.RS256, nil
	case *ecdsa.PublicKey:
		if alg := curveAlgorithm(key); alg != "" {
			return alg, nil
		}
		return "", keyFault("the key is on another curve than P-256, P-384 and P-521", nil)
	case ed25519.PublicKey:
		return jose.EdDSA, nil
	}
	return "", keyFault("the key is of an unknown kind", nil)
}

// JWKS returns the public key as a JSON Web Key Set with one key, to be registered at the provider.
func (k ClientKey) JWKS() ([]byte, error) {
	alg, err := k.algorithm()
	if err != nil {
		return nil, err
	}
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: k.Signer.Public(), KeyID: k.KeyID, Algorithm: string(alg), Use: "sig"}}}
	text, err := json.Marshal(set)
	if err != nil {
		return nil, keyFault("the public key cannot be written", err)
	}
	return text, nil
}

// assertion returns a JWT by which the client proves itself at the token endpoint (RFC 7523 section 3, OpenID Connect Core
// section 9). It names the endpoint it is for, ends after two minutes, and never comes twice.
func (k ClientKey) assertion(clientID, endpoint string, now time.Time) (string, error) {
	alg, err := k.algorithm()
	if err != nil {
		return "", err
	}
	options := (&jose.SignerOptions{}).WithType("JWT")
	if k.KeyID != "" {
		options = options.WithHeader("kid", k.KeyID)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: cryptosigner.Opaque(k.Signer)}, options)
	if err != nil {
		return "", keyFault("the key cannot sign", err)
	}
	claims, err := json.Marshal(struct {
		Issuer   string `json:"iss"`
		Subject  string `json:"sub"`
		Audience string `json:"aud"`
		ID       string `json:"jti"`
		Issued   int64  `json:"iat"`
		Expires  int64  `json:"exp"`
	}{clientID, clientID, endpoint, rand.Text(), now.Unix(), now.Add(assertionLife).Unix()})
	if err != nil {
		return "", keyFault("the assertion cannot be written", err)
	}
	signed, err := signer.Sign(claims)
	if err != nil {
		return "", keyFault("the key did not sign", err)
	}
	return signed.CompactSerialize()
}
