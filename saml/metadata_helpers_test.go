package saml_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/beevik/etree"
	"github.com/lmssso/lmssso/saml"
	dsig "github.com/russellhaering/goxmldsig"
	"github.com/stretchr/testify/require"
)

// mdNow is the time of the metadata tests.
var mdNow = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

const (
	mdEntity  = "https://idp.example/metadata"
	mdXMLNS   = `xmlns="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#"`
	mdSAML2   = "urn:oasis:names:tc:SAML:2.0:protocol"
	mdBinding = "urn:oasis:names:tc:SAML:2.0:bindings:"
)

// mdPair is a key and its certificate.
type mdPair struct {
	key  crypto.Signer
	cert *x509.Certificate
}

func (p mdPair) base64() string { return base64.StdEncoding.EncodeToString(p.cert.Raw) }

func (p mdPair) certPEM() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.cert.Raw}))
}

// mdCert makes a certificate: self-signed, or signed by another that then is an authority.
func mdCert(t testing.TB, key crypto.Signer, name string, by *mdPair) mdPair {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: mdNow.AddDate(-1, 0, 0), NotAfter: mdNow.AddDate(1, 0, 0),
		IsCA: strings.HasPrefix(name, "CA"), BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	parent, signer := template, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return mdPair{key, cert}
}

func mdECKey(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return key
}

var mdRSAKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func mdRSA(t testing.TB) mdPair { return mdCert(t, mdRSAKey(), "rsa", nil) }
func mdEC(t testing.TB) mdPair  { return mdCert(t, mdECKey(t), "ec", nil) }

func mdEd25519(t testing.TB) mdPair {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	return mdCert(t, key, "ed", nil)
}

// mdKey writes a KeyDescriptor; use is "", "signing" or "encryption".
func mdKey(use string, certs ...string) string {
	if use != "" {
		use = ` use="` + use + `"`
	}
	var b strings.Builder
	for _, c := range certs {
		b.WriteString("<ds:X509Certificate>" + c + "</ds:X509Certificate>")
	}
	return "<KeyDescriptor" + use + "><ds:KeyInfo><ds:X509Data>" + b.String() + "</ds:X509Data></ds:KeyInfo></KeyDescriptor>"
}

func mdEndpoint(name, binding, location string) string {
	return fmt.Sprintf(`<%s Binding="%s" Location="%s"/>`, name, mdBinding+binding, location)
}

func mdSSO() string {
	return mdEndpoint("SingleSignOnService", "HTTP-Redirect", "https://idp.example/sso") + mdEndpoint("SingleSignOnService", "HTTP-POST", "https://idp.example/sso/post")
}

// mdRole writes an IDPSSODescriptor.
func mdRole(attributes, inside string) string {
	return `<IDPSSODescriptor protocolSupportEnumeration="` + mdSAML2 + `"` + attributes + `>` + inside + `</IDPSSODescriptor>`
}

// mdDoc writes an EntityDescriptor.
func mdDoc(id, attributes, inside string) string {
	return `<EntityDescriptor ` + mdXMLNS + ` entityID="` + id + `"` + attributes + `>` + inside + `</EntityDescriptor>`
}

// mdGood is the plainest good metadata.
func mdGood(p mdPair) string {
	return mdDoc(mdEntity, "", mdRole("", mdKey("signing", p.base64())+mdSSO()))
}

// mdGroup writes an EntitiesDescriptor.
func mdGroup(attributes string, inside ...string) string {
	return `<EntitiesDescriptor ` + mdXMLNS + attributes + `>` + strings.Join(inside, "") + `</EntitiesDescriptor>`
}

// mdSign signs the element that has the ID; "" is the root.
func mdSign(t testing.TB, doc, id string, p mdPair) string {
	t.Helper()
	d := etree.NewDocument()
	require.NoError(t, d.ReadFromString(doc))
	el := d.Root()
	if id != "" {
		el = d.FindElement("//[@ID='" + id + "']")
		require.NotNil(t, el)
	}
	ctx, err := dsig.NewSigningContext(p.key, [][]byte{p.cert.Raw})
	require.NoError(t, err)
	ctx.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	sig, err := ctx.ConstructSignature(el, true)
	require.NoError(t, err)
	el.InsertChildAt(0, sig)
	out, err := d.WriteToString()
	require.NoError(t, err)
	return out
}

func mdParse(doc string, trust saml.MetadataTrust) (*saml.IdP, error) {
	return saml.ParseIdPMetadata([]byte(doc), trust, mdNow)
}
