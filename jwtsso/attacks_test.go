package jwtsso_test

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/jwtsso"
)

// attack is one hostile token. All are signed with a live key unless the row is about the signature, so that only the
// check named can refuse them.
type attack struct {
	name  string
	token string
	want  *lmssso.Reason
}

func withHeader(h string) string { return sign(newKey, h, goodClaims) }
func withClaims(c string) string { return sign(newKey, goodHeader, c) }
func withClaim(more string) string {
	return withClaims(strings.TrimSuffix(goodClaims, "}") + "," + more + "}")
}

// withIAT replaces the time of issue.
func withIAT(iat string) string {
	return withClaims(`{"iat":` + iat + `,"externalCustomerId":"12345","email":"bob@example.com"}`)
}

func TestAttacksAreRefusedEachForItsOwnReason(t *testing.T) {
	var rows []attack
	for _, group := range [][]attack{
		algorithmAttacks(), headerAttacks(), formAttacks(), jsonAttacks(), timeAttacks(), claimAttacks(), valueAttacks(),
	} {
		rows = append(rows, group...)
	}
	require.Greater(t, len(rows), 100)
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			s := &spender{}
			a, err := verifier(t, config(s)).Verify(t.Context(), tt.token)
			refused(t, s, a, err, tt.want)
			require.NotContains(t, err.Error(), "12345", "an error must not tell personal data")
			require.NotContains(t, err.Error(), "bob@example", "an error must not tell personal data")
		})
	}
}

// Every row also holds for a verifier that relaxes all it can, so long as the row is not about what is relaxed.
func TestRelaxationsOpenNothingElse(t *testing.T) {
	cfg := config(nil)
	cfg.AllowShortKeys, cfg.AllowMissingIssuedAt, cfg.AllowReplay = true, true, true
	v := verifier(t, cfg)
	for _, group := range [][]attack{
		algorithmAttacks(), headerAttacks(), formAttacks(), jsonAttacks(), timeAttacks(), claimAttacks(), valueAttacks(),
	} {
		for _, tt := range group {
			if tt.want == jwtsso.ErrIssuedAtMissing {
				continue
			}
			a, err := v.Verify(t.Context(), tt.token)
			require.Nil(t, a, tt.name)
			require.Same(t, tt.want, lmssso.ReasonOf(err), tt.name)
		}
	}
}

func algorithmAttacks() []attack {
	var rows []attack
	for _, none := range []string{"none", "None", "NONE", "nOnE"} {
		header := `{"alg":"` + none + `","typ":"JWT"}`
		rows = append(rows,
			attack{"alg " + none + " with an empty signature", b64(header) + "." + b64(goodClaims) + ".", jwtsso.ErrUnsecured},
			attack{"alg " + none + " with a right signature", withHeader(header), jwtsso.ErrUnsecured},
		)
	}
	hs512 := b64(`{"alg":"HS512","typ":"JWT"}`) + "." + b64(goodClaims)
	m := hmac.New(sha512.New, []byte(string(newKey)))
	m.Write([]byte(hs512))
	input := b64(goodHeader) + "." + b64(goodClaims)
	good := mac(newKey, input)
	return append(rows,
		attack{"alg none without the last dot", b64(`{"alg":"none"}`) + "." + b64(goodClaims), jwtsso.ErrCompact},
		attack{"alg RS256 over a right signature", withHeader(`{"alg":"RS256","typ":"JWT"}`), lmssso.ErrAlgorithm},
		attack{"alg in lower case over a right signature", withHeader(`{"alg":"hs256","typ":"JWT"}`), lmssso.ErrAlgorithm},
		attack{"alg with a space", withHeader(`{"alg":"HS256 ","typ":"JWT"}`), lmssso.ErrAlgorithm},
		attack{"alg with a Kelvin-like digit", withHeader(`{"alg":"HS２56","typ":"JWT"}`), lmssso.ErrAlgorithm},
		attack{"alg missing", withHeader(`{"typ":"JWT"}`), jwtsso.ErrAlgorithmMissing},
		attack{"an empty header", withHeader(`{}`), jwtsso.ErrAlgorithmMissing},
		attack{"alg null", withHeader(`{"alg":null}`), lmssso.ErrAlgorithm},
		attack{"alg as a list", withHeader(`{"alg":["HS256"]}`), lmssso.ErrAlgorithm},
		attack{"another HMAC, rightly made", hs512 + "." + b64(string(m.Sum(nil))), lmssso.ErrAlgorithm},
		attack{"alg twice", withHeader(`{"alg":"HS256","alg":"none"}`), jwtsso.ErrDuplicate},
		attack{"alg twice in two cases", withHeader(`{"alg":"HS256","ALG":"none"}`), jwtsso.ErrDuplicate},
		attack{"a foreign key's signature", sign("somebody else's key of thirty-two bytes", goodHeader, goodClaims), lmssso.ErrSignature},
		attack{"the empty key's signature", sign("", goodHeader, goodClaims), lmssso.ErrSignature},
		attack{"an empty signature", input + ".", lmssso.ErrSignature},
		attack{"a signature cut short", input + "." + b64(string(good[:31])), lmssso.ErrSignature},
		attack{"a signature with a byte more", input + "." + b64(string(good)+"x"), lmssso.ErrSignature},
		attack{"a signature with a bit turned", input + "." + b64(string(good[:31])+string(good[31]^1)), lmssso.ErrSignature},
		attack{"another payload under the signature", b64(goodHeader) + "." + b64(`{"iat":1700000000,"externalCustomerId":"1"}`) + "." + b64(string(good)), lmssso.ErrSignature},
		attack{"another header under the signature", b64(`{"typ":"JWT","alg":"HS256"}`) + "." + b64(goodClaims) + "." + b64(string(good)), lmssso.ErrSignature},
	)
}

