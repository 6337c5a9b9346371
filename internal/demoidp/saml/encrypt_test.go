package saml_test

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rsa"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/beevik/etree"
	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/internal/demoidp/saml"
)

// TestEncryptedAssertionsCanBeRead decrypts with the standard library what was encrypted by hand.
func TestEncryptedAssertionsCanBeRead(t *testing.T) {
	ciphers := []saml.Cipher{"", saml.AES128GCM, saml.AES192GCM, saml.AES256GCM, saml.AES128CBC, saml.AES192CBC, saml.AES256CBC}
	hashes := []crypto.Hash{0, crypto.SHA1, crypto.SHA256, crypto.SHA384, crypto.SHA512}
	plain := parse(t, respond(t, newIdP(t), saml.How{}).XML).SelectElement("Assertion")
	for i, c := range ciphers {
		for _, transport := range []saml.Transport{"", saml.OAEPMGF1P, saml.OAEP11} {
			digest, mask := hashes[i%len(hashes)], hashes[(i+2)%len(hashes)]
			t.Run(fmt.Sprintf("%s by %s with %d and %d", c, transport, digest, mask), func(t *testing.T) {
				e := saml.Encryption{On: true, Cipher: c, Transport: transport, Digest: digest, Mask: mask, KeyBeside: i%2 == 1}
				root := parse(t, respond(t, newIdP(t), saml.How{Encryption: e}).XML)
				require.Nil(t, root.SelectElement("Assertion"))
				text, err := decrypt(root.SelectElement("EncryptedAssertion"))
				require.NoError(t, err)
				got := parse(t, text)
				require.Equal(t, lines(document(t, plain)), lines(document(t, got)))
				requireSigned(t, idpKey(), got, true)
			})
		}
	}
}

func document(t *testing.T, e *etree.Element) []byte {
	t.Helper()
	doc := etree.NewDocument()
	doc.SetRoot(e.Copy())
	b, err := doc.WriteToBytes()
	require.NoError(t, err)
	return b
}

var uris = map[string]crypto.Hash{
	"http://www.w3.org/2000/09/xmldsig#sha1": crypto.SHA1, "http://www.w3.org/2001/04/xmlenc#sha256": crypto.SHA256,
	"http://www.w3.org/2001/04/xmldsig-more#sha384": crypto.SHA384, "http://www.w3.org/2001/04/xmlenc#sha512": crypto.SHA512,
	"http://www.w3.org/2009/xmlenc11#mgf1sha1": crypto.SHA1, "http://www.w3.org/2009/xmlenc11#mgf1sha256": crypto.SHA256,
	"http://www.w3.org/2009/xmlenc11#mgf1sha384": crypto.SHA384, "http://www.w3.org/2009/xmlenc11#mgf1sha512": crypto.SHA512,
}

// decrypt reads an encrypted element as XML Encryption 1.1 says.
func decrypt(e *etree.Element) ([]byte, error) {
	key, err := unwrap(e.FindElement(".//EncryptedKey"))
	if err != nil {
		return nil, err
	}
	algorithm := e.FindElement("./EncryptedData/EncryptionMethod").SelectAttrValue("Algorithm", "")
	sealed := decodeLoosely(e.FindElement("./EncryptedData/CipherData/CipherValue").Text())
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(algorithm, "gcm") {
		gcm, err := cipher.NewGCM(block)
		if err != nil || len(sealed) < gcm.NonceSize() {
			return nil, errors.Join(err, errors.New("too short"))
		}
		return gcm.Open(nil, sealed[:gcm.NonceSize()], sealed[gcm.NonceSize():], nil)
	}
	size := block.BlockSize()
	cipher.NewCBCDecrypter(block, sealed[:size]).CryptBlocks(sealed[size:], sealed[size:])
	return sealed[size : len(sealed)-int(sealed[len(sealed)-1])], nil
}

