package site

import (
	"encoding/json"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/examples/academy/internal/config"
	"github.com/lmssso/lmssso/examples/academy/internal/ui"
)

// maxBody bounds every request's body.
const maxBody = 1 << 20

// guard puts around every request what all of them need: strict headers, a bounded body, no cross-site POST outside the
// sign-in endpoints, a demo portal for this machine alone, the site's own error pages, and an answer when a page panics.
func (s *Site) guard(next *http.ServeMux) http.Handler {
	crossOrigin := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if p := recover(); p != nil && p != http.ErrAbortHandler {
				s.cfg.Logger.Error("a page panicked", "path", r.URL.Path, "stack", string(debug.Stack()))
				s.fail(w, r, lmssso.ErrUnavailable)
			}
		}()
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		_, pattern := next.Handler(r)
		if err := crossOrigin.Check(r); err != nil && !s.sso[pattern] {
			s.message(w, r, http.StatusForbidden, message{Heading: "Not done", Text: "This form was sent from another site."})
			return
		}
		if s.cfg.File.Demo && strings.HasPrefix(r.URL.Path, "/demo") && !toThisMachine(r.Host) {
			s.message(w, r, http.StatusMisdirectedRequest, message{Heading: "Not here", Text: "The demo portal answers only under an address of its own machine."})
			return
		}
		if pattern == "" {
			s.unknown(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// toThisMachine reports whether a request was sent to a loopback name or address. Listening there is not enough: a page of
// another site whose name is made to point to 127.0.0.1 ("DNS rebinding") counts as the same site to its browser, and
// could read the tokens that the portal hands out.
func toThisMachine(host string) bool {
	u := url.URL{Host: host}
	return config.Loopback(u.Hostname())
}

// unknown answers what no route takes, with the status and the Allow header the router would give.
func (s *Site) unknown(w http.ResponseWriter, r *http.Request) {
	answer := &bareWriter{header: http.Header{}}
	s.mux.ServeHTTP(answer, r)
	if answer.status == http.StatusMethodNotAllowed {
		w.Header()["Allow"] = answer.header["Allow"]
		s.fail(w, r, lmssso.ErrMethod)
		return
	}
	if location := answer.header.Get("Location"); location != "" {
		w.Header().Set("Location", location)
		w.WriteHeader(answer.status)
		return
	}
	s.message(w, r, http.StatusNotFound, message{
		Heading: "Page not found", Text: "There is no page at this address.", Code: string(lmssso.ErrNotFound.Code()),
		Links: []link{{"/", "Back to the home page"}},
	})
}

// bareWriter keeps an answer's status and headers and drops its body.
type bareWriter struct {
	header http.Header
	status int
}

func (b *bareWriter) Header() http.Header         { return b.header }
func (b *bareWriter) Write(p []byte) (int, error) { return len(p), nil }
func (b *bareWriter) WriteHeader(status int)      { b.status = status }

// message is a page that only says something.
type message struct {
	Heading, Text string
	Code, TraceID string
	Links         []link
}

type link struct{ URL, Text string }

// message answers with a page, or with JSON where a program asks.
func (s *Site) message(w http.ResponseWriter, r *http.Request, status int, m message) {
	if wantsJSON(r) {
		writeJSON(w, status, lmssso.Refusal{Code: lmssso.Code(m.Code), Message: m.Text, TraceID: m.TraceID})
		return
	}
	s.show(w, r, status, "message", ui.Page{Title: m.Heading, Body: m})
}

// fail answers with an error's public text.
func (s *Site) fail(w http.ResponseWriter, r *http.Request, err error) {
	status, text := lmssso.PublicMessage(err)
	heading := "This did not work"
	if status >= http.StatusInternalServerError {
		heading = "Something is down"
		s.cfg.Logger.Error("request failed", "path", r.URL.Path, "error", err.Error())
	}
	s.message(w, r, status, message{Heading: heading, Text: text, Code: string(lmssso.CodeOf(err)), Links: []link{{"/", "Back to the home page"}}})
}

// show renders a page in the frame of the visitor who asked.
func (s *Site) show(w http.ResponseWriter, r *http.Request, status int, name string, p ui.Page) {
	p.Nav = s.nav(r)
	if err := s.pages.Render(w, status, name, p); err != nil {
		s.cfg.Logger.Error("page not rendered", "page", name, "error", err.Error())
		http.Error(w, lmssso.ErrUnavailable.Public(), http.StatusInternalServerError)
	}
}

// wantsJSON reports whether the caller is a program: by its path, or because it asks for JSON and not for a page.
func wantsJSON(r *http.Request) bool {
	accept := strings.Join(r.Header.Values("Accept"), ",")
	return strings.HasPrefix(r.URL.Path, "/api/") && !strings.HasPrefix(r.URL.Path, "/api/sso/") ||
		strings.Contains(accept, "application/json") && !strings.Contains(accept, "text/html")
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the client went away: nobody is left to tell
}
