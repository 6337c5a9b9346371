package oidc

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
)

// loginOf verifies the changed good token, a userinfo answer when there is one, and makes the login of both.
func loginOf(t *testing.T, change func(*Config), claims claimsOf, userinfo string) (*lmssso.Assertion, error) {
	t.Helper()
	v, _ := verifierOf(t, change)
	idt := good(t, v, claims)
	var more userClaims
	if userinfo != "" {
		var err error
		more, err = v.userinfo(context.Background(), userinfo, false, idt)
		require.NoError(t, err)
	}
	return v.assertion(idt, more, expecting().pend)
}

func TestAssertionOfAnIDToken(t *testing.T) {
	v, _ := verifierOf(t, nil)
	idt := good(t, v, nil)
	pend := expecting().pend
	a, err := v.assertion(idt, userClaims{}, pend)
	require.NoError(t, err)
	require.Equal(t, lmssso.Origin{Protocol: lmssso.OIDC, Connection: "conn", Tenant: "main-tenant", Issuer: testIssuer, ID: "id-1"}, a.Origin)
	require.Equal(t, lmssso.Link{Realm: "main", ExternalID: "user-1"}, a.Link)
	require.Equal(t, lmssso.Subject{Value: "user-1"}, a.Subject)
	require.Equal(t, lmssso.Session{Index: "session-1", Hint: lmssso.Secret(idt.raw)}, a.Session)
	require.Equal(t, lmssso.Times{
		IssuedAt: testNow.Add(-5 * time.Second), AuthenticatedAt: testNow.Add(-20 * time.Second), NotOnOrAfter: testNow.Add(5 * time.Minute),
	}, a.Times)
	require.Equal(t, []string{"urn:mfa", "pwd", "otp"}, a.AuthnContext)
	require.Equal(t, "ada@example.com", a.Profile.Email.String())
	require.True(t, a.Profile.EmailVerified)
	require.Equal(t, "Lovelace", a.Profile.LastName.String())
	require.Equal(t, "/course", a.ReturnTo)
	require.Equal(t, "main-tenant", a.Access.Target.Path)
	require.Equal(t, []string{"Ada@Example.com"}, a.Raw["email"])
	require.NotContains(t, a.Raw, "nonce")
	require.Empty(t, a.Warnings)

	pend.Tenant = "slug"
	a, err = v.assertion(idt, userClaims{}, pend)
	require.NoError(t, err)
	require.Equal(t, "slug", a.Access.Target.Path)
	require.Equal(t, "main-tenant", a.Origin.Tenant)
}

func TestAssertionNeedsAVerifiedToken(t *testing.T) {
	v, _ := verifierOf(t, nil)
	a, err := v.assertion(verified{}, userClaims{}, &Pending{})
	requireReason(t, err, ErrSetup)
	require.Nil(t, a)
	_, err = v.assertion(good(t, v, nil), userClaims{}, nil)
	requireReason(t, err, ErrSetup)
}

func TestRawKeepsNothingOfOneMessage(t *testing.T) {
	v, _ := verifierOf(t, nil)
	want := expecting()
	want.frontChannel, want.code, want.accessToken = true, "code", "token"
	idt, err := v.idToken(context.Background(), goodClaims().with(claimsOf{
		"c_hash": halfHash("RS256", "code"), "at_hash": halfHash("RS256", "token"), "s_hash": halfHash("RS256", testState),
		"_claim_names": map[string]any{"address": "s"}, "_claim_sources": map[string]any{"s": map[string]any{"access_token": "secret"}},
	}).token(t), want)
	require.NoError(t, err)
	more, err := v.userinfo(context.Background(), `{"sub":"user-1","nonce":"x","extra":"y","_claim_sources":{}}`, false, idt)
	require.NoError(t, err)
	for _, info := range []userClaims{{}, more} {
		a, err := v.assertion(idt, info, want.pend)
		require.NoError(t, err)
		for _, name := range []string{"nonce", "c_hash", "at_hash", "s_hash", "_claim_sources"} {
			require.NotContains(t, a.Raw, name)
		}
		require.Contains(t, a.Raw, "exp")
	}
}

