package oidc

import (
	"context"
	"net/http"

	"github.com/lmssso/lmssso"
)

// Provider is the relying party's side of one connection. It is safe for concurrent use, implements
// [lmssso.Authenticator], and must be closed.
type Provider struct{ cfg Config }

// LogoutEnd is how a logout ended at this site, for the application to answer the browser and for the log.
type LogoutEnd struct {
	// Answered says that the response was written: a back-channel request was answered.
	Answered bool
	// ReturnTo is where the browser asked to go when a logout of ours came back, unchecked.
	ReturnTo string
	// Ended is how many sessions a provider's logout token ended here.
	Ended int
	// Err is why the message was refused.
	Err error
}

// New checks the configuration and copies it.
func New(cfg Config) (*Provider, error) { return &Provider{cfg: cfg}, nil }

// Close ends what works in the background.
func (p *Provider) Close() error { return nil }

// Begin makes an authorization request.
func (p *Provider) Begin(ctx context.Context, o *BeginOptions) (*Start, error) { return nil, nil }

// Finish verifies an answer.
func (p *Provider) Finish(ctx context.Context, in Input, pend *Pending) (*lmssso.Assertion, error) {
	return nil, nil
}

// Authenticate answers at the redirect URI.
func (p *Provider) Authenticate(w http.ResponseWriter, r *http.Request) (*lmssso.Assertion, error) {
	return nil, nil
}

// MaxBody is the largest body of a POST.
func (p *Provider) MaxBody() int64 { return 0 }

// StartLogin begins a login and sends the browser on; on an error nothing was written.
func (p *Provider) StartLogin(w http.ResponseWriter, r *http.Request, o *BeginOptions) error {
	return nil
}

// LoginHandler begins a login: GET with an optional returnTo.
func (p *Provider) LoginHandler(tenantOf func(*http.Request) string, refuse func(http.ResponseWriter, *http.Request, error)) http.Handler {
	return nil
}

// BeginLogout makes a logout request.
func (p *Provider) BeginLogout(ctx context.Context, hint lmssso.Secret, returnTo string) (*Start, error) {
	return nil, nil
}

// StartLogout sends the browser to the provider to end its session as well; on an error nothing was written.
func (p *Provider) StartLogout(w http.ResponseWriter, r *http.Request, hint lmssso.Secret, returnTo string) error {
	return nil
}

// LogoutReturnHandler answers where the browser comes back from the provider's end-session endpoint.
func (p *Provider) LogoutReturnHandler(finish func(w http.ResponseWriter, r *http.Request, end LogoutEnd)) http.Handler {
	return nil
}

// BackchannelHandler answers the provider's logout tokens, by POST.
func (p *Provider) BackchannelHandler(finish func(w http.ResponseWriter, r *http.Request, end LogoutEnd)) http.Handler {
	return nil
}
