package saml

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/beevik/etree"
)

// AuthnRequest is what a service provider asks (SAML Core section 3.4.1).
type AuthnRequest struct {
	// ID is the request's; the answer names it.
	ID string
	// Issuer is the service provider's name, Destination the address it meant.
	Issuer, Destination string
	// IssueInstant is when it was made.
	IssueInstant time.Time
	// ACS is the address it wants the answer at; "" leaves that to the provider.
	ACS string
	// ForceAuthn asks to sign the user in again, IsPassive to show nothing.
	ForceAuthn, IsPassive bool
	// NameID is its NameIDPolicy; nil when it has none.
	NameID *NameIDPolicy
	// Context is its RequestedAuthnContext.
	Context RequestedContext
	// RelayState came with it, and goes back with the answer.
	RelayState string
	// Binding is how it came.
	Binding Binding
	// Signature says whether and how it was signed.
	Signature Signature
}

// NameIDPolicy says which name of the user is wanted (SAML Core section 3.4.1.1).
type NameIDPolicy struct {
	// Format and SPNameQualifier are "" when absent.
	Format, SPNameQualifier string
	// AllowCreate lets the provider make a new name.
	AllowCreate bool
}

// RequestedContext says how the user must sign in (SAML Core section 3.3.2.2.1). Empty Classes ask nothing.
type RequestedContext struct {
	// Comparison is exact, minimum, maximum or better; "" means exact.
	Comparison string
	// Classes are class URIs.
	Classes []string
}

// ReadAuthnRequest reads and checks the AuthnRequest that came to the sign-on address.
func (p *IdP) ReadAuthnRequest(r *http.Request) (*AuthnRequest, error) {
	in, err := receive(r)
	if err != nil {
		return nil, fmt.Errorf("AuthnRequest: %w", err)
	}
	return p.authnRequest(in)
}

// ReadAuthnRequestURL reads the AuthnRequest of an address that a service provider redirected to.
func (p *IdP) ReadAuthnRequestURL(target string) (*AuthnRequest, error) {
	u, err := url.Parse(target)
	if err != nil {
		return nil, fmt.Errorf("AuthnRequest: %w", err)
	}
	in, err := receiveRedirect(u.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("AuthnRequest: %w", err)
	}
	return p.authnRequest(in)
}

func (p *IdP) authnRequest(in *arrived) (*AuthnRequest, error) {
	e := in.root
	if in.field != "SAMLRequest" || !is(e, nsProtocol, "AuthnRequest") {
		return nil, errors.New("AuthnRequest: another kind of message came")
	}
	req := &AuthnRequest{
		ID: attr(e, "ID"), Issuer: textOf(e, nsAssertion, "Issuer"), Destination: attr(e, "Destination"), IssueInstant: instant(attr(e, "IssueInstant")),
		ACS: attr(e, "AssertionConsumerServiceURL"), ForceAuthn: flag(e, "ForceAuthn"), IsPassive: flag(e, "IsPassive"),
		RelayState: in.relayState, Binding: in.binding,
	}
	req.readWishes(e)
	sp, err := p.SP(req.Issuer)
	if err != nil {
		return nil, err
	}
	if req.Signature, err = in.verify(sp); err != nil {
		return nil, fmt.Errorf("AuthnRequest: %w", err)
	}
	if err := p.checkRequest(sp, e, req); err != nil {
		return nil, err
	}
	return req, nil
}

// readWishes reads the request's policy elements.
func (r *AuthnRequest) readWishes(e *etree.Element) {
	if policy := child(e, nsProtocol, "NameIDPolicy"); policy != nil {
		r.NameID = &NameIDPolicy{Format: attr(policy, "Format"), SPNameQualifier: attr(policy, "SPNameQualifier"), AllowCreate: flag(policy, "AllowCreate")}
	}
	if asked := child(e, nsProtocol, "RequestedAuthnContext"); asked != nil {
		r.Context.Comparison = attr(asked, "Comparison")
		for _, c := range children(asked, nsAssertion, "AuthnContextClassRef") {
			r.Context.Classes = append(r.Context.Classes, c.Text())
		}
	}
}

// checkRequest refuses what a strict provider refuses.
func (p *IdP) checkRequest(sp SP, e *etree.Element, req *AuthnRequest) error {
	switch {
	case attr(e, "Version") != "2.0":
		return errors.New("AuthnRequest: not version 2.0")
	case !isID(req.ID):
		return errors.New("AuthnRequest: the ID is not an xs:ID")
	case req.IssueInstant.IsZero():
		return errors.New("AuthnRequest: no IssueInstant")
	case req.Destination != "" && req.Destination != p.cfg.SSOURL:
		return errors.New("AuthnRequest: meant for another address")
	case req.Destination == "" && req.Signature.Present:
		return errors.New("AuthnRequest: signed, but without a Destination")
	case !req.Signature.Present && (p.cfg.WantSignedRequests || sp.SignsRequests):
		return errors.New("AuthnRequest: not signed")
	case bindingOf(attr(e, "ProtocolBinding")) != Post && attr(e, "ProtocolBinding") != "":
		return errors.New("AuthnRequest: the answer is wanted by another binding than HTTP-POST")
	}
	_, err := sp.acs(req.ACS)
	return err
}

// isID reports whether the text can be an xs:ID: it must not start with a digit, which some providers check.
func isID(s string) bool {
	if s == "" {
		return false
	}
	c := s[0]
	return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
