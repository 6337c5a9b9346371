package oidc

import (
	"cmp"
	"context"
	"encoding/base64"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/internal/fetch"
	"github.com/lmssso/lmssso/internal/strictjson"
	zoidc "github.com/zitadel/oidc/v3/pkg/oidc"
)

const (
	formContent  = "application/x-www-form-urlencoded"
	maxErrorCode = 40
)

// answerLimits bounds what the token endpoint answers with.
func answerLimits() strictjson.Limits {
	return strictjson.Limits{Bytes: maxDocument, Depth: 16, Members: 200, Values: 5_000}
}

// endpointClient is the [redeemer] of a connection.
type endpointClient struct {
	rp       RP
	userMode UserinfoMode
	raw      bool // the access token is the whole Authorization header
	network  Network
	now      func() time.Time
}

var _ redeemer = (*endpointClient)(nil)

// newRedeemer returns what asks a provider's endpoints, of a configuration that has no [Config.sourceFaults].
func newRedeemer(cfg Config) *endpointClient {
	rp := cfg.RP
	rp.TokenAuth = cmp.Or(rp.TokenAuth, ClientSecretBasic)
	u := cfg.Request.Userinfo
	return &endpointClient{rp: rp, userMode: u.Mode, raw: u.RawAuthorization, network: cfg.OP.Network, now: clockOf(cfg)}
}

// redeem exchanges a code for tokens. It asks exactly once: a code that comes twice makes a provider take back what it gave
// for it (RFC 6749 section 4.1.2).
func (c *endpointClient) redeem(ctx context.Context, f *facts, code, verifier string) (tokens, error) {
	r, err := c.tokenRequest(f.endpoints.Token, code, verifier)
	if err != nil {
		return tokens{}, err
	}
	answer, err := c.network.do(ctx, r)
	if err != nil {
		return tokens{}, refuse(ErrTokenEndpoint, lmssso.Error{Detail: err.Error(), Err: err})
	}
	return c.readTokens(answer)
}

// tokenRequest makes the request (OpenID Connect Core section 3.1.3.1) with the client's credentials in one place.
func (c *endpointClient) tokenRequest(endpoint, code, verifier string) (fetch.Request, error) {
	form, header := url.Values{}, http.Header{"Content-Type": {formContent}, "Accept": {acceptDocument}}
	req := zoidc.AccessTokenRequest{Code: code, RedirectURI: c.rp.RedirectURI, ClientID: c.rp.ClientID, CodeVerifier: verifier}
	switch c.rp.TokenAuth {
	case ClientSecretPost:
		req.ClientSecret = string(c.rp.ClientSecret)
	case PrivateKeyJWT:
		signed, err := c.rp.Key.assertion(c.rp.ClientID, endpoint, c.now())
		if err != nil {
			return fetch.Request{}, err
		}
		req.ClientAssertion, req.ClientAssertionType = signed, zoidc.ClientAssertionTypeJWTAssertion
	default:
		header.Set("Authorization", basicCredentials(c.rp.ClientID, string(c.rp.ClientSecret)))
	}
	if err := zoidc.NewEncoder().Encode(&req, form); err != nil {
		return fetch.Request{}, refuse(ErrTokenEndpoint, lmssso.Error{Detail: "the request cannot be written"})
	}
	if header.Get("Authorization") != "" {
		form.Del("client_id") // said once
	}
	form.Set("grant_type", string(zoidc.GrantTypeCode))
	return fetch.Request{Method: http.MethodPost, URL: endpoint, Header: header, Body: []byte(form.Encode())}, nil
}

// basicCredentials form-encodes both parts before it joins them (RFC 6749 section 2.3.1).
func basicCredentials(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(secret)))
}

// readTokens reads the token endpoint's answer. Its Content-Type is not judged: it came over a connection of ours from an
// address of the provider's, the parser takes one form only, and providers are known that send none.
func (c *endpointClient) readTokens(answer *fetch.Response) (t tokens, err error) {
	defer func() {
		if p := recover(); p != nil {
			t, err = tokens{}, refuse(ErrTokenEndpoint, lmssso.Error{Detail: errReader.Error()})
		}
	}()
	o, fault := strictjson.Parse(string(answer.Body), answerLimits())
	if code, named := errorCode(o); answer.Status != http.StatusOK || named {
		return tokens{}, tokenFailure(answer.Status, code)
	}
	if fault != nil {
		return tokens{}, refuse(ErrTokenEndpoint, lmssso.Error{Detail: fault.Error(), Err: fault})
	}
	return c.takeTokens(o)
}

