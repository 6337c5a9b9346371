package demo

import (
	"crypto"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/examples/academy/internal/config"
	op "github.com/lmssso/lmssso/internal/demoidp/oidc"
	"github.com/lmssso/lmssso/oidc"
	"github.com/lmssso/lmssso/tenant"
)

// The OpenID provider's own pages, and where its two houses are: one keeps to the standards, the other has the manners of a
// Thinkific school.
const (
	opPickPath    = "/demo/openid"
	opEndPath     = "/demo/openid/end"
	standardPath  = "/demo/openid"
	thinkificPath = "/demo/thinkific"
)

// OP is the demonstration's OpenID provider, for every OpenID Connect connection of the configuration that names it.
//
//	NewOP ──► Adopt: it learns which connections are its ──► Serve: it learns of the academy and gets its pages
type OP struct {
	cfg     Config
	baseURL string
	own     string // where the academy itself listens, for what it asks of itself
	houses  []*house
	adopted map[string]*house // by connection
	clients []rpConnection
	faults  func() []opFault

	mu       sync.Mutex
	requests map[string]*op.Request // by the handle in the form
	handles  []string               // oldest first
	sessions []opSession            // newest first
}

// house is one provider, with an address and manners of its own.
type house struct {
	path    string
	dialect op.Dialect
	engine  func() (*op.OP, error)
}

// OPKeys are the RSA keys of the OpenID provider. They are made when somebody first asks: large primes take their time.
type OPKeys struct {
	// Standard and Thinkific sign for the two houses, and Stranger signs what nobody should trust.
	Standard, Thinkific, Stranger func() (crypto.Signer, error)
}

// NewOPKeys returns keys that last as long as the process.
func NewOPKeys() OPKeys {
	lazily := func() func() (crypto.Signer, error) {
		return sync.OnceValues(func() (crypto.Signer, error) { return op.GenerateKey("RS256") })
	}
	return OPKeys{lazily(), lazily(), lazily()}
}

// rpConnection is one OpenID Connect connection as the provider, on the other side of it, sees it.
type rpConnection struct {
	conn        tenant.Connection
	house       *house
	login       string // where a login begins
	backchannel string
	mapping     attrs.Mapping
	people      []person
}

// opSession is a user the provider signed in somewhere.
type opSession struct {
	ID, Connection, Name string
	At                   time.Time
	subject, sid         string
}

// NewOP makes the provider. own is the address the academy itself listens on; "" is baseURL.
func NewOP(baseURL, own string, keys OPKeys, now func() time.Time) *OP {
	p := &OP{baseURL: baseURL, own: own, adopted: map[string]*house{}, requests: map[string]*op.Request{}, faults: sync.OnceValue(readFaults)}
	for _, one := range []struct {
		house
		key func() (crypto.Signer, error)
	}{{house{path: standardPath, dialect: op.Standard}, keys.Standard}, {house{path: thinkificPath, dialect: op.Thinkific}, keys.Thinkific}} {
		h := &one.house
		h.engine = sync.OnceValues(func() (*op.OP, error) { return p.build(h, one.key, keys.Stranger, now) })
		p.houses = append(p.houses, h)
	}
	return p
}

// build makes a house's provider, and tells it of its clients.
func (p *OP) build(h *house, key, stranger func() (crypto.Signer, error), now func() time.Time) (*op.OP, error) {
	signer, err := key()
	if err != nil {
		return nil, err
	}
	strange, err := stranger()
	if err != nil {
		return nil, err
	}
	engine, err := op.New(op.Config{
		BaseURL: p.baseURL + h.path, Dialect: h.dialect, Keys: []op.Key{{ID: "demo-1", Signer: signer}}, Stranger: strange, Now: now,
	})
	if err != nil {
		return nil, err
	}
	for i, info := range p.cfg.Connections {
		if p.adopted[info.ID] != h {
			continue
		}
		settings, at := p.cfg.File.Connections[i].OIDC, endpointsOf(info)
		err := engine.Register(op.Client{
			ID: settings.Client.ID, Secret: string(settings.Client.Secret), RedirectURIs: []string{at.callback},
			PostLogoutRedirectURIs: []string{at.logout}, BackchannelLogoutURI: at.backchannel,
			TokenAuth: []string{orText(settings.Client.TokenAuth, "client_secret_basic")}, IDTokenAlg: settings.SigningAlgorithm, RequirePKCE: true,
		})
		if err != nil {
			return nil, err
		}
	}
	return engine, nil
}

