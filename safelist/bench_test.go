package safelist_test

import (
	"testing"

	"github.com/lmssso/lmssso/safelist"
)

func BenchmarkCheck(b *testing.B) {
	l := newList(b, safelist.Config{
		BaseURL: "https://learn.example.com",
		Domains: []string{"thinkific.com", "example.org", "=exact.example.net", "xn--mnchen-3ya.example", "other.example:8443"},
	})
	for _, row := range []struct{ name, raw string }{
		{"relative", "/courses/introduction?tab=2#top"},
		{"own-origin", "https://learn.example.com/courses/introduction"},
		{"listed-subdomain", "https://my.school.thinkific.com/courses/introduction?tab=2"},
		{"escaped-path", "https://thinkific.com/caf%C3%A9/a%20b"},
		{"punycode", "https://xn--mnchen-3ya.example/"},
		{"not-listed", "https://thinkific.com.evil.example/courses"},
		{"malformed", `/\evil.example`},
	} {
		b.Run(row.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = l.Check(row.raw)
			}
		})
	}
}
