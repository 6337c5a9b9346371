package provisiontest_test

import (
	"fmt"
	"testing"

	"github.com/lmssso/lmssso/provision"
	"github.com/lmssso/lmssso/provision/memory"
	"github.com/lmssso/lmssso/provision/provisiontest"
)

// A directory of one's own is checked by one test. The memory directory stands for it here.
func Example() {
	TestDirectory := func(t *testing.T) {
		provisiontest.Run(t, func(t *testing.T, facts provision.Facts) provision.Directory {
			d, err := memory.New(memory.Config{Facts: facts})
			if err != nil {
				t.Fatal(err)
			}
			return d
		})
	}
	fmt.Println(TestDirectory != nil)
	// Output: true
}
