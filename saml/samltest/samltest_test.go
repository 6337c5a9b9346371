package samltest_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/saml/samltest"
)

func body(t *testing.T, resp *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(b)
}

func TestSignInFromStartToEnd(t *testing.T) {
	for name, m := range map[string]samltest.Manner{
		"by default":          {},
		"response signed":     {Sign: samltest.SignResponse},
		"both, encrypted":     {Sign: samltest.SignBoth, Encrypt: true},
		"CBC, key beside":     {Encrypt: true, Encryption: samltest.Encryption{Cipher: "http://www.w3.org/2001/04/xmlenc#aes256-cbc", KeyBeside: true}},
		"without KeyInfo":     {KeyInfo: samltest.KeyAbsent},
		"by SHA-512":          {Method: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512"},
		"written differently": {Style: samltest.Style{Protocol: "ns0", Assertion: "xmlns", TimeLayout: "2006-01-02T15:04:05.000Z", Declaration: true}},
	} {
		for _, path := range []string{"/login", "/login-by-form"} {
			t.Run(name+" "+path, func(t *testing.T) {
				idp := samltest.NewIdP(t)
				app := newApp(t, idp)
				idp.Register(app.known())
				idp.SetManner(m)
				resp := idp.SignIn(idp.Client(), app.URL+path)
				require.Equal(t, http.StatusOK, resp.StatusCode)
				require.Equal(t, "user-1 user@example.com handle", body(t, resp))
				session, ok := idp.Session(app.URL + "/metadata")
				require.True(t, ok)
				require.Equal(t, "user-1", session.NameID)
				require.NotEmpty(t, session.Index)
			})
		}
	}
}

func TestRegistrationByMetadata(t *testing.T) {
	idp := samltest.NewIdPWith(t, samltest.Options{WantSignedRequests: true})
	app := newApp(t, idp)
	idp.RegisterMetadata([]byte(`<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="` + app.URL + `/metadata"><SPSSODescriptor>` +
		`<AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="` + app.URL + `/acs" index="0"/></SPSSODescriptor></EntityDescriptor>`))
	idp.SetUser(samltest.User{NameID: "other", Attributes: []samltest.Attribute{{Name: "email", Values: []string{"other@example.com"}}}})
	require.Equal(t, "other other@example.com handle", body(t, idp.SignIn(idp.Client(), app.URL+"/login")))
}

func TestRequestAndRespondByHand(t *testing.T) {
	idp := samltest.NewIdP(t)
	app := newApp(t, idp)
	idp.Register(app.known())
	client := idp.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp := idp.SignIn(client, app.URL+"/login")
	req := idp.Request(resp.Header.Get("Location"))
	require.True(t, req.Signed)
	require.Equal(t, app.URL+"/metadata", req.Issuer)
	require.Equal(t, "handle", req.RelayState)

	fields := idp.Respond(req, samltest.User{NameID: "by-hand", Format: "none", Attributes: []samltest.Attribute{{Name: "a"}}})
	require.NotContains(t, string(inflate(fields.Get("SAMLResponse"))), "nameid-format")
	require.Equal(t, "by-hand  handle", body(t, idp.Post(idp.Client(), app.URL+"/acs", fields)))

	fields = idp.Respond(req, samltest.User{NameID: "by-hand"}, samltest.Unsigned)
	resp = idp.Post(idp.Client(), app.URL+"/acs", fields)
	require.Equal(t, http.StatusForbidden, resp.StatusCode)

	fields = idp.Unsolicited(app.URL+"/metadata", "state", samltest.User{NameID: "unasked", Attributes: []samltest.Attribute{{Name: "a"}}})
	require.NotContains(t, string(inflate(fields.Get("SAMLResponse"))), "InResponseTo")
	require.Equal(t, "unasked  state", body(t, idp.Post(idp.Client(), app.URL+"/acs", fields)))
}

// fooling are the faults by which the library behind the test's application, used plainly, takes the forged name: it keeps
// the last of two elements, which the provider itself signed.
var fooling = []samltest.Fault{samltest.TwoNameIDs, samltest.TwoSubjects}

// slow are the faults over which that library spends seconds.
var slow = []samltest.Fault{samltest.HugeAttributes, samltest.HugeNamespaces}

// TestFaultsReachTheApplication signs in once with each fault.
func TestFaultsReachTheApplication(t *testing.T) {
	idp := samltest.NewIdP(t)
	app := newApp(t, idp)
	idp.Register(app.known())
	refused := 0
	faults := slices.DeleteFunc(samltest.Faults(), func(f samltest.Fault) bool { return slices.Contains(slow, f) })
	for _, f := range faults {
		t.Run(string(f), func(t *testing.T) {
			idp.SetFaults()
			idp.SignIn(idp.Client(), app.URL+"/login")
			idp.SetFaults(f)
			resp := idp.SignIn(idp.Client(), app.URL+"/login")
			if resp.StatusCode != http.StatusOK {
				require.Equal(t, http.StatusForbidden, resp.StatusCode, body(t, resp))
				refused++
				return
			}
			require.Equal(t, slices.Contains(fooling, f), strings.Contains(body(t, resp), samltest.ForgedNameID))
		})
	}
	require.Greater(t, refused, 50)
}

func TestClockIsTheTests(t *testing.T) {
	at := time.Date(2030, 5, 6, 7, 8, 9, 0, time.UTC)
	idp := samltest.NewIdPWith(t, samltest.Options{Now: func() time.Time { return at }})
	idp.Register(samltest.SP{EntityID: "urn:sp", ACS: "https://sp.example/acs"})
	require.Contains(t, string(inflate(idp.Unsolicited("urn:sp", "", samltest.User{NameID: "a"}).Get("SAMLResponse"))), `IssueInstant="2030-05-06T07:08:09Z"`)
	idp.SetNow(func() time.Time { return at.Add(time.Hour) })
	require.Contains(t, string(inflate(idp.Unsolicited("urn:sp", "", samltest.User{NameID: "a"}).Get("SAMLResponse"))), `IssueInstant="2030-05-06T08:08:09Z"`)
}

func TestMetadata(t *testing.T) {
	idp := samltest.NewIdPWith(t, samltest.Options{SeparateLogoutResponses: true})
	resp, err := http.Get(idp.MetadataURL)
	require.NoError(t, err)
	text := body(t, resp)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, string(idp.Metadata()), text)
	require.Contains(t, text, `entityID="`+idp.EntityID+`"`)
	require.Contains(t, text, `ResponseLocation="`+idp.SLOURL+`/answers"`)

	ec := samltest.NewECDSAKey(t)
	idp.SetMetadata([]samltest.Key{ec, ec}, true, time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC), true)
	text = string(idp.Metadata())
	require.Equal(t, 2, strings.Count(text, "<md:KeyDescriptor>"))
	require.Contains(t, text, `validUntil="2031-01-01T00:00:00Z"`)
	require.Contains(t, text, "SignatureValue")
	require.Equal(t, 4, strings.Count(string(idp.Aggregate(3, time.Time{})), "<md:EntityDescriptor"))
}

