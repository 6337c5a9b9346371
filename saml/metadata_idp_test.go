package saml_test

import (
	"crypto/x509"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/saml"
	"github.com/stretchr/testify/require"
)

func TestMetadataIsReadAsProvidersWriteIt(t *testing.T) {
	a, b, enc := mdRSA(t), mdEC(t), mdEC(t)
	ca := mdCert(t, mdECKey(t), "CA", nil)
	leaf := mdCert(t, mdECKey(t), "leaf", &ca)
	wrapped := strings.ReplaceAll(a.certPEM(), "\n", "\n\t  ")
	other := `<SPSSODescriptor protocolSupportEnumeration="` + mdSAML2 + `">` + mdKey("signing", enc.base64()) + `</SPSSODescriptor>` +
		`<AttributeAuthorityDescriptor protocolSupportEnumeration="` + mdSAML2 + `">` + mdKey("", enc.base64()) + `</AttributeAuthorityDescriptor>`
	for name, row := range map[string]struct {
		doc   string
		certs []*x509.Certificate
	}{
		"plain":                      {mdGood(a), []*x509.Certificate{a.cert}},
		"byte order mark":            {"\ufeff" + `<?xml version="1.0" encoding="utf-8"?>` + mdGood(a), []*x509.Certificate{a.cert}},
		"comments":                   {"<!-- a -->" + strings.Replace(mdGood(a), a.base64(), a.base64()[:9]+"<!-- b -->"+a.base64()[9:], 1), []*x509.Certificate{a.cert}},
		"a flood of comments":        {strings.Replace(mdGood(a), "<IDPSSO", "<Extensions>"+strings.Repeat("x<!---->", 400_000)+"</Extensions><IDPSSO", 1), []*x509.Certificate{a.cert}},
		"a flood of one certificate": {mdDoc(mdEntity, "", mdRole("", mdKey("signing", strings.Repeat(b.base64()+"</ds:X509Certificate><ds:X509Certificate>", 9_000)+b.base64())+mdSSO())), []*x509.Certificate{b.cert}},
		"several keys":               {mdDoc(mdEntity, "", mdRole("", mdKey("signing", a.base64())+mdKey("signing", b.base64())+mdSSO())), []*x509.Certificate{a.cert, b.cert}},
		"several in one":             {mdDoc(mdEntity, "", mdRole("", mdKey("signing", a.base64(), b.base64())+mdSSO())), []*x509.Certificate{a.cert, b.cert}},
		"a key without use":          {mdDoc(mdEntity, "", mdRole("", mdKey("", a.base64())+mdSSO())), []*x509.Certificate{a.cert}},
		"beside one to encrypt":      {mdDoc(mdEntity, "", mdRole("", mdKey("encryption", enc.base64())+mdKey("signing", a.base64())+mdSSO())), []*x509.Certificate{a.cert}},
		"the same one twice":         {mdDoc(mdEntity, "", mdRole("", mdKey("signing", a.base64())+mdKey("", a.base64())+mdSSO())), []*x509.Certificate{a.cert}},
		"PEM with tabs and newlines": {mdDoc(mdEntity, "", mdRole("", mdKey("signing", wrapped)+mdSSO())), []*x509.Certificate{a.cert}},
		"base64 with newlines":       {mdDoc(mdEntity, "", mdRole("", mdKey("signing", "\n\t"+a.base64()[:64]+"\r\n"+a.base64()[64:]+"\n")+mdSSO())), []*x509.Certificate{a.cert}},
		"a chain gives its lowest":   {mdDoc(mdEntity, "", mdRole("", mdKey("signing", leaf.base64(), ca.base64())+mdSSO())), []*x509.Certificate{leaf.cert}},
		"beside an unreadable one":   {mdDoc(mdEntity, "", mdRole("", mdKey("signing", "AAAA")+mdKey("signing", a.base64())+mdSSO())), []*x509.Certificate{a.cert}},
		"beside a key of no use":     {mdDoc(mdEntity, "", mdRole("", mdKey("signing", mdEd25519(t).base64())+mdKey("signing", a.base64())+mdSSO())), []*x509.Certificate{a.cert}},
		"beside other roles":         {mdDoc(mdEntity, "", other+mdRole("", mdKey("signing", a.base64())+mdSSO())), []*x509.Certificate{a.cert}},
		"beside a SAML 1.1 role": {mdDoc(mdEntity, "", `<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:1.1:protocol">`+mdKey("", enc.base64())+mdSSO()+
			`</IDPSSODescriptor>`+mdRole("", mdKey("signing", a.base64())+mdSSO())), []*x509.Certificate{a.cert}},
		"several protocols": {strings.Replace(mdGood(a), mdSAML2, "urn:oasis:names:tc:SAML:1.1:protocol\n"+mdSAML2, 1), []*x509.Certificate{a.cert}},
		"in a group of one": {mdGroup("", mdGood(a)), []*x509.Certificate{a.cert}},
		"prefixes":          {strings.NewReplacer(`xmlns=`, `xmlns:md=`, "<Ent", "<md:Ent", "</Ent", "</md:Ent", "<IDP", "<md:IDP", "</IDP", "</md:IDP", "<Key", "<md:Key", "</Key", "</md:Key", "<Single", "<md:Single").Replace(mdGood(a)), []*x509.Certificate{a.cert}},
	} {
		t.Run(name, func(t *testing.T) {
			idp, err := mdParse(row.doc, saml.MetadataTrust{})
			require.NoError(t, err)
			require.Equal(t, mdEntity, idp.EntityID)
			require.Equal(t, row.certs, idp.Certificates)
			require.Equal(t, []saml.Endpoint{{Binding: saml.Redirect, URL: "https://idp.example/sso"}, {Binding: saml.Post, URL: "https://idp.example/sso/post"}}, idp.SSO)
			require.Empty(t, idp.SLO)
			require.False(t, idp.WantsSignedRequests)
		})
	}
}

