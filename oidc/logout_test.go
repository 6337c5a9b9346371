package oidc_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/oidc"
)

func TestALogoutGoesThereAndComesBack(t *testing.T) {
	s := newFlowSite(t, nil)
	c := flowBrowser(t)
	page := flowGet(t, c, s.URL+"/logout")
	require.Equal(t, http.StatusSeeOther, page.status)
	require.Equal(t, "no-referrer", page.header.Get("Referrer-Policy"))
	q := page.location.Query()
	state := q.Get("state")
	require.Regexp(t, `^[A-Za-z0-9_-]{1,80}$`, state)
	require.Equal(t, url.Values{
		"id_token_hint": {"hint"}, "client_id": {"client"}, "post_logout_redirect_uri": {s.URL + "/signed-out"}, "state": {state},
	}, q)
	require.Equal(t, `signed out, back to "/bye"`, flowGet(t, c, s.URL+"/signed-out?state="+state).body)
	page = flowGet(t, c, s.URL+"/signed-out?state="+state)
	require.Equal(t, http.StatusBadRequest, page.status, "it serves once")
}

// Nobody sends a browser anywhere through the address it comes back to.
func TestAReturnFromNoLogoutGoesNowhere(t *testing.T) {
	s := newFlowSite(t, nil)
	c := flowBrowser(t)
	login := s.begin(t, c, "?returnTo=/learn/course/intro")
	state := flowGet(t, c, s.URL+"/logout").location.Query().Get("state")
	for name, row := range map[string]struct {
		query  string
		reason error
	}{
		"no state":        {"", lmssso.ErrStateLost},
		"empty":           {"?state=", lmssso.ErrStateLost},
		"not ours":        {"?state=https://evil.example", lmssso.ErrStateLost},
		"unknown":         {"?state=l" + strings.Repeat("A", 22), lmssso.ErrStateLost},
		"a login's":       {"?state=" + login.Get("state"), lmssso.ErrStateLost},
		"twice":           {"?state=" + state + "&state=" + state, lmssso.ErrStateLost},
		"cannot be read":  {"?state=" + state + "&x=%zz", oidc.ErrParameters},
		"with a returnTo": {"?returnTo=/evil", lmssso.ErrStateLost},
	} {
		s.logouts = nil
		flowGet(t, c, s.URL+"/signed-out"+row.query)
		require.Len(t, s.logouts, 1, name)
		require.ErrorIs(t, s.logouts[0].Err, row.reason, name)
		require.Empty(t, s.logouts[0].ReturnTo, name)
	}
	require.Equal(t, http.StatusSeeOther, s.send(t, c, oidc.Query, login).status, "a login's state is not consumed by it")
	s.refused(t, flowGet(t, c, s.URL+"/callback?code=x&state="+state), lmssso.ErrStateLost)
	for _, method := range []string{http.MethodPost, http.MethodHead} {
		r, err := http.NewRequest(method, s.URL+"/signed-out?state="+state, nil)
		require.NoError(t, err)
		require.Equal(t, http.StatusMethodNotAllowed, flowDo(t, c, r).status)
	}
	require.Equal(t, http.StatusOK, flowGet(t, c, s.URL+"/signed-out?state="+state).status, "nothing was consumed")
}

func TestALogoutThatCannotBegin(t *testing.T) {
	s := newFlowSite(t, nil)
	s.store.set(errors.New("down"))
	page := flowGet(t, flowBrowser(t), s.URL+"/logout")
	require.Equal(t, http.StatusServiceUnavailable, page.status)
	require.Nil(t, page.location)

	p, err := oidc.New(flowConfig(nil))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	_, err = p.BeginLogout(t.Context(), "hint", "/")
	require.ErrorIs(t, err, oidc.ErrNoLogout)
}

