package jwtsso_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/jwtsso"
)

func get(query string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/access/jwt", nil)
	r.URL.RawQuery = query
	return r
}

func post(query, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/access/jwt", strings.NewReader(body))
	r.URL.RawQuery = query
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	return r
}

func bearer(r *http.Request, values ...string) *http.Request {
	r.Header["Authorization"] = values
	return r
}

func TestTheTokenArrives(t *testing.T) {
	token := withClaims(goodClaims)
	for name, r := range map[string]*http.Request{
		"in the URL":                            get("jwt=" + token),
		"in the URL, among others":              get("a=1&jwt=" + token + "&b"),
		"in the URL with escaped dots":          get("jwt=" + strings.ReplaceAll(token, ".", "%2E")),
		"in the URL with an escaped name":       get("%6Awt=" + token),
		"in a form":                             post("", "jwt="+token),
		"in a form, targets in the URL":         post("returnTo=/a", "jwt="+token),
		"in the header":                         bearer(get(""), "Bearer "+token),
		"in the header, the scheme small":       bearer(get(""), "bearer "+token),
		"in the header of a POST":               bearer(post("", ""), "Bearer "+token),
		"beside the password of a staging site": bearer(get("jwt="+token), "Basic c3RhZ2luZzpzZWNyZXQ="),
		"beside a broken, unescaped target":     get("jwt=" + token + "&returnTo=https://x.example/?a=1&b=100%"),
		"beside a name that cannot be decoded":  get("%zz=1&jwt=" + token),
		"beside a semicolon":                    get("a=1;2&jwt=" + token),
		"beside a target that holds a token":    get("jwt=" + token + "&returnTo=/login?jwt=other"),
	} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			a, err := verifier(t, config(&spender{})).Authenticate(w, r)
			require.NoError(t, err)
			require.Equal(t, "12345", a.Link.ExternalID)
			require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
			require.Equal(t, "no-referrer", w.Header().Get("Referrer-Policy"))
			require.Empty(t, w.Body.String())
		})
	}
}

func TestAuthenticateRefuses(t *testing.T) {
	token := withClaims(goodClaims)
	field := "jwt=" + token
	method := func(m string) *http.Request {
		r := get(field)
		r.Method = m
		return r
	}
	typed := func(kind, body string) *http.Request {
		r := post("", body)
		r.Header.Set("Content-Type", kind)
		return r
	}
	parsed := post("", field+"&"+field)
	require.NoError(t, parsed.ParseForm())
	for _, tt := range []struct {
		name string
		r    *http.Request
		want *lmssso.Reason
	}{
		{"HEAD, which prefetches and must spend nothing", method(http.MethodHead), lmssso.ErrMethod},
		{"OPTIONS", method(http.MethodOptions), lmssso.ErrMethod},
		{"PUT", method(http.MethodPut), lmssso.ErrMethod},
		{"a method in lower case", method("get"), lmssso.ErrMethod},
		{"no token", get(""), jwtsso.ErrTokenMissing},
		{"the parameter in another case", get("JWT=" + token), jwtsso.ErrTokenMissing},
		{"an empty token", get("jwt="), jwtsso.ErrCompact},
		{"a parameter without a value", get("jwt"), jwtsso.ErrCompact},
		{"the token twice in the URL", get(field + "&" + field), jwtsso.ErrTokenRepeated},
		{"the token twice, once under an escaped name", get(field + "&%6a%77%74=" + token), jwtsso.ErrTokenRepeated},
		{"the token and an empty one", get(field + "&jwt="), jwtsso.ErrTokenRepeated},
		{"the token twice in a form", post("", field+"&"+field), jwtsso.ErrTokenRepeated},
		{"the token twice in a form read before", parsed, jwtsso.ErrTokenRepeated},
		{"the token in URL and form", post(field, field), jwtsso.ErrTokenRepeated},
		{"the token in URL and header", bearer(get(field), "Bearer "+token), jwtsso.ErrTokenRepeated},
		{"the token in form and header", bearer(post("", field), "Bearer "+token), jwtsso.ErrTokenRepeated},
		{"two headers", bearer(get(""), "Bearer "+token, "Bearer "+token), jwtsso.ErrTokenRepeated},
		{"the token in the URL of a POST", post(field, ""), jwtsso.ErrDelivery},
		{"a header with nothing", bearer(get(""), "Bearer"), jwtsso.ErrCompact},
		{"a header with another scheme", bearer(get(""), "Token "+token), jwtsso.ErrTokenMissing},
		{"a header with more behind the token", bearer(get(""), "Bearer "+token+" x"), jwtsso.ErrEncoding},
		{"a broken escape in the token", get("jwt=" + token + "%"), jwtsso.ErrEncoding},
		{"an escaped line break in the token", get("jwt=" + token + "%0A"), jwtsso.ErrEncoding},
		{"a plus sign in the token", get("jwt=" + token + "+"), jwtsso.ErrEncoding},
		{"a token beyond 16 kB", get("jwt=" + token + strings.Repeat("A", 16<<10)), jwtsso.ErrTokenTooLarge},
		{"a URL beyond its size", get(field + "&x=" + strings.Repeat("a", 32<<10)), jwtsso.ErrRequestTooLarge},
		{"a form beyond its size", post("", field+"&x="+strings.Repeat("a", 64<<10)), jwtsso.ErrRequestTooLarge},
		{"JSON", typed("application/json", `{"jwt":"`+token+`"}`), jwtsso.ErrTokenMissing},
		{"a form in parts", typed("multipart/form-data; boundary=x", "--x\r\n"), jwtsso.ErrTokenMissing},
		{"a form without a type", typed("", field), jwtsso.ErrTokenMissing},
		{"two targets", get(field + "&returnTo=/a&returnTo=/b"), jwtsso.ErrRequest},
		{"a target in URL and form", post("returnTo=/a", field+"&returnTo=/b"), jwtsso.ErrRequest},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &spender{}
			a, err := verifier(t, config(s)).Authenticate(httptest.NewRecorder(), tt.r)
			refused(t, s, a, err, tt.want)
		})
	}
}

