package saml_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/saml"
	"github.com/lmssso/lmssso/saml/samltest"
	"github.com/lmssso/lmssso/store"
)

// site is an application with one SAML connection, and everything about it observed.
type site struct {
	*httptest.Server
	provider *saml.Provider
	idp      *samltest.IdP

	mu       sync.Mutex
	attempts []*lmssso.Attempt
	begun    []error
	logouts  []saml.LogoutEnd
	sessions map[lmssso.SessionKey]int
}

var siteKey = sync.OnceValue(func() saml.Key {
	k, err := saml.GenerateKey("site", time.Now())
	if err != nil {
		panic(err)
	}
	return k
})

// newSite starts the application and introduces it and the provider to each other.
func newSite(t testing.TB, change func(*saml.Config)) *site {
	t.Helper()
	s := &site{idp: samltest.NewIdP(t), sessions: map[lmssso.SessionKey]int{}}
	mux := http.NewServeMux()
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	idp, err := saml.ParseIdPMetadata(s.idp.Metadata(), saml.MetadataTrust{AllowHTTP: true}, time.Now())
	require.NoError(t, err)
	cfg := saml.Config{
		Connection: "main-saml", Realm: "main", IdP: (*saml.StaticIdP)(idp),
		SP: saml.SP{
			BaseURL: s.URL, EntityID: s.URL + "/access/saml/metadata", ACS: s.URL + "/access/saml/consumer",
			SLO: s.URL + "/access/saml/logout", Keys: []saml.Key{siteKey()},
		},
		Request:   saml.Request{Sign: true},
		Allow:     saml.Allow{UnencryptedAssertions: true},
		Mapping:   attrs.Mapping{attrs.Email: attrs.From("email")},
		SingleUse: store.NewMemory(store.MemoryConfig{}), Sessions: s,
	}
	if change != nil {
		change(&cfg)
	}
	s.provider, err = saml.New(cfg)
	require.NoError(t, err)
	s.routes(t, mux)
	metadata, err := saml.SPMetadata(cfg)
	require.NoError(t, err)
	s.idp.RegisterMetadata(metadata)
	s.idp.SetUser(samltest.User{NameID: "u-1", Attributes: []samltest.Attribute{{Name: "email", Values: []string{"bob@example.com"}}}})
	return s
}

func (s *site) routes(t testing.TB, mux *http.ServeMux) {
	login, err := lmssso.NewLogin(lmssso.LoginConfig{
		Connection: "main-saml", Protocol: lmssso.SAML, Authenticator: s.provider, Provisioner: s, Recorder: s,
		Done: func(_ http.ResponseWriter, _ *http.Request, a *lmssso.Attempt) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.sessions[lmssso.SessionKey{Connection: a.Connection, Subject: a.Assertion.Subject, Index: a.Assertion.Session.Index}]++
			return nil
		},
		Site: lmssso.Site{DefaultPage: func(lmssso.Account) string { return "/dashboard" }},
		Env:  lmssso.Env{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))},
	})
	require.NoError(t, err)
	mux.Handle("/access/saml/consumer", login)
	mux.Handle("/access/saml/login", s.provider.LoginHandler(nil, func(w http.ResponseWriter, _ *http.Request, err error) {
		s.begun = append(s.begun, err)
		status, text := lmssso.PublicMessage(err)
		http.Error(w, text, status)
	}))
	mux.Handle("/access/saml/logout", s.provider.LogoutHandler(func(w http.ResponseWriter, _ *http.Request, end saml.LogoutEnd) {
		s.mu.Lock()
		s.logouts = append(s.logouts, end)
		s.mu.Unlock()
		if status, text := lmssso.PublicMessage(end.Err); end.Err != nil {
			http.Error(w, text, status)
		} else if !end.Answered {
			fmt.Fprintf(w, "signed out, back to %q", end.ReturnTo)
		}
	}))
	for _, page := range []string{"/dashboard", "/learn/course/intro"} {
		mux.HandleFunc(page, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "page "+r.URL.Path) })
	}
}

func (s *site) Provision(_ context.Context, _ *lmssso.Assertion, _ lmssso.Policy) (*lmssso.Outcome, error) {
	return &lmssso.Outcome{Account: lmssso.Account{ID: "1"}}, nil
}

