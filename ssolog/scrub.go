package ssolog

import (
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strings"
	"unicode/utf8"
)

// The log is given no tokens and no keys. This file is the second line: it takes out what looks like one, wherever a
// provider or a careless error put it.

const (
	// maxScan bounds the text looked at, and so the time a text can cost: twice what is kept of the longest value. What
	// comes after is dropped unread.
	maxScan = 2 * maxValueBytes
	// A run of tokenWindow bytes with caseChanges changes between upper and lower case and tokenDigits digits is random:
	// 40 base64 characters hold 240 bits and have about 13 and 6. Words, URLs, UUIDs and hexadecimal have fewer.
	tokenWindow = 40
	caseChanges = 6
	tokenDigits = 2
	// hexKey is the length from which hexadecimal is taken for a key: 256 bits. SAML ids have 160 at most.
	hexKey = 64
	// shortestToken is the length from which text is looked at for the opening of a token.
	shortestToken = 16
)

// scrub removes what looks like a secret from a text.
func scrub(s string) string {
	if len(s) < 8 {
		return s // shorter than anything this could recognise
	}
	s = bounded(s)
	s = cutPEM(s)
	s = cutCredentials(s)
	s = cutNamed(s)
	return cutRuns(s)
}

// scrubValue is scrub for an attribute's value, which may be a nested claim written as JSON.
func scrubValue(s string) string {
	if len(s) > maxScan || !strings.HasPrefix(s, "{") && !strings.HasPrefix(s, "[") {
		return scrub(s)
	}
	var v any
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	if d.Decode(&v) != nil || d.More() {
		return scrub(s)
	}
	var out strings.Builder
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false) // it is shown, and the page escapes what it shows
	if e.Encode(scrubJSON(v)) != nil {
		return removedMark
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// scrubJSON removes members named like a secret, whatever they hold, and secrets in all other texts.
func scrubJSON(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, member := range v {
			if secretName(name) {
				out[scrub(name)] = removedMark
			} else {
				out[scrub(name)] = scrubJSON(member)
			}
		}
		return out
	case []any:
		for i := range v {
			v[i] = scrubJSON(v[i])
		}
		return v
	case string:
		return scrub(v)
	default:
		return v
	}
}

// bounded cuts a text to maxScan, back to the end of a word so that no half of a token is left.
func bounded(s string) string {
	if len(s) <= maxScan {
		return s
	}
	end := maxScan
	for end > 0 && isRunByte(s[end-1]) {
		end--
	}
	return s[:end] + truncatedMark
}

var pemOpening = regexp.MustCompile(`-{4,}\s?BEGIN`)

// cutPEM removes everything from the first PEM block on.
func cutPEM(s string) string {
	if !strings.Contains(s, "BEGIN") {
		return s
	}
	if at := pemOpening.FindStringIndex(s); at != nil {
		return s[:at[0]] + removedMark
	}
	return s
}

var credential = regexp.MustCompile(`(?i)bearer(?:[\s:=+]|%20)+|authorization\W{1,4}(?:basic|digest|negotiate)\s+`)

// cutCredentials removes the word after each "Bearer" (RFC 6750 section 2.1) and after "Authorization: Basic" and its kin
// (RFC 7617, RFC 7616, RFC 4559).
func cutCredentials(s string) string {
	if lower := asciiLower(s); !strings.Contains(lower, "bearer") && !strings.Contains(lower, "authorization") {
		return s
	}
	var b strings.Builder
	from := 0
	for _, at := range credential.FindAllStringIndex(s, -1) {
		end := len(s)
		if i := strings.IndexAny(s[at[1]:], " \t\r\n\v\f"); i >= 0 {
			end = at[1] + i
		}
		if end > from && end > at[1] {
			b.WriteString(s[from:at[1]] + removedMark)
			from = end
		}
	}
	return b.String() + s[from:]
}

// cutNamed removes values beside a name that says they are secret, and the user info of a URL.
func cutNamed(s string) string {
	if strings.Contains(s, "://") && strings.Contains(s, "@") {
		s = userInfo.ReplaceAllString(s, "${1}"+removedMark)
	}
	if !strings.ContainsAny(s, "=:<") || !hasSecretWord(asciiLower(s)) {
		return s
	}
	for _, p := range namedSecrets {
		if strings.Contains(s, p.needs) {
			s = p.pattern.ReplaceAllString(s, "${1}"+removedMark)
		}
	}
	return s
}

// secretWords are parts of names that hold secrets; secretNames are whole ones. Both in lower case, letters and digits only.
var (
	secretWords = [...]string{
		"password", "passwd", "passphrase", "passcode", "secret", "token", "authorization", "apikey", "privatekey",
		"signature", "credential", "cookie", "samlresponse", "samlrequest", "assertion", "jwt", "bearer",
	}
	secretNames = [...]string{
		"pwd", "pass", "pin", "otp", "totp", "mac", "key", "sig", "nonce", "athash", "chash", "shash", "codeverifier",
	}
)

// secretName reports whether a member or attribute of this name must not show its value.
func secretName(name string) bool {
	plain := strings.Map(func(r rune) rune {
		if r >= utf8.RuneSelf || !isAlnum(byte(r)) {
			return -1
		}
		return r
	}, asciiLower(name))
	for _, word := range secretWords {
		if strings.Contains(plain, word) {
			return true
		}
	}
	for _, whole := range secretNames {
		if plain == whole {
			return true
		}
	}
	return false
}

