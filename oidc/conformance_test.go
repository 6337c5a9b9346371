package oidc_test

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/oidc"
	"github.com/lmssso/lmssso/oidc/oidctest"
)

var updateConformance = flag.Bool("update", false, "rewrite docs/conformance.md")

// confModule is one module of the OpenID Foundation's tests for relying parties.
type confModule struct {
	// name is the module's. provider says what the provider does, party what the relying party must do.
	name, provider, party string
	// fault is what is wrong, and reason how it is refused; "" is a good provider.
	fault  oidctest.Fault
	reason *lmssso.Reason
	// introduce and change make the client and the connection fit the module.
	introduce func(*oidctest.Client)
	change    func(*oidc.Config)
	// play runs what is more than one login, or another end of it.
	play func(t *testing.T, s *trip)
}

// confPlan is one of its plans: modules, and how they are asked for.
type confPlan struct {
	name, title string
	kind        oidc.ResponseType
	mode        oidc.ResponseMode
	modules     []confModule
}

const (
	mustSignIn  = "signs the user in"
	mustRefuse  = "refuses the ID token"
	usualAnswer = "answers well"
)

func confRefused(name, provider string, f oidctest.Fault, reason *lmssso.Reason) confModule {
	return confModule{name: "oidcc-client-test-" + name, provider: provider, party: mustRefuse, fault: f, reason: reason}
}

// confCommon are the modules every flow has.
func confCommon() []confModule {
	return []confModule{
		{name: "oidcc-client-test", provider: usualAnswer, party: mustSignIn},
		confRefused("invalid-iss", "names another issuer in the ID token", oidctest.WrongIssuer, oidc.ErrTokenIssuer),
		confRefused("missing-sub", "leaves sub out", oidctest.MissingSubject, oidc.ErrSubject),
		confRefused("invalid-aud", "makes the ID token for another client", oidctest.WrongAudience, oidc.ErrTokenAudience),
		confRefused("missing-aud", "leaves aud out", oidctest.MissingAudience, oidc.ErrClaimMissing),
		confRefused("missing-iat", "leaves iat out", oidctest.MissingIssuedAt, oidc.ErrClaimMissing),
		{
			name: "oidcc-client-test-kid-absent-single-jwks", provider: "publishes one key, and names none in the ID token", party: mustSignIn,
			play: func(t *testing.T, s *trip) {
				s.op.SetVariations("token-without-kid")
				s.signIn(t)
			},
		},
		{
			name: "oidcc-client-test-kid-absent-multiple-jwks", provider: "publishes several keys, and names none in the ID token", party: "tries them all, at most eight, and " + mustSignIn,
			play: func(t *testing.T, s *trip) {
				s.op.RotateKeys(oidctest.NewKeyInFront)
				s.op.SetVariations("token-without-kid")
				s.signIn(t)
			},
		},
		{name: "oidcc-client-test-idtoken-sig-rs256", provider: "signs the ID token with RS256", party: mustSignIn},
		confRefused("invalid-sig-rs256", "signs the ID token wrongly", oidctest.BadSignature, oidc.ErrTokenSignature),
		confRefused("invalid-sig-hs256", "signs the ID token with the public key as the secret of HS256", oidctest.HS256WithPublicKey, oidc.ErrTokenAlgorithm),
		{
			name: "oidcc-client-test-invalid-sig-es256", provider: "signs the ID token wrongly with ES256", party: mustRefuse,
			fault: oidctest.ZeroSignature, reason: oidc.ErrTokenSignature,
			change: func(c *oidc.Config) { c.Check.SigningAlgorithm = "ES256" }, introduce: func(c *oidctest.Client) { c.IDTokenAlg = "ES256" },
		},
		confRefused("nonce-invalid", "sends another login's nonce back", oidctest.NonceWrong, oidc.ErrTokenNonce),
		{
			name: "oidcc-client-test-scope-userinfo-claims", provider: "gives claims for the scopes asked for, in userinfo where there is an access token", party: "reads them",
			play: func(t *testing.T, s *trip) {
				s.op.SetVariations("claims-in-userinfo")
				require.Equal(t, "bob@example.com", s.signIn(t).Profile.Email.String())
			},
		},
	}
}

