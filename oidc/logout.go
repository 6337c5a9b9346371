package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	zoidc "github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/internal/page"
	"github.com/lmssso/lmssso/internal/pending"
	"github.com/lmssso/lmssso/internal/strictjson"
)

// LogoutEnd is how a logout ended at this site, for the application to answer the browser and for the log.
type LogoutEnd struct {
	// Answered says that the response was written: a back-channel request was answered, well or not.
	Answered bool
	// ReturnTo is where the browser asked to go when a logout of ours came back, unchecked: it goes through the safelist like
	// every target.
	ReturnTo string
	// Ended is how many sessions a provider's logout token ended here.
	Ended int
	// Err is why the message was refused.
	Err error
}

// maxHint bounds the ID token that goes along with a logout. Servers refuse longer URLs, and the hint may be left out.
const maxHint = 6 << 10

// BeginLogout makes a logout request (OpenID Connect RP-Initiated Logout 1.0 section 2). hint is the login's ID token, which the
// assertion holds as Session.Hint; one that no URL could hold, or that is another provider's, is not sent, and without it the
// provider may ask the user first. It refuses with [ErrNoLogout] where the provider has no endpoint for it. Like
// [Provider.Begin] it stores nothing; Start.Pending has no Handle where the connection has no address to come back to.
func (p *Provider) BeginLogout(ctx context.Context, hint lmssso.Secret, returnTo string) (*Start, error) {
	f, err := p.source.facts(ctx)
	if err != nil {
		return nil, err
	}
	if f.endpoints.EndSession == "" {
		return nil, refuse(ErrNoLogout, lmssso.Error{Detail: "the provider has no end-session endpoint"})
	}
	start := &Start{Pending: Pending{ReturnTo: returnTo, Begun: p.cfg.Now()}}
	request := zoidc.EndSessionRequest{ClientID: p.cfg.RP.ClientID, PostLogoutRedirectURI: p.cfg.RP.PostLogoutRedirectURI}
	if len(hint) <= maxHint && !p.isOthers(hint, f) {
		request.IdTokenHint = string(hint)
	}
	if request.PostLogoutRedirectURI != "" {
		start.Pending.Handle = pending.NewHandle()
		request.State = start.Pending.Handle
	}
	parameters, err := encoded(request)
	if err != nil {
		return nil, err
	}
	start.Redirect, err = withQuery(f.endpoints.EndSession, parameters)
	return start, err
}

// isOthers reports whether a hint is another provider's ID token, which tells that one's user: sessions outlive the settings of the
// connection they were opened through.
func (p *Provider) isOthers(hint lmssso.Secret, f *facts) bool {
	_, payload, err := takeApart(string(hint), maxHint)
	if err != nil {
		return false
	}
	c, _ := strictjson.Parse(payload, claimLimits(maxHint)) // what cannot be read names no issuer
	return !issuerFits(f.issuer, checkedText(c, "iss"), p.cfg.OP.AllowedTenantIDs)
}

// StartLogout sends the browser to the provider to end its session as well. The application has ended its own before. On
// an error nothing was written: the user is signed out here, and the application says so.
func (p *Provider) StartLogout(w http.ResponseWriter, r *http.Request, hint lmssso.Secret, returnTo string) error {
	start, err := p.BeginLogout(r.Context(), hint, returnTo)
	if err != nil {
		return err
	}
	if start.Pending.Handle != "" {
		record, err := json.Marshal(start.Pending)
		if err == nil {
			err = p.keeper.Put(r.Context(), logoutKey(start.Pending.Handle), record)
		}
		if err != nil {
			return &lmssso.Error{Reason: lmssso.ErrUnavailable, Detail: "the logout cannot be remembered", Err: err}
		}
	}
	start.send(w)
	return nil
}

// logoutKey keeps logouts apart from logins: the state of one never finds the other.
func logoutKey(handle string) string { return "logout " + handle }

// LogoutReturnHandler answers where the browser comes back from the provider's end-session endpoint, by GET. finish is called
// once and answers the browser. Without the state of a logout that began here, LogoutEnd.Err is [lmssso.ErrStateLost] and
// ReturnTo empty. The state is not tied to a browser, because a logout ends nothing that is not ended already: who begins one
// can hand its way back to somebody else, once, and ReturnTo is for the safelist to judge.
func (p *Provider) LogoutReturnHandler(finish func(w http.ResponseWriter, r *http.Request, end LogoutEnd)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page.SetHeaders(w.Header(), page.Policy{})
		if r.Method != http.MethodGet {
			w.Header().Set("Allow", http.MethodGet)
			finish(w, r, LogoutEnd{Err: wrongMethod("a browser comes back from a logout by GET", r.Method)})
			return
		}
		finish(w, r, p.finishLogout(r))
	})
}

