package memory

import (
	"slices"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/provision"
)

// catalogue holds the facts, found by every name they have. It does not change once made.
type catalogue struct {
	list  []provision.Role
	roles map[string]provision.Role

	courses, courseSKUs              map[string]provision.Course
	paths                            map[string]provision.LearningPath
	bundles                          map[string]provision.Bundle
	licenses, licenseSKUs            map[string]provision.License
	tenants, tenantSKUs, tenantSlugs map[string]provision.Tenant
}

// newCatalogue indexes the facts and returns what is wrong with them.
func newCatalogue(f provision.Facts) (catalogue, []string) {
	b := &faults{}
	c := catalogue{
		list:        slices.Clone(f.Roles),
		roles:       index(b, "role slug", required, f.Roles, func(r provision.Role) string { return r.Slug }),
		courses:     index(b, "course slug", required, f.Courses, func(c provision.Course) string { return c.Slug }),
		courseSKUs:  index(b, "course SKU", optional, f.Courses, func(c provision.Course) string { return c.SKU }),
		paths:       index(b, "learning path slug", required, f.LearningPaths, func(l provision.LearningPath) string { return l.Slug }),
		bundles:     index(b, "bundle slug", required, f.Bundles, func(x provision.Bundle) string { return x.Slug }),
		licenses:    index(b, "licence id", required, f.Licenses, func(l provision.License) string { return l.ID }),
		licenseSKUs: index(b, "licence SKU", optional, f.Licenses, func(l provision.License) string { return l.SKU }),
		tenants:     index(b, "tenant id", required, f.Tenants, func(t provision.Tenant) string { return t.ID }),
		tenantSKUs:  index(b, "tenant SKU", optional, f.Tenants, func(t provision.Tenant) string { return t.SKU }),
		tenantSlugs: index(b, "tenant slug", required, f.Tenants, func(t provision.Tenant) string { return t.Slug }),
	}
	for _, r := range f.Roles {
		if r.Kind != lmssso.Learner && r.Kind != lmssso.Manager {
			b.add("the role " + r.Slug + " is of no kind")
		}
		if r.Scope != provision.SiteScope && r.Scope != provision.TenantScope {
			b.add("the role " + r.Slug + " has no scope")
		}
	}
	for _, l := range f.Licenses {
		if l.Tenant != "" && !has(c.tenants, l.Tenant) {
			b.add("licence " + l.ID + " belongs to a tenant that is not in the catalogue")
		}
	}
	return c, b.list
}

// faults collects what is wrong with a catalogue.
type faults struct{ list []string }

func (f *faults) add(text string) { f.list = append(f.list, text) }

// need says whether a name may be left empty.
type need bool

const (
	required need = true
	optional need = false
)

// index finds items by one of their names. It reports a name used twice, and one left empty that is required.
func index[T any](b *faults, what string, n need, items []T, name func(T) string) map[string]T {
	m := make(map[string]T, len(items))
	for _, item := range items {
		switch key := name(item); {
		case key == "" && n == required:
			b.add("a " + what + " is empty")
		case key == "":
		case has(m, key):
			b.add("the " + what + " " + key + " is used twice")
		default:
			m[key] = item
		}
	}
	return m
}

// mentioned returns every role, the facts the names ask for, and the tenants of the accounts and licences returned.
func (c *catalogue) mentioned(n provision.Names, s provision.Snapshot) provision.Facts {
	f := provision.Facts{
		Roles:         slices.Clone(c.list),
		Courses:       pick(pick(nil, c.courses, n.CourseSlugs), c.courseSKUs, n.CourseSKUs),
		LearningPaths: pick(nil, c.paths, n.LearningPaths),
		Bundles:       pick(nil, c.bundles, n.Bundles),
		Licenses:      pick(pick(nil, c.licenses, n.LicenseIDs), c.licenseSKUs, n.LicenseSKUs),
	}
	f.Tenants = pick(pick(pick(nil, c.tenants, n.TenantIDs), c.tenantSKUs, n.TenantSKUs), c.tenantSlugs, n.TenantSlugs)
	f.Tenants = pick(f.Tenants, c.tenants, owners(s, f.Licenses))
	f.Courses, f.LearningPaths, f.Bundles = unique(f.Courses), unique(f.LearningPaths), unique(f.Bundles)
	f.Licenses, f.Tenants = unique(f.Licenses), unique(f.Tenants)
	return f
}

// owners lists the ids of the tenants that the accounts and licences belong to.
func owners(s provision.Snapshot, licenses []provision.License) []string {
	var ids []string
	for _, accounts := range [][]lmssso.Account{s.ByLink, s.ByEmail, s.ByID} {
		for i := range accounts {
			ids = append(ids, accounts[i].Tenant)
		}
	}
	for _, l := range licenses {
		ids = append(ids, l.Tenant)
	}
	return ids
}

// pick appends what the index knows of the names.
func pick[T any](to []T, index map[string]T, names []string) []T {
	for _, name := range names {
		if item, ok := index[name]; ok {
			to = append(to, item)
		}
	}
	return to
}

// unique returns the items without repeats, in the order of their first appearance.
func unique[T comparable](items []T) []T {
	if len(items) < 2 {
		return items
	}
	seen := make(map[T]bool, len(items))
	return slices.DeleteFunc(items, func(item T) bool {
		again := seen[item]
		seen[item] = true
		return again
	})
}