func headerAttacks() []attack {
	jwk := `{"kty":"oct","k":"` + b64("attacker") + `"}`
	return []attack{
		{"jwk", withHeader(`{"alg":"HS256","jwk":` + jwk + `}`), jwtsso.ErrHeaderJWK},
		{"jwk signed with the key it brings", sign("attacker", `{"alg":"HS256","jwk":`+jwk+`}`, goodClaims), jwtsso.ErrHeaderJWK},
		{"jku", withHeader(`{"alg":"HS256","jku":"https://evil.example/keys"}`), jwtsso.ErrHeaderJKU},
		{"x5u", withHeader(`{"alg":"HS256","x5u":"https://evil.example/cert"}`), jwtsso.ErrHeaderX5U},
		{"x5c", withHeader(`{"alg":"HS256","x5c":["MIIB"]}`), jwtsso.ErrHeaderX5C},
		{"kid that is no text", withHeader(`{"alg":"HS256","kid":{"$ne":""}}`), jwtsso.ErrHeader},
		{"crit with an unknown extension", withHeader(`{"alg":"HS256","crit":["bork"],"bork":1}`), jwtsso.ErrCritical},
		{"crit empty", withHeader(`{"alg":"HS256","crit":[]}`), jwtsso.ErrCritical},
		{"b64 false", withHeader(`{"alg":"HS256","b64":false}`), jwtsso.ErrUnencoded},
		{"b64 true", withHeader(`{"alg":"HS256","b64":true}`), jwtsso.ErrUnencoded},
		{"b64 declared critical", withHeader(`{"alg":"HS256","crit":["b64"],"b64":false}`), jwtsso.ErrCritical},
		{"zip", withHeader(`{"alg":"HS256","zip":"DEF"}`), jwtsso.ErrCompressed},
		{"a header nobody knows", withHeader(`{"alg":"HS256","x":1}`), jwtsso.ErrHeader},
		{"enc of an encrypted token", withHeader(`{"alg":"HS256","enc":"A256GCM"}`), jwtsso.ErrHeader},
		{"cty of a nested token", withHeader(`{"alg":"HS256","cty":"JWT"}`), jwtsso.ErrHeader},
		{"a known header in another case", withHeader(`{"alg":"HS256","Typ":"JWT"}`), jwtsso.ErrHeader},
		{"typ of an access token", withHeader(`{"alg":"HS256","typ":"at+jwt"}`), jwtsso.ErrType},
		{"typ of a logout token", withHeader(`{"alg":"HS256","typ":"logout+jwt"}`), jwtsso.ErrType},
		{"typ as a media type with a prefix", withHeader(`{"alg":"HS256","typ":"application/jwt"}`), jwtsso.ErrType},
		{"typ empty", withHeader(`{"alg":"HS256","typ":""}`), jwtsso.ErrType},
		{"typ null", withHeader(`{"alg":"HS256","typ":null}`), jwtsso.ErrType},
		{"typ as a number", withHeader(`{"alg":"HS256","typ":1}`), jwtsso.ErrType},
	}
}