// finishLogout finds the logout the browser comes back from.
func (p *Provider) finishLogout(r *http.Request) LogoutEnd {
	values, _, err := carried(Input{Method: r.Method, RawQuery: r.URL.RawQuery})
	if err != nil {
		return LogoutEnd{Err: err}
	}
	state := values["state"]
	if len(state) != 1 || !pending.IsHandle(state[0]) {
		return LogoutEnd{Err: &lmssso.Error{Reason: lmssso.ErrStateLost, Detail: "the browser came back without the state of a logout"}}
	}
	record, err := p.keeper.Pop(r.Context(), logoutKey(state[0]))
	if err != nil {
		return LogoutEnd{Err: stateLost(err)}
	}
	var pend Pending
	if err := json.Unmarshal(record, &pend); err != nil {
		return LogoutEnd{Err: stateLost(err)}
	}
	return LogoutEnd{ReturnTo: pend.ReturnTo}
}

// BackchannelHandler answers the provider's logout tokens, by POST (OpenID Connect Back-Channel Logout 1.0 section 2.5). The
// sessions it names are ended by [lmssso.Sessions]: found by sub and sid, not by cookie. It answers by itself, as section 2.8
// says: 200 when the sessions are ended, 400 when the request was refused; 503 when this site or the provider's keys cannot
// be asked; 501 where the connection takes no such logout. finish is called once for each request, for the log; it may be nil.
func (p *Provider) BackchannelHandler(finish func(w http.ResponseWriter, r *http.Request, end LogoutEnd)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page.SetHeaders(w.Header(), page.Policy{})
		end := LogoutEnd{Answered: true}
		switch {
		case r.Method != http.MethodPost:
			w.Header().Set("Allow", http.MethodPost)
			end.Err = wrongMethod("logout tokens arrive by POST", r.Method)
		case p.cfg.Sessions == nil:
			end.Err = refuse(ErrNoLogout, lmssso.Error{Detail: "the connection has no Sessions to end"})
		default:
			r.Body = http.MaxBytesReader(w, r.Body, p.MaxBody())
			end.Ended, end.Err = p.endSessions(r)
		}
		p.answerBackchannel(w, end.Err)
		if finish != nil {
			finish(w, r, end)
		}
	})
}

// answerBackchannel writes the status, and for a refusal the error code of RFC 6749 section 5.2.
func (p *Provider) answerBackchannel(w http.ResponseWriter, err error) {
	if err == nil {
		w.WriteHeader(http.StatusOK)
		return
	}
	status, code := http.StatusBadRequest, "invalid_request"
	switch reason := lmssso.ReasonOf(err); {
	case reason == lmssso.ErrMethod:
		status = http.StatusMethodNotAllowed
	case reason == ErrNoLogout:
		status, code = http.StatusNotImplemented, "unsupported_request"
	case reason.Status() >= http.StatusInternalServerError:
		status, code = http.StatusServiceUnavailable, "temporarily_unavailable"
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": code}) // the client went away: nobody is left to tell
}

// endSessions verifies a logout token and ends the sessions it names.
func (p *Provider) endSessions(r *http.Request) (int, error) {
	if err := readForm(r); err != nil {
		return 0, err
	}
	raw := r.PostForm["logout_token"]
	if len(raw) != 1 || raw[0] == "" {
		return 0, refuse(ErrParameters, lmssso.Error{Detail: "the form must hold logout_token once"})
	}
	f, err := p.source.facts(r.Context())
	if err != nil {
		return 0, err
	}
	out, err := p.verifier.logoutToken(r.Context(), raw[0], f)
	if err != nil {
		return 0, err
	}
	ended, err := p.cfg.Sessions.End(r.Context(), out.key)
	if err != nil {
		err = errors.Join(err, p.verifier.unspend(r.Context(), out))
		return ended, &lmssso.Error{Reason: lmssso.ErrUnavailable, Detail: "the sessions could not be ended", Err: err}
	}
	return ended, nil
}
