package oidctest

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	demo "github.com/lmssso/lmssso/internal/demoidp/oidc"
)

// Options changes the provider before it starts. The zero value is the usual provider.
type Options struct {
	// Algorithms are those it signs with, the first unless a client says otherwise; empty is RS256. It has a key for each kind.
	Algorithms []string
	// IssuerPath follows the provider's URL in its issuer, such as "/{tenantid}/v2.0" for a template that each user's TenantID
	// fills. The document is where it always is.
	IssuerPath string
	// TLS serves by https, with a certificate of [Provider.RootCAs].
	TLS bool
	// Now is the clock; nil is the machine's. [Provider.SetNow] changes it later.
	Now func() time.Time
}

// Provider is an OpenID provider that runs until its test ends. Its methods may be called at any time, from one or several
// goroutines; those that fail end the test.
type Provider struct {
	// URL is where it listens, Issuer its name or the template of it.
	URL, Issuer string
	// WellKnown is the address of its discovery document.
	WellKnown string
	// AuthorizeURL, TokenURL, JWKSURL, UserinfoURL and EndSessionURL are its endpoints; "" where there is none.
	AuthorizeURL, TokenURL, JWKSURL, UserinfoURL, EndSessionURL string

	t      testing.TB
	engine *demo.OP
	algs   []string
	roots  *x509.CertPool

	mu       sync.Mutex
	now      func() time.Time
	user     User
	how      demo.How
	refusal  string
	asked    []url.Values
	sessions map[string]Session
	ended    []Session
	hits     map[string]int
	keys     int
}

// NewProvider starts a provider.
func NewProvider(t testing.TB, o Options) *Provider {
	t.Helper()
	return start(t, o, demo.Standard)
}

// Thinkific starts a provider with the manners of Thinkific's page "OpenID Connect": its paths, its discovery document and
// claims, keys without alg, answers by query unless form_post is asked for, a nonce wanted with form_post, and userinfo with
// or without Bearer. The user is the one of that page.
func Thinkific(t testing.TB, o Options) *Provider {
	t.Helper()
	p := start(t, o, demo.Thinkific)
	p.SetUser(User{Subject: "01EY1SAQY490WCG2H7SZ1365HN", Claims: map[string]any{
		"name": "Jane Doe", "given_name": "Jane", "family_name": "Doe", "email": "jane@thinkific.com", "picture": "https://assets.thinkific.com/profile.png",
		"updated_at": 1601504367, "roles": []string{"site_admin"}, "user_id_api_v1": "123456780",
		"site": map[string]string{"currency": "usd", "domain": "school.thinkific.com", "name": "Jane's School", "subdomain": "jane", "support_email": "jane@thinkific.com"},
	}})
	return p
}

func start(t testing.TB, o Options, d demo.Dialect) *Provider {
	t.Helper()
	mux := http.NewServeMux()
	p := &Provider{t: t, algs: slices.Clone(o.Algorithms), now: o.Now, sessions: map[string]Session{}, hits: map[string]int{}}
	server := httptest.NewUnstartedServer(p.counted(mux))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // clients that hang up in the middle are meant to
	if o.TLS {
		server.StartTLS()
		p.roots = x509.NewCertPool()
		p.roots.AddCert(server.Certificate())
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	if p.now == nil {
		p.now = time.Now
	}
	if len(p.algs) == 0 {
		p.algs = []string{"RS256"}
	}
	p.user = User{Subject: "user-1", Claims: map[string]any{
		"email": "user@example.com", "email_verified": true, "given_name": "Test", "family_name": "User", "name": "Test User",
	}}
	p.URL, p.Issuer = server.URL, server.URL+o.IssuerPath
	cfg := demo.Config{BaseURL: p.URL, Issuer: p.Issuer, Algorithms: p.algs, Dialect: d, Now: p.clock}
	cfg.Keys, cfg.Stranger, cfg.Spare = p.firstKeys(), must(t)(strangerKey()), must(t)(secondKey())
	engine, err := demo.New(cfg)
	if err != nil {
		t.Fatalf("oidctest: %v", err)
	}
	p.engine = engine
	p.mount(mux)
	return p
}

// firstKeys are one for each kind of key the algorithms need.
func (p *Provider) firstKeys() []demo.Key {
	p.t.Helper()
	var out []demo.Key
	rsa := false
	for _, alg := range p.algs {
		if alg[:2] == "HS" || isRSA(alg) && rsa {
			continue
		}
		p.keys++
		key := demo.Key{ID: fmt.Sprintf("key-%d", p.keys)}
		if isRSA(alg) {
			rsa, key.Signer = true, must(p.t)(rsaKey())
		} else {
			key.Signer = NewKey(p.t, alg)
		}
		out = append(out, key)
	}
	if len(out) == 0 { // HS256 alone still publishes a key
		out = append(out, demo.Key{ID: "key-1", Signer: must(p.t)(rsaKey())})
	}
	return out
}

func (p *Provider) mount(mux *http.ServeMux) {
	paths := p.engine.Paths()
	how := func(*http.Request) demo.How { return p.manner() }
	p.WellKnown, p.AuthorizeURL, p.TokenURL = p.URL+paths.WellKnown, p.URL+paths.Authorize, p.URL+paths.Token
	p.JWKSURL, p.UserinfoURL = p.URL+paths.JWKS, p.URL+paths.Userinfo
	mux.Handle("GET "+paths.WellKnown, p.engine.DiscoveryHandler(how))
	mux.Handle("GET "+paths.JWKS, p.engine.JWKSHandler(how))
	mux.Handle(paths.Authorize, p.engine.AuthorizeHandler(p.decide))
	mux.Handle(paths.Token, p.engine.TokenHandler())
	mux.Handle(paths.Userinfo, p.engine.UserinfoHandler())
	if paths.EndSession != "" {
		p.EndSessionURL = p.URL + paths.EndSession
		mux.Handle(paths.EndSession, p.engine.EndSessionHandler(p.end))
	}
}

func (p *Provider) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.hits[r.URL.Path]++
		p.mu.Unlock()
		next.ServeHTTP(w, r)
	})
}

