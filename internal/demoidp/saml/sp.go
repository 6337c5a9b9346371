package saml

import (
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/beevik/etree"
)

// SP is a service provider as the identity provider knows it.
type SP struct {
	// EntityID is its name.
	EntityID string
	// ACS are its assertion consumer services by HTTP-POST, the default first.
	ACS []string
	// SLO are its single logout services.
	SLO []Endpoint
	// Signing are the certificates its messages may be signed with; Encryption those of the keys it decrypts with.
	Signing, Encryption []*x509.Certificate
	// SignsRequests says that it signs AuthnRequests, so that an unsigned one is refused.
	SignsRequests bool
	// WantsSignedAssertions says that it wants the assertion itself signed.
	WantsSignedAssertions bool
	// Attributes are the names of the attributes it asks for.
	Attributes []string
}

// Endpoint is where logout messages go.
type Endpoint struct {
	// Binding says how.
	Binding Binding
	// URL is where requests go; ResponseURL where answers go when that is elsewhere.
	URL, ResponseURL string
}

// answers returns where answers go.
func (e Endpoint) answers() string { return orText(e.ResponseURL, e.URL) }

// slo returns the endpoint for a binding, or the first one for "".
func (sp SP) slo(b Binding) (Endpoint, error) {
	for _, e := range sp.SLO {
		if b == "" || e.Binding == b {
			return e, nil
		}
	}
	return Endpoint{}, fmt.Errorf("service provider %q has no logout address for binding %q", clip(sp.EntityID), string(b))
}

// acs returns the assertion consumer service to answer at: the one asked for when it is registered, or the default.
func (sp SP) acs(asked string) (string, error) {
	if asked == "" && len(sp.ACS) > 0 {
		return sp.ACS[0], nil
	}
	if slices.Contains(sp.ACS, asked) {
		return asked, nil
	}
	return "", fmt.Errorf("service provider %q has no assertion consumer service %q", clip(sp.EntityID), clip(asked))
}

// ParseSPMetadata reads an EntityDescriptor with an SPSSODescriptor (SAML Metadata section 2.4.4).
func ParseSPMetadata(text []byte) (*SP, error) {
	root, err := readXML(text)
	if err != nil {
		return nil, fmt.Errorf("service provider metadata: %w", err)
	}
	role := child(root, nsMetadata, "SPSSODescriptor")
	if !is(root, nsMetadata, "EntityDescriptor") || role == nil || attr(root, "entityID") == "" {
		return nil, errors.New("service provider metadata: no EntityDescriptor with an entityID and an SPSSODescriptor")
	}
	sp := &SP{
		EntityID:              attr(root, "entityID"),
		ACS:                   consumers(role),
		SignsRequests:         flag(role, "AuthnRequestsSigned"),
		WantsSignedAssertions: flag(role, "WantAssertionsSigned"),
	}
	for _, e := range children(role, nsMetadata, "SingleLogoutService") {
		if b := bindingOf(attr(e, "Binding")); b != "" {
			sp.SLO = append(sp.SLO, Endpoint{Binding: b, URL: attr(e, "Location"), ResponseURL: attr(e, "ResponseLocation")})
		}
	}
	for _, service := range children(role, nsMetadata, "AttributeConsumingService") {
		for _, a := range children(service, nsMetadata, "RequestedAttribute") {
			sp.Attributes = append(sp.Attributes, attr(a, "Name"))
		}
	}
	if err := readKeys(sp, role); err != nil {
		return nil, err
	}
	return sp, nil
}

// consumers lists the POST endpoints, the one marked as default first.
func consumers(role *etree.Element) []string {
	var out []string
	for _, e := range children(role, nsMetadata, "AssertionConsumerService") {
		switch {
		case bindingOf(attr(e, "Binding")) != Post:
		case flag(e, "isDefault"):
			out = append([]string{attr(e, "Location")}, out...)
		default:
			out = append(out, attr(e, "Location"))
		}
	}
	return out
}

// readKeys takes each KeyDescriptor's certificates; one without use serves both (SAML Metadata section 2.4.1.1).
func readKeys(sp *SP, role *etree.Element) error {
	for _, d := range children(role, nsMetadata, "KeyDescriptor") {
		for _, info := range children(d, nsSignature, "KeyInfo") {
			for _, data := range children(info, nsSignature, "X509Data") {
				cert, err := parseCertificate(textOf(data, nsSignature, "X509Certificate"))
				if err != nil {
					return fmt.Errorf("service provider metadata: %w", err)
				}
				if use := attr(d, "use"); use != "encryption" {
					sp.Signing = append(sp.Signing, cert)
				}
				if use := attr(d, "use"); use != "signing" {
					sp.Encryption = append(sp.Encryption, cert)
				}
			}
		}
	}
	return nil
}

func parseCertificate(text string) (*x509.Certificate, error) {
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return nil, fmt.Errorf("a certificate is not base64: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("a certificate cannot be read: %w", err)
	}
	return cert, nil
}
