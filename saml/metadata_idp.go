package saml

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/beevik/etree"
	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/internal/strictxml"
)

const (
	nsMetadata      = "urn:oasis:names:tc:SAML:2.0:metadata"
	bindingRedirect = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
	maxMetadata     = 8 << 20 // bytes; a national federation's aggregate of identity providers
	maxEntityID     = 1024    // characters (Metadata section 2.3.2)
)

// metadataLimits bounds a metadata document. Logos come as data URIs of many kilobytes, and federations declare the
// namespaces of all their extensions on the root.
func metadataLimits() strictxml.Limits {
	return strictxml.Limits{
		Bytes: maxMetadata, Elements: 250_000, Depth: maxDepth, Attributes: 64, Namespaces: 48, Text: 512 << 10, DropComments: true,
	}
}

// MetadataTrust says which entity is wanted and what makes its metadata believable. The zero value is the strictest that
// works without knowing the federation: signatures are not asked of a single entity's document, which the administrator
// pasted or which came from the provider's own https address.
type MetadataTrust struct {
	// EntityID is the identity provider wanted, byte for byte. "" is the only one in the document.
	EntityID string
	// Signers are the certificates that sign the metadata, as a federation publishes them. When there are any, the
	// document or the entity's own element must be signed by one of them, and only what is signed is read.
	Signers []*x509.Certificate
	// AllowUnsigned takes an aggregate or an MDQ answer from the network without a signature. Safe only where the server
	// it comes from may name the certificates of every identity provider in it.
	AllowUnsigned bool
	// AllowSHA1 accepts SHA-1 in the metadata's signature. Safe for no one: collisions are practical.
	AllowSHA1 bool
	// AllowExpiredSigners accepts signing certificates outside their dates. Safe where the key is pinned, as it is here,
	// and the federation says that the dates mean nothing.
	AllowExpiredSigners bool
	// AllowHTTP accepts endpoints with http addresses. Safe only on loopback and in labs.
	AllowHTTP bool
}

// entity is an identity provider as its metadata describes it.
type entity struct {
	idp       *IdP
	life      lifetime
	aggregate bool // it stood in an EntitiesDescriptor
	signed    bool
}

// ParseIdPMetadata reads an identity provider out of a metadata document: an EntityDescriptor, or an EntitiesDescriptor
// with any number of them, nested or not, of at most 8 MB. A byte order mark and comments are passed over.
//
// What comes back has an entity id, at least one certificate and at least one address for single sign-on. Several
// certificates, keys without a use, white space and PEM marks around certificates, and other roles beside the identity
// provider's are all taken as they come. Metadata past its validUntil at now is refused, as is everything the reasons
// ErrMetadata… name.
func ParseIdPMetadata(document []byte, trust MetadataTrust, now time.Time) (*IdP, error) {
	e, err := readMetadata(document, trust, now)
	if err != nil {
		return nil, err
	}
	return e.idp, nil
}

// readMetadata parses, chooses the entity, verifies the signature where one is asked for, and reads the entity from what
// the signature covers.
func readMetadata(document []byte, trust MetadataTrust, now time.Time) (*entity, error) {
	root, err := strictxml.Parse(bytes.TrimPrefix(document, []byte("\ufeff")), metadataLimits())
	if err != nil {
		return nil, refuse(ErrMetadataXML, lmssso.Error{Detail: err.Error(), Err: err})
	}
	c, err := choose(root, trust.EntityID)
	if err != nil {
		return nil, err
	}
	out := &entity{aggregate: c.el != root, signed: len(trust.Signers) > 0}
	if out.signed {
		if c, err = c.verified(root, trust, now); err != nil {
			return nil, err
		}
	}
	if out.life, err = c.lifetime(); err != nil {
		return nil, err
	}
	if out.life.over(now) {
		return nil, refuse(ErrMetadataExpired, lmssso.Error{Detail: "the metadata's validUntil is over", Expected: "after " + instant(now), Received: instant(out.life.until)})
	}
	out.idp, err = readIdP(c, trust)
	return out, err
}

// choice is an entity and its identity provider's role.
type choice struct {
	id       string
	el, role *etree.Element
}

