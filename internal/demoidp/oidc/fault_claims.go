package oidc

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"time"
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

const (
	// OtherAudience is a second audience that tokens with [PartyMissing] name.
	OtherAudience = "other-audience"
	// WeakContext is the context that tokens with [WeakACR] name.
	WeakContext = "urn:example:weak"

	elsewhere = "https://other.example"
	// unknownTenant is a tenant's id nobody allows.
	unknownTenant = "99999999-9999-4999-8999-999999999999"
)

// claim returns a change that sets a claim.
func claim(name string, value func(s *scene, t *token) any) func(*scene, *token) error {
	return plainly(func(s *scene, t *token) { t.claims.set(name, value(s, t)) })
}

// is returns a change that sets a claim to a fixed value.
func is(name string, value any) func(*scene, *token) error {
	return claim(name, func(*scene, *token) any { return value })
}

// without returns a change that takes a claim away.
func without(name string) func(*scene, *token) error {
	return plainly(func(_ *scene, t *token) { t.claims.drop(name) })
}

// at returns a change that sets a claim to a time from now.
func at(name string, d time.Duration) func(*scene, *token) error {
	return claim(name, func(s *scene, _ *token) any { return s.now.Add(d).Unix() })
}

// beside returns a change that adds a claim once more.
func beside(name string, value any) func(*scene, *token) error {
	return plainly(func(_ *scene, t *token) { t.claims.add(name, value) })
}

// capitals are a claim's value in capital letters.
func capitals(name string) func(*scene, *token) error {
	return claim(name, func(_ *scene, t *token) any { return strings.ToUpper(t.claims.words(name)) })
}

// written returns a change of the written claims, before they are signed.
func written(f func([]byte) []byte) func(*scene, *token) error {
	return plainly(func(_ *scene, t *token) { t.payload = f })
}

func textFaults() []change {
	return []change{
		{fault: Encrypted, text: "The token has the five parts of an encrypted one.", token: tampered(func(p []string) []string {
			return []string{b64([]byte(`{"alg":"RSA-OAEP-256","enc":"A256GCM","cty":"JWT"}`)), p[2], b64([]byte("iv")), p[1], b64([]byte("tag"))}
		})},
		{fault: TwoParts, text: "The token ends before its signature.", token: tampered(func(p []string) []string { return p[:2] })},
		{fault: FourParts, text: "Something stands behind the signature.", token: tampered(func(p []string) []string { return append(p, "trailing") })},
		{fault: Padded, text: "The signature is written with padding, so that one token has two texts.", token: tampered(func(p []string) []string { return []string{p[0], p[1], p[2] + "=="} })},
		{fault: TrailingSpace, text: "A line end stands behind the token.", token: tampered(func(p []string) []string { return []string{p[0], p[1], p[2] + "\n"} })},
		{fault: JSONForm, text: "The token is written as JSON, where several signatures could stand.", token: plainly(func(_ *scene, t *token) { t.tamper = asJSON })},
		{fault: HugeToken, text: "The token has 100 kB, and reading it costs more than any login is worth.", token: claim("padding", func(*scene, *token) any { return strings.Repeat("x", 75000) })},
		{fault: PayloadBroken, text: "The claims are no JSON.", token: written(func(b []byte) []byte { return b[:len(b)-1] })},
		{fault: PayloadTwice, text: "A second object stands behind the claims.", token: written(func(b []byte) []byte { return append(b, `{"sub":"`+ForgedSubject+`"}`...) })},
		{fault: InvalidUTF8, text: "A claim is no text in UTF-8, which decoders repair in different ways.", token: is("nickname", verbatim("\"a\xff\xfeb\""))},
		{fault: DeepClaim, text: "A claim is ten thousand levels deep, to exhaust who reads it.", token: claim("deep", func(*scene, *token) any { return verbatim(strings.Repeat("[", 10000) + strings.Repeat("]", 10000)) })},
	}
}

// asJSON writes a token in the flattened JSON form (RFC 7515 section 7.2.2).
func asJSON(text string) string {
	p := strings.Split(text, ".")
	return `{"protected":"` + p[0] + `","payload":"` + p[1] + `","signature":"` + p[2] + `"}`
}

