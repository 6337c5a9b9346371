package jwtsso

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/lmssso/lmssso"
)

const (
	// maxQuery bounds a query string: a token and two redirect targets of 2 kB, escaped.
	maxQuery = 32 << 10
	// maxForm bounds a POST body.
	maxForm = 64 << 10
)

// Authenticate finds the token in a request, verifies it and returns the login. It writes no body and no status; it sets
// Cache-Control and Referrer-Policy, because the request's URL may hold the token. Its refusals are those of [Verifier.Verify] and
// [lmssso.ErrMethod], [ErrTokenMissing], [ErrTokenRepeated], [ErrDelivery], [ErrRequest] and [ErrRequestTooLarge].
//
// The assertion's ReturnTo is the token's claim, else the request's parameter.
func (v *Verifier) Authenticate(w http.ResponseWriter, r *http.Request) (*lmssso.Assertion, error) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	if err := v.checkMethod(r.Method); err != nil {
		return nil, err
	}
	in, err := readRequest(r)
	if err != nil {
		return nil, err
	}
	text, err := in.token(v.cfg.Dialect.Endpoint)
	if err != nil {
		return nil, err
	}
	returnTo, err := in.target(v.cfg.Dialect.Endpoint.ReturnTo)
	if err != nil {
		return nil, err
	}
	if _, err := in.target(v.cfg.Dialect.Endpoint.ErrorURL); err != nil {
		return nil, err
	}
	a, err := v.Verify(r.Context(), text)
	if err != nil {
		return nil, err
	}
	if a.ReturnTo == "" {
		a.ReturnTo = returnTo
	}
	return a, nil
}

// Targets returns where a request asks the browser to be sent. Nothing of it is verified. A parameter given twice counts
// as not given.
func (v *Verifier) Targets(r *http.Request) lmssso.Targets {
	e := v.cfg.Dialect.Endpoint
	var t lmssso.Targets
	if in, err := readRequest(r); err == nil {
		t.ReturnTo, _ = in.target(e.ReturnTo)
		t.ErrorURL, _ = in.target(e.ErrorURL)
	}
	if t.ErrorURL == "" {
		t.ErrorURL = v.cfg.ErrorURL
	}
	t.ReportErrors = v.cfg.Dialect.ReportErrors && (e.ErrorURL != "" || v.cfg.ErrorURL != "")
	return t
}

// checkMethod lets GET and POST pass where the dialect has a delivery for them. HEAD is refused: a prefetch or a link
// checker must not spend a token.
func (v *Verifier) checkMethod(method string) error {
	ways := v.cfg.Dialect.Endpoint.Deliveries
	bearer := slices.Contains(ways, InHeader)
	if method == http.MethodGet && (bearer || slices.Contains(ways, InQuery)) {
		return nil
	}
	if method == http.MethodPost && (bearer || slices.Contains(ways, InForm)) {
		return nil
	}
	return refuse(lmssso.ErrMethod, lmssso.Error{Detail: "the dialect does not take this method", Received: quoted(method)})
}

// input is what a request carries, by the place it stood in.
type input struct {
	method string
	query  params
	form   params
	bearer []string
}

// readRequest reads query, form and Authorization header.
func readRequest(r *http.Request) (input, error) {
	if len(r.URL.RawQuery) > maxQuery {
		return input{}, refuse(ErrRequestTooLarge, lmssso.Error{Detail: "the query string is too long", Expected: "at most 32 kB"})
	}
	in := input{method: r.Method, query: parseParams(r.URL.RawQuery), bearer: bearerTokens(r.Header)}
	if r.Method != http.MethodPost {
		return in, nil
	}
	form, err := readForm(r)
	in.form = form
	return in, err
}