// rpEndpoints are a connection's addresses.
type rpEndpoints struct{ login, callback, logout, backchannel string }

func endpointsOf(info tenant.Info) rpEndpoints {
	var out rpEndpoints
	for _, e := range info.Endpoints {
		for part, to := range map[string]*string{
			"/openId/login": &out.login, "/openId/callback": &out.callback, "/openId/logout": &out.logout, "/openId/backchannel-logout": &out.backchannel,
		} {
			if strings.HasSuffix(strings.TrimSuffix(e, "/"+info.Tenant), part) {
				*to = e
			}
		}
	}
	return out
}

func orText(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// AdoptsOIDC reports whether a connection names one of the provider's discovery documents, on whatever port of this machine.
func AdoptsOIDC(c tenant.Connection) bool { return houseOf(c) != "" }

func houseOf(c tenant.Connection) string {
	u, err := url.Parse(c.OIDC.Provider.WellKnown)
	if c.Protocol != lmssso.OIDC || err != nil || !config.Loopback(u.Hostname()) {
		return ""
	}
	for _, path := range []string{standardPath, thinkificPath} {
		if u.Path == path+op.DefaultPaths(op.Standard).WellKnown {
			return path
		}
	}
	return ""
}

// Adopt notes which connections name the provider. Where browsers reach the academy at another address than it listens on, such
// as the near end of a tunnel, they get what the discovery document says in its place, with the addresses that the academy
// asks itself changed to its own: it may not reach the other one.
func (p *OP) Adopt(f config.File) config.File {
	connections := f.Connections
	f.Connections = nil
	for _, c := range connections {
		i := slices.IndexFunc(p.houses, func(h *house) bool { return h.path == houseOf(c) })
		if i >= 0 {
			p.adopted[c.ID] = p.houses[i]
			if p.own != "" && hostOf(p.own) != hostOf(p.baseURL) {
				c.OIDC.Provider = p.byHand(p.houses[i])
			}
		}
		f.Connections = append(f.Connections, c)
	}
	return f
}

func (p *OP) byHand(h *house) tenant.OIDCProvider {
	paths := op.DefaultPaths(h.dialect)
	out := tenant.OIDCProvider{
		Issuer: p.baseURL + h.path, AuthorizationEndpoint: p.baseURL + h.path + paths.Authorize,
		TokenEndpoint: p.own + h.path + paths.Token, UserinfoEndpoint: p.own + h.path + paths.Userinfo, JWKSURI: p.own + h.path + paths.JWKS,
	}
	if paths.EndSession != "" {
		out.EndSessionEndpoint = p.baseURL + h.path + paths.EndSession
	}
	return out
}

// Serve makes the academy's side known to the provider, and registers the provider's pages. own takes the pages, open the
// endpoints that other sites may post to.
func (p *OP) Serve(cfg Config, own, open interface{ Handle(string, http.Handler) }) error {
	p.cfg = cfg
	for i, conn := range cfg.File.Connections {
		if p.adopted[conn.ID] == nil {
			continue
		}
		c, err := p.connection(conn, cfg.Connections[i])
		if err != nil {
			return fmt.Errorf("demo OpenID provider, connections[%d]: %w", i, err)
		}
		p.clients = append(p.clients, c)
	}
	own.Handle("GET "+opPickPath, http.HandlerFunc(p.idle))
	own.Handle("POST "+opPickPath, http.HandlerFunc(p.send))
	own.Handle("POST "+opEndPath, http.HandlerFunc(p.end))
	for _, h := range p.houses {
		paths := op.DefaultPaths(h.dialect)
		own.Handle("GET "+h.path+paths.WellKnown, p.machine(h, func(e *op.OP) http.Handler { return e.DiscoveryHandler(nil) }))
		own.Handle("GET "+h.path+paths.JWKS, p.machine(h, func(e *op.OP) http.Handler { return e.JWKSHandler(p.faultyKeys) }))
		own.Handle("POST "+h.path+paths.Token, p.machine(h, (*op.OP).TokenHandler))
		for _, method := range []string{"GET ", "POST "} {
			own.Handle(method+h.path+paths.Userinfo, p.machine(h, (*op.OP).UserinfoHandler))
			open.Handle(method+h.path+paths.Authorize, http.HandlerFunc(p.authorize(h)))
			if paths.EndSession != "" {
				open.Handle(method+h.path+paths.EndSession, http.HandlerFunc(p.endSession(h)))
			}
		}
	}
	return nil
}

// machine answers programs by the house's engine.
func (p *OP) machine(h *house, handler func(*op.OP) http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		engine, err := h.engine()
		if err != nil {
			http.Error(w, "the demonstration's OpenID provider has no key", http.StatusServiceUnavailable)
			return
		}
		handler(engine).ServeHTTP(w, r)
	})
}

