package oidc

import (
	"net/http"
	"strings"
)

// UserinfoHandler is the userinfo endpoint (OpenID Connect Core section 5.3). It takes the access token after Bearer, or as
// the whole Authorization header as Thinkific's page "OpenID Connect" shows it.
func (p *OP) UserinfoHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text := r.Header.Get("Authorization")
		access, bearer := strings.CutPrefix(text, "Bearer ")
		g, ok := p.granted(access, p.cfg.Now())
		if !ok || !bearer && p.cfg.Dialect != Thinkific && !g.login.How.does(RawAuthorization) || bearer && g.login.How.does(RawAuthorization) {
			p.unauthorized().write(w)
			return
		}
		out, err := p.userinfo(g)
		write(w, out, err)
	})
}

// unauthorized is the answer to a token that is not good.
func (p *OP) unauthorized() *reply {
	if p.cfg.Dialect == Thinkific {
		return errorReply(http.StatusUnauthorized, "unauthorized")
	}
	no := errorReply(http.StatusUnauthorized, "invalid_token")
	no.wants = `Bearer error="invalid_token"`
	return no
}

func (p *OP) userinfo(g *grant) (*reply, error) {
	s, err := p.scene(g.client, g.req, g.login)
	if err != nil {
		return nil, err
	}
	o := object{{"sub", s.login.User.Subject}}
	s.sayUser(&o, !s.login.How.does(ClaimsInIDToken))
	if s.login.How.does(VerifiedApart) {
		o.drop("email")
	}
	if s.client.UserinfoAlg == "" {
		return s.said(UserinfoSide, http.StatusOK, o)
	}
	return s.signedUserinfo(o)
}

// signedUserinfo is a JWT (OpenID Connect Core section 5.3.2).
func (s *scene) signedUserinfo(o object) (*reply, error) {
	t, err := s.newToken(s.client.UserinfoAlg, "JWT")
	if err != nil {
		return nil, err
	}
	t.claims = append(object{{"iss", s.op.issuerFor(s.login.TenantID)}, {"aud", s.client.ID}}, o...)
	for _, c := range s.changes[UserinfoSide] {
		if c.said != nil {
			if err := c.said(s, &t.claims); err != nil {
				return nil, err
			}
		}
	}
	if err := s.each(UserinfoSide, t); err != nil {
		return nil, err
	}
	text, err := t.compact()
	if err != nil {
		return nil, err
	}
	return s.replied(UserinfoSide, &reply{status: http.StatusOK, mime: "application/jwt", body: []byte(text)}), nil
}
