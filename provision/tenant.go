package provision

import (
	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
)

// checkReach refuses an existing account beyond the connection's tenants. A tenant's identity provider never touches
// another tenant's user, nor the main site's, nor anybody who holds a role over the whole site, whatever it sends. The
// main site's connections do reach a user whom somebody placed in a tenant, as long as the external id says who it is.
func (pl *planner) checkReach() error {
	if pl.created {
		return nil
	}
	strict := pl.policy.Tenant != "" || pl.byEmail
	if strict && !pl.allowsTenant(pl.account.Tenant) {
		return tenantNotAllowed("the account belongs to a learning site the policy does not cover")
	}
	if pl.policy.Tenant != "" && pl.holdsSiteRole(pl.account.Role) {
		return roleNotAllowed(pl.account.Role, "a tenant's connection may not touch an account with a role over the whole site", "a role within the tenant")
	}
	return nil
}

// holdsSiteRole reports whether the stored role is one the directory knows and reaches beyond a tenant.
func (pl *planner) holdsSiteRole(slug string) bool {
	for _, r := range pl.snapshot.Facts.Roles {
		if r.Slug == slug {
			return r.Scope != TenantScope
		}
	}
	return false
}

// setTenant puts the account into the tenant the login selects (rule 7); without a selector a tenant's connection selects
// its own, and the main site's leaves the account where it is.
func (pl *planner) setTenant() error {
	target, err := pl.selectedTenant()
	if err != nil {
		return err
	}
	if target == nil || !pl.created && target.ID == pl.account.Tenant {
		return nil
	}
	if !pl.policy.AllowsTenant(target.ID, target.Slug) {
		return tenantNotAllowed("the policy does not cover the learning site the login selects")
	}
	if err := pl.checkMove(); err != nil {
		return err
	}
	pl.account.Tenant = target.ID
	pl.note(lmssso.ChangeTenant, "tenant:"+show(target.Slug), "the login or its endpoint belongs to this learning site")
	return nil
}

// checkMove refuses to take an account out of a tenant, when the policy forbids moves or does not cover that tenant. From
// the main site into a tenant is a first placement, not a move.
func (pl *planner) checkMove() error {
	switch {
	case pl.account.Tenant == "":
		return nil
	case pl.policy.ForbidTenantMoves:
		return tenantNotAllowed("the policy forbids moving accounts between learning sites")
	case !pl.allowsTenant(pl.account.Tenant):
		return tenantNotAllowed("the account would leave a learning site the policy does not cover")
	}
	return nil
}

// selectedTenant returns the one tenant that the selectors name, or the connection's own; nil for none. Each selector must
// name a tenant, and all the same one. A blank selector selects nothing: it is not an order to leave a tenant (ours).
func (pl *planner) selectedTenant() (*Tenant, error) {
	var selected *Tenant
	target := &pl.login.Access.Target
	for _, by := range [...]struct {
		key  attrs.Key
		name attrs.Value
		of   func(*Tenant) string
	}{
		{attrs.ClientID, target.ID, func(t *Tenant) string { return t.ID }},
		{attrs.ClientSKU, target.SKU, func(t *Tenant) string { return t.SKU }},
		{attrs.ClientSlug, target.Slug, func(t *Tenant) string { return t.Slug }},
		{"path", pathSelector(target.Path), func(t *Tenant) string { return t.Slug }},
	} {
		if by.name.State() == attrs.Blank {
			pl.note(lmssso.ChangeWarning, string(by.key), "the selector is blank and selects no learning site")
		}
		for _, name := range by.name.All() {
			t := pl.lookUpTenant(name, by.of)
			if t == nil {
				return nil, tenantNotAssigned("the selector names no learning site, or several", string(by.key), name)
			}
			if selected != nil && selected.ID != t.ID {
				if !pl.policy.AllowsTenant(t.ID, t.Slug) || !pl.policy.AllowsTenant(selected.ID, selected.Slug) { // the graver of the two
					return nil, tenantNotAllowed("the policy does not cover the learning site the login selects")
				}
				return nil, tenantNotAssigned("the selectors name different learning sites", string(by.key), name)
			}
			selected = t
		}
	}
	if selected == nil && pl.policy.Tenant != "" {
		return pl.connectionTenant()
	}
	return selected, nil
}

// pathSelector makes the endpoint's slug a selector; the main site's endpoint selects nothing.
func pathSelector(slug string) attrs.Value {
	if slug == "" {
		return attrs.Value{}
	}
	return attrs.Text(slug)
}

// connectionTenant returns the tenant that owns the connection.
func (pl *planner) connectionTenant() (*Tenant, error) {
	t := pl.lookUpTenant(pl.policy.Tenant, func(t *Tenant) string { return t.ID })
	if t == nil {
		return nil, &lmssso.Error{Reason: lmssso.ErrConfiguration, Detail: "the directory does not have the connection's own tenant"}
	}
	return t, nil
}

// lookUpTenant returns the only tenant of that name; nil for none or several.
func (pl *planner) lookUpTenant(name string, of func(*Tenant) string) *Tenant {
	var found *Tenant
	for i := range pl.snapshot.Facts.Tenants {
		t := &pl.snapshot.Facts.Tenants[i]
		if of(t) != name {
			continue
		}
		if found != nil && found.ID != t.ID {
			return nil
		}
		found = t
	}
	return found
}

// allowsTenant reports whether the policy covers the tenant with this id. A tenant the directory does not know is covered
// only when it is the connection's own.
func (pl *planner) allowsTenant(id string) bool {
	if id == "" || id == pl.policy.Tenant {
		return pl.policy.AllowsTenant(id, "")
	}
	t := pl.lookUpTenant(id, func(t *Tenant) string { return t.ID })
	return t != nil && pl.policy.AllowsTenant(id, t.Slug)
}

func tenantNotAllowed(detail string) error {
	return &lmssso.Error{Reason: lmssso.ErrTenantNotAllowed, Detail: detail}
}

func tenantNotAssigned(detail, key, name string) error {
	return &lmssso.Error{Reason: lmssso.ErrTenantNotAssigned, Detail: key + ": " + detail, Received: show(name)}
}
