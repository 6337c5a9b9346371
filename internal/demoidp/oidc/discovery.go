package oidc

import (
	"net/http"
	"slices"
	"strings"
)

// Document is the discovery document (OpenID Connect Discovery section 3).
func (p *OP) Document(how How) ([]byte, error) {
	s, err := p.scene(Client{}, nil, Login{How: how})
	if err != nil {
		return nil, err
	}
	r, err := s.said(DiscoverySide, http.StatusOK, s.document())
	if err != nil {
		return nil, err
	}
	return r.body, nil
}

func (s *scene) document() object {
	base, paths := s.op.cfg.BaseURL, s.op.cfg.Paths
	if s.op.cfg.Dialect == Thinkific {
		return thinkificDocument(s.op.cfg.Issuer, base, paths, s.op.cfg.Algorithms)
	}
	o := object{
		{"issuer", s.op.cfg.Issuer}, {"authorization_endpoint", base + paths.Authorize}, {"token_endpoint", base + paths.Token},
		{"jwks_uri", base + paths.JWKS}, {"userinfo_endpoint", base + paths.Userinfo}, {"end_session_endpoint", base + paths.EndSession},
		{"scopes_supported", []string{"openid", "profile", "email", "address", "phone", "site"}},
		{"response_types_supported", responseTypes(Standard)}, {"response_modes_supported", responseModes(Standard)},
		{"grant_types_supported", []string{"authorization_code", "implicit"}}, {"subject_types_supported", []string{"public"}},
		{"id_token_signing_alg_values_supported", s.op.cfg.Algorithms},
		{"token_endpoint_auth_methods_supported", []string{"client_secret_basic", "client_secret_post", "private_key_jwt"}},
		{"code_challenge_methods_supported", []string{"S256"}}, {"claims_parameter_supported", false},
		{"backchannel_logout_supported", true}, {"backchannel_logout_session_supported", true},
	}
	how := s.login.How
	if !how.does(NoResponseIssuer) && !how.does(UnannouncedISS) {
		o.set("authorization_response_iss_parameter_supported", true)
	}
	if how.does(NoUserinfo) {
		o.drop("userinfo_endpoint")
	}
	if how.does(NoEndSession) {
		o.drop("end_session_endpoint")
	}
	return o
}

// thinkificDocument has the members, the order and the values of Thinkific's page "OpenID Connect".
func thinkificDocument(issuer, base string, paths Paths, algorithms []string) object {
	return object{
		{"issuer", issuer}, {"authorization_endpoint", base + paths.Authorize}, {"token_endpoint", base + paths.Token},
		{"token_endpoint_auth_methods_supported", []string{"client_secret_basic"}},
		{"userinfo_endpoint", base + paths.Userinfo}, {"jwks_uri", base + paths.JWKS},
		{"grant_types_supported", []string{"authorization_code", "implicit", "refresh_token"}},
		{"scopes_supported", []string{"openid", "profile", "email", "site"}},
		{"response_modes_supported", responseModes(Thinkific)},
		{"response_types_supported", []string{"code", "code id_token", "id_token"}},
		{"subject_types_supported", []string{"public"}}, {"id_token_signing_alg_values_supported", algorithms},
		{"claim_types_supported", []string{"normal", "aggregated"}},
		{"claims_supported", strings.Fields("aud sub iss auth_time name given_name family_name updated_at picture email email_verified site")},
	}
}

// DiscoveryHandler gives the discovery document out. how says in what manner; nil is the usual.
func (p *OP) DiscoveryHandler(how func(*http.Request) How) http.Handler {
	return p.published(how, func(s *scene) (*reply, error) { return s.said(DiscoverySide, http.StatusOK, s.document()) })
}

// JWKSHandler gives the keys out (RFC 7517 section 5). how says in what manner; nil is the usual.
func (p *OP) JWKSHandler(how func(*http.Request) How) http.Handler {
	return p.published(how, (*scene).keySet)
}

func (p *OP) published(how func(*http.Request) How, make func(*scene) (*reply, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var h How
		if how != nil {
			h = how(r)
		}
		s, err := p.scene(Client{}, nil, Login{How: h})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		out, err := make(s)
		write(w, out, err)
	})
}

// JWKS is the key set.
func (p *OP) JWKS(how How) ([]byte, error) {
	s, err := p.scene(Client{}, nil, Login{How: how})
	if err != nil {
		return nil, err
	}
	r, err := s.keySet()
	if err != nil {
		return nil, err
	}
	return r.body, nil
}

func (s *scene) keySet() (*reply, error) {
	keys, err := s.publicKeys()
	if err != nil {
		return nil, err
	}
	for _, side := range []Side{TokenSide, KeysSide} { // a token's fault may need a key of its own
		for _, c := range s.changes[side] {
			if c.keys == nil {
				continue
			}
			if keys, err = c.keys(s, keys); err != nil {
				return nil, err
			}
		}
	}
	return s.said(KeysSide, http.StatusOK, object{{"keys", keys}})
}

func (s *scene) publicKeys() ([]object, error) {
	how := s.login.How
	bare := s.op.cfg.Dialect == Thinkific
	var out []object
	if how.does(JunkAmongKeys) {
		out = junkKeys()
	}
	for _, k := range s.op.Keys() {
		o, err := jwk(k.Signer.Public())
		if err != nil {
			return nil, err
		}
		if k.ID != "" && !how.does(KeysWithoutKid) {
			o.set("kid", k.ID)
		}
		if alg := s.announced(k); !bare && alg != "" && !how.does(KeysWithoutAlg) {
			o.set("alg", alg)
		}
		if !bare && !how.does(KeysWithoutUse) {
			o.set("use", "sig")
		}
		out = append(out, o)
	}
	return out, nil
}

// announced is the alg a key is published with: none where it signs with several.
func (s *scene) announced(k Key) string {
	var out string
	for _, alg := range s.op.cfg.Algorithms {
		if fits(k.Signer.Public(), alg) {
			if out != "" {
				return ""
			}
			out = alg
		}
	}
	return out
}

// junkKeys are keys nobody can use: on an unknown curve, of an unknown kind, malformed, secret, too weak, not for signatures.
func junkKeys() []object {
	return slices.Clone([]object{
		{{"kty", "EC"}, {"crv", "secp256k1"}, {"kid", "junk-1"}, {"use", "sig"}, {"x", b64(make([]byte, 32))}, {"y", b64(make([]byte, 32))}},
		{{"kty", "NEW"}, {"kid", "junk-2"}},
		{{"kty", "RSA"}, {"kid", "junk-3"}, {"n", "!!"}, {"e", "AQAB"}},
		{{"kty", "EC"}, {"crv", "P-256"}, {"kid", "junk-4"}, {"x", b64([]byte("not on the curve, but 32 bytes.."))}, {"y", b64([]byte("not on the curve, but 32 bytes.."))}},
		{{"kty", "oct"}, {"kid", "junk-5"}, {"k", b64([]byte("a secret that everybody can read"))}},
		{{"kty", "RSA"}, {"kid", "junk-6"}, {"e", "AQAB"}},
		{{"kid", "junk-7"}},
	})
}
