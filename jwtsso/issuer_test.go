package jwtsso_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/jwtsso"
)

// payload reads a minted token's claims without this package's help.
func payload(t *testing.T, token lmssso.Secret) map[string]any {
	t.Helper()
	parts := strings.Split(string(token), ".")
	require.Len(t, parts, 3)
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	require.NoError(t, err)
	var c map[string]any
	require.NoError(t, json.Unmarshal(raw, &c))
	return c
}

func TestWhatATokenSays(t *testing.T) {
	cfg := issuerConfig(jwtsso.ThoughtIndustries())
	cfg.Expect = jwtsso.Expect{Issuer: "https://idp.example", Audience: "learn"}
	cfg.Lifetime = time.Minute
	cfg.Random = bytes.NewReader(make([]byte, 16))
	l := bob()
	l.LastName = ""
	l.Role, l.DualRole = "client-manager", true
	l.Access.CourseSlugs = attrs.List("a", "b")
	l.Access.BundleSlugs = attrs.Cleared()
	l.Access.Replace = lmssso.Replace{Courses: true, TieredSubscription: true}
	l.Access.Target.Slug = attrs.Text("acme")
	l.CustomFields = map[string]attrs.Value{"team": attrs.Text(`"red"`), "desk": attrs.Cleared(), "none": {}}
	l.More = map[attrs.Key]attrs.Value{attrs.Ref(3): attrs.Text("Zoë <&>"), attrs.LastName: attrs.Cleared()}

	token, err := issuer(t, cfg).Mint(l)
	require.NoError(t, err)
	require.Equal(t, map[string]any{
		"iat": 1700000000.0, "exp": 1700000060.0, "iss": "https://idp.example", "aud": "learn", "jti": "AAAAAAAAAAAAAAAAAAAAAA",
		"externalCustomerId": "12345", "email": "bob@example.com", "firstName": "Bob", "lastName": nil,
		"role": "client-manager", "dualRole": true, "courseSlugs": []any{"a", "b"}, "bundleSlugs": nil,
		"replaceCourseAccess": true, "tieredSubscription": true, "clientSlug": "acme",
		"customFields": map[string]any{"team": `"red"`, "desk": nil}, "ref3": "Zoë <&>",
	}, payload(t, token))
	require.Equal(t, "[redacted]", fmt.Sprint(token), "a token does not print")
}

func TestTheNewestKeySigns(t *testing.T) {
	cfg := issuerConfig(jwtsso.ThoughtIndustries())
	cfg.Keys = []lmssso.Secret{newKey, oldKey}
	token, err := issuer(t, cfg).Mint(bob())
	require.NoError(t, err)
	dot := strings.LastIndexByte(string(token), '.')
	require.Equal(t, b64(string(mac(newKey, string(token[:dot])))), string(token[dot+1:]))
}

func TestEveryTokenIsAnother(t *testing.T) {
	i := issuer(t, issuerConfig(jwtsso.Thinkific()))
	one, err := i.Mint(bob())
	require.NoError(t, err)
	two, err := i.Mint(bob())
	require.NoError(t, err)
	require.NotEqual(t, payload(t, one)["jti"], payload(t, two)["jti"])
}

func TestLearnerIsStudent(t *testing.T) {
	l := bob()
	l.Role = "learner"
	token, err := issuer(t, issuerConfig(jwtsso.ThoughtIndustries())).Mint(l)
	require.NoError(t, err)
	require.Equal(t, "student", payload(t, token)["role"])
}

func TestOneClaimForTheName(t *testing.T) {
	for _, tt := range []struct {
		name string
		l    jwtsso.Learner
		want any
	}{
		{"both", jwtsso.Learner{Email: "b@example.com", FirstName: "Mary Ann", LastName: "Smith"}, "Mary Ann Smith"},
		{"the first alone", jwtsso.Learner{Email: "b@example.com", FirstName: "Mary"}, "Mary"},
		{"the last alone", jwtsso.Learner{Email: "b@example.com", LastName: "Smith"}, "Smith"},
		{"the whole goes before", jwtsso.Learner{Email: "b@example.com", FirstName: "M", More: map[attrs.Key]attrs.Value{attrs.FullName: attrs.Text("Mary")}}, "Mary"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			token, err := issuer(t, issuerConfig(jwtsso.Zendesk())).Mint(tt.l)
			require.NoError(t, err)
			require.Equal(t, tt.want, payload(t, token)["name"])
		})
	}
}

