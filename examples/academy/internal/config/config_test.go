package config_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/examples/academy/internal/config"
	"github.com/lmssso/lmssso/provision"
	"github.com/lmssso/lmssso/tenant"
)

func parse(t *testing.T, doc string) (config.File, tenant.Faults) {
	t.Helper()
	f, err := config.Parse([]byte(doc), config.Override{Fallback: "http://127.0.0.1:8080"})
	var faults tenant.Faults
	if err != nil {
		require.True(t, errors.As(err, &faults), "%v", err)
	}
	return f, faults
}

func TestExampleIsAccepted(t *testing.T) {
	doc, err := config.Example("http://127.0.0.1:8080", "memory:", nil)
	require.NoError(t, err)
	f, err := config.Parse(doc, config.Override{})
	require.NoError(t, err)
	require.True(t, f.Demo)
	require.Len(t, f.Connections, len(config.ExampleConnections())+2, "the JWT connections, and two that have no shared key")
	for i, id := range config.ExampleConnections() {
		require.Equal(t, id, f.Connections[i].ID)
	}
	again, err := config.Example("http://127.0.0.1:8080", "memory:", nil)
	require.NoError(t, err)
	require.NotEqual(t, string(doc), string(again), "no key is printed twice")
	require.Contains(t, string(doc), `"//`, "it is commented")
}

func TestFaultsNameTheirPath(t *testing.T) {
	for name, c := range map[string]struct{ doc, path string }{
		"unknown key":                    {`{"directroy": "memory:"}`, "directroy"},
		"unknown key within":             {`{"catalogue": {"courses": [{"slug": "a", "skew": "b"}]}}`, "catalogue.courses[0].skew"},
		"wrong type":                     {`{"demo": "yes"}`, "demo"},
		"unknown store":                  {`{"directory": "mysql://x"}`, "directory"},
		"sqlite without a file":          {`{"directory": "sqlite:"}`, "directory"},
		"demo off loopback":              {`{"baseURL": "https://learn.example", "demo": true}`, "demo"},
		"log values":                     {`{"ssoLog": {"values": "all"}}`, "ssoLog.values"},
		"unknown key of a role":          {`{"catalogue": {"roles": [{"slug": "a", "kind": "manager", "scope": "site", "x": 1}]}}`, "catalogue.roles[0].x"},
		"role of no kind":                {`{"catalogue": {"roles": [{"slug": "a", "scope": "site"}]}}`, "catalogue.roles[0].kind"},
		"role of no scope":               {`{"catalogue": {"roles": [{"slug": "a", "kind": "manager"}]}}`, "catalogue.roles[0].scope"},
		"student as a manager":           {`{"catalogue": {"roles": [{"slug": "student", "kind": "manager", "scope": "site"}]}}`, "catalogue.roles[0].kind"},
		"role twice":                     {`{"catalogue": {"roles": ["a", "a"]}}`, "catalogue.roles[1].slug"},
		"course twice":                   {`{"catalogue": {"courses": [{"slug": "a"}, {"slug": "a"}]}}`, "catalogue.courses[1].slug"},
		"SKU twice":                      {`{"catalogue": {"courses": [{"slug": "a", "sku": "s"}, {"slug": "b", "sku": "s"}]}}`, "catalogue.courses[1].sku"},
		"course without a slug":          {`{"catalogue": {"courses": [{"title": "a"}]}}`, "catalogue.courses[0].slug"},
		"licence of no tenant":           {`{"catalogue": {"licenses": [{"id": "l", "tenant": "nobody"}]}}`, "catalogue.licenses[0].tenant"},
		"account without an email":       {`{"accounts": [{"externalID": "1"}]}`, "accounts[0].email"},
		"account of an unknown role":     {`{"accounts": [{"email": "a@b.c", "role": "boss"}]}`, "accounts[0].role"},
		"account of an unknown tenant":   {`{"accounts": [{"email": "a@b.c", "tenant": "nobody"}]}`, "accounts[0].tenant"},
		"account with an unknown course": {`{"accounts": [{"email": "a@b.c", "courses": ["x"]}]}`, "accounts[0].courses[0]"},
		"dual role of the same kind":     {`{"accounts": [{"email": "a@b.c", "dualRole": "student"}]}`, "accounts[0].dualRole"},
		"unknown dual role":              {`{"accounts": [{"email": "a@b.c", "dualRole": {"role": "boss"}}]}`, "accounts[0].dualRole"},
		"unknown key of a dual role":     {`{"accounts": [{"email": "a@b.c", "dualRole": {"rolle": "boss"}}]}`, "accounts[0].dualRole.rolle"},
		"email twice in a realm":         {`{"accounts": [{"email": "a@b.c"}, {"email": "A@b.c"}]}`, "accounts[1].email"},
		"external id twice in a realm":   {`{"accounts": [{"email": "a@b.c", "externalID": "1"}, {"email": "b@b.c", "externalID": "1"}]}`, "accounts[1].externalID"},
		"saml by an unknown preset":      {`{"connections": [{"id": "s", "protocol": "saml", "preset": "x", "idpMetadataURL": "https://idp.example/m"}]}`, "connections[0].preset"},
		"oidc without a provider":        {`{"connections": [{"id": "s", "protocol": "oidc", "clientID": "c", "clientSecret": "s"}]}`, "connections[0].wellKnown"},
		"a key too short":                {`{"connections": [{"id": "j", "protocol": "jwt", "dialect": "thinkific", "keys": ["short"]}]}`, "connections[0].keys"},
	} {
		t.Run(name, func(t *testing.T) {
			_, faults := parse(t, c.doc)
			require.Len(t, faults, 1, "%v", faults)
			require.Equal(t, c.path, faults[0].Path)
			require.ErrorIs(t, faults, lmssso.ErrConfiguration)
		})
	}
}

