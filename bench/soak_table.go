package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"tocsin/internal/trial"
)

// flat is how much memory may grow in the calm phase: the heap breathes.
const flat = 1.25

// moreThanWindow is what may come again beyond what the window delivered: a chunk
// that was under way when it began.
const moreThanWindow = 256

// byFar is how many times what is allowed makes a soak fail. Less may be a machine
// that was busy with something else.
const byFar = 3

// allowed is how much may come again because of a kill.
func allowed(k trial.Kill) int64 { return k.Delivered + moreThanWindow }

func (s *soaking) print(size int64) error {
	counts := s.sink.Counts()
	var worst trial.Kill
	var repeats, window int64
	kept := 0
	for _, k := range s.life.Kills {
		repeats += k.Repeats
		window += k.Delivered
		if k.Repeats <= allowed(k) {
			kept++
		}
		if k.Repeats >= worst.Repeats {
			worst = k
		}
	}
	kills := len(s.life.Kills)
	perKill := func(n int64) string { return whole(float64(n) / float64(max(kills, 1))) }
	met := func(yes bool) string {
		if yes {
			return "met"
		}
		return "not met"
	}
	count := func(n int) string { return whole(float64(n)) }
	lines := [][]string{
		{"what", "result", "wanted"},
		{"kills", count(kills), fmt.Sprintf("%d %s", s.options.kills, met(kills >= s.options.kills))},
		{"messages acknowledged", count(s.book.Acknowledged())},
		{"publishes without an answer", count(s.book.Cut())},
		{"deliveries expected at reliable endpoints", count(s.expected)},
		{"  arrived", count(s.expected - s.lost)},
		{"  lost", count(s.lost), "0 " + met(s.lost == 0)},
		{"  waited for the last ones", s.waited.Round(time.Second).String()},
		{"deliveries expected at endpoints healed at the end", count(s.troubled)},
		{"  not arrived", count(s.late)},
		{"  neither retrying nor dead in the report", count(s.unaccounted), "0 " + met(s.unaccounted == 0)},
		{"reports on messages that are missing somewhere", count(s.asked)},
		{"  that do not add up", count(s.wrong), "0 " + met(s.wrong == 0)},
		{"repeats", whole(float64(counts.Repeats()))},
		{"  per kill", perKill(repeats), fmt.Sprintf("%s delivered in %s before it", perKill(window), trial.Window)},
		{"  most after one kill", whole(float64(worst.Repeats)), whole(float64(worst.Delivered)) + " delivered before that one"},
		{"  kills within that and a chunk", count(kept), fmt.Sprintf("%d %s", kills, met(kept == kills))},
		{"  without a kill", whole(float64(counts.SameRun)), "0 " + met(counts.SameRun == 0)},
		{"size of the data folder", mebibytes(float64(size))},
	}
	if n := len(s.memory); n > 0 {
		tenth := max(n/10, 1)
		start, end := s.memory[:tenth].median(), s.memory[n-tenth:].median()
		lines = append(lines, []string{"memory in the calm: start, peak, end", fmt.Sprintf("%s, %s, %s",
			mebibytes(start), mebibytes(s.memory.quantile(1)), mebibytes(end)), "flat " + met(end <= flat*start)})
	}
	return writeColumns(os.Stdout, lines)
}

// sizeOf is how many bytes a folder holds.
func sizeOf(dir string) (size int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	return size, err
}
