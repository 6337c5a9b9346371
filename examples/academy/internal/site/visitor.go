package site

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/examples/academy/internal/session"
	"github.com/lmssso/lmssso/examples/academy/internal/ui"
	"github.com/lmssso/lmssso/provision"
)

// adminRole is the one role that may administer the site, if the catalogue gives it the whole site: a tenant's own
// connection can never assert such a role.
const adminRole = "admin"

// visitor is somebody signed in.
type visitor struct {
	session session.Session
	account lmssso.Account
	other   *lmssso.Account // the other side of a dual-role user
}

func (v *visitor) name() string {
	if name := strings.TrimSpace(v.account.Profile.FirstName + " " + v.account.Profile.LastName); name != "" {
		return name
	}
	return v.account.Email
}

func (s *Site) isAdmin(v *visitor) bool {
	return v.account.Role == adminRole && s.catalogue.roles[adminRole].Scope == provision.SiteScope && v.account.Tenant == ""
}

// visitor returns who the request's session belongs to; nil when nobody is signed in. A session is over as soon as its
// account is gone, was moved to another tenant, has another identity than the session was opened with, or has become what
// the session's connection may not vouch for: a session for a student must not turn into an administrator's.
func (s *Site) visitor(r *http.Request) (*visitor, error) {
	v, ok := s.sessions.Get(r)
	if !ok {
		return nil, nil
	}
	snapshot, err := s.cfg.Stores.Directory.Read(r.Context(), provision.Query{AccountID: v.AccountID})
	if err != nil {
		return nil, err
	}
	out := &visitor{session: v}
	for i, a := range snapshot.ByID {
		if a.ID == v.AccountID {
			out.account = a
		} else {
			out.other = &snapshot.ByID[i]
		}
	}
	if out.account.Link != v.Link || out.account.Tenant != v.Tenant {
		return nil, nil
	}
	if provision.Admit(snapshot.Facts, out.account, s.policy(v)) != nil {
		return nil, nil
	}
	return out, nil
}

// signedIn returns the visitor. Nobody is sent to sign in and back to this page, and gets nil.
func (s *Site) signedIn(w http.ResponseWriter, r *http.Request) *visitor {
	v, err := s.visitor(r)
	switch {
	case err != nil:
		s.fail(w, r, err)
		return nil
	case v != nil:
		return v
	}
	q := r.URL.Query()
	if q.Get("kind") == "error" { // a refused login was sent here; do not begin another
		seeOther(w, "/?"+url.Values{"kind": {"error"}, "trace": {q.Get("trace")}}.Encode())
		return nil
	}
	here := r.URL.RequestURI()
	if to, ok := s.registry.Settings("").LoginURL(here); ok {
		seeOther(w, to)
		return nil
	}
	seeOther(w, "/login?"+url.Values{"returnTo": {here}}.Encode())
	return nil
}

// seeOther redirects to a target exactly as it is written.
func seeOther(w http.ResponseWriter, target string) {
	w.Header().Set("Location", target)
	w.WriteHeader(http.StatusSeeOther)
}

// nav is the frame of the visitor's pages. It shows less, and fails nothing, when the directory is down.
func (s *Site) nav(r *http.Request) ui.Nav {
	n := ui.Nav{Path: r.URL.Path, Demo: s.cfg.File.Demo}
	_, n.Admin = s.admins.Get(r)
	v, err := s.visitor(r)
	if err != nil || v == nil {
		return n
	}
	n.SignedIn, n.Name, n.Role = true, v.name(), v.account.Role
	n.Manager = n.Admin || v.account.Side == lmssso.Manager
	n.Admin = n.Admin || s.isAdmin(v)
	if t, ok := s.catalogue.tenants[v.account.Tenant]; ok {
		n.Tenant, n.TenantURL = t.Title, "/p/"+t.Slug
	}
	return n
}