func TestMintRefusesWhatThePlatformWould(t *testing.T) {
	with := func(change func(*jwtsso.Learner)) jwtsso.Learner {
		l := bob()
		l.More = map[attrs.Key]attrs.Value{}
		change(&l)
		return l
	}
	more := func(k attrs.Key, v attrs.Value) jwtsso.Learner {
		return with(func(l *jwtsso.Learner) { l.More[k] = v })
	}
	ti, th, ze := jwtsso.ThoughtIndustries(), jwtsso.Thinkific(), jwtsso.Zendesk()
	for _, tt := range []struct {
		name string
		d    jwtsso.Dialect
		l    jwtsso.Learner
		want *lmssso.Reason
	}{
		{"nobody", ti, jwtsso.Learner{}, jwtsso.ErrLearnerIncomplete},
		{"no external id", ti, with(func(l *jwtsso.Learner) { l.ExternalID = "" }), jwtsso.ErrLearnerIncomplete},
		{"no email", ti, with(func(l *jwtsso.Learner) { l.Email = "" }), jwtsso.ErrLearnerIncomplete},
		{"no name at Thinkific", th, with(func(l *jwtsso.Learner) { l.LastName = "" }), jwtsso.ErrLearnerIncomplete},
		{"no name at Zendesk", ze, with(func(l *jwtsso.Learner) { l.FirstName, l.LastName = "", "" }), jwtsso.ErrLearnerIncomplete},
		{"a cleared email", ti, more(attrs.Email, attrs.Cleared()), jwtsso.ErrLearnerIncomplete},
		{"a cleared role", ti, more(attrs.Role, attrs.Cleared()), lmssso.ErrAttributeMissing},
		{"an email with a display name", ti, with(func(l *jwtsso.Learner) { l.Email = "Bob <bob@example.com>" }), lmssso.ErrAttributeInvalid},
		{"two emails", ti, with(func(l *jwtsso.Learner) { l.Email = "a@example.com,b@example.com" }), lmssso.ErrAttributeInvalid},
		{"a role's display name", ti, with(func(l *jwtsso.Learner) { l.Role = "Client Admin" }), jwtsso.ErrRoleName},
		{"a dual role without a role", ti, with(func(l *jwtsso.Learner) { l.DualRole = true }), lmssso.ErrDualRoleIncomplete},
		{"a flag that is neither", ti, more(attrs.DualRole, attrs.Text("maybe")), lmssso.ErrAttributeInvalid},
		{"a flag no claim is due to", ti, more(attrs.ClearCart, attrs.Text("maybe")), lmssso.ErrAttributeInvalid},
		{"a role at Thinkific", th, with(func(l *jwtsso.Learner) { l.Role = "client-admin" }), jwtsso.ErrNotCarried},
		{"courses at Zendesk", ze, with(func(l *jwtsso.Learner) { l.Access.CourseSlugs = attrs.List("a") }), jwtsso.ErrNotCarried},
		{"custom fields at Thinkific", th, with(func(l *jwtsso.Learner) {
			l.CustomFields = map[string]attrs.Value{"a": attrs.Text("b")}
		}), jwtsso.ErrNotCarried},
		{"an attribute nobody knows", ti, more("nickname", attrs.Text("x")), jwtsso.ErrNotCarried},
		{"custom fields in the wrong place", ti, more(attrs.CustomFields, attrs.Text("x")), lmssso.ErrAttributeInvalid},
		{"two last names", ti, more(attrs.LastName, attrs.List("a", "b")), lmssso.ErrAttributeInvalid},
		{"a text that is no UTF-8", ti, with(func(l *jwtsso.Learner) { l.FirstName = "\xff" }), lmssso.ErrAttributeInvalid},
		{"a replacement character", ti, with(func(l *jwtsso.Learner) { l.FirstName = "\ufffd" }), lmssso.ErrAttributeInvalid},
		{"a NUL", ti, with(func(l *jwtsso.Learner) { l.FirstName = "\x00" }), lmssso.ErrAttributeInvalid},
		{"a line break in a name", ti, with(func(l *jwtsso.Learner) { l.FirstName = "a\nb" }), lmssso.ErrAttributeInvalid},
		{"a text beyond the reader's limit", ti, with(func(l *jwtsso.Learner) { l.FirstName = strings.Repeat("x", 5000) }), lmssso.ErrAttributeInvalid},
		{"custom fields that differ in case", ti, with(func(l *jwtsso.Learner) {
			l.CustomFields = map[string]attrs.Value{"a": attrs.Text("1"), "A": attrs.Text("2")}
		}), lmssso.ErrAttributeInvalid},
		{"too much for a token", ti, with(func(l *jwtsso.Learner) {
			l.CustomFields = map[string]attrs.Value{"a": attrs.Text(strings.Repeat("x", 15000))}
		}), jwtsso.ErrTokenTooLarge},
		{"too many courses", ti, with(func(l *jwtsso.Learner) {
			l.Access.CourseSlugs = attrs.List(strings.Split(strings.Repeat("a ", 2500), " ")...)
		}), lmssso.ErrAttributeInvalid},
		{"a return target that is relative", ti, more(attrs.ReturnTo, attrs.Text("learn/")), jwtsso.ErrTarget},
		{"a return target of two slashes", ti, more(attrs.ReturnTo, attrs.Text("//evil.example")), jwtsso.ErrTarget},
		{"a return target that is a script", ti, more(attrs.ReturnTo, attrs.Text("javascript:alert(1)")), jwtsso.ErrTarget},
	} {
		t.Run(tt.name, func(t *testing.T) {
			token, err := issuer(t, issuerConfig(tt.d)).Mint(tt.l)
			require.True(t, token == "", "no token beside an error")
			require.Same(t, tt.want, lmssso.ReasonOf(err), "%v", err)
			require.NotContains(t, err.Error(), "Bob", "an error must not tell personal data")
		})
	}
}

