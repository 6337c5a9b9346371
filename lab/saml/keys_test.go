package saml_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/lmssso/lmssso/saml"
)

// The keys of the lab are made anew for every run, once each.
var (
	siteKey  = sync.OnceValue(func() saml.Key { return certified(rsaKey(), "site") })
	siteEC   = sync.OnceValue(func() saml.Key { return certified(ecKey(elliptic.P256()), "site, elliptic") })
	ec384    = sync.OnceValue(func() saml.Key { return certified(ecKey(elliptic.P384()), "P-384") })
	ec521    = sync.OnceValue(func() saml.Key { return certified(ecKey(elliptic.P521()), "P-521") })
	idpKey   = sync.OnceValue(func() saml.Key { return certified(rsaKey(), "provider") })
	otherKey = sync.OnceValue(func() saml.Key { return certified(rsaKey(), "stranger") })
)

func rsaKey() crypto.Signer {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
}

func ecKey(curve elliptic.Curve) crypto.Signer {
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

func certified(key crypto.Signer, name string) saml.Key {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return saml.Key{Signer: key, Certificate: cert}
}

// trusted is a key's certificate as a provider's side lists it.
func trusted(k saml.Key) []*x509.Certificate { return []*x509.Certificate{k.Certificate} }

// pemFiles are a key's parts as files, for programs.
type pemFiles struct{ key, cert, public string }

func writeKey(t *testing.T, dir, name string, k saml.Key) pemFiles {
	t.Helper()
	private, err := x509.MarshalPKCS8PrivateKey(k.Signer)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(k.Signer.Public())
	if err != nil {
		t.Fatal(err)
	}
	f := pemFiles{filepath.Join(dir, name+".key"), filepath.Join(dir, name+".crt"), filepath.Join(dir, name+".pub")}
	for path, block := range map[string]*pem.Block{
		f.key:    {Type: "PRIVATE KEY", Bytes: private},
		f.cert:   {Type: "CERTIFICATE", Bytes: k.Certificate.Raw},
		f.public: {Type: "PUBLIC KEY", Bytes: public},
	} {
		writeFile(t, path, string(pem.EncodeToMemory(block)))
	}
	return f
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
