package samltest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lmssso/lmssso/saml/samltest"
)

// exampleT stands for the *testing.T of a real test.
type exampleT struct {
	testing.TB
	cleanups []func()
}

func (e *exampleT) Helper()                   {}
func (e *exampleT) Cleanup(f func())          { e.cleanups = append(e.cleanups, f) }
func (e *exampleT) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }
func (e *exampleT) done() {
	for _, f := range e.cleanups {
		f()
	}
}

// A provider signs a user in at an application that asked nothing, once properly and once by a forged assertion. The
// fields would be posted to the application, which must take the first and refuse the second.
func Example() {
	t := &exampleT{} // in a test: t *testing.T
	defer t.done()

	idp := samltest.NewIdP(t)
	idp.Register(samltest.SP{EntityID: "https://learn.example.com/access/saml/metadata", ACS: "https://learn.example.com/access/saml/consumer"})

	user := samltest.User{NameID: "12345", Attributes: []samltest.Attribute{{Name: "email", Values: []string{"bob@example.com"}}}}
	good := idp.Unsolicited("https://learn.example.com/access/saml/metadata", "", user)
	bad := idp.Unsolicited("https://learn.example.com/access/saml/metadata", "", user, samltest.XSW3)

	fmt.Println("good holds the forged name:", strings.Contains(string(inflate(good.Get("SAMLResponse"))), samltest.ForgedNameID))
	fmt.Println("bad holds the forged name:", strings.Contains(string(inflate(bad.Get("SAMLResponse"))), samltest.ForgedNameID))
	fmt.Println(samltest.XSW3.Explanation())
	// Output:
	// good holds the forged name: false
	// bad holds the forged name: true
	// A forged assertion stands before the signed one.
}