func formAttacks() []attack {
	good := withClaims(goodClaims)
	parts := strings.Split(good, ".")
	padded := func(i int) string {
		p := strings.Split(good, ".")
		p[i] += "="
		return strings.Join(p, ".")
	}
	// A payload whose encoding has a character that differs between the alphabets.
	standard := base64.RawStdEncoding.EncodeToString([]byte(`{"iat":1700000000,"externalCustomerId":"12345","ref1":"???>>>~~~???"}`))
	flattened := `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`
	last := parts[2][len(parts[2])-1]
	trailing := parts[0] + "." + parts[1] + "." + parts[2][:len(parts[2])-1] + string(nextBase64(last))
	return []attack{
		{"an empty token", "", jwtsso.ErrCompact},
		{"a word", "nothing", jwtsso.ErrCompact},
		{"two segments", parts[0] + "." + parts[1], jwtsso.ErrCompact},
		{"four segments", good + ".x", jwtsso.ErrCompact},
		{"five segments of an encrypted token", "a.b.c.d.e", jwtsso.ErrCompact},
		{"a dot before", "." + good, jwtsso.ErrCompact},
		{"a dot after", good + ".", jwtsso.ErrCompact},
		{"many dots", strings.Repeat(".", 16000), jwtsso.ErrCompact},
		{"beyond 16 kB", good + strings.Repeat("A", 16<<10), jwtsso.ErrTokenTooLarge},
		{"a million dots", strings.Repeat(".", 1_000_000), jwtsso.ErrTokenTooLarge},
		{"flattened JSON serialization", flattened, jwtsso.ErrCompact},
		{"general JSON serialization", `{"payload":"` + parts[1] + `","signatures":[{"protected":"` + parts[0] + `","signature":"` + parts[2] + `"}]}`, jwtsso.ErrCompact},
		{"a padded header", padded(0), jwtsso.ErrEncoding},
		{"a padded signature", padded(2), jwtsso.ErrEncoding},
		{"a signed payload in the standard alphabet", signRaw(b64(goodHeader) + "." + standard), jwtsso.ErrEncoding},
		{"a signature in the standard alphabet", standardSignature(), jwtsso.ErrEncoding},
		{"a line break in the header", "ey\n" + good[2:], jwtsso.ErrEncoding},
		{"a line break in the payload", parts[0] + ".\r\n" + parts[1] + "." + parts[2], jwtsso.ErrEncoding},
		{"a line break after the signature", good + "\n", jwtsso.ErrEncoding},
		{"a space before", " " + good, jwtsso.ErrEncoding},
		{"a space after", good + " ", jwtsso.ErrEncoding},
		{"a percent sign", good + "%20", jwtsso.ErrEncoding},
		{"set trailing bits in the signature", trailing, jwtsso.ErrEncoding},
		{"a signed payload that is padded", signRaw(b64(goodHeader) + "." + base64.URLEncoding.EncodeToString([]byte(goodClaims+" "))), jwtsso.ErrEncoding},
		{"a header of nothing", signRaw("." + b64(goodClaims)), jwtsso.ErrJSON},
		{"a payload of nothing", signRaw(b64(goodHeader) + "."), jwtsso.ErrJSON},
	}
}

func nextBase64(c byte) byte {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return alphabet[strings.IndexByte(alphabet, c)|1]
}

// standardSignature makes a token whose signature has a character of the URL alphabet, and writes it in the other.
func standardSignature() string {
	for i := 0; ; i++ {
		token := withClaim(fmt.Sprintf(`"ref1":"%d"`, i))
		dot := strings.LastIndexByte(token, '.')
		if signature := token[dot:]; strings.ContainsAny(signature, "-_") {
			return token[:dot] + strings.NewReplacer("-", "+", "_", "/").Replace(signature)
		}
	}
}

// signRaw signs a header and payload as they stand.
func signRaw(input string) string { return input + "." + b64(string(mac(newKey, input))) }

