package oidc

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	zoidc "github.com/zitadel/oidc/v3/pkg/oidc"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/internal/pending"
)

// The prompts that change what an answer must be (OpenID Connect Core section 3.1.2.1).
const (
	promptNone  = "none"
	promptLogin = "login"
)

const (
	nonceBytes    = 16 // 128 bits, which nobody guesses
	verifierBytes = 32 // 43 characters, the least RFC 7636 section 4.1 takes
)

// Begin makes an authorization request (OpenID Connect Core section 3.1.2.1) with a fresh state, nonce and PKCE challenge,
// and what must be remembered of it. It stores nothing: an application that does not use [Provider.LoginHandler] keeps
// Start.Pending itself, under Start.Pending.Handle, which travels as state, and ties it to the browser. o may be nil.
//
// It refuses with [lmssso.ErrDiscovery] while nothing is known of the provider, and with [ErrSetup] what the options cannot
// ask for.
func (p *Provider) Begin(ctx context.Context, o *BeginOptions) (*Start, error) {
	if o == nil {
		o = &BeginOptions{}
	}
	q, age, err := p.asked(o)
	if err != nil {
		return nil, err
	}
	f, err := p.source.facts(ctx)
	if err != nil {
		return nil, err
	}
	start := &Start{Pending: Pending{
		Handle: pending.NewHandle(), Connection: p.cfg.Connection, Issuer: f.issuer,
		Nonce: randomText(nonceBytes), Verifier: randomText(verifierBytes),
		ReturnTo: o.ReturnTo, Tenant: o.Tenant, Begun: p.cfg.Now(),
		MaxAuthnAge: age, Fresh: slices.Contains(strings.Fields(q.Prompt), promptLogin),
	}}
	parameters, err := p.authorization(q, start.Pending)
	if err != nil {
		return nil, err
	}
	if o.LoginHint != "" {
		parameters.Set("login_hint", o.LoginHint)
	}
	start.Redirect, err = withQuery(f.endpoints.Authorization, parameters)
	return start, err
}

// asked returns what one login asks for: the connection's request with the options over it.
func (p *Provider) asked(o *BeginOptions) (Request, time.Duration, error) {
	q := p.cfg.Request
	if o.Prompt != "" {
		q.Prompt = o.Prompt
	}
	if len(o.ACRValues) > 0 {
		q.ACRValues = o.ACRValues
	}
	if len(o.UILocales) > 0 {
		q.UILocales = o.UILocales
	}
	q.Parameters = maps.Clone(q.Parameters)
	if q.Parameters == nil {
		q.Parameters = map[string]string{}
	}
	maps.Copy(q.Parameters, o.Parameters)
	errs := q.faults()
	if !wholeAge(o.MaxAuthnAge) {
		errs = append(errs, setupFault("Check.MaxAuthnAge", "a second or more, or nothing, for one login too"))
	}
	age := p.cfg.Check.MaxAuthnAge
	if o.MaxAuthnAge > 0 && (age == 0 || o.MaxAuthnAge < age) {
		age = o.MaxAuthnAge
	}
	if len(errs) > 0 {
		return q, 0, errs[0]
	}
	return q, age, nil
}

// authorization encodes the request. The further parameters go first, so that nothing among them could take the place of
// one of ours.
func (p *Provider) authorization(q Request, pend Pending) (url.Values, error) {
	own, err := encoded(zoidc.AuthRequest{
		Scopes: q.Scope, ResponseType: zoidc.ResponseType(q.ResponseType), ResponseMode: zoidc.ResponseMode(q.ResponseMode),
		ClientID: p.cfg.RP.ClientID, RedirectURI: p.cfg.RP.RedirectURI, State: pend.Handle, Nonce: pend.Nonce,
		Prompt: strings.Fields(q.Prompt), ACRValues: q.ACRValues, MaxAge: maxAgeOf(pend.MaxAuthnAge),
		CodeChallenge: zoidc.NewSHACodeChallenge(pend.Verifier), CodeChallengeMethod: zoidc.CodeChallengeMethodS256,
	})
	if err != nil {
		return nil, err
	}
	if len(q.UILocales) > 0 { // the type zitadel/oidc has for them rewrites what it is given
		own.Set("ui_locales", strings.Join(q.UILocales, " "))
	}
	all := url.Values{}
	for name, value := range q.Parameters {
		all.Set(name, value)
	}
	maps.Copy(all, own)
	return all, nil
}

// maxAgeOf is an age in whole seconds; nil asks for none.
func maxAgeOf(d time.Duration) *uint {
	if d == 0 {
		return nil
	}
	seconds := uint(d / time.Second)
	return &seconds
}

// encoded turns a request of zitadel/oidc into parameters, those it leaves empty taken out.
func encoded(request any) (url.Values, error) {
	all := url.Values{}
	if err := zoidc.NewEncoder().Encode(request, all); err != nil {
		return nil, refuse(ErrSetup, lmssso.Error{Detail: "the request cannot be encoded", Err: err})
	}
	maps.DeleteFunc(all, func(_ string, values []string) bool {
		return len(values) == 0 || values[0] == "" || values[0] == "null" // "null" is how it writes a pointer that is nil
	})
	return all, nil
}

// withQuery adds parameters to an endpoint's address, whose own query stays (RFC 6749 section 3.1). What the address says
// under one of our names is taken out, whether we send it or not.
func withQuery(endpoint string, parameters url.Values) (*url.URL, error) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return nil, refuse(ErrDiscoveryEndpoint, lmssso.Error{Detail: "the endpoint's address cannot be read"})
	}
	own := u.Query()
	maps.DeleteFunc(own, func(name string, _ []string) bool { return isReserved(name) })
	maps.Copy(own, parameters)
	u.RawQuery = own.Encode()
	return u, nil
}

// reservedParameters are the names of a request this package alone decides. Those it never sends are among them: a request
// object would take the place of everything else (OpenID Connect Core section 6), and a hint names somebody.
func reservedParameters() []string {
	return []string{
		"state", "nonce", "redirect_uri", "code_challenge", "code_challenge_method", "client_id", "client_secret",
		"client_assertion", "client_assertion_type", "response_type", "response_mode", "scope", "request", "request_uri", "prompt",
		"max_age", "acr_values", "ui_locales", "login_hint", "id_token_hint", "post_logout_redirect_uri", "logout_hint",
	}
}

// isReserved compares as loosely as any provider might read: some do not mind case, and PHP takes a dot for an underscore.
func isReserved(name string) bool {
	name = strings.NewReplacer(".", "_", "-", "_").Replace(strings.ToLower(name))
	return slices.Contains(reservedParameters(), name)
}

// badParameter returns the first further parameter that cannot be sent. Names are plain, because state[] is a state to some.
func badParameter(parameters map[string]string) (name string, ok bool) {
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		if name == "" || len(name) > maxParameter || strings.Trim(name, parameterCharacters) != "" || isReserved(name) {
			return name, false
		}
	}
	return "", true
}

const (
	maxParameter        = 64
	parameterCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:-"
)

// randomText returns random bytes in base64url.
func randomText(size int) string {
	b := make([]byte, size)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the process instead
	return base64.RawURLEncoding.EncodeToString(b)
}

// seconds writes a length of time for a log.
func seconds(d time.Duration) string { return strconv.FormatInt(int64(d/time.Second), 10) + " s" }