func TestDropUncarriedLeavesOutWhatThePlatformHasNoClaimFor(t *testing.T) {
	cfg := issuerConfig(jwtsso.Thinkific())
	cfg.DropUncarried = true
	l := fullLearner()
	l.Role = "client-admin"
	token, err := issuer(t, cfg).Mint(l)
	require.NoError(t, err)
	c := payload(t, token)
	delete(c, "jti")
	require.Equal(t, map[string]any{
		"iat": 1700000000.0, "external_id": "12345", "email": "bob@example.com", "first_name": "Bob", "last_name": "Jones",
	}, c)
}

func TestAStudentNeedsNoRoleClaim(t *testing.T) {
	l := bob()
	l.Role = "student"
	_, err := issuer(t, issuerConfig(jwtsso.Thinkific())).Mint(l)
	require.NoError(t, err)
}

func TestNewIssuerRefuses(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*jwtsso.IssuerConfig)
		want   *lmssso.Reason
	}{
		{"no key", func(c *jwtsso.IssuerConfig) { c.Keys = nil }, jwtsso.ErrKeyCount},
		{"a short key", func(c *jwtsso.IssuerConfig) { c.Keys = []lmssso.Secret{guideSecret} }, jwtsso.ErrKeyTooShort},
		{"no endpoint", func(c *jwtsso.IssuerConfig) { c.Endpoint = "" }, lmssso.ErrConfiguration},
		{"a path for an endpoint", func(c *jwtsso.IssuerConfig) { c.Endpoint = "/access/jwt" }, lmssso.ErrConfiguration},
		{"http", func(c *jwtsso.IssuerConfig) { c.Endpoint = "http://learn.example.com" }, lmssso.ErrConfiguration},
		{"another scheme", func(c *jwtsso.IssuerConfig) { c.Endpoint = "ftp://learn.example.com" }, lmssso.ErrConfiguration},
		{"a user in the endpoint", func(c *jwtsso.IssuerConfig) { c.Endpoint = "https://a:b@learn.example.com" }, lmssso.ErrConfiguration},
		{"a fragment in the endpoint", func(c *jwtsso.IssuerConfig) { c.Endpoint = "https://learn.example.com/#x" }, lmssso.ErrConfiguration},
		{"the token's parameter in the endpoint", func(c *jwtsso.IssuerConfig) { c.Endpoint = "https://learn.example.com/?jwt=" }, lmssso.ErrConfiguration},
		{"a negative lifetime", func(c *jwtsso.IssuerConfig) { c.Lifetime = -1 }, lmssso.ErrConfiguration},
		{"a lifetime of a day", func(c *jwtsso.IssuerConfig) { c.Lifetime = 24 * time.Hour }, lmssso.ErrConfiguration},
		{"two attributes in one claim", func(c *jwtsso.IssuerConfig) { c.Dialect.Claims[attrs.Ref(1)] = attrs.From("email") }, jwtsso.ErrDialect},
		{"an attribute in the issuer's claim", func(c *jwtsso.IssuerConfig) { c.Dialect.Claims[attrs.Ref(1)] = attrs.From("iss") }, jwtsso.ErrDialect},
		{"a nested claim", func(c *jwtsso.IssuerConfig) { c.Dialect.Claims[attrs.Ref(1)] = attrs.From("/user/ref") }, jwtsso.ErrDialect},
		{"translated values", func(c *jwtsso.IssuerConfig) {
			c.Dialect.Claims[attrs.Role] = attrs.Source{From: []string{"role"}, Values: map[string]string{"a": "student"}}
		}, jwtsso.ErrDialect},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := issuerConfig(jwtsso.ThoughtIndustries())
			tt.change(&cfg)
			i, err := jwtsso.NewIssuer(cfg)
			require.Nil(t, i)
			require.Same(t, tt.want, lmssso.ReasonOf(err), "%v", err)
		})
	}
}

