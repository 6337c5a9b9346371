package tenant_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/store"
	"github.com/lmssso/lmssso/tenant"
)

func newStore(t *testing.T) *store.Memory {
	t.Helper()
	return store.NewMemory(store.MemoryConfig{Now: now})
}

func paths(faults tenant.Faults) []string {
	var out []string
	for _, f := range faults {
		out = append(out, f.Path)
	}
	return out
}

func TestDecodeListsEveryFaultByPath(t *testing.T) {
	var cfg tenant.Config
	err := tenant.Decode([]byte(`{
		"// a comment": 1,
		"baseURL": 7,
		"baseUrl": "https://x.example",
		"tenants": [{"slug": "a", "slug": "b", "colour": "red"}, 3],
		"connections": [{"keys": "k", "policy": {"roles": [1], "admin": true}, "window": "soon",
			"mapping": {"email": 5, "nonsense": ["x"]}, "allowReplay": "yes"}],
		"safelist": []
	}`), &cfg)
	var faults tenant.Faults
	require.ErrorAs(t, err, &faults)
	require.ErrorIs(t, err, lmssso.ErrConfiguration)
	require.Equal(t, []string{
		"baseURL", "baseUrl", "tenants[0].slug", "tenants[0].colour", "tenants[1]", "connections[0].keys",
		"connections[0].policy.roles[0]", "connections[0].policy.admin", "connections[0].window",
		"connections[0].mapping.email", "connections[0].mapping.nonsense", "connections[0].allowReplay", "safelist",
	}, paths(faults))
	for _, f := range faults {
		require.NotEmpty(t, f.Text, f.Path)
		require.NotContains(t, f.Text, "configuration:")
	}
}

func TestDecodeRefusesWhatIsNotOneDocument(t *testing.T) {
	for _, doc := range []string{"", "{", "{} {}", "[]", `{"baseURL": "x",}`, "null x"} {
		var cfg tenant.Config
		require.ErrorIs(t, tenant.Decode([]byte(doc), &cfg), lmssso.ErrConfiguration, doc)
	}
	require.Error(t, tenant.Decode([]byte("{}"), tenant.Config{}))
}

func TestDecodeFillsEmbeddedConfigurations(t *testing.T) {
	var app struct {
		tenant.Config
		AdminToken string `json:"adminToken"`
	}
	require.NoError(t, tenant.Decode([]byte(`{"baseURL": "https://x.example", "adminToken": "t", "connections": [{"id": "a", "window": "90s"}]}`), &app))
	require.Equal(t, "https://x.example", app.BaseURL)
	require.Equal(t, "t", app.AdminToken)
	require.Equal(t, "a", app.Connections[0].ID)
	require.EqualValues(t, 90e9, app.Connections[0].JWT.Window)
}

