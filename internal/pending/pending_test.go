package pending_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso/internal/pending"
)

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// memory is the least a single-use store can be.
type memory struct {
	mu      sync.Mutex
	records map[string][]byte
	until   time.Time
	err     error
}

func (m *memory) Add(_ context.Context, key string, value []byte, until time.Time) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return false, m.err
	}
	_, taken := m.records[key]
	if m.records == nil {
		m.records = map[string][]byte{}
	}
	m.records[key], m.until = value, until
	return !taken, nil
}

func (m *memory) Take(_ context.Context, key string) ([]byte, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return nil, false, m.err
	}
	v, ok := m.records[key]
	delete(m.records, key)
	return v, ok, nil
}

func keeper(m *memory, base, connection string) *pending.Keeper {
	return pending.New(m, base, connection, func() time.Time { return epoch })
}

// begin keeps a login and returns the cookie the browser was given.
func begin(t *testing.T, k *pending.Keeper, handle string, sent ...*http.Cookie) *http.Cookie {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/login", nil)
	for _, c := range sent {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	require.NoError(t, k.Keep(w, r, handle, func(browser string) ([]byte, error) { return []byte(browser), nil }))
	cookies := w.Result().Cookies()
	require.Len(t, cookies, 1)
	return cookies[0]
}

func take(k *pending.Keeper, handle string, sent ...*http.Cookie) error {
	r := httptest.NewRequest(http.MethodPost, "/consumer", nil)
	for _, c := range sent {
		r.AddCookie(c)
	}
	return k.Take(r, handle, func(record []byte) (string, error) { return string(record), nil })
}

func TestALoginIsTakenOnceByItsBrowser(t *testing.T) {
	m := &memory{}
	k := keeper(m, "https://learn.example.com", "c")
	handle := pending.NewHandle()
	cookie := begin(t, k, handle)
	require.Equal(t, epoch.Add(pending.TTL), m.until)
	require.NoError(t, take(k, handle, cookie))
	require.ErrorIs(t, take(k, handle, cookie), pending.ErrUnknown)
}

func TestAnotherBrowserIsRefusedAndTheLoginIsSpent(t *testing.T) {
	k := keeper(&memory{}, "https://learn.example.com", "c")
	handle := pending.NewHandle()
	cookie := begin(t, k, handle)
	other := begin(t, k, pending.NewHandle())
	require.NotEqual(t, cookie.Value, other.Value)
	for name, sent := range map[string][]*http.Cookie{
		"another's":  {other},
		"none":       nil,
		"two":        {cookie, other},
		"cut short":  {{Name: cookie.Name, Value: cookie.Value[:21]}},
		"by another": {{Name: "lmssso-other", Value: cookie.Value}},
	} {
		handle := pending.NewHandle()
		begin(t, k, handle, cookie)
		require.ErrorIs(t, take(k, handle, sent...), pending.ErrOtherBrowser, name)
		require.ErrorIs(t, take(k, handle, cookie), pending.ErrUnknown, "a failed attempt stays consumed")
	}
}

func TestTheCookie(t *testing.T) {
	secure := begin(t, keeper(&memory{}, "https://learn.example.com", "c"), pending.NewHandle())
	require.Regexp(t, `^__Host-lmssso-[0-9a-f]{16}$`, secure.Name)
	require.True(t, secure.Secure)
	require.True(t, secure.HttpOnly)
	require.Equal(t, http.SameSiteNoneMode, secure.SameSite, "a provider's cross-site POST must bring it")
	require.Equal(t, "/", secure.Path)
	require.Empty(t, secure.Domain)
	require.Len(t, secure.Value, 22)

	plain := begin(t, keeper(&memory{}, "http://127.0.0.1:8080", "c"), pending.NewHandle())
	require.Regexp(t, `^lmssso-[0-9a-f]{16}$`, plain.Name)
	require.False(t, plain.Secure)
	require.Equal(t, http.SameSiteLaxMode, plain.SameSite)

	require.True(t, begin(t, keeper(&memory{}, "HTTPS://learn.example.com", "c"), pending.NewHandle()).Secure, "a scheme is one in any case")

	names := map[string]bool{secure.Name: true}
	for _, k := range []*pending.Keeper{keeper(&memory{}, "https://learn.example.com", "d"), keeper(&memory{}, "https://other.example.com", "c")} {
		names[begin(t, k, pending.NewHandle()).Name] = true
	}
	require.Len(t, names, 3, "each connection of each site has its own")
}

func TestABrowserKeepsItsCookieOverSeveralLogins(t *testing.T) {
	k := keeper(&memory{}, "https://learn.example.com", "c")
	one, two := pending.NewHandle(), pending.NewHandle()
	first := begin(t, k, one)
	second := begin(t, k, two, first)
	require.Equal(t, first.Value, second.Value, "a second tab must not lose the first")
	require.NoError(t, take(k, two, second))
	require.NoError(t, take(k, one, second))
}

func TestConnectionsDoNotMeet(t *testing.T) {
	m := &memory{}
	a, b := keeper(m, "https://learn.example.com", "a"), keeper(m, "https://learn.example.com", "b")
	handle := pending.NewHandle()
	cookie := begin(t, a, handle)
	require.ErrorIs(t, take(b, handle, cookie), pending.ErrUnknown)
	require.NoError(t, take(a, handle, cookie))
}

func TestHandles(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		h := pending.NewHandle()
		require.True(t, pending.IsHandle(h))
		require.LessOrEqual(t, len(h), 80)
		require.False(t, seen[h])
		seen[h] = true
	}
	for _, other := range []string{"", "l", "/learn/course/intro", "x" + pending.NewHandle()[1:], pending.NewHandle() + "a", "l" + strings.Repeat("!", 22)} {
		require.False(t, pending.IsHandle(other), other)
	}
}

