package oidc

import (
	"errors"
	"strconv"

	"github.com/lmssso/lmssso"
)

// The texts users see, where several reasons share one.
const (
	unreadable = "The sign-in message cannot be read."
	unsigned   = "The sign-in message could not be trusted."
	tooLate    = "The sign-in took too long and is no longer valid. Start again."
	mismatch   = "The sign-in message does not belong to this sign-in. Start again."
	elsewhere  = "The sign-in message comes from an identity provider this site does not expect."
	notOurs    = "The sign-in message was made for another site."
	refusedYou = "Your identity provider refused the sign-in."
	opFailed   = "Your identity provider did not answer as expected."
	opUnknown  = "Your identity provider could not be reached."
	badSetup   = "Signing in is not set up correctly on this site."
)

// The reasons an answer at the redirect URI is refused before any token is read.
var (
	// ErrParameters refuses parameters that stand twice, are too long, or are not clean text (RFC 6749 section 3.1).
	ErrParameters = lmssso.NewReason("malformed", 400, unreadable, "Send every parameter of the answer once.")
	// ErrResponse refuses an answer that does not hold exactly what the response type asked for, or holds an error beside it.
	ErrResponse = lmssso.NewReason("malformed", 400, unreadable, "Compare the connection's response type with what the provider allows this client.")
	// ErrResponseMode refuses an answer that came another way than was asked for.
	ErrResponseMode = lmssso.NewReason("malformed", 400, unreadable, "Compare the connection's response mode with the ones the provider supports.")
	// ErrTokensInQuery refuses an ID token in a URL.
	ErrTokensInQuery = lmssso.NewReason("malformed", 400, unreadable, "Set the response mode to form_post; where the provider has no other way, turn on AllowTokensInQuery.")
	// ErrResponseIssuer refuses an answer whose iss parameter is another issuer's (RFC 9207 section 2.4).
	ErrResponseIssuer = lmssso.NewReason("issuer", 403, elsewhere, "Somebody may be mixing up two providers: compare the answer's iss with the connection's issuer.")
	// ErrResponseIssuerMissing refuses an answer without iss where the provider announces it and no ID token names the issuer.
	ErrResponseIssuerMissing = lmssso.NewReason("issuer", 403, elsewhere, "The provider's discovery document announces the iss parameter of RFC 9207; let it send it.")
	// ErrInitiator refuses to begin a login for another issuer than the connection's (OpenID Connect Core section 4).
	ErrInitiator = lmssso.NewReason("issuer", 403, elsewhere, "The iss parameter of a login begun elsewhere must be the connection's issuer.")
)

// The reasons a provider's own refusal is told apart. They come from its error codes (RFC 6749 section 4.1.2.1, OpenID
// Connect Core section 3.1.2.6).
var (
	// ErrDenied tells that the user or the provider's policy said no.
	ErrDenied = lmssso.NewReason("provider-refused", 403, refusedYou, "The user cancelled, or is not assigned to the application at the provider.")
	// ErrInteraction tells that the provider would have had to show a page and was asked not to.
	ErrInteraction = lmssso.NewReason("provider-refused", 403, "Your identity provider needs to ask you something first. Start again.", "The request asked for prompt=none, and the user has to sign in, choose an account or consent.")
	// ErrRequestRefused tells that the provider does not accept this client's request.
	ErrRequestRefused = lmssso.NewReason("provider-error", 502, opFailed, "Compare the client's registration at the provider: redirect URI, response type, scopes.")
	// ErrProviderDown tells that the provider cannot answer now.
	ErrProviderDown = lmssso.NewReason("provider-error", 502, opFailed, "The provider says that it has a fault of its own.")
)