func TestALogoutThatDoesNotComeBack(t *testing.T) {
	s := newFlowSite(t, func(c *oidc.Config) { c.RP.PostLogoutRedirectURI = "" })
	s.store.set(errors.New("down"))
	page := flowGet(t, flowBrowser(t), s.URL+"/logout")
	require.Equal(t, url.Values{"id_token_hint": {"hint"}, "client_id": {"client"}}, page.location.Query(), "nothing is remembered")
	start, err := s.provider.BeginLogout(t.Context(), lmssso.Secret(strings.Repeat("a", 6<<10+1)), "/")
	require.NoError(t, err)
	require.Equal(t, url.Values{"client_id": {"client"}}, start.Redirect.Query(), "a hint no URL holds stays away")
}

// logoutToken makes a logout token of the provider.
func (o *flowOP) logoutToken(change func(map[string]any)) string {
	claims := map[string]any{
		"iss": o.URL, "aud": "client", "iat": flowEpoch.Unix(), "exp": flowEpoch.Unix() + 120, "jti": "j-1", "sub": "u-1", "sid": "s-1",
		"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}},
	}
	if change != nil {
		change(claims)
	}
	return flowSign(map[string]any{"alg": "RS256", "kid": "k", "typ": "logout+jwt"}, claims)
}

func TestAProviderEndsSessions(t *testing.T) {
	key := lmssso.SessionKey{Connection: "main-oidc", Subject: lmssso.Subject{Value: "u-1"}, Index: "s-1"}
	for name, row := range map[string]struct {
		change func(map[string]any)
		want   lmssso.SessionKey
	}{
		"one session":     {nil, key},
		"all of a user's": {func(c map[string]any) { delete(c, "sid") }, lmssso.SessionKey{Connection: key.Connection, Subject: key.Subject}},
		"a session alone": {func(c map[string]any) { delete(c, "sub") }, lmssso.SessionKey{Connection: key.Connection, Index: "s-1"}},
	} {
		s := newFlowSite(t, nil)
		token := url.Values{"logout_token": {s.op.logoutToken(row.change)}}
		page := flowPost(t, http.DefaultClient, s.URL+"/backchannel", token)
		require.Equal(t, http.StatusOK, page.status, name)
		require.Equal(t, "no-store", page.header.Get("Cache-Control"))
		require.Equal(t, []lmssso.SessionKey{row.want}, s.ended, name)
		require.Equal(t, []oidc.LogoutEnd{{Answered: true, Ended: 1}}, s.logouts, name)

		page = flowPost(t, http.DefaultClient, s.URL+"/backchannel", token)
		require.Equal(t, http.StatusBadRequest, page.status, "a token is accepted once")
		require.ErrorIs(t, s.logouts[1].Err, lmssso.ErrReplayed)
		require.Len(t, s.ended, 1)
	}
}

// The session a logout token names is the one a login opened.
func TestLoginAndLogoutNameASessionAlike(t *testing.T) {
	s := newFlowSite(t, nil)
	c := flowBrowser(t)
	require.Equal(t, http.StatusSeeOther, s.send(t, c, oidc.Query, s.begin(t, c, "")).status)
	a := s.last(t).Assertion
	flowPost(t, http.DefaultClient, s.URL+"/backchannel", url.Values{"logout_token": {s.op.logoutToken(nil)}})
	require.Equal(t, []lmssso.SessionKey{{Connection: a.Origin.Connection, Subject: a.Subject, Index: a.Session.Index}}, s.ended)
}

