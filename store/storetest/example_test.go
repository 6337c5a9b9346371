package storetest_test

import (
	"testing"
	"time"

	"github.com/lmssso/lmssso"
	"github.com/lmssso/lmssso/store"
	"github.com/lmssso/lmssso/store/storetest"
)

// A store's own test hands the suite a way to open it.
func ExampleRun() {
	_ = func(t *testing.T) {
		storetest.Run(t, func(_ *testing.T, now func() time.Time) lmssso.SingleUse {
			return store.NewMemory(store.MemoryConfig{Now: now})
		})
	}
	// Output:
}