// The reasons a token is refused as a text, before its signature is verified.
var (
	// ErrTokenFormat refuses what is not a compact JWS of three base64url parts, and tokens beyond 64 kB.
	ErrTokenFormat = lmssso.NewReason("malformed", 400, unreadable, "Send the ID token as a signed JWT in compact form.")
	// ErrTokenEncrypted refuses an encrypted token, which is not supported.
	ErrTokenEncrypted = lmssso.NewReason("encryption", 403, "The sign-in message is encrypted in a way this site does not support.", "Turn off ID token encryption for this client at the provider.")
	// ErrTokenHeader refuses a header that is not strict JSON, or names crit, b64 or a key of its own choosing.
	ErrTokenHeader = lmssso.NewReason("malformed", 400, unreadable, "Send no crit, b64, jku, jwk, x5u or x5c in the header.")
	// ErrTokenType refuses a token whose typ says that it is something else, such as a logout or access token.
	ErrTokenType = lmssso.NewReason("malformed", 400, unreadable, "Send an ID token, with typ JWT or none.")
	// ErrTokenClaims refuses a payload that is not strict JSON: names twice, or differing only in case.
	ErrTokenClaims = lmssso.NewReason("malformed", 400, unreadable, "Send every claim once; names must not differ only in case.")
	// ErrClaimType refuses a claim of the wrong type, such as an aud that holds a number.
	ErrClaimType = lmssso.NewReason("malformed", 400, unreadable, "Send the claim the log names with the type OpenID Connect Core section 2 gives it.")
	// ErrClaimMissing refuses a token without iss, aud, exp or iat.
	ErrClaimMissing = lmssso.NewReason("malformed", 400, unreadable, "Send the claim the log names.")
	// ErrSubject refuses a sub that is missing, empty, longer than 255 characters or not clean text.
	ErrSubject = lmssso.NewReason("malformed", 400, "The sign-in message does not say who signed in.", "Send a sub of 1 to 255 ASCII characters.")
)

// The reasons a token's signature is refused.
var (
	// ErrTokenAlgorithm refuses any algorithm but the configured one, none among them.
	ErrTokenAlgorithm = lmssso.NewReason("algorithm", 403, unsigned, "Compare the client's ID token signing algorithm at the provider with the connection's; the connection's decides.")
	// ErrTokenSignature refuses a signature none of the provider's keys made.
	ErrTokenSignature = lmssso.NewReason("signature", 403, unsigned, "Compare the provider's jwks_uri with the one it signs with; for HS256, compare the client secret.")
	// ErrTokenKey refuses a token signed with a key the provider does not publish, or not for this use.
	ErrTokenKey = lmssso.NewReason("signature", 403, unsigned, "The provider's JWKS must hold the key the token names, for signatures.")
)

