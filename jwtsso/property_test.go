package jwtsso_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/jwtsso"
)

// Everything an issuer mints its dialect's verifier accepts, and reads as it was meant: over thousands of learners put
// together at random, from harmless and from hostile texts.
func TestWhateverIsMintedIsAccepted(t *testing.T) {
	for _, d := range append(jwtsso.Dialects(), sunbird()) {
		t.Run(d.Name, func(t *testing.T) {
			cfg, icfg := config(nil), issuerConfig(d)
			cfg.Dialect, cfg.AllowReplay = d, true
			icfg.DropUncarried = d.Name != "thoughtindustries"
			v, i := verifier(t, cfg), issuer(t, icfg)
			rng := rand.New(rand.NewPCG(1, 2))
			minted := 0
			for range 3000 {
				l := randomLearner(rng)
				token, err := i.Mint(l)
				if err != nil {
					require.NotSame(t, lmssso.ErrUnavailable, lmssso.ReasonOf(err), "every refusal has its reason: %v", err)
					continue
				}
				minted++
				a, err := v.Verify(t.Context(), string(token))
				require.NoError(t, err, "%+v", l)
				require.Equal(t, l.ExternalID, a.Link.ExternalID)
				require.Equal(t, strings.ToLower(l.Email), a.Profile.Email.String())
				if d.Name == "thoughtindustries" {
					requireSameLearner(t, l, a)
				}
			}
			require.Greater(t, minted, 300)
		})
	}
}

func requireSameLearner(t *testing.T, l jwtsso.Learner, a *lmssso.Assertion) {
	t.Helper()
	require.Equal(t, l.FirstName, a.Profile.FirstName.String())
	require.Equal(t, l.LastName, a.Profile.LastName.String())
	require.Equal(t, l.DualRole, a.Profile.DualRole)
	require.Equal(t, l.Access.Replace, a.Access.Replace)
	require.True(t, l.Access.CourseSlugs.Equal(a.Access.CourseSlugs), "%v %v", l.Access.CourseSlugs, a.Access.CourseSlugs)
	require.True(t, l.More[attrs.Ref(1)].Equal(a.Profile.Refs[0]))
	require.True(t, l.More[attrs.Bio].Equal(a.Profile.About.Bio))
	for name, v := range l.CustomFields {
		require.True(t, v.Equal(a.Profile.CustomFields[name]), name)
	}
}

func randomLearner(rng *rand.Rand) jwtsso.Learner {
	texts := []string{
		"", "plain", "Zoë", "日本語", "😀", `quo"te`, `back\slash`, "<script>", "a b", " padded ", "1", "true", "null", "\t", "a\nb", "\u2028",
		"\x7f", "\x00", "\xff", "\ufffd", strings.Repeat("long", 400), "K\u212a", "{}", "[]",
	}
	text := func() string {
		if rng.IntN(3) == 0 {
			return texts[rng.IntN(len(texts))]
		}
		return texts[rng.IntN(5)]
	}
	value := func() attrs.Value {
		switch rng.IntN(4) {
		case 0:
			return attrs.Value{}
		case 1:
			return attrs.Cleared()
		default:
			return attrs.Text(text())
		}
	}
	l := jwtsso.Learner{
		ExternalID: text(), Email: []string{"a@example.com", "B.c+d@Example.COM", "a@b@c.example", ""}[rng.IntN(3)],
		FirstName: text(), LastName: text(), Role: []string{"", "student", "client-manager", "Client Admin"}[rng.IntN(4)],
		DualRole:     rng.IntN(4) == 0,
		CustomFields: map[string]attrs.Value{"team": value()},
		More:         map[attrs.Key]attrs.Value{attrs.Ref(1): value(), attrs.Bio: value()},
	}
	if name := text(); name != "" && rng.IntN(4) == 0 {
		l.CustomFields[name] = value()
	}
	l.Access.Replace.Courses = rng.IntN(2) == 0
	l.Access.Target.Slug = attrs.Text("state")
	if rng.IntN(2) == 0 {
		l.Access.CourseSlugs = attrs.List(text(), text(), text())
	}
	return l
}
