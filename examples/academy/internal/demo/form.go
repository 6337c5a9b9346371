package demo

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/examples/academy/internal/ui"
	"github.com/lmssso/lmssso/jwtsso"
)

// portalPage is what the form's template shows.
type portalPage struct {
	Problem                        string
	Tabs                           []tab
	Connection, Endpoint           string
	People                         []choice
	Courses, Paths, Bundles, Roles []choice
	Sites                          []choice
	Grants, HasErrorURL, CanPost   bool
	ReturnTo, ErrorURL             string
	Faults                         []faultGroup
	Replace, ClearCart, Dual, Post bool
	NoFault                        bool
}

// tab is one connection to choose.
type tab struct {
	Title, Text, URL string
	Current          bool
}

// faultGroup is one family of faults, open when one of them was chosen.
type faultGroup struct {
	Title  string
	Faults []choice
	Open   bool
}

func (c *connection) faultGroups(chosen string) []faultGroup {
	var out []faultGroup
	for _, family := range []struct {
		title string
		all   []fault
	}{
		{"The token: time, signature, form", tokenFaults()},
		{"The user: identity and role", identityFaults()},
		{"What it grants", accessFaults()},
	} {
		g := faultGroup{Title: family.title}
		for _, f := range family.all {
			if f.applies(c) {
				g.Faults = append(g.Faults, choice{f.ID, f.Title, f.Text, chosen == f.ID})
				g.Open = g.Open || chosen == f.ID
			}
		}
		if len(g.Faults) > 0 {
			out = append(out, g)
		}
	}
	return out
}

// choice is one box or radio button.
type choice struct {
	Value, Title, Text string
	On                 bool
}

func (p *Portal) form(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	c, ok := p.find(q.Get("connection"))
	if !ok {
		p.none(w, r)
		return
	}
	p.show(w, r, http.StatusOK, c, url.Values{"return_to": {q.Get("return_to")}}, "")
}

func (p *Portal) none(w http.ResponseWriter, r *http.Request) {
	p.cfg.Show(w, r, http.StatusNotFound, "message", ui.Page{Title: "Demo portal", Body: map[string]any{
		"Heading": "Nothing to try here", "Text": "The configuration has no such JWT connection.", "Code": "", "TraceID": "",
		"Links": []map[string]string{{"URL": "/", "Text": "Back to the home page"}},
	}})
}

// show renders the form with what was chosen before.
func (p *Portal) show(w http.ResponseWriter, r *http.Request, status int, c *connection, chosen url.Values, problem string) {
	page := portalPage{
		Problem: problem, Connection: c.id, Endpoint: c.endpoint,
		ReturnTo: chosen.Get("return_to"), ErrorURL: chosen.Get("error_url"),
		Grants: c.carries(attrs.CourseSlugs), HasErrorURL: c.dialect.Endpoint.ErrorURL != "",
		CanPost: slices.Contains(c.dialect.Endpoint.Deliveries, jwtsso.InForm) && slices.Contains(c.dialect.Endpoint.Deliveries, jwtsso.InQuery),
	}
	page.Tabs = tabs(p.cfg, c.id, page.ReturnTo)
	user := chosen.Get("user")
	for i, who := range c.people {
		page.People = append(page.People, choice{who.key, who.name, who.note, who.key == user || user == "" && i == 0})
	}
	cat := p.cfg.File.Catalogue
	for _, x := range cat.Courses {
		page.Courses = append(page.Courses, choice{Value: x.Slug, Title: x.Title, On: slices.Contains(chosen["course"], x.Slug)})
	}
	for _, x := range cat.LearningPaths {
		page.Paths = append(page.Paths, choice{Value: x.Slug, Title: x.Title, On: slices.Contains(chosen["path"], x.Slug)})
	}
	for _, x := range cat.Bundles {
		page.Bundles = append(page.Bundles, choice{Value: x.Slug, Title: x.Title, On: slices.Contains(chosen["bundle"], x.Slug)})
	}
	for _, x := range cat.Roles {
		page.Roles = append(page.Roles, choice{Value: x.Slug, Title: x.Slug, On: chosen.Get("role") == x.Slug})
	}
	if c.tenant == "" {
		for _, x := range p.cfg.File.Tenants {
			page.Sites = append(page.Sites, choice{Value: x.Slug, Title: x.Title, On: chosen.Get("site") == x.Slug})
		}
	}
	page.Faults = c.faultGroups(chosen.Get("fault"))
	page.Replace, page.ClearCart, page.Dual = chosen.Has("replace"), chosen.Has("clearCart"), chosen.Has("dual")
	page.NoFault = chosen.Get("fault") == ""
	page.Post = chosen.Get("delivery") == "post"
	p.cfg.Show(w, r, status, "portal", ui.Page{Title: "Demo portal", Body: page, PostsElsewhere: true})
}

