package oidc_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/oidc"
)

func TestTheAnswersIssuer(t *testing.T) {
	for name, row := range map[string]struct {
		announce bool
		kind     oidc.ResponseType
		iss      func(s *flowSite) []string
		reason   error
	}{
		"named":                      {false, oidc.Code, func(s *flowSite) []string { return []string{s.op.URL} }, nil},
		"not announced, not there":   {false, oidc.Code, nil, nil},
		"announced, and there":       {true, oidc.Code, func(s *flowSite) []string { return []string{s.op.URL} }, nil},
		"announced, and missing":     {true, oidc.Code, nil, oidc.ErrResponseIssuerMissing},
		"announced, and empty":       {true, oidc.Code, func(*flowSite) []string { return []string{""} }, oidc.ErrResponseIssuerMissing},
		"missing beside an ID token": {true, oidc.CodeIDToken, nil, nil},
		"another's":                  {false, oidc.Code, func(*flowSite) []string { return []string{"https://evil.example"} }, oidc.ErrResponseIssuer},
		"another's beside ID token":  {false, oidc.CodeIDToken, func(*flowSite) []string { return []string{"https://evil.example"} }, oidc.ErrResponseIssuer},
		"with a slash more":          {false, oidc.Code, func(s *flowSite) []string { return []string{s.op.URL + "/"} }, oidc.ErrResponseIssuer},
		"in capitals":                {false, oidc.Code, func(s *flowSite) []string { return []string{strings.Replace(s.op.URL, "http", "HTTP", 1)} }, oidc.ErrResponseIssuer},
	} {
		t.Run(name, func(t *testing.T) {
			op := newFlowOP(t)
			op.announce = row.announce
			s := newFlowSiteAt(t, op, "main-oidc", func(c *oidc.Config) {
				c.Request.ResponseType = row.kind
				if row.kind != oidc.Code {
					c.Request.ResponseMode = oidc.FormPost
				}
			})
			c := flowBrowser(t)
			answer := with(s.begin(t, c, ""), "iss")
			if row.iss != nil {
				answer["iss"] = row.iss(s)
			}
			mode := oidc.Query
			if row.kind != oidc.Code {
				mode = oidc.FormPost
			}
			page := s.send(t, c, mode, answer)
			if row.reason == nil {
				require.Equal(t, http.StatusSeeOther, page.status, "%v", s.last(t).Err)
				return
			}
			s.refused(t, page, row.reason)
			require.Empty(t, s.op.tokens, "no code goes to a provider that may not have made it")
		})
	}
}

func TestAnErrorOfAnotherIssuerIsRefusedAsSuch(t *testing.T) {
	s := newFlowSite(t, nil)
	c := flowBrowser(t)
	answer := url.Values{"state": s.begin(t, c, "")["state"], "error": {"access_denied"}, "iss": {"https://evil.example"}}
	s.refused(t, s.send(t, c, oidc.Query, answer), oidc.ErrResponseIssuer)
}

// Two connections of one site: what one provider answered does not reach the other's login.
func TestProvidersAreNotMixedUp(t *testing.T) {
	honest := newFlowSite(t, nil)
	other := newFlowSiteAt(t, newFlowOP(t), "other-oidc", nil)
	c := flowBrowser(t)
	answer, others := honest.begin(t, c, ""), other.begin(t, c, "")
	other.refused(t, other.send(t, c, oidc.Query, answer), lmssso.ErrStateLost)
	other.refused(t, other.send(t, c, oidc.Query, with(others, "code", answer.Get("code"))), oidc.ErrCodeRefused)
	require.Empty(t, honest.op.tokens)
}

// A code stolen from another login comes with another nonce, even when the provider would redeem it without looking at PKCE.
func TestAnotherLoginsCodeIsRefused(t *testing.T) {
	s := newFlowSite(t, nil)
	attacker, victim := flowBrowser(t), flowBrowser(t)
	stolen, own := s.begin(t, victim, ""), s.begin(t, attacker, "")
	s.refused(t, s.send(t, attacker, oidc.Query, with(own, "code", stolen.Get("code"))), oidc.ErrTokenNonce)
}

func TestHybridTokensMustFitTogether(t *testing.T) {
	for name, row := range map[string]struct {
		bend   func(map[string]any, string)
		reason error
	}{
		"two users":              {func(c map[string]any, at string) { c["sub"] = "user at " + at }, oidc.ErrIDTokensDiffer},
		"no hash of the code":    {func(c map[string]any, _ string) { delete(c, "c_hash") }, oidc.ErrCodeHash},
		"another code's hash":    {func(c map[string]any, at string) { c["c_hash"] = "AAAAAAAAAAAAAAAAAAAAAA" }, oidc.ErrCodeHash},
		"another nonce in front": {func(c map[string]any, at string) { setAt(c, at, "front", "nonce", "x") }, oidc.ErrTokenNonce},
		"another nonce behind":   {func(c map[string]any, at string) { setAt(c, at, "back", "nonce", "x") }, oidc.ErrTokenNonce},
		"expired behind":         {func(c map[string]any, at string) { setAt(c, at, "back", "exp", flowEpoch.Add(-time.Hour).Unix()) }, oidc.ErrTokenExpired},
		"another audience":       {func(c map[string]any, at string) { setAt(c, at, "back", "aud", "other") }, oidc.ErrTokenAudience},
		"wrong access hash":      {func(c map[string]any, at string) { setAt(c, at, "back", "at_hash", "AAAAAAAAAAAAAAAAAAAAAA") }, oidc.ErrAccessTokenHash},
	} {
		t.Run(name, func(t *testing.T) {
			s := newFlowSite(t, func(c *oidc.Config) { c.Request.ResponseType, c.Request.ResponseMode = oidc.CodeIDToken, oidc.FormPost })
			s.op.bend = row.bend
			c := flowBrowser(t)
			s.refused(t, s.send(t, c, oidc.FormPost, s.begin(t, c, "")), row.reason)
		})
	}
}

