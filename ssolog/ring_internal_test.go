package ssolog

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAFullOrOldRecordIsLetGoWhenAnotherArrives(t *testing.T) {
	start := time.Date(2025, 3, 14, 12, 0, 0, 0, time.UTC)
	g := ring{most: 3, age: time.Hour}
	for _, minute := range []int{0, 10, 20, 30} {
		g.add(&record{at: start.Add(time.Duration(minute) * time.Minute)})
	}
	require.Len(t, g.kept, 3)
	g.add(&record{at: start.Add(90 * time.Minute)})
	require.Len(t, g.kept, 2, "the record exactly one age old stays")
	g.add(&record{at: start.Add(9 * time.Hour)})
	require.Len(t, g.kept, 1, "memory holds nothing past its time")
}
