// Package safelist decides where a browser may be sent after signing in.
//
// A login may ask for two targets: a page for success (return_to, returnTo, OpenID Connect state, SAML RelayState) and
// a page for failure (error_url). Whoever wrote the link chose them, so they are followed only when a [List] accepts
// them; otherwise the browser goes to a fixed page of the site. The flow is:
//
//	list, err := safelist.New(safelist.Config{BaseURL: "https://learn.example.com", Domains: []string{"example.org"}})
//	pair, err := list.Pair(returnTo, errorURL) // both or neither, as in Thinkific's article "Safelisted domains"
//	location := "/dashboard"
//	if !pair.ReturnTo.IsZero() {
//		location = pair.ReturnTo.String()
//	}
//	w.Header().Set("Location", location)
//	w.WriteHeader(http.StatusSeeOther)
//
// Two shapes are accepted, and nothing else: a path on the same site that begins with exactly one slash, and an
// absolute https URL (http only where [Config.AllowHTTP] says so) whose host is on the list. An entry covers its host
// and every host below it; "=host" covers that host alone. The site's own origin is always listed.
//
// [List.Check] judges the very string that is sent. It trims, decodes and rewrites nothing, and it refuses whatever two
// parsers might read in two ways: a browser (WHATWG URL), net/url, and the server that receives the path. A [Target] is
// the proof that a string was accepted: only Check and Pair make one.
//
// The zero List, and a nil *List, accept only paths on the same site. [AllowAny] is the other extreme: what Thinkific
// does while no domain is listed.
package safelist
