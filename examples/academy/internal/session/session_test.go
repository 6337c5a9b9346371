package session_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
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

// TestALogoutMessageMayNameASessionAlone is about OpenID Connect, whose logout tokens need no subject beside a sid.
func TestALogoutMessageMayNameASessionAlone(t *testing.T) {
	s := session.New(session.Config{Name: "x", Now: time.Now})
	key := func(connection, subject, index string) lmssso.SessionKey {
		return lmssso.SessionKey{Connection: connection, Subject: lmssso.Subject{Value: subject}, Index: index}
	}
	named := begin(t, s, session.Session{Key: key("main", "bob", "1")}, time.Time{})
	kept := []*http.Request{
		begin(t, s, session.Session{Key: key("main", "bob", "2")}, time.Time{}),
		begin(t, s, session.Session{Key: key("main", "carol", "")}, time.Time{}),
		begin(t, s, session.Session{Key: key("main", "", "")}, time.Time{}),
		begin(t, s, session.Session{Key: key("other", "bob", "1")}, time.Time{}),
	}
	ended, err := s.End(t.Context(), lmssso.SessionKey{Connection: "main", Index: "1"})
	require.NoError(t, err)
	require.Equal(t, 1, ended)
	_, ok := s.Get(named)
	require.False(t, ok)
	for _, empty := range []lmssso.SessionKey{{}, {Connection: "main"}, {Connection: "main", Index: "3"}} {
		ended, err = s.End(t.Context(), empty)
		require.NoError(t, err)
		require.Zero(t, ended, "a message that names nobody ends nothing")
	}
	for _, r := range kept {
		_, ok := s.Get(r)
		require.True(t, ok)
	}
}

func TestAHintIsKeptAsLongAsItsSessionAndTheRoomAllow(t *testing.T) {
	const longest, room = 8 << 10, 64 << 20
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	s := session.New(session.Config{Name: "x", Now: func() time.Time { return now }})
	hinted := func(n int) (r *http.Request, kept int) {
		r = begin(t, s, session.Session{Hint: lmssso.Secret(strings.Repeat("h", n))}, time.Time{})
		v, ok := s.Get(r)
		require.True(t, ok, "with or without its hint")
		return r, len(v.Hint)
	}
	_, kept := hinted(longest + 1)
	require.Zero(t, kept)
	var last *http.Request
	for range room / longest {
		last, kept = hinted(longest)
		require.Equal(t, longest, kept)
	}
	_, kept = hinted(1)
	require.Zero(t, kept, "no room")

	w := httptest.NewRecorder()
	v, _ := s.Get(last)
	require.NoError(t, s.Change(w, last, v))
	_, kept = hinted(1)
	require.Zero(t, kept, "a change keeps the hint, and counts it once")
	for _, c := range w.Result().Cookies() {
		last = httptest.NewRequest(http.MethodGet, "/", nil)
		last.AddCookie(c)
	}
	v, _ = s.Get(last)
	require.Len(t, v.Hint, longest)

	s.Stop(httptest.NewRecorder(), last)
	last, kept = hinted(longest)
	require.Equal(t, longest, kept, "what ended makes room")
	require.NotNil(t, last)
	now = now.Add(12 * time.Hour)
	require.Zero(t, s.Count())
	for range 2 {
		_, kept = hinted(longest)
		require.Equal(t, longest, kept)
	}
	ended, err := s.End(t.Context(), lmssso.SessionKey{Index: "none"})
	require.NoError(t, err)
	require.Zero(t, ended)
}

func TestASessionsHintDoesNotPrint(t *testing.T) {
	s := session.New(session.Config{Name: "x", Now: time.Now})
	v, _ := s.Get(begin(t, s, session.Session{Hint: "an-id-token"}, time.Time{}))
	doc, err := json.Marshal(v)
	require.NoError(t, err)
	for _, text := range []string{fmt.Sprint(v), fmt.Sprintf("%#v", v), string(doc)} {
		require.NotContains(t, text, "an-id-token")
	}
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
