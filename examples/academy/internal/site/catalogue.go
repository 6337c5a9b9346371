package site

import (
	"cmp"
	"maps"
	"slices"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/provision"
)

// catalogue finds what pages show by the names accounts hold.
type catalogue struct {
	courses, paths, bundles map[string]string // titles by slug
	licenses                map[string]provision.License
	tenants                 map[string]provision.Tenant // by id
	bySlug                  map[string]provision.Tenant
	roles                   map[string]provision.Role
}

func newCatalogue(f provision.Facts) catalogue {
	c := catalogue{
		courses: map[string]string{}, paths: map[string]string{}, bundles: map[string]string{},
		licenses: map[string]provision.License{}, tenants: map[string]provision.Tenant{},
		bySlug: map[string]provision.Tenant{}, roles: map[string]provision.Role{},
	}
	for _, x := range f.Courses {
		c.courses[x.Slug] = cmp.Or(x.Title, x.Slug)
	}
	for _, x := range f.LearningPaths {
		c.paths[x.Slug] = cmp.Or(x.Title, x.Slug)
	}
	for _, x := range f.Bundles {
		c.bundles[x.Slug] = cmp.Or(x.Title, x.Slug)
	}
	for _, x := range f.Licenses {
		c.licenses[x.ID] = x
	}
	for _, x := range f.Tenants {
		x.Title = cmp.Or(x.Title, x.Slug)
		c.tenants[x.ID], c.bySlug[x.Slug] = x, x
	}
	for _, x := range f.Roles {
		c.roles[x.Slug] = x
	}
	return c
}

// otherRoles lists the roles of the kind an account does not have, which its other side could get.
func (c catalogue) otherRoles(side lmssso.Side) []string {
	var out []string
	for _, r := range c.roles {
		if r.Kind != side {
			out = append(out, r.Slug)
		}
	}
	slices.Sort(out)
	return out
}

// heldBundles lists what an account holds by listing and by a connection's subscription.
func heldBundles(g lmssso.Grants) []string {
	all := slices.Sorted(maps.Values(g.SSOBundles))
	all = append(all, g.Bundles...)
	slices.Sort(all)
	return slices.Compact(all)
}
