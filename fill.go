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
// error the assertion is left as it was. Attributes the set does not mention keep what the assertion had, so an external id
// already in the link (a NameID, a sub claim) stays.
func (a *Assertion) Fill(set attrs.Set) error {
	flags, err := checkSet(set)
	if err != nil {
		return err
	}
	a.fillIdentity(set)
	a.fillProfile(set, flags)
	a.fillAccess(set, flags)
	a.Warnings = append(a.Warnings, set.Warnings...)
	return nil
}

// flags are the orders a set gives by true or false.
type flags struct {
	dualRole, courses, paths, licenses, tiered, clearCart bool
}

// checkSet refuses what cannot be taken, before anything is.
func checkSet(set attrs.Set) (f flags, err error) {
	for _, k := range [...]attrs.Key{attrs.ExternalID, attrs.Email, attrs.Role} {
		if set.Get(k).State() == attrs.Blank {
			return f, &Error{Reason: ErrAttributeMissing, Detail: string(k) + " is blank", Expected: "a value, or nothing at all"}
		}
	}
	if address, ok := set.Get(attrs.Email).First(); ok && !checkEmail(address) {
		return f, &Error{Reason: ErrAttributeInvalid, Detail: "email is not a plain address", Expected: "local@domain in ASCII letters"}
	}
	for _, flag := range [...]struct {
		key attrs.Key
		to  *bool
	}{
		{attrs.DualRole, &f.dualRole}, {attrs.ReplaceCourses, &f.courses}, {attrs.ReplacePaths, &f.paths},
		{attrs.ReplaceLicenses, &f.licenses}, {attrs.TieredSubscription, &f.tiered}, {attrs.ClearCart, &f.clearCart},
	} {
		// A blank flag is false; the mapping that found it warned.
		if *flag.to, err = set.Flag(flag.key); err != nil {
			return f, AttributeError(err)
		}
	}
	return f, nil
}

func (a *Assertion) fillIdentity(set attrs.Set) {
	if id, ok := set.Get(attrs.ExternalID).First(); ok {
		a.Link.ExternalID = id
	}
	if to, ok := set.Get(attrs.ReturnTo).First(); ok {
		a.ReturnTo = to
	}
	if address, ok := set.Get(attrs.Email).First(); ok {
		a.Profile.Email = attrs.Text(lowerASCII(address))
	}
	a.Profile.CustomFields = set.Fields
}

// fillProfile walks what the login mentioned, which is much less than it could.
func (a *Assertion) fillProfile(set attrs.Set, f flags) {
	p := &a.Profile
	p.DualRole = f.dualRole
	for k, v := range set.All() {
		switch k {
		case attrs.FirstName:
			p.FirstName = v
		case attrs.LastName:
			p.LastName = v
		case attrs.Language:
			p.Language = v
		case attrs.Role:
			p.Role = v
		case attrs.IMISID:
			p.IDs.IMIS = v
		case attrs.SalesforceContactID:
			p.IDs.SalesforceContact = v
		case attrs.SalesforceAccountID:
			p.IDs.SalesforceAccount = v
		case attrs.Bio:
			p.About.Bio = v
		case attrs.Company:
			p.About.Company = v
		case attrs.Timezone:
			p.About.Timezone = v
		case attrs.Picture:
			p.About.Picture = v
		default:
			if n, ok := k.RefNumber(); ok {
				p.Refs[n-1] = v
			}
		}
	}
}

func (a *Assertion) fillAccess(set attrs.Set, f flags) {
	acc := &a.Access
	acc.Replace = Replace{Courses: f.courses, LearningPaths: f.paths, Licenses: f.licenses, TieredSubscription: f.tiered}
	acc.ClearCart = f.clearCart
	for k, v := range set.All() {
		switch k {
		case attrs.CourseSlugs:
			acc.CourseSlugs = v
		case attrs.CourseSKUs:
			acc.CourseSKUs = v
		case attrs.LearningPathSlugs:
			acc.LearningPathSlugs = v
		case attrs.BundleSlugs:
			acc.BundleSlugs = v
		case attrs.StudentLicenseIDs:
			acc.StudentLicenses.IDs = v
		case attrs.StudentLicenseSKUs:
			acc.StudentLicenses.SKUs = v
		case attrs.ManagerLicenseIDs:
			acc.ManagerLicenses.IDs = v
		case attrs.ManagerLicenseSKUs:
			acc.ManagerLicenses.SKUs = v
		case attrs.ActiveLicenseIDs:
			acc.ActiveLicenseIDs = v
		case attrs.LicenseCourseSKUs:
			acc.LicenseCourseSKUs = v
		case attrs.ParentLicenseSKU:
			acc.ParentLicenseSKU = v
		case attrs.ClientID:
			acc.Target.ID = v
		case attrs.ClientSKU:
			acc.Target.SKU = v
		case attrs.ClientSlug:
			acc.Target.Slug = v
		}
	}
}

// AttributeError gives an error of package attrs, which knows no reasons, the reason its code names. Protocol packages
// pass what a mapping refused through it; other errors, and nil, come back as they are.
func AttributeError(err error) error {
	if err == nil {
		return nil
	}
	var a *attrs.Error
	if !errors.As(err, &a) {
		return err
	}
	return &Error{
		Reason: reasonByCode(Code(a.SSOCode())), Detail: string(a.Key) + ": " + a.Detail,
		Expected: a.Expected, Received: a.Received, Err: err,
	}
}
