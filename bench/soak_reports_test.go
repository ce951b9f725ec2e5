package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/internal/trial"
	"tocsin/shared/smn"
)

// Nothing has arrived of a message to two endpoints in trouble and a reliable one.
func TestReportsAccountForWhatIsLate(t *testing.T) {
	sink := trial.NewSink()
	note := trial.Note{MessageID: smn.NewID(), Topic: trial.Topic{Endpoints: []trial.Endpoint{
		{Behaviour: trial.Good, Number: 1}, {Behaviour: trial.Failing, Number: 2}, {Behaviour: trial.Hanging, Number: 3},
	}}}
	for name, c := range map[string]struct {
		counts      smn.DeliveryCounts
		fanningOut  bool
		unaccounted int
		wrong       bool
	}{
		"all retrying":           {counts: smn.DeliveryCounts{Matched: 3, Retrying: 3}},
		"retrying and dead":      {counts: smn.DeliveryCounts{Matched: 3, Retrying: 1, Dead: 2}},
		"one said to be there":   {counts: smn.DeliveryCounts{Matched: 3, Delivered: 1, Retrying: 1, Dead: 1}, unaccounted: 1},
		"all said to be there":   {counts: smn.DeliveryCounts{Matched: 3, Delivered: 3}, unaccounted: 2},
		"one forgotten":          {counts: smn.DeliveryCounts{Matched: 2, Retrying: 2}, unaccounted: 1, wrong: true},
		"more than there are":    {counts: smn.DeliveryCounts{Matched: 4, Retrying: 4}, wrong: true},
		"a sum that is wrong":    {counts: smn.DeliveryCounts{Matched: 3, Delivered: 1, Retrying: 3}, wrong: true},
		"less than nothing":      {counts: smn.DeliveryCounts{Matched: 3, Delivered: -1, Retrying: 4}, wrong: true},
		"still fanning out":      {counts: smn.DeliveryCounts{Matched: 3, Retrying: 3}, fanningOut: true, wrong: true},
		"no report of it at all": {fanningOut: true, unaccounted: 2, wrong: true},
	} {
		report := smn.MessageReport{FannedOut: !c.fanningOut, Counts: c.counts}
		require.Equal(t, balance{unaccounted: c.unaccounted, wrong: c.wrong}, balanceOf(note, sink.Ledger, report), name)
	}
}

func TestVerdict(t *testing.T) {
	within := trial.Kill{Repeats: byFar * (10 + moreThanWindow), Delivered: 10}
	beyond := within
	beyond.Repeats++
	for _, c := range []struct {
		s    *soaking
		want error
	}{
		{&soaking{life: &trial.Life{Kills: []trial.Kill{within}}, late: 5, asked: 5}, nil},
		{&soaking{life: &trial.Life{Kills: []trial.Kill{within, beyond, within}}}, errRepeated},
		{&soaking{life: &trial.Life{}, lost: 1}, errLost},
		{&soaking{life: &trial.Life{}, unaccounted: 1}, errLost},
		{&soaking{life: &trial.Life{}, wrong: 1}, errReports},
	} {
		require.ErrorIs(t, c.s.verdict(), c.want)
	}
}
