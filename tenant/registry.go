package tenant

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/safelist"
	"github.com/lmssso/lmssso/saml"
)

// App is what the application brings to every connection. SingleUse, Provisioner and Done are required.
type App struct {
	// SingleUse remembers what may be used once. All connections share it; their keys in it do not meet.
	SingleUse lmssso.SingleUse
	// Provisioner turns logins into accounts.
	Provisioner lmssso.Provisioner
	// Recorder keeps the SSO log; nil keeps none.
	Recorder lmssso.Recorder
	// Validators may refuse logins of every connection, beside each connection's policy.
	Validators []lmssso.Validator
	// DefaultPage returns the path a user goes to when the login asks for none; nil means "/".
	DefaultPage func(a lmssso.Account) string
	// Sessions ends the application's sessions when a provider's logout message says so; nil lets providers end none.
	Sessions lmssso.Sessions
	// SAMLKeys returns a SAML connection's own keys where its configuration names no files, newest first. Nil makes one that
	// lasts as long as the process; identity providers must then be given its certificate again after every start.
	SAMLKeys func(connection string) ([]saml.Key, error)
	// Done starts the application's session; see [lmssso.LoginConfig].
	Done func(w http.ResponseWriter, r *http.Request, t *lmssso.Attempt) error
	// Env holds clock, logger and refusal page.
	Env lmssso.Env
}

// Registry holds a site's connections, ready to answer. It is immutable and safe for concurrent use.
type Registry struct {
	main    site
	tenants map[string]site
	routes  map[string]*route   // by path, without a slug
	logouts map[string]logouter // by connection
	owners  map[string]bool     // slugs with a connection of their own
	infos   []Info
	closers []func() error
}

// route is one path and who answers there.
type route struct {
	methods []string
	// owners maps an owner's slug to the handler of its connection; "" is the main site.
	owners map[string]http.Handler
	// inherited answers for tenants without a connection of their own; nil answers nobody.
	inherited func(tenant string) http.Handler
	// lost answers, and logs, requests for a connection that does not exist.
	lost http.Handler
}

// Info describes a connection without its secrets, for an administrator's page.
type Info struct {
	// ID, Tenant, Protocol and Realm are the connection's.
	ID, Tenant string
	Protocol   lmssso.Protocol
	Realm      string
	// Dialect is a JWT connection's dialect; Keys is how many of its shared secrets are alive. The other protocols have neither.
	Dialect string
	Keys    int
	// Endpoints are the full addresses to enter at the identity provider.
	Endpoints []string
	// Policy is the ceiling in force.
	Policy lmssso.Policy
}

// builder is what a protocol's plug needs to build handlers.
type builder struct {
	cfg Config
	app *App
	reg *Registry
}

// New checks the configuration and builds every connection. It returns [Faults], all of them, or a registry.
func New(cfg Config, app App) (*Registry, error) {
	if faults := append(cfg.Check(), checkApp(app)...); len(faults) > 0 {
		return nil, faults
	}
	reg := &Registry{tenants: map[string]site{}, routes: map[string]*route{}, logouts: map[string]logouter{}, owners: map[string]bool{}}
	b := builder{cfg: cfg, app: &app, reg: reg}
	var err error
	if reg.main, err = buildSite(cfg.BaseURL, cfg.Safelist, cfg.Settings); err != nil {
		return nil, siteFaults("", err)
	}
	for i, t := range cfg.Tenants {
		if reg.tenants[t.Slug], err = tenantSite(cfg, t); err != nil {
			return nil, siteFaults(fmt.Sprintf("tenants[%d]", i), err)
		}
	}
	for i, c := range cfg.Connections {
		if err := reg.add(b, c); err != nil {
			return nil, errors.Join(fmt.Errorf("connections[%d]: %w", i, err), reg.Close())
		}
	}
	return reg, nil
}

func checkApp(app App) Faults {
	var faults Faults
	for _, f := range []struct {
		name    string
		missing bool
	}{
		{"SingleUse", app.SingleUse == nil}, {"Provisioner", app.Provisioner == nil}, {"Done", app.Done == nil},
	} {
		if f.missing {
			faults = append(faults, Fault{Path: "App." + f.name, Text: "is missing"})
		}
	}
	return faults
}

// tenantSite is the tenant's own safelist and settings, each else the main site's.
func tenantSite(cfg Config, t Tenant) (site, error) {
	s, settings := t.Safelist, t.Settings
	if s == nil {
		s = cfg.Safelist
	}
	if settings == nil {
		settings = cfg.Settings
	}
	return buildSite(cfg.BaseURL, s, settings)
}

// realm returns the namespace of a connection's external ids.
func (cfg Config) realm(c Connection) string {
	if c.Realm != "" {
		return c.Realm
	}
	if i := slices.IndexFunc(cfg.Tenants, func(t Tenant) bool { return t.Slug == c.Tenant }); c.Tenant != "" && i >= 0 {
		return cfg.Tenants[i].ID
	}
	return mainRealm
}

