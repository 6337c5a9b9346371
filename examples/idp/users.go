package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/crypto/bcrypt"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/attrs"
	"github.com/lmssso/lmssso/jwtsso"
)

const (
	hashCost = 12 // bcrypt's cost of new hashes: about a fifth of a second
	minCost  = 10 // the least a file of users may have
	// maxPassword is what bcrypt looks at. Of a longer password the rest would not count, so it is never right.
	maxPassword = 72
)

// user is one of the people this backend knows.
type user struct {
	// ID never changes and is never given to somebody else: it becomes the external id at the learning site.
	ID string `json:"id"`
	// Email is what the user signs in with. It can change, so it is not the identity.
	Email     string `json:"email"`
	FirstName string `json:"firstName"`
	LastName  string `json:"lastName"`
	// Role is the slug of the role at the learning site; "" leaves it to that site.
	Role string `json:"role"`
	// Courses are slugs of courses that signing in grants.
	Courses []string `json:"courses"`
	// PasswordHash is a bcrypt hash.
	PasswordHash lmssso.Secret `json:"passwordHash"`
}

// learner is what a token says of the user.
func (u user) learner() jwtsso.Learner {
	l := jwtsso.Learner{ExternalID: u.ID, Email: u.Email, FirstName: u.FirstName, LastName: u.LastName, Role: u.Role}
	if len(u.Courses) > 0 {
		l.Access.CourseSlugs = attrs.List(u.Courses...)
	}
	return l
}

// users finds people by email and checks their passwords. It is immutable.
type users struct {
	list    []user
	byEmail map[string]user
	// nobody is a hash that no known password has, at the cost of all others: an unknown address takes the same work.
	nobody []byte
}

// newUsers checks the list and names every fault. All hashes must have one cost, or the time an answer takes would tell
// which addresses are known.
func newUsers(list []user, least int) (*users, error) {
	found := &users{list: list, byEmail: map[string]user{}}
	ids := map[string]bool{}
	var faults []error
	cost := least
	for i, u := range list {
		fault := func(text string) { faults = append(faults, fmt.Errorf("user %d %s", i+1, text)) }
		email := fold(u.Email)
		switch _, taken := found.byEmail[email]; {
		case u.ID == "" || ids[u.ID]:
			fault("has no id of its own")
		case email == "" || taken:
			fault("has no email of its own")
		}
		ids[u.ID], found.byEmail[email] = true, u
		switch c, err := bcrypt.Cost([]byte(u.PasswordHash)); {
		case err != nil:
			fault("has no bcrypt hash")
		case c < least:
			fault(fmt.Sprintf("has a hash of cost %d, the least is %d", c, least))
		case i > 0 && c != cost:
			fault("has a hash of another cost than those before")
		default:
			cost = c
		}
	}
	if len(list) == 0 {
		faults = append(faults, errors.New("there are no users"))
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	random := rand.Text() + rand.Text() + rand.Text()
	found.nobody = fmt.Appendf(nil, "$2a$%02d$%s", cost, random[:53]) // 22 letters of salt, 31 of digest
	return found, nil
}

// check returns the user with this email and password. Whether the address is unknown or the password wrong, the answer
// and the work are the same.
func (us *users) check(email, password string) (user, bool) {
	u, known := us.byEmail[fold(email)]
	hash := us.nobody
	if known {
		hash = []byte(u.PasswordHash)
	}
	if err := bcrypt.CompareHashAndPassword(hash, []byte(password)); err != nil || !known || len(password) > maxPassword {
		return user{}, false
	}
	return u, true
}

// fold makes one spelling of the ways people write their address. Only ASCII letters are folded: a character that merely
// looks like one, or that Unicode lower-cases to one, must not find somebody else.
func fold(email string) string {
	return strings.Map(func(c rune) rune {
		if c >= 'A' && c <= 'Z' {
			return c + 'a' - 'A'
		}
		return c
	}, strings.TrimSpace(email))
}

// readUsers reads a file of users.
func readUsers(file string) (*users, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("-users: %w", err)
	}
	var list []user
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	if err := in.Decode(&list); err != nil {
		return nil, fmt.Errorf("-users: %s: %w", file, err)
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("-users: %s: there is something after the list", file)
	}
	found, err := newUsers(list, minCost)
	if err != nil {
		return nil, fmt.Errorf("-users: %s: %w", file, err)
	}
	return found, nil
}

// person is an invented user with the password the sign-in page shows.
type person struct {
	user
	Password string
}

// inventedPeople returns the demonstration's users.
func inventedPeople() []person {
	return []person{
		{user{ID: "h-1001", Email: "ines@example.com", FirstName: "Ines", LastName: "Moreau"}, "lantern-on-the-pier"},
		{user{ID: "h-1002", Email: "tomas@example.com", FirstName: "Tomás", LastName: "Lindqvist"}, "seven-quiet-gulls"},
		{user{ID: "h-1003", Email: "yuki@example.com", FirstName: "Yuki", LastName: "Arden"}, "rope-and-copper"},
	}
}

// hashPeople makes users of invented people.
func hashPeople(people []person, cost int) (*users, error) {
	var list []user
	for _, p := range people {
		hash, err := bcrypt.GenerateFromPassword([]byte(p.Password), cost)
		if err != nil {
			return nil, err
		}
		p.PasswordHash = lmssso.Secret(hash)
		list = append(list, p.user)
	}
	return newUsers(list, cost)
}
