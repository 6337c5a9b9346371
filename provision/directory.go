package provision

import (
	"context"
	"errors"

	"github.com/lmssso/lmssso"
)

// Directory is where accounts live, and the catalogue of what can be granted. The application implements it over its own
// user store, or takes provision/memory or provision/sqldir; provision/provisiontest has the suite any of them must pass.
type Directory interface {
	// Read returns, as of one moment, the accounts and facts the query asks for. Nothing found is not an error.
	Read(ctx context.Context, q Query) (Snapshot, error)
	// Apply writes out.Account and out.Others in one transaction and returns Account as stored, with its ID and new
	// Version. An account with an empty ID is made; any other must still have the version it was read with, and a new or
	// changed link or email must be free: otherwise nothing is written and the error is [ErrStale].
	Apply(ctx context.Context, s Snapshot, out lmssso.Outcome) (lmssso.Account, error)
}

// ErrStale is returned by [Directory.Apply] when the accounts changed since they were read, or when a link or an email is
// no longer free. The [Service] then reads and plans again.
var ErrStale = errors.New("provision: the directory changed since it was read")

// Query names what a plan must know. Empty fields ask for nothing.
type Query struct {
	// Link asks for the accounts with this realm and external id: one, or the two sides of a dual-role user. Its Realm
	// also bounds Email.
	Link lmssso.Link
	// Email asks for the accounts of the realm with this address, lower-cased; at most one a side.
	Email string
	// AccountID asks for one account by the directory's own id, and for its pair.
	AccountID string
	// Names asks for the facts on everything a login mentions.
	Names Names
}

// Names lists what a login mentions, by the spelling it used.
type Names struct {
	// CourseSlugs and CourseSKUs name courses.
	CourseSlugs, CourseSKUs []string
	// LearningPaths and Bundles are slugs.
	LearningPaths, Bundles []string
	// LicenseIDs and LicenseSKUs name licences.
	LicenseIDs, LicenseSKUs []string
	// TenantIDs, TenantSKUs and TenantSlugs name tenants.
	TenantIDs, TenantSKUs, TenantSlugs []string
}

// Snapshot is the answer to a [Query].
type Snapshot struct {
	// Query is what was asked.
	Query Query
	// ByLink holds the accounts with the link, ByEmail those with the email, ByID the account asked for and its pair.
	ByLink, ByEmail, ByID []lmssso.Account
	// Facts holds what is known of the names mentioned, and every role.
	Facts Facts
}

// Facts is what a directory knows of the names a login mentions. Unknown names are simply not there.
type Facts struct {
	// Roles lists every role the directory has, not only those mentioned.
	Roles []Role
	// Courses, LearningPaths, Bundles, Licenses and Tenants are those mentioned, and the tenant of every account and
	// licence returned.
	Courses       []Course
	LearningPaths []LearningPath
	Bundles       []Bundle
	Licenses      []License
	Tenants       []Tenant
}

// Scope says how far a role reaches.
type Scope string

// The two scopes of a role.
const (
	SiteScope   Scope = "site"   // over the whole site: never through a tenant's connection
	TenantScope Scope = "tenant" // within one tenant
)

// Role is a role the directory knows.
type Role struct {
	// Slug is the role's name in logins, such as client-manager.
	Slug string `json:"slug"`
	// Kind is the side of a dual-role user it stands for.
	Kind lmssso.Side `json:"kind"`
	// Scope says how far it reaches.
	Scope Scope `json:"scope"`
}

// Course is a course that can be granted. Accounts hold its slug.
type Course struct {
	Slug  string `json:"slug"`            // after /learn/course/
	SKU   string `json:"sku,omitempty"`   // under Content > Design
	Title string `json:"title,omitempty"` // shown to learners
}

// LearningPath is a learning path that can be granted.
type LearningPath struct {
	Slug  string `json:"slug"`            // after /learn/learning-path/
	Title string `json:"title,omitempty"` // shown to learners
}

// Bundle is a subscription that can be granted.
type Bundle struct {
	Slug  string `json:"slug"`            // after /bundle/
	Title string `json:"title,omitempty"` // shown to learners
}

// License is a sublicense of a tenant. Accounts hold its id.
type License struct {
	ID     string `json:"id"`               // under Panorama > Sublicenses > General
	SKU    string `json:"sku,omitempty"`    // in the same place
	Tenant string `json:"tenant,omitempty"` // the immutable id of the tenant it belongs to; "" is the main site
	Title  string `json:"title,omitempty"`  // shown to administrators
}

// Tenant is a learning site of its own ("Panorama").
type Tenant struct {
	ID    string `json:"id"`              // immutable; from /learn/manager/panorama/{id}
	SKU   string `json:"sku,omitempty"`   // under Panorama > Settings > Primary
	Slug  string `json:"slug"`            // the path of its landing page
	Title string `json:"title,omitempty"` // shown to learners
}
