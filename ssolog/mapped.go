package ssolog

import (
	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
)

// mapped says where an assertion holds one attribute of the catalogue, and whether the attribute is a list.
type mapped struct {
	key  attrs.Key
	list bool
	get  func(a *lmssso.Assertion) attrs.Value
}

// catalogue has one row an attribute, by JWT claim name (Thought Industries SSO guide, "JSON Web Token Settings", and the
// names this project adds). Custom fields and the ten refs are added by [mappedAttrs]. iat is among the message's own
// attributes, and the deprecated licenseSkus have become student licences by now.
var catalogue = [...]mapped{
	{key: attrs.ExternalID, get: func(a *lmssso.Assertion) attrs.Value { return optional(a.Link.ExternalID) }},
	{key: attrs.FirstName, get: func(a *lmssso.Assertion) attrs.Value { return a.Profile.FirstName }},
	{key: attrs.LastName, get: func(a *lmssso.Assertion) attrs.Value { return a.Profile.LastName }},
	{key: attrs.Email, get: func(a *lmssso.Assertion) attrs.Value { return a.Profile.Email }},
	{key: attrs.Role, get: func(a *lmssso.Assertion) attrs.Value { return a.Profile.Role }},
	{key: attrs.DualRole, get: func(a *lmssso.Assertion) attrs.Value { return flag(a.Profile.DualRole) }},
	{key: attrs.Language, get: func(a *lmssso.Assertion) attrs.Value { return a.Profile.Language }},
	{key: attrs.IMISID, get: func(a *lmssso.Assertion) attrs.Value { return a.Profile.IDs.IMIS }},
	{key: attrs.SalesforceContactID, get: func(a *lmssso.Assertion) attrs.Value { return a.Profile.IDs.SalesforceContact }},
	{key: attrs.SalesforceAccountID, get: func(a *lmssso.Assertion) attrs.Value { return a.Profile.IDs.SalesforceAccount }},
	{key: attrs.Bio, get: func(a *lmssso.Assertion) attrs.Value { return a.Profile.About.Bio }},
	{key: attrs.Company, get: func(a *lmssso.Assertion) attrs.Value { return a.Profile.About.Company }},
	{key: attrs.Timezone, get: func(a *lmssso.Assertion) attrs.Value { return a.Profile.About.Timezone }},
	{key: attrs.Picture, get: func(a *lmssso.Assertion) attrs.Value { return a.Profile.About.Picture }},
	{key: attrs.ClientID, get: func(a *lmssso.Assertion) attrs.Value { return a.Access.Target.ID }},
	{key: attrs.ClientSKU, get: func(a *lmssso.Assertion) attrs.Value { return a.Access.Target.SKU }},
	{key: attrs.ClientSlug, get: func(a *lmssso.Assertion) attrs.Value { return a.Access.Target.Slug }},
	{key: attrs.CourseSlugs, list: true, get: func(a *lmssso.Assertion) attrs.Value { return a.Access.CourseSlugs }},
	{key: attrs.CourseSKUs, list: true, get: func(a *lmssso.Assertion) attrs.Value { return a.Access.CourseSKUs }},
	{key: attrs.LearningPathSlugs, list: true, get: func(a *lmssso.Assertion) attrs.Value { return a.Access.LearningPathSlugs }},
	{key: attrs.BundleSlugs, list: true, get: func(a *lmssso.Assertion) attrs.Value { return a.Access.BundleSlugs }},
	{key: attrs.StudentLicenseIDs, list: true, get: func(a *lmssso.Assertion) attrs.Value { return a.Access.StudentLicenses.IDs }},
	{key: attrs.StudentLicenseSKUs, list: true, get: func(a *lmssso.Assertion) attrs.Value { return a.Access.StudentLicenses.SKUs }},
	{key: attrs.ManagerLicenseIDs, list: true, get: func(a *lmssso.Assertion) attrs.Value { return a.Access.ManagerLicenses.IDs }},
	{key: attrs.ManagerLicenseSKUs, list: true, get: func(a *lmssso.Assertion) attrs.Value { return a.Access.ManagerLicenses.SKUs }},
	{key: attrs.ActiveLicenseIDs, list: true, get: func(a *lmssso.Assertion) attrs.Value { return a.Access.ActiveLicenseIDs }},
	{key: attrs.LicenseCourseSKUs, list: true, get: func(a *lmssso.Assertion) attrs.Value { return a.Access.LicenseCourseSKUs }},
	{key: attrs.ParentLicenseSKU, get: func(a *lmssso.Assertion) attrs.Value { return a.Access.ParentLicenseSKU }},
	{key: attrs.ReplaceCourses, get: func(a *lmssso.Assertion) attrs.Value { return flag(a.Access.Replace.Courses) }},
	{key: attrs.ReplacePaths, get: func(a *lmssso.Assertion) attrs.Value { return flag(a.Access.Replace.LearningPaths) }},
	{key: attrs.ReplaceLicenses, get: func(a *lmssso.Assertion) attrs.Value { return flag(a.Access.Replace.Licenses) }},
	{key: attrs.TieredSubscription, get: func(a *lmssso.Assertion) attrs.Value { return flag(a.Access.Replace.TieredSubscription) }},
	{key: attrs.ClearCart, get: func(a *lmssso.Assertion) attrs.Value { return flag(a.Access.ClearCart) }},
	{key: attrs.ReturnTo, get: func(a *lmssso.Assertion) attrs.Value { return optional(a.ReturnTo) }},
}

// mappedAttrs returns the attributes an assertion mentions, cleaned.
func mappedAttrs(c *cleaner, a *lmssso.Assertion) map[attrs.Key]Attr {
	out := make(map[attrs.Key]Attr)
	for _, m := range catalogue {
		putAttr(c, out, m.key, m.get(a), m.list)
	}
	for i, v := range a.Profile.Refs {
		putAttr(c, out, attrs.Ref(i+1), v, false)
	}
	if len(a.Profile.CustomFields) > 0 {
		out[attrs.CustomFields] = Attr{Fields: customFields(c, a.Profile.CustomFields)}
	}
	return out
}

func putAttr(c *cleaner, out map[attrs.Key]Attr, key attrs.Key, v attrs.Value, list bool) {
	if !v.IsAbsent() {
		out[key] = c.attr(string(key), v, list)
	}
}

func customFields(c *cleaner, fields map[string]attrs.Value) map[string]Attr {
	out := make(map[string]Attr)
	more := eachName(c, fields, func(shown, name string, v attrs.Value) {
		if !v.IsAbsent() {
			out[shown] = c.attr(name, v, false)
		}
	})
	if more > 0 {
		out[truncatedMark] = Attr{Text: moreText(more)}
	}
	return out
}

// optional takes "" for a text that was not sent.
func optional(s string) attrs.Value {
	if s == "" {
		return attrs.Value{}
	}
	return attrs.Text(s)
}

// flag shows a flag only when it is set: an assertion does not tell one that is off from one that was not sent.
func flag(on bool) attrs.Value {
	if !on {
		return attrs.Value{}
	}
	return attrs.Text("true")
}
