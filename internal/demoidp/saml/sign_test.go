package saml_test

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/beevik/etree"
	saml2 "github.com/russellhaering/gosaml2"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/internal/demoidp/saml"
)

// TestSignaturesVerify lets goxmldsig judge each kind of signature.
func TestSignaturesVerify(t *testing.T) {
	methods := map[saml.Method]saml.Key{
		"": idpKey(), saml.RSASHA1: idpKey(), saml.RSASHA256: idpKey(), saml.RSASHA384: idpKey(), saml.RSASHA512: idpKey(),
		saml.ECDSASHA256: ecKey(), saml.ECDSASHA384: ecKey(), saml.ECDSASHA512: ecKey(),
	}
	for method, key := range methods {
		for _, what := range []saml.What{"", saml.SignAssertion, saml.SignResponse, saml.SignBoth} {
			t.Run(fmt.Sprintf("%s over %s", method, what), func(t *testing.T) {
				p := newIdPWith(t, saml.Config{Keys: []saml.Key{key}})
				root := parse(t, respond(t, p, saml.How{Signing: saml.Signing{What: what, Method: method}}).XML)
				requireSigned(t, key, root, what == saml.SignResponse || what == saml.SignBoth)
				requireSigned(t, key, root.SelectElement("Assertion"), what != saml.SignResponse)
			})
		}
	}
}

func requireSigned(t *testing.T, key saml.Key, e *etree.Element, want bool) {
	t.Helper()
	if !want {
		require.Nil(t, e.SelectElement("Signature"))
		return
	}
	require.NotNil(t, e.SelectElement("Signature"))
	if pub, ok := key.Certificate.PublicKey.(*ecdsa.PublicKey); ok {
		inASN1(t, pub, e.SelectElement("Signature").SelectElement("SignatureValue"))
	}
	out, err := verify(key.Certificate, e)
	require.NoError(t, err)
	require.Equal(t, e.SelectAttrValue("ID", ""), out.SelectAttrValue("ID", ""))
}

// inASN1 rewrites the value for goxmldsig, after checking that it is r and s side by side as XML Signature wants.
func inASN1(t *testing.T, pub *ecdsa.PublicKey, value *etree.Element) {
	t.Helper()
	raw := decode(t, value.Text())
	require.Len(t, raw, 2*(pub.Curve.Params().BitSize/8))
	der, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(raw[:len(raw)/2]), new(big.Int).SetBytes(raw[len(raw)/2:])})
	require.NoError(t, err)
	value.SetText(base64.StdEncoding.EncodeToString(der))
}

func TestKeyInfoAndStyle(t *testing.T) {
	styles := map[string]saml.Style{
		"usual":                 {},
		"no prefixes":           {Protocol: saml.DefaultNamespace, Assertion: saml.DefaultNamespace, Signature: saml.DefaultNamespace, Declaration: true},
		"numbered prefixes":     {Protocol: "ns0", Assertion: "ns1", Signature: "ns2", TimeLayout: "2006-01-02T15:04:05.999999Z"},
		"signature at the end":  {SignatureLast: true},
		"values without a type": {Untyped: true},
	}
	for name, style := range styles {
		for _, info := range []saml.KeyInfo{"", saml.KeyCertificate, saml.KeyAbsent, saml.KeyName} {
			t.Run(name+" "+string(info), func(t *testing.T) {
				root := parse(t, respond(t, newIdP(t), saml.How{Style: style, Signing: saml.Signing{What: saml.SignBoth, KeyInfo: info}}).XML)
				requireSigned(t, idpKey(), root, true)
				requireSigned(t, idpKey(), root.SelectElement("Assertion"), true)
				signature := root.SelectElement("Signature")
				require.Equal(t, info != saml.KeyAbsent, signature.SelectElement("KeyInfo") != nil)
				require.Equal(t, info == saml.KeyName, signature.FindElement("./KeyInfo/KeyName") != nil)
				last := root.ChildElements()[len(root.ChildElements())-1]
				require.Equal(t, style.SignatureLast, last == signature)
				require.Equal(t, []string{"Bob & <Bo>", "line\r\nbreak"}, valuesOf(root, "urn:oid:2.5.4.42"))
			})
		}
	}
}

func valuesOf(root *etree.Element, name string) []string {
	var out []string
	for _, v := range root.FindElements("./Assertion/AttributeStatement/Attribute[@Name='" + name + "']/AttributeValue") {
		out = append(out, v.Text())
	}
	return out
}

// TestAnotherLibraryAccepts lets gosaml2 play the service provider, which was written by others.
func TestAnotherLibraryAccepts(t *testing.T) {
	for _, what := range []saml.What{saml.SignAssertion, saml.SignResponse, saml.SignBoth} {
		for name, e := range map[string]saml.Encryption{
			"in the clear": {},
			"GCM":          {On: true},
			"CBC":          {On: true, Cipher: saml.AES128CBC},
			"key beside":   {On: true, KeyBeside: true},
		} {
			t.Run(string(what)+" "+name, func(t *testing.T) {
				sent := respond(t, newIdP(t), saml.How{Signing: saml.Signing{What: what}, Encryption: e})
				info, err := oracle().RetrieveAssertionInfo(sent.Form.Fields.Get("SAMLResponse"))
				require.NoError(t, err)
				require.Equal(t, "user-12345", info.NameID)
				require.Equal(t, "bob@example.com", info.Values.Get("email"))
				require.False(t, info.WarningInfo.InvalidTime)
				require.False(t, info.WarningInfo.NotInAudience)
			})
		}
	}
}

func oracle() *saml2.SAMLServiceProvider {
	return &saml2.SAMLServiceProvider{
		IdentityProviderSSOURL: "https://idp.example/sso", IdentityProviderIssuer: "https://idp.example/metadata",
		ServiceProviderIssuer: spEntity, AssertionConsumerServiceURL: spACS, AudienceURI: spEntity,
		IDPCertificateStore: &dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{idpKey().Certificate}},
		SPKeyStore:          keyStore{spKey()},
		Clock:               dsig.NewFakeClockAt(noon.Add(time.Second)),
	}
}
