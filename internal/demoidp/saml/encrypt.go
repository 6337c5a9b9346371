package saml

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"github.com/beevik/etree"
)

// Cipher is a block encryption method by its URI (XML Encryption 1.1 section 5.2).
type Cipher string

// The block encryption methods.
const (
	AES128GCM Cipher = nsEncrypt11 + "aes128-gcm"
	AES192GCM Cipher = nsEncrypt11 + "aes192-gcm"
	AES256GCM Cipher = nsEncrypt11 + "aes256-gcm"
	AES128CBC Cipher = nsEncrypt + "aes128-cbc"
	AES192CBC Cipher = nsEncrypt + "aes192-cbc"
	AES256CBC Cipher = nsEncrypt + "aes256-cbc"

	tripleDES Cipher = nsEncrypt + "tripledes-cbc"
)

func (c Cipher) keySize() int {
	switch c {
	case AES128GCM, AES128CBC:
		return 16
	case AES192GCM, AES192CBC, tripleDES:
		return 24
	}
	return 32
}

// Transport is a key transport method by its URI (XML Encryption 1.1 section 5.5).
type Transport string

// The key transport methods.
const (
	OAEPMGF1P Transport = nsEncrypt + "rsa-oaep-mgf1p" // the mask is made with SHA-1
	OAEP11    Transport = nsEncrypt11 + "rsa-oaep"     // the mask is named

	rsa15 Transport = nsEncrypt + "rsa-1_5"
)

// Encryption says how assertions are encrypted. The zero value leaves them in the clear.
type Encryption struct {
	// On encrypts, for the service provider's first encryption certificate, or for Certificate when it is set.
	On bool
	// Certificate is whom to encrypt for; nil takes the service provider's.
	Certificate *x509.Certificate
	// Cipher encrypts the assertion; "" is [AES256GCM].
	Cipher Cipher
	// Transport encrypts the key; "" is [OAEPMGF1P].
	Transport Transport
	// Digest is the label's hash, SHA-1 or SHA-2; zero is SHA-1. A zero one is not written down.
	Digest crypto.Hash
	// Mask is the mask's hash with [OAEP11]; zero is SHA-1.
	Mask crypto.Hash
	// KeyBeside puts the EncryptedKey beside the EncryptedData, as SAML Core section 2.3.4 allows, not inside.
	KeyBeside bool
}

var errNoEncryptionKey = errors.New("encrypting: no RSA certificate of the service provider is known")

func (e Encryption) publicKey() (*rsa.PublicKey, error) {
	if e.Certificate == nil {
		return nil, errNoEncryptionKey
	}
	pub, ok := e.Certificate.PublicKey.(*rsa.PublicKey)
	if !ok {
		return nil, errNoEncryptionKey
	}
	return pub, nil
}

// encrypt wraps the element in an outer one, EncryptedAssertion or EncryptedID or EncryptedAttribute.
func (e Encryption) encrypt(style Style, inner *etree.Element, outer string, change func([]byte) []byte) (*etree.Element, error) {
	text, err := write(inner, false)
	if err != nil {
		return nil, err
	}
	if change != nil {
		text = change(text)
	}
	return e.wrap(style, text, outer)
}

func (e Encryption) wrap(style Style, text []byte, outer string) (*etree.Element, error) {
	block := Cipher(orText(string(e.Cipher), string(AES256GCM)))
	key := make([]byte, block.keySize())
	if _, err := io.ReadFull(rand.Reader, key); err != nil {
		return nil, fmt.Errorf("encrypting: %w", err)
	}
	sealed, err := block.seal(key, text)
	if err != nil {
		return nil, fmt.Errorf("encrypting: %w", err)
	}
	root := style.add(nil, nsAssertion, outer)
	data := style.add(root, nsEncrypt, "EncryptedData", "Type", nsEncrypt+"Element")
	style.add(data, nsEncrypt, "EncryptionMethod", "Algorithm", string(block))
	info := style.add(data, nsSignature, "KeyInfo")
	style.cipherData(data, sealed)
	parent := info
	if e.KeyBeside {
		style.add(info, nsSignature, "RetrievalMethod", "Type", nsEncrypt+"EncryptedKey", "URI", "#encrypted-key")
		parent = root
	}
	if err := e.wrapKey(style, parent, key); err != nil {
		return nil, err
	}
	prune(root, nil)
	return root, nil
}