func TestReturnTargetOfAClaimGoesFirst(t *testing.T) {
	change := func(c *Config) { c.Mapping[attrs.ReturnTo] = attrs.From("return_to") }
	a, err := loginOf(t, change, claimsOf{"return_to": "/claimed"}, "")
	require.NoError(t, err)
	require.Equal(t, "/claimed", a.ReturnTo)
	a, err = loginOf(t, change, nil, "")
	require.NoError(t, err)
	require.Equal(t, "/course", a.ReturnTo)
}

func TestExternalID(t *testing.T) {
	change := func(c *Config) { c.Mapping[attrs.ExternalID] = attrs.From("user_id_api_v1") }
	a, err := loginOf(t, change, claimsOf{"user_id_api_v1": 42}, "")
	require.NoError(t, err)
	require.Equal(t, "42", a.Link.ExternalID)
	require.Equal(t, "user-1", a.Subject.Value)
	a, err = loginOf(t, change, nil, `{"sub":"user-1","user_id_api_v1":"43"}`)
	require.NoError(t, err)
	require.Equal(t, "43", a.Link.ExternalID)
	a, err = loginOf(t, change, nil, "")
	require.NoError(t, err)
	require.Empty(t, a.Link.ExternalID, "sub is not taken where another claim is mapped")
}

func TestTenantsPrefixOfATemplate(t *testing.T) {
	for name, mapping := range map[string]attrs.Mapping{"sub": {}, "a mapped claim": {attrs.ExternalID: attrs.From("oid")}} {
		v, _ := verifierOf(t, func(c *Config) { c.OP.AllowedTenantIDs = []string{tenantA}; c.Mapping = mapping })
		want := expecting()
		want.facts = &facts{issuer: "https://login.example/{tenantid}/v2.0"}
		upper := strings.ToUpper(tenantA)
		idt, err := v.idToken(context.Background(), goodClaims().with(claimsOf{"iss": "https://login.example/" + upper + "/v2.0", "tid": upper, "oid": "user-1"}).token(t), want)
		require.NoError(t, err)
		a, err := v.assertion(idt, userClaims{}, want.pend)
		require.NoError(t, err)
		require.Equal(t, tenantA+":user-1", a.Link.ExternalID, name)
	}
}

func TestUserinfoFillsGapsAndNeverOverrides(t *testing.T) {
	change := func(c *Config) {
		c.Mapping[attrs.Company] = attrs.From("company")
		c.Mapping[attrs.Bio] = attrs.From("Given_Name")
		c.Mapping[attrs.Ref(1)] = attrs.From("acr")
	}
	a, err := loginOf(t, change, claimsOf{"family_name": absent{}, "acr": absent{}, "amr": absent{}, "sid": absent{}, "jti": absent{}},
		`{"sub":"user-1","Given_Name":"Eve","family_name":"O\"Hara\u00e9\ud83d\ude00<&>\\","company":"ACME","acr":"forged","amr":["forged"],`+
			`"sid":"forged","jti":"forged","iss":"forged","aud":"forged","exp":1,"TID":"forged","nested":{"a":[1,"x"]},"n":1.50,"z":null,"we\"ird":"\u0007"}`)
	require.NoError(t, err)
	require.Equal(t, "Ada", a.Profile.FirstName.String())
	require.True(t, a.Profile.About.Bio.IsAbsent(), "the same name in another case fills no gap")
	require.Equal(t, "O\"Haraé😀<&>\\", a.Profile.LastName.String())
	require.Equal(t, "ACME", a.Profile.About.Company.String())
	require.True(t, a.Profile.Refs[0].IsAbsent(), "userinfo says nothing about the authentication")
	require.Empty(t, a.AuthnContext)
	require.Empty(t, a.Session.Index)
	require.Empty(t, a.Origin.ID)
	require.Equal(t, testIssuer, a.Origin.Issuer)
	require.Equal(t, []string{testIssuer}, a.Raw["iss"])
	require.Equal(t, []string{testClient}, a.Raw["aud"])
	require.NotContains(t, a.Raw, "TID")
	require.Equal(t, []string{`{"a":[1,"x"]}`}, a.Raw["nested"])
	require.Equal(t, []string{"1.50"}, a.Raw["n"])
	require.Empty(t, a.Raw["z"])
	require.Equal(t, []string{"\a"}, a.Raw[`we"ird`])
}

