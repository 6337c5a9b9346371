package saml_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/saml"
	"github.com/stretchr/testify/require"
)

func TestCertificatesAreReadAsPeoplePasteThem(t *testing.T) {
	a, b := mdRSA(t), mdEC(t)
	both := []*x509.Certificate{a.cert, b.cert}
	one := both[:1]
	oneLine := strings.ReplaceAll(a.certPEM(), "\n", " ")
	for name, row := range map[string]struct {
		text string
		want []*x509.Certificate
	}{
		"PEM":                      {a.certPEM(), one},
		"PEM with CRLF":            {strings.ReplaceAll(a.certPEM(), "\n", "\r\n"), one},
		"PEM, indented":            {"  " + strings.ReplaceAll(a.certPEM(), "\n", "\n   "), one},
		"PEM, line breaks escaped": {strings.ReplaceAll(a.certPEM(), "\n", `\n`), one},
		"PEM, CRLF escaped":        {strings.ReplaceAll(a.certPEM(), "\n", `\r\n`), one},
		"PEM in one line":          {oneLine, one},
		"PEM without any space":    {strings.ReplaceAll(a.certPEM(), "\n", ""), one},
		"PEM after other text":     {"Bag Attributes\n  friendlyName: idp\nsubject=CN = idp\n" + a.certPEM(), one},
		"byte order mark":          {"\ufeff" + a.certPEM(), one},
		"two":                      {a.certPEM() + b.certPEM(), both},
		"two in one line":          {oneLine + strings.ReplaceAll(b.certPEM(), "\n", " "), both},
		"the same one twice":       {a.certPEM() + a.certPEM(), one},
		"old mark":                 {strings.ReplaceAll(a.certPEM(), "CERTIFICATE", "X509 CERTIFICATE"), one},
		"base64":                   {a.base64(), one},
		"base64 in lines":          {"\n\t" + a.base64()[:76] + "\n" + a.base64()[76:] + " \n", one},
		"base64 without padding":   {strings.TrimRight(a.base64(), "="), one},
		"DER":                      {string(a.cert.Raw), one},
		"DER, two":                 {string(a.cert.Raw) + string(b.cert.Raw), both},
	} {
		got, err := saml.ParseCertificates(row.text)
		require.NoError(t, err, name)
		require.Equal(t, row.want, got, name)
	}
}

func TestTextsThatAreNotCertificates(t *testing.T) {
	a := mdRSA(t)
	key, err := x509.MarshalPKCS8PrivateKey(a.key)
	require.NoError(t, err)
	keyPEM := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
	var many strings.Builder
	for range 17 {
		many.WriteString(mdEC(t).certPEM())
	}
	for name, text := range map[string]string{
		"empty": "", "space": " \n", "words": "paste it here", "fingerprint": "AB:CD:EF", "a private key": keyPEM, "a key beside it": a.certPEM() + keyPEM,
		"a request":          strings.ReplaceAll(a.certPEM(), "CERTIFICATE", "CERTIFICATE REQUEST"),
		"marks that differ":  strings.Replace(a.certPEM(), "BEGIN CERTIFICATE", "BEGIN PUBLIC KEY", 1),
		"cut short":          a.base64()[:200],
		"cut in PEM":         strings.Replace(a.certPEM(), a.base64()[:64], "", 1),
		"trailing bytes":     string(a.cert.Raw) + "x",
		"broken DER":         "\x30\x82\x00\x01",
		"one good, one not":  a.certPEM() + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		"too many":           many.String(),
		"too long":           a.certPEM() + strings.Repeat(" ", 300<<10),
		"only marks":         "-----BEGIN CERTIFICATE----------END CERTIFICATE-----",
		"a word in the text": strings.Replace(a.certPEM(), "MII", "MII!", 1),
	} {
		got, err := saml.ParseCertificates(text)
		require.ErrorIs(t, err, saml.ErrCertificate, name)
		require.ErrorIs(t, err, lmssso.ErrConfiguration, name)
		require.Nil(t, got, name)
		require.Less(t, len(err.Error()), 200, name)
	}
}

func pemOf(t *testing.T, kind string, key any) []byte {
	t.Helper()
	var der []byte
	var err error
	switch kind {
	case "RSA PRIVATE KEY":
		der = x509.MarshalPKCS1PrivateKey(key.(*rsa.PrivateKey))
	case "EC PRIVATE KEY":
		der, err = x509.MarshalECPrivateKey(key.(*ecdsa.PrivateKey))
	default:
		der, err = x509.MarshalPKCS8PrivateKey(key)
	}
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func TestKeyPairsAreRead(t *testing.T) {
	r, e := mdRSA(t), mdEC(t)
	params := pem.EncodeToMemory(&pem.Block{Type: "EC PARAMETERS", Bytes: []byte{6, 0}})
	for name, row := range map[string]struct {
		pair mdPair
		key  []byte
	}{
		"RSA, PKCS #8": {r, pemOf(t, "PRIVATE KEY", r.key)}, "RSA, PKCS #1": {r, pemOf(t, "RSA PRIVATE KEY", r.key)},
		"ECDSA, PKCS #8": {e, pemOf(t, "PRIVATE KEY", e.key)}, "ECDSA, SEC 1": {e, append(params, pemOf(t, "EC PRIVATE KEY", e.key)...)},
	} {
		got, err := saml.ParseKeyPair([]byte(row.pair.certPEM()), row.key)
		require.NoError(t, err, name)
		require.Equal(t, row.pair.cert, got.Certificate, name)
		require.True(t, got.Signer.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(row.pair.cert.PublicKey), name)
	}
	got, err := saml.ParseKeyPair(append(pemOf(t, "PRIVATE KEY", r.key), r.certPEM()...), append([]byte(r.certPEM()), pemOf(t, "PRIVATE KEY", r.key)...))
	require.NoError(t, err, "both in one file, in either order")
	require.Equal(t, r.cert, got.Certificate)
}

func TestKeyPairsThatAreRefused(t *testing.T) {
	r, e := mdRSA(t), mdEC(t)
	key := pemOf(t, "PRIVATE KEY", r.key)
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	legacy := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED"}, Bytes: []byte("SECRET")})
	for name, row := range map[string]struct{ cert, key []byte }{
		"nothing":             {nil, nil},
		"no key":              {[]byte(r.certPEM()), nil},
		"no certificate":      {nil, key},
		"two certificates":    {[]byte(r.certPEM()), []byte(r.certPEM())},
		"another key":         {[]byte(e.certPEM()), key},
		"another RSA key":     {[]byte(mdCert(t, small, "small", nil).certPEM()), key},
		"a small key":         {[]byte(mdCert(t, small, "small", nil).certPEM()), pemOf(t, "PRIVATE KEY", small)},
		"Ed25519":             {[]byte(mdCert(t, ed, "ed", nil).certPEM()), pemOf(t, "PRIVATE KEY", ed)},
		"encrypted, PKCS #8":  {[]byte(r.certPEM()), pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("SECRET")})},
		"encrypted, OpenSSL":  {[]byte(r.certPEM()), legacy},
		"a broken key":        {[]byte(r.certPEM()), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("SECRET")})},
		"a broken certifcate": {pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("SECRET")}), key},
	} {
		got, err := saml.ParseKeyPair(row.cert, row.key)
		require.ErrorIs(t, err, saml.ErrKeyPair, name)
		require.ErrorIs(t, err, lmssso.ErrConfiguration, name)
		require.NotContains(t, err.Error(), "SECRET", name)
		require.Zero(t, got, name)
	}
}
