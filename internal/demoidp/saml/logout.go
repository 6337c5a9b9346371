package saml

import (
	"fmt"
	"slices"
	"time"

	"github.com/beevik/etree"
)

// LogoutRequest asks to end sessions (SAML Core section 3.7.1).
type LogoutRequest struct {
	// ID is the request's; "" makes one when sending.
	ID string
	// Issuer is who asks, Destination the address it is meant for.
	Issuer, Destination string
	// IssueInstant is when it was made, NotOnOrAfter when it ends.
	IssueInstant, NotOnOrAfter time.Time
	// Reason is a URI; "" gives none.
	Reason string
	// NameID is whose sessions end.
	NameID NameID
	// SessionIndexes say which of them; none means all.
	SessionIndexes []string
	// RelayState travels with it, and back with the answer.
	RelayState string
	// Binding is how it came.
	Binding Binding
	// Signature says whether and how it was signed.
	Signature Signature
}

// LogoutResponse answers a LogoutRequest (SAML Core section 3.7.2).
type LogoutResponse struct {
	// ID is the answer's; "" makes one when sending. InResponseTo is the request's.
	ID, InResponseTo string
	// Issuer is who answers, Destination the address it is meant for.
	Issuer, Destination string
	// IssueInstant is when it was made.
	IssueInstant time.Time
	// Status is how it went.
	Status Status
	// RelayState came with the request.
	RelayState string
	// Binding is how it came.
	Binding Binding
	// Signature says whether and how it was signed.
	Signature Signature
}

// LogoutHow says in what manner to send a logout message. The zero value is signed, by the first binding the service
// provider has.
type LogoutHow struct {
	// Binding is how it travels; "" takes the service provider's first.
	Binding Binding
	// Signing says how it is signed; a What of [SignNothing] leaves it unsigned.
	Signing Signing
	// Style says how it is written down.
	Style Style
	// Faults are made; those of [LogoutFaults] are known.
	Faults []Fault
}

// LogoutFaults lists the faults that logout messages can have. Those of InResponseTo and of status need a response.
func LogoutFaults() []Fault {
	return []Fault{Unsigned, WrongKey, TamperedNameID, SHA1Signature, WrongIssuer, WrongDestination, MissingDestination,
		OldIssueInstant, FutureIssueInstant, Expired, WrongInResponseTo, MissingInResponseTo, StatusNotSuccess, EmptyNameID}
}

// SendLogoutRequest brings a request to end sessions to a service provider. Empty fields are filled in.
func (p *IdP) SendLogoutRequest(spEntityID string, r LogoutRequest, how LogoutHow) (*Outgoing, LogoutRequest, error) {
	out, endpoint, err := p.outgoing(spEntityID, how, "SAMLRequest")
	if err != nil {
		return nil, r, err
	}
	if err := p.fill(&r.ID, &r.Issuer, &r.Destination, endpoint.URL, &r.IssueInstant); err != nil {
		return nil, r, err
	}
	r.NotOnOrAfter = orTime(r.NotOnOrAfter, p.cfg.Now().Add(lifetime))
	if how.has(Expired) {
		r.NotOnOrAfter = p.cfg.Now().Add(-time.Hour)
	}
	if how.has(EmptyNameID) {
		r.NameID.Value = ""
	}
	out.relayState, out.target = r.RelayState, endpoint.URL
	out.spoil(&r.Issuer, &r.Destination, &r.IssueInstant)
	s := how.Style
	e := s.message("LogoutRequest", r.ID, "2.0", r.Issuer, r.Destination, "", r.IssueInstant)
	e.CreateAttr("NotOnOrAfter", s.time(r.NotOnOrAfter))
	if r.Reason != "" {
		e.CreateAttr("Reason", r.Reason)
	}
	s.nameID(e, r.NameID)
	for _, index := range r.SessionIndexes {
		s.addText(e, nsProtocol, "SessionIndex", index)
	}
	sent, err := out.send(e)
	return sent, r, err
}

