package jwtsso

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/internal/page"
	"github.com/lmssso/lmssso/safelist"
)

// RedirectOptions says where the platform should send the browser. Both must be absolute http or https URLs, or paths
// that begin with one slash; the platform follows them only if they are on its safelist.
type RedirectOptions struct {
	// ReturnTo is the page after signing in; "" is the platform's own. It travels in the signed claim where the dialect has
	// one, so that nobody can alter it, else in the parameter.
	ReturnTo string
	// ErrorURL is the page after a refusal, where the dialect has one.
	ErrorURL string
}

// RedirectURL mints a token and returns the URL to send the browser to, at once and by 303, with Cache-Control no-store
// and Referrer-Policy no-referrer. The URL signs its bearer in: never log it. Besides what [Issuer.Mint] refuses it
// refuses with [ErrTarget], and with [ErrDelivery] where the dialect takes no token from a URL.
func (i *Issuer) RedirectURL(l Learner, o RedirectOptions) (string, error) {
	if err := i.checkDelivery(InQuery); err != nil {
		return "", err
	}
	fields, err := i.fields(l, o)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(i.endpoint)
	sep := "?"
	if strings.Contains(i.endpoint, "?") {
		sep = "&"
	}
	for _, f := range fields {
		b.WriteString(sep + url.QueryEscape(f.Name) + "=" + url.QueryEscape(string(f.Value)))
		sep = "&"
	}
	return b.String(), nil
}

// Form is a POST the browser makes to sign in. It is an [http.Handler] that answers with a page which posts itself.
type Form struct {
	// Action is the URL to post to.
	Action string
	// Fields are the form's fields, in order.
	Fields []FormField
}

// FormField is one field of a [Form].
type FormField struct {
	// Name is the field's name.
	Name string
	// Value is secret, because one of them is the token. A template that renders the form itself must convert it to string.
	Value lmssso.Secret
}

// Form mints a token and returns the form to post, for platforms that prefer POST: the token then stands in no history
// and no log. It refuses what [Issuer.RedirectURL] refuses.
func (i *Issuer) Form(l Learner, o RedirectOptions) (*Form, error) {
	if err := i.checkDelivery(InForm); err != nil {
		return nil, err
	}
	fields, err := i.fields(l, o)
	if err != nil {
		return nil, err
	}
	return &Form{Action: i.endpoint, Fields: fields}, nil
}

// ServeHTTP answers with a page that posts the form as soon as it loads, under a Content-Security-Policy that allows
// nothing else. A form is good for one answer.
func (f *Form) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	p := page.Post{Action: f.Action}
	for _, one := range f.Fields {
		p.Fields = append(p.Fields, page.Field{Name: one.Name, Value: string(one.Value)})
	}
	page.WritePost(w, p)
}

// fields mints a token and lists the parameters that go with it.
func (i *Issuer) fields(l Learner, o RedirectOptions) ([]FormField, error) {
	e, set := i.cfg.Dialect.Endpoint, l.says()
	var out []FormField
	if o.ReturnTo != "" && i.carries(attrs.ReturnTo) {
		set.put(attrs.ReturnTo, attrs.Text(o.ReturnTo))
		o.ReturnTo = ""
	}
	for _, target := range []struct{ name, value string }{{e.ReturnTo, o.ReturnTo}, {e.ErrorURL, o.ErrorURL}} {
		if target.value == "" {
			continue
		}
		if target.name == "" {
			return nil, refuse(ErrTarget, lmssso.Error{Detail: i.cfg.Dialect.Name + " has no parameter for this target"})
		}
		if err := i.checkTarget(target.name, target.value); err != nil {
			return nil, err
		}
		out = append(out, FormField{target.name, lmssso.Secret(target.value)})
	}
	text, err := i.mint(set)
	if err != nil {
		return nil, err
	}
	return append([]FormField{{e.Token, lmssso.Secret(text)}}, out...), nil
}

func (i *Issuer) checkDelivery(way Delivery) error {
	if !slices.Contains(i.cfg.Dialect.Endpoint.Deliveries, way) {
		return refuse(ErrDelivery, lmssso.Error{Detail: i.cfg.Dialect.Name + " takes no token by " + string(way)})
	}
	return nil
}

// initEndpoint checks where tokens are sent: they must not cross a network in the clear.
func (i *Issuer) initEndpoint() error {
	u, err := url.Parse(i.cfg.Endpoint)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || u.Opaque != "" {
		return refuse(lmssso.ErrConfiguration, lmssso.Error{Detail: "Endpoint is not an absolute URL"})
	}
	if u.Scheme != "https" && !(u.Scheme == "http" && (i.cfg.AllowHTTP || isLoopback(u.Hostname()))) {
		return refuse(lmssso.ErrConfiguration, lmssso.Error{Detail: "Endpoint is not https", Received: quoted(u.Scheme)})
	}
	e := i.cfg.Dialect.Endpoint
	for _, name := range []string{e.Token, e.ReturnTo, e.ErrorURL} {
		if name != "" && u.Query().Has(name) {
			return refuse(lmssso.ErrConfiguration, lmssso.Error{Detail: "Endpoint has the parameter " + quoted(name) + " already"})
		}
	}
	if u.Path == "" || u.Path == "/" && e.Path != "" {
		u.Path = e.Path
	}
	i.endpoint = u.String()
	i.targets, err = safelist.AllowAny(safelist.Config{BaseURL: u.Scheme + "://" + u.Host, AllowHTTP: true})
	if err != nil {
		return refuse(lmssso.ErrConfiguration, lmssso.Error{Detail: "Endpoint: " + err.Error()})
	}
	return nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}
