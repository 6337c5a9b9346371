package oidctest

// Faults of the answer at the redirect URI.
const (
	StateMissing       Fault = "state-missing"        // no state
	StateWrong         Fault = "state-wrong"          // a state nobody sent
	StateTwice         Fault = "state-twice"          // state stands twice, the second is another
	CodeTwice          Fault = "code-twice"           // code stands twice, the second is another
	CodeMissing        Fault = "code-missing"         // no code where one was asked for
	CodeEmpty          Fault = "code-empty"           // an empty code
	CodeControl        Fault = "code-control"         // a line end in the code
	CodeReplayed       Fault = "code-replayed"        // an earlier login's code, which was used
	CodeOfOther        Fault = "code-of-other"        // a code another request asked for, with another PKCE challenge
	CodeUnasked        Fault = "code-unasked"         // a code where none was asked for
	IDTokenTwice       Fault = "id-token-twice"       // id_token stands twice
	IDTokenMissing     Fault = "id-token-missing"     // no ID token where one was asked for
	IDTokenUnasked     Fault = "id-token-unasked"     // an ID token where none was asked for
	IDTokenReplayed    Fault = "id-token-replayed"    // an earlier login's ID token
	AccessTokenUnasked Fault = "access-token-unasked" // an access token where none was asked for
	ErrorBeside        Fault = "error-beside"         // an error beside the good answer
	ResponseISSMissing Fault = "iss-missing"          // no iss parameter though it is announced
	ResponseISSWrong   Fault = "iss-wrong"            // the iss parameter is another provider
	ResponseISSTwice   Fault = "iss-twice"            // the iss parameter stands twice
	OtherMode          Fault = "other-mode"           // the answer comes another way than was asked for
	TokensInQuery      Fault = "tokens-in-query"      // the ID token comes in the query
	EmptyAnswer        Fault = "empty-answer"         // the state and nothing else
)

// Faults of the token endpoint's answer.
const (
	ExchangeError         Fault = "exchange-500"             // an error of the server
	ExchangeHTML          Fault = "exchange-html"            // a page in the place of tokens
	ExchangeHuge          Fault = "exchange-huge"            // 2 MB
	ExchangeRedirect      Fault = "exchange-redirect"        // sends the client elsewhere, with its secret
	ExchangeCut           Fault = "exchange-cut"             // half of the answer
	ExchangeInvalidGrant  Fault = "exchange-invalid-grant"   // the code is refused
	ExchangeInvalidClient Fault = "exchange-invalid-client"  // the client is refused
	ExchangeNames         Fault = "exchange-id-token-twice"  // id_token stands twice
	ExchangeCase          Fault = "exchange-id-token-case"   // "ID_TOKEN" stands beside id_token
	ExchangeMAC           Fault = "exchange-mac"             // token_type is mac
	ExchangeNoIDToken     Fault = "exchange-no-id-token"     // no ID token
	ExchangeIDTokenNumber Fault = "exchange-id-token-number" // the ID token is a number
	SecondSubject         Fault = "second-subject"           // the second ID token is about somebody else
	SecondIssuer          Fault = "second-issuer"            // the second ID token is by another provider
)

// Faults of the userinfo endpoint's answer.
const (
	UserinfoUnauthorized Fault = "userinfo-401"          // the access token is not accepted
	UserinfoForbidden    Fault = "userinfo-403"          // the access token is not enough
	UserinfoError        Fault = "userinfo-500"          // an error of the server
	UserinfoHTML         Fault = "userinfo-html"         // a page in the place of claims
	UserinfoHuge         Fault = "userinfo-huge"         // 2 MB
	UserinfoRedirect     Fault = "userinfo-redirect"     // sends the client elsewhere, with the access token
	UserinfoSubject      Fault = "userinfo-sub"          // about somebody else
	UserinfoNoSubject    Fault = "userinfo-no-sub"       // does not say about whom
	UserinfoSubjectCase  Fault = "userinfo-sub-case"     // "Sub" in the place of sub
	UserinfoLetters      Fault = "userinfo-sub-letters"  // the sub in other letters
	UserinfoTwice        Fault = "userinfo-sub-twice"    // sub stands twice, the first forged
	UserinfoEmailCase    Fault = "userinfo-email-case"   // "EMAIL" stands beside email, forged
	UserinfoEmailTwice   Fault = "userinfo-email-twice"  // email stands twice, the second forged
	UserinfoSignature    Fault = "userinfo-signature"    // the JWT is signed by a stranger
	UserinfoUnsigned     Fault = "userinfo-alg-none"     // the JWT is not signed
	UserinfoIssuer       Fault = "userinfo-wrong-issuer" // the JWT is by another provider
	UserinfoAudience     Fault = "userinfo-wrong-aud"    // the JWT is for another client
)

// Faults of the discovery document.
const (
	DiscoveryIssuer     Fault = "discovery-issuer"           // another issuer
	DiscoveryNoIssuer   Fault = "discovery-no-issuer"        // no issuer
	DiscoveryHTTP       Fault = "discovery-http"             // endpoints by http
	DiscoveryScript     Fault = "discovery-javascript"       // an authorization endpoint that is a script
	DiscoveryRelative   Fault = "discovery-relative"         // a token endpoint that is no full address
	DiscoveryNoAuth     Fault = "discovery-no-authorization" // no authorization endpoint
	DiscoveryNoToken    Fault = "discovery-no-token"         // no token endpoint
	DiscoveryNoKeys     Fault = "discovery-no-jwks"          // no jwks_uri
	DiscoveryTwice      Fault = "discovery-twice"            // the token endpoint stands twice
	DiscoveryNumber     Fault = "discovery-number"           // an endpoint that is a number
	DiscoveryHuge       Fault = "discovery-huge"             // 2 MB
	DiscoveryRedirect   Fault = "discovery-redirect"         // elsewhere
	DiscoveryError      Fault = "discovery-500"              // an error of the server
	DiscoveryHTML       Fault = "discovery-html"             // a page
	DiscoveryMetadataIP Fault = "discovery-metadata-address" // endpoints at an address inside the network
)

// Faults of the keys.
const (
	KeysNone          Fault = "keys-none"           // an empty list
	KeysMissing       Fault = "keys-missing"        // no list
	KeysJunkOnly      Fault = "keys-junk-only"      // only keys nobody can use
	KeysEncryption    Fault = "keys-encryption"     // only keys for encryption
	KeysOtherAlg      Fault = "keys-other-alg"      // the key is published for another algorithm
	KeysSecretOnly    Fault = "keys-secret-only"    // only shared secrets
	KeysHuge          Fault = "keys-huge"           // 2 MB
	KeysRedirect      Fault = "keys-redirect"       // elsewhere
	KeysError         Fault = "keys-500"            // an error of the server
	KeysHTML          Fault = "keys-html"           // a page
	KeysStrangersOnly Fault = "keys-strangers-only" // the keys of another provider
)

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
