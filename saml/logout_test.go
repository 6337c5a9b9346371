package saml_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/saml"
	"github.com/lmssso/lmssso/saml/samltest"
)

// signedIn is a site with one session, and the browser it is in.
func signedIn(t testing.TB, change func(*saml.Config)) (*site, *http.Client, lmssso.SessionKey) {
	t.Helper()
	s := newSite(t, change)
	client := browser(t)
	require.Equal(t, "page /dashboard", body(t, s.idp.SignIn(client, s.URL+"/access/saml/login")))
	require.Len(t, s.sessions, 1)
	for key := range s.sessions {
		return s, client, key
	}
	return nil, nil, lmssso.SessionKey{}
}

func TestTheProviderEndsASession(t *testing.T) {
	for _, binding := range []samltest.Binding{samltest.Redirect, samltest.Post} {
		for _, everywhere := range []bool{false, true} {
			s, _, _ := signedIn(t, nil)
			session, ok := s.idp.Session(s.URL + "/access/saml/metadata")
			require.True(t, ok)
			if everywhere {
				session.Index = ""
			}
			step := s.idp.LogoutRequest(session, binding)
			stranger := browser(t) // no cookie of the session: it is found by its name
			if step.Redirect != "" {
				s.idp.SignIn(stranger, step.Redirect)
			} else {
				s.idp.Post(stranger, step.Action, step.Fields)
			}
			require.Empty(t, s.sessions, "%s %v", binding, everywhere)
			require.Len(t, s.logouts, 1)
			require.NoError(t, s.logouts[0].Err)
			require.Equal(t, 1, s.logouts[0].Ended)
			require.Len(t, s.idp.LogoutAnswers(), 1)
			require.True(t, strings.HasSuffix(s.idp.LogoutAnswers()[0], "Success"), s.idp.LogoutAnswers()[0])
		}
	}
}

