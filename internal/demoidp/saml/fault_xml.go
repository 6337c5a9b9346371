package saml

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/beevik/etree"
)

// Faults of the document itself.
const (
	Doctype               Fault = "doctype"                 // a document type declaration
	EntityExpansion       Fault = "entity-expansion"        // entities that unfold into a billion
	CommentInNameID       Fault = "comment-in-name-id"      // a comment added inside the NameID (CVE-2017-11427)
	ProcessingInstruction Fault = "processing-instruction"  // a processing instruction inside the NameID
	ElementInNameID       Fault = "element-in-name-id"      // an element inside the NameID
	DuplicateID           Fault = "duplicate-id"            // two elements of one ID
	DuplicateXMLAttribute Fault = "duplicate-xml-attribute" // an XML attribute twice on one element
	SecondRoot            Fault = "second-root"             // an element after the root
	TrailingText          Fault = "trailing-text"           // text after the root
	UnknownEncoding       Fault = "unknown-encoding"        // labelled as UTF-7
)

// Faults that say a thing twice, for readers that keep the last or the first.
const (
	TwoAssertions      Fault = "two-assertions"       // two signed assertions about two users
	TwoNameIDs         Fault = "two-name-ids"         // two NameIDs in one subject
	TwoSubjects        Fault = "two-subjects"         // two Subjects
	TwoIssuers         Fault = "two-issuers"          // two Issuers in the assertion
	TwoConditions      Fault = "two-conditions"       // two Conditions, the second without bounds
	TwoEmailValues     Fault = "two-email-values"     // the email attribute has two values
	TwoEmailAttributes Fault = "two-email-attributes" // the email attribute stands twice
)

func xmlFaults() []change {
	return []change{
		{fault: Doctype, text: "A document type declaration comes first; no provider sends one, and entities live there.", raw: beforeRoot(`<!DOCTYPE Response [<!ENTITY name "value">]>`)},
		{fault: EntityExpansion, text: "Entities that unfold into a billion copies of a text.", how: signOnly(SignAssertion), raw: unfold},
		{fault: CommentInNameID, text: "Somebody put a comment into his NameID, so that a reader cuts it short; the signature stays valid.", tamper: commentName},
		{fault: ProcessingInstruction, text: "The NameID holds a processing instruction, at which a reader may cut it short.", draw: splitName(func() etree.Token { return etree.NewProcInst("cut", "here") })},
		{fault: ElementInNameID, text: "The NameID holds an element, at which a reader may cut it short.", draw: splitName(func() etree.Token { return etree.NewElement("cut") })},
		{fault: DuplicateID, text: "Two elements have one ID, so that a signature's reference may mean either.", how: signOnly(SignAssertion), tamper: duplicateID},
		{fault: DuplicateXMLAttribute, text: "An XML attribute stands twice on one element, which is not well-formed.", how: signOnly(SignAssertion), raw: twiceVersion},
		{fault: SecondRoot, text: "A second element follows the root, which is not well-formed.", raw: after("<second/>")},
		{fault: TrailingText, text: "Text follows the root, which is not well-formed.", raw: after("trailing")},
		{fault: UnknownEncoding, text: "The document says it is UTF-7, in which other characters are the markup.", raw: encoded},
	}
}

func twiceFaults() []change {
	return []change{
		{fault: TwoAssertions, text: "Two signed assertions about two users; whichever is read, the other was meant by somebody.", say: twoAssertions},
		{fault: TwoNameIDs, text: "The subject has two NameIDs.", draw: afterTwin("Subject/NameID", func(e *etree.Element) { e.SetText(ForgedNameID) })},
		{fault: TwoSubjects, text: "The assertion has two subjects.", draw: afterTwin("Subject", func(e *etree.Element) {
			if name := e.SelectElement("NameID"); name != nil {
				name.SetText(ForgedNameID)
			}
		})},
		{fault: TwoIssuers, text: "The assertion has two issuers.", draw: afterTwin("Issuer", func(e *etree.Element) { e.SetText("https://other.example/idp") })},
		{fault: TwoConditions, text: "The assertion has two Conditions, the second without any bounds.", draw: afterTwin("Conditions", func(e *etree.Element) {
			e.Child, e.Attr = nil, keepDeclarations(e.Attr)
		})},
		{fault: TwoEmailValues, text: "The email attribute has two values, and which one counts would be chance.", say: twoEmailValues},
		{fault: TwoEmailAttributes, text: "The email attribute stands twice with different values, and which one counts would be chance.", say: twoEmailAttributes},
	}
}