func TestEmailAndItsVerificationComeFromOneDocument(t *testing.T) {
	for _, tt := range []struct {
		name         string
		change       claimsOf
		userinfo     string
		wantEmail    string
		wantVerified bool
	}{
		{"the ID token says both", nil, `{"sub":"user-1","email":"eve@example.com","email_verified":false}`, "ada@example.com", true},
		{"userinfo cannot verify the ID token's address", claimsOf{"email_verified": absent{}}, `{"sub":"user-1","email":"ada@example.com","email_verified":true}`, "ada@example.com", false},
		{"nor can it alone", claimsOf{"email_verified": absent{}}, `{"sub":"user-1","email_verified":true}`, "ada@example.com", false},
		{"nor in another case", claimsOf{"email_verified": absent{}}, `{"sub":"user-1","EMAIL_VERIFIED":true}`, "ada@example.com", false},
		{"the ID token cannot verify userinfo's address", claimsOf{"email": absent{}}, `{"sub":"user-1","email":"eve@example.com"}`, "eve@example.com", false},
		{"userinfo says both", claimsOf{"email": absent{}, "email_verified": false}, `{"sub":"user-1","email":"eve@example.com","email_verified":true}`, "eve@example.com", true},
		{"no address anywhere", claimsOf{"email": absent{}}, `{"sub":"user-1"}`, "", false},
		{"no address and no userinfo", claimsOf{"email": absent{}}, "", "", false},
		{"a text true", claimsOf{"email_verified": "true"}, "", "ada@example.com", false},
		{"a one", claimsOf{"email_verified": 1}, "", "ada@example.com", false},
		{"false", claimsOf{"email_verified": false}, "", "ada@example.com", false},
		{"a list with true", claimsOf{"email_verified": []bool{true}}, "", "ada@example.com", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, err := loginOf(t, nil, tt.change, tt.userinfo)
			require.NoError(t, err)
			require.Equal(t, tt.wantEmail, a.Profile.Email.String())
			require.Equal(t, tt.wantVerified, a.Profile.EmailVerified)
		})
	}
	a, err := loginOf(t, func(c *Config) { c.Mapping[attrs.Email] = attrs.From("upn") }, claimsOf{"upn": "boss@example.com"}, "")
	require.NoError(t, err)
	require.Equal(t, "boss@example.com", a.Profile.Email.String())
	require.False(t, a.Profile.EmailVerified, "email_verified is about the claim email, not about the one that was mapped")
}

