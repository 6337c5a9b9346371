package demo

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/jwtsso"
)

// token is a token in the making. It knows nothing of the library's own encoder and signer, so that a fault can be
// anything.
type token struct {
	header   string
	claims   map[string]any
	prefix   string // JSON members to stand before the claims
	key      lmssso.Secret
	unsigned bool
	after    func(t *token) // a change once it is signed
	useFirst bool           // have it accepted before the browser brings it
}

// set gives a claim a value; nil removes it, and a dialect without the claim is left alone.
func (t *token) set(name string, v any) {
	switch {
	case name == "":
	case v == nil:
		delete(t.claims, name)
	default:
		t.claims[name] = v
	}
}

func (t *token) payload() (string, error) {
	doc, err := json.Marshal(t.claims)
	if err != nil {
		return "", err
	}
	text := "{" + t.prefix + strings.TrimPrefix(string(doc), "{")
	return base64.RawURLEncoding.EncodeToString([]byte(text)), nil
}

// compact signs the token by HMAC-SHA-256 and writes it in compact form.
func (t *token) compact() (string, error) {
	payload, err := t.payload()
	if err != nil {
		return "", err
	}
	header := base64.RawURLEncoding.EncodeToString([]byte(t.header))
	signature := ""
	if !t.unsigned {
		mac := hmac.New(sha256.New, []byte(t.key))
		_, _ = io.WriteString(mac, header+"."+payload) // a hash never fails
		signature = base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	}
	if t.after != nil {
		t.after(t)
		if payload, err = t.payload(); err != nil {
			return "", err
		}
	}
	return header + "." + payload + "." + signature, nil
}

// start returns a good token's claims, as the library's issuer makes them.
func (c *connection) start(l jwtsso.Learner) (*token, error) {
	good, err := c.issuer.Mint(l)
	if err != nil {
		return nil, err
	}
	parts := strings.Split(string(good), ".")
	doc, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, err
	}
	t := &token{header: `{"alg":"HS256","typ":"JWT"}`, key: c.key, claims: map[string]any{}}
	dec := json.NewDecoder(strings.NewReader(string(doc)))
	dec.UseNumber() // a time must not come out in exponent form
	return t, dec.Decode(&t.claims)
}

// deliverFault answers with a redirect or a form that carries a faulty token.
func (p *Portal) deliverFault(w http.ResponseWriter, r *http.Request, c *connection, who person, id string, o jwtsso.RedirectOptions, post bool) error {
	all := faults()
	i := slices.IndexFunc(all, func(f fault) bool { return f.ID == id && f.applies(c) })
	if i < 0 {
		return errors.New("there is no such fault here")
	}
	t, err := c.start(c.learner(who, r.PostForm))
	if err != nil {
		return err
	}
	all[i].spoil(t, scene{portal: p, c: c, who: who, now: p.cfg.Now()})
	text, err := t.compact()
	if err != nil {
		return err
	}
	e, q := c.dialect.Endpoint, url.Values{}
	q.Set(e.Token, text)
	for _, target := range []struct{ name, value string }{{e.ReturnTo, o.ReturnTo}, {e.ErrorURL, o.ErrorURL}} {
		if target.name != "" && target.value != "" {
			q.Set(target.name, target.value)
		}
	}
	if t.useFirst {
		p.use(r, c, e.Token, text)
	}
	if !post {
		redirect(w, c.endpoint+"?"+q.Encode())
		return nil
	}
	form := &jwtsso.Form{Action: c.endpoint}
	for name := range q {
		form.Fields = append(form.Fields, jwtsso.FormField{Name: name, Value: lmssso.Secret(q.Get(name))})
	}
	form.ServeHTTP(w, r)
	return nil
}

// use has a token accepted, without a browser: the session it opens belongs to nobody.
func (p *Portal) use(r *http.Request, c *connection, name, text string) {
	u, err := url.Parse(c.endpoint)
	if err != nil {
		return
	}
	u.RawQuery = url.Values{name: {text}}.Encode()
	first := (&http.Request{
		Method: http.MethodGet, URL: u, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Body: http.NoBody, Host: u.Host, RemoteAddr: r.RemoteAddr, RequestURI: u.RequestURI(),
	}).WithContext(r.Context())
	p.cfg.Site.ServeHTTP(nowhere{http.Header{}}, first)
}

// nowhere drops an answer.
type nowhere struct{ header http.Header }

func (n nowhere) Header() http.Header         { return n.header }
func (n nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (n nowhere) WriteHeader(int)             {}
