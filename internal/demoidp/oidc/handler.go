package oidc

import (
	"errors"
	"net/http"
)

// Decision is what becomes of a request for a login: a Login, or an error code in its place.
type Decision struct {
	// Login says who signed in.
	Login Login
	// Error refuses with an error code such as access_denied; "" does not.
	Error string
}

// AuthorizeHandler is the authorization endpoint without a page: decide says at once what becomes of each request.
func (p *OP) AuthorizeHandler(decide func(*http.Request, *Request) Decision) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		req, err := p.ReadAuthorize(r)
		if err != nil {
			p.Deny(w, err)
			return
		}
		d := decide(r, req)
		var a *Answer
		if d.Error != "" {
			a, err = p.Refuse(req, d.Error, "", d.Login.How)
		} else {
			a, err = p.Respond(req, d.Login)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		Send(w, a)
	})
}

// Deny answers a request that [OP.ReadAuthorize] refused: to the client where that is safe, to the browser otherwise.
func (p *OP) Deny(w http.ResponseWriter, err error) {
	var no *Refusal
	if errors.As(err, &no) && no.Request != nil {
		if a, err := p.Refuse(no.Request, no.Code, no.Description, How{}); err == nil {
			Send(w, a)
			return
		}
	}
	http.Error(w, err.Error(), http.StatusBadRequest)
}