func setAt(claims map[string]any, at, where, name string, value any) {
	if at == where {
		claims[name] = value
	}
}

// A bad token in front stops the login before the code is spent.
func TestTheFrontChannelIsJudgedFirst(t *testing.T) {
	s := newFlowSite(t, func(c *oidc.Config) { c.Request.ResponseType, c.Request.ResponseMode = oidc.CodeIDToken, oidc.FormPost })
	c := flowBrowser(t)
	answer := s.begin(t, c, "")
	token := answer.Get("id_token")
	end := strings.LastIndex(token, ".")
	s.refused(t, s.send(t, c, oidc.FormPost, with(answer, "id_token", token[:end+1]+strings.Repeat("A", len(token)-end-1))), oidc.ErrTokenSignature)
	require.Empty(t, s.op.tokens)
}

func TestUserinfoFillsGapsAndNeverOverrides(t *testing.T) {
	for _, mode := range []oidc.UserinfoMode{oidc.UserinfoIfKnown, oidc.UserinfoAlways, oidc.UserinfoNever} {
		op := newFlowOP(t)
		op.userinfo = map[string]any{"sub": "u-1", "email": "eve@example.com", "given_name": "Bob"}
		s := newFlowSiteAt(t, op, "main-oidc", func(c *oidc.Config) {
			c.Request.Userinfo.Mode = mode
			c.Mapping = oidcMapping()
		})
		c := flowBrowser(t)
		require.Equal(t, http.StatusSeeOther, s.send(t, c, oidc.Query, s.begin(t, c, "")).status)
		a := s.last(t).Assertion
		require.Equal(t, "bob@example.com", a.Profile.Email.String())
		if mode == oidc.UserinfoNever {
			require.Empty(t, op.infos)
			continue
		}
		require.Equal(t, "Bob", a.Profile.FirstName.String())
		require.Equal(t, []string{"Bearer access"}, op.infos)
	}
}

func TestUserinfoOfSomebodyElseIsRefused(t *testing.T) {
	op := newFlowOP(t)
	op.userinfo = map[string]any{"sub": "u-2", "email": "eve@example.com"}
	s := newFlowSiteAt(t, op, "main-oidc", nil)
	c := flowBrowser(t)
	s.refused(t, s.send(t, c, oidc.Query, s.begin(t, c, "")), oidc.ErrUserinfoSubject)
}

func TestUserinfoThatMustBeThere(t *testing.T) {
	s := newFlowSite(t, func(c *oidc.Config) { c.Request.Userinfo.Mode = oidc.UserinfoAlways })
	require.Equal(t, http.StatusBadGateway, flowGet(t, flowBrowser(t), s.URL+"/login").status)
	require.ErrorIs(t, s.begun[0], oidc.ErrDiscoveryEndpoint)
}

// byHand describes the provider without its discovery document.
func (o *flowOP) byHand(c *oidc.Config) {
	c.OP.WellKnown, c.OP.Issuer = "", o.URL
	c.OP.Endpoints = oidc.Endpoints{Authorization: o.URL + "/authorize", Token: o.URL + "/token", JWKS: o.URL + "/jwks", Userinfo: o.URL + "/userinfo"}
}

func TestUserinfoIsAskedOnlyWhereItIsWanted(t *testing.T) {
	for mode, want := range map[oidc.UserinfoMode]int{oidc.UserinfoNever: 0, oidc.UserinfoIfKnown: 1} {
		op := newFlowOP(t)
		op.userinfo = map[string]any{"sub": "u-1"}
		s := newFlowSiteAt(t, op, "main-oidc", func(c *oidc.Config) {
			op.byHand(c)
			c.Request.Userinfo.Mode = mode
		})
		c := flowBrowser(t)
		require.Equal(t, http.StatusSeeOther, s.send(t, c, oidc.Query, s.begin(t, c, "")).status, "%v", s.attempts)
		require.Len(t, op.infos, want)
	}
}

// Both tenants may sign in here, but one's answer is not the other's.
func TestTheAnswersTenantIsTheTokens(t *testing.T) {
	const one, two = "11111111-2222-3333-4444-555555555555", "99999999-2222-3333-4444-555555555555"
	for iss, reason := range map[string]error{one: nil, two: oidc.ErrResponseIssuer, "88888888-2222-3333-4444-555555555555": oidc.ErrResponseIssuer, "": oidc.ErrResponseIssuer} {
		op := newFlowOP(t)
		s := newFlowSiteAt(t, op, "main-oidc", func(c *oidc.Config) {
			op.byHand(c)
			c.OP.Issuer, c.OP.AllowedTenantIDs = op.URL+"/{tenantid}/v2.0", []string{one, two}
			c.Request.Userinfo.Mode = oidc.UserinfoNever
		})
		op.bend = func(claims map[string]any, _ string) { claims["iss"], claims["tid"] = op.URL+"/"+one+"/v2.0", one }
		c := flowBrowser(t)
		page := s.send(t, c, oidc.Query, with(s.begin(t, c, ""), "iss", op.URL+"/"+iss+"/v2.0"))
		if reason == nil {
			require.Equal(t, http.StatusSeeOther, page.status, "%v", s.last(t).Err)
			continue
		}
		s.refused(t, page, reason)
	}
}
