package saml_test

import (
	"fmt"
	"time"

	"github.com/lmssso/lmssso/saml"
)

// idpMetadata is what an identity provider offers for download.
const idpMetadata = `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example/metadata">
  <IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <KeyDescriptor use="signing">
      <KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>
        MIIBgjCCASmgAwIBAgIUSs2PetqzDCGG9xbzm/o+qaVjGu4wCgYIKoZIzj0EAwIwFjEUMBIGA1UEAwwLaWRwLmV4YW1wbGUwIBcN
        MjYxMTIxMjAxNjE3WhgPMjEyNjEwMjgyMDE2MTdaMBYxFDASBgNVBAMMC2lkcC5leGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0D
        AQcDQgAEwN4ANM4J3gtsVk2KkSeRJNl6iMeldJ0apfwv5dhGGuRw9xeg2GtauCIFSK1iX6W1EOWC3bdOWPSRkDZHL7EBDaNTMFEw
        HQYDVR0OBBYEFNirfSnfIGEtMVjzuZu0L+Hwvzd5MB8GA1UdIwQYMBaAFNirfSnfIGEtMVjzuZu0L+Hwvzd5MA8GA1UdEwEB/wQF
        MAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIgG5m7nCjPBk6p3pCs2Xu9W/6oIHAZq7tNiWadABWUhKcCIE+zX5o4qQl67VpFZ6NWTW7F
        kKp+JP4KK5J71LhEiIEM
      </X509Certificate></X509Data></KeyInfo>
    </KeyDescriptor>
    <SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example/sso"/>
  </IDPSSODescriptor>
</EntityDescriptor>`

func ExampleParseIdPMetadata() {
	idp, err := saml.ParseIdPMetadata([]byte(idpMetadata), saml.MetadataTrust{EntityID: "https://idp.example/metadata"}, time.Now())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(idp.EntityID)
	fmt.Println(idp.SSO[0].Binding, idp.SSO[0].URL)
	fmt.Println(len(idp.Certificates), "certificate of", idp.Certificates[0].Subject)
	// Output:
	// https://idp.example/metadata
	// redirect https://idp.example/sso
	// 1 certificate of CN=idp.example
}

func ExampleNamedPreset() {
	p, ok := saml.NamedPreset("entra")
	fmt.Println(ok, p.Title)
	fmt.Println(p.Mapping["externalCustomerId"].From)
	// Output:
	// true Microsoft Entra ID
	// [http://schemas.microsoft.com/identity/claims/objectidentifier]
}
