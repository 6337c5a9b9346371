package tenant_test

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/saml"
	"github.com/lmssso/lmssso/saml/samltest"
	"github.com/lmssso/lmssso/store"
	"github.com/lmssso/lmssso/tenant"
)

// samlWorld is a running site whose main site and one tenant sign in by SAML, each at a provider of its own.
type samlWorld struct {
	*world
	server     *httptest.Server
	main, acme *samltest.IdP

	mu    sync.Mutex
	ended []lmssso.SessionKey
}

func (w *samlWorld) End(_ context.Context, k lmssso.SessionKey) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = append(w.ended, k)
	return 1, nil
}

var samlKey = sync.OnceValues(func() (saml.Key, error) { return saml.GenerateKey("tests", time.Now()) })

func jsonText(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}

func newSAMLWorld(t *testing.T) *samlWorld {
	t.Helper()
	w := &samlWorld{world: &world{once: store.NewMemory(store.MemoryConfig{})}, main: samltest.NewIdP(t), acme: samltest.NewIdP(t)}
	var handler http.Handler
	w.server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { handler.ServeHTTP(rw, r) }))
	t.Cleanup(w.server.Close)
	cfg := decode(t, `{
		"baseURL": "`+w.server.URL+`",
		"tenants": [{"slug": "acme", "id": "`+acmeID+`"}, {"slug": "quiet", "id": "quiet-1"}, {"slug": "globex", "id": "`+globexID+`"}],
		"connections": [
			{"id": "main-saml", "protocol": "saml", "idpMetadataXML": `+jsonText(t, string(w.main.Metadata()))+`, "allowHTTP": true,
			 "allowUnencryptedAssertions": true, "signRequests": true, "mapping": {"email": ["mail"]}, "policy": {"tenants": ["quiet"]}},
			{"id": "acme-saml", "tenant": "acme", "protocol": "saml", "preset": "okta", "idpEntityID": "`+w.acme.EntityID+`",
			 "idpSSOURL": "`+w.acme.SSOURL+`", "idpSLOURL": "`+w.acme.SLOURL+`", "allowHTTP": true,
			 "idpCertificates": ["`+base64.StdEncoding.EncodeToString(w.acme.Certificate().Raw)+`"],
			 "allowUnencryptedAssertions": true, "requestBinding": "post"},
			{"id": "globex-jwt", "tenant": "globex", "protocol": "jwt", "dialect": "thoughtindustries", "keys": ["`+globexKey+`"]}
		]}`)
	require.Empty(t, cfg.Check())
	app := w.app()
	app.Env.Now, app.Sessions = nil, w
	app.SAMLKeys = func(string) ([]saml.Key, error) {
		k, err := samlKey()
		return []saml.Key{k}, err
	}
	reg, err := tenant.New(cfg, app)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, reg.Close()) })
	w.reg, handler = reg, reg.Handler()
	w.main.RegisterMetadata(w.fetch(t, "/access/saml/metadata"))
	w.acme.RegisterMetadata(w.fetch(t, "/access/saml/metadata/acme"))
	w.main.SetUser(samltest.User{NameID: "u-main", Attributes: []samltest.Attribute{{Name: "mail", Values: []string{"bob@example.com"}}}})
	w.acme.SetUser(samltest.User{NameID: "u-acme", Attributes: []samltest.Attribute{{Name: "id", Values: []string{"acme-7"}}}})
	return w
}

func (w *samlWorld) fetch(t *testing.T, path string) []byte {
	t.Helper()
	resp, err := http.Get(w.server.URL + path)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Equal(t, "application/samlmetadata+xml", resp.Header.Get("Content-Type"))
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return b
}

func client(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &http.Client{Jar: jar}
}

func TestSAMLConnectionsSignIn(t *testing.T) {
	w := newSAMLWorld(t)
	w.main.SignIn(client(t), w.server.URL+"/access/saml/login")
	w.acme.SignIn(client(t), w.server.URL+"/access/saml/login/acme")
	require.Len(t, w.logins, 2)
	require.Equal(t, lmssso.Link{Realm: "main", ExternalID: "u-main"}, w.logins[0].assertion.Link)
	require.Equal(t, "bob@example.com", w.logins[0].assertion.Profile.Email.String())
	require.Empty(t, w.logins[0].assertion.Access.Target.Path)
	require.Equal(t, lmssso.Link{Realm: acmeID, ExternalID: "acme-7"}, w.logins[1].assertion.Link, "the preset maps the external id")
	require.Equal(t, "acme", w.logins[1].assertion.Access.Target.Path)
	require.Equal(t, acmeID, w.logins[1].policy.Tenant)
}

