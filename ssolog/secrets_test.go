package ssolog_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/ssolog"
)

// Secrets as they could reach the log, each with the pieces that must not be found in it. None of them is live.
const (
	header  = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
	payload = "eyJleHRlcm5hbEN1c3RvbWVySWQiOiIxMjM0NSIsImlhdCI6MTcwMDAwMDAwMH0"
	mac     = "q3Zk8sVYw0m5TnU2rXcPp7LhJd4eGf1oBaKsQxWzE9M"
	key     = "Vd3fK9sPq2LmZx7RtYb4Nc8WjHg5TeQa1UoIiSxDlC0="
	hexKey  = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	body64  = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"
	opaque  = "hunter2-Opaque.Credential"
)

var planted = []struct {
	name, text string
	pieces     []string
}{
	{"compact JWS", header + "." + payload + "." + mac, []string{header, payload, mac}},
	{"JWS with a spaced header", "eyAiYWxnIjogIkhTMjU2IiB9." + payload + "." + mac, []string{payload, mac}},
	{"unsigned token", "eyJhbGciOiJub25lIn0." + payload + ".", []string{payload}},
	{"short token, percent-encoded dots", "eyJhbGciOiJub25lIn0%2Ee30%2E", []string{"eyJhbGci"}},
	{"short token with a spaced header", "see eyAiYWxnIjoibm9uZSJ9.e30.", []string{"eyAiYWxn"}},
	{"compact JWE", header + "." + mac + "." + "AxY8DCtDaGlsbGljb3RoZQ." + payload + "." + "9hH0vgRfYgPnAHOd8stkvw", []string{mac, payload}},
	{"token, percent-encoded dots", header + "%2E" + payload + "%2E" + mac, []string{header, payload, mac}},
	{"a signature alone", mac, []string{mac}},
	{"a key in base64", key, []string{key}},
	{"a key in hexadecimal", hexKey, []string{hexKey}},
	{"bearer", "Authorization: Bearer " + opaque, []string{opaque}},
	{"bearer, folded", "bEaReR  " + opaque, []string{opaque}},
	{"basic", "Authorization: Basic Ym9iOmh1bnRlcjI=", []string{"Ym9iOmh1bnRlcjI"}},
	{"PEM", "-----BEGIN PRIVATE KEY-----\n" + body64 + "\nc2hvcnQ=\n-----END PRIVATE KEY-----\n", []string{body64, "c2hvcnQ"}},
	{"PEM on one line", `-----BEGIN EC PRIVATE KEY-----\nc2hvcnQ=\n-----END EC PRIVATE KEY-----`, []string{"c2hvcnQ"}},
	{"token in a URL", "https://x.example.com/cb?a=b&id_token=" + opaque + "&c=d", []string{opaque}},
	{"nonce in a URL", "https://x.example.com/authorize?a=b&nonce=n-3&c=d", []string{"n-3"}},
	{"password in a URL", "postgres://bob:" + opaque + "@db.example.com/lms", []string{opaque}},
	{"password in a sentence", "password: " + opaque, []string{opaque}},
	{"secret in a sentence", "client_secret: " + opaque, []string{opaque}},
	{"secret in JSON", `{"client_secret": "` + opaque + `", "n": 1}`, []string{opaque}},
	{"secret in broken JSON", `{"client_secret": "` + opaque + `", "n"`, []string{opaque}},
	{"secret deep in JSON", `{"a": [{"credentials": {"user": "u", "x": "` + opaque + `"}}]}`, []string{opaque}},
	{"secret in escaped JSON", `{\"access_token\":\"` + opaque + `\",\"n\":1}`, []string{opaque}},
	{"secret in XML", "<wsse:Password Type=\"x\">" + opaque + "</wsse:Password>", []string{opaque}},
}

func TestSecretsInEveryFieldOfAnAttemptStayOutOfEverythingShown(t *testing.T) {
	for _, p := range planted {
		for _, values := range []ssolog.ValuePolicy{ssolog.RedactValues, ssolog.KeepValues} {
			t.Run(p.name+"/"+values.String(), func(t *testing.T) {
				l := newLog(t, ssolog.Config{Values: values})
				for _, around := range []string{"see %s, please", "x%s", "%s/"} {
					record(t, l, fullOf(fmt.Sprintf(around, p.text), lmssso.SAML))
				}
				record(t, l, fullOf(p.text, lmssso.OIDC))
				for _, err := range errorsWith(p.text) {
					record(t, l, refusedWith(err))
				}
				refused := fullOf(p.text, lmssso.Protocol(p.text))
				refused.Err = errors.New(p.text)
				record(t, l, refused)
				requireNone(t, everythingShown(t, l), p.pieces)
			})
		}
	}
}

