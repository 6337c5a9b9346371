package bench

import "testing"

// Benchmark runs every subject, each under the name of its comparison.
func Benchmark(b *testing.B) {
	for _, c := range Comparisons(b.TempDir()) {
		b.Run(c.Name, func(b *testing.B) {
			for _, s := range c.Subjects {
				b.Run(s.Name, s.Bench)
			}
		})
	}
}
