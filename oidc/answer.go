package oidc

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/lmssso/lmssso"
)

const (
	// bridged marks what the bridging page read out of a fragment, again a form that our own page posted once more.
	bridged = "lmssso_fragment"
	again   = "lmssso_again"
)

// The lengths of an answer's parameters. ID tokens have a limit of their own.
const (
	maxCode    = 8 << 10
	maxIssuer  = 2 << 10
	maxFailure = 1 << 10
)

// answerParameters are the parameters of an answer, and our own two marks. Each may stand once (RFC 6749 section 3.1).
// Others are ignored, as that section demands.
func answerParameters() []string {
	return []string{
		"state", partCode, partIDToken, "iss", "error", "error_description", "error_uri", "access_token", "token_type", "expires_in",
		"refresh_token", "response", bridged, again,
	}
}

// answer is what a provider said at the redirect URI. Nothing in it was verified. It never prints.
type answer struct {
	// mode is how it came.
	mode ResponseMode
	// state, code, idToken and iss are the parameters; "" when they did not come.
	state, code, idToken, iss string
	// accessToken says that one came; nobody asked for it.
	accessToken bool
	// failure is the error, and vendor the provider's own code that its description began with.
	failure, vendor string
}

// String hides the code and the token.
func (answer) String() string { return redacted }

// GoString hides the code and the token from %#v.
func (answer) GoString() string { return redacted }

// readAnswer reads the parameters of an answer. A parameter without a value did not come (RFC 6749 section 3.1).
func readAnswer(in Input) (answer, error) {
	values, mode, err := carried(in)
	if err != nil {
		return answer{}, err
	}
	for _, name := range answerParameters() {
		if len(values[name]) > 1 {
			return answer{}, refuse(ErrParameters, lmssso.Error{Detail: "the parameter " + name + " is there more than once"})
		}
	}
	a := answer{
		mode: mode, state: values.Get("state"), code: values.Get(partCode), idToken: values.Get(partIDToken), iss: values.Get("iss"),
		accessToken: values.Get("access_token") != "", failure: values.Get("error"), vendor: vendorCode(values.Get("error_description")),
	}
	for _, f := range []struct {
		name, value string
		longest     int
	}{
		{"state", a.state, maxName}, {partCode, a.code, maxCode}, {"iss", a.iss, maxIssuer}, {"error", a.failure, maxFailure},
	} {
		if f.value != "" && !cleanText(f.value, f.longest) {
			return answer{}, refuse(ErrParameters, lmssso.Error{Detail: "the parameter " + f.name + " is too long or no clean text"})
		}
	}
	return a, nil
}

// carried returns the parameters and how they came. Those of a POST stand in its form alone.
func carried(in Input) (url.Values, ResponseMode, error) {
	query, err := url.ParseQuery(in.RawQuery)
	if err != nil {
		return nil, "", refuse(ErrParameters, lmssso.Error{Detail: "the query cannot be read"})
	}
	switch in.Method {
	case http.MethodGet:
		return query, Query, nil
	case http.MethodPost:
	default:
		return nil, "", wrongMethod("an answer arrives by GET or POST", in.Method)
	}
	for _, name := range answerParameters() {
		if query.Has(name) {
			return nil, "", refuse(ErrParameters, lmssso.Error{Detail: "the parameter " + name + " is in the query of a POST"})
		}
	}
	if in.Form.Get(bridged) != "" {
		return in.Form, Fragment, nil
	}
	return in.Form, FormPost, nil
}

func wrongMethod(detail, method string) error {
	return &lmssso.Error{Reason: lmssso.ErrMethod, Detail: detail, Received: quoted(method)}
}

// vendor is a code at the beginning of an error_description, as Microsoft Entra's are: AADSTS65004. The rest of a description
// may name people and is never repeated.
var vendor = regexp.MustCompile(`^[A-Z]{3,10}[0-9]{3,10}\b`)

func vendorCode(description string) string { return vendor.FindString(description) }

// plainError is what the specifications' own error codes look like; nothing else is repeated.
var plainError = regexp.MustCompile(`^[a-z_]{1,40}$`)

