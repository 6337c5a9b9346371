package lmssso

// Side says which half of a dual-role pair an account is. It is the kind of the account's role.
type Side string

// The two kinds of role, and so the two sides of a dual-role user.
const (
	Learner Side = "learner"
	Manager Side = "manager"
)

// Account is a user as the learning platform stores it.
type Account struct {
	// ID is the directory's own immutable id; "" in a plan that creates the account.
	ID string `json:"id"`
	// Link is the realm the account lives in and the external id it is known by, if any.
	Link Link `json:"link"`
	// Email is lower-cased; unique per realm and side.
	Email string `json:"email"`
	// Role is a role slug the directory knows.
	Role string `json:"role"`
	// Side is the kind of that role.
	Side Side `json:"side"`
	// PairID joins the two accounts of a dual-role user; "" for everybody else.
	PairID string `json:"pairID,omitempty"`
	// Tenant is the immutable id of the tenant the user belongs to; "" for the main site.
	Tenant string `json:"tenant,omitempty"`
	// Profile holds what logins said about the person.
	Profile StoredProfile `json:"profile"`
	// Grants holds what the account may open.
	Grants Grants `json:"grants"`
	// Version counts the changes applied; a directory refuses a plan made on an older one.
	Version int64 `json:"version"`
}

// StoredProfile holds what logins said about a person. An empty text means that nothing is known.
type StoredProfile struct {
	FirstName string `json:"firstName,omitempty"` // given name
	LastName  string `json:"lastName,omitempty"`  // family name
	Language  string `json:"language,omitempty"`  // preferred language
	// Refs holds the learner refs that are set, by number 1 to 10.
	Refs map[int]string `json:"refs,omitempty"`
	// CustomFields holds the custom fields that are set.
	CustomFields      map[string]string `json:"customFields,omitempty"`
	IMISID            string            `json:"imisID,omitempty"`            // iMIS member id
	SalesforceContact string            `json:"salesforceContact,omitempty"` // Salesforce contact id
	SalesforceAccount string            `json:"salesforceAccount,omitempty"` // Salesforce account id
	Bio               string            `json:"bio,omitempty"`               // short text about the person
	Company           string            `json:"company,omitempty"`           // employer
	Timezone          string            `json:"timezone,omitempty"`          // IANA zone name
	Picture           string            `json:"picture,omitempty"`           // URL of a portrait
}

// Grants holds what an account may open, sorted and without repeats.
type Grants struct {
	Courses       []string `json:"courses,omitempty"`       // course slugs
	LearningPaths []string `json:"learningPaths,omitempty"` // learning-path slugs
	Bundles       []string `json:"bundles,omitempty"`       // bundle slugs held by listing
	// SSOBundles holds the bundles a connection's SSO subscription gave, by connection id. They stand outside Bundles.
	SSOBundles        map[string]string `json:"ssoBundles,omitempty"`
	StudentLicenses   []string          `json:"studentLicenses,omitempty"`   // licence ids held as a learner
	ManagerLicenses   []string          `json:"managerLicenses,omitempty"`   // licence ids held as a manager
	ActiveLicenses    []string          `json:"activeLicenses,omitempty"`    // licence ids marked active
	LicenseCourseSKUs []string          `json:"licenseCourseSKUs,omitempty"` // course SKUs a manager sees reports for
	ParentLicenseSKU  string            `json:"parentLicenseSKU,omitempty"`  // SKU of the licences' parent
}

// ChangeKind names what a [Change] did.
type ChangeKind string

// The kinds of change. Kinds that begin with "revoke" take something away; "warn" changes nothing.
const (
	ChangeCreate  ChangeKind = "create"  // the account was made
	ChangeProfile ChangeKind = "profile" // a profile field was set or cleared
	ChangeRole    ChangeKind = "role"    // the role changed
	ChangeTenant  ChangeKind = "tenant"  // the tenant changed
	ChangeLink    ChangeKind = "link"    // an external id was set, moved or cleared
	ChangeGrant   ChangeKind = "grant"   // something was granted
	ChangeRevoke  ChangeKind = "revoke"  // something was taken away
	ChangePair    ChangeKind = "pair"    // two accounts were joined as a dual-role user
	ChangeEvent   ChangeKind = "event"   // something for the application to do
	ChangeWarning ChangeKind = "warning" // nothing changed, but an administrator should know
)

// Change is one thing a login did to an account, or would do.
type Change struct {
	// Kind says what was done.
	Kind ChangeKind `json:"kind"`
	// Subject names what it was done to, such as "course:intro" or "firstName"; never a personal value.
	Subject string `json:"subject"`
	// Why names the rule that decided it, in a sentence an administrator understands.
	Why string `json:"why"`
}

// Outcome is what a login does to the directory. A dry run returns the same value without applying it.
type Outcome struct {
	// Account is the account as it is afterwards.
	Account Account
	// Created says that the account did not exist before.
	Created bool
	// Others holds further accounts the same change touches: the other side of a dual-role user, or the account a link
	// is taken from. They are written in the same transaction.
	Others []Account
	// Changes lists every change and its reason; empty when the login changes nothing.
	Changes []Change
	// ClearCart asks the application to empty the user's cart.
	ClearCart bool
}

// Alters reports whether applying the outcome would change what is stored: warnings and events alone do not.
func (o Outcome) Alters() bool {
	for _, c := range o.Changes {
		if c.Kind != ChangeWarning && c.Kind != ChangeEvent {
			return true
		}
	}
	return false
}

// Warnings returns what an administrator should know of: unknown grants, and everything that was revoked.
func (o Outcome) Warnings() []Change {
	var out []Change
	for _, c := range o.Changes {
		if c.Kind == ChangeWarning || c.Kind == ChangeRevoke {
			out = append(out, c)
		}
	}
	return out
}