// The deliveries a dialect does not have are refused, also with a good token.
func TestOnlyTheDialectsDeliveriesCount(t *testing.T) {
	token := withClaims(goodClaims)
	for _, tt := range []struct {
		name string
		ways []jwtsso.Delivery
		r    *http.Request
		want *lmssso.Reason
	}{
		{"a form where only URLs count", []jwtsso.Delivery{jwtsso.InQuery}, post("", "jwt="+token), lmssso.ErrMethod},
		{"a header where only URLs count", []jwtsso.Delivery{jwtsso.InQuery}, bearer(get(""), "Bearer "+token), jwtsso.ErrDelivery},
		{"a URL where only forms count", []jwtsso.Delivery{jwtsso.InForm}, get("jwt=" + token), lmssso.ErrMethod},
		{"a header where only forms count", []jwtsso.Delivery{jwtsso.InForm}, bearer(post("", ""), "Bearer "+token), jwtsso.ErrDelivery},
		{"a URL where only headers count", []jwtsso.Delivery{jwtsso.InHeader}, get("jwt=" + token), jwtsso.ErrDelivery},
		{"a form where only headers count", []jwtsso.Delivery{jwtsso.InHeader}, post("", "jwt="+token), jwtsso.ErrDelivery},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &spender{}
			cfg := config(s)
			cfg.Dialect.Endpoint.Deliveries = tt.ways
			a, err := verifier(t, cfg).Authenticate(httptest.NewRecorder(), tt.r)
			refused(t, s, a, err, tt.want)
		})
	}
}

func TestThinkificTakesGetAlone(t *testing.T) {
	s := &spender{}
	cfg := config(s)
	cfg.Dialect = jwtsso.Thinkific()
	a, err := verifier(t, cfg).Authenticate(httptest.NewRecorder(), post("", "jwt=x.y.z"))
	refused(t, s, a, err, lmssso.ErrMethod)
}

func TestARepeatedErrorTargetIsRefused(t *testing.T) {
	s := &spender{}
	cfg := config(s)
	cfg.Dialect = jwtsso.Thinkific()
	a, err := verifier(t, cfg).Authenticate(httptest.NewRecorder(), get("jwt=x.y.z&error_url=/a&error_url=/b"))
	refused(t, s, a, err, jwtsso.ErrRequest)
}