func twiceFaults() []change {
	email := Needs{Email: true}
	return []change{
		{fault: SubjectTwice, text: "Two subjects: which of them signed in?", token: beside("sub", ForgedSubject)},
		{fault: SubjectCase, text: "Sub beside sub: decoders that do not mind the case take the last.", token: beside("Sub", ForgedSubject)},
		{fault: SubjectOddS, text: "A sub with an old letter s beside the real one: decoders that fold letters take the last.", token: beside("\u017fub", ForgedSubject)},
		{fault: EmailTwice, text: "Two email addresses: whose account is it?", needs: email, token: beside("email", ForgedEmail)},
		{fault: EmailCase, text: "EMAIL beside email: decoders that do not mind the case take the last.", needs: email, token: beside("EMAIL", ForgedEmail)},
		{fault: AudienceTwice, text: "Two audiences, of which the first is another client.", token: plainly(func(_ *scene, t *token) { t.claims = append(object{{"aud", "other-client"}}, t.claims...) })},
		{fault: NestedNameTwice, text: "A name stands twice inside a claim.", token: is("address", verbatim(`{"country":"CH","country":"LI"}`))},
	}
}

func addressFaults() []change {
	template, trusted := Needs{Template: true}, Needs{TrustedAudience: true}
	return []change{
		{fault: WrongIssuer, text: "The token says that another provider made it.", token: is("iss", elsewhere)},
		{fault: MissingIssuer, text: "The token does not say who made it.", token: without("iss")},
		{fault: IssuerSlash, text: "The issuer has a slash more than agreed, and names are compared to the letter.", token: claim("iss", func(_ *scene, t *token) any { return t.claims.words("iss") + "/" })},
		{fault: IssuerCase, text: "The issuer is written in capital letters, and names are compared to the letter.", token: capitals("iss")},
		{fault: IssuerNumber, text: "The issuer is a number.", token: is("iss", 7)},
		{fault: WrongAudience, text: "The token is for another client, which may have passed it on.", token: is("aud", "other-client")},
		{fault: MissingAudience, text: "The token is for nobody, so it would be good at any client.", token: without("aud")},
		{fault: EmptyAudience, text: "The list of audiences is empty.", token: is("aud", []string{})},
		{fault: AudienceNumber, text: "A number stands among the audiences, which crashes careless readers.", token: claim("aud", func(s *scene, _ *token) any { return []any{s.client.ID, 7} })},
		{fault: AudienceLonger, text: "The audience only begins with the client's id.", token: claim("aud", func(s *scene, _ *token) any { return s.client.ID + "-staging" })},
		{fault: ExtraAudience, text: "The token is also for somebody nobody trusts, who could pass it on.", token: plainly(func(s *scene, t *token) {
			t.claims.set("aud", []string{s.client.ID, "untrusted-client"})
			t.claims.set("azp", s.client.ID)
		})},
		{fault: PartyWrong, text: "The token was made at the wish of another client.", token: is("azp", "other-client")},
		{fault: PartyMissing, text: "The token has two audiences and does not say at whose wish it was made; refused where the second is trusted.", needs: trusted,
			token: claim("aud", func(s *scene, _ *token) any { return []string{s.client.ID, OtherAudience} })},
		{fault: TenantMissing, text: "The token does not name its tenant.", needs: template, token: without("tid")},
		{fault: TenantOther, text: "The token's tenant is not the one in its issuer.", needs: template, token: is("tid", unknownTenant)},
		{fault: TenantUnknown, text: "Everything about the token is right, but nobody here allowed its tenant.", needs: template, token: tenant(unknownTenant)},
		{fault: TenantNoGUID, text: "The tenant's id is none, and changes what the issuer's address means.", needs: template, token: tenant("common/../x")},
		{fault: IssuerTemplateSelf, text: "The issuer is the template itself, with its placeholder.", needs: template, token: claim("iss", func(s *scene, _ *token) any { return s.op.cfg.Issuer })},
	}
}

// tenant returns a change that makes the token another tenant's.
func tenant(id string) func(*scene, *token) error {
	return plainly(func(s *scene, t *token) {
		t.claims.set("iss", s.op.issuerFor(id))
		t.claims.set("tid", id)
	})
}

func timeFaults() []change {
	aged := Needs{MaxAge: true}
	return []change{
		{fault: Expired, text: "The token ended an hour ago.", token: at("exp", -time.Hour)},
		{fault: EndsAtLeeway, text: "The token ended exactly a minute ago, the usual leeway; the end itself no longer counts.", token: at("exp", -time.Minute)},
		{fault: MissingExpiry, text: "The token has no end, so a stolen one would be good for ever.", token: without("exp")},
		{fault: ExpiryOverflow, text: "The end is a number so great that it wraps around or lasts for ever.", token: is("exp", uint64(math.MaxUint64))},
		{fault: ExpiryText, text: "The end is a text where a number belongs.", token: is("exp", "tomorrow")},
		{fault: MissingIssuedAt, text: "The token does not say when it was made.", token: without("iat")},
		{fault: OldIssuedAt, text: "The token was made an hour ago, and may have been used since.", token: at("iat", -time.Hour)},
		{fault: FutureIssuedAt, text: "The token is made an hour from now.", token: at("iat", time.Hour)},
		{fault: NotYetValid, text: "The token becomes good in an hour.", token: at("nbf", time.Hour)},
		{fault: StaleAuthTime, text: "The user signed in a day ago where a newer sign-in was asked for.", needs: aged, token: at("auth_time", -24*time.Hour)},
		{fault: MissingAuthTime, text: "The token does not say when the user signed in, though that was asked for.", needs: aged, token: without("auth_time")},
		{fault: AuthTimeText, text: "The time of signing in is a text where a number belongs.", needs: aged, token: is("auth_time", "just now")},
		{fault: WeakACR, text: "The user signed in by weaker means than this site accepts.", needs: Needs{Contexts: true}, token: is("acr", WeakContext)},
	}
}

