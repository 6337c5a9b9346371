package saml

import (
	"strings"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
)

// assertion makes the login of what passed every check.
func (v *verifier) assertion(l login, want expectation) (*lmssso.Assertion, error) {
	in := attrs.FromAttributes(l.attributes)
	set, err := v.mapper.Apply(in)
	if err != nil {
		return nil, lmssso.AttributeError(err)
	}
	a := &lmssso.Assertion{
		Origin: lmssso.Origin{
			Protocol: lmssso.SAML, Connection: v.cfg.Connection, Tenant: v.cfg.Tenant, Issuer: l.issuer, ID: l.id,
			InResponseTo: l.inResponseTo, Destination: l.destination,
		},
		Link: lmssso.Link{Realm: v.cfg.Realm}, Subject: l.subject, Session: l.session,
		Times:        lmssso.Times{IssuedAt: l.issued, AuthenticatedAt: l.instant, NotOnOrAfter: l.until},
		AuthnContext: l.context, Warnings: l.warnings,
		Access: lmssso.Access{Target: lmssso.Target{Path: v.cfg.Tenant}},
	}
	if want.request != nil {
		a.ReturnTo = want.request.ReturnTo
		if want.request.Tenant != "" {
			a.Access.Target.Path = want.request.Tenant
		}
	}
	v.identify(a)
	if err := a.Fill(set); err != nil {
		return nil, err
	}
	a.Raw = in.Raw()
	return a, nil
}

// identify takes the NameID for the external id, where no attribute is mapped to it and the NameID's format promises a
// lasting name. A mapped attribute that did not come leaves the login without an external id: falling back to the NameID
// would mix two kinds of names in one realm.
func (v *verifier) identify(a *lmssso.Assertion) {
	if len(v.cfg.Mapping[attrs.ExternalID].From) > 0 {
		return
	}
	if lasting, why := lastingFormat(a.Subject.Format, v.cfg.Allow.UnspecifiedNameID); !lasting {
		a.Warnings = append(a.Warnings, attrs.Warning{Key: attrs.ExternalID, Text: why})
		return
	}
	a.Link.ExternalID = a.Subject.Value
}

// lastingFormat reports whether a NameID of this format names the same user tomorrow (Core section 8.3), and why not.
// JumpCloud writes unspecified with a 1.0, some with a 2.0.
func lastingFormat(format string, allowUnspecified bool) (ok bool, why string) {
	version, name, known := strings.Cut(strings.TrimPrefix(format, "urn:oasis:names:tc:SAML:"), ":nameid-format:")
	if known && (version == "1.1" || version == "2.0") {
		switch name {
		case "persistent", "emailAddress", "X509SubjectName", "WindowsDomainQualifiedName", "kerberos":
			return true, ""
		}
	}
	switch {
	case known && name == "transient":
		return false, "the NameID is transient and was not taken for the external id: map an attribute to it"
	case format == "" || known && name == "unspecified":
		return allowUnspecified, "the NameID's format is unspecified and it was not taken for the external id: turn on AllowUnspecifiedNameID, or map an attribute"
	default:
		return false, "the NameID's format is not known to last and it was not taken for the external id: map an attribute to it"
	}
}
