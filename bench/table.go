package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
)

// printTable writes the rows: medians, behind each result its lowest and highest,
// and whether it reaches the goals.
func printTable(w io.Writer, rows []*row) error {
	lines := [][]string{{"what", "Tocsin", "beside it", "result (lowest–highest)", "at least", "aim"}}
	for _, r := range rows {
		if len(r.results) == 0 {
			lines = append(lines, []string{r.name, "not measured"})
			continue
		}
		base, result := r.bases.median(), r.results.median()
		beside := ""
		if !math.IsNaN(base) {
			beside = strings.TrimSpace(r.unit(base) + " " + r.base)
		}
		lines = append(lines, []string{
			r.name,
			r.unit(r.ours.median()),
			beside,
			fmt.Sprintf("%s (%s–%s)", r.result(result), r.result(slices.Min(r.results)), r.result(slices.Max(r.results))),
			r.goal.mark(result, r.goal.atLeast, r.result),
			r.goal.mark(result, r.goal.aim, r.result),
		})
	}
	return writeColumns(w, lines)
}

// writeColumns sets lines of cells below each other.
func writeColumns(w io.Writer, lines [][]string) error {
	var text strings.Builder
	columns := tabwriter.NewWriter(&text, 0, 0, 3, ' ', 0)
	for _, cells := range lines {
		fmt.Fprintln(columns, strings.Join(cells, "\t"))
	}
	if err := columns.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(text.String()) {
		if _, err := fmt.Fprintln(w, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
}
