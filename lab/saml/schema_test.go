package saml_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lmssso/lmssso/saml"
)

// The OASIS schema of metadata and what it imports, as Debian's opensaml-schemas and xmltooling-schemas install them.
const metadataSchema = "/usr/share/xml/opensaml/saml-schema-metadata-2.0.xsd"

func schemaImports() map[string]string {
	return map[string]string{
		"http://www.w3.org/TR/2002/REC-xmldsig-core-20020212/xmldsig-core-schema.xsd": "/usr/share/xml/xmltooling/xmldsig-core-schema.xsd",
		"http://www.w3.org/TR/2002/REC-xmlenc-core-20021210/xenc-schema.xsd":          "/usr/share/xml/xmltooling/xenc-schema.xsd",
		"http://www.w3.org/2001/xml.xsd":                                              "/usr/share/xml/xmltooling/xml.xsd",
	}
}

// validate lets xmllint judge a document by the schema, without asking the network for anything.
func validate(t *testing.T, doc []byte) (string, error) {
	t.Helper()
	dir := t.TempDir()
	var catalog strings.Builder
	catalog.WriteString(`<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog">` + "\n")
	for address, file := range schemaImports() {
		if _, err := os.Stat(file); err != nil {
			t.Fatalf("install xmltooling-schemas: %v", err)
		}
		fmt.Fprintf(&catalog, "<system systemId=%q uri=%q/><uri name=%q uri=%q/>\n", address, "file://"+file, address, "file://"+file)
	}
	catalog.WriteString("</catalog>\n")
	writeFile(t, filepath.Join(dir, "catalog.xml"), catalog.String())
	writeFile(t, filepath.Join(dir, "metadata.xml"), string(doc))
	cmd := exec.Command("xmllint", "--nonet", "--noout", "--schema", metadataSchema, filepath.Join(dir, "metadata.xml"))
	cmd.Env = append(os.Environ(), "XML_CATALOG_FILES="+filepath.Join(dir, "catalog.xml"))
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// fullConfig has everything metadata can say.
func fullConfig() saml.Config {
	return saml.Config{
		SP: saml.SP{
			BaseURL: "https://learn.example", EntityID: "https://learn.example/access/saml/metadata",
			ACS: "https://learn.example/access/saml/consumer", SLO: "https://learn.example/access/saml/logout",
			Keys: []saml.Key{siteKey(), certified(rsaKey(), "next")},
			About: saml.About{
				Organization: "Acme & Söhne", OrganizationURL: "https://acme.example/", TechnicalContact: "tech@acme.example", SupportContact: "help@acme.example",
				RequestedAttributes: []string{"email", "urn:oid:2.5.4.42"},
			},
		},
		Request: saml.Request{Sign: true, NameIDFormat: persistent},
	}
}

func TestMetadataIsValidByTheSchema(t *testing.T) {
	minimal := fullConfig()
	minimal.SP.Keys, minimal.SP.SLO, minimal.SP.About, minimal.Request = nil, "", saml.About{}, saml.Request{}
	elliptic := fullConfig()
	elliptic.SP.Keys = []saml.Key{siteEC(), siteKey()}
	for name, cfg := range map[string]saml.Config{"everything": fullConfig(), "the least": minimal, "an ECDSA key first": elliptic} {
		doc, err := saml.SPMetadata(cfg)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if out, err := validate(t, doc); err != nil {
			t.Errorf("%s: %v\n%s\n%s", name, err, out, doc)
		}
	}
}

// TestTheSchemaIsAsked shows that the validation above judges: the same document with a wrong order, a wrong name or a
// missing attribute is refused.
func TestTheSchemaIsAsked(t *testing.T) {
	doc, err := saml.SPMetadata(fullConfig())
	if err != nil {
		t.Fatal(err)
	}
	text := string(doc)
	from := strings.Index(text, "<md:NameIDFormat>")
	to := strings.Index(text, "</md:NameIDFormat>") + len("</md:NameIDFormat>")
	last := strings.Index(text, "</md:SPSSODescriptor>")
	if from < 0 || last < to {
		t.Fatalf("the document is another than this test thinks:\n%s", text)
	}
	for name, bad := range map[string]string{
		"order":           text[:from] + text[to:last] + text[from:to] + text[last:],
		"an unknown name": strings.Replace(text, "isDefault", "default", 1),
		"no index":        strings.Replace(text, ` index="0"`, "", 1),
		"no entity id":    strings.Replace(text, "entityID=", "entityid=", 1),
	} {
		out, err := validate(t, []byte(bad))
		if err == nil || !strings.Contains(out, "fails to validate") {
			t.Errorf("%s: valid all the same: %v\n%s", name, err, out)
		}
	}
}