func TestMetadataEndpointsAreChosenByBinding(t *testing.T) {
	key := mdKey("signing", mdEC(t).base64())
	idp, err := mdParse(mdDoc(mdEntity, "", mdRole(` WantAuthnRequestsSigned="true"`, key+
		mdEndpoint("SingleLogoutService", "SOAP", "https://idp.example/soap")+
		`<SingleLogoutService Binding="`+mdBinding+`HTTP-Redirect" Location="https://idp.example/slo" ResponseLocation="https://idp.example/slo/return"/>`+
		mdEndpoint("SingleLogoutService", "HTTP-POST", "javascript:alert(1)")+
		mdEndpoint("SingleSignOnService", "SOAP", "https://idp.example/soap")+
		mdEndpoint("SingleSignOnService", "HTTP-Artifact", "https://idp.example/artifact")+
		mdEndpoint("SingleSignOnService", "HTTP-POST", "http://idp.example/plain")+
		mdEndpoint("SingleSignOnService", "HTTP-POST", "https://idp.example/first")+
		mdEndpoint("SingleSignOnService", "HTTP-POST", "https://idp.example/second"))), saml.MetadataTrust{})
	require.NoError(t, err)
	require.True(t, idp.WantsSignedRequests)
	require.Equal(t, []saml.Endpoint{{Binding: saml.Post, URL: "https://idp.example/first"}}, idp.SSO)
	require.Equal(t, []saml.Endpoint{{Binding: saml.Redirect, URL: "https://idp.example/slo", ResponseURL: "https://idp.example/slo/return"}}, idp.SLO)

	plain := mdDoc(mdEntity, "", mdRole("", key+mdEndpoint("SingleSignOnService", "HTTP-POST", "http://127.0.0.1:8080/sso")))
	_, err = mdParse(plain, saml.MetadataTrust{})
	require.ErrorIs(t, err, saml.ErrMetadataEndpoint)
	idp, err = mdParse(plain, saml.MetadataTrust{AllowHTTP: true})
	require.NoError(t, err)
	require.Equal(t, "http://127.0.0.1:8080/sso", idp.SSO[0].URL)
}

