package jwtsso_test

import (
	"fmt"
	"testing"

	"github.com/lmssso/lmssso"
)

// TestTokensFromAnAgeAheadAreRefused goes beyond the 292 years a time.Duration holds, where a difference is cut off.
func TestTokensFromAnAgeAheadAreRefused(t *testing.T) {
	for _, iat := range []int64{10923372036, 10923372037, 20000000000, 253402300799} {
		s := &spender{}
		a, err := verifier(t, config(s)).Verify(t.Context(), sign(newKey, goodHeader, fmt.Sprintf(`{"iat":%d,"externalCustomerId":"12345","email":"bob@example.com"}`, iat)))
		refused(t, s, a, err, lmssso.ErrNotYetValid)
	}
}
