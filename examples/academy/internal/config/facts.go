package config

import (
	"slices"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/provision"
)

// Facts returns the whole catalogue as a directory takes it. The role student is always there.
func (f File) Facts() provision.Facts {
	facts := provision.Facts{
		Courses: slices.Clone(f.Catalogue.Courses), LearningPaths: slices.Clone(f.Catalogue.LearningPaths),
		Bundles: slices.Clone(f.Catalogue.Bundles), Roles: f.roles(),
	}
	for _, l := range f.Catalogue.Licenses {
		facts.Licenses = append(facts.Licenses, provision.License{ID: l.ID, SKU: l.SKU, Title: l.Title, Tenant: f.tenantID(l.Tenant)})
	}
	for _, t := range f.Tenants {
		facts.Tenants = append(facts.Tenants, provision.Tenant{ID: t.ID, SKU: t.SKU, Slug: t.Slug, Title: t.Title})
	}
	return facts
}

func (f File) roles() []provision.Role {
	var out []provision.Role
	for _, r := range f.Catalogue.Roles {
		out = append(out, provision.Role(r))
	}
	if !slices.ContainsFunc(out, func(r provision.Role) bool { return r.Slug == lmssso.StudentRole }) {
		out = append(out, provision.Role(bareRole(lmssso.StudentRole)))
	}
	return out
}

func (f File) role(slug string) (provision.Role, bool) {
	all := f.roles()
	if i := slices.IndexFunc(all, func(r provision.Role) bool { return r.Slug == slug }); i >= 0 {
		return all[i], true
	}
	return provision.Role{}, false
}

// tenantID returns the immutable id of the tenant with the slug; "" when there is none.
func (f File) tenantID(slug string) string {
	for _, t := range f.Tenants {
		if t.Slug == slug && slug != "" {
			return t.ID
		}
	}
	return ""
}

// Stored returns the account as a directory stores it, with the role's kind as its side.
func (f File) Stored(a Account) lmssso.Account {
	role, _ := f.role(a.Role)
	return lmssso.Account{
		Link:    lmssso.Link{Realm: a.Realm, ExternalID: a.ExternalID},
		Email:   a.Email,
		Role:    a.Role,
		Side:    role.Kind,
		Tenant:  f.tenantID(a.Tenant),
		Profile: lmssso.StoredProfile{FirstName: a.FirstName, LastName: a.LastName},
		Grants: lmssso.Grants{
			Courses: slices.Sorted(slices.Values(a.Courses)), LearningPaths: slices.Sorted(slices.Values(a.LearningPaths)),
			Bundles: slices.Sorted(slices.Values(a.Bundles)),
		},
	}
}
