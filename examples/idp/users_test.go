package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/lmssso/lmssso"
)

// hashOfX is a hash of "x" at the least cost a file may have.
const hashOfX = "$2a$10$oYCgE.F9xgckLFu5saY/c.IoIGw.QIRWsz/U08YelrGHDPA7Yxaii"

func hash(t *testing.T, password string, cost int) lmssso.Secret {
	t.Helper()
	h, err := bcrypt.GenerateFromPassword([]byte(password), cost)
	require.NoError(t, err)
	return lmssso.Secret(h)
}

func TestNobodysPasswordTakesAsMuchWorkAsAnybodys(t *testing.T) {
	us, err := newUsers([]user{{ID: "1", Email: "a@example.com", PasswordHash: hash(t, "x", bcrypt.MinCost+1)}}, bcrypt.MinCost)
	require.NoError(t, err)
	cost, err := bcrypt.Cost(us.nobody)
	require.NoError(t, err)
	require.Equal(t, bcrypt.MinCost+1, cost)
	require.ErrorIs(t, bcrypt.CompareHashAndPassword(us.nobody, []byte("x")), bcrypt.ErrMismatchedHashAndPassword, "compared to the end")
	other, err := newUsers(us.list, bcrypt.MinCost)
	require.NoError(t, err)
	require.NotEqual(t, us.nobody, other.nobody)
}

func TestThePartOfAPasswordThatDoesNotCountIsNoPassword(t *testing.T) {
	long := strings.Repeat("p", maxPassword)
	us, err := newUsers([]user{{ID: "1", Email: "a@example.com", PasswordHash: hash(t, long, bcrypt.MinCost)}}, bcrypt.MinCost)
	require.NoError(t, err)
	_, ok := us.check("a@example.com", long)
	require.True(t, ok)
	_, ok = us.check("a@example.com", long+"and more")
	require.False(t, ok)
}

func TestAFaultyListOfUsersIsRefused(t *testing.T) {
	good, costly := hash(t, "x", bcrypt.MinCost), hash(t, "x", bcrypt.MinCost+1)
	for name, c := range map[string]struct {
		list []user
		says string
	}{
		"nobody":                 {nil, "no users"},
		"without an id":          {[]user{{Email: "a@example.com", PasswordHash: good}}, "user 1 has no id"},
		"an id twice":            {[]user{{ID: "1", Email: "a@x", PasswordHash: good}, {ID: "1", Email: "b@x", PasswordHash: good}}, "user 2 has no id of its own"},
		"without an email":       {[]user{{ID: "1", Email: " ", PasswordHash: good}}, "user 1 has no email"},
		"an email twice":         {[]user{{ID: "1", Email: "a@x", PasswordHash: good}, {ID: "2", Email: "A@x", PasswordHash: good}}, "user 2 has no email of its own"},
		"a password in plain":    {[]user{{ID: "1", Email: "a@x", PasswordHash: "open-sesame"}}, "user 1 has no bcrypt hash"},
		"without a hash":         {[]user{{ID: "1", Email: "a@x"}}, "user 1 has no bcrypt hash"},
		"hashes of unequal cost": {[]user{{ID: "1", Email: "a@x", PasswordHash: good}, {ID: "2", Email: "b@x", PasswordHash: costly}}, "another cost"},
	} {
		t.Run(name, func(t *testing.T) {
			us, err := newUsers(c.list, bcrypt.MinCost)
			require.ErrorContains(t, err, c.says)
			require.Nil(t, us)
			require.NotContains(t, err.Error(), "open-sesame")
		})
	}
	_, err := newUsers([]user{{ID: "1", Email: "a@x", PasswordHash: good}}, minCost)
	require.ErrorContains(t, err, "the least is 10")
}

func TestAFileOfUsersIsReadStrictly(t *testing.T) {
	const one = `{"id": "u-1", "email": "a@example.com", "firstName": "A", "lastName": "B", "role": "student", "courses": ["intro"], "passwordHash": "HASH"}`
	for name, c := range map[string]struct{ text, says string }{
		"good":           {"[" + one + "]", ""},
		"an unknown key": {`[{"id": "u-1", "password": "open-sesame"}]`, `unknown field "password"`},
		"two documents":  {"[" + one + "][]", "something after"},
		"no JSON":        {"id,email", "invalid character"},
		"nobody in it":   {"[]", "no users"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "users.json")
			require.NoError(t, os.WriteFile(file, []byte(strings.ReplaceAll(c.text, "HASH", hashOfX)), 0o600))
			us, err := readUsers(file)
			if c.says == "" {
				require.NoError(t, err)
				u, ok := us.check("a@example.com", "x")
				require.True(t, ok)
				require.Equal(t, []string{"intro"}, u.learner().Access.CourseSlugs.All())
				require.Equal(t, "student", u.learner().Role)
				return
			}
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), "open-sesame")
		})
	}
	_, err := readUsers(filepath.Join(t.TempDir(), "none.json"))
	require.ErrorIs(t, err, os.ErrNotExist)
}
