package safelist_test

import (
	"errors"
	"testing"

	"github.com/lmssso/lmssso/safelist"
	"github.com/stretchr/testify/require"
)

func TestEntriesThatAreRefused(t *testing.T) {
	for _, row := range []struct {
		name, remedy string // remedy is a word of the detail: an administrator must learn what to write instead
		entries      []string
	}{
		{"empty", "empty", []string{"", "="}},
		{"scheme", "scheme", []string{"https://thinkific.com", "http://thinkific.com"}},
		{"path, query or fragment", "path", []string{"//thinkific.com", "thinkific.com/", "thinkific.com/x", "thinkific.com?x", "thinkific.com#x", `thinkific.com\x`}},
		{"wildcard", "wildcard", []string{"*", "*.thinkific.com", "thinkific.*", "=*.thinkific.com"}},
		{"user information", "user information", []string{"user@thinkific.com", "@thinkific.com", "user:secret@thinkific.com"}},
		{"public suffix", "public suffix", []string{"co.uk", "=co.uk", "github.io", "CO.UK", "co.uk:443", "blogspot.com", "uk.com", "xn--55qx5d.cn", "公司.cn"}},
		{"single label", "single label", []string{"intranet", "thinkific", "=intranet", "com", "uk", "xn--p1ai", "рф", "ck"}},
		{"address", "address", []string{"10.0.0.1", "=10.0.0.1", "10.0.0.1:443", "[2001:db8::1]", "169.254.169.254", "0.0.0.0"}},
		{"disguised address", "", []string{"2130706433", "0x7f.1", "127.1", "1.2.3.4.5", "[::ffff:127.0.0.1]", "::1"}},
		{"malformed host", "well-formed", []string{".thinkific.com", "thinkific.com.", "a..com", "thinkific .com", " thinkific.com", "thinkific.com ",
			"thin%6bific.com", "-\t.com", "a,b.com", "[thinkific.com]", "==thinkific.com", "\xff.com"}},
		{"malformed port", "port", []string{"thinkific.com:", "thinkific.com:0", "thinkific.com:65536", "thinkific.com:0443", "thinkific.com:x", "thinkific.com:1:2", "thinkific.com:-1"}},
		{"malformed punycode", "well-formed", []string{"xn--a.com", "xn--.com", "xn--thinkific-.com"}},
		{"malformed Unicode name", "internationalized", []string{"evil.c\u2100.com", "a\uff0fb.com", "a\u202e.com", "\u0300a.com"}},
		{"loopback", "AllowHTTP", []string{"localhost", "app.localhost", "127.0.0.1", "127.0.0.1:3000", "[::1]", "=localhost"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			for _, entry := range row.entries {
				l, err := safelist.New(safelist.Config{Domains: []string{entry}})
				require.Nil(t, l, "%q", entry)
				var bad *safelist.ConfigError
				require.ErrorAs(t, err, &bad, "%q", entry)
				require.Len(t, bad.Faults, 1)
				require.Equal(t, "domains[0]", bad.Faults[0].Path)
				require.Contains(t, bad.Faults[0].Detail, row.remedy, "%q", entry)
			}
		})
	}
}

func TestEntriesRefusedWithHTTPAllowedToo(t *testing.T) {
	for _, entry := range []string{"10.0.0.1", "[2001:db8::1]", "co.uk", "intranet", "128.0.0.1", "notlocalhost", "2130706433", "[::ffff:127.0.0.1]"} {
		_, err := safelist.New(safelist.Config{Domains: []string{entry}, AllowHTTP: true})
		require.Error(t, err, entry)
	}
}

