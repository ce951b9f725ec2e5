package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"slices"
	"time"
)

// The parts of a run.
const (
	partPublish = "publish"
	partDeliver = "deliver"
)

// bench is a run.
type bench struct {
	options options
	service *service
	raw     process
	sink    sinkClient // of our own service only

	// settle waits until the service has done all that its publishes left behind.
	settle func(context.Context) error
}

// measure makes a run and prints its table.
func measure(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp(o.dir, "tocsin-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fsync, err := fsyncTime(dir)
	if err != nil {
		return err
	}
	b := &bench{options: o}
	stop, err := b.start(ctx, dir)
	defer stop()
	if err != nil {
		return err
	}
	var table []section
	var repeats int64
	if o.only != partDeliver {
		s, err := b.publish(ctx)
		if err != nil {
			return err
		}
		table = append(table, s)
	}
	if o.only != partPublish {
		s, n, err := b.deliver(ctx)
		if err != nil {
			return err
		}
		table, repeats = append(table, s), n
	}
	if err := printTable(os.Stdout, table...); err != nil {
		return err
	}
	fmt.Println()
	if o.only != partPublish {
		fmt.Printf("Repeated deliveries: %d.\n", repeats)
	}
	fmt.Printf("%d rounds of %s, ours and raw in turns: median (lowest–highest); ratios are taken round by round.\n", o.rounds, o.length)
	fmt.Printf("GOMAXPROCS %d, %s, %s/%s; one fsync takes %.2f ms.\n", runtime.GOMAXPROCS(0), runtime.Version(), runtime.GOOS, runtime.GOARCH, fsync.Seconds()*1e3)
	fmt.Println("Load, service and receiver share the machine. Only the ratios of one run count, never rates by themselves.")
	return nil
}

// start starts all that is needed. What it has started is ended by stop, also
// after an error.
func (b *bench) start(ctx context.Context, dir string) (stop func(), err error) {
	var stops []func()
	stop = func() {
		for _, s := range slices.Backward(stops) {
			s()
		}
	}
	if b.raw, err = startRole(ctx, roleRaw); err != nil {
		return stop, err
	}
	stops = append(stops, b.raw.stop)
	if b.options.url != "" {
		return stop, b.useRunning(ctx)
	}
	sink, err := startRole(ctx, roleSink)
	if err != nil {
		return stop, err
	}
	stops = append(stops, sink.stop)
	b.sink = sinkClient{url: sink.url, client: &http.Client{Timeout: patience}}
	b.note("building and starting tocsin")
	tocsin, err := startTocsin(ctx, dir)
	if err != nil {
		return stop, err
	}
	stops = append(stops, tocsin.stop)
	if b.service, err = logIn(ctx, tocsin.url, ownAccount); err != nil {
		return stop, err
	}
	b.settle, err = b.marker(ctx)
	return stop, err
}

// useRunning takes the service that the options name. From outside nobody sees
// whether it has settled, so it gets a moment.
func (b *bench) useRunning(ctx context.Context) (err error) {
	b.service, err = logIn(ctx, b.options.url, b.options.account)
	b.settle = func(ctx context.Context) error {
		select {
		case <-time.After(time.Second):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return err
}

// note tells on standard error what is going on.
func (*bench) note(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
