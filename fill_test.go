package lmssso_test

import (
	"net/mail"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
)

func fill(values map[attrs.Key]attrs.Value) (*lmssso.Assertion, error) {
	a := &lmssso.Assertion{}
	err := a.Fill(attrs.SetOf(values))
	return a, err
}

func TestFillPutsEveryAttributeInItsPlace(t *testing.T) {
	values := map[attrs.Key]attrs.Value{}
	text := func(k attrs.Key) { values[k] = attrs.Text("v-" + string(k)) }
	for _, a := range attrs.Catalogue() {
		switch a.Kind {
		case attrs.KindFlag:
			values[a.Key] = attrs.Text("true")
		case attrs.KindList:
			values[a.Key] = attrs.List("v-" + string(a.Key))
		default:
			text(a.Key)
		}
	}
	values[attrs.Email] = attrs.Text("Bob@Example.COM")
	a := &lmssso.Assertion{Access: lmssso.Access{Target: lmssso.Target{Path: "acme"}}}
	set := attrs.SetOf(values)
	set.Fields = map[string]attrs.Value{"team": attrs.Text("red")}
	set.Warnings = []attrs.Warning{{Key: attrs.Role, Text: "kept"}}
	require.NoError(t, a.Fill(set))

	p, acc := a.Profile, a.Access
	require.Equal(t, "bob@example.com", p.Email.String(), "an address is compared in lower case")
	got := map[attrs.Key]attrs.Value{
		attrs.FirstName: p.FirstName, attrs.LastName: p.LastName, attrs.Language: p.Language, attrs.Role: p.Role,
		attrs.IMISID: p.IDs.IMIS, attrs.SalesforceContactID: p.IDs.SalesforceContact, attrs.SalesforceAccountID: p.IDs.SalesforceAccount,
		attrs.Bio: p.About.Bio, attrs.Company: p.About.Company, attrs.Timezone: p.About.Timezone, attrs.Picture: p.About.Picture,
		attrs.CourseSlugs: acc.CourseSlugs, attrs.CourseSKUs: acc.CourseSKUs, attrs.LearningPathSlugs: acc.LearningPathSlugs,
		attrs.BundleSlugs: acc.BundleSlugs, attrs.StudentLicenseIDs: acc.StudentLicenses.IDs, attrs.StudentLicenseSKUs: acc.StudentLicenses.SKUs,
		attrs.ManagerLicenseIDs: acc.ManagerLicenses.IDs, attrs.ManagerLicenseSKUs: acc.ManagerLicenses.SKUs,
		attrs.ActiveLicenseIDs: acc.ActiveLicenseIDs, attrs.LicenseCourseSKUs: acc.LicenseCourseSKUs, attrs.ParentLicenseSKU: acc.ParentLicenseSKU,
		attrs.ClientID: acc.Target.ID, attrs.ClientSKU: acc.Target.SKU, attrs.ClientSlug: acc.Target.Slug,
	}
	for i := range p.Refs {
		got[attrs.Ref(i+1)] = p.Refs[i]
	}
	for k, v := range got {
		require.Equal(t, "v-"+string(k), v.String(), k)
	}
	require.Equal(t, "v-externalCustomerId", a.Link.ExternalID)
	require.Equal(t, "v-returnTo", a.ReturnTo)
	require.Equal(t, "acme", acc.Target.Path, "the endpoint's tenant stays")
	require.Equal(t, lmssso.Replace{Courses: true, LearningPaths: true, Licenses: true, TieredSubscription: true}, acc.Replace)
	require.True(t, p.DualRole)
	require.True(t, acc.ClearCart)
	require.Equal(t, "red", p.CustomFields["team"].String())
	require.Equal(t, []attrs.Warning{{Key: attrs.Role, Text: "kept"}}, a.Warnings)
}

func TestFillKeepsTheThreeStatesApart(t *testing.T) {
	a, err := fill(map[attrs.Key]attrs.Value{attrs.FirstName: attrs.Cleared(), attrs.LastName: attrs.Text("Jones")})
	require.NoError(t, err)
	require.Equal(t, attrs.Blank, a.Profile.FirstName.State())
	require.Equal(t, attrs.Present, a.Profile.LastName.State())
	require.Equal(t, attrs.Absent, a.Profile.Language.State())
}

func TestFillNeverBlanksIdentity(t *testing.T) {
	for _, k := range []attrs.Key{attrs.ExternalID, attrs.Email, attrs.Role} {
		_, err := fill(map[attrs.Key]attrs.Value{k: attrs.Cleared()})
		require.ErrorIs(t, err, lmssso.ErrAttributeMissing, k)
		require.ErrorContains(t, err, string(k))
	}
}

