package site_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/examples/academy/internal/config"
	"github.com/lmssso/lmssso/examples/academy/internal/site"
	"github.com/lmssso/lmssso/saml"
)

// madeKeys keeps the SAML keys of all tests: large primes take a second each.
var madeKeys struct {
	sync.Mutex
	byName map[string]saml.Key
}

func samlKeys(t *testing.T, f config.File) map[string]saml.Key {
	t.Helper()
	madeKeys.Lock()
	defer madeKeys.Unlock()
	if madeKeys.byName == nil {
		madeKeys.byName = map[string]saml.Key{}
	}
	out := map[string]saml.Key{}
	for _, name := range site.SAMLKeyNames(f) {
		key, ok := madeKeys.byName[name]
		if !ok {
			var err error
			key, err = saml.GenerateKey(name, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
			require.NoError(t, err)
			madeKeys.byName[name] = key
		}
		out[name] = key
	}
	return out
}

// form is an HTML form of a page.
type form struct {
	action string
	fields url.Values
}

// posting reads the form of a page that posts itself.
func (b *browser) posting(page answer) form {
	b.a.t.Helper()
	require.Equal(b.a.t, http.StatusOK, page.StatusCode, page.body)
	action := regexp.MustCompile(`<form method="post" action="([^"]+)">`).FindStringSubmatch(page.body)
	require.NotNil(b.a.t, action, page.body)
	f := form{html.UnescapeString(action[1]), url.Values{}}
	for i, field := range strings.Split(page.body, `<input type="hidden" name="`) { // a regular expression is slow on megabytes
		name, rest, ok := strings.Cut(field, `" value="`)
		value, _, closed := strings.Cut(rest, `">`)
		if i > 0 && ok && closed {
			f.fields.Add(name, html.UnescapeString(value))
		}
	}
	return f
}

// picker begins a login at a path of the academy and arrives at the provider's form. It returns the handle of the request.
func (b *browser) picker(path string) (page answer, request string) {
	b.a.t.Helper()
	start := b.get(path)
	if start.StatusCode == http.StatusSeeOther {
		page = b.get(start.location())
	} else {
		f := b.posting(start)
		page = b.post(f.action, f.fields)
	}
	require.Equal(b.a.t, http.StatusOK, page.StatusCode, page.body)
	handle := regexp.MustCompile(`name="request" value="([^"]+)"`).FindStringSubmatch(page.body)
	require.NotNil(b.a.t, handle, page.body)
	return page, handle[1]
}

// response has the provider answer for a user, with further fields of its form in pairs, and returns what it posts.
func (b *browser) response(connection, request, user string, more ...string) form {
	b.a.t.Helper()
	f := url.Values{"connection": {connection}, "user": {user}}
	if request != "" {
		f.Set("request", request)
	}
	for i := 0; i < len(more); i += 2 {
		f.Add(more[i], more[i+1])
	}
	return b.posting(b.post("/demo/saml", f))
}

// samlLogin goes the whole way and returns the answer of the assertion consumer service.
func (b *browser) samlLogin(path, connection, user string, more ...string) answer {
	b.a.t.Helper()
	_, request := b.picker(path)
	f := b.response(connection, request, user, more...)
	return b.post(f.action, f.fields)
}

const bobKey, nora = "bob@example.com student", "newcomer"
