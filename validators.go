package lmssso

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// All asks every validator and joins what they refuse, so that an administrator sees all faults of a login at once.
// The first refusal gives the answer its code. A nil validator refuses: a forgotten check must not pass.
func All(validators ...Validator) Validator {
	kept := slices.Clone(validators)
	return ValidatorFunc(func(ctx context.Context, a *Assertion) error {
		var errs []error
		for i, v := range kept {
			if v == nil {
				errs = append(errs, &Error{Reason: ErrConfiguration, Detail: fmt.Sprintf("validator %d is nil", i)})
				continue
			}
			if err := v.Validate(ctx, a); err != nil {
				errs = append(errs, err)
			}
		}
		return errors.Join(errs...)
	})
}

// IssuedAt refuses a login whose message was made longer than Window ago or dated further than Window ahead, and one
// that does not say when it was made. It serves assertions of any protocol, and can only narrow what the protocol itself
// allowed: a JWT dialect's window (Thought Industries: 500 seconds, "JSON Web Token Settings") always applies first.
type IssuedAt struct {
	// Window is the largest difference allowed either way, inclusive. Zero or less refuses every login but one made in
	// this very instant.
	Window time.Duration
	// Now is the clock; nil is [time.Now].
	Now func() time.Time
}

// Validate implements [Validator]. It refuses with [ErrMalformed], [ErrExpired] or [ErrNotYetValid]; the latter two say
// the measured skew.
func (v IssuedAt) Validate(_ context.Context, a *Assertion) error {
	if a.Times.IssuedAt.IsZero() {
		return &Error{Reason: ErrMalformed, Detail: "the login does not say when it was issued", Expected: "an issue time"}
	}
	now, window := clock(v.Now), max(v.Window, 0)
	if age := now.Sub(a.Times.IssuedAt); age > window {
		return &Error{Reason: ErrExpired, Detail: "issued too long ago", Expected: skew(window), Received: "issued " + age.String() + " ago"}
	}
	// Not -age: a difference is cut off at 292 years, and the negative bound has no opposite.
	if ahead := a.Times.IssuedAt.Sub(now); ahead > window {
		return &Error{Reason: ErrNotYetValid, Detail: "issued in the future", Expected: skew(window), Received: "issued " + ahead.String() + " ahead"}
	}
	return nil
}

func skew(window time.Duration) string { return fmt.Sprintf("at most %s of difference", window) }

// DualRole refuses a dual-role login that does not say which role to use, and a role that is no slug. A dual-role user's
// logins carry dualRole true and the role every time; a manager's role is sent as its slug, client-admin and not Client
// Admin (Thought Industries SSO guide, "Required Attributes for Dual Role SSO Payloads"). Whether the user has two roles
// is for the directory to say.
type DualRole struct{}

// Validate implements [Validator]. It refuses with [ErrDualRoleIncomplete] or [ErrRoleUnknown].
func (DualRole) Validate(_ context.Context, a *Assertion) error {
	role, ok := a.Profile.Role.First()
	if !ok {
		if a.Profile.DualRole {
			return &Error{Reason: ErrDualRoleIncomplete, Detail: "dualRole is true and no role came with it", Expected: "student, or a manager role's slug"}
		}
		return nil
	}
	if !isSlug(role) {
		return &Error{Reason: ErrRoleUnknown, Detail: "the role is not a slug", Expected: "lower-case words joined by hyphens, such as client-admin"}
	}
	return nil
}

// isSlug accepts lower-case letters, digits, and single inner hyphens or underscores.
func isSlug(s string) bool {
	joint := true
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			joint = false
		case (r == '-' || r == '_') && !joint:
			joint = true
		default:
			return false
		}
	}
	return !joint
}

// ExternalID refuses a login that carries no external id. The platforms recommend sending one always, because an email
// address changes; provisioning asks for it too unless the policy finds users by email.
type ExternalID struct{}

// Validate implements [Validator]. It refuses with [ErrExternalIDMissing].
func (ExternalID) Validate(_ context.Context, a *Assertion) error {
	if a.Link.IsZero() {
		return &Error{Reason: ErrExternalIDMissing, Detail: "the login carries no external id"}
	}
	return nil
}

// PolicyCheck refuses what a connection's policy does not let its provider say: a role, a tenant, an email domain, or too
// weak an authentication. It judges the assertion alone; provisioning judges again what results, such as the role an
// account keeps when the login names none. [Login] always asks it; the role and the tenant it leaves to a [PolicyJudge].
type PolicyCheck struct {
	// Policy is the connection's. The zero policy lets only students through.
	Policy Policy
}

// Validate implements [Validator]. It refuses with [ErrRoleNotAllowed], [ErrTenantNotAllowed], [ErrEmailDomain] or
// [ErrAuthnContext], joined when several apply.
func (v PolicyCheck) Validate(_ context.Context, a *Assertion) error {
	return errors.Join(v.role(a), v.tenant(a), v.email(a), v.authnContext(a))
}

// withoutDirectory judges what no directory knows more about.
func (v PolicyCheck) withoutDirectory(_ context.Context, a *Assertion) error {
	return errors.Join(v.email(a), v.authnContext(a))
}

func (v PolicyCheck) role(a *Assertion) error {
	role, ok := a.Profile.Role.First()
	if !ok || v.Policy.AllowsRole(role) {
		return nil
	}
	return &Error{Reason: ErrRoleNotAllowed, Detail: "the policy does not list the role", Expected: listed(v.Policy.Roles, StudentRole)}
}

// tenant judges the one selector a policy can be compared with before a directory is asked, the slug. An id or a SKU is
// resolved, and judged, by provisioning; so is the slug of the endpoint's path, which a visitor may have typed.
func (v PolicyCheck) tenant(a *Assertion) error {
	slug, ok := a.Access.Target.Slug.First()
	if !ok || slug == a.Origin.Tenant || v.Policy.ListsTenant(slug) {
		return nil
	}
	return &Error{Reason: ErrTenantNotAllowed, Detail: "the policy does not list the tenant", Expected: listed(v.Policy.Tenants, "the connection's own tenant")}
}

func (v PolicyCheck) email(a *Assertion) error {
	address, ok := a.Profile.Email.First()
	if !ok || v.Policy.AllowsEmail(address) {
		return nil
	}
	return &Error{Reason: ErrEmailDomain, Detail: "the policy does not list the email's domain", Expected: listed(v.Policy.EmailDomains, "")}
}

func (v PolicyCheck) authnContext(a *Assertion) error {
	want := v.Policy.RequireAuthnContext
	if len(want) == 0 || slices.ContainsFunc(a.AuthnContext, func(c string) bool { return slices.Contains(want, c) }) {
		return nil
	}
	return &Error{Reason: ErrAuthnContext, Detail: "no authentication context of the login is on the policy's list", Expected: listed(want, "")}
}