func TestLogoutByTheProvider(t *testing.T) {
	idp := samltest.NewIdP(t)
	app := newApp(t, idp)
	idp.Register(app.known())
	client := idp.Client()
	idp.SignIn(client, app.URL+"/login")
	require.Equal(t, "signed out", body(t, idp.Logout(client, app.URL+"/metadata")))
	session, _ := idp.Session(app.URL + "/metadata")
	step := idp.LogoutRequest(session, samltest.Post)
	require.Equal(t, app.URL+"/slo", step.Action)
	require.Equal(t, "signed out", body(t, idp.Post(client, step.Action, step.Fields)))
	require.Len(t, app.logout, 2)
	require.True(t, strings.HasPrefix(app.logout[0], "GET <samlp:LogoutRequest"))
	require.True(t, strings.HasPrefix(app.logout[1], "POST <samlp:LogoutRequest"))
	for _, l := range app.logout {
		require.Contains(t, l, ">user-1</saml:NameID><samlp:SessionIndex>"+session.Index+"</samlp:SessionIndex>")
	}
	require.Contains(t, app.logout[1], step.ID)
	require.Empty(t, idp.LogoutAnswers())
}

func TestLogoutByTheApplication(t *testing.T) {
	idp := samltest.NewIdP(t)
	app := newApp(t, idp)
	idp.Register(app.known())
	client := idp.Client()
	idp.SignIn(client, app.URL+"/login")
	session, _ := idp.Session(app.URL + "/metadata")

	doc, err := app.sp.BuildLogoutRequestDocument(session.NameID, session.Index)
	require.NoError(t, err)
	page, err := app.sp.BuildLogoutBodyPostFromDocument("state", doc)
	require.NoError(t, err)
	resp := idp.Post(client, idp.SLOURL, fieldsOf(t, string(page)))
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Equal(t, "signed out", body(t, resp))
	require.Equal(t, []samltest.Session{{SP: session.SP, NameID: "user-1", Index: session.Index}}, idp.Ended())
	_, still := idp.Session(session.SP)
	require.False(t, still)
}

var hidden = regexp.MustCompile(`name="(\w+)"[^>]*value="([^"]*)"`)

func fieldsOf(t *testing.T, page string) url.Values {
	t.Helper()
	out := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(page, -1) {
		out.Set(m[1], strings.ReplaceAll(m[2], "&#43;", "+"))
	}
	require.NotEmpty(t, out)
	return out
}

func TestBrowsing(t *testing.T) {
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	page := func(path, text string) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = io.WriteString(w, text+r.PostFormValue("RelayState")+" from "+r.Header.Get("Origin"))
		})
	}
	page("/circle", formPage("/circle", url.Values{"SAMLResponse": {"a"}}))
	page("/relative", formPage("end", url.Values{"SAMLResponse": {"a"}, "RelayState": {`<&"'`}}))
	page("/end", "")
	page("/other", formPage("/end", url.Values{"password": {"a"}}))

	_, err := samltest.Browse(server.Client(), server.URL+"/circle")
	require.ErrorContains(t, err, "circles")
	resp, err := samltest.Browse(server.Client(), server.URL+"/relative")
	require.NoError(t, err)
	require.Equal(t, `<&"' from `+server.URL, body(t, resp))
	resp, err = samltest.Browse(server.Client(), server.URL+"/other")
	require.NoError(t, err)
	require.Contains(t, body(t, resp), "<form", "a form that carries no SAML message is left to the user")
	_, err = samltest.Browse(server.Client(), "http://127.0.0.1:0/")
	require.Error(t, err)
}

// TestEveryFaultHasAConstant compares the constants of this package with the menu.
func TestEveryFaultHasAConstant(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "fault.go", nil, parser.ParseComments)
	require.NoError(t, err)
	var constants []string
	ast.Inspect(file, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || v.Type == nil {
			return true
		}
		require.NotNil(t, v.Comment, "%s is not documented", v.Names[0].Name)
		value, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
		require.NoError(t, err)
		constants = append(constants, value)
		return true
	})
	var menu []string
	for _, f := range samltest.Faults() {
		menu = append(menu, string(f))
		require.NotEmpty(t, f.Explanation())
	}
	sort.Strings(constants)
	sort.Strings(menu)
	require.Equal(t, menu, constants)
	require.Subset(t, samltest.Faults(), samltest.LogoutFaults())
}
