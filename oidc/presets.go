package oidc

import (
	"slices"

	"github.com/lmssso/lmssso/attrs"
)

// The settings a preset may carry, by their names in configuration.
const (
	optScope        = "scope"
	optResponseMode = "responseMode"
	optUseUserinfo  = "useUserinfo"
	optRawHeader    = "rawAuthorizationHeader"
)

// Presets returns what is known about OpenID providers, in the order of their names. No preset maps a role or a group:
// which of them may mean what is for the connection's own mapping to say.
func Presets() []attrs.Preset {
	return []attrs.Preset{
		ADFS(), Auth0(), EntraID(), Google(), JumpCloud(), Keycloak(), Okta(), OneLogin(), PingOne(), Salesforce(), Thinkific(),
	}
}

// NamedPreset returns the preset of that name, and whether there is one.
func NamedPreset(name string) (attrs.Preset, bool) {
	all := Presets()
	if i := slices.IndexFunc(all, func(p attrs.Preset) bool { return p.Name == name }); i >= 0 {
		return all[i], true
	}
	return attrs.Preset{}, false
}

// StandardMapping maps the standard claims (OpenID Connect Core section 5.1), for providers without a preset. It maps
// nothing that grants.
func StandardMapping() attrs.Mapping {
	return attrs.Mapping{
		attrs.Email:     attrs.From("email"),
		attrs.FirstName: attrs.From("given_name"),
		attrs.LastName:  attrs.From("family_name"),
		attrs.FullName:  attrs.From("name"),
		attrs.Picture:   attrs.From("picture"),
		attrs.Timezone:  attrs.From("zoneinfo"),
	}
}

// preset makes a preset that asks for the profile and the email address.
func preset(name, title string, m attrs.Mapping, quirks ...string) attrs.Preset {
	return attrs.Preset{
		Name: name, Title: title, Protocol: "oidc", Mapping: m, Quirks: quirks,
		Options: map[string]string{optScope: "openid profile email"},
	}
}

// Okta returns the preset of Okta.
func Okta() attrs.Preset {
	return preset("okta", "Okta", StandardMapping(),
		"The issuer is https://{organisation} for the organisation's authorization server, https://{organisation}/oauth2/default or /oauth2/{id} for a custom one: the well-known address decides which.",
		"An ID token that comes with an access token is thin: name and email come from userinfo, so leave useUserinfo on.",
		"Groups are sent only after a groups claim was added to the client; the organisation's server puts them into the ID token alone.")
}

// EntraID returns the preset of Microsoft Entra ID. It takes the object id for the external id: sub is another one for
// every client (Microsoft's ID token claims reference). Entra vouches for no email address, so none counts as verified.
func EntraID() attrs.Preset {
	m := StandardMapping()
	m[attrs.ExternalID] = attrs.From("oid")
	delete(m, attrs.Picture)  // an address that wants an access token
	delete(m, attrs.Timezone) // never sent
	return preset("entra", "Microsoft Entra ID", m,
		"The issuer is https://login.microsoftonline.com/{tenant id}/v2.0; the older endpoints' is https://sts.windows.net/{tenant id}/, which ends in a slash.",
		"The well-known addresses of common and organizations name the issuer with {tenantid} in it: list the tenants that may sign in in allowedTenantIDs.",
		"The external id is oid, the user's id in the tenant. preferred_username can change and can be given to somebody else: never map it to the external id.",
		"email is optional, can be set by the tenant's administrators to any address, and is never sent as verified: it links no account by itself.",
		"Add the optional claims email, given_name and family_name to the ID token, or leave useUserinfo on.",
		"Above 200 groups, and above 6 in the implicit flow, a link arrives in their place (_claim_names). Assign groups to the application, or use application roles.",
		"An application with a signing key of its own has its keys at the well-known address with ?appid={application id}.")
}

// Google returns the preset of Google, for Workspace and for personal accounts.
func Google() attrs.Preset {
	return preset("google", "Google", StandardMapping(),
		"The well-known address is https://accounts.google.com/.well-known/openid-configuration, the issuer https://accounts.google.com; old clients saw it without https, which is refused.",
		"Anybody with a Google account can sign in: set emailDomains, or make the client internal to the organisation.",
		"hd names the Workspace domain of a user. As an authorization parameter it is a hint alone: what counts is the claim.",
		"There are no groups and no end-session endpoint; the user stays signed in at Google.")
}

// OneLogin returns the preset of OneLogin.
func OneLogin() attrs.Preset {
	return preset("onelogin", "OneLogin", StandardMapping(),
		"The issuer is https://{subdomain}.onelogin.com/oidc/2.",
		"Set the token endpoint's authentication method of the application as tokenAuth says: Basic for client_secret_basic, POST for client_secret_post.",
		"Groups need the scope groups, and may arrive as one text with delimiters: give their mapping a split.",
		"A login begun at OneLogin's portal goes to the application's Login URL: enter the login address there.")
}

