package lmssso

// The reasons every protocol and step share. A package that has a finer reason of its own makes it with [NewReason] under
// one of these codes.
var (
	// ErrMalformed refuses a message that is not what its protocol says.
	ErrMalformed = NewReason("malformed", 400, "The sign-in message could not be read.", "Compare what the identity provider sends with the connection's protocol and dialect.")
	// ErrAttributeInvalid refuses an attribute whose value its kind does not allow.
	ErrAttributeInvalid = NewReason("attribute-invalid", 400, "The sign-in message holds a value that cannot be used.", "Correct the attribute named in the log at the identity provider, or its mapping.")
	// ErrStateLost refuses a login whose beginning is not known.
	ErrStateLost = NewReason("state-lost", 400, "Your browser did not send back the cookie this sign-in began with. Start again from the sign-in page.", "Cookies were blocked, the sign-in took longer than its limit, or it was finished in another browser.")
	// ErrSignature refuses a signature that no key of the connection made.
	ErrSignature = NewReason("signature", 403, "The sign-in message is not signed by a key this site trusts.", "Compare the key or certificate of the connection with the identity provider's.")
	// ErrAlgorithm refuses an algorithm other than the configured one.
	ErrAlgorithm = NewReason("algorithm", 403, "The sign-in message is signed in a way this site does not accept.", "Have the identity provider use the algorithm the connection is configured for.")
	// ErrEncryption refuses encryption that is missing, or cannot be undone.
	ErrEncryption = NewReason("encryption", 403, "The sign-in message is not encrypted as this site requires.", "Turn on AllowUnencryptedAssertions, or have the identity provider encrypt.")
	// ErrIssuer refuses another issuer than the connection's.
	ErrIssuer = NewReason("issuer", 403, "The sign-in message comes from an identity provider this site does not expect.", "Compare the issuer the connection expects with the one in the log.")
	// ErrAudience refuses a message made for somebody else.
	ErrAudience = NewReason("audience", 403, "The sign-in message was made for another site.", "Compare the audience or client id at the identity provider with the connection's.")
	// ErrRecipient refuses a message sent to another endpoint.
	ErrRecipient = NewReason("recipient", 403, "The sign-in message was sent to the wrong address.", "Compare the address at the identity provider with the base URL and the connection's endpoint.")
	// ErrExpired refuses a message past its time.
	ErrExpired = NewReason("expired", 403, "The sign-in took too long and is no longer valid. Start again.", "If the measured skew in the log is large, set both machines' clocks by NTP.")
	// ErrNotYetValid refuses a message before its time.
	ErrNotYetValid = NewReason("not-yet-valid", 403, "The sign-in message is dated in the future.", "Set the identity provider's clock and this machine's by NTP; the log has the measured skew.")
	// ErrReplayed refuses a message that was accepted before.
	ErrReplayed = NewReason("replayed", 403, "This sign-in was already used. Start again.", "A message is accepted once. Reloading the page or going back sends it again.")
	// ErrUnsolicited refuses an answer to no request of ours.
	ErrUnsolicited = NewReason("unsolicited", 403, "This site did not ask for this sign-in. Start from the sign-in page.", "Turn on IdP-initiated login for the connection if the identity provider is meant to start it.")
	// ErrNonce refuses a nonce other than the one sent.
	ErrNonce = NewReason("nonce", 403, "The sign-in message does not belong to this sign-in. Start again.", "The identity provider must return the nonce unchanged.")
	// ErrAuthnContext refuses an authentication weaker than policy demands.
	ErrAuthnContext = NewReason("authn-context", 403, "This site asks for a stronger way of signing in.", "Have the identity provider demand the authentication context the policy lists.")
	// ErrAttributeMissing refuses an attribute that is required and did not come.
	ErrAttributeMissing = NewReason("attribute-missing", 403, "The sign-in message lacks something this site needs.", "Attribute names are case-sensitive: compare the mapping with the names that arrived.")
	// ErrExternalIDMissing refuses a login without an external id.
	ErrExternalIDMissing = NewReason("external-id-missing", 403, "The sign-in message does not say which user it is for.", "Send the external customer id with every login.")
	// ErrEmailExists refuses an email held by an account without an external id.
	ErrEmailExists = NewReason("email-exists", 403, "There is already an account with this email address. An administrator must link it first.", "Give the account with that email the external id this login sends; the next login then syncs to it.")
	// ErrEmailTaken refuses an email held by an account with another external id.
	ErrEmailTaken = NewReason("email-taken", 403, "This email address belongs to another user.", "The email belongs to an account with another external id: correct the email at the identity provider, or move the account's link.")
	// ErrEmailDomain refuses an email outside the policy's domains.
	ErrEmailDomain = NewReason("email-domain", 403, "Email addresses of this domain cannot sign in here.", "Add the domain to the connection's policy, or correct the address at the identity provider.")
	// ErrRoleUnknown refuses a role the directory does not know.
	ErrRoleUnknown = NewReason("role-unknown", 403, "The sign-in message names a role this site does not have.", "Send the role's slug, such as client-admin, not its display name; the log lists the known slugs.")
	// ErrRoleNotAllowed refuses a role beyond the connection's policy.
	ErrRoleNotAllowed = NewReason("role-not-allowed", 403, "This way of signing in may not be used for this role.", "Add the role to the connection's policy if this identity provider may assert it.")
	// ErrTenantNotAssigned refuses tenant selectors that name no tenant, or several.
	ErrTenantNotAssigned = NewReason("tenant-not-assigned", 403, "The sign-in message does not name a learning site that exists.", "Panorama attributes are unique to the platform: send the tenant's id, SKU or slug as the platform shows it.")
	// ErrTenantNotAllowed refuses a tenant beyond the connection's policy.
	ErrTenantNotAllowed = NewReason("tenant-not-allowed", 403, "This way of signing in may not be used for this learning site.", "Add the tenant to the connection's policy if this identity provider may place users there.")
	// ErrLicenseNotAllowed refuses a licence beyond the connection's policy, or one not held.
	ErrLicenseNotAllowed = NewReason("license-not-allowed", 403, "This way of signing in may not grant this licence.", "Send only licences of tenants the connection's policy allows, and mark only held ones active.")
	// ErrUnknownGrant refuses a grant the directory does not know.
	ErrUnknownGrant = NewReason("unknown-grant", 403, "The sign-in message names something this site does not have.", "Correct the slug, SKU or id the log names, or create the item; while a replace flag is on nothing may be misspelt.")
	// ErrDualRoleIncomplete refuses a dual-role login without what it needs.
	ErrDualRoleIncomplete = NewReason("dual-role-incomplete", 403, "The sign-in message does not say which of your two roles to use.", "Send dualRole true and the role's slug with every login of a dual-role user.")
	// ErrNotDualRole refuses dualRole for a user without a pair.
	ErrNotDualRole = NewReason("not-dual-role", 403, "You do not have two roles on this site.", "Join the two accounts as a dual-role user first; a login never does.")
	// ErrAmbiguousReplace refuses a replace flag without any list.
	ErrAmbiguousReplace = NewReason("ambiguous-replace", 403, "The sign-in message would take away everything and does not say so clearly.", "Send the list the replace flag governs, blank to revoke all, or set ReplaceAbsentMeansEmpty in the policy.")
	// ErrBlockedBySSO refuses an account without a link where none may be made.
	ErrBlockedBySSO = NewReason("blocked-by-sso", 403, "Your account was made before this way of signing in. An administrator must link it first.", "Give the account the external id this login sends, then try again.")
	// ErrCreationOff refuses a new user where policy makes none.
	ErrCreationOff = NewReason("creation-off", 403, "You do not have an account on this site.", "Create the account first, or let the connection's policy create accounts.")
	// ErrProviderRefused refuses a refusal by the identity provider.
	ErrProviderRefused = NewReason("provider-refused", 403, "Your identity provider refused the sign-in.", "The log holds the identity provider's own error code.")
	// ErrTargetNotAllowed refuses a redirect target that is not on the safelist.
	ErrTargetNotAllowed = NewReason("target-not-allowed", 403, "The page asked for after signing in is not one this site sends browsers to.", "Add the host to the safelist, or correct the link.")
	// ErrNotFound refuses a wrong endpoint or tenant.
	ErrNotFound = NewReason("not-found", 404, "There is no sign-in at this address.", "Compare the address at the identity provider with the connection's endpoint and tenant.")
	// ErrMethod refuses a method the endpoint does not serve.
	ErrMethod = NewReason("method", 405, "This address does not answer that kind of request.", "Compare the binding or method at the identity provider with the endpoint's.")
	// ErrTooLarge refuses a message beyond its size limit.
	ErrTooLarge = NewReason("too-large", 413, "The sign-in message is too large.", "Send fewer attribute values.")
	// ErrConfiguration refuses a setting that cannot be used.
	ErrConfiguration = NewReason("configuration", 503, "Signing in is not set up correctly on this site.", "Correct the setting the log names.")
	// ErrDiscovery refuses a provider whose configuration cannot be read.
	ErrDiscovery = NewReason("discovery", 502, "Your identity provider could not be reached.", "Unable to discover: check the well-known URL.")
	// ErrProvider refuses a provider that answers wrongly.
	ErrProvider = NewReason("provider-error", 502, "Your identity provider did not answer as expected.", "The log says which of its endpoints failed.")
	// ErrUnavailable refuses a part of this site that does not work; also anything not understood.
	ErrUnavailable = NewReason("unavailable", 503, "Signing in is not possible at the moment. Try again shortly.", "A store or the directory is down; the log has the cause.")
	// ErrBusy refuses a conflict that did not settle.
	ErrBusy = NewReason("busy", 503, "Too many people are signing in at once. Try again shortly.", "The account kept changing while the login was applied.")
)

// Reasons lists the shared reasons in the order of the documentation.
func Reasons() []*Reason {
	return []*Reason{
		ErrMalformed, ErrAttributeInvalid, ErrStateLost, ErrSignature, ErrAlgorithm,
		ErrEncryption, ErrIssuer, ErrAudience, ErrRecipient, ErrExpired,
		ErrNotYetValid, ErrReplayed, ErrUnsolicited, ErrNonce, ErrAuthnContext,
		ErrAttributeMissing, ErrExternalIDMissing, ErrEmailExists, ErrEmailTaken, ErrEmailDomain,
		ErrRoleUnknown, ErrRoleNotAllowed, ErrTenantNotAssigned, ErrTenantNotAllowed, ErrLicenseNotAllowed,
		ErrUnknownGrant, ErrDualRoleIncomplete, ErrNotDualRole, ErrAmbiguousReplace, ErrBlockedBySSO,
		ErrCreationOff, ErrProviderRefused, ErrTargetNotAllowed, ErrNotFound, ErrMethod,
		ErrTooLarge, ErrConfiguration, ErrDiscovery, ErrProvider, ErrUnavailable,
		ErrBusy,
	}
}
