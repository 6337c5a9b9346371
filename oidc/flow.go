package oidc

import (
	"context"
	"crypto/subtle"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/internal/pending"
)

// Finish verifies an answer and returns the login: it redeems the code, verifies the ID tokens and asks the userinfo endpoint,
// as configured. pend is what was remembered when the login began, its Handle set, taken out of its store beforehand, so
// that it serves once. nil says that nobody asked, and is refused with [ErrUnsolicited].
//
// It returns an assertion or an error, never both.
func (p *Provider) Finish(ctx context.Context, in Input, pend *Pending) (*lmssso.Assertion, error) {
	if pend == nil {
		return nil, refuse(ErrUnsolicited, lmssso.Error{Detail: "the answer belongs to no login"})
	}
	ans, err := p.read(in, pend)
	if err != nil {
		return nil, err
	}
	f, err := p.source.facts(ctx)
	if err != nil {
		return nil, err
	}
	if pend.Issuer != f.issuer {
		return nil, &lmssso.Error{Reason: lmssso.ErrStateLost, Detail: "the login began with another issuer", Expected: quoted(f.issuer), Received: quoted(pend.Issuer)}
	}
	if err := p.checkResponseIssuer(f, ans); err != nil {
		return nil, err
	}
	if ans.failure != "" {
		return nil, providerError(ans)
	}
	return p.verify(ctx, f, ans, pend)
}

// read judges what can be judged without asking the provider anything.
func (p *Provider) read(in Input, pend *Pending) (answer, error) {
	ans, err := readAnswer(in)
	if err != nil {
		return answer{}, err
	}
	checks := []func() error{
		func() error { return p.checkPending(pend, ans.state) },
		func() error { return checkErrorAlone(ans) },
	}
	if ans.failure == "" { // a provider may answer with an error any way it can
		checks = append(checks,
			func() error { return p.checkMode(ans) },
			func() error { return p.checkParts(ans) })
	}
	for _, check := range checks {
		if err := check(); err != nil {
			return answer{}, err
		}
	}
	return ans, nil
}

// verify turns the parts of an answer into a login.
func (p *Provider) verify(ctx context.Context, f *facts, ans answer, pend *Pending) (*lmssso.Assertion, error) {
	idt, accessToken, err := p.idToken(ctx, f, ans, pend)
	if err != nil {
		return nil, err
	}
	if ans.iss != "" && ans.iss != idt.issuer {
		return nil, refuse(ErrResponseIssuer, lmssso.Error{Detail: "the answer's iss is not the ID token's", Expected: quoted(idt.issuer), Received: quoted(ans.iss)})
	}
	more, err := p.userinfo(ctx, f, accessToken, idt)
	if err != nil {
		return nil, err
	}
	return p.verifier.assertion(idt, more, pend)
}

// idToken verifies what came through the browser, then redeems the code, if there is one, and verifies what came for it. The
// token from the token endpoint is the login's: in the hybrid flow the other may hold fewer claims (OpenID Connect Core
// section 3.3.3.6).
func (p *Provider) idToken(ctx context.Context, f *facts, ans answer, pend *Pending) (idt verified, accessToken string, err error) {
	var front verified
	if ans.idToken != "" {
		front, err = p.verifier.idToken(ctx, ans.idToken, expectation{facts: f, pend: pend, frontChannel: true, code: ans.code})
		if err != nil || ans.code == "" {
			return front, "", err
		}
	}
	got, err := p.redeemer.redeem(ctx, f, ans.code, pend.Verifier)
	if err != nil {
		return verified{}, "", err
	}
	idt, err = p.verifier.idToken(ctx, got.idToken, expectation{facts: f, pend: pend, code: ans.code, accessToken: got.accessToken})
	if err != nil {
		return verified{}, "", err
	}
	if ans.idToken != "" {
		err = p.verifier.sameUser(front, idt)
	}
	return idt, got.accessToken, err
}

// userinfo asks the userinfo endpoint when the connection wants it; the zero value is no answer.
func (p *Provider) userinfo(ctx context.Context, f *facts, accessToken string, idt verified) (userClaims, error) {
	switch mode := p.cfg.Request.Userinfo.Mode; {
	case mode == UserinfoNever:
		return userClaims{}, nil
	case mode == UserinfoAlways && f.endpoints.Userinfo == "":
		return userClaims{}, refuse(ErrDiscoveryEndpoint, lmssso.Error{Detail: "the provider has no userinfo endpoint", Expected: "userinfo_endpoint"})
	case mode == UserinfoAlways && accessToken == "":
		return userClaims{}, refuse(ErrTokenResponse, lmssso.Error{Detail: "no access token came to ask the userinfo endpoint with"})
	case f.endpoints.Userinfo == "" || accessToken == "":
		return userClaims{}, nil
	}
	body, signed, err := p.redeemer.userinfo(ctx, f, accessToken)
	if err != nil {
		return userClaims{}, err
	}
	return p.verifier.userinfo(ctx, body, signed, idt)
}

// checkPending makes sure that the answer names this login, and that the login is whole and not over. A record without nonce or
// verifier would switch their checks off.
func (p *Provider) checkPending(pend *Pending, state string) error {
	now, leeway := p.cfg.Now(), p.cfg.Check.Leeway
	switch {
	case pend.Handle == "" || subtle.ConstantTimeCompare([]byte(pend.Handle), []byte(state)) != 1:
		return &lmssso.Error{Reason: lmssso.ErrStateLost, Detail: "the answer's state is another login's"}
	case pend.Connection != p.cfg.Connection:
		return &lmssso.Error{Reason: lmssso.ErrStateLost, Detail: "the login began with another connection"}
	case pend.Nonce == "" || pend.Verifier == "" || pend.Begun.IsZero():
		return &lmssso.Error{Reason: lmssso.ErrStateLost, Detail: "the pending login is not whole"}
	case now.Add(-leeway).After(pend.Begun.Add(pending.TTL)):
		return &lmssso.Error{Reason: lmssso.ErrStateLost, Detail: "the login began too long ago", Expected: "an answer within " + seconds(pending.TTL)}
	case now.Add(leeway).Before(pend.Begun):
		return &lmssso.Error{Reason: lmssso.ErrStateLost, Detail: "the login began in the future"}
	}
	return nil
}
