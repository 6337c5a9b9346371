// Command ratios measures the library beside its peers and floors, by turns, and prints what share of their time it
// takes.
//
//	go run ./ratios                      # everything
//	go run ./ratios -only 'verify|mint'  # some of it
//
// A machine that does other things at the same time changes its pace from second to second. So each round measures every
// subject of a comparison once, for a short time, beginning with another one each time; a ratio is taken within a round,
// and the median of all rounds is printed. Allocations do not depend on the machine.
package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/lmssso/lmssso/internal/bench"
)

type options struct {
	rounds int
	each   time.Duration
	only   *regexp.Regexp
}

func main() {
	o, err := readOptions()
	if err == nil {
		err = run(o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "ratios:", err)
		os.Exit(1)
	}
}

func readOptions() (options, error) {
	var o options
	var only string
	flag.IntVar(&o.rounds, "rounds", 9, "how often every subject has its turn")
	flag.DurationVar(&o.each, "time", 100*time.Millisecond, "how long a turn takes")
	flag.StringVar(&only, "only", "", "a regular expression on the names of comparisons")
	testing.Init()
	flag.Parse()
	if o.rounds < 1 || o.each <= 0 || flag.NArg() > 0 {
		return o, fmt.Errorf("rounds and time must be positive, and nothing else is taken")
	}
	re, err := regexp.Compile(only)
	o.only = re
	if err != nil {
		return o, err
	}
	return o, flag.Set("test.benchtime", o.each.String())
}

func run(o options) (err error) {
	dir, err := os.MkdirTemp("", "ratios")
	if err != nil {
		return err
	}
	defer func() {
		if gone := os.RemoveAll(dir); err == nil {
			err = gone
		}
	}()
	var t table
	for _, c := range bench.Comparisons(dir) {
		if !o.only.MatchString(c.Name) {
			continue
		}
		fmt.Fprintln(os.Stderr, "measuring", c.Name)
		rounds, err := measure(c, o.rounds)
		if err != nil {
			return err
		}
		t.compare(c, rounds)
	}
	if o.only.String() == "" {
		t.count(bench.Figures(dir))
	}
	return t.print(os.Stdout)
}

// round is what one round measured, by the name of the subject.
type round map[string]testing.BenchmarkResult

// measure gives every subject its turns.
func measure(c bench.Comparison, n int) ([]round, error) {
	var out []round
	for i := range n {
		r := round{}
		for j := range c.Subjects {
			s := c.Subjects[(i+j)%len(c.Subjects)]
			res := testing.Benchmark(s.Bench)
			if res.N == 0 {
				return nil, fmt.Errorf("%s of %s failed", s.Name, c.Name)
			}
			r[s.Name] = res
		}
		out = append(out, r)
	}
	return out, nil
}

// figure is one number of a result: nanoseconds an operation, or what the subject reported in the unit.
func figure(res testing.BenchmarkResult, unit string) float64 {
	if unit != "" {
		return res.Extra[unit]
	}
	return float64(res.T.Nanoseconds()) / float64(res.N)
}