func TestWhatAnIssuerAllowsByName(t *testing.T) {
	cfg := issuerConfig(jwtsso.ThoughtIndustries())
	cfg.Endpoint = "http://127.0.0.1:8080"
	issuer(t, cfg)
	cfg.Endpoint, cfg.AllowHTTP = "http://lms.test.example", true
	issuer(t, cfg)
	cfg.Keys, cfg.AllowShortKeys = []lmssso.Secret{guideSecret}, true
	issuer(t, cfg)
}

func TestRedirectURL(t *testing.T) {
	const target = "https://www.example.org/a?b=c&d=%20+e#f"
	th := issuerConfig(jwtsso.Thinkific())
	th.Endpoint = "https://school.thinkific.com/api/sso/v2/sso/jwt"
	link, err := issuer(t, th).RedirectURL(bob(), jwtsso.RedirectOptions{ReturnTo: target, ErrorURL: "/sorry"})
	require.NoError(t, err)
	u, err := url.Parse(link)
	require.NoError(t, err)
	require.Equal(t, "https://school.thinkific.com/api/sso/v2/sso/jwt", u.Scheme+"://"+u.Host+u.Path)
	q, err := url.ParseQuery(u.RawQuery)
	require.NoError(t, err)
	require.Len(t, q, 3)
	require.Equal(t, []string{target}, q["return_to"])
	require.Equal(t, []string{"/sorry"}, q["error_url"])

	ti := issuerConfig(jwtsso.ThoughtIndustries())
	ti.Endpoint = "https://learn.example.com/access/jwt/acme?brand=7"
	link, err = issuer(t, ti).RedirectURL(bob(), jwtsso.RedirectOptions{ReturnTo: target})
	require.NoError(t, err)
	head, token, _ := strings.Cut(link, "&jwt=")
	require.Equal(t, "https://learn.example.com/access/jwt/acme?brand=7", head)
	require.Equal(t, target, payload(t, lmssso.Secret(token))["returnTo"], "signed, where the dialect has a claim")
}

func TestRedirectURLRefuses(t *testing.T) {
	post := jwtsso.Zendesk()
	post.Endpoint.Deliveries = []jwtsso.Delivery{jwtsso.InForm}
	for _, tt := range []struct {
		name string
		d    jwtsso.Dialect
		o    jwtsso.RedirectOptions
		want *lmssso.Reason
	}{
		{"a dialect that takes forms alone", post, jwtsso.RedirectOptions{}, jwtsso.ErrDelivery},
		{"an error URL where there is none", jwtsso.ThoughtIndustries(), jwtsso.RedirectOptions{ErrorURL: "/x"}, jwtsso.ErrTarget},
		{"a return target of two slashes", jwtsso.Thinkific(), jwtsso.RedirectOptions{ReturnTo: "//evil.example"}, jwtsso.ErrTarget},
		{"a return target with a backslash", jwtsso.Thinkific(), jwtsso.RedirectOptions{ReturnTo: `/\evil.example`}, jwtsso.ErrTarget},
		{"an error URL with a user", jwtsso.Thinkific(), jwtsso.RedirectOptions{ErrorURL: "https://a@evil.example"}, jwtsso.ErrTarget},
		{"a signed return target that is a script", jwtsso.ThoughtIndustries(), jwtsso.RedirectOptions{ReturnTo: "javascript:alert(1)"}, jwtsso.ErrTarget},
	} {
		t.Run(tt.name, func(t *testing.T) {
			link, err := issuer(t, issuerConfig(tt.d)).RedirectURL(bob(), tt.o)
			require.Empty(t, link)
			require.Same(t, tt.want, lmssso.ReasonOf(err), "%v", err)
		})
	}
}

