package page

import (
	"html/template"
	"net/http"
	"strings"
)

// Field is one hidden field of a [Post].
type Field struct{ Name, Value string }

// Post is a page that posts its fields to another site as soon as it loads, and shows a button where scripts are off.
type Post struct {
	// Action is an absolute http or https URL; the caller has checked it.
	Action string
	// Fields are sent in this order.
	Fields []Field
	// Heading says what is going on; "" is "Signing you in".
	Heading string
	// FramedBy is the one origin that may show the page in a frame; "" is none.
	FramedBy string
}

// postScript is called through the prototype, because a field named "submit" would hide the form's own method.
const postScript = `HTMLFormElement.prototype.submit.call(document.forms[0])`

// WritePost answers with the page.
func WritePost(w http.ResponseWriter, p Post) {
	SetHeaders(w.Header(), Policy{Style: source(style), Script: source(postScript), FormAction: postTargets(p.Action), FramedBy: p.FramedBy})
	if p.Heading == "" {
		p.Heading = "Signing you in"
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = postPage.Execute(w, struct {
		Post
		Style  template.CSS
		Script template.JS
	}{p, style, postScript}) // the client went away: nobody is left to tell
}

// postTargets allows the form's own scheme to any host: browsers apply form-action to the redirects that follow the post
// as well, and a learning platform may answer with one to any page on its safelist.
func postTargets(action string) string {
	if strings.HasPrefix(action, "http:") {
		return "http: https:"
	}
	return "https:"
}

var postPage = template.Must(template.New("post").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Heading}}</title>
<style>{{.Style}}</style>
</head>
<body>
<main>
<h1>{{.Heading}}</h1>
<p>If nothing happens, press the button.</p>
<form method="post" action="{{.Action}}">
{{range .Fields}}<input type="hidden" name="{{.Name}}" value="{{.Value}}">
{{end}}<button>Continue</button>
</form>
</main>
<script>{{.Script}}</script>
</body>
</html>
`))