// Auth0 returns the preset of Auth0.
func Auth0() attrs.Preset {
	return preset("auth0", "Auth0", StandardMapping(),
		"The issuer is https://{tenant}.auth0.com/ or the custom domain, and ends in a slash; it must be compared as it is.",
		"sub is {connection}|{id}: it changes when a user moves to another connection of the tenant.",
		"A claim of your own must have a URL for its name, such as https://example.com/roles; map it by the whole URL.")
}

// PingOne returns the preset of PingOne.
func PingOne() attrs.Preset {
	return preset("ping", "PingOne", StandardMapping(),
		"The issuer is https://auth.pingone.com/{environment id}/as, with another host outside North America; the well-known address lies below it.",
		"sub is the user's UUID unless the application's attribute mappings say otherwise; leave it so.",
		"Any further claim must be mapped in the application.")
}

// JumpCloud returns the preset of JumpCloud.
func JumpCloud() attrs.Preset {
	return preset("jumpcloud", "JumpCloud", StandardMapping(),
		"The issuer is https://oauth.id.jumpcloud.com/ and ends in a slash; other regions have other hosts.",
		"Tick the standard scopes email and profile in the application's attribute mapping: without them no name and no address is sent.",
		"Set the client authentication type of the application as tokenAuth says: basic or post.",
		"Groups arrive under the name given to them in the application, when their attribute is ticked.")
}

// Salesforce returns the preset of Salesforce as an OpenID provider.
func Salesforce() attrs.Preset {
	return preset("salesforce", "Salesforce", StandardMapping(),
		"The well-known address is https://{MyDomain}.my.salesforce.com/.well-known/openid-configuration; sandboxes and Experience Cloud sites have hosts of their own.",
		"sub is the address of the user's identity, https://login.salesforce.com/id/{organisation}/{user}; a sandbox's is another.",
		"Names, address and time zone come from userinfo, so leave useUserinfo on.",
		"Give the connected app the scopes openid, profile and email, and turn on its ID token.")
}

// ADFS returns the preset of Active Directory Federation Services, which has OpenID Connect since Windows Server 2016.
func ADFS() attrs.Preset {
	return preset("adfs", "AD FS", StandardMapping(),
		"The issuer is https://{host}/adfs, the well-known address https://{host}/adfs/.well-known/openid-configuration.",
		"sub is another one for every client; unique_name and upn name the account, and can be given to somebody else.",
		"Names and email come only after issuance rules of the application group's web API were written for them; in the ID token they need the scope allatclaims.",
		"userinfo answers with sub alone.",
		"Permit the scopes openid, profile and email to the client. PKCE is honoured from Windows Server 2019 on.")
}

// Keycloak returns the preset of Keycloak.
func Keycloak() attrs.Preset {
	return preset("keycloak", "Keycloak", StandardMapping(),
		"The issuer is {base}/realms/{realm}; before version 17 the base ends in /auth.",
		"Realm roles are nested: map realm_access.roles, and let the client's role mapper add them to the ID token or userinfo, which it does not by itself.",
		"Turn on client authentication; the client's secret belongs to client_secret_basic and client_secret_post alike.",
		"email_verified is what the realm believes, such as a box an administrator ticked.")
}

// Thinkific returns the preset of a Thinkific school as an OpenID provider (Thinkific, "OpenID Connect"). It takes
// user_id_api_v1 for the external id, because sub will change. The claims roles and site are in [lmssso.Assertion].Raw.
func Thinkific() attrs.Preset {
	m := StandardMapping()
	m[attrs.ExternalID] = attrs.From("user_id_api_v1")
	delete(m, attrs.Timezone) // never sent
	p := preset("thinkific", "Thinkific", m,
		"The well-known address is https://{school}.thinkific.com/.well-known/openid-configuration; where its issuer is another host's, say it in issuer.",
		"The answer comes by form_post: the query, the default there, is announced to go away, and would show ID tokens in the address.",
		"The external id is user_id_api_v1, the one of the REST API; sub is announced to change.",
		"Userinfo takes the access token as the whole Authorization header, without Bearer; set rawAuthorizationHeader to false where it stops to.",
		"Only client_secret_basic is accepted at the token endpoint.",
		"roles, such as site_admin, are the user's at the school: map them to roles explicitly. email_verified may be missing, and the address then is not verified.")
	p.Options = map[string]string{
		optScope: "openid profile email site", optResponseMode: string(FormPost), optUseUserinfo: "true", optRawHeader: "true",
	}
	return p
}
