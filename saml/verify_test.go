package saml

import (
	"crypto"
	"strings"
	"testing"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/stretchr/testify/require"
)

func TestEveryWayOfSigningSignsIn(t *testing.T) {
	sha := func(method, digest string) *signing { return &signing{method: moreAlgs + method, digest: digest} }
	ec := &signing{key: keys().ec, method: moreAlgs + "ecdsa-sha256"}
	ecDER := &signing{key: keys().ec, method: moreAlgs + "ecdsa-sha256", der: true}
	for name, m := range map[string]making{
		"the assertion":                  good(),
		"the response":                   {outer: &signing{}},
		"both":                           {inner: &signing{}, outer: &signing{}},
		"the response, signature last":   {outer: &signing{last: true}},
		"SHA-384":                        {inner: sha("rsa-sha384", moreAlgs+"sha384")},
		"SHA-512":                        {inner: sha("rsa-sha512", nsEncryption+"sha512")},
		"ECDSA as XML Signature has it":  {inner: ec},
		"ECDSA in ASN.1":                 {inner: ecDER},
		"with comments canonicalization": {inner: &signing{transforms: []string{algEnveloped, nsExclusive + "WithComments"}}},
		"white space in the signature": {inner: &signing{}, after: func(s string) string {
			return strings.Replace(s, "<ds:SignatureValue>", "<ds:SignatureValue>\n\t  ", 1)
		}},
		"KeyInfo with a name only": {inner: &signing{keyInfo: `<ds:KeyInfo><ds:KeyName>k1</ds:KeyName></ds:KeyInfo>`}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := newConfig(func(c *Config) {
				idp := c.IdP.(*StaticIdP)
				idp.Certificates = append(idp.Certificates, validCertificate(keys().other), validCertificate(keys().ec))
			})
			a, err := verify(t, cfg, m)
			require.NoError(t, err)
			require.Equal(t, "user-17", a.Link.ExternalID)
			require.Len(t, cfg.SingleUse.(*memoryUse).until, 1)
		})
	}
}

func TestEverythingTheAssertionSaysArrives(t *testing.T) {
	cfg := newConfig(func(c *Config) { c.Tenant = "acme-academy" })
	a, err := verify(t, cfg, good())
	require.NoError(t, err)
	require.Equal(t, lmssso.Origin{
		Protocol: lmssso.SAML, Connection: "acme", Tenant: "acme-academy", Issuer: idpName, ID: "_assertion1",
		InResponseTo: reqID, Destination: acsURL,
	}, a.Origin)
	require.Equal(t, lmssso.Link{Realm: "main", ExternalID: "user-17"}, a.Link)
	require.Equal(t, lmssso.Subject{
		Value: "user-17", Format: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent", NameQualifier: "nq", SPNameQualifier: "spnq",
	}, a.Subject)
	require.Equal(t, "_session1", a.Session.Index)
	require.Equal(t, time.Date(2026, 5, 4, 20, 0, 0, 0, time.UTC), a.Session.Ends)
	require.Equal(t, lmssso.Times{IssuedAt: noon, AuthenticatedAt: noon.Add(-10 * time.Second), NotOnOrAfter: noon.Add(5 * time.Minute)}, a.Times)
	require.Equal(t, []string{"urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"}, a.AuthnContext)
	require.Equal(t, []string{"ada@example.com"}, a.Profile.Email.All())
	require.Equal(t, []string{"Ada"}, a.Profile.FirstName.All())
	require.Equal(t, []string{"intro", "advanced"}, a.Access.CourseSlugs.All())
	require.Equal(t, "acme-academy", a.Access.Target.Path)
	require.Equal(t, "/learn/course/intro", a.ReturnTo)
	require.Equal(t, map[string][]string{"mail": {"Ada@Example.com"}, "urn:oid:2.5.4.42": {"Ada"}, "courses": {"intro", "advanced"}}, a.Raw)
	require.Empty(t, a.Warnings)
}

func TestEveryWayOfEncryptingSignsIn(t *testing.T) {
	strict := func(c *Config) { c.Allow = Allow{} }
	rows := map[string]making{
		"key beside the data":          {inner: &signing{}, sealed: &sealing{beside: true}},
		"inside a signed response":     {outer: &signing{}, sealed: &sealing{}},
		"signed inside and outside":    {inner: &signing{}, outer: &signing{}, sealed: &sealing{}},
		"the second decryption key":    {inner: &signing{}, sealed: &sealing{to: &keys().sp2.PublicKey}},
		"OAEP SHA-256, mask SHA-256":   {inner: &signing{}, sealed: &sealing{transport: nsEncryption11 + "rsa-oaep", digest: crypto.SHA256, mask: crypto.SHA256}},
		"OAEP SHA-256, mask SHA-1":     {inner: &signing{}, sealed: &sealing{transport: nsEncryption11 + "rsa-oaep", digest: crypto.SHA256, mask: crypto.SHA1}},
		"OAEP SHA-256, mask unsaid":    {inner: &signing{}, sealed: &sealing{transport: nsEncryption11 + "rsa-oaep", digest: crypto.SHA256}},
		"OAEP SHA-1, mask SHA-256":     {inner: &signing{}, sealed: &sealing{transport: nsEncryption11 + "rsa-oaep", digest: crypto.SHA1, mask: crypto.SHA256}},
		"mgf1p with SHA-256":           {inner: &signing{}, sealed: &sealing{digest: crypto.SHA256}},
		"prefixes of the document":     {outer: &signing{}, sealed: &sealing{}, assertion: swap(` xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"`, "")},
		"AES-128-GCM":                  {inner: &signing{}, sealed: &sealing{method: nsEncryption11 + "aes128-gcm"}},
		"AES-192-GCM":                  {inner: &signing{}, sealed: &sealing{method: nsEncryption11 + "aes192-gcm"}},
		"AES-128-CBC, response signed": {inner: &signing{}, outer: &signing{}, sealed: &sealing{method: nsEncryption + "aes128-cbc"}},
		"AES-192-CBC, response signed": {outer: &signing{}, sealed: &sealing{method: nsEncryption + "aes192-cbc"}},
		"AES-256-CBC, response signed": {outer: &signing{}, sealed: &sealing{method: nsEncryption + "aes256-cbc"}},
	}
	for name, m := range rows {
		t.Run(name, func(t *testing.T) {
			cfg := newConfig(strict, func(c *Config) { c.SP.Keys = append(c.SP.Keys, Key{Signer: keys().sp2}) })
			a, err := verify(t, cfg, m)
			require.NoError(t, err)
			require.Equal(t, "user-17", a.Link.ExternalID)
			require.Equal(t, []string{"intro", "advanced"}, a.Access.CourseSlugs.All())
		})
	}
}
