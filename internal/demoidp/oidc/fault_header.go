package oidc

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"strings"
	"time"
)

// Faults of the algorithm.
const (
	AlgNone              Fault = "alg-none"                 // alg none, unsigned
	AlgNoneOddCase       Fault = "alg-none-odd-case"        // the same as nOnE
	AlgMissing           Fault = "alg-missing"              // no alg in the header
	HS256WithPublicKey   Fault = "hs256-with-public-key"    // HMAC with the provider's public key as secret
	HS256WithClientKey   Fault = "hs256-with-client-secret" // HMAC with the client's secret where a key pair was agreed
	OtherKindOfKey       Fault = "other-kind-of-key"        // ES256 with a published key where RSA was agreed
	OtherHash            Fault = "other-hash"               // RS512 where RS256 was agreed, or the other way
	OtherPadding         Fault = "other-padding"            // PS256 where PKCS #1 v1.5 was agreed
	SignedAsOtherThanSay Fault = "signed-as-other"          // the header says one hash, the signature is by another
)

// Faults of the header.
const (
	EmbeddedJWK  Fault = "embedded-jwk"   // the stranger's key in the header
	EmbeddedJKU  Fault = "embedded-jku"   // the address of the stranger's keys in the header
	EmbeddedX5C  Fault = "embedded-x5c"   // the stranger's certificate in the header
	EmbeddedX5U  Fault = "embedded-x5u"   // the address of the stranger's certificate in the header
	Critical     Fault = "critical"       // crit names an extension nobody knows
	UnencodedB64 Fault = "b64-false"      // b64 is false (RFC 7797)
	KidNumber    Fault = "kid-number"     // kid is a number
	AlgTwice     Fault = "alg-twice"      // alg stands twice
	TypeLogout   Fault = "typ-logout"     // typ is logout+jwt
	TypeAccess   Fault = "typ-at"         // typ is at+jwt
	HeaderBroken Fault = "header-no-json" // the header is no JSON
)

func algorithmFaults() []change {
	rsaOnly := Needs{Algorithm: "RS"}
	return []change{
		{fault: AlgNone, text: "The token says that it is not signed, and is not.", token: signed("none", noKey)},
		{fault: AlgNoneOddCase, text: "The token says nOnE, which a comparison by letters does not find.", token: plainly(func(_ *scene, t *token) {
			forge(t)
			t.alg = "none"
			t.header.set("alg", "nOnE")
		})},
		{fault: AlgMissing, text: "The header does not say how the token is signed.", token: plainly(func(_ *scene, t *token) { t.header.drop("alg") })},
		{fault: HS256WithPublicKey, text: "The provider's public key, which everybody has, serves as a shared secret.", token: signed("HS256", publicPEM)},
		{fault: HS256WithClientKey, text: "The token is signed with the client's secret where the provider's key was agreed upon.",
			token: signed("HS256", func(s *scene, _ *token) (any, error) { return []byte(s.client.Secret), nil })},
		{fault: OtherKindOfKey, text: "The token is signed by ES256 with a published key where RSA was agreed upon.", needs: rsaOnly,
			token: signed("ES256", func(s *scene, t *token) (any, error) {
				t.header.set("kid", "elliptic")
				return s.strangerFor("ES256")
			}), keys: publishElliptic},
		{fault: OtherHash, text: "The token is signed with the right key by another hash than was agreed upon.", needs: rsaOnly, token: plainly(func(_ *scene, t *token) {
			t.alg = otherHash(t.alg)
			t.header.set("alg", t.alg)
		})},
		{fault: OtherPadding, text: "The token is signed with the right key by another padding than was agreed upon.", needs: rsaOnly, token: plainly(func(_ *scene, t *token) {
			t.alg = "PS" + t.alg[2:]
			t.header.set("alg", t.alg)
		})},
		{fault: SignedAsOtherThanSay, text: "The header names one hash, and the signature is by another.", needs: rsaOnly, token: plainly(func(_ *scene, t *token) { t.alg = otherHash(t.alg) })},
	}
}