func confWithCode() []confModule {
	return []confModule{
		{
			name: "oidcc-client-test-userinfo-invalid-sub", provider: "gives another user's claims at userinfo", party: "refuses them, and the login",
			fault: oidctest.UserinfoSubject, reason: oidc.ErrUserinfoSubject,
		},
		{
			name: "oidcc-client-test-invalid-athash", provider: "sends the at_hash of another access token from its token endpoint", party: mustRefuse,
			reason: oidc.ErrAccessTokenHash,
			play: func(t *testing.T, s *trip) {
				s.op.SetSecondFaults(oidctest.AccessHashWrong)
				s.arrive(t)
				require.ErrorIs(t, s.why(), oidc.ErrAccessTokenHash)
			},
		},
		{
			name: "oidcc-client-test-client-secret-basic", provider: "takes the client's secret in the Authorization header alone", party: "sends it there",
			introduce: func(c *oidctest.Client) { c.TokenAuth = []string{"client_secret_basic"} },
		},
	}
}

// confBrowser are the modules of flows whose ID token comes through the browser.
func confBrowser() []confModule {
	return []confModule{{
		name: "oidcc-client-test-nonce-unless-code-flow", provider: "wants a nonce in the request", party: "sends one, as it always does",
		play: func(t *testing.T, s *trip) {
			s.signIn(t)
			s.signIn(t)
			all := s.op.Requests()
			require.Len(t, all, 2)
			require.GreaterOrEqual(t, len(all[0].Get("nonce")), 22)
			require.NotEqual(t, all[0].Get("nonce"), all[1].Get("nonce"))
		},
	}}
}

func confHybrid() []confModule {
	return []confModule{
		confRefused("invalid-chash", "sends the c_hash of another code", oidctest.CodeHashWrong, oidc.ErrCodeHash),
		confRefused("missing-chash", "leaves c_hash out", oidctest.CodeHashMissing, oidc.ErrCodeHash),
	}
}

func confFormError() []confModule {
	return []confModule{{
		name: "oidcc-client-test-form-post-error", provider: "posts an error in the place of an answer", party: "shows the error, and signs nobody in",
		play: func(t *testing.T, s *trip) {
			s.op.SetRefusal("access_denied")
			require.Contains(t, s.arrive(t), "Your identity provider refused the sign-in.")
			require.ErrorIs(t, s.why(), oidc.ErrDenied)
		},
	}}
}

func confConfig() []confModule {
	return []confModule{
		{
			name: "oidcc-client-test-discovery-openid-config", provider: "describes itself at its well-known address", party: "asks there once, and signs in by what it reads",
			play: func(t *testing.T, s *trip) {
				s.signIn(t)
				s.signIn(t)
				require.Equal(t, 1, s.op.Count(s.op.WellKnown))
			},
		},
		{
			name: "oidcc-client-test-discovery-jwks-uri-keys", provider: "publishes its keys at the address its description names", party: "asks there once, and verifies with them",
			play: func(t *testing.T, s *trip) {
				s.signIn(t)
				s.signIn(t)
				require.Equal(t, 1, s.op.Count(s.op.JWKSURL))
			},
		},
		{
			name: "oidcc-client-test-discovery-issuer-mismatch", provider: "describes another issuer than the one asked", party: "refuses the description; nothing is asked of it",
			fault: oidctest.DiscoveryIssuer, reason: oidc.ErrDiscoveryIssuer,
		},
		confRefused("idtoken-sig-none", "does not sign the ID token", oidctest.AlgNone, oidc.ErrTokenAlgorithm),
		{
			name: "oidcc-client-test-signing-key-rotation", provider: "changes its key between two logins", party: "fetches the keys again, and " + mustSignIn,
			play: func(t *testing.T, s *trip) {
				s.signIn(t)
				s.op.RotateKeys(oidctest.OldKeyGone)
				s.signIn(t)
				require.Equal(t, 2, s.op.Count(s.op.JWKSURL))
			},
		},
		{
			name: "oidcc-client-test-signing-key-rotation-just-before-signing", provider: "changes its key just before it signs", party: "fetches the keys again, and " + mustSignIn,
			play: func(t *testing.T, s *trip) {
				s.signIn(t)
				s.op.SetVariations("rotated-just-now")
				s.signIn(t)
			},
		},
		{
			name: "oidcc-client-test-userinfo-signed", provider: "signs its userinfo answer", party: "verifies it, and reads the claims",
			introduce: func(c *oidctest.Client) { c.UserinfoAlg = "RS256" },
			play: func(t *testing.T, s *trip) {
				s.op.SetVariations("claims-in-userinfo")
				require.Equal(t, "bob@example.com", s.signIn(t).Profile.Email.String())
			},
		},
	}
}

