package bench

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/lmssso/lmssso"
	demo "github.com/lmssso/lmssso/internal/demoidp/saml"
	"github.com/lmssso/lmssso/saml"
)

func TestSAMLReadersAcceptGoodResponsesAndRefuseForgedOnes(t *testing.T) {
	f := newFederation()
	for _, s := range shapes() {
		good := s.message(f)
		t.Logf("%-20s %6d bytes of XML, %6d encoded", s.name, len(xmlOf(good)), len(good))
		bad := map[string]string{
			"tampered": s.message(f, demo.TamperedAttribute), "unsigned": s.message(f, demo.Unsigned),
			"signed by another key": s.message(f, demo.WrongKey), "cut": good[:len(good)/8*4], "empty": "",
		}
		for _, r := range s.readers() {
			read := r.make(f, good)
			if got, err := read(good); err != nil || r.name != "floor" && got != email {
				t.Errorf("%s: %s gave %q, %v", s.name, r.name, got, err)
			}
			for what, message := range bad {
				if got, err := read(message); err == nil || got != "" {
					t.Errorf("%s: %s of a response that is %s: %q, %v", s.name, r.name, what, got, err)
				}
			}
		}
	}
}

func TestSAMLResponsesAreOfTheSizesNamed(t *testing.T) {
	f := newFederation()
	for _, s := range shapes() {
		size, least, most := len(xmlOf(s.message(f))), 8_000, 12_000
		switch {
		case s.groups == manyGroups:
			least, most = 90_000, 110_000
		case s.groups > manyGroups:
			least, most = 300_000, 500_000
		case s.sealed || s.what == demo.SignBoth:
			most = 16_000
		}
		if size < least || size > most {
			t.Errorf("%s has %d bytes", s.name, size)
		}
	}
	p := must(saml.New(connection(f, true, saml.Check{}, accepting{})))
	in := saml.Input{Method: "POST", Form: map[string][]string{"SAMLResponse": {shapes()[0].message(f)}}}
	if a, err := p.Finish(t.Context(), in, pendingLogin()); err != nil || len(a.Raw) != 12 {
		t.Errorf("the user does not have twelve attributes: %v", err)
	}
}

func TestGosaml2IsLeftOutOnlyWhereItRefuses(t *testing.T) {
	f := newFederation()
	read := newGosaml2(f)
	for _, s := range shapes() {
		if _, err := read(s.message(f)); (err == nil) != slices.Contains(s.peers, "gosaml2") {
			t.Errorf("%s: %v", s.name, err)
		}
	}
}

func TestSAMLRefusalsAreForTheirReasons(t *testing.T) {
	f := newFederation()
	ours, gosaml2 := newOurSAML(f, true, saml.Check{}), newGosaml2(f)
	wants := map[string]struct {
		reason error
		text   string
	}{
		"unsigned": {saml.ErrUnsigned, "Signature"}, "tampered": {lmssso.ErrSignature, "could not be verified"},
		"tiny-elements": {saml.ErrLimits, "traversal limit"}, "deflated": {saml.ErrEncoding, "missing Assertion"},
	}
	for _, r := range refusals() {
		message, want := r.message(f), wants[r.name]
		if _, err := ours(message); !errors.Is(err, want.reason) {
			t.Errorf("%s: %v", r.name, err)
		}
		if r.name == "deflated" {
			message = deflated(1 << 14) // the same, in less time
		}
		_, err := gosaml2(message)
		if err == nil || !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(want.text)) || strings.Contains(err.Error(), "too many") {
			t.Errorf("%s: gosaml2 refuses for another reason: %v", r.name, err)
		}
		t.Logf("%s: %d bytes; gosaml2: %v", r.name, len(message), err)
	}
}

func TestFloodsAreOfTheirSizesAndRefused(t *testing.T) {
	f := newFederation()
	ours := newOurSAML(f, true, saml.Check{})
	wants := map[string]error{"declarations": saml.ErrLimits, "attributes": saml.ErrLimits, "within-limits": lmssso.ErrSignature}
	for _, h := range floods() {
		for _, length := range []int{17_000, 65_000, 257_000} {
			message := h.message(f, length)
			if len(message) > length || len(message) < length*9/10 {
				t.Errorf("%s has %d bytes, not %d", h.name, len(message), length)
			}
			if _, err := ours(message); !errors.Is(err, wants[h.name]) {
				t.Errorf("%s of %d bytes: %v", h.name, length, err)
			}
		}
	}
}

func TestTheLargestAggregateIsRead(t *testing.T) {
	f := newFederation()
	document := newAggregate(f, aggregateSize)
	if n := len(document); n > aggregateSize || n < aggregateSize*99/100 {
		t.Errorf("the aggregate has %d bytes", n)
	}
	if _, err := newOurMetadata(f, false)(document); err != nil {
		t.Error(err)
	}
}

func TestAggregatesAreReadAndForgedOnesRefused(t *testing.T) {
	f := newFederation()
	const size = 1 << 20
	document := newAggregate(f, size)
	if n := len(document); n > size || n < size*98/100 {
		t.Errorf("the aggregate has %d bytes", n)
	}
	kept, err := newOurMetadata(f, true)(document)
	if idp, ok := kept.(*saml.IdP); err != nil || !ok || idp.EntityID != idpName {
		t.Errorf("reading the aggregate: %v", err)
	}
	forged := []byte(strings.Replace(string(document), "https://idp-00007.example", "https://idp-evil7.example", 1))
	if _, err := newOurMetadata(f, true)(forged); !errors.Is(err, saml.ErrMetadataSignature) {
		t.Errorf("a forged aggregate: %v", err)
	}
	for name, read := range map[string]metadataReader{"without the signature": newOurMetadata(f, false), "encoding/xml": unmarshalled} {
		if _, err := read(document); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
