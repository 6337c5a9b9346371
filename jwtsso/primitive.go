package jwtsso

// This is the only file that knows the signature library. It asks it one thing: to make or check a signature over bytes,
// with an algorithm and a key fixed beforehand. What the library thinks of headers and claims is never asked.

import (
	"crypto/rsa"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jws"
)

// checker checks signatures of one key.
type checker interface {
	check(input, signature []byte) bool
}

// maker makes signatures with one key.
type maker interface {
	make(input []byte) ([]byte, error)
}

type libraryChecker struct {
	verifier jws.Verifier
	key      any
}

// check compares in constant time: HMAC by crypto/hmac, RSA by crypto/rsa.
func (c libraryChecker) check(input, signature []byte) bool {
	return c.verifier.Verify(input, signature, c.key) == nil
}

type libraryMaker struct {
	signer jws.Signer
	key    any
}

func (m libraryMaker) make(input []byte) ([]byte, error) { return m.signer.Sign(input, m.key) }

// newChecker binds algorithm and key: a []byte for HMAC, an *rsa.PublicKey for RS256. A key of the wrong kind never
// verifies anything.
func newChecker(alg Algorithm, k key) (checker, error) {
	v, err := jws.NewVerifier(jwa.SignatureAlgorithm(alg))
	if err != nil {
		return nil, err
	}
	return libraryChecker{verifier: v, key: k.public()}, nil
}

func newMaker(alg Algorithm, k key) (maker, error) {
	s, err := jws.NewSigner(jwa.SignatureAlgorithm(alg))
	if err != nil {
		return nil, err
	}
	return libraryMaker{signer: s, key: k.private()}, nil
}

// key is one decoded key: a secret, or an RSA key of which a verifier has only the public half.
type key struct {
	secret    []byte
	publicRSA *rsa.PublicKey
	pair      *rsa.PrivateKey
}

func (k key) public() any {
	if k.publicRSA != nil {
		return k.publicRSA
	}
	return k.secret
}

func (k key) private() any {
	if k.pair != nil {
		return k.pair
	}
	return k.secret
}