func (s *site) Record(_ context.Context, t *lmssso.Attempt) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attempts = append(s.attempts, t)
	return nil
}

// End implements [lmssso.Sessions].
func (s *site) End(_ context.Context, k lmssso.SessionKey) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ended := 0
	for key, n := range s.sessions {
		if key.Subject == k.Subject && key.Connection == k.Connection && (k.Index == "" || k.Index == key.Index) {
			ended += n
			delete(s.sessions, key)
		}
	}
	return ended, nil
}

func browser(t testing.TB) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &http.Client{Jar: jar}
}

func body(t testing.TB, resp *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return string(b)
}

func TestSignInByEitherBinding(t *testing.T) {
	for _, binding := range []saml.Binding{saml.Redirect, saml.Post} {
		for _, encrypt := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s encrypted %v", binding, encrypt), func(t *testing.T) {
				s := newSite(t, func(c *saml.Config) {
					c.Request.Binding = binding
					c.Allow.UnencryptedAssertions = !encrypt
				})
				s.idp.SetManner(samltest.Manner{Encrypt: encrypt})
				page := body(t, s.idp.SignIn(browser(t), s.URL+"/access/saml/login?returnTo=/learn/course/intro"))
				require.Equal(t, "page /learn/course/intro", page)
				require.Len(t, s.attempts, 1)
				a := s.attempts[0].Assertion
				require.Equal(t, "u-1", a.Link.ExternalID)
				require.Equal(t, "bob@example.com", a.Profile.Email.String())
				require.Equal(t, "assertionConsumer", s.attempts[0].Action)
				require.NotEmpty(t, a.Session.Index)
			})
		}
	}
}

func TestAProviderThatWantsSignedRequestsGetsThem(t *testing.T) {
	s := newSite(t, func(c *saml.Config) {
		c.Request.Sign = false
		c.IdP.(*saml.StaticIdP).WantsSignedRequests = true
	})
	start, err := s.provider.Begin(t.Context(), nil)
	require.NoError(t, err)
	require.True(t, s.idp.Request(start.Redirect.String()).Signed)
}

func TestBeginAsksForWhatIsConfigured(t *testing.T) {
	s := newSite(t, func(c *saml.Config) {
		c.Request = saml.Request{
			Sign: true, ForceAuthn: true, IsPassive: true, NameIDFormat: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
			AuthnContext: []string{"urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"}, Comparison: "minimum",
		}
	})
	start, err := s.provider.Begin(t.Context(), &saml.BeginOptions{ReturnTo: "/x", Tenant: "acme"})
	require.NoError(t, err)
	require.Nil(t, start.Form)
	require.Regexp(t, `^_[0-9a-f]{32}$`, start.Pending.RequestID, "an ID never begins with a digit")
	require.Regexp(t, `^[A-Za-z0-9_-]{1,80}$`, start.Pending.Handle)
	require.Equal(t, start.Pending.Handle, start.Redirect.Query().Get("RelayState"))
	require.Equal(t, "/x", start.Pending.ReturnTo)
	require.Equal(t, "acme", start.Pending.Tenant)
	require.True(t, start.Pending.ForceAuthn)
	got := s.idp.Request(start.Redirect.String())
	require.True(t, got.ForceAuthn)
	require.True(t, got.IsPassive)
	require.Equal(t, "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent", got.NameIDFormat)
	require.Equal(t, start.Pending.RequestID, got.ID)

	plain := newSite(t, func(c *saml.Config) { c.Request = saml.Request{} })
	start, err = plain.provider.Begin(t.Context(), nil)
	require.NoError(t, err)
	require.NotContains(t, start.Redirect.RawQuery, "Signature")
	again, err := plain.provider.Begin(t.Context(), nil)
	require.NoError(t, err)
	require.NotEqual(t, start.Pending.RequestID, again.Pending.RequestID)
	require.NotEqual(t, start.Pending.Handle, again.Pending.Handle)
}

// begin starts a login in a client and returns the provider's view of the request.
func (s *site) begin(t *testing.T, client *http.Client) (*samltest.Request, *url.URL) {
	t.Helper()
	stop := *client
	stop.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := stop.Get(s.URL + "/access/saml/login")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	to, err := resp.Location()
	require.NoError(t, err)
	return s.idp.Request(to.String()), to
}