func jsonAttacks() []attack {
	inner := withClaims(goodClaims)
	return []attack{
		{"a header that is a list", withHeader(`["HS256"]`), jwtsso.ErrNotObject},
		{"a header that is text", withHeader(`"HS256"`), jwtsso.ErrNotObject},
		{"a deep header", withHeader(strings.Repeat(`{"a":`, 4000) + "1" + strings.Repeat("}", 4000)), jwtsso.ErrTokenTooLarge},
		{"a deep header within the size", withHeader(strings.Repeat(`{"a":`, 500) + "1" + strings.Repeat("}", 500)), jwtsso.ErrJSON},
		{"a header with trailing data", withHeader(goodHeader + `{"alg":"none"}`), jwtsso.ErrJSON},
		{"a header with a byte order mark", withHeader("\ufeff" + goodHeader), jwtsso.ErrJSON},
		{"a token within the token", withClaims(inner), jwtsso.ErrJSON},
		{"a token within the token as text", withClaims(`"` + inner + `"`), jwtsso.ErrNotObject},
		{"a payload that is a list", withClaims(`[` + goodClaims + `]`), jwtsso.ErrNotObject},
		{"a payload that is null", withClaims(`null`), jwtsso.ErrNotObject},
		{"a payload that is a number", withClaims(`1`), jwtsso.ErrNotObject},
		{"a payload that is no JSON", withClaims(`externalCustomerId=12345`), jwtsso.ErrJSON},
		{"trailing data", withClaims(goodClaims + `{"externalCustomerId":"1"}`), jwtsso.ErrJSON},
		{"a name twice", withClaim(`"externalCustomerId":"1"`), jwtsso.ErrDuplicate},
		{"a name twice, once escaped", withClaim(`"external\u0043ustomerId":"1"`), jwtsso.ErrDuplicate},
		{"a name in two cases", withClaim(`"EMAIL":"eve@example.com"`), jwtsso.ErrDuplicate},
		{"a name with a long s", withClaim(`"cour\u017feSlugs":["x"],"courseSlugs":["y"]`), jwtsso.ErrDuplicate},
		{"a name twice, deep down", withClaim(`"customFields":{"a":"1","a":"2"}`), jwtsso.ErrDuplicate},
		{"invalid UTF-8", withClaim("\"firstName\":\"\xff\""), jwtsso.ErrText},
		{"a lone surrogate", withClaim(`"firstName":"\ud800"`), jwtsso.ErrText},
		{"a replacement character", withClaim(`"firstName":"` + "\ufffd" + `"`), jwtsso.ErrText},
		{"an escaped NUL", withClaim(`"firstName":"\u0000"`), jwtsso.ErrText},
		{"deep claims", withClaim(`"customFields":` + strings.Repeat(`{"a":`, 500) + "1" + strings.Repeat("}", 500)), jwtsso.ErrJSON},
		{"too many claims", withClaim(manyClaims(300)), jwtsso.ErrJSON},
		{"too many values", withClaim(`"courseSlugs":[` + strings.Repeat("1,", 4000) + `1]`), jwtsso.ErrJSON},
	}
}

