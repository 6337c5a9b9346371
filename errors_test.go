package lmssso_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
)

func TestErrorMatchesReasonAndCause(t *testing.T) {
	err := error(&lmssso.Error{Reason: lmssso.ErrEmailExists, Detail: "an account has the email", Err: io.ErrUnexpectedEOF})
	err = fmt.Errorf("login: %w", err)
	require.ErrorIs(t, err, lmssso.ErrEmailExists)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.NotErrorIs(t, err, lmssso.ErrEmailTaken)
	require.Equal(t, lmssso.Code("email-exists"), lmssso.CodeOf(err))
}

func TestErrorTextLeavesOutTheCause(t *testing.T) {
	cause := errors.New("token eyJhbGciOi was refused")
	err := &lmssso.Error{Reason: lmssso.ErrSignature, Detail: "no key fits", Expected: "HS256", Received: "nothing", Err: cause}
	require.Equal(t, "signature: no key fits; expected HS256; received nothing", err.Error())
	require.Equal(t, "unavailable: x", (&lmssso.Error{Detail: "x"}).Error())
}

func TestWhatIsNotUnderstoodIsUnavailable(t *testing.T) {
	status, text := lmssso.PublicMessage(errors.New("dial tcp: connection refused"))
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Equal(t, lmssso.ErrUnavailable.Public(), text)
	require.Equal(t, lmssso.Code("unavailable"), lmssso.CodeOf(codedError("no-such-code")))
	require.Equal(t, lmssso.Code("attribute-invalid"), lmssso.CodeOf(codedError("attribute-invalid")))
}

type codedError string

func (c codedError) Error() string   { return string(c) }
func (c codedError) SSOCode() string { return string(c) }

func TestNoErrorIsNoRefusal(t *testing.T) {
	status, text := lmssso.PublicMessage(nil)
	require.Equal(t, http.StatusOK, status)
	require.Empty(t, text)
	require.Empty(t, lmssso.CodeOf(nil))
	require.Nil(t, lmssso.ReasonOf(nil))
}

func TestEveryReasonIsComplete(t *testing.T) {
	codes := map[lmssso.Code]bool{}
	for _, r := range lmssso.Reasons() {
		require.False(t, codes[r.Code()], "code %s stands twice", r.Code())
		codes[r.Code()] = true
		require.NotEmpty(t, r.Public())
		require.NotEmpty(t, r.Remedy())
		require.Regexp(t, `^[a-z]+(-[a-z]+)*$`, string(r.Code()))
		require.GreaterOrEqual(t, r.Status(), 400)
		require.Equal(t, string(r.Code())+": "+r.Public(), r.Error())
	}
	require.GreaterOrEqual(t, len(codes), 40)
}

func TestReasonStatusesAreTheContract(t *testing.T) {
	want := map[int][]*lmssso.Reason{
		400: {lmssso.ErrMalformed, lmssso.ErrAttributeInvalid, lmssso.ErrStateLost},
		404: {lmssso.ErrNotFound}, 405: {lmssso.ErrMethod}, 413: {lmssso.ErrTooLarge},
		502: {lmssso.ErrDiscovery, lmssso.ErrProvider},
		503: {lmssso.ErrUnavailable, lmssso.ErrBusy, lmssso.ErrConfiguration},
	}
	status := map[*lmssso.Reason]int{}
	for s, reasons := range want {
		for _, r := range reasons {
			status[r] = s
		}
	}
	for _, r := range lmssso.Reasons() {
		expected, ok := status[r]
		if !ok {
			expected = http.StatusForbidden
		}
		require.Equal(t, expected, r.Status(), r.Code())
	}
}
