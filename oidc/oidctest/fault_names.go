package oidctest

import demo "github.com/lmssso/lmssso/internal/demoidp/oidc"

// Who forged answers are about. An application that signs in anybody of this name or address was fooled.
const (
	ForgedSubject = demo.ForgedSubject
	ForgedEmail   = demo.ForgedEmail
)

const (
	// OtherAudience is a second audience that tokens with [PartyMissing] name.
	OtherAudience = demo.OtherAudience
	// WeakContext is the context that tokens with [WeakACR] name.
	WeakContext = demo.WeakContext
)

// Faults of who signed a token.
const (
	BadSignature     Fault = "bad-signature"      // one bit of the signature is wrong
	TamperedSubject  Fault = "tampered-subject"   // the subject changed after signing
	StrangerSigned   Fault = "stranger-signed"    // signed by a stranger, under a kid of its own
	StrangerSameKid  Fault = "stranger-same-kid"  // signed by a stranger, under the provider's kid
	StrangerNoKid    Fault = "stranger-no-kid"    // signed by a stranger, without a kid
	UnknownKid       Fault = "unknown-kid"        // the provider's signature under a kid nobody knows
	EncryptionKey    Fault = "encryption-key"     // signed with a key that is published for encryption
	WeakKey          Fault = "weak-key"           // signed with a published RSA key of 1024 bits
	LeakedKey        Fault = "leaked-key"         // signed with a key whose private half is published
	SharedKey        Fault = "shared-key"         // signed by HMAC with an oct key that is published
	DERSignature     Fault = "der-signature"      // an ECDSA signature as ASN.1
	ZeroSignature    Fault = "zero-signature"     // an ECDSA signature of two zeros (CVE-2022-21449)
	EmptySignature   Fault = "empty-signature"    // no signature where one belongs
	OtherTokensProof Fault = "other-tokens-proof" // the signature is that of another token
)

// Faults of the algorithm.
const (
	AlgNone              Fault = "alg-none"                 // alg none, unsigned
	AlgNoneOddCase       Fault = "alg-none-odd-case"        // the same as nOnE
	AlgMissing           Fault = "alg-missing"              // no alg in the header
	HS256WithPublicKey   Fault = "hs256-with-public-key"    // HMAC with the provider's public key as secret
	HS256WithClientKey   Fault = "hs256-with-client-secret" // HMAC with the client's secret where a key pair was agreed
	OtherKindOfKey       Fault = "other-kind-of-key"        // ES256 with a published key where RSA was agreed
	OtherHash            Fault = "other-hash"               // RS512 where RS256 was agreed, or the other way
	OtherPadding         Fault = "other-padding"            // PS256 where PKCS #1 v1.5 was agreed
	SignedAsOtherThanSay Fault = "signed-as-other"          // the header says one hash, the signature is by another
)

// Faults of the header.
const (
	EmbeddedJWK  Fault = "embedded-jwk"   // the stranger's key in the header
	EmbeddedJKU  Fault = "embedded-jku"   // the address of the stranger's keys in the header
	EmbeddedX5C  Fault = "embedded-x5c"   // the stranger's certificate in the header
	EmbeddedX5U  Fault = "embedded-x5u"   // the address of the stranger's certificate in the header
	Critical     Fault = "critical"       // crit names an extension nobody knows
	UnencodedB64 Fault = "b64-false"      // b64 is false (RFC 7797)
	KidNumber    Fault = "kid-number"     // kid is a number
	AlgTwice     Fault = "alg-twice"      // alg stands twice
	TypeLogout   Fault = "typ-logout"     // typ is logout+jwt
	TypeAccess   Fault = "typ-at"         // typ is at+jwt
	HeaderBroken Fault = "header-no-json" // the header is no JSON
)

// Faults of a token's text.
const (
	Encrypted       Fault = "encrypted"        // five parts, as an encrypted token has
	TwoParts        Fault = "two-parts"        // no third part
	FourParts       Fault = "four-parts"       // a part too many
	Padded          Fault = "padded"           // base64 with padding
	TrailingSpace   Fault = "trailing-space"   // a line end after the token
	JSONForm        Fault = "json-form"        // in JSON, not in compact form
	HugeToken       Fault = "huge-token"       // 100 kB
	PayloadBroken   Fault = "payload-no-json"  // the claims are no JSON
	PayloadTwice    Fault = "payload-twice"    // a second object after the claims
	InvalidUTF8     Fault = "invalid-utf8"     // a claim that is no text
	DeepClaim       Fault = "deep-claim"       // a claim ten thousand levels deep
	SubjectTwice    Fault = "sub-twice"        // sub stands twice, the second forged
	SubjectCase     Fault = "sub-other-case"   // "Sub" stands beside sub, forged
	SubjectOddS     Fault = "sub-odd-letter"   // "ſub" stands beside sub, forged: letters that careless decoders take for one
	EmailTwice      Fault = "email-twice"      // email stands twice, the second forged
	EmailCase       Fault = "email-other-case" // "EMAIL" stands beside email, forged
	AudienceTwice   Fault = "aud-twice"        // aud stands twice, the first another's
	NestedNameTwice Fault = "nested-twice"     // a name stands twice inside a claim
)