// requireNone says where a piece was found; the whole text would be too long to read.
func requireNone(t *testing.T, shown string, pieces []string) {
	t.Helper()
	for _, piece := range pieces {
		if i := strings.Index(shown, piece); i >= 0 {
			t.Errorf("found %q in …%s…", piece, shown[max(0, i-120):min(len(shown), i+len(piece)+20)])
		}
	}
}

// fullOf puts a text into every field of an attempt that can hold one.
func fullOf(text string, p lmssso.Protocol) *lmssso.Attempt {
	a := &lmssso.Attempt{Assertion: &lmssso.Assertion{}, Outcome: &lmssso.Outcome{}}
	plant(reflect.ValueOf(a).Elem(), text)
	a.Protocol, a.Assertion.Origin.Protocol = p, p
	return a
}

func refusedWith(err error) *lmssso.Attempt {
	a := jwtAttempt("T-1", "1", "a@example.com")
	a.Err = err
	return a
}

func errorsWith(text string) []error {
	cause := errors.New(text)
	full := &lmssso.Error{Reason: lmssso.ErrSignature, Detail: text, Expected: text, Received: text, Err: cause}
	return []error{
		cause,
		fmt.Errorf("%s: %w", text, lmssso.ErrMalformed),
		full,
		&lmssso.Error{Err: full},
		errors.Join(cause, full),
		&lmssso.Error{Reason: lmssso.ErrUnavailable, Err: cause},
		&attrs.Error{Key: attrs.Key(text), Detail: text, Expected: text, Received: text},
		lmssso.NewReason(lmssso.Code(text), 403, text, text),
	}
}

// plant sets every text below v, also in slices, maps and attribute values.
func plant(v reflect.Value, text string) {
	if v.Type() == reflect.TypeFor[attrs.Value]() {
		v.Set(reflect.ValueOf(attrs.List(text, text)))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		plant(v.Elem(), text)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				plant(v.Field(i), text)
			}
		}
	case reflect.Array:
		for i := range v.Len() {
			plant(v.Index(i), text)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			plant(v.Index(i), text)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		k, e := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		plant(k, text)
		plant(e, text)
		v.SetMapIndex(k, e)
	case reflect.String:
		v.SetString(text)
	}
}

// everythingShown is all the text the log gives out: JSON, the page, and what slog and fmt make of it.
func everythingShown(t *testing.T, l *ssolog.Log) string {
	t.Helper()
	var out bytes.Buffer
	for _, h := range []http.Handler{l.JSONHandler(), l.HTMLHandler()} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/?limit=1200", nil))
		require.Equal(t, http.StatusOK, w.Code)
		out.Write(w.Body.Bytes())
	}
	logger := slog.New(slog.NewJSONHandler(&out, nil))
	entries := all(t, l)
	require.NotEmpty(t, entries)
	logger.Info("log", "log", l, "entries", entries)
	for _, e := range entries {
		logger.Info("entry", "entry", e)
		fmt.Fprintf(&out, "%+v %v\n", e, e.Result.Error)
	}
	fmt.Fprintf(&out, "%+v", l)
	return out.String()
}

func jsonOf(t *testing.T, l *ssolog.Log) string {
	t.Helper()
	text, err := json.Marshal(all(t, l))
	require.NoError(t, err)
	return string(text)
}

func TestValuesOfAttributesNamedLikeASecretAreNeverKept(t *testing.T) {
	for _, name := range []string{
		"password", "userPassword", "api_key", "API-Key", "clientSecret", "access_token", "Authorization", "urn:x:SAMLResponse",
		"id_token_hint", "nonce", "at_hash", "c_hash", "s_hash", "code_verifier", "signature", "pin", "OTP", "pwd", "Session Cookie", "private.key",
	} {
		t.Run(name, func(t *testing.T) {
			l := newLog(t, ssolog.Config{Values: ssolog.KeepValues})
			a := jwtAttempt("T-1", "1", "a@example.com")
			a.Assertion.Raw[name] = []string{"swordfish"}
			a.Assertion.Profile.CustomFields = map[string]attrs.Value{name: attrs.Text("swordfish")}
			record(t, l, a)
			requireNone(t, jsonOf(t, l), []string{"swordfish"})
			require.Contains(t, jsonOf(t, l), name, "the name is kept")
		})
	}
}