// confSignOut begins a logout and returns what the browser is sent to.
func confSignOut(t *testing.T, s *trip) string {
	t.Helper()
	a := s.signIn(t)
	w := httptest.NewRecorder()
	require.NoError(t, s.provider.StartLogout(w, httptest.NewRequest(http.MethodGet, "/logout", nil), a.Session.Hint, "/bye"))
	return w.Header().Get("Location")
}

// confComeBack opens an address and returns how the logout ended.
func confComeBack(t *testing.T, s *trip, address string) oidc.LogoutEnd {
	t.Helper()
	resp, err := s.op.Client().Get(address)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	s.mu.Lock()
	defer s.mu.Unlock()
	require.NotEmpty(t, s.logouts)
	return s.logouts[len(s.logouts)-1]
}

func confInitiatedLogout() []confModule {
	const name = "oidcc-client-test-rp-init-logout"
	return []confModule{
		{
			name: name, provider: "ends its session and sends the browser back", party: "sends id_token_hint, its address and a state, and takes the user on",
			play: func(t *testing.T, s *trip) {
				to, err := url.Parse(confSignOut(t, s))
				require.NoError(t, err)
				for _, p := range []string{"id_token_hint", "post_logout_redirect_uri", "state"} {
					require.NotEmpty(t, to.Query().Get(p), p)
				}
				require.Equal(t, oidc.LogoutEnd{ReturnTo: "/bye"}, confComeBack(t, s, to.String()))
				require.Len(t, s.op.Ended(), 1)
			},
		},
		{
			name: name + "-other-state", provider: "sends the browser back with another state", party: "takes it for no logout of its own",
			play: func(t *testing.T, s *trip) {
				confSignOut(t, s)
				end := confComeBack(t, s, s.URL+"/signed-out?state=another")
				require.ErrorIs(t, end.Err, lmssso.ErrStateLost)
				require.Empty(t, end.ReturnTo)
			},
		},
		{
			name: name + "-no-state", provider: "sends the browser back without a state", party: "takes it for no logout of its own",
			play: func(t *testing.T, s *trip) {
				confSignOut(t, s)
				end := confComeBack(t, s, s.URL+"/signed-out")
				require.ErrorIs(t, end.Err, lmssso.ErrStateLost)
				require.Empty(t, end.ReturnTo)
			},
		},
	}
}