// Faults of issuer and audience.
const (
	WrongIssuer        Fault = "wrong-issuer"        // iss is another provider
	MissingIssuer      Fault = "missing-issuer"      // no iss
	IssuerSlash        Fault = "issuer-slash"        // iss has a slash too many
	IssuerCase         Fault = "issuer-other-case"   // iss in capital letters
	IssuerNumber       Fault = "issuer-number"       // iss is a number
	WrongAudience      Fault = "wrong-audience"      // aud is another client
	MissingAudience    Fault = "missing-audience"    // no aud
	EmptyAudience      Fault = "empty-audience"      // aud is an empty list
	AudienceNumber     Fault = "audience-number"     // aud holds a number beside the client
	AudienceLonger     Fault = "audience-longer"     // aud begins with the client's id
	ExtraAudience      Fault = "extra-audience"      // aud names somebody beside the client, azp is the client
	PartyWrong         Fault = "azp-wrong"           // azp is another client
	PartyMissing       Fault = "azp-missing"         // aud names a trusted second audience, and azp is missing
	TenantMissing      Fault = "tid-missing"         // no tid where the issuer is a template
	TenantOther        Fault = "tid-other"           // tid is another tenant than the one in iss
	TenantUnknown      Fault = "tid-unknown"         // a whole token of a tenant nobody allowed
	TenantNoGUID       Fault = "tid-no-guid"         // tid and iss hold something that is no tenant's id
	IssuerTemplateSelf Fault = "issuer-the-template" // iss is the template itself
)

// Faults of time.
const (
	Expired         Fault = "expired"           // ended an hour ago
	EndsAtLeeway    Fault = "ends-at-leeway"    // ended a minute ago to the second
	MissingExpiry   Fault = "missing-exp"       // no exp
	ExpiryOverflow  Fault = "exp-overflow"      // exp beyond what a number of seconds can hold
	ExpiryEndless   Fault = "exp-endless"       // exp is 1e400, which decoders take for infinity or an error
	ExpiryText      Fault = "exp-text"          // exp is a text
	MissingIssuedAt Fault = "missing-iat"       // no iat
	OldIssuedAt     Fault = "old-iat"           // issued an hour ago
	FutureIssuedAt  Fault = "future-iat"        // issued in an hour
	NotYetValid     Fault = "not-yet-valid"     // nbf is in an hour
	StaleAuthTime   Fault = "stale-auth-time"   // the user signed in a day ago, though max_age was sent
	MissingAuthTime Fault = "missing-auth-time" // no auth_time, though max_age was sent
	AuthTimeText    Fault = "auth-time-text"    // auth_time is a text, though max_age was sent
	WeakACR         Fault = "weak-acr"          // acr is [WeakContext]
)

// Faults of the subject.
const (
	MissingSubject  Fault = "missing-sub"   // no sub
	EmptySubject    Fault = "empty-sub"     // sub is empty
	LongSubject     Fault = "long-sub"      // sub has 256 characters
	ForeignSubject  Fault = "non-ascii-sub" // sub is not ASCII
	NumberSubject   Fault = "number-sub"    // sub is a number
	ControlSubject  Fault = "control-sub"   // sub holds a line end
	SubjectNullByte Fault = "null-byte-sub" // sub holds a zero
)

// Faults of what ties the token to the login.
const (
	NonceMissing       Fault = "nonce-missing"       // no nonce
	NonceWrong         Fault = "nonce-wrong"         // another login's nonce
	NonceEmpty         Fault = "nonce-empty"         // an empty nonce
	NonceCase          Fault = "nonce-other-case"    // the nonce in other letters
	AccessHashWrong    Fault = "at-hash-wrong"       // at_hash of another access token
	AccessHashWhole    Fault = "at-hash-whole"       // at_hash is the whole hash
	AccessHashMissing  Fault = "at-hash-missing"     // no at_hash where one must be
	CodeHashWrong      Fault = "c-hash-wrong"        // c_hash of another code
	CodeHashMissing    Fault = "c-hash-missing"      // no c_hash where one must be
	StateHashWrong     Fault = "s-hash-wrong"        // s_hash of another state
	AggregatedIdentity Fault = "aggregated-identity" // the email is to be found elsewhere
)
