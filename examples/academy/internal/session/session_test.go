package session_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/examples/academy/internal/session"
)

// begin starts a session and returns a request that carries it.
func begin(t *testing.T, s *session.Store, v session.Session, ends time.Time) *http.Request {
	t.Helper()
	w := httptest.NewRecorder()
	require.NoError(t, s.Start(w, httptest.NewRequest(http.MethodGet, "/", nil), v, ends))
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for _, c := range w.Result().Cookies() {
		r.AddCookie(c)
	}
	return r
}

func TestALogoutMessageEndsTheSessionsItNames(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	s := session.New(session.Config{Name: "x", Now: func() time.Time { return now }})
	key := func(connection, subject, index string) lmssso.SessionKey {
		return lmssso.SessionKey{Connection: connection, Subject: lmssso.Subject{Value: subject}, Index: index}
	}
	kept := begin(t, s, session.Session{Key: key("other", "bob", "1")}, time.Time{})
	first := begin(t, s, session.Session{Key: key("main", "bob", "1")}, time.Time{})
	second := begin(t, s, session.Session{Key: key("main", "bob", "2")}, time.Time{})
	ended, err := s.End(t.Context(), key("main", "bob", "1"))
	require.NoError(t, err)
	require.Equal(t, 1, ended)
	_, ok := s.Get(first)
	require.False(t, ok)
	ended, err = s.End(t.Context(), key("main", "bob", ""))
	require.NoError(t, err)
	require.Equal(t, 1, ended)
	for r, want := range map[*http.Request]bool{second: false, kept: true} {
		_, ok := s.Get(r)
		require.Equal(t, want, ok)
	}
}

// TestALogoutMessageNamesTheWholeSubject counts a name of another kind, or of another place, for another name.
func TestALogoutMessageNamesTheWholeSubject(t *testing.T) {
	s := session.New(session.Config{Name: "x", Now: time.Now})
	bob := lmssso.Subject{Value: "bob", Format: "persistent", NameQualifier: "idp", SPNameQualifier: "sp"}
	r := begin(t, s, session.Session{Key: lmssso.SessionKey{Connection: "main", Subject: bob, Index: "1"}}, time.Time{})
	for _, other := range []lmssso.Subject{
		{Value: "Bob", Format: "persistent", NameQualifier: "idp", SPNameQualifier: "sp"},
		{Value: "bob", Format: "emailAddress", NameQualifier: "idp", SPNameQualifier: "sp"},
		{Value: "bob", Format: "persistent", NameQualifier: "other", SPNameQualifier: "sp"},
		{Value: "bob", Format: "persistent", NameQualifier: "idp", SPNameQualifier: "other"},
	} {
		ended, err := s.End(t.Context(), lmssso.SessionKey{Connection: "main", Subject: other})
		require.NoError(t, err)
		require.Zero(t, ended)
	}
	_, ok := s.Get(r)
	require.True(t, ok)
	ended, err := s.End(t.Context(), lmssso.SessionKey{Connection: "main", Subject: bob})
	require.NoError(t, err)
	require.Equal(t, 1, ended)
}

func TestTheProvidersEndShortensASessionAndNeverLengthensIt(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	s := session.New(session.Config{Name: "x", Now: func() time.Time { return now }})
	short := begin(t, s, session.Session{}, now.Add(time.Hour))
	long := begin(t, s, session.Session{}, now.Add(48*time.Hour))
	require.Equal(t, 2, s.Count())
	v, _ := s.Get(short)
	require.Equal(t, now.Add(time.Hour), v.Ends)
	v, _ = s.Get(long)
	require.Equal(t, now.Add(12*time.Hour), v.Ends)
	now = now.Add(time.Hour)
	_, ok := s.Get(short)
	require.False(t, ok)
	require.Equal(t, 1, s.Count(), "what ended is let go")
}

func TestStopEndsTheSessionAndTheCookie(t *testing.T) {
	s := session.New(session.Config{Name: "x", Secure: true, Now: time.Now})
	r := begin(t, s, session.Session{}, time.Time{})
	w := httptest.NewRecorder()
	s.Stop(w, r)
	_, ok := s.Get(r)
	require.False(t, ok)
	c := w.Result().Cookies()[0]
	require.Equal(t, "__Host-x", c.Name)
	require.Negative(t, c.MaxAge)
}