func TestATenantWithoutASetUpInheritsTheMainSitesLogin(t *testing.T) {
	w := newSAMLWorld(t)
	w.main.SignIn(client(t), w.server.URL+"/access/saml/login/quiet")
	require.Len(t, w.logins, 1)
	a := w.logins[0].assertion
	require.Equal(t, "main-saml", a.Origin.Connection)
	require.Equal(t, "main", a.Link.Realm)
	require.Equal(t, "quiet", a.Access.Target.Path, "the tenant is bound in the pending login")
	for _, path := range []string{"consumer", "metadata", "logout"} {
		method := http.MethodGet
		if path == "consumer" {
			method = http.MethodPost
		}
		require.Equal(t, http.StatusNotFound, w.send(method, "/access/saml/"+path+"/quiet").Code, path)
	}
	for _, slug := range []string{"globex", "nobody"} {
		require.Equal(t, http.StatusNotFound, w.send(http.MethodGet, "/access/saml/login/"+slug).Code, "%s has another set-up, or does not exist", slug)
		last := w.attempts[len(w.attempts)-1]
		require.ErrorIs(t, last.Err, lmssso.ErrNotFound)
		require.Equal(t, lmssso.SAML, last.Protocol, "logged as what it was meant for")
		require.Equal(t, "login", last.Action)
	}
}

// TestAResponseIsWorthNothingElsewhere posts each connection's response at the other's endpoint.
func TestAResponseIsWorthNothingElsewhere(t *testing.T) {
	w := newSAMLWorld(t)
	for from, to := range map[string]string{"": "/acme", "/acme": ""} {
		idp := w.main
		if from != "" {
			idp = w.acme
		}
		c := client(t)
		stop := *c
		stop.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		resp, err := stop.Get(w.server.URL + "/access/saml/login" + from)
		require.NoError(t, err)
		resp.Body.Close()
		fields := idp.Unsolicited(w.server.URL+"/access/saml/metadata"+from, "", samltest.User{NameID: "u"})
		before := len(w.attempts)
		got, err := c.PostForm(w.server.URL+"/access/saml/consumer"+to, fields)
		require.NoError(t, err)
		got.Body.Close()
		require.Equal(t, http.StatusForbidden, got.StatusCode)
		require.Len(t, w.attempts, before+1)
		require.Error(t, w.attempts[before].Err)
	}
	require.Empty(t, w.logins)
}

func TestLogoutsReachTheApplication(t *testing.T) {
	w := newSAMLWorld(t)
	c := client(t)
	w.main.SignIn(c, w.server.URL+"/access/saml/login")
	w.main.Logout(c, w.server.URL+"/access/saml/metadata")
	require.Len(t, w.ended, 1)
	require.Equal(t, "main-saml", w.ended[0].Connection)
	require.Equal(t, "u-main", w.ended[0].Subject.Value)
	last := w.attempts[len(w.attempts)-1]
	require.Equal(t, "logout", last.Action)
	require.NoError(t, last.Err)
	require.NotEmpty(t, last.TraceID)

	rec := httptest.NewRecorder()
	answered, err := w.reg.Logout(rec, httptest.NewRequest(http.MethodGet, "/logout", nil), w.ended[0], "", "/bye")
	require.NoError(t, err)
	require.True(t, answered)
	resp, err := c.Get(rec.Header().Get("Location"))
	require.NoError(t, err)
	resp.Body.Close()
	require.Equal(t, "/bye", resp.Request.URL.Path)

	answered, err = w.reg.Logout(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/logout", nil), lmssso.SessionKey{Connection: "globex-jwt"}, "", "/bye")
	require.NoError(t, err)
	require.False(t, answered, "a JWT connection has no logout of its own")
}

func TestALoginThatCannotBeginIsFoundInTheLog(t *testing.T) {
	w := &world{once: newStore(t)}
	cfg := decode(t, `{"baseURL": "https://learn.example.com", "connections": [{"id": "c", "protocol": "saml", "allowHTTP": true,
		"allowPrivateAddresses": true, "idpMetadataURL": "http://127.0.0.1:1/metadata"}]}`)
	app := w.app()
	app.SAMLKeys = func(string) ([]saml.Key, error) {
		k, err := samlKey()
		return []saml.Key{k}, err
	}
	reg, err := tenant.New(cfg, app)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, reg.Close()) })
	rec := httptest.NewRecorder()
	reg.Handler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/access/saml/login", nil))
	require.Equal(t, http.StatusBadGateway, rec.Code)
	require.Len(t, w.attempts, 1)
	require.ErrorIs(t, w.attempts[0].Err, lmssso.ErrDiscovery)
	require.Equal(t, "login", w.attempts[0].Action)
	require.Contains(t, rec.Body.String(), w.attempts[0].TraceID)
}