func TestAVerifiedReturnTargetGoesBeforeTheRequests(t *testing.T) {
	for _, tt := range []struct{ name, claim, query, want string }{
		{"both", `"returnTo":"/claim"`, "/query", "/claim"},
		{"the claim alone", `"returnTo":"/claim"`, "", "/claim"},
		{"the parameter alone", `"ref1":"x"`, "/query", "/query"},
		{"neither", `"ref1":"x"`, "", ""},
		{"a blank claim", `"returnTo":""`, "/query", "/query"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := get(url.Values{"jwt": {withClaim(tt.claim)}, "returnTo": {tt.query}}.Encode())
			a, err := verifier(t, config(&spender{})).Authenticate(httptest.NewRecorder(), r)
			require.NoError(t, err)
			require.Equal(t, tt.want, a.ReturnTo)
		})
	}
}

func TestTargets(t *testing.T) {
	thinkific, zendesk, industries := jwtsso.Thinkific(), jwtsso.Zendesk(), jwtsso.ThoughtIndustries()
	const both = "return_to=https%3A%2F%2Fa.example%2F%3Fb%3Dc&error_url=https%3A%2F%2Fe.example"
	for _, tt := range []struct {
		name    string
		dialect jwtsso.Dialect
		logout  string
		r       *http.Request
		want    lmssso.Targets
	}{
		{"Thinkific, both", thinkific, "", get(both), lmssso.Targets{ReturnTo: "https://a.example/?b=c", ErrorURL: "https://e.example", ReportErrors: true}},
		{"Thinkific, none", thinkific, "", get(""), lmssso.Targets{ReportErrors: true}},
		{"Thinkific, an unescaped target", thinkific, "", get("return_to=https://a.example/?b=c&d=e"), lmssso.Targets{ReturnTo: "https://a.example/?b=c", ReportErrors: true}},
		{"Thinkific, a target with a broken escape", thinkific, "", get("return_to=/100%"), lmssso.Targets{ReturnTo: "/100%", ReportErrors: true}},
		{"Thinkific, one twice", thinkific, "", get(both + "&error_url=/x"), lmssso.Targets{ReturnTo: "https://a.example/?b=c", ReportErrors: true}},
		{"Zendesk, without a logout URL", zendesk, "", get(both), lmssso.Targets{ReturnTo: "https://a.example/?b=c"}},
		{"Zendesk, with one", zendesk, "https://idp.example/out", get(both), lmssso.Targets{ReturnTo: "https://a.example/?b=c", ErrorURL: "https://idp.example/out", ReportErrors: true}},
		{"Zendesk, in a form", zendesk, "", post("", "jwt=x&return_to=/a"), lmssso.Targets{ReturnTo: "/a"}},
		{"Thought Industries, whose refusals are pages", industries, "", get("returnTo=/learn/&error_url=/x"), lmssso.Targets{ReturnTo: "/learn/"}},
		{"a request too large to read", thinkific, "", get(both + strings.Repeat("&x", 20000)), lmssso.Targets{ReportErrors: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := config(&spender{})
			cfg.Dialect, cfg.ErrorURL = tt.dialect, tt.logout
			require.Equal(t, tt.want, verifier(t, cfg).Targets(tt.r))
		})
	}
}

// Whoever asks first, the other still sees the form.
func TestTheFormIsReadOnce(t *testing.T) {
	token := withClaims(goodClaims)
	for _, targetsFirst := range []bool{true, false} {
		v := verifier(t, config(&spender{}))
		r := post("", "jwt="+token+"&returnTo=/a&mine=1")
		if targetsFirst {
			require.Equal(t, "/a", v.Targets(r).ReturnTo)
		}
		a, err := v.Authenticate(httptest.NewRecorder(), r)
		require.NoError(t, err)
		require.Equal(t, "/a", a.ReturnTo)
		require.Equal(t, "/a", v.Targets(r).ReturnTo)
		require.Equal(t, "1", r.PostFormValue("mine"))
	}
}

type brokenBody struct{}

func (brokenBody) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

func TestABodyThatBreaksOff(t *testing.T) {
	s := &spender{}
	r := post("", "")
	r.Body = io.NopCloser(brokenBody{})
	a, err := verifier(t, config(s)).Authenticate(httptest.NewRecorder(), r)
	refused(t, s, a, err, jwtsso.ErrRequest)
	r.Body = nil
	a, err = verifier(t, config(s)).Authenticate(httptest.NewRecorder(), r)
	refused(t, s, a, err, jwtsso.ErrTokenMissing)
}
