package jwtsso_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/jwtsso"
)

const (
	newKey = lmssso.Secret("correct horse battery staple, new and long enough")
	oldKey = lmssso.Secret("correct horse battery staple, old and long enough")
)

// now is every test's present: 2023-11-14 22:13:20 UTC.
var now = time.Unix(1700000000, 0).UTC()

func clock() time.Time { return now }

// spender is a single-use store that counts.
type spender struct {
	mu    sync.Mutex
	seen  map[string]time.Time
	adds  int
	until time.Time
	value []byte
	err   error
	boom  bool
}

func (s *spender) Add(_ context.Context, key string, value []byte, until time.Time) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.adds++
	s.until, s.value = until, value
	if s.boom {
		panic("the store broke")
	}
	if s.err != nil {
		return false, s.err
	}
	if s.seen == nil {
		s.seen = map[string]time.Time{}
	}
	if _, used := s.seen[key]; used {
		return false, nil
	}
	s.seen[key] = until
	return true, nil
}

func (s *spender) Take(context.Context, string) ([]byte, bool, error) {
	return nil, false, errors.New("a verifier never takes")
}

// config is a strict Thought Industries connection.
func config(s lmssso.SingleUse) jwtsso.VerifierConfig {
	return jwtsso.VerifierConfig{
		Dialect: jwtsso.ThoughtIndustries(), Connection: "main-jwt", Realm: "main",
		Keys: []lmssso.Secret{newKey, oldKey}, SingleUse: s, Now: clock,
	}
}

func verifier(t testing.TB, cfg jwtsso.VerifierConfig) *jwtsso.Verifier {
	t.Helper()
	v, err := jwtsso.NewVerifier(cfg)
	require.NoError(t, err)
	return v
}

const (
	goodHeader = `{"alg":"HS256","typ":"JWT"}`
	goodClaims = `{"iat":1700000000,"externalCustomerId":"12345","email":"bob@example.com"}`
)

// sign makes a token without this package's help, so that one bug cannot hide in both ends.
func sign(key lmssso.Secret, header, payload string) string {
	input := b64(header) + "." + b64(payload)
	return input + "." + b64(string(mac(key, input)))
}

func mac(key lmssso.Secret, input string) []byte {
	m := hmac.New(sha256.New, []byte(string(key)))
	m.Write([]byte(input))
	return m.Sum(nil)
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// refused checks what every refusal has in common: its own reason, nothing returned, nothing spent.
func refused(t *testing.T, s *spender, a *lmssso.Assertion, err error, want *lmssso.Reason) {
	t.Helper()
	require.Error(t, err)
	require.Nil(t, a, "nothing may be returned beside an error")
	require.Same(t, want, lmssso.ReasonOf(err), "%v", err)
	require.Zero(t, s.adds, "a refused token must not be spent")
}
