package page

import (
	"html/template"
	"net/http"
)

// Bridge is a page that hands the URL's fragment, which browsers send to no server, to a handler of the same site: it posts the
// fragment's parameters as a form. The page itself is the same for everybody and holds nothing of the fragment; it takes the
// fragment out of the browser's history before it posts.
type Bridge struct {
	// Action is an absolute http or https URL; the caller has checked it.
	Action string
	// Mark is the name of a field that tells the handler where the others came from.
	Mark string
}

// bridgeScript adds the fields all at once and calls the form's methods through the prototypes: a parameter named "submit"
// or "appendChild" would hide the form's own.
const bridgeScript = `(function(){` +
	`var fragment=location.hash.slice(1),form=document.forms[0],fields=document.createDocumentFragment();` +
	`history.replaceState(null,"",location.pathname+location.search);` +
	`if(!fragment){document.getElementById("nothing").hidden=false;document.getElementById("working").hidden=true;return}` +
	`new URLSearchParams(fragment).forEach(function(value,name){` +
	`var field=document.createElement("input");field.type="hidden";field.name=name;field.value=value;fields.appendChild(field)});` +
	`Node.prototype.appendChild.call(form,fields);` +
	`HTMLFormElement.prototype.submit.call(form)})()`

// WriteBridge answers with the page.
func WriteBridge(w http.ResponseWriter, b Bridge) {
	SetHeaders(w.Header(), Policy{Style: source(style), Script: source(bridgeScript), FormAction: postTargets(b.Action)})
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = bridgePage.Execute(w, struct {
		Bridge
		Style  template.CSS
		Script template.JS
	}{b, style, bridgeScript}) // the client went away: nobody is left to tell
}

var bridgePage = template.Must(template.New("bridge").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Signing you in</title>
<style>{{.Style}}</style>
</head>
<body>
<main>
<h1>Signing you in</h1>
<p id="working">One moment, please.</p>
<noscript><p>This way of signing in needs JavaScript. Turn it on for this site and start again.</p></noscript>
<div id="nothing" hidden role="alert">
<p>Your identity provider sent nothing to sign you in with. Start again from the sign-in page.</p>
<p><a href="/">Back to the home page</a></p>
</div>
<form method="post" action="{{.Action}}"><input type="hidden" name="{{.Mark}}" value="1"></form>
</main>
<script>{{.Script}}</script>
</body>
</html>
`))
