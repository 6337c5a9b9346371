package lmssso_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
)

func TestIssuedAt(t *testing.T) {
	for _, tc := range []struct {
		name   string
		window time.Duration
		issued time.Time
		want   error
	}{
		{"now", 0, epoch, nil},
		{"exactly the window ago", 500 * time.Second, epoch.Add(-500 * time.Second), nil},
		{"one second more", 500 * time.Second, epoch.Add(-501 * time.Second), lmssso.ErrExpired},
		{"exactly the window ahead", 500 * time.Second, epoch.Add(500 * time.Second), nil},
		{"one second further ahead", 500 * time.Second, epoch.Add(501 * time.Second), lmssso.ErrNotYetValid},
		{"further ahead than a duration holds", 500 * time.Second, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), lmssso.ErrNotYetValid},
		{"a nanosecond over", time.Second, epoch.Add(-time.Second - 1), lmssso.ErrExpired},
		{"the zero window is the strictest", 0, epoch.Add(-time.Second), lmssso.ErrExpired},
		{"a negative window is no wider", -time.Hour, epoch.Add(time.Second), lmssso.ErrNotYetValid},
		{"no issue time", time.Hour, time.Time{}, lmssso.ErrMalformed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := sample()
			a.Times.IssuedAt = tc.issued
			err := lmssso.IssuedAt{Window: tc.window, Now: at(epoch)}.Validate(context.Background(), a)
			requireIs(t, err, tc.want)
		})
	}
}

func TestIssuedAtTellsTheSkew(t *testing.T) {
	a := sample()
	a.Times.IssuedAt = epoch.Add(-512 * time.Second)
	var e *lmssso.Error
	require.ErrorAs(t, lmssso.IssuedAt{Window: 500 * time.Second, Now: at(epoch)}.Validate(context.Background(), a), &e)
	require.Equal(t, "issued 8m32s ago", e.Received)
	require.Equal(t, "at most 8m20s of difference", e.Expected)
}

func TestDualRole(t *testing.T) {
	for _, tc := range []struct {
		name string
		dual bool
		role attrs.Value
		want error
	}{
		{"neither", false, attrs.Value{}, nil},
		{"role alone", false, attrs.Text("client-manager"), nil},
		{"both", true, attrs.Text("student"), nil},
		{"dual role without role", true, attrs.Value{}, lmssso.ErrDualRoleIncomplete},
		{"dual role with a blank role", true, attrs.Cleared(), lmssso.ErrDualRoleIncomplete},
		{"display name for slug", true, attrs.Text("Client Admin"), lmssso.ErrRoleUnknown},
		{"display name without dual role", false, attrs.Text("Client Admin"), lmssso.ErrRoleUnknown},
		{"upper case", false, attrs.Text("Student"), lmssso.ErrRoleUnknown},
		{"trailing hyphen", false, attrs.Text("client-"), lmssso.ErrRoleUnknown},
		{"two hyphens", false, attrs.Text("client--admin"), lmssso.ErrRoleUnknown},
		{"look-alike letter", false, attrs.Text("аdmin"), lmssso.ErrRoleUnknown},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := sample()
			a.Profile.DualRole, a.Profile.Role = tc.dual, tc.role
			requireIs(t, lmssso.DualRole{}.Validate(context.Background(), a), tc.want)
		})
	}
}

func TestExternalIDIsRequired(t *testing.T) {
	a := sample()
	require.NoError(t, lmssso.ExternalID{}.Validate(context.Background(), a))
	a.Link.ExternalID = ""
	require.ErrorIs(t, lmssso.ExternalID{}.Validate(context.Background(), a), lmssso.ErrExternalIDMissing)
}

func TestPolicyCheck(t *testing.T) {
	for _, tc := range []struct {
		name   string
		policy lmssso.Policy
		change func(*lmssso.Assertion)
		want   error
	}{
		{"zero policy lets a student in", lmssso.Policy{}, nil, nil},
		{"zero policy refuses an admin", lmssso.Policy{}, role("admin"), lmssso.ErrRoleNotAllowed},
		{"listed role", lmssso.Policy{Roles: []string{"admin"}}, role("admin"), nil},
		{"a list replaces the default", lmssso.Policy{Roles: []string{"admin"}}, role("student"), lmssso.ErrRoleNotAllowed},
		{"no role is left to provisioning", lmssso.Policy{Roles: []string{"admin"}}, func(a *lmssso.Assertion) { a.Profile.Role = attrs.Value{} }, nil},
		{"zero policy names no tenant", lmssso.Policy{}, slug("acme"), lmssso.ErrTenantNotAllowed},
		{"listed tenant", lmssso.Policy{Tenants: []string{"acme"}}, slug("acme"), nil},
		{"unlisted tenant", lmssso.Policy{Tenants: []string{"acme"}}, slug("globex"), lmssso.ErrTenantNotAllowed},
		{"any tenant, for the main site", lmssso.Policy{Tenants: []string{"*"}}, slug("globex"), nil},
		{"any tenant is the main site's alone", lmssso.Policy{Tenant: "id-1", Tenants: []string{"*"}}, slug("globex"), lmssso.ErrTenantNotAllowed},
		{"the connection's own tenant", lmssso.Policy{Tenant: "id-1"}, func(a *lmssso.Assertion) { slug("acme")(a); a.Origin.Tenant = "acme" }, nil},
		{"no domains stores any email", lmssso.Policy{}, nil, nil},
		{"listed domain in other case", lmssso.Policy{EmailDomains: []string{"Example.COM"}}, nil, nil},
		{"unlisted domain", lmssso.Policy{EmailDomains: []string{"example.org"}}, nil, lmssso.ErrEmailDomain},
		{"a domain does not cover subdomains", lmssso.Policy{EmailDomains: []string{"com"}}, nil, lmssso.ErrEmailDomain},
		{"authn context missing", lmssso.Policy{RequireAuthnContext: []string{"mfa"}}, nil, lmssso.ErrAuthnContext},
		{"authn context other", lmssso.Policy{RequireAuthnContext: []string{"mfa"}}, acr("pwd"), lmssso.ErrAuthnContext},
		{"authn context present", lmssso.Policy{RequireAuthnContext: []string{"mfa", "otp"}}, acr("pwd", "otp"), nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := sample()
			if tc.change != nil {
				tc.change(a)
			}
			requireIs(t, lmssso.PolicyCheck{Policy: tc.policy}.Validate(context.Background(), a), tc.want)
		})
	}
}

