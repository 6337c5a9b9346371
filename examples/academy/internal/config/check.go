package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/provision"
	"github.com/lmssso/lmssso/tenant"
)

// checker collects faults.
type checker struct {
	file   File
	faults tenant.Faults
}

func (c *checker) fault(path, format string, args ...any) {
	c.faults = append(c.faults, tenant.Fault{Path: path, Text: fmt.Sprintf(format, args...)})
}

// Check lists what is wrong with the configuration; nil when nothing is.
func (f File) Check() tenant.Faults {
	c := &checker{file: f, faults: f.Config.Check()}
	c.store("directory", f.Directory)
	c.store("singleUse", f.SingleUse)
	if f.Demo && !f.onLoopback() {
		c.fault("demo", "needs a base URL on loopback: the portal signs anybody in as anybody")
	}
	c.catalogue()
	for i, a := range f.Accounts {
		c.account(fmt.Sprintf("accounts[%d]", i), a)
	}
	c.accountsOnce()
	return c.faults
}

func (c *checker) store(path, url string) {
	kind, file, _ := strings.Cut(url, ":")
	switch {
	case url == "memory:":
	case kind == "sqlite" && file != "":
	case kind == "postgres":
		c.fault(path, "names PostgreSQL, for which this program has no driver yet: use sqlite:FILE or memory:")
	case kind == "redis" && path == "singleUse":
		c.fault(path, "names Redis, for which this program has no client yet: use sqlite:FILE or memory:")
	default:
		c.fault(path, "must be memory: or sqlite:FILE")
	}
}

// once reports names that are empty though required, or used twice.
type once struct {
	c    *checker
	seen map[string]string
}

func (o once) name(path, field, value string, required bool) {
	at := path + "." + field
	switch first, taken := o.seen[field+" "+value]; {
	case value == "" && required:
		o.c.fault(at, "is missing")
	case value == "":
	case taken:
		o.c.fault(at, "is also %s's", first)
	default:
		o.seen[field+" "+value] = path
	}
}

func (c *checker) catalogue() {
	cat := c.file.Catalogue
	o := once{c, map[string]string{}}
	for i, x := range cat.Courses {
		path := fmt.Sprintf("catalogue.courses[%d]", i)
		o.name(path, "slug", x.Slug, true)
		o.name(path, "sku", x.SKU, false)
	}
	o = once{c, map[string]string{}}
	for i, x := range cat.LearningPaths {
		o.name(fmt.Sprintf("catalogue.learningPaths[%d]", i), "slug", x.Slug, true)
	}
	o = once{c, map[string]string{}}
	for i, x := range cat.Bundles {
		o.name(fmt.Sprintf("catalogue.bundles[%d]", i), "slug", x.Slug, true)
	}
	o = once{c, map[string]string{}}
	for i, x := range cat.Licenses {
		path := fmt.Sprintf("catalogue.licenses[%d]", i)
		o.name(path, "id", x.ID, true)
		o.name(path, "sku", x.SKU, false)
		c.tenant(path+".tenant", x.Tenant)
	}
	o = once{c, map[string]string{}}
	for i, x := range cat.Roles {
		path := fmt.Sprintf("catalogue.roles[%d]", i)
		o.name(path, "slug", x.Slug, true)
		c.role(path, x)
	}
}

func (c *checker) role(path string, r Role) {
	if r.Kind != lmssso.Learner && r.Kind != lmssso.Manager {
		c.fault(path+".kind", "must be learner or manager")
	}
	if r.Scope != provision.SiteScope && r.Scope != provision.TenantScope {
		c.fault(path+".scope", "must be site or tenant")
	}
	if r.Slug == lmssso.StudentRole && r.Kind != lmssso.Learner {
		c.fault(path+".kind", "must be learner: every new account is a student")
	}
}

func (c *checker) tenant(path, slug string) {
	if slug != "" && c.file.tenantID(slug) == "" {
		c.fault(path, "names no tenant")
	}
}

func (c *checker) account(path string, a Account) {
	if !strings.Contains(a.Email, "@") {
		c.fault(path+".email", "must be an email address")
	}
	c.tenant(path+".tenant", a.Tenant)
	role, known := c.file.role(a.Role)
	if !known {
		c.fault(path+".role", "names no role of the catalogue")
	}
	if other, ok := c.file.role(string(a.DualRole)); a.DualRole != "" && (!ok || known && other.Kind == role.Kind) {
		c.fault(path+".dualRole", "must be a role of the catalogue, of the other kind")
	}
	for _, g := range []struct {
		name  string
		slugs []string
		known func(string) bool
	}{
		{"courses", a.Courses, func(s string) bool {
			return slices.ContainsFunc(c.file.Catalogue.Courses, func(x provision.Course) bool { return x.Slug == s })
		}},
		{"learningPaths", a.LearningPaths, func(s string) bool {
			return slices.ContainsFunc(c.file.Catalogue.LearningPaths, func(x provision.LearningPath) bool { return x.Slug == s })
		}},
		{"bundles", a.Bundles, func(s string) bool {
			return slices.ContainsFunc(c.file.Catalogue.Bundles, func(x provision.Bundle) bool { return x.Slug == s })
		}},
	} {
		for i, slug := range g.slugs {
			if !g.known(slug) {
				c.fault(fmt.Sprintf("%s.%s[%d]", path, g.name, i), "is not in the catalogue")
			}
		}
	}
}

// accountsOnce reports external ids and addresses that stand twice within a realm.
func (c *checker) accountsOnce() {
	seen := map[[3]string]int{}
	for i, a := range c.file.Accounts {
		for _, f := range []struct{ name, value string }{{"externalID", a.ExternalID}, {"email", strings.ToLower(a.Email)}} {
			key := [3]string{a.Realm, f.name, f.value}
			if first, taken := seen[key]; taken && f.value != "" {
				c.fault(fmt.Sprintf("accounts[%d].%s", i, f.name), "is also accounts[%d]'s: a user with two roles is one account with dualRole", first)
			} else {
				seen[key] = i
			}
		}
	}
}

// Lint lists what is allowed but deserves a second look. It expects a configuration without faults.
func (f File) Lint() []tenant.Fault {
	out := f.Config.Lint()
	if n := len(string(f.AdminToken)); n > 0 && n < 20 {
		out = append(out, tenant.Fault{Path: "adminToken", Text: "is short enough to be guessed"})
	}
	for i, conn := range f.Connections {
		path := fmt.Sprintf("connections[%d]", i)
		for j, slug := range conn.Policy.Roles {
			if _, ok := f.role(slug); !ok {
				out = append(out, tenant.Fault{Path: fmt.Sprintf("%s.policy.roles[%d]", path, j), Text: "names no role of the catalogue"})
			}
		}
		if s := conn.SSOSubscription; s != "" && !slices.ContainsFunc(f.Catalogue.Bundles, func(b provision.Bundle) bool { return b.Slug == s }) {
			out = append(out, tenant.Fault{Path: path + ".ssoSubscription", Text: "names no bundle of the catalogue"})
		}
	}
	return out
}
