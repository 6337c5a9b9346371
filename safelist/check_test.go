package safelist_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/lmssso/lmssso/safelist"
	"github.com/stretchr/testify/require"
)

// listed is the list most tests judge with: https only, all kinds of entry.
func listed() safelist.Config {
	return safelist.Config{
		BaseURL: "https://learn.example.com",
		Domains: []string{"thinkific.com", "=exact.example.org", "port.example.org:8443", "münchen.example"},
	}
}

func newList(t testing.TB, cfg safelist.Config) *safelist.List {
	t.Helper()
	l, err := safelist.New(cfg)
	require.NoError(t, err)
	return l
}

func newAny(t testing.TB, cfg safelist.Config) *safelist.List {
	t.Helper()
	l, err := safelist.AllowAny(cfg)
	require.NoError(t, err)
	return l
}

func TestAttacksAreRefusedByTheirOwnRule(t *testing.T) {
	l := newList(t, listed())
	seen := map[string]bool{}
	for _, a := range attacks() {
		require.False(t, seen[a.raw], "listed twice: %q", a.raw)
		seen[a.raw] = true
		t.Run(a.class, func(t *testing.T) {
			got, err := l.Check(a.raw)
			require.ErrorIs(t, err, a.rule, "%.200q", a.raw)
			require.True(t, got.IsZero(), "no target beside an error")
			if len(a.raw) > 8 {
				require.NotContains(t, err.Error(), a.raw, "the target is not repeated")
			}
		})
	}
	require.Greater(t, len(seen), 250)
}

func TestMalformedTargetsAreRefusedWhateverTheList(t *testing.T) {
	lists := map[string]*safelist.List{
		"nil":      nil,
		"zero":     {},
		"any":      newAny(t, safelist.Config{BaseURL: "https://learn.example.com"}),
		"any http": newAny(t, safelist.Config{BaseURL: "https://learn.example.com", AllowHTTP: true}),
	}
	for name, l := range lists {
		for _, a := range attacks() {
			if a.rule == safelist.ErrNotListed || a.rule == safelist.ErrScheme {
				continue // these two depend on the list
			}
			_, err := l.Check(a.raw)
			require.ErrorIs(t, err, a.rule, "%s list: %.200q", name, a.raw)
		}
	}
}

func TestAccepted(t *testing.T) {
	l := newList(t, listed())
	label := strings.Repeat("a", 63)
	for name, raws := range map[string][]string{
		"same site": {
			"/", "/courses", "/courses/1?tab=2#top", "/?a=1", "/#top", "/?", "/#", "/a//b", "/a/../b", "/a/./b", "/a/..", "/.",
			"/@user", "/a:b", "/a;v=1/b", "/a%20b", "/a%2Fb", "/a%25252fb", "/a%5Cb", "/100%25", "/caf%C3%A9", "/a?next=//other", "/a?next=%2f%2fother&x=%0a",
			"/a#//other", "/~user/!$&'()*+,;=", "/a?filter[x]=y", "/.well-known/x", "/...//x", "/a.//b", "/a?q=../..//b",
			"/" + strings.Repeat("a", safelist.MaxLength-1),
		},
		"own origin": {
			"https://learn.example.com", "https://learn.example.com/", "https://learn.example.com:443/x", "HTTPS://LEARN.example.com/x",
			"https://learn.example.com?x", "https://learn.example.com#x",
		},
		"listed domain": {"https://thinkific.com", "https://thinkific.com/", "https://thinkific.com:443", "https://THINKIFIC.com/a"},
		"host below a listed domain": {
			"https://www.thinkific.com", "https://a.b.c.thinkific.com/x?y#z", "https://my_school.thinkific.com", "https://my-school-.thinkific.com",
			"https://ab--cd.thinkific.com", "https://1.thinkific.com", "https://thinkific.com.thinkific.com", "https://" + label + ".thinkific.com",
			"https://xn--mnchen-3ya.thinkific.com",
		},
		"exact host":           {"https://exact.example.org/x", "https://exact.example.org:443/x"},
		"listed port":          {"https://port.example.org:8443/x", "https://a.port.example.org:8443"},
		"internationalized":    {"https://xn--mnchen-3ya.example", "https://www.xn--mnchen-3ya.example/x", "https://XN--mnchen-3ya.example/x"},
		"at sign after a path": {"https://thinkific.com/@user", "https://thinkific.com?a@b", "https://thinkific.com#a@b"},
		"colon after a path":   {"https://thinkific.com/a:b", "https://thinkific.com?a:b", "https://thinkific.com/x?u=http://a:b@c"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, raw := range raws {
				got, err := l.Check(raw)
				require.NoError(t, err, "%.200q", raw)
				require.Equal(t, raw, got.String(), "nothing is rewritten")
			}
		})
	}
}

func TestZeroAndNilListsAcceptOnlyTheSameSite(t *testing.T) {
	empty := newList(t, safelist.Config{})
	for name, l := range map[string]*safelist.List{"nil": nil, "zero": {}, "empty": empty} {
		t.Run(name, func(t *testing.T) {
			_, err := l.Check("/courses?x=1")
			require.NoError(t, err)
			for _, raw := range []string{"https://thinkific.com", "https://learn.example.com/", "https://localhost/"} {
				_, err = l.Check(raw)
				require.ErrorIs(t, err, safelist.ErrNotListed, raw)
			}
			_, err = l.Check("http://thinkific.com")
			require.ErrorIs(t, err, safelist.ErrScheme)
		})
	}
}

