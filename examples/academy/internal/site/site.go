// Package site is the academy itself: a small learning site whose every sign-in goes through the library.
//
//	config.File ──► tenant.New ──► sign-in endpoints ──► Site.done ──► session cookie ──► pages
//
// [New] builds it; [Site] is an http.Handler.
package site

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/examples/academy/internal/config"
	"github.com/lmssso/lmssso/examples/academy/internal/demo"
	"github.com/lmssso/lmssso/examples/academy/internal/session"
	"github.com/lmssso/lmssso/examples/academy/internal/stores"
	"github.com/lmssso/lmssso/examples/academy/internal/ui"
	"github.com/lmssso/lmssso/saml"
	"github.com/lmssso/lmssso/ssolog"
	"github.com/lmssso/lmssso/tenant"
)

// Config is what a [Site] is made of.
type Config struct {
	// File is a configuration without faults; its AdminToken must be set.
	File config.File
	// Stores are the opened stores.
	Stores *stores.Stores
	// SAMLKeys are this side's keys by name, for those [SAMLKeyNames] lists.
	SAMLKeys map[string]saml.Key
	// Listening is the address the site itself listens on, such as http://127.0.0.1:8080, where the demonstration's OpenID
	// provider is asked when browsers reach it elsewhere; "" is the base URL.
	Listening string
	// OpenIDKeys are the keys of the demonstration's OpenID provider; nil makes some.
	OpenIDKeys *demo.OPKeys
	// Now is the clock; nil is the machine's.
	Now func() time.Time
	// Logger receives one line a login; nil is slog's default.
	Logger *slog.Logger
}

// Site answers every request of the academy.
type Site struct {
	cfg       Config
	catalogue catalogue
	registry  *tenant.Registry
	log       *ssolog.Log
	sessions  *session.Store // users
	admins    *session.Store // browsers that showed the admin token
	pages     *ui.UI
	idp       *demo.IdP // the demonstration's; nil otherwise
	op        *demo.OP  // the demonstration's; nil otherwise
	mux       *http.ServeMux
	// sso holds the patterns of the sign-in endpoints, the demonstration's providers' too. They take cross-site POSTs, as an
	// identity provider's form sends them: what they accept is proved by a signature and used once.
	sso     map[string]bool
	handler http.Handler
}

// New builds the site.
func New(cfg Config) (*Site, error) {
	if cfg.File.AdminToken == "" {
		return nil, errors.New("the site has no admin token")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	secure := strings.HasPrefix(cfg.File.BaseURL, "https://")
	s := &Site{
		cfg: cfg, catalogue: newCatalogue(cfg.File.Facts()), mux: http.NewServeMux(),
		sso:      map[string]bool{},
		sessions: session.New(session.Config{Name: "academy", Secure: secure, Now: cfg.Now}),
		admins:   session.New(session.Config{Name: "academy-admin", Secure: secure, Now: cfg.Now}),
	}
	var err error
	if s.pages, err = ui.New(); err != nil {
		return nil, err
	}
	s.log, err = ssolog.New(ssolog.Config{Enabled: cfg.File.SSOLog.On(), Values: cfg.File.SSOLog.Values, Now: cfg.Now})
	if err != nil {
		return nil, err
	}
	if err := s.adoptIdP(); err != nil {
		return nil, err
	}
	s.adoptOP()
	if s.registry, err = tenant.New(s.cfg.File.Config, s.app()); err != nil {
		return nil, err
	}
	s.handler = s.guard(s.mux)
	if err := s.routes(); err != nil {
		return nil, err
	}
	return s, nil
}

// app is what the academy brings to every connection.
func (s *Site) app() tenant.App {
	return tenant.App{
		SingleUse:   s.cfg.Stores.SingleUse,
		Provisioner: s.cfg.Stores.Service,
		Recorder:    s.log,
		DefaultPage: defaultPage,
		Sessions:    s.sessions,
		SAMLKeys:    s.samlKeys,
		Done:        s.done,
		Env:         lmssso.Env{Now: s.cfg.Now, Logger: s.cfg.Logger, RefusalPage: s.refusalPage},
	}
}

// ServeHTTP implements http.Handler.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

func (s *Site) routes() error {
	s.registry.Mount(ssoRoutes{s})
	for pattern, h := range map[string]http.HandlerFunc{
		"GET /{$}":                        s.home,
		"GET /p/{slug}":                   s.tenantHome,
		"GET /login":                      s.login,
		"GET /register":                   s.register,
		"GET /account":                    s.account,
		"GET /checkout":                   s.checkout,
		"GET /logout":                     s.logout,
		"GET /dashboard":                  s.dashboard,
		"GET /learn/{$}":                  s.dashboard,
		"GET /learn/course/{slug}":        s.content("course"),
		"GET /learn/learning-path/{slug}": s.content("learning path"),
		"GET /bundle/{slug}":              s.content("bundle"),
		"POST /switch":                    s.switchSide,
		"GET /api/session":                s.apiSession,
		"GET /healthz":                    s.healthz,
		"GET /readyz":                     s.readyz,
	} {
		s.mux.HandleFunc(pattern, h)
	}
	s.adminRoutes()
	s.mux.Handle("GET /static/", ui.Static())
	if !s.cfg.File.Demo {
		return nil
	}
	other := demo.Config{
		File: s.cfg.File, Connections: s.registry.Connections(), Now: s.cfg.Now, Site: s, IdP: s.idp, OP: s.op, Show: s.show,
	}
	portal, err := demo.New(other)
	if err != nil {
		return err
	}
	portal.Mount(s.mux)
	if s.idp != nil {
		err = s.idp.Serve(other, s.mux, ssoRoutes{s})
	}
	if s.op != nil && err == nil {
		err = s.op.Serve(other, s.mux, ssoRoutes{s})
	}
	return err
}

// ssoRoutes registers the sign-in endpoints and remembers which they are.
type ssoRoutes struct{ site *Site }

func (m ssoRoutes) Handle(pattern string, h http.Handler) {
	m.site.sso[pattern] = true
	m.site.mux.Handle(pattern, h)
}
