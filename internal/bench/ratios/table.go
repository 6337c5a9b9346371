package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"text/tabwriter"

	"github.com/lmssso/lmssso/internal/bench"
)

// table is what is printed: a row for every goal, then the counts.
type table struct {
	rows   [][]string
	counts [][]string
}

// compare adds a row for each goal, and one for each subject that no goal names.
func (t *table) compare(c bench.Comparison, rounds []round) {
	ours := c.Subjects[0].Name
	told := map[string]bool{}
	for _, g := range c.Goals {
		told[g.Against] = true
		ratio := median(rounds, func(r round) float64 {
			mine, other := figure(r[ours], g.Unit), figure(r[g.Against], g.Unit)
			if g.Rate {
				mine, other = other, mine
			}
			return mine / other
		})
		t.rows = append(t.rows, []string{
			c.Name, ours, pace(rounds, ours, g.Unit), g.Against, pace(rounds, g.Against, g.Unit), ratioText(ratio, g), goalText(g),
			reached(ratio, g), allocs(rounds, ours) + " / " + allocs(rounds, g.Against),
		})
	}
	for _, s := range c.Subjects[1:] {
		if !told[s.Name] {
			t.rows = append(t.rows, []string{c.Name, s.Name, pace(rounds, s.Name, ""), "", "", "", "", "", allocs(rounds, s.Name)})
		}
	}
}

// count adds the exact figures.
func (t *table) count(figures []bench.Figure) {
	for _, f := range figures {
		goal, verdict := "", ""
		if f.Most > 0 {
			goal, verdict = "≤ "+number(f.Most), yes(f.Value <= f.Most)
		}
		t.counts = append(t.counts, []string{f.Name, number(f.Value), goal, verdict})
	}
}

func (t *table) print(w io.Writer) error {
	if err := columns(w, []string{"WORK", "SUBJECT", "TAKES", "BESIDE", "TAKES", "RATIO", "GOAL", "REACHED", "ALLOCS"}, t.rows); err != nil {
		return err
	}
	if len(t.counts) == 0 {
		return nil
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	return columns(w, []string{"EXACT COUNTS", "", "GOAL", "REACHED"}, t.counts)
}

func columns(w io.Writer, head []string, rows [][]string) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range slices.Concat([][]string{head}, rows) {
		for _, cell := range row {
			if _, err := fmt.Fprint(tw, cell, "\t"); err != nil {
				return err
			}
		}
		if _, err := fmt.Fprintln(tw); err != nil {
			return err
		}
	}
	return tw.Flush()
}

func median(rounds []round, of func(round) float64) float64 {
	all := make([]float64, 0, len(rounds))
	for _, r := range rounds {
		all = append(all, of(r))
	}
	slices.Sort(all)
	if mid := len(all) / 2; len(all)%2 == 1 {
		return all[mid]
	} else {
		return (all[mid-1] + all[mid]) / 2
	}
}

// pace is the median of a subject's figure, with its unit.
func pace(rounds []round, name, unit string) string {
	m := median(rounds, func(r round) float64 { return figure(r[name], unit) })
	switch {
	case unit == "" && m >= 1e7:
		return strconv.FormatFloat(m/1e6, 'f', 1, 64) + " ms"
	case unit == "":
		return strconv.FormatFloat(m/1000, 'f', 2, 64) + " µs"
	}
	return strconv.FormatFloat(m, 'f', 1, 64) + " " + unit
}

func allocs(rounds []round, name string) string {
	return number(median(rounds, func(r round) float64 { return float64(r[name].AllocsPerOp()) }))
}

func ratioText(ratio float64, g bench.Goal) string {
	text := strconv.FormatFloat(ratio, 'f', decimals(ratio), 64) + "×"
	if g.Rate {
		return text + " rate"
	}
	return text
}

// decimals is how many of them a ratio is told with: more where it is tiny.
func decimals(ratio float64) int {
	if ratio < 0.01 {
		return 5
	}
	return 2
}

func goalText(g bench.Goal) string {
	switch {
	case g.Least > 0:
		return fmt.Sprintf("≥ %.2f×", g.Least)
	case g.Most > 0:
		return fmt.Sprintf("≤ %.*f×", decimals(g.Most), g.Most)
	default:
		return ""
	}
}

func reached(ratio float64, g bench.Goal) string {
	switch {
	case g.Least > 0:
		return yes(ratio >= g.Least)
	case g.Most > 0:
		return yes(ratio <= g.Most)
	default:
		return ""
	}
}

func yes(ok bool) string {
	if ok {
		return "yes"
	}
	return "no"
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
