package jwtsso

import (
	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
)

// checkLearner puts the set into the dialect's form and refuses what the platform would refuse.
func (i *Issuer) checkLearner(set *attrs.Set) error {
	i.joinName(set)
	for _, step := range []func(*attrs.Set) error{i.checkRole, i.checkDualRole, i.checkRequired, i.checkReturnTo, i.checkCarried} {
		if err := step(set); err != nil {
			return err
		}
	}
	// The platform's side of this library reads the same set by the same rules: blank identifiers, odd addresses, bad flags.
	return new(lmssso.Assertion).Fill(*set)
}

// joinName makes one name of two where the dialect has one claim for it.
func (i *Issuer) joinName(set *attrs.Set) {
	first, last := set.Get(attrs.FirstName), set.Get(attrs.LastName)
	if !i.carried[attrs.FullName] || i.carried[attrs.FirstName] || first.IsAbsent() && last.IsAbsent() {
		return
	}
	delete(set.Values, attrs.FirstName)
	delete(set.Values, attrs.LastName)
	if !set.Get(attrs.FullName).IsAbsent() {
		return
	}
	name := first.String()
	if last.IsPresent() && name != "" {
		name += " "
	}
	set.Values[attrs.FullName] = attrs.Text(name + last.String())
}

// checkRole wants the role's slug: "Client Admin" is what a page shows, client-admin what a login says.
func (i *Issuer) checkRole(set *attrs.Set) error {
	role, ok := set.Get(attrs.Role).First()
	if !ok {
		return nil
	}
	if our, known := i.cfg.Dialect.Roles[role]; known {
		role = our
		set.Values[attrs.Role] = attrs.Text(role)
	}
	if !isSlug(role) {
		return refuse(ErrRoleName, lmssso.Error{Detail: "role is not a slug", Expected: "a slug such as client-admin"})
	}
	if role == lmssso.StudentRole && !i.carried[attrs.Role] {
		delete(set.Values, attrs.Role) // what a platform without roles makes of everybody
	}
	return nil
}

// checkDualRole wants a role with every dual-role login (Thought Industries, "Dual Roles and Single Sign-On").
func (i *Issuer) checkDualRole(set *attrs.Set) error {
	if dual, err := set.Flag(attrs.DualRole); err != nil || !dual || set.Get(attrs.Role).IsPresent() {
		return lmssso.AttributeError(err)
	}
	return refuse(lmssso.ErrDualRoleIncomplete, lmssso.Error{Detail: "dualRole without role"})
}

// checkRequired wants what the dialect demands of every token.
func (i *Issuer) checkRequired(set *attrs.Set) error {
	for _, k := range i.cfg.Dialect.Required {
		if !set.Get(k).IsPresent() {
			return refuse(ErrLearnerIncomplete, lmssso.Error{Detail: string(k) + " is required by " + i.cfg.Dialect.Name})
		}
	}
	return nil
}

// checkReturnTo wants the return target's form to be one a platform could follow.
func (i *Issuer) checkReturnTo(set *attrs.Set) error {
	to, ok := set.Get(attrs.ReturnTo).First()
	if !ok {
		return nil
	}
	return i.checkTarget(string(attrs.ReturnTo), to)
}

func (i *Issuer) checkTarget(name, target string) error {
	if _, err := i.targets.Check(target); err != nil {
		return refuse(ErrTarget, lmssso.Error{Detail: name + ": " + err.Error()})
	}
	return nil
}

// checkCarried wants a claim for everything said.
func (i *Issuer) checkCarried(set *attrs.Set) error {
	for k := range set.Values {
		switch {
		case i.carried[k]:
		case i.cfg.DropUncarried:
			delete(set.Values, k)
		default:
			return i.notCarried(k)
		}
	}
	if len(set.Fields) == 0 || i.carried[attrs.CustomFields] {
		return nil
	}
	if i.cfg.DropUncarried {
		set.Fields = nil
		return nil
	}
	return i.notCarried(attrs.CustomFields)
}

func (i *Issuer) notCarried(k attrs.Key) error {
	return refuse(ErrNotCarried, lmssso.Error{Detail: i.cfg.Dialect.Name + " has no claim for " + string(k)})
}
