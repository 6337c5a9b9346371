package tenant

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/saml"
)

// The paths of a SAML connection (Thought Industries SSO guide, "SAML 2.0 Settings"); logout is ours.
const (
	samlLoginPath    = "/access/saml/login"
	samlConsumerPath = "/access/saml/consumer"
	samlMetadataPath = "/access/saml/metadata"
	samlLogoutPath   = "/access/saml/logout"
)

// samlPlug mounts SAML connections.
type samlPlug struct{}

func (samlPlug) paths(Connection) []string {
	return []string{samlLoginPath, samlConsumerPath, samlMetadataPath, samlLogoutPath}
}

func (samlPlug) defaults(Connection) lmssso.AccountPolicy { return lmssso.AccountPolicy{} }

func (samlPlug) check(c Connection) Faults {
	faults := c.SAML.faults()
	if c.Preset != "" {
		if _, ok := saml.NamedPreset(c.Preset); !ok {
			faults = append(faults, Fault{Path: "preset", Text: "must be one of " + strings.Join(samlPresets(), ", ")})
		}
	}
	for i, files := range c.SAML.SPKeys {
		if _, err := files.read(); err != nil {
			faults = append(faults, Fault{Path: fmt.Sprintf("spKeys[%d]", i), Text: err.Error()})
		}
	}
	if len(faults) > 0 {
		return faults
	}
	if _, err := c.SAML.idp(c.Shared, time.Now); err != nil {
		return idpFaults(err)
	}
	return nil
}

// faults lists settings that contradict each other.
func (s SAML) faults() Faults {
	var faults Faults
	given := 0
	for _, is := range []bool{s.IdP.MetadataFile != "", s.IdP.MetadataURL != "", s.IdP.MetadataXML != "", s.IdP.SSOURL != ""} {
		if is {
			given++
		}
	}
	if given != 1 {
		faults = append(faults, Fault{Path: "idpMetadataURL", Text: "must be set, or else exactly one of idpMetadataFile, idpMetadataXML and idpSSOURL"})
	}
	if b := s.Request.Binding; b != "" && b != string(saml.Redirect) && b != string(saml.Post) {
		faults = append(faults, Fault{Path: "requestBinding", Text: `must be "redirect" or "post"`})
	}
	if len(s.SPKeys) > 2 {
		faults = append(faults, Fault{Path: "spKeys", Text: "must be at most two"})
	}
	return faults
}

func idpFaults(err error) Faults {
	var faults Faults
	if errors.As(err, &faults) {
		return faults
	}
	var e *lmssso.Error
	if errors.As(err, &e) {
		return Faults{{Path: "idpMetadataURL", Text: "cannot be used: " + e.Detail}}
	}
	return Faults{{Path: "idpMetadataURL", Text: "cannot be used"}}
}

func samlPresets() []string {
	var out []string
	for _, p := range saml.Presets() {
		out = append(out, p.Name)
	}
	return out
}

// read reads a key from its files. What is wrong is said without the files' text.
func (f KeyFiles) read() (saml.Key, error) {
	certificate, err := os.ReadFile(f.Certificate)
	if err != nil {
		return saml.Key{}, errors.New("the certificate file cannot be read")
	}
	key, err := os.ReadFile(f.Key)
	if err != nil {
		return saml.Key{}, errors.New("the key file cannot be read")
	}
	k, err := saml.ParseKeyPair(certificate, key)
	var e *lmssso.Error
	if errors.As(err, &e) {
		return saml.Key{}, errors.New(e.Detail)
	}
	return k, err
}

// idp makes the identity provider's side.
func (s SAML) idp(n Shared, now func() time.Time) (saml.IdPSource, error) {
	if s.IdP.SSOURL != "" {
		return s.IdP.static(n)
	}
	return saml.NewMetadataSource(saml.MetadataConfig{
		XML: []byte(s.IdP.MetadataXML), File: s.IdP.MetadataFile, URL: s.IdP.MetadataURL,
		Trust:   saml.MetadataTrust{EntityID: s.IdP.EntityID, AllowHTTP: n.AllowHTTP},
		Network: saml.MetadataNetwork{AllowHTTP: n.AllowHTTP, AllowPrivateAddresses: n.AllowPrivateAddresses},
		Now:     now,
	})
}

func (s SAMLIdP) static(n Shared) (*saml.StaticIdP, error) {
	var faults Faults
	if s.EntityID == "" {
		faults = append(faults, Fault{Path: "idpEntityID", Text: "must be the provider's entity id"})
	}
	for path, text := range map[string]string{"idpSSOURL": s.SSOURL, "idpSLOURL": s.SLOURL} {
		if u, err := url.Parse(text); text != "" && (err != nil || u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && n.AllowHTTP)) {
			faults = append(faults, Fault{Path: path, Text: "must be an absolute https URL; http needs allowHTTP"})
		}
	}
	certs, err := saml.ParseCertificates(strings.Join(s.Certificates, "\n"))
	if err != nil {
		faults = append(faults, Fault{Path: "idpCertificates", Text: "must be certificates, as PEM or base64"})
	}
	if len(faults) > 0 {
		slices.SortFunc(faults, func(a, b Fault) int { return strings.Compare(a.Path, b.Path) })
		return nil, faults
	}
	idp := &saml.StaticIdP{EntityID: s.EntityID, Certificates: certs}
	for _, b := range []saml.Binding{saml.Redirect, saml.Post} {
		idp.SSO = append(idp.SSO, saml.Endpoint{Binding: b, URL: s.SSOURL})
		if s.SLOURL != "" {
			idp.SLO = append(idp.SLO, saml.Endpoint{Binding: b, URL: s.SLOURL})
		}
	}
	return idp, nil
}

