package tenant

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/lmssso/lmssso"
)

// mainRealm is the realm of the main site's connection unless it names another.
const mainRealm = "main"

// maxLeeway bounds the clock difference a SAML or OpenID Connect connection may tolerate.
const maxLeeway = 5 * time.Minute

var (
	slugForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	idForm   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)
)

// checker collects a configuration's faults.
type checker struct {
	cfg    Config
	faults Faults
}

func (c *checker) fault(path, format string, args ...any) {
	c.faults = append(c.faults, Fault{Path: path, Text: fmt.Sprintf(format, args...)})
}

// Check lists what is wrong with the configuration, each fault with its path; nil when nothing is. [New] asks it too.
func (cfg Config) Check() Faults {
	c := &checker{cfg: cfg}
	c.sites()
	c.tenants()
	c.connections()
	return c.faults
}

// sites checks the base URL and every safelist and settings, by building them.
func (c *checker) sites() {
	if _, err := buildSite(c.cfg.BaseURL, c.cfg.Safelist, c.cfg.Settings); err != nil {
		c.faults = append(c.faults, siteFaults("", err)...)
		return
	}
	for i, t := range c.cfg.Tenants {
		if _, err := buildSite(c.cfg.BaseURL, t.Safelist, t.Settings); err != nil {
			c.faults = append(c.faults, siteFaults(fmt.Sprintf("tenants[%d]", i), err)...)
		}
	}
}

func (c *checker) tenants() {
	seen := map[string]string{}
	once := func(path, what, value string) {
		if value == "" {
			return
		}
		if first, ok := seen[what+value]; ok {
			c.fault(path, "is also %s's", first)
		}
		seen[what+value] = strings.TrimSuffix(path, "."+what)
	}
	for i, t := range c.cfg.Tenants {
		path := fmt.Sprintf("tenants[%d]", i)
		if !slugForm.MatchString(t.Slug) {
			c.fault(path+".slug", "must be lower-case letters, digits and single hyphens")
		}
		if !idForm.MatchString(t.ID) || t.ID == mainRealm {
			c.fault(path+".id", "must be the tenant's immutable id, of letters, digits, dots and hyphens")
		}
		once(path+".slug", "slug", t.Slug)
		once(path+".id", "id", t.ID)
		once(path+".sku", "sku", t.SKU)
	}
}

func (c *checker) connections() {
	ids, routes, owned := map[string]string{}, map[string]string{}, map[string]int{}
	for _, conn := range c.cfg.Connections {
		owned[conn.Tenant]++
	}
	for i, conn := range c.cfg.Connections {
		path := fmt.Sprintf("connections[%d]", i)
		if first, ok := ids[conn.ID]; ok {
			c.fault(path+".id", "is also %s's", first)
		}
		ids[conn.ID] = path
		c.connection(path, conn, owned[conn.Tenant])
		plug, ok := plugOf(conn.Protocol)
		if !ok {
			continue
		}
		c.faults = append(c.faults, under(path, plug.check(conn))...)
		for _, route := range plug.paths(conn) {
			key := route + "/" + conn.Tenant
			if first, taken := routes[key]; taken {
				c.fault(path, "answers on the same path as %s: a site has one connection a path", first)
			}
			routes[key] = path
		}
	}
}

// connection checks what all protocols share.
func (c *checker) connection(path string, conn Connection, siblings int) {
	if !idForm.MatchString(conn.ID) {
		c.fault(path+".id", "must be letters, digits, dots, hyphens and underscores, at most 128")
	}
	if conn.Tenant != "" && c.tenant(conn.Tenant) == nil {
		c.fault(path+".tenant", "names no tenant")
	}
	if _, ok := plugOf(conn.Protocol); !ok {
		c.fault(path+".protocol", `must be "jwt", "saml" or "oidc"`)
	}
	if conn.Realm == "" && siblings > 1 {
		c.fault(path+".realm", "is missing: the owner has several connections, so each must name the realm of its external ids")
	}
	if conn.Tenant != "" && siblings > 1 {
		c.fault(path+".tenant", "has more than one connection: a tenant inherits the main site's or has exactly one")
	}
	if l := time.Duration(conn.Leeway); l < 0 || l > maxLeeway {
		c.fault(path+".leeway", "must be at most %s", maxLeeway)
	}
	if conn.MaxAuthnAge < 0 {
		c.fault(path+".maxAuthnAge", "must be a length of time")
	}
	for _, other := range []struct {
		protocol lmssso.Protocol
		settings any
	}{
		{lmssso.JWT, conn.JWT}, {lmssso.SAML, conn.SAML}, {lmssso.OIDC, conn.OIDC},
	} {
		if other.protocol != conn.Protocol && !isZero(other.settings) {
			c.fault(path+".protocol", "is %q, and settings of %q are there", conn.Protocol, other.protocol)
		}
	}
	for _, f := range conn.Mapping.Check() {
		c.fault(join(path+".mapping", f.Path), "%s", f.Text)
	}
	c.policy(path+".policy", conn)
}

func (c *checker) policy(path string, conn Connection) {
	p := conn.Policy
	for i, role := range p.Roles {
		if role == "" {
			c.fault(fmt.Sprintf("%s.roles[%d]", path, i), "is empty")
		}
	}
	for i, slug := range p.Tenants {
		at := fmt.Sprintf("%s.tenants[%d]", path, i)
		switch {
		case slug == lmssso.AnyTenant && conn.Tenant != "":
			c.fault(at, "covers every tenant, which only a connection of the main site may")
		case slug != lmssso.AnyTenant && c.tenant(slug) == nil:
			c.fault(at, "names no tenant")
		}
	}
	for i, domain := range p.EmailDomains {
		if !strings.Contains(domain, ".") || strings.ContainsAny(domain, "@*/: ") {
			c.fault(fmt.Sprintf("%s.emailDomains[%d]", path, i), "must be a domain such as example.com")
		}
	}
	if p.LinkVerifiedEmail && len(p.EmailDomains) == 0 {
		c.fault(path+".linkVerifiedEmail", "needs emailDomains: an address counts as verified only in a listed domain")
	}
}

func (c *checker) tenant(slug string) *Tenant {
	i := slices.IndexFunc(c.cfg.Tenants, func(t Tenant) bool { return t.Slug == slug })
	if i < 0 {
		return nil
	}
	return &c.cfg.Tenants[i]
}

// under puts a place before every fault's path.
func under(place string, faults Faults) Faults {
	out := make(Faults, len(faults))
	for i, f := range faults {
		out[i] = Fault{Path: join(place, f.Path), Text: f.Text}
	}
	return out
}
