package oidc_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/oidc"
	"github.com/lmssso/lmssso/oidc/oidctest"
)

const faultTenant = "11111111-2222-3333-4444-555555555555"

// faultReasons says by which reason each fault of the test provider is refused. A second one is the hybrid flow's, where what
// came through the browser is judged first.
func faultReasons() map[oidctest.Fault][]*lmssso.Reason {
	all := map[oidctest.Fault][]*lmssso.Reason{}
	for reason, faults := range map[*lmssso.Reason][]oidctest.Fault{
		oidc.ErrTokenSignature: {
			oidctest.BadSignature, oidctest.TamperedSubject, oidctest.StrangerSameKid, oidctest.StrangerNoKid, oidctest.DERSignature,
			oidctest.ZeroSignature, oidctest.EmptySignature, oidctest.OtherTokensProof, oidctest.SignedAsOtherThanSay, oidctest.UserinfoSignature,
			oidctest.KeysStrangersOnly,
		},
		oidc.ErrTokenKey: {
			oidctest.StrangerSigned, oidctest.UnknownKid, oidctest.EncryptionKey, oidctest.WeakKey, oidctest.LeakedKey, oidctest.KeysOtherAlg,
		},
		oidc.ErrTokenAlgorithm: {
			oidctest.SharedKey, oidctest.AlgNone, oidctest.AlgNoneOddCase, oidctest.AlgMissing, oidctest.HS256WithPublicKey, oidctest.HS256WithClientKey,
			oidctest.OtherKindOfKey, oidctest.OtherHash, oidctest.OtherPadding, oidctest.UserinfoUnsigned,
		},
		oidc.ErrTokenHeader: {
			oidctest.EmbeddedJWK, oidctest.EmbeddedJKU, oidctest.EmbeddedX5C, oidctest.EmbeddedX5U, oidctest.Critical, oidctest.UnencodedB64,
			oidctest.KidNumber, oidctest.AlgTwice, oidctest.HeaderBroken,
		},
		oidc.ErrTokenType:      {oidctest.TypeLogout, oidctest.TypeAccess},
		oidc.ErrTokenEncrypted: {oidctest.Encrypted},
		oidc.ErrTokenFormat: {
			oidctest.TwoParts, oidctest.FourParts, oidctest.Padded, oidctest.TrailingSpace, oidctest.JSONForm, oidctest.HugeToken,
		},
		oidc.ErrTokenClaims: {
			oidctest.PayloadBroken, oidctest.PayloadTwice, oidctest.InvalidUTF8, oidctest.DeepClaim, oidctest.SubjectTwice, oidctest.SubjectCase,
			oidctest.SubjectOddS, oidctest.EmailTwice, oidctest.EmailCase, oidctest.AudienceTwice, oidctest.NestedNameTwice, oidctest.SubjectNullByte,
		},
		oidc.ErrTokenIssuer: {
			oidctest.WrongIssuer, oidctest.IssuerSlash, oidctest.IssuerCase, oidctest.SecondIssuer, oidctest.UserinfoIssuer,
		},
		oidc.ErrTenantID: {
			oidctest.TenantMissing, oidctest.TenantOther, oidctest.TenantUnknown, oidctest.TenantNoGUID, oidctest.IssuerTemplateSelf,
		},
		oidc.ErrClaimMissing: {oidctest.MissingIssuer, oidctest.MissingAudience, oidctest.MissingExpiry, oidctest.MissingIssuedAt},
		oidc.ErrClaimType: {
			oidctest.IssuerNumber, oidctest.AudienceNumber, oidctest.ExpiryOverflow, oidctest.ExpiryEndless, oidctest.ExpiryText, oidctest.AuthTimeText, oidctest.NumberSubject,
		},
		oidc.ErrTokenAudience:     {oidctest.WrongAudience, oidctest.EmptyAudience, oidctest.AudienceLonger, oidctest.UserinfoAudience},
		oidc.ErrUntrustedAudience: {oidctest.ExtraAudience},
		oidc.ErrAuthorizedParty:   {oidctest.PartyWrong, oidctest.PartyMissing},
		oidc.ErrTokenExpired:      {oidctest.Expired, oidctest.EndsAtLeeway},
		oidc.ErrTokenTooOld:       {oidctest.OldIssuedAt},
		oidc.ErrTokenFromFuture:   {oidctest.FutureIssuedAt},
		oidc.ErrTokenNotYet:       {oidctest.NotYetValid},
		oidc.ErrAuthTime:          {oidctest.StaleAuthTime, oidctest.MissingAuthTime},
		lmssso.ErrAuthnContext:    {oidctest.WeakACR},
		oidc.ErrSubject: {
			oidctest.MissingSubject, oidctest.EmptySubject, oidctest.LongSubject, oidctest.ForeignSubject, oidctest.ControlSubject,
		},
		oidc.ErrTokenNonce: {
			oidctest.NonceMissing, oidctest.NonceWrong, oidctest.NonceEmpty, oidctest.NonceCase, oidctest.IDTokenReplayed,
		},
		oidc.ErrAccessTokenHash: {oidctest.AccessHashWrong, oidctest.AccessHashWhole, oidctest.AccessHashMissing},
		oidc.ErrCodeHash:        {oidctest.CodeHashWrong, oidctest.CodeHashMissing},
		oidc.ErrStateHash:       {oidctest.StateHashWrong},
		oidc.ErrAggregated:      {oidctest.AggregatedIdentity},
		oidc.ErrParameters: {
			oidctest.StateTwice, oidctest.CodeTwice, oidctest.CodeControl, oidctest.IDTokenTwice, oidctest.ResponseISSTwice,
		},
		oidc.ErrUnsolicited: {oidctest.StateMissing},
		oidc.ErrResponse: {
			oidctest.CodeMissing, oidctest.CodeEmpty, oidctest.CodeUnasked, oidctest.IDTokenMissing, oidctest.IDTokenUnasked,
			oidctest.AccessTokenUnasked, oidctest.ErrorBeside, oidctest.EmptyAnswer,
		},
		oidc.ErrResponseIssuerMissing: {oidctest.ResponseISSMissing},
		oidc.ErrResponseIssuer:        {oidctest.ResponseISSWrong},
		oidc.ErrResponseMode:          {oidctest.OtherMode},
		oidc.ErrTokenEndpoint: {
			oidctest.ExchangeError, oidctest.ExchangeHTML, oidctest.ExchangeHuge, oidctest.ExchangeRedirect, oidctest.ExchangeCut,
			oidctest.ExchangeNames, oidctest.ExchangeCase,
		},
		oidc.ErrClientRefused:        {oidctest.ExchangeInvalidClient},
		oidc.ErrTokenResponse:        {oidctest.ExchangeMAC, oidctest.ExchangeNoIDToken, oidctest.ExchangeIDTokenNumber},
		oidc.ErrIDTokensDiffer:       {oidctest.SecondSubject},
		oidc.ErrUserinfoUnauthorized: {oidctest.UserinfoUnauthorized},
		oidc.ErrUserinfoForbidden:    {oidctest.UserinfoForbidden},
		oidc.ErrUserinfo: {
			oidctest.UserinfoError, oidctest.UserinfoHTML, oidctest.UserinfoHuge, oidctest.UserinfoRedirect, oidctest.UserinfoTwice,
			oidctest.UserinfoEmailCase, oidctest.UserinfoEmailTwice,
		},
		oidc.ErrUserinfoSubject: {
			oidctest.UserinfoSubject, oidctest.UserinfoNoSubject, oidctest.UserinfoSubjectCase, oidctest.UserinfoLetters,
		},
		oidc.ErrDiscoveryIssuer: {oidctest.DiscoveryIssuer, oidctest.DiscoveryNoIssuer},
		oidc.ErrDiscoveryEndpoint: {
			oidctest.DiscoveryScript, oidctest.DiscoveryRelative, oidctest.DiscoveryNoAuth, oidctest.DiscoveryNoToken, oidctest.DiscoveryNoKeys,
			oidctest.DiscoveryHTTP,
		},
		oidc.ErrDiscoveryDocument: {oidctest.DiscoveryTwice, oidctest.DiscoveryNumber, oidctest.DiscoveryHTML},
		oidc.ErrDiscoveryFetch:    {oidctest.DiscoveryHuge, oidctest.DiscoveryRedirect, oidctest.DiscoveryError},
		oidc.ErrKeysDocument: {
			oidctest.KeysNone, oidctest.KeysMissing, oidctest.KeysJunkOnly, oidctest.KeysEncryption, oidctest.KeysSecretOnly, oidctest.KeysHTML,
		},
		oidc.ErrKeysFetch: {oidctest.KeysHuge, oidctest.KeysRedirect, oidctest.KeysError},
	} {
		for _, f := range faults {
			all[f] = []*lmssso.Reason{reason}
		}
	}
	// What a browser's answer and the token endpoint's tell by different rules.
	all[oidctest.StateWrong] = []*lmssso.Reason{oidc.ErrUnsolicited, lmssso.ErrStateLost}
	all[oidctest.ExchangeInvalidGrant] = []*lmssso.Reason{oidc.ErrCodeRefused}
	all[oidctest.CodeReplayed] = []*lmssso.Reason{oidc.ErrCodeRefused, oidc.ErrCodeHash}
	all[oidctest.CodeOfOther] = []*lmssso.Reason{oidc.ErrCodeRefused, oidc.ErrCodeHash}
	all[oidctest.DiscoveryMetadataIP] = []*lmssso.Reason{oidc.ErrDiscoveryEndpoint, oidc.ErrKeysFetch}
	all[oidctest.TokensInQuery] = []*lmssso.Reason{oidc.ErrResponseMode, oidc.ErrTokensInQuery}
	return all
}