// choose finds the one entity that is wanted. Two entities of one id are refused: whoever put the second there wants
// some reader to take it.
func choose(root *etree.Element, id string) (choice, error) {
	var found []choice
	err := eachEntity(root, func(el *etree.Element) {
		if got := attr(el, "entityID"); id == "" || got == id {
			found = append(found, choice{id: got, el: el})
		}
	})
	if err != nil {
		return choice{}, err
	}
	if id == "" && len(found) > 1 { // one provider among service providers is no question
		found = slices.DeleteFunc(found, func(c choice) bool { return len(idpRoles(c.el)) == 0 })
	}
	if len(found) != 1 {
		return choice{}, refuse(ErrMetadataEntity, lmssso.Error{Detail: "identity providers in the metadata that are meant", Expected: "1", Received: strconv.Itoa(len(found))})
	}
	c := found[0]
	if c.id == "" || len(c.id) > maxEntityID || strings.Trim(c.id, " \t\r\n") != c.id {
		return choice{}, refuse(ErrMetadataEntity, lmssso.Error{Detail: "the entity has no usable entityID"})
	}
	roles := idpRoles(c.el)
	if len(roles) != 1 {
		return choice{}, refuse(ErrMetadataRole, lmssso.Error{Detail: "IDPSSODescriptors for SAML 2.0", Expected: "1", Received: strconv.Itoa(len(roles))})
	}
	c.role = roles[0]
	return c, nil
}

// eachEntity visits every entity of a document that is one or a tree of groups of them (Metadata section 2.3.1).
func eachEntity(root *etree.Element, visit func(*etree.Element)) error {
	switch {
	case strictxml.Is(root, nsMetadata, "EntityDescriptor"):
		visit(root)
		return nil
	case strictxml.Is(root, nsMetadata, "EntitiesDescriptor"):
		for _, c := range strictxml.Children(root) {
			if c.Tag != "EntityDescriptor" && c.Tag != "EntitiesDescriptor" {
				continue
			}
			if err := eachEntity(c, visit); err != nil {
				return err
			}
		}
		return nil
	default:
		return refuse(ErrMetadataXML, lmssso.Error{Detail: "the document is no SAML 2.0 metadata", Expected: "EntityDescriptor or EntitiesDescriptor", Received: quoted(root.Tag)})
	}
}

// idpRoles returns an entity's roles as an identity provider that speaks SAML 2.0 (Metadata section 2.4.1).
func idpRoles(el *etree.Element) (out []*etree.Element) {
	for _, c := range strictxml.Children(el) {
		if strictxml.Is(c, nsMetadata, "IDPSSODescriptor") && slices.Contains(strings.Fields(attr(c, "protocolSupportEnumeration")), nsProtocol) {
			out = append(out, c)
		}
	}
	return out
}

// verified returns the choice as the signature covers it. The signature is the document's, else the entity's own; one
// that is there must be good.
func (c choice) verified(root *etree.Element, trust MetadataTrust, now time.Time) (choice, error) {
	allow := Allow{SHA1: trust.AllowSHA1, ExpiredCertificates: trust.AllowExpiredSigners}
	for _, el := range [...]*etree.Element{root, c.el} {
		s, err := signatureOf(el, allow)
		if err != nil {
			return choice{}, badMetadataSignature(err)
		}
		if s == nil {
			continue
		}
		got, err := newKeyring(&IdP{Certificates: trust.Signers}, now, allow).verify(el, s)
		if err != nil {
			return choice{}, badMetadataSignature(err)
		}
		return choose(got, c.id)
	}
	return choice{}, refuse(ErrMetadataUnsigned, lmssso.Error{Detail: "neither the document nor the entity is signed"})
}

func badMetadataSignature(err error) error {
	return refuse(ErrMetadataSignature, lmssso.Error{Detail: err.Error(), Err: err})
}

// lifetime returns the narrowest lifetime of the role, the entity and the groups around it.
func (c choice) lifetime() (lifetime, error) {
	var l lifetime
	for e := c.role; e != nil && e.Tag != ""; e = e.Parent() {
		var err error
		if l, err = l.within(e); err != nil {
			return l, err
		}
	}
	return l, nil
}

// readIdP reads what a connection needs.
func readIdP(c choice, trust MetadataTrust) (*IdP, error) {
	certs, err := signingCertificates(c.role)
	if err != nil {
		return nil, err
	}
	wants := attr(c.role, "WantAuthnRequestsSigned")
	out := &IdP{
		EntityID: c.id, Certificates: certs, WantsSignedRequests: wants == "true" || wants == "1",
		SSO: endpoints(c.role, "SingleSignOnService", trust.AllowHTTP), SLO: endpoints(c.role, "SingleLogoutService", trust.AllowHTTP),
	}
	if len(out.SSO) == 0 {
		return nil, refuse(ErrMetadataEndpoint, lmssso.Error{Detail: "no SingleSignOnService can be used"})
	}
	return out, nil
}

