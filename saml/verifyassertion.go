package saml

import (
	"strings"
	"time"

	"github.com/beevik/etree"
	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/internal/strictxml"
)

// login is what an authentic assertion says, every rule passed.
type login struct {
	id, issuer   string
	destination  string
	inResponseTo string
	subject      lmssso.Subject
	issued       time.Time
	until        time.Time // the latest time any of its bounds lets it pass
	session      lmssso.Session
	instant      time.Time
	context      []string
	attributes   []attrs.Named
	warnings     []attrs.Warning
}

// judge applies the rules of an assertion, to the element a signature covers.
func (v *verifier) judge(p proven, want expectation) (login, error) {
	e, w := p.assertion, v.window(want)
	l := login{id: attr(e, "ID"), issuer: want.idp.EntityID, destination: attr(p.response, "Destination")}
	if want.request != nil {
		l.inResponseTo = want.request.RequestID
	}
	for _, check := range []func(*etree.Element) error{checkVersion, checkID} {
		if err := check(e); err != nil {
			return login{}, err
		}
	}
	if attr(p.response, "ID") == l.id { // a decrypted assertion is a document of its own, so no parser saw both
		return login{}, refuse(ErrIDs, lmssso.Error{Detail: "the response and its assertion have one ID"})
	}
	f, err := parts(e, ErrStructure,
		part{nsAssertion, "Issuer", 1, 1}, part{nsSignature, "Signature", 0, 1}, part{nsAssertion, "Subject", 1, 1},
		part{nsAssertion, "Conditions", 0, 1}, part{nsAssertion, "Advice", 0, 1}, part{nsAssertion, "AuthnStatement", 0, many},
		part{nsAssertion, "AuthzDecisionStatement", 0, many}, part{nsAssertion, "AttributeStatement", 0, many})
	if err != nil {
		return login{}, err
	}
	for _, step := range []func() error{
		func() error { return checkIssuer(f.one("Issuer"), want.idp.EntityID) },
		func() (err error) { l.issued, err = w.checkIssued(e); return err },
		func() error { return v.judgeConditions(f.one("Conditions"), w, &l) },
		func() error { return v.judgeSubject(f.one("Subject"), w, want.request, &l) },
		func() error { return v.judgeAuthn(f["AuthnStatement"], w, want.request, &l) },
		func() error { return v.readAttributes(f["AttributeStatement"], &l) },
	} {
		if err := step(); err != nil {
			return login{}, err
		}
	}
	return l, nil
}

func (v *verifier) judgeConditions(c *etree.Element, w window, l *login) error {
	if c == nil {
		return refuse(ErrNoAudience, lmssso.Error{Detail: "the assertion has no Conditions", Expected: quoted(v.cfg.SP.EntityID)})
	}
	until, err := w.checkConditions(c, v.cfg.SP.EntityID)
	l.until = until
	return err
}

// judgeSubject reads who the assertion is about, once, and judges the confirmations (Core section 2.4).
func (v *verifier) judgeSubject(s *etree.Element, w window, request *Pending, l *login) error {
	f, err := parts(s, ErrStructure, part{nsAssertion, "NameID", 0, 1}, part{nsAssertion, "BaseID", 0, 0},
		part{nsAssertion, "EncryptedID", 0, many}, part{nsAssertion, "SubjectConfirmation", 0, many})
	if err != nil {
		return err
	}
	if f.one("EncryptedID") != nil {
		return refuse(ErrEncryptedID, lmssso.Error{Detail: "the NameID is encrypted by itself"})
	}
	name := f.one("NameID")
	if name == nil {
		return refuse(ErrNameID, lmssso.Error{Detail: "the subject has no NameID"})
	}
	value, err := leaf(name)
	if err != nil {
		return err
	}
	if err := checkNameID(value); err != nil {
		return err
	}
	if err := checkKept(name, "Format", "NameQualifier", "SPNameQualifier"); err != nil {
		return err
	}
	l.subject = lmssso.Subject{
		Value: value, Format: attr(name, "Format"),
		NameQualifier: attr(name, "NameQualifier"), SPNameQualifier: attr(name, "SPNameQualifier"),
	}
	until, err := w.checkConfirmations(f["SubjectConfirmation"], v.cfg.SP.ACS, request)
	if until.After(l.until) {
		l.until = until
	}
	return err
}