func TestUserinfoRefused(t *testing.T) {
	sign := func(change claimsOf) string {
		return claimsOf{"iss": testIssuer, "aud": testClient, "sub": "user-1"}.with(change).token(t)
	}
	for _, tt := range []struct {
		name, body string
		signed     bool
		want       *lmssso.Reason
	}{
		{"another user", `{"sub":"user-2"}`, false, ErrUserinfoSubject},
		{"the user in another case", `{"sub":"USER-1"}`, false, ErrUserinfoSubject},
		{"nobody", `{"email":"x@example.com"}`, false, ErrUserinfoSubject},
		{"a sub that is a list", `{"sub":["user-1"]}`, false, ErrUserinfoSubject},
		{"two subs", `{"sub":"user-1","sub":"user-1"}`, false, ErrUserinfo},
		{"subs in two cases", `{"sub":"user-1","Sub":"user-2"}`, false, ErrUserinfo},
		{"no JSON", `<html>`, false, ErrUserinfo},
		{"a list", `[]`, false, ErrUserinfo},
		{"nothing", ``, false, ErrUserinfo},
		{"beyond 256 kB", `{"sub":"user-1","x":"` + strings.Repeat("x", 256<<10) + `"}`, false, ErrUserinfo},
		{"a token where JSON was announced", sign(nil), false, ErrUserinfo},
		{"JSON where a token was announced", `{"sub":"user-1"}`, true, ErrTokenFormat},
		{"signed for another user", sign(claimsOf{"sub": "user-2"}), true, ErrUserinfoSubject},
		{"signed by another issuer", sign(claimsOf{"iss": "https://evil.example"}), true, ErrTokenIssuer},
		{"signed with an iss of another type", sign(claimsOf{"iss": 1}), true, ErrClaimType},
		{"signed for another client", sign(claimsOf{"aud": "other"}), true, ErrTokenAudience},
		{"signed for other clients", sign(claimsOf{"aud": []string{"other"}}), true, ErrTokenAudience},
		{"signed with null for aud", sign(claimsOf{"aud": nil}), true, ErrClaimType},
		{"signed and expired", sign(claimsOf{"exp": testNow.Unix() - 60}), true, ErrTokenExpired},
		{"signed and not yet valid", sign(claimsOf{"nbf": testNow.Unix() + 61}), true, ErrTokenNotYet},
		{"signed by another key", compact(t, "RS256", testKeys()["other"], headerOf("RS256"), `{"sub":"user-1"}`), true, ErrTokenSignature},
		{"signed with another algorithm", compact(t, "RS512", testKeys()["rsa"], headerOf("RS512"), `{"sub":"user-1"}`), true, ErrTokenAlgorithm},
		{"signed with none", b64([]byte(`{"alg":"none"}`)) + "." + b64([]byte(`{"sub":"user-1"}`)) + ".", true, ErrTokenAlgorithm},
		{"encrypted", sign(nil) + ".x.y", true, ErrTokenEncrypted},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v, _ := verifierOf(t, nil)
			got, err := v.userinfo(context.Background(), tt.body, tt.signed, verified{issuer: testIssuer, subject: "user-1"})
			requireReason(t, err, tt.want)
			require.Zero(t, got)
		})
	}
	v, _ := verifierOf(t, nil)
	_, err := v.userinfo(context.Background(), `{"sub":""}`, false, verified{})
	requireReason(t, err, ErrUserinfoSubject)
}

func TestSignedUserinfo(t *testing.T) {
	for name, claims := range map[string]claimsOf{
		"aud as a text": {"iss": testIssuer, "aud": testClient, "sub": "user-1", "company": "ACME"},
		"aud as a list": {"iss": testIssuer, "aud": []string{testClient}, "sub": "user-1", "exp": testNow.Unix() + 1},
		"neither":       {"sub": "user-1"},
	} {
		v, _ := verifierOf(t, nil)
		_, err := v.userinfo(context.Background(), claims.token(t), true, good(t, v, nil))
		require.NoError(t, err, name)
	}
	v, _ := verifierOf(t, func(c *Config) { c.Request.Userinfo.SigningAlgorithm = "ES256" })
	raw := compact(t, "ES256", testKeys()["256"], headerOf("ES256"), `{"sub":"user-1"}`)
	idt := good(t, v, nil)
	v.keys = &fakeKeys{first: public("256")}
	_, err := v.userinfo(context.Background(), raw, true, idt)
	require.NoError(t, err)
	_, err = v.userinfo(context.Background(), claimsOf{"sub": "user-1"}.token(t), true, idt)
	requireReason(t, err, ErrTokenAlgorithm)
	_, err = v.userinfo(context.Background(), `{"sub":"user-1"}`, false, idt)
	requireReason(t, err, ErrTokenAlgorithm)
}

