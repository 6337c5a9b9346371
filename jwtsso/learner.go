package jwtsso

import (
	"maps"
	"slices"

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

// said is what a token is to say: the attributes mentioned, each once, and the custom fields. It is a short list, which
// for a dozen attributes is quicker to make and to search than a map.
type said struct {
	list   []mention
	fields map[string]attrs.Value
}

// mention is one attribute that is not absent.
type mention struct {
	key   attrs.Key
	value attrs.Value
}

func (s *said) get(k attrs.Key) attrs.Value {
	for i := range s.list {
		if s.list[i].key == k {
			return s.list[i].value
		}
	}
	return attrs.Value{}
}

// put sets an attribute; an absent value takes it away.
func (s *said) put(k attrs.Key, v attrs.Value) {
	s.list = slices.DeleteFunc(s.list, func(m mention) bool { return m.key == k })
	s.add(k, v)
}

// add puts an attribute that is not there yet.
func (s *said) add(k attrs.Key, v attrs.Value) {
	if !v.IsAbsent() {
		s.list = append(s.list, mention{k, v})
	}
}

// set returns the same as the platform's side would read it.
func (s *said) set() attrs.Set {
	out := attrs.Set{Fields: s.fields}
	for _, m := range s.list {
		out.Put(m.key, m.value)
	}
	return out
}

// says gathers what the learner says, attribute by attribute.
func (l Learner) says() *said {
	s := &said{list: make([]mention, 0, 16), fields: l.CustomFields}
	for _, one := range [...]struct {
		key  attrs.Key
		text string
	}{
		{attrs.ExternalID, l.ExternalID}, {attrs.Email, l.Email}, {attrs.FirstName, l.FirstName},
		{attrs.LastName, l.LastName}, {attrs.Role, l.Role},
	} {
		if one.text != "" {
			s.add(one.key, attrs.Text(one.text))
		}
	}
	s.addAccess(l.Access)
	for _, one := range [...]struct {
		key attrs.Key
		on  bool
	}{
		{attrs.DualRole, l.DualRole}, {attrs.ReplaceCourses, l.Access.Replace.Courses},
		{attrs.ReplacePaths, l.Access.Replace.LearningPaths}, {attrs.ReplaceLicenses, l.Access.Replace.Licenses},
		{attrs.TieredSubscription, l.Access.Replace.TieredSubscription}, {attrs.ClearCart, l.Access.ClearCart},
	} {
		if one.on {
			s.add(one.key, attrs.Text("true"))
		}
	}
	for k, v := range l.More {
		s.put(k, v)
	}
	return s
}

func (s *said) addAccess(a lmssso.Access) {
	s.add(attrs.CourseSlugs, a.CourseSlugs)
	s.add(attrs.CourseSKUs, a.CourseSKUs)
	s.add(attrs.LearningPathSlugs, a.LearningPathSlugs)
	s.add(attrs.BundleSlugs, a.BundleSlugs)
	s.add(attrs.StudentLicenseIDs, a.StudentLicenses.IDs)
	s.add(attrs.StudentLicenseSKUs, a.StudentLicenses.SKUs)
	s.add(attrs.ManagerLicenseIDs, a.ManagerLicenses.IDs)
	s.add(attrs.ManagerLicenseSKUs, a.ManagerLicenses.SKUs)
	s.add(attrs.ActiveLicenseIDs, a.ActiveLicenseIDs)
	s.add(attrs.LicenseCourseSKUs, a.LicenseCourseSKUs)
	s.add(attrs.ParentLicenseSKU, a.ParentLicenseSKU)
	s.add(attrs.ClientID, a.Target.ID)
	s.add(attrs.ClientSKU, a.Target.SKU)
	s.add(attrs.ClientSlug, a.Target.Slug)
}
