package samltest

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// SignIn plays the browser: it opens the application's login address, follows redirects, and submits the forms that carry
// SAML messages as their scripts would, until a page comes that is neither. It returns that page's answer; its body is
// still to be read, and need not be closed.
func (i *IdP) SignIn(client *http.Client, loginURL string) *http.Response {
	i.t.Helper()
	resp, err := Browse(client, loginURL)
	if err != nil {
		i.t.Fatalf("samltest: %v", err)
	}
	return resp
}

// Post submits form fields to an address as a browser would from the provider's page, and goes on as [IdP.SignIn] does.
func (i *IdP) Post(client *http.Client, action string, fields url.Values) *http.Response {
	i.t.Helper()
	resp, err := follow(client, func() (*http.Response, error) { return submit(client, i.URL, form{action, fields}) })
	if err != nil {
		i.t.Fatalf("samltest: %v", err)
	}
	return resp
}

// Browse is [IdP.SignIn] for an address of any provider.
func Browse(client *http.Client, target string) (*http.Response, error) {
	return follow(client, func() (*http.Response, error) { return client.Get(target) })
}

// maxForms bounds how many forms are submitted in a row; a good login has three at most.
const maxForms = 8

const maxPage = 8 << 20

func follow(client *http.Client, start func() (*http.Response, error)) (*http.Response, error) {
	resp, err := start()
	for range maxForms {
		if err != nil {
			return nil, err
		}
		body, err2 := io.ReadAll(io.LimitReader(resp.Body, maxPage))
		if err2 != nil {
			return nil, fmt.Errorf("reading the page: %w", err2)
		}
		if err2 := resp.Body.Close(); err2 != nil {
			return nil, fmt.Errorf("closing the page: %w", err2)
		}
		resp.Body = io.NopCloser(bytes.NewReader(body))
		f, ok := samlForm(resp, body)
		if !ok {
			return resp, nil
		}
		resp, err = submit(client, resp.Request.URL.String(), f)
	}
	if err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("more than %d forms in a row: the login goes in circles", maxForms)
}

func submit(client *http.Client, from string, f form) (*http.Response, error) {
	req, err := http.NewRequest(http.MethodPost, f.action, strings.NewReader(f.fields.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if u, err := url.Parse(from); err == nil {
		req.Header.Set("Origin", u.Scheme+"://"+u.Host)
	}
	return client.Do(req)
}

type form struct {
	action string
	fields url.Values
}

var (
	formTag  = regexp.MustCompile(`(?is)<form\b([^>]*)>(.*?)</form>`)
	inputTag = regexp.MustCompile(`(?is)<input\b([^>]*)>`)
	attrPart = regexp.MustCompile(`(?s)([a-zA-Z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')`)
)

// samlForm finds a form by POST that carries a SAML message.
func samlForm(resp *http.Response, body []byte) (form, bool) {
	if !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		return form{}, false
	}
	for _, m := range formTag.FindAllSubmatch(body, -1) {
		attrs := attributes(m[1])
		f := form{fields: url.Values{}}
		for _, in := range inputTag.FindAllSubmatch(m[2], -1) {
			if a := attributes(in[1]); a["name"] != "" {
				f.fields.Add(a["name"], a["value"])
			}
		}
		if !strings.EqualFold(attrs["method"], "post") || !f.fields.Has("SAMLRequest") && !f.fields.Has("SAMLResponse") {
			continue
		}
		target, err := resp.Request.URL.Parse(attrs["action"])
		if err != nil {
			continue
		}
		f.action = target.String()
		return f, true
	}
	return form{}, false
}

func attributes(tag []byte) map[string]string {
	out := map[string]string{}
	for _, m := range attrPart.FindAllSubmatch(tag, -1) {
		out[strings.ToLower(string(m[1]))] = html.UnescapeString(string(m[2]) + string(m[3]))
	}
	return out
}