func unwrap(ek *etree.Element) ([]byte, error) {
	method := ek.SelectElement("EncryptionMethod")
	o := &rsa.OAEPOptions{Hash: crypto.SHA1, MGFHash: crypto.SHA1}
	if d := method.SelectElement("DigestMethod"); d != nil {
		o.Hash = uris[d.SelectAttrValue("Algorithm", "")]
	}
	if m := method.SelectElement("MGF"); m != nil {
		o.MGFHash = uris[m.SelectAttrValue("Algorithm", "")]
	}
	wrapped := decodeLoosely(ek.FindElement("./CipherData/CipherValue").Text())
	return spKey().Signer.(*rsa.PrivateKey).Decrypt(nil, wrapped, o)
}

// TestEncryptionFaults looks where the comparison of texts cannot.
func TestEncryptionFaults(t *testing.T) {
	one := func(f saml.Fault) ([]byte, error) {
		root := parse(t, respond(t, newIdP(t), saml.How{Faults: []saml.Fault{f}}).XML)
		return decrypt(root.SelectElement("EncryptedAssertion"))
	}
	for _, f := range []saml.Fault{saml.WrongEncryptionKey, saml.TruncatedCiphertext, saml.AlteredCiphertext} {
		_, err := one(f)
		require.Error(t, err, f)
	}
	text, err := one(saml.EncryptedUnsigned)
	require.NoError(t, err)
	require.Nil(t, parse(t, text).SelectElement("Signature"))
	text, err = one(saml.DoctypeInPlaintext)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(text), "<!DOCTYPE"))
	text, err = one(saml.ExtraInPlaintext)
	require.NoError(t, err)
	require.True(t, strings.HasSuffix(string(text), "</saml:Assertion><second/>"))
	text, err = one(saml.CBCUnsigned)
	require.NoError(t, err)
	requireSigned(t, idpKey(), parse(t, text), true)

	root := parse(t, respond(t, newIdP(t), saml.How{Faults: []saml.Fault{saml.EncryptedID}}).XML)
	requireSigned(t, idpKey(), root.SelectElement("Assertion"), true)
	text, err = decrypt(root.FindElement("./Assertion/Subject/EncryptedID"))
	require.NoError(t, err)
	require.Equal(t, "user-12345", parse(t, text).Text())

	root = parse(t, respond(t, newIdP(t), saml.How{Encryption: saml.Encryption{On: true}, Faults: []saml.Fault{saml.RSA15}}).XML)
	wrapped := decodeLoosely(root.FindElement("//EncryptedKey/CipherData/CipherValue").Text())
	key, err := spKey().Signer.(*rsa.PrivateKey).Decrypt(nil, wrapped, &rsa.PKCS1v15DecryptOptions{})
	require.NoError(t, err)
	require.Len(t, key, 32)
}

func TestSizeFaultsAreAsLargeAsTheySay(t *testing.T) {
	text := func(f saml.Fault) string { return string(respond(t, newIdP(t), saml.How{Faults: []saml.Fault{f}}).XML) }
	require.Equal(t, 3000, strings.Count(text(saml.HugeAttributes), `="u"`))
	require.Equal(t, 3000, strings.Count(text(saml.HugeNamespaces), ` xmlns:n`))
	require.Equal(t, 2999, strings.Count(text(saml.HugeDepth), `<e>`))
	require.Equal(t, 20000, strings.Count(text(saml.HugeElements), `<e/>`))
	require.Greater(t, len(text(saml.HugeText)), 100<<10)
	require.Greater(t, len(text(saml.HugeMessage))*4/3, 2<<20)
	for _, f := range []saml.Fault{saml.HugeAttributes, saml.HugeNamespaces, saml.HugeDepth, saml.HugeElements, saml.HugeText} {
		require.Less(t, len(text(f)), 180<<10, "%s would be refused for its size alone", f)
	}
}

func TestEncryptionNeedsAKey(t *testing.T) {
	p := newIdP(t)
	require.NoError(t, p.Register(saml.SP{EntityID: spEntity, ACS: []string{spACS}}))
	_, err := p.Respond(request(), login(), saml.How{Encryption: saml.Encryption{On: true}})
	require.Error(t, err)
	_, err = p.Respond(request(), login(), saml.How{Encryption: saml.Encryption{On: true, Certificate: ecKey().Certificate}})
	require.Error(t, err)
	_, err = p.Respond(request(), login(), saml.How{Encryption: saml.Encryption{On: true, Certificate: spKey().Certificate, Cipher: "other"}})
	require.Error(t, err)
}