// checkMode wants the answer to have come the way it was asked for, and never with an ID token in a URL.
func (p *Provider) checkMode(a answer) error {
	asked, fits := p.cfg.Request.ResponseMode, a.mode == p.cfg.Request.ResponseMode
	if asked == "" {
		asked, fits = Query, a.mode == Query
		if p.cfg.Request.ResponseType.has(partIDToken) {
			asked, fits = "query or fragment", fits || a.mode == Fragment
		}
	}
	if !fits {
		return refuse(ErrResponseMode, lmssso.Error{Detail: "the answer came another way", Expected: string(asked), Received: string(a.mode)})
	}
	if a.mode == Query && a.idToken != "" && !p.cfg.Allow.TokensInQuery {
		return refuse(ErrTokensInQuery, lmssso.Error{Detail: "an ID token came in the URL"})
	}
	return nil
}

// checkParts wants exactly what the response type asked for.
func (p *Provider) checkParts(a answer) error {
	t := p.cfg.Request.ResponseType
	if (a.code != "") == t.has(partCode) && (a.idToken != "") == t.has(partIDToken) && !a.accessToken {
		return nil
	}
	return refuse(ErrResponse, lmssso.Error{Detail: "the answer does not hold what was asked for", Expected: string(t), Received: a.parts()})
}

// checkErrorAlone wants an error to come without anything that could be used.
func checkErrorAlone(a answer) error {
	if a.failure != "" && a.parts() != "nothing" {
		return refuse(ErrResponse, lmssso.Error{Detail: "an error came beside something else", Received: a.parts()})
	}
	return nil
}

// parts names what came.
func (a answer) parts() string {
	var came []string
	for _, p := range []struct {
		came bool
		name string
	}{{a.code != "", partCode}, {a.idToken != "", partIDToken}, {a.accessToken, "access_token"}} {
		if p.came {
			came = append(came, p.name)
		}
	}
	if len(came) == 0 {
		return "nothing"
	}
	return strings.Join(came, " ")
}

// providerError gives the provider's own refusal its reason (RFC 6749 section 4.1.2.1, OpenID Connect Core section 3.1.2.6;
// unmet_authentication_requirements: OpenID Connect Core Error Code unmet_authentication_requirements 1.0).
func providerError(a answer) error {
	reason := ErrRequestRefused
	switch a.failure {
	case "access_denied", "unmet_authentication_requirements":
		reason = ErrDenied
	case "interaction_required", "login_required", "account_selection_required", "consent_required":
		reason = ErrInteraction
	case "server_error", "temporarily_unavailable":
		reason = ErrProviderDown
	}
	received := toldError(a.failure)
	if a.vendor != "" {
		received += " (" + a.vendor + ")"
	}
	return refuse(reason, lmssso.Error{Detail: "the provider answered with an error", Received: received})
}

// toldError repeats an error code, where it can be one of the specifications'.
func toldError(code string) string {
	switch {
	case code == "":
		return ""
	case plainError.MatchString(code):
		return "error " + code
	default:
		return "an error code of its own"
	}
}

// checkResponseIssuer compares the answer's iss parameter (RFC 9207 section 2.4). A provider that announces it must send it,
// but an ID token, which names the issuer under a signature, does as well; oidc-provider leaves it out then.
func (p *Provider) checkResponseIssuer(f *facts, a answer) error {
	switch {
	case a.iss != "" && !issuerFits(f.issuer, a.iss, p.cfg.OP.AllowedTenantIDs):
		return refuse(ErrResponseIssuer, lmssso.Error{Detail: "the answer's iss is another", Expected: quoted(f.issuer), Received: quoted(a.iss)})
	case a.iss == "" && f.announcesISS && a.idToken == "" && a.failure == "":
		return refuse(ErrResponseIssuerMissing, lmssso.Error{Detail: "the answer has no iss", Expected: quoted(f.issuer)})
	}
	return nil
}

// issuerFits compares an issuer byte for byte; a template fits when it is filled with one of the ids, of which only the case
// may differ.
func issuerFits(want, got string, tenants []string) bool {
	if !strings.Contains(want, tenantPlace) {
		return got == want
	}
	id, ok := filled(want, got)
	if !ok {
		return false
	}
	for _, t := range tenants {
		if t != "" && strings.EqualFold(t, id) {
			return true
		}
	}
	return false
}