// decide signs in whoever is set.
func (p *Provider) decide(_ *http.Request, req *demo.Request) demo.Decision {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, req.Parameters)
	d := demo.Decision{Login: p.user.login(p.how), Error: p.refusal}
	if d.Error == "" && p.user.Subject == "" {
		d.Error = "login_required"
	}
	if d.Error != "" {
		return d
	}
	if d.Login.SessionID == "" {
		d.Login.SessionID = fmt.Sprintf("sid-%d", len(p.asked))
	}
	p.sessions[req.ClientID] = Session{ClientID: req.ClientID, Subject: p.user.Subject, SessionID: d.Login.SessionID, TenantID: p.user.TenantID}
	return d
}

func (p *Provider) clock() time.Time {
	p.mu.Lock()
	now := p.now
	p.mu.Unlock()
	return now()
}

func (p *Provider) manner() demo.How {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.how
}

// SetNow changes the clock.
func (p *Provider) SetNow(now func() time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = now
}

// Register makes a client known, in place of one of the same ID.
func (p *Provider) Register(c Client) {
	p.t.Helper()
	if c.IDTokenAlg == "" {
		c.IDTokenAlg = p.algs[0]
	}
	if err := p.engine.Register(c.demo()); err != nil {
		p.t.Fatalf("oidctest: %v", err)
	}
}

// SetUser says who signs in from now on.
func (p *Provider) SetUser(u User) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.user = u
}

// SetRefusal answers every request for a login by an error code such as access_denied; "" ends that.
func (p *Provider) SetRefusal(code string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refusal = code
}

// SetFaults says what is wrong from now on. None makes the answers good again. Those of the document and the keys show when
// they are fetched next.
func (p *Provider) SetFaults(faults ...Fault) { p.setFaults(false, faults) }

// SetSecondFaults is [Provider.SetFaults] with the faults of ID tokens in the second one of a hybrid flow, which comes from the
// token endpoint, and not in the first.
func (p *Provider) SetSecondFaults(faults ...Fault) { p.setFaults(true, faults) }

func (p *Provider) setFaults(second bool, faults []Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.how.Second, p.how.Faults = second, demoFaults(faults)
}

// SetVariations says in which lawful ways the provider differs from now on. None makes it the usual one again.
func (p *Provider) SetVariations(vs ...Variation) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.how.Variations = nil
	for _, v := range vs {
		p.how.Variations = append(p.how.Variations, demo.Variation(v))
	}
}

// RotateKeys changes the key that signs with the provider's first algorithm.
func (p *Provider) RotateKeys(r Rotation) {
	p.t.Helper()
	p.mu.Lock()
	p.keys++
	n := p.keys
	p.mu.Unlock()
	old := p.engine.Keys()
	key := demo.Key{ID: fmt.Sprintf("key-%d", n), Signer: NewKey(p.t, strings.Replace(p.algs[0], "HS", "RS", 1))}
	keys := []demo.Key{key}
	switch r {
	case NewKeyInFront:
		keys = append(keys, old...)
	case NewKeySameName:
		keys[0].ID = old[0].ID
	case OldKeyGone:
	default:
		p.t.Fatalf("oidctest: no rotation is called %q", string(r))
	}
	if err := p.engine.SetKeys(keys...); err != nil {
		p.t.Fatalf("oidctest: %v", err)
	}
}

// Requests lists the parameters of the requests for a login so far that were in order.
func (p *Provider) Requests() []url.Values {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.asked)
}

// Count is how often an address of the provider, such as [Provider].JWKSURL, was asked.
func (p *Provider) Count(address string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hits[strings.TrimPrefix(address, p.URL)]
}

// Client returns a client with cookies of its own, as a browser that was never used.
func (p *Provider) Client() *http.Client {
	p.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.t.Fatalf("oidctest: %v", err)
	}
	return &http.Client{Jar: jar, Transport: p.transport(), Timeout: 30 * time.Second}
}

// RootCAs are the authorities to trust a provider with [Options].TLS by; nil without.
func (p *Provider) RootCAs() *x509.CertPool { return p.roots }

// transport is one whose connections end with the test.
func (p *Provider) transport() *http.Transport {
	out := &http.Transport{}
	if p.roots != nil {
		out.TLSClientConfig = &tls.Config{RootCAs: p.roots, MinVersion: tls.VersionTLS12}
	}
	p.t.Cleanup(out.CloseIdleConnections)
	return out
}