// post sends a response to the consumer service as the browser's form does.
func (s *site) post(t *testing.T, client *http.Client, fields url.Values) (int, string) {
	t.Helper()
	resp, err := client.PostForm(s.URL+"/access/saml/consumer", fields)
	require.NoError(t, err)
	return resp.StatusCode, body(t, resp)
}

func (s *site) requireRefused(t *testing.T, reason error) {
	t.Helper()
	require.NotEmpty(t, s.attempts)
	require.ErrorIs(t, s.attempts[len(s.attempts)-1].Err, reason)
	require.Nil(t, s.attempts[len(s.attempts)-1].Assertion)
	require.Empty(t, s.sessions)
}

func TestALoginFinishedInAnotherBrowserIsLost(t *testing.T) {
	s := newSite(t, nil)
	request, _ := s.begin(t, browser(t))
	victim := browser(t)
	s.begin(t, victim) // has a cookie of its own
	s.post(t, victim, s.idp.Respond(request, samltest.User{NameID: "attacker"}))
	s.requireRefused(t, lmssso.ErrStateLost)
	require.Len(t, s.attempts, 1)
}

func TestWithoutTheCookieThePageAsksOnceAndNeverLoops(t *testing.T) {
	s := newSite(t, nil)
	client := browser(t)
	request, _ := s.begin(t, client)
	fields := s.idp.Respond(request, samltest.User{NameID: "u-1"})

	status, page := s.post(t, browser(t), fields)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, page, `name="lmssso_again"`)
	require.Contains(t, page, `action="`+s.URL+`/access/saml/consumer"`)
	require.Empty(t, s.attempts, "nothing was consumed, nothing is logged")

	again := url.Values{"lmssso_again": {"1"}}
	for name, v := range fields {
		again[name] = v
	}
	status, _ = s.post(t, browser(t), again)
	require.Equal(t, http.StatusBadRequest, status)
	s.requireRefused(t, lmssso.ErrStateLost)

	status, _ = s.post(t, client, again)
	require.Equal(t, http.StatusOK, status, "the right browser still can: nothing was consumed")
	require.NoError(t, s.attempts[1].Err)
}

func TestAPendingLoginServesOnce(t *testing.T) {
	s := newSite(t, nil)
	client := browser(t)
	request, _ := s.begin(t, client)
	bad := s.idp.Respond(request, samltest.User{NameID: "u-1"}, samltest.Fault("wrong-key"))
	if bad == nil {
		t.Fatal("no response")
	}
	s.post(t, client, bad)
	s.requireRefused(t, lmssso.ErrSignature)
	s.post(t, client, s.idp.Respond(request, samltest.User{NameID: "u-1"}))
	s.requireRefused(t, lmssso.ErrStateLost)
}

func TestAPendingLoginHasAnEnd(t *testing.T) {
	now := time.Now()
	clock := func() time.Time { return now }
	s := newSite(t, func(c *saml.Config) {
		c.Now = clock
		c.SingleUse = store.NewMemory(store.MemoryConfig{Now: clock})
	})
	client := browser(t)
	request, _ := s.begin(t, client)
	now = now.Add(31 * time.Minute)
	s.idp.SetNow(clock)
	s.post(t, client, s.idp.Respond(request, samltest.User{NameID: "u-1"}))
	s.requireRefused(t, lmssso.ErrStateLost)
}

func TestUnsolicitedResponses(t *testing.T) {
	user := samltest.User{NameID: "u-1"}
	t.Run("are refused", func(t *testing.T) {
		s := newSite(t, nil)
		status, _ := s.post(t, browser(t), s.idp.Unsolicited(s.URL+"/access/saml/metadata", "", user))
		require.Equal(t, http.StatusForbidden, status)
		s.requireRefused(t, lmssso.ErrUnsolicited)
	})
	allowed := func(c *saml.Config) { c.Allow.IdPInitiated = true }
	t.Run("are accepted where allowed, and their target is judged", func(t *testing.T) {
		for relay, want := range map[string]string{"": "/dashboard", "/learn/course/intro": "/learn/course/intro", "https://evil.example/": "/dashboard"} {
			s := newSite(t, allowed)
			_, page := s.post(t, browser(t), s.idp.Unsolicited(s.URL+"/access/saml/metadata", relay, user))
			require.Equal(t, "page "+want, page)
		}
	})
	t.Run("may not claim to answer a request", func(t *testing.T) {
		s := newSite(t, allowed)
		client := browser(t)
		request, _ := s.begin(t, client)
		fields := s.idp.Respond(request, user)
		fields.Del("RelayState")
		s.post(t, client, fields)
		s.requireRefused(t, lmssso.ErrUnsolicited)
	})
	t.Run("and change nothing for logins that began here", func(t *testing.T) {
		s := newSite(t, allowed)
		request, _ := s.begin(t, browser(t))
		s.post(t, browser(t), s.idp.Respond(request, user))
		require.Empty(t, s.attempts, "the browser without cookie is asked again")
	})
}

