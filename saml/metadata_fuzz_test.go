package saml_test

import (
	"crypto/x509"
	"strings"
	"testing"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/saml"
)

// FuzzIdPMetadata: whatever document comes, its reader neither panics nor returns a provider that could not be trusted:
// one without an entity id, a certificate or an https address. What signed metadata gives was signed.
func FuzzIdPMetadata(f *testing.F) {
	p, federation := mdEC(f), mdEC(f)
	good := mdGood(p)
	for _, seed := range []string{
		good, "\ufeff" + good, mdGroup("", good), mdSign(f, mdGroup(` ID="f" cacheDuration="PT1H" validUntil="2027-01-01T00:00:00Z"`, good), "", federation),
		mdDoc(mdEntity, "", mdRole(` WantAuthnRequestsSigned="1"`, mdKey("", p.certPEM())+mdSSO()+mdEndpoint("SingleLogoutService", "HTTP-POST", "https://idp.example/slo"))),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		for _, trust := range []saml.MetadataTrust{{}, {EntityID: mdEntity}, {Signers: []*x509.Certificate{federation.cert}}} {
			idp, err := saml.ParseIdPMetadata(doc, trust, mdNow)
			switch {
			case err != nil && (idp != nil || lmssso.CodeOf(err) != lmssso.ErrDiscovery.Code()):
				t.Fatalf("%v beside %v", idp, err)
			case err != nil:
				continue
			case idp.EntityID == "" || len(idp.Certificates) == 0 || len(idp.Certificates) > 16 || len(idp.SSO) == 0 || len(idp.SSO) > 2:
				t.Fatalf("accepted %+v", idp)
			case trust.EntityID != "" && idp.EntityID != trust.EntityID:
				t.Fatalf("another entity: %q", idp.EntityID)
			case len(trust.Signers) > 0 && (idp.EntityID != mdEntity || !idp.Certificates[0].Equal(p.cert)):
				t.Fatalf("not what was signed: %+v", idp)
			}
			for _, e := range idp.SSO {
				if !strings.HasPrefix(strings.ToLower(e.URL), "https://") {
					t.Fatalf("an address: %q", e.URL)
				}
			}
		}
	})
}

// FuzzParseCertificates: no text panics, and what comes back are certificates.
func FuzzParseCertificates(f *testing.F) {
	p := mdEC(f)
	for _, seed := range []string{p.certPEM(), p.base64(), string(p.cert.Raw), "-----BEGIN CERTIFICATE-----\\n" + p.base64() + "\\n-----END CERTIFICATE-----"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		certs, err := saml.ParseCertificates(text)
		if (err == nil) != (len(certs) > 0) {
			t.Fatalf("%d certificates beside %v", len(certs), err)
		}
	})
}
