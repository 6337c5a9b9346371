package provision_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
)

// everyField lists the profile's fields: where a login carries each and where an account keeps it.
var everyField = map[string]struct {
	sent   func(p *lmssso.Profile) *attrs.Value
	stored func(p *lmssso.StoredProfile) *string
}{
	"firstName":   {func(p *lmssso.Profile) *attrs.Value { return &p.FirstName }, func(p *lmssso.StoredProfile) *string { return &p.FirstName }},
	"lastName":    {func(p *lmssso.Profile) *attrs.Value { return &p.LastName }, func(p *lmssso.StoredProfile) *string { return &p.LastName }},
	"language":    {func(p *lmssso.Profile) *attrs.Value { return &p.Language }, func(p *lmssso.StoredProfile) *string { return &p.Language }},
	"imisId":      {func(p *lmssso.Profile) *attrs.Value { return &p.IDs.IMIS }, func(p *lmssso.StoredProfile) *string { return &p.IMISID }},
	"sfContactId": {func(p *lmssso.Profile) *attrs.Value { return &p.IDs.SalesforceContact }, func(p *lmssso.StoredProfile) *string { return &p.SalesforceContact }},
	"sfAccountId": {func(p *lmssso.Profile) *attrs.Value { return &p.IDs.SalesforceAccount }, func(p *lmssso.StoredProfile) *string { return &p.SalesforceAccount }},
	"bio":         {func(p *lmssso.Profile) *attrs.Value { return &p.About.Bio }, func(p *lmssso.StoredProfile) *string { return &p.Bio }},
	"company":     {func(p *lmssso.Profile) *attrs.Value { return &p.About.Company }, func(p *lmssso.StoredProfile) *string { return &p.Company }},
	"timezone":    {func(p *lmssso.Profile) *attrs.Value { return &p.About.Timezone }, func(p *lmssso.StoredProfile) *string { return &p.Timezone }},
	"picture":     {func(p *lmssso.Profile) *attrs.Value { return &p.About.Picture }, func(p *lmssso.StoredProfile) *string { return &p.Picture }},
}

func TestRule02_AbsentLeavesBlankClearsPresentSets(t *testing.T) {
	for name, field := range everyField {
		for state, tc := range map[string]struct {
			sent    attrs.Value
			want    string
			changed bool
		}{
			"absent":         {attrs.Value{}, "old", false},
			"blank":          {attrs.Cleared(), "", true},
			"present":        {attrs.Text("new"), "new", true},
			"present, as is": {attrs.Text("old"), "old", false},
			"white space":    {attrs.Text(" "), " ", true},
		} {
			t.Run(name+" "+state, func(t *testing.T) {
				stored := account(func(a *lmssso.Account) { *field.stored(&a.Profile) = "old" })
				out := mustPlan(t, accounts(stored), login(func(a *lmssso.Assertion) { *field.sent(&a.Profile) = tc.sent }), mainPolicy(nil))
				require.Equal(t, tc.want, *field.stored(&out.Account.Profile))
				require.Equal(t, tc.changed, out.Alters())
				if tc.changed {
					require.Equal(t, []string{name}, subjects(out, lmssso.ChangeProfile))
				}
			})
		}
	}
}

func TestRule02_RefsChangeOneByOne(t *testing.T) {
	out := mustPlan(t, accounts(account(func(a *lmssso.Account) { a.Profile.Refs = map[int]string{1: "one", 2: "two", 10: "ten"} })), login(func(a *lmssso.Assertion) {
		a.Profile.Refs[1], a.Profile.Refs[2], a.Profile.Refs[9] = attrs.Cleared(), attrs.Text("three"), attrs.Text("ten")
	}), mainPolicy(nil))
	require.Equal(t, map[int]string{1: "one", 3: "three", 10: "ten"}, out.Account.Profile.Refs)
	require.Equal(t, []string{"ref2", "ref3"}, subjects(out, lmssso.ChangeProfile))
}

func TestRule02_CustomFieldsMergeKeyByKey(t *testing.T) {
	out := mustPlan(t, accounts(bob()), login(func(a *lmssso.Assertion) {
		a.Profile.CustomFields = map[string]attrs.Value{
			"team": attrs.Cleared(), "floor": attrs.Text("3"), "absent": {}, "unknown": attrs.Cleared(), "langs": attrs.List("de", "en"),
		}
	}), mainPolicy(nil))
	require.Equal(t, map[string]string{"site": "north", "floor": "3", "langs": "de, en"}, out.Account.Profile.CustomFields)
	require.Equal(t, []string{"customField:floor", "customField:langs", "customField:team"}, subjects(out, lmssso.ChangeProfile))
}

