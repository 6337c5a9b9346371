// Package config reads the academy's configuration file: the connections and tenants of package tenant, and what this
// application adds to them (stores, catalogue, accounts, log, demonstration mode).
package config

import (
	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/provision"
	"github.com/lmssso/lmssso/ssolog"
	"github.com/lmssso/lmssso/tenant"
)

// File is a whole configuration file. Unknown keys are faults; keys that begin with // are comments.
type File struct {
	// Config holds baseURL, safelist, settings, tenants and connections.
	tenant.Config
	// Demo mounts the portal under /demo. Only on loopback.
	Demo bool `json:"demo"`
	// AdminToken opens the admin pages and the admin API; "" has one made at start.
	AdminToken lmssso.Secret `json:"adminToken"`
	// Directory is where the accounts live: "memory:" or "sqlite:FILE". "" is memory.
	Directory string `json:"directory"`
	// SingleUse is where replay records live: "memory:" or "sqlite:FILE". "" is memory.
	SingleUse string `json:"singleUse"`
	// Catalogue is what can be granted, and the roles.
	Catalogue Catalogue `json:"catalogue"`
	// Accounts are there from the beginning. One that exists already is left as it is.
	Accounts []Account `json:"accounts"`
	// SSOLog sets up the single sign-on log.
	SSOLog SSOLog `json:"ssoLog"`
}

// Catalogue is what can be granted, and the roles.
type Catalogue struct {
	Courses       []provision.Course       `json:"courses"`
	LearningPaths []provision.LearningPath `json:"learningPaths"`
	Bundles       []provision.Bundle       `json:"bundles"`
	Licenses      []License                `json:"licenses"`
	Roles         []Role                   `json:"roles"`
}

// License is a sublicense.
type License struct {
	ID    string `json:"id"`
	SKU   string `json:"sku"`
	Title string `json:"title"`
	// Tenant is the slug of the tenant it belongs to; "" is the main site.
	Tenant string `json:"tenant"`
}

// Account is an account that is there from the beginning.
type Account struct {
	// Realm is the namespace of ExternalID; "" is main.
	Realm string `json:"realm"`
	// ExternalID is the customer's own id for the user; "" leaves the account to be linked later.
	ExternalID string `json:"externalID"`
	Email      string `json:"email"`
	FirstName  string `json:"firstName"`
	LastName   string `json:"lastName"`
	// Role is a role slug; "" is student.
	Role string `json:"role"`
	// DualRole is the role of the user's other side; "" for a user with one role.
	DualRole DualRole `json:"dualRole"`
	// Tenant is the slug of the tenant the user belongs to; "" is the main site.
	Tenant string `json:"tenant"`
	// Courses, LearningPaths and Bundles are the slugs of what the account holds.
	Courses       []string `json:"courses"`
	LearningPaths []string `json:"learningPaths"`
	Bundles       []string `json:"bundles"`
}

// SSOLog sets up the single sign-on log.
type SSOLog struct {
	// Enabled switches recording; absent is on.
	Enabled *bool `json:"enabled"`
	// Values says whether attribute values are kept; absent is redacted.
	Values ssolog.ValuePolicy `json:"values"`
}

// On reports whether attempts are recorded.
func (l SSOLog) On() bool { return l.Enabled == nil || *l.Enabled }
