package oidc

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/attrs"
)

// A name with dots is read as it stands before it is read as a path, so userinfo must not bring one where the ID token has
// what the path leads through.
func TestUserinfoNeverOverridesWhatAPathLeadsTo(t *testing.T) {
	for name, row := range map[string]struct{ from, userinfo string }{
		"a name with a dot":       {"realm_access.role", `{"sub":"user-1","realm_access.role":"client-manager"}`},
		"a name like a pointer":   {"/realm_access/role", `{"sub":"user-1","/realm_access/role":"client-manager"}`},
		"the whole, in capitals":  {"realm_access.role", `{"sub":"user-1","Realm_Access":{"role":"client-manager"}}`},
		"the whole, another time": {"realm_access.role", `{"sub":"user-1","realm_access":{"role":"client-manager"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			change := func(c *Config) { c.Mapping[attrs.Role] = attrs.From(row.from) }
			a, err := loginOf(t, change, claimsOf{"realm_access": map[string]any{"role": "student"}}, row.userinfo)
			require.NoError(t, err)
			require.Equal(t, "student", a.Profile.Role.String())
		})
	}
}

// What the ID token has blank is no gap: a provider that clears a role there means it.
func TestUserinfoFillsNoBlankClaim(t *testing.T) {
	for _, blank := range []any{nil, "", []string{}} {
		change := func(c *Config) { c.Mapping[attrs.Company] = attrs.From("company") }
		a, err := loginOf(t, change, claimsOf{"company": blank}, `{"sub":"user-1","Company":"Evil"}`)
		require.NoError(t, err)
		require.Equal(t, attrs.Cleared(), a.Profile.About.Company)
		change = func(c *Config) { c.Mapping[attrs.Role] = attrs.From("role") }
		_, err = loginOf(t, change, claimsOf{"role": blank}, `{"sub":"user-1","role":"client-manager"}`)
		require.Error(t, err, "a blank role is refused")
	}
}
