package lmssso

import (
	"slices"
	"strings"
)

// StudentRole is the role of every new learner, and the only one the zero [Policy] lets a connection assert.
const StudentRole = "student"

// AnyTenant in [Policy.Tenants] lets a main-site connection place users in any tenant.
const AnyTenant = "*"

// Policy is a connection's ceiling: what its identity provider may say, whatever it sends. The zero value asserts only
// students, places them nowhere but in the connection's own tenant, vouches for no email address, and creates accounts.
type Policy struct {
	// Realm is the namespace of the connection's external ids. Required by provisioning.
	Realm string
	// Tenant is the immutable id of the tenant that owns the connection; "" for the main site.
	Tenant string
	// Roles lists the role slugs the connection may assert; empty means only student.
	Roles []string
	// Tenants lists the slugs of tenants it may place users in and grant licences of; empty means its own. ["*"] is any.
	Tenants []string
	// EmailDomains lists the domains whose addresses it vouches for; logins with others are refused. Empty: any address
	// is stored and none is vouched for. A domain does not cover its subdomains.
	EmailDomains []string
	// RequireAuthnContext lists authentication contexts of which a login must carry at least one; empty asks nothing.
	RequireAuthnContext []string
	// SSOSubscription is the slug of a bundle every login through the connection receives; "" for none.
	SSOSubscription string
	// Accounts says how users are found and whether they may be made.
	Accounts AccountPolicy
	// ReplaceAbsentMeansEmpty takes a replace flag whose lists are all absent as an order to revoke everything.
	// Safe only where the provider leaves out empty lists and never loses a mapping.
	ReplaceAbsentMeansEmpty bool
	// ForbidTenantMoves refuses a login that would take an account from one tenant to another.
	ForbidTenantMoves bool
}

// AccountPolicy says how a connection's users are found. The zero value finds them by external id and creates the rest.
type AccountPolicy struct {
	// LinkVerifiedEmail gives the external id to an account found by a verified email within EmailDomains, once.
	LinkVerifiedEmail bool
	// IdentityByEmail finds users without an external id by their email, among students without one.
	IdentityByEmail bool
	// ExistingOnly refuses users who have no account yet.
	ExistingOnly bool
}

// AllowsRole reports whether the connection may assert the role slug.
func (p Policy) AllowsRole(slug string) bool {
	if len(p.Roles) == 0 {
		return slug == StudentRole
	}
	return slices.Contains(p.Roles, slug)
}

// AllowsTenant reports whether the connection may place users in the tenant with this id and slug. Both empty is the
// main site, which only a connection of the main site reaches.
func (p Policy) AllowsTenant(id, slug string) bool {
	return id == p.Tenant || id != "" && p.ListsTenant(slug)
}

// ListsTenant reports whether Tenants covers the slug. "*" covers every tenant, for a connection of the main site only.
func (p Policy) ListsTenant(slug string) bool {
	return p.Tenant == "" && slices.Contains(p.Tenants, AnyTenant) || slices.Contains(p.Tenants, slug)
}

// AllowsEmail reports whether a login may carry this address at all.
func (p Policy) AllowsEmail(address string) bool {
	return len(p.EmailDomains) == 0 || p.listsDomain(address)
}

// Vouches reports whether the address counts as verified: its domain is one the policy lists, and OpenID Connect's
// email_verified is true where that protocol brought it.
func (p Policy) Vouches(a *Assertion) bool {
	address, ok := a.Profile.Email.First()
	if !ok || !p.listsDomain(address) {
		return false
	}
	return a.Origin.Protocol != OIDC || a.Profile.EmailVerified
}

func (p Policy) listsDomain(address string) bool {
	_, domain, ok := strings.Cut(address, "@")
	return ok && slices.ContainsFunc(p.EmailDomains, func(d string) bool { return strings.EqualFold(d, domain) })
}
