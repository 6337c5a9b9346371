package safelist_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/lmssso/lmssso/safelist"
	"github.com/stretchr/testify/require"
)

func accepted(t testing.TB, raw string) safelist.Target {
	t.Helper()
	target, err := newList(t, listed()).Check(raw)
	require.NoError(t, err, raw)
	return target
}

func TestTheZeroTargetIsNone(t *testing.T) {
	var none safelist.Target
	require.True(t, none.IsZero())
	require.False(t, none.IsRelative())
	require.Empty(t, none.String())
	require.Nil(t, none.URL())
	require.Empty(t, none.With(url.Values{"kind": {"error"}}))
}

func TestTargetParts(t *testing.T) {
	require.True(t, accepted(t, "/a?b#c").IsRelative())
	absolute := accepted(t, "https://thinkific.com/a%2Fb?x=1#y")
	require.False(t, absolute.IsRelative())
	require.False(t, absolute.IsZero())

	u := absolute.URL()
	require.Equal(t, "thinkific.com", u.Host)
	u.Host = "evil.example"
	require.Equal(t, "thinkific.com", absolute.URL().Host, "URL returns a copy")
}

func TestWithAddsToTheQueryAndNothingElse(t *testing.T) {
	report := url.Values{"kind": {"error"}, "message": {"no & yes #1? ü"}, "trace": {"t1"}}
	const added = "kind=error&message=no+%26+yes+%231%3F+%C3%BC&trace=t1"
	for raw, want := range map[string]string{
		"/":                          "/?" + added,
		"/a":                         "/a?" + added,
		"/a?":                        "/a?" + added,
		"/a?x=%2f+y&x":               "/a?x=%2f+y&x&" + added,
		"/a?x=1&":                    "/a?x=1&" + added,
		"/a#top":                     "/a?" + added + "#top",
		"/a#top?x":                   "/a?" + added + "#top?x",
		"/a?x=1#":                    "/a?x=1&" + added + "#",
		"/a?x=?":                     "/a?x=?&" + added,
		"https://thinkific.com":      "https://thinkific.com?" + added,
		"https://thinkific.com#/a/b": "https://thinkific.com?" + added + "#/a/b",
		"HTTPS://thinkific.com/%7Ex": "HTTPS://thinkific.com/%7Ex?" + added,
	} {
		got := accepted(t, raw).With(report)
		require.Equal(t, want, got)
		accepted(t, got)
	}
}

func TestWithKeepsRepeatedValuesInOrder(t *testing.T) {
	got := accepted(t, "/a").With(url.Values{"b": {"2", "1"}, "a": {""}, "ä=": {"x"}})
	require.Equal(t, "/a?a=&b=2&b=1&%C3%A4%3D=x", got)
	require.Equal(t, "/a?x#y", accepted(t, "/a?x#y").With(nil))
}

func TestWithLeavesOutWhatDoesNotFit(t *testing.T) {
	room := len("?kind=error&trace=t1")
	target := accepted(t, "/"+strings.Repeat("a", safelist.MaxLength-room-3)+"#f")
	got := target.With(url.Values{"kind": {"error"}, "message": {"too long to fit"}, "trace": {"t1"}})
	require.Len(t, got, safelist.MaxLength)
	require.True(t, strings.HasSuffix(got, "?kind=error&trace=t1#f"))
	accepted(t, got)

	full := accepted(t, "/"+strings.Repeat("a", safelist.MaxLength-1))
	require.Equal(t, full.String(), full.With(url.Values{"kind": {"error"}}))
}
