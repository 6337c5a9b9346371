package provision

import (
	"slices"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
)

// setLicenses gives places in sublicenses (rule 11): a learner's by student licences, an administrator's by manager
// licences. replaceLicenseAccess revokes those in neither list (rule 4). A licence the directory does not know is always
// refused (rule 12), and so is one of a tenant beyond the policy.
func (pl *planner) setLicenses() error {
	acc := &pl.login.Access
	students := pl.licenses("studentLicense", attrs.StudentLicenseIDs+", "+attrs.StudentLicenseSKUs, acc.StudentLicenses)
	managers := pl.licenses("managerLicense", attrs.ManagerLicenseIDs+", "+attrs.ManagerLicenseSKUs, acc.ManagerLicenses)
	for _, l := range []listing{students, managers} {
		if err := pl.checkLicenses(l); err != nil {
			return err
		}
	}
	replace, err := pl.replaces(acc.Replace.Licenses, attrs.ReplaceLicenses, students, managers)
	if err != nil {
		return err
	}
	whyRevoke := replacing(replace, attrs.ReplaceLicenses)
	g := &pl.account.Grants
	g.StudentLicenses = pl.update(students, g.StudentLicenses, whyRevoke)
	g.ManagerLicenses = pl.update(pl.withoutPlaces(managers), g.ManagerLicenses, whyRevoke)
	return pl.setParentLicense()
}

func (pl *planner) licenses(label string, keys attrs.Key, refs lmssso.LicenseRefs) listing {
	return list(label, keys, pl.snapshot.Facts.Licenses, licenseID,
		spelling[License]{refs.IDs, licenseID},
		spelling[License]{refs.SKUs, licenseSKU})
}

func licenseID(l *License) string  { return l.ID }
func licenseSKU(l *License) string { return l.SKU }

// checkLicenses refuses a licence nobody knows and one of a tenant the policy does not cover. A licence of the main site
// is granted by the main site's connections only.
func (pl *planner) checkLicenses(l listing) error {
	if err := refuseUnknown(l, "an unknown licence is never passed over"); err != nil {
		return err
	}
	for i := range pl.snapshot.Facts.Licenses {
		license := &pl.snapshot.Facts.Licenses[i]
		if _, named := slices.BinarySearch(l.found, license.ID); named && !pl.allowsTenant(license.Tenant) {
			return licenseNotAllowed("the "+l.label+" belongs to a learning site the policy does not cover", license.ID)
		}
	}
	return nil
}

// withoutPlaces takes manager licences from a login that signs in as a learner: an administrator's place is as good as an
// administrator's role, which the policy may not allow. What is held already stays listed. An identity provider that sends
// both lists for both sides of a dual-role user is not refused, only warned (ours).
func (pl *planner) withoutPlaces(managers listing) listing {
	if pl.account.Side == lmssso.Manager {
		return managers
	}
	held := pl.account.Grants.ManagerLicenses
	managers.found = slices.DeleteFunc(slices.Clone(managers.found), func(id string) bool {
		if slices.Contains(held, id) {
			return false
		}
		pl.note(lmssso.ChangeWarning, managers.label+":"+show(id), "an administrator's place was not given, because the account's role is a learner's")
		return true
	})
	return managers
}

// setParentLicense stores the parent of the licences (SSO guide, "Parent License SKU"); blank clears it.
func (pl *planner) setParentLicense() error {
	sent := pl.login.Access.ParentLicenseSKU
	parent := list("parentLicense", attrs.ParentLicenseSKU, pl.snapshot.Facts.Licenses, licenseID, spelling[License]{sent, licenseSKU})
	if err := pl.checkLicenses(parent); err != nil {
		return err
	}
	if sku := sent.String(); !sent.IsAbsent() && pl.account.Grants.ParentLicenseSKU != sku {
		pl.account.Grants.ParentLicenseSKU = sku
		pl.note(lmssso.ChangeProfile, string(attrs.ParentLicenseSKU), why(sku))
	}
	return nil
}

// setActiveLicenses marks held licences as the active ones (SSO guide, "Active Licenses by ID"). A list sets the marks,
// blank clears them, and a mark never outlives its licence (ours). A licence not held after the plan is refused.
func (pl *planner) setActiveLicenses() error {
	g, sent := &pl.account.Grants, pl.login.Access.ActiveLicenseIDs
	held := func(id string) bool {
		return slices.Contains(g.StudentLicenses, id) || slices.Contains(g.ManagerLicenses, id)
	}
	marks := listing{label: "activeLicense", keys: string(attrs.ActiveLicenseIDs), found: sent.All()}
	whyRevoke := "activeLicenseIds does not list it"
	if sent.IsAbsent() {
		whyRevoke = "the licence is no longer held"
		marks.found = slices.DeleteFunc(slices.Clone(g.ActiveLicenses), func(id string) bool { return !held(id) })
	}
	for _, id := range marks.found {
		if !held(id) {
			return licenseNotAllowed("only a licence the account holds can be marked active", id)
		}
	}
	slices.Sort(marks.found)
	marks.found = slices.Compact(marks.found)
	g.ActiveLicenses = pl.update(marks, g.ActiveLicenses, whyRevoke)
	return nil
}

func licenseNotAllowed(detail, id string) error {
	return &lmssso.Error{Reason: lmssso.ErrLicenseNotAllowed, Detail: detail, Received: show(id)}
}
