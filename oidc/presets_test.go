package oidc_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/oidc"
)

// sent is what each provider sends once it is set up as the preset's sentences say, with the noise it sends beside, and the
// external id that must come of it: "" where sub is it.
func sent() map[string]struct{ claims, externalID string } {
	const plain = `"email": "ada@example.com", "given_name": "Ada", "family_name": "Lovelace", "name": "Ada Lovelace"`
	type shape = struct{ claims, externalID string }
	return map[string]shape{
		"adfs":      {`{"sub": "s", "upn": "ada@corp.example", "unique_name": "CORP\\ada", "email": "ada@example.com", "given_name": "Ada", "family_name": "Lovelace", "pwd_exp": "1"}`, ""},
		"auth0":     {`{"sub": "google-oauth2|1", "nickname": "ada", "email_verified": true, "https://example.com/roles": ["admin"], ` + plain + `}`, ""},
		"entra":     {`{"sub": "pairwise", "oid": "id-1", "tid": "t", "preferred_username": "ada@corp.example", "picture": "https://graph.microsoft.com/v1.0/me/photo/$value", "roles": ["Admin"], "groups": ["g"], ` + plain + `}`, "id-1"},
		"google":    {`{"sub": "1", "hd": "example.com", "email_verified": true, "picture": "https://lh3.example/p", "locale": "en", ` + plain + `}`, ""},
		"jumpcloud": {`{"sub": "1", "memberOf": ["admins"], ` + plain + `}`, ""},
		"keycloak":  {`{"sub": "1", "preferred_username": "ada", "realm_access": {"roles": ["admin"]}, ` + plain + `}`, ""},
		"okta":      {`{"sub": "00u1", "preferred_username": "ada@corp.example", "zoneinfo": "Europe/London", "groups": ["Everyone"], ` + plain + `}`, ""},
		"onelogin":  {`{"sub": "1", "groups": "staff;admins", "params": {"a": "b"}, ` + plain + `}`, ""},
		"ping":      {`{"sub": "8d9a3a0e-0000-4000-8000-000000000000", "env": "e", "org": "o", ` + plain + `}`, ""},
		"salesforce": {`{"sub": "https://login.salesforce.com/id/00D/005", "user_id": "005", "organization_id": "00D", "user_type": "STANDARD", "active": true,
			"zoneinfo": "Europe/London", "photos": {"picture": "https://x.example/p"}, ` + plain + `}`, ""},
		"thinkific": {`{"sub": "01EY1SAQY490WCG2H7SZ1365HN", "user_id_api_v1": "123456780", "roles": ["site_admin"], "updated_at": 1601504367,
			"site": {"subdomain": "ada", "currency": "usd"}, "picture": "https://assets.example/p", ` + plain + `}`, "123456780"},
	}
}

func TestPresetsReadWhatTheirProvidersSend(t *testing.T) {
	shapes := sent()
	for _, p := range oidc.Presets() {
		t.Run(p.Name, func(t *testing.T) {
			shape, ok := shapes[p.Name]
			require.True(t, ok, "no claims of that provider's shape")
			in, err := attrs.FromJSON([]byte(shape.claims))
			require.NoError(t, err)
			set, err := p.Mapping.Apply(in)
			require.NoError(t, err)
			require.Empty(t, set.Warnings)
			text := func(k attrs.Key) string { s, _ := set.Get(k).First(); return s }
			require.Equal(t, "ada@example.com", text(attrs.Email))
			require.Equal(t, "Ada", text(attrs.FirstName))
			require.Equal(t, "Lovelace", text(attrs.LastName))
			require.Equal(t, shape.externalID, text(attrs.ExternalID))
			require.Equal(t, shape.externalID == "", len(p.Mapping[attrs.ExternalID].From) == 0, "sub is it without a mapping")
			require.True(t, set.Get(attrs.Role).IsAbsent(), "no preset believes a provider's roles")
		})
	}
	require.Len(t, shapes, len(oidc.Presets()))
}

func TestPresetsAreComplete(t *testing.T) {
	var names []string
	for _, p := range oidc.Presets() {
		names = append(names, p.Name)
		require.Equal(t, "oidc", p.Protocol, p.Name)
		require.NotEmpty(t, p.Title, p.Name)
		require.GreaterOrEqual(t, len(p.Quirks), 3, p.Name)
		require.Empty(t, p.Mapping.Check(), p.Name)
		for k := range p.Mapping {
			require.Contains(t, []attrs.Key{attrs.ExternalID, attrs.Email, attrs.FirstName, attrs.LastName, attrs.FullName, attrs.Picture, attrs.Timezone}, k, "a preset maps nothing that grants")
		}
		want := map[string]string{"scope": "openid profile email"}
		if p.Name == "thinkific" {
			want = map[string]string{"scope": "openid profile email site", "responseMode": "form_post", "useUserinfo": "true", "rawAuthorizationHeader": "true"}
		}
		require.Equal(t, want, p.Options, "%s relaxes nothing", p.Name)
		got, ok := oidc.NamedPreset(p.Name)
		require.True(t, ok)
		require.Equal(t, p, got)
	}
	require.Equal(t, []string{"adfs", "auth0", "entra", "google", "jumpcloud", "keycloak", "okta", "onelogin", "ping", "salesforce", "thinkific"}, names)
	_, ok := oidc.NamedPreset("Okta")
	require.False(t, ok)
}

// A name that can be given to somebody else must never be who somebody is.
func TestNoPresetIdentifiesByANameThatChanges(t *testing.T) {
	for _, p := range oidc.Presets() {
		for _, name := range []string{"email", "preferred_username", "upn", "unique_name", "nickname", "name"} {
			require.NotContains(t, p.Mapping[attrs.ExternalID].From, name, p.Name)
		}
	}
}

func TestPresetsAreTheCallers(t *testing.T) {
	p := oidc.Okta()
	p.Mapping[attrs.Email] = attrs.From("other")
	clear(oidc.Thinkific().Options)
	require.Equal(t, attrs.From("email"), oidc.Okta().Mapping[attrs.Email])
	require.Equal(t, attrs.From("email"), oidc.StandardMapping()[attrs.Email])
	require.NotEmpty(t, oidc.Thinkific().Options)
}

// The platforms' learners are told apart by sub, so no other claim may take its place unasked.
func TestTheStandardMappingGrantsNothing(t *testing.T) {
	require.Empty(t, oidc.StandardMapping().Check())
	in, err := attrs.FromJSON([]byte(`{"sub": "1", "role": "admin", "roles": ["admin"], "groups": ["g"], "externalCustomerId": "2", "clientSlug": "acme", "zoneinfo": "Europe/Vienna", "picture": "https://x.example/p"}`))
	require.NoError(t, err)
	set, err := oidc.StandardMapping().Apply(in)
	require.NoError(t, err)
	found := map[attrs.Key]string{}
	for k, v := range set.All() {
		found[k] = v.String()
	}
	require.Equal(t, map[attrs.Key]string{attrs.Timezone: "Europe/Vienna", attrs.Picture: "https://x.example/p"}, found)
}