func TestCheckFaults(t *testing.T) {
	require.Empty(t, decode(t, site).Check())
	conn := func(extra string) string {
		return `{"baseURL": "https://learn.example.com", "tenants": [{"slug": "acme", "id": "id-acme"}], "connections": [
			{"id": "c", "protocol": "jwt", "dialect": "thoughtindustries", "keys": ["` + mainKey + `"]` + extra + `}]}`
	}
	for _, tc := range []struct {
		name, doc string
		want      []string
	}{
		{"nothing", `{}`, []string{"baseURL"}},
		{"base URL with a path of another scheme", `{"baseURL": "ftp://x.example"}`, []string{"baseURL"}},
		{"http beyond loopback", `{"baseURL": "http://learn.example.com"}`, []string{"baseURL"}},
		{"bad domain", `{"baseURL": "https://x.example", "safelist": {"domains": ["ok.example.org", "https://no.example"]}}`, []string{"safelist.domains[1]"}},
		{"domains beside any", `{"baseURL": "https://x.example", "safelist": {"domains": ["a.example.org"], "allowAny": true}}`, []string{"safelist.domains"}},
		{"bad template", `{"baseURL": "https://x.example", "settings": {"externalLoginURL": "javascript:1"}}`, []string{"settings.externalLoginURL"}},
		{"tenant's bad template", `{"baseURL": "https://x.example", "tenants": [{"slug": "a", "id": "1", "settings": {"accountLogoutURL": "/x"}}]}`, []string{"tenants[0].settings.accountLogoutURL"}},
		{"tenant's bad domain", `{"baseURL": "https://x.example", "tenants": [{"slug": "a", "id": "1", "safelist": {"domains": ["co.uk"]}}]}`, []string{"tenants[0].safelist.domains[0]"}},
		{"bad tenants", `{"baseURL": "https://x.example", "tenants": [{"slug": "A b", "id": ""}, {"slug": "b", "id": "main"}]}`, []string{"tenants[0].slug", "tenants[0].id", "tenants[1].id"}},
		{"tenants named twice", `{"baseURL": "https://x.example", "tenants": [{"slug": "a", "id": "1", "sku": "S"}, {"slug": "a", "id": "1", "sku": "S"}]}`, []string{"tenants[1].slug", "tenants[1].id", "tenants[1].sku"}},
		{"good connection", conn(""), nil},
		{"unknown tenant", conn(`, "tenant": "nobody"`), []string{"connections[0].tenant"}},
		{"leeway on a JWT connection", conn(`, "leeway": "10s"`), []string{"connections[0].leeway"}},
		{"leeway too long", conn(`, "leeway": "6m"`), []string{"connections[0].leeway", "connections[0].leeway"}},
		{"unknown preset", conn(`, "preset": "okta"`), []string{"connections[0].preset"}},
		{"window too long", conn(`, "window": "2h"`), []string{"connections[0].window"}},
		{"window below nothing", conn(`, "window": "-1s"`), []string{"connections[0].window"}},
		{"empty role", conn(`, "policy": {"roles": ["student", ""]}`), []string{"connections[0].policy.roles[1]"}},
		{"policy of an unknown tenant", conn(`, "policy": {"tenants": ["acme", "nobody"]}`), []string{"connections[0].policy.tenants[1]"}},
		{"any tenant on the main site", conn(`, "policy": {"tenants": ["*"]}`), nil},
		{"any tenant on a tenant", conn(`, "tenant": "acme", "policy": {"tenants": ["*"]}`), []string{"connections[0].policy.tenants[0]"}},
		{"email domains", conn(`, "policy": {"emailDomains": ["example.com", "@example.com", "localhost"]}`), []string{"connections[0].policy.emailDomains[1]", "connections[0].policy.emailDomains[2]"}},
		{"linking without domains", conn(`, "policy": {"linkVerifiedEmail": true}`), []string{"connections[0].policy.linkVerifiedEmail"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			faults := decode(t, tc.doc).Check()
			require.Equal(t, tc.want, paths(faults), "%v", faults)
		})
	}
}

func TestCheckFaultsBetweenConnections(t *testing.T) {
	two := func(a, b string) tenant.Faults {
		return decode(t, `{"baseURL": "https://learn.example.com", "tenants": [{"slug": "acme", "id": "id-acme"}], "connections": [
			{"protocol": "jwt", "keys": ["`+mainKey+`"], `+a+`}, {"protocol": "jwt", "keys": ["`+acmeKey+`"], `+b+`}]}`).Check()
	}
	const ti, th = `"dialect": "thoughtindustries"`, `"dialect": "thinkific"`
	require.Empty(t, two(`"id": "a", "realm": "r", `+ti, `"id": "b", "realm": "s", `+th))
	require.Equal(t, []string{"connections[1].id"}, paths(two(`"id": "a", "realm": "r", `+ti, `"id": "a", "realm": "s", `+th)))
	require.Equal(t, []string{"connections[0].realm", "connections[1].realm"}, paths(two(`"id": "a", `+ti, `"id": "b", `+th)))
	require.Equal(t, []string{"connections[1]"}, paths(two(`"id": "a", "realm": "r", `+ti, `"id": "b", "realm": "s", `+ti)))
	require.Equal(t, []string{"connections[1]"}, paths(two(`"id": "a", "realm": "r", `+ti, `"id": "b", "realm": "s", "dialect": "zendesk"`)), "both speak on /access/jwt")
	require.Equal(t, []string{"connections[0].tenant", "connections[1].tenant"},
		paths(two(`"id": "a", "realm": "r", "tenant": "acme", `+ti, `"id": "b", "realm": "s", "tenant": "acme", `+th)), "a tenant has exactly one")
}

func TestFaultsOfKeysNeverRepeatThem(t *testing.T) {
	for name, keys := range map[string]string{
		"none":       `[]`,
		"too short":  `["planted-secret"]`,
		"three":      `["planted-secret-0123456789abcdef01", "planted-secret-0123456789abcdef02", "planted-secret-0123456789abcdef03"]`,
		"one twice":  `["planted-secret-0123456789abcdef01", "planted-secret-0123456789abcdef01"]`,
		"an object":  `{"planted-secret": 1}`,
		"a number":   `[7]`,
		"a PEM text": `["-----BEGIN PUBLIC KEY-----planted-secret"]`,
	} {
		t.Run(name, func(t *testing.T) {
			var cfg tenant.Config
			err := tenant.Decode([]byte(`{"baseURL": "https://x.example", "connections": [
				{"id": "c", "protocol": "jwt", "dialect": "thoughtindustries", "keys": `+keys+`}]}`), &cfg)
			if err == nil {
				err = cfg.Check()
			}
			require.ErrorContains(t, err, "connections[0].keys")
			require.NotContains(t, err.Error(), "planted-secret")
		})
	}
}