func (s Style) cipherData(parent *etree.Element, value []byte) {
	data := s.add(parent, nsEncrypt, "CipherData")
	s.addText(data, nsEncrypt, "CipherValue", base64.StdEncoding.EncodeToString(value))
}

func (e Encryption) wrapKey(style Style, parent *etree.Element, key []byte) error {
	pub, err := e.publicKey()
	if err != nil {
		return err
	}
	transport := Transport(orText(string(e.Transport), string(OAEPMGF1P)))
	wrapped, err := e.transportKey(pub, transport, key)
	if err != nil {
		return fmt.Errorf("encrypting the key: %w", err)
	}
	id := ""
	if e.KeyBeside {
		id = "encrypted-key"
	}
	ek := style.add(parent, nsEncrypt, "EncryptedKey", "Id", id)
	method := style.add(ek, nsEncrypt, "EncryptionMethod", "Algorithm", string(transport))
	if e.Digest != 0 && transport != rsa15 {
		style.add(method, nsSignature, "DigestMethod", "Algorithm", digestURI(e.Digest))
	}
	if e.Mask != 0 && transport == OAEP11 {
		style.add(method, nsEncrypt11, "MGF", "Algorithm", maskURI(e.Mask))
	}
	style.keyInfo(ek, base64.StdEncoding.EncodeToString(e.Certificate.Raw))
	style.cipherData(ek, wrapped)
	return nil
}

func (e Encryption) transportKey(pub *rsa.PublicKey, t Transport, key []byte) ([]byte, error) {
	if t == rsa15 {
		return rsa.EncryptPKCS1v15(rand.Reader, pub, key) //nolint:staticcheck // the fault is to use it
	}
	label, mask := crypto.SHA1, crypto.SHA1
	if e.Digest != 0 {
		label = e.Digest
	}
	if e.Mask != 0 && t == OAEP11 {
		mask = e.Mask
	}
	return encryptOAEP(rand.Reader, pub, label, mask, key)
}

func digestURI(h crypto.Hash) string {
	return map[crypto.Hash]string{crypto.SHA1: digestSHA1, crypto.SHA256: digestSHA256, crypto.SHA384: digestSHA384, crypto.SHA512: digestSHA512}[h]
}

func maskURI(h crypto.Hash) string {
	return nsEncrypt11 + map[crypto.Hash]string{crypto.SHA1: "mgf1sha1", crypto.SHA256: "mgf1sha256", crypto.SHA384: "mgf1sha384", crypto.SHA512: "mgf1sha512"}[h]
}

// seal encrypts with a fresh nonce or initialisation vector in front.
func (c Cipher) seal(key, text []byte) ([]byte, error) {
	var block cipher.Block
	var err error
	if c == tripleDES {
		block, err = des.NewTripleDESCipher(key)
	} else {
		block, err = aes.NewCipher(key)
	}
	if err != nil {
		return nil, err
	}
	switch c {
	case AES128GCM, AES192GCM, AES256GCM:
		gcm, err := cipher.NewGCM(block)
		if err != nil {
			return nil, err
		}
		nonce := make([]byte, gcm.NonceSize())
		if _, err := io.ReadFull(rand.Reader, nonce); err != nil {
			return nil, err
		}
		return gcm.Seal(nonce, nonce, text, nil), nil
	case AES128CBC, AES192CBC, AES256CBC, tripleDES:
		return sealCBC(block, text)
	}
	return nil, fmt.Errorf("unknown cipher %q", clip(string(c)))
}

// sealCBC pads as XML Encryption section 5.2.2 says: the last byte counts the padding, the others are arbitrary.
func sealCBC(block cipher.Block, text []byte) ([]byte, error) {
	size := block.BlockSize()
	pad := size - len(text)%size
	out := make([]byte, size+len(text)+pad)
	if _, err := io.ReadFull(rand.Reader, out); err != nil {
		return nil, err
	}
	copy(out[size:], text)
	out[len(out)-1] = byte(pad)
	cipher.NewCBCEncrypter(block, out[:size]).CryptBlocks(out[size:], out[size:])
	return out, nil
}