func otherHash(alg string) string {
	if strings.HasSuffix(alg, "512") {
		return alg[:2] + "256"
	}
	return alg[:2] + "512"
}

func noKey(*scene, *token) (any, error) { return []byte{}, nil }

// publicPEM is the public key as everybody can write it down.
func publicPEM(_ *scene, t *token) (any, error) {
	signer, ok := t.key.(crypto.Signer)
	if !ok {
		return nil, errSigner
	}
	der, err := x509.MarshalPKIXPublicKey(signer.Public())
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), err
}

func publishElliptic(s *scene, keys []object) ([]object, error) {
	k, err := s.strangerFor("ES256")
	if err != nil {
		return nil, err
	}
	o, err := jwk(k.(crypto.Signer).Public())
	o.set("kid", "elliptic")
	o.set("alg", "ES256")
	return append(keys, o), err
}

func headerFaults() []change {
	return []change{
		{fault: EmbeddedJWK, text: "The token brings the key it wants to be verified with.", token: byStranger(func(_ *scene, t *token, k crypto.Signer) error {
			if k == nil {
				return errSigner
			}
			o, err := jwk(k.Public())
			t.header.set("jwk", o)
			return err
		})},
		{fault: EmbeddedJKU, text: "The token says where the keys are that it wants to be verified with.", token: byStranger(func(s *scene, t *token, _ crypto.Signer) error {
			t.header.set("jku", s.op.cfg.BaseURL+"/stranger/jwks.json")
			return nil
		})},
		{fault: EmbeddedX5C, text: "The token brings the certificate it wants to be verified with.", token: byStranger(func(s *scene, t *token, k crypto.Signer) error {
			if k == nil {
				return errSigner
			}
			at := s.now.Add(-time.Hour)
			c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Stranger"}, NotBefore: at, NotAfter: at.Add(365 * 24 * time.Hour)}
			der, err := x509.CreateCertificate(rand.Reader, c, c, k.Public(), k)
			t.header.set("x5c", []string{base64.StdEncoding.EncodeToString(der)})
			return err
		})},
		{fault: EmbeddedX5U, text: "The token says where the certificate is that it wants to be verified with.", token: byStranger(func(s *scene, t *token, _ crypto.Signer) error {
			t.header.set("x5u", s.op.cfg.BaseURL+"/stranger/certificate.pem")
			return nil
		})},
		{fault: Critical, text: "The header demands an extension that nobody here understands.", token: plainly(func(_ *scene, t *token) {
			t.header.set("crit", []string{"urn:example:only-on-tuesdays"})
			t.header.set("urn:example:only-on-tuesdays", true)
		})},
		{fault: UnencodedB64, text: "The header says that the payload is not encoded, so one text could be read in two ways.", token: plainly(func(_ *scene, t *token) {
			t.header.set("crit", []string{"b64"})
			t.header.set("b64", false)
		})},
		{fault: KidNumber, text: "The key's name is a number where a text belongs.", token: plainly(func(_ *scene, t *token) { t.header.set("kid", 1) })},
		{fault: AlgTwice, text: "The header names two algorithms.", token: plainly(func(_ *scene, t *token) { t.header = append(object{{"alg", "none"}}, t.header...) })},
		{fault: HeaderBroken, text: "The header is no JSON.", token: tampered(func(p []string) []string { return []string{b64([]byte(`{"alg":`)), p[1], p[2]} })},
		{fault: TypeLogout, text: "The token says that it is a logout token.", token: plainly(func(_ *scene, t *token) { t.header.set("typ", "logout+jwt") })},
		{fault: TypeAccess, text: "The token says that it is an access token, which others than the provider's clients hold.", token: plainly(func(_ *scene, t *token) { t.header.set("typ", "at+jwt") })},
	}
}