// The reasons a verified token is refused.
var (
	// ErrTokenIssuer refuses another issuer than the connection's, byte for byte.
	ErrTokenIssuer = lmssso.NewReason("issuer", 403, elsewhere, "Compare the issuer in the log with the connection's, slashes at the end included.")
	// ErrTenantID refuses a tid that is missing, not in AllowedTenantIDs, or not the one in iss.
	ErrTenantID = lmssso.NewReason("issuer", 403, elsewhere, "Add the tenant's id to AllowedTenantIDs if its users may sign in here.")
	// ErrTokenAudience refuses a token that was not made for this client.
	ErrTokenAudience = lmssso.NewReason("audience", 403, notOurs, "Compare the client id at the provider with the connection's.")
	// ErrUntrustedAudience refuses a token that is also for somebody nobody named.
	ErrUntrustedAudience = lmssso.NewReason("audience", 403, notOurs, "Let the token name this client alone, or list the other audience in TrustedAudiences.")
	// ErrAuthorizedParty refuses an azp that is not this client, or none where the token has several audiences.
	ErrAuthorizedParty = lmssso.NewReason("audience", 403, notOurs, "The azp claim must be this client's id.")
	// ErrTokenExpired refuses a token past its exp.
	ErrTokenExpired = lmssso.NewReason("expired", 403, tooLate, "If the measured age in the log is not real, set both machines' clocks by NTP.")
	// ErrTokenTooOld refuses a token issued more than ten minutes ago.
	ErrTokenTooOld = lmssso.NewReason("expired", 403, tooLate, "If the measured age in the log is not real, set both machines' clocks by NTP.")
	// ErrTokenNotYet refuses a token before its nbf.
	ErrTokenNotYet = lmssso.NewReason("not-yet-valid", 403, "The sign-in message is dated in the future.", "Set the identity provider's clock and this machine's by NTP; the log has the measured skew.")
	// ErrTokenFromFuture refuses a token whose iat is in the future.
	ErrTokenFromFuture = lmssso.NewReason("not-yet-valid", 403, "The sign-in message is dated in the future.", "Set the identity provider's clock and this machine's by NTP; the log has the measured skew.")
	// ErrTokenNonce refuses a nonce that is missing or not the one sent.
	ErrTokenNonce = lmssso.NewReason("nonce", 403, mismatch, "The provider must return the nonce of the request unchanged.")
	// ErrCodeHash refuses a c_hash that is not the code's, or none where one must be (OpenID Connect Core section 3.3.2.11).
	ErrCodeHash = lmssso.NewReason("signature", 403, unsigned, "In the hybrid flow the ID token must carry the c_hash of the code it came with.")
	// ErrAccessTokenHash refuses an at_hash that is not the access token's.
	ErrAccessTokenHash = lmssso.NewReason("signature", 403, unsigned, "The ID token's at_hash must be of the access token it came with.")
	// ErrStateHash refuses an s_hash that is not the state's (Financial-grade API 1.0 part 2, section 5.1).
	ErrStateHash = lmssso.NewReason("signature", 403, unsigned, "The ID token's s_hash must be of the state of the request.")
	// ErrAuthTime refuses an authentication older than was asked for, or an auth_time that was asked for and did not come.
	ErrAuthTime = lmssso.NewReason("authn-context", 403, "This site asks you to sign in afresh.", "The provider must honour max_age and prompt=login and send auth_time.")
	// ErrIDTokensDiffer refuses a hybrid answer whose two ID tokens name two users or issuers (OpenID Connect Core section 3.3.3.6).
	ErrIDTokensDiffer = lmssso.NewReason("signature", 403, unsigned, "Both ID tokens of a hybrid flow must have one iss and sub.")
	// ErrAggregated refuses a mapped claim that the provider says is to be found elsewhere (OpenID Connect Core section 5.6.2).
	ErrAggregated = lmssso.NewReason("attribute-missing", 403, "The sign-in message lacks something this site needs.", "Let the provider put the claim the log names into the ID token or userinfo itself.")
)

// The reasons a provider's endpoints fail.
var (
	// ErrTokenEndpoint tells that the token endpoint could not be asked or answered with something else than tokens.
	ErrTokenEndpoint = lmssso.NewReason("provider-error", 502, opFailed, "The log says what the token endpoint answered.")
	// ErrClientRefused tells that the token endpoint did not accept the client's credentials (invalid_client).
	ErrClientRefused = lmssso.NewReason("provider-error", 502, opFailed, "Compare client id, secret and authentication method with the provider's registration; basic credentials are form-encoded.")
	// ErrCodeRefused tells that the token endpoint did not accept the code (invalid_grant).
	ErrCodeRefused = lmssso.NewReason("provider-error", 502, opFailed, "The code was used before, too old, made for another client or redirect URI, or its PKCE verifier does not fit.")
	// ErrTokenResponse refuses a token answer without an ID token, or whose access token is not a Bearer token.
	ErrTokenResponse = lmssso.NewReason("provider-error", 502, opFailed, "Ask for the scope openid, and let the client receive Bearer tokens.")
	// ErrUserinfo tells that the userinfo endpoint could not be asked or answered with something else than claims.
	ErrUserinfo = lmssso.NewReason("provider-error", 502, opFailed, "The log says what the userinfo endpoint answered.")
	// ErrUserinfoUnauthorized tells that the userinfo endpoint did not accept the access token (401).
	ErrUserinfoUnauthorized = lmssso.NewReason("provider-error", 502, opFailed, "The provider may want the access token without Bearer: turn on the raw Authorization header.")
	// ErrUserinfoForbidden tells that the access token does not cover userinfo (403).
	ErrUserinfoForbidden = lmssso.NewReason("provider-error", 502, opFailed, "Grant the client the scopes the connection asks for.")
	// ErrUserinfoSubject refuses claims about another user than the ID token's (OpenID Connect Core section 5.3.2).
	ErrUserinfoSubject = lmssso.NewReason("signature", 403, unsigned, "The userinfo answer's sub must be the ID token's, to the letter.")
)