func TestTheLogoutHintNeverEnters(t *testing.T) {
	l := newLog(t, ssolog.Config{Values: ssolog.KeepValues})
	a := jwtAttempt("T-1", "1", "a@example.com")
	a.Assertion.Session.Hint = "swordfish"
	record(t, l, a)
	requireNone(t, everythingShown(t, l), []string{"swordfish"})
}

func TestHarmlessValuesAreKeptAsSent(t *testing.T) {
	for _, text := range []string{
		"Bob O'Neil", "student", "Everyone", "61c81b3a-3c98-4704-a970-7c01f4debca4", "61C81B3A-3C98-4704-A970-7C01F4DEBCA4",
		"_74fa8cede8f6a019cb994af43620a3fb7546c2ba6a", "id43982046788224579913027701", "00u1example2TTnzU297",
		"https://learn.example.com/access/saml/consumer/acme", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
		"urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport", "urn:oid:0.9.2342.19200300.100.1.3",
		"advanced-kubernetes-operations-2024-edition-for-site-reliability-engineers", "Europe/Berlin", "日本語のユーザー",
		"/learn/course/intro?page=2", "eyes.example.com", `{"city":"Bern","tags":["a","b"]}`, "CN=Bob Jones,OU=Staff,DC=example,DC=com",
	} {
		t.Run(text, func(t *testing.T) {
			l := newLog(t, ssolog.Config{Values: ssolog.KeepValues})
			a := jwtAttempt("T-1", "1", "a@example.com")
			a.Assertion.Raw = map[string][]string{"about": {text}}
			record(t, l, a)
			require.Equal(t, []string{text}, all(t, l)[0].Response.User.Attributes["about"])
		})
	}
}

func TestSentencesOfTheLibraryAreKeptAsWritten(t *testing.T) {
	for _, text := range []string{
		"the secret: 19 bytes", "iat is 1700000501, now is 1700000000", "token: two dots are missing", "expected HS256, received none",
		"role client-admin; known are student, client-manager", "name the tenant as id, SKU or slug",
	} {
		l := newLog(t, ssolog.Config{})
		record(t, l, &lmssso.Attempt{Action: "jwt", Err: &lmssso.Error{Reason: lmssso.ErrMalformed, Detail: text}})
		require.Equal(t, text, all(t, l)[0].Result.Error.Detail)
	}
	l := newLog(t, ssolog.Config{})
	for _, r := range lmssso.Reasons() {
		record(t, l, &lmssso.Attempt{Action: "jwt", Err: r})
		got := all(t, l)[0].Result.Error
		require.Equal(t, ssolog.Failure{Code: r.Code(), Message: r.Public(), Remedy: r.Remedy()}, *got)
	}
}

func TestAPersonalValueInASentenceIsMaskedUnlessValuesAreKept(t *testing.T) {
	a := jwtAttempt("T-1", "ext-12345", "bob@example.com")
	a.Assertion.Subject.Value = "Bob.Jones"
	a.Err = &lmssso.Error{
		Reason: lmssso.ErrEmailTaken, Detail: "BOB@example.com belongs to somebody else", Expected: "ext-12345, not ext-123456",
		Received: "bob.jones or carol@example.org",
	}
	a.Outcome.Changes = []lmssso.Change{{Kind: lmssso.ChangeLink, Subject: "link:ext-12345", Why: "for Bob.Jones"}}
	a.Assertion.Warnings = []attrs.Warning{{Key: attrs.Email, Text: "was bob@example.com"}}
	a.Assertion.Origin.ID = "bob@example.com/17"

	l := newLog(t, ssolog.Config{})
	record(t, l, a)
	got := all(t, l)[0]
	require.Equal(t, "[redacted] belongs to somebody else", got.Result.Error.Detail)
	require.Equal(t, "[redacted], not ext-123456", got.Result.Error.Expected)
	require.Equal(t, "[redacted] or [redacted]", got.Result.Error.Received)
	require.Equal(t, "link:[redacted]", got.Changes[0].Subject)
	require.Equal(t, "for [redacted]", got.Changes[0].Why)
	require.Equal(t, "was [redacted]", got.Warnings[0].Text)
	requireNone(t, everythingShown(t, l), []string{"bob@", "Bob.", "carol@", "BOB@"})
	kept := newLog(t, ssolog.Config{Values: ssolog.KeepValues})
	record(t, kept, a)
	require.Equal(t, "BOB@example.com belongs to somebody else", all(t, kept)[0].Result.Error.Detail)
}