func TestMetadataThatIsRefused(t *testing.T) {
	p := mdEC(t)
	key := mdKey("signing", p.base64())
	good := mdGood(p)
	many := make([]string, 17)
	for i := range many {
		many[i] = mdEC(t).base64()
	}
	for name, row := range map[string]struct {
		doc  string
		want error
	}{
		"empty":                     {"", saml.ErrMetadataXML},
		"HTML":                      {"<!DOCTYPE html><html><body>Sign in</body></html>", saml.ErrMetadataXML},
		"document type":             {`<!DOCTYPE EntityDescriptor [<!ENTITY x SYSTEM "file:///etc/passwd">]>` + good, saml.ErrMetadataXML},
		"cut short":                 {good[:len(good)-10], saml.ErrMetadataXML},
		"two roots":                 {good + good, saml.ErrMetadataXML},
		"another document":          {`<Response xmlns="` + mdSAML2 + `"/>`, saml.ErrMetadataXML},
		"another namespace":         {strings.Replace(good, "SAML:2.0:metadata", "SAML:3.0:metadata", 1), saml.ErrMetadataXML},
		"UTF-16":                    {`<?xml version="1.0" encoding="utf-16"?>` + good, saml.ErrMetadataXML},
		"no entity id":              {strings.Replace(good, "entityID=", "entityId=", 1), saml.ErrMetadataEntity},
		"blank entity id":           {strings.Replace(good, mdEntity, "", 1), saml.ErrMetadataEntity},
		"spaced entity id":          {strings.Replace(good, mdEntity, " "+mdEntity, 1), saml.ErrMetadataEntity},
		"long entity id":            {strings.Replace(good, mdEntity, mdEntity+strings.Repeat("x", 1024), 1), saml.ErrMetadataEntity},
		"two providers, none named": {mdGroup("", good, strings.Replace(good, mdEntity, "https://other.example/", 1)), saml.ErrMetadataEntity},
		"an empty group":            {mdGroup(""), saml.ErrMetadataEntity},
		"a service provider":        {mdDoc(mdEntity, "", `<SPSSODescriptor protocolSupportEnumeration="`+mdSAML2+`"/>`), saml.ErrMetadataRole},
		"SAML 1.1 only":             {strings.Replace(good, mdSAML2, "urn:oasis:names:tc:SAML:1.1:protocol", 1), saml.ErrMetadataRole},
		"no protocol":               {strings.Replace(good, mdSAML2, "", 1), saml.ErrMetadataRole},
		"two such roles":            {mdDoc(mdEntity, "", mdRole("", key+mdSSO())+mdRole("", key+mdSSO())), saml.ErrMetadataRole},
		"no key":                    {mdDoc(mdEntity, "", mdRole("", mdSSO())), saml.ErrMetadataKey},
		"a key to encrypt only":     {mdDoc(mdEntity, "", mdRole("", mdKey("encryption", p.base64())+mdSSO())), saml.ErrMetadataKey},
		"a key of unknown use":      {mdDoc(mdEntity, "", mdRole("", mdKey("SIGNING", p.base64())+mdSSO())), saml.ErrMetadataKey},
		"a key without certificate": {mdDoc(mdEntity, "", mdRole("", `<KeyDescriptor><ds:KeyInfo><ds:KeyName>k</ds:KeyName></ds:KeyInfo></KeyDescriptor>`+mdSSO())), saml.ErrMetadataKey},
		"an unreadable certificate": {mdDoc(mdEntity, "", mdRole("", mdKey("signing", "AAAA")+mdSSO())), saml.ErrMetadataKey},
		"a key of no use":           {mdDoc(mdEntity, "", mdRole("", mdKey("signing", mdEd25519(t).base64())+mdSSO())), saml.ErrMetadataKey},
		"too many certificates":     {mdDoc(mdEntity, "", mdRole("", mdKey("signing", many...)+mdSSO())), saml.ErrMetadataKey},
		"another role's key":        {mdDoc(mdEntity, "", `<SPSSODescriptor protocolSupportEnumeration="`+mdSAML2+`">`+key+`</SPSSODescriptor>`+mdRole("", mdSSO())), saml.ErrMetadataKey},
		"no endpoint":               {mdDoc(mdEntity, "", mdRole("", key)), saml.ErrMetadataEndpoint},
		"endpoints of no use":       {mdDoc(mdEntity, "", mdRole("", key+mdEndpoint("SingleSignOnService", "SOAP", "https://idp.example/soap"))), saml.ErrMetadataEndpoint},
		"javascript":                {mdDoc(mdEntity, "", mdRole("", key+mdEndpoint("SingleSignOnService", "HTTP-POST", "javascript://x/%0aalert(1)"))), saml.ErrMetadataEndpoint},
		"a user name":               {mdDoc(mdEntity, "", mdRole("", key+mdEndpoint("SingleSignOnService", "HTTP-POST", "https://a@idp.example/"))), saml.ErrMetadataEndpoint},
		"a relative address":        {mdDoc(mdEntity, "", mdRole("", key+mdEndpoint("SingleSignOnService", "HTTP-POST", "/sso"))), saml.ErrMetadataEndpoint},
		"over":                      {mdDoc(mdEntity, ` validUntil="2026-05-01T12:00:00Z"`, mdRole("", key+mdSSO())), saml.ErrMetadataExpired},
		"the role over":             {mdDoc(mdEntity, "", mdRole(` validUntil="2026-04-30T00:00:00Z"`, key+mdSSO())), saml.ErrMetadataExpired},
		"the group over":            {mdGroup(` validUntil="2026-04-30T00:00:00Z"`, mdGood(p)), saml.ErrMetadataExpired},
		"over in another zone":      {mdDoc(mdEntity, ` validUntil="2026-05-01T13:59:59.5+02:00"`, mdRole("", key+mdSSO())), saml.ErrMetadataExpired},
		"over without a zone":       {mdDoc(mdEntity, ` validUntil="2026-05-01T11:59:59"`, mdRole("", key+mdSSO())), saml.ErrMetadataExpired},
		"an end nobody understands": {mdDoc(mdEntity, ` validUntil="soon"`, mdRole("", key+mdSSO())), saml.ErrMetadataXML},
		"too large":                 {mdDoc(mdEntity, "", mdRole("", key+mdSSO())+strings.Repeat(" ", 8<<20)), saml.ErrMetadataXML},
		"too deep":                  {mdGroup("", strings.Repeat("<EntitiesDescriptor>", 60)+strings.Repeat("</EntitiesDescriptor>", 60)), saml.ErrMetadataXML},
	} {
		t.Run(name, func(t *testing.T) {
			idp, err := mdParse(row.doc, saml.MetadataTrust{})
			require.ErrorIs(t, err, row.want)
			require.ErrorIs(t, err, lmssso.ErrDiscovery)
			require.Nil(t, idp)
		})
	}
}

