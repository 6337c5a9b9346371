package saml

import (
	"crypto"
	"crypto/x509"
	"fmt"
	"testing"
	"time"

	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/saml/samltest"
	"github.com/stretchr/testify/require"
)

// manners are all the ways a provider may sign, encrypt and write down, one at a time over each way of signing.
func manners(t *testing.T) map[string]samltest.Manner {
	ec := samltest.NewECDSAKey(t)
	out := map[string]samltest.Manner{}
	for _, sign := range []samltest.Sign{samltest.SignAssertion, samltest.SignResponse, samltest.SignBoth} {
		for name, m := range map[string]samltest.Manner{
			"as usual":            {},
			"ECDSA":               {Key: &ec},
			"RSA SHA-384":         {Method: moreAlgs + "rsa-sha384"},
			"RSA SHA-512":         {Method: moreAlgs + "rsa-sha512"},
			"no KeyInfo":          {KeyInfo: samltest.KeyAbsent},
			"a key's name":        {KeyInfo: samltest.KeyName},
			"default namespaces":  {Style: samltest.Style{Protocol: "xmlns", Assertion: "xmlns", Signature: "xmlns"}},
			"pysaml2's prefixes":  {Style: samltest.Style{Protocol: "ns0", Assertion: "ns1", Signature: "ns2", Declaration: true}},
			"microseconds":        {Style: samltest.Style{TimeLayout: "2006-01-02T15:04:05.999999Z"}},
			"signature last":      {Style: samltest.Style{SignatureLast: true, Untyped: true}},
			"encrypted":           {Encrypt: true},
			"encrypted, ns0":      {Encrypt: true, Style: samltest.Style{Protocol: "ns0", Assertion: "ns1", Signature: "ns2"}},
			"key beside":          {Encrypt: true, Encryption: samltest.Encryption{KeyBeside: true}},
			"AES-128-GCM":         {Encrypt: true, Encryption: samltest.Encryption{Cipher: nsEncryption11 + "aes128-gcm"}},
			"OAEP 1.1 SHA-256":    {Encrypt: true, Encryption: samltest.Encryption{KeyTransport: nsEncryption11 + "rsa-oaep", Digest: crypto.SHA256, Mask: crypto.SHA256}},
			"OAEP 1.1, mask 1":    {Encrypt: true, Encryption: samltest.Encryption{KeyTransport: nsEncryption11 + "rsa-oaep", Digest: crypto.SHA256, Mask: crypto.SHA1}},
			"AES-256-CBC, signed": {Encrypt: true, Sign: samltest.SignBoth, Encryption: samltest.Encryption{Cipher: nsEncryption + "aes256-cbc"}},
		} {
			if m.Sign == "" {
				m.Sign = sign
			}
			out[fmt.Sprintf("%s, %s", sign, name)] = m
		}
	}
	return out
}

// TestEveryMannerOfAnIndependentProvider reads messages that other code built, signed and encrypted.
func TestEveryMannerOfAnIndependentProvider(t *testing.T) {
	idp := samltest.NewIdPWith(t, samltest.Options{Now: func() time.Time { return noon }})
	own := samltest.NewKey(t, noon.AddDate(-1, 0, 0), noon.AddDate(1, 0, 0))
	idp.Register(samltest.SP{EntityID: spName, ACS: acsURL, Encryption: own.Certificate})
	user := samltest.User{NameID: "user-17", NameQualifier: "nq", Attributes: []samltest.Attribute{{Name: "mail", Values: []string{"ada@example.com"}}, {Name: "courses", Values: []string{"intro", "advanced"}}}}
	for name, m := range manners(t) {
		t.Run(name, func(t *testing.T) {
			certificates := []*x509.Certificate{validCertificate(keys().other), idp.Certificate()}
			if m.Key != nil {
				certificates = append(certificates, m.Key.Certificate)
			}
			cfg := newConfig(func(c *Config) {
				c.IdP = &StaticIdP{EntityID: idp.EntityID, Certificates: certificates}
				c.SP.Keys = []Key{{Signer: own.Signer}}
				c.Mapping = attrs.Mapping{attrs.Email: attrs.From("mail"), attrs.CourseSlugs: attrs.From("courses")}
				c.Allow.IdPInitiated, c.Allow.ExpiredCertificates = true, true // its certificate's dates are the machine's
			})
			idp.SetManner(m)
			sent := idp.Unsolicited(spName, "", user)
			a, err := verifierFor(t, cfg).response(t.Context(), sent.Get("SAMLResponse"), expectation{now: noon})
			require.NoError(t, err)
			require.Equal(t, "user-17", a.Link.ExternalID)
			require.Equal(t, "nq", a.Subject.NameQualifier)
			require.Equal(t, []string{"intro", "advanced"}, a.Access.CourseSlugs.All())
		})
	}
}