func TestTheRecordHoldsNoCookie(t *testing.T) {
	m := &memory{}
	cookie := begin(t, keeper(m, "https://learn.example.com", "c"), pending.NewHandle())
	for key, record := range m.records {
		require.NotContains(t, string(record), cookie.Value)
		require.NotContains(t, key, cookie.Value)
		require.Regexp(t, `^p[A-Za-z0-9_-]{43}$`, key)
	}
}

func TestFailuresAreSaid(t *testing.T) {
	down := errors.New("down")
	k := keeper(&memory{err: down}, "https://learn.example.com", "c")
	w := httptest.NewRecorder()
	err := k.Keep(w, httptest.NewRequest(http.MethodGet, "/", nil), pending.NewHandle(), func(string) ([]byte, error) { return nil, nil })
	require.ErrorIs(t, err, down)
	require.Empty(t, w.Result().Cookies())
	require.ErrorIs(t, take(k, pending.NewHandle()), down)
	require.ErrorIs(t, k.Put(t.Context(), "h", nil), down)
	_, err = k.Pop(t.Context(), "h")
	require.ErrorIs(t, err, down)

	broken := errors.New("broken record")
	k = keeper(&memory{}, "https://learn.example.com", "c")
	handle := pending.NewHandle()
	begin(t, k, handle)
	require.ErrorIs(t, k.Take(httptest.NewRequest(http.MethodPost, "/", nil), handle, func([]byte) (string, error) { return "", broken }), broken)
	require.Error(t, k.Keep(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil), handle, func(string) ([]byte, error) { return nil, broken }))
}

func TestWhatNeedsNoBrowserServesOnceToo(t *testing.T) {
	k := keeper(&memory{}, "https://learn.example.com", "c")
	require.NoError(t, k.Put(t.Context(), "h", []byte("x")))
	require.Error(t, k.Put(t.Context(), "h", []byte("y")))
	require.NoError(t, k.Put(t.Context(), "i", []byte("z")))
	got, err := k.Pop(t.Context(), "i")
	require.NoError(t, err)
	require.Equal(t, "z", string(got))
	_, err = k.Pop(t.Context(), "i")
	require.ErrorIs(t, err, pending.ErrUnknown)
}
