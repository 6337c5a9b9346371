package attrs

import "strconv"

// The origins of an attribute.
const (
	industries = "Thought Industries"
	thinkific  = "Thinkific"
	ours       = "ours"
)

// mapped and mappedOurs are how SAML and OpenID Connect carry most attributes: by mapping, as the platform has it or as
// this library adds it.
func mapped() Carriage     { return Carriage{Mappable: true} }
func mappedOurs() Carriage { return Carriage{Mappable: true, Ours: true} }

// entry makes a catalogue entry that a token carries in the claim of its own name and that the other protocols map.
func entry(k Key, title string, kind Kind, doc string) Attribute {
	return Attribute{
		Key: k, Title: title, Kind: kind, Doc: doc, Source: industries,
		JWT: Carriage{By: string(k), Mappable: true}, SAML: mapped(), OIDC: mapped(),
	}
}

// ourClaim marks an attribute whose claim name is ours, because the platform's guide names it only for the other protocols.
func ourClaim(a Attribute) Attribute {
	a.JWT.Ours = true
	return a
}

// people returns the attributes that say who the user is. Source: the mapping tables of the Thought Industries SSO guide.
func people() []Attribute {
	id := entry(ExternalID, "External Customer ID", KindText,
		"The identifier the customer's own system uses for the user. It must never change and never be given to somebody else; "+
			"an employee or member number serves, an email address does not. Never blank.")
	id.SAML.By, id.OIDC.By = "NameID", "sub"
	full := entry(FullName, "Full name", KindText,
		"The whole name in one text, split at its last space. Used only when neither first nor last name arrives.")
	full.Source, full.JWT.Ours, full.SAML, full.OIDC = ours, true, mappedOurs(), mappedOurs()
	language := ourClaim(entry(Language, "Language", KindText, "The language the learner prefers, by the site's identifier for it."))
	language.OIDC = mappedOurs()
	fields := entry(CustomFields, "Custom fields", KindMap,
		"Further fields of the user, merged one by one: a field not mentioned stays, null or an empty text clears it. A mapping sets "+
			"a single field with customFields.NAME.")
	fields.SAML, fields.OIDC = mappedOurs(), mappedOurs()
	return []Attribute{
		id,
		entry(FirstName, "First Name", KindText, "The user's given name."),
		entry(LastName, "Last Name", KindText, "The user's family name."),
		full,
		entry(Email, "Email", KindText, "The user's email address. Needed to make an account. Never blank."),
		entry(Role, "Role", KindText,
			"The slug of a built-in or custom role, such as student or client-manager; not the name shown on the page. Never blank."),
		language,
		ourClaim(entry(IMISID, "iMIS ID", KindText, "The user's iMIS id, for the iMIS integration.")),
		entry(SalesforceContactID, "Salesforce Contact ID", KindText, "The id of the user's contact object in Salesforce."),
		entry(SalesforceAccountID, "Salesforce Account ID", KindText, "The id of the user's account object in Salesforce."),
		fields,
	}
}

// refs returns the ten free learner refs.
func refs() []Attribute {
	out := make([]Attribute, 0, Refs)
	for n := 1; n <= Refs; n++ {
		out = append(out, entry(Ref(n), "Learner Ref "+strconv.Itoa(n), KindText,
			"Anything the customer wants to keep with the user, such as a student number or a department."))
	}
	return out
}

// Where an administrator finds the names of tenants and licences.
const (
	atSublicense = "Find it under Panorama > Sublicenses > (the sublicense) > General."
	atPanorama   = "Find it in the address of the Panorama's manager page, after /learn/manager/panorama/."
)