func TestTheProviderCannotEndOthersSessions(t *testing.T) {
	s, _, key := signedIn(t, nil)
	session, _ := s.idp.Session(s.URL + "/access/saml/metadata")
	for name, change := range map[string]func(*samltest.Session){
		"another user":      func(v *samltest.Session) { v.NameID = "u-2" },
		"another format":    func(v *samltest.Session) { v.Format = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress" },
		"another session":   func(v *samltest.Session) { v.Index = "other" },
		"another qualifier": func(v *samltest.Session) { v.NameQualifier = "elsewhere" },
	} {
		other := session
		change(&other)
		step := s.idp.LogoutRequest(other, samltest.Redirect)
		s.idp.SignIn(browser(t), step.Redirect)
		require.Len(t, s.sessions, 1, name)
	}
	require.Equal(t, 1, s.sessions[key])
}

func TestEveryFaultOfALogoutIsRefused(t *testing.T) {
	faults := samltest.LogoutFaults()
	require.Greater(t, len(faults), 5)
	for _, fault := range faults {
		if answersOnly[fault] {
			continue
		}
		t.Run(string(fault), func(t *testing.T) {
			for _, binding := range []samltest.Binding{samltest.Redirect, samltest.Post} {
				s, _, _ := signedIn(t, nil)
				session, _ := s.idp.Session(s.URL + "/access/saml/metadata")
				step := s.idp.LogoutRequest(session, binding, fault)
				if step.Redirect != "" {
					s.get(t, step.Redirect)
				} else {
					s.send(t, step)
				}
				require.Len(t, s.sessions, 1, "%s by %s: %s", fault, binding, fault.Explanation())
				for _, end := range s.logouts {
					require.True(t, end.Err != nil || end.Ended == 0)
				}
			}
		})
	}
}

// answersOnly are faults a request cannot have.
var answersOnly = map[samltest.Fault]bool{"wrong-in-response-to": true, "missing-in-response-to": true, "status-not-success": true}

func TestEveryFaultOfALogoutAnswerIsTold(t *testing.T) {
	for _, fault := range samltest.LogoutFaults() {
		if fault == "expired" || fault == "empty-name-id" { // an answer has neither an end nor a name
			continue
		}
		t.Run(string(fault), func(t *testing.T) {
			s, client, key := signedIn(t, nil)
			s.idp.SetFaults(fault)
			w := httptest.NewRecorder()
			require.NoError(t, s.provider.StartLogout(w, httptest.NewRequest(http.MethodGet, "/logout", nil), key, "/bye"))
			page := body(t, s.idp.SignIn(client, w.Header().Get("Location")))
			require.NotContains(t, page, "back to", fault.Explanation())
			require.Len(t, s.logouts, 1)
			require.Error(t, s.logouts[0].Err)
		})
	}
}

func (s *site) get(t *testing.T, target string) {
	t.Helper()
	stop := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := stop.Get(target)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
}

func (s *site) send(t *testing.T, step samltest.LogoutStep) {
	t.Helper()
	resp, err := http.PostForm(step.Action, step.Fields)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
}

func TestALogoutRequestServesOnce(t *testing.T) {
	s, client, _ := signedIn(t, nil)
	session, _ := s.idp.Session(s.URL + "/access/saml/metadata")
	session.Index = ""
	step := s.idp.LogoutRequest(session, samltest.Redirect)
	s.get(t, step.Redirect)
	require.Empty(t, s.sessions)
	body(t, s.idp.SignIn(client, s.URL+"/access/saml/login"))
	require.Len(t, s.sessions, 1)
	s.get(t, step.Redirect)
	require.Len(t, s.sessions, 1, "an old request does not end a new session")
	require.ErrorIs(t, s.logouts[1].Err, lmssso.ErrReplayed)
}

// TestTheQueryIsVerifiedAsReceived alters what the signature covers, and what it does not.
func TestTheQueryIsVerifiedAsReceived(t *testing.T) {
	for name, change := range map[string]func(url.Values, string) string{
		"relay state":    func(_ url.Values, q string) string { return strings.Replace(q, "RelayState=", "RelayState=x", 1) },
		"message":        func(_ url.Values, q string) string { return strings.Replace(q, "SAMLRequest=", "SAMLRequest=x", 1) },
		"no signature":   func(v url.Values, q string) string { return q[:strings.Index(q, "&Signature=")] },
		"no algorithm":   func(v url.Values, _ string) string { v.Del("SigAlg"); return v.Encode() },
		"two messages":   func(_ url.Values, q string) string { return q + "&SAMLRequest=x" },
		"another first":  func(_ url.Values, q string) string { return "SAMLRequest=x&" + q },
		"escaped name":   func(_ url.Values, q string) string { return q + "&SAML%52equest=x" },
		"other encoding": func(_ url.Values, q string) string { return q + "&SAMLEncoding=none" },
	} {
		t.Run(name, func(t *testing.T) {
			s, _, _ := signedIn(t, nil)
			session, _ := s.idp.Session(s.URL + "/access/saml/metadata")
			u, err := url.Parse(s.idp.LogoutRequest(session, samltest.Redirect).Redirect)
			require.NoError(t, err)
			if !u.Query().Has("RelayState") && name == "relay state" {
				u.RawQuery = strings.Replace(u.RawQuery, "&SigAlg=", "&RelayState=y&SigAlg=", 1)
			} else {
				u.RawQuery = change(u.Query(), u.RawQuery)
			}
			s.get(t, u.String())
			require.Len(t, s.sessions, 1)
			require.Error(t, s.logouts[0].Err)
		})
	}
}

func TestALogoutThatBeganHere(t *testing.T) {
	s, client, key := signedIn(t, nil)
	w := httptest.NewRecorder()
	require.NoError(t, s.provider.StartLogout(w, httptest.NewRequest(http.MethodGet, "/logout", nil), key, "/bye"))
	require.Equal(t, http.StatusSeeOther, w.Code)
	page := body(t, s.idp.SignIn(client, w.Header().Get("Location")))
	require.Equal(t, `signed out, back to "/bye"`, page)
	require.Len(t, s.idp.Ended(), 1)
	require.Equal(t, key.Subject.Value, s.idp.Ended()[0].NameID)
	require.Equal(t, key.Index, s.idp.Ended()[0].Index)
}

func TestALogoutAnswerServesOnceAndOnlyItsRequest(t *testing.T) {
	s, _, key := signedIn(t, nil)
	end := s.provider.FinishLogout(t.Context(), saml.Input{Method: http.MethodGet, RawQuery: "SAMLResponse=x", Form: url.Values{"SAMLResponse": {"x"}}})
	require.ErrorIs(t, end.Err, saml.ErrUnsignedLogout)

	w := httptest.NewRecorder()
	require.NoError(t, s.provider.StartLogout(w, httptest.NewRequest(http.MethodGet, "/logout", nil), key, "/bye"))
	stop := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := stop.Get(w.Header().Get("Location"))
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	answer := resp.Header.Get("Location")
	if answer == "" {
		t.Fatal("the provider answered by a form")
	}
	s.get(t, answer)
	require.NoError(t, s.logouts[0].Err)
	require.Equal(t, "/bye", s.logouts[0].ReturnTo)
	s.get(t, answer)
	require.ErrorIs(t, s.logouts[1].Err, lmssso.ErrStateLost)
}

func TestWithoutAnEndpointNoLogoutBegins(t *testing.T) {
	s, _, key := signedIn(t, func(c *saml.Config) { c.IdP.(*saml.StaticIdP).SLO = nil })
	w := httptest.NewRecorder()
	require.ErrorIs(t, s.provider.StartLogout(w, httptest.NewRequest(http.MethodGet, "/logout", nil), key, "/bye"), saml.ErrNoLogout)
	require.Empty(t, w.Header().Get("Location"))
}

// asked counts how often metadata would be looked at again.
type asked struct {
	*saml.StaticIdP
	times int
}

func (a *asked) UnknownKey() bool {
	a.times++
	return false
}

func TestOnlyAnUnknownKeyAsksForNewerMetadata(t *testing.T) {
	source := &asked{}
	s, _, _ := signedIn(t, func(c *saml.Config) {
		source.StaticIdP = c.IdP.(*saml.StaticIdP)
		c.IdP = source
	})
	session, _ := s.idp.Session(s.URL + "/access/saml/metadata")
	for _, junk := range []string{"SAMLRequest=x", "SAMLRequest=x&SigAlg=y&Signature=z", "SAMLRequest=x&SigAlg=http%3A%2F%2Fwww.w3.org%2F2001%2F04%2Fxmldsig-more%23rsa-sha256&Signature=%21"} {
		s.get(t, s.URL+"/access/saml/logout?"+junk)
	}
	require.Zero(t, source.times, "junk costs no fetch")
	s.get(t, s.idp.LogoutRequest(session, samltest.Redirect, "wrong-key").Redirect)
	require.Equal(t, 1, source.times)
}

// stubborn cannot end one of the sessions.
type stubborn struct{ *site }

func (s stubborn) End(ctx context.Context, k lmssso.SessionKey) (int, error) {
	if k.Index == "stuck" {
		return 0, errors.New("the store is down")
	}
	return s.site.End(ctx, k)
}

func TestAPartialLogoutSaysSo(t *testing.T) {
	var sessions stubborn
	s, _, _ := signedIn(t, func(c *saml.Config) { c.Sessions = &sessions })
	sessions.site = s
	session, _ := s.idp.Session(s.URL + "/access/saml/metadata")
	session.Index = "stuck"
	s.idp.SignIn(browser(t), s.idp.LogoutRequest(session, samltest.Redirect).Redirect)
	require.Contains(t, s.idp.LogoutAnswers()[0], "Responder")
	require.Len(t, s.sessions, 1)
}

// TestALogoutAnswerMayBeFramedByItsProviderAlone looks at the page that posts an answer, which some providers load in a frame.
func TestALogoutAnswerMayBeFramedByItsProviderAlone(t *testing.T) {
	s, _, _ := signedIn(t, func(c *saml.Config) {
		idp := c.IdP.(*saml.StaticIdP)
		idp.SLO = slices.DeleteFunc(slices.Clone(idp.SLO), func(e saml.Endpoint) bool { return e.Binding == saml.Redirect })
	})
	session, _ := s.idp.Session(s.URL + "/access/saml/metadata")
	resp, err := http.Get(s.idp.LogoutRequest(session, samltest.Redirect).Redirect)
	require.NoError(t, err)
	page := body(t, resp)
	require.Contains(t, page, "Signing you out")
	require.Contains(t, resp.Header.Get("Content-Security-Policy"), "frame-ancestors "+s.idp.URL)
	require.Empty(t, resp.Header.Get("X-Frame-Options"))

	refused, err := http.Get(s.URL + "/access/saml/logout?SAMLRequest=x")
	require.NoError(t, err)
	body(t, refused)
	require.Contains(t, refused.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'")
	require.Equal(t, "DENY", refused.Header.Get("X-Frame-Options"))
}

func TestALogoutsBodyIsBounded(t *testing.T) {
	s, _, _ := signedIn(t, nil)
	resp, err := http.PostForm(s.URL+"/access/saml/logout", url.Values{"anything": {strings.Repeat("A", 2<<20)}})
	require.NoError(t, err)
	require.Equal(t, http.StatusRequestEntityTooLarge, resp.StatusCode)
	body(t, resp)
	require.ErrorIs(t, s.logouts[0].Err, lmssso.ErrTooLarge)
}

// Without an address of its own a site would take a message that names no destination, such as one meant for another site.
func TestASiteWithoutALogoutAddressTakesNoLogout(t *testing.T) {
	s := newSite(t, func(c *saml.Config) { c.SP.SLO = "" })
	_, _, err := s.provider.AnswerLogout(t.Context(), saml.Input{Method: http.MethodPost, Form: url.Values{"SAMLRequest": {"PA=="}}})
	require.ErrorIs(t, err, saml.ErrNoLogout)
}

// TestAMessageThatInflatesBeyondTheLimit is signed by the provider itself: nobody else's is inflated at all.
func TestAMessageThatInflatesBeyondTheLimit(t *testing.T) {
	s, _, _ := signedIn(t, func(c *saml.Config) { c.Check.FormValue = 1000 << 10 })
	session, _ := s.idp.Session(s.URL + "/access/saml/metadata")
	session.NameID = strings.Repeat("a", 4<<20)
	s.get(t, s.idp.LogoutRequest(session, samltest.Redirect).Redirect)
	require.ErrorIs(t, s.logouts[0].Err, lmssso.ErrTooLarge)
}