func (p samlPlug) build(c Connection, b builder) (built, error) {
	cfg, err := p.config(c, b)
	if err != nil {
		return built{}, err
	}
	provider, err := saml.New(cfg)
	if err != nil {
		return built{}, err
	}
	end := b.trail(c)
	begin := func(tenant string) http.Handler {
		return provider.LoginHandler(func(*http.Request) string { return tenant }, end.notBegun)
	}
	get, post := []string{http.MethodGet}, []string{http.MethodPost}
	return built{logout: samlLogout{provider}, close: closing(cfg.IdP), endpoints: []endpoint{
		{path: samlLoginPath, methods: get, action: "login", handler: begin(""), inherited: begin},
		{path: samlConsumerPath, methods: post, login: provider, action: "assertionConsumer"},
		{path: samlMetadataPath, methods: get, action: "metadata", handler: provider.MetadataHandler()},
		{path: samlLogoutPath, methods: append(get, post...), action: "logout", handler: provider.LogoutHandler(
			func(w http.ResponseWriter, r *http.Request, e saml.LogoutEnd) {
				end.loggedOut(w, r, e.Answered, e.ReturnTo, e.Err)
			},
		)},
	}}, nil
}

// samlLogout begins logouts by the session's key: SAML knows no hint.
type samlLogout struct{ provider *saml.Provider }

func (l samlLogout) startLogout(w http.ResponseWriter, r *http.Request, key lmssso.SessionKey, _ lmssso.Secret, returnTo string) error {
	return l.provider.StartLogout(w, r, key, returnTo)
}

// closing returns how a source of metadata ends; nil for one that only knows.
func closing(source saml.IdPSource) func() error {
	if c, ok := source.(io.Closer); ok {
		return c.Close
	}
	return nil
}

// config is the connection as its protocol package takes it, with the preset underneath.
func (samlPlug) config(c Connection, b builder) (saml.Config, error) {
	s := c.SAML.withPreset(c.Preset)
	mapping := c.Mapping
	if preset, ok := saml.NamedPreset(c.Preset); ok {
		mapping = mapping.Over(preset.Mapping)
	}
	idp, err := s.idp(c.Shared, b.app.Env.Now)
	if err != nil {
		return saml.Config{}, err
	}
	keys, err := b.samlKeys(c)
	if err != nil {
		return saml.Config{}, err
	}
	address := func(path string) string { return b.cfg.BaseURL + withSlug(path, c.Tenant) }
	return saml.Config{
		Connection: c.ID, Tenant: c.Tenant, Realm: b.cfg.realm(c), IdP: idp, Mapping: mapping,
		SP: saml.SP{
			BaseURL: b.cfg.BaseURL, EntityID: address(samlMetadataPath), ACS: address(samlConsumerPath), SLO: address(samlLogoutPath), Keys: keys,
		},
		Request: saml.Request{
			Sign: s.Request.SignRequests, Binding: saml.Binding(s.Request.Binding), ForceAuthn: s.Request.ForceAuthn,
			NameIDFormat: s.Request.NameIDFormat, AuthnContext: s.Request.AuthnContext,
		},
		Allow: saml.Allow{
			UnencryptedAssertions: s.Allow.UnencryptedAssertions, SHA1: s.Allow.SHA1, CBCInUnsignedResponse: s.Allow.CBCInUnsignedResponse,
			UnspecifiedNameID: s.Allow.UnspecifiedNameID, IdPInitiated: s.Allow.IdPInitiated,
			ExpiredCertificates: s.Allow.ExpiredCertificates,
		},
		Check: saml.Check{
			RequireSignedResponse: s.RequireSignedResponse, Leeway: time.Duration(c.Leeway), MaxAuthnAge: time.Duration(c.MaxAuthnAge),
			Elements: s.Limits.Elements, FormValue: s.Limits.FormValue,
		},
		SingleUse: b.app.SingleUse, Sessions: b.app.Sessions, Now: b.app.Env.Now,
	}, nil
}

// withPreset turns on the settings the preset's provider needs.
func (s SAML) withPreset(name string) SAML {
	preset, ok := saml.NamedPreset(name)
	if !ok {
		return s
	}
	for option := range maps.Keys(preset.Options) {
		if option == "allowUnspecifiedNameID" {
			s.Allow.UnspecifiedNameID = true
		}
	}
	return s
}

// samlKeys returns this side's keys: from files, from the application, or made for this process.
func (b builder) samlKeys(c Connection) ([]saml.Key, error) {
	var keys []saml.Key
	for _, files := range c.SAML.SPKeys {
		k, err := files.read()
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	if len(keys) > 0 {
		return keys, nil
	}
	if b.app.SAMLKeys != nil {
		return b.app.SAMLKeys(c.ID)
	}
	now := time.Now
	if b.app.Env.Now != nil {
		now = b.app.Env.Now
	}
	k, err := saml.GenerateKey(c.ID, now())
	return []saml.Key{k}, err
}

// isZero reports whether no setting of the protocol was made.
func isZero(settings any) bool { return reflect.ValueOf(settings).IsZero() }