func role(slug string) func(*lmssso.Assertion) {
	return func(a *lmssso.Assertion) { a.Profile.Role = attrs.Text(slug) }
}

func slug(s string) func(*lmssso.Assertion) {
	return func(a *lmssso.Assertion) { a.Access.Target.Slug = attrs.Text(s) }
}

func acr(values ...string) func(*lmssso.Assertion) {
	return func(a *lmssso.Assertion) { a.AuthnContext = values }
}

func TestPolicyVouchesOnlyForListedDomains(t *testing.T) {
	listed := lmssso.Policy{EmailDomains: []string{"example.com"}}
	for _, tc := range []struct {
		name     string
		policy   lmssso.Policy
		protocol lmssso.Protocol
		verified bool
		email    attrs.Value
		want     bool
	}{
		{"no list vouches for nobody", lmssso.Policy{}, lmssso.JWT, true, attrs.Text("bob@example.com"), false},
		{"listed domain by jwt", listed, lmssso.JWT, false, attrs.Text("bob@example.com"), true},
		{"listed domain by saml", listed, lmssso.SAML, false, attrs.Text("bob@example.com"), true},
		{"openid connect must say verified", listed, lmssso.OIDC, false, attrs.Text("bob@example.com"), false},
		{"openid connect verified", listed, lmssso.OIDC, true, attrs.Text("bob@example.com"), true},
		{"verified and unlisted", listed, lmssso.OIDC, true, attrs.Text("bob@example.org"), false},
		{"no email", listed, lmssso.JWT, true, attrs.Value{}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := sample()
			a.Origin.Protocol, a.Profile.EmailVerified, a.Profile.Email = tc.protocol, tc.verified, tc.email
			require.Equal(t, tc.want, tc.policy.Vouches(a))
		})
	}
}

func TestPolicyAllowsTenant(t *testing.T) {
	main, own := lmssso.Policy{}, lmssso.Policy{Tenant: "id-acme", Tenants: []string{"globex"}}
	require.True(t, main.AllowsTenant("", ""))
	require.False(t, main.AllowsTenant("id-acme", "acme"))
	require.True(t, own.AllowsTenant("id-acme", "acme"))
	require.True(t, own.AllowsTenant("id-globex", "globex"))
	require.False(t, own.AllowsTenant("", ""), "a tenant's connection never reaches the main site")
	require.False(t, own.AllowsTenant("id-other", "other"))
}

func TestAllJoinsRefusals(t *testing.T) {
	a := sample()
	a.Link.ExternalID = ""
	a.Profile.Role = attrs.Text("admin")
	err := lmssso.All(lmssso.ExternalID{}, lmssso.DualRole{}, lmssso.PolicyCheck{}).Validate(context.Background(), a)
	require.ErrorIs(t, err, lmssso.ErrExternalIDMissing)
	require.ErrorIs(t, err, lmssso.ErrRoleNotAllowed)
	require.Equal(t, lmssso.Code("external-id-missing"), lmssso.CodeOf(err), "the first refusal gives the code")
	require.NoError(t, lmssso.All().Validate(context.Background(), a))
}

func TestAllRefusesANilValidator(t *testing.T) {
	require.ErrorIs(t, lmssso.All(nil).Validate(context.Background(), sample()), lmssso.ErrConfiguration)
}

func TestAllKeepsItsOwnCopy(t *testing.T) {
	refuse := lmssso.ValidatorFunc(func(context.Context, *lmssso.Assertion) error { return lmssso.ErrIssuer })
	list := []lmssso.Validator{refuse}
	all := lmssso.All(list...)
	list[0] = lmssso.ExternalID{}
	require.ErrorIs(t, all.Validate(context.Background(), sample()), lmssso.ErrIssuer)
}

// requireIs checks for a wanted reason, or for success when there is none.
func requireIs(t *testing.T, err, want error) {
	t.Helper()
	if want == nil {
		require.NoError(t, err)
		return
	}
	require.Truef(t, errors.Is(err, want), "got %v, want %v", err, want)
}
