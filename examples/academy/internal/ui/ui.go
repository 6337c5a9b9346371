// Package ui renders the academy's pages: html/template, one style sheet, no script.
package ui

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed pages/*.html
var pages embed.FS

//go:embed static/academy.css static/icon.svg
var static embed.FS

// csp lets a page load this site's style sheet and picture, and post to this site. Nothing runs.
const csp = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"

// Page is one page to show.
type Page struct {
	// Title stands in the browser's tab; the page's own heading is the template's.
	Title string
	// Nav is the frame around the page.
	Nav Nav
	// Body is what the page's template shows.
	Body any
	// PostsElsewhere lets the page's forms end, by redirects, on other sites. Browsers hold a form's whole chain of
	// redirects against form-action, and the demonstration's sign-in may end on a safelisted site.
	PostsElsewhere bool
}

// Nav is the frame around every page.
type Nav struct {
	// SignedIn, Name and Role describe the visitor.
	SignedIn   bool
	Name, Role string
	// Manager and Admin show the links of those roles, Demo the portal's.
	Manager, Admin, Demo bool
	// Tenant and TenantURL name the learning site the visitor is on; "" is the main site.
	Tenant, TenantURL string
	// Path is the page's own, so that its link is marked.
	Path string
}

// InDemo reports whether the page is one of the demonstration's.
func (n Nav) InDemo() bool { return strings.HasPrefix(n.Path, "/demo/") }

// UI holds the parsed pages. It is safe for concurrent use.
type UI struct {
	pages map[string]*template.Template
	style string // the style sheet's path, with its digest: it may be cached for ever
}

// New parses the pages.
func New() (*UI, error) {
	css, err := static.ReadFile("static/academy.css")
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(css)
	u := &UI{pages: map[string]*template.Template{}, style: "/static/academy.css?v=" + hex.EncodeToString(sum[:6])}
	files, err := fs.Glob(pages, "pages/*.html")
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		name := strings.TrimSuffix(path.Base(f), ".html")
		if name == "layout" || name == "parts" {
			continue
		}
		u.pages[name], err = template.New("layout.html").Funcs(functions()).ParseFS(pages, "pages/layout.html", "pages/parts.html", f)
		if err != nil {
			return nil, fmt.Errorf("page %s: %w", name, err)
		}
	}
	return u, nil
}

func functions() template.FuncMap {
	return template.FuncMap{
		"moment": func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") },
		"stamp":  func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"list":   func(s []string) string { return strings.Join(s, ", ") },
	}
}

// Render answers with a page.
func (u *UI) Render(w http.ResponseWriter, status int, name string, p Page) error {
	t, ok := u.pages[name]
	if !ok {
		return fmt.Errorf("there is no page %q", name)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, struct {
		Page
		Style string
	}{p, u.style}); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	policy := csp
	if p.PostsElsewhere {
		policy += " https: http:"
	}
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = b.WriteTo(w) // the client went away: nobody is left to tell
	return nil
}

// Static serves the style sheet and the icon.
func Static() http.Handler {
	files := http.FileServerFS(static)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=86400")
		if r.URL.RawQuery != "" {
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		files.ServeHTTP(w, r)
	})
}