func TestWhatAnEntryCovers(t *testing.T) {
	for _, row := range []struct {
		name, entry string
		covers      []string
		not         []string
	}{
		{"a registrable domain and everything below", "thinkific.com",
			[]string{"https://thinkific.com", "https://a.b.thinkific.com"}, []string{"https://evilthinkific.com", "https://com"}},
		{"a host below a registrable domain", "school.thinkific.com",
			[]string{"https://school.thinkific.com", "https://a.school.thinkific.com"}, []string{"https://thinkific.com", "https://other.thinkific.com", "https://myschool.thinkific.com"}},
		{"one exact host", "=thinkific.com", []string{"https://thinkific.com"}, []string{"https://www.thinkific.com"}},
		{"one exact host and port", "=thinkific.com:8443",
			[]string{"https://thinkific.com:8443"}, []string{"https://www.thinkific.com:8443", "https://thinkific.com"}},
		{"a port and no other", "thinkific.com:8443",
			[]string{"https://thinkific.com:8443", "https://www.thinkific.com:8443"}, []string{"https://thinkific.com", "https://thinkific.com:8444"}},
		{"the default port written out", "thinkific.com:443", []string{"https://thinkific.com", "https://thinkific.com:443"}, []string{"https://thinkific.com:80"}},
		{"a name under a private suffix", "school.github.io", []string{"https://school.github.io"}, []string{"https://other.github.io", "https://github.io"}},
		{"not the strangers' hosts below a public suffix further down", "amazonaws.com",
			[]string{"https://amazonaws.com", "https://www.amazonaws.com"}, []string{"https://s3.amazonaws.com", "https://bucket.s3.amazonaws.com"}},
		{"not the public suffixes a wildcard makes of the hosts below", "kawasaki.jp",
			[]string{"https://kawasaki.jp", "https://city.kawasaki.jp"}, []string{"https://evil.kawasaki.jp", "https://a.evil.kawasaki.jp"}},
		{"capitals", "Thinkific.COM", []string{"https://thinkific.com"}, nil},
		{"a Unicode name", "BÜCHER.example", []string{"https://xn--bcher-kva.example", "https://www.xn--bcher-kva.example"}, []string{"https://bucher.example"}},
		{"a punycode name", "XN--bcher-kva.example", []string{"https://xn--bcher-kva.example"}, []string{"https://bucher.example"}},
		{"sharp s is not ss", "straße.example", []string{"https://xn--strae-oqa.example"}, []string{"https://strasse.example"}},
		{"an underscore", "my_school.example.org", []string{"https://my_school.example.org"}, []string{"https://example.org"}},
		{"an internal domain with a label above", "lms.corp.internal", []string{"https://lms.corp.internal"}, []string{"https://corp.internal"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := newList(t, safelist.Config{Domains: []string{row.entry}})
			for _, raw := range row.covers {
				_, err := l.Check(raw)
				require.NoError(t, err, raw)
			}
			for _, raw := range row.not {
				_, err := l.Check(raw)
				require.ErrorIs(t, err, safelist.ErrNotListed, raw)
			}
		})
	}
}

func TestEntriesOfOneHostAddUp(t *testing.T) {
	l := newList(t, safelist.Config{Domains: []string{"=thinkific.com", "thinkific.com:8443", "a.thinkific.com"}})
	for raw, rule := range map[string]error{
		"https://thinkific.com":        nil,
		"https://b.thinkific.com:8443": nil,
		"https://c.a.thinkific.com":    nil,
		"https://b.thinkific.com":      safelist.ErrNotListed,
	} {
		_, err := l.Check(raw)
		require.ErrorIs(t, err, rule, raw)
	}
}

func TestBaseURLs(t *testing.T) {
	for _, row := range []struct {
		name, base string
		allowHTTP  bool
		ok         bool
	}{
		{"none", "", false, true},
		{"https", "https://learn.example.com", false, true},
		{"with a path", "https://learn.example.com/lms/", false, true},
		{"with a port", "https://learn.example.com:8443", false, true},
		{"an address", "https://10.0.0.5", false, true},
		{"one label", "https://intranet", false, true},
		{"http on a loopback name", "http://localhost:8080", false, true},
		{"http on a loopback address", "http://127.0.0.1:8080", false, true},
		{"http on IPv6 loopback", "http://[::1]:8080", false, true},
		{"http elsewhere", "http://learn.example.com", false, false},
		{"http elsewhere, allowed", "http://learn.example.com", true, true},
		{"relative", "/lms", false, false},
		{"no scheme", "learn.example.com", false, false},
		{"other scheme", "ftp://learn.example.com", true, false},
		{"query", "https://learn.example.com/?x", false, false},
		{"fragment", "https://learn.example.com/#x", false, false},
		{"user information", "https://u@learn.example.com/", false, false},
		{"trailing dot", "https://learn.example.com./", false, false},
		{"space", " https://learn.example.com", false, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			cfg := safelist.Config{BaseURL: row.base, AllowHTTP: row.allowHTTP}
			for name, build := range map[string]func(safelist.Config) (*safelist.List, error){"New": safelist.New, "AllowAny": safelist.AllowAny} {
				l, err := build(cfg)
				if !row.ok {
					var bad *safelist.ConfigError
					require.ErrorAs(t, err, &bad, name)
					require.Equal(t, "baseURL", bad.Faults[0].Path)
					require.Nil(t, l)
					continue
				}
				require.NoError(t, err, name)
				if row.base != "" {
					_, err = l.Check(row.base)
					require.NoError(t, err, "the own origin is listed")
				}
			}
		})
	}
}

func TestEveryFaultIsNamedByItsPath(t *testing.T) {
	_, err := safelist.New(safelist.Config{
		BaseURL: "learn.example.com",
		Domains: []string{"thinkific.com", "co.uk", "example.org", "*.example.com"},
	})
	var bad *safelist.ConfigError
	require.ErrorAs(t, err, &bad)
	var paths []string
	for _, f := range bad.Faults {
		paths = append(paths, f.Path)
		require.Contains(t, err.Error(), f.Path+": "+f.Detail)
	}
	require.Equal(t, []string{"baseURL", "domains[1]", "domains[3]"}, paths)
	require.Equal(t, "configuration", codeOf(err))
}

func TestAllowAnyWithDomainsIsAContradiction(t *testing.T) {
	l, err := safelist.AllowAny(safelist.Config{Domains: []string{"thinkific.com"}})
	var bad *safelist.ConfigError
	require.True(t, errors.As(err, &bad))
	require.Equal(t, "domains", bad.Faults[0].Path)
	require.Nil(t, l)
}
