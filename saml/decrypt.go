package saml

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1" // the default digest of RSA-OAEP in XML Encryption
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"strings"

	"github.com/beevik/etree"
	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/internal/strictxml"
)

// Decryption stands here over crypto/* and not in gosaml2: that has OAEP digests under wrong names, no mask function of
// its own, and errors that tell padding, length and key apart.

// maxEncryptedKeys bounds the private-key operations one message can cause, together with the keys of this side.
const maxEncryptedKeys = 4

// errDecrypt is every failure inside this file that depends on a key or on a plaintext.
var errDecrypt = errors.New("decryption failed")

// cipherSpec is a content encryption algorithm (XML Encryption 1.1 section 5.2).
type cipherSpec struct {
	keySize int
	gcm     bool
}

// cipherFor is the allow-list of content encryption.
func cipherFor(algorithm string) (cipherSpec, bool) {
	switch algorithm {
	case nsEncryption + "aes128-cbc":
		return cipherSpec{keySize: 16}, true
	case nsEncryption + "aes192-cbc":
		return cipherSpec{keySize: 24}, true
	case nsEncryption + "aes256-cbc":
		return cipherSpec{keySize: 32}, true
	case nsEncryption11 + "aes128-gcm":
		return cipherSpec{keySize: 16, gcm: true}, true
	case nsEncryption11 + "aes192-gcm":
		return cipherSpec{keySize: 24, gcm: true}, true
	case nsEncryption11 + "aes256-gcm":
		return cipherSpec{keySize: 32, gcm: true}, true
	default:
		return cipherSpec{}, false
	}
}

// encryptedKey is one wrapped key of a message.
type encryptedKey struct {
	oaep  rsa.OAEPOptions
	value []byte
}

// ciphertext is an EncryptedAssertion taken apart.
type ciphertext struct {
	scope *etree.Element
	spec  cipherSpec
	keys  []encryptedKey
	value []byte
}

// readEncrypted takes an EncryptedAssertion apart and checks its algorithms, with no key touched yet, so what it refuses
// tells nothing about one. The wrapped keys may stand inside the data's KeyInfo or beside the data (Core section 2.3.4).
func readEncrypted(e *etree.Element) (c ciphertext, err error) {
	f, err := parts(e, ErrDecryption, part{nsEncryption, "EncryptedData", 1, 1}, part{nsEncryption, "EncryptedKey", 0, maxEncryptedKeys})
	if err != nil {
		return c, err
	}
	c.scope = e
	data, err := encryptedParts(f.one("EncryptedData"))
	if err != nil {
		return c, err
	}
	algorithm := attr(data.one("EncryptionMethod"), "Algorithm")
	spec, ok := cipherFor(algorithm)
	if !ok {
		return c, refuse(ErrEncryptionAlgorithm, lmssso.Error{Detail: "the assertion's encryption" + named(algorithm), Expected: "AES-GCM or AES-CBC", Received: quoted(algorithm)})
	}
	c.spec = spec
	if c.value, err = cipherValue(data.one("CipherData")); err != nil {
		return c, err
	}
	wrapped := f["EncryptedKey"]
	if info := data.one("KeyInfo"); info != nil {
		for _, k := range strictxml.Children(info) {
			if strictxml.Is(k, nsEncryption, "EncryptedKey") {
				wrapped = append(wrapped, k)
			}
		}
	}
	c.keys, err = readKeys(wrapped)
	return c, err
}

// encryptedParts are the children of EncryptedData and EncryptedKey (XML Encryption 1.1 section 3.1).
func encryptedParts(e *etree.Element) (family, error) {
	return parts(e, ErrDecryption, part{nsEncryption, "EncryptionMethod", 1, 1}, part{nsSignature, "KeyInfo", 0, 1}, part{nsEncryption, "CipherData", 1, 1},
		part{nsEncryption, "EncryptionProperties", 0, 1}, part{nsEncryption, "ReferenceList", 0, 1}, part{nsEncryption, "CarriedKeyName", 0, 1})
}

func readKeys(wrapped []*etree.Element) ([]encryptedKey, error) {
	if n := len(wrapped); n == 0 || n > maxEncryptedKeys {
		return nil, refuse(ErrDecryption, lmssso.Error{Detail: "the number of encrypted keys", Expected: "1 to 4"})
	}
	var out []encryptedKey
	for _, w := range wrapped {
		f, err := encryptedParts(w)
		if err != nil {
			return nil, err
		}
		oaep, err := oaepOf(f.one("EncryptionMethod"))
		if err != nil {
			return nil, err
		}
		value, err := cipherValue(f.one("CipherData"))
		if err != nil {
			return nil, err
		}
		out = append(out, encryptedKey{oaep, value})
	}
	return out, nil
}

