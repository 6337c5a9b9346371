package saml

import (
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"strconv"
	"time"

	"github.com/beevik/etree"
)

// MetadataOptions says what the provider's metadata holds beside its addresses. The zero value lists the provider's keys,
// for signing, without dates or signature.
type MetadataOptions struct {
	// Keys are the certificates to list; nil lists the provider's own, with use="signing".
	Keys []MetadataKey
	// ValidUntil is when it ends; zero leaves it out.
	ValidUntil time.Time
	// CacheDuration is how long to keep it before looking again; zero leaves it out.
	CacheDuration time.Duration
	// Sign signs the document.
	Sign bool
	// SignWith is the key to sign it with; nil is the provider's first.
	SignWith *Key
	// NameIDFormats are the formats to offer; nil offers persistent, transient and emailAddress.
	NameIDFormats []string
	// ByteOrderMark puts one first, as Entra ID does.
	ByteOrderMark bool
	// Others puts the provider into an EntitiesDescriptor, as a federation's aggregate does, after so many other
	// providers; negative ones stand for an aggregate of this provider alone.
	Others int
}

// MetadataKey is one KeyDescriptor.
type MetadataKey struct {
	// Certificate is the key's.
	Certificate *x509.Certificate
	// Use is signing, encryption, or "" for both.
	Use string
}

// Metadata writes the provider's metadata down (SAML Metadata section 2.4.3).
func (p *IdP) Metadata(o MetadataOptions) ([]byte, error) {
	if o.Keys == nil {
		for _, k := range p.cfg.Keys {
			o.Keys = append(o.Keys, MetadataKey{Certificate: k.Certificate, Use: "signing"})
		}
	}
	if o.NameIDFormats == nil {
		o.NameIDFormats = []string{FormatPersistent, FormatTransient, FormatEmail}
	}
	style := Style{}
	root := p.entity(style, p.cfg.EntityID, o)
	if o.Others != 0 {
		all := style.add(nil, nsMetadata, "EntitiesDescriptor", "Name", "https://federation.example/aggregate")
		for i := range max(o.Others, 0) {
			all.AddChild(p.entity(style, fmt.Sprintf("https://idp-%05d.example/metadata", i), o))
		}
		all.AddChild(root)
		root = all
	}
	if err := p.dateAndSign(style, root, o); err != nil {
		return nil, fmt.Errorf("metadata: %w", err)
	}
	text, err := write(root, true)
	if err == nil && o.ByteOrderMark {
		text = append([]byte("\xef\xbb\xbf"), text...)
	}
	return text, err
}

func (p *IdP) dateAndSign(style Style, root *etree.Element, o MetadataOptions) error {
	if !o.ValidUntil.IsZero() {
		root.CreateAttr("validUntil", style.time(o.ValidUntil))
	}
	if o.CacheDuration != 0 {
		root.CreateAttr("cacheDuration", "PT"+strconv.Itoa(int(o.CacheDuration/time.Second))+"S")
	}
	prune(root, nil)
	if !o.Sign {
		return nil
	}
	id, err := p.newID()
	if err != nil {
		return err
	}
	root.CreateAttr("ID", id)
	return p.recipe(Signing{Key: o.SignWith}, style).sign(root)
}

func (p *IdP) entity(style Style, entityID string, o MetadataOptions) *etree.Element {
	e := style.add(nil, nsMetadata, "EntityDescriptor", "entityID", entityID)
	role := style.add(e, nsMetadata, "IDPSSODescriptor", "protocolSupportEnumeration", nsProtocol)
	if p.cfg.WantSignedRequests {
		role.CreateAttr("WantAuthnRequestsSigned", "true")
	}
	for _, k := range o.Keys {
		style.keyInfo(style.add(role, nsMetadata, "KeyDescriptor", "use", k.Use), base64.StdEncoding.EncodeToString(k.Certificate.Raw))
	}
	for _, b := range []Binding{Redirect, Post} {
		if p.cfg.SLOURL != "" {
			style.add(role, nsMetadata, "SingleLogoutService", "Binding", b.uri(), "Location", p.cfg.SLOURL, "ResponseLocation", p.cfg.SLOResponseURL)
		}
	}
	for _, f := range o.NameIDFormats {
		style.addText(role, nsMetadata, "NameIDFormat", f)
	}
	for _, b := range []Binding{Redirect, Post} {
		style.add(role, nsMetadata, "SingleSignOnService", "Binding", b.uri(), "Location", p.cfg.SSOURL)
	}
	return e
}
