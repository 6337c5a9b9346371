package saml

import (
	"crypto"
	"crypto/rsa"
	"encoding/binary"
	"errors"
	"io"
	"math/big"
)

// encryptOAEP encrypts by RSAES-OAEP with an empty label (RFC 8017 section 7.1.1). The standard library's function uses one
// hash for both the label and the mask; XML Encryption names them apart.
func encryptOAEP(random io.Reader, key *rsa.PublicKey, label, mask crypto.Hash, message []byte) ([]byte, error) {
	size, hash := key.Size(), label.Size()
	if len(message) > size-2*hash-2 {
		return nil, errors.New("the message is too long for the key")
	}
	block := make([]byte, size)
	seed, db := block[1:1+hash], block[1+hash:]
	copy(db, label.New().Sum(nil))
	db[len(db)-len(message)-1] = 1
	copy(db[len(db)-len(message):], message)
	if _, err := io.ReadFull(random, seed); err != nil {
		return nil, err
	}
	maskMGF1(db, mask, seed)
	maskMGF1(seed, mask, db)
	c := new(big.Int).Exp(new(big.Int).SetBytes(block), big.NewInt(int64(key.E)), key.N)
	return c.FillBytes(make([]byte, size)), nil
}

// maskMGF1 adds the mask made from the seed (RFC 8017 appendix B.2.1).
func maskMGF1(out []byte, hash crypto.Hash, seed []byte) {
	for i, counter := 0, uint32(0); i < len(out); counter++ {
		h := hash.New()
		h.Write(seed)
		_ = binary.Write(h, binary.BigEndian, counter) // a hash never fails
		for _, b := range h.Sum(nil) {
			if i == len(out) {
				return
			}
			out[i] ^= b
			i++
		}
	}
}