func confBackchannel() []confModule {
	const name = "oidcc-client-test-rp-backchannel-rpinitlogout"
	wrong := func(suffix, provider string, f oidctest.Fault, reason *lmssso.Reason) confModule {
		return confModule{name: name + suffix, provider: provider, party: "answers 400, and ends nothing", play: func(t *testing.T, s *trip) {
			s.signIn(t)
			session, ok := s.op.Session("client")
			require.True(t, ok)
			require.Equal(t, http.StatusBadRequest, s.op.Logout(session, f).StatusCode)
			require.Empty(t, s.ended)
			require.ErrorIs(t, s.logouts[0].Err, reason)
		}}
	}
	return []confModule{
		{
			name: name, provider: "posts a logout token when the user signs out", party: "ends the session, and answers 200",
			play: func(t *testing.T, s *trip) {
				a := s.signIn(t)
				session, ok := s.op.Session("client")
				require.True(t, ok)
				resp := s.op.Logout(session)
				require.Equal(t, http.StatusOK, resp.StatusCode)
				require.Contains(t, resp.Header.Get("Cache-Control"), "no-store")
				require.Equal(t, []lmssso.SessionKey{{Connection: "main-oidc", Subject: a.Subject, Index: a.Session.Index}}, s.ended)
			},
		},
		wrong("-alg-none", "does not sign the logout token", oidctest.LogoutAlgNone, oidc.ErrTokenAlgorithm),
		wrong("-wrong-alg", "signs the logout token with another algorithm", oidctest.LogoutHS256, oidc.ErrTokenAlgorithm),
		wrong("-no-event", "leaves events out", oidctest.LogoutNoEvents, oidc.ErrLogoutToken),
		wrong("-wrong-event", "names another event", oidctest.LogoutOtherEvent, oidc.ErrLogoutToken),
		wrong("-with-nonce", "puts a nonce in", oidctest.LogoutNonce, oidc.ErrLogoutToken),
		wrong("-wrong-aud", "makes the logout token for another client", oidctest.LogoutAudience, oidc.ErrTokenAudience),
		wrong("-wrong-iss", "names another issuer", oidctest.LogoutIssuer, oidc.ErrTokenIssuer),
	}
}

func confThirdParty() []confModule {
	return []confModule{{
		name: "oidcc-client-test-3rd-party-init-login", provider: "sends the browser to the login address with its issuer", party: "begins a login, and none for another issuer",
		play: func(t *testing.T, s *trip) {
			sent := s.op.SignIn(s.op.Client(), s.URL+"/login?"+url.Values{"iss": {s.op.Issuer}, "target_link_uri": {"/learn/course/intro"}}.Encode())
			require.Equal(t, "/learn/course/intro", sent.Request.URL.Path)
			s.op.SignIn(s.op.Client(), s.URL+"/login?"+url.Values{"iss": {"https://other.example.com"}}.Encode())
			require.ErrorIs(t, s.begun[len(s.begun)-1], oidc.ErrInitiator)
		},
	}}
}

func confPlans() []confPlan {
	basic := slices.Concat(confCommon(), []confModule{
		confRefused("idtoken-sig-none", "does not sign the ID token", oidctest.AlgNone, oidc.ErrTokenAlgorithm),
	}, confWithCode())
	implicit, hybrid := slices.Concat(confCommon(), confBrowser()), slices.Concat(confCommon(), confBrowser(), confHybrid(), confWithCode())
	return []confPlan{
		{"oidcc-client-basic-certification-test-plan", "Basic: code", oidc.Code, "", basic},
		{"oidcc-client-implicit-certification-test-plan", "Implicit: id_token in the fragment", oidc.IDToken, "", implicit},
		{"oidcc-client-hybrid-certification-test-plan", "Hybrid: code id_token in the fragment", oidc.CodeIDToken, "", hybrid},
		{"oidcc-client-config-certification-test-plan", "Config", oidc.Code, "", confConfig()},
		{"oidcc-client-formpost-basic-certification-test-plan", "Form post, basic", oidc.Code, oidc.FormPost, slices.Concat(basic, confFormError())},
		{"oidcc-client-formpost-implicit-certification-test-plan", "Form post, implicit", oidc.IDToken, oidc.FormPost, slices.Concat(implicit, confFormError())},
		{"oidcc-client-formpost-hybrid-certification-test-plan", "Form post, hybrid", oidc.CodeIDToken, oidc.FormPost, slices.Concat(hybrid, confFormError())},
		{"oidcc-client-rp-initiated-logout-rp-basic", "RP-initiated logout", oidc.Code, "", confInitiatedLogout()},
		{"oidcc-client-back-channel-logout-rp-basic", "Back-channel logout", oidc.Code, "", confBackchannel()},
		{"oidcc-client-test-3rd-party-init-login-test-plan", "Login begun by a third party", oidc.Code, "", confThirdParty()},
	}
}

