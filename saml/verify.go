package saml

import (
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"time"

	"github.com/beevik/etree"
	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/internal/strictxml"
)

// verifier judges the responses of one connection. It is immutable and safe for concurrent use.
type verifier struct {
	cfg        Config
	mapper     *attrs.Mapper
	mapped     map[string]bool // the attribute names the mapping reads
	decrypters []crypto.Decrypter
}

// expectation is what one response must fit.
type expectation struct {
	// now is the time it is judged at.
	now time.Time
	// idp is the identity provider; nil takes the connection's current one.
	idp *IdP
	// request is the login that began here; nil for a response nobody asked for.
	request *Pending
}

// response turns an encoded response into a login. It returns an assertion or an error, never both, and the assertion is
// remembered as used only when nothing else is wrong with it.
//
// The order: size and encoding; one strict pass over the XML; the envelope's cheap rules; one assertion in the one place;
// the shape and algorithms of signatures and encryption; decryption; signatures, by goxmldsig; every rule of the
// assertion, on the element the signature covers; attributes; and last the store of used assertions.
func (v *verifier) response(ctx context.Context, encoded string, want expectation) (a *lmssso.Assertion, err error) {
	defer func() {
		if p := recover(); p != nil { // a bug in a parser must not become a login
			a, err = nil, refuse(ErrXML, lmssso.Error{Detail: "reading the response panicked"})
		}
	}()
	if want.idp == nil {
		if want.idp, err = v.cfg.IdP.IdP(); err != nil {
			return nil, err
		}
	}
	if err := checkIdP(want.idp); err != nil {
		return nil, err
	}
	root, err := v.read(encoded)
	if err != nil {
		return nil, err
	}
	p, err := v.prove(root, want)
	if err != nil {
		return nil, err
	}
	l, err := v.judge(p, want)
	if err != nil {
		return nil, err
	}
	if a, err = v.assertion(l, want); err != nil {
		return nil, err
	}
	if err := v.spend(ctx, l, want); err != nil {
		return nil, err
	}
	return a, nil
}

// read decodes a message and parses it.
func (v *verifier) read(encoded string) (*etree.Element, error) {
	doc, err := decodeResponse(encoded, v.cfg.Check)
	if err != nil {
		return nil, err
	}
	root, err := strictxml.Parse(doc, v.cfg.Check.limits())
	if err != nil {
		return nil, xmlRefusal(err)
	}
	return root, nil
}

// proven is a response whose assertion is authentic: a signature covers it.
type proven struct {
	// response is the response, as its signature covers it when it has one. Without one it may only add refusals.
	response *etree.Element
	// assertion is the assertion as a signature covers it.
	assertion *etree.Element
}

// prove finds the assertion and verifies what signs it. When no certificate made the signature, the connection is asked
// once for newer ones.
func (v *verifier) prove(root *etree.Element, want expectation) (proven, error) {
	m, err := v.envelope(root, want)
	if err != nil {
		return proven{}, err
	}
	keys := newKeyring(want.idp, want.now, v.cfg.Allow)
	p, err := v.authentic(m, keys, want)
	if err == nil || !keys.missed || !v.cfg.IdP.UnknownKey() {
		return p, err
	}
	newer, sourceErr := v.cfg.IdP.IdP()
	if sourceErr != nil || checkIdP(newer) != nil || newer.EntityID != want.idp.EntityID {
		return proven{}, err
	}
	return v.authentic(m, newKeyring(newer, want.now, v.cfg.Allow), want)
}

// envelope checks the response's own rules and takes it apart.
func (v *verifier) envelope(root *etree.Element, want expectation) (message, error) {
	if err := checkMessage(root); err != nil {
		return message{}, err
	}
	if err := v.checkEnvelope(root, want); err != nil {
		return message{}, err
	}
	m, err := open(root)
	if err == nil && m.assertion != nil && !v.cfg.Allow.UnencryptedAssertions {
		err = refuse(ErrUnencrypted, lmssso.Error{Detail: "the assertion is not encrypted: turn on AllowUnencryptedAssertions, or have the identity provider encrypt"})
	}
	return m, err
}