func TestClaimsToBeFoundElsewhere(t *testing.T) {
	names := claimsOf{"_claim_names": map[string]any{"groups": "src1"}, "_claim_sources": map[string]any{"src1": map[string]any{"endpoint": "https://graph.example"}}}
	roles := func(from ...string) func(*Config) {
		return func(c *Config) {
			c.Mapping[attrs.Role] = attrs.Source{From: from, Values: map[string]string{"g": "student", "r": "student"}}
		}
	}
	for _, tt := range []struct {
		name         string
		change       func(*Config)
		claims       claimsOf
		userinfo     string
		want         *lmssso.Reason
		wantWarnings int
	}{
		{"not mapped", nil, names, "", nil, 1},
		{"mapped", roles("groups"), names, "", ErrAggregated, 0},
		{"mapped as a pointer", roles("/groups"), names, "", ErrAggregated, 0},
		{"mapped by a path", roles("groups.all"), names, "", ErrAggregated, 0},
		{"mapped to a custom field", func(c *Config) { c.Mapping["customFields.groups"] = attrs.From("groups") }, names, "", ErrAggregated, 0},
		{"mapped before another that came", roles("groups", "roles"), names.with(claimsOf{"roles": "r"}), "", ErrAggregated, 0},
		{"mapped after another that came", roles("roles", "groups"), names.with(claimsOf{"roles": "r"}), "", nil, 1},
		{"mapped after another that came blank", roles("roles", "groups"), names.with(claimsOf{"roles": []string{}}), "", ErrAggregated, 0},
		{"mapped, and in userinfo itself", roles("groups"), names, `{"sub":"user-1","groups":["g"]}`, nil, 0},
		{"named by userinfo", roles("groups"), nil, `{"sub":"user-1","_claim_names":{"groups":"s"}}`, ErrAggregated, 0},
		{"the mark of the implicit flow", roles("groups"), claimsOf{"hasgroups": true}, "", ErrAggregated, 0},
		{"the mark as a text", roles("groups"), claimsOf{"hasgroups": "true"}, "", ErrAggregated, 0},
		{"the mark, not mapped", nil, claimsOf{"hasgroups": true}, "", nil, 1},
		{"the mark that says no", roles("groups"), claimsOf{"hasgroups": false}, "", nil, 0},
		{"names of the wrong type", nil, claimsOf{"_claim_names": "groups"}, "", ErrClaimType, 0},
		{"names that are null", nil, claimsOf{"_claim_names": nil}, "", nil, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, err := loginOf(t, tt.change, tt.claims, tt.userinfo)
			if tt.want != nil {
				requireReason(t, err, tt.want)
				require.Nil(t, a)
				return
			}
			require.NoError(t, err)
			require.Len(t, a.Warnings, tt.wantWarnings)
			for _, w := range a.Warnings {
				require.Contains(t, w.Text, `"groups"`)
			}
		})
	}
	many := map[string]any{}
	for _, c := range "abcdefghijklmnopqrstuvwxyz" {
		many[string(c)] = "s"
	}
	a, err := loginOf(t, nil, claimsOf{"_claim_names": many}, "")
	require.NoError(t, err)
	require.Len(t, a.Warnings, 20)
}

func TestAttributesThatCannotBeTaken(t *testing.T) {
	_, err := loginOf(t, nil, claimsOf{"email": "not-an-address"}, "")
	requireReason(t, err, lmssso.ErrAttributeInvalid)
	require.NotContains(t, err.Error(), "not-an-address")
	_, err = loginOf(t, nil, claimsOf{"email": ""}, "")
	requireReason(t, err, lmssso.ErrAttributeMissing)
}

// FuzzMergeClaims: the merged text is one JSON object in which no name stands twice, holds the ID token's claims unchanged,
// and nothing of userinfo that the ID token has.
func FuzzMergeClaims(f *testing.F) {
	f.Add(`{"sub":"a","email":"x"}`, `{"sub":"a","Email":"y","email_verified":true,"k":["\u00e9",{"a":1}]}`)
	f.Add(`{"email_verified":true}`, `{"email":"\\\""}`)
	f.Add(`{}`, `{"\u2028":"\ud83d\ude00"}`)
	f.Fuzz(func(t *testing.T, first, second string) {
		a, err := parseForTest(first)
		if err != nil {
			return
		}
		b, err := parseForTest(second)
		if err != nil {
			return
		}
		m := mergeClaims(verified{object: first, claims: a}, userClaims{claims: b})
		got, err := parseForTest(m.object)
		require.NoError(t, err)
		var one, two, all map[string]any
		require.NoError(t, json.Unmarshal([]byte(first), &one))
		require.NoError(t, json.Unmarshal([]byte(second), &two))
		require.NoError(t, json.Unmarshal([]byte(m.object), &all))
		require.LessOrEqual(t, got.Len(), len(one)+len(two))
		for name, v := range all {
			if mine, ok := one[name]; ok && !(strings.EqualFold(name, "email_verified") && m.mailSecond) {
				require.Equal(t, mine, v)
				continue
			}
			require.Equal(t, two[name], v)
		}
		for name := range one {
			if !strings.EqualFold(name, "email_verified") {
				require.Contains(t, all, name)
			}
		}
	})
}
