package lmssso

import "github.com/lmssso/lmssso/attrs"

// Access is what a login grants. Grants add to what the account holds; only the Replace flags take anything away.
type Access struct {
	// CourseSlugs and CourseSKUs grant courses; both are spellings of one list.
	CourseSlugs, CourseSKUs attrs.Value
	// LearningPathSlugs grants learning paths.
	LearningPathSlugs attrs.Value
	// BundleSlugs grants subscriptions.
	BundleSlugs attrs.Value
	// StudentLicenses give a learner's place in a sublicense.
	StudentLicenses LicenseRefs
	// ManagerLicenses give an administrator's place in a sublicense.
	ManagerLicenses LicenseRefs
	// ActiveLicenseIDs marks held licences as the active ones.
	ActiveLicenseIDs attrs.Value
	// LicenseCourseSKUs are courses an administrator sees reports for.
	LicenseCourseSKUs attrs.Value
	// ParentLicenseSKU is the parent of the licences named.
	ParentLicenseSKU attrs.Value
	// Replace says which families of grants this login's lists replace.
	Replace Replace
	// Target selects the tenant the user belongs to.
	Target Target
	// ClearCart asks the application to empty the user's cart.
	ClearCart bool
}

// LicenseRefs names licences by id, by SKU, or both; the two are spellings of one list.
type LicenseRefs struct {
	// IDs are licence ids.
	IDs attrs.Value
	// SKUs are licence SKUs.
	SKUs attrs.Value
}

// Replace says which families of grants are replaced rather than added to.
type Replace struct {
	// Courses revokes courses not listed; in SAML and OpenID Connect learning paths as well.
	Courses bool
	// LearningPaths revokes learning paths not listed.
	LearningPaths bool
	// Licenses revokes student and manager licences not listed.
	Licenses bool
	// TieredSubscription leaves exactly the one bundle listed.
	TieredSubscription bool
}

// Target selects the tenant ("Panorama") the user belongs to. Selectors that name different tenants are refused.
type Target struct {
	// ID, SKU and Slug are three names of a tenant, as the login sent them.
	ID, SKU, Slug attrs.Value
	// Path is the tenant slug of the endpoint the login arrived at; "" for the main site's.
	Path string
}
