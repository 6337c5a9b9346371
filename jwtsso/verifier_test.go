package jwtsso_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lmssso/lmssso"
)

func TestVerifyReturnsTheLogin(t *testing.T) {
	s := &spender{}
	a, err := verifier(t, config(s)).Verify(t.Context(), sign(newKey, goodHeader, `{
		"iat": 1699999990.5, "exp": 1700000060, "nbf": 1699999990, "jti": "id-1", "iss": "https://idp.example",
		"externalCustomerId": "12345", "email": "Bob@Example.com", "firstName": "Bob", "lastName": null,
		"role": "learner", "dualRole": true, "courseSlugs": ["a","b"], "replaceCourseAccess": "yes",
		"ref10": "ten", "customFields": {"team": "red", "desk": null}, "returnTo": "/learn/", "extra": {"a": [1]}}`))
	require.NoError(t, err)
	require.Equal(t, lmssso.Origin{Protocol: lmssso.JWT, Connection: "main-jwt", Issuer: "https://idp.example", ID: "id-1"}, a.Origin)
	require.Equal(t, lmssso.Link{Realm: "main", ExternalID: "12345"}, a.Link)
	require.Equal(t, "12345", a.Subject.Value)
	require.Equal(t, now.Add(-9500*time.Millisecond), a.Times.IssuedAt)
	require.Equal(t, now.Add(time.Minute), a.Times.NotOnOrAfter)
	require.Equal(t, "bob@example.com", a.Profile.Email.String())
	require.Equal(t, "Bob", a.Profile.FirstName.String())
	require.Equal(t, "blank", a.Profile.LastName.State().String())
	require.Equal(t, "student", a.Profile.Role.String(), "learner means student")
	require.True(t, a.Profile.DualRole)
	require.Equal(t, []string{"a", "b"}, a.Access.CourseSlugs.All())
	require.True(t, a.Access.Replace.Courses)
	require.True(t, a.Access.LearningPathSlugs.IsAbsent())
	require.Equal(t, "ten", a.Profile.Refs[9].String())
	require.Equal(t, "red", a.Profile.CustomFields["team"].String())
	require.Equal(t, "blank", a.Profile.CustomFields["desk"].State().String())
	require.Equal(t, "/learn/", a.ReturnTo)
	require.Equal(t, []string{"learner"}, a.Raw["role"], "raw is what was sent")
	require.Equal(t, []string{`{"a": [1]}`}, a.Raw["extra"])
	require.Equal(t, 1, s.adds)
}
