package saml

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"testing"

	"github.com/stretchr/testify/require"
)

// A key that does not fit is tried with a random content key, whose AES-CBC padding looks good one time in sixteen. What
// that makes must not stand in for what the right key, tried after it, makes.
func TestAnotherKeyTriedFirstDoesNotHideThePlaintext(t *testing.T) {
	content, value := make([]byte, 16), make([]byte, 32)
	_, _ = rand.Read(content)
	_, _ = rand.Read(value[:16])
	block, err := aes.NewCipher(content)
	require.NoError(t, err)
	cipher.NewCBCEncrypter(block, value[:16]).CryptBlocks(value[16:], []byte("plaintext\x00\x00\x00\x00\x00\x00\x07"))
	oaep := rsa.OAEPOptions{Hash: crypto.SHA1, MGFHash: crypto.SHA1}
	c := ciphertext{spec: cipherSpec{keySize: 16}, value: value, keys: []encryptedKey{{oaep, sealOAEP(&keys().sp.PublicKey, content, crypto.SHA1, crypto.SHA1)}}}
	for range 200 {
		plain, err := c.decrypt([]crypto.Decrypter{keys().sp2, keys().sp})
		require.NoError(t, err)
		require.Equal(t, "plaintext", string(plain))
	}
}
