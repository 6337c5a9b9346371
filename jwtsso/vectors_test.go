package jwtsso_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/jwtsso"
)

// The token printed in the Thought Industries SSO guide, "JSON Web Token Settings". It was signed with the default secret
// of a well-known web page and has no iat.
const guideToken = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHRlcm5hbEN1c3RvbWVyS" +
	"WQiOiIxMjM0NSIsImVtYWlsIjoiYm9iQGV4YW1wbGUuY29tIiwiZmlyc3ROY" +
	"W1lIjoiQm9iIiwibGFzdE5hbWUiOiJKb25lcyIsInJldHVyblRvIjoiL2xlYXJuLyIsI" +
	"nJlZjEiOiJzdHVkZW50aWQiLCJyZWYyIjoiY29tcGFueSBuYW1lIn0.K-" +
	"R5Z8dLSk68TcUCvXdxfIHzRXk_1V7naPK40h6xG3c"

const guideSecret = lmssso.Secret("your-256-bit-secret")

func TestTheGuidesPrintedToken(t *testing.T) {
	s := &spender{}
	cfg := config(s)
	cfg.Keys = []lmssso.Secret{guideSecret}

	_, err := jwtsso.NewVerifier(cfg)
	require.Same(t, jwtsso.ErrKeyTooShort, lmssso.ReasonOf(err), "19 bytes are too short")
	require.NotContains(t, err.Error(), string(guideSecret))

	cfg.AllowShortKeys = true
	a, err := verifier(t, cfg).Verify(t.Context(), guideToken)
	refused(t, s, a, err, jwtsso.ErrIssuedAtMissing)

	cfg.AllowMissingIssuedAt = true
	v := verifier(t, cfg)
	a, err = v.Verify(t.Context(), guideToken)
	require.NoError(t, err)
	require.Equal(t, "12345", a.Link.ExternalID)
	require.Equal(t, "bob@example.com", a.Profile.Email.String())
	require.Equal(t, "Bob", a.Profile.FirstName.String())
	require.Equal(t, "Jones", a.Profile.LastName.String())
	require.Equal(t, "studentid", a.Profile.Refs[0].String())
	require.Equal(t, "company name", a.Profile.Refs[1].String())
	require.Equal(t, "/learn/", a.ReturnTo)
	require.True(t, a.Times.IssuedAt.IsZero())

	_, err = v.Verify(t.Context(), guideToken)
	require.ErrorIs(t, err, lmssso.ErrReplayed, "also without a time a token is accepted once")
}

// RFC 7515 appendix A.1: line breaks inside the JSON, typ before alg, a base64url key, exp 2011-03-22.
const (
	rfcToken = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9" +
		".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ" +
		".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	rfcKey = lmssso.Secret("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
)

func TestTheRFCsToken(t *testing.T) {
	s := &spender{}
	cfg := config(s)
	cfg.Dialect.Signing.Key = jwtsso.Base64Key
	cfg.Keys = []lmssso.Secret{rfcKey}

	a, err := verifier(t, cfg).Verify(t.Context(), rfcToken)
	refused(t, s, a, err, jwtsso.ErrIssuedAtMissing)

	cfg.AllowMissingIssuedAt = true
	a, err = verifier(t, cfg).Verify(t.Context(), rfcToken)
	refused(t, s, a, err, lmssso.ErrExpired)

	cfg.Now = func() time.Time { return time.Unix(1300819379, 0) }
	a, err = verifier(t, cfg).Verify(t.Context(), rfcToken)
	require.NoError(t, err)
	require.Equal(t, "joe", a.Origin.Issuer)
	require.Equal(t, []string{"true"}, a.Raw["http://example.com/is_root"])
	require.Equal(t, time.Unix(1300819380, 0).UTC(), a.Times.NotOnOrAfter)

	cfg.Now = func() time.Time { return time.Unix(1300819380, 0) }
	a, err = verifier(t, cfg).Verify(t.Context(), rfcToken)
	require.ErrorIs(t, err, lmssso.ErrExpired)
	require.Nil(t, a)

	cfg.Dialect.Signing.Key = jwtsso.RawKey
	_, err = verifier(t, cfg).Verify(t.Context(), rfcToken)
	require.ErrorIs(t, err, lmssso.ErrSignature, "the key's text is another key")
}