// checkEnvelope judges the response element. It runs on the document before any cryptography, and once more on what the
// response's signature covers.
func (v *verifier) checkEnvelope(e *etree.Element, want expectation) error {
	for _, check := range []func(*etree.Element) error{checkPlaces, checkVersion, checkID} {
		if err := check(e); err != nil {
			return err
		}
	}
	f, err := responseParts(e)
	if err != nil {
		return err
	}
	if issuer := f.one("Issuer"); issuer != nil { // optional in an unsigned response (Profiles section 4.1.4.2)
		if err := checkIssuer(issuer, want.idp.EntityID); err != nil {
			return err
		}
	}
	if err := checkDestination(e, f.one("Signature") != nil, v.cfg.SP.ACS); err != nil {
		return err
	}
	if err := checkStatus(f.one("Status")); err != nil {
		return err
	}
	if want.request == nil && !v.cfg.Allow.IdPInitiated {
		return refuse(lmssso.ErrUnsolicited, lmssso.Error{Detail: "no login that began here waits for this response"})
	}
	if err := checkInResponseTo(e, want.request); err != nil {
		return err
	}
	_, err = v.window(want).checkIssued(e)
	return err
}

func (v *verifier) window(want expectation) window {
	return window{now: want.now, leeway: v.cfg.Check.Leeway}
}

// authentic verifies every signature there is: each must hold, and one must cover the assertion.
func (v *verifier) authentic(m message, keys *keyring, want expectation) (proven, error) {
	outer, err := signatureOf(m.response, v.cfg.Allow)
	if err != nil {
		return proven{}, err
	}
	if outer == nil && v.cfg.Check.RequireSignedResponse {
		return proven{}, refuse(ErrResponseUnsigned, lmssso.Error{Detail: "RequireSignedResponse is on and the response has no signature of its own"})
	}
	if m.encrypted != nil {
		return v.openEncrypted(m, outer, keys, want)
	}
	inner, err := signatureOf(m.assertion, v.cfg.Allow)
	if err != nil {
		return proven{}, err
	}
	if outer == nil && inner == nil {
		return proven{}, refuse(ErrUnsigned, lmssso.Error{Detail: "neither the response nor the assertion is signed"})
	}
	p := proven{response: m.response}
	if outer != nil {
		covered, err := v.verifyResponse(m, outer, keys, want)
		if err != nil {
			return proven{}, err
		}
		p = proven{response: covered.response, assertion: covered.assertion}
	}
	if inner == nil {
		return p, sameIdentity(m.assertion, p.assertion)
	}
	signed, err := keys.verify(m.assertion, inner)
	if err != nil {
		return proven{}, err
	}
	p.assertion = signed
	return p, sameIdentity(m.assertion, signed)
}

// verifyResponse verifies the response's own signature and takes apart what it covers, by the same rules as before.
func (v *verifier) verifyResponse(m message, s *signature, keys *keyring, want expectation) (message, error) {
	covered, err := keys.verify(m.response, s)
	if err != nil {
		return message{}, err
	}
	if err := v.checkEnvelope(covered, want); err != nil {
		return message{}, err
	}
	again, err := open(covered)
	if err == nil && (again.assertion == nil) != (m.assertion == nil) {
		err = refuse(ErrWrapped, lmssso.Error{Detail: "the signature covers another assertion"})
	}
	return again, err
}

// openEncrypted decrypts and verifies. The outer signature comes first when there is one. Where there is none, everything
// from here to the inner signature fails with one error: until that signature holds, the ciphertext is an attacker's, and
// whatever he could tell apart would decrypt for him.
func (v *verifier) openEncrypted(m message, outer *signature, keys *keyring, want expectation) (proven, error) {
	c, err := readEncrypted(m.encrypted)
	if err != nil {
		return proven{}, err
	}
	if len(v.decrypters) == 0 {
		return proven{}, refuse(ErrNoDecryptionKey, lmssso.Error{Detail: "no key of SP.Keys can decrypt"})
	}
	if outer == nil && !c.spec.gcm && !v.cfg.Allow.CBCInUnsignedResponse {
		return proven{}, refuse(ErrUnsignedCBC, lmssso.Error{Detail: "AES-CBC in a response that is not signed"})
	}
	p := proven{response: m.response}
	if outer != nil {
		covered, err := v.verifyResponse(m, outer, keys, want)
		if err != nil {
			return proven{}, err
		}
		p.response = covered.response
		if c, err = readEncrypted(covered.encrypted); err != nil {
			return proven{}, err
		}
	}
	p.assertion, err = v.decrypted(c, m.encrypted, outer != nil, keys)
	if err != nil && (outer == nil || errors.Is(err, errDecrypt)) {
		return proven{}, refuse(ErrDecryption, lmssso.Error{Detail: "the assertion cannot be decrypted, or what is in it is not signed"})
	}
	return p, err
}

