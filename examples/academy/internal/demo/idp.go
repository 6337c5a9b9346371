package demo

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/examples/academy/internal/config"
	idp "github.com/lmssso/lmssso/internal/demoidp/saml"
	"github.com/lmssso/lmssso/saml"
	"github.com/lmssso/lmssso/tenant"
)

// IdPKey is the name of the provider's key among the academy's.
const IdPKey = "/demo/saml"

// The provider's pages. The first two take messages of service providers, the others belong to its own forms.
const (
	ssoPath      = "/demo/saml/sso"
	sloPath      = "/demo/saml/logout"
	metadataPath = "/demo/saml/metadata"
	pickPath     = "/demo/saml"
	endPath      = "/demo/saml/end"
)

// The bounds of what the provider remembers.
const (
	mostRequests = 256
	mostSessions = 20
)

// IdP is the demonstration's SAML identity provider, for every SAML connection of the configuration that names it.
//
//	NewIdP ──► Adopt: the connections get its metadata ──► Serve: it learns of the academy and gets its pages
type IdP struct {
	cfg         Config
	engine      *idp.IdP
	metadata    []byte
	adopted     map[string]bool
	connections []spConnection

	mu       sync.Mutex
	requests map[string]*idp.AuthnRequest // by the handle in the form
	handles  []string                     // oldest first
	sessions []idpSession                 // newest first
}

// spConnection is one SAML connection as the provider, on the other side of it, sees it.
type spConnection struct {
	conn     tenant.Connection
	owner    string // the tenant's title; "" for the main site
	entityID string
	acs      string // where answers go
	login    string // where a login begins
	mapping  attrs.Mapping
	people   []person
	menu     []faultGroup
}

// idpSession is a user the provider signed in somewhere.
type idpSession struct {
	ID, Connection, Name string
	At                   time.Time
	sp                   string
	nameID               idp.NameID
	index                string
}

// NewIdP makes the provider, with the key it signs by.
func NewIdP(baseURL string, key saml.Key, now func() time.Time) (*IdP, error) {
	engine, err := idp.New(idp.Config{
		EntityID: baseURL + metadataPath, SSOURL: baseURL + ssoPath, SLOURL: baseURL + sloPath,
		Keys: []idp.Key{{Signer: key.Signer, Certificate: key.Certificate}}, Now: now,
	})
	if err != nil {
		return nil, err
	}
	p := &IdP{engine: engine, adopted: map[string]bool{}, requests: map[string]*idp.AuthnRequest{}}
	p.metadata, err = engine.Metadata(idp.MetadataOptions{})
	return p, err
}

// Adopts reports whether a connection names the provider's address, on whatever port of this machine.
func Adopts(c tenant.Connection) bool {
	u, err := url.Parse(c.SAML.IdP.MetadataURL)
	return c.Protocol == lmssso.SAML && err == nil && u.Path == metadataPath && config.Loopback(u.Hostname())
}

// Adopt gives the provider's metadata to the connections that name its address, in place of the address: it answers only
// once the academy is up, and a connection wants to know it before.
func (p *IdP) Adopt(f config.File) config.File {
	connections := f.Connections
	f.Connections = nil
	for _, c := range connections {
		if Adopts(c) {
			c.SAML.IdP.MetadataURL, c.SAML.IdP.MetadataXML, c.AllowPrivateAddresses = "", string(p.metadata), false
			p.adopted[c.ID] = true
		}
		f.Connections = append(f.Connections, c)
	}
	return f
}

