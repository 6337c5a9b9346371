package oidc_test

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/oidc"
)

// send carries an answer to the callback the way a response mode does.
func (s *flowSite) send(t testing.TB, c *http.Client, mode oidc.ResponseMode, answer url.Values) flowPage {
	t.Helper()
	switch mode {
	case oidc.FormPost:
		return flowPost(t, c, s.URL+"/callback", answer)
	case oidc.Fragment:
		bridge := flowGet(t, c, s.URL+"/callback")
		require.Equal(t, http.StatusOK, bridge.status)
		require.Contains(t, bridge.body, `name="lmssso_fragment" value="1"`)
		require.Contains(t, bridge.body, `action="`+s.URL+`/callback"`)
		return flowPost(t, c, s.URL+"/callback", with(answer, "lmssso_fragment", "1"))
	default:
		return flowGet(t, c, s.URL+"/callback?"+answer.Encode())
	}
}

func TestSignInByEveryTypeAndMode(t *testing.T) {
	for _, row := range []struct {
		kind oidc.ResponseType
		mode oidc.ResponseMode
		sent oidc.ResponseMode // how the provider answers; "" as asked
	}{
		{oidc.Code, "", oidc.Query}, {oidc.Code, oidc.Query, ""}, {oidc.Code, oidc.FormPost, ""}, {oidc.Code, oidc.Fragment, ""},
		{oidc.IDToken, "", oidc.Fragment}, {oidc.IDToken, oidc.FormPost, ""}, {oidc.IDToken, oidc.Fragment, ""}, {oidc.IDToken, oidc.Query, ""},
		{oidc.CodeIDToken, "", oidc.Fragment}, {oidc.CodeIDToken, oidc.FormPost, ""}, {oidc.CodeIDToken, oidc.Fragment, ""},
		{oidc.CodeIDToken, oidc.Query, ""}, {oidc.CodeIDToken, "", oidc.Query},
	} {
		sent := row.sent
		if sent == "" {
			sent = row.mode
		}
		t.Run(string(row.kind)+" by "+string(row.mode)+" sent by "+string(sent), func(t *testing.T) {
			s := newFlowSite(t, func(c *oidc.Config) {
				c.Request.ResponseType, c.Request.ResponseMode = row.kind, row.mode
				c.Allow.TokensInQuery = sent == oidc.Query
			})
			c := flowBrowser(t)
			page := s.send(t, c, sent, s.begin(t, c, "?returnTo=/learn/course/intro&tenant=acme"))
			require.Equal(t, http.StatusSeeOther, page.status, "%v", s.last(t).Err)
			require.Equal(t, s.URL+"/learn/course/intro", page.location.String())
			a := s.last(t).Assertion
			require.Equal(t, lmssso.Link{Realm: "main", ExternalID: "u-1"}, a.Link)
			require.Equal(t, "bob@example.com", a.Profile.Email.String())
			require.Equal(t, "s-1", a.Session.Index)
			require.Equal(t, "acme", a.Access.Target.Path)
			require.Equal(t, lmssso.Origin{Protocol: lmssso.OIDC, Connection: "main-oidc", Issuer: s.op.URL}, a.Origin)
			if row.kind == oidc.IDToken {
				require.Empty(t, s.op.tokens)
			} else {
				require.Len(t, s.op.tokens, 1, "a code is redeemed once")
			}
		})
	}
}

func TestAnAnswerServesOnce(t *testing.T) {
	s := newFlowSite(t, nil)
	c := flowBrowser(t)
	answer := s.begin(t, c, "")
	require.Equal(t, http.StatusSeeOther, s.send(t, c, oidc.Query, answer).status)
	s.refused(t, s.send(t, c, oidc.Query, answer), lmssso.ErrStateLost)
}

// The pending login is gone after the first try, whatever was wrong with it.
func TestAFailedAttemptStaysConsumed(t *testing.T) {
	s := newFlowSite(t, nil)
	c := flowBrowser(t)
	answer := s.begin(t, c, "")
	s.refused(t, s.send(t, c, oidc.Query, with(answer, "code", "a", "b")), oidc.ErrParameters)
	s.refused(t, s.send(t, c, oidc.Query, answer), lmssso.ErrStateLost)
	require.Empty(t, s.op.tokens)
}

func TestTwoTabsBothSignIn(t *testing.T) {
	s := newFlowSite(t, nil)
	c := flowBrowser(t)
	one, two := s.begin(t, c, ""), s.begin(t, c, "")
	require.Equal(t, http.StatusSeeOther, s.send(t, c, oidc.Query, one).status)
	require.Equal(t, http.StatusSeeOther, s.send(t, c, oidc.Query, two).status)
}

