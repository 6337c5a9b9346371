package saml_test

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// browser does what a browser does between two sites: it keeps cookies by host and their SameSite rules, follows redirects,
// and submits forms that submit themselves.
type browser struct {
	t       *testing.T
	client  *http.Client
	cookies map[string]map[string]*http.Cookie // by host, then by name
	// frames makes it load the frames of a page, each as a site of its own, without this site's cookies.
	frames bool
	// framedBy is the origin of the page around this one, which a page must allow; "" for none.
	framedBy string
	// before may change a form that carries a SAML message before it is sent; nil changes nothing.
	before func(*form)
	// hold keeps SAML responses back instead of sending them.
	hold bool
	// posted is the last form with a SAML response that was sent, or held.
	posted form
	// seen lists what was asked for, as method and address without its query.
	seen []string
}

func newBrowser(t *testing.T) *browser {
	return &browser{
		t: t, cookies: map[string]map[string]*http.Cookie{},
		client: &http.Client{
			Timeout:       30 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// page is where the browser stands.
type page struct {
	url    *url.URL
	status int
	body   string
	forms  []form
	frames []string
	header http.Header
}

// form is one form of a page.
type form struct {
	action *url.URL
	method string
	fields url.Values
	asks   bool // has a field for a password
}

// open goes to an address as if it were typed.
func (b *browser) open(address string) *page {
	b.t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.visit(http.MethodGet, u, nil, "")
}

// submit fills a page's form that asks for a password and sends it.
func (b *browser) submit(p *page, values map[string]string) *page {
	b.t.Helper()
	f := p.login()
	if f == nil {
		b.t.Fatalf("%s asks for no password:\n%s", p.url, p.body)
	}
	for name, value := range values {
		f.fields.Set(name, value)
	}
	return b.visit(f.method, f.action, f.fields, p.url.Hostname())
}

// press sends the page's form with this action, with the values set.
func (b *browser) press(p *page, action string, values map[string]string) *page {
	b.t.Helper()
	for _, f := range p.forms {
		if strings.HasSuffix(f.action.Path, action) {
			for name, value := range values {
				f.fields.Set(name, value)
			}
			return b.visit(f.method, f.action, f.fields, p.url.Hostname())
		}
	}
	b.t.Fatalf("%s has no form for %s:\n%s", p.url, action, p.body)
	return nil
}

// login returns the page's form that asks for a password; nil when it has none.
func (p *page) login() *form {
	for i := range p.forms {
		if p.forms[i].asks {
			return &p.forms[i]
		}
	}
	return nil
}

// allows reports whether a page may be shown in a frame of an origin's: by frame-ancestors where its policy has one, else
// by X-Frame-Options. A redirect is not shown and needs no leave. (Chromium does the same.)
func (p *page) allows(origin string) bool {
	if origin == "" || origin == p.url.Scheme+"://"+p.url.Host {
		return true
	}
	if _, ancestors, ok := strings.Cut(p.header.Get("Content-Security-Policy"), "frame-ancestors "); ok {
		ancestors, _, _ = strings.Cut(ancestors, ";")
		return slices.Contains(strings.Fields(ancestors), origin)
	}
	return p.header.Get("X-Frame-Options") == ""
}

// message returns the page's form that carries a SAML message and asks nothing; nil when it has none.
func (p *page) message() *form {
	for i := range p.forms {
		f := &p.forms[i]
		if !f.asks && (f.fields.Has("SAMLRequest") || f.fields.Has("SAMLResponse")) {
			return f
		}
	}
	return nil
}

// visit sends a request and follows redirects and forms until a page stays. from is the host of the page it came from.
func (b *browser) visit(method string, u *url.URL, fields url.Values, from string) *page {
	b.t.Helper()
	for range 25 {
		p, location := b.once(method, u, fields, from)
		if location != nil {
			// A redirect after a cross-site post stays cross-site for SameSite, and becomes a GET.
			method, u, fields = http.MethodGet, location, nil
			continue
		}
		if b.frames {
			b.loadFrames(p)
		}
		f := p.message()
		if f == nil || !p.allows(b.framedBy) {
			return p
		}
		if b.before != nil {
			b.before(f)
		}
		if f.fields.Has("SAMLResponse") {
			b.posted = *f
			if b.hold {
				return p
			}
		}
		from, method, u, fields = p.url.Hostname(), f.method, f.action, f.fields
	}
	b.t.Fatalf("no page stays: %s", strings.Join(b.seen, "\n"))
	return nil
}

// loadFrames loads a page's frames. Each is a place of its own, so Lax and Strict cookies of the framed site are kept back.
func (b *browser) loadFrames(p *page) {
	b.t.Helper()
	for _, src := range p.frames {
		u, err := p.url.Parse(src)
		if err != nil {
			b.t.Fatal(err)
		}
		framed := &browser{t: b.t, client: b.client, framedBy: p.url.Scheme + "://" + p.url.Host, cookies: map[string]map[string]*http.Cookie{p.url.Hostname(): b.cookies[p.url.Hostname()]}}
		framed.visit(http.MethodGet, u, nil, p.url.Hostname())
		b.seen = append(b.seen, framed.seen...)
	}
}

func (b *browser) once(method string, u *url.URL, fields url.Values, from string) (*page, *url.URL) {
	b.t.Helper()
	target := *u
	var body io.Reader
	if method == http.MethodPost {
		body = strings.NewReader(fields.Encode())
	} else if fields != nil {
		target.RawQuery = fields.Encode()
	}
	r, err := http.NewRequestWithContext(b.t.Context(), method, target.String(), body)
	if err != nil {
		b.t.Fatal(err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Accept", "text/html")
	for _, c := range b.cookies[u.Hostname()] {
		if kept := c.SameSite == http.SameSiteLaxMode && method == http.MethodPost || c.SameSite == http.SameSiteStrictMode; from != "" && from != u.Hostname() && kept {
			continue
		}
		r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	b.seen = append(b.seen, method+" "+target.Scheme+"://"+target.Host+target.Path)
	answer, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer answer.Body.Close()
	b.keep(u.Hostname(), answer.Cookies())
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if location, err := answer.Location(); err == nil && answer.StatusCode/100 == 3 {
		return nil, location
	}
	p := b.read(&target, answer.StatusCode, string(text))
	p.header = answer.Header
	return p, nil
}

func (b *browser) keep(host string, cookies []*http.Cookie) {
	if b.cookies[host] == nil {
		b.cookies[host] = map[string]*http.Cookie{}
	}
	for _, c := range cookies {
		if c.MaxAge < 0 || !c.Expires.IsZero() && c.Expires.Before(time.Now()) {
			delete(b.cookies[host], c.Name)
			continue
		}
		b.cookies[host][c.Name] = c
	}
}

// read takes a page apart.
func (b *browser) read(at *url.URL, status int, text string) *page {
	b.t.Helper()
	p := &page{url: at, status: status, body: text}
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		b.t.Fatal(err)
	}
	var current *form
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "form":
			action, err := at.Parse(attribute(n, "action"))
			if err != nil {
				b.t.Fatal(err)
			}
			p.forms = append(p.forms, form{action: action, method: strings.ToUpper(attribute(n, "method")), fields: url.Values{}})
			current = &p.forms[len(p.forms)-1]
			if current.method == "" {
				current.method = http.MethodGet
			}
		case "input":
			if current != nil && attribute(n, "name") != "" {
				current.fields.Set(attribute(n, "name"), attribute(n, "value"))
				current.asks = current.asks || attribute(n, "type") == "password"
			}
		case "iframe":
			p.frames = append(p.frames, attribute(n, "src"))
		}
	}
	return p
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
