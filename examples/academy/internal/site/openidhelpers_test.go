package site_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/examples/academy/internal/demo"
)

// openIDKeys returns the keys of the OpenID provider that all tests share.
var openIDKeys = sync.OnceValue(func() *demo.OPKeys {
	keys := demo.NewOPKeys()
	return &keys
})

// opPicker begins a login at a path of the academy and arrives at the OpenID provider's form. It returns the handle of the
// request.
func (b *browser) opPicker(path string) (page answer, request string) {
	b.a.t.Helper()
	start := b.get(path)
	require.Equal(b.a.t, http.StatusSeeOther, start.StatusCode, start.body)
	page = b.get(start.location())
	require.Equal(b.a.t, http.StatusOK, page.StatusCode, page.body)
	handle := regexp.MustCompile(`name="request" value="([^"]+)"`).FindStringSubmatch(page.body)
	require.NotNil(b.a.t, handle, page.body)
	return page, handle[1]
}

// opAnswer is what the provider sends to the redirect URI, and how.
type opAnswer struct {
	mode, target string
	fields       url.Values
}

// opRespond has the provider answer for a user, with further fields of its form in pairs.
func (b *browser) opRespond(connection, request, user string, more ...string) opAnswer {
	b.a.t.Helper()
	f := url.Values{"connection": {connection}, "request": {request}, "user": {user}}
	for i := 0; i < len(more); i += 2 {
		f.Add(more[i], more[i+1])
	}
	got := b.post("/demo/openid", f)
	if got.StatusCode != http.StatusSeeOther {
		page := b.posting(got)
		return opAnswer{"form_post", page.action, page.fields}
	}
	target, fragment, inFragment := strings.Cut(got.location(), "#")
	if !inFragment {
		u, err := url.Parse(target)
		require.NoError(b.a.t, err)
		fields := u.Query()
		u.RawQuery = ""
		return opAnswer{"query", u.String(), fields}
	}
	fields, err := url.ParseQuery(fragment)
	require.NoError(b.a.t, err)
	return opAnswer{"fragment", target, fields}
}

// opDeliver brings an answer to the redirect URI, as a browser with scripts would. Headers go with the last step.
func (b *browser) opDeliver(a opAnswer, headers ...string) answer {
	b.a.t.Helper()
	switch a.mode {
	case "query":
		return b.get(a.target+"?"+a.fields.Encode(), headers...)
	case "fragment":
		bridge := b.posting(b.get(a.target))
		require.Contains(b.a.t, b.get(a.target).body, "location.hash")
		for name, values := range a.fields {
			bridge.fields[name] = values
		}
		return b.post(html.UnescapeString(bridge.action), bridge.fields, headers...)
	}
	return b.post(a.target, a.fields, headers...)
}

// opLogin goes the whole way and returns the answer of the callback.
func (b *browser) opLogin(path, connection, user string, more ...string) answer {
	b.a.t.Helper()
	_, request := b.opPicker(path)
	return b.opDeliver(b.opRespond(connection, request, user, more...))
}

// opWays are the connections of the example, one for each way an answer travels.
func opWays() []opWay {
	return []opWay{
		{"main-oidc", "", bobKey, "query", "12345"},
		{"hooli-oidc", "hooli", "jane@hooli.example student", "form_post", "123456780"},
		{"vandelay-oidc", "vandelay", "omar@vandelay.example student", "fragment", "V-3"},
	}
}

type opWay struct{ connection, tenant, user, mode, externalID string }

func (w opWay) at(path string) string {
	if w.tenant == "" {
		return path
	}
	return path + "/" + w.tenant
}
