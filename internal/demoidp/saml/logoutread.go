package saml

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/beevik/etree"
)

// Logout is a logout message that came in: exactly one of Request and Response is set.
type Logout struct {
	// Request asks to end sessions.
	Request *LogoutRequest
	// Response answers the provider's own request.
	Response *LogoutResponse
}

// ReadLogout reads and checks what came to the logout address.
func (p *IdP) ReadLogout(r *http.Request) (*Logout, error) {
	in, err := receive(r)
	if err != nil {
		return nil, fmt.Errorf("logout: %w", err)
	}
	e := in.root
	sp, err := p.SP(textOf(e, nsAssertion, "Issuer"))
	if err != nil {
		return nil, err
	}
	signature, err := in.verify(sp)
	if err != nil {
		return nil, fmt.Errorf("logout: %w", err)
	}
	if err := p.checkLogout(sp, e, signature, in.field); err != nil {
		return nil, fmt.Errorf("logout: %w", err)
	}
	switch {
	case in.field == "SAMLRequest" && is(e, nsProtocol, "LogoutRequest"):
		return &Logout{Request: logoutRequest(in, signature)}, nil
	case in.field == "SAMLResponse" && is(e, nsProtocol, "LogoutResponse"):
		return &Logout{Response: logoutResponse(in, signature)}, nil
	}
	return nil, errors.New("logout: another kind of message came")
}

// checkLogout wants signatures: unsigned logout lets anybody sign anybody out (SAML Profiles section 4.4.4.1). A service
// provider of whom no certificate is known cannot be checked, and is believed.
func (p *IdP) checkLogout(sp SP, e *etree.Element, signature Signature, name string) error {
	wanted := p.cfg.SLOURL
	if name == "SAMLResponse" && p.cfg.SLOResponseURL != "" {
		wanted = p.cfg.SLOResponseURL
	}
	switch {
	case !signature.Verified && len(sp.Signing) > 0:
		return errors.New("not signed")
	case attr(e, "Version") != "2.0" || !isID(attr(e, "ID")):
		return errors.New("no version 2.0 or no xs:ID")
	case attr(e, "Destination") != wanted:
		return errors.New("meant for another address")
	}
	return nil
}

func logoutRequest(in *arrived, signature Signature) *LogoutRequest {
	e := in.root
	r := &LogoutRequest{
		ID: attr(e, "ID"), Issuer: textOf(e, nsAssertion, "Issuer"), Destination: attr(e, "Destination"), Reason: attr(e, "Reason"),
		IssueInstant: instant(attr(e, "IssueInstant")), NotOnOrAfter: instant(attr(e, "NotOnOrAfter")),
		RelayState: in.relayState, Binding: in.binding, Signature: signature,
	}
	if n := child(e, nsAssertion, "NameID"); n != nil {
		r.NameID = NameID{Value: n.Text(), Format: attr(n, "Format"), NameQualifier: attr(n, "NameQualifier"), SPNameQualifier: attr(n, "SPNameQualifier")}
	}
	for _, index := range children(e, nsProtocol, "SessionIndex") {
		r.SessionIndexes = append(r.SessionIndexes, index.Text())
	}
	return r
}

func logoutResponse(in *arrived, signature Signature) *LogoutResponse {
	e := in.root
	r := &LogoutResponse{
		ID: attr(e, "ID"), InResponseTo: attr(e, "InResponseTo"), Issuer: textOf(e, nsAssertion, "Issuer"), Destination: attr(e, "Destination"),
		IssueInstant: instant(attr(e, "IssueInstant")), RelayState: in.relayState, Binding: in.binding, Signature: signature,
	}
	st := child(e, nsProtocol, "Status")
	if st == nil {
		return r
	}
	r.Status.Message = textOf(st, nsProtocol, "StatusMessage")
	if code := child(st, nsProtocol, "StatusCode"); code != nil {
		r.Status.Code = attr(code, "Value")
		if inner := child(code, nsProtocol, "StatusCode"); inner != nil {
			r.Status.Detail = attr(inner, "Value")
		}
	}
	return r
}