func TestAnotherBrowserIsRefused(t *testing.T) {
	for _, mode := range []oidc.ResponseMode{oidc.Query, oidc.FormPost} {
		s := newFlowSite(t, func(c *oidc.Config) { c.Request.ResponseMode = mode })
		attacker, victim := flowBrowser(t), flowBrowser(t)
		answer := s.begin(t, attacker, "")
		s.begin(t, victim, "") // the victim has a cookie of its own
		s.refused(t, s.send(t, victim, mode, answer), lmssso.ErrStateLost)
		require.Empty(t, s.op.tokens, "nothing is redeemed for it")
	}
}

func TestABrowserWithoutItsCookieIsRefused(t *testing.T) {
	s := newFlowSite(t, nil)
	answer := s.begin(t, flowBrowser(t), "")
	s.refused(t, s.send(t, flowBrowser(t), oidc.Query, answer), lmssso.ErrStateLost)
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)

func TestALostCookieIsAskedForOnce(t *testing.T) {
	for _, mode := range []oidc.ResponseMode{oidc.FormPost, oidc.Fragment} {
		t.Run(string(mode), func(t *testing.T) {
			s := newFlowSite(t, func(c *oidc.Config) { c.Request.ResponseMode, c.Request.ResponseType = mode, oidc.CodeIDToken })
			c := flowBrowser(t)
			answer := with(s.begin(t, c, ""), "session_state", "<not ours>")
			page := s.send(t, flowBrowser(t), mode, answer)
			require.Equal(t, http.StatusOK, page.status)
			require.Contains(t, page.body, `action="`+s.URL+`/callback"`)
			require.Contains(t, page.header.Get("Content-Security-Policy"), "script-src 'sha256-")
			require.Empty(t, s.attempts, "nothing is logged")
			form := url.Values{}
			for _, f := range hiddenField.FindAllStringSubmatch(page.body, -1) {
				form.Add(f[1], f[2])
			}
			require.NotContains(t, form, "session_state")
			require.Equal(t, "1", form.Get("lmssso_again"))
			s.refused(t, flowPost(t, flowBrowser(t), s.URL+"/callback", form), lmssso.ErrStateLost)
			require.Zero(t, s.store.takes, "nothing is consumed without the cookie")
			require.Equal(t, http.StatusSeeOther, flowPost(t, c, s.URL+"/callback", form).status, "the same fields with the cookie")
		})
	}
}

