package safelist_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/lmssso/lmssso/safelist"
	"github.com/stretchr/testify/require"
)

// site is the origin the tests' login answers on.
func site() visited { return visited{"https", "learn.example.com", "443"} }

// world is a list and, written independently, what it may let a browser visit.
type world struct {
	name  string
	list  *safelist.List
	may   func(visited) bool
	https bool
}

func worlds(t testing.TB) []world {
	below := func(host, domain string) bool { return host == domain || strings.HasSuffix(host, "."+domain) }
	listedHost := func(v visited) bool {
		return v == site() || v.port == "443" && (below(v.host, "thinkific.com") || below(v.host, "xn--mnchen-3ya.example") || v.host == "exact.example.org") ||
			v.port == "8443" && below(v.host, "port.example.org")
	}
	dev := listed()
	dev.AllowHTTP, dev.Domains = true, []string{"thinkific.com", "localhost:3000", "127.0.0.1:3000"}
	return []world{
		{"listed", newList(t, listed()), listedHost, true},
		{"development", newList(t, dev), func(v visited) bool {
			defaultPort := v.scheme == "https" && v.port == "443" || v.scheme == "http" && v.port == "80"
			return v == site() || defaultPort && below(v.host, "thinkific.com") || v.port == "3000" && (below(v.host, "localhost") || v.host == "127.0.0.1")
		}, false},
		{"any", newAny(t, safelist.Config{BaseURL: "https://learn.example.com"}), func(v visited) bool {
			return !strings.HasPrefix(v.host, "[") && strings.Trim(v.host, "0123456789.") != "" && !below(v.host, "localhost")
		}, true},
		{"none", nil, func(v visited) bool { return v == site() }, true},
	}
}

// judge is the invariant: an accepted target, parsed the way a browser does, has a host on the list or is same-site;
// net/url reads the same host; no server can turn its path into another host; and reporting an error through it keeps
// all of that.
func (w world) judge(t testing.TB, raw string) (accepted bool) {
	target, err := w.list.Check(raw)
	if err != nil {
		require.True(t, target.IsZero())
		var refusal *safelist.Error
		require.ErrorAs(t, err, &refusal)
		return false
	}
	require.Equal(t, raw, target.String())
	v := w.visit(t, raw)
	again, err := w.list.Check(raw)
	require.NoError(t, err)
	require.Equal(t, target, again, "the verdict is pure")

	report := target.With(url.Values{"kind": {"error"}, "message": {raw}, "trace": {"\x00/\\#&?é"}})
	_, err = w.list.Check(report)
	require.NoError(t, err, "%s: %q", w.name, report)
	require.Equal(t, v, w.visit(t, report))
	return true
}

// visit reads an accepted target as a browser, as net/url and as an eager server, and returns where it leads.
func (w world) visit(t testing.TB, raw string) visited {
	v, err := browse(site(), raw)
	require.NoError(t, err, "%s: %q", w.name, raw)
	require.True(t, w.may(v), "%s: %q leads to %v", w.name, raw, v)
	require.True(t, v.scheme == "https" || !w.https && v.scheme == "http", "%s: %q", w.name, raw)

	u, err := url.Parse(raw)
	require.NoError(t, err, "%s: %q", w.name, raw)
	require.Nil(t, u.User)
	require.Empty(t, u.Opaque)
	require.Equal(t, u.Scheme == "", u.Host == "")
	if u.Host != "" {
		require.Equal(t, v.host, strings.ToLower(bracketed(u.Hostname())), "%s: %q", w.name, raw)
	} else {
		require.Equal(t, site(), v)
	}
	for _, redirect := range eagerServer(u) {
		to, err := browse(site(), redirect)
		require.NoError(t, err)
		require.Equal(t, site(), to, "%s: %q redirected to %q", w.name, raw, redirect)
	}
	return v
}

