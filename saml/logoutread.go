package saml

import (
	"bytes"
	"compress/flate"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/beevik/etree"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/internal/strictxml"
)

// logoutMessage is a LogoutRequest or LogoutResponse whose signature was verified.
type logoutMessage struct {
	root    *etree.Element
	family  family
	id      string
	issued  time.Time
	relay   string
	binding Binding
}

// readLogout verifies a logout message (Core section 3.7). Unsigned ones are refused whatever they say: anybody could
// send them. parameter is SAMLRequest or SAMLResponse.
func (v *verifier) readLogout(in Input, parameter string, now time.Time) (m *logoutMessage, err error) {
	defer func() {
		if p := recover(); p != nil { // a bug in a parser must not become a logout
			m, err = nil, refuse(ErrXML, lmssso.Error{Detail: "reading the logout message panicked"})
		}
	}()
	if v.cfg.SP.SLO == "" { // a message without a Destination would fit it
		return nil, refuse(ErrNoLogout, lmssso.Error{Detail: "this side has no single-logout address"})
	}
	idp, err := v.cfg.IdP.IdP()
	if err != nil {
		return nil, err
	}
	if err := checkIdP(idp); err != nil {
		return nil, err
	}
	keys := newKeyring(idp, now, v.cfg.Allow)
	m, err = v.signedLogout(in, parameter, keys)
	if err != nil && keys.missed && v.cfg.IdP.UnknownKey() {
		if newer, sourceErr := v.cfg.IdP.IdP(); sourceErr == nil && checkIdP(newer) == nil && newer.EntityID == idp.EntityID {
			m, err = v.signedLogout(in, parameter, newKeyring(newer, now, v.cfg.Allow))
		}
	}
	if err != nil {
		return nil, err
	}
	return m, v.judgeLogout(m, strings.Replace(parameter, "SAML", "Logout", 1), idp, now)
}

// signedLogout decodes the message of either binding and verifies its signature.
func (v *verifier) signedLogout(in Input, parameter string, keys *keyring) (*logoutMessage, error) {
	if in.Method == http.MethodPost {
		return v.postedLogout(in.Form, parameter, keys)
	}
	return v.redirectedLogout(in.RawQuery, parameter, keys)
}

// postedLogout reads HTTP-POST: the signature stands in the message, and only what it covers is read.
func (v *verifier) postedLogout(form url.Values, parameter string, keys *keyring) (*logoutMessage, error) {
	encoded, err := oneField(form, parameter)
	if err != nil {
		return nil, err
	}
	relay, err := oneField(form, "RelayState")
	if err != nil {
		return nil, err
	}
	root, err := v.read(encoded)
	if err != nil {
		return nil, err
	}
	s, err := signatureOf(root, v.cfg.Allow)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return nil, refuse(ErrUnsignedLogout, lmssso.Error{Detail: "the logout message is not signed"})
	}
	covered, err := keys.verify(root, s)
	if err != nil {
		return nil, err
	}
	return &logoutMessage{root: covered, relay: relay, binding: Post}, nil
}

// redirectedLogout reads HTTP-Redirect: the signature is over the query, byte for byte as it was received, because
// providers escape it in ways of their own (Bindings section 3.4.4.1).
func (v *verifier) redirectedLogout(rawQuery, parameter string, keys *keyring) (*logoutMessage, error) {
	raw, err := rawParameters(rawQuery, parameter, "RelayState", "SigAlg", "Signature", "SAMLEncoding")
	if err != nil {
		return nil, err
	}
	if _, given := raw["SAMLEncoding"]; given {
		return nil, refuse(ErrEncoding, lmssso.Error{Detail: "SAMLEncoding names an encoding of its own", Expected: "none: DEFLATE"})
	}
	if err := keys.verifyQuery(raw, parameter, v.cfg.Allow); err != nil {
		return nil, err
	}
	doc, err := inflate(decoded(raw[parameter]), v.cfg.Check.FormValue)
	if err != nil {
		return nil, err
	}
	root, err := strictxml.Parse(doc, v.cfg.Check.limits())
	if err != nil {
		return nil, xmlRefusal(err)
	}
	return &logoutMessage{root: root, relay: decoded(raw["RelayState"]), binding: Redirect}, nil
}

