package oidctest_test

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	jose "github.com/go-jose/go-jose/v4"

	"github.com/lmssso/lmssso/oidc/oidctest"
)

// app is a small application that signs in by OpenID Connect. It is no example: it checks the signature and hardly more.
type app struct {
	*httptest.Server
	op                 *oidctest.Provider
	secret, alg        string
	responseType, mode string
	extra              url.Values
	formless           bool // the page at the redirect URI has a script and no form

	mu        sync.Mutex
	verifiers map[string]string // by state
	bodies    []url.Values
}

func newApp(t testing.TB, op *oidctest.Provider) *app {
	t.Helper()
	a := &app{op: op, secret: "a secret/with+signs%of all kinds:", alg: "RS256", responseType: "code", verifiers: map[string]string{}}
	mux := http.NewServeMux()
	a.Server = httptest.NewServer(mux)
	t.Cleanup(a.Close)
	mux.HandleFunc("GET /login", a.login)
	mux.HandleFunc("/cb", a.callback)
	mux.HandleFunc("POST /backchannel", a.backchannel)
	op.Register(a.client())
	return a
}

func (a *app) client() oidctest.Client {
	return oidctest.Client{
		ID: "app", Secret: a.secret, RedirectURIs: []string{a.URL + "/cb"}, PostLogoutRedirectURIs: []string{a.URL + "/"},
		BackchannelLogoutURI: a.URL + "/backchannel", TokenAuth: []string{"client_secret_basic", "client_secret_post", "private_key_jwt"},
	}
}

func (a *app) login(w http.ResponseWriter, r *http.Request) {
	state, verifier := rand.Text(), rand.Text()+rand.Text()
	sum := sha256.Sum256([]byte(verifier))
	a.mu.Lock()
	a.verifiers[state] = verifier
	a.mu.Unlock()
	q := url.Values{
		"client_id": {"app"}, "redirect_uri": {a.URL + "/cb"}, "response_type": {a.responseType}, "scope": {"openid profile email site"},
		"state": {state}, "nonce": {"nonce of " + state}, "code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	if a.mode != "" {
		q.Set("response_mode", a.mode)
	}
	for k, v := range a.extra {
		q[k] = v
	}
	http.Redirect(w, r, a.op.AuthorizeURL+"?"+q.Encode(), http.StatusSeeOther)
}

// callback tells what it got as JSON.
func (a *app) callback(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	if r.Method == http.MethodGet && len(r.Form) == 0 {
		w.Header().Set("Content-Type", "text/html")
		if a.formless {
			fmt.Fprint(w, `<p>One moment.</p>`)
			return
		}
		fmt.Fprint(w, `<form method="post" action="/cb"><input type="hidden" name="lmssso_fragment" value="1"><input type="hidden" name="own" value="field"></form>`)
		return
	}
	a.mu.Lock()
	a.bodies = append(a.bodies, r.Form)
	a.mu.Unlock()
	out := map[string]any{"method": r.Method, "answer": r.Form}
	if id := r.Form.Get("id_token"); id != "" {
		out["front"] = a.verify(id)
	}
	if code := r.Form.Get("code"); code != "" {
		a.redeem(out, code, r.Form.Get("state"))
	}
	_ = json.NewEncoder(w).Encode(out)
}

func (a *app) redeem(out map[string]any, code, state string) {
	a.mu.Lock()
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {a.URL + "/cb"}, "code_verifier": {a.verifiers[state]}}
	a.mu.Unlock()
	req, _ := http.NewRequest(http.MethodPost, a.op.TokenURL, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(url.QueryEscape("app"), url.QueryEscape(a.secret))
	var tokens map[string]any
	out["tokenStatus"] = ask(req, &tokens)
	out["tokens"] = tokens
	if id, ok := tokens["id_token"].(string); ok {
		out["claims"] = a.verify(id)
	}
	if access, ok := tokens["access_token"].(string); ok {
		req, _ := http.NewRequest(http.MethodGet, a.op.UserinfoURL, nil)
		req.Header.Set("Authorization", "Bearer "+access)
		var info map[string]any
		out["userinfoStatus"] = ask(req, &info)
		out["userinfo"] = info
	}
}

func (a *app) backchannel(w http.ResponseWriter, r *http.Request) {
	_ = json.NewEncoder(w).Encode(a.verify(r.PostFormValue("logout_token")))
}

// ask sends a request and reads JSON, if it is any.
func ask(req *http.Request, into any) int {
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := (&http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	_ = json.Unmarshal(body, into)
	return resp.StatusCode
}

// verify reads a token whose signature is good, by go-jose.
func (a *app) verify(text string) map[string]any {
	jws, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(a.alg)})
	if err != nil {
		return map[string]any{"error": err.Error()}
	}
	payload, err := jws.Verify(a.key(jws.Signatures[0].Header.KeyID))
	if err != nil {
		return map[string]any{"error": err.Error()}
	}
	var out map[string]any
	_ = json.Unmarshal(payload, &out)
	return out
}

func (a *app) key(kid string) any {
	if strings.HasPrefix(a.alg, "HS") {
		return []byte(a.secret)
	}
	req, _ := http.NewRequest(http.MethodGet, a.op.JWKSURL, nil)
	var raw struct{ Keys []json.RawMessage }
	ask(req, &raw)
	for _, text := range raw.Keys {
		var k jose.JSONWebKey
		if k.UnmarshalJSON(text) == nil && (kid == "" || k.KeyID == kid) && k.IsPublic() {
			return k.Key
		}
	}
	return nil
}