func subjectFaults() []change {
	return []change{
		{fault: MissingSubject, text: "The token does not say who signed in.", token: without("sub")},
		{fault: EmptySubject, text: "Who signed in is an empty name, which all who have none would share.", token: is("sub", "")},
		{fault: LongSubject, text: "The name has 256 characters; a store that cuts it makes two users one.", token: claim("sub", func(*scene, *token) any { return strings.Repeat(ForgedSubject[:1], 256) })},
		{fault: ForeignSubject, text: "The name is not ASCII, and letters that look alike make two users one.", token: is("sub", "us\u0435r-1")},
		{fault: NumberSubject, text: "The name is a number, which loses digits in some readers.", token: is("sub", json.Number("12345678901234567890"))},
		{fault: ControlSubject, text: "The name holds a line end, which could forge log lines and headers.", token: is("sub", "user-1\r\n"+ForgedSubject)},
		{fault: SubjectNullByte, text: "The name holds a zero, where some stores end it.", token: is("sub", "user-1\x00"+ForgedSubject)},
	}
}

var errNothingToHash = errors.New("needs a token that has the hash")

// hashed returns a change that sets a hash to another one's.
func hashed(name string) func(*scene, *token) error {
	return claim(name, func(_ *scene, t *token) any { return leftHalf(t.alg, "another "+rand.Text()) })
}

func tieFaults() []change {
	front := []string{"code id_token", "code id_token token"}
	return []change{
		{fault: NonceMissing, text: "The token does not say which login it answers, so a stolen one would do.", token: without("nonce")},
		{fault: NonceWrong, text: "The token answers another login.", token: claim("nonce", func(*scene, *token) any { return rand.Text() })},
		{fault: NonceEmpty, text: "The token answers a login without a name.", token: is("nonce", "")},
		{fault: NonceCase, text: "The nonce came back in other letters.", token: claim("nonce", func(_ *scene, t *token) any { return swapCase(t.claims.words("nonce")) })},
		{fault: AccessHashWrong, text: "The token belongs to another access token.", needs: Needs{ResponseTypes: []string{"code", "code id_token token", "id_token token"}}, token: hashed("at_hash")},
		{fault: AccessHashWhole, text: "The hash of the access token is whole where its left half belongs.", needs: Needs{ResponseTypes: []string{"code"}},
			token: func(s *scene, t *token) error {
				if s.access == "" {
					return errNothingToHash
				}
				t.claims.set("at_hash", b64(digest(hashOf(t.alg), []byte(s.access))))
				return nil
			}},
		{fault: AccessHashMissing, text: "The access token that came through the browser is not tied to the token.", needs: Needs{ResponseTypes: []string{"code id_token token", "id_token token"}}, token: without("at_hash")},
		{fault: CodeHashWrong, text: "The token belongs to another code, which somebody put in its place.", needs: Needs{ResponseTypes: front}, token: hashed("c_hash")},
		{fault: CodeHashMissing, text: "The code that came through the browser is not tied to the token.", needs: Needs{ResponseTypes: front}, token: without("c_hash")},
		{fault: StateHashWrong, text: "The token belongs to another state.", token: hashed("s_hash")},
		{fault: AggregatedIdentity, text: "The email address is to be asked for at an address the token names; refused where the site needs one.", needs: Needs{Email: true},
			token: plainly(func(s *scene, t *token) {
				t.claims.drop("email")
				t.claims.set("_claim_names", object{{"email", "src1"}})
				t.claims.set("_claim_sources", object{{"src1", object{{"endpoint", s.op.cfg.BaseURL + "/stranger/claims"}}}})
			})},
	}
}

// swapCase makes small letters of capitals and the other way.
func swapCase(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 32
		case r >= 'A' && r <= 'Z':
			return r + 32
		}
		return r
	}, s)
}
