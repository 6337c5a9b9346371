package jwtsso

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// counter is a key that counts how often it is tried.
type counter struct {
	accepts bool
	tried   *int
}

func (c counter) check(_, _ []byte) bool {
	*c.tried++
	return c.accepts
}

// The number of keys tried does not depend on which of them signed, so neither does the time.
func TestEveryLiveKeyIsTried(t *testing.T) {
	for name, accepts := range map[string][]bool{
		"the first signed": {true, false}, "the second signed": {false, true}, "neither signed": {false, false},
		"the middle of five signed": {false, false, true, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			tried := 0
			var keys []checker
			for _, a := range accepts {
				keys = append(keys, counter{a, &tried})
			}
			_ = checkSignature(keys, token{})
			require.Equal(t, len(accepts), tried)
		})
	}
}

// RFC 7515 appendix A.1, asked of the signature library alone.
func TestTheLibraryChecksTheRFCsVector(t *testing.T) {
	const vector = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9" +
		".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ" +
		".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	secret, err := base64.RawURLEncoding.DecodeString("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
	require.NoError(t, err)
	c, err := newChecker(HS256, key{secret: secret})
	require.NoError(t, err)
	m, err := newMaker(HS256, key{secret: secret})
	require.NoError(t, err)

	dot := strings.LastIndexByte(vector, '.')
	input := []byte(vector[:dot])
	signature, err := base64.RawURLEncoding.DecodeString(vector[dot+1:])
	require.NoError(t, err)
	require.True(t, c.check(input, signature))
	made, err := m.make(input)
	require.NoError(t, err)
	require.Equal(t, signature, made)

	for i := range signature {
		signature[i] ^= 1
		require.False(t, c.check(input, signature), "byte %d", i)
		signature[i] ^= 1
	}
	require.False(t, c.check(input, signature[:31]))
	require.False(t, c.check(input, nil))
}

func TestAKeyOfTheWrongKindVerifiesNothing(t *testing.T) {
	c, err := newChecker(RS256, key{secret: []byte("secret")})
	require.NoError(t, err)
	require.False(t, c.check([]byte("input"), []byte("signature")))
}
