package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// series is what several rounds measured.
type series []float64

// median is the middle value, or between the two middle ones.
func (s series) median() float64 {
	sorted := slices.Sorted(slices.Values(s))
	n := len(sorted)
	if n == 0 {
		return 0
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// show writes the median, and the lowest and highest behind it.
func (s series) show(format func(float64) string) string {
	if len(s) == 0 {
		return "-"
	}
	return fmt.Sprintf("%s (%s–%s)", format(s.median()), format(slices.Min(s)), format(slices.Max(s)))
}

// comparison is one line of the table: our rate and the raw one, round by round.
type comparison struct {
	name             string
	ours, raw, ratio series
}

// add takes the two rates of a round. Their ratio is taken within the round, so
// that a machine that is slower for a while does not distort it.
func (c *comparison) add(ours, raw float64) {
	c.ours = append(c.ours, ours)
	c.raw = append(c.raw, raw)
	c.ratio = append(c.ratio, ours/raw)
}

// measure makes both measurements of a round; who begins changes from round to
// round.
func (c *comparison) measure(round int, ours, raw func() (float64, error)) error {
	var rates [2]float64
	for i := range 2 {
		which := (round + i) % 2
		rate, err := [2]func() (float64, error){ours, raw}[which]()
		if err != nil {
			return err
		}
		rates[which] = rate
	}
	c.add(rates[0], rates[1])
	return nil
}

// section is a part of the table with headings of its own.
type section struct {
	heading [4]string // what, ours, raw, ratio
	lines   []*comparison
}

func printTable(w io.Writer, sections ...section) error {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 3, ' ', 0)
	for i, s := range sections {
		if i > 0 {
			fmt.Fprintln(table, "\t\t\t") // an empty line within the same columns
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", s.heading[0], s.heading[1], s.heading[2], s.heading[3])
		for _, c := range s.lines {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", c.name, c.ours.show(perSecond), c.raw.show(perSecond), c.ratio.show(ratio))
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(text.String()) {
		if _, err := fmt.Fprintln(w, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
}

func ratio(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) }

// perSecond writes a rate as a whole number with thousands set apart.
func perSecond(v float64) string {
	s := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return strconv.Itoa(n) + " " + noun
}