// endpoints returns the first endpoint of each binding that is supported. Others, such as SOAP, and addresses browsers
// must not be sent to, such as javascript:, are passed over.
func endpoints(role *etree.Element, name string, allowHTTP bool) (out []Endpoint) {
	for _, c := range strictxml.Children(role) {
		if !strictxml.Is(c, nsMetadata, name) {
			continue
		}
		e := Endpoint{URL: attr(c, "Location"), ResponseURL: attr(c, "ResponseLocation")}
		switch attr(c, "Binding") {
		case bindingRedirect:
			e.Binding = Redirect
		case bindingPost:
			e.Binding = Post
		default:
			continue
		}
		usable := reachable(e.URL, allowHTTP) && (e.ResponseURL == "" || reachable(e.ResponseURL, allowHTTP))
		if usable && !slices.ContainsFunc(out, func(o Endpoint) bool { return o.Binding == e.Binding }) {
			out = append(out, e)
		}
	}
	return out
}

// reachable reports whether a browser may be sent to an address.
func reachable(address string, allowHTTP bool) bool {
	const longest = 2048
	return len(address) <= longest && absolute(address) && (allowHTTP || strings.HasPrefix(strings.ToLower(address), "https://"))
}

// signingCertificates returns the certificates of every key for signing; one without a use serves both purposes (Metadata
// section 2.4.1.1). What cannot be read, and keys no SAML signature is made with, are passed over, but something must be
// left: a provider without a certificate is one whose signatures nobody checks.
func signingCertificates(role *etree.Element) ([]*x509.Certificate, error) {
	var out []*x509.Certificate
	unreadable := 0
	for _, key := range strictxml.Children(role) {
		use := attr(key, "use")
		if !strictxml.Is(key, nsMetadata, "KeyDescriptor") || use != "" && use != "signing" {
			continue
		}
		certs, bad := keyCertificates(key)
		out, unreadable = addDistinct(out, certs...), unreadable+bad
	}
	if len(out) == 0 || len(out) > maxEachPaste {
		return nil, refuse(ErrMetadataKey, lmssso.Error{
			Detail: "the number of usable signing certificates is wrong", Expected: "1 to " + strconv.Itoa(maxEachPaste),
			Received: strconv.Itoa(len(out)) + ", and " + strconv.Itoa(unreadable) + " unreadable",
		})
	}
	return out, nil
}

// addDistinct appends the certificates that are not there yet, up to one more than a provider may have.
func addDistinct(to []*x509.Certificate, certs ...*x509.Certificate) []*x509.Certificate {
	for _, c := range certs {
		if len(to) <= maxEachPaste && !slices.ContainsFunc(to, c.Equal) {
			to = append(to, c)
		}
	}
	return to
}

// keyCertificates reads the certificates in a KeyDescriptor with whose keys SAML signatures can be made, and counts those
// that cannot be read.
func keyCertificates(key *etree.Element) (out []*x509.Certificate, unreadable int) {
	_ = strictxml.Walk(key, func(e *etree.Element) error {
		if !strictxml.Is(e, nsSignature, "X509Certificate") {
			return nil
		}
		text, _ := strictxml.Text(e)
		certs, err := ParseCertificates(text)
		if err != nil {
			unreadable++
		}
		out = addDistinct(out, slices.DeleteFunc(certs, func(c *x509.Certificate) bool { return !signs(c) })...)
		return nil
	})
	return withoutIssuers(out), unreadable
}

// withoutIssuers drops the upper certificates of a chain: the key is the lowest's, and an authority's key must not sign
// for its customer.
func withoutIssuers(certs []*x509.Certificate) []*x509.Certificate {
	return slices.DeleteFunc(slices.Clone(certs), func(upper *x509.Certificate) bool {
		return slices.ContainsFunc(certs, func(c *x509.Certificate) bool {
			return !c.Equal(upper) && bytes.Equal(c.RawIssuer, upper.RawSubject) && c.CheckSignatureFrom(upper) == nil
		})
	})
}

// signs reports whether SAML signatures can be made with a certificate's key.
func signs(c *x509.Certificate) bool {
	switch c.PublicKey.(type) {
	case *rsa.PublicKey, *ecdsa.PublicKey:
		return true
	default:
		return false
	}
}
