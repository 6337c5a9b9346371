package page

import (
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
)

// Refusal is what the page of a refused login shows.
type Refusal struct {
	Status  int    // HTTP status
	Code    string // stable error code
	Message string // public text
	TraceID string // "" leaves the line out
}

// WriteRefusal answers with the library's own page for a refused login.
func WriteRefusal(w http.ResponseWriter, f Refusal) {
	SetHeaders(w.Header(), Policy{Style: source(style)})
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(f.Status)
	_ = refusalPage.Execute(w, struct {
		Refusal
		Style template.CSS
	}{f, style}) // the client went away: nobody is left to tell
}

// style is the whole look of the library's pages: readable on a phone, in light and dark, without another request.
const style = `:root{color-scheme:light dark}body{font:1.0625rem/1.5 system-ui,sans-serif;max-width:34rem;margin:12vh auto;padding:0 1.25rem}h1{font-size:1.5rem;line-height:1.25}dt{font-weight:600}dd{margin:0 0 .5rem;font-family:ui-monospace,monospace;overflow-wrap:anywhere}a,button{font:inherit}`

// source returns the CSP expression that allows exactly this inline text.
func source(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

var refusalPage = template.Must(template.New("refusal").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign-in refused</title>
<style>{{.Style}}</style>
</head>
<body>
<main>
<h1>You are not signed in</h1>
<p>{{.Message}}</p>
<dl>
<dt>Code</dt><dd>{{.Code}}</dd>
{{with .TraceID}}<dt>Trace id, for your administrator</dt><dd>{{.}}</dd>{{end}}
</dl>
<p><a href="/">Back to the home page</a></p>
</main>
</body>
</html>
`))
