package saml_test

import (
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/internal/demoidp/saml"
)

// peers are two sides of a logout: each knows the other as its service provider.
func peers(t *testing.T, key saml.Key) (idp, sp *saml.IdP) {
	t.Helper()
	now := func() time.Time { return noon }
	idp, err := saml.New(saml.Config{EntityID: "urn:idp", SSOURL: "https://idp.example/sso", SLOURL: "https://idp.example/slo", SLOResponseURL: "https://idp.example/answers",
		Keys: []saml.Key{key}, Stranger: strangerKey(), Now: now})
	require.NoError(t, err)
	sp, err = saml.New(saml.Config{EntityID: "urn:sp", SSOURL: "https://sp.example/sso", SLOURL: spSLO, Keys: []saml.Key{spKey()}, Stranger: strangerKey(), Now: now})
	require.NoError(t, err)
	for _, b := range []saml.Binding{saml.Redirect, saml.Post} {
		known, err := idp.SP("urn:sp")
		if err != nil {
			known = saml.SP{EntityID: "urn:sp", Signing: []*x509.Certificate{spKey().Certificate}}
		}
		known.SLO = append(known.SLO, saml.Endpoint{Binding: b, URL: spSLO})
		require.NoError(t, idp.Register(known))
	}
	both := []saml.Endpoint{{Binding: saml.Redirect, URL: "https://idp.example/slo", ResponseURL: "https://idp.example/answers"},
		{Binding: saml.Post, URL: "https://idp.example/slo", ResponseURL: "https://idp.example/answers"}}
	require.NoError(t, sp.Register(saml.SP{EntityID: "urn:idp", Signing: []*x509.Certificate{key.Certificate}, SLO: both}))
	return idp, sp
}

