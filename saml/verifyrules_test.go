package saml

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/stretchr/testify/require"
)

func TestBoundsOfTime(t *testing.T) {
	for name, row := range map[string]struct {
		make making
		want func(*expectation)
	}{
		"the last moment of leeway":      {good(), func(e *expectation) { e.now = noon.Add(6*time.Minute - 1) }},
		"the first moment of leeway":     {careless(`NotBefore="2026-05-04T11:55:00Z"`, `NotBefore="2026-05-04T12:01:00Z"`), nil},
		"issued at the end of leeway":    {careless(`IssueInstant="2026-05-04T12:00:00Z"`, `IssueInstant="2026-05-04T12:01:00Z"`), nil},
		"issued sixteen minutes ago":     {careless(`IssueInstant="2026-05-04T12:00:00Z"`, `IssueInstant="2026-05-04T11:44:00Z"`), nil},
		"microseconds":                   {careless(`IssueInstant="2026-05-04T12:00:00Z"`, `IssueInstant="2026-05-04T11:59:59.123456Z"`), nil},
		"an offset":                      {careless(`IssueInstant="2026-05-04T12:00:00Z"`, `IssueInstant="2026-05-04T14:00:00+02:00"`), nil},
		"conditions without bounds":      {careless(` NotBefore="2026-05-04T11:55:00Z" NotOnOrAfter="2026-05-04T12:05:00Z"`, ""), nil},
		"an old authentication unasked":  {careless(`AuthnInstant="2026-05-04T11:59:50Z"`, `AuthnInstant="2026-05-01T00:00:00Z"`), nil},
		"a fresh authentication asked":   {good(), func(e *expectation) { e.request.ForceAuthn, e.request.Begun = true, noon.Add(-30*time.Second) }},
		"a session without an end":       {careless(` SessionNotOnOrAfter="2026-05-04T20:00:00Z"`, ""), nil},
		"a response without an issuer":   {envelope("<saml:Issuer>https://idp.example/metadata</saml:Issuer><samlp:Status>", "<samlp:Status>"), nil},
		"white space around names":       {careless(">https://idp.example/metadata<", ">\n https://idp.example/metadata\n<", ">https://learn.example/access/saml/metadata<", "> https://learn.example/access/saml/metadata <"), nil},
		"unsigned without a destination": {envelope(` Destination="https://learn.example/access/saml/consumer"`, ""), nil},
		"a second bearer for elsewhere":  {careless("<saml:SubjectConfirmation ", `<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData Recipient="https://other.example" NotOnOrAfter="2026-05-04T12:05:00Z"/></saml:SubjectConfirmation><saml:SubjectConfirmation `), nil},
		"another address of the browser": {careless("<saml:SubjectConfirmationData", `<saml:SubjectConfirmationData Address="192.0.2.1"`), nil},
		"one time use and no proxies":    {careless("</saml:Conditions>", `<saml:OneTimeUse/><saml:ProxyRestriction Count="0"/></saml:Conditions>`), nil},
		"an XML declaration": {making{inner: &signing{}, after: func(s string) string {
			return `<?xml version="1.0" encoding="utf-8" standalone="yes"?>` + "\n" + s + "\n"
		}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			want := answer()
			if row.want != nil {
				row.want(&want)
			}
			a, err := verifierFor(t, newConfig()).response(t.Context(), row.make.encoded(), want)
			require.NoError(t, err)
			require.Equal(t, "user-17", a.Link.ExternalID)
		})
	}
}

func TestUnsolicitedLoginsWhereTheyAreAllowed(t *testing.T) {
	drop := swap(` InResponseTo="_request1"`, "")
	cfg := newConfig(func(c *Config) { c.Allow.IdPInitiated = true })
	want := answer()
	want.request = nil
	a, err := verifierFor(t, cfg).response(t.Context(), making{assertion: drop, response: drop, inner: &signing{}}.encoded(), want)
	require.NoError(t, err)
	require.Empty(t, a.Origin.InResponseTo)
	require.Empty(t, a.ReturnTo)
}

