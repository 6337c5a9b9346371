package tenant

import (
	"maps"
	"net/http"
	"slices"

	"github.com/lmssso/lmssso"
)

// Mount registers every connection's routes on a router with the patterns of [http.ServeMux], each with its method. A
// request for a tenant without a connection of its own answers 404, and is logged; only the login routes of SAML and OpenID
// Connect answer for it, by the main site's connection. HEAD answers 405 and consumes nothing.
//
// The endpoints take cross-site POSTs, as a form at the identity provider sends them: a middleware that checks the origin
// or a CSRF token of POSTs must leave these paths out.
func (reg *Registry) Mount(mux interface{ Handle(string, http.Handler) }) {
	for _, path := range reg.paths() {
		at := reg.routes[path]
		onMain := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { reg.answer(w, r, at, "") })
		onTenant := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { reg.answer(w, r, at, r.PathValue("slug")) })
		for _, method := range at.methods {
			mux.Handle(method+" "+path, onMain)
			mux.Handle(method+" "+path+"/{$}", onMain)
			mux.Handle(method+" "+path+"/{slug}", onTenant)
			mux.Handle(method+" "+path+"/{slug}/{$}", onTenant)
		}
	}
}

// Handler returns the routes as one handler, for routers that cannot take patterns; what is not a route answers 404.
func (reg *Registry) Handler() http.Handler {
	mux := http.NewServeMux()
	reg.Mount(mux)
	return mux
}

func (reg *Registry) paths() []string { return slices.Sorted(maps.Keys(reg.routes)) }

// answer runs the connection of one owner on a path. The slug of the path chooses it, nothing else does.
func (reg *Registry) answer(w http.ResponseWriter, r *http.Request, at *route, slug string) {
	if h, ok := at.owners[slug]; ok {
		h.ServeHTTP(w, r)
		return
	}
	if at.inherited != nil && reg.inherits(slug) {
		at.inherited(slug).ServeHTTP(w, r)
		return
	}
	at.lost.ServeHTTP(w, r)
}

// inherits reports whether a tenant exists and has no set-up of its own.
func (reg *Registry) inherits(slug string) bool {
	_, exists := reg.tenants[slug]
	return exists && !reg.owners[slug]
}

// lost answers, and logs, requests for a connection that does not exist.
func (b builder) lost(protocol lmssso.Protocol, action string) (http.Handler, error) {
	return lmssso.NewLogin(lmssso.LoginConfig{
		Connection: "none", Protocol: protocol, Action: action, Authenticator: nobody{}, Provisioner: b.app.Provisioner,
		Recorder: b.app.Recorder, Done: b.app.Done, Env: b.app.Env,
	})
}

// nobody authenticates nobody.
type nobody struct{}

func (nobody) Authenticate(http.ResponseWriter, *http.Request) (*lmssso.Assertion, error) {
	return nil, &lmssso.Error{Reason: lmssso.ErrNotFound, Detail: "no connection answers at this path and tenant"}
}