// policy returns the connection's ceiling as the rest of the library takes it.
func (cfg Config) policy(c Connection, accounts lmssso.AccountPolicy) lmssso.Policy {
	p := lmssso.Policy{
		Realm: cfg.realm(c), Roles: slices.Clone(c.Policy.Roles), Tenants: slices.Clone(c.Policy.Tenants),
		EmailDomains: slices.Clone(c.Policy.EmailDomains), RequireAuthnContext: slices.Clone(c.Policy.RequireAuthnContext),
		SSOSubscription: c.SSOSubscription, Accounts: accounts,
		ReplaceAbsentMeansEmpty: c.Policy.ReplaceAbsentMeansEmpty, ForbidTenantMoves: c.Policy.ForbidTenantMoves,
	}
	p.Accounts.LinkVerifiedEmail = c.Policy.LinkVerifiedEmail
	p.Accounts.ExistingOnly = c.Policy.ExistingOnly
	if c.Policy.IdentityByEmail != nil {
		p.Accounts.IdentityByEmail = *c.Policy.IdentityByEmail
	}
	if i := slices.IndexFunc(cfg.Tenants, func(t Tenant) bool { return t.Slug == c.Tenant }); c.Tenant != "" && i >= 0 {
		p.Tenant = cfg.Tenants[i].ID
	}
	return p
}

// add builds a connection's handlers and takes them into the routes.
func (reg *Registry) add(b builder, c Connection) error {
	plug, _ := plugOf(c.Protocol)
	made, err := plug.build(c, b)
	if err != nil {
		return err
	}
	if made.logout != nil {
		reg.logouts[c.ID] = made.logout
	}
	if made.close != nil {
		reg.closers = append(reg.closers, made.close)
	}
	policy := b.cfg.policy(c, plug.defaults(c))
	info := Info{ID: c.ID, Tenant: c.Tenant, Protocol: c.Protocol, Realm: policy.Realm, Dialect: c.JWT.Dialect, Keys: len(c.JWT.Keys), Policy: policy}
	for _, e := range made.endpoints {
		if e.login != nil {
			if e.handler, err = reg.login(b, c, e, policy); err != nil {
				return err
			}
		}
		if err := reg.mountAt(b, e, c); err != nil {
			return err
		}
		info.Endpoints = append(info.Endpoints, b.cfg.BaseURL+withSlug(e.path, c.Tenant))
	}
	reg.owners[c.Tenant] = true
	reg.infos = append(reg.infos, info)
	return nil
}

// login puts the way of one login behind an endpoint.
func (reg *Registry) login(b builder, c Connection, e endpoint, policy lmssso.Policy) (http.Handler, error) {
	owner := c.Tenant // alone, so that what lives on does not hold the configuration
	return lmssso.NewLogin(lmssso.LoginConfig{
		Connection: c.ID, Tenant: c.Tenant, Protocol: c.Protocol, Action: e.action, Authenticator: e.login, Policy: policy,
		Validators: b.app.Validators, Provisioner: b.app.Provisioner, Recorder: b.app.Recorder, Done: b.app.Done, Env: b.app.Env,
		Site: lmssso.Site{
			Safelist:    func() *safelist.List { return reg.Safelist(owner) },
			DefaultPage: b.app.DefaultPage,
		},
	})
}

// mountAt takes an endpoint's handler into the routes.
func (reg *Registry) mountAt(b builder, e endpoint, c Connection) error {
	r := reg.routes[e.path]
	if r == nil {
		lost, err := b.lost(c.Protocol, e.action)
		if err != nil {
			return err
		}
		r = &route{methods: e.methods, owners: map[string]http.Handler{}, lost: lost}
		reg.routes[e.path] = r
	}
	r.owners[c.Tenant] = e.handler
	if c.Tenant == "" {
		r.inherited = e.inherited
	}
	return nil
}

func withSlug(path, slug string) string {
	if slug == "" {
		return path
	}
	return path + "/" + slug
}

// Safelist returns the list that judges redirect targets on a site: the tenant's own, else the main site's.
func (reg *Registry) Safelist(tenant string) *safelist.List { return reg.site(tenant).safelist }

// Settings returns a site's standard settings: the tenant's own, else the main site's.
func (reg *Registry) Settings(tenant string) *lmssso.Settings { return reg.site(tenant).settings }

func (reg *Registry) site(tenant string) site {
	if s, ok := reg.tenants[tenant]; ok {
		return s
	}
	return reg.main
}

// Logout sends the browser to the provider a session was opened through, to end its session as well, when the connection
// can. The application has ended its own session before. hint is the login's Session.Hint, which an OpenID provider wants to
// see again; "" where the application did not keep it. It reports whether it answered; when not, and on an error, the
// application answers itself: the user is signed out here.
func (reg *Registry) Logout(w http.ResponseWriter, r *http.Request, key lmssso.SessionKey, hint lmssso.Secret, returnTo string) (answered bool, err error) {
	l, ok := reg.logouts[key.Connection]
	if !ok {
		return false, nil
	}
	if err := l.startLogout(w, r, key, hint, returnTo); err != nil {
		return false, err
	}
	return true, nil
}

// Close ends what works in the background: fetches of identity providers' metadata, descriptions and keys that are under way.
// The registry answers no logins afterwards that need fresh ones.
func (reg *Registry) Close() error {
	var errs []error
	for _, end := range reg.closers {
		errs = append(errs, end())
	}
	return errors.Join(errs...)
}

// Connections describes every connection, in the order of the configuration.
func (reg *Registry) Connections() []Info { return slices.Clone(reg.infos) }
