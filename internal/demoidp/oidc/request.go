package oidc

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Request is a client's request for a login.
type Request struct {
	// ClientID is who asks, RedirectURI where the answer goes.
	ClientID, RedirectURI string
	// ResponseType and ResponseMode say what is asked for and how it travels; the mode is never "".
	ResponseType, ResponseMode string
	// Scope are the scopes.
	Scope []string
	// State and Nonce go back as they came.
	State, Nonce string
	// Challenge is the PKCE code challenge, by S256; "" for none.
	Challenge string
	// Wishes say how the user should sign in.
	Wishes
	// Parameters are all parameters as they came, so that a page can carry them on.
	Parameters url.Values
}

// Wishes are what a request says of how the user should sign in (OpenID Connect Core section 3.1.2.1).
type Wishes struct {
	// Prompt are the prompt values, ACRValues the contexts asked for, UILocales the languages, all in order of preference.
	Prompt, ACRValues, UILocales []string
	// MaxAge is the greatest age of the authentication; negative asks nothing.
	MaxAge time.Duration
	// LoginHint names the user to offer. HintSubject is the subject of the ID token that came as a hint.
	LoginHint, HintSubject string
}

// Wants says whether the response type holds a part: code, id_token or token.
func (r *Request) Wants(part string) bool {
	return slices.Contains(strings.Fields(r.ResponseType), part)
}

// Refusal is why a request is not answered.
type Refusal struct {
	// Code is the error code (RFC 6749 section 4.1.2.1).
	Code string
	// Description says more.
	Description string
	// Request is what can be answered with [OP.Refuse]; nil where it is not known that the redirect URI is the client's.
	Request *Request
}

// Error tells the code and the description.
func (r *Refusal) Error() string { return r.Code + ": " + r.Description }

// maxForm bounds the body of a POST.
const maxForm = 1 << 20

// ReadAuthorize reads a request for a login and checks it. The error is a [*Refusal].
func (p *OP) ReadAuthorize(r *http.Request) (*Request, error) {
	values := r.URL.Query()
	if r.Method == http.MethodPost {
		r.Body = http.MaxBytesReader(nil, r.Body, maxForm)
		if err := r.ParseForm(); err != nil {
			return nil, &Refusal{Code: "invalid_request", Description: "the form cannot be read"}
		}
		values = r.PostForm
	}
	return p.ReadParameters(values)
}

// ReadParameters is [OP.ReadAuthorize] for parameters that a page carried on.
func (p *OP) ReadParameters(v url.Values) (*Request, error) {
	for name, all := range v {
		if len(all) > 1 {
			return nil, &Refusal{Code: "invalid_request", Description: fmt.Sprintf("%q stands twice", clip(name))}
		}
	}
	client, err := p.Client(v.Get("client_id"))
	if err != nil {
		return nil, &Refusal{Code: "unauthorized_client", Description: "the client is not known"}
	}
	if !slices.Contains(client.RedirectURIs, v.Get("redirect_uri")) {
		return nil, &Refusal{Code: "invalid_request", Description: fmt.Sprintf("the redirect URI %q is not registered", clip(v.Get("redirect_uri")))}
	}
	req := &Request{
		ClientID: client.ID, RedirectURI: v.Get("redirect_uri"), ResponseType: v.Get("response_type"), ResponseMode: v.Get("response_mode"),
		Scope: strings.Fields(v.Get("scope")), State: v.Get("state"), Nonce: v.Get("nonce"), Challenge: v.Get("code_challenge"),
		Wishes: Wishes{
			Prompt: strings.Fields(v.Get("prompt")), ACRValues: strings.Fields(v.Get("acr_values")), UILocales: strings.Fields(v.Get("ui_locales")),
			LoginHint: v.Get("login_hint"), MaxAge: -1,
		},
		Parameters: v,
	}
	if code, why := p.judge(req, client, v); code != "" {
		return nil, &Refusal{Code: code, Description: why, Request: req}
	}
	return req, nil
}