func TestTheSameResponseTwice(t *testing.T) {
	s := newSite(t, func(c *saml.Config) { c.Allow.IdPInitiated = true })
	fields := s.idp.Unsolicited(s.URL+"/access/saml/metadata", "", samltest.User{NameID: "u-1"})
	s.post(t, browser(t), fields)
	require.NoError(t, s.attempts[0].Err)
	s.post(t, browser(t), fields)
	require.ErrorIs(t, s.attempts[1].Err, lmssso.ErrReplayed)
}

// TestEveryFaultOfAProviderIsRefused sends each fault there is, in a login that is otherwise right.
func TestEveryFaultOfAProviderIsRefused(t *testing.T) {
	faults := samltest.Faults()
	require.Greater(t, len(faults), 50)
	for _, fault := range faults {
		t.Run(string(fault), func(t *testing.T) {
			s := newSite(t, func(c *saml.Config) { c.Request.ForceAuthn = true })
			s.idp.SetFaults(fault)
			client := browser(t)
			resp := s.idp.SignIn(client, s.URL+"/access/saml/login")
			page := body(t, resp)
			check, tolerated := lessThanRefused[fault]
			switch signedIn := strings.HasPrefix(page, "page "); {
			case tolerated:
				require.True(t, signedIn)
				check(t, s.attempts[0].Assertion)
			case signedIn:
				t.Fatalf("signed in in spite of it: %s", fault.Explanation())
			}
			for _, a := range s.attempts {
				if a.Err != nil {
					require.NotEqual(t, lmssso.Code("unavailable"), lmssso.CodeOf(a.Err))
				}
			}
		})
	}
}

// lessThanRefused are the faults that are not verification's to refuse, and what it must do instead: a name that is no
// lasting key names nobody, how the user signed in is for the policy, and this site takes assertions in the clear.
var lessThanRefused = map[samltest.Fault]func(*testing.T, *lmssso.Assertion){
	"transient-name-id":      namesNobody,
	"unspecified-name-id":    namesNobody,
	"name-id-without-format": namesNobody,
	"other-authn-context": func(t *testing.T, a *lmssso.Assertion) {
		policy := lmssso.Policy{RequireAuthnContext: []string{"urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"}}
		require.ErrorIs(t, lmssso.PolicyCheck{Policy: policy}.Validate(t.Context(), a), lmssso.ErrAuthnContext)
	},
	"unencrypted": func(*testing.T, *lmssso.Assertion) {},
}

func namesNobody(t *testing.T, a *lmssso.Assertion) {
	require.True(t, a.Link.IsZero())
	require.NotEmpty(t, a.Subject.Value)
	require.NotEmpty(t, a.Warnings)
}

func TestAnAssertionInTheClearIsRefused(t *testing.T) {
	s := newSite(t, func(c *saml.Config) { c.Allow.UnencryptedAssertions = false })
	s.idp.SignIn(browser(t), s.URL+"/access/saml/login")
	s.requireRefused(t, lmssso.ErrEncryption)
}

func TestAnEncryptedAssertionHasAnIDOfItsOwn(t *testing.T) {
	s := newSite(t, func(c *saml.Config) { c.Allow.UnencryptedAssertions = false })
	s.idp.SetManner(samltest.Manner{Encrypt: true})
	s.idp.SetFaults("duplicate-id")
	s.idp.SignIn(browser(t), s.URL+"/access/saml/login")
	s.requireRefused(t, saml.ErrIDs)
}