// token returns the one token of the request. Two are refused even when they are the same: a proxy and this code could
// disagree about which of them counts.
func (in input) token(e Endpoint) (string, error) {
	var found []string
	var way Delivery
	for _, place := range []struct {
		way Delivery
		got []string
	}{{InQuery, in.query.all(e.Token)}, {InForm, in.form.all(e.Token)}, {InHeader, in.bearer}} {
		if len(place.got) > 0 {
			found, way = append(found, place.got...), place.way
		}
	}
	switch {
	case len(found) == 0:
		return "", refuse(ErrTokenMissing, lmssso.Error{Detail: "the request has no token", Expected: "the parameter " + quoted(e.Token)})
	case len(found) > 1:
		return "", refuse(ErrTokenRepeated, lmssso.Error{Detail: "the request has more than one token"})
	case !slices.Contains(e.Deliveries, way), way == InQuery && in.method != http.MethodGet:
		return "", refuse(ErrDelivery, lmssso.Error{Detail: "the token came in the wrong place", Received: string(way) + " with " + quoted(in.method)})
	default:
		return found[0], nil
	}
}

// target returns a redirect target, from query and form together; "" when there is none or when the dialect has no such
// parameter.
func (in input) target(name string) (string, error) {
	if name == "" {
		return "", nil
	}
	found := append(in.query.all(name), in.form.all(name)...)
	switch {
	case len(found) > 1:
		return "", refuse(ErrRequest, lmssso.Error{Detail: "the parameter " + quoted(name) + " is there more than once"})
	case len(found) == 1:
		return found[0], nil
	default:
		return "", nil
	}
}

// bearerTokens returns the tokens of the Authorization headers (RFC 6750 section 2.1). Other schemes, such as a staging
// site's password, are none.
func bearerTokens(h http.Header) []string {
	var out []string
	for _, value := range h.Values("Authorization") {
		scheme, rest, _ := strings.Cut(value, " ")
		if strings.EqualFold(scheme, "Bearer") {
			out = append(out, strings.TrimLeft(rest, " "))
		}
	}
	return out
}

// params are the parameters of a query or form in order, names decoded.
type params []param

type param struct{ name, value string }

// parseParams splits at & alone, as the URL standard does, and decodes each side. A side with a broken escape is taken as
// it stands: several clients append return_to without escaping it, and their users must not be locked out for that. A
// token with a percent sign in it is refused by its alphabet, a target by the safelist.
func parseParams(raw string) params {
	var out params
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		out = append(out, param{unescape(name), unescape(value)})
	}
	return out
}

func unescape(s string) string {
	if strings.IndexByte(s, '%') < 0 && strings.IndexByte(s, '+') < 0 {
		return s
	}
	if decoded, err := url.QueryUnescape(s); err == nil {
		return decoded
	}
	return s
}

func (p params) all(name string) []string {
	var out []string
	for _, one := range p {
		if one.name == name {
			out = append(out, one.value)
		}
	}
	return out
}

// readForm reads a POST body once and keeps it in r.PostForm, where a second reader finds it.
func readForm(r *http.Request) (params, error) {
	if r.PostForm != nil {
		return fromValues(r.PostForm), nil
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, nil // no form: a bearer token may still be there
	}
	if r.Body == nil {
		return nil, nil
	}
	r.Body = http.MaxBytesReader(nil, r.Body, maxForm)
	body, err := io.ReadAll(r.Body)
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, refuse(ErrRequestTooLarge, lmssso.Error{Detail: "the form is too large", Expected: "at most 64 kB"})
	}
	if err != nil {
		return nil, refuse(ErrRequest, lmssso.Error{Detail: "the form cannot be read", Err: err})
	}
	form := parseParams(string(body))
	r.PostForm = form.values()
	return form, nil
}

func (p params) values() url.Values {
	out := url.Values{}
	for _, one := range p {
		out.Add(one.name, one.value)
	}
	return out
}

func fromValues(v url.Values) params {
	var out params
	for name, values := range v {
		for _, value := range values {
			out = append(out, param{name, value})
		}
	}
	return out
}
