package jwtsso_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/jwtsso"
)

var makeKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func rsaKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	k, err := makeKey()
	require.NoError(t, err)
	return k
}

func publicPEM(k *rsa.PrivateKey) string {
	der, err := x509.MarshalPKIXPublicKey(&k.PublicKey)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func privatePEM(k *rsa.PrivateKey) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(k)}))
}

func rsaDialect() jwtsso.Dialect {
	d := jwtsso.ThoughtIndustries()
	d.Signing = jwtsso.Signing{Algorithm: jwtsso.RS256, Key: jwtsso.PEMKey, MaxKeys: 2}
	return d
}

const rsaHeader = `{"alg":"RS256","typ":"JWT"}`

func signRSA(t *testing.T, k *rsa.PrivateKey, header, payload string) string {
	t.Helper()
	input := b64(header) + "." + b64(payload)
	sum := sha256.Sum256([]byte(input))
	signature, err := rsa.SignPKCS1v15(rand.Reader, k, crypto.SHA256, sum[:])
	require.NoError(t, err)
	return input + "." + b64(string(signature))
}

func rsaConfig(t *testing.T, s lmssso.SingleUse) jwtsso.VerifierConfig {
	cfg := config(s)
	cfg.Dialect = rsaDialect()
	cfg.Keys = []lmssso.Secret{lmssso.Secret(publicPEM(rsaKey(t)))}
	return cfg
}

func TestRS256(t *testing.T) {
	v := verifier(t, rsaConfig(t, &spender{}))
	a, err := v.Verify(t.Context(), signRSA(t, rsaKey(t), rsaHeader, goodClaims))
	require.NoError(t, err)
	require.Equal(t, "12345", a.Link.ExternalID)
}

// CVE-2016-5431 and its kin: the public key, which everybody has, used as an HMAC secret.
func TestThePublicKeyIsNoSecret(t *testing.T) {
	s := &spender{}
	v := verifier(t, rsaConfig(t, s))
	public := lmssso.Secret(publicPEM(rsaKey(t)))
	a, err := v.Verify(t.Context(), sign(public, goodHeader, goodClaims))
	refused(t, s, a, err, lmssso.ErrAlgorithm)
	a, err = v.Verify(t.Context(), sign(public, rsaHeader, goodClaims))
	refused(t, s, a, err, lmssso.ErrSignature)
	a, err = v.Verify(t.Context(), b64(`{"alg":"none"}`)+"."+b64(goodClaims)+".")
	refused(t, s, a, err, jwtsso.ErrUnsecured)

	other, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	a, err = v.Verify(t.Context(), signRSA(t, other, rsaHeader, goodClaims))
	refused(t, s, a, err, lmssso.ErrSignature)
}

func TestRSAKeysThatAreRefused(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"a private key":        privatePEM(rsaKey(t)),
		"1024 bits":            publicPEM(small),
		"a secret":             string(newKey),
		"two blocks":           publicPEM(rsaKey(t)) + publicPEM(small),
		"a block that is none": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
	} {
		t.Run(name, func(t *testing.T) {
			cfg := rsaConfig(t, &spender{})
			cfg.Keys = []lmssso.Secret{lmssso.Secret(text)}
			cfg.AllowShortKeys = true
			_, err := jwtsso.NewVerifier(cfg)
			require.ErrorIs(t, err, jwtsso.ErrKeyInvalid)
		})
	}
}

func TestAnRSAIssuer(t *testing.T) {
	for name, text := range map[string]string{"PKCS 1": privatePEM(rsaKey(t)), "PKCS 8": pkcs8(t, rsaKey(t))} {
		t.Run(name, func(t *testing.T) {
			cfg := issuerConfig(rsaDialect())
			cfg.Keys = []lmssso.Secret{lmssso.Secret(text)}
			token, err := issuer(t, cfg).Mint(bob())
			require.NoError(t, err)
			_, err = verifier(t, rsaConfig(t, &spender{})).Verify(t.Context(), string(token))
			require.NoError(t, err)
		})
	}
	cfg := issuerConfig(rsaDialect())
	cfg.Keys = []lmssso.Secret{lmssso.Secret(publicPEM(rsaKey(t)))}
	_, err := jwtsso.NewIssuer(cfg)
	require.ErrorIs(t, err, jwtsso.ErrKeyInvalid, "a public key signs nothing")
}

func pkcs8(t *testing.T, k *rsa.PrivateKey) string {
	der, err := x509.MarshalPKCS8PrivateKey(k)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}
