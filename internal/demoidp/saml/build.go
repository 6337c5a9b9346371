package saml

import (
	"time"

	"github.com/beevik/etree"
)

// response writes a Response down as a tree, unsigned.
func (s Style) response(r Response) *etree.Element {
	e := s.message("Response", r.ID, r.Version, r.Issuer, r.Destination, r.InResponseTo, r.IssueInstant)
	s.status(e, r.Status)
	for _, a := range r.Assertions {
		e.AddChild(s.assertion(a))
	}
	prune(e, nil)
	return e
}

// message starts a protocol message: the element and its Issuer.
func (s Style) message(tag, id, version, issuer, destination, inResponseTo string, at time.Time) *etree.Element {
	e := s.add(nil, nsProtocol, tag,
		"ID", id, "Version", version, "IssueInstant", s.optional(at), "Destination", destination, "InResponseTo", inResponseTo)
	if issuer != "" {
		s.addText(e, nsAssertion, "Issuer", issuer)
	}
	return e
}

func (s Style) optional(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return s.time(t)
}

func (s Style) status(parent *etree.Element, st Status) {
	e := s.add(parent, nsProtocol, "Status")
	code := s.add(e, nsProtocol, "StatusCode", "Value", st.Code)
	if st.Detail != "" {
		s.add(code, nsProtocol, "StatusCode", "Value", st.Detail)
	}
	if st.Message != "" {
		s.addText(e, nsProtocol, "StatusMessage", st.Message)
	}
}

func (s Style) assertion(a Assertion) *etree.Element {
	e := s.add(nil, nsAssertion, "Assertion", "Version", a.Version, "IssueInstant", s.optional(a.IssueInstant))
	e.CreateAttr("ID", a.ID) // also when it is empty
	if a.Issuer != "" {
		s.addText(e, nsAssertion, "Issuer", a.Issuer)
	}
	s.subject(e, a)
	if a.Conditions != nil {
		s.conditions(e, *a.Conditions)
	}
	if a.Authn != nil {
		s.authn(e, *a.Authn)
	}
	if len(a.Attributes) > 0 {
		statement := s.add(e, nsAssertion, "AttributeStatement")
		for _, at := range a.Attributes {
			s.attribute(statement, at)
		}
	}
	return e
}

func (s Style) subject(parent *etree.Element, a Assertion) {
	e := s.add(parent, nsAssertion, "Subject")
	if a.NameID != nil {
		s.nameID(e, *a.NameID)
	}
	for _, c := range a.Confirmations {
		confirmation := s.add(e, nsAssertion, "SubjectConfirmation", "Method", c.Method)
		s.add(confirmation, nsAssertion, "SubjectConfirmationData", "InResponseTo", c.InResponseTo, "Recipient", c.Recipient,
			"NotBefore", s.optional(c.NotBefore), "NotOnOrAfter", s.optional(c.NotOnOrAfter), "Address", c.Address)
	}
}

func (s Style) nameID(parent *etree.Element, n NameID) *etree.Element {
	return s.addText(parent, nsAssertion, "NameID", n.Value,
		"NameQualifier", n.NameQualifier, "SPNameQualifier", n.SPNameQualifier, "Format", n.Format)
}

func (s Style) conditions(parent *etree.Element, c Conditions) {
	e := s.add(parent, nsAssertion, "Conditions", "NotBefore", s.optional(c.NotBefore), "NotOnOrAfter", s.optional(c.NotOnOrAfter))
	if c.Unknown != "" {
		condition := s.add(e, nsAssertion, "Condition")
		condition.CreateAttr("xmlns:xsi", nsInstance)
		condition.CreateAttr("xmlns:demo", "urn:example:demo-conditions")
		condition.CreateAttr("xsi:type", "demo:"+c.Unknown)
	}
	for _, names := range c.Audiences {
		restriction := s.add(e, nsAssertion, "AudienceRestriction")
		for _, name := range names {
			s.addText(restriction, nsAssertion, "Audience", name)
		}
	}
	if c.OneTimeUse {
		s.add(e, nsAssertion, "OneTimeUse")
	}
}

func (s Style) authn(parent *etree.Element, a Authn) {
	e := s.add(parent, nsAssertion, "AuthnStatement", "AuthnInstant", s.optional(a.Instant), "SessionIndex", a.SessionIndex,
		"SessionNotOnOrAfter", s.optional(a.SessionNotOnOrAfter))
	if a.Context != "" {
		s.addText(s.add(e, nsAssertion, "AuthnContext"), nsAssertion, "AuthnContextClassRef", a.Context)
	}
}

func (s Style) attribute(parent *etree.Element, a Attribute) {
	e := s.add(parent, nsAssertion, "Attribute", "Name", a.Name, "NameFormat", a.NameFormat, "FriendlyName", a.FriendlyName)
	for _, v := range a.Values {
		value := s.addText(e, nsAssertion, "AttributeValue", v)
		if !s.Untyped {
			value.CreateAttr("xmlns:xs", nsSchema)
			value.CreateAttr("xmlns:xsi", nsInstance)
			value.CreateAttr("xsi:type", "xs:string")
		}
	}
	if a.Nil {
		value := s.add(e, nsAssertion, "AttributeValue")
		value.CreateAttr("xmlns:xsi", nsInstance)
		value.CreateAttr("xsi:nil", "true")
	}
}
