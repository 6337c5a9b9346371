package attrs_test

import (
	"testing"

	"github.com/lmssso/lmssso/attrs"
)

// twelveClaims is a login of the usual size.
const twelveClaims = `{"iat":1700000000,"jti":"0b1f4a52-7c5e-4a40-9a55-0b4f5f0d2a11","externalCustomerId":"emp-1001","email":"ada@example.org",
"firstName":"Ada","lastName":"Lovelace","role":"student","ref1":"analytical","courseSlugs":["intro","advanced"],
"learningPathSlugs":["onboarding"],"replaceCourseAccess":true,"returnTo":"/learn/course/intro"}`

func BenchmarkApplyTwelveClaims(b *testing.B) {
	mapper, err := attrs.NewMapper(attrs.ClaimNames())
	if err != nil {
		b.Fatal(err)
	}
	doc := []byte(twelveClaims)
	b.ReportAllocs()
	for b.Loop() {
		in, err := attrs.FromJSON(doc)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := mapper.Apply(in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFromJSON(b *testing.B) {
	doc := []byte(twelveClaims)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := attrs.FromJSON(doc); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRaw(b *testing.B) {
	in, err := attrs.FromJSON([]byte(twelveClaims))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		_ = in.Raw()
	}
}