func TestValuesAreNowhereUnderTheDefaultPolicy(t *testing.T) {
	a := samlAttempt()
	a.Assertion.Profile.CustomFields = map[string]attrs.Value{"shirt": attrs.Text("XXL-green")}
	l := newLog(t, ssolog.Config{})
	record(t, l, a)
	shown := everythingShown(t, l)
	requireNone(t, shown, []string{"bob.jones", "Jones", "00u1example2", "ENG1192", "Relations", "a641d986", "XXL-green"})
	for _, name := range []string{"jobCode", "departmentID", "oktaID", "shirt", "studentLicenseIds"} {
		require.Contains(t, shown, name)
	}
}

func TestTextBeyondWhatIsSearchedIsDropped(t *testing.T) {
	l := newLog(t, ssolog.Config{Values: ssolog.KeepValues})
	a := jwtAttempt("T-1", "1", "a@example.com")
	a.Assertion.Raw = map[string][]string{"about": {strings.Repeat(mac, 378) + " kept " + strings.Repeat("far ", 60) + "END"}}
	record(t, l, a)
	got := all(t, l)[0].Response.User.Attributes["about"][0]
	require.Regexp(t, `^\[removed\] kept .*far \[truncated\]$`, got)
}

func TestTextThatTurnsThePageAroundIsMadePlain(t *testing.T) {
	l := newLog(t, ssolog.Config{Values: ssolog.KeepValues})
	a := jwtAttempt("T-1", "1", "a@example.com")
	a.Assertion.Raw = map[string][]string{"about": {"a\u202eb\x00c\x1b[31m\xffd"}}
	record(t, l, a)
	require.Equal(t, []string{"a�b�c�[31m�d"}, all(t, l)[0].Response.User.Attributes["about"])
}

func FuzzNoContextBringsASecretIntoTheLog(f *testing.F) {
	plain := planted[:14] // the others are recognised by what stands around them
	for i := range plain {
		f.Add(byte(i), "", "")
		f.Add(byte(i), "Bearer x", " y")
		f.Add(byte(i), `{"token":"`, `"}`)
		f.Add(byte(i), "-----BEGIN a -----END b", "-----")
		f.Add(byte(i), "AAAAAA.", ".AAAA")
		f.Add(byte(i), "token: ", "=")
		f.Add(byte(i), "\\", "'\"")
	}
	f.Add(byte(0), strings.Repeat("A", 16<<10-50), "B")
	f.Fuzz(func(t *testing.T, which byte, before, after string) {
		p := plain[int(which)%len(plain)]
		l := newLog(t, ssolog.Config{Values: ssolog.KeepValues})
		text := before + p.text + after
		a := jwtAttempt("T-1", "1", "a@example.com")
		a.Assertion.Raw = map[string][]string{"about": {text}, text: {"x"}}
		a.Assertion.ReturnTo = text
		a.Err = &lmssso.Error{Reason: lmssso.ErrSignature, Detail: text, Err: errors.New(text)}
		if err := l.Record(context.Background(), a); err != nil {
			t.Fatal(err)
		}
		shown := jsonOf(t, l)
		for _, piece := range p.pieces {
			if strings.Contains(shown, piece) && !strings.Contains(before+after, piece) {
				t.Fatalf("%s: %q is in the log", p.name, piece)
			}
		}
	})
}

func TestAnOpenIDConnectLoginsSecretsStayOut(t *testing.T) {
	for _, values := range []ssolog.ValuePolicy{ssolog.RedactValues, ssolog.KeepValues} {
		l := newLog(t, ssolog.Config{Values: values})
		record(t, l, oidcAttempt())
		requireNone(t, everythingShown(t, l), []string{oidcNonce, oidcAtHash, oidcHint, "planted"})
		e := all(t, l)[0]
		require.Equal(t, []string{"openId", "callback", "id_token"}, []string{e.Type, e.Action, e.Response.Type})
		require.Contains(t, e.Response.User.Attributes, "nonce", "names are always kept")
		for _, by := range []string{"123456780", "01EY1SAQY490WCG2H7SZ1365HN", "bob@example.com"} {
			require.Len(t, query(t, l, ssolog.Query{User: by}), 1, "found by external id, sub and address")
		}
	}
}
