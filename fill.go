package lmssso

import (
	"errors"

	"github.com/lmssso/lmssso/attrs"
)

// Fill sets the assertion's link, profile, access and return target from the mapped attributes. Every protocol package
// calls it once, after verification, so that the same values mean the same whatever brought them.
//
// It refuses with [ErrAttributeMissing] an email, external id or role that is blank, and with [ErrAttributeInvalid] an
// email that is not a plain address, a return target that is not one text, or a flag that is neither true nor false. On
// error the assertion is left as it was. An external id already in the link (a NameID, a sub claim) is kept when the
// attributes do not mention one.
func (a *Assertion) Fill(set attrs.Set) error {
	f := filler{set: set, out: *a}
	for _, step := range []func() error{f.required, f.profile, f.access} {
		if err := step(); err != nil {
			return err
		}
	}
	f.out.Warnings = append(f.out.Warnings, f.set.Warnings...)
	*a = f.out
	return nil
}

type filler struct {
	set attrs.Set
	out Assertion
}

// required refuses what may be left out but never be blanked.
func (f *filler) required() error {
	for _, k := range []attrs.Key{attrs.ExternalID, attrs.Email, attrs.Role} {
		if f.set.Get(k).State() == attrs.Blank {
			return &Error{Reason: ErrAttributeMissing, Detail: string(k) + " is blank", Expected: "a value, or nothing at all"}
		}
	}
	if id, ok := f.set.Get(attrs.ExternalID).First(); ok {
		f.out.Link.ExternalID = id
	}
	if to, ok := f.set.Get(attrs.ReturnTo).First(); ok {
		f.out.ReturnTo = to
	}
	return nil
}

func (f *filler) profile() (err error) {
	p := &f.out.Profile
	if address, ok := f.set.Get(attrs.Email).First(); ok {
		if !checkEmail(address) {
			return &Error{Reason: ErrAttributeInvalid, Detail: "email is not a plain address", Expected: "local@domain in ASCII letters"}
		}
		p.Email = attrs.Text(lowerASCII(address))
	}
	p.FirstName, p.LastName = f.set.Get(attrs.FirstName), f.set.Get(attrs.LastName)
	p.Language, p.Role = f.set.Get(attrs.Language), f.set.Get(attrs.Role)
	for i := range p.Refs {
		p.Refs[i] = f.set.Get(attrs.Ref(i + 1))
	}
	p.CustomFields = f.set.Fields
	p.IDs = OtherIDs{
		IMIS:              f.set.Get(attrs.IMISID),
		SalesforceContact: f.set.Get(attrs.SalesforceContactID),
		SalesforceAccount: f.set.Get(attrs.SalesforceAccountID),
	}
	p.About = About{
		Bio: f.set.Get(attrs.Bio), Company: f.set.Get(attrs.Company),
		Timezone: f.set.Get(attrs.Timezone), Picture: f.set.Get(attrs.Picture),
	}
	p.DualRole, err = f.flag(attrs.DualRole)
	return err
}

func (f *filler) access() error {
	get := f.set.Get
	f.out.Access = Access{
		CourseSlugs: get(attrs.CourseSlugs), CourseSKUs: get(attrs.CourseSKUs),
		LearningPathSlugs: get(attrs.LearningPathSlugs), BundleSlugs: get(attrs.BundleSlugs),
		StudentLicenses:   LicenseRefs{IDs: get(attrs.StudentLicenseIDs), SKUs: get(attrs.StudentLicenseSKUs)},
		ManagerLicenses:   LicenseRefs{IDs: get(attrs.ManagerLicenseIDs), SKUs: get(attrs.ManagerLicenseSKUs)},
		ActiveLicenseIDs:  get(attrs.ActiveLicenseIDs),
		LicenseCourseSKUs: get(attrs.LicenseCourseSKUs), ParentLicenseSKU: get(attrs.ParentLicenseSKU),
		Target: Target{
			ID: get(attrs.ClientID), SKU: get(attrs.ClientSKU), Slug: get(attrs.ClientSlug),
			Path: f.out.Access.Target.Path,
		},
	}
	acc := &f.out.Access
	for _, flag := range []struct {
		key attrs.Key
		to  *bool
	}{
		{attrs.ReplaceCourses, &acc.Replace.Courses},
		{attrs.ReplacePaths, &acc.Replace.LearningPaths},
		{attrs.ReplaceLicenses, &acc.Replace.Licenses},
		{attrs.TieredSubscription, &acc.Replace.TieredSubscription},
		{attrs.ClearCart, &acc.ClearCart},
	} {
		on, err := f.flag(flag.key)
		if err != nil {
			return err
		}
		*flag.to = on
	}
	return nil
}

// flag reads one flag. A blank one is false; the mapping that found it warned.
func (f *filler) flag(k attrs.Key) (bool, error) {
	on, err := f.set.Flag(k)
	return on, AttributeError(err)
}

// AttributeError gives an error of package attrs, which knows no reasons, the reason its code names. Protocol packages
// pass what a mapping refused through it; other errors, and nil, come back as they are.
func AttributeError(err error) error {
	var a *attrs.Error
	if !errors.As(err, &a) {
		return err
	}
	return &Error{
		Reason: reasonByCode(Code(a.SSOCode())), Detail: string(a.Key) + ": " + a.Detail,
		Expected: a.Expected, Received: a.Received, Err: err,
	}
}