// rawParameters returns the named parameters as they stand in the query, still escaped. Each may stand once.
func rawParameters(rawQuery string, names ...string) (map[string]string, error) {
	out := map[string]string{}
	for pair := range strings.SplitSeq(rawQuery, "&") {
		name, value, _ := strings.Cut(pair, "=")
		for _, wanted := range names {
			if decoded(name) != wanted {
				continue
			}
			if _, twice := out[wanted]; twice || name != wanted {
				return nil, refuse(ErrEncoding, lmssso.Error{Detail: "the parameter " + wanted + " is there twice, or its name is escaped"})
			}
			out[wanted] = value
		}
	}
	return out, nil
}

// decoded undoes percent-encoding; what cannot be undone stays and fails later.
func decoded(raw string) string {
	if s, err := url.QueryUnescape(raw); err == nil {
		return s
	}
	return raw
}

// verifyQuery verifies a detached signature over exactly the bytes received.
func (k *keyring) verifyQuery(raw map[string]string, parameter string, allow Allow) error {
	sent, signed := raw["Signature"]
	if !signed || raw["SigAlg"] == "" {
		return refuse(ErrUnsignedLogout, lmssso.Error{Detail: "the logout message is not signed"})
	}
	method := decoded(raw["SigAlg"])
	if err := checkSignatureAlgorithm(method, allow); err != nil {
		return err
	}
	signature, err := base64.StdEncoding.DecodeString(dropSpace(decoded(sent)))
	if err != nil {
		return refuse(ErrEncoding, lmssso.Error{Detail: "Signature is not base64"})
	}
	text := parameter + "=" + raw[parameter]
	if relay, given := raw["RelayState"]; given {
		text += "&RelayState=" + relay
	}
	text += "&SigAlg=" + raw["SigAlg"]
	for _, cert := range k.certs {
		if !k.outOfDate(cert) && verifies(cert, method, []byte(text), signature) {
			return nil
		}
	}
	k.missed = true
	return refuse(lmssso.ErrSignature, lmssso.Error{Detail: "no certificate of the connection verifies the query's signature"})
}

// verifies checks a detached signature by crypto/rsa or crypto/ecdsa.
func verifies(cert *x509.Certificate, method string, text, signature []byte) bool {
	hash := queryHash(method)
	if hash == 0 {
		return false
	}
	h := hash.New()
	h.Write(text)
	switch key := cert.PublicKey.(type) {
	case *rsa.PublicKey:
		return strings.Contains(method, "#rsa-") && rsa.VerifyPKCS1v15(key, hash, h.Sum(nil), signature) == nil
	case *ecdsa.PublicKey:
		return strings.Contains(method, "#ecdsa-") && ecdsa.VerifyASN1(key, h.Sum(nil), asASN1(key, signature))
	default:
		return false
	}
}

// asASN1 takes both forms an ECDSA signature arrives in: two numbers of the curve's size, or ASN.1.
func asASN1(key *ecdsa.PublicKey, signature []byte) []byte {
	size := (key.Params().BitSize + 7) / 8
	if len(signature) != 2*size {
		return signature
	}
	der, err := asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(signature[:size]), new(big.Int).SetBytes(signature[size:])})
	if err != nil {
		return nil
	}
	return der
}

func queryHash(method string) crypto.Hash {
	switch {
	case strings.HasSuffix(method, "-sha256"):
		return crypto.SHA256
	case strings.HasSuffix(method, "-sha384"):
		return crypto.SHA384
	case strings.HasSuffix(method, "-sha512"):
		return crypto.SHA512
	case strings.HasSuffix(method, "-sha1"):
		return crypto.SHA1
	default:
		return 0
	}
}

// inflate undoes the encoding of HTTP-Redirect. It reads one byte beyond the limit and no more, so that a small query cannot
// grow into gigabytes; the parser refuses what is that long.
func inflate(encoded string, limit int) ([]byte, error) {
	if len(encoded) > limit {
		return nil, refuse(ErrLimits, lmssso.Error{Detail: "the logout message is too long"})
	}
	packed, err := base64.StdEncoding.DecodeString(dropSpace(encoded))
	if err != nil {
		return nil, refuse(ErrEncoding, lmssso.Error{Detail: "the logout message is not base64"})
	}
	doc, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), int64(limit)+1))
	if err != nil {
		return nil, refuse(ErrEncoding, lmssso.Error{Detail: "the logout message is not deflated"})
	}
	return doc, nil
}

