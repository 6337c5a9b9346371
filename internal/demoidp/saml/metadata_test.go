package saml_test

import (
	"encoding/xml"
	"strings"
	"testing"
	"time"

	"github.com/russellhaering/gosaml2/types"
	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/internal/demoidp/saml"
)

func TestMetadataReadsBack(t *testing.T) {
	p := newIdPWith(t, saml.Config{Keys: []saml.Key{idpKey(), ecKey()}, WantSignedRequests: true})
	text, err := p.Metadata(saml.MetadataOptions{ValidUntil: noon.Add(24 * time.Hour), CacheDuration: 90 * time.Minute, Sign: true})
	require.NoError(t, err)
	var d types.EntityDescriptor
	require.NoError(t, xml.Unmarshal(text, &d))
	require.Equal(t, "https://idp.example/metadata", d.EntityID)
	require.Equal(t, noon.Add(24*time.Hour), d.ValidUntil)
	require.True(t, d.IDPSSODescriptor.WantAuthnRequestsSigned)
	require.Len(t, d.IDPSSODescriptor.KeyDescriptors, 2)
	require.Len(t, d.IDPSSODescriptor.SingleSignOnServices, 2)
	require.Len(t, d.IDPSSODescriptor.SingleLogoutServices, 2)
	require.Equal(t, saml.FormatPersistent, d.IDPSSODescriptor.NameIDFormats[0].Value)
	root := parse(t, text)
	require.Equal(t, "PT5400S", root.SelectAttrValue("cacheDuration", ""))
	require.Equal(t, "Signature", root.ChildElements()[0].Tag, "the schema wants the signature first")
	requireSigned(t, idpKey(), root, true)
}

func TestMetadataShapes(t *testing.T) {
	p := newIdP(t)
	plain, err := p.Metadata(saml.MetadataOptions{ByteOrderMark: true, Keys: []saml.MetadataKey{{Certificate: idpKey().Certificate}, {Certificate: ecKey().Certificate, Use: "encryption"}}})
	require.NoError(t, err)
	text, found := strings.CutPrefix(string(plain), "\xef\xbb\xbf")
	require.True(t, found)
	require.Equal(t, 1, strings.Count(text, "use="))
	require.Equal(t, 2, strings.Count(text, "<md:KeyDescriptor"))
	require.NotContains(t, text, "validUntil")
	require.NotContains(t, text, "Signature")

	many, err := p.Metadata(saml.MetadataOptions{Others: 50, Sign: true, SignWith: keep(strangerKey())})
	require.NoError(t, err)
	root := parse(t, many)
	require.Equal(t, "EntitiesDescriptor", root.Tag)
	entities := root.SelectElements("EntityDescriptor")
	require.Len(t, entities, 51)
	require.Equal(t, p.EntityID(), entities[50].SelectAttrValue("entityID", ""))
	requireSigned(t, strangerKey(), root, true)

	alone, err := p.Metadata(saml.MetadataOptions{Others: -1})
	require.NoError(t, err)
	require.Len(t, parse(t, alone).SelectElements("EntityDescriptor"), 1)
}

func TestServiceProviderMetadata(t *testing.T) {
	sp := oracle()
	sp.ServiceProviderSLOURL, sp.SignAuthnRequests = spSLO, true
	d, err := sp.MetadataWithSLO(0)
	require.NoError(t, err)
	text, err := xml.Marshal(d)
	require.NoError(t, err)
	got, err := saml.ParseSPMetadata(text)
	require.NoError(t, err)
	require.Equal(t, spEntity, got.EntityID)
	require.Equal(t, []string{spACS}, got.ACS)
	require.True(t, got.SignsRequests)
	require.True(t, got.WantsSignedAssertions)
	require.NotEmpty(t, got.SLO)
	require.Equal(t, spSLO, got.SLO[0].URL)
	require.True(t, spKey().Certificate.Equal(got.Signing[0]))
	require.True(t, spKey().Certificate.Equal(got.Encryption[0]))
}

func TestServiceProviderMetadataDetails(t *testing.T) {
	const shape = `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="urn:sp"><SPSSODescriptor protocolSupportEnumeration="a">` +
		`<AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact" Location="https://a/artifact" index="0"/>` +
		`<AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://a/one" index="1"/>` +
		`<AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://a/two" index="2" isDefault="true"/>` +
		`<AttributeConsumingService index="0"><RequestedAttribute Name="email"/><RequestedAttribute Name="ref1"/></AttributeConsumingService>` +
		`</SPSSODescriptor></EntityDescriptor>`
	got, err := saml.ParseSPMetadata([]byte("\xef\xbb\xbf" + shape))
	require.NoError(t, err)
	require.Equal(t, &saml.SP{EntityID: "urn:sp", ACS: []string{"https://a/two", "https://a/one"}, Attributes: []string{"email", "ref1"}}, got)
	for name, text := range map[string]string{
		"no name":         strings.Replace(shape, ` entityID="urn:sp"`, "", 1),
		"no role":         strings.ReplaceAll(shape, "SPSSODescriptor", "IDPSSODescriptor"),
		"not metadata":    "<a/>",
		"not XML":         "a",
		"a document type": "<!DOCTYPE a>" + shape,
		"a bad certificate": strings.Replace(shape, `<AttributeConsumingService`, `<KeyDescriptor><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data>`+
			`<X509Certificate>AAAA</X509Certificate></X509Data></KeyInfo></KeyDescriptor><AttributeConsumingService`, 1),
	} {
		_, err := saml.ParseSPMetadata([]byte(text))
		require.Error(t, err, name)
	}
}

func TestConfigurationFaults(t *testing.T) {
	good := saml.Config{EntityID: "a", SSOURL: "b", Keys: []saml.Key{idpKey()}}
	for name, change := range map[string]func(*saml.Config){
		"no name":                   func(c *saml.Config) { c.EntityID = "" },
		"no address":                func(c *saml.Config) { c.SSOURL = "" },
		"no key":                    func(c *saml.Config) { c.Keys = nil },
		"a key without certificate": func(c *saml.Config) { c.Keys = []saml.Key{{Signer: idpKey().Signer}} },
		"a certificate of another":  func(c *saml.Config) { c.Keys = []saml.Key{{Signer: idpKey().Signer, Certificate: spKey().Certificate}} },
	} {
		cfg := good
		change(&cfg)
		_, err := saml.New(cfg)
		require.Error(t, err, name)
	}
	p, err := saml.New(good)
	require.NoError(t, err)
	require.Error(t, p.Register(saml.SP{}))
	_, err = saml.GenerateKey(saml.KeyOptions{Kind: "other"})
	require.Error(t, err)
	k, err := saml.GenerateKey(saml.KeyOptions{Kind: saml.ECDSAP256, Name: "n", NotBefore: noon, NotAfter: noon.Add(time.Hour)})
	require.NoError(t, err)
	require.Equal(t, noon.Add(time.Hour), k.Certificate.NotAfter)
}

// TestStrangerIsMadeWhenNeeded leaves the configuration without one.
func TestStrangerIsMadeWhenNeeded(t *testing.T) {
	p, err := saml.New(saml.Config{EntityID: "a", SSOURL: "b", Keys: []saml.Key{idpKey()}})
	require.NoError(t, err)
	require.NoError(t, p.Register(saml.SP{EntityID: spEntity, ACS: []string{spACS}}))
	sent, err := p.Respond(request(), login(), saml.How{Faults: []saml.Fault{saml.WrongKey}})
	require.NoError(t, err)
	_, err = verify(idpKey().Certificate, parse(t, sent.XML).SelectElement("Assertion"))
	require.Error(t, err)
}