// faultTrip introduces an application to a provider so that the fault can show.
func faultTrip(t *testing.T, f oidctest.Fault, kind oidc.ResponseType) *trip {
	t.Helper()
	n, alg, o := f.Needs(), "RS256", oidctest.Options{Now: flowNow}
	if n.Algorithm == "ES" {
		alg = "ES256"
	}
	o.Algorithms, o.TLS = []string{alg}, n.TLS
	if n.Template {
		o.IssuerPath = "/{tenantid}/v2.0"
	}
	op := oidctest.NewProvider(t, o)
	s := newTrip(t, op, func(c *oidctest.Client) {
		if n.SignedUserinfo {
			c.UserinfoAlg = alg
		}
	}, func(c *oidc.Config) {
		c.Request.ResponseType, c.Request.ResponseMode, c.Check.SigningAlgorithm = kind, oidc.FormPost, alg
		if n.MaxAge {
			c.Check.MaxAuthnAge = time.Hour
		}
		if n.Template {
			c.OP.Issuer, c.OP.AllowedTenantIDs = op.Issuer, []string{faultTenant}
		}
		if n.TLS {
			c.OP.Network.AllowHTTP, c.OP.Network.RootCAs = false, op.RootCAs()
		}
		if f == oidctest.AggregatedIdentity { // a userinfo answer with the claim would fill the gap
			c.Request.Userinfo.Mode = oidc.UserinfoNever
		}
		if n.TrustedAudience {
			c.Check.TrustedAudiences = []string{oidctest.OtherAudience}
		}
	})
	user := oidctest.User{Subject: "u-1", Claims: map[string]any{"email": "bob@example.com", "email_verified": true}}
	if n.Template {
		user.TenantID = faultTenant
	}
	op.SetUser(user)
	return s
}