func TestTheWrongShapeIsRefused(t *testing.T) {
	long := strings.Repeat("a", 9<<10)
	for name, row := range map[string]struct {
		kind   oidc.ResponseType
		mode   oidc.ResponseMode
		sent   oidc.ResponseMode
		change func(url.Values) url.Values
		reason error
	}{
		"code twice":                  {oidc.Code, "", oidc.Query, func(v url.Values) url.Values { return with(v, "code", v.Get("code"), v.Get("code")) }, oidc.ErrParameters},
		"iss twice":                   {oidc.Code, "", oidc.Query, func(v url.Values) url.Values { return with(v, "iss", "a", "b") }, oidc.ErrParameters},
		"token type twice":            {oidc.Code, "", oidc.Query, func(v url.Values) url.Values { return with(v, "token_type", "a", "") }, oidc.ErrParameters},
		"ID token twice":              {oidc.IDToken, oidc.FormPost, oidc.FormPost, func(v url.Values) url.Values { return with(v, "id_token", v.Get("id_token"), "x") }, oidc.ErrParameters},
		"mark twice":                  {oidc.IDToken, oidc.Fragment, oidc.FormPost, func(v url.Values) url.Values { return with(v, "lmssso_fragment", "1", "1") }, oidc.ErrParameters},
		"code too long":               {oidc.Code, oidc.FormPost, oidc.FormPost, func(v url.Values) url.Values { return with(v, "code", long) }, oidc.ErrParameters},
		"line break in code":          {oidc.Code, "", oidc.Query, func(v url.Values) url.Values { return with(v, "code", "a\nb") }, oidc.ErrParameters},
		"no ASCII in iss":             {oidc.Code, "", oidc.Query, func(v url.Values) url.Values { return with(v, "iss", "ü") }, oidc.ErrParameters},
		"no code":                     {oidc.Code, "", oidc.Query, func(v url.Values) url.Values { return with(v, "code") }, oidc.ErrResponse},
		"empty code":                  {oidc.Code, "", oidc.Query, func(v url.Values) url.Values { return with(v, "code", "") }, oidc.ErrResponse},
		"access token":                {oidc.Code, "", oidc.Query, func(v url.Values) url.Values { return with(v, "access_token", "x") }, oidc.ErrResponse},
		"ID token for a code":         {oidc.Code, oidc.FormPost, oidc.FormPost, func(v url.Values) url.Values { return with(v, "id_token", "a.b.c") }, oidc.ErrResponse},
		"code for an ID token":        {oidc.IDToken, oidc.FormPost, oidc.FormPost, func(v url.Values) url.Values { return with(v, "code", "x") }, oidc.ErrResponse},
		"hybrid without token":        {oidc.CodeIDToken, oidc.FormPost, oidc.FormPost, func(v url.Values) url.Values { return with(v, "id_token") }, oidc.ErrResponse},
		"hybrid without code":         {oidc.CodeIDToken, oidc.FormPost, oidc.FormPost, func(v url.Values) url.Values { return with(v, "code") }, oidc.ErrResponse},
		"error beside a code":         {oidc.Code, "", oidc.Query, func(v url.Values) url.Values { return with(v, "error", "access_denied") }, oidc.ErrResponse},
		"error beside a token":        {oidc.IDToken, oidc.FormPost, oidc.FormPost, func(v url.Values) url.Values { return with(v, "error", "access_denied") }, oidc.ErrResponse},
		"query for form_post":         {oidc.Code, oidc.FormPost, oidc.Query, nil, oidc.ErrResponseMode},
		"form for query":              {oidc.Code, oidc.Query, oidc.FormPost, nil, oidc.ErrResponseMode},
		"form for nothing":            {oidc.Code, "", oidc.FormPost, nil, oidc.ErrResponseMode},
		"form for fragment":           {oidc.IDToken, oidc.Fragment, oidc.FormPost, nil, oidc.ErrResponseMode},
		"query for fragment":          {oidc.Code, oidc.Fragment, oidc.Query, nil, oidc.ErrResponseMode},
		"fragment for form":           {oidc.IDToken, oidc.FormPost, oidc.Fragment, nil, oidc.ErrResponseMode},
		"a fragment nobody asked for": {oidc.Code, "", oidc.FormPost, func(v url.Values) url.Values { return with(v, "lmssso_fragment", "1") }, oidc.ErrResponseMode},
		"token in the query":          {oidc.IDToken, "", oidc.Query, nil, oidc.ErrTokensInQuery},
		"hybrid in the query":         {oidc.CodeIDToken, "", oidc.Query, nil, oidc.ErrTokensInQuery},
	} {
		t.Run(name, func(t *testing.T) {
			s := newFlowSite(t, func(c *oidc.Config) { c.Request.ResponseType, c.Request.ResponseMode = row.kind, row.mode })
			c := flowBrowser(t)
			answer := s.begin(t, c, "")
			if row.change != nil {
				answer = row.change(answer)
			}
			s.refused(t, s.send(t, c, row.sent, answer), row.reason)
			require.Empty(t, s.op.tokens, "nothing is redeemed")
		})
	}
}

func TestAQueryThatCannotBeReadConsumesNothing(t *testing.T) {
	s := newFlowSite(t, nil)
	c := flowBrowser(t)
	answer := s.begin(t, c, "")
	for _, query := range []string{
		answer.Encode() + "&x=%zz", answer.Encode() + ";x", answer.Encode() + "&state=" + answer.Get("state"), "state=other&" + answer.Encode(),
	} {
		s.refused(t, flowGet(t, c, s.URL+"/callback?"+query), oidc.ErrParameters)
	}
	form := url.Values{"code": answer["code"]}
	s.refused(t, flowPost(t, c, s.URL+"/callback?state="+answer.Get("state"), form), oidc.ErrParameters)
	require.Zero(t, s.store.takes)
	require.Equal(t, http.StatusSeeOther, s.send(t, c, oidc.Query, answer).status)
}

func TestAnAnswerToNothingIsRefused(t *testing.T) {
	s := newFlowSite(t, nil)
	for _, query := range []string{"", "?code=x", "?code=x&state=", "?code=x&state=/learn", "?error=access_denied", "?state=x"} {
		s.refused(t, flowGet(t, flowBrowser(t), s.URL+"/callback"+query), oidc.ErrUnsolicited)
	}
	s.refused(t, flowPost(t, flowBrowser(t), s.URL+"/callback", url.Values{"code": {"x"}}), oidc.ErrUnsolicited)
	flowGet(t, flowBrowser(t), s.URL+"/callback?error=invalid_scope")
	require.ErrorContains(t, s.last(t).Err, "invalid_scope", "some providers leave the state out with errors")
	flowGet(t, flowBrowser(t), s.URL+"/callback?error=bob@example.com")
	require.NotContains(t, s.last(t).Err.Error(), "bob")
	require.Zero(t, s.store.takes)
	_, err := s.provider.Finish(t.Context(), oidc.Input{Method: http.MethodGet, RawQuery: "code=x"}, nil)
	require.ErrorIs(t, err, oidc.ErrUnsolicited)
}