func TestAllFaultsComeAtOnce(t *testing.T) {
	_, faults := parse(t, `{"directory": "postgres://db/lms", "singleUse": "redis://cache", "catalogue": {"roles": [7]}, "accounts": [{"email": ""}]}`)
	var paths []string
	for _, f := range faults {
		paths = append(paths, f.Path)
	}
	require.ElementsMatch(t, []string{"directory", "singleUse", "catalogue.roles[0]", "accounts[0].email"}, paths)
	require.Contains(t, faults.Error(), "PostgreSQL")
	require.Contains(t, faults.Error(), "Redis")
}

func TestFaultsShowNoSecret(t *testing.T) {
	secret := "a-secret-that-stays-secret"
	_, faults := parse(t, `{"adminToken": ["`+secret+`"], "connections": [{"id": "j", "protocol": "jwt", "dialect": "thoughtindustries", "keys": ["`+secret+`", 5]}]}`)
	require.NotEmpty(t, faults)
	require.NotContains(t, faults.Error(), secret)
}

func TestRolesAndDualRolesReadInEachForm(t *testing.T) {
	f, faults := parse(t, `{
		"catalogue": {"roles": ["student", "admin", {"slug": "client-manager", "kind": "manager", "scope": "tenant"}]},
		"accounts": [
			{"email": "a@example.com", "dualRole": {"role": "client-manager"}},
			{"email": "b@example.com", "dualRole": "client-manager"},
			{"email": "c@example.com", "dualRole": null}
		]}`)
	require.Empty(t, faults)
	require.Equal(t, []provision.Role{
		{Slug: "student", Kind: lmssso.Learner, Scope: provision.TenantScope},
		{Slug: "admin", Kind: lmssso.Manager, Scope: provision.SiteScope},
		{Slug: "client-manager", Kind: lmssso.Manager, Scope: provision.TenantScope},
	}, f.Facts().Roles)
	require.EqualValues(t, "client-manager", f.Accounts[0].DualRole)
	require.EqualValues(t, "client-manager", f.Accounts[1].DualRole)
	require.Empty(t, f.Accounts[2].DualRole)
	require.Equal(t, "main", f.Accounts[0].Realm)
	require.Equal(t, "student", f.Accounts[0].Role)
}

func TestDefaultsAndOverrides(t *testing.T) {
	f, faults := parse(t, `{}`)
	require.Empty(t, faults)
	require.Equal(t, "http://127.0.0.1:8080", f.BaseURL)
	require.Equal(t, "memory:", f.Directory)
	require.Equal(t, "memory:", f.SingleUse)
	require.True(t, f.SSOLog.On())
	require.Equal(t, []provision.Role{{Slug: "student", Kind: lmssso.Learner, Scope: provision.TenantScope}}, f.Facts().Roles)

	f, err := config.Parse([]byte(`{"baseURL": "http://127.0.0.1:1", "ssoLog": {"enabled": false}}`), config.Override{Fallback: "http://127.0.0.1:2", Data: "x.db"})
	require.NoError(t, err)
	require.Equal(t, "http://127.0.0.1:1", f.BaseURL, "the file's goes before the address listened on")
	require.Equal(t, "sqlite:x.db", f.Directory)
	require.Equal(t, "sqlite:x.db", f.SingleUse)
	require.False(t, f.SSOLog.On())
	f, err = config.Parse([]byte(`{"baseURL": "http://127.0.0.1:1"}`), config.Override{BaseURL: "http://127.0.0.1:3"})
	require.NoError(t, err)
	require.Equal(t, "http://127.0.0.1:3", f.BaseURL)
}

func TestLintWarnsOfWhatCanWaitButNotForLong(t *testing.T) {
	f, faults := parse(t, `{"adminToken": "short", "connections": [{"id": "j", "protocol": "jwt", "dialect": "thinkific",
		"keys": ["`+strings.Repeat("k", 40)+`"], "allowReplay": true, "ssoSubscription": "gold", "policy": {"roles": ["student", "boss"]}}]}`)
	require.Empty(t, faults)
	var paths []string
	for _, w := range f.Lint() {
		paths = append(paths, w.Path)
	}
	require.ElementsMatch(t, []string{"adminToken", "connections[0].allowReplay", "connections[0].ssoSubscription", "connections[0].policy.identityByEmail", "connections[0].policy.roles[1]"}, paths)
}