// TestEveryFaultIsRefusedByItsReason drives every fault of the test provider by every response type it shows with. Nobody is
// signed in, and each is told apart.
func TestEveryFaultIsRefusedByItsReason(t *testing.T) {
	reasons := faultReasons()
	for _, f := range oidctest.Faults() {
		want := reasons[f]
		if len(want) == 0 {
			t.Errorf("no reason is expected for %s", f)
			continue
		}
		shown := false
		for _, kind := range []oidc.ResponseType{oidc.Code, oidc.IDToken, oidc.CodeIDToken} {
			if !f.Applies(string(kind)) {
				continue
			}
			shown = true
			if harmless(f, kind) {
				continue
			}
			t.Run(string(f)+" "+string(kind), func(t *testing.T) {
				t.Parallel()
				s := faultTrip(t, f, kind)
				if f.Needs().Earlier {
					s.signIn(t)
				}
				before := s.signedIn()
				s.op.SetFaults(f)
				page := s.arrive(t)
				if f.Needs().Contexts { // the policy's to judge, by what the provider said
					require.ErrorIs(t, weakPolicy().Validate(t.Context(), s.last(t).Assertion), lmssso.ErrAuthnContext)
					return
				}
				require.NotContains(t, page, "/dashboard", f.Explanation())
				require.Equal(t, before, s.signedIn(), f.Explanation())
				err := s.why()
				require.Error(t, err)
				if !slices.ContainsFunc(want, func(r *lmssso.Reason) bool { return lmssso.ReasonOf(err) == r }) {
					t.Errorf("refused by %v, not by %v", err, want)
				}
				for _, secret := range []string{oidctest.ForgedSubject, oidctest.ForgedEmail, "bob@example.com", tripSecret} {
					require.NotContains(t, err.Error(), secret)
				}
			})
		}
		if !shown && !strings.Contains(string(f), "at-hash-missing") {
			t.Errorf("%s shows with no response type", f)
		}
	}
	require.Len(t, reasons, len(oidctest.Faults()), "a reason is listed for a fault that is not there")
}

