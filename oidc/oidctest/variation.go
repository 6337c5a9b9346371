package oidctest

import demo "github.com/lmssso/lmssso/internal/demoidp/oidc"

// Variation is a lawful difference among providers. A relying party must sign the user in all the same.
type Variation string

// Variations of what is published.
const (
	KeysWithoutAlg   Variation = "keys-without-alg"   // the keys have no alg
	KeysWithoutUse   Variation = "keys-without-use"   // the keys have no use
	KeysWithoutKid   Variation = "keys-without-kid"   // neither the keys nor the tokens have a kid
	JunkAmongKeys    Variation = "junk-among-keys"    // keys nobody can use stand before the good ones
	NoUserinfo       Variation = "no-userinfo"        // the document has no userinfo endpoint
	NoEndSession     Variation = "no-end-session"     // the document has no end-session endpoint
	NoResponseIssuer Variation = "no-response-issuer" // the iss parameter is neither announced nor sent (RFC 9207)
	UnannouncedISS   Variation = "unannounced-iss"    // the iss parameter is sent, but not announced
	ISSWithCodeOnly  Variation = "iss-with-code-only" // the iss parameter is announced, and left out beside an ID token
)

// Variations of tokens and claims.
const (
	TokenWithoutKid  Variation = "token-without-kid"  // tokens have no kid, whatever the keys have
	RotatedJustNow   Variation = "rotated-just-now"   // a new key takes the old one's place just before signing
	AudienceAsList   Variation = "audience-as-list"   // aud is a list with one entry
	AuthorizedParty  Variation = "authorized-party"   // azp is sent, and is the client
	FractionalTimes  Variation = "fractional-times"   // times have fractions of seconds
	WithStateHash    Variation = "with-state-hash"    // s_hash is sent (Financial-grade API 1.0 part 2, section 5.1)
	NoType           Variation = "no-type"            // tokens have no typ
	UnknownClaims    Variation = "unknown-claims"     // tokens hold claims nobody knows
	NoAccessHash     Variation = "no-access-hash"     // at_hash is left out where it is optional
	ClaimsInUserinfo Variation = "claims-in-userinfo" // what is known of the user comes from userinfo alone, where there is one
	ClaimsInIDToken  Variation = "claims-in-id-token" // and this way from the ID token alone
	VerifiedAsText   Variation = "verified-as-text"   // email_verified is the text "true", which must not count as a yes
	VerifiedApart    Variation = "verified-apart"     // email comes in the ID token and email_verified in userinfo: two documents
	GroupOverage     Variation = "group-overage"      // groups are to be asked for elsewhere, as at Microsoft Entra
)

// Variations of endpoints.
const (
	RawAuthorization Variation = "raw-authorization" // userinfo takes the access token without Bearer alone
	LowerCaseBearer  Variation = "lower-case-bearer" // token_type is "bearer" (RFC 6749 section 5.1: case does not matter)
)

// Variations lists all.
func Variations() []Variation {
	var out []Variation
	for _, v := range demo.Variations() {
		out = append(out, Variation(v))
	}
	return out
}