func manyClaims(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"x%d":1`, i)
	}
	return b.String()[1:]
}

func timeAttacks() []attack {
	rows := []attack{
		{"iat missing", withClaims(`{"externalCustomerId":"12345"}`), jwtsso.ErrIssuedAtMissing},
		{"iat in another case", withClaims(`{"IAT":1700000000,"externalCustomerId":"12345"}`), jwtsso.ErrIssuedAtMissing},
		{"iat 501 s old", withIAT("1699999499"), lmssso.ErrExpired},
		{"iat 501 s ahead", withIAT("1700000501"), lmssso.ErrNotYetValid},
		{"iat a little beyond the window", withIAT("1699999499.999"), lmssso.ErrExpired},
		{"iat in milliseconds", withIAT("1700000000000"), jwtsso.ErrTimeRange},
		{"exp passed", withClaim(`"exp":1699999999`), lmssso.ErrExpired},
		{"exp now, without leeway", withClaim(`"exp":1700000000`), lmssso.ErrExpired},
		{"nbf in a second", withClaim(`"nbf":1700000001`), lmssso.ErrNotYetValid},
	}
	for _, claim := range []string{"iat", "exp", "nbf"} {
		with := func(value string) string {
			if claim == "iat" {
				return withIAT(value)
			}
			return withClaim(`"` + claim + `":` + value)
		}
		for _, n := range []string{
			"0", "-0", "0.5", "-1", "1e300", "1e400", "-1e400", "9223372036854775808", "18446744073709551616", "253402300800", "1e-400",
		} {
			rows = append(rows, attack{claim + " " + n, with(n), jwtsso.ErrTimeRange})
		}
		for _, v := range []string{`"1700000000"`, `"2023-11-14T22:13:20Z"`, "null", "true", "[1700000000]", `{"at":1700000000}`, `""`} {
			rows = append(rows, attack{claim + " " + v, with(v), jwtsso.ErrTimeType})
		}
		rows = append(rows, attack{claim + " NaN", with("NaN"), jwtsso.ErrJSON}, attack{claim + " Infinity", with("Infinity"), jwtsso.ErrJSON})
	}
	return rows
}

func claimAttacks() []attack {
	return []attack{
		{"jti empty", withClaim(`"jti":""`), jwtsso.ErrTokenID},
		{"jti as a number", withClaim(`"jti":1`), jwtsso.ErrTokenID},
		{"jti null", withClaim(`"jti":null`), jwtsso.ErrTokenID},
		{"jti as a list", withClaim(`"jti":["a"]`), jwtsso.ErrTokenID},
		{"jti too long", withClaim(`"jti":"` + strings.Repeat("x", 257) + `"`), jwtsso.ErrTokenID},
	}
}

func valueAttacks() []attack {
	email := func(s string) string {
		return withClaims(`{"iat":1700000000,"externalCustomerId":"12345","email":` + s + `}`)
	}
	var rows []attack
	for name, s := range map[string]string{
		"a line break":          `"a@example.com\r\nBcc: eve@example.com"`,
		"a tab":                 `"a@example.com\t"`,
		"a list in one text":    `"a@example.com,eve@example.com"`,
		"a semicolon list":      `"a@example.com;eve@example.com"`,
		"a display name":        `"Eve <a@example.com>"`,
		"a comment":             `"a(eve)@example.com"`,
		"a quoted local part":   `"\"a b\"@example.com"`,
		"an address literal":    `"a@[127.0.0.1]"`,
		"two at signs":          `"a@example.com@evil.example"`,
		"a Kelvin sign":         `"\u212aim@example.com"`,
		"a Cyrillic letter":     `"b\u043eb@example.com"`,
		"a dotless i":           `"m\u0131ke@example.com"`,
		"a full-width at sign":  `"a\uff20example.com"`,
		"a zero-width space":    `"a\u200b@example.com"`,
		"a space before":        `" a@example.com"`,
		"no host":               `"a"`,
		"a host without a dot":  `"a@localhost"`,
		"a dot at the end":      `"a@example.com."`,
		"two dots":              `"a..b@example.com"`,
		"more than 254 letters": `"` + strings.Repeat("a", 60) + "@" + strings.Repeat("b", 60) + "." + strings.Repeat("c", 60) + "." + strings.Repeat("d", 60) + "." + strings.Repeat("e", 60) + `.com"`,
		"a list":                `["a@example.com","eve@example.com"]`,
		"an object":             `{"a":"a@example.com"}`,
		"a boolean":             `true`,
	} {
		rows = append(rows, attack{"email with " + name, email(s), lmssso.ErrAttributeInvalid})
	}
	return append(rows,
		attack{"a blank email", email(`""`), lmssso.ErrAttributeMissing},
		attack{"a null email", email(`null`), lmssso.ErrAttributeMissing},
		attack{"a blank external id", withClaims(`{"iat":1700000000,"externalCustomerId":""}`), lmssso.ErrAttributeMissing},
		attack{"a list of external ids", withClaims(`{"iat":1700000000,"externalCustomerId":["1","2"]}`), lmssso.ErrAttributeInvalid},
		attack{"an external id with a line break", withClaims(`{"iat":1700000000,"externalCustomerId":"12345\n"}`), lmssso.ErrAttributeInvalid},
		attack{"a blank role", withClaim(`"role":""`), lmssso.ErrAttributeMissing},
		attack{"a list of roles", withClaim(`"role":["student","admin"]`), lmssso.ErrAttributeInvalid},
		attack{"a flag that is neither", withClaim(`"replaceCourseAccess":"maybe"`), lmssso.ErrAttributeInvalid},
		attack{"dualRole as a list", withClaim(`"dualRole":[true]`), lmssso.ErrAttributeInvalid},
		attack{"courses as an object", withClaim(`"courseSlugs":{"a":1}`), lmssso.ErrAttributeInvalid},
	)
}