// harmless tells the faults that concern nothing the response type uses: the token endpoint without a code, and what the
// first token of a hybrid flow lacks, since the second is the login's.
func harmless(f oidctest.Fault, kind oidc.ResponseType) bool {
	return f == oidctest.DiscoveryRelative && kind == oidc.IDToken || f == oidctest.AggregatedIdentity && kind == oidc.CodeIDToken
}

// weakPolicy wants a context that is not the weak one.
func weakPolicy() lmssso.PolicyCheck {
	return lmssso.PolicyCheck{Policy: lmssso.Policy{Realm: "main", RequireAuthnContext: []string{"urn:example:strong"}}}
}

// signedIn counts who got in.
func (s *trip) signedIn() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, a := range s.attempts {
		if a.Err == nil {
			n++
		}
	}
	return n
}

// TestEveryFaultOfTheSecondTokenIsRefused puts the faults of ID tokens into the one from the token endpoint alone, after a good
// one came through the browser.
func TestEveryFaultOfTheSecondTokenIsRefused(t *testing.T) {
	found := 0
	for _, f := range oidctest.Faults() {
		if f.Side() != oidctest.TokenSide || f.Needs().Contexts || !f.Applies("code id_token") || !f.Applies("code") {
			continue
		}
		found++
		t.Run(string(f), func(t *testing.T) {
			t.Parallel()
			s := faultTrip(t, f, oidc.CodeIDToken)
			s.op.SetSecondFaults(f)
			require.NotContains(t, s.arrive(t), "/dashboard", f.Explanation())
			require.Zero(t, s.signedIn())
			require.Contains(t, faultReasons()[f], lmssso.ReasonOf(s.why()), "%v", s.why())
		})
	}
	require.Greater(t, found, 50)
}

// TestEveryLogoutFaultIsRefusedByItsReason posts every wrong logout token there is. No session ends.
func TestEveryLogoutFaultIsRefusedByItsReason(t *testing.T) {
	want := map[oidctest.Fault]*lmssso.Reason{
		oidctest.LogoutAlgNone: oidc.ErrTokenAlgorithm, oidctest.LogoutHS256: oidc.ErrTokenAlgorithm,
		oidctest.LogoutBadSignature: oidc.ErrTokenSignature, oidctest.LogoutStranger: oidc.ErrTokenSignature,
		oidctest.LogoutCritical: oidc.ErrTokenHeader, oidctest.LogoutTyp: oidc.ErrTokenType,
		oidctest.LogoutIssuer: oidc.ErrTokenIssuer, oidctest.LogoutAudience: oidc.ErrTokenAudience,
		oidctest.LogoutExtraAudience: oidc.ErrUntrustedAudience, oidctest.LogoutNumber: oidc.ErrClaimType,
		oidctest.LogoutNoIssuedAt: oidc.ErrClaimMissing, oidctest.LogoutOld: oidc.ErrTokenExpired, oidctest.LogoutFuture: oidc.ErrTokenFromFuture,
		oidctest.LogoutExpired: oidc.ErrTokenExpired, oidctest.LogoutNoEvents: oidc.ErrLogoutToken, oidctest.LogoutOtherEvent: oidc.ErrLogoutToken,
		oidctest.LogoutEventText: oidc.ErrLogoutToken, oidctest.LogoutNonce: oidc.ErrLogoutToken, oidctest.LogoutNobody: oidc.ErrLogoutToken,
		oidctest.LogoutNoID: oidc.ErrLogoutToken, oidctest.LogoutReplayed: lmssso.ErrReplayed, oidctest.LogoutIDToken: oidc.ErrLogoutToken,
		oidctest.LogoutTwice: oidc.ErrTokenClaims, oidctest.LogoutSidCase: oidc.ErrTokenClaims,
	}
	require.Len(t, want, len(oidctest.LogoutFaults()))
	for _, f := range oidctest.LogoutFaults() {
		t.Run(string(f), func(t *testing.T) {
			t.Parallel()
			s := faultTrip(t, f, oidc.Code)
			s.signIn(t)
			session, ok := s.op.Session("client")
			require.True(t, ok)
			if f == oidctest.LogoutReplayed {
				require.Equal(t, 200, s.op.Logout(session).StatusCode)
			}
			ended := len(s.ended)
			require.Equal(t, 400, s.op.Logout(session, f).StatusCode, f.Explanation())
			require.Len(t, s.ended, ended)
			require.Equal(t, want[f], lmssso.ReasonOf(s.logouts[len(s.logouts)-1].Err), "%v", s.logouts[len(s.logouts)-1].Err)
		})
	}
}
