package jwtsso_test

import (
	"testing"

	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/jwtsso"
)

const twelveClaims = `{"iat":1700000000,"jti":"0123456789abcdef0123456789abcdef","externalCustomerId":"12345","email":"bob@example.com",` +
	`"firstName":"Bob","lastName":"Jones","role":"student","courseSlugs":["intro","advanced"],"ref1":"studentid",` +
	`"ref2":"company name","replaceCourseAccess":false,"customFields":{"team":"red"}}`

func benchVerifier(b *testing.B) *jwtsso.Verifier {
	cfg := config(nil)
	cfg.AllowReplay = true
	cfg.Keys = cfg.Keys[:1]
	return verifier(b, cfg)
}

func BenchmarkVerify(b *testing.B) {
	v, token := benchVerifier(b), sign(newKey, goodHeader, twelveClaims)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRefuseSignature(b *testing.B) {
	v, token := benchVerifier(b), sign(oldKey, goodHeader, twelveClaims)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(b.Context(), token); err == nil {
			b.Fatal("accepted")
		}
	}
}

func BenchmarkMint(b *testing.B) {
	i, l := issuer(b, issuerConfig(jwtsso.ThoughtIndustries())), fullLearner()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := i.Mint(l); err != nil {
			b.Fatal(err)
		}
	}
}

// fullLearner has the twelve claims of the verifying benchmark.
func fullLearner() jwtsso.Learner {
	l := bob()
	l.Role = "student"
	l.Access.CourseSlugs = attrs.List("intro", "advanced")
	l.Access.Replace.Courses = true
	l.CustomFields = map[string]attrs.Value{"team": attrs.Text("red")}
	l.More = map[attrs.Key]attrs.Value{attrs.Ref(1): attrs.Text("studentid"), attrs.Ref(2): attrs.Text("company name")}
	return l
}
