package provision

import (
	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
)

// QueryFor returns what [Plan] must know to decide about the login under the policy. A nil assertion asks for nothing.
func QueryFor(a *lmssso.Assertion, p lmssso.Policy) Query {
	if a == nil {
		return Query{}
	}
	email, _ := loginEmail(a)
	return Query{
		Link:  lmssso.Link{Realm: p.Realm, ExternalID: a.Link.ExternalID},
		Email: email,
		Names: namesIn(a, p),
	}
}

// namesIn lists everything the login and the policy name.
func namesIn(a *lmssso.Assertion, p lmssso.Policy) Names {
	acc := &a.Access
	return Names{
		CourseSlugs:   acc.CourseSlugs.All(),
		CourseSKUs:    texts(acc.CourseSKUs, acc.LicenseCourseSKUs),
		LearningPaths: acc.LearningPathSlugs.All(),
		Bundles:       with(acc.BundleSlugs.All(), p.SSOSubscription),
		LicenseIDs:    texts(acc.StudentLicenses.IDs, acc.ManagerLicenses.IDs),
		LicenseSKUs:   texts(acc.StudentLicenses.SKUs, acc.ManagerLicenses.SKUs, acc.ParentLicenseSKU),
		TenantIDs:     with(texts(acc.Target.ID), p.Tenant),
		TenantSKUs:    texts(acc.Target.SKU),
		TenantSlugs:   with(texts(acc.Target.Slug), acc.Target.Path),
	}
}

// texts joins the texts of several values.
func texts(values ...attrs.Value) []string {
	var out []string
	for _, v := range values {
		out = append(out, v.All()...)
	}
	return out
}

// with appends a name that is not empty.
func with(names []string, name string) []string {
	if name == "" {
		return names
	}
	return append(names, name)
}

// loginEmail returns the login's email as directories compare it. Only ASCII letters are folded: full case folding would
// make different addresses equal, such as one with U+212A KELVIN SIGN and one with a plain k.
func loginEmail(a *lmssso.Assertion) (string, bool) {
	email, ok := a.Profile.Email.First()
	return lowerASCII(email), ok
}

func lowerASCII(s string) string {
	for i := range len(s) {
		if s[i] >= 'A' && s[i] <= 'Z' {
			return foldASCII(s)
		}
	}
	return s
}

func foldASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