// judgeLogout checks what both messages share: their kind, version, issuer, destination, age, and that each serves once.
func (v *verifier) judgeLogout(m *logoutMessage, name string, idp *IdP, now time.Time) (err error) {
	if !strictxml.Is(m.root, nsProtocol, name) {
		return refuse(ErrMessage, lmssso.Error{Detail: "another message than a " + name})
	}
	for _, check := range []func(*etree.Element) error{checkVersion, checkID} {
		if err := check(m.root); err != nil {
			return err
		}
	}
	if m.family, err = logoutParts(m.root, name); err != nil {
		return err
	}
	if err := checkIssuer(m.family.one("Issuer"), idp.EntityID); err != nil {
		return err
	}
	if got := attr(m.root, "Destination"); got != v.cfg.SP.SLO {
		return refuse(ErrDestination, lmssso.Error{Detail: "the logout message's Destination", Expected: quoted(v.cfg.SP.SLO), Received: quoted(got)})
	}
	w := window{now: now, leeway: v.cfg.Check.Leeway}
	if m.issued, err = w.checkIssued(m.root); err != nil {
		return err
	}
	ends, err := timeOf(m.root, "NotOnOrAfter")
	if err != nil {
		return err
	}
	if !ends.IsZero() {
		if err := w.checkNotOnOrAfter(lmssso.ErrExpired, "the logout request", ends); err != nil {
			return err
		}
	}
	m.id = attr(m.root, "ID")
	return nil
}

// maxIndexes bounds the sessions one request names, and with them the searches among a site's sessions it causes.
const maxIndexes = 100

func logoutParts(root *etree.Element, name string) (family, error) {
	shared := []part{{nsAssertion, "Issuer", 1, 1}, {nsSignature, "Signature", 0, 1}, {nsProtocol, "Extensions", 0, 1}}
	if name == "LogoutResponse" {
		return parts(root, ErrStructure, append(shared, part{nsProtocol, "Status", 1, 1})...)
	}
	return parts(root, ErrStructure, append(shared, part{nsAssertion, "NameID", 0, 1}, part{nsAssertion, "EncryptedID", 0, 1},
		part{nsAssertion, "BaseID", 0, 1}, part{nsProtocol, "SessionIndex", 0, maxIndexes})...)
}

// spendLogout remembers a request as used, for as long as it could pass again.
func (v *verifier) spendLogout(ctx context.Context, m *logoutMessage) error {
	sum := sha256.Sum256([]byte(v.cfg.Connection + "\x00logout\x00" + m.id))
	until := m.issued.Add(maxAge + 2*v.cfg.Check.Leeway + time.Second)
	first, err := v.cfg.SingleUse.Add(ctx, "r"+base64.RawURLEncoding.EncodeToString(sum[:]), nil, until)
	if err != nil {
		return refuse(lmssso.ErrUnavailable, lmssso.Error{Detail: "the single-use store failed", Err: err})
	}
	if !first {
		return refuse(lmssso.ErrReplayed, lmssso.Error{Detail: "the logout request was used before"})
	}
	return nil
}

// loggedOut returns whose sessions a request ends, as the assertion named them.
func (m *logoutMessage) loggedOut() (subject lmssso.Subject, indexes []string, err error) {
	name := m.family.one("NameID")
	if name == nil {
		return subject, nil, refuse(ErrNameID, lmssso.Error{Detail: "the logout request names nobody in the clear", Expected: "a NameID, not a BaseID or EncryptedID"})
	}
	text, ok := strictxml.Text(name)
	if !ok {
		return subject, nil, refuse(ErrNameID, lmssso.Error{Detail: "the NameID holds elements"})
	}
	if err := checkNameID(text); err != nil {
		return subject, nil, err
	}
	for _, e := range m.family["SessionIndex"] {
		index, ok := strictxml.Text(e)
		if !ok || index == "" {
			return subject, nil, refuse(ErrStructure, lmssso.Error{Detail: "a SessionIndex is empty or holds elements"})
		}
		indexes = append(indexes, index)
	}
	return lmssso.Subject{
		Value: text, Format: attr(name, "Format"),
		NameQualifier: attr(name, "NameQualifier"), SPNameQualifier: attr(name, "SPNameQualifier"),
	}, indexes, nil
}
