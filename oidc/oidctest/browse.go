package oidctest

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// SignIn plays the browser: it opens the application's login address, follows redirects, submits the forms that carry answers
// as their scripts would, and hands an answer in a fragment on as the page at the redirect URI would, until a page comes
// that is none of these. It returns that page's answer; its body is still to be read, and need not be closed.
func (p *Provider) SignIn(client *http.Client, loginURL string) *http.Response {
	p.t.Helper()
	resp, err := Browse(client, loginURL)
	if err != nil {
		p.t.Fatalf("oidctest: %v", err)
	}
	return resp
}

// Browse is [Provider.SignIn] for an address of any provider.
func Browse(client *http.Client, target string) (*http.Response, error) {
	resp, err := client.Get(target)
	for range maxForms {
		if err != nil {
			return nil, err
		}
		if err := keepBody(resp); err != nil {
			return nil, err
		}
		f, ok := nextForm(resp)
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

// maxForms bounds how many forms are submitted in a row; a good login has three at most.
const maxForms = 8

const maxPage = 8 << 20

// keepBody reads the body and puts it back.
func keepBody(resp *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxPage))
	if err != nil {
		return fmt.Errorf("reading the page: %w", err)
	}
	if err := resp.Body.Close(); err != nil {
		return fmt.Errorf("closing the page: %w", err)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

// pageOf is the page's text, of a kept body; "" when it is no page.
func pageOf(resp *http.Response) string {
	if !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		return ""
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return "" // a kept body is in memory
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return string(body)
}

// nextForm finds what a page's script would post.
func nextForm(resp *http.Response) (form, bool) {
	page := pageOf(resp)
	if page == "" {
		return form{}, false
	}
	if fields, ok := fragmentOf(resp); ok {
		return bridge(resp, page, fields), true
	}
	for _, f := range forms(resp, page) {
		if carriesAnswer(f.fields) && !f.fields.Has(fragmentMark) {
			return f, true
		}
	}
	return form{}, false
}

// fragmentMark tells the redirect URI that its own page posts what was in the fragment.
const fragmentMark = "lmssso_fragment"

// carriesAnswer says whether fields are those of an answer.
func carriesAnswer(v url.Values) bool {
	return v.Has("state") || v.Has("code") || v.Has("id_token") || v.Has("access_token") || v.Has("error")
}

// fragmentOf reads the answer in the fragment of the address the browser is at.
func fragmentOf(resp *http.Response) (url.Values, bool) {
	fields, err := url.ParseQuery(resp.Request.URL.EscapedFragment())
	if err != nil || resp.StatusCode != http.StatusOK || resp.Request.Method != http.MethodGet {
		return nil, false
	}
	return fields, carriesAnswer(fields)
}

// bridge posts what was in the fragment to the address of the page, or to where the page's form says, with its hidden fields.
func bridge(resp *http.Response, page string, fields url.Values) form {
	u := *resp.Request.URL
	u.RawQuery, u.Fragment, u.RawFragment = "", "", ""
	out := form{action: u.String(), fields: fields}
	if all := forms(resp, page); len(all) > 0 {
		out.action = all[0].action
		for name, values := range all[0].fields {
			if !fields.Has(name) {
				out.fields[name] = values
			}
		}
	}
	out.fields.Set(fragmentMark, "1")
	return out
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

// forms lists the forms by POST.
func forms(resp *http.Response, page string) []form {
	var out []form
	for {
		tag, rest, ok := nextTag(page, "form")
		if !ok {
			return out
		}
		inner, after, _ := strings.Cut(rest, "</form")
		page = after
		if !strings.EqualFold(tag["method"], "post") {
			continue
		}
		u, err := resp.Request.URL.Parse(tag["action"])
		if err != nil {
			continue
		}
		u.Fragment, u.RawFragment = "", ""
		if tag["action"] == "" {
			u.RawQuery = ""
		}
		out = append(out, form{u.String(), hiddenFields(inner)})
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
