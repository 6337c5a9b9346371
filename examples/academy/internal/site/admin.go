package site

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/examples/academy/internal/session"
	"github.com/lmssso/lmssso/examples/academy/internal/ui"
	"github.com/lmssso/lmssso/tenant"
)

func (s *Site) adminRoutes() {
	for pattern, h := range map[string]http.HandlerFunc{
		"GET /admin/accounts":            s.accounts,
		"POST /admin/accounts/{id}/link": s.linkForm,
		"POST /admin/accounts/{id}/dual": s.dualForm,
		"GET /admin/connections":         s.connectionsPage,
		"GET /admin/sso-log":             s.logPage,
		"POST /admin/sso-log/recording":  s.recording,
	} {
		s.mux.HandleFunc(pattern, s.forAdmins(h))
	}
	s.mux.HandleFunc("GET /admin", s.adminHome)
	s.mux.HandleFunc("POST /admin/sign-in", s.adminSignIn)
	s.mux.HandleFunc("POST /admin/sign-out", s.adminSignOut)
	for pattern, h := range map[string]http.Handler{
		"GET /api/admin/sso-log":             s.log.JSONHandler(),
		"GET /api/admin/accounts":            http.HandlerFunc(s.apiAccounts),
		"POST /api/admin/accounts/{id}/link": http.HandlerFunc(s.apiLink),
	} {
		s.mux.Handle(pattern, s.forToken(h))
	}
}

// isToken compares in constant time.
func (s *Site) isToken(given string) bool {
	want, got := sha256.Sum256([]byte(s.cfg.File.AdminToken)), sha256.Sum256([]byte(given))
	return subtle.ConstantTimeCompare(want[:], got[:]) == 1
}

func (s *Site) hasBearer(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Bearer") && s.isToken(strings.TrimSpace(token))
}

// mayAdminister reports whether the browser showed the admin token, or its user has the admin role.
func (s *Site) mayAdminister(r *http.Request) bool {
	if _, ok := s.admins.Get(r); ok {
		return true
	}
	v, err := s.visitor(r)
	return err == nil && v != nil && s.isAdmin(v)
}

// forAdmins guards a page.
func (s *Site) forAdmins(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !s.mayAdminister(r) && !s.hasBearer(r) {
			s.askToken(w, r, "")
			return
		}
		next(w, r)
	}
}

