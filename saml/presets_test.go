package saml_test

import (
	"slices"
	"testing"

	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/saml"
	"github.com/stretchr/testify/require"
)

const (
	ws   = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
	msID = "http://schemas.microsoft.com/identity/claims/"
	mace = "urn:mace:dir:attribute-def:"
)

// one is an attribute with one value.
func one(name, value string) attrs.Named { return attrs.Named{Name: name, Values: []string{value}} }

// friendly is an attribute with an object identifier for its name.
func friendly(name, friendlyName string, values ...string) attrs.Named {
	return attrs.Named{Name: name, FriendlyName: friendlyName, Values: values}
}

// sent is what each provider sends once it is set up as the preset's sentences say, with the noise it sends beside.
func sent() map[string][]attrs.Named {
	entra := []attrs.Named{
		one(msID+"tenantid", "8d9a3a0e-0000-4000-8000-000000000000"), one(msID+"objectidentifier", "id-1"), one(msID+"displayname", "Ada M. Lovelace"),
		{Name: "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups", Values: []string{"5c0bb1f2-0000-4000-8000-000000000001", "5c0bb1f2-0000-4000-8000-000000000002"}},
		one(msID+"identityprovider", "https://sts.windows.net/8d9a3a0e-0000-4000-8000-000000000000/"),
		{Name: "http://schemas.microsoft.com/claims/authnmethodsreferences", Values: []string{"http://schemas.microsoft.com/ws/2008/06/identity/authenticationmethod/password"}},
		one(ws+"givenname", "Ada"), one(ws+"surname", "Lovelace"), one(ws+"emailaddress", "ada@example.com"), one(ws+"name", "ada_example.com#EXT#@tenant.onmicrosoft.com"),
	}
	convention := []attrs.Named{one("email", "ada@example.com"), one("firstName", "Ada"), one("lastName", "Lovelace")}
	claims := []attrs.Named{one(ws+"emailaddress", "ada@example.com"), one(ws+"givenname", "Ada"), one(ws+"surname", "Lovelace")}
	withID := append(slices.Clone(convention), one("id", "id-1"))
	return map[string][]attrs.Named{
		"okta":     append(slices.Clone(withID), attrs.Named{Name: "groups", Values: []string{"Everyone", "Staff"}}),
		"entra":    entra,
		"adfs":     append(slices.Clone(claims), one(ws+"upn", "ada@corp.example"), attrs.Named{Name: "http://schemas.xmlsoap.org/claims/Group", Values: []string{"Domain Users"}}),
		"onelogin": withID,
		"jumpcloud": {
			one("email", "ada@example.com"), one("firstname", "Ada"), one("lastname", "Lovelace"), {Name: "memberOf", Values: []string{"staff", "admins"}},
		},
		"salesforce": {one("userId", "id-1"), one("username", "ada@example.com.sandbox"), one("email", "ada@example.com"), one("given_name", "Ada"), one("family_name", "Lovelace"), one("is_portal_user", "false")},
		"auth0": append(slices.Clone(claims), one(ws+"nameidentifier", "id-1"), one(ws+"name", "Ada Lovelace"), one(ws+"upn", "ada@example.com"),
			one("http://schemas.auth0.com/identities/default/connection", "Username-Password-Authentication"), one("http://schemas.auth0.com/email_verified", "true")),
		"ping":   {one("saml_subject", "id-1"), one("user.email", "ada@example.com"), one("user.name.given", "Ada"), one("user.name.family", "Lovelace"), {Name: "user.memberOfGroupNames", Values: []string{"a", "b"}}},
		"google": convention,
		"keycloak": {
			friendly("urn:oid:1.2.840.113549.1.9.1", "email", "ada@example.com"), friendly("urn:oid:2.5.4.42", "givenName", "Ada"), friendly("urn:oid:2.5.4.4", "surname", "Lovelace"),
			one("Role", "offline_access"), one("Role", "uma_authorization"), one("Role", "admin"),
		},
		"shibboleth": {
			friendly("urn:oasis:names:tc:SAML:attribute:subject-id", "subject-id", "id-1"), friendly("urn:oid:0.9.2342.19200300.100.1.3", "mail", "ada@example.com"),
			friendly("urn:oid:2.5.4.42", "givenName", "Ada"), friendly("urn:oid:2.5.4.4", "sn", "Lovelace"), friendly("urn:oid:2.16.840.1.113730.3.1.241", "displayName", "Ada Lovelace"),
			friendly("urn:oid:1.3.6.1.4.1.5923.1.1.1.6", "eduPersonPrincipalName", "ada@uni.example"), friendly("urn:oid:1.3.6.1.4.1.5923.1.1.1.9", "eduPersonScopedAffiliation", "member@uni.example", "staff@uni.example"),
		},
	}
}