// Serve makes the academy's side known to the provider, from its own metadata, and registers the provider's pages. own
// takes the pages, open the endpoints that other sites may post to.
func (p *IdP) Serve(cfg Config, own, open interface{ Handle(string, http.Handler) }) error {
	p.cfg = cfg
	for i, conn := range cfg.File.Connections {
		if !p.adopted[conn.ID] {
			continue
		}
		c, err := p.connection(conn, cfg.Connections[i])
		if err != nil {
			return fmt.Errorf("demo identity provider, connections[%d]: %w", i, err)
		}
		p.connections = append(p.connections, c)
	}
	own.Handle("GET "+pickPath, http.HandlerFunc(p.idle))
	own.Handle("POST "+pickPath, http.HandlerFunc(p.send))
	own.Handle("POST "+endPath, http.HandlerFunc(p.end))
	own.Handle("GET "+metadataPath, p.engine.MetadataHandler(func() idp.MetadataOptions { return idp.MetadataOptions{} }))
	for _, method := range []string{"GET ", "POST "} {
		open.Handle(method+ssoPath, http.HandlerFunc(p.sso))
		open.Handle(method+sloPath, http.HandlerFunc(p.logout))
	}
	return nil
}

func (p *IdP) connection(conn tenant.Connection, info tenant.Info) (spConnection, error) {
	at := func(path string) string {
		if conn.Tenant != "" {
			path += "/" + conn.Tenant
		}
		return path
	}
	sp, err := p.learn(at("/access/saml/metadata"))
	if err != nil {
		return spConnection{}, err
	}
	c := spConnection{conn: conn, entityID: sp.EntityID, acs: sp.ACS[0], login: at("/access/saml/login"), mapping: conn.Mapping}
	if preset, ok := saml.NamedPreset(conn.Preset); ok {
		c.mapping = c.mapping.Over(preset.Mapping)
	}
	for _, t := range p.cfg.File.Tenants {
		if t.Slug == conn.Tenant {
			c.owner = t.Title
		}
	}
	c.people, c.menu = peopleOf(p.cfg.File, info, c.carries(attrs.Role)), c.menuOf()
	return c, nil
}

// learn reads the academy's metadata and registers it.
func (p *IdP) learn(path string) (*idp.SP, error) {
	r, err := http.NewRequest(http.MethodGet, path, http.NoBody)
	if err != nil {
		return nil, err
	}
	r.Host = hostOf(p.engine.EntityID())
	page := &kept{header: http.Header{}}
	p.cfg.Site.ServeHTTP(page, r)
	sp, err := idp.ParseSPMetadata(page.body.Bytes())
	if err != nil {
		return nil, err
	}
	if len(sp.ACS) == 0 {
		return nil, errors.New("the academy's metadata has no assertion consumer service")
	}
	return sp, p.engine.Register(*sp)
}

// kept keeps an answer's body.
type kept struct {
	header http.Header
	body   bytes.Buffer
}

func (k *kept) Header() http.Header         { return k.header }
func (k *kept) Write(b []byte) (int, error) { return k.body.Write(b) }
func (k *kept) WriteHeader(int)             {}

func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return u.Host
}

func (c *spConnection) carries(k attrs.Key) bool { return len(c.mapping[k].From) > 0 }

// find returns the connection with the id, else the first one for "".
func (p *IdP) find(id string) (*spConnection, bool) {
	for i := range p.connections {
		if p.connections[i].conn.ID == id || id == "" {
			return &p.connections[i], true
		}
	}
	return nil, false
}

// asking returns the connection of a service provider.
func (p *IdP) asking(entityID string) (*spConnection, bool) {
	for i := range p.connections {
		if p.connections[i].entityID == entityID {
			return &p.connections[i], true
		}
	}
	return nil, false
}

// serves reports whether a connection's provider is this one.
func (p *IdP) serves(connection string) bool { return p != nil && p.adopted[connection] }

// remember keeps a request until its form comes back, and returns its handle. The oldest go first.
func (p *IdP) remember(req *idp.AuthnRequest) string {
	handle := rand.Text()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests[handle], p.handles = req, append(p.handles, handle)
	if len(p.handles) > mostRequests {
		delete(p.requests, p.handles[0])
		p.handles = p.handles[1:]
	}
	return handle
}

func (p *IdP) request(handle string) *idp.AuthnRequest {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.requests[handle]
}
