package samltest

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	demo "github.com/lmssso/lmssso/internal/demoidp/saml"
)

// Request is what a service provider asked.
type Request struct {
	// ID is the request's, Issuer the service provider's name.
	ID, Issuer string
	// Destination is the address it meant, ACS where it wants the answer; "" is its default.
	Destination, ACS string
	// RelayState came with it.
	RelayState string
	// ForceAuthn asks to sign in again, IsPassive to show nothing.
	ForceAuthn, IsPassive bool
	// NameIDFormat is the format it wants, "" when it does not say.
	NameIDFormat string
	// AuthnContext are the class URIs it wants.
	AuthnContext []string
	// Comparison says how they are meant: exact, minimum, maximum or better; "" is exact.
	Comparison string
	// Signed says that it was signed and that the signature was verified.
	Signed bool
}

// RegisterMetadata makes a service provider known by its metadata.
func (i *IdP) RegisterMetadata(metadata []byte) {
	i.t.Helper()
	sp, err := demo.ParseSPMetadata(metadata)
	if err == nil {
		err = i.engine.Register(*sp)
	}
	if err != nil {
		i.t.Fatalf("samltest: %v", err)
	}
}

// Register makes a service provider known without metadata.
func (i *IdP) Register(sp SP) {
	i.t.Helper()
	known := demo.SP{EntityID: sp.EntityID, ACS: []string{sp.ACS}}
	if sp.SLO != "" {
		known.SLO = []demo.Endpoint{{Binding: demo.Redirect, URL: sp.SLO}, {Binding: demo.Post, URL: sp.SLO}}
	}
	if sp.Signing != nil {
		known.Signing = append(known.Signing, sp.Signing)
	}
	if sp.Encryption != nil {
		known.Encryption = append(known.Encryption, sp.Encryption)
	}
	if err := i.engine.Register(known); err != nil {
		i.t.Fatalf("samltest: %v", err)
	}
}

// Request reads the AuthnRequest of the address a service provider redirected to.
func (i *IdP) Request(redirect string) *Request {
	i.t.Helper()
	req, err := i.engine.ReadAuthnRequestURL(redirect)
	if err != nil {
		i.t.Fatalf("samltest: %v", err)
	}
	return requestOf(req)
}

// RequestOf reads the AuthnRequest of an HTTP request, by either binding.
func (i *IdP) RequestOf(r *http.Request) *Request {
	i.t.Helper()
	req, err := i.engine.ReadAuthnRequest(r)
	if err != nil {
		i.t.Fatalf("samltest: %v", err)
	}
	return requestOf(req)
}

func requestOf(r *demo.AuthnRequest) *Request {
	out := &Request{
		ID: r.ID, Issuer: r.Issuer, Destination: r.Destination, ACS: r.ACS, RelayState: r.RelayState, ForceAuthn: r.ForceAuthn, IsPassive: r.IsPassive,
		AuthnContext: r.Context.Classes, Comparison: r.Context.Comparison, Signed: r.Signature.Verified,
	}
	if r.NameID != nil {
		out.NameIDFormat = r.NameID.Format
	}
	return out
}

func (r *Request) demo() *demo.AuthnRequest {
	out := &demo.AuthnRequest{ID: r.ID, Issuer: r.Issuer, ACS: r.ACS, RelayState: r.RelayState, Context: demo.RequestedContext{Classes: r.AuthnContext}}
	if r.NameIDFormat != "" {
		out.NameID = &demo.NameIDPolicy{Format: r.NameIDFormat}
	}
	return out
}

// Respond answers a request for a user, and returns the fields to post to the service provider. The faults are made beside
// those of [IdP.SetFaults].
func (i *IdP) Respond(req *Request, user User, faults ...Fault) url.Values {
	i.t.Helper()
	sent, err := i.engine.Respond(req.demo(), user.login(), i.how(faults))
	return i.remember(req.Issuer, sent, err)
}

// Unsolicited returns the fields of an answer nobody asked for.
func (i *IdP) Unsolicited(sp, relayState string, user User, faults ...Fault) url.Values {
	i.t.Helper()
	sent, err := i.engine.Unsolicited(sp, relayState, user.login(), i.how(faults))
	return i.remember(sp, sent, err)
}

func (i *IdP) remember(sp string, sent *demo.Sent, err error) url.Values {
	i.t.Helper()
	if err != nil {
		i.t.Fatalf("samltest: %v", err)
	}
	i.note(sp, sent)
	return sent.Form.Fields
}

// note keeps the session for a later logout.
func (i *IdP) note(sp string, sent *demo.Sent) {
	if len(sent.Response.Assertions) == 0 {
		return
	}
	a := sent.Response.Assertions[0]
	s := Session{SP: sp}
	if a.NameID != nil {
		s.NameID, s.Format, s.NameQualifier, s.SPNameQualifier = a.NameID.Value, a.NameID.Format, a.NameID.NameQualifier, a.NameID.SPNameQualifier
	}
	if a.Authn != nil {
		s.Index = a.Authn.SessionIndex
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.sessions[sp] = s
}

func (i *IdP) how(faults []Fault) demo.How {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.manner.how(slices.Concat(i.faults, faults))
}

// signOn is the sign-on address: whoever comes is signed in as the user that is set.
func (i *IdP) signOn(w http.ResponseWriter, r *http.Request) {
	req, err := i.engine.ReadAuthnRequest(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	how := i.how(nil)
	i.mu.Lock()
	login := i.user.login()
	i.mu.Unlock()
	sent, err := i.engine.Respond(req, login, how)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	i.note(req.Issuer, sent)
	demo.WriteForm(w, &sent.Form)
}

// Metadata is the provider's metadata.
func (i *IdP) Metadata() []byte {
	i.t.Helper()
	return i.metadataText(i.metadataOptions())
}

// Aggregate is a federation's metadata, signed by the provider's key, in which it stands last after so many others.
func (i *IdP) Aggregate(others int, validUntil time.Time) []byte {
	i.t.Helper()
	o := i.metadataOptions()
	o.Others, o.ValidUntil, o.Sign = others, validUntil, true
	return i.metadataText(o)
}

func (i *IdP) metadataText(o demo.MetadataOptions) []byte {
	i.t.Helper()
	text, err := i.engine.Metadata(o)
	if err != nil {
		i.t.Fatalf("samltest: %v", err)
	}
	return text
}

// SetMetadata changes the metadata given out from now on: the keys listed, none standing for the provider's own, without use
// when plain; its end, zero for none; and whether the provider signs it.
func (i *IdP) SetMetadata(keys []Key, plain bool, validUntil time.Time, sign bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	use := "signing"
	if plain {
		use = ""
	}
	i.metadata = demo.MetadataOptions{ValidUntil: validUntil, Sign: sign}
	for _, k := range keys {
		i.metadata.Keys = append(i.metadata.Keys, demo.MetadataKey{Certificate: k.Certificate, Use: use})
	}
}

func (i *IdP) metadataOptions() demo.MetadataOptions {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.metadata
}
