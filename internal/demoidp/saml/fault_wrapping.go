package saml

import "github.com/beevik/etree"

// Signature wrapping (Somorovsky et al., "On Breaking SAML: Be Whoever You Want to Be", 2012), by the numbers of that paper.
const (
	XSW1 Fault = "xsw1" // the signed response inside the signature of a forged one
	XSW2 Fault = "xsw2" // the signed response before its signature in a forged one
	XSW3 Fault = "xsw3" // a forged assertion before the signed one
	XSW4 Fault = "xsw4" // the signed assertion inside a forged one
	XSW5 Fault = "xsw5" // a forged assertion with the signature, the signed one at the end
	XSW6 Fault = "xsw6" // the signed assertion inside the signature of a forged one
	XSW7 Fault = "xsw7" // a forged assertion in Extensions before the signed one
	XSW8 Fault = "xsw8" // the signed assertion in an Object of a forged one's signature
)

// Faults that put an assertion where none belongs.
const (
	AssertionInExtensions     Fault = "assertion-in-extensions"      // a forged one in the response's Extensions
	AssertionInStatusDetail   Fault = "assertion-in-status-detail"   // a forged one in StatusDetail
	AssertionInObject         Fault = "assertion-in-object"          // a forged one in the signature's Object
	AssertionInAdvice         Fault = "assertion-in-advice"          // another one in the signed assertion's Advice
	AssertionInAttributeValue Fault = "assertion-in-attribute-value" // another one as an attribute's value
	ResponseInExtensions      Fault = "response-in-extensions"       // a whole forged response in Extensions
	NoAssertion               Fault = "no-assertion"                 // none at all, though the status is success
)

func wrappingFaults() []change {
	response, assertion := signOnly(SignResponse), signOnly(SignAssertion)
	return []change{
		{fault: XSW1, text: "A forged response carries the signature, and the signed response hides inside that signature.", how: response, tamper: xsw1},
		{fault: XSW2, text: "A forged response carries the signature, and the signed response stands before it.", how: response, tamper: xsw2},
		{fault: XSW3, text: "A forged assertion stands before the signed one.", how: assertion, tamper: xsw3},
		{fault: XSW4, text: "A forged assertion wraps the signed one.", how: assertion, tamper: xsw4},
		{fault: XSW5, text: "A forged assertion carries the signature, and the signed one stands at the end.", how: assertion, tamper: xsw5},
		{fault: XSW6, text: "A forged assertion carries the signature, and the signed one hides inside that signature.", how: assertion, tamper: xsw6},
		{fault: XSW7, text: "A forged assertion of the same ID stands in Extensions, before the signed one.", how: assertion, tamper: xsw7},
		{fault: XSW8, text: "A forged assertion carries the signature, and the signed one hides in an Object of it.", how: assertion, tamper: xsw8},
	}
}

func placeFaults() []change {
	assertion := signOnly(SignAssertion)
	return []change{
		{fault: AssertionInExtensions, text: "A forged assertion stands in the response's Extensions, which nobody signed.", how: assertion, tamper: inExtensions(false)},
		{fault: ResponseInExtensions, text: "A whole forged response stands in the response's Extensions, which nobody signed.", how: assertion, tamper: inExtensions(true)},
		{fault: AssertionInStatusDetail, text: "A forged assertion stands in the status's detail, which nobody signed.", how: assertion, tamper: inStatusDetail},
		{fault: AssertionInObject, text: "A forged assertion stands in an Object of the signature, which the signature does not cover.", how: assertion, tamper: inObject},
		{fault: AssertionInAdvice, text: "The signed assertion holds another one as advice; a reader that searches may find the wrong one.", draw: inAdvice},
		{fault: AssertionInAttributeValue, text: "An attribute's value is another assertion; a reader that searches may find the wrong one.", draw: inAttributeValue},
		{fault: NoAssertion, text: "The status is success, but no assertion says who signed in.", say: func(_ *scene, r *Response) error {
			r.Assertions = nil
			return nil
		}, how: signOnly(SignResponse)},
	}
}

func xsw1(_ *scene, root *etree.Element) error {
	original := unsigned(root)
	return forgeResponse(root, func(signature *etree.Element) { signature.AddChild(original) })
}

func xsw2(_ *scene, root *etree.Element) error {
	original := unsigned(root)
	return forgeResponse(root, func(signature *etree.Element) { root.InsertChildAt(signature.Index(), original) })
}

