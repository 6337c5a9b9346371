package saml

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/beevik/etree"
)

// Form is an HTML form for the browser to post.
type Form struct {
	// Action is the address to post to.
	Action string
	// Fields are SAMLResponse or SAMLRequest, and RelayState where there is one.
	Fields url.Values
}

// Outgoing is a message on its way: exactly one of Redirect and Form is set.
type Outgoing struct {
	// Redirect is the address to send the browser to.
	Redirect string
	// Form is the form to have it post.
	Form *Form
}

// arrived is a message as it came in.
type arrived struct {
	binding    Binding
	root       *etree.Element
	relayState string
	field      string // SAMLRequest or SAMLResponse
	query      string // the raw query, by redirect
}

// receive reads the message of a request, by either binding. A message in the query came by redirect, also when a page of
// the provider's own posted a choice to the same address.
func receive(r *http.Request) (*arrived, error) {
	if query := r.URL.Query(); r.Method == http.MethodPost && !query.Has("SAMLRequest") && !query.Has("SAMLResponse") {
		return receivePost(r)
	}
	return receiveRedirect(r.URL.RawQuery)
}

func receivePost(r *http.Request) (*arrived, error) {
	r.Body = http.MaxBytesReader(nil, r.Body, 2*maxMessage)
	if err := r.ParseForm(); err != nil {
		return nil, fmt.Errorf("reading the form: %w", err)
	}
	in := &arrived{binding: Post, relayState: r.PostForm.Get("RelayState")}
	value, err := in.pick(r.PostForm)
	if err != nil {
		return nil, err
	}
	text, err := decodeBase64(value)
	if err != nil {
		return nil, err
	}
	in.root, err = readXML(text)
	return in, err
}

func receiveRedirect(query string) (*arrived, error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, fmt.Errorf("reading the query: %w", err)
	}
	in := &arrived{binding: Redirect, relayState: values.Get("RelayState"), query: query}
	value, err := in.pick(values)
	if err != nil {
		return nil, err
	}
	packed, err := decodeBase64(value)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), maxMessage+1))
	if err != nil {
		return nil, fmt.Errorf("inflating: %w", err)
	}
	in.root, err = readXML(text)
	return in, err
}

// pick finds the one message among the values.
func (in *arrived) pick(values url.Values) (string, error) {
	for _, name := range []string{"SAMLRequest", "SAMLResponse"} {
		switch len(values[name]) {
		case 0:
			continue
		case 1:
			if in.field == "" {
				in.field = name
				continue
			}
		}
		return "", errors.New("more than one SAML message")
	}
	if in.field == "" {
		return "", errors.New("no SAML message")
	}
	return values.Get(in.field), nil
}

func decodeBase64(s string) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(strings.NewReplacer("\r", "", "\n", "").Replace(s))
	if err != nil {
		return nil, fmt.Errorf("not base64: %w", err)
	}
	return b, nil
}

// verify checks the message's signature with the sender's certificates.
func (in *arrived) verify(sp SP) (Signature, error) {
	if in.binding == Post {
		return verifyEnveloped(sp.Signing, in.root)
	}
	return in.verifyQuery(sp)
}

// verifyQuery checks the signature over the query's own bytes: senders differ in how they escape (SAML Bindings section
// 3.4.4.1).
func (in *arrived) verifyQuery(sp SP) (Signature, error) {
	raw := map[string]string{}
	for _, part := range strings.Split(in.query, "&") {
		name, value, _ := strings.Cut(part, "=")
		if _, twice := raw[name]; twice {
			return Signature{}, errors.New("a parameter stands twice in the query")
		}
		raw[name] = value
	}
	if raw["Signature"] == "" {
		return Signature{}, nil
	}
	signed := in.field + "=" + raw[in.field]
	if relay, ok := raw["RelayState"]; ok {
		signed += "&RelayState=" + relay
	}
	signed += "&SigAlg=" + raw["SigAlg"]
	method, err := url.QueryUnescape(raw["SigAlg"])
	if err != nil {
		return Signature{}, fmt.Errorf("reading SigAlg: %w", err)
	}
	encoded, err := url.QueryUnescape(raw["Signature"])
	if err != nil {
		return Signature{}, fmt.Errorf("reading Signature: %w", err)
	}
	value, err := decodeBase64(encoded)
	if err != nil {
		return Signature{}, err
	}
	out := Signature{Present: true, Method: Method(method)}
	if len(sp.Signing) == 0 {
		return out, nil
	}
	if err := verifyText(sp.Signing, out.Method, []byte(signed), value); err != nil {
		return out, err
	}
	out.Verified = true
	return out, nil
}

// redirectURL puts a message into a query, signed when a key is given.
func redirectURL(target, field string, text []byte, relayState string, key *Key, m Method) (string, error) {
	packed, err := deflate(text)
	if err != nil {
		return "", err
	}
	query := field + "=" + url.QueryEscape(packed)
	if relayState != "" {
		query += "&RelayState=" + url.QueryEscape(relayState)
	}
	if key != nil {
		query += "&SigAlg=" + url.QueryEscape(string(m))
		value, err := signBytes(*key, m, []byte(query))
		if err != nil {
			return "", err
		}
		query += "&Signature=" + url.QueryEscape(base64.StdEncoding.EncodeToString(value))
	}
	if strings.Contains(target, "?") {
		return target + "&" + query, nil
	}
	return target + "?" + query, nil
}

// deflate packs a message for a query (SAML Bindings section 3.4.4.1).
func deflate(text []byte) (string, error) {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		return "", err
	}
	if _, err := w.Write(text); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

// swapMessage puts another message into a signed query.
func swapMessage(target, field string, e *etree.Element) (string, error) {
	text, err := write(e, false)
	if err != nil {
		return "", err
	}
	packed, err := deflate(text)
	if err != nil {
		return "", err
	}
	start := strings.Index(target, field+"=") + len(field) + 1
	end := start + strings.IndexByte(target[start:]+"&", '&')
	return target[:start] + url.QueryEscape(packed) + target[end:], nil
}

// postForm puts a message into a form.
func postForm(target, field string, text []byte, relayState string) *Form {
	f := &Form{Action: target, Fields: url.Values{field: {base64.StdEncoding.EncodeToString(text)}}}
	if relayState != "" {
		f.Fields.Set("RelayState", relayState)
	}
	return f
}

// WriteForm answers with a page that posts the form by itself, and has a button where scripts are off.
func WriteForm(w http.ResponseWriter, f *Form) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_ = formPage().Execute(w, f) // the client went away: nobody is left to tell
}

// Send answers with the message, by whichever binding it has.
func Send(w http.ResponseWriter, r *http.Request, o *Outgoing) {
	w.Header().Set("Cache-Control", "no-store")
	if o.Form != nil {
		WriteForm(w, o.Form)
		return
	}
	http.Redirect(w, r, o.Redirect, http.StatusSeeOther)
}

func formPage() *template.Template {
	return template.Must(template.New("form").Parse(`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Signing you in</title></head>
<body>
<form method="post" action="{{.Action}}">
{{range $name, $values := .Fields}}{{range $values}}<input type="hidden" name="{{$name}}" value="{{.}}">
{{end}}{{end}}<button>Continue</button>
</form>
<script>HTMLFormElement.prototype.submit.call(document.forms[0])</script>
</body>
</html>
`))
}