func TestATenantThatInheritsIsTheLoginsTarget(t *testing.T) {
	want := answer()
	want.request.Tenant = "acme"
	a, err := verifierFor(t, newConfig()).response(t.Context(), good().encoded(), want)
	require.NoError(t, err)
	require.Equal(t, "acme", a.Access.Target.Path)
	require.Empty(t, a.Origin.Tenant, "the connection is the main site's")
}

func TestNameIDsThatServeAsExternalID(t *testing.T) {
	const saml = "urn:oasis:names:tc:SAML:"
	persistent := ` Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"`
	for _, row := range []struct {
		format             string
		strict, allowed    bool // taken for the external id without and with AllowUnspecifiedNameID
		withoutFormatAtAll bool
	}{
		{format: saml + "2.0:nameid-format:persistent", strict: true, allowed: true},
		{format: saml + "1.1:nameid-format:emailAddress", strict: true, allowed: true},
		{format: saml + "1.1:nameid-format:unspecified", allowed: true},
		{format: saml + "1.0:nameid-format:unspecified", allowed: true},
		{format: saml + "2.0:nameid-format:unspecified", allowed: true},
		{withoutFormatAtAll: true, allowed: true},
		{format: saml + "2.0:nameid-format:transient"},
		{format: saml + "1.1:nameid-format:transient"},
		{format: saml + "2.0:nameid-format:entity"},
		{format: "urn:example:ours"},
		{format: saml + "3.0:nameid-format:persistent"},
	} {
		t.Run(row.format, func(t *testing.T) {
			m := careless(persistent, ` Format="`+row.format+`"`)
			if row.withoutFormatAtAll {
				m = careless(persistent, "")
			}
			for allow, taken := range map[bool]bool{false: row.strict, true: row.allowed} {
				a, err := verify(t, newConfig(func(c *Config) { c.Allow.UnspecifiedNameID = allow }), m)
				require.NoError(t, err)
				require.Equal(t, taken, a.Link.ExternalID == "user-17", "allowed %v", allow)
				require.Equal(t, taken, len(a.Warnings) == 0, "a NameID left out is a warning")
				require.Equal(t, "user-17", a.Subject.Value)
			}
		})
	}
}

func TestAMappedExternalIDReplacesTheNameID(t *testing.T) {
	mapped := func(name string) func(*Config) {
		return func(c *Config) { c.Mapping = attrs.Mapping{attrs.ExternalID: attrs.From(name)} }
	}
	a, err := verify(t, newConfig(mapped("givenName")), good())
	require.NoError(t, err)
	require.Equal(t, "Ada", a.Link.ExternalID)
	a, err = verify(t, newConfig(mapped("employeeNumber")), good())
	require.NoError(t, err)
	require.True(t, a.Link.IsZero(), "the NameID is another kind of name")
}

func TestValuesOfAttributes(t *testing.T) {
	const courses = "<saml:AttributeValue>intro</saml:AttributeValue><saml:AttributeValue>advanced</saml:AttributeValue>"
	for name, row := range map[string]struct {
		xml  string
		want attrs.Value
	}{
		"two":             {courses, attrs.List("intro", "advanced")},
		"none":            {"", attrs.Cleared()},
		"empty":           {"<saml:AttributeValue/>", attrs.Cleared()},
		"nil":             {`<saml:AttributeValue xsi:nil="true"/>`, attrs.Cleared()},
		"nil by number":   {`<saml:AttributeValue xsi:nil="1"></saml:AttributeValue>`, attrs.Cleared()},
		"not nil":         {`<saml:AttributeValue xsi:nil="false">intro</saml:AttributeValue>`, attrs.List("intro")},
		"a NameID inside": {`<saml:AttributeValue> <saml:NameID>intro</saml:NameID> </saml:AttributeValue>`, attrs.List("intro")},
		"two elements":    {courses + `</saml:Attribute><saml:Attribute Name="courses"><saml:AttributeValue>third</saml:AttributeValue>`, attrs.List("intro", "advanced", "third")},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := verify(t, newConfig(), careless(courses, row.xml))
			require.NoError(t, err)
			require.Equal(t, row.want, a.Access.CourseSlugs)
		})
	}
}