const secretWord = `(?:pass(?:word|wd|phrase|code)|secret|token|authorization|api[_-]?key|private[_-]?key|signature|credential|cookie|` +
	`saml(?:response|request)|assertion|jwt|nonce|\bpwd|\bsig|\bcode)[\w.-]*`

// hasSecretWord reports whether one of secretWord's alternatives may be in a lower-case text. It saves the patterns from
// most texts.
func hasSecretWord(lower string) bool {
	for _, part := range [...]string{
		"password", "passwd", "passphrase", "passcode", "secret", "token", "authorization", "api", "private", "signature",
		"credential", "cookie", "samlre", "assertion", "jwt", "nonce", "pwd", "sig", "code",
	} {
		if strings.Contains(lower, part) {
			return true
		}
	}
	return false
}

var userInfo = regexp.MustCompile(`(://)[^/\s:@]+:[^/\s@]+@`)

// namedSecrets find a value beside a name. A colon is also how a sentence goes on ("secret: 19 bytes"), so after one only
// what mixes letters and digits is taken, but anything at all after a password. An object or a list takes the rest of the
// text with it, because where it ends is not known.
var namedSecrets = [...]struct {
	needs   string // a text without it does not match
	pattern *regexp.Regexp
}{
	{"=", regexp.MustCompile(`(?i)(` + secretWord + `\\?["']?\s*=\s*\\?["']?)[^\s"'&;,<>]+`)},
	{":", regexp.MustCompile(`(?i)(` + secretWord + `\\?["']\s*:\s*)(?:\\"[^"]*|"(?:\\.|[^"\\])*|'[^']*|[{\[](?s:.*)|[^\s,}"']+)`)},
	{":", regexp.MustCompile(`(?i)(` + secretWord + `\s*:\s*)(?:[^\s"'&;,<>]*(?:[a-z][^\s"'&;,<>]*\d|\d[^\s"'&;,<>]*[a-z])[^\s"'&;,<>]*)`)},
	{":", regexp.MustCompile(`(?i)(pass(?:word|wd|phrase|code)\s*:\s*)[^\s"'&;,<>]+`)},
	{"<", regexp.MustCompile(`(?i)(<[\w:.-]*` + secretWord + `[^<>]*>)[^<]+`)},
}

// cutRuns removes every run of token characters that looks like a token or a key.
func cutRuns(s string) string {
	var b strings.Builder
	from, at := 0, 0
	for at < len(s) {
		if !isRunByte(s[at]) {
			at++
			continue
		}
		end := at + 1
		for end < len(s) && isRunByte(s[end]) {
			end++
		}
		if looksSecret(s[at:end]) {
			b.WriteString(s[from:at] + removedMark)
			from = end
		}
		at = end
	}
	if from == 0 {
		return s
	}
	return b.String() + s[from:]
}

// isRunByte reports whether c may be part of base64, base64url, hexadecimal, a compact JWS or JWE, or one of these
// percent-encoded.
func isRunByte(c byte) bool {
	return isAlnum(c) || strings.IndexByte("+/=_.~%-", c) >= 0
}

func looksSecret(run string) bool {
	if len(run) < shortestToken {
		return false
	}
	return strings.Contains(run, "eyJ") || opensJOSE(run) || randomLooking(run) || longHex(run)
}

// opensJOSE reports whether a part of the run is a JOSE header or another JSON object in base64url (RFC 7515 section 7.1,
// RFC 7516 section 7.1). "eyJ" is the usual one: it encodes the characters {".
func opensJOSE(run string) bool {
	for part := range strings.SplitSeq(run, ".") {
		if len(part) < 8 || part[0] != 'e' {
			continue
		}
		text, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(part, "="))
		if err == nil && text[0] == '{' && utf8.Valid(text) {
			return true
		}
	}
	return false
}

// randomLooking reports whether some window of the run has the mixture of cases and digits that keys, signatures and
// other base64 have.
func randomLooking(run string) bool {
	changes, digits := 0, 0
	for i := range len(run) {
		changes += caseChange(run, i)
		digits += digit(run[i])
		if out := i - tokenWindow; out >= 0 {
			changes -= caseChange(run, out+1)
			digits -= digit(run[out])
		}
		if i+1 >= tokenWindow && changes >= caseChanges && digits >= tokenDigits {
			return true
		}
	}
	return false
}

// caseChange is 1 when the letters at i-1 and i are of different case.
func caseChange(s string, i int) int {
	if i == 0 {
		return 0
	}
	a, b := s[i-1], s[i]
	if isAlnum(a) && isAlnum(b) && a >= 'A' && b >= 'A' && (a^b)&0x20 != 0 {
		return 1
	}
	return 0
}

func digit(c byte) int {
	if c >= '0' && c <= '9' {
		return 1
	}
	return 0
}

func longHex(run string) bool {
	n := 0
	for i := range len(run) {
		if c := run[i] | 0x20; digit(run[i]) == 1 || c >= 'a' && c <= 'f' && isAlnum(run[i]) {
			if n++; n >= hexKey {
				return true
			}
		} else {
			n = 0
		}
	}
	return false
}
