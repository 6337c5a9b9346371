package oidc_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/oidc"
	"github.com/lmssso/lmssso/oidc/oidctest"
)

// tripSecret has every sign that must be encoded, and the length HS256 wants.
const tripSecret = "a secret/with+signs%of all kinds: 32 bytes and more"

// trip is an application and a provider that know each other.
type trip struct {
	*flowSite
	op *oidctest.Provider
}

// newTrip introduces an application to a provider. introduce may change what the provider knows of it.
func newTrip(t testing.TB, op *oidctest.Provider, introduce func(*oidctest.Client), change func(*oidc.Config)) *trip {
	t.Helper()
	s := newFlowSiteFor(t, op.WellKnown, "main-oidc", func(c *oidc.Config) {
		c.RP.ClientSecret = tripSecret
		c.Request.Scope = []string{"openid", "profile", "email"}
		c.Mapping = oidcMapping()
		if change != nil {
			change(c)
		}
	})
	client := oidctest.Client{
		ID: "client", Secret: tripSecret, RedirectURIs: []string{s.URL + "/callback"}, PostLogoutRedirectURIs: []string{s.URL + "/signed-out"},
		BackchannelLogoutURI: s.URL + "/backchannel", RequirePKCE: true,
	}
	if introduce != nil {
		introduce(&client)
	}
	op.Register(client)
	op.SetUser(oidctest.User{Subject: "u-1", Claims: map[string]any{"email": "bob@example.com", "email_verified": true, "given_name": "Bob"}})
	return &trip{s, op}
}

func newTripOP(t testing.TB, algorithms ...string) *oidctest.Provider {
	t.Helper()
	return oidctest.NewProvider(t, oidctest.Options{Now: flowNow, Algorithms: algorithms})
}

// signIn plays one whole login, and wants it to end well.
func (s *trip) signIn(t testing.TB) *lmssso.Assertion {
	t.Helper()
	page := s.arrive(t)
	require.Equal(t, "page /dashboard", page, "%v", s.why())
	return s.last(t).Assertion
}

// arrive plays one whole login and returns the last page.
func (s *trip) arrive(t testing.TB) string {
	t.Helper()
	resp := s.op.SignIn(s.op.Client(), s.URL+"/login")
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(b)
}

// why tells what was refused last.
func (s *trip) why() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.attempts) > 0 {
		return s.attempts[len(s.attempts)-1].Err
	}
	if len(s.begun) > 0 {
		return s.begun[len(s.begun)-1]
	}
	return nil
}

func TestRoundTripByEveryTypeAndMode(t *testing.T) {
	op := newTripOP(t)
	for _, kind := range []oidc.ResponseType{oidc.Code, oidc.IDToken, oidc.CodeIDToken} {
		for _, mode := range []oidc.ResponseMode{"", oidc.Query, oidc.FormPost, oidc.Fragment} {
			t.Run(string(kind)+" by "+string(mode), func(t *testing.T) {
				s := newTrip(t, op, nil, func(c *oidc.Config) {
					c.Request.ResponseType, c.Request.ResponseMode = kind, mode
					c.Allow.TokensInQuery = mode == oidc.Query
				})
				if kind != oidc.Code && mode == oidc.Query {
					t.Log("a provider as the standards want it sends no ID token in a query")
					require.NotEqual(t, "page /dashboard", s.arrive(t))
					require.Error(t, s.why())
					return
				}
				a := s.signIn(t)
				require.Equal(t, "u-1", a.Link.ExternalID)
				require.Equal(t, "bob@example.com", a.Profile.Email.String())
				require.Equal(t, "Bob", a.Profile.FirstName.String())
				require.True(t, a.Profile.EmailVerified)
			})
		}
	}
}

func TestRoundTripByEveryAlgorithm(t *testing.T) {
	for _, alg := range []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "HS256"} {
		for _, kind := range []oidc.ResponseType{oidc.Code, oidc.CodeIDToken} {
			t.Run(alg+" "+string(kind), func(t *testing.T) {
				s := newTrip(t, newTripOP(t, alg, "RS256"), func(c *oidctest.Client) { c.IDTokenAlg = alg }, func(c *oidc.Config) {
					c.Check.SigningAlgorithm, c.Request.ResponseType, c.Request.ResponseMode = alg, kind, oidc.FormPost
				})
				s.signIn(t)
			})
		}
	}
}

func TestRoundTripByEveryAuthentication(t *testing.T) {
	for _, auth := range []oidc.AuthMethod{oidc.ClientSecretBasic, oidc.ClientSecretPost, oidc.PrivateKeyJWT} {
		t.Run(string(auth), func(t *testing.T) {
			key := oidctest.NewKey(t, "ES256")
			s := newTrip(t, newTripOP(t), func(c *oidctest.Client) {
				c.TokenAuth, c.Keys = []string{string(auth)}, []oidctest.PublicKey{{ID: "mine", Key: key.Public()}}
			}, func(c *oidc.Config) {
				c.RP.TokenAuth, c.RP.Key = auth, oidc.ClientKey{Signer: key, KeyID: "mine"}
			})
			s.signIn(t)
		})
	}
}

func TestRoundTripWithAWrongSecret(t *testing.T) {
	s := newTrip(t, newTripOP(t), nil, func(c *oidc.Config) { c.RP.ClientSecret = "another" })
	s.arrive(t)
	require.ErrorIs(t, s.why(), oidc.ErrClientRefused)
}