func TestMetadataJustBeforeItsEndIsRead(t *testing.T) {
	p := mdEC(t)
	for _, until := range []string{"2026-05-01T12:00:01Z", " 2026-05-01T12:00:00.001Z ", "2026-05-01T14:00:01+02:00", "2026-05-01T12:00:01"} {
		_, err := mdParse(mdDoc(mdEntity, ` validUntil="`+until+`" cacheDuration="nonsense"`, mdRole("", mdKey("", p.base64())+mdSSO())), saml.MetadataTrust{})
		require.NoError(t, err, until)
	}
}

func TestTheEntityAskedForIsFoundInAnAggregate(t *testing.T) {
	p := mdEC(t)
	entity := func(id string) string { return strings.Replace(mdGood(p), mdEntity, id, 1) }
	sp := mdDoc("https://sp.example/", "", `<SPSSODescriptor protocolSupportEnumeration="`+mdSAML2+`"/>`)
	doc := mdGroup("", sp, entity("https://a.example/"), mdGroup("", entity("https://b.example/"), mdGroup("", entity("https://c.example/"))))
	for _, id := range []string{"https://a.example/", "https://b.example/", "https://c.example/"} {
		idp, err := mdParse(doc, saml.MetadataTrust{EntityID: id})
		require.NoError(t, err)
		require.Equal(t, id, idp.EntityID)
	}
	for _, id := range []string{"https://A.example/", "https://a.example", " https://a.example/", "https://d.example/"} {
		_, err := mdParse(doc, saml.MetadataTrust{EntityID: id})
		require.ErrorIs(t, err, saml.ErrMetadataEntity, "ids are compared byte for byte")
	}
	_, err := mdParse(doc, saml.MetadataTrust{EntityID: "https://sp.example/"})
	require.ErrorIs(t, err, saml.ErrMetadataRole)
	_, err = mdParse(mdGroup("", entity("https://a.example/"), mdGroup("", entity("https://a.example/"))), saml.MetadataTrust{EntityID: "https://a.example/"})
	require.ErrorIs(t, err, saml.ErrMetadataEntity, "one id, two entities")
	idp, err := mdParse(mdGroup("", sp, entity("https://a.example/")), saml.MetadataTrust{})
	require.NoError(t, err, "one provider among service providers is no question")
	require.Equal(t, "https://a.example/", idp.EntityID)
	_, err = mdParse(mdGood(p), saml.MetadataTrust{EntityID: "https://other.example/"})
	require.ErrorIs(t, err, saml.ErrMetadataEntity, "the id is compared in a single entity's document too")
}

