package site

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/examples/academy/internal/demo"
	"github.com/lmssso/lmssso/examples/academy/internal/ui"
	"github.com/lmssso/lmssso/tenant"
)

// card is a box that may lead somewhere.
type card struct{ Title, Text, URL string }

// homePage is the page of a site with its ways to sign in.
type homePage struct {
	Heading, Lead             string
	Name, StartURL, StartName string
	Ways, Tenants             []card
	Refused                   bool
	Trace, LogURL             string
}

// traceForm is what a trace id looks like: whatever else stands in a URL is not shown.
var traceForm = regexp.MustCompile(`^[a-z2-7]{10,32}$`)

func (s *Site) home(w http.ResponseWriter, r *http.Request) {
	p := homePage{
		Heading: "Learn something today",
		Lead:    "A small academy. Your organisation signs you in; there is no password to remember here.",
		Ways:    s.ways("", "/"),
	}
	q := r.URL.Query()
	p.Refused = q.Get("kind") == "error" || q.Has("trace")
	if trace := q.Get("trace"); traceForm.MatchString(trace) {
		p.Trace, p.LogURL = trace, s.logURL(r, trace)
	}
	for _, t := range s.cfg.File.Tenants {
		p.Tenants = append(p.Tenants, card{s.catalogue.bySlug[t.Slug].Title, s.ownership(t.Slug), "/p/" + t.Slug})
	}
	s.showHome(w, r, "Home", p)
}

func (s *Site) tenantHome(w http.ResponseWriter, r *http.Request) {
	t, ok := s.catalogue.bySlug[r.PathValue("slug")]
	if !ok {
		s.unknownPage(w, r)
		return
	}
	s.showHome(w, r, t.Title, homePage{
		Heading: t.Title, Lead: "The learning site of " + t.Title + ".",
		Ways: s.ways(t.Slug, "/p/"+t.Slug),
	})
}

func (s *Site) showHome(w http.ResponseWriter, r *http.Request, title string, p homePage) {
	if v, err := s.visitor(r); err == nil && v != nil {
		p.Name, p.StartURL, p.StartName = v.name(), defaultPage(v.account), strings.TrimPrefix(defaultPage(v.account), "/")
		p.Refused = false
	}
	s.show(w, r, http.StatusOK, "home", ui.Page{Title: title, Body: p})
}

func (s *Site) unknownPage(w http.ResponseWriter, r *http.Request) {
	s.message(w, r, http.StatusNotFound, message{
		Heading: "Page not found", Text: "There is no page at this address.", Code: string(lmssso.ErrNotFound.Code()),
		Links: []link{{"/", "Back to the home page"}},
	})
}

// ownership says how a tenant signs its people in.
func (s *Site) ownership(slug string) string {
	if owner, infos := s.connections(slug); owner == slug {
		return "Has its own sign-in, by " + map[lmssso.Protocol]string{
			lmssso.JWT: "signed JWT", lmssso.SAML: "SAML", lmssso.OIDC: "OpenID Connect",
		}[infos[0].Protocol] + "."
	}
	return "Signs in through the main site."
}

// connections returns a site's connections and who owns them: a tenant without one inherits the main site's.
func (s *Site) connections(slug string) (owner string, out []tenant.Info) {
	for _, owner := range []string{slug, ""} {
		for _, info := range s.registry.Connections() {
			if info.Tenant == owner {
				out = append(out, info)
			}
		}
		if len(out) > 0 {
			return owner, out
		}
	}
	return "", nil
}

// ways lists the ways to sign in at a site, and only those configured.
func (s *Site) ways(slug, returnTo string) []card {
	var out []card
	owner, infos := s.connections(slug)
	if to, ok := s.registry.Settings(slug).LoginURL(returnTo); ok {
		q := url.Values{}
		if slug != "" {
			q.Set("tenant", slug)
		}
		if returnTo != "/" {
			q.Set("returnTo", returnTo)
		}
		out = append(out, card{"Sign in", "At your organisation's sign-in page, " + hostOf(to) + ".", strings.TrimSuffix("/login?"+q.Encode(), "?")})
	}
	for _, info := range infos {
		if info.Protocol != lmssso.JWT {
			out = append(out, s.loginWay(info, slug, owner, returnTo))
			continue
		}
		c := card{Title: info.ID, Text: "Start at your organisation's portal: it sends you here signed in."}
		if s.cfg.File.Demo {
			c = card{
				Title: "Demo portal: " + demo.DialectTitle(info.Dialect), Text: "Pick a user, or a fault, for the connection " + info.ID + ".",
				URL: "/demo/jwt?" + url.Values{"connection": {info.ID}}.Encode(),
			}
		}
		if owner != slug {
			c.Text += " It belongs to the main site."
		}
		out = append(out, c)
	}
	return out
}