func TestRule02_EmailAndRoleAreNeverBlanked(t *testing.T) {
	for name, a := range map[string]*lmssso.Assertion{
		"email": login(func(a *lmssso.Assertion) { a.Profile.Email = attrs.Cleared() }),
		"role":  login(func(a *lmssso.Assertion) { a.Profile.Role = attrs.Cleared() }),
	} {
		t.Run(name, func(t *testing.T) {
			mustRefuse(t, accounts(bob()), a, mainPolicy(nil), lmssso.ErrAttributeMissing)
		})
	}
	t.Run("no email on update leaves it", func(t *testing.T) {
		out := mustPlan(t, accounts(bob()), login(func(a *lmssso.Assertion) { a.Profile.Email = attrs.Value{} }), mainPolicy(nil))
		require.Equal(t, "bob@example.com", out.Account.Email)
		require.Equal(t, "12345", out.Account.Link.ExternalID)
		require.False(t, out.Alters())
	})
}

func TestRule02_ChangedEmailMustBeFree(t *testing.T) {
	moved := func(a *lmssso.Assertion) { a.Profile.Email = attrs.Text("New@Example.com") }
	eve := account(func(a *lmssso.Account) { a.ID, a.Email, a.Link.ExternalID = "eve", "new@example.com", "67890" })
	t.Run("free", func(t *testing.T) {
		out := mustPlan(t, accounts(bob()), login(moved), mainPolicy(nil))
		require.Equal(t, "new@example.com", out.Account.Email)
		require.Equal(t, []string{"email"}, subjects(out, lmssso.ChangeProfile))
	})
	t.Run("of a linked account", func(t *testing.T) {
		mustRefuse(t, accounts(bob(), eve), login(moved), mainPolicy(nil), lmssso.ErrEmailTaken)
	})
	t.Run("of an account without external id", func(t *testing.T) {
		free := eve
		free.Link.ExternalID = ""
		mustRefuse(t, accounts(bob(), free), login(moved), mainPolicy(nil), lmssso.ErrEmailExists)
		mustRefuse(t, accounts(bob(), free), login(moved), mainPolicy(existing), lmssso.ErrEmailExists)
	})
	t.Run("of another realm", func(t *testing.T) {
		other := eve
		other.Link.Realm = "id-acme"
		require.Equal(t, "new@example.com", mustPlan(t, accounts(bob(), other), login(moved), mainPolicy(nil)).Account.Email)
	})
	t.Run("only the letters differ", func(t *testing.T) {
		a := login(func(a *lmssso.Assertion) { a.Profile.Email = attrs.Text("BOB@EXAMPLE.COM") })
		require.False(t, mustPlan(t, accounts(bob()), a, mainPolicy(nil)).Alters())
	})
}

func TestRule02_ChangesNameNoPerson(t *testing.T) {
	a := login(func(a *lmssso.Assertion) {
		a.Link.ExternalID, a.Profile.Email = "id-of-bob", attrs.Text("personal@example.com")
		for _, f := range everyField {
			*f.sent(&a.Profile) = attrs.Text("personal")
		}
		a.Profile.Refs[0] = attrs.Text("personal")
		a.Profile.CustomFields = map[string]attrs.Value{"team": attrs.Text("personal")}
	})
	out := mustPlan(t, nil, a, mainPolicy(nil))
	requireReasons(t, out)
	for _, c := range out.Changes {
		for _, personal := range []string{"personal", "id-of-bob"} {
			require.NotContains(t, c.Subject+c.Why, personal)
		}
	}
}

// Every login is bounded, and so must be what logins add up to.
func TestRule02_AttackCustomFieldsThatNeverEnd(t *testing.T) {
	fields := func(from, n int, text string) func(a *lmssso.Assertion) {
		return func(a *lmssso.Assertion) {
			a.Profile.CustomFields = map[string]attrs.Value{}
			for i := range n {
				a.Profile.CustomFields["field-"+strconv.Itoa(from+i)] = attrs.Text(text)
			}
		}
	}
	stored, refused := accounts(bob()), 0
	for i := range 20 {
		out, err := plan(t, stored, login(fields(500*i, 500, "x")), mainPolicy(nil))
		if err != nil {
			require.ErrorIs(t, err, lmssso.ErrTooLarge)
			refused++
			continue
		}
		stored = accounts(out.Account)
	}
	require.Positive(t, refused)
	require.Greater(t, len(stored[0].Profile.CustomFields), 5000)
	require.Less(t, len(stored[0].Profile.CustomFields), 10000)
	mustRefuse(t, accounts(bob()), login(fields(0, 10, strings.Repeat("x", 60_000))), mainPolicy(nil), lmssso.ErrTooLarge)

	over := account(func(a *lmssso.Account) {
		a.Profile.CustomFields = map[string]string{"notes": strings.Repeat("x", 600<<10), "team": "red"}
	})
	out := mustPlan(t, accounts(over), login(func(a *lmssso.Assertion) {
		a.Profile.CustomFields = map[string]attrs.Value{"team": attrs.Text("ed"), "notes": attrs.Cleared()}
	}), mainPolicy(nil))
	require.Equal(t, map[string]string{"team": "ed"}, out.Account.Profile.CustomFields, "what makes them smaller is welcome")
	mustPlan(t, accounts(over), login(nil), mainPolicy(nil))
}
