package bench

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1" // the digest of OAEP
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"net/http"
	"net/url"

	crewjam "github.com/crewjam/saml"
	saml2 "github.com/russellhaering/gosaml2"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/saml"
)

// newOurSAML verifies a response to an assertion and asks every validator. Replays are a store's matter, and the same few
// responses are read again and again: the store believes that each is new. What a store takes is measured with tokens.
func newOurSAML(f *federation, inClear bool, sizes saml.Check) verifier {
	p := must(saml.New(connection(f, inClear, sizes, accepting{})))
	all := lmssso.All(append([]lmssso.Validator{lmssso.PolicyCheck{Policy: policy()}}, validators()...)...)
	pend := pendingLogin()
	return func(message string) (string, error) {
		a, err := p.Finish(background(), saml.Input{Method: http.MethodPost, Form: url.Values{"SAMLResponse": {message}}}, pend)
		if err != nil {
			return "", err
		}
		if err := all.Validate(background(), a); err != nil {
			return "", err
		}
		return a.Profile.Email.String(), nil
	}
}

var errWarned = errors.New("bench: gosaml2 warns of the conditions")

// newGosaml2 verifies with gosaml2 as its documentation shows, including what it leaves to its caller to look at.
func newGosaml2(f *federation) verifier {
	sp := &saml2.SAMLServiceProvider{
		IdentityProviderSSOURL: idpSSO, IdentityProviderIssuer: idpName,
		AssertionConsumerServiceURL: spACS, ServiceProviderIssuer: spName, AudienceURI: spName,
		IDPCertificateStore: &dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{f.idpKey.Certificate}},
		SPKeyStore:          dsig.TLSCertKeyStore(tls.Certificate{Certificate: [][]byte{f.spKey.Certificate.Raw}, PrivateKey: f.spKey.Signer}),
		Clock:               dsig.NewFakeClockAt(moment),
	}
	return func(message string) (string, error) {
		info, err := sp.RetrieveAssertionInfo(message)
		if err != nil {
			return "", err
		}
		if info.WarningInfo.InvalidTime || info.WarningInfo.NotInAudience {
			return "", errWarned
		}
		return info.Values.Get("urn:oid:0.9.2342.19200300.100.1.3"), nil
	}
}

// newCrewjam verifies with crewjam/saml. Its clock is one of the process and stands still from here on.
func newCrewjam(f *federation) verifier {
	crewjam.TimeNow, crewjam.Clock = clock, dsig.NewFakeClockAt(moment)
	var idp crewjam.EntityDescriptor
	if err := xml.Unmarshal(f.idpMetadataXML, &idp); err != nil {
		panic(err)
	}
	acs := must(url.Parse(spACS))
	sp := &crewjam.ServiceProvider{
		EntityID: spName, Key: f.spKey.Signer, Certificate: f.spKey.Certificate, AcsURL: *acs, IDPMetadata: &idp,
	}
	return func(message string) (string, error) {
		doc, err := base64.StdEncoding.DecodeString(message)
		if err != nil {
			return "", err
		}
		a, err := sp.ParseXMLResponse(doc, []string{requestID}, *acs)
		if err != nil {
			return "", err
		}
		for _, s := range a.AttributeStatements {
			for _, at := range s.Attributes {
				if at.FriendlyName == "mail" && len(at.Values) > 0 {
					return at.Values[0].Value, nil
				}
			}
		}
		return "", nil
	}
}

// proof is what the floor compares a response with, in place of what it would have to read out of the XML.
type proof struct {
	digest          [sha256.Size]byte
	info, signature []byte
	key             *rsa.PublicKey
}

// newProof signs for the floor: a digest over the whole text, and a signature over as many bytes as the real SignedInfo has.
func newProof(f *federation, text []byte) proof {
	info, _ := between(string(text), "<ds:SignedInfo>", "</ds:SignedInfo>")
	if info == "" {
		panic("bench: the message has no signature to take the measure of")
	}
	key := rsaKeyOf(f.idpKey.Signer)
	p := proof{digest: sha256.Sum256(text), info: []byte(info), key: &key.PublicKey}
	sum := sha256.Sum256(p.info)
	p.signature = must(key.Sign(rand.Reader, sum[:], crypto.SHA256))
	return p
}

// check hashes twice and verifies once, as one signature takes.
func (p proof) check(text []byte) error {
	if got := sha256.Sum256(text); got != p.digest {
		return errFloor
	}
	sum := sha256.Sum256(p.info)
	return rsa.VerifyPKCS1v15(p.key, crypto.SHA256, sum[:], p.signature)
}

// newSAMLFloor does the cryptography of one response and nothing else: it reads no XML and returns no name.
func newSAMLFloor(f *federation, message string, signatures int, sealed bool) verifier {
	text := []byte(xmlOf(message))
	if sealed {
		text = must(unseal(f.decryptionKey(), text))
	}
	p := newProof(f, text)
	return func(message string) (string, error) {
		text, err := base64.StdEncoding.DecodeString(message)
		if err == nil && sealed {
			text, err = unseal(f.decryptionKey(), text)
		}
		for range signatures {
			if err == nil {
				err = p.check(text)
			}
		}
		return "", err
	}
}

var (
	cipherValue    = []byte("<xenc:CipherValue>")
	cipherValueEnd = []byte("</xenc:CipherValue>")
)

// unseal decrypts the two values of a response: the key by RSA-OAEP with SHA-1, then the assertion by AES-GCM.
func unseal(key *rsa.PrivateKey, doc []byte) ([]byte, error) {
	var values [2][]byte
	for i := range values {
		_, after, _ := bytes.Cut(doc, cipherValue)
		value, rest, found := bytes.Cut(after, cipherValueEnd)
		if !found {
			return nil, errFloor
		}
		values[i] = make([]byte, base64.StdEncoding.DecodedLen(len(value)))
		n, err := base64.StdEncoding.Decode(values[i], value)
		if err != nil {
			return nil, err
		}
		values[i], doc = values[i][:n], rest
	}
	secret, err := key.Decrypt(nil, values[0], &rsa.OAEPOptions{Hash: crypto.SHA1})
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil || len(values[1]) < aead.NonceSize() {
		return nil, errFloor
	}
	return aead.Open(nil, values[1][:aead.NonceSize()], values[1][aead.NonceSize():], nil)
}
