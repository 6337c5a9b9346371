package tenant

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"

	"github.com/lmssso/lmssso/oidc"
)

// parseClientKey reads a key from PEM.
func parseClientKey(text []byte, keyID string) (oidc.ClientKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return oidc.ClientKey{}, errors.New("the key file holds no PEM")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	signer, ok := key.(crypto.Signer)
	if err != nil || !ok {
		return oidc.ClientKey{}, errors.New("the key file holds no private key")
	}
	return oidc.ClientKey{Signer: signer, KeyID: keyID}, nil
}
