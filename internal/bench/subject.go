// Package bench measures the library beside other ways to do the same: another library, and the floor, which is what
// the standard library alone takes for the work nobody can avoid. [Comparisons] lists what is compared and the ratio
// each must reach; the benchmarks of the test file and the program ratios both run that list.
//
//	go test -bench . -benchmem ./...   the figures
//	go run ./ratios                    the ratios: subjects by turns, medians
//
// Every check of the library is on in every figure: the tests of this package offer each subject a good token and a
// forged one, so that no figure comes from an error path.
package bench

import (
	"context"
	"slices"
	"testing"
)

// Subject is one thing that is measured.
type Subject struct {
	// Name names it within its comparison, such as "lmssso" or "floor".
	Name string
	// Bench measures it. It may be called more than once.
	Bench func(b *testing.B)
}

// Goal is a bound on one figure of the first subject of a comparison, relative to another's.
type Goal struct {
	// Against is the other subject's name; the ratio is the first's figure divided by the other's.
	Against string
	// Unit is the figure; "" is ns/op. Others are what a subject reports by itself.
	Unit string
	// Most is the largest ratio that reaches the goal; 0 where there is none and the ratio is only told.
	Most float64
	// Rate turns the ratio round: how many operations the first does while the other does one.
	Rate bool
	// Least is the smallest ratio of rates that reaches the goal; 0 where there is none.
	Least float64
}

// Comparison is several subjects that do the same work. The first is the library's.
type Comparison struct {
	// Name names the work.
	Name string
	// Subjects are measured by turns.
	Subjects []Subject
	// Goals are judged after all turns.
	Goals []Goal
}

// Comparisons lists everything that is measured. Making the list sets most subjects up. What it opens lives as long as
// the process; dir is a folder for databases.
func Comparisons(dir string) []Comparison {
	all := newTokens()
	return append([]Comparison{
		verifying(all), refusing(), minting(), planning(), redirecting(),
		signingIn(all), overLoopback(all), onSQLite(dir), filling(), asking(),
	}, append(bySAML(), byOpenID()...)...)
}

// Figure is an exact count, the same in every run.
type Figure struct {
	// Name says what is counted.
	Name string
	// Value is the count; Most the goal, 0 where there is none.
	Value, Most float64
}

// Figures counts what does not depend on the machine: allocations, statements, fetches, bytes kept.
func Figures(dir string) []Figure {
	return slices.Concat(allocations(), statements(dir), openIDFigures())
}

// operation makes a subject of a function. What fails to be set up, or fails once it is, ends the run: a figure of an
// error path would be worthless.
func operation(name string, op func() error) Subject {
	return Subject{name, func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := op(); err != nil {
				b.Fatal(err)
			}
		}
	}}
}

// must returns what was set up. There is no measuring without it.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// background is the context of everything measured.
func background() context.Context { return context.Background() }
