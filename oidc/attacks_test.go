package oidc_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/oidc"
	"github.com/lmssso/lmssso/store"
)

// A provider learns state, nonce and PKCE challenge of a login that began with it. It asks an honest provider for a code with the
// same nonce and challenge, signs in there as itself, and sends the user's browser to the other connection's redirect URI with
// that code. An application that keeps its pending logins itself finds this one by its state, in the right browser.
func TestALoginOfOneConnectionIsNoLoginOfAnother(t *testing.T) {
	op := newFlowOP(t) // one for both, as where one client serves two connections
	evil, honest := newFlowSiteAt(t, op, "evil", nil), newFlowSiteAt(t, op, "honest", nil)
	start, err := evil.provider.Begin(context.Background(), nil)
	require.NoError(t, err)
	code := honest.op.answer(url.Values{"response_type": {"code"}, "nonce": {start.Redirect.Query().Get("nonce")}, "state": {start.Pending.Handle}})
	_, err = honest.provider.Finish(context.Background(), oidc.Input{Method: http.MethodGet, RawQuery: code.Encode()}, &start.Pending)
	require.ErrorIs(t, err, lmssso.ErrStateLost)
	require.Empty(t, honest.op.tokens, "the code goes nowhere")
}

// One connection, set up for another provider while logins were under way: what the first provider knows of them serves
// nowhere else.
func TestALoginOfOneIssuerIsNoLoginOfTheNext(t *testing.T) {
	before, after := newFlowSite(t, nil), newFlowSite(t, nil)
	start, err := before.provider.Begin(context.Background(), nil)
	require.NoError(t, err)
	code := after.op.answer(url.Values{"response_type": {"code"}, "nonce": {start.Redirect.Query().Get("nonce")}, "state": {start.Pending.Handle}})
	_, err = after.provider.Finish(context.Background(), oidc.Input{Method: http.MethodGet, RawQuery: code.Encode()}, &start.Pending)
	require.ErrorIs(t, err, lmssso.ErrStateLost)
	require.Empty(t, after.op.tokens, "the code goes nowhere")
}

// Handlers keep logins apart by connection also in one store, with one client id and one issuer.
func TestAStateOfOneConnectionMeansNothingAtAnother(t *testing.T) {
	op, shared := newFlowOP(t), store.NewMemory(store.MemoryConfig{Now: flowNow})
	share := func(c *oidc.Config) { c.SingleUse = shared }
	one, two := newFlowSiteAt(t, op, "one", share), newFlowSiteAt(t, op, "two", share)
	c := flowBrowser(t)
	answer := one.begin(t, c, "")
	two.begin(t, c, "")
	two.refused(t, two.send(t, c, oidc.Query, answer), lmssso.ErrStateLost)
	require.Empty(t, op.tokens)
	require.Equal(t, http.StatusSeeOther, one.send(t, c, oidc.Query, answer).status, "the login itself is not used up")
}

// What is remembered of a login opens it to whoever reads it in a log.
func TestNothingOfAPendingLoginIsPrinted(t *testing.T) {
	s := newFlowSite(t, nil)
	start, err := s.provider.Begin(context.Background(), nil)
	require.NoError(t, err)
	answer := s.op.answer(start.Redirect.Query())
	in := oidc.Input{Method: http.MethodPost, RawQuery: answer.Encode(), Form: answer}
	var log bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(h).Info("x", "start", start, "start value", *start, "pending", start.Pending, "pointer", &start.Pending, "input", in)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		fmt.Fprintf(&log, verb+verb+verb+verb+verb, start, *start, start.Pending, &start.Pending, in)
	}
	for _, secret := range []string{start.Pending.Verifier, start.Pending.Nonce, start.Pending.Handle, answer.Get("code"), url.QueryEscape(answer.Get("code"))} {
		require.False(t, strings.Contains(log.String(), secret), secret)
	}
}