// tenants returns the attributes that place the user in a tenant and its licences.
func tenants() []Attribute {
	old := entry(LicenseSKUs, "Licenses by SKU", KindList, "Sublicenses by SKU, from before learners and managers were told apart. "+atSublicense)
	old.JWT, old.OIDC = Carriage{}, Carriage{}
	old.Deprecated = "Send studentLicenseSkus or managerLicenseSkus. It is taken for studentLicenseSkus, with a warning in the log."
	return []Attribute{
		entry(ClientID, "Client by ID", KindText, "The id of the Panorama the user belongs to. "+atPanorama),
		entry(ClientSKU, "Client by SKU", KindText, "The SKU of the Panorama the user belongs to. Set it under Panorama > Settings > Primary."),
		entry(ClientSlug, "Client by Slug", KindText, "The slug of the Panorama the user belongs to: the path of its landing page."),
		entry(StudentLicenseIDs, "Student Licenses by ID", KindList, "Sublicenses in which the user is a learner, by id. "+atSublicense),
		entry(StudentLicenseSKUs, "Student Licenses by SKU", KindList, "Sublicenses in which the user is a learner, by SKU. "+atSublicense),
		entry(ManagerLicenseIDs, "Manager Licenses by ID", KindList,
			"Sublicenses in which the user is an administrator or has a custom role, by id. "+atSublicense),
		entry(ManagerLicenseSKUs, "Manager Licenses by SKU", KindList,
			"Sublicenses in which the user is an administrator or has a custom role, by SKU. "+atSublicense),
		ourClaim(entry(ActiveLicenseIDs, "Active Licenses by ID", KindList,
			"Which of the user's sublicenses are the active ones, where the site separates sublicenses. "+atSublicense)),
		old,
	}
}

// grants returns the attributes that open content.
func grants() []Attribute {
	return []Attribute{
		entry(CourseSlugs, "Courses by Slug", KindList, "Courses the user may open. The slug is what follows /learn/course/ in the course's address."),
		ourClaim(entry(CourseSKUs, "Courses by SKU", KindList,
			"Courses the user may open, by SKU. Set it under Content > Manage Content > (the course) > Design.")),
		entry(LearningPathSlugs, "Learning Paths by Slug", KindList,
			"Learning paths the user may open. The slug is what follows /learn/learning-path/ in the path's address."),
		entry(BundleSlugs, "Bundles by Slug", KindList,
			"Subscriptions the user holds. The slug is what follows /bundle/ in the subscription's address."),
		ourClaim(entry(LicenseCourseSKUs, "License Course SKUs", KindList,
			"Courses an administrator sees reports for and whose attached learners may open them, by SKU as under Content > Design.")),
		ourClaim(entry(ParentLicenseSKU, "Parent License SKU", KindText,
			"The SKU of the licence above the ones named, for nested licences. "+atSublicense)),
	}
}

// switches returns the flags.
func switches() []Attribute {
	paths := entry(ReplacePaths, "Replace Learning Path Access?", KindFlag, "Take away every learning path the login does not list.")
	paths.SAML = Carriage{By: string(ReplaceCourses)}
	paths.OIDC = paths.SAML
	return []Attribute{
		entry(ReplaceCourses, "Replace Course Access?", KindFlag,
			"Take away every course the login does not list; through SAML and OpenID Connect learning paths as well."),
		paths,
		entry(ReplaceLicenses, "Replace License Access?", KindFlag,
			"Take away every licence the login lists neither as a student's nor as a manager's."),
		entry(TieredSubscription, "Tiered Subscription?", KindFlag,
			"Leave the user exactly the one subscription listed; a blank list leaves none."),
		ourClaim(entry(ClearCart, "Clear Cart?", KindFlag, "Empty the user's cart, after a purchase made elsewhere.")),
		entry(DualRole, "Dual Role?", KindFlag,
			"Send true, together with the role, at every login of a user who has both a learner's and a manager's account."),
	}
}

// others returns what Thinkific's dialect adds, and the attributes that other parts of a message usually carry.
func others() []Attribute {
	out := []Attribute{
		entry(Bio, "Bio", KindText, "A few sentences about the user."),
		entry(Company, "Company", KindText, "The user's employer."),
		entry(Timezone, "Timezone", KindText, "The user's time zone by its IANA name, such as Europe/Vienna."),
		entry(Picture, "Picture", KindText, "The address of a portrait of the user."),
	}
	for i := range out {
		out[i].Source, out[i].SAML, out[i].OIDC = thinkific, mappedOurs(), mappedOurs()
	}
	to := entry(ReturnTo, "Return to", KindText, "Where to send the user afterwards. It counts only when the site's safelist has it.")
	to.SAML, to.OIDC = Carriage{By: "RelayState"}, Carriage{By: "state"}
	at := entry(IssuedAt, "Issued at", KindTime, "When the message was made, in seconds since 1970 in UTC.")
	at.SAML, at.OIDC = Carriage{By: "IssueInstant"}, Carriage{By: "iat"}
	return append(out, to, at)
}