func TestUnknownProtocolAndDialect(t *testing.T) {
	cfg := decode(t, `{"baseURL": "https://x.example", "connections": [{"id": "c", "protocol": "ldap"}, {"id": "d!", "protocol": "jwt", "realm": "d", "dialect": "moodle"}]}`)
	require.Equal(t, []string{"connections[0].protocol", "connections[0].realm", "connections[1].id", "connections[1].dialect"}, paths(cfg.Check()))
}

func TestNewRefusesFaultsAndMissingParts(t *testing.T) {
	reg, err := tenant.New(tenant.Config{}, tenant.App{})
	require.Nil(t, reg)
	var faults tenant.Faults
	require.True(t, errors.As(err, &faults))
	require.Equal(t, []string{"baseURL", "App.SingleUse", "App.Provisioner", "App.Done"}, paths(faults))
}

func TestLint(t *testing.T) {
	require.Equal(t, []string{"connections[1].policy.identityByEmail"}, paths(decode(t, site).Lint()), "Thinkific's default")
	cfg := decode(t, `{"baseURL": "https://x.example", "safelist": {"allowAny": true, "allowHTTP": true},
		"tenants": [{"slug": "acme", "id": "id-acme", "safelist": {"allowAny": true}}],
		"connections": [
			{"id": "a", "protocol": "jwt", "dialect": "thoughtindustries", "keys": ["short"], "allowShortKeys": true,
			 "allowMissingIssuedAt": true, "allowReplay": true, "window": "20m",
			 "policy": {"emailDomains": ["example.com"], "linkVerifiedEmail": true, "identityByEmail": true, "replaceAbsentMeansEmpty": true}},
			{"id": "b", "tenant": "acme", "realm": "main", "protocol": "jwt", "dialect": "thoughtindustries", "keys": ["`+acmeKey+`"]}]}`)
	require.Empty(t, cfg.Check())
	require.Equal(t, []string{
		"safelist.allowAny", "safelist.allowHTTP", "tenants[0].safelist.allowAny",
		"connections[0].allowShortKeys", "connections[0].allowMissingIssuedAt", "connections[0].allowReplay", "connections[0].window",
		"connections[0].policy.linkVerifiedEmail", "connections[0].policy.identityByEmail", "connections[0].policy.replaceAbsentMeansEmpty",
		"connections[1].realm",
	}, paths(cfg.Lint()))
}

func TestLintWarnsOfASharedKey(t *testing.T) {
	cfg := decode(t, `{"baseURL": "https://x.example", "tenants": [{"slug": "acme", "id": "id-acme"}], "connections": [
		{"id": "a", "realm": "a", "protocol": "jwt", "dialect": "thoughtindustries", "keys": ["`+mainKey+`"]},
		{"id": "b", "realm": "b", "protocol": "jwt", "dialect": "thinkific", "keys": ["`+mainKey+`"], "policy": {"identityByEmail": false}},
		{"id": "c", "tenant": "acme", "protocol": "jwt", "dialect": "thoughtindustries", "keys": ["`+acmeKey+`", "`+mainKey+`"]}]}`)
	require.Empty(t, cfg.Check())
	lint := cfg.Lint()
	require.Equal(t, []string{"connections[1].keys[0]", "connections[2].keys[1]"}, paths(lint))
	require.Contains(t, lint[0].Text, "used once more")
	require.Contains(t, lint[1].Text, "another owner")
	require.NotContains(t, fmt.Sprint(lint), mainKey)
}

func TestDecodedSecretsDoNotPrint(t *testing.T) {
	cfg := decode(t, site)
	shown := fmt.Sprintf("%v %+v %#v", cfg, cfg, cfg)
	for _, key := range []string{mainKey, acmeKey, globexKey, schoolKey} {
		require.NotContains(t, shown, key)
	}
	require.Equal(t, mainKey, string(cfg.Connections[0].JWT.Keys[0]))
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(site))
	f.Add([]byte(`{"connections": [{"keys": [null, 1, "x"], "mapping": {"role": {"from": [], "values": null}}}]}`))
	f.Add([]byte(`{"tenants": null, "safelist": null, "connections": [null]}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		var cfg tenant.Config
		if err := tenant.Decode(doc, &cfg); err != nil {
			require.ErrorIs(t, err, lmssso.ErrConfiguration)
			return
		}
		_ = cfg.Check()
		_ = cfg.Lint()
	})
}
