package attrs

// Key names one attribute of the catalogue. Its text is the attribute's Thought Industries JWT claim name, or ours
// where that guide has none; configuration files and the SSO log use the same text.
type Key string

// The attributes a login can carry. [Catalogue] tells each one's kind, protocols and where an administrator finds the value.
const (
	ExternalID          Key = "externalCustomerId"
	FirstName           Key = "firstName"
	LastName            Key = "lastName"
	FullName            Key = "name"
	Email               Key = "email"
	Role                Key = "role"
	Language            Key = "language"
	IMISID              Key = "imisId"
	SalesforceContactID Key = "sfContactId"
	SalesforceAccountID Key = "sfAccountId"
	CustomFields        Key = "customFields"
	ClientID            Key = "clientId"
	ClientSKU           Key = "clientSku"
	ClientSlug          Key = "clientSlug"
	StudentLicenseIDs   Key = "studentLicenseIds"
	StudentLicenseSKUs  Key = "studentLicenseSkus"
	ManagerLicenseIDs   Key = "managerLicenseIds"
	ManagerLicenseSKUs  Key = "managerLicenseSkus"
	ActiveLicenseIDs    Key = "activeLicenseIds"
	LicenseSKUs         Key = "licenseSkus" // deprecated by the platform
	CourseSlugs         Key = "courseSlugs"
	CourseSKUs          Key = "courseSkus"
	LearningPathSlugs   Key = "learningPathSlugs"
	BundleSlugs         Key = "bundleSlugs"
	ReplaceCourses      Key = "replaceCourseAccess"
	ReplacePaths        Key = "replaceLearningPathAccess"
	ReplaceLicenses     Key = "replaceLicenseAccess"
	TieredSubscription  Key = "tieredSubscription"
	LicenseCourseSKUs   Key = "licenseCourseSkus"
	ParentLicenseSKU    Key = "parentLicenseSku"
	ClearCart           Key = "clearCart"
	DualRole            Key = "dualRole"
	Bio                 Key = "bio"
	Company             Key = "company"
	Timezone            Key = "timezone"
	Picture             Key = "picture"
	ReturnTo            Key = "returnTo"
	IssuedAt            Key = "iat"
)

// Refs is the number of free "Learner Ref" attributes, ref1 to ref10.
const Refs = 10

// refKeys are the keys of the learner refs, in order.
var refKeys = [Refs]Key{"ref1", "ref2", "ref3", "ref4", "ref5", "ref6", "ref7", "ref8", "ref9", "ref10"}

// Ref returns the key of the n-th learner ref, 1 ≤ n ≤ [Refs]. Outside that range it returns "", which no catalogue entry has.
func Ref(n int) Key {
	if n < 1 || n > Refs {
		return ""
	}
	return refKeys[n-1]
}

// RefNumber returns which learner ref the key names, 1 to [Refs], and whether it names one.
func (k Key) RefNumber() (n int, ok bool) {
	for i, ref := range refKeys {
		if k == ref {
			return i + 1, true
		}
	}
	return 0, false
}