// TestConformance plays every module of every plan.
func TestConformance(t *testing.T) {
	for _, plan := range confPlans() {
		for _, m := range plan.modules {
			t.Run(plan.name+"/"+m.name, func(t *testing.T) {
				t.Parallel()
				m.run(t, plan)
			})
		}
	}
}

func (m confModule) run(t *testing.T, plan confPlan) {
	s := newTrip(t, oidctest.NewProvider(t, oidctest.Options{Now: flowNow, Algorithms: []string{"RS256", "ES256"}}), m.introduce, func(c *oidc.Config) {
		c.Request.ResponseType, c.Request.ResponseMode = plan.kind, plan.mode
		if m.change != nil {
			m.change(c)
		}
	})
	switch {
	case m.play != nil:
		m.play(t, s)
	case m.fault == "":
		s.signIn(t)
	default:
		s.op.SetFaults(m.fault)
		s.arrive(t)
		require.Zero(t, s.signedIn())
		require.ErrorIs(t, s.why(), m.reason)
		require.Equal(t, m.reason, lmssso.ReasonOf(s.why()))
	}
}

const confHead = `# Conformance

The OpenID Foundation tests relying parties by plans of modules: in each, its provider does one thing, and the relying party
must do another. This table names the modules as the Foundation does and says what is played against this library's own test
provider, [oidc/oidctest](../oidc/oidctest), whenever the tests run. It is no certification: the Foundation's suite itself was not
run.

A refused login signs nobody in; the reason's code stands beside it.

<!-- Made from the tests: go test ./oidc -run Conformance -update -->
`

const confTail = `
## Modules without a row

| module | why |
|---|---|
| oidcc-client-test-missing-athash | an access token never comes through the browser: no such response type is asked for |
| oidcc-client-test-idtoken-sig-none, as a login | unsigned ID tokens are refused whatever the registration says |
| oidcc-client-test-discovery-webfinger-acct, -url | the connection names its provider; nobody is looked up by an address typed in |
| oidcc-client-test-dynamic-registration | clients are registered by an administrator |
| oidcc-client-test-request-uri-signed-rs256, -none | requests are plain; PKCE and state protect them |
| oidcc-client-test-refresh-token and its kin | no access is kept beyond the login, so nothing is refreshed |
| oidcc-client-test-rp-frontchannel-rpinitlogout, -session-management | both live on third-party cookies, which browsers no longer send; back-channel logout does their work |
`

// confText writes the table.
func confText() string {
	var b strings.Builder
	b.WriteString(confHead)
	for _, plan := range confPlans() {
		fmt.Fprintf(&b, "\n## %s\n\n`%s`\n\n| module | the provider | the relying party |\n|---|---|---|\n", plan.title, plan.name)
		for _, m := range plan.modules {
			party := m.party
			if m.reason != nil {
				party += " (`" + string(m.reason.Code()) + "`)"
			}
			fmt.Fprintf(&b, "| %s | %s | %s |\n", m.name, m.provider, party)
		}
	}
	b.WriteString(confTail)
	return b.String()
}

// TestConformanceDocument keeps the document in step with the table.
func TestConformanceDocument(t *testing.T) {
	const file = "../docs/conformance.md"
	if *updateConformance {
		require.NoError(t, os.WriteFile(file, []byte(confText()), 0o644))
	}
	written, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, confText(), string(written), "run: go test ./oidc -run Conformance -update")
	rows := 0
	for _, plan := range confPlans() {
		seen := map[string]bool{}
		for _, m := range plan.modules {
			require.False(t, seen[m.name], "%s stands twice in %s", m.name, plan.name)
			seen[m.name] = true
			rows++
		}
	}
	require.Greater(t, rows, 100)
}
