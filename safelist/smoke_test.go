package safelist_test

import (
	"testing"

	"github.com/lmssso/lmssso/safelist"
	"github.com/stretchr/testify/require"
)

func TestListedAndUnlistedHosts(t *testing.T) {
	l, err := safelist.New(safelist.Config{BaseURL: "https://learn.example.com", Domains: []string{"thinkific.com"}})
	require.NoError(t, err)
	got, err := l.Check("https://school.thinkific.com/x?y=1#z")
	require.NoError(t, err)
	require.Equal(t, "https://school.thinkific.com/x?y=1#z", got.String())
	_, err = l.Check("https://evilthinkific.com/")
	require.ErrorIs(t, err, safelist.ErrNotListed)
	_, err = l.Check("//evil.com/")
	require.ErrorIs(t, err, safelist.ErrPath)
	_, err = l.Check(`/\evil.com/`)
	require.ErrorIs(t, err, safelist.ErrCharacter)
	_, err = l.Check("/%25%32%66evil.com/")
	require.ErrorIs(t, err, safelist.ErrPath)
}