// judgeAuthn reads when and how the user signed in at the provider (Core section 2.7.2).
func (v *verifier) judgeAuthn(all []*etree.Element, w window, request *Pending, l *login) error {
	if len(all) != 1 {
		return refuse(ErrAuthnStatement, lmssso.Error{Detail: "the number of AuthnStatements", Expected: "1", Received: many1(len(all))})
	}
	s := all[0]
	var err error
	if l.instant, err = timeOf(s, "AuthnInstant"); err != nil {
		return err
	}
	if l.instant.IsZero() {
		return refuse(ErrAuthnStatement, lmssso.Error{Detail: "the AuthnStatement has no AuthnInstant"})
	}
	if err := w.checkAuthnInstant(l.instant, request, v.cfg.Check.MaxAuthnAge); err != nil {
		return err
	}
	if err := checkKept(s, "SessionIndex"); err != nil {
		return err
	}
	l.session.Index = attr(s, "SessionIndex")
	if l.session.Ends, err = timeOf(s, "SessionNotOnOrAfter"); err != nil {
		return err
	}
	if err := w.checkNotOnOrAfter(ErrSessionOver, "the session of the assertion has ended", l.session.Ends); err != nil {
		return err
	}
	f, err := parts(s, ErrAuthnStatement, part{nsAssertion, "SubjectLocality", 0, 1}, part{nsAssertion, "AuthnContext", 1, 1})
	if err != nil {
		return err
	}
	for _, c := range strictxml.Children(f.one("AuthnContext")) {
		if !strictxml.Is(c, nsAssertion, "AuthnContextClassRef") {
			continue
		}
		class, err := uri(c)
		if err != nil {
			return err
		}
		l.context = append(l.context, class)
	}
	return nil
}

// many1 says how many of something came.
func many1(n int) string {
	if n == 0 {
		return "none"
	}
	return "several"
}

// readAttributes reads every attribute of every statement (Core section 2.7.3).
func (v *verifier) readAttributes(statements []*etree.Element, l *login) error {
	l.attributes = []attrs.Named{}
	for _, s := range statements {
		f, err := parts(s, ErrStructure, part{nsAssertion, "Attribute", 0, many}, part{nsAssertion, "EncryptedAttribute", 0, many})
		if err != nil {
			return err
		}
		if f.one("EncryptedAttribute") != nil {
			return refuse(ErrEncryptedAttribute, lmssso.Error{Detail: "an attribute is encrypted by itself"})
		}
		for _, a := range f["Attribute"] {
			if err := v.readAttribute(a, l); err != nil {
				return err
			}
		}
	}
	return nil
}

func (v *verifier) readAttribute(a *etree.Element, l *login) error {
	f, err := parts(a, ErrStructure, part{nsAssertion, "AttributeValue", 0, many})
	if err != nil {
		return err
	}
	n := attrs.Named{Name: attr(a, "Name"), FriendlyName: attr(a, "FriendlyName"), Values: make([]string, 0, len(f["AttributeValue"]))}
	if n.Name == "" {
		return refuse(ErrStructure, lmssso.Error{Detail: "an Attribute has no Name"})
	}
	structured := false
	for _, value := range f["AttributeValue"] {
		text, ok := attributeValue(value)
		if !ok {
			structured = true
			continue
		}
		n.Values = append(n.Values, text)
	}
	if structured && (v.mapped[n.Name] || v.mapped[n.FriendlyName]) {
		return refuse(ErrStructuredValue, lmssso.Error{Detail: "a value of attribute " + quoted(n.Name) + " is XML", Expected: "plain text"})
	}
	if structured {
		l.warnings = append(l.warnings, attrs.Warning{Text: "a value of attribute " + quoted(n.Name) + " is XML instead of text and was left out"})
	}
	l.attributes = append(l.attributes, n)
	return nil
}

// attributeValue returns a value's text. xsi:nil says that there is none, which clears like an empty text. A value may be
// a single NameID, as eduPersonTargetedID is; any other XML in a value is not text.
func attributeValue(e *etree.Element) (string, bool) {
	if text, ok := strictxml.Text(e); ok {
		if null, _ := strictxml.AttrNS(e, nsInstance, "nil"); null == "true" || null == "1" {
			return "", text == ""
		}
		return text, true
	}
	inner := strictxml.Children(e)
	if len(inner) != 1 || !strictxml.OnlyElements(e) || !strictxml.Is(inner[0], nsAssertion, "NameID") {
		return "", false
	}
	text, ok := strictxml.Text(inner[0])
	return strings.Trim(text, " \t\r\n"), ok
}