// oaepOf reads the parameters of RSA-OAEP (XML Encryption 1.1 section 5.5.2): rsa-oaep-mgf1p, whose mask is always MGF1
// with SHA-1, and rsa-oaep, whose mask is named. RSA PKCS#1 v1.5 is refused whatever it holds.
func oaepOf(method *etree.Element) (rsa.OAEPOptions, error) {
	out := rsa.OAEPOptions{Hash: crypto.SHA1, MGFHash: crypto.SHA1}
	algorithm := attr(method, "Algorithm")
	if algorithm != nsEncryption+"rsa-oaep-mgf1p" && algorithm != nsEncryption11+"rsa-oaep" {
		return out, refuse(ErrEncryptionAlgorithm, lmssso.Error{Detail: "the key's encryption" + named(algorithm), Expected: "RSA-OAEP", Received: quoted(algorithm)})
	}
	for _, p := range strictxml.Children(method) {
		name, ok := attr(p, "Algorithm"), false
		switch {
		case strictxml.Is(p, nsSignature, "DigestMethod"):
			out.Hash, ok = oaepDigest(name)
		case strictxml.Is(p, nsEncryption11, "MGF") && algorithm == nsEncryption11+"rsa-oaep":
			out.MGFHash, ok = maskHash(name)
		case strictxml.Is(p, nsEncryption, "KeySize"):
			ok = true
		}
		if !ok {
			return out, refuse(ErrEncryptionAlgorithm, lmssso.Error{Detail: "a parameter of RSA-OAEP", Expected: "digests and masks of SHA-1 or SHA-2", Received: quoted(p.Tag + " " + name)})
		}
	}
	return out, nil
}

// named adds the plain name of an algorithm that is refused for what it is known for.
func named(algorithm string) string {
	switch algorithm {
	case nsEncryption + "rsa-1_5":
		return " is RSA PKCS#1 v1.5, which can be decrypted by asking often enough"
	case nsEncryption + "tripledes-cbc":
		return " is Triple DES"
	default:
		return ""
	}
}

func oaepDigest(uri string) (crypto.Hash, bool) {
	switch uri {
	case algSHA1:
		return crypto.SHA1, true
	case nsEncryption + "sha256":
		return crypto.SHA256, true
	case moreAlgs + "sha384":
		return crypto.SHA384, true
	case nsEncryption + "sha512":
		return crypto.SHA512, true
	default:
		return 0, false
	}
}

func maskHash(uri string) (crypto.Hash, bool) {
	name, ok := strings.CutPrefix(uri, nsEncryption11+"mgf1")
	if !ok {
		return 0, false
	}
	switch name {
	case "sha1":
		return crypto.SHA1, true
	case "sha256":
		return crypto.SHA256, true
	case "sha384":
		return crypto.SHA384, true
	case "sha512":
		return crypto.SHA512, true
	default:
		return 0, false
	}
}

// cipherValue reads the bytes in a CipherData. A CipherReference, to bytes elsewhere, is refused.
func cipherValue(data *etree.Element) ([]byte, error) {
	f, err := parts(data, ErrDecryption, part{nsEncryption, "CipherValue", 1, 1})
	if err != nil {
		return nil, err
	}
	text, err := leaf(f.one("CipherValue"))
	if err != nil {
		return nil, err
	}
	raw, err := base64.StdEncoding.DecodeString(dropSpace(text))
	if err != nil {
		return nil, refuse(ErrDecryption, lmssso.Error{Detail: "CipherValue is not base64"})
	}
	return raw, nil
}

// decrypt returns the plaintext under one of this side's keys. It does the same work for a key that unwraps and one that
// does not: a random one is used in its place, so that the failure shows where every other failure does. What a random one
// makes is never taken: AES-CBC finds its padding good one time in sixteen, and the garbage would stand for the plaintext
// of the right key.
func (c ciphertext) decrypt(own []crypto.Decrypter) ([]byte, error) {
	var found []byte
	for _, k := range c.keys {
		for _, d := range own {
			key, unwrapped := k.unwrap(d, c.spec.keySize)
			plain, err := c.open(key)
			if err == nil && unwrapped && found == nil {
				found = plain
			}
		}
	}
	if found == nil {
		return nil, errDecrypt
	}
	return found, nil
}

// unwrap returns the content key, or a random one and false.
func (k encryptedKey) unwrap(own crypto.Decrypter, size int) (key []byte, ok bool) {
	random := make([]byte, size)
	_, _ = rand.Read(random) // never fails: crypto/rand ends the process instead
	options := k.oaep
	key, err := own.Decrypt(rand.Reader, k.value, &options)
	if err != nil || len(key) != size {
		return random, false
	}
	return key, true
}

// open decrypts the content.
func (c ciphertext) open(key []byte) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, errDecrypt
	}
	if !c.spec.gcm {
		return openCBC(block, c.value)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil || len(c.value) < aead.NonceSize()+aead.Overhead() {
		return nil, errDecrypt
	}
	plain, err := aead.Open(nil, c.value[:aead.NonceSize()], c.value[aead.NonceSize():], nil)
	if err != nil {
		return nil, errDecrypt
	}
	return plain, nil
}

// openCBC decrypts AES-CBC. The padding's last byte is its length, the others are anything (XML Encryption section 5.2).
func openCBC(block cipher.Block, value []byte) ([]byte, error) {
	const size = aes.BlockSize
	if len(value) < 2*size || len(value)%size != 0 {
		return nil, errDecrypt
	}
	plain := make([]byte, len(value)-size)
	cipher.NewCBCDecrypter(block, value[:size]).CryptBlocks(plain, value[size:])
	pad := int(plain[len(plain)-1])
	if subtle.ConstantTimeLessOrEq(1, pad)&subtle.ConstantTimeLessOrEq(pad, size) != 1 {
		return nil, errDecrypt
	}
	return plain[:len(plain)-pad], nil
}
