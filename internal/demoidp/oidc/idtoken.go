package oidc

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	jose "github.com/go-jose/go-jose/v4"
)

// idToken makes an ID token (OpenID Connect Core section 2).
func (s *scene) idToken() (string, error) {
	if s.login.How.does(RotatedJustNow) {
		if err := s.op.rotate(s.client.IDTokenAlg); err != nil {
			return "", err
		}
	}
	t, err := s.newToken(s.client.IDTokenAlg, "JWT")
	if err != nil {
		return "", err
	}
	s.sayLogin(t)
	s.sayHashes(t)
	s.sayUser(&t.claims, !s.login.How.does(ClaimsInUserinfo) || !s.hasAccess())
	if s.login.How.does(VerifiedApart) && s.hasAccess() {
		t.claims.drop("email_verified")
	}
	if s.faulty() {
		if err := s.each(TokenSide, t); err != nil {
			return "", err
		}
	}
	if !s.front {
		if err := s.each(ExchangeSide, t); err != nil {
			return "", err
		}
	}
	return t.compact()
}

// hasAccess says whether the client gets an access token, and with it userinfo.
func (s *scene) hasAccess() bool { return s.req.Wants("code") || s.req.Wants("token") }

// faulty says whether the token in the making is the one that has the faults.
func (s *scene) faulty() bool {
	if s.login.How.Second {
		return !s.front
	}
	return s.front || !s.req.Wants("id_token")
}

func (s *scene) each(side Side, t *token) error {
	for _, c := range s.changes[side] {
		if c.token == nil {
			continue
		}
		if err := c.token(s, t); err != nil {
			return fmt.Errorf("%s: %w", c.fault, err)
		}
	}
	return nil
}

// newToken begins a token.
func (s *scene) newToken(alg, typ string) (*token, error) {
	key, kid, err := s.op.signingKey(s.client, alg)
	if err != nil {
		return nil, err
	}
	t := &token{alg: alg, key: key, header: object{{"alg", alg}}}
	if kid != "" && !s.login.How.does(KeysWithoutKid) && !s.login.How.does(TokenWithoutKid) {
		t.header.set("kid", kid)
	}
	if !s.login.How.does(NoType) {
		t.header.set("typ", typ)
	}
	return t, nil
}

func (s *scene) sayLogin(t *token) {
	c := &t.claims
	c.set("iss", s.op.issuerFor(s.login.TenantID))
	c.set("sub", s.login.User.Subject)
	c.set("aud", s.client.ID)
	if s.login.How.does(AudienceAsList) {
		c.set("aud", []string{s.client.ID})
	}
	c.set("exp", s.date(s.now.Add(tokenLife)))
	c.set("iat", s.date(s.now))
	c.set("auth_time", s.date(s.login.AuthTime))
	if s.req.Nonce != "" {
		c.set("nonce", s.req.Nonce)
	}
	if s.login.ACR != "" {
		c.set("acr", s.login.ACR)
	}
	c.set("amr", s.login.AMR)
	if s.login.How.does(AuthorizedParty) {
		c.set("azp", s.client.ID)
	}
	c.set("sid", s.login.SessionID)
	if s.login.TenantID != "" {
		c.set("tid", s.login.TenantID)
	}
}

// sayHashes adds the hashes of what comes with the token (OpenID Connect Core sections 3.1.3.6 and 3.3.2.11).
func (s *scene) sayHashes(t *token) {
	if s.access != "" && (s.front || !s.login.How.does(NoAccessHash)) {
		t.claims.set("at_hash", leftHalf(t.alg, s.access))
	}
	if s.front && s.code != "" {
		t.claims.set("c_hash", leftHalf(t.alg, s.code))
	}
	if s.login.How.does(WithStateHash) && s.req.State != "" {
		t.claims.set("s_hash", leftHalf(t.alg, s.req.State))
	}
}