// The reasons the provider's description is not used. They share the code discovery.
var (
	// ErrDiscoveryFetch tells that the discovery document could not be fetched.
	ErrDiscoveryFetch = lmssso.NewReason("discovery", 502, opUnknown, "Unable to discover: open the well-known address from this machine; it must be https on a public address and at most 1 MB.")
	// ErrDiscoveryDocument refuses what is not a discovery document.
	ErrDiscoveryDocument = lmssso.NewReason("discovery", 502, opUnknown, "Unable to discover: the well-known address must answer with the provider's JSON metadata.")
	// ErrDiscoveryIssuer refuses a document of another issuer (OpenID Connect Discovery section 4.3).
	ErrDiscoveryIssuer = lmssso.NewReason("discovery", 502, opUnknown, "Unable to discover: the document names another issuer than its address; if that is right, say so in the connection's issuer.")
	// ErrDiscoveryEndpoint refuses a document without an endpoint that is needed, or with one that may not be asked.
	ErrDiscoveryEndpoint = lmssso.NewReason("discovery", 502, opUnknown, "Unable to discover: the document must name the endpoint in the log, on https.")
	// ErrKeysFetch tells that the provider's keys could not be fetched.
	ErrKeysFetch = lmssso.NewReason("discovery", 502, opUnknown, "Open the provider's jwks_uri from this machine; it must be https on a public address and at most 1 MB.")
	// ErrKeysDocument refuses what is not a JWKS, and one without a single usable key.
	ErrKeysDocument = lmssso.NewReason("discovery", 502, opUnknown, "The provider's jwks_uri must answer with keys for signatures.")
)

// The reasons a logout token is refused, or a logout not begun (OpenID Connect Back-Channel Logout 1.0 section 2.6).
var (
	// ErrLogoutToken refuses a logout token without the logout event, with a nonce, or without both sid and sub.
	ErrLogoutToken = lmssso.NewReason("malformed", 400, "The sign-out message cannot be read.", "Send a logout token as OpenID Connect Back-Channel Logout section 2.4 describes.")
	// ErrNoLogout tells that the provider has no end-session endpoint, or that this site takes no back-channel logout.
	ErrNoLogout = lmssso.NewReason("configuration", 503, "Signing out at your identity provider is not set up.", "Give the connection the provider's end-session endpoint.")
)

// The reasons of configuration.
var (
	// ErrSetup refuses a configuration; the error names the field.
	ErrSetup = lmssso.NewReason("configuration", 503, badSetup, "Correct the setting the log names.")
	// ErrClientKey refuses a client key that cannot be used.
	ErrClientKey = lmssso.NewReason("configuration", 503, badSetup, "Use a PEM file with an unencrypted RSA key of 2048 bits or more, an ECDSA key on P-256, P-384 or P-521, or an Ed25519 key.")
)

// refuse makes a refusal. A reason of this package brings the catalogue's reason of the same code with it.
func refuse(r *lmssso.Reason, e lmssso.Error) error {
	e.Reason = r
	if p := parent(r); p != nil && e.Err != nil {
		e.Err = errors.Join(p, e.Err)
	} else if p != nil {
		e.Err = p
	}
	return &e
}

// parent returns the catalogue's reason that a reason of this package refines; nil for one of the catalogue's own.
func parent(r *lmssso.Reason) error {
	for _, p := range lmssso.Reasons() {
		if p.Code() == r.Code() && p != r {
			return p
		}
	}
	return nil
}

// maxQuoted bounds how much of a message an error repeats.
const maxQuoted = 200

// quoted makes a piece of a message fit for an error. Never a name, a value or anything else about a person.
func quoted(s string) string {
	if s == "" {
		return "nothing"
	}
	if len(s) > maxQuoted {
		s = s[:maxQuoted]
	}
	return strconv.Quote(s)
}
