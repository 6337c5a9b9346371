package oidc

import "time"

// Faults of logout tokens (OpenID Connect Back-Channel Logout sections 2.4 and 2.6).
const (
	LogoutAlgNone       Fault = "logout-alg-none"       // unsigned
	LogoutHS256         Fault = "logout-hs256"          // signed with the provider's public key as secret
	LogoutBadSignature  Fault = "logout-bad-signature"  // one bit of the signature is wrong
	LogoutStranger      Fault = "logout-stranger"       // signed by a stranger under the provider's kid
	LogoutCritical      Fault = "logout-critical"       // crit names an extension nobody knows
	LogoutTyp           Fault = "logout-typ"            // typ is at+jwt
	LogoutIssuer        Fault = "logout-wrong-issuer"   // another provider
	LogoutAudience      Fault = "logout-wrong-audience" // another client
	LogoutExtraAudience Fault = "logout-extra-audience" // also for somebody nobody trusts
	LogoutNumber        Fault = "logout-aud-number"     // a number among the audiences
	LogoutNoIssuedAt    Fault = "logout-missing-iat"    // no iat
	LogoutOld           Fault = "logout-old"            // made and ended an hour ago
	LogoutFuture        Fault = "logout-future"         // made an hour from now
	LogoutExpired       Fault = "logout-expired"        // ended an hour ago
	LogoutNoEvents      Fault = "logout-no-events"      // no events
	LogoutOtherEvent    Fault = "logout-other-event"    // another event
	LogoutEventText     Fault = "logout-event-text"     // the event is a text
	LogoutNonce         Fault = "logout-nonce"          // a nonce, as ID tokens have
	LogoutNobody        Fault = "logout-nobody"         // neither sub nor sid
	LogoutNoID          Fault = "logout-missing-jti"    // no jti
	LogoutReplayed      Fault = "logout-replayed"       // the token before once more
	LogoutIDToken       Fault = "logout-id-token"       // an ID token in its place
	LogoutTwice         Fault = "logout-sub-twice"      // sub stands twice
	LogoutSidCase       Fault = "logout-sid-case"       // "SID" stands beside sid
)

func logoutFaults() []change {
	key := []change{
		{fault: LogoutAlgNone, text: "The token says that it is not signed, and is not: anybody could end sessions.", token: plainly(func(_ *scene, t *token) {
			t.alg = "none"
			t.header.set("alg", "none")
		})},
		{fault: LogoutHS256, text: "The provider's public key, which everybody has, serves as a shared secret.", token: func(s *scene, t *token) error {
			secret, err := publicPEM(s, t)
			t.alg, t.key = "HS256", secret
			t.header.set("alg", "HS256")
			return err
		}},
		{fault: LogoutBadSignature, text: "One bit of the signature is wrong, so nobody knows who wrote the token.", token: signatureFaults()[0].token},
		{fault: LogoutStranger, text: "A stranger signed the token under the name of the provider's key.", token: func(s *scene, t *token) error {
			k, err := s.strangerFor(t.alg)
			t.key = k
			return err
		}},
		{fault: LogoutCritical, text: "The header demands an extension that nobody here understands.", token: plainly(func(_ *scene, t *token) {
			t.header.set("crit", []string{"urn:example:only-on-tuesdays"})
			t.header.set("urn:example:only-on-tuesdays", true)
		})},
		{fault: LogoutTyp, text: "The token says that it is an access token.", token: plainly(func(_ *scene, t *token) { t.header.set("typ", "at+jwt") })},
	}
	return append(append(key, logoutClaims()...), logoutMeaning()...)
}

func logoutClaims() []change {
	return []change{
		{fault: LogoutIssuer, text: "Another provider wants to end sessions.", token: is("iss", elsewhere)},
		{fault: LogoutAudience, text: "The token is for another client.", token: is("aud", "other-client")},
		{fault: LogoutExtraAudience, text: "The token is also for somebody nobody trusts, who could pass it on.", token: claim("aud", func(s *scene, _ *token) any { return []string{s.client.ID, "untrusted-client"} })},
		{fault: LogoutNumber, text: "A number stands among the audiences, which crashes careless readers.", token: claim("aud", func(s *scene, _ *token) any { return []any{s.client.ID, 7} })},
		{fault: LogoutNoIssuedAt, text: "The token does not say when it was made.", token: without("iat")},
		{fault: LogoutOld, text: "The token was made an hour ago, and ended then.", token: plainly(func(s *scene, t *token) {
			t.claims.set("iat", s.now.Add(-time.Hour).Unix())
			t.claims.set("exp", s.now.Add(-time.Hour+logoutLife).Unix())
		})},
		{fault: LogoutFuture, text: "The token is made an hour from now.", token: plainly(func(s *scene, t *token) {
			t.claims.set("iat", s.now.Add(time.Hour).Unix())
			t.claims.set("exp", s.now.Add(time.Hour+logoutLife).Unix())
		})},
		{fault: LogoutExpired, text: "The token ended an hour ago.", token: at("exp", -time.Hour)},
		{fault: LogoutTwice, text: "Two subjects: whose sessions end?", token: beside("sub", ForgedSubject)},
		{fault: LogoutSidCase, text: "SID beside sid: decoders that do not mind the case take the last.", token: beside("SID", "sid-of-somebody-else")},
	}
}

func logoutMeaning() []change {
	return []change{
		{fault: LogoutNoEvents, text: "The token does not say that it is about a logout, so any token would do.", token: without("events")},
		{fault: LogoutOtherEvent, text: "The token is about another event.", token: is("events", object{{"http://schemas.openid.net/event/other", object{}}})},
		{fault: LogoutEventText, text: "The event is a text where an object belongs.", token: is("events", object{{logoutEvent, "yes"}})},
		{fault: LogoutNonce, text: "The token holds a nonce, as ID tokens do, so that one could serve as the other.", token: is("nonce", "nonce")},
		{fault: LogoutNobody, text: "The token does not say whose session ends.", token: plainly(func(_ *scene, t *token) {
			t.claims.drop("sub")
			t.claims.drop("sid")
		})},
		{fault: LogoutNoID, text: "The token has no name by which to know it again.", token: without("jti")},
		{fault: LogoutReplayed, text: "The token was used before.", needs: Needs{Earlier: true}, token: func(s *scene, t *token) error {
			old := s.before().logoutToken
			if old == "" {
				return errNoEarlier
			}
			t.tamper = func(string) string { return old }
			return nil
		}},
		{fault: LogoutIDToken, text: "An ID token comes in the logout token's place.", token: plainly(func(s *scene, t *token) {
			t.header.set("typ", "JWT")
			t.claims.drop("events")
			t.claims.drop("jti")
			t.claims.set("auth_time", s.now.Unix())
			t.claims.set("nonce", "nonce")
		})},
	}
}