// sayUser adds what is known of the user, if it belongs here.
func (s *scene) sayUser(c *object, here bool) {
	if here {
		for _, name := range slices.Sorted(maps.Keys(s.login.User.Claims)) {
			if scope := scopeOf(name); scope == "" || slices.Contains(s.req.Scope, scope) {
				c.set(name, s.login.User.Claims[name])
			}
		}
	}
	if v := c.get("email_verified"); v != nil && s.login.How.does(VerifiedAsText) {
		c.set("email_verified", fmt.Sprint(v))
	}
	if s.login.How.does(UnknownClaims) {
		c.set("urn:example:unknown", object{{"list", []any{1, "two", nil, true}}, {"Sub", "inside"}})
	}
	if s.login.How.does(GroupOverage) {
		c.drop("groups")
		c.set("_claim_names", object{{"groups", "src1"}})
		c.set("_claim_sources", object{{"src1", object{{"endpoint", "https://graph.example/users/getMemberObjects"}}}})
	}
}

// scopeOf is the scope a claim is given out for (OpenID Connect Core section 5.4; Thinkific, "OpenID Connect", for site); ""
// for one that is always given out.
func scopeOf(claim string) string {
	for scope, claims := range map[string]string{
		"profile": "name family_name given_name middle_name nickname preferred_username profile picture website gender birthdate zoneinfo locale updated_at",
		"email":   "email email_verified", "address": "address", "phone": "phone_number phone_number_verified", "site": "site",
	} {
		if slices.Contains(strings.Fields(claims), claim) {
			return scope
		}
	}
	return ""
}

// date writes a time as seconds since 1970.
func (s *scene) date(t time.Time) any {
	if s.login.How.does(FractionalTimes) {
		return json.Number(fmt.Sprintf("%d.%03d", t.Unix(), 250))
	}
	return t.Unix()
}

// rotate puts a new key in the old ones' place, once.
func (p *OP) rotate(alg string) error {
	p.mu.Lock()
	done := p.rotated
	p.rotated = true
	p.mu.Unlock()
	if done {
		return nil
	}
	key := p.cfg.Spare
	if key == nil || !fits(key.Public(), alg) {
		var err error
		if key, err = GenerateKey(alg); err != nil {
			return err
		}
	}
	return p.SetKeys(Key{ID: "rotated", Signer: key})
}

// hint is what is read from an ID token that came back.
type hint struct {
	Issuer    string          `json:"iss"`
	Subject   string          `json:"sub"`
	Audience  json.RawMessage `json:"aud"`
	SessionID string          `json:"sid"`
}

var errHint = errors.New("not a token of this provider for this client")

// readHint verifies an ID token that a client sent back; its end does not matter (OpenID Connect RP-Initiated Logout section
// 2). A client that is "" is told by the token.
func (p *OP) readHint(text, clientID string) (*hint, error) {
	jws, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{
		jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512, jose.EdDSA, jose.HS256, jose.HS384, jose.HS512,
	})
	if err != nil {
		return nil, errHint
	}
	var h hint
	if err := json.Unmarshal(jws.UnsafePayloadWithoutVerification(), &h); err != nil {
		return nil, errHint
	}
	var one string
	var many []string
	if json.Unmarshal(h.Audience, &one) != nil && (json.Unmarshal(h.Audience, &many) != nil || len(many) == 0) {
		return nil, errHint
	}
	audience := append(many, one)
	clientID = orText(clientID, audience[0])
	client, err := p.Client(clientID)
	if err != nil || !slices.Contains(audience, clientID) || jws.Signatures[0].Header.Algorithm != client.IDTokenAlg {
		return nil, errHint
	}
	h.Audience = json.RawMessage(clientID)
	return &h, p.verifyHint(jws, client)
}

func (p *OP) verifyHint(jws *jose.JSONWebSignature, client Client) error {
	if strings.HasPrefix(client.IDTokenAlg, "HS") {
		if _, err := jws.Verify([]byte(client.Secret)); err != nil {
			return errHint
		}
		return nil
	}
	for _, k := range p.everKeys() {
		if _, err := jws.Verify(k.Signer.Public()); err == nil {
			return nil
		}
	}
	return errHint
}
