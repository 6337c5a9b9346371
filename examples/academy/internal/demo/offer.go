package demo

import (
	"cmp"
	"net/url"
	"slices"

	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/examples/academy/internal/config"
)

// offer is what a sign-in can grant and say, with what was chosen before.
type offer struct {
	Grants, HasRole, HasDual, HasReplace, HasCart bool
	Courses, Paths, Bundles, Roles, Sites         []choice
	Replace, ClearCart, Dual                      bool
}

// offerOf lists what a connection's mapping can carry.
func offerOf(f config.File, carries func(attrs.Key) bool, chosen url.Values) offer {
	o := offer{
		HasRole: carries(attrs.Role), HasDual: carries(attrs.DualRole), HasReplace: carries(attrs.ReplaceCourses), HasCart: carries(attrs.ClearCart),
		Replace: chosen.Has("replace"), ClearCart: chosen.Has("clearCart"), Dual: chosen.Has("dual"),
	}
	cat := f.Catalogue
	for _, x := range cat.Courses {
		o.Courses = append(o.Courses, choice{Value: x.Slug, Title: x.Title, On: slices.Contains(chosen["course"], x.Slug)})
	}
	for _, x := range cat.LearningPaths {
		o.Paths = append(o.Paths, choice{Value: x.Slug, Title: x.Title, On: slices.Contains(chosen["path"], x.Slug)})
	}
	for _, x := range cat.Bundles {
		o.Bundles = append(o.Bundles, choice{Value: x.Slug, Title: x.Title, On: slices.Contains(chosen["bundle"], x.Slug)})
	}
	for _, x := range cat.Roles {
		o.Roles = append(o.Roles, choice{Value: x.Slug, Title: x.Slug, On: chosen.Get("role") == x.Slug})
	}
	for _, x := range f.Tenants {
		o.Sites = append(o.Sites, choice{Value: x.Slug, Title: x.Title, On: chosen.Get("site") == x.Slug})
	}
	o = o.carriedBy(carries)
	o.Grants = o.HasDual || o.HasReplace || o.HasCart || slices.ContainsFunc([][]choice{o.Courses, o.Paths, o.Bundles, o.Roles, o.Sites}, func(l []choice) bool { return len(l) > 0 })
	return o
}

// carriedBy leaves out what the mapping has no attribute for.
func (o offer) carriedBy(carries func(attrs.Key) bool) offer {
	for _, f := range []struct {
		key  attrs.Key
		list *[]choice
	}{
		{attrs.CourseSlugs, &o.Courses}, {attrs.LearningPathSlugs, &o.Paths}, {attrs.BundleSlugs, &o.Bundles},
		{attrs.Role, &o.Roles}, {attrs.ClientSlug, &o.Sites},
	} {
		if !carries(f.key) {
			*f.list = nil
		}
	}
	return o
}

// statement is one attribute that a provider says about a person.
type statement struct {
	key    attrs.Key
	values []string
	flag   bool // a boolean, where the protocol has such
}

// statements are what a provider's form asks it to say about a person, beside the name.
func statements(who person, form url.Values) []statement {
	var out []statement
	add := func(k attrs.Key, values ...string) {
		if len(values) > 0 {
			out = append(out, statement{key: k, values: values})
		}
	}
	flag := func(k attrs.Key, on bool) {
		if on {
			out = append(out, statement{k, []string{"true"}, true})
		}
	}
	add(attrs.ExternalID, who.externalID)
	add(attrs.Email, who.email)
	add(attrs.FirstName, who.first)
	add(attrs.LastName, who.last)
	add(attrs.Role, cmp.Or(form.Get("role"), who.role))
	flag(attrs.DualRole, who.dual || form.Has("dual"))
	flag(attrs.ReplaceCourses, form.Has("replace"))
	courses := form["course"]
	if form.Has("replace") && len(courses) == 0 {
		courses = []string{""} // the explicit order to revoke all
	}
	add(attrs.CourseSlugs, courses...)
	add(attrs.LearningPathSlugs, form["path"]...)
	add(attrs.BundleSlugs, form["bundle"]...)
	flag(attrs.ClearCart, form.Has("clearCart"))
	if site := form.Get("site"); site != "" {
		add(attrs.ClientSlug, site)
	}
	return out
}
