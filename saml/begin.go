package saml

import (
	"context"
	"slices"

	"github.com/beevik/etree"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/internal/pending"
)

// Begin makes an AuthnRequest (Core section 3.4.1) and what must be remembered of it. It stores nothing: an application
// that does not use [Provider.LoginHandler] keeps Start.Pending itself, under Start.Pending.Handle, which travels as
// RelayState, and ties it to the browser. opts may be nil.
//
// It refuses with [lmssso.ErrDiscovery] while nothing is known of the provider, and with [lmssso.ErrConfiguration] when
// the provider has no endpoint for the binding.
func (p *Provider) Begin(_ context.Context, opts *BeginOptions) (*Start, error) {
	if opts == nil {
		opts = &BeginOptions{}
	}
	idp, err := p.cfg.IdP.IdP()
	if err != nil {
		return nil, err
	}
	binding := p.cfg.Request.Binding
	endpoint, ok := endpointFor(idp.SSO, binding)
	if !ok {
		return nil, &lmssso.Error{Reason: lmssso.ErrConfiguration, Detail: "the provider has no single sign-on endpoint for the binding", Expected: string(binding)}
	}
	start := &Start{Pending: Pending{
		Handle: pending.NewHandle(), Connection: p.cfg.Connection, IdP: idp.EntityID, RequestID: newID(), ReturnTo: opts.ReturnTo,
		Tenant: opts.Tenant,
		Begun:  p.cfg.Now(), ForceAuthn: p.cfg.Request.ForceAuthn || opts.ForceAuthn,
	}}
	request := p.authnRequest(start.Pending, endpoint.URL)
	var s *signer
	if p.cfg.Request.Sign || idp.WantsSignedRequests {
		s = p.signer
	}
	if binding == Post {
		start.Form, err = postForm(endpoint.URL, "SAMLRequest", request, start.Pending.Handle, s)
	} else {
		start.Redirect, err = redirectURL(endpoint.URL, "SAMLRequest", request, start.Pending.Handle, s)
	}
	if err != nil {
		return nil, &lmssso.Error{Reason: lmssso.ErrConfiguration, Detail: "the AuthnRequest cannot be made", Err: err}
	}
	return start, nil
}

func endpointFor(endpoints []Endpoint, binding Binding) (Endpoint, bool) {
	i := slices.IndexFunc(endpoints, func(e Endpoint) bool { return e.Binding == binding && e.URL != "" })
	if i < 0 {
		return Endpoint{}, false
	}
	return endpoints[i], true
}

// authnRequest builds the element, its children in the schema's order.
func (p *Provider) authnRequest(pend Pending, destination string) *etree.Element {
	r := newMessage("AuthnRequest", pend.RequestID, destination, p.cfg.SP.EntityID, pend.Begun)
	r.CreateAttr("AssertionConsumerServiceURL", p.cfg.SP.ACS)
	r.CreateAttr("ProtocolBinding", bindingPost)
	if pend.ForceAuthn {
		r.CreateAttr("ForceAuthn", "true")
	}
	if p.cfg.Request.IsPassive {
		r.CreateAttr("IsPassive", "true")
	}
	if format := p.cfg.Request.NameIDFormat; format != "" {
		policy := r.CreateElement("samlp:NameIDPolicy")
		policy.CreateAttr("Format", format)
		policy.CreateAttr("AllowCreate", "true")
	}
	if contexts := p.cfg.Request.AuthnContext; len(contexts) > 0 {
		requested := r.CreateElement("samlp:RequestedAuthnContext")
		if c := p.cfg.Request.Comparison; c != "" {
			requested.CreateAttr("Comparison", c)
		}
		for _, ref := range contexts {
			requested.CreateElement("saml:AuthnContextClassRef").SetText(ref)
		}
	}
	return r
}