func TestATargetNobodyFollowsIsNotKept(t *testing.T) {
	kept := &sizes{SingleUse: store.NewMemory(store.MemoryConfig{})}
	s := newSite(t, func(c *saml.Config) { c.SingleUse = kept })
	page := body(t, s.idp.SignIn(browser(t), s.URL+"/access/saml/login?returnTo=/"+strings.Repeat("a", 8000)))
	require.Equal(t, "page /dashboard", page)
	require.Less(t, kept.largest, 1000)
}

// sizes notes the largest record kept.
type sizes struct {
	lmssso.SingleUse
	largest int
}

func (s *sizes) Add(ctx context.Context, key string, value []byte, until time.Time) (bool, error) {
	s.largest = max(s.largest, len(value))
	return s.SingleUse.Add(ctx, key, value, until)
}

func TestAResponsesBodyIsBounded(t *testing.T) {
	s := newSite(t, nil)
	status, _ := s.post(t, browser(t), url.Values{"SAMLResponse": {strings.Repeat("A", 2<<20)}})
	require.Equal(t, http.StatusRequestEntityTooLarge, status)
	s.requireRefused(t, lmssso.ErrTooLarge)
}

// TestFiveThousandValues raises both limits, and the handler in front follows.
func TestFiveThousandValues(t *testing.T) {
	s := newSite(t, func(c *saml.Config) { c.Check.Elements, c.Check.FormValue = 12_000, 2<<20 })
	values := make([]string, 5000)
	for i := range values {
		values[i] = fmt.Sprintf("CN=group-%04d,OU=Departments and teams,OU=Groups,DC=example,DC=com of a directory that has many of them", i)
	}
	s.idp.SetUser(samltest.User{NameID: "u-1", Attributes: []samltest.Attribute{{Name: "groups", Values: values}}})
	require.Equal(t, "page /dashboard", body(t, s.idp.SignIn(browser(t), s.URL+"/access/saml/login")))
	require.Len(t, s.attempts[0].Assertion.Raw["groups"], 5000)
}

func TestOnlyPOSTFinishesALogin(t *testing.T) {
	s := newSite(t, nil)
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		r, err := http.NewRequestWithContext(t.Context(), method, s.URL+"/access/saml/consumer?SAMLResponse=x", nil)
		require.NoError(t, err)
		resp, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusMethodNotAllowed, resp.StatusCode)
	}
}

func TestRepeatedFieldsAreRefused(t *testing.T) {
	s := newSite(t, nil)
	client := browser(t)
	request, _ := s.begin(t, client)
	fields := s.idp.Respond(request, samltest.User{NameID: "u-1"})
	for _, name := range []string{"RelayState", "SAMLResponse"} {
		twice := url.Values{}
		for k, v := range fields {
			twice[k] = v
		}
		twice[name] = append([]string{"other"}, fields[name]...)
		status, _ := s.post(t, client, twice)
		require.Equal(t, http.StatusBadRequest, status, name)
	}
}

func TestNewListsEveryFault(t *testing.T) {
	p, err := saml.New(saml.Config{Request: saml.Request{Sign: true, Binding: "soap", Comparison: "best"}, Check: saml.Check{Leeway: time.Hour}})
	require.Nil(t, p)
	require.ErrorIs(t, err, lmssso.ErrConfiguration)
	for _, name := range []string{
		"Connection", "Realm", "SP.EntityID", "SP.BaseURL", "SP.ACS", "SP.Keys", "IdP", "SingleUse", "Request.Binding", "Request.Comparison", "Check.Leeway",
	} {
		require.ErrorContains(t, err, name)
	}
}

func TestATargetInTheAssertionGoesBeforeTheRequests(t *testing.T) {
	s := newSite(t, func(c *saml.Config) {
		c.Mapping[attrs.ReturnTo] = attrs.From("target")
		c.Allow.IdPInitiated = true
	})
	s.idp.SetUser(samltest.User{NameID: "u-1", Attributes: []samltest.Attribute{{Name: "target", Values: []string{"/learn/course/intro"}}}})
	require.Equal(t, "page /learn/course/intro", body(t, s.idp.SignIn(browser(t), s.URL+"/access/saml/login?returnTo=/dashboard")))
}
