package saml

import (
	"context"
	"crypto/sha1" // an identifier of the MDQ protocol, not a protection
	"crypto/x509"
	"encoding/hex"
	"io"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/internal/fetch"
)

// MetadataConfig says where an identity provider's metadata comes from: exactly one of XML, File, URL and MDQ.
type MetadataConfig struct {
	// XML is the document itself.
	XML []byte
	// File is the document's path. It is read again like a URL, so that a replaced file is noticed.
	File string
	// URL is the document's address.
	URL string
	// MDQ is the base address of a metadata query service (draft-young-md-query-saml); Trust.EntityID names what is asked.
	MDQ string
	// MDQBySHA1 asks by the {sha1} form of the entity id, for services that only know that. It protects nothing.
	MDQBySHA1 bool
	// Trust says which entity is wanted and what makes it believable. An aggregate from a URL, and any answer of an MDQ
	// service, needs Signers, or AllowUnsigned.
	Trust MetadataTrust
	// Network relaxes how it is fetched.
	Network MetadataNetwork
	// RefreshEvery is how often a file or an address is asked again, when the metadata does not want it sooner; zero is 6
	// hours, at least 1 minute, at most 7 days.
	RefreshEvery time.Duration
	// Now is the clock; nil is the machine's.
	Now func() time.Time
}

// MetadataNetwork relaxes how metadata is fetched. The zero value talks https to public addresses, follows three
// redirects within https, and gives up after ten seconds.
type MetadataNetwork struct {
	// AllowHTTP accepts http addresses. Safe only on loopback and in labs, or where the document is signed.
	AllowHTTP bool
	// AllowPrivateAddresses lets loopback and private addresses be asked. Safe where everybody who can set the address may
	// also reach the internal network.
	AllowPrivateAddresses bool
	// RootCAs are the authorities trusted for https; nil is the system's.
	RootCAs *x509.CertPool
	// Timeout bounds one fetch; zero is 10 seconds, at most 2 minutes.
	Timeout time.Duration
}

const (
	defaultRefresh = 6 * time.Hour
	leastRefresh   = time.Minute
	mostRefresh    = 7 * 24 * time.Hour
	mostRedirects  = 3
	acceptMetadata = "application/samlmetadata+xml, application/xml;q=0.9, text/xml;q=0.8, */*;q=0.1"
)

// load reads the document anew.
type load func(context.Context) ([]byte, error)

// loader checks the configuration and returns how the document is read.
func (cfg MetadataConfig) loader() (load, error) {
	given := 0
	for _, is := range [...]bool{len(cfg.XML) > 0, cfg.File != "", cfg.URL != "", cfg.MDQ != ""} {
		if is {
			given++
		}
	}
	switch {
	case given != 1:
		return nil, metadataFault("XML, File, URL, MDQ", "exactly one of them")
	case cfg.RefreshEvery != 0 && (cfg.RefreshEvery < leastRefresh || cfg.RefreshEvery > mostRefresh):
		return nil, metadataFault("RefreshEvery", "zero, or 1 minute to 7 days")
	case slices.Contains(cfg.Trust.Signers, nil):
		return nil, metadataFault("Trust.Signers", "certificates")
	case cfg.MDQ != "" && cfg.Trust.EntityID == "":
		return nil, metadataFault("Trust.EntityID", "the entity an MDQ service is asked for")
	case cfg.MDQ != "" && len(cfg.Trust.Signers) == 0 && !cfg.Trust.AllowUnsigned:
		return nil, metadataFault("Trust.Signers", "the certificate the MDQ service signs with, or AllowUnsigned")
	case len(cfg.XML) > 0:
		doc := slices.Clone(cfg.XML)
		return func(context.Context) ([]byte, error) { return doc, nil }, nil
	case cfg.File != "":
		return func(context.Context) ([]byte, error) { return readFile(cfg.File) }, nil
	default:
		return cfg.network()
	}
}

func metadataFault(name, wants string) error {
	return refuse(ErrSetup, lmssso.Error{Detail: "saml.MetadataConfig." + name, Expected: wants})
}

// readFile reads at most one byte more than a document may have.
func readFile(path string) (doc []byte, err error) {
	f, err := os.Open(path)
	if err == nil {
		defer func() { _ = f.Close() }()
		doc, err = io.ReadAll(io.LimitReader(f, maxMetadata+1))
	}
	if err != nil {
		return nil, refuse(ErrMetadataFetch, lmssso.Error{Detail: "the metadata file cannot be read", Err: err})
	}
	return doc, nil
}

// network returns the loader of a URL or of an MDQ service.
func (cfg MetadataConfig) network() (load, error) {
	client, err := fetch.New(fetch.Config{
		AllowHTTP: cfg.Network.AllowHTTP, AllowPrivate: cfg.Network.AllowPrivateAddresses, RootCAs: cfg.Network.RootCAs,
		Timeout: cfg.Network.Timeout, MaxBytes: maxMetadata, Redirects: mostRedirects,
	})
	if err != nil {
		return nil, metadataFault("Network.Timeout", "at most 2 minutes")
	}
	address := cfg.URL
	if cfg.MDQ != "" {
		address = mdqAddress(cfg.MDQ, cfg.Trust.EntityID, cfg.MDQBySHA1)
	}
	if _, err := client.CheckURL(address); err != nil {
		return nil, metadataFault("URL, MDQ", "an absolute https URL without user name or fragment")
	}
	return func(ctx context.Context) ([]byte, error) {
		doc, err := client.Get(ctx, address, acceptMetadata)
		if err != nil {
			return nil, refuse(ErrMetadataFetch, lmssso.Error{Detail: err.Error(), Err: err})
		}
		return doc, nil
	}, nil
}

// mdqAddress returns where an MDQ service describes an entity: its identifier below /entities/, percent-encoded to the
// last reserved character (draft-young-md-query section 3.1, draft-young-md-query-saml section 2.2.2 for {sha1}).
func mdqAddress(base, entityID string, bySHA1 bool) string {
	id := entityID
	if bySHA1 {
		sum := sha1.Sum([]byte(entityID))
		id = "{sha1}" + hex.EncodeToString(sum[:])
	}
	return strings.TrimSuffix(base, "/") + "/entities/" + strings.ReplaceAll(url.QueryEscape(id), "+", "%20")
}

// checkOrigin wants what a whole federation says, and what comes from a service that speaks for one, to be signed.
func (cfg MetadataConfig) checkOrigin(e *entity) error {
	if e.signed || !e.aggregate || cfg.URL == "" || cfg.Trust.AllowUnsigned {
		return nil
	}
	return refuse(ErrMetadataUnsigned, lmssso.Error{Detail: "an aggregate from the network, and no certificate to verify it with", Expected: "Trust.Signers, or Trust.AllowUnsigned"})
}
