package oidc

import (
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/internal/strictjson"
)

// assertion makes the login of what passed every check. Without userinfo, more is the zero userClaims.
func (v *verifier) assertion(idt verified, more userClaims, pend *Pending) (a *lmssso.Assertion, err error) {
	defer refusePanic(&err, func() { a = nil })
	if idt.subject == "" || pend == nil {
		return nil, refuse(ErrSetup, lmssso.Error{Detail: "there is no verified ID token"})
	}
	m := mergeClaims(idt, more)
	warnings, err := v.checkElsewhere(m)
	if err != nil {
		return nil, err
	}
	in, err := attrs.FromChecked(m.object)
	if err != nil {
		return nil, lmssso.AttributeError(err)
	}
	set, err := v.mapper.Apply(in)
	if err != nil {
		return nil, lmssso.AttributeError(err)
	}
	a = v.frame(idt, pend)
	a.Warnings = warnings
	if err := a.Fill(set); err != nil {
		return nil, err
	}
	if idt.tenantID != "" && a.Link.ExternalID != "" { // two tenants may use one name for two people
		a.Link.ExternalID = idt.tenantID + ":" + a.Link.ExternalID
	}
	a.Profile.EmailVerified = m.vouches(a.Profile.Email)
	a.Raw = rawOf(in)
	return a, nil
}

// frame is a login before its attributes. A claim mapped to the return target goes over the one the login began with.
func (v *verifier) frame(idt verified, pend *Pending) *lmssso.Assertion {
	c := idt.claims
	a := &lmssso.Assertion{
		Origin: lmssso.Origin{
			Protocol: lmssso.OIDC, Connection: v.cfg.Connection, Tenant: v.cfg.Tenant, Issuer: idt.issuer, ID: checkedText(c, "jti"),
		},
		Link:         lmssso.Link{Realm: v.cfg.Realm, ExternalID: v.identify(idt)},
		Subject:      subjectOf(idt.subject, idt.issuer, idt.tenantID),
		Session:      lmssso.Session{Index: checkedText(c, "sid"), Hint: lmssso.Secret(idt.raw)},
		Times:        lmssso.Times{IssuedAt: checkedTime(c, "iat"), AuthenticatedAt: checkedTime(c, "auth_time"), NotOnOrAfter: checkedTime(c, "exp")},
		AuthnContext: authnContext(c),
		Access:       lmssso.Access{Target: lmssso.Target{Path: pend.Tenant}},
		ReturnTo:     pend.ReturnTo,
	}
	if a.Access.Target.Path == "" {
		a.Access.Target.Path = v.cfg.Tenant
	}
	return a
}

// identify takes sub for the external id where no claim is mapped to it. A mapped claim that did not come leaves the login
// without one: falling back to sub would mix two kinds of names in one realm.
func (v *verifier) identify(idt verified) string {
	if len(v.cfg.Mapping[attrs.ExternalID].From) > 0 {
		return ""
	}
	return idt.subject
}

// subjectOf names a user for logout. Where a connection has several issuers, the name means something only within one.
func subjectOf(sub, issuer, tenantID string) lmssso.Subject {
	s := lmssso.Subject{Value: sub}
	if tenantID != "" {
		s.NameQualifier = issuer
	}
	return s
}

// authnContext lists how the user authenticated: acr, then amr (OpenID Connect Core section 2).
func authnContext(c strictjson.Object) (out []string) {
	if acr := checkedText(c, "acr"); acr != "" {
		out = append(out, acr)
	}
	for item := range c.Get("amr").Items() {
		if item.Text() != "" {
			out = append(out, item.Text())
		}
	}
	return out
}

// checkedText returns a text claim that was checked; "" when there is none.
func checkedText(c strictjson.Object, name string) string {
	if v := c.Get(name); v.Kind() == strictjson.Text {
		return v.Text()
	}
	return ""
}

// checkedTime returns a time claim that was checked; the zero time when there is none.
func checkedTime(c strictjson.Object, name string) time.Time {
	at, _, _ := timeClaim(c, name)
	return at
}