// takeTokens takes what a login needs of a success (OpenID Connect Core section 3.1.3.3). An access token is only missed
// where it will be used, but never taken for another kind than Bearer.
func (c *endpointClient) takeTokens(o strictjson.Object) (tokens, error) {
	id, idOK := optionalText(o, "id_token")
	access, accessOK := optionalText(o, "access_token")
	kind, kindOK := optionalText(o, "token_type")
	switch {
	case !idOK || id == "":
		return tokens{}, refuse(ErrTokenResponse, lmssso.Error{Detail: "there is no id_token"})
	case !accessOK || access == "" && c.userMode == UserinfoAlways:
		return tokens{}, refuse(ErrTokenResponse, lmssso.Error{Detail: "there is no access_token"})
	case access != "" && (!kindOK || !strings.EqualFold(kind, "Bearer")):
		return tokens{}, refuse(ErrTokenResponse, lmssso.Error{Detail: "token_type", Expected: "Bearer"})
	case access != "" && !plainText(access, maxToken):
		return tokens{}, refuse(ErrTokenResponse, lmssso.Error{Detail: "the access_token is not printable ASCII of at most 64 kB"})
	}
	return tokens{idToken: strings.Clone(id), accessToken: strings.Clone(access)}, nil
}

// tokenFailure tells a refusal of the token endpoint by its code (RFC 6749 section 5.2). A 401 without one is about the
// client's credentials: nothing else is proven there.
func tokenFailure(status int, code string) error {
	reason := ErrTokenEndpoint
	switch {
	case code == "invalid_client", code == "" && status == http.StatusUnauthorized:
		reason = ErrClientRefused
	case code == "invalid_grant":
		reason = ErrCodeRefused
	}
	return refuse(reason, lmssso.Error{Detail: "the token endpoint refused", Received: statusAndCode(status, code)})
}

// statusAndCode words what an endpoint refused with. An error code is shown only when it looks like one.
func statusAndCode(status int, code string) string {
	text := "HTTP status " + strconv.Itoa(status)
	if code != "" {
		text += ", error " + quoted(code)
	}
	return text
}

// errorCode returns an answer's error code, "" when it is not one of [a-z_]{1,40}, and whether the answer names an error.
func errorCode(o strictjson.Object) (code string, named bool) {
	v := o.Get("error")
	if v.Kind() == strictjson.Missing || v.Kind() == strictjson.Null {
		return "", false
	}
	code = v.Text()
	if v.Kind() != strictjson.Text || len(code) > maxErrorCode || strings.Trim(code, "abcdefghijklmnopqrstuvwxyz_") != "" {
		return "", true
	}
	return code, true
}

// userinfo asks the userinfo endpoint (OpenID Connect Core section 5.3.1). The body is not read yet: claims by nobody are
// claims of nobody.
func (c *endpointClient) userinfo(ctx context.Context, f *facts, accessToken string) (body string, signed bool, err error) {
	if f.endpoints.Userinfo == "" || !plainText(accessToken, maxToken) {
		return "", false, refuse(ErrUserinfo, lmssso.Error{Detail: "there is no userinfo endpoint, or no access token that can be sent"})
	}
	header := http.Header{"Accept": {"application/json, application/jwt"}, "Authorization": {"Bearer " + accessToken}}
	if c.raw {
		header.Set("Authorization", accessToken)
	}
	answer, err := c.network.do(ctx, fetch.Request{URL: f.endpoints.Userinfo, Header: header})
	if err != nil {
		return "", false, refuse(ErrUserinfo, lmssso.Error{Detail: err.Error(), Err: err})
	}
	if answer.Status != http.StatusOK {
		return "", false, userinfoFailure(answer)
	}
	kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	return string(answer.Body), kind == "application/jwt", nil
}

// userinfoFailure tells a refusal of the userinfo endpoint by its status (RFC 6750 section 3.1).
func userinfoFailure(answer *fetch.Response) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = refuse(ErrUserinfo, lmssso.Error{Detail: errReader.Error()})
		}
	}()
	reason := ErrUserinfo
	switch answer.Status {
	case http.StatusUnauthorized:
		reason = ErrUserinfoUnauthorized
	case http.StatusForbidden:
		reason = ErrUserinfoForbidden
	}
	o, _ := strictjson.Parse(string(answer.Body), answerLimits())
	code, _ := errorCode(o)
	return refuse(reason, lmssso.Error{Detail: "the userinfo endpoint refused", Received: statusAndCode(answer.Status, code)})
}