// tabs lists the connections to choose from, of all providers.
func tabs(cfg Config, current, returnTo string) []tab {
	var out []tab
	for _, info := range cfg.Connections {
		path, title := "/demo/jwt", DialectTitle(info.Dialect)
		switch info.Protocol {
		case lmssso.SAML:
			path, title = pickPath, "SAML"
		case lmssso.OIDC:
			path, title = opPickPath, "OpenID Connect"
		}
		if info.Protocol == lmssso.SAML && !cfg.IdP.serves(info.ID) || info.Protocol == lmssso.OIDC && !cfg.OP.serves(info.ID) {
			continue
		}
		q := url.Values{"connection": {info.ID}}
		if returnTo != "" {
			q.Set("return_to", returnTo)
		}
		out = append(out, tab{Title: title, Text: cmp.Or(info.Tenant, "main site"), URL: path + "?" + q.Encode(), Current: info.ID == current})
	}
	return out
}

// learner is what the form asks the portal to say about a person.
func (c *connection) learner(who person, form url.Values) jwtsso.Learner {
	l := jwtsso.Learner{ExternalID: who.externalID, Email: who.email, FirstName: who.first, LastName: who.last}
	if c.carries(attrs.Role) {
		l.Role = who.role
		if role := form.Get("role"); role != "" {
			l.Role = role
		}
	}
	if c.carries(attrs.DualRole) {
		l.DualRole = who.dual || form.Has("dual")
	}
	if !c.carries(attrs.CourseSlugs) {
		return l
	}
	// An empty list with the replace flag is the explicit order to revoke all; without the flag it is not mentioned.
	l.Access.Replace.Courses = form.Has("replace")
	l.Access.CourseSlugs = listed(form["course"], l.Access.Replace.Courses)
	l.Access.LearningPathSlugs, l.Access.BundleSlugs = listed(form["path"], false), listed(form["bundle"], false)
	l.Access.ClearCart = form.Has("clearCart")
	if site := form.Get("site"); site != "" && c.tenant == "" {
		l.Access.Target.Slug = attrs.Text(site)
	}
	return l
}

func listed(items []string, blank bool) attrs.Value {
	if len(items) == 0 && !blank {
		return attrs.Value{}
	}
	return attrs.List(items...)
}

// send mints what the form asks for and sends the browser to the academy with it.
func (p *Portal) send(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		p.none(w, r)
		return
	}
	c, ok := p.find(r.PostForm.Get("connection"))
	if !ok {
		p.none(w, r)
		return
	}
	who, ok := c.find(r.PostForm.Get("user"))
	if !ok {
		p.show(w, r, http.StatusBadRequest, c, r.PostForm, "Pick a user.")
		return
	}
	err := p.deliver(w, r, c, who)
	if err != nil {
		p.show(w, r, http.StatusBadRequest, c, r.PostForm, "The portal cannot send this: "+explain(err))
	}
}

func explain(err error) string {
	return strings.TrimPrefix(err.Error(), string(lmssso.CodeOf(err))+": ") + "."
}

// deliver answers with the redirect or the form that carries the token.
func (p *Portal) deliver(w http.ResponseWriter, r *http.Request, c *connection, who person) error {
	f, l := r.PostForm, c.learner(who, r.PostForm)
	o := jwtsso.RedirectOptions{ReturnTo: f.Get("return_to")}
	if c.dialect.Endpoint.ErrorURL != "" {
		o.ErrorURL = f.Get("error_url")
	}
	post := f.Get("delivery") == "post" || !slices.Contains(c.dialect.Endpoint.Deliveries, jwtsso.InQuery)
	if id := f.Get("fault"); id != "" {
		return p.deliverFault(w, r, c, who, id, o, post)
	}
	if post {
		form, err := c.issuer.Form(l, o)
		if err == nil {
			form.ServeHTTP(w, r)
		}
		return err
	}
	to, err := c.issuer.RedirectURL(l, o)
	if err == nil {
		redirect(w, to)
	}
	return err
}

// redirect sends the browser on with a URL that signs it in: it must not be stored or told to other sites.
func redirect(w http.ResponseWriter, to string) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
}
