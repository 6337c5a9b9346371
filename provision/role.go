package provision

import (
	"strings"

	"github.com/lmssso/lmssso"
)

// readRole looks up the role the login names. Roles are compared by slug with the directory's list, never derived from a
// display name (rule 8; SSO guide, "Required Attributes for Dual Role SSO Payloads").
func (pl *planner) readRole() error {
	slug, named := pl.login.Profile.Role.First()
	if !named {
		if pl.login.Profile.DualRole {
			return dualRoleIncomplete("dualRole is true and no role came with it")
		}
		return nil
	}
	role, err := pl.lookUpRole(slug)
	pl.role = role
	return err
}

// lookUpRole returns the directory's role with the slug.
func (pl *planner) lookUpRole(slug string) (*Role, error) {
	roles := pl.snapshot.Facts.Roles
	for i := range roles {
		if roles[i].Slug != slug {
			continue
		}
		if k := roles[i].Kind; k != lmssso.Learner && k != lmssso.Manager {
			return nil, broken("a role that is neither a learner's nor a manager's")
		}
		return &roles[i], nil
	}
	return nil, &lmssso.Error{
		Reason: lmssso.ErrRoleUnknown, Detail: "no role has this slug", Expected: pl.knownRoles(), Received: show(slug),
	}
}

func (pl *planner) knownRoles() string {
	slugs := make([]string, len(pl.snapshot.Facts.Roles))
	for i, r := range pl.snapshot.Facts.Roles {
		slugs[i] = r.Slug
	}
	return "one of " + showAll(slugs)
}

// setRole gives the account its role. A new account without one is a student; any other keeps what it has. What is judged
// is the role held afterwards, so that leaving the role out is no way into an administrator's account (rule 8).
func (pl *planner) setRole() error {
	role, err := pl.roleAfter()
	if err != nil {
		return err
	}
	if err := pl.judgeRole(role); err != nil {
		return err
	}
	if pl.byEmail && role.Slug != lmssso.StudentRole {
		return roleNotAllowed(role.Slug, "a user known only by email stays a student", lmssso.StudentRole)
	}
	if pl.account.Role != role.Slug {
		pl.account.Role, pl.account.Side = role.Slug, role.Kind
		pl.note(lmssso.ChangeRole, "role:"+show(role.Slug), pl.whyRole())
	}
	return nil
}

func (pl *planner) roleAfter() (*Role, error) {
	switch {
	case pl.role != nil:
		return pl.role, nil
	case pl.created:
		return pl.lookUpRole(lmssso.StudentRole)
	}
	return pl.lookUpRole(pl.account.Role)
}

func (pl *planner) whyRole() string {
	if pl.role == nil {
		return "a new account without a role is a student's"
	}
	return "the login names this role and the policy allows it"
}

// judgeRole refuses a role beyond the policy. A role over the whole site is refused to a tenant's connection whatever the
// policy lists; so is a role whose reach the directory does not tell.
func (pl *planner) judgeRole(role *Role) error {
	switch {
	case pl.policy.Tenant != "" && role.Scope != TenantScope:
		return roleNotAllowed(role.Slug, "a tenant's connection may not assert a role over the whole site", "a role within the tenant")
	case !pl.policy.AllowsRole(role.Slug):
		return roleNotAllowed(role.Slug, "the policy does not list the role the account would hold", pl.listedRoles())
	}
	return nil
}

func (pl *planner) listedRoles() string {
	if len(pl.policy.Roles) == 0 {
		return lmssso.StudentRole
	}
	return "one of " + strings.Join(pl.policy.Roles, ", ")
}

func roleNotAllowed(slug, detail, expected string) error {
	return &lmssso.Error{Reason: lmssso.ErrRoleNotAllowed, Detail: detail, Expected: expected, Received: show(slug)}
}
