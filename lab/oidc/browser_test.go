package oidc_test

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// browser does what a browser does between two sites: it keeps cookies by host and path and their SameSite rules, follows
// redirects, submits forms that submit themselves, and hands a fragment to the page that asks for it.
type browser struct {
	t       *testing.T
	client  *http.Client
	cookies []cookie
	// before may change a provider's answer before it is sent on; nil changes nothing.
	before func(*answer)
	// hold keeps answers back instead of sending them.
	hold bool
	// answered is the provider's last answer, sent or held.
	answered *answer
	// seen lists what was asked for, as method and address without its query.
	seen []string
}

// cookie is a cookie and where it came from.
type cookie struct {
	*http.Cookie
	host string
}

// answer is a provider's message on its way through the browser to the redirect URI, or to where a logout comes back.
type answer struct {
	method string
	url    *url.URL   // the redirect URI, with the fragment or query of a GET
	fields url.Values // of a POST
	from   string     // the provider's host
}

// answering are the paths of sites that providers answer at.
var answering = regexp.MustCompile(`^/(access/openId/)?(callback|signed-out|logout)(/|$)`)

// page is where the browser stands.
type page struct {
	url     *url.URL
	status  int
	body    string
	forms   []form
	scripts bool
	header  http.Header
}

// form is one form of a page.
type form struct {
	action *url.URL
	method string
	fields url.Values
	asks   bool // has a field for a password
}

func newBrowser(t *testing.T) *browser {
	return &browser{t: t, client: &http.Client{
		Timeout:       30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
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
	for i := range p.forms {
		if f := &p.forms[i]; f.asks {
			return b.send(p, f, values)
		}
	}
	b.t.Fatalf("%s asks for no password:\n%s", p.url, p.body)
	return nil
}

// press sends the page's only form with these values set.
func (b *browser) press(p *page, values map[string]string) *page {
	b.t.Helper()
	if len(p.forms) != 1 {
		b.t.Fatalf("%s has %d forms:\n%s", p.url, len(p.forms), p.body)
	}
	return b.send(p, &p.forms[0], values)
}

func (b *browser) send(p *page, f *form, values map[string]string) *page {
	b.t.Helper()
	for name, value := range values {
		f.fields.Set(name, value)
	}
	return b.visit(f.method, f.action, f.fields, p.url.Hostname())
}

// deliver sends a provider's answer, whosever it is.
func (b *browser) deliver(a *answer) *page {
	b.t.Helper()
	hold := b.hold
	b.hold = false
	defer func() { b.hold = hold }()
	return b.visit(a.method, a.url, a.fields, a.from)
}

// visit sends a request and follows redirects and forms until a page stays. from is the host of the page it came from.
func (b *browser) visit(method string, u *url.URL, fields url.Values, from string) *page {
	b.t.Helper()
	for range 25 {
		if from != "" && from != u.Hostname() && answering.MatchString(u.Path) {
			b.answered = &answer{method: method, url: u, fields: fields, from: from}
			if b.before != nil {
				b.before(b.answered)
				method, u, fields = b.answered.method, b.answered.url, b.answered.fields
			}
			if b.hold {
				return nil
			}
		}
		p, location := b.once(method, u, fields, from)
		if location != nil {
			from, method, u, fields = u.Hostname(), http.MethodGet, location, nil
			continue
		}
		f := p.hurried()
		if f == nil {
			return p
		}
		from, method, u, fields = p.url.Hostname(), f.method, f.action, f.fields
	}
	b.t.Fatalf("no page stays: %s", strings.Join(b.seen, "\n"))
	return nil
}

// hurried returns the form of a page that submits itself; nil when the page stays.
func (p *page) hurried() *form {
	if !p.scripts || len(p.forms) != 1 || p.forms[0].asks || p.status >= 500 {
		return nil
	}
	f := &p.forms[0]
	if f.fields.Has("lmssso_fragment") && !f.fields.Has("state") { // the site's page that reads the fragment
		values, err := url.ParseQuery(p.url.EscapedFragment())
		if err != nil || len(values) == 0 {
			return nil
		}
		for name, all := range values {
			f.fields[name] = all
		}
	}
	return f
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
	for _, c := range b.cookies {
		if c.fits(&target, method, from) {
			r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
		}
	}
	b.seen = append(b.seen, method+" "+target.Scheme+"://"+target.Host+target.Path)
	answer, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer answer.Body.Close()
	for _, c := range answer.Cookies() {
		b.keep(u.Hostname(), c)
	}
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if location, err := answer.Location(); err == nil && answer.StatusCode/100 == 3 {
		return nil, location
	}
	p := b.read(&target, string(text))
	p.status, p.header = answer.StatusCode, answer.Header
	return p, nil
}

// fits reports whether a cookie is sent: hosts, not ports, keep cookies apart.
func (c cookie) fits(u *url.URL, method, from string) bool {
	crossSite := from != "" && from != u.Hostname()
	kept := crossSite && (c.SameSite == http.SameSiteStrictMode || c.SameSite == http.SameSiteLaxMode && method == http.MethodPost)
	inside := c.Path == "" || strings.HasPrefix(u.Path+"/", strings.TrimSuffix(c.Path, "/")+"/")
	return c.host == u.Hostname() && inside && !kept
}

func (b *browser) keep(host string, c *http.Cookie) {
	var rest []cookie
	for _, old := range b.cookies {
		if old.host != host || old.Name != c.Name || old.Path != c.Path {
			rest = append(rest, old)
		}
	}
	if gone := c.MaxAge < 0 || !c.Expires.IsZero() && c.Expires.Before(time.Now()); !gone {
		rest = append(rest, cookie{c, host})
	}
	b.cookies = rest
}

// read takes a page apart.
func (b *browser) read(at *url.URL, text string) *page {
	b.t.Helper()
	p := &page{url: at, body: text}
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		b.t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "script":
			p.scripts = true
		case "form":
			action, err := at.Parse(attribute(n, "action"))
			if err != nil {
				b.t.Fatal(err)
			}
			f := form{action: action, method: strings.ToUpper(attribute(n, "method")), fields: url.Values{}}
			if f.method == "" {
				f.method = http.MethodGet
			}
			p.forms = append(p.forms, f)
		case "input":
			if last := len(p.forms) - 1; last >= 0 && attribute(n, "name") != "" {
				p.forms[last].fields.Set(attribute(n, "name"), attribute(n, "value"))
				p.forms[last].asks = p.forms[last].asks || attribute(n, "type") == "password"
			}
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