// forgeResponse makes the response a forged one and lets hide put the original somewhere.
func forgeResponse(root *etree.Element, hide func(signature *etree.Element)) error {
	a, err := assertionOf(root)
	if err != nil {
		return err
	}
	_, signature, err := signed(root)
	if err != nil {
		return err
	}
	root.CreateAttr("ID", "id-forged-response")
	forge(a)
	hide(signature)
	return nil
}

func xsw3(_ *scene, root *etree.Element) error {
	a, err := assertionOf(root)
	if err == nil {
		root.InsertChildAt(a.Index(), forged(a))
	}
	return err
}

func xsw4(_ *scene, root *etree.Element) error {
	a, err := assertionOf(root)
	if err == nil {
		evil, at := forged(a), a.Index()
		root.RemoveChildAt(at)
		root.InsertChildAt(at, evil)
		evil.AddChild(a)
	}
	return err
}

func xsw5(_ *scene, root *etree.Element) error {
	return forgeSigned(root, func(_, original *etree.Element) { root.AddChild(original) })
}

func xsw6(_ *scene, root *etree.Element) error {
	return forgeSigned(root, func(signature, original *etree.Element) { signature.AddChild(original) })
}

func xsw7(s *scene, root *etree.Element) error {
	a, err := assertionOf(root)
	if err == nil {
		evil := forged(a)
		evil.CreateAttr("ID", attr(a, "ID"))
		s.extensions(root).AddChild(evil)
	}
	return err
}

func xsw8(s *scene, root *etree.Element) error {
	return forgeSigned(root, func(signature, original *etree.Element) {
		s.how.Style.add(signature, nsSignature, "Object").AddChild(original)
	})
}

// forgeSigned makes the signed assertion a forged one that keeps the signature, and lets hide put the original somewhere.
func forgeSigned(root *etree.Element, hide func(signature, original *etree.Element)) error {
	a, err := assertionOf(root)
	if err != nil {
		return err
	}
	_, signature, err := signed(root)
	if err != nil {
		return err
	}
	original := unsigned(a)
	forge(a)
	hide(signature, original)
	return nil
}

// extensions makes an Extensions element where the schema has it, before the Status.
func (s *scene) extensions(root *etree.Element) *etree.Element {
	e := s.how.Style.add(nil, nsProtocol, "Extensions")
	at := 0
	if status := child(root, nsProtocol, "Status"); status != nil {
		at = status.Index()
	}
	root.InsertChildAt(at, e)
	return e
}

func inExtensions(whole bool) func(*scene, *etree.Element) error {
	return func(s *scene, root *etree.Element) error {
		a, err := assertionOf(root)
		if err != nil {
			return err
		}
		evil := forged(a)
		if whole {
			response := root.Copy()
			response.CreateAttr("ID", "id-forged-response")
			forge(child(response, nsAssertion, "Assertion"))
			evil = response
		}
		s.extensions(root).AddChild(evil)
		return nil
	}
}

func inStatusDetail(s *scene, root *etree.Element) error {
	a, err := assertionOf(root)
	if err == nil {
		s.how.Style.add(child(root, nsProtocol, "Status"), nsProtocol, "StatusDetail").AddChild(forged(a))
	}
	return err
}

func inObject(s *scene, root *etree.Element) error {
	a, err := assertionOf(root)
	if err != nil {
		return err
	}
	_, signature, err := signed(root)
	if err == nil {
		s.how.Style.add(signature, nsSignature, "Object").AddChild(forged(a))
	}
	return err
}

// inAdvice adds an Advice, which the schema has before the statements (SAML Core section 2.6.1).
func inAdvice(s *scene, root *etree.Element) error {
	a, err := assertionOf(root)
	if err != nil {
		return err
	}
	advice := s.how.Style.add(nil, nsAssertion, "Advice")
	advice.AddChild(forged(a))
	at := len(a.Child)
	if statement := child(a, nsAssertion, "AuthnStatement"); statement != nil {
		at = statement.Index()
	}
	a.InsertChildAt(at, advice)
	return nil
}

func inAttributeValue(s *scene, root *etree.Element) error {
	a, err := assertionOf(root)
	if err != nil {
		return err
	}
	statement := child(a, nsAssertion, "AttributeStatement")
	if statement == nil {
		return errNoAttribute
	}
	inner := forged(a)
	at := s.how.Style.add(statement, nsAssertion, "Attribute", "Name", "evidence")
	s.how.Style.add(at, nsAssertion, "AttributeValue").AddChild(inner)
	return nil
}