// faultyKeys publishes, beside the good keys, those that faulty tokens are signed with: the academy keeps the keys for a while,
// and a fault must not fail for the want of one.
func (p *OP) faultyKeys(*http.Request) op.How {
	var how op.How
	for _, f := range p.faults() {
		if f.side == op.TokenSide {
			how.Faults = append(how.Faults, f.fault)
		}
	}
	return how
}

func (p *OP) connection(conn tenant.Connection, info tenant.Info) (rpConnection, error) {
	at := endpointsOf(info)
	if at.login == "" || at.callback == "" {
		return rpConnection{}, errors.New("the connection has no callback")
	}
	base := oidc.StandardMapping()
	if preset, ok := oidc.NamedPreset(conn.Preset); ok {
		base = preset.Mapping
	}
	c := rpConnection{conn: conn, house: p.adopted[conn.ID], login: at.login, backchannel: at.backchannel, mapping: conn.Mapping.Over(base)}
	c.people = peopleOf(p.cfg.File, info, c.carries(attrs.Role))
	return c, nil
}

func (c *rpConnection) carries(k attrs.Key) bool { return len(c.mapping[k].From) > 0 }

// find returns the person with the key.
func (c *rpConnection) find(key string) (person, bool) {
	i := slices.IndexFunc(c.people, func(p person) bool { return p.key == key })
	if i < 0 {
		return person{}, false
	}
	return c.people[i], true
}

// find returns the connection with the id, else the first one for "".
func (p *OP) find(id string) (*rpConnection, bool) {
	for i := range p.clients {
		if p.clients[i].conn.ID == id || id == "" {
			return &p.clients[i], true
		}
	}
	return nil, false
}

// asking returns the connection of a client of a house.
func (p *OP) asking(h *house, clientID string) (*rpConnection, bool) {
	for i := range p.clients {
		if p.clients[i].house == h && p.clients[i].conn.OIDC.Client.ID == clientID {
			return &p.clients[i], true
		}
	}
	return nil, false
}

// serves reports whether a connection's provider is this one.
func (p *OP) serves(connection string) bool { return p != nil && p.adopted[connection] != nil }

// remember keeps a request until its form comes back, and returns its handle. The oldest go first.
func (p *OP) remember(req *op.Request) string {
	handle := rand.Text()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests[handle], p.handles = req, append(p.handles, handle)
	if len(p.handles) > mostRequests {
		delete(p.requests, p.handles[0])
		p.handles = p.handles[1:]
	}
	return handle
}

func (p *OP) request(handle string) *op.Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.requests[handle]
}