// travel is how the browser would bring a message.
func travel(o *saml.Outgoing) *http.Request {
	if o.Form == nil {
		return httptest.NewRequest(http.MethodGet, o.Redirect, nil)
	}
	r := httptest.NewRequest(http.MethodPost, o.Form.Action, strings.NewReader(o.Form.Fields.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

var session = saml.LogoutRequest{
	NameID:         saml.NameID{Value: "user", Format: saml.FormatPersistent, NameQualifier: "urn:idp", SPNameQualifier: "urn:sp"},
	SessionIndexes: []string{"one", "two"}, Reason: "urn:oasis:names:tc:SAML:2.0:logout:user", RelayState: "some/+ state",
}

func TestLogoutBothWaysAndBothBindings(t *testing.T) {
	for name, key := range map[string]saml.Key{"RSA": idpKey(), "ECDSA": ecKey()} {
		for _, binding := range []saml.Binding{"", saml.Redirect, saml.Post} {
			t.Run(name+" "+string(binding), func(t *testing.T) {
				idp, sp := peers(t, key)
				out, sent, err := idp.SendLogoutRequest("urn:sp", session, saml.LogoutHow{Binding: binding})
				require.NoError(t, err)
				require.Equal(t, binding == saml.Post, out.Form != nil)
				got, err := sp.ReadLogout(travel(out))
				require.NoError(t, err)
				require.True(t, got.Request.Signature.Verified)
				require.Equal(t, sent.ID, got.Request.ID)
				require.Equal(t, session.NameID, got.Request.NameID)
				require.Equal(t, session.SessionIndexes, got.Request.SessionIndexes)
				require.Equal(t, session.Reason, got.Request.Reason)
				require.Equal(t, session.RelayState, got.Request.RelayState)
				require.Equal(t, noon.Add(5*time.Minute), got.Request.NotOnOrAfter)

				out, err = sp.SendLogoutResponse("urn:idp", saml.LogoutResponse{InResponseTo: sent.ID, Status: saml.Status{Code: saml.StatusResponder, Detail: saml.StatusPartialLogout, Message: "Some"}},
					saml.LogoutHow{Binding: binding})
				require.NoError(t, err)
				got, err = idp.ReadLogout(travel(out))
				require.NoError(t, err)
				require.Equal(t, sent.ID, got.Response.InResponseTo)
				require.Equal(t, saml.Status{Code: saml.StatusResponder, Detail: saml.StatusPartialLogout, Message: "Some"}, got.Response.Status)
				require.Equal(t, "https://idp.example/answers", got.Response.Destination)
			})
		}
	}
}

func TestLogoutFaults(t *testing.T) {
	refused := map[saml.Fault]bool{saml.Unsigned: true, saml.WrongKey: true, saml.TamperedNameID: true, saml.SHA1Signature: true, saml.WrongIssuer: true,
		saml.WrongDestination: true, saml.MissingDestination: true}
	for _, binding := range []saml.Binding{saml.Redirect, saml.Post} {
		for _, f := range saml.LogoutFaults() {
			t.Run(string(binding)+" "+string(f), func(t *testing.T) {
				idp, sp := peers(t, idpKey())
				how := saml.LogoutHow{Binding: binding, Faults: []saml.Fault{f}}
				out, _, err := idp.SendLogoutRequest("urn:sp", session, how)
				require.NoError(t, err)
				request, err := sp.ReadLogout(travel(out))
				require.Equal(t, refused[f], err != nil, "request: %v", err)
				out, err = idp.SendLogoutResponse("urn:sp", saml.LogoutResponse{InResponseTo: "id-asked"}, how)
				require.NoError(t, err)
				response, err := sp.ReadLogout(travel(out))
				require.Equal(t, refused[f], err != nil, "response: %v", err)
				if !refused[f] {
					requireFault(t, f, request.Request, response.Response)
				}
			})
		}
	}
	idp, _ := peers(t, idpKey())
	_, _, err := idp.SendLogoutRequest("urn:sp", session, saml.LogoutHow{Faults: []saml.Fault{saml.XSW1}})
	require.Error(t, err)
	_, _, err = idp.SendLogoutRequest("urn:other", session, saml.LogoutHow{})
	require.Error(t, err)
}

// requireFault looks for what the fault says, and for nothing else being changed.
func requireFault(t *testing.T, f saml.Fault, request *saml.LogoutRequest, response *saml.LogoutResponse) {
	t.Helper()
	at := map[saml.Fault]time.Time{saml.OldIssueInstant: noon.Add(-24 * time.Hour), saml.FutureIssueInstant: noon.Add(time.Hour)}
	issued := noon
	if v, ok := at[f]; ok {
		issued = v
	}
	require.Equal(t, issued, request.IssueInstant)
	require.Equal(t, issued, response.IssueInstant)
	require.Equal(t, f == saml.Expired, request.NotOnOrAfter.Before(noon))
	require.Equal(t, f == saml.EmptyNameID, request.NameID.Value == "")
	require.Equal(t, f == saml.WrongInResponseTo || f == saml.MissingInResponseTo, response.InResponseTo != "id-asked")
	require.Equal(t, f == saml.MissingInResponseTo, response.InResponseTo == "")
	require.Equal(t, f == saml.StatusNotSuccess, response.Status.Code != saml.StatusSuccess)
}

func TestLogoutRedirectSignatureCoversTheQuery(t *testing.T) {
	idp, sp := peers(t, idpKey())
	out, _, err := idp.SendLogoutRequest("urn:sp", session, saml.LogoutHow{Binding: saml.Redirect})
	require.NoError(t, err)
	u, err := url.Parse(out.Redirect)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(u.RawQuery, "SAMLRequest="))
	for name, query := range map[string]string{
		"another RelayState":  strings.Replace(u.RawQuery, "RelayState=some", "RelayState=other", 1),
		"no RelayState":       strings.Replace(u.RawQuery, "&RelayState=some%2F%2B+state", "", 1),
		"a RelayState after":  u.RawQuery + "&RelayState=other",
		"a RelayState before": "RelayState=other&" + u.RawQuery,
		"escaped otherwise":   strings.Replace(u.RawQuery, "%2F%2B", "%2f%2b", 1),
	} {
		require.NotEqual(t, u.RawQuery, query, name)
		_, err := sp.ReadLogout(httptest.NewRequest(http.MethodGet, "/slo?"+query, nil))
		require.Error(t, err, name)
	}
}

func TestHandlers(t *testing.T) {
	p := newIdP(t)
	pick := func(_ http.ResponseWriter, _ *http.Request, req *saml.AuthnRequest) (*saml.Login, saml.How) {
		if req.IsPassive {
			l := login()
			return &l, saml.How{}
		}
		return nil, saml.How{}
	}
	w := httptest.NewRecorder()
	p.SSOHandler(pick).ServeHTTP(w, posted("SAMLRequest", authn))
	require.Equal(t, http.StatusOK, w.Code)
	require.Contains(t, w.Body.String(), `action="https://sp.example/acs"`)
	require.Contains(t, w.Body.String(), `name="SAMLResponse"`)
	require.Contains(t, w.Body.String(), `name="RelayState" value="handle"`)

	w = httptest.NewRecorder()
	p.SSOHandler(pick).ServeHTTP(w, posted("SAMLRequest", strings.Replace(authn, "IsPassive", "isPassive", 1)))
	require.Empty(t, w.Body.String())
	w = httptest.NewRecorder()
	p.SSOHandler(pick).ServeHTTP(w, posted("SAMLRequest", "nonsense"))
	require.Equal(t, http.StatusBadRequest, w.Code)

	w = httptest.NewRecorder()
	p.MetadataHandler(func() saml.MetadataOptions { return saml.MetadataOptions{} }).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metadata", nil))
	require.Equal(t, "application/samlmetadata+xml", w.Header().Get("Content-Type"))
	require.Equal(t, "EntityDescriptor", parse(t, w.Body.Bytes()).Tag)
}

func TestLogoutHandlerAnswersByTheBindingTold(t *testing.T) {
	idp, sp := peers(t, idpKey())
	var heard *saml.LogoutResponse
	handler := idp.SLOHandler(func(req *saml.LogoutRequest) (saml.Status, saml.LogoutHow) {
		require.Equal(t, "user", req.NameID.Value)
		return saml.Status{}, saml.LogoutHow{Binding: saml.Post}
	}, func(r *saml.LogoutResponse) { heard = r })

	out, sent, err := sp.SendLogoutRequest("urn:idp", session, saml.LogoutHow{Binding: saml.Redirect})
	require.NoError(t, err)
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, travel(out))
	form := &saml.Outgoing{Form: &saml.Form{Action: spSLO, Fields: url.Values{"SAMLResponse": {regexpValue(t, w.Body.String(), "SAMLResponse")}}}}
	got, err := sp.ReadLogout(travel(form))
	require.NoError(t, err)
	require.Equal(t, sent.ID, got.Response.InResponseTo)
	require.Equal(t, saml.StatusSuccess, got.Response.Status.Code)

	out, err = sp.SendLogoutResponse("urn:idp", saml.LogoutResponse{InResponseTo: "id-x"}, saml.LogoutHow{Binding: saml.Post})
	require.NoError(t, err)
	w = httptest.NewRecorder()
	handler.ServeHTTP(w, travel(out))
	require.Equal(t, "id-x", heard.InResponseTo)
	require.Equal(t, saml.StatusSuccess+"\n", w.Body.String())

	w = httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/slo", nil))
	require.Equal(t, http.StatusBadRequest, w.Code)
}
