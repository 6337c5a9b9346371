package jwtsso

import (
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
)

// Dialect is how one learning platform does JWT single sign-on, as data. [ThoughtIndustries], [Thinkific] and [Zendesk]
// are built in; a platform of your own is another value of this type. [Dialect.Check] lists what is wrong with one.
//
// A Dialect is copied by [NewVerifier] and [NewIssuer]; changing it afterwards changes nothing.
type Dialect struct {
	// Name names the dialect in configuration and errors.
	Name string
	// Endpoint says where and how tokens arrive.
	Endpoint Endpoint
	// Signing says how they are signed.
	Signing Signing
	// Time says how old they may be.
	Time TimeRules
	// TokenID says which claim makes each token unique.
	TokenID TokenIDRule
	// Claims says which claim carries which attribute. An Issuer writes the first name a source lists.
	Claims attrs.Mapping
	// Roles translates role names that the platform's clients send to the slugs meant, such as learner to student. Others
	// are taken as they are. An Issuer never writes a translated name.
	Roles map[string]string
	// Required lists the attributes the platform demands of every token. An Issuer refuses to mint without them; what a
	// Verifier's side demands is the connection's policy.
	Required []attrs.Key
	// ReportErrors sends the browser of a refused login back with kind=error and a message: to the error URL of the request,
	// else its return URL; where the dialect has no parameter for an error URL, only to the one the connection configures.
	ReportErrors bool
	// Defaults are the account rules a connection of this dialect starts from.
	Defaults lmssso.AccountPolicy
	// Codec rearranges claims where names alone do not express the platform; nil leaves them alone.
	Codec Codec
}

// Delivery is a way for a token to arrive. Its text is the one configuration files use.
type Delivery string

// The three places of a request that can hold a token.
const (
	InQuery  Delivery = "query"  // a parameter of the URL, with GET
	InForm   Delivery = "form"   // a field of a form, with POST
	InHeader Delivery = "bearer" // Authorization: Bearer, with GET or POST (RFC 6750 section 2.1)
)

// Endpoint says where tokens arrive.
type Endpoint struct {
	// Path is the endpoint's path on the platform's site, such as /access/jwt; "" when any page is one.
	Path string
	// Deliveries lists the ways a token may arrive. An Issuer prefers the first.
	Deliveries []Delivery
	// Token names the parameter with the token.
	Token string
	// ReturnTo and ErrorURL name the parameters with the redirect targets; "" where the dialect has none.
	ReturnTo, ErrorURL string
}

// Algorithm is a JWS signature algorithm (RFC 7518 section 3.1).
type Algorithm string

// The algorithms a dialect can have. A dialect has exactly one: a token that names another is refused.
const (
	HS256 Algorithm = "HS256"
	HS384 Algorithm = "HS384"
	HS512 Algorithm = "HS512"
	RS256 Algorithm = "RS256"
)

// KeyEncoding is how a platform writes its keys down.
type KeyEncoding string

// The encodings of keys. Taking one for another gives a different key, so a dialect names its own.
const (
	RawKey    KeyEncoding = "raw"    // the text's own bytes are the secret
	Base64Key KeyEncoding = "base64" // standard or URL alphabet, padded or not
	HexKey    KeyEncoding = "hex"    // two digits a byte
	PEMKey    KeyEncoding = "pem"    // an RSA key: public to verify, private to mint
)

// Signing says how a dialect's tokens are signed.
type Signing struct {
	// Algorithm is the only one accepted.
	Algorithm Algorithm
	// Key is how keys are written down.
	Key KeyEncoding
	// MaxKeys is how many keys may be alive at once, 1 to 5: two allow a rotation without a gap.
	MaxKeys int
}

// TimeRules says how old a token may be. exp and nbf (RFC 7519) are always honoured, strictly and in seconds.
type TimeRules struct {
	// Claim is the claim with the token's time; usually iat.
	Claim string
	// Unit is the claim's unit: time.Second or time.Millisecond. A fraction is tolerated in either.
	Unit time.Duration
	// Window is the whole tolerance: a token is refused when it was issued longer ago, or is dated further ahead. The bound
	// itself passes. At most one hour.
	Window time.Duration
	// EndsAt says that Claim is when the token ends, not when it was made. It must then lie ahead, by at most Window.
	EndsAt bool
	// RequireExpiry refuses a token without exp.
	RequireExpiry bool
}

// TokenIDRule says which claim makes each token unique.
type TokenIDRule struct {
	// Claim is the claim's name, usually jti; "" when the dialect has none.
	Claim string
	// Required refuses a token without one.
	Required bool
}

// Claims is a token's payload as encoding/json decodes it, with numbers as [encoding/json.Number].
type Claims map[string]any

// Codec rearranges claims where a [Dialect]'s data does not express the platform, such as an issuer that stands for a
// tenant. It runs after every check on the token as it came, so it can neither skip nor satisfy one.
type Codec interface {
	// Decode turns the verified claims of a token into those the dialect's mapping reads. It may change its argument. Its
	// error refuses the token.
	Decode(c Claims) (Claims, error)
	// Encode turns the claims an Issuer made into those the platform reads, before they are signed.
	Encode(c Claims) (Claims, error)
}