func TestFillKeepsAnExternalIDTheProtocolFound(t *testing.T) {
	a := &lmssso.Assertion{Link: lmssso.Link{ExternalID: "name-id"}}
	require.NoError(t, a.Fill(attrs.Set{}))
	require.Equal(t, "name-id", a.Link.ExternalID)
}

func TestFillOnErrorChangesNothing(t *testing.T) {
	a := &lmssso.Assertion{ReturnTo: "/before"}
	err := a.Fill(attrs.SetOf(map[attrs.Key]attrs.Value{
		attrs.ReturnTo: attrs.Text("/after"), attrs.ExternalID: attrs.Text("7"), attrs.ClearCart: attrs.Text("perhaps"),
	}))
	require.ErrorIs(t, err, lmssso.ErrAttributeInvalid)
	require.Equal(t, &lmssso.Assertion{ReturnTo: "/before"}, a)
}

func TestFillRefusesWhatIsNeitherTrueNorFalse(t *testing.T) {
	for _, k := range []attrs.Key{
		attrs.DualRole, attrs.ReplaceCourses, attrs.ReplacePaths, attrs.ReplaceLicenses, attrs.TieredSubscription, attrs.ClearCart,
	} {
		_, err := fill(map[attrs.Key]attrs.Value{k: attrs.Text("maybe-secret")})
		require.ErrorIs(t, err, lmssso.ErrAttributeInvalid, k)
		require.ErrorContains(t, err, string(k))
		require.NotContains(t, err.Error(), "maybe-secret")
	}
}

func TestFillTakesABlankFlagForFalse(t *testing.T) {
	a, err := fill(map[attrs.Key]attrs.Value{attrs.ReplaceCourses: attrs.Cleared()})
	require.NoError(t, err)
	require.False(t, a.Access.Replace.Courses)
}

// hostileEmails holds one address for each way an address has been used to take over an account (CVE-2019-19844 and its
// class): second addresses, look-alike letters, control characters, comments, quotes, literals, lists.
var hostileEmails = []string{
	"bob", "bob@", "@example.com", "bob@example", "bob@@example.com", "bob@example.com@evil.example",
	"bob@example.com,eve@evil.example", "bob@example.com;eve@evil.example", "bob@example.com eve@evil.example",
	"Bob <bob@example.com>", "<bob@example.com>", `"bob"@example.com`, `"a b"@example.com`, "bob(comment)@example.com",
	"bob@[127.0.0.1]", "bob@example..com", ".bob@example.com", "bob.@example.com", "b..ob@example.com",
	"bob@-example.com", "bob@example-.com", "bob@exa_mple.com", "bob@.example.com", "bob@example.com.",
	"bob@example.com\r\nBcc: eve@evil.example", "bob@example.com\n", "\tbob@example.com", " bob@example.com", "bob@example.com ",
	"bob\x00@example.com", "bob@example.com\x00", "bob\u200b@example.com", "bob@ex\u00e4mple.com", "b\u043eb@example.com",
	"bob@example.\u212aom", "\u0131bob@example.com", "bob@example\u3002com", "bob\u2028@example.com", "bob%40evil.example@\u00a0",
	"mailto:bob@example.com\x7f", strings.Repeat("a", 65) + "@example.com", "bob@" + strings.Repeat("a", 64) + ".com",
	"bob@" + strings.Repeat("a.", 130) + "com",
}

func TestFillRefusesHostileEmails(t *testing.T) {
	for _, address := range hostileEmails {
		_, err := fill(map[attrs.Key]attrs.Value{attrs.Email: attrs.Text(address)})
		require.ErrorIs(t, err, lmssso.ErrAttributeInvalid, "%q", address)
		require.NotContains(t, err.Error(), address)
	}
}

func TestFillAcceptsPlainEmails(t *testing.T) {
	for _, address := range []string{"bob@example.com", "bob.jones+tag@mail.example.co.uk", "o'neill@xn--exmple-cua.com", "1@a-b.example"} {
		a, err := fill(map[attrs.Key]attrs.Value{attrs.Email: attrs.Text(address)})
		require.NoError(t, err)
		require.Equal(t, address, a.Profile.Email.String())
	}
}

// FuzzEmail checks that whatever is accepted is one plain ASCII address for net/mail too, which knows the whole grammar.
func FuzzEmail(f *testing.F) {
	for _, s := range hostileEmails {
		f.Add(s)
	}
	f.Add("bob@example.com")
	f.Fuzz(func(t *testing.T, s string) {
		a, err := fill(map[attrs.Key]attrs.Value{attrs.Email: attrs.Text(s)})
		if err != nil || !a.Profile.Email.IsPresent() {
			return
		}
		parsed, err := mail.ParseAddress(s)
		require.NoError(t, err)
		require.Equal(t, s, parsed.Address)
		require.Empty(t, parsed.Name)
		require.Equal(t, strings.ToLower(s), a.Profile.Email.String())
	})
}
