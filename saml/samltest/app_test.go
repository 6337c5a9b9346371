package samltest_test

import (
	"bytes"
	"compress/flate"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	saml2 "github.com/russellhaering/gosaml2"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/lmssso/lmssso/saml/samltest"
)

// app is a small application that signs in by SAML with a library written by others. It is no example: it leaves most
// checks out.
type app struct {
	*httptest.Server
	key samltest.Key
	sp  *saml2.SAMLServiceProvider

	mu     sync.Mutex
	logout []string
}

// appKey is made once, because RSA keys are slow to make.
var appKey = sync.OnceValue(func() samltest.Key { return samltest.NewKey(&exampleT{}, time.Time{}, time.Time{}) })

func newApp(t testing.TB, idp *samltest.IdP) *app {
	t.Helper()
	a := &app{key: appKey()}
	mux := http.NewServeMux()
	a.Server = httptest.NewServer(mux)
	t.Cleanup(a.Close)
	a.sp = &saml2.SAMLServiceProvider{
		IdentityProviderSSOURL: idp.SSOURL, IdentityProviderSLOURL: idp.SLOURL, IdentityProviderIssuer: idp.EntityID,
		ServiceProviderIssuer: a.URL + "/metadata", AssertionConsumerServiceURL: a.URL + "/acs", AudienceURI: a.URL + "/metadata", ServiceProviderSLOURL: a.URL + "/slo",
		SignAuthnRequests: true, SignAuthnRequestsCanonicalizer: dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList(""),
		IDPCertificateStore: &dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{idp.Certificate()}},
		SPKeyStore:          a,
	}
	mux.HandleFunc("GET /login", a.login)
	mux.HandleFunc("GET /login-by-form", a.loginByForm)
	mux.HandleFunc("POST /acs", a.consume)
	mux.HandleFunc("/slo", a.ended)
	return a
}

func (a *app) GetKeyPair() (*rsa.PrivateKey, []byte, error) {
	return a.key.Signer.(*rsa.PrivateKey), a.key.Certificate.Raw, nil
}

func (a *app) known() samltest.SP {
	return samltest.SP{EntityID: a.URL + "/metadata", ACS: a.URL + "/acs", SLO: a.URL + "/slo", Signing: a.key.Certificate, Encryption: a.key.Certificate}
}

func (a *app) login(w http.ResponseWriter, r *http.Request) {
	doc, err := a.sp.BuildAuthRequestDocumentNoSig()
	if err == nil {
		var target string
		if target, err = a.sp.BuildAuthURLRedirect("handle", doc); err == nil {
			http.Redirect(w, r, target, http.StatusSeeOther)
			return
		}
	}
	http.Error(w, err.Error(), http.StatusInternalServerError)
}

func (a *app) loginByForm(w http.ResponseWriter, _ *http.Request) {
	body, err := a.sp.BuildAuthBodyPost("handle")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html")
	_, _ = w.Write(body)
}

// consume accepts what the library accepts.
func (a *app) consume(w http.ResponseWriter, r *http.Request) {
	info, err := a.sp.RetrieveAssertionInfo(r.PostFormValue("SAMLResponse"))
	if err != nil {
		http.Error(w, "refused", http.StatusForbidden)
		return
	}
	fmt.Fprintf(w, "%s %s %s", info.NameID, info.Values.Get("email"), r.PostFormValue("RelayState"))
}

// ended answers each logout request by an unsigned form, and remembers what came.
func (a *app) ended(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.logout = append(a.logout, r.Method+" "+string(inflate(r.FormValue("SAMLRequest"))))
	w.Header().Set("Content-Type", "text/html")
	fmt.Fprint(w, "signed out")
}

func inflate(field string) []byte {
	b, _ := base64.StdEncoding.DecodeString(field)
	if bytes.HasPrefix(b, []byte("<")) {
		return b
	}
	var out bytes.Buffer
	_, _ = out.ReadFrom(flate.NewReader(bytes.NewReader(b)))
	return out.Bytes()
}

func formPage(action string, fields url.Values) string {
	page := `<form method='POST' action='` + action + `'>`
	for k, vs := range fields {
		for _, v := range vs {
			page += `<input value="` + html.EscapeString(v) + `" type=hidden name="` + k + `">`
		}
	}
	return page + "</form>"
}
