package samltest

import (
	"crypto/x509"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	demo "github.com/lmssso/lmssso/internal/demoidp/saml"
)

// Options changes the provider before it starts. The zero value is the usual provider.
type Options struct {
	// Keys sign, the first unless there is a reason; all stand in the metadata. None takes one made once a process.
	Keys []Key
	// WantSignedRequests refuses unsigned AuthnRequests, and says so in the metadata.
	WantSignedRequests bool
	// SeparateLogoutResponses wants answers to logout requests at an address of their own, as LemonLDAP::NG does.
	SeparateLogoutResponses bool
	// Now is the clock; nil is the machine's. [IdP.SetNow] changes it later.
	Now func() time.Time
}

// IdP is an identity provider that runs until its test ends. Its methods may be called at any time, from one or several
// goroutines; those that fail end the test.
type IdP struct {
	// URL is where it listens.
	URL string
	// EntityID is its name, and the address of its metadata.
	EntityID string
	// SSOURL, SLOURL and MetadataURL are its addresses, for both bindings.
	SSOURL, SLOURL, MetadataURL string

	t      testing.TB
	engine *demo.IdP

	mu       sync.Mutex
	now      func() time.Time
	user     User
	manner   Manner
	faults   []Fault
	metadata demo.MetadataOptions
	sessions map[string]Session
	ended    []Session
	answers  []string
}

// NewIdP starts the usual provider.
func NewIdP(t testing.TB) *IdP {
	t.Helper()
	return NewIdPWith(t, Options{})
}

// NewIdPWith starts a provider with options.
func NewIdPWith(t testing.TB, o Options) *IdP {
	t.Helper()
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	i := &IdP{
		t: t, URL: server.URL, EntityID: server.URL + "/metadata", MetadataURL: server.URL + "/metadata",
		SSOURL: server.URL + "/sso", SLOURL: server.URL + "/slo", now: o.Now, sessions: map[string]Session{},
		user: User{NameID: "user-1", Attributes: []Attribute{
			{Name: "email", Values: []string{"user@example.com"}},
			{Name: "firstName", Values: []string{"Test"}},
			{Name: "lastName", Values: []string{"User"}},
		}},
	}
	if i.now == nil {
		i.now = time.Now
	}
	i.engine = i.start(o)
	mux.HandleFunc("/sso", i.signOn)
	mux.Handle("/slo", i.engine.SLOHandler(i.end, i.answered))
	mux.Handle("/slo/answers", i.engine.SLOHandler(i.end, i.answered))
	mux.Handle("GET /metadata", i.engine.MetadataHandler(i.metadataOptions))
	return i
}

func (i *IdP) start(o Options) *demo.IdP {
	i.t.Helper()
	cfg := demo.Config{EntityID: i.EntityID, SSOURL: i.SSOURL, SLOURL: i.SLOURL, WantSignedRequests: o.WantSignedRequests, Now: i.clock}
	if o.SeparateLogoutResponses {
		cfg.SLOResponseURL = i.SLOURL + "/answers"
	}
	for _, k := range o.Keys {
		cfg.Keys = append(cfg.Keys, demo.Key(k))
	}
	var err error
	if cfg.Stranger, err = strangerKey(); err != nil {
		i.t.Fatalf("samltest: making a key: %v", err)
	}
	if len(cfg.Keys) == 0 {
		k, err := rsaKey()
		if err != nil {
			i.t.Fatalf("samltest: making a key: %v", err)
		}
		cfg.Keys = []demo.Key{k}
	}
	engine, err := demo.New(cfg)
	if err != nil {
		i.t.Fatalf("samltest: %v", err)
	}
	return engine
}

func (i *IdP) clock() time.Time {
	i.mu.Lock()
	now := i.now
	i.mu.Unlock()
	return now()
}

// SetNow changes the clock.
func (i *IdP) SetNow(now func() time.Time) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.now = now
}

// SetUser says who signs in from now on.
func (i *IdP) SetUser(u User) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.user = u
}

// SetManner says how answers are signed, encrypted and written down from now on.
func (i *IdP) SetManner(m Manner) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.manner = m
}

// SetFaults says what is wrong with the answers from now on, by [IdP.SignIn] and by all else. None makes them good again.
func (i *IdP) SetFaults(faults ...Fault) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.faults = append([]Fault(nil), faults...)
}

// Certificate is the certificate of the key that signs.
func (i *IdP) Certificate() *x509.Certificate { return i.engine.Keys()[0].Certificate }

// Client returns a client with cookies of its own, as a browser that was never used.
func (i *IdP) Client() *http.Client {
	i.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		i.t.Fatalf("samltest: %v", err)
	}
	return &http.Client{Jar: jar, Timeout: 30 * time.Second}
}
