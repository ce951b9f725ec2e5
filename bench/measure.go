package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"tocsin/internal/trial"
)

// bench is a run.
type bench struct {
	options options
	dir     string // temporary; its disk is what publishing waits for
	binary  string // of tocsin; empty with a service that runs already
	sink    receiver
	closers []func() // end what has been started
}

// part is what can be measured by itself. ready starts what it needs and gives the
// steps of a round.
type part struct {
	name  string
	ready func(*bench, context.Context) ([]step, error)
}

// The names of the parts.
const (
	partPublish   = "publish"
	partDeliver   = "deliver"
	partMNS       = "mns"
	partStored    = "stored"
	partIsolation = "isolation"
	partPressure  = "pressure"
	partMillion   = "million"
)

// parts are in the order of the table.
var parts = []part{
	{name: partPublish, ready: (*bench).publish},
	{name: partDeliver, ready: (*bench).deliver},
	{name: partMNS, ready: (*bench).mns},
	{name: partStored, ready: (*bench).stored},
	{name: partIsolation, ready: (*bench).isolation},
	{name: partPressure, ready: (*bench).pressure},
	{name: partMillion, ready: (*bench).million},
}

// measure makes a run and prints its table.
func measure(ctx context.Context, o options) (err error) {
	b := &bench{options: o}
	if b.dir, err = os.MkdirTemp(o.dir, "tocsin-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	fsync, err := fsyncTime(b.dir)
	if err != nil {
		return err
	}
	busy := loadAverage()
	defer b.close()
	if o.url == "" {
		b.note("building tocsin")
		b.binary = filepath.Join(b.dir, "tocsin")
		if err := trial.Build(ctx, b.binary); err != nil {
			return err
		}
	}
	var rows []*row
	for _, p := range parts {
		if !slices.Contains(o.parts, p.name) {
			continue
		}
		measured, err := b.part(ctx, p)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		rows = append(rows, measured...)
	}
	if err := printTable(os.Stdout, rows); err != nil {
		return err
	}
	fmt.Printf("\n%d rounds of %s, ours and its base in turns; figures are medians, results are taken round by round.\n", o.rounds, o.length)
	if busy != "" {
		fmt.Printf("Before the run %s processes were running or waiting (load average of a minute); 0 is an idle machine.\n", busy)
	}
	fmt.Printf("GOMAXPROCS %d, %s, %s/%s; one fsync takes %.2f ms; generator of publishes: %s.\n", runtime.GOMAXPROCS(0), runtime.Version(), runtime.GOOS, runtime.GOARCH, fsync.Seconds()*1e3, o.generator)
	fmt.Println("Load, service and receiver share the machine. Only the ratios of one run count, never rates by themselves.")
	return nil
}

// part measures one part, and ends what it started.
func (b *bench) part(ctx context.Context, p part) (rows []*row, err error) {
	before := len(b.closers)
	defer func() {
		for _, end := range slices.Backward(b.closers[before:]) {
			end()
		}
		b.closers = b.closers[:before]
	}()
	b.note("%s: getting ready", p.name)
	if b.options.url == "" {
		sink, stop, err := startReceiver(ctx)
		if err != nil {
			return nil, err
		}
		b.sink = sink
		b.closers = append(b.closers, stop)
	}
	steps, err := p.ready(b, ctx)
	if err != nil {
		return nil, err
	}
	rounds := b.options.rounds
	for round := range rounds {
		for _, s := range steps {
			if s.once && round > 0 {
				continue
			}
			b.note("%s: round %d of %d, %s", p.name, round+1, rounds, s.name)
			if err := s.take(ctx, round); err != nil {
				return nil, err
			}
		}
	}
	for _, s := range steps {
		rows = append(rows, s.rows...)
	}
	return rows, nil
}

// close ends everything that still runs.
func (b *bench) close() {
	for _, end := range slices.Backward(b.closers) {
		end()
	}
	b.closers = nil
}

// launch starts a service of our own with topics that are there already. It ends
// with its part, or before that by the function that is returned.
func (b *bench) launch(ctx context.Context, plans []plan, env ...string) (*service, func(), error) {
	dir, err := os.MkdirTemp(b.dir, "service-")
	if err != nil {
		return nil, nil, err
	}
	data := filepath.Join(dir, "data")
	if err := prepare(ctx, data, plans); err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	// Its log goes to a file, as it would in life.
	p, err := trial.Start(ctx, trial.Config{Binary: b.binary, Data: data, Log: filepath.Join(dir, "log"), Env: env})
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	end := func() {
		p.Kill() // nobody needs its data any more
		_ = os.RemoveAll(dir)
	}
	b.closers = append(b.closers, end)
	s, err := logIn(ctx, p.URL(), ownAccount)
	if err != nil {
		return nil, nil, err
	}
	s.process = p
	return s, end, nil
}

// loadAverage is how busy others keep the machine; empty where nobody knows.
func loadAverage() string {
	text, _ := os.ReadFile("/proc/loadavg")
	minute, _, _ := strings.Cut(string(text), " ")
	return minute
}

// note tells on standard error what is going on.
func (*bench) note(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
