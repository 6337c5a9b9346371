package bench

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/jwtsso"
)

// minter makes a new token with the twelve claims: each with an id of its own, because each is accepted once.
type minter func() (token string, err error)

// learner says what the payload says.
func learner() jwtsso.Learner {
	return jwtsso.Learner{
		ExternalID: "emp-100123", Email: email, FirstName: "Ada", LastName: "Lovelace", Role: "student",
		Access: lmssso.Access{
			CourseSlugs:       attrs.List("introduction-to-engines", "advanced-engines"),
			LearningPathSlugs: attrs.List("onboarding"),
		},
		CustomFields: map[string]attrs.Value{"team": attrs.Text("red"), "office": attrs.Text("London")},
		More: map[attrs.Key]attrs.Value{
			attrs.Ref(1): attrs.Text("analytical department in the west"), attrs.ReturnTo: attrs.Text(returnTo),
		},
	}
}

// sample is the person of the payload.
func sample() person {
	return person{
		ExternalCustomerID: "emp-100123", Email: email, FirstName: "Ada", LastName: "Lovelace", Role: "student",
		CourseSlugs: []string{"introduction-to-engines", "advanced-engines"}, LearningPathSlugs: []string{"onboarding"},
		Ref1: "analytical department in the west", CustomFields: map[string]string{"team": "red", "office": "London"}, ReturnTo: returnTo,
	}
}

// newOurMinter mints with every check on what the platform would refuse.
func newOurMinter() minter {
	i := must(jwtsso.NewIssuer(jwtsso.IssuerConfig{
		Dialect: jwtsso.ThoughtIndustries(), Endpoint: "https://learn.example.com/access/jwt",
		Keys: []lmssso.Secret{key}, Now: clock,
	}))
	l := learner()
	return func() (string, error) {
		token, err := i.Mint(l)
		return string(token), err
	}
}

func newGolangJWTMinter() minter {
	secret, who := []byte(key), sample()
	return func() (string, error) {
		c := claims{RegisteredClaims: jwt.RegisteredClaims{IssuedAt: jwt.NewNumericDate(clock()), ID: newID()}, person: who}
		return jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString(secret)
	}
}

// newFloorMinter writes with encoding/json and signs with crypto/hmac.
func newFloorMinter() minter {
	enc, secret, who := base64.RawURLEncoding, []byte(key), sample()
	head := enc.EncodeToString([]byte(header))
	return func() (string, error) {
		body, err := json.Marshal(floorClaims{IssuedAt: clock().Unix(), ID: newID(), person: who})
		if err != nil {
			return "", err
		}
		input := head + "." + enc.EncodeToString(body)
		m := hmac.New(sha256.New, secret)
		m.Write([]byte(input))
		return strings.Join([]string{input, enc.EncodeToString(m.Sum(nil))}, "."), nil
	}
}

// newID returns 128 random bits, as the library's issuer does.
func newID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails: crypto/rand ends the process instead
	return base64.RawURLEncoding.EncodeToString(id[:])
}

func mint(name string, m minter) Subject {
	return operation(name, func() error {
		_, err := m()
		return err
	})
}

func minting() Comparison {
	return Comparison{
		Name: "mint",
		Subjects: []Subject{
			mint("lmssso", newOurMinter()), mint("golang-jwt", newGolangJWTMinter()), mint("floor", newFloorMinter()),
		},
		Goals: []Goal{{Against: "golang-jwt", Most: 0.65}, {Against: "floor", Most: 1.15}},
	}
}