func TestXMLInAnUnmappedValueIsLeftOut(t *testing.T) {
	a, err := verify(t, newConfig(), careless("</saml:AttributeStatement>", `<saml:Attribute Name="card"><saml:AttributeValue><b>1</b></saml:AttributeValue></saml:Attribute></saml:AttributeStatement>`))
	require.NoError(t, err)
	require.Equal(t, []string{}, a.Raw["card"])
	require.Len(t, a.Warnings, 1)
}

// groups makes a response with n values of one attribute, each declaring two namespaces as real providers do.
func groups(n int) making {
	var b strings.Builder
	b.WriteString(`<saml:Attribute Name="courses">`)
	for i := range n {
		fmt.Fprintf(&b, `<saml:AttributeValue xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">group-%05d</saml:AttributeValue>`, i)
	}
	b.WriteString(`</saml:Attribute>`)
	return making{inner: &signing{}, assertion: func(s string) string {
		i, j := strings.Index(s, `<saml:Attribute Name="courses">`), strings.Index(s, "</saml:AttributeStatement>")
		return s[:i] + b.String() + s[j:]
	}}
}

func TestManyValues(t *testing.T) {
	a, err := verify(t, newConfig(), groups(900))
	require.NoError(t, err)
	require.Len(t, a.Access.CourseSlugs.All(), 900)
	raised := func(c *Config) { c.Check.Elements, c.Check.FormValue = 10_000, 2<<20 }
	for name, m := range map[string]making{
		"assertion":                 groups(5000),
		"response, signature last":  {assertion: groups(5000).assertion, outer: &signing{last: true}},
		"assertion, signature last": {assertion: groups(5000).assertion, inner: &signing{last: true}},
		"encrypted":                 {assertion: groups(5000).assertion, inner: &signing{}, sealed: &sealing{}},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := verify(t, newConfig(raised), m)
			require.NoError(t, err)
			require.Len(t, a.Access.CourseSlugs.All(), 5000)
		})
	}
	refused(t, newConfig(func(c *Config) { c.Check.FormValue = 2 << 20 }), groups(5000).encoded(), answer(), ErrLimits)
	refused(t, newConfig(raised), groups(10_000).encoded(), answer(), ErrLimits)
}

// source is an identity provider whose metadata can change.
type source struct {
	now, next *IdP
	asked     int
}

func (s *source) IdP() (*IdP, error) { return s.now, nil }

func (s *source) UnknownKey() bool {
	s.asked++
	if s.next == nil {
		return false
	}
	s.now, s.next = s.next, nil
	return true
}

func TestAnUnknownKeyAsksOnceForNewerMetadata(t *testing.T) {
	idp := func(keys ...*rsa.PrivateKey) *IdP {
		out := &IdP{EntityID: idpName}
		for _, k := range keys {
			out.Certificates = append(out.Certificates, validCertificate(k))
		}
		return out
	}
	rolled := making{inner: &signing{key: keys().other}}
	for name, row := range map[string]struct {
		source *source
		make   making
		asked  int
		reason *lmssso.Reason
	}{
		"a known key asks nothing":           {&source{now: idp(keys().idp), next: idp(keys().other)}, good(), 0, nil},
		"newer metadata has the key":         {&source{now: idp(keys().idp), next: idp(keys().other)}, rolled, 1, nil},
		"newer metadata, inside encryption":  {&source{now: idp(keys().idp), next: idp(keys().other)}, making{inner: &signing{key: keys().other}, sealed: &sealing{}}, 1, nil},
		"newer metadata has it not":          {&source{now: idp(keys().idp), next: idp(keys().sp)}, rolled, 1, lmssso.ErrSignature},
		"nothing newer":                      {&source{now: idp(keys().idp)}, rolled, 1, lmssso.ErrSignature},
		"newer metadata of somebody else":    {&source{now: idp(keys().idp), next: &IdP{EntityID: "https://evil.example", Certificates: idp(keys().other).Certificates}}, rolled, 1, lmssso.ErrSignature},
		"a message of another issuer":        {&source{now: idp(keys().idp), next: idp(keys().other)}, making{inner: &signing{key: keys().other}, response: swap(idpName, "https://evil.example")}, 0, lmssso.ErrIssuer},
		"a message that is not signed":       {&source{now: idp(keys().idp), next: idp(keys().other)}, making{}, 0, ErrUnsigned},
		"certificates that went out of date": {&source{now: &IdP{EntityID: idpName, Certificates: []*x509.Certificate{certificate(keys().idp, noon.AddDate(-2, 0, 0), noon.AddDate(-1, 0, 0))}}, next: idp(keys().idp)}, good(), 1, nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := verify(t, newConfig(func(c *Config) { c.IdP = row.source }), row.make)
			require.Equal(t, row.asked, row.source.asked)
			if row.reason == nil {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, row.reason)
		})
	}
}

