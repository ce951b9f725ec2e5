package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// row is a line of the table: what is measured, and what is wanted of it.
type row struct {
	name   string
	base   string // what stands beside ours; empty for nothing
	unit   unit   // of ours and of the base
	result unit   // of what is judged: ours as it is, or its ratio to the base
	goal   goal

	ours, bases, results series // one for each round
}

// goal is what a result must reach at least, and what it is meant to. Zero is no
// goal.
type goal struct {
	atLeast, aim float64
	atMost       bool // less is better
}

// mark says whether a result reaches a goal.
func (g goal) mark(result, goal float64, u unit) string {
	switch {
	case goal == 0:
		return ""
	case g.atMost && result <= goal, !g.atMost && result >= goal:
		return u(goal) + " met"
	}
	return u(goal) + " not met"
}

// reading is what one round found for a row.
type reading struct{ ours, base, result float64 }

// ofBase judges the ratio to the base.
func ofBase(ours, base float64) reading { return reading{ours, base, ours / base} }

// alone judges the figure itself.
func alone(ours float64) reading { return reading{ours, math.NaN(), ours} }

// step is what a round measures in one go: one reading for each of its rows.
type step struct {
	name    string
	once    bool // one round is enough
	rows    []*row
	measure func(ctx context.Context, round int) ([]reading, error)
}

// take makes the step's measurement of a round.
func (s step) take(ctx context.Context, round int) error {
	readings, err := s.measure(ctx, round)
	if err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	for i, r := range readings {
		row := s.rows[i]
		row.ours = append(row.ours, r.ours)
		row.bases = append(row.bases, r.base)
		row.results = append(row.results, r.result)
	}
	return nil
}

// compare is the step of a row that is judged by the ratio of two rates, measured
// in turns: who begins changes from round to round.
func compare(r *row, ours, base func(context.Context) (float64, error)) step {
	return step{name: r.name, rows: []*row{r}, measure: func(ctx context.Context, round int) ([]reading, error) {
		var rates [2]float64
		for i := range 2 {
			which := (round + i) % 2
			rate, err := [2]func(context.Context) (float64, error){ours, base}[which](ctx)
			if err != nil {
				return nil, err
			}
			rates[which] = rate
		}
		return []reading{ofBase(rates[0], rates[1])}, nil
	}}
}

// series is what several rounds measured.
type series []float64

// median is the middle value, or between the two middle ones.
func (s series) median() float64 {
	sorted := slices.Sorted(slices.Values(s))
	n := len(sorted)
	if n == 0 {
		return math.NaN()
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// quantile is the value that the part q of a series does not exceed.
func (s series) quantile(q float64) float64 {
	sorted := slices.Sorted(slices.Values(s))
	if len(sorted) == 0 {
		return math.NaN()
	}
	return sorted[max(int(math.Ceil(q*float64(len(sorted))))-1, 0)]
}

// unit writes a value.
type unit func(float64) string

func ratio(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) }

func millis(v float64) string { return strconv.FormatFloat(v*1e3, 'f', 2, 64) + " ms" }

func mebibytes(v float64) string { return strconv.FormatFloat(v/(1<<20), 'f', 0, 64) + " MiB" }

// perSecond writes a rate as a whole number with thousands set apart.
func perSecond(v float64) string { return whole(v) + "/s" }

func whole(v float64) string {
	s := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func inSeconds(times []time.Duration) series {
	s := make(series, len(times))
	for i, t := range times {
		s[i] = t.Seconds()
	}
	return s
}

func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return whole(float64(n)) + " " + noun
}
