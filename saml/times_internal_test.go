package saml

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A quarter of a number of nanoseconds must be taken before it is tripled: from about 97 years on the other order has no
// room left.
func TestMetadataValidForALifetimeIsAskedForAsOthers(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	s := &MetadataSource{cfg: MetadataConfig{RefreshEvery: 6 * time.Hour}}
	for _, years := range []int{1, 90, 124, 190, 290, 5000} {
		require.GreaterOrEqual(t, s.pause(lifetime{until: now.AddDate(years, 0, 0)}, now), 4*time.Hour+30*time.Minute, "%d years", years)
	}
}

func TestTheLongestMaxAuthnAgeRefusesNobody(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	w := window{now: now, leeway: time.Minute}
	require.NoError(t, w.checkAuthnInstant(now.Add(-time.Hour), nil, math.MaxInt64))
	require.NoError(t, w.checkAuthnInstant(now.Add(-time.Hour-time.Minute), nil, time.Hour))
	require.ErrorIs(t, w.checkAuthnInstant(now.Add(-time.Hour-time.Minute-time.Nanosecond), nil, time.Hour), ErrAuthnAge)
}
