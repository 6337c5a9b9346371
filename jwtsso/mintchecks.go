package jwtsso

import (
	"strings"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
)

// checkLearner puts the set into the dialect's form and refuses what the platform would refuse.
func (i *Issuer) checkLearner(set *said) error {
	i.joinName(set)
	if err := i.checkRole(set); err != nil {
		return err
	}
	if err := i.checkDualRole(set); err != nil {
		return err
	}
	if err := i.checkRequired(set); err != nil {
		return err
	}
	if err := i.checkReturnTo(set); err != nil {
		return err
	}
	if err := i.checkCarried(set); err != nil {
		return err
	}
	return checkIdentity(set)
}

// checkIdentity refuses blank identifiers and odd addresses by the rules the platform's side of this library has. Those
// stand in one place, [lmssso.Assertion.Fill]; it is not asked about addresses in which plainly nothing is odd.
func checkIdentity(set *said) error {
	if address, ok := set.get(attrs.Email).First(); ok && isPlainAddress(address) &&
		set.get(attrs.ExternalID).State() != attrs.Blank && set.get(attrs.Role).State() != attrs.Blank {
		return nil
	}
	return new(lmssso.Assertion).Fill(set.set())
}

// isPlainAddress reports whether an address is of the commonest form: words of lower-case letters and digits, joined by
// single dots and hyphens, at a host with a dot.
func isPlainAddress(s string) bool {
	local, host, ok := strings.Cut(s, "@")
	return ok && len(local) <= 64 && len(host) <= 63 && isWords(local) && isWords(host) && strings.Contains(host, ".")
}

func isWords(s string) bool {
	joined := true // nothing to join yet
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			joined = false
		case (c == '.' || c == '-') && !joined:
			joined = true
		default:
			return false
		}
	}
	return !joined
}

// joinName makes one name of two where the dialect has one claim for it.
func (i *Issuer) joinName(set *said) {
	first, last := set.get(attrs.FirstName), set.get(attrs.LastName)
	if !i.carries(attrs.FullName) || i.carries(attrs.FirstName) || first.IsAbsent() && last.IsAbsent() {
		return
	}
	set.put(attrs.FirstName, attrs.Value{})
	set.put(attrs.LastName, attrs.Value{})
	if !set.get(attrs.FullName).IsAbsent() {
		return
	}
	name := first.String()
	if last.IsPresent() && name != "" {
		name += " "
	}
	set.put(attrs.FullName, attrs.Text(name+last.String()))
}

// checkRole wants the role's slug: "Client Admin" is what a page shows, client-admin what a login says.
func (i *Issuer) checkRole(set *said) error {
	role, ok := set.get(attrs.Role).First()
	if !ok {
		return nil
	}
	if our, known := i.cfg.Dialect.Roles[role]; known {
		role = our
		set.put(attrs.Role, attrs.Text(role))
	}
	if !isSlug(role) {
		return refuse(ErrRoleName, lmssso.Error{Detail: "role is not a slug", Expected: "a slug such as client-admin"})
	}
	if role == lmssso.StudentRole && !i.carries(attrs.Role) {
		set.put(attrs.Role, attrs.Value{}) // what a platform without roles makes of everybody
	}
	return nil
}

// checkDualRole wants a role with every dual-role login (Thought Industries, "Dual Roles and Single Sign-On").
func (i *Issuer) checkDualRole(set *said) error {
	dual, err := attrs.ParseFlag(attrs.DualRole, set.get(attrs.DualRole))
	if err != nil {
		return lmssso.AttributeError(err)
	}
	if dual && !set.get(attrs.Role).IsPresent() {
		return refuse(lmssso.ErrDualRoleIncomplete, lmssso.Error{Detail: "dualRole without role"})
	}
	return nil
}

// checkRequired wants what the dialect demands of every token.
func (i *Issuer) checkRequired(set *said) error {
	for _, k := range i.cfg.Dialect.Required {
		if !set.get(k).IsPresent() {
			return refuse(ErrLearnerIncomplete, lmssso.Error{Detail: string(k) + " is required by " + i.cfg.Dialect.Name})
		}
	}
	return nil
}

// checkReturnTo wants the return target's form to be one a platform could follow.
func (i *Issuer) checkReturnTo(set *said) error {
	to, ok := set.get(attrs.ReturnTo).First()
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
func (i *Issuer) checkCarried(set *said) error {
	for _, m := range set.list {
		if m.key == attrs.CustomFields {
			return refuse(lmssso.ErrAttributeInvalid, lmssso.Error{Detail: "custom fields stand in CustomFields, not in More"})
		}
		if !i.carries(m.key) && !i.cfg.DropUncarried {
			return i.notCarried(m.key)
		}
	}
	if len(set.fields) > 0 && !i.carries(attrs.CustomFields) && !i.cfg.DropUncarried {
		return i.notCarried(attrs.CustomFields)
	}
	return nil
}

func (i *Issuer) notCarried(k attrs.Key) error {
	return refuse(ErrNotCarried, lmssso.Error{Detail: i.cfg.Dialect.Name + " has no claim for " + string(k)})
}