func TestABrokenLoginIsAnsweredLikeARefusedOne(t *testing.T) {
	w := newSAMLWorld(t)
	w.once = nil
	got := w.send(http.MethodHead, "/access/saml/login")
	require.Equal(t, http.StatusMethodNotAllowed, got.Code)
	require.Contains(t, got.Header().Get("Content-Security-Policy"), "default-src 'none'")
}

func TestSAMLFaultsByPath(t *testing.T) {
	dir := t.TempDir()
	junk := filepath.Join(dir, "junk.pem")
	require.NoError(t, os.WriteFile(junk, []byte("planted-secret"), 0o600))
	conn := func(extra string) string {
		return `{"baseURL": "https://learn.example.com", "connections": [{"id": "c", "protocol": "saml"` + extra + `}]}`
	}
	static := `, "idpEntityID": "e", "idpSSOURL": "https://idp.example.org/sso", "idpCertificates": ["` + certificate(t) + `"]`
	for _, tc := range []struct {
		name, doc string
		want      []string
	}{
		{"static", conn(static), nil},
		{"nothing", conn(``), []string{"connections[0].idpMetadataURL"}},
		{"two sources", conn(static + `, "idpMetadataFile": "x"`), []string{"connections[0].idpMetadataURL"}},
		{"static without certificate and id", conn(`, "idpSSOURL": "https://idp.example.org/sso"`), []string{"connections[0].idpCertificates", "connections[0].idpEntityID"}},
		{"http", conn(strings.Replace(static, "https://idp", "http://idp", 1)), []string{"connections[0].idpSSOURL"}},
		{"junk certificate", conn(`, "idpEntityID": "e", "idpSSOURL": "https://idp.example.org/sso", "idpCertificates": ["planted-secret"]`), []string{"connections[0].idpCertificates"}},
		{"junk metadata", conn(`, "idpMetadataXML": "<planted-secret/>"`), []string{"connections[0].idpMetadataURL"}},
		{"authentication age", conn(static + `, "maxAuthnAge": "-1s"`), []string{"connections[0].maxAuthnAge"}},
		{"binding", conn(static + `, "requestBinding": "soap"`), []string{"connections[0].requestBinding"}},
		{"preset", conn(static + `, "preset": "moodle"`), []string{"connections[0].preset"}},
		{"junk key", conn(static + `, "spKeys": [{"key": "` + junk + `", "certificate": "` + junk + `"}]`), []string{"connections[0].spKeys[0]"}},
		{"missing key", conn(static + `, "spKeys": [{"key": "no-such-file", "certificate": "no-such-file"}]`), []string{"connections[0].spKeys[0]"}},
		{"another protocol's settings", conn(static + `, "dialect": "thinkific"`), []string{"connections[0].protocol"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			faults := decode(t, tc.doc).Check()
			require.Equal(t, tc.want, paths(faults), "%v", faults)
			if faults != nil {
				require.NotContains(t, faults.Error(), "planted-secret")
			}
		})
	}
}

func certificate(t *testing.T) string {
	t.Helper()
	k, err := samlKey()
	require.NoError(t, err)
	_, err = x509.ParseCertificate(k.Certificate.Raw)
	require.NoError(t, err)
	return base64.StdEncoding.EncodeToString(k.Certificate.Raw)
}

func TestKeyFilesAreRead(t *testing.T) {
	dir := t.TempDir()
	k, err := samlKey()
	require.NoError(t, err)
	cert, key, err := k.MarshalPEM()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "sp.crt"), cert, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "sp.key"), key, 0o600))
	cfg := decode(t, `{"baseURL": "https://learn.example.com", "connections": [{"id": "c", "protocol": "saml", "idpEntityID": "e",
		"idpSSOURL": "https://idp.example.org/sso", "idpCertificates": ["`+certificate(t)+`"],
		"spKeys": [{"key": "`+filepath.Join(dir, "sp.key")+`", "certificate": "`+filepath.Join(dir, "sp.crt")+`"}]}]}`)
	require.Empty(t, cfg.Check())
	w := &world{once: newStore(t)}
	reg, err := tenant.New(cfg, w.app())
	require.NoError(t, err)
	rec := httptest.NewRecorder()
	reg.Handler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/access/saml/metadata", nil))
	require.Contains(t, strings.Join(strings.Fields(rec.Body.String()), ""), certificate(t))
}
