package saml_test

import (
	"crypto/x509"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/beevik/etree"
	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/saml"
	"github.com/lmssso/lmssso/store"
	"github.com/stretchr/testify/require"
)

// mdSP is a service provider with everything metadata can say.
func mdSP(t testing.TB) saml.Config {
	t.Helper()
	first, second := mdRSA(t), mdEC(t)
	return saml.Config{
		Connection: "c1", Realm: "main", Tenant: "acme", SingleUse: store.NewMemory(store.MemoryConfig{}),
		SP: saml.SP{
			BaseURL: "https://learn.example", EntityID: "https://learn.example/access/saml/metadata/acme",
			ACS: "https://learn.example/access/saml/consumer/acme", SLO: "https://learn.example/access/saml/logout/acme?a=1&b=2",
			Keys: []saml.Key{{Signer: first.key, Certificate: first.cert}, {Signer: second.key, Certificate: second.cert}},
			About: saml.About{
				Organization: `Acme & "Söhne" <Learning>`, OrganizationURL: "https://acme.example/", TechnicalContact: "tech@acme.example", SupportContact: "help@acme.example",
				RequestedAttributes: []string{"email", "urn:oid:2.5.4.42"},
			},
		},
		IdP: &saml.StaticIdP{
			EntityID: mdEntity, Certificates: []*x509.Certificate{second.cert},
			SSO: []saml.Endpoint{{Binding: saml.Redirect, URL: "https://idp.example/sso"}},
		},
		Request: saml.Request{Sign: true, NameIDFormat: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"},
	}
}

func TestOwnMetadataSaysWhatIsConfigured(t *testing.T) {
	cfg := mdSP(t)
	doc, err := saml.SPMetadata(cfg)
	require.NoError(t, err)
	d := etree.NewDocument()
	require.NoError(t, d.ReadFromBytes(doc))
	all := func(path, attribute string) (out []string) {
		for _, e := range d.FindElements(path) {
			if attribute == "" {
				out = append(out, e.Text())
			} else {
				out = append(out, e.SelectAttrValue(attribute, "-"))
			}
		}
		return out
	}
	role := "//SPSSODescriptor"
	require.Equal(t, []string{cfg.SP.EntityID}, all("/EntityDescriptor", "entityID"))
	require.Equal(t, []string{"true"}, all(role, "AuthnRequestsSigned"))
	require.Equal(t, []string{"true"}, all(role, "WantAssertionsSigned"))
	require.Equal(t, []string{"signing", "signing", "encryption"}, all(role+"/KeyDescriptor", "use"), "an ECDSA key cannot decrypt")
	one, two := base64.StdEncoding.EncodeToString(cfg.SP.Keys[0].Certificate.Raw), base64.StdEncoding.EncodeToString(cfg.SP.Keys[1].Certificate.Raw)
	require.Equal(t, []string{one, two, one}, all("//X509Certificate", ""))
	for _, method := range all("//EncryptionMethod", "Algorithm") {
		require.NotContains(t, method, "cbc")
		require.NotContains(t, method, "rsa-1_5")
	}
	require.Len(t, all("//EncryptionMethod", "Algorithm"), 5)
	require.Equal(t, []string{mdBinding + "HTTP-Redirect", mdBinding + "HTTP-POST"}, all(role+"/SingleLogoutService", "Binding"))
	require.Equal(t, []string{cfg.SP.SLO, cfg.SP.SLO}, all(role+"/SingleLogoutService", "Location"))
	require.Equal(t, []string{cfg.Request.NameIDFormat}, all(role+"/NameIDFormat", ""))
	require.Equal(t, []string{cfg.SP.ACS}, all(role+"/AssertionConsumerService", "Location"))
	require.Equal(t, []string{mdBinding + "HTTP-POST"}, all(role+"/AssertionConsumerService", "Binding"))
	require.Equal(t, []string{"0"}, all(role+"/AssertionConsumerService", "index"))
	require.Equal(t, []string{"email", "urn:oid:2.5.4.42"}, all("//RequestedAttribute", "Name"))
	require.Equal(t, []string{cfg.SP.About.Organization}, all("//OrganizationName", ""))
	require.Equal(t, []string{"technical", "support"}, all("//ContactPerson", "contactType"))
	require.Equal(t, []string{"mailto:tech@acme.example", "mailto:help@acme.example"}, all("//EmailAddress", ""))
	again, err := saml.SPMetadata(cfg)
	require.NoError(t, err)
	require.Equal(t, doc, again, "the same every time")
}

func TestOwnMetadataLeavesOutWhatIsNotConfigured(t *testing.T) {
	doc, err := saml.SPMetadata(saml.Config{SP: saml.SP{EntityID: "https://learn.example/", ACS: "https://learn.example/acs"}})
	require.NoError(t, err)
	for _, name := range []string{"KeyDescriptor", "SingleLogoutService", "NameIDFormat", "AttributeConsumingService", "Organization", "ContactPerson"} {
		require.NotContains(t, string(doc), name)
	}
	require.Contains(t, string(doc), `AuthnRequestsSigned="false"`)
}

func TestOwnMetadataNobodyCouldUseIsRefused(t *testing.T) {
	for name, change := range map[string]func(*saml.Config){
		"no entity id":       func(c *saml.Config) { c.SP.EntityID = "" },
		"no ACS":             func(c *saml.Config) { c.SP.ACS = "" },
		"a relative ACS":     func(c *saml.Config) { c.SP.ACS = "/acs" },
		"a script":           func(c *saml.Config) { c.SP.SLO = "javascript:alert(1)" },
		"half a description": func(c *saml.Config) { c.SP.About.OrganizationURL = "" },
		"a page that is not": func(c *saml.Config) { c.SP.About.OrganizationURL = "acme" },
		"half a key":         func(c *saml.Config) { c.SP.Keys[1].Certificate = nil },
	} {
		cfg := mdSP(t)
		change(&cfg)
		doc, err := saml.SPMetadata(cfg)
		require.ErrorIs(t, err, lmssso.ErrConfiguration, name)
		require.Nil(t, doc)
	}
}

func TestOwnMetadataIsADownload(t *testing.T) {
	cfg := mdSP(t)
	p, err := saml.New(cfg)
	require.NoError(t, err)
	ask := func(method string) *http.Response {
		w := httptest.NewRecorder()
		p.MetadataHandler().ServeHTTP(w, httptest.NewRequest(method, "/access/saml/metadata/acme", nil))
		return w.Result()
	}
	got := ask(http.MethodGet)
	require.Equal(t, http.StatusOK, got.StatusCode)
	require.Equal(t, "application/samlmetadata+xml", got.Header.Get("Content-Type"))
	require.Equal(t, `attachment; filename="saml-metadata-acme.xml"`, got.Header.Get("Content-Disposition"))
	require.Equal(t, "public, max-age=3600", got.Header.Get("Cache-Control"))
	require.Equal(t, "nosniff", got.Header.Get("X-Content-Type-Options"))
	require.Positive(t, got.ContentLength)
	for _, method := range []string{http.MethodHead, http.MethodPost, http.MethodPut} {
		got := ask(method)
		require.Equal(t, http.StatusMethodNotAllowed, got.StatusCode, method)
		require.Equal(t, http.MethodGet, got.Header.Get("Allow"))
		require.Empty(t, got.Header.Get("Content-Disposition"))
	}
	require.NotContains(t, got.Header.Get("Content-Disposition"), "/")
}
