package bench

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	demo "github.com/lmssso/lmssso/internal/demoidp/saml"
	"github.com/lmssso/lmssso/saml"
)

const (
	idpName   = "https://idp.customer.example.com/saml/metadata"
	idpSSO    = "https://idp.customer.example.com/saml/sso"
	spName    = "https://learn.example.com/access/saml/metadata"
	spACS     = "https://learn.example.com/access/saml/consumer"
	requestID = "id-5d0be2a1c3f94e6f8a7b1c2d3e4f5a6b"
)

// federation is an identity provider and this site, which know each other's keys. Both have RSA keys of 2048 bits.
type federation struct {
	idp            *demo.IdP
	idpKey, spKey  demo.Key
	idpMetadataXML []byte
}

func newFederation() *federation {
	f := &federation{idpKey: must(demo.GenerateKey(demo.KeyOptions{})), spKey: must(demo.GenerateKey(demo.KeyOptions{Name: "Learning site"}))}
	f.idp = must(demo.New(demo.Config{EntityID: idpName, SSOURL: idpSSO, Keys: []demo.Key{f.idpKey}, Now: clock}))
	if err := f.idp.Register(demo.SP{EntityID: spName, ACS: []string{spACS}, Encryption: []*x509.Certificate{f.spKey.Certificate}}); err != nil {
		panic(err)
	}
	f.idpMetadataXML = must(f.idp.Metadata(demo.MetadataOptions{}))
	return f
}

// respond makes an answer to the one request of these benchmarks, as base64.
func (f *federation) respond(login demo.Login, how demo.How) string {
	req := &demo.AuthnRequest{ID: requestID, Issuer: spName, Destination: idpSSO, IssueInstant: moment, ACS: spACS}
	return must(f.idp.Respond(req, login, how)).Form.Fields.Get("SAMLResponse")
}

// decryptionKey is this site's.
func (f *federation) decryptionKey() *rsa.PrivateKey { return rsaKeyOf(f.spKey.Signer) }

func rsaKeyOf(s crypto.Signer) *rsa.PrivateKey {
	key, ok := s.(*rsa.PrivateKey)
	if !ok {
		panic("bench: the key is no RSA key")
	}
	return key
}

// pendingLogin is what this site remembers of the request.
func pendingLogin() *saml.Pending {
	return &saml.Pending{Connection: "main-saml", IdP: idpName, RequestID: requestID, ReturnTo: returnTo, Begun: moment.Add(-20 * time.Second)}
}

// attribute is one of the usual spelling.
func attribute(name, friendly string, values ...string) demo.Attribute {
	return demo.Attribute{Name: name, FriendlyName: friendly, NameFormat: demo.NameFormatURI, Values: values}
}

// member is the user of the SAML benchmarks: twelve attributes, of which the groups can be many.
func member(groups int) demo.Login {
	return demo.Login{
		NameID: demo.NameID{Value: "emp-100123", Format: demo.FormatPersistent, NameQualifier: idpName, SPNameQualifier: spName},
		Attributes: []demo.Attribute{
			attribute("urn:oid:0.9.2342.19200300.100.1.3", "mail", email),
			attribute("urn:oid:2.5.4.42", "givenName", "Ada"),
			attribute("urn:oid:2.5.4.4", "sn", "Lovelace"),
			attribute("urn:oid:2.16.840.1.113730.3.1.241", "displayName", "Ada Lovelace"),
			attribute("urn:oid:2.16.840.1.113730.3.1.39", "preferredLanguage", "en"),
			attribute("urn:oid:2.5.4.10", "o", "Analytical Engines of Saint James Square, Limited"),
			attribute("urn:oid:2.5.4.11", "ou", "analytical department in the west"),
			attribute("urn:oid:1.3.6.1.4.1.5923.1.1.1.9", "eduPersonScopedAffiliation", "staff@customer.example.com", "member@customer.example.com"),
			attribute("https://learn.example.com/attributes/role", "role", "student"),
			attribute("https://learn.example.com/attributes/courses", "courses", "introduction-to-engines", "advanced-engines"),
			attribute("https://learn.example.com/attributes/paths", "learningPaths", "onboarding"),
			attribute("urn:oid:1.3.6.1.4.1.5923.1.5.1.1", "isMemberOf", groupNames(groups)...),
		},
	}
}

func groupNames(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("CN=engine-%04d,OU=groups", i)
	}
	return out
}

// mapping reads what the attributes say.
func mapping() attrs.Mapping {
	return attrs.Mapping{
		attrs.Email:             attrs.From("urn:oid:0.9.2342.19200300.100.1.3"),
		attrs.FirstName:         attrs.From("urn:oid:2.5.4.42"),
		attrs.LastName:          attrs.From("urn:oid:2.5.4.4"),
		attrs.Language:          attrs.From("urn:oid:2.16.840.1.113730.3.1.39"),
		attrs.Company:           attrs.From("urn:oid:2.5.4.10"),
		attrs.Ref(1):            attrs.From("urn:oid:2.5.4.11"),
		attrs.Role:              attrs.From("https://learn.example.com/attributes/role"),
		attrs.CourseSlugs:       attrs.From("https://learn.example.com/attributes/courses"),
		attrs.LearningPathSlugs: attrs.From("https://learn.example.com/attributes/paths"),
	}
}

// connection is the library's configuration. Every rule is on, save that only encrypted assertions are accepted where
// those of the benchmark are not.
func connection(f *federation, inClear bool, sizes saml.Check, s lmssso.SingleUse) saml.Config {
	return saml.Config{
		Connection: "main-saml", Realm: "main",
		SP: saml.SP{
			BaseURL: "https://learn.example.com", EntityID: spName, ACS: spACS,
			Keys: []saml.Key{{Signer: f.spKey.Signer, Certificate: f.spKey.Certificate}},
		},
		IdP:     &saml.StaticIdP{EntityID: idpName, Certificates: []*x509.Certificate{f.idpKey.Certificate}},
		Mapping: mapping(), Allow: saml.Allow{UnencryptedAssertions: inClear}, Check: sizes,
		SingleUse: s, Now: clock,
	}
}

// xmlOf undoes the encoding of a response.
func xmlOf(message string) string { return string(must(base64.StdEncoding.DecodeString(message))) }

func encoded(document string) string { return base64.StdEncoding.EncodeToString([]byte(document)) }

// between returns what stands between two texts the first time, and what follows; both are "" when it is not there.
func between(s, from, to string) (text, rest string) {
	_, after, _ := strings.Cut(s, from)
	text, rest, found := strings.Cut(after, to)
	if !found {
		return "", ""
	}
	return text, rest
}