// beforeRoot puts text before the root element, after an XML declaration.
func beforeRoot(text string) func([]byte) []byte {
	return func(doc []byte) []byte {
		at := 0
		if bytes.HasPrefix(doc, []byte("<?xml")) {
			at = bytes.Index(doc, []byte("?>")) + 2
		}
		return bytes.Join([][]byte{doc[:at], doc[at:]}, []byte(text))
	}
}

func billion() string {
	var b strings.Builder
	b.WriteString(`<!DOCTYPE Response [<!ENTITY e0 "ha">`)
	for i := range 9 {
		fmt.Fprintf(&b, `<!ENTITY e%d "%s">`, i+1, strings.Repeat(fmt.Sprintf("&e%d;", i), 10))
	}
	b.WriteString("]>")
	return b.String()
}

// unfold declares the entities and uses the largest, where nobody signed.
func unfold(doc []byte) []byte {
	root := bytes.Index(doc, []byte("Response"))
	at := root + bytes.IndexByte(doc[root:], '>') + 1
	return beforeRoot(billion())(bytes.Join([][]byte{doc[:at], doc[at:]}, []byte("&e9;")))
}

func after(text string) func([]byte) []byte {
	return func(doc []byte) []byte { return append(bytes.TrimSpace(doc), text...) }
}

func encoded(doc []byte) []byte {
	doc = bytes.TrimPrefix(doc, []byte(`<?xml version="1.0" encoding="UTF-8"?>`))
	return append([]byte(`<?xml version="1.0" encoding="UTF-7"?>`), doc...)
}

func twiceVersion(doc []byte) []byte {
	return bytes.Replace(doc, []byte(` Version="2.0"`), []byte(` Version="2.0" Version="2.0"`), 1)
}

// commentName splits the NameID by a comment, which canonical form drops.
func commentName(s *scene, root *etree.Element) error {
	return splitName(func() etree.Token { return etree.NewComment("") })(s, root)
}

func splitName(token func() etree.Token) func(*scene, *etree.Element) error {
	return func(_ *scene, root *etree.Element) error {
		return withNameID(root, func(_, name *etree.Element) {
			text := name.Text()
			half := len(text) / 2
			name.SetText(text[:half])
			name.AddChild(token())
			name.AddChild(etree.NewText(text[half:]))
		})
	}
}

func duplicateID(_ *scene, root *etree.Element) error {
	a, err := assertionOf(root)
	if err == nil {
		root.CreateAttr("ID", attr(a, "ID"))
	}
	return err
}

func twoAssertions(_ *scene, r *Response) error {
	if len(r.Assertions) == 0 || r.Assertions[0].NameID == nil {
		return errNoAssertion
	}
	second := r.Assertions[0]
	second.ID = forgedID
	name := *second.NameID
	name.Value = ForgedNameID
	second.NameID = &name
	r.Assertions = append(r.Assertions, second)
	return nil
}

// afterTwin puts a changed copy of an element of the assertion after it, before signing.
func afterTwin(path string, change func(*etree.Element)) func(*scene, *etree.Element) error {
	return func(_ *scene, root *etree.Element) error {
		a, err := assertionOf(root)
		if err != nil {
			return err
		}
		e := a.FindElement("./" + path)
		if e == nil {
			return errors.New("needs " + path)
		}
		twin := e.Copy()
		change(twin)
		e.Parent().InsertChildAt(e.Index()+1, twin)
		return nil
	}
}

func keepDeclarations(attrs []etree.Attr) []etree.Attr {
	var out []etree.Attr
	for _, a := range attrs {
		if _, ok := declaration(a); ok {
			out = append(out, a)
		}
	}
	return out
}

// emailAttribute changes the first assertion's email attribute, or its first one.
func emailAttribute(r *Response, change func(a *Assertion, i int)) error {
	if len(r.Assertions) == 0 || len(r.Assertions[0].Attributes) == 0 {
		return errNoAttribute
	}
	a := &r.Assertions[0]
	a.Attributes = append([]Attribute(nil), a.Attributes...)
	for i, at := range a.Attributes {
		if isEmailName(at.Name) || isEmailName(at.FriendlyName) {
			change(a, i)
			return nil
		}
	}
	change(a, 0)
	return nil
}

func twoEmailValues(_ *scene, r *Response) error {
	return emailAttribute(r, func(a *Assertion, i int) {
		a.Attributes[i].Values = append(append([]string(nil), a.Attributes[i].Values...), ForgedEmail)
	})
}

func twoEmailAttributes(_ *scene, r *Response) error {
	return emailAttribute(r, func(a *Assertion, i int) {
		second := a.Attributes[i]
		second.Values = []string{ForgedEmail}
		a.Attributes = append(a.Attributes, second)
	})
}
