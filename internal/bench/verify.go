package bench

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/jwtsso"
	"github.com/lmssso/lmssso/safelist"
)

// verifier reads a token and returns the user's email.
type verifier func(token string) (email string, err error)

// jwtVerifier is the library's verifier over a replay store.
func jwtVerifier(s lmssso.SingleUse) (*jwtsso.Verifier, error) {
	return jwtsso.NewVerifier(jwtsso.VerifierConfig{
		Dialect: jwtsso.ThoughtIndustries(), Connection: "main-jwt", Realm: "main",
		Keys: []lmssso.Secret{key}, SingleUse: s, Now: clock,
	})
}

func list() *safelist.List {
	return must(safelist.New(safelist.Config{
		BaseURL: "https://learn.example.com", Domains: []string{"customer.example.com", "=portal.example.org"},
	}))
}

// policy is a connection's that vouches for its customer's addresses.
func policy() lmssso.Policy {
	return lmssso.Policy{Realm: "main", EmailDomains: []string{"customer.example.com"}}
}

// validators is every validator of the library, beside the policy's.
func validators() []lmssso.Validator { return validatorsAt(clock) }

func validatorsAt(now func() time.Time) []lmssso.Validator {
	l := list()
	return []lmssso.Validator{
		lmssso.IssuedAt{Window: 500 * time.Second, Now: now}, lmssso.DualRole{}, lmssso.ExternalID{},
		safelist.Validator[*lmssso.Assertion]{List: func() *safelist.List { return l }},
	}
}

// newOurs verifies a token to an assertion and asks every validator.
func newOurs(s lmssso.SingleUse) verifier {
	v := must(jwtVerifier(s))
	all := lmssso.All(append([]lmssso.Validator{lmssso.PolicyCheck{Policy: policy()}}, validators()...)...)
	return func(token string) (string, error) {
		a, err := v.Verify(background(), token)
		if err != nil {
			return "", err
		}
		if err := all.Validate(background(), a); err != nil {
			return "", err
		}
		return a.Profile.Email.String(), nil
	}
}

// claims is what golang-jwt decodes the payload into.
type claims struct {
	jwt.RegisteredClaims
	person
}

// person is the payload without the claims RFC 7519 registers.
type person struct {
	ExternalCustomerID string            `json:"externalCustomerId"`
	Email              string            `json:"email"`
	FirstName          string            `json:"firstName"`
	LastName           string            `json:"lastName"`
	Role               string            `json:"role"`
	CourseSlugs        []string          `json:"courseSlugs"`
	LearningPathSlugs  []string          `json:"learningPathSlugs"`
	Ref1               string            `json:"ref1"`
	CustomFields       map[string]string `json:"customFields"`
	ReturnTo           string            `json:"returnTo"`
}

// newGolangJWT verifies with golang-jwt as its documentation shows: struct claims, the algorithm pinned, iat checked.
// Replays, safelist, roles and mapping are not its business and are left out.
func newGolangJWT() verifier {
	parse := golangJWT()
	return func(token string) (string, error) {
		c, err := parse(token)
		return c.Email, err
	}
}

func golangJWT() func(token string) (claims, error) {
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}), jwt.WithIssuedAt(), jwt.WithTimeFunc(clock))
	secret := []byte(key)
	keyFunc := func(*jwt.Token) (any, error) { return secret, nil }
	return func(token string) (claims, error) {
		var c claims
		if _, err := parser.ParseWithClaims(token, &c, keyFunc); err != nil {
			return claims{}, err
		}
		return c, nil
	}
}

// floorClaims is the payload in the plainest types.
type floorClaims struct {
	IssuedAt int64  `json:"iat"`
	ID       string `json:"jti"`
	person
}

var errFloor = errors.New("bench: the floor refuses the token")

// newFloor verifies with the standard library: one header and no other, one MAC, JSON into a struct, the window.
func newFloor() verifier {
	enc, secret := base64.RawURLEncoding, []byte(key)
	head := enc.EncodeToString([]byte(header)) + "."
	return func(token string) (string, error) {
		dot := strings.LastIndexByte(token, '.')
		if !strings.HasPrefix(token, head) || dot < len(head) {
			return "", errFloor
		}
		sum, err := enc.DecodeString(token[dot+1:])
		if err != nil {
			return "", err
		}
		m := hmac.New(sha256.New, secret)
		m.Write([]byte(token[:dot]))
		if !hmac.Equal(sum, m.Sum(nil)) {
			return "", errFloor
		}
		body, err := enc.DecodeString(token[len(head):dot])
		if err != nil {
			return "", err
		}
		var c floorClaims
		if err := json.Unmarshal(body, &c); err != nil {
			return "", err
		}
		if age := clock().Sub(time.Unix(c.IssuedAt, 0)); age.Abs() > 500*time.Second {
			return "", errFloor
		}
		return c.Email, nil
	}
}

// accept makes a subject of a verifier that must accept every token.
func accept(name string, all tokens, v verifier) Subject {
	p := all.pool()
	return all.ready(operation(name, func() error {
		_, err := v(p.token())
		return err
	}))
}

// refuse makes a subject of a verifier that must refuse a forged signature.
func refuse(name string, v verifier) Subject {
	forged := sign(forgedKey, 1)
	return operation(name, func() error {
		if _, err := v(forged); err == nil {
			return errAccepted
		}
		return nil
	})
}

func verifying(all tokens) Comparison {
	return Comparison{
		Name: "verify",
		Subjects: []Subject{
			accept("lmssso", all, newOurs(newRotating())), accept("lmssso-without-store", all, newOurs(accepting{})),
			accept("golang-jwt", all, newGolangJWT()), accept("floor", all, newFloor()),
		},
		Goals: []Goal{{Against: "golang-jwt", Most: 0.45}, {Against: "floor", Most: 0.65}, {Against: "lmssso-without-store"}},
	}
}

func refusing() Comparison {
	return Comparison{
		Name: "refuse",
		Subjects: []Subject{
			refuse("lmssso", newOurs(newRotating())), refuse("golang-jwt", newGolangJWT()), refuse("floor", newFloor()),
		},
		Goals: []Goal{{Against: "golang-jwt", Most: 0.20}, {Against: "floor"}},
	}
}