// loginWay leads to where a SAML or OpenID Connect login begins: the tenant's own address, also when it inherits the
// connection.
func (s *Site) loginWay(info tenant.Info, slug, owner, returnTo string) card {
	c := card{Title: "Single sign-on", Text: "At your organisation's identity provider, through the connection " + info.ID + ".", URL: "/access/saml/login"}
	demoTitle := "Demo identity provider: SAML"
	if info.Protocol == lmssso.OIDC {
		c.URL, demoTitle = "/access/openId/login", "Demo OpenID provider"
	}
	if s.cfg.File.Demo {
		c.Title = demoTitle
		c.Text = "The academy asks, and you pick a user, or a fault, for the connection " + info.ID + "."
	}
	if owner != slug {
		c.Text += " It belongs to the main site."
	}
	if slug != "" {
		c.URL += "/" + slug
	}
	if returnTo != "" && returnTo != "/" {
		c.URL += "?" + url.Values{"returnTo": {returnTo}}.Encode()
	}
	return c
}

func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return u.Host
}

// target returns a checked page of this site or its safelist; "" when what was asked for is none.
func (s *Site) target(site, asked string) string {
	if asked == "" {
		return ""
	}
	t, err := s.registry.Safelist(site).Check(asked)
	if err != nil {
		return ""
	}
	return t.String()
}

// login is the sign-in page: another site's, where the settings name one, else a list of ways.
func (s *Site) login(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	slug := q.Get("tenant")
	if _, ok := s.catalogue.bySlug[slug]; slug != "" && !ok {
		s.unknownPage(w, r)
		return
	}
	returnTo := s.target(slug, q.Get("returnTo"))
	if v, err := s.visitor(r); err == nil && v != nil && returnTo != "" {
		seeOther(w, returnTo)
		return
	}
	settings := s.registry.Settings(slug)
	if to, ok := settings.LoginURL(returnTo); ok {
		seeOther(w, to)
		return
	}
	s.show(w, r, http.StatusOK, "login", ui.Page{Title: "Sign in", Body: map[string]any{
		"Heading": "Sign in", "Lead": "This academy keeps no passwords. Your organisation signs you in.", "Ways": s.ways(slug, returnTo),
	}})
}

func (s *Site) register(w http.ResponseWriter, r *http.Request) {
	if to, ok := s.registry.Settings("").RegisterURL(s.target("", r.URL.Query().Get("returnTo"))); ok {
		seeOther(w, to)
		return
	}
	s.show(w, r, http.StatusOK, "login", ui.Page{Title: "Register", Body: map[string]any{
		"Heading": "Register", "Lead": "Your account is made the first time your organisation signs you in.", "Ways": s.ways("", "/"),
	}})
}

func (s *Site) account(w http.ResponseWriter, r *http.Request) {
	if to, ok := s.registry.Settings("").AccountURL("/dashboard"); ok {
		seeOther(w, to)
		return
	}
	v := s.signedIn(w, r)
	if v == nil {
		return
	}
	s.show(w, r, http.StatusOK, "account", ui.Page{Title: "Your account", Body: map[string]any{"Facts": s.accountFacts(v)}})
}

// checkout sends a visitor who is not signed in to register, with an address that resumes it.
func (s *Site) checkout(w http.ResponseWriter, r *http.Request) {
	v, err := s.visitor(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if v == nil {
		if to, ok := s.registry.Settings("").RegisterURL(r.URL.RequestURI()); ok {
			seeOther(w, to)
			return
		}
		s.signedIn(w, r)
		return
	}
	var items []map[string]string
	for _, slug := range r.URL.Query()["course"] {
		if title, ok := s.catalogue.courses[slug]; ok {
			items = append(items, map[string]string{"Slug": slug, "Title": title})
		}
	}
	s.show(w, r, http.StatusOK, "checkout", ui.Page{Title: "Checkout", Body: map[string]any{"Items": items}})
}