// An ID token tells who the user is. After a connection was given another provider, sessions still hold the first one's.
func TestAnIDTokenIsNoHintForAnotherProvider(t *testing.T) {
	before, after := newFlowSite(t, nil), newFlowSite(t, nil)
	c := flowBrowser(t)
	require.Equal(t, http.StatusSeeOther, before.send(t, c, oidc.Query, before.begin(t, c, "")).status)
	hint := before.last(t).Assertion.Session.Hint
	own, err := before.provider.BeginLogout(context.Background(), hint, "")
	require.NoError(t, err)
	require.Equal(t, string(hint), own.Redirect.Query().Get("id_token_hint"))
	other, err := after.provider.BeginLogout(context.Background(), hint, "")
	require.NoError(t, err)
	require.False(t, other.Redirect.Query().Has("id_token_hint"))
}

// Schemes have no case, and the cookie of a login on https is Secure and tied to its host.
func TestAnAddressInCapitalsIsHTTPS(t *testing.T) {
	op := newFlowOP(t)
	s := newFlowSiteAt(t, op, "c", func(c *oidc.Config) {
		c.RP.BaseURL, c.RP.RedirectURI = "HTTPS://lms.example", "HTTPS://lms.example/callback"
	})
	w := httptest.NewRecorder()
	require.NoError(t, s.provider.StartLogin(w, httptest.NewRequest(http.MethodGet, "/login", nil), nil))
	cookies := w.Result().Cookies()
	require.Len(t, cookies, 1)
	require.True(t, cookies[0].Secure)
	require.Regexp(t, "^__Host-", cookies[0].Name)
}

// 503 asks the provider to come again, and it has no other token than this one.
func TestALogoutThatFailedHereCanBeSentAgain(t *testing.T) {
	s := newFlowSite(t, nil)
	token := url.Values{"logout_token": {s.op.logoutToken(nil)}}
	s.endErr = errors.New("down")
	require.Equal(t, http.StatusServiceUnavailable, flowPost(t, http.DefaultClient, s.URL+"/backchannel", token).status)
	s.endErr = nil
	require.Equal(t, http.StatusOK, flowPost(t, http.DefaultClient, s.URL+"/backchannel", token).status)
	require.Equal(t, http.StatusBadRequest, flowPost(t, http.DefaultClient, s.URL+"/backchannel", token).status, "but only once when it worked")
	require.Len(t, s.ended, 2)
}

// A form that only half can be read says nothing, and uses nothing up.
func TestAFormThatCannotBeReadIsRefusedWhole(t *testing.T) {
	s := newFlowSite(t, func(c *oidc.Config) { c.Request.ResponseMode = oidc.FormPost })
	c := flowBrowser(t)
	answer := s.begin(t, c, "")
	r, err := http.NewRequest(http.MethodPost, s.URL+"/callback", strings.NewReader(answer.Encode()+"&x=%zz"))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	s.refused(t, flowDo(t, c, r), oidc.ErrParameters)
	require.Equal(t, http.StatusSeeOther, s.send(t, c, oidc.FormPost, answer).status)
}

// A site that starts while its provider is down refuses an answer, and a login begun elsewhere, by the reason.
func TestAnAnswerWhileNothingIsKnownOfTheProvider(t *testing.T) {
	op := newFlowOP(t)
	before, after := newFlowSiteAt(t, op, "one", nil), newFlowSiteAt(t, op, "one", nil)
	start, err := before.provider.Begin(context.Background(), nil)
	require.NoError(t, err)
	op.set(func() { op.down = true })
	_, err = after.provider.Finish(context.Background(), oidc.Input{Method: http.MethodGet, RawQuery: "code=x&state=" + start.Pending.Handle}, &start.Pending)
	require.ErrorIs(t, err, lmssso.ErrDiscovery)
	require.Equal(t, http.StatusBadGateway, flowGet(t, flowBrowser(t), after.URL+"/login?iss="+url.QueryEscape(op.URL)).status)
}
