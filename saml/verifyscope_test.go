package saml

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lmssso/lmssso"
	"github.com/stretchr/testify/require"
)

// A response declares prefixes for an assertion that was encrypted as it was written, without them. Its own signature
// does not cover them, because nothing outside the ciphertext uses them; only the assertion's own signature does.
func TestPrefixesDeclaredOutsideTheCiphertext(t *testing.T) {
	const declared = ` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xs="http://www.w3.org/2001/XMLSchema"`
	sealed := func(t *testing.T, inner, outer *signing) string {
		plain := signedText(plainAssertion, inner)
		require.Contains(t, plain, declared)
		body := seal([]byte(strings.Replace(plain, declared, "", 1)), sealing{})
		response := strings.Replace(plainResponse, "<samlp:Response ", "<samlp:Response"+declared+" ", 1)
		return signedText(fmt.Sprintf(response, body), outer)
	}
	cfg := func() Config { return newConfig(func(c *Config) { c.Allow = Allow{} }) }
	for name, outer := range map[string]*signing{"the response is signed as well": {}, "the assertion alone is signed": nil} {
		t.Run(name, func(t *testing.T) {
			a, err := verifierFor(t, cfg()).response(t.Context(), encode(sealed(t, &signing{}, outer)), answer())
			require.NoError(t, err)
			require.Equal(t, "user-17", a.Link.ExternalID)
		})
	}
	t.Run("the response alone is signed, which does not cover them", func(t *testing.T) {
		refused(t, cfg(), encode(sealed(t, nil, &signing{})), answer(), ErrDecryption)
	})
	t.Run("given another meaning", func(t *testing.T) {
		doc := swap(`xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"`, `xmlns:xsi="http://attacker.example"`)(sealed(t, &signing{}, &signing{}))
		refused(t, cfg(), encode(doc), answer(), lmssso.ErrSignature)
	})
}