func TestWhereHTTPIsAccepted(t *testing.T) {
	dev := safelist.Config{BaseURL: "https://learn.example.com", AllowHTTP: true,
		Domains: []string{"thinkific.com", "port.example.org:8080", "localhost", "localhost:3000", "127.0.0.1:4000", "=[::1]:5000"}}
	ownHTTP := safelist.Config{BaseURL: "http://localhost:8080"}
	for _, row := range []struct {
		name string
		cfg  safelist.Config
		raw  string
		rule error
	}{
		{"a listed host", dev, "http://thinkific.com/", nil},
		{"a listed host, default port written out", dev, "http://thinkific.com:80/", nil},
		{"a listed host, the other scheme's port", dev, "http://thinkific.com:443/", safelist.ErrNotListed},
		{"an unlisted host", dev, "http://evil.example/", safelist.ErrNotListed},
		{"a listed port", dev, "http://port.example.org:8080/", nil},
		{"the own host over http is another origin", dev, "http://learn.example.com/", safelist.ErrNotListed},
		{"loopback name", dev, "http://localhost/", nil},
		{"loopback name, listed port", dev, "http://localhost:3000/", nil},
		{"loopback name, other port", dev, "http://localhost:3001/", safelist.ErrNotListed},
		{"name below localhost", dev, "http://app.localhost:3000/", nil},
		{"name that ends like localhost", dev, "http://evillocalhost:3000/", safelist.ErrNotListed},
		{"loopback address", dev, "http://127.0.0.1:4000/", nil},
		{"another loopback address", dev, "http://127.0.0.2:4000/", safelist.ErrNotListed},
		{"loopback IPv6 address", dev, "http://[::1]:5000/", nil},
		{"loopback over https too", dev, "https://localhost:3000/", nil},
		{"own http origin", ownHTTP, "http://localhost:8080/x", nil},
		{"own http origin, other port", ownHTTP, "http://localhost:8081/x", safelist.ErrScheme},
		{"own http origin, https", ownHTTP, "https://localhost:8080/x", safelist.ErrNotListed},
		{"own http origin opens http to nobody else", ownHTTP, "http://thinkific.com/", safelist.ErrScheme},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := newList(t, row.cfg).Check(row.raw)
			require.ErrorIs(t, err, row.rule)
		})
	}
}

func TestAllowAny(t *testing.T) {
	strict := newAny(t, safelist.Config{BaseURL: "https://10.0.0.5:8443"})
	dev := newAny(t, safelist.Config{AllowHTTP: true})
	for _, row := range []struct {
		raw         string
		strict, dev error
	}{
		{"https://evil.example", nil, nil},
		{"https://evil.example:8443/x", nil, nil},
		{"https://intranet/", nil, nil},
		{"https://xn--mnchen-3ya.example/", nil, nil},
		{"/courses", nil, nil},
		{"http://evil.example", safelist.ErrScheme, nil},
		{"https://localhost/", safelist.ErrNotListed, nil},
		{"https://app.localhost/", safelist.ErrNotListed, nil},
		{"https://127.0.0.1:9000/", safelist.ErrNotListed, nil},
		{"https://[::1]:9000/", safelist.ErrNotListed, nil},
		{"https://10.0.0.1/", safelist.ErrNotListed, safelist.ErrNotListed},
		{"https://10.0.0.5:8443/", nil, safelist.ErrNotListed},
		{"https://[2001:db8::1]/", safelist.ErrNotListed, safelist.ErrNotListed},
		{"javascript:alert(1)", safelist.ErrScheme, safelist.ErrScheme},
		{"https://user@evil.example", safelist.ErrUserInfo, safelist.ErrUserInfo},
		{"https://2130706433/", safelist.ErrHost, safelist.ErrHost},
		{"https://0x7f.1/", safelist.ErrHost, safelist.ErrHost},
		{"https://xn--a/", safelist.ErrHost, safelist.ErrHost},
		{"//evil.example", safelist.ErrPath, safelist.ErrPath},
	} {
		t.Run(row.raw, func(t *testing.T) {
			_, err := strict.Check(row.raw)
			require.ErrorIs(t, err, row.strict)
			_, err = dev.Check(row.raw)
			require.ErrorIs(t, err, row.dev)
		})
	}
}

func TestRefusalsAreTyped(t *testing.T) {
	_, err := newList(t, listed()).Check("https://evil.example/secret")
	var refusal *safelist.Error
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, safelist.ErrNotListed, refusal.Rule)
	require.Empty(t, refusal.Target)
	require.Equal(t, "target-not-allowed", codeOf(err))
	require.NotContains(t, err.Error(), "evil")
	require.Equal(t, "safelist: target refused", (&safelist.Error{}).Error())
}

// codeOf finds the code the way a package that does not import this one does.
func codeOf(err error) string {
	var c interface{ SSOCode() string }
	if errors.As(err, &c) {
		return c.SSOCode()
	}
	return ""
}

func TestAListIsUsedByManyAtOnceAndKeepsItsOwnCopy(t *testing.T) {
	cfg := listed()
	l := newList(t, cfg)
	cfg.Domains[0] = "evil.example"
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 50 {
				_, err := l.Check(fmt.Sprintf("https://h%d.thinkific.com/%d", i, j))
				if err != nil {
					t.Error(err)
				}
				if _, err = l.Check("https://evil.example"); !errors.Is(err, safelist.ErrNotListed) {
					t.Error("an unlisted host was accepted")
				}
			}
		})
	}
	wg.Wait()
}