func TestAWrongLogoutTokenEndsNothing(t *testing.T) {
	good := func(s *flowSite) string { return s.op.logoutToken(nil) }
	for name, row := range map[string]struct {
		form   func(s *flowSite) url.Values
		reason error
	}{
		"none":        {func(*flowSite) url.Values { return url.Values{} }, oidc.ErrParameters},
		"empty":       {func(*flowSite) url.Values { return url.Values{"logout_token": {""}} }, oidc.ErrParameters},
		"two":         {func(s *flowSite) url.Values { return url.Values{"logout_token": {good(s), good(s)}} }, oidc.ErrParameters},
		"an ID token": {func(s *flowSite) url.Values { return url.Values{"logout_token": {s.op.idToken("n", "", "back")}} }, oidc.ErrLogoutToken},
		"a nonce": {func(s *flowSite) url.Values {
			return url.Values{"logout_token": {s.op.logoutToken(func(c map[string]any) { c["nonce"] = "n" })}}
		}, oidc.ErrLogoutToken},
		"another audience": {func(s *flowSite) url.Values {
			return url.Values{"logout_token": {s.op.logoutToken(func(c map[string]any) { c["aud"] = "other" })}}
		}, oidc.ErrTokenAudience},
		"too large": {func(s *flowSite) url.Values { return url.Values{"logout_token": {strings.Repeat("a", 1<<20)}} }, lmssso.ErrTooLarge},
	} {
		s := newFlowSite(t, nil)
		page := flowPost(t, http.DefaultClient, s.URL+"/backchannel", row.form(s))
		require.Equal(t, http.StatusBadRequest, page.status, name)
		require.Equal(t, "application/json", page.header.Get("Content-Type"))
		require.Equal(t, "no-store", page.header.Get("Cache-Control"))
		var answer map[string]string
		require.NoError(t, json.Unmarshal([]byte(page.body), &answer))
		require.Equal(t, map[string]string{"error": "invalid_request"}, answer)
		require.Empty(t, s.ended, name)
		require.Len(t, s.logouts, 1, name)
		require.ErrorIs(t, s.logouts[0].Err, row.reason, name)
		require.True(t, s.logouts[0].Answered)
	}
}

func TestALogoutTokenInTheURLIsNotRead(t *testing.T) {
	s := newFlowSite(t, nil)
	page := flowPost(t, http.DefaultClient, s.URL+"/backchannel?logout_token="+s.op.logoutToken(nil), nil)
	require.Equal(t, http.StatusBadRequest, page.status)
	require.Empty(t, s.ended)
}

func TestBackchannelLogoutOnlyByPost(t *testing.T) {
	s := newFlowSite(t, nil)
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut} {
		r, err := http.NewRequest(method, s.URL+"/backchannel", strings.NewReader("logout_token="+s.op.logoutToken(nil)))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		page := flowDo(t, http.DefaultClient, r)
		require.Equal(t, http.StatusMethodNotAllowed, page.status)
		require.Equal(t, http.MethodPost, page.header.Get("Allow"))
	}
	require.Empty(t, s.ended)
}

func TestBackchannelLogoutThatCannotBeDone(t *testing.T) {
	form := func(s *flowSite) url.Values { return url.Values{"logout_token": {s.op.logoutToken(nil)}} }

	s := newFlowSite(t, func(c *oidc.Config) { c.Sessions = nil })
	require.Equal(t, http.StatusNotImplemented, flowPost(t, http.DefaultClient, s.URL+"/backchannel", form(s)).status)
	require.ErrorIs(t, s.logouts[0].Err, oidc.ErrNoLogout)

	s = newFlowSite(t, nil)
	s.store.set(errors.New("down"))
	require.Equal(t, http.StatusServiceUnavailable, flowPost(t, http.DefaultClient, s.URL+"/backchannel", form(s)).status)
	require.Empty(t, s.ended)

	s = newFlowSite(t, nil)
	s.endErr = errors.New("down")
	require.Equal(t, http.StatusServiceUnavailable, flowPost(t, http.DefaultClient, s.URL+"/backchannel", form(s)).status)
	require.ErrorIs(t, s.logouts[0].Err, lmssso.ErrUnavailable)

	s = newFlowSite(t, nil)
	s.op.set(func() { s.op.down = true })
	require.Equal(t, http.StatusServiceUnavailable, flowPost(t, http.DefaultClient, s.URL+"/backchannel", form(s)).status, "the provider's keys are not known")
}