// SendLogoutResponse answers a service provider's request. Empty fields are filled in; no status is success.
func (p *IdP) SendLogoutResponse(spEntityID string, r LogoutResponse, how LogoutHow) (*Outgoing, error) {
	out, endpoint, err := p.outgoing(spEntityID, how, "SAMLResponse")
	if err != nil {
		return nil, err
	}
	if err := p.fill(&r.ID, &r.Issuer, &r.Destination, endpoint.answers(), &r.IssueInstant); err != nil {
		return nil, err
	}
	r.Status.Code = orText(r.Status.Code, StatusSuccess)
	switch {
	case how.has(WrongInResponseTo):
		r.InResponseTo = invented
	case how.has(MissingInResponseTo):
		r.InResponseTo = ""
	}
	if how.has(StatusNotSuccess) {
		r.Status = Status{Code: StatusResponder, Detail: StatusPartialLogout}
	}
	out.relayState, out.target = r.RelayState, endpoint.answers()
	out.spoil(&r.Issuer, &r.Destination, &r.IssueInstant)
	e := how.Style.message("LogoutResponse", r.ID, "2.0", r.Issuer, r.Destination, r.InResponseTo, r.IssueInstant)
	how.Style.status(e, r.Status)
	return out.send(e)
}

func (h LogoutHow) has(f Fault) bool { return slices.Contains(h.Faults, f) }

// fill puts the usual into the fields that are empty.
func (p *IdP) fill(id, issuer, destination *string, target string, at *time.Time) error {
	if *id == "" {
		made, err := p.newID()
		if err != nil {
			return err
		}
		*id = made
	}
	*issuer, *destination = orText(*issuer, p.cfg.EntityID), orText(*destination, target)
	*at = orTime(*at, p.cfg.Now())
	return nil
}

// departure is a logout message on its way.
type departure struct {
	idp                       *IdP
	how                       LogoutHow
	binding                   Binding
	field, target, relayState string
}

func (p *IdP) outgoing(spEntityID string, how LogoutHow, field string) (*departure, Endpoint, error) {
	for _, f := range how.Faults {
		if !slices.Contains(LogoutFaults(), f) {
			return nil, Endpoint{}, fmt.Errorf("logout: a logout message has no fault %q", clip(string(f)))
		}
	}
	sp, err := p.SP(spEntityID)
	if err != nil {
		return nil, Endpoint{}, err
	}
	endpoint, err := sp.slo(how.Binding)
	return &departure{idp: p, how: how, binding: endpoint.Binding, field: field}, endpoint, err
}

func (d *departure) spoil(issuer, destination *string, at *time.Time) {
	now := d.idp.cfg.Now()
	for _, f := range d.how.Faults {
		switch f {
		case WrongIssuer:
			*issuer = elsewhere + "idp"
		case WrongDestination:
			*destination = elsewhere + "logout"
		case MissingDestination:
			*destination = ""
		case OldIssueInstant:
			*at = now.Add(-24 * time.Hour)
		case FutureIssueInstant:
			*at = now.Add(time.Hour)
		}
	}
}

// send signs and packs the message.
func (d *departure) send(e *etree.Element) (*Outgoing, error) {
	signing := d.how.Signing
	if d.how.has(SHA1Signature) {
		signing.Method = RSASHA1
	}
	if d.how.has(WrongKey) {
		stranger, err := d.idp.stranger()
		if err != nil {
			return nil, err
		}
		signing.Key = &stranger
	}
	if d.how.has(Unsigned) {
		signing.What = SignNothing
	}
	prune(e, nil)
	if d.binding == Post {
		return d.post(e, signing)
	}
	return d.redirect(e, signing)
}

func (d *departure) post(e *etree.Element, signing Signing) (*Outgoing, error) {
	if signing.What != SignNothing {
		if err := d.idp.recipe(signing, d.how.Style).sign(e); err != nil {
			return nil, err
		}
	}
	if d.how.has(TamperedNameID) {
		retouch(e)
	}
	text, err := write(e, d.how.Style.Declaration)
	if err != nil {
		return nil, err
	}
	return &Outgoing{Form: postForm(d.target, d.field, text, d.relayState)}, nil
}

func (d *departure) redirect(e *etree.Element, signing Signing) (*Outgoing, error) {
	var key *Key
	if signing.What != SignNothing {
		r := d.idp.recipe(signing, d.how.Style)
		key, signing.Method = &r.key, r.method
	}
	text, err := write(e, d.how.Style.Declaration)
	if err != nil {
		return nil, err
	}
	target, err := redirectURL(d.target, d.field, text, d.relayState, key, signing.Method)
	if err == nil && d.how.has(TamperedNameID) {
		retouch(e)
		target, err = swapMessage(target, d.field, e)
	}
	return &Outgoing{Redirect: target}, err
}

// retouch changes the name after signing; an answer, which has none, gets another InResponseTo.
func retouch(e *etree.Element) {
	if name := child(e, nsAssertion, "NameID"); name != nil {
		name.SetText(ForgedNameID)
		return
	}
	e.CreateAttr("InResponseTo", invented)
}
