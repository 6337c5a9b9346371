package oidc_test

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/oidc"
	"github.com/stretchr/testify/require"
)

func pemOf(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func pkcs8(t *testing.T, key any) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	return pemOf("PRIVATE KEY", der)
}

func ecKey(t *testing.T, c elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(c, rand.Reader)
	require.NoError(t, err)
	return k
}

func rsaKey(t *testing.T, bits int) *rsa.PrivateKey {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, bits)
	require.NoError(t, err)
	return k
}

func TestClientKeysThatAreRead(t *testing.T) {
	r, p256 := rsaKey(t, 2048), ecKey(t, elliptic.P256())
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	sec1, err := x509.MarshalECPrivateKey(p256)
	require.NoError(t, err)
	for name, c := range map[string]struct{ text, kty, crv, alg string }{
		"RSA in PKCS#8":           {pkcs8(t, r), "RSA", "", "RS256"},
		"RSA in PKCS#1":           {pemOf("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(r)), "RSA", "", "RS256"},
		"P-256 in PKCS#8":         {pkcs8(t, p256), "EC", "P-256", "ES256"},
		"P-256 in SEC 1":          {pemOf("EC PRIVATE KEY", sec1), "EC", "P-256", "ES256"},
		"as openssl writes SEC 1": {pemOf("EC PARAMETERS", []byte{6, 8, 42, 134, 72, 206, 61, 3, 1, 7}) + pemOf("EC PRIVATE KEY", sec1), "EC", "P-256", "ES256"},
		"P-384":                   {pkcs8(t, ecKey(t, elliptic.P384())), "EC", "P-384", "ES384"},
		"P-521":                   {pkcs8(t, ecKey(t, elliptic.P521())), "EC", "P-521", "ES512"},
		"Ed25519":                 {"\n" + pkcs8(t, ed) + "\n", "OKP", "Ed25519", "EdDSA"},
	} {
		k, err := oidc.ParseClientKey([]byte(c.text), "k1")
		require.NoError(t, err, name)
		require.Equal(t, "k1", k.KeyID)
		text, err := k.JWKS()
		require.NoError(t, err, name)
		var set struct{ Keys []map[string]string }
		require.NoError(t, json.Unmarshal(text, &set), name)
		require.Len(t, set.Keys, 1)
		got := set.Keys[0]
		require.Equal(t, []string{c.kty, c.crv, c.alg, "k1", "sig"}, []string{got["kty"], got["crv"], got["alg"], got["kid"], got["use"]}, name)
		for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "k"} {
			require.NotContains(t, got, private, name)
		}
		require.NotContains(t, fmt.Sprintf("%v %+v %#v %s", k, k, k, k), "0x")
	}
}

func TestClientKeysThatAreRefused(t *testing.T) {
	good := pkcs8(t, ecKey(t, elliptic.P256()))
	x, err := ecdh.X25519().GenerateKey(rand.Reader)
	require.NoError(t, err)
	public, err := x509.MarshalPKIXPublicKey(ecKey(t, elliptic.P256()).Public())
	require.NoError(t, err)
	encrypted := strings.Replace(good, "-----\n", "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n", 1)
	for name, text := range map[string]string{
		"nothing":             "",
		"no PEM":              "SECRET",
		"a public key":        pemOf("PUBLIC KEY", public),
		"a certificate":       pemOf("CERTIFICATE", []byte("x")),
		"broken":              pemOf("PRIVATE KEY", []byte("SECRET")),
		"of another form":     strings.ReplaceAll(good, "PRIVATE KEY", "RSA PRIVATE KEY"),
		"encrypted PKCS#8":    strings.ReplaceAll(good, "PRIVATE KEY", "ENCRYPTED PRIVATE KEY"),
		"encrypted otherwise": encrypted,
		"two keys":            good + good,
		"a key and a text":    good + "SECRET",
		"1024 bits":           pkcs8(t, rsaKey(t, 1024)),
		"P-224":               pkcs8(t, ecKey(t, elliptic.P224())),
		"X25519":              pkcs8(t, x),
		"parameters alone":    pemOf("EC PARAMETERS", []byte{6, 8, 42, 134, 72, 206, 61, 3, 1, 7}),
	} {
		k, err := oidc.ParseClientKey([]byte(text), "")
		require.Nil(t, k.Signer, name)
		require.ErrorIs(t, err, oidc.ErrClientKey, name)
		require.ErrorIs(t, err, lmssso.ErrConfiguration, name)
		require.NotContains(t, err.Error(), "SECRET", name)
	}
	for _, kid := range []string{"a b", "a\n", strings.Repeat("a", 513), "é"} {
		_, err := oidc.ParseClientKey([]byte(good), kid)
		require.ErrorIs(t, err, oidc.ErrClientKey, kid)
	}
	_, err = oidc.ClientKey{}.JWKS()
	require.ErrorIs(t, err, oidc.ErrClientKey)
}

// The provider gets the public half of the key by which a client proves itself with private_key_jwt.
func ExampleClientKey_JWKS() {
	text := `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
-----END PRIVATE KEY-----`
	key, err := oidc.ParseClientKey([]byte(text), "2026-03")
	if err != nil {
		fmt.Println(err)
		return
	}
	jwks, err := key.JWKS()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(jwks))
	// Output:
	// {"keys":[{"use":"sig","kty":"OKP","kid":"2026-03","crv":"Ed25519","alg":"EdDSA","x":"O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik"}]}
}