// decrypted returns the decrypted assertion as a signature covers it: its own, or, where it has none, the response's
// over the ciphertext. The plaintext passes the same strict reader and the same shape rules as the document.
//
// xmlsec1 and others encrypt an element as it is written, without prefixes declared further out. The response's signature
// does not cover those that only the plaintext uses (Exclusive XML Canonicalization section 2), so anybody could have
// given them another meaning. They are read as the document, written, declares them only where the assertion has a
// signature of its own, which covers them.
func (v *verifier) decrypted(c ciphertext, written *etree.Element, covered bool, keys *keyring) (*etree.Element, error) {
	plain, err := c.decrypt(v.decrypters)
	if err != nil {
		return nil, err
	}
	root, err := strictxml.ParseIn(plain, v.cfg.Check.limits(), c.scope)
	if err != nil && covered {
		covered = false
		root, err = strictxml.ParseIn(plain, v.cfg.Check.limits(), written)
	}
	if err != nil {
		return nil, errDecrypt
	}
	if !strictxml.Is(root, nsAssertion, "Assertion") || checkPlaces(root) != nil {
		return nil, errDecrypt
	}
	inner, err := signatureOf(root, v.cfg.Allow)
	if err != nil {
		return nil, err
	}
	if inner == nil {
		if !covered {
			return nil, errDecrypt
		}
		return root, nil
	}
	signed, err := keys.verify(root, inner)
	if err != nil {
		return nil, err
	}
	return signed, sameIdentity(root, signed)
}

// sameIdentity compares the assertion that was chosen with the one a signature covers: ID and NameID.
func sameIdentity(chosen, covered *etree.Element) error {
	if covered == nil || attr(chosen, "ID") != attr(covered, "ID") || !slices.Equal(nameIDs(chosen), nameIDs(covered)) {
		return refuse(ErrWrapped, lmssso.Error{Detail: "the signature covers another assertion"})
	}
	return nil
}

// nameIDs returns every NameID of a subject directly in an assertion.
func nameIDs(assertion *etree.Element) (out []string) {
	for _, s := range strictxml.Children(assertion) {
		if s.Tag != "Subject" {
			continue
		}
		for _, n := range strictxml.Children(s) {
			if text, ok := strictxml.Text(n); ok && n.Tag == "NameID" {
				out = append(out, text)
			}
		}
	}
	return out
}

// spend remembers the assertion as used. It is the last check: only an assertion that would sign somebody in is spent.
// Its name is the issuer's and its own ID within the connection, not the message's bytes: a response can be wrapped,
// encoded and encrypted anew around the same assertion.
func (v *verifier) spend(ctx context.Context, l login, want expectation) error {
	sum := sha256.Sum256([]byte(v.cfg.Connection + "\x00" + l.issuer + "\x00" + l.id))
	until := want.now.Add(maxLifetime)
	if l.until.Before(until) {
		until = l.until
	}
	first, err := v.cfg.SingleUse.Add(ctx, "r"+base64.RawURLEncoding.EncodeToString(sum[:]), nil, until.Add(v.cfg.Check.Leeway+time.Second))
	if err != nil {
		return refuse(lmssso.ErrUnavailable, lmssso.Error{Detail: "the single-use store failed", Err: err})
	}
	if !first {
		return refuse(lmssso.ErrReplayed, lmssso.Error{Detail: "the assertion was used before"})
	}
	return nil
}