func TestRoundTripInEveryLawfulManner(t *testing.T) {
	for _, v := range oidctest.Variations() {
		for _, kind := range []oidc.ResponseType{oidc.Code, oidc.CodeIDToken} {
			t.Run(string(v)+" "+string(kind), func(t *testing.T) {
				op := newTripOP(t)
				op.SetVariations(v)
				s := newTrip(t, op, nil, func(c *oidc.Config) {
					c.Request.ResponseType, c.Request.ResponseMode = kind, oidc.FormPost
					c.Request.Userinfo.RawAuthorization = v == "raw-authorization"
				})
				s.signIn(t)
			})
		}
	}
}

func TestRoundTripOfKeysThatChange(t *testing.T) {
	for _, r := range []oidctest.Rotation{oidctest.NewKeyInFront, oidctest.OldKeyGone, oidctest.NewKeySameName} {
		t.Run(string(r), func(t *testing.T) {
			now := flowEpoch
			s := newTrip(t, newTripOP(t), nil, func(c *oidc.Config) { c.Now = func() time.Time { return now } })
			s.signIn(t)
			now = now.Add(2 * time.Minute)
			s.op.SetNow(func() time.Time { return now })
			s.op.RotateKeys(r)
			s.signIn(t)
		})
	}
}

func TestRoundTripOfAManyTenantIssuer(t *testing.T) {
	const ours, theirs = "11111111-2222-3333-4444-555555555555", "99999999-2222-3333-4444-555555555555"
	for _, kind := range []oidc.ResponseType{oidc.Code, oidc.CodeIDToken} {
		op := oidctest.NewProvider(t, oidctest.Options{Now: flowNow, IssuerPath: "/{tenantid}/v2.0"})
		s := newTrip(t, op, nil, func(c *oidc.Config) {
			c.OP.Issuer, c.OP.AllowedTenantIDs = op.Issuer, []string{strings.ToUpper(ours)}
			c.Request.ResponseType, c.Request.ResponseMode = kind, oidc.FormPost
		})
		op.SetUser(oidctest.User{Subject: "u-1", TenantID: ours})
		a := s.signIn(t)
		require.Equal(t, ours+":u-1", a.Link.ExternalID)
		require.Equal(t, strings.Replace(op.Issuer, "{tenantid}", ours, 1), a.Subject.NameQualifier)
		op.SetUser(oidctest.User{Subject: "u-1", TenantID: theirs})
		s.arrive(t)
		require.ErrorIs(t, s.why(), lmssso.ErrIssuer)

		session, ok := op.Session("client")
		require.True(t, ok)
		session.TenantID = ours
		require.Equal(t, http.StatusOK, op.Logout(session).StatusCode, "%v", s.logouts)
		require.Equal(t, a.Subject.NameQualifier, s.ended[0].Subject.NameQualifier)
	}
}

func TestRoundTripOfARefusal(t *testing.T) {
	for _, kind := range []oidc.ResponseType{oidc.Code, oidc.IDToken} {
		for _, mode := range []oidc.ResponseMode{"", oidc.FormPost, oidc.Fragment} {
			s := newTrip(t, newTripOP(t), nil, func(c *oidc.Config) { c.Request.ResponseType, c.Request.ResponseMode = kind, mode })
			s.op.SetRefusal("access_denied")
			s.arrive(t)
			require.ErrorIs(t, s.why(), oidc.ErrDenied, "%s by %s", kind, mode)
		}
	}
}

func TestRoundTripOfLogouts(t *testing.T) {
	s := newTrip(t, newTripOP(t), nil, nil)
	a := s.signIn(t)
	session, ok := s.op.Session("client")
	require.True(t, ok)
	for _, f := range oidctest.LogoutFaults() {
		if f.Needs().Template || f.Needs().TrustedAudience || f.Needs().Earlier {
			continue
		}
		resp := s.op.Logout(session, f)
		require.Equal(t, http.StatusBadRequest, resp.StatusCode, "%s: %s", f, f.Explanation())
		require.Empty(t, s.ended, "%s", f)
	}
	require.Equal(t, http.StatusOK, s.op.Logout(session).StatusCode)
	require.Equal(t, []lmssso.SessionKey{{Connection: "main-oidc", Subject: a.Subject, Index: a.Session.Index}}, s.ended)

	start, err := s.provider.BeginLogout(t.Context(), a.Session.Hint, "/bye")
	require.NoError(t, err)
	resp, err := s.op.Client().Get(start.Redirect.String())
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Len(t, s.op.Ended(), 1, "the provider took the hint")
	require.Equal(t, "/signed-out", resp.Request.URL.Path)
	require.Equal(t, start.Pending.Handle, resp.Request.URL.Query().Get("state"))
}

func TestRoundTripWithThinkific(t *testing.T) {
	for _, raw := range []bool{false, true} {
		op := oidctest.Thinkific(t, oidctest.Options{Now: flowNow})
		s := newFlowSiteFor(t, op.WellKnown, "main-oidc", func(c *oidc.Config) {
			c.RP.ClientSecret, c.OP.Issuer = tripSecret, op.Issuer
			c.Request = oidc.Request{ResponseMode: oidc.FormPost, ResponseType: oidc.CodeIDToken, Scope: strings.Fields("openid profile email site")}
			c.Request.Userinfo.RawAuthorization = raw
			c.Mapping = attrs.Mapping{attrs.ExternalID: attrs.From("user_id_api_v1"), attrs.Email: attrs.From("email")}
		})
		op.Register(oidctest.Client{ID: "client", Secret: tripSecret, RedirectURIs: []string{s.URL + "/callback"}})
		a := (&trip{s, op}).signIn(t)
		require.NotEmpty(t, a.Link.ExternalID)
		require.NotEqual(t, a.Subject.Value, a.Link.ExternalID)
	}
}