// forToken guards the API. Cookies count for nothing there, so no other site can use a browser's.
func (s *Site) forToken(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.hasBearer(r) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="academy"`)
			writeJSON(w, http.StatusUnauthorized, lmssso.Refusal{Code: "unauthorized", Message: "The admin token is missing or wrong."})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// tokenPage asks for the admin token.
type tokenPage struct{ Heading, Text, Problem, Next string }

func (s *Site) askToken(w http.ResponseWriter, r *http.Request, problem string) {
	next := r.PostFormValue("next")
	if r.Method == http.MethodGet {
		next = r.URL.RequestURI()
	}
	if next = s.target("", next); !strings.HasPrefix(next, "/admin") {
		next = "/admin"
	}
	w.Header().Set("WWW-Authenticate", `Bearer realm="academy"`)
	status, text := http.StatusUnauthorized, "This page is for administrators."
	if v, err := s.visitor(r); err == nil && v != nil {
		status, text = http.StatusForbidden, "This page is for administrators, and "+v.name()+" is none."
	}
	s.show(w, r, status, "token", ui.Page{Title: "Administrators only", Body: tokenPage{"Administrators only", text, problem, next}})
}

func (s *Site) adminSignIn(w http.ResponseWriter, r *http.Request) {
	if !s.isToken(r.PostFormValue("token")) {
		s.askToken(w, r, "That is not the admin token.")
		return
	}
	if err := s.admins.Start(w, r, session.Session{}, time.Time{}); err != nil {
		s.fail(w, r, err)
		return
	}
	next := s.target("", r.PostFormValue("next"))
	if !strings.HasPrefix(next, "/admin") {
		next = "/admin"
	}
	seeOther(w, next)
}

func (s *Site) adminSignOut(w http.ResponseWriter, r *http.Request) {
	s.admins.Stop(w, r)
	seeOther(w, "/")
}

// adminHome is the default page of managers. The tools of the whole site are for administrators only.
func (s *Site) adminHome(w http.ResponseWriter, r *http.Request) {
	_, token := s.admins.Get(r)
	v, err := s.visitor(r)
	switch {
	case err != nil:
		s.fail(w, r, err)
		return
	case v == nil && !token:
		s.askToken(w, r, "")
		return
	case v != nil && v.account.Side != lmssso.Manager && !token:
		s.askToken(w, r, "")
		return
	}
	page := struct {
		Lead, SwitchTo  string
		Tools, Licenses []card
		Token           bool
	}{Lead: "With the admin token.", Token: token}
	if v != nil {
		page.Lead, page.SwitchTo, page.Licenses = v.name()+", "+strings.ToLower(roleName(v.account.Role)), switchTo(v), s.licences(v.account.Grants)
		if t, ok := s.catalogue.tenants[v.account.Tenant]; ok {
			page.Lead += " at " + t.Title
		}
	}
	if token || s.isAdmin(v) {
		page.Tools = []card{
			{"Accounts", "Who there is, what they hold, and which external id they are known by.", "/admin/accounts"},
			{"Connections", "Addresses to enter at identity providers, and what each may say.", "/admin/connections"},
			{"Sign-in log", "Every attempt of the past week, and why it was refused.", "/admin/sso-log"},
		}
	}
	s.show(w, r, http.StatusOK, "admin", ui.Page{Title: "Administration", Body: page})
}

// connectionsPage shows how identity providers reach the site. No key is ever shown.
func (s *Site) connectionsPage(w http.ResponseWriter, r *http.Request) {
	type shown struct {
		ID, Protocol, Dialect, Owner, Realm string
		Keys                                int
		Endpoints                           []address
		Policy                              []fact
	}
	var all []shown
	for _, i := range s.registry.Connections() {
		owner := "Main site"
		if t, ok := s.catalogue.bySlug[i.Tenant]; ok {
			owner = t.Title
		}
		all = append(all, shown{i.ID, string(i.Protocol), i.Dialect, owner, i.Realm, i.Keys, addresses(i), policyFacts(i.Policy)})
	}
	s.show(w, r, http.StatusOK, "connections", ui.Page{Title: "Connections", Body: map[string]any{
		"Connections": all, "Warnings": s.cfg.File.Lint(),
	}})
}

// address is one endpoint, by the name identity providers' forms have for it. A link can be opened as it is.
type address struct {
	Name, URL string
	Link      bool
}

func addresses(i tenant.Info) []address {
	names := map[string]address{
		"/access/openId/login": {Name: "Sign-in begins at", Link: true}, "/access/openId/callback": {Name: "Redirect URI"},
		"/access/openId/backchannel-logout": {Name: "Back-channel logout URI"}, "/access/openId/logout": {Name: "Post-logout redirect URI"},
		"/access/saml/login": {Name: "Sign-in begins at", Link: true}, "/access/saml/consumer": {Name: "Assertion consumer service (ACS)"},
		"/access/saml/metadata": {Name: "Entity id, and metadata", Link: true}, "/access/saml/logout": {Name: "Single logout"},
	}
	var out []address
	for _, e := range i.Endpoints {
		a := address{Name: "Endpoint"}
		if u, err := url.Parse(e); err == nil && i.Protocol != lmssso.JWT {
			a = names[strings.TrimSuffix(u.Path, "/"+i.Tenant)]
		}
		a.URL = e
		out = append(out, a)
	}
	return out
}

// policyFacts puts a connection's ceiling into words.
func policyFacts(p lmssso.Policy) []fact {
	oneOf := func(list []string, none string) string {
		if len(list) == 0 {
			return none
		}
		return strings.Join(list, ", ")
	}
	own := "its own only"
	if p.Tenant == "" {
		own = "none: the main site only"
	}
	tenants := oneOf(p.Tenants, own)
	if tenants == lmssso.AnyTenant {
		tenants = "any"
	}
	out := []fact{
		{"Roles it may assert", oneOf(p.Roles, "student only")},
		{"Learning sites it may place users in", tenants},
		{"Email domains it vouches for", oneOf(p.EmailDomains, "none; any address is stored")},
		{"Users without an account", map[bool]string{false: "are created", true: "are refused"}[p.Accounts.ExistingOnly]},
	}
	for _, f := range []struct {
		on         bool
		name, text string
	}{
		{p.Accounts.IdentityByEmail, "Users without an external id", "are found by email, among students without one"},
		{p.Accounts.LinkVerifiedEmail, "Accounts without an external id", "are linked by a verified email, once"},
		{p.ReplaceAbsentMeansEmpty, "A replace flag without a list", "revokes everything it governs"},
		{p.ForbidTenantMoves, "Moves between learning sites", "are refused"},
		{p.SSOSubscription != "", "Every login receives", "the bundle " + p.SSOSubscription},
		{len(p.RequireAuthnContext) > 0, "Authentication it demands", strings.Join(p.RequireAuthnContext, ", ")},
	} {
		if f.on {
			out = append(out, fact{f.name, f.text})
		}
	}
	return out
}

// back returns to an admin page with a note of what was done.
func back(w http.ResponseWriter, path string, q url.Values) { seeOther(w, path+"?"+q.Encode()) }