func TestSetupsThatCannotVerify(t *testing.T) {
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	for name, edit := range map[string]func(*Config){
		"no connection":          func(c *Config) { c.Connection = "" },
		"no realm":               func(c *Config) { c.Realm = "" },
		"no entity id":           func(c *Config) { c.SP.EntityID = "" },
		"no address":             func(c *Config) { c.SP.ACS = "" },
		"no identity provider":   func(c *Config) { c.IdP = nil },
		"a nil provider":         func(c *Config) { c.IdP = (*StaticIdP)(nil) },
		"a provider's name":      func(c *Config) { c.IdP.(*StaticIdP).EntityID = "" },
		"no certificate":         func(c *Config) { c.IdP.(*StaticIdP).Certificates = nil },
		"a nil certificate":      func(c *Config) { c.IdP.(*StaticIdP).Certificates = []*x509.Certificate{nil} },
		"too many certificates":  func(c *Config) { c.IdP.(*StaticIdP).Certificates = make([]*x509.Certificate, 17) },
		"a certificate's key":    func(c *Config) { c.IdP.(*StaticIdP).Certificates = []*x509.Certificate{validCertificate(edKey)} },
		"no store":               func(c *Config) { c.SingleUse = nil },
		"a leeway of an hour":    func(c *Config) { c.Check.Leeway = time.Hour },
		"a negative leeway":      func(c *Config) { c.Check.Leeway = -1 },
		"a negative age":         func(c *Config) { c.Check.MaxAuthnAge = -1 },
		"elements without end":   func(c *Config) { c.Check.Elements = 20_001 },
		"a form without end":     func(c *Config) { c.Check.FormValue = 2<<20 + 1 },
		"a faulty mapping":       func(c *Config) { c.Mapping = attrs.Mapping{"nonsense": attrs.From("x")} },
		"three keys":             func(c *Config) { c.SP.Keys = make([]Key, 3) },
		"a key without a signer": func(c *Config) { c.SP.Keys = []Key{{}} },
		"a weak key":             func(c *Config) { c.SP.Keys = []Key{{Signer: weak}} },
	} {
		t.Run(name, func(t *testing.T) {
			v, err := newVerifier(newConfig(edit))
			require.Nil(t, v)
			require.ErrorIs(t, err, ErrSetup)
			require.ErrorIs(t, err, lmssso.ErrConfiguration)
		})
	}
}

func TestMetadataThatLostItsCertificatesVerifiesNothing(t *testing.T) {
	cfg := newConfig(func(c *Config) { c.IdP = &source{now: &IdP{EntityID: idpName}} })
	refused(t, cfg, good().encoded(), answer(), ErrSetup)
}

// TestErrorsTellNothingAboutThePerson looks for the name and the attributes in what refusals say.
func TestErrorsTellNothingAboutThePerson(t *testing.T) {
	for _, m := range []making{
		careless(">user-17<", ">secret-name&#10;<"),
		careless(">user-17<", ">secret-name<saml:a/><"),
		careless("Ada@Example.com", "secret-name"),
		careless(">intro<", "><b>secret-name</b><"),
		careless("<saml:Conditions ", "<saml:Subject>secret-name</saml:Subject><saml:Conditions "),
		forged(">user-17<", ">secret-name<"),
	} {
		_, err := verify(t, newConfig(), m)
		require.Error(t, err)
		for e := err; e != nil; {
			require.NotContains(t, e.Error(), "secret-name")
			many, ok := e.(interface{ Unwrap() []error })
			if !ok || len(many.Unwrap()) == 0 {
				break
			}
			e = many.Unwrap()[len(many.Unwrap())-1]
		}
	}
}
