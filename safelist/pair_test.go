package safelist_test

import (
	"context"
	"errors"
	"testing"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/safelist"
	"github.com/stretchr/testify/require"
)

// A safelist validator stands among the others.
var _ lmssso.Validator = safelist.Validator[*lmssso.Assertion]{}

func TestPairIsBothOrNeither(t *testing.T) {
	l := newList(t, listed())
	const good, good2, bad = "https://www.thinkific.com/x", "/sorry", "https://www.example.com"
	for _, row := range []struct {
		name, returnTo, errorURL string
		refused                  []string
	}{
		{"neither given", "", "", nil},
		{"only a listed return target", good, "", nil},
		{"only a listed error target", "", good, nil},
		{"both listed", good, good2, nil},
		{"return target unlisted", bad, good, []string{safelist.ReturnTo}},
		{"error target unlisted", good, bad, []string{safelist.ErrorURL}},
		{"both unlisted", bad, bad, []string{safelist.ReturnTo, safelist.ErrorURL}},
		{"only an unlisted return target", bad, "", []string{safelist.ReturnTo}},
		{"only an unlisted error target", "", bad, []string{safelist.ErrorURL}},
		{"a blank is given, and not a URL", " ", good, []string{safelist.ReturnTo}},
	} {
		t.Run(row.name, func(t *testing.T) {
			p, err := l.Pair(row.returnTo, row.errorURL)
			if row.refused == nil {
				require.NoError(t, err)
				require.False(t, p.Refused)
				require.Equal(t, row.returnTo, p.ReturnTo.String())
				require.Equal(t, row.errorURL, p.ErrorURL.String())
				return
			}
			require.Equal(t, safelist.Pair{Refused: true}, p)
			require.Equal(t, row.refused, refusedTargets(err))
			require.Equal(t, "target-not-allowed", codeOf(err))
			require.NotContains(t, err.Error(), "example.com")
		})
	}
}

// refusedTargets lists the targets the joined refusals name.
func refusedTargets(err error) (names []string) {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	for _, e := range joined.Unwrap() {
		var refusal *safelist.Error
		if errors.As(e, &refusal) {
			names = append(names, refusal.Target)
		}
	}
	return names
}

func TestPairOfANilList(t *testing.T) {
	var l *safelist.List
	p, err := l.Pair("/a", "")
	require.NoError(t, err)
	require.Equal(t, "/a", p.ReturnTo.String())
	_, err = l.Pair("/a", "https://thinkific.com")
	require.ErrorIs(t, err, safelist.ErrNotListed)
}

func TestValidator(t *testing.T) {
	l := newList(t, listed())
	inForce := func() *safelist.List { return l }
	none := func() *safelist.List { return nil }
	for _, row := range []struct {
		name, target string
		list         func() *safelist.List
		rule         error
	}{
		{"no target", "", inForce, nil},
		{"no target, no list", "", nil, nil},
		{"a listed host", "https://thinkific.com", inForce, nil},
		{"a path on the site", "/courses", inForce, nil},
		{"an unlisted host", "https://evil.example", inForce, safelist.ErrNotListed},
		{"a hostile path", "//evil.example", inForce, safelist.ErrPath},
		{"no list in force, a path", "/courses", none, nil},
		{"no list in force, a host", "https://thinkific.com", none, safelist.ErrNotListed},
		{"no func, a path", "/courses", nil, safelist.ErrNotListed},
		{"no func, a host", "https://thinkific.com", nil, safelist.ErrNotListed},
	} {
		t.Run(row.name, func(t *testing.T) {
			v := safelist.Validator[*lmssso.Assertion]{List: row.list}
			err := v.Validate(context.Background(), &lmssso.Assertion{ReturnTo: row.target})
			require.ErrorIs(t, err, row.rule)
			if err != nil {
				var refusal *safelist.Error
				require.ErrorAs(t, err, &refusal)
				require.Equal(t, safelist.ReturnTo, refusal.Target)
			}
		})
	}
}

func TestValidatorSeesAReplacedList(t *testing.T) {
	current := newList(t, listed())
	v := safelist.Validator[*lmssso.Assertion]{List: func() *safelist.List { return current }}
	a := &lmssso.Assertion{ReturnTo: "https://thinkific.com"}
	require.NoError(t, v.Validate(context.Background(), a))
	current = newList(t, safelist.Config{})
	require.ErrorIs(t, v.Validate(context.Background(), a), safelist.ErrNotListed)
}