func bracketed(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

// benign are targets that some list accepts: without them the invariant would hold for a list that refuses everything.
func benign() []string {
	return []string{
		"/", "/courses?x=1#y", "/a/../b", "/a%2fb", "/a?next=//evil", "https://thinkific.com", "https://a.thinkific.com:443/x?y#z",
		"https://port.example.org:8443", "https://xn--mnchen-3ya.example/", "http://localhost:3000/x", "http://127.0.0.1:3000", "https://any.example:81/",
		"HTTPS://THINKIFIC.COM", "https://learn.example.com/x", "http://thinkific.com:80/a;b/c",
	}
}

func TestTheInvariantHoldsOnTheCorpus(t *testing.T) {
	all := worlds(t)
	for _, raw := range benign() {
		n := 0
		for _, w := range all {
			if w.judge(t, raw) {
				n++
			}
		}
		require.Positive(t, n, "no list accepts %q", raw)
	}
	for _, a := range attacks() {
		require.False(t, all[0].judge(t, a.raw), "%q", a.raw)
		for _, w := range all[1:] {
			w.judge(t, a.raw)
		}
	}
}

// The oracle itself must see through the tricks, or the invariant would mean nothing.
func TestTheBrowserOracleLeavesTheSiteWhereBrowsersDo(t *testing.T) {
	for raw, host := range map[string]string{
		`/\evil.example`:                         "evil.example",
		`\\evil.example`:                         "evil.example",
		"/\t/evil.example":                       "evil.example",
		"\x00//evil.example":                     "evil.example",
		"///evil.example":                        "evil.example",
		"http:evil.example":                      "evil.example",
		"https:///evil.example":                  "evil.example",
		`https:\\evil.example`:                   "evil.example",
		"https://thinkific.com@evil.example":     "evil.example",
		`https://evil.example\@thinkific.com`:    "evil.example",
		"https://evil.c\u2100.thinkific.com":     "",
		"https://evil\u3002example":              "evil.example",
		"https://EVIL%2eexample":                 "evil.example",
		"https://thin\u212aific.com":             "thinkific.com",
		"https://0x7f.1":                         "127.0.0.1",
		"https://2130706433":                     "127.0.0.1",
		"https://017700000001:0443":              "127.0.0.1",
		"https://[0:0::1]":                       "[::1]",
		"https://thinkific.com.":                 "thinkific.com.",
		"https:evil.example":                     "learn.example.com",
		"/.//evil.example":                       "learn.example.com",
		"evil.example":                           "learn.example.com",
		"javascript:alert(1)":                    "",
		"https://thinkific.com:1:2":              "",
		"https://thinkific.com:99999":            "",
		"https://m\u00fcnchen.example":           "xn--mnchen-3ya.example",
		"https://evil.example?.thinkific.com":    "evil.example",
		"https://evil.example\uff0fx.thinkific.": "",
	} {
		v, _ := browse(site(), raw)
		require.Equal(t, host, v.host, "%q", raw)
	}
}

func FuzzCheck(f *testing.F) {
	for _, raw := range benign() {
		f.Add(raw)
	}
	for _, a := range attacks() {
		if len(a.raw) < 512 {
			f.Add(a.raw)
		}
	}
	all := worlds(f)
	f.Fuzz(func(t *testing.T, raw string) {
		for _, w := range all {
			w.judge(t, raw)
		}
	})
}

// FuzzEntry: whatever text is accepted as an entry, it does not open the list to a stranger's host.
func FuzzEntry(f *testing.F) {
	for _, entry := range []string{"thinkific.com", "=thinkific.com", "thinkific.com:8443", "münchen.example", "co.uk", "*", "", "10.0.0.1",
		"localhost:3000", "[::1]", "=[::1]:80", "xn--a.com", "https://thinkific.com", "a@b.com", "evil.example", "=", ":", ".", "[", "a:b:c"} {
		f.Add(entry)
	}
	f.Fuzz(func(t *testing.T, entry string) {
		l, err := safelist.New(safelist.Config{Domains: []string{entry}})
		if err != nil {
			require.Nil(t, l)
			return
		}
		for _, raw := range []string{"https://com", "https://evil.co.uk", "https://github.io", "https://10.0.0.1", "https://localhost", "https://[::1]", "http://thinkific.com"} {
			_, err := l.Check(raw)
			if !strings.Contains(strings.ToLower(entry), "evil") {
				require.Error(t, err, "%q admits %s", entry, raw)
			}
		}
		name := strings.TrimPrefix(entry, "=")
		if _, err := l.Check("https://" + name); err != nil {
			return // a Unicode name is reached in punycode only
		}
		_, err = l.Check("https://evil" + name)
		require.ErrorIs(t, err, safelist.ErrNotListed, "%q admits a look-alike", entry)
	})
}
