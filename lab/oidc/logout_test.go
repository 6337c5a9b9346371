package oidc_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/oidc"
)

// TestLogoutBeginsHereAndComesBack signs out at the site, then at oidc-provider, and ends where the site sent the browser.
func TestLogoutBeginsHereAndComesBack(t *testing.T) {
	s, _ := startOrdinary(t)
	for id := range ordinary {
		t.Run(id, func(t *testing.T) {
			b := newBrowser(t)
			s.mustBeIn(t, b.signIn(s, id), "/welcome")
			ask := b.open(s.url + "/logout/" + id)
			if !strings.Contains(ask.body, "Do you want to sign-out") {
				t.Fatalf("the provider says:\n%s", ask.body)
			}
			back := b.press(ask, map[string]string{"logout": "yes"})
			if back.url.String() != s.url+"/goodbye" || !strings.Contains(back.body, "signed out") {
				t.Fatalf("the logout ended at %s:\n%s", back.url, back.body)
			}
			ends := s.takeEnds()
			last := ends[len(ends)-1]
			if last.connection != id || last.Err != nil || last.ReturnTo != "/goodbye" {
				t.Fatalf("the logout ended with %+v", last)
			}
			if again := b.open(s.url + "/login/" + id); len(again.forms) != 1 || !again.forms[0].asks {
				t.Fatalf("the provider kept its session:\n%s", again.body)
			}
		})
	}
}

// TestALogoutComesBackOnceAndToItsConnection changes the way back.
func TestALogoutComesBackOnceAndToItsConnection(t *testing.T) {
	s, _ := startOrdinary(t)
	refused := func(t *testing.T, p *page) {
		t.Helper()
		ends := s.takeEnds()
		if len(ends) != 1 || ends[0].Err == nil || ends[0].ReturnTo != "" || p.status < 400 {
			t.Fatalf("a logout came back from nowhere: %d, %+v", p.status, ends)
		}
	}
	out := func(t *testing.T, hold bool) *browser {
		t.Helper()
		b := newBrowser(t)
		s.mustBeIn(t, b.signIn(s, "code"), "/welcome")
		ask := b.open(s.url + "/logout/code")
		b.hold = hold
		b.press(ask, map[string]string{"logout": "yes"})
		s.takeEnds()
		return b
	}
	t.Run("twice", func(t *testing.T) {
		b := out(t, false)
		refused(t, b.deliver(b.answered))
	})
	t.Run("at another connection", func(t *testing.T) {
		b := out(t, true)
		b.answered.url.Path = "/signed-out/hybrid"
		refused(t, b.deliver(b.answered))
	})
	t.Run("with a state of nobody", func(t *testing.T) {
		b := out(t, true)
		b.answered.change(func(v url.Values) { v.Set("state", v.Get("state")[1:]+"A") })
		refused(t, b.deliver(b.answered))
	})
	t.Run("as the answer of a login", func(t *testing.T) {
		b := out(t, true)
		b.answered.url.Path = "/callback/code"
		b.answered.change(func(v url.Values) { v.Set("code", "x") })
		s.mustRefuse(t, b.deliver(b.answered), lmssso.ErrStateLost)
	})
}

// TestOIDCProviderEndsSessionsByBackChannel signs in by all connections in one browser. The provider's logout at one of them
// ends them all.
func TestOIDCProviderEndsSessionsByBackChannel(t *testing.T) {
	s, _ := startOrdinary(t)
	b, other := newBrowser(t), newBrowser(t)
	for id := range ordinary {
		s.mustBeIn(t, b.signIn(s, id), "/welcome")
		s.mustBeIn(t, other.signIn(s, id), "/welcome")
	}
	s.mustBeIn(t, b.signIn(s, "code"), "/welcome") // the site's cookie is the last session's
	b.press(b.open(s.url+"/logout/code"), map[string]string{"logout": "yes"})
	told := map[string]end{}
	for _, e := range s.takeEnds() {
		if e.Answered {
			told[e.connection] = e
		}
	}
	for id := range ordinary {
		e, ok := told[id]
		if !ok || e.Err != nil || e.Ended != 1 {
			t.Errorf("%s was told %v: %+v", id, ok, e)
		}
		if n := s.open(id); n != 1 {
			t.Errorf("%s has %d sessions, the other browser's alone should be left", id, n)
		}
	}
	for id := range ordinary {
		t.Run(id+" again", func(t *testing.T) { s.mustNotEnd(t, id, s.tokens[id]) })
		t.Run(id+" elsewhere", func(t *testing.T) {
			for elsewhere := range ordinary {
				if elsewhere != id {
					s.mustNotEnd(t, elsewhere, s.tokens[id])
				}
			}
		})
	}
	t.Run("an ID token is no logout token", func(t *testing.T) {
		held := s.held(t, "implicit")
		s.mustNotEnd(t, "implicit", url.Values{"logout_token": {held.answered.get("id_token")}}.Encode())
	})
	t.Run("a logout token is no ID token", func(t *testing.T) {
		held := s.held(t, "implicit")
		form, err := url.ParseQuery(s.tokens["implicit"])
		if err != nil {
			t.Fatal(err)
		}
		held.answered.change(func(v url.Values) { v.Set("id_token", form.Get("logout_token")) })
		s.mustRefuse(t, held.deliver(held.answered), oidc.ErrTokenNonce) // the provider gives logout tokens no typ
	})
}

// mustNotEnd sends a logout token and wants it refused, as section 2.8 of OpenID Connect Back-Channel Logout 1.0 says.
func (s *site) mustNotEnd(t *testing.T, id, form string) {
	t.Helper()
	before := s.open(id)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/backchannel/"+id, strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	ends := s.takeEnds()
	if resp.StatusCode != http.StatusBadRequest || len(ends) != 1 || ends[0].Err == nil || ends[0].Ended != 0 || s.open(id) != before {
		t.Fatalf("the logout token was answered by %d %s: %+v", resp.StatusCode, body, ends)
	}
	if lmssso.CodeOf(ends[0].Err) == "" {
		t.Fatalf("refused without a reason: %v", ends[0].Err)
	}
}