func TestOnlyGetAndPostAreAnswers(t *testing.T) {
	s := newFlowSite(t, nil)
	c := flowBrowser(t)
	answer := s.begin(t, c, "")
	for _, method := range []string{http.MethodHead, http.MethodPut, http.MethodDelete, http.MethodOptions} {
		r, err := http.NewRequest(method, s.URL+"/callback?"+answer.Encode(), nil)
		require.NoError(t, err)
		require.Equal(t, http.StatusMethodNotAllowed, flowDo(t, c, r).status)
		_, err = s.provider.Authenticate(nil, r)
		require.ErrorIs(t, err, lmssso.ErrMethod)
		r, err = http.NewRequest(method, s.URL+"/login", nil)
		require.NoError(t, err)
		require.Equal(t, http.StatusMethodNotAllowed, flowDo(t, c, r).status)
	}
	require.Zero(t, s.store.takes)
	require.Equal(t, http.StatusSeeOther, s.send(t, c, oidc.Query, answer).status, "nothing was consumed")
}

func TestTheProvidersRefusalsAreToldApart(t *testing.T) {
	for code, reason := range map[string]error{
		"access_denied": oidc.ErrDenied, "unmet_authentication_requirements": oidc.ErrDenied,
		"interaction_required": oidc.ErrInteraction, "login_required": oidc.ErrInteraction,
		"account_selection_required": oidc.ErrInteraction, "consent_required": oidc.ErrInteraction,
		"invalid_request": oidc.ErrRequestRefused, "unauthorized_client": oidc.ErrRequestRefused, "invalid_scope": oidc.ErrRequestRefused,
		"unsupported_response_type": oidc.ErrRequestRefused, "bob@example.com": oidc.ErrRequestRefused,
		"server_error": oidc.ErrProviderDown, "temporarily_unavailable": oidc.ErrProviderDown,
	} {
		for _, mode := range []oidc.ResponseMode{oidc.Query, oidc.FormPost, oidc.Fragment} {
			s := newFlowSite(t, func(c *oidc.Config) { c.Request.ResponseType, c.Request.ResponseMode = oidc.IDToken, oidc.Fragment })
			c := flowBrowser(t)
			answer := url.Values{
				"state": s.begin(t, c, "")["state"], "error": {code},
				"error_description": {"AADSTS65004: Bob Builder (bob@example.com) declined"}, "error_uri": {"https://example.com/bob"},
			}
			s.refused(t, s.send(t, c, mode, answer), reason)
			text := s.last(t).Err.Error()
			require.NotContains(t, strings.ToLower(text), "bob", "descriptions name people")
			require.Contains(t, text, "(AADSTS65004)")
		}
	}
}

func TestAVendorsCodeStandsAtTheBeginning(t *testing.T) {
	for description, want := range map[string]bool{
		"AADSTS50058: x": true, "AADSTS50058": true, "see AADSTS50058": false, "AADSTS50058x": false, "BOB1234567890123": false, "Bob123": false,
	} {
		s := newFlowSite(t, nil)
		c := flowBrowser(t)
		s.send(t, c, oidc.Query, url.Values{"state": s.begin(t, c, "")["state"], "error": {"access_denied"}, "error_description": {description}})
		require.Equal(t, want, strings.Contains(s.last(t).Err.Error(), "("), description)
	}
}

func TestAStoreThatIsDownRefusesEverything(t *testing.T) {
	s := newFlowSite(t, nil)
	c := flowBrowser(t)
	answer := s.begin(t, c, "")
	s.store.set(errors.New("down"))
	s.refused(t, s.send(t, c, oidc.Query, answer), lmssso.ErrUnavailable)
	page := flowGet(t, c, s.URL+"/login")
	require.Equal(t, http.StatusServiceUnavailable, page.status)
	require.Empty(t, page.header.Values("Set-Cookie"))
	require.ErrorIs(t, s.begun[0], lmssso.ErrUnavailable)
}

