package saml

import (
	"crypto/rsa"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"

	"github.com/beevik/etree"
	"github.com/lmssso/lmssso"
)

// Names metadata is written with.
const (
	formatURI   = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
	formatBasic = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"
)

// SPMetadata writes this side's metadata (Metadata section 2.4.4), in the order the OASIS schema wants: its keys, each for
// signing and, when it can, for encryption; single logout by both bindings; the assertion consumer service; what it asks
// for and who runs it. It uses the connection's SP and Request alone, and refuses with [lmssso.ErrConfiguration] a
// configuration without an entity id or an ACS address.
//
// Keys stand in the metadata as long as they are configured: to change one, put the new key second, wait until the
// provider has read it, make it the first, and drop the old one when the provider no longer encrypts for it.
func SPMetadata(cfg Config) ([]byte, error) {
	if err := cfg.metadataFault(); err != nil {
		return nil, err
	}
	doc := etree.NewDocument()
	doc.CreateProcInst("xml", `version="1.0" encoding="UTF-8"`)
	root := doc.CreateElement("md:EntityDescriptor")
	root.CreateAttr("xmlns:md", nsMetadata)
	root.CreateAttr("entityID", cfg.SP.EntityID)
	role := root.CreateElement("md:SPSSODescriptor")
	role.CreateAttr("protocolSupportEnumeration", nsProtocol)
	role.CreateAttr("AuthnRequestsSigned", strconv.FormatBool(cfg.Request.Sign))
	role.CreateAttr("WantAssertionsSigned", "true")
	writeKeys(role, cfg.SP.Keys)
	if cfg.SP.SLO != "" {
		writeEndpoint(role, "SingleLogoutService", bindingRedirect, cfg.SP.SLO)
		writeEndpoint(role, "SingleLogoutService", bindingPost, cfg.SP.SLO)
	}
	if cfg.Request.NameIDFormat != "" {
		role.CreateElement("md:NameIDFormat").SetText(cfg.Request.NameIDFormat)
	}
	acs := writeEndpoint(role, "AssertionConsumerService", bindingPost, cfg.SP.ACS)
	acs.CreateAttr("index", "0")
	acs.CreateAttr("isDefault", "true")
	writeRequested(role, cfg.SP)
	writeAbout(root, cfg.SP.About)
	doc.Indent(2)
	return doc.WriteToBytes()
}

// metadataFault finds what would make metadata no provider can use.
func (cfg Config) metadataFault() error {
	about := cfg.SP.About
	switch {
	case cfg.SP.EntityID == "" || len(cfg.SP.EntityID) > maxEntityID:
		return fault("SP.EntityID", "must be a name of at most 1024 characters")
	case !absolute(cfg.SP.ACS):
		return fault("SP.ACS", "must be an absolute URL")
	case cfg.SP.SLO != "" && !absolute(cfg.SP.SLO):
		return fault("SP.SLO", "must be an absolute URL, or nothing")
	case (about.Organization == "") != (about.OrganizationURL == ""):
		return fault("SP.About", "must have both Organization and OrganizationURL, or neither")
	case about.OrganizationURL != "" && !absolute(about.OrganizationURL):
		return fault("SP.About.OrganizationURL", "must be an absolute URL")
	}
	for i, k := range cfg.SP.Keys {
		if k.Certificate == nil || k.Signer == nil {
			return fault("SP.Keys["+strconv.Itoa(i)+"]", "must have a key and its certificate")
		}
	}
	return nil
}

// writeKeys writes every key for signing, and every RSA key for encryption too. Only AES-GCM is offered: a
// provider that reads EncryptionMethod then does not choose CBC, which is refused in responses not signed as a whole.
func writeKeys(role *etree.Element, keys []Key) {
	for _, k := range keys {
		writeKey(role, k, "signing")
	}
	for _, k := range keys {
		if _, ok := k.Signer.Public().(*rsa.PublicKey); !ok {
			continue
		}
		d := writeKey(role, k, "encryption")
		for _, method := range [...]string{
			nsEncryption11 + "aes256-gcm", nsEncryption11 + "aes192-gcm", nsEncryption11 + "aes128-gcm",
			nsEncryption + "rsa-oaep-mgf1p", nsEncryption11 + "rsa-oaep",
		} {
			d.CreateElement("md:EncryptionMethod").CreateAttr("Algorithm", method)
		}
	}
}

