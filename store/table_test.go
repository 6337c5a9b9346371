package store

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTableDropsExpiredRecordsInTimeEvenWithRoomLeft(t *testing.T) {
	var tab table
	for i := range byte(3) {
		tab.makeRoom(1)
		tab.put(digest{i}, 100, 1)
	}
	tab.makeRoom(99)
	require.Equal(t, 3, tab.used, "nothing has ended")
	tab.makeRoom(100)
	require.Equal(t, 3, tab.used, "it is not due yet")
	tab.makeRoom(1 + tidyEvery)
	require.Zero(t, tab.used)
}

func TestTableShrinksAndStaysSmall(t *testing.T) {
	var tab table
	fill := func(n int, end, now int64) {
		for i := range n {
			tab.makeRoom(now)
			tab.put(digest{byte(i), byte(i >> 8), 0, 0, 0, 0, 0, byte(i * 31)}, end, now)
		}
	}
	fill(3000, 100, 1)
	require.LessOrEqual(t, len(tab.slots), 2*3000, "48 bytes a record at most")
	fill(1, 300, 200+tidyEvery)
	require.Len(t, tab.slots, minSlots)
}

// TestTableAgreesWithAMap makes random moves on a table whose ids all begin their search in few places, so that long
// chains form, and on a map.
func TestTableAgreesWithAMap(t *testing.T) {
	for seed := range uint64(10) {
		r := rand.New(rand.NewPCG(seed, 0))
		var tab table
		want := map[digest]int64{}
		now := int64(1)
		for step := range 2000 {
			id := digest{byte(r.IntN(60)), 0, 0, 0, 0, 0, 0, byte(r.IntN(3) * 80)}
			at := fmt.Sprintf("seed %d, step %d", seed, step)
			require.Equal(t, want[id] > now, tab.live(id, now), at)
			switch r.IntN(4) {
			case 0:
				require.Equal(t, want[id] > now, tab.take(id, now), at)
				delete(want, id)
			case 1:
				now += int64(r.IntN(20))
			default:
				if want[id] <= now {
					want[id] = now + 1 + int64(r.IntN(100))
					tab.makeRoom(now)
					tab.put(id, want[id], now)
				}
			}
		}
	}
}

func TestTimesAreClamped(t *testing.T) {
	for given, want := range map[time.Time]int64{
		{}:                  1,
		time.Unix(-1, 0):    1,
		time.Unix(0, 0):     1,
		time.Unix(0, 7):     7,
		time.Unix(1, 7):     1e9 + 7,
		time.Unix(1<<40, 0): 1<<63 - 1,
		time.Unix(1<<62, 0): 1<<63 - 1,
	} {
		require.Equal(t, want, nanos(given))
	}
}