// A federation's aggregate: what counts is what the signature covers.
func TestSignedMetadata(t *testing.T) {
	federation, other, idpKey, evil := mdRSA(t), mdRSA(t), mdEC(t), mdEC(t)
	ec := mdEC(t)
	entity := func(id, attributes string, p mdPair) string {
		return mdDoc(id, attributes, mdRole("", mdKey("signing", p.base64())+mdSSO()))
	}
	whole := mdSign(t, mdGroup(` ID="f"`, entity(mdEntity, "", idpKey), entity("https://other.example/", "", evil)), "", federation)
	trust := saml.MetadataTrust{EntityID: mdEntity, Signers: []*x509.Certificate{federation.cert}}
	sha1 := strings.Replace(whole, "2001/04/xmldsig-more#rsa-sha256", "2000/09/xmldsig#rsa-sha1", 1)
	later := func(t saml.MetadataTrust) saml.MetadataTrust { t.AllowExpiredSigners = true; return t }

	for name, row := range map[string]struct {
		doc   string
		trust saml.MetadataTrust
		want  error
	}{
		"the whole document":            {whole, trust, nil},
		"one of several signers":        {whole, saml.MetadataTrust{EntityID: mdEntity, Signers: []*x509.Certificate{ec.cert, federation.cert}}, nil},
		"by ECDSA":                      {mdSign(t, mdGroup(` ID="f"`, entity(mdEntity, "", idpKey)), "", ec), saml.MetadataTrust{Signers: []*x509.Certificate{ec.cert}}, nil},
		"a single entity":               {mdSign(t, entity(mdEntity, ` ID="e"`, idpKey), "", federation), trust, nil},
		"the entity in a plain group":   {mdGroup("", mdSign(t, entity(mdEntity, ` ID="e"`, idpKey), "", federation)), trust, nil},
		"not at all":                    {mdGroup("", entity(mdEntity, "", idpKey)), trust, saml.ErrMetadataUnsigned},
		"another entity":                {mdGroup("", mdSign(t, entity("https://other.example/", ` ID="e"`, evil), "", federation), entity(mdEntity, "", evil)), trust, saml.ErrMetadataUnsigned},
		"by somebody else":              {mdSign(t, mdGroup(` ID="f"`, entity(mdEntity, "", evil)), "", evil), trust, saml.ErrMetadataSignature},
		"by another certificate's key":  {whole, saml.MetadataTrust{EntityID: mdEntity, Signers: []*x509.Certificate{ec.cert}}, saml.ErrMetadataSignature},
		"the same key's certificate":    {whole, saml.MetadataTrust{EntityID: mdEntity, Signers: []*x509.Certificate{other.cert}}, nil},
		"changed afterwards":            {strings.Replace(whole, "https://idp.example/sso\"", "https://evil.example/sso\"", 1), trust, saml.ErrMetadataSignature},
		"an entity added":               {strings.Replace(whole, "</EntitiesDescriptor>", entity("https://third.example/", "", evil)+"</EntitiesDescriptor>", 1), trust, saml.ErrMetadataSignature},
		"the signed group inside":       {mdGroup(` ID="g"`, whole, entity("https://third.example/", "", evil)), saml.MetadataTrust{EntityID: "https://third.example/", Signers: trust.Signers}, saml.ErrMetadataUnsigned},
		"the signature moved outside":   {moved(t, whole, entity(mdEntity, "", evil)), trust, saml.ErrMetadataSignature},
		"no ID":                         {mdSign(t, mdGroup("", entity(mdEntity, "", idpKey)), "", federation), trust, saml.ErrMetadataSignature},
		"two signatures":                {mdSign(t, whole, "", federation), trust, saml.ErrMetadataSignature},
		"SHA-1":                         {sha1, trust, saml.ErrMetadataSignature},
		"over, and signed":              {mdSign(t, mdGroup(` ID="f" validUntil="2026-04-01T00:00:00Z"`, entity(mdEntity, "", idpKey)), "", federation), trust, saml.ErrMetadataExpired},
		"an unknown entity":             {whole, saml.MetadataTrust{EntityID: "https://x.example/", Signers: trust.Signers}, saml.ErrMetadataEntity},
		"none named and two there":      {whole, saml.MetadataTrust{Signers: trust.Signers}, saml.ErrMetadataEntity},
		"the unsigned twin of a signed": {mdGroup("", mdSign(t, entity(mdEntity, ` ID="e"`, idpKey), "", federation), entity(mdEntity, "", evil)), trust, saml.ErrMetadataEntity},
		"dates do not count if allowed": {whole, later(trust), nil},
	} {
		t.Run(name, func(t *testing.T) {
			idp, err := mdParse(row.doc, row.trust)
			if row.want != nil {
				require.ErrorIs(t, err, row.want)
				require.ErrorIs(t, err, lmssso.ErrDiscovery)
				require.Equal(t, lmssso.ErrDiscovery.Code(), lmssso.CodeOf(err))
				require.Nil(t, idp)
				return
			}
			require.NoError(t, err)
			require.Equal(t, mdEntity, idp.EntityID)
			require.Equal(t, []*x509.Certificate{idpKey.cert}, idp.Certificates)
		})
	}
	_, err := mdParse(sha1, trust)
	require.ErrorIs(t, err, saml.ErrSHA1)

	past := federation.cert.NotAfter.Add(time.Hour)
	_, err = saml.ParseIdPMetadata([]byte(whole), trust, past)
	require.ErrorIs(t, err, saml.ErrMetadataSignature)
	require.ErrorIs(t, err, saml.ErrCertificateDates)
	_, err = saml.ParseIdPMetadata([]byte(whole), later(trust), past)
	require.NoError(t, err)
}

