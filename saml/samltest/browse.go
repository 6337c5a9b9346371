package samltest

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
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

// samlForm finds a form by POST that carries a SAML message.
func samlForm(resp *http.Response, body []byte) (form, bool) {
	if !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		return form{}, false
	}
	page := string(body)
	for {
		tag, rest, ok := nextTag(page, "form")
		if !ok {
			return form{}, false
		}
		inner, after, _ := strings.Cut(rest, "</form")
		page = after
		f := form{fields: hiddenFields(inner)}
		if !strings.EqualFold(tag["method"], "post") || !f.fields.Has("SAMLRequest") && !f.fields.Has("SAMLResponse") {
			continue
		}
		target, err := resp.Request.URL.Parse(tag["action"])
		if err != nil {
			continue
		}
		f.action = target.String()
		return f, true
	}
}

func hiddenFields(inner string) url.Values {
	out := url.Values{}
	for {
		tag, rest, ok := nextTag(inner, "input")
		if !ok {
			return out
		}
		if tag["name"] != "" {
			out.Add(tag["name"], tag["value"])
		}
		inner = rest
	}
}

// nextTag finds the next start tag of that name, in small letters as pages of today have it, and reads its attributes.
func nextTag(page, name string) (attrs map[string]string, rest string, ok bool) {
	_, rest, ok = strings.Cut(page, "<"+name)
	if !ok {
		return nil, "", false
	}
	attrs = map[string]string{}
	for {
		rest = strings.TrimLeft(rest, " \t\r\n/")
		if rest == "" || rest[0] == '>' {
			return attrs, strings.TrimPrefix(rest, ">"), true
		}
		end := strings.IndexAny(rest, "= \t\r\n/>")
		if end <= 0 {
			return attrs, "", true
		}
		key, value := strings.ToLower(rest[:end]), ""
		if rest = rest[end:]; rest[0] == '=' {
			value, rest = attrValue(rest[1:])
		}
		attrs[key] = html.UnescapeString(value)
	}
}

// attrValue reads an attribute's value, quoted or bare.
func attrValue(s string) (value, rest string) {
	if s != "" && (s[0] == '"' || s[0] == '\'') {
		value, rest, _ = strings.Cut(s[1:], s[:1])
		return value, rest
	}
	end := strings.IndexAny(s, " \t\r\n>")
	if end < 0 {
		return s, ""
	}
	return s[:end], s[end:]
}
