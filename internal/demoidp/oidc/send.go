package oidc

import (
	"html/template"
	"net/http"
	"net/url"
	"strings"
)

// URL is where an answer by query or fragment sends the browser; "" for one by form.
func (a *Answer) URL() string {
	var pairs []string
	for _, p := range a.Params {
		pairs = append(pairs, url.QueryEscape(p.Name)+"="+url.QueryEscape(p.Value))
	}
	text := strings.Join(pairs, "&")
	switch {
	case a.Mode == "form_post":
		return ""
	case a.Mode == "fragment":
		return a.RedirectURI + "#" + text
	case strings.Contains(a.RedirectURI, "?"):
		return a.RedirectURI + "&" + text
	}
	return a.RedirectURI + "?" + text
}

// Send writes an answer: a redirect, or a page whose form posts itself (OAuth 2.0 Form Post Response Mode).
func Send(w http.ResponseWriter, a *Answer) {
	w.Header().Set("Cache-Control", "no-store")
	if target := a.URL(); target != "" {
		w.Header().Set("Location", target)
		w.WriteHeader(http.StatusSeeOther)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = formPage().Execute(w, a) // the client went away: nobody is left to tell
}

func formPage() *template.Template {
	return template.Must(template.New("form").Parse(`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Signing you in</title></head>
<body>
<form method="post" action="{{.RedirectURI}}">
{{range .Params}}<input type="hidden" name="{{.Name}}" value="{{.Value}}">
{{end}}<button>Continue</button>
</form>
<script>HTMLFormElement.prototype.submit.call(document.forms[0])</script>
</body>
</html>
`))
}

// reply is what an endpoint answers.
type reply struct {
	status   int
	mime     string
	location string
	wants    string // WWW-Authenticate
	body     []byte
}

const mimeJSON = "application/json"

// jsonReply writes an object.
func jsonReply(status int, o object) (*reply, error) {
	body, err := o.text()
	return &reply{status: status, mime: mimeJSON, body: body}, err
}

// errorReply is an error of the token or userinfo endpoint.
func errorReply(status int, code string) *reply {
	return &reply{status: status, mime: mimeJSON, body: []byte(`{"error":"` + code + `"}`)}
}

func (r *reply) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", r.mime)
	w.Header().Set("Cache-Control", "no-store")
	if r.location != "" {
		w.Header().Set("Location", r.location)
	}
	if r.wants != "" {
		w.Header().Set("WWW-Authenticate", r.wants)
	}
	w.WriteHeader(r.status)
	_, _ = w.Write(r.body) // the client went away: nobody is left to tell
}

// write answers with what was made, or says that nothing could be.
func write(w http.ResponseWriter, r *reply, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	r.write(w)
}

// said makes an object, with the faults of a side, and then the faults of the answer as a whole.
func (s *scene) said(side Side, status int, o object) (*reply, error) {
	for _, c := range s.changes[side] {
		if c.said != nil {
			if err := c.said(s, &o); err != nil {
				return nil, err
			}
		}
	}
	r, err := jsonReply(status, o)
	if err != nil {
		return nil, err
	}
	return s.replied(side, r), nil
}

func (s *scene) replied(side Side, r *reply) *reply {
	for _, c := range s.changes[side] {
		if c.reply != nil {
			c.reply(r)
		}
	}
	return r
}