func TestPresetsReadWhatTheirProvidersSend(t *testing.T) {
	shapes := sent()
	byNameID := []string{"adfs", "jumpcloud", "ping", "google", "keycloak"} // the NameID identifies, not an attribute
	for _, p := range saml.Presets() {
		t.Run(p.Name, func(t *testing.T) {
			shape, ok := shapes[p.Name]
			require.True(t, ok, "no attributes of that provider's shape")
			set, err := p.Mapping.Apply(attrs.FromAttributes(shape))
			require.NoError(t, err)
			require.Empty(t, set.Warnings)
			text := func(k attrs.Key) string { s, _ := set.Get(k).First(); return s }
			require.Equal(t, "ada@example.com", text(attrs.Email))
			require.Equal(t, "Ada", text(attrs.FirstName))
			require.Equal(t, "Lovelace", text(attrs.LastName))
			if slices.Contains(byNameID, p.Name) {
				require.Empty(t, p.Mapping[attrs.ExternalID].From)
			} else {
				require.Equal(t, "id-1", text(attrs.ExternalID))
			}
			require.True(t, set.Get(attrs.Role).IsAbsent(), "no preset believes a provider's roles")
		})
	}
	require.Len(t, shapes, len(saml.Presets()))
}

func TestPresetsAreComplete(t *testing.T) {
	unspecified := []string{"auth0", "google", "jumpcloud", "ping"} // their NameID's format says nothing
	var names []string
	for _, p := range saml.Presets() {
		names = append(names, p.Name)
		require.Equal(t, "saml", p.Protocol, p.Name)
		require.NotEmpty(t, p.Title, p.Name)
		require.GreaterOrEqual(t, len(p.Quirks), 3, p.Name)
		require.Empty(t, p.Mapping.Check(), p.Name)
		for k := range p.Mapping {
			require.Contains(t, []attrs.Key{attrs.ExternalID, attrs.Email, attrs.FirstName, attrs.LastName, attrs.FullName}, k, "a preset maps nothing that grants")
		}
		if slices.Contains(unspecified, p.Name) {
			require.Equal(t, map[string]string{"allowUnspecifiedNameID": "true"}, p.Options, p.Name)
		} else {
			require.Empty(t, p.Options, "%s relaxes nothing", p.Name)
		}
		got, ok := saml.NamedPreset(p.Name)
		require.True(t, ok)
		require.Equal(t, p, got)
	}
	require.Equal(t, []string{"adfs", "auth0", "entra", "google", "jumpcloud", "keycloak", "okta", "onelogin", "ping", "salesforce", "shibboleth"}, names)
	_, ok := saml.NamedPreset("Okta")
	require.False(t, ok)
}

func TestPresetsAreTheCallers(t *testing.T) {
	p := saml.Okta()
	p.Mapping[attrs.Email] = attrs.From("other")
	clear(saml.Google().Options)
	require.Equal(t, attrs.From("email"), saml.Okta().Mapping[attrs.Email])
	require.NotEmpty(t, saml.Google().Options)
}

// Federations also send the names of SAML 1, and several identifiers.
func TestFederationsOldNamesAndIdentifiers(t *testing.T) {
	set, err := saml.Shibboleth().Mapping.Apply(attrs.FromAttributes([]attrs.Named{
		one(mace+"mail", "ada@example.com"), one(mace+"givenName", "Ada"), one(mace+"sn", "Lovelace"),
		one("urn:oid:1.3.6.1.4.1.5923.1.1.1.13", "unique"), one("urn:oasis:names:tc:SAML:attribute:pairwise-id", "pairwise"), one("urn:oid:1.3.6.1.4.1.5923.1.1.1.6", "ada@uni.example"),
	}))
	require.NoError(t, err)
	for k, want := range map[attrs.Key]string{attrs.Email: "ada@example.com", attrs.FirstName: "Ada", attrs.LastName: "Lovelace", attrs.ExternalID: "pairwise"} {
		got, _ := set.Get(k).First()
		require.Equal(t, want, got)
	}
	set, err = saml.Shibboleth().Mapping.Apply(attrs.FromAttributes([]attrs.Named{one("urn:oid:1.3.6.1.4.1.5923.1.1.1.6", "ada@uni.example")}))
	require.NoError(t, err)
	require.True(t, set.Get(attrs.ExternalID).IsAbsent(), "a principal name may be given to another person")
}
