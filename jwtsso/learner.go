package jwtsso

import (
	"maps"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
)

// Learner is who a token signs in and what it grants. A text left "" is not mentioned, so that the platform keeps what it
// has; to clear something there, put [attrs.Cleared] into More.
type Learner struct {
	// ExternalID is the identifier of your own system: unique, and never given to anybody else. Not an email address,
	// which can change.
	ExternalID string
	// Email is a plain address.
	Email string
	// FirstName and LastName are the person's names. A dialect with one claim for the name gets both, joined.
	FirstName, LastName string
	// Role is the role's slug, such as student or client-manager. "" leaves the role to the platform: student for a new
	// user.
	Role string
	// DualRole says that the user has a learner and a manager account there, and that Role chooses between them.
	DualRole bool
	// Access lists what the login grants and what it replaces. Target selects the tenant; Target.Path is not sent.
	Access lmssso.Access
	// CustomFields sets further fields; a blank value clears one.
	CustomFields map[string]attrs.Value
	// More sets any other attribute of the catalogue by its key, and goes over the fields above.
	More map[attrs.Key]attrs.Value
}

// LearnerFrom makes a learner of a login verified elsewhere, to pass it on to another platform. Everything it said goes
// along but the return target, which was made for this site.
func LearnerFrom(a *lmssso.Assertion) Learner {
	p := a.Profile
	l := Learner{
		ExternalID: a.Link.ExternalID, DualRole: p.DualRole, Access: a.Access,
		CustomFields: maps.Clone(p.CustomFields), More: map[attrs.Key]attrs.Value{},
	}
	put := func(k attrs.Key, v attrs.Value) {
		if !v.IsAbsent() {
			l.More[k] = v
		}
	}
	put(attrs.Email, p.Email)
	put(attrs.FirstName, p.FirstName)
	put(attrs.LastName, p.LastName)
	put(attrs.Role, p.Role)
	put(attrs.Language, p.Language)
	put(attrs.IMISID, p.IDs.IMIS)
	put(attrs.SalesforceContactID, p.IDs.SalesforceContact)
	put(attrs.SalesforceAccountID, p.IDs.SalesforceAccount)
	put(attrs.Bio, p.About.Bio)
	put(attrs.Company, p.About.Company)
	put(attrs.Timezone, p.About.Timezone)
	put(attrs.Picture, p.About.Picture)
	for i, ref := range p.Refs {
		put(attrs.Ref(i+1), ref)
	}
	return l
}

// set gathers what the learner says, attribute by attribute.
func (l Learner) set() attrs.Set {
	s := attrs.Set{Values: make(map[attrs.Key]attrs.Value, 16), Fields: l.CustomFields}
	for _, one := range [...]struct {
		key  attrs.Key
		text string
	}{
		{attrs.ExternalID, l.ExternalID}, {attrs.Email, l.Email}, {attrs.FirstName, l.FirstName},
		{attrs.LastName, l.LastName}, {attrs.Role, l.Role},
	} {
		if one.text != "" {
			s.Values[one.key] = attrs.Text(one.text)
		}
	}
	l.access(s.Values)
	maps.Copy(s.Values, l.More)
	maps.DeleteFunc(s.Values, func(_ attrs.Key, v attrs.Value) bool { return v.IsAbsent() })
	return s
}

func (l Learner) access(values map[attrs.Key]attrs.Value) {
	a := l.Access
	for _, one := range [...]struct {
		key   attrs.Key
		value attrs.Value
	}{
		{attrs.CourseSlugs, a.CourseSlugs}, {attrs.CourseSKUs, a.CourseSKUs},
		{attrs.LearningPathSlugs, a.LearningPathSlugs}, {attrs.BundleSlugs, a.BundleSlugs},
		{attrs.StudentLicenseIDs, a.StudentLicenses.IDs}, {attrs.StudentLicenseSKUs, a.StudentLicenses.SKUs},
		{attrs.ManagerLicenseIDs, a.ManagerLicenses.IDs}, {attrs.ManagerLicenseSKUs, a.ManagerLicenses.SKUs},
		{attrs.ActiveLicenseIDs, a.ActiveLicenseIDs}, {attrs.LicenseCourseSKUs, a.LicenseCourseSKUs},
		{attrs.ParentLicenseSKU, a.ParentLicenseSKU},
		{attrs.ClientID, a.Target.ID}, {attrs.ClientSKU, a.Target.SKU}, {attrs.ClientSlug, a.Target.Slug},
	} {
		if !one.value.IsAbsent() {
			values[one.key] = one.value
		}
	}
	for _, one := range [...]struct {
		key attrs.Key
		on  bool
	}{
		{attrs.DualRole, l.DualRole}, {attrs.ReplaceCourses, a.Replace.Courses},
		{attrs.ReplacePaths, a.Replace.LearningPaths}, {attrs.ReplaceLicenses, a.Replace.Licenses},
		{attrs.TieredSubscription, a.Replace.TieredSubscription}, {attrs.ClearCart, a.ClearCart},
	} {
		if one.on {
			values[one.key] = attrs.Text("true")
		}
	}
}
