package saml

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"time"
)

// certificateLife is how long a generated certificate says that it is good. Its dates mean nothing to the key: identity
// providers pin it.
const certificateLife = 10 * 365 * 24 * time.Hour

// GenerateKey makes a key for this side, RSA with 3072 bits and a certificate of its own making. It signs and decrypts.
func GenerateKey(commonName string, now time.Time) (Key, error) {
	key, err := rsa.GenerateKey(rand.Reader, 3072)
	if err != nil {
		return Key{}, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return Key{}, err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: commonName},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(certificateLife),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return Key{}, err
	}
	cert, err := x509.ParseCertificate(der)
	return Key{Signer: key, Certificate: cert}, err
}

// MarshalPEM writes the key and its certificate as [ParseKeyPair] reads them.
func (k Key) MarshalPEM() (certificate, privateKey []byte, err error) {
	der, err := x509.MarshalPKCS8PrivateKey(k.Signer)
	if err != nil {
		return nil, nil, err
	}
	certificate = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: k.Certificate.Raw})
	return certificate, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}