// judge completes a request and says what is wrong with it.
func (p *OP) judge(req *Request, client Client, v url.Values) (code, why string) {
	for _, check := range []func(*Request, Client, url.Values) (string, string){p.judgeMode, p.judgeType, judgePKCE, judgePrompt, p.judgeHint} {
		if code, why = check(req, client, v); code != "" {
			return code, why
		}
	}
	return "", ""
}

// responseTypes are the combinations of OAuth 2.0 Multiple Response Type Encoding Practices section 5 with code or id_token.
func responseTypes(d Dialect) []string {
	types := []string{"code", "code id_token", "id_token"}
	if d == Thinkific {
		return types
	}
	return append(types, "id_token token", "code id_token token", "code token")
}

func responseModes(d Dialect) []string {
	if d == Thinkific {
		return []string{"query", "form_post"}
	}
	return []string{"query", "fragment", "form_post"}
}

// judgeMode fills in the mode first, because errors are sent by it too.
func (p *OP) judgeMode(req *Request, _ Client, _ url.Values) (code, why string) {
	asked := req.ResponseMode
	usual := "query"
	if p.cfg.Dialect != Thinkific && (req.Wants("id_token") || req.Wants("token")) {
		usual = "fragment"
	}
	if asked == "" {
		req.ResponseMode = usual
		return "", ""
	}
	if !slices.Contains(responseModes(p.cfg.Dialect), asked) {
		req.ResponseMode = usual
		return "invalid_request", "the response mode is not supported"
	}
	if asked == "query" && usual == "fragment" {
		req.ResponseMode = usual
		return "invalid_request", "tokens do not travel in a query"
	}
	return "", ""
}

func (p *OP) judgeType(req *Request, _ Client, v url.Values) (code, why string) {
	words := strings.Fields(req.ResponseType)
	slices.Sort(words)
	req.ResponseType = strings.Join(words, " ")
	switch {
	case !slices.Contains(responseTypes(p.cfg.Dialect), req.ResponseType):
		return "unsupported_response_type", "the response type is not supported"
	case v.Has("request"):
		return "request_not_supported", "request objects are not supported"
	case v.Has("request_uri"):
		return "request_uri_not_supported", "request objects are not supported"
	case !slices.Contains(req.Scope, "openid"):
		return "invalid_scope", "the scope openid is missing"
	case p.wantsNonce(req) && req.Nonce == "":
		return "invalid_request", "the nonce is missing"
	}
	return "", ""
}

// wantsNonce says where a nonce is required: where an ID token comes through the browser (OpenID Connect Core sections 3.2.2.1
// and 3.3.2.11); at Thinkific, with form_post.
func (p *OP) wantsNonce(req *Request) bool {
	if p.cfg.Dialect == Thinkific {
		return req.ResponseMode == "form_post"
	}
	return req.Wants("id_token")
}

func judgePKCE(req *Request, client Client, v url.Values) (code, why string) {
	switch {
	case req.Challenge == "" && client.RequirePKCE:
		return "invalid_request", "the code challenge is missing"
	case req.Challenge != "" && (v.Get("code_challenge_method") != "S256" || len(req.Challenge) != 43):
		return "invalid_request", "the code challenge is not by S256"
	}
	return "", ""
}

func judgePrompt(req *Request, _ Client, v url.Values) (code, why string) {
	if slices.Contains(req.Prompt, "none") && len(req.Prompt) > 1 {
		return "invalid_request", "prompt is none and something else"
	}
	if !v.Has("max_age") {
		return "", ""
	}
	seconds, err := strconv.Atoi(v.Get("max_age"))
	if err != nil || seconds < 0 || seconds > 1<<30 {
		return "invalid_request", "max_age is not a number of seconds"
	}
	req.MaxAge = time.Duration(seconds) * time.Second
	return "", ""
}

func (p *OP) judgeHint(req *Request, _ Client, v url.Values) (code, why string) {
	if v.Get("id_token_hint") == "" {
		return "", ""
	}
	claims, err := p.readHint(v.Get("id_token_hint"), req.ClientID)
	if err != nil {
		return "invalid_request", "the id_token_hint is not a token of this provider for this client"
	}
	req.HintSubject = claims.Subject
	return "", ""
}
