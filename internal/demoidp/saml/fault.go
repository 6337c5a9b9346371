package saml

import (
	"fmt"

	"github.com/beevik/etree"
)

// Fault is one known way for a response to be wrong. A service provider must refuse each, by a reason of its own.
type Fault string

// Explanation says in a sentence what the fault does and why that must be refused.
func (f Fault) Explanation() string {
	if c, ok := find(f); ok {
		return c.text
	}
	return ""
}

// Group is a heading to list the fault under.
func (f Fault) Group() string {
	for _, g := range menu() {
		for _, c := range g.changes {
			if c.fault == f {
				return g.title
			}
		}
	}
	return ""
}

// Faults lists all faults, group by group.
func Faults() []Fault {
	var out []Fault
	for _, g := range menu() {
		for _, c := range g.changes {
			out = append(out, c.fault)
		}
	}
	return out
}

// change is how a fault is made: at one or more steps on the way from the good response to the form.
type change struct {
	fault Fault
	text  string
	// how changes the manner, say what the response says, sign each signature's recipe.
	how  func(*scene)
	say  func(*scene, *Response) error
	sign func(*scene, *recipe, *etree.Element) error
	// draw changes the tree before it is signed, tamper after; plain the text that is encrypted, sealed the encrypted tree.
	draw, tamper, sealed func(*scene, *etree.Element) error
	plain                func([]byte) []byte
	// raw changes the finished text, form the finished form.
	raw  func([]byte) []byte
	form func(*scene, *Sent) error
}

type group struct {
	title   string
	changes []change
}

func menu() []group {
	return []group{
		{"Signature", signatureFaults()},
		{"Signature method", methodFaults()},
		{"Signature references", referenceFaults()},
		{"Signature wrapping", wrappingFaults()},
		{"Assertions out of place", placeFaults()},
		{"XML", xmlFaults()},
		{"Elements that stand twice", twiceFaults()},
		{"Issuer and addressee", addressFaults()},
		{"Time", timeFaults()},
		{"Subject", subjectFaults()},
		{"The request it answers", answerFaults()},
		{"Status and statements", statementFaults()},
		{"Encryption", encryptionFaults()},
		{"Size", sizeFaults()},
		{"Delivery", deliveryFaults()},
	}
}

func find(f Fault) (change, bool) {
	for _, g := range menu() {
		for _, c := range g.changes {
			if c.fault == f {
				return c, true
			}
		}
	}
	return change{}, false
}

func changesOf(faults []Fault) ([]change, error) {
	var out []change
	for _, f := range faults {
		c, ok := find(f)
		if !ok {
			return nil, fmt.Errorf("no fault is called %q", clip(string(f)))
		}
		out = append(out, c)
	}
	return out, nil
}
