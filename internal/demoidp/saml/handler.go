package saml

import "net/http"

// Picker chooses who signs in, and how to answer. A nil login means that the picker wrote a page of its own. Its form must
// post the choice together with the request: to the same path and query when the request is in the query, whose signature
// covers it as it came, and with the fields SAMLRequest and RelayState when it was posted.
type Picker func(w http.ResponseWriter, r *http.Request, req *AuthnRequest) (*Login, How)

// SSOHandler is the sign-on address: it reads a request by either binding, has a user picked and posts the answer.
func (p *IdP) SSOHandler(pick Picker) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		req, err := p.ReadAuthnRequest(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		login, how := pick(w, r, req)
		if login == nil {
			return
		}
		sent, err := p.Respond(req, *login, how)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		WriteForm(w, &sent.Form)
	})
}

// Ender ends the provider's own sessions for a service provider's request, and says how it went and in what manner to answer.
type Ender func(req *LogoutRequest) (Status, LogoutHow)

// SLOHandler is the logout address: it answers requests as end says, and shows how the provider's own requests went. done
// hears of answers; nil hears nothing.
func (p *IdP) SLOHandler(end Ender, done func(*LogoutResponse)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		in, err := p.ReadLogout(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if in.Request == nil {
			if done != nil {
				done(in.Response)
			}
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			_, _ = w.Write([]byte(in.Response.Status.Code + "\n")) // the client went away: nobody is left to tell
			return
		}
		status, how := end(in.Request)
		out, err := p.SendLogoutResponse(in.Request.Issuer, LogoutResponse{InResponseTo: in.Request.ID, Status: status, RelayState: in.Request.RelayState}, how)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		Send(w, r, out)
	})
}

// MetadataHandler gives the provider's metadata out.
func (p *IdP) MetadataHandler(options func() MetadataOptions) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		text, err := p.Metadata(options())
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/samlmetadata+xml")
		_, _ = w.Write(text) // the client went away: nobody is left to tell
	})
}
