// Package page writes the few HTML pages the library itself shows, and the headers every sign-in endpoint answers with.
package page

import "net/http"

// SetHeaders sets what every answer of a sign-in endpoint carries: it is never stored, tells no other site where the
// browser came from (the URL may hold a token), is not sniffed, not framed, and loads or runs nothing beyond p.
func SetHeaders(h http.Header, p Policy) {
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	if p.FramedBy != "" {
		h.Del("X-Frame-Options") // it cannot name an origin; frame-ancestors below does
	}
	h.Set("Content-Security-Policy", p.String())
}

// Policy is what a page's Content-Security-Policy allows beyond nothing at all. The zero value allows nothing.
type Policy struct {
	// Style and Script are CSP source expressions, such as a 'sha256-…' hash, for the page's own inline style and script.
	Style, Script string
	// FormAction is where a form of the page may post.
	FormAction string
	// FramedBy is the one origin that may show the page in a frame; "" is none.
	FramedBy string
}

// String returns the Content-Security-Policy header's value.
func (p Policy) String() string {
	csp := "default-src 'none'; base-uri 'none'"
	for _, d := range []struct{ name, source string }{
		{"style-src", p.Style}, {"script-src", p.Script}, {"form-action", p.FormAction}, {"frame-ancestors", p.FramedBy},
	} {
		source := d.source
		if source == "" {
			source = "'none'"
		}
		csp += "; " + d.name + " " + source
	}
	return csp
}
