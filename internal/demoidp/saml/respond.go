package saml

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/beevik/etree"
)

// How says in what manner to answer. The zero value signs the assertion and leaves it in the clear.
type How struct {
	// Signing says what is signed and how.
	Signing Signing
	// Encryption says whether and how the assertion is encrypted.
	Encryption Encryption
	// Style says how it is written down.
	Style Style
	// Faults are made, in this order.
	Faults []Fault
	// Edit changes what the response says before the faults and the signature; nil changes nothing.
	Edit func(*Response)
}

// Sent is a response on its way to a service provider.
type Sent struct {
	// Form is what the browser posts.
	Form Form
	// Response is what the response says, before anything was tampered with.
	Response Response
	// XML is the message as sent.
	XML []byte
}

// Respond answers a request for a login.
func (p *IdP) Respond(req *AuthnRequest, login Login, how How) (*Sent, error) {
	if req == nil {
		return nil, errors.New("responding: no request; use Unsolicited")
	}
	sp, err := p.SP(req.Issuer)
	if err != nil {
		return nil, err
	}
	acs, err := sp.acs(req.ACS)
	if err != nil {
		return nil, err
	}
	return p.respond(sp, acs, req, req.RelayState, login, how)
}

// Unsolicited sends a login nobody asked for to the service provider's default address (SAML Profiles section 4.1.5).
func (p *IdP) Unsolicited(spEntityID, relayState string, login Login, how How) (*Sent, error) {
	sp, err := p.SP(spEntityID)
	if err != nil {
		return nil, err
	}
	acs, err := sp.acs("")
	if err != nil {
		return nil, err
	}
	return p.respond(sp, acs, nil, relayState, login, how)
}

// Refuse answers a request by a failure, without an assertion.
func (p *IdP) Refuse(req *AuthnRequest, status Status, how How) (*Sent, error) {
	edit := how.Edit
	how.Edit = func(r *Response) {
		r.Status, r.Assertions = status, nil
		if edit != nil {
			edit(r)
		}
	}
	how.Signing.What, how.Encryption.On = SignResponse, false
	return p.Respond(req, Login{}, how)
}

// scene is one response in the making.
type scene struct {
	idp     *IdP
	sp      SP
	acs     string
	req     *AuthnRequest
	now     time.Time
	how     How
	changes []change
}

func (p *IdP) respond(sp SP, acs string, req *AuthnRequest, relayState string, login Login, how How) (*Sent, error) {
	changes, err := changesOf(how.Faults)
	if err != nil {
		return nil, err
	}
	s := &scene{idp: p, sp: sp, acs: acs, req: req, now: p.cfg.Now(), how: how, changes: changes}
	for _, c := range changes {
		if c.how != nil {
			c.how(s)
		}
	}
	if s.how.Encryption.Certificate == nil && len(sp.Encryption) > 0 {
		s.how.Encryption.Certificate = sp.Encryption[0]
	}
	r, err := p.good(sp, acs, req, login)
	if err != nil {
		return nil, err
	}
	if how.Edit != nil {
		how.Edit(&r)
	}
	r.Assertions = slices.Clone(r.Assertions)
	sent, err := s.make(r, relayState)
	if err != nil {
		return nil, fmt.Errorf("responding: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last[sp.EntityID] = *sent
	return sent, nil
}

// make goes from what the response says to the form.
func (s *scene) make(r Response, relayState string) (*Sent, error) {
	for _, c := range s.changes {
		if c.say != nil {
			if err := c.say(s, &r); err != nil {
				return nil, fmt.Errorf("%s: %w", c.fault, err)
			}
		}
	}
	root, err := s.tree(r)
	if err != nil {
		return nil, err
	}
	text, err := write(root, s.how.Style.Declaration)
	if err != nil {
		return nil, err
	}
	for _, c := range s.changes {
		if c.raw != nil {
			text = c.raw(text)
		}
	}
	sent := &Sent{Response: r, XML: text, Form: Form{Action: s.acs, Fields: url.Values{"SAMLResponse": {base64.StdEncoding.EncodeToString(text)}}}}
	if relayState != "" {
		sent.Form.Fields.Set("RelayState", relayState)
	}
	for _, c := range s.changes {
		if c.form != nil {
			if err := c.form(s, sent); err != nil {
				return nil, fmt.Errorf("%s: %w", c.fault, err)
			}
		}
	}
	return sent, nil
}

// tree builds, signs, tampers and encrypts.
func (s *scene) tree(r Response) (*etree.Element, error) {
	root := s.how.Style.response(r)
	if err := s.each(root, func(c change) func(*scene, *etree.Element) error { return c.draw }); err != nil {
		return nil, err
	}
	if s.how.Signing.assertion() {
		for _, a := range children(root, nsAssertion, "Assertion") {
			if err := s.sign(a); err != nil {
				return nil, err
			}
		}
	}
	if s.tampers() { // on a finished message, by somebody who is not the provider
		return root, s.tamper(root)
	}
	if err := s.encrypt(root); err != nil {
		return nil, err
	}
	if s.how.Signing.response() {
		return root, s.sign(root)
	}
	return root, nil
}

func (s *scene) tampers() bool {
	return slices.ContainsFunc(s.changes, func(c change) bool { return c.tamper != nil })
}

// tamper changes the finished message as an attacker would who holds it in the clear, and encrypts it last: encrypting needs
// only the service provider's public key.
func (s *scene) tamper(root *etree.Element) error {
	if s.how.Signing.response() {
		if err := s.sign(root); err != nil {
			return err
		}
	}
	if err := s.each(root, func(c change) func(*scene, *etree.Element) error { return c.tamper }); err != nil {
		return err
	}
	return s.encrypt(root)
}

// each applies one kind of change.
func (s *scene) each(root *etree.Element, pick func(change) func(*scene, *etree.Element) error) error {
	for _, c := range s.changes {
		if f := pick(c); f != nil {
			if err := f(s, root); err != nil {
				return fmt.Errorf("%s: %w", c.fault, err)
			}
		}
	}
	return nil
}

func (s *scene) sign(e *etree.Element) error {
	r := s.idp.recipe(s.how.Signing, s.how.Style)
	for _, c := range s.changes {
		if c.sign != nil {
			if err := c.sign(s, &r, e); err != nil {
				return fmt.Errorf("%s: %w", c.fault, err)
			}
		}
	}
	return r.sign(e)
}

// encrypt puts each assertion of the response into an EncryptedAssertion.
func (s *scene) encrypt(root *etree.Element) error {
	if !s.how.Encryption.On {
		return nil
	}
	for _, a := range children(root, nsAssertion, "Assertion") {
		sealed, err := s.how.Encryption.encrypt(s.how.Style, a, "EncryptedAssertion", s.plain)
		if err != nil {
			return err
		}
		at := a.Index()
		root.RemoveChildAt(at)
		root.InsertChildAt(at, sealed)
	}
	return s.each(root, func(c change) func(*scene, *etree.Element) error { return c.sealed })
}

func (s *scene) plain(text []byte) []byte {
	for _, c := range s.changes {
		if c.plain != nil {
			text = c.plain(text)
		}
	}
	return text
}
