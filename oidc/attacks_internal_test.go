package oidc

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"math/big"
	"testing"

	jose "github.com/go-jose/go-jose/v4"
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

// The iss parameter of a template is the whole issuer: neither the tenant's id nor its end alone.
func TestATemplateIsFilledWhole(t *testing.T) {
	const template = "https://login.example/{tenantid}/v2.0"
	require.True(t, issuerFits(template, "https://login.example/"+tenantA+"/v2.0", []string{tenantA}))
	for _, iss := range []string{
		tenantA, tenantA + "/v2.0", "https://login.example/" + tenantA, "https://evil.example/" + tenantA + "/v2.0", template,
		"https://login.example/" + tenantB + "/v2.0", "https://login.example//v2.0", "https://login.example/" + tenantA + "/v2.0/",
	} {
		require.False(t, issuerFits(template, iss, []string{tenantA}), iss)
	}
	require.False(t, issuerFits("https://login.example/{tenantid}", "https://login.example/", []string{""}))
}

func TestATenantsIDIsAGUID(t *testing.T) {
	require.True(t, isTenantGUID(tenantA))
	for _, id := range []string{
		"", tenantA[1:], tenantA + "0", "0f0f0f0f+1111-2222-3333-444455556666", "0f0f0f0f-1111-2222-3333-44445555666g",
		"0f0f0f0f1-111-2222-3333-444455556666", "0f0f0f0f-1111-2222-3333/444455556666",
	} {
		require.False(t, isTenantGUID(id), id)
	}
}

func TestKeysThatAreTooWeakOrTooCostly(t *testing.T) {
	good := testKeys()["rsa"].Public().(*rsa.PublicKey)
	require.True(t, strongKey(good))
	odd := func(bits uint) *big.Int { return new(big.Int).SetBit(big.NewInt(1), int(bits)-1, 1) }
	for name, key := range map[string]any{
		"an exponent of 1":    &rsa.PublicKey{N: good.N, E: 1},
		"an even exponent":    &rsa.PublicKey{N: good.N, E: 4},
		"a huge exponent":     &rsa.PublicKey{N: good.N, E: 1<<31 + 1},
		"an even modulus":     &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 2047), E: 65537},
		"too short":           &rsa.PublicKey{N: odd(2047), E: 65537},
		"too long":            &rsa.PublicKey{N: odd(4097), E: 65537},
		"no curve":            &ecdsa.PublicKey{},
		"a short Ed25519 key": ed25519.PublicKey(make([]byte, 31)),
		"a private key":       testKeys()["rsa"],
		"a secret":            []byte(testSecret),
		"nothing":             nil,
	} {
		require.False(t, strongKey(key), name)
		require.False(t, kindFits(key, jose.HS256), name)
	}
}

// A key is tried only for its own algorithm, named or not, so that keys that cannot fit leave no room for the one that does.
func TestOnlyFittingKeysArePicked(t *testing.T) {
	var set keySet
	for range maxCandidates {
		set = append(set, publicKey{kid: "k", key: testKeys()["256"].Public()}, publicKey{kid: "k", alg: "PS256", key: testKeys()["other"].Public()}, publicKey{key: testKeys()["256"].Public()})
	}
	set = append(set, publicKey{kid: "k", key: testKeys()["rsa"].Public()})
	for _, kid := range []string{"k", ""} {
		got := set.pick(jose.RS256, kid)
		require.Len(t, got, 1)
		require.Equal(t, testKeys()["rsa"].Public(), got[0].Key)
	}
	require.Empty(t, set.pick(jose.RS256, "other"))
}

