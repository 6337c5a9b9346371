// Package demo is the other side, for trying the academy: a portal, an identity provider and an OpenID provider that sign
// anybody in as anybody, by JWT, SAML and OpenID Connect, and can send every kind of fault to show what a refusal looks
// like. It is mounted only where the configuration says "demo", and only on loopback.
//
// Good tokens are minted by the library's own jwtsso.Issuer, the way a customer's backend would. Faulty ones are made
// here by hand, because the Issuer refuses to make them. SAML responses and ID tokens, good and faulty, are made by engines
// that share nothing with the library's verifiers.
package demo

import (
	"fmt"
	"net/http"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/examples/academy/internal/config"
	"github.com/lmssso/lmssso/examples/academy/internal/ui"
	"github.com/lmssso/lmssso/jwtsso"
	"github.com/lmssso/lmssso/tenant"
)

// Config is what the portal needs of the academy.
type Config struct {
	// File is the academy's configuration, with the keys of its connections.
	File config.File
	// Connections describe the mounted connections.
	Connections []tenant.Info
	// Now is the clock.
	Now func() time.Time
	// Site answers a token the portal sends by itself, to have it used before the browser brings it.
	Site http.Handler
	// IdP is the demonstration's SAML identity provider, OP its OpenID provider; nil is none.
	IdP *IdP
	OP  *OP
	// Show renders a page in the academy's frame.
	Show func(w http.ResponseWriter, r *http.Request, status int, name string, p ui.Page)
}

// Portal is the demonstration's identity provider.
type Portal struct {
	cfg         Config
	connections []connection
}

// connection is one connection as the portal, on the other side of it, sees it.
type connection struct {
	id, title string
	tenant    string // the owner's title; "" for the main site
	endpoint  string
	dialect   jwtsso.Dialect
	key       lmssso.Secret
	issuer    *jwtsso.Issuer
	people    []person
	// forbiddenTenant and forbiddenLicense exist, but are beyond the connection's policy; "" when nothing is.
	forbiddenTenant, forbiddenLicense string
}

// carries reports whether the dialect has a claim for the attribute.
func (c *connection) carries(k attrs.Key) bool { return c.claim(k) != "" }

// claim returns the name of the claim with the attribute; "" when the dialect has none.
func (c *connection) claim(k attrs.Key) string {
	if from := c.dialect.Claims[k].From; len(from) > 0 {
		return from[0]
	}
	return ""
}

// New makes a portal for every JWT connection of the configuration.
func New(cfg Config) (*Portal, error) {
	p := &Portal{cfg: cfg}
	for i, conn := range cfg.File.Connections {
		if conn.Protocol != lmssso.JWT {
			continue
		}
		c, err := p.connection(conn, cfg.Connections[i])
		if err != nil {
			return nil, fmt.Errorf("demo portal, connections[%d]: %w", i, err)
		}
		p.connections = append(p.connections, c)
	}
	return p, nil
}

func (p *Portal) connection(conn tenant.Connection, info tenant.Info) (connection, error) {
	d, ok := jwtsso.Named(conn.JWT.Dialect)
	if !ok {
		return connection{}, fmt.Errorf("no dialect %q", conn.JWT.Dialect)
	}
	d.Claims = conn.Mapping.Over(d.Claims)
	c := connection{id: conn.ID, title: DialectTitle(d.Name), endpoint: info.Endpoints[0], dialect: d, key: conn.JWT.Keys[0]}
	for _, t := range p.cfg.File.Tenants {
		if t.Slug == conn.Tenant {
			c.tenant = t.Title
		}
	}
	c.people = peopleOf(p.cfg.File, info, c.carries(attrs.Role))
	c.forbiddenTenant, c.forbiddenLicense = beyond(p.cfg.File, info.Policy)
	var err error
	c.issuer, err = jwtsso.NewIssuer(jwtsso.IssuerConfig{
		Dialect: d, Endpoint: c.endpoint, Keys: conn.JWT.Keys, AllowShortKeys: conn.JWT.AllowShortKeys,
		Expect: jwtsso.Expect{Issuer: conn.JWT.Issuer, Audience: conn.JWT.Audience}, Now: p.cfg.Now,
	})
	return c, err
}

// beyond finds a tenant and a licence that exist and that the policy does not allow.
func beyond(f config.File, policy lmssso.Policy) (slug, sku string) {
	for _, t := range f.Tenants {
		if policy.AllowsTenant(t.ID, t.Slug) {
			continue
		}
		slug = t.Slug
		for _, l := range f.Catalogue.Licenses {
			if l.Tenant == t.Slug {
				sku = l.SKU
			}
		}
	}
	return slug, sku
}

// DialectTitle writes a dialect's name as people do.
func DialectTitle(name string) string {
	switch name {
	case "thoughtindustries":
		return "Thought Industries"
	case "thinkific":
		return "Thinkific"
	case "zendesk":
		return "Zendesk"
	}
	return name
}

// Mount registers the portal's pages.
func (p *Portal) Mount(mux *http.ServeMux) {
	mux.HandleFunc("GET /demo/jwt", p.form)
	mux.HandleFunc("POST /demo/jwt", p.send)
	first := "/demo/jwt"
	switch {
	case len(p.connections) > 0:
	case p.cfg.IdP != nil:
		first = pickPath
	case p.cfg.OP != nil:
		first = opPickPath
	}
	mux.HandleFunc("GET /demo/{$}", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, first, http.StatusSeeOther) })
}

// find returns the connection with the id, else the first one.
func (p *Portal) find(id string) (*connection, bool) {
	for i := range p.connections {
		if p.connections[i].id == id || id == "" {
			return &p.connections[i], true
		}
	}
	return nil, false
}