func writeKey(role *etree.Element, k Key, use string) *etree.Element {
	d := role.CreateElement("md:KeyDescriptor")
	d.CreateAttr("use", use)
	info := d.CreateElement("ds:KeyInfo")
	info.CreateAttr("xmlns:ds", nsSignature)
	info.CreateElement("ds:X509Data").CreateElement("ds:X509Certificate").SetText(base64.StdEncoding.EncodeToString(k.Certificate.Raw))
	return d
}

func writeEndpoint(role *etree.Element, name, binding, location string) *etree.Element {
	e := role.CreateElement("md:" + name)
	e.CreateAttr("Binding", binding)
	e.CreateAttr("Location", location)
	return e
}

// writeRequested writes which attributes the service asks for. Names that are URIs say so, as federations expect.
func writeRequested(role *etree.Element, sp SP) {
	if len(sp.About.RequestedAttributes) == 0 {
		return
	}
	service := role.CreateElement("md:AttributeConsumingService")
	service.CreateAttr("index", "0")
	name := sp.About.Organization
	if name == "" {
		name = sp.EntityID
	}
	writeText(service, "ServiceName", name)
	for _, n := range sp.About.RequestedAttributes {
		a := service.CreateElement("md:RequestedAttribute")
		a.CreateAttr("Name", n)
		format := formatBasic
		if strings.HasPrefix(n, "urn:") || strings.HasPrefix(n, "http://") || strings.HasPrefix(n, "https://") {
			format = formatURI
		}
		a.CreateAttr("NameFormat", format)
	}
}

// writeAbout writes who runs the service, below the entity, where it speaks for all of it.
func writeAbout(root *etree.Element, about About) {
	if about.Organization != "" {
		o := root.CreateElement("md:Organization")
		writeText(o, "OrganizationName", about.Organization)
		writeText(o, "OrganizationDisplayName", about.Organization)
		writeText(o, "OrganizationURL", about.OrganizationURL)
	}
	for _, c := range [...]struct{ kind, email string }{{"technical", about.TechnicalContact}, {"support", about.SupportContact}} {
		if c.email == "" {
			continue
		}
		p := root.CreateElement("md:ContactPerson")
		p.CreateAttr("contactType", c.kind)
		p.CreateElement("md:EmailAddress").SetText("mailto:" + strings.TrimPrefix(c.email, "mailto:"))
	}
}

func writeText(parent *etree.Element, name, text string) {
	e := parent.CreateElement("md:" + name)
	e.CreateAttr("xml:lang", "en")
	e.SetText(text)
}

// MetadataHandler serves this side's metadata as a download, to GET only. With a configuration that [SPMetadata] refuses it
// answers 503.
func (p *Provider) MetadataHandler() http.Handler {
	h, err := metadataHandler(p.cfg)
	if err != nil {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			status, text := lmssso.PublicMessage(err)
			http.Error(w, text, status)
		})
	}
	return h
}

// metadataHandler serves this side's metadata, which never changes, as a download.
func metadataHandler(cfg Config) (http.Handler, error) {
	doc, err := SPMetadata(cfg)
	if err != nil {
		return nil, err
	}
	name := "saml-metadata"
	if cfg.Tenant != "" {
		name += "-" + fileName(cfg.Tenant)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		if r.Method != http.MethodGet {
			h.Set("Allow", http.MethodGet)
			status, text := lmssso.PublicMessage(lmssso.ErrMethod)
			http.Error(w, text, status)
			return
		}
		h.Set("Content-Type", "application/samlmetadata+xml")
		h.Set("Content-Disposition", `attachment; filename="`+name+`.xml"`)
		h.Set("Content-Length", strconv.Itoa(len(doc)))
		h.Set("Cache-Control", "public, max-age=3600")
		_, _ = w.Write(doc)
	}), nil
}

// fileName keeps of a slug what is harmless in a header and in every file system.
func fileName(slug string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return -1
	}, slug)
}