// keyFits is asked again where a signature is verified, whatever the source said.
func TestAKeyOfTheWrongKindIsNotTried(t *testing.T) {
	for name, row := range map[string]struct {
		key jose.JSONWebKey
		alg jose.SignatureAlgorithm
	}{
		"a public key's bytes for RS256":  {jose.JSONWebKey{Key: []byte(testSecret)}, jose.RS256},
		"a short secret":                  {jose.JSONWebKey{Key: []byte(testSecret)[:31]}, jose.HS256},
		"an RSA key for HS256":            {jose.JSONWebKey{Key: testKeys()["rsa"].Public()}, jose.HS256},
		"a short RSA key":                 {jose.JSONWebKey{Key: testKeys()["short"].Public()}, jose.RS256},
		"another curve":                   {jose.JSONWebKey{Key: testKeys()["384"].Public()}, jose.ES256},
		"a curve's key without its curve": {jose.JSONWebKey{Key: &ecdsa.PublicKey{}}, jose.ES256},
		"an Ed25519 key of 31 bytes":      {jose.JSONWebKey{Key: ed25519.PublicKey(make([]byte, 31))}, jose.EdDSA},
		"an Ed25519 key for ES256":        {jose.JSONWebKey{Key: testKeys()["ed"].Public()}, jose.ES256},
		"a key for encryption":            {jose.JSONWebKey{Key: testKeys()["rsa"].Public(), Use: "enc"}, jose.RS256},
		"a key of another algorithm":      {jose.JSONWebKey{Key: testKeys()["rsa"].Public(), Algorithm: "RS512"}, jose.RS256},
	} {
		require.False(t, keyFits(&row.key, row.alg), name)
	}
}

func TestAChangedSetIsAnother(t *testing.T) {
	a := keySet{{kid: "a", key: testKeys()["rsa"].Public()}}
	for name, b := range map[string]keySet{
		"one more": append(a[:1:1], publicKey{kid: "b", key: testKeys()["256"].Public()}), "none": {},
		"another key of the name": {{kid: "a", key: testKeys()["other"].Public()}}, "another name": {{kid: "b", key: a[0].key}},
		"another algorithm": {{kid: "a", alg: "RS256", key: a[0].key}}, "another kind": {{kid: "a", key: testKeys()["ed"].Public()}},
	} {
		require.False(t, sameKeys(&a, &b), name)
		require.False(t, sameKeys(&b, &a), name)
	}
	require.True(t, sameKeys(&a, &a))
}

// However often a server failed, it is left alone for a while, and not for ever.
func TestRetriesNeverOverflow(t *testing.T) {
	for _, failures := range []int{1, 4, 5, 40, 64, 1 << 40} {
		require.GreaterOrEqual(t, retryAfter(failures), firstRetry)
		require.LessOrEqual(t, retryAfter(failures), lastRetry)
	}
}

// email_verified without its email is about another address, and stands nowhere in the login.
func TestVerifiedIsNotTakenWithoutItsEmail(t *testing.T) {
	a, err := loginOf(t, nil, claimsOf{"email_verified": absent{}}, `{"sub":"user-1","email":"ada@example.com","email_verified":true}`)
	require.NoError(t, err)
	require.False(t, a.Profile.EmailVerified)
	require.NotContains(t, a.Raw, "email_verified")
}

// The hash of nothing is nobody's, so that a provider cannot vouch for a code that was taken away.
func TestNothingHasNoHash(t *testing.T) {
	for _, alg := range verifyAlgorithms() {
		name := string(alg)
		if alg == jose.EdDSA {
			name = "512"
		}
		require.True(t, isHashOf(alg, "code", halfHash(name, "code")), name)
		require.False(t, isHashOf(alg, "", halfHash(name, "")), name)
	}
}

// A number that reads like the name is not the name.
func TestUserinfoOfANumberIsAnothers(t *testing.T) {
	for _, sub := range []string{`42`, `true`, `null`, `["42"]`, `{"42":1}`, `"42 "`, `"４２"`} {
		v, _ := verifierOf(t, nil)
		for _, want := range []string{"42", "true", "null", `["42"]`, `{"42":1}`} {
			_, err := v.userinfo(t.Context(), `{"sub":`+sub+`}`, false, verified{subject: want})
			requireReason(t, err, ErrUserinfoSubject)
		}
	}
}