// A site starts while its provider is down; logins begin once it answers.
func TestAProviderThatIsDownAtFirst(t *testing.T) {
	op := newFlowOP(t)
	op.down = true
	now := flowEpoch
	s := newFlowSiteAt(t, op, "main-oidc", func(c *oidc.Config) { c.Now = func() time.Time { return now } })
	page := flowGet(t, flowBrowser(t), s.URL+"/login")
	require.Equal(t, http.StatusBadGateway, page.status)
	require.ErrorIs(t, s.begun[0], lmssso.ErrDiscovery)
	require.Empty(t, page.header.Values("Set-Cookie"))
	op.set(func() { op.down = false })
	now = flowEpoch.Add(5 * time.Minute)
	c := flowBrowser(t)
	require.Equal(t, http.StatusSeeOther, flowGet(t, c, s.URL+"/login").status)
}

// The record is judged by its own time as well, because a store of the application's own may forget to.
func TestAPendingLoginMustBeWholeAndFresh(t *testing.T) {
	s := newFlowSite(t, nil)
	for name, row := range map[string]struct {
		change func(*oidc.Pending)
		good   bool
	}{
		"as it was":      {func(*oidc.Pending) {}, true},
		"at the end":     {func(p *oidc.Pending) { p.Begun = flowEpoch.Add(-30*time.Minute - time.Minute) }, true},
		"too old":        {func(p *oidc.Pending) { p.Begun = flowEpoch.Add(-30*time.Minute - time.Minute - time.Second) }, false},
		"ahead":          {func(p *oidc.Pending) { p.Begun = flowEpoch.Add(2 * time.Minute) }, false},
		"never begun":    {func(p *oidc.Pending) { p.Begun = time.Time{} }, false},
		"without nonce":  {func(p *oidc.Pending) { p.Nonce = "" }, false},
		"without proof":  {func(p *oidc.Pending) { p.Verifier = "" }, false},
		"without handle": {func(p *oidc.Pending) { p.Handle = "" }, false},
		"another's":      {func(p *oidc.Pending) { p.Handle = "x" + p.Handle[1:] }, false},
	} {
		t.Run(name, func(t *testing.T) {
			start, err := s.provider.Begin(t.Context(), nil)
			require.NoError(t, err)
			answer := s.op.answer(start.Redirect.Query())
			row.change(&start.Pending)
			if start.Pending.Handle == "" {
				answer.Set("state", "")
			}
			a, err := s.provider.Finish(t.Context(), oidc.Input{Method: http.MethodGet, RawQuery: answer.Encode()}, &start.Pending)
			if row.good {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, lmssso.ErrStateLost)
			require.Nil(t, a)
		})
	}
}

func TestTheBridgingPageIsShownOnlyWhereAFragmentMayBe(t *testing.T) {
	for _, row := range []struct {
		kind oidc.ResponseType
		mode oidc.ResponseMode
		want bool
	}{
		{oidc.Code, "", false}, {oidc.Code, oidc.FormPost, false}, {oidc.Code, oidc.Fragment, true}, {oidc.IDToken, "", true}, {oidc.CodeIDToken, oidc.FormPost, true},
	} {
		s := newFlowSite(t, func(c *oidc.Config) { c.Request.ResponseType, c.Request.ResponseMode = row.kind, row.mode })
		page := flowGet(t, flowBrowser(t), s.URL+"/callback")
		require.Equal(t, row.want, strings.Contains(page.body, "location.hash"), "%s by %s", row.kind, row.mode)
		require.Equal(t, row.want, page.status == http.StatusOK)
		require.Equal(t, !row.want, len(s.attempts) == 1, "a page that hands something on is no attempt")
		require.Contains(t, page.header.Get("Content-Security-Policy"), "frame-ancestors 'none'")
		require.Equal(t, "no-referrer", page.header.Get("Referrer-Policy"))
	}
}

func TestABodyBeyondTheBoundIsRefused(t *testing.T) {
	s := newFlowSite(t, func(c *oidc.Config) { c.Request.ResponseMode = oidc.FormPost })
	require.Less(t, s.provider.MaxBody(), int64(512<<10))
	require.Greater(t, s.provider.MaxBody(), int64(3*64<<10), "an ID token of 64 kB, percent-encoded")
	c := flowBrowser(t)
	answer := s.begin(t, c, "")
	s.refused(t, s.send(t, c, oidc.FormPost, with(answer, "code", strings.Repeat("a", int(s.provider.MaxBody())))), lmssso.ErrTooLarge)
	require.Equal(t, http.StatusSeeOther, s.send(t, c, oidc.FormPost, answer).status, "nothing was consumed")
}