func TestForm(t *testing.T) {
	cfg := issuerConfig(jwtsso.Zendesk())
	form, err := issuer(t, cfg).Form(bob(), jwtsso.RedirectOptions{ReturnTo: `/a?b="c"`})
	require.Error(t, err, "a quotation mark must be escaped in a URL")
	require.Nil(t, form)
	form, err = issuer(t, cfg).Form(bob(), jwtsso.RedirectOptions{ReturnTo: "/a?b=c&d=e"})
	require.NoError(t, err)
	require.Equal(t, "https://learn.example.com/access/jwt", form.Action)
	require.Equal(t, []string{"jwt", "return_to"}, []string{form.Fields[0].Name, form.Fields[1].Name})
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", form.Fields, form.Fields, form.Fields), string(form.Fields[0].Value))

	w := httptest.NewRecorder()
	form.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	require.Equal(t, 200, w.Code)
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	require.Equal(t, "no-referrer", w.Header().Get("Referrer-Policy"))
	require.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'")
	require.Contains(t, w.Body.String(), `<form method="post" action="https://learn.example.com/access/jwt">`)
	require.Contains(t, w.Body.String(), `name="return_to" value="/a?b=c&amp;d=e"`)

	values := url.Values{}
	for _, f := range form.Fields {
		values.Set(f.Name, string(f.Value))
	}
	vcfg := config(&spender{})
	vcfg.Dialect = jwtsso.Zendesk()
	a, err := verifier(t, vcfg).Authenticate(httptest.NewRecorder(), post("", values.Encode()))
	require.NoError(t, err)
	require.Equal(t, "/a?b=c&d=e", a.ReturnTo)

	_, err = issuer(t, issuerConfig(jwtsso.Thinkific())).Form(bob(), jwtsso.RedirectOptions{})
	require.ErrorIs(t, err, jwtsso.ErrDelivery)
}

func TestNoRandomBitsNoToken(t *testing.T) {
	cfg := issuerConfig(jwtsso.ThoughtIndustries())
	cfg.Random = io.LimitReader(strings.NewReader("too few"), 7)
	_, err := issuer(t, cfg).Mint(bob())
	require.ErrorIs(t, err, lmssso.ErrUnavailable)
	require.True(t, errors.Is(err, io.ErrUnexpectedEOF))
}

// A login verified by one connection is passed on to another platform.
func TestLearnerFromAnAssertion(t *testing.T) {
	in, err := verifier(t, config(&spender{})).Verify(t.Context(), withClaim(
		`"firstName":"Bob","lastName":null,"role":"client-admin","dualRole":true,"language":"de","imisId":"i","sfContactId":"c","sfAccountId":"a",`+
			`"bio":"b","company":"co","timezone":"Europe/Berlin","picture":"https://x.example/p","ref1":"1","ref10":"10",`+
			`"customFields":{"team":"red","desk":null},"courseSlugs":["a"],"studentLicenseIds":[],"replaceLicenseAccess":true,"clientSku":"s","returnTo":"/here"`))
	require.NoError(t, err)
	token, err := issuer(t, issuerConfig(jwtsso.ThoughtIndustries())).Mint(jwtsso.LearnerFrom(in))
	require.NoError(t, err)
	out, err := verifier(t, config(&spender{})).Verify(t.Context(), string(token))
	require.NoError(t, err)
	require.Equal(t, in.Link, out.Link)
	require.Equal(t, in.Profile, out.Profile)
	require.Equal(t, in.Access, out.Access)
	require.Empty(t, out.ReturnTo, "the return target was made for this site")
}
