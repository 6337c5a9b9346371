package oidc

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	jose "github.com/go-jose/go-jose/v4"
)

// TokenHandler is the token endpoint (OpenID Connect Core section 3.1.3).
func (p *OP) TokenHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		if r.Method != http.MethodPost || r.ParseForm() != nil || repeated(r.PostForm) {
			errorReply(http.StatusBadRequest, "invalid_request").write(w)
			return
		}
		client, basic, err := p.authenticate(r)
		if err != nil {
			no := errorReply(http.StatusUnauthorized, "invalid_client")
			if basic {
				no.wants = `Basic realm="token"`
			}
			no.write(w)
			return
		}
		out, err := p.exchange(client, r.PostForm)
		write(w, out, err)
	})
}

func repeated(v url.Values) bool {
	for _, all := range v {
		if len(all) > 1 {
			return true
		}
	}
	return false
}

var errClient = errors.New("the client is not who it says")

// authenticate finds out which client asks (OpenID Connect Core section 9).
func (p *OP) authenticate(r *http.Request) (client Client, basic bool, err error) {
	if user, password, ok := r.BasicAuth(); ok {
		client, err = p.authenticateBasic(user, password)
		if err != nil || r.PostForm.Has("client_secret") || r.PostForm.Has("client_assertion") { // one method at a time
			return Client{}, true, errClient
		}
		return client, true, nil
	}
	if r.PostForm.Has("client_assertion") {
		client, err = p.authenticateAssertion(r.PostForm)
		return client, false, err
	}
	client, err = p.Client(r.PostForm.Get("client_id"))
	if err != nil || !slices.Contains(client.TokenAuth, "client_secret_post") || !same(client.Secret, r.PostForm.Get("client_secret")) {
		return Client{}, false, errClient
	}
	return client, false, nil
}

func same(a, b string) bool { return a != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// authenticateBasic takes credentials whose parts are form-encoded (RFC 6749 section 2.3.1).
func (p *OP) authenticateBasic(user, password string) (Client, error) {
	id, err1 := url.QueryUnescape(user)
	secret, err2 := url.QueryUnescape(password)
	if err1 != nil || err2 != nil {
		return Client{}, errClient
	}
	client, err := p.Client(id)
	if err != nil || !slices.Contains(client.TokenAuth, "client_secret_basic") || !same(client.Secret, secret) {
		return Client{}, errClient
	}
	return client, nil
}

// authenticateAssertion takes an assertion signed with one of the client's keys (RFC 7523 section 3).
func (p *OP) authenticateAssertion(form url.Values) (Client, error) {
	jws, err := jose.ParseSignedCompact(form.Get("client_assertion"), []jose.SignatureAlgorithm{
		jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512, jose.EdDSA,
	})
	if err != nil || form.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
		return Client{}, errClient
	}
	var c struct {
		Issuer   string          `json:"iss"`
		Subject  string          `json:"sub"`
		Audience json.RawMessage `json:"aud"`
		Expires  float64         `json:"exp"`
		ID       string          `json:"jti"`
	}
	if json.Unmarshal(jws.UnsafePayloadWithoutVerification(), &c) != nil {
		return Client{}, errClient
	}
	client, err := p.Client(c.Issuer)
	if err != nil || !slices.Contains(client.TokenAuth, "private_key_jwt") || c.Subject != client.ID {
		return Client{}, errClient
	}
	if id := form.Get("client_id"); id != "" && id != client.ID || !p.isUs(c.Audience) || !verifiedBy(jws, client.Keys) {
		return Client{}, errClient
	}
	now := p.cfg.Now()
	if at := float64(now.Unix()); c.Expires < at || c.Expires > at+3600 || !p.first(client.ID+" "+c.ID, now) || c.ID == "" {
		return Client{}, errClient
	}
	return client, nil
}

// isUs says whether an audience is this provider: its token endpoint or its name.
func (p *OP) isUs(audience json.RawMessage) bool {
	var one string
	var many []string
	if json.Unmarshal(audience, &one) == nil {
		many = []string{one}
	} else if json.Unmarshal(audience, &many) != nil {
		return false
	}
	return slices.Contains(many, p.cfg.BaseURL+p.cfg.Paths.Token) || slices.Contains(many, p.cfg.Issuer)
}

func verifiedBy(jws *jose.JSONWebSignature, keys []PublicKey) bool {
	kid := jws.Signatures[0].Header.KeyID
	for _, k := range keys {
		if kid != "" && k.ID != "" && kid != k.ID {
			continue
		}
		if _, err := jws.Verify(k.Key); err == nil {
			return true
		}
	}
	return false
}

// first says whether an assertion comes for the first time.
func (p *OP) first(id string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for k, at := range p.jtis {
		if now.Sub(at) > time.Hour || len(p.jtis) >= maxGrants {
			delete(p.jtis, k)
		}
	}
	if _, ok := p.jtis[id]; ok {
		return false
	}
	p.jtis[id] = now
	return true
}

// exchange redeems a code.
func (p *OP) exchange(client Client, form url.Values) (*reply, error) {
	if form.Get("grant_type") != "authorization_code" {
		return errorReply(http.StatusBadRequest, "unsupported_grant_type"), nil
	}
	now := p.cfg.Now()
	g, err := p.take(form.Get("code"), now, func(g *grant) bool {
		return g.client.ID == client.ID && g.req.RedirectURI == form.Get("redirect_uri") && proves(form.Get("code_verifier"), g.challenge)
	})
	if err != nil {
		return errorReply(http.StatusBadRequest, "invalid_grant"), nil //nolint:nilerr // the error is the answer
	}
	s, err := p.scene(client, g.req, g.login)
	if err != nil {
		return nil, err
	}
	access, err := p.newID("access-")
	if err != nil {
		return nil, err
	}
	p.remember(&grant{client: client, req: g.req, login: g.login, at: now, access: access})
	p.note(g, access)
	s.access = access
	return s.tokens()
}

// note keeps which access token a code gave, to end it when the code comes again.
func (p *OP) note(g *grant, access string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	g.access = access
}

// proves checks the PKCE verifier (RFC 7636 section 4.6). One that nobody asked for is refused as well: it belongs to another
// request.
func proves(verifier, challenge string) bool {
	if challenge == "" || verifier == "" {
		return challenge == verifier
	}
	sum := sha256.Sum256([]byte(verifier))
	return len(verifier) >= 43 && len(verifier) <= 128 && same(b64(sum[:]), challenge)
}

// tokens is the good answer with its faults.
func (s *scene) tokens() (*reply, error) {
	id, err := s.idToken()
	if err != nil {
		return nil, err
	}
	kind := "Bearer"
	if s.login.How.does(LowerCaseBearer) {
		kind = strings.ToLower(kind)
	}
	return s.said(ExchangeSide, http.StatusOK, object{
		{"access_token", s.access}, {"token_type", kind}, {"expires_in", int(accessLife / time.Second)}, {"scope", strings.Join(s.req.Scope, " ")}, {"id_token", id},
	})
}
