package bench

import (
	"crypto/x509"
	"encoding/xml"
	"runtime"
	"sync"
	"testing"

	crewjam "github.com/crewjam/saml"

	demo "github.com/lmssso/lmssso/internal/demoidp/saml"
	"github.com/lmssso/lmssso/saml"
)

// aggregateSize is the most the library reads.
const aggregateSize = 8 << 20

// newAggregate is a federation's metadata, signed by the provider's key, just below so many bytes. The provider stands in
// it last.
func newAggregate(f *federation, most int) []byte {
	size := func(others int) int { return len(must(f.idp.Metadata(demo.MetadataOptions{Others: others}))) }
	few, more := size(100), size(200)
	n := 100 + (most-few-8192)*100/(more-few) // 8 kB for the signature
	return must(f.idp.Metadata(demo.MetadataOptions{Others: n, Sign: true}))
}

// metadataReader reads one provider out of metadata and returns what an application keeps of it.
type metadataReader func(document []byte) (kept any, err error)

// newOurMetadata reads the last provider, verifying the federation's signature or not.
func newOurMetadata(f *federation, verified bool) metadataReader {
	trust := saml.MetadataTrust{EntityID: idpName}
	if verified {
		trust.Signers = []*x509.Certificate{f.idpKey.Certificate}
	}
	return func(document []byte) (any, error) { return saml.ParseIdPMetadata(document, trust, moment) }
}

// unmarshalled reads all providers into types, as one does with encoding/xml. It verifies nothing.
func unmarshalled(document []byte) (any, error) {
	var all crewjam.EntitiesDescriptor
	if err := xml.Unmarshal(document, &all); err != nil {
		return nil, err
	}
	return &all, nil
}

// keptBy returns the live heap that is left of one reading, in kB.
func keptBy(read metadataReader, document []byte) (kB float64, err error) {
	before := liveHeap()
	kept, err := read(document)
	after := liveHeap()
	runtime.KeepAlive(kept)
	return (float64(after) - float64(before)) / 1000, err
}

// aggregated makes a subject of a metadata reader. It reports kilobytes of live heap that stay after a reading.
func aggregated(name string, document func() []byte, make func() metadataReader) Subject {
	return Subject{name, func(b *testing.B) {
		text, read := document(), make()
		kept, err := keptBy(read, text)
		if err != nil {
			b.Fatal(err)
		}
		operation(name, func() error {
			_, err := read(text)
			return err
		}).Bench(b)
		b.ReportMetric(kept, "kept-kB")
		runtime.KeepAlive(text)
	}}
}

func aggregating(parties federated) Comparison {
	document := sync.OnceValue(func() []byte { return newAggregate(parties(), aggregateSize) })
	return Comparison{
		Name: "saml-aggregate-8-MB",
		Subjects: []Subject{
			aggregated("lmssso", document, func() metadataReader { return newOurMetadata(parties(), true) }),
			aggregated("lmssso-unverified", document, func() metadataReader { return newOurMetadata(parties(), false) }),
			aggregated("encoding/xml", document, func() metadataReader { return unmarshalled }),
		},
		Goals: []Goal{{Against: "encoding/xml"}, {Against: "encoding/xml", Unit: "kept-kB"}, {Against: "lmssso-unverified"}},
	}
}