// moved wraps a signed group: the signature stands in a new root that has the group's ID, the group in an extension.
func moved(t *testing.T, signed, evil string) string {
	t.Helper()
	from, to := strings.Index(signed, "<ds:Signature"), strings.Index(signed, "</ds:Signature>")+len("</ds:Signature>")
	require.Positive(t, from)
	signature, rest := signed[from:to], signed[:from]+signed[to:]
	return mdGroup(` ID="f"`, signature, "<Extensions>"+strings.Replace(rest, ` ID="f"`, ` ID="g"`, 1)+"</Extensions>", evil)
}

// An 8 MB aggregate with its signature is read within the limits.
func TestAFederationsAggregateIsRead(t *testing.T) {
	federation, p := mdRSA(t), mdEC(t)
	var entities []string
	size := 0
	for i := 0; size < 7<<20; i++ {
		id := fmt.Sprintf("https://idp%d.example/", i)
		if i == 2000 {
			id = mdEntity
		}
		entities = append(entities, strings.Replace(mdGood(p), mdEntity, id, 1))
		size += len(entities[i])
	}
	require.Greater(t, len(entities), 2001)
	doc := mdSign(t, mdGroup(` ID="f" validUntil="2026-05-10T00:00:00Z"`, entities...), "", federation)
	idp, err := mdParse(doc, saml.MetadataTrust{EntityID: mdEntity, Signers: []*x509.Certificate{federation.cert}})
	require.NoError(t, err)
	require.Equal(t, mdEntity, idp.EntityID)
}
