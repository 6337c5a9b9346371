package saml

import (
	"maps"
	"slices"

	"github.com/lmssso/lmssso/attrs"
)

// The beginnings of attribute names.
const (
	wsClaims   = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
	xmlsoap    = "http://schemas.xmlsoap.org/claims/"
	microsoft  = "http://schemas.microsoft.com/identity/claims/"
	oasisAttr  = "urn:oasis:names:tc:SAML:attribute:"
	eduPerson  = "urn:oid:1.3.6.1.4.1.5923.1.1.1."
	oidMail    = "urn:oid:0.9.2342.19200300.100.1.3"
	oidGiven   = "urn:oid:2.5.4.42"
	oidSurname = "urn:oid:2.5.4.4"
	oidCommon  = "urn:oid:2.5.4.3"
	oidDisplay = "urn:oid:2.16.840.1.113730.3.1.241"
	oidPKCS    = "urn:oid:1.2.840.113549.1.9.1"
	maceAttr   = "urn:mace:dir:attribute-def:"
)

// optUnspecified is the setting that [Allow].UnspecifiedNameID is called in configuration.
const optUnspecified = "allowUnspecifiedNameID"

// Presets returns what is known about identity providers, in the order of their names. No preset maps a role or a group:
// which of them may mean what is for the connection's own mapping to say.
func Presets() []attrs.Preset {
	return []attrs.Preset{
		ADFS(), Auth0(), EntraID(), Google(), JumpCloud(), Keycloak(), Okta(), OneLogin(), PingOne(), Salesforce(), Shibboleth(),
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

func preset(name, title string, m attrs.Mapping, quirks ...string) attrs.Preset {
	return attrs.Preset{Name: name, Title: title, Protocol: "saml", Mapping: m, Quirks: quirks}
}

// withOption sets one setting of a preset.
func withOption(p attrs.Preset, name string) attrs.Preset {
	options := maps.Clone(p.Options)
	if options == nil {
		options = map[string]string{}
	}
	options[name] = "true"
	p.Options = options
	return p
}

// plain maps the names administrators are usually told to type in where a provider sends nothing by itself.
func plain() attrs.Mapping {
	return attrs.Mapping{
		attrs.Email:     attrs.From("email"),
		attrs.FirstName: attrs.From("firstName"),
		attrs.LastName:  attrs.From("lastName"),
	}
}

// claimURIs maps the names of the WS-Federation claims.
func claimURIs() attrs.Mapping {
	return attrs.Mapping{
		attrs.Email:     attrs.From(wsClaims+"emailaddress", xmlsoap+"EmailAddress"),
		attrs.FirstName: attrs.From(wsClaims + "givenname"),
		attrs.LastName:  attrs.From(wsClaims + "surname"),
	}
}

// Okta returns the preset of Okta. Nothing is sent until it is added, so the names are a convention: id (user.id), email,
// firstName and lastName.
func Okta() attrs.Preset {
	m := plain()
	m[attrs.ExternalID] = attrs.From("id")
	return preset("okta", "Okta", m,
		"Okta sends no attributes by itself: add the attribute statements id (user.id), email, firstName and lastName.",
		"Enter the assertion consumer address as Single sign on URL and the entity id as Audience URI.",
		"The issuer begins with http://www.okta.com/, not https; it must be compared as it is.",
		"Response and assertion are both signed; the NameID is usually an email address, which is why id is asked for.")
}

// EntraID returns the preset of Microsoft Entra ID. It takes the object id for the external id, which stays when a user's
// principal name changes (Microsoft's SAML token reference).
func EntraID() attrs.Preset {
	m := claimURIs()
	m[attrs.ExternalID] = attrs.From(microsoft + "objectidentifier")
	m[attrs.FullName] = attrs.From(microsoft + "displayname")
	return preset("entra", "Microsoft Entra ID", m,
		"The issuer is https://sts.windows.net/{tenant id}/ and ends in a slash.",
		"The NameID is the user principal name, which need not be the user's mail address and can change; guests carry #EXT# in it.",
		"The metadata address takes ?appid={application id}; without it the certificate may be another application's.",
		"Only the assertion is signed unless the signing option is changed.",
		"Groups arrive as GUIDs; above 150 a link arrives in their place. Assign groups to the application, or use application roles.",
		"A requested authentication context that does not match ends in AADSTS75011: request none unless it is needed.")
}

// ADFS returns the preset of Active Directory Federation Services. Nothing is sent before claim rules are written; the
// names are those of the usual rule that sends LDAP attributes as claims.
func ADFS() attrs.Preset {
	m := claimURIs()
	m[attrs.FullName] = attrs.From(xmlsoap + "CommonName")
	return preset("adfs", "Active Directory Federation Services", m,
		"Add a claim rule that sends E-Mail-Addresses, Given-Name and Surname, and one that transforms an unchanging attribute into a Name ID of persistent format.",
		"Without a rule for the Name ID, AD FS answers InvalidNameIDPolicy (event MSIS7070).",
		"The issuer is http://{host}/adfs/services/trust, with http.",
		"By default only the assertion is signed and then encrypted by AES-CBC. Run Set-ADFSRelyingPartyTrust with -SamlResponseSignature MessageAndAssertion, or turn on allowCBCInUnsignedResponse.",
		"AD FS begins an assertion's validity at its own clock's now: set NotBeforeSkew there or a leeway here.")
}

// OneLogin returns the preset of OneLogin, with its parameters named by convention: id, email, firstName and lastName.
func OneLogin() attrs.Preset {
	m := plain()
	m[attrs.ExternalID] = attrs.From("id")
	return preset("onelogin", "OneLogin", m,
		"Use the SAML Custom Connector (Advanced) and add the parameters id (OneLogin's user UUID), email, firstName and lastName, each with Include in SAML assertion ticked.",
		"The ACS URL Validator is a regular expression: escape the dots.",
		"The issuer URL is the address of the metadata as well.",
		"Set the initiator to Service Provider unless IdP-initiated login is turned on.")
}

// JumpCloud returns the preset of JumpCloud. Its NameID's format is the unspecified of SAML 1.0, which the preset allows.
func JumpCloud() attrs.Preset {
	m := attrs.Mapping{
		attrs.Email:     attrs.From("email"),
		attrs.FirstName: attrs.From("firstName", "firstname"),
		attrs.LastName:  attrs.From("lastName", "lastname"),
	}
	return withOption(preset("jumpcloud", "JumpCloud", m,
		"Map the user attributes email, firstName (firstname) and lastName (lastname); nothing is sent before.",
		"The NameID's format is urn:oasis:names:tc:SAML:1.0:nameid-format:unspecified: choose a value that never changes.",
		"The metadata offers HTTP-POST alone until Declare Redirect Endpoint is ticked: set requestBinding to post otherwise.",
		"The entity id is whatever the administrator typed in; groups arrive as memberOf when their attribute is ticked."), optUnspecified)
}

// Salesforce returns the preset of Salesforce as an identity provider, with its attributes userId, username and email.
func Salesforce() attrs.Preset {
	m := attrs.Mapping{
		attrs.ExternalID: attrs.From("userId"),
		attrs.Email:      attrs.From("email"),
		attrs.FirstName:  attrs.From("given_name", "firstName"),
		attrs.LastName:   attrs.From("family_name", "lastName"),
	}
	return preset("salesforce", "Salesforce", m,
		"Turn on the identity provider under Identity Provider, with a certificate, before making the connected app.",
		"Names are sent only as custom attributes of the connected app: add given_name and family_name.",
		"The response is signed as a whole. Older set-ups sign with RSA-SHA1, which is refused unless allowSHA1 is turned on.",
		"The metadata is at /.well-known/samlidp.xml of the My Domain host, or /.well-known/samlidp/{connected app}.xml.")
}

// Auth0 returns the preset of Auth0's SAML2 Web App addon. Its NameID is of unspecified format, which the preset allows;
// the same identifier comes as an attribute.
func Auth0() attrs.Preset {
	m := claimURIs()
	m[attrs.ExternalID] = attrs.From(wsClaims + "nameidentifier")
	m[attrs.FullName] = attrs.From(wsClaims + "name")
	return withOption(preset("auth0", "Auth0", m,
		"Turn on the SAML2 Web App addon; its settings take mappings from the profile to attribute names.",
		"The issuer is urn:{tenant}.auth0.com; the metadata is at /samlp/metadata/{client id}.",
		"What the addon's mappings do not name arrives with the prefix http://schemas.auth0.com/.",
		"The assertion is signed; signResponse signs the response in its place, not as well."), optUnspecified)
}

// PingOne returns the preset of PingOne. Its NameID has no format at all and is the user's UUID, which the preset allows.
func PingOne() attrs.Preset {
	m := attrs.Mapping{
		attrs.Email:     attrs.From("email", "user.email"),
		attrs.FirstName: attrs.From("firstName", "user.name.given"),
		attrs.LastName:  attrs.From("lastName", "user.name.family"),
	}
	return withOption(preset("ping", "PingOne", m,
		"Only saml_subject is sent by itself: map email, firstName and lastName, or send user.email, user.name.given and user.name.family under their own names.",
		"The NameID carries no Format attribute; its value is the user's UUID as long as saml_subject is mapped to the user id.",
		"The issuer is https://auth.pingone.com/{environment id}, with another host outside North America; PingFederate's is set under Protocol Settings."), optUnspecified)
}

// Google returns the preset of Google Workspace. Its NameID is of unspecified format, which the preset allows.
func Google() attrs.Preset {
	return withOption(preset("google", "Google Workspace", plain(),
		"Nothing is sent by itself: map Primary email, First name and Last name to email, firstName and lastName.",
		"The NameID comes as unspecified though the metadata lists emailAddress; it is the primary email unless another field is chosen, and an email address can be given to somebody else.",
		"The metadata can only be downloaded and is valid for five years.",
		"The authentication context is always unspecified: requesting another fails."), optUnspecified)
}

// Keycloak returns the preset of Keycloak as an identity provider, with the names of its built-in X500 mappers.
func Keycloak() attrs.Preset {
	m := attrs.Mapping{
		attrs.Email:     attrs.From("email", oidPKCS, oidMail),
		attrs.FirstName: attrs.From("firstName", "givenName", oidGiven),
		attrs.LastName:  attrs.From("lastName", "surname", oidSurname),
	}
	return preset("keycloak", "Keycloak", m,
		"Add the built-in mappers X500 email, X500 givenName and X500 surname to the client.",
		"Set the client's Name ID format to persistent; an email address, which is often sent, can be given to somebody else.",
		"Assertions are valid for about a minute around Keycloak's own time: keep both clocks set, or allow a leeway.",
		"The metadata wants signed requests: give this side a key, upload its metadata, and turn on signRequests.",
		"Roles arrive as one attribute named Role for each of them.")
}

// Shibboleth returns the preset of Shibboleth and of the identity providers of academic federations, by the object
// identifiers of eduPerson (REFEDS) and LDAP. The external id is the subject identifier of the OASIS profile, else
// eduPersonUniqueId: the usual NameID is transient and identifies nobody twice.
func Shibboleth() attrs.Preset {
	m := attrs.Mapping{
		attrs.ExternalID: attrs.From(oasisAttr+"subject-id", oasisAttr+"pairwise-id", eduPerson+"13"),
		attrs.Email:      attrs.From(oidMail, maceAttr+"mail"),
		attrs.FirstName:  attrs.From(oidGiven, maceAttr+"givenName"),
		attrs.LastName:   attrs.From(oidSurname, maceAttr+"sn"),
		attrs.FullName:   attrs.From(oidDisplay, oidCommon, maceAttr+"displayName", maceAttr+"cn"),
	}
	return preset("shibboleth", "Shibboleth and eduGAIN", m,
		"Ask the identity provider to release subject-id (or pairwise-id), mail, givenName and sn to this entity id.",
		"eduPersonPrincipalName ("+eduPerson+"6) may be given to another person later and is no email address: map it to the external id only where the provider promises that it is not.",
		"Affiliations ("+eduPerson+"1) are faculty, student, staff, alum, member, affiliate, employee and library-walk-in: map them to roles explicitly.",
		"mail may have several values; a login with more than one is refused, so ask for one.",
		"Version 4 encrypts with AES-GCM by default; publish this side's metadata with an encryption key.",
		"Metadata comes from a federation, as a signed aggregate or by MDQ: configure the federation's signing certificate.")
}
