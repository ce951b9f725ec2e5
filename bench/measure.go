package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"time"

	"tocsin/shared/smn"
)

// The parts of a run.
const (
	partPublish = "publish"
	partDeliver = "deliver"
)

var (
	concurrencies = []int{1, 16, 64}
	subscribers   = []int{1, 100, 1000}
)

// bench is a run.
type bench struct {
	options options
	service *service
	raw     process
	sink    sinkClient // of our own service only

	// settle waits until the service has done all that its publishes left behind.
	settle func(context.Context) error

	repeats int64
}

func measure(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp(o.dir, "tocsin-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := &bench{options: o}
	if b.raw, err = startRole(roleRaw); err != nil {
		return err
	}
	defer b.raw.stop()
	if o.url != "" {
		err = b.useRunning(ctx)
	} else {
		var stop func()
		stop, err = b.startOwn(ctx, dir)
		defer stop()
	}
	if err != nil {
		return err
	}
	fsync, err := fsyncTime(dir)
	if err != nil {
		return err
	}
	var table []section
	if o.only != partDeliver {
		s, err := b.publish(ctx)
		if err != nil {
			return err
		}
		table = append(table, s)
	}
	if o.only != partPublish {
		s, err := b.deliver(ctx)
		if err != nil {
			return err
		}
		table = append(table, s)
	}
	if err := printTable(os.Stdout, table...); err != nil {
		return err
	}
	if o.only != partPublish {
		fmt.Printf("\nRepeated deliveries: %d.", b.repeats)
	}
	fmt.Printf("\n%d rounds of %s, ours and raw in turns; median (lowest–highest), ratios taken round by round.\n", o.rounds, o.length)
	fmt.Printf("GOMAXPROCS %d, %s, %s/%s; one fsync takes %.2f ms.\n", runtime.GOMAXPROCS(0), runtime.Version(), runtime.GOOS, runtime.GOARCH, fsync.Seconds()*1e3)
	fmt.Println("Load, service and receiver share this machine: only ratios within one run count, never rates of different runs or machines.")
	return nil
}

// startOwn starts a service with an empty store, and a sink.
func (b *bench) startOwn(ctx context.Context, dir string) (stop func(), err error) {
	var stops []func()
	stop = func() {
		for _, s := range slices.Backward(stops) {
			s()
		}
	}
	sink, err := startRole(roleSink)
	if err != nil {
		return stop, err
	}
	stops = append(stops, sink.stop)
	b.sink = sinkClient{url: sink.url, client: &http.Client{Timeout: patience}}
	tocsin, err := startTocsin(ctx, dir)
	if err != nil {
		return stop, err
	}
	stops = append(stops, tocsin.stop)
	if b.service, err = logIn(ctx, tocsin.url, b.options, "admin"); err != nil {
		return stop, err
	}
	b.settle, err = b.marker(ctx)
	return stop, err
}

// useRunning takes the service that the options name. Nobody can see from
// outside when it has settled, so it gets a moment.
func (b *bench) useRunning(ctx context.Context) (err error) {
	password := os.Getenv("TOCSIN_PASSWORD")
	if password == "" {
		password = "admin"
	}
	b.service, err = logIn(ctx, b.options.url, b.options, password)
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

// marker makes a topic with one subscription. Tasks are done in the order in
// which they were made, so when a message published there arrives, all earlier
// ones have been seen to.
func (b *bench) marker(ctx context.Context) (settle func(context.Context) error, err error) {
	topic, err := b.service.topic(ctx, "marker")
	if err != nil {
		return nil, err
	}
	if err := b.service.subscribe(ctx, topic, b.sink.url, 1); err != nil {
		return nil, err
	}
	publishing, err := b.service.publishing(b.service.url, topic)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		before, err := b.sink.counts(ctx)
		if err != nil {
			return err
		}
		jobs := make(chan struct{}, 1)
		jobs <- struct{}{}
		close(jobs)
		if err := (fanOut{publishing: publishing}).publish(ctx, jobs); err != nil {
			return err
		}
		return poll(ctx, 6*patience, "the service to settle", func() (bool, error) {
			after, err := b.sink.counts(ctx)
			return after.Distinct > before.Distinct, err
		})
	}, nil
}

// publish measures publishing to a topic without subscribers.
func (b *bench) publish(ctx context.Context) (s section, err error) {
	topic, err := b.service.topic(ctx, partPublish)
	if err != nil {
		return s, err
	}
	ours, err := b.service.publishing(b.service.url, topic)
	if err != nil {
		return s, err
	}
	raw, err := b.service.publishing(b.raw.url, topic)
	if err != nil {
		return s, err
	}
	s.heading = [4]string{"publish, " + strconv.Itoa(messageBytes) + " bytes, no subscribers", "publishes/s", "raw net/http + JSON/s", "ratio"}
	for _, n := range concurrencies {
		s.lines = append(s.lines, &comparison{name: fmt.Sprintf("%d at once", n)})
	}
	for round := range b.options.rounds {
		for i, n := range concurrencies {
			b.progress(partPublish, round, n)
			err := s.lines[i].measure(round, func() (float64, error) {
				rate, err := ours.load(ctx, n, newSpan(b.options.length))
				if err == nil {
					err = b.settle(ctx)
				}
				return rate, err
			}, func() (float64, error) {
				return raw.load(ctx, n, newSpan(b.options.length))
			})
			if err != nil {
				return s, err
			}
		}
	}
	return s, b.service.DeleteTopic(ctx, smn.TopicInput{TopicURN: topic})
}

// deliver measures the fan-out to endpoints of the sink.
func (b *bench) deliver(ctx context.Context) (s section, err error) {
	s.heading = [4]string{"deliver, " + strconv.Itoa(messageBytes) + " bytes", "deliveries/s", "raw http.Client loop/s", "ratio"}
	fans := make([]fanOut, len(subscribers))
	for i, n := range subscribers {
		topic, err := b.service.topic(ctx, fmt.Sprintf("%s-%d", partDeliver, n))
		if err != nil {
			return s, err
		}
		b.note("deliver: %d subscriptions", n)
		if err := b.service.subscribe(ctx, topic, b.sink.url, n); err != nil {
			return s, err
		}
		publishing, err := b.service.publishing(b.service.url, topic)
		if err != nil {
			return s, err
		}
		fans[i] = fanOut{sink: b.sink, publishing: publishing, subscribers: n}
		s.lines = append(s.lines, &comparison{name: fmt.Sprintf("%d subscriptions", n)})
	}
	for round := range b.options.rounds {
		for i, n := range subscribers {
			b.progress(partDeliver, round, n)
			err := s.lines[i].measure(round, func() (float64, error) {
				o, err := fans[i].run(ctx, b.options.length)
				b.repeats += o.repeats
				return o.rate, err
			}, func() (float64, error) {
				c, err := b.sink.counts(ctx)
				if err != nil {
					return 0, err
				}
				return rawLoop(ctx, b.sink.url, n, c.BodyBytes, newSpan(b.options.length))
			})
			if err != nil {
				return s, err
			}
		}
	}
	return s, nil
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

func (b *bench) progress(part string, round, n int) {
	b.note("%s: round %d of %d, %d", part, round+1, b.options.rounds, n)
}

// note tells on standard error what is going on.
func (*bench) note(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// fsyncTime is how long the disk of a folder takes to make a page durable: the
// median of a few.
func fsyncTime(dir string) (time.Duration, error) {
	f, err := os.Create(filepath.Join(dir, "fsync"))
	if err != nil {
		return 0, err
	}
	defer f.Close() //nolint:errcheck // nothing of it is kept
	page := make([]byte, 4096)
	var took series
	for range 50 {
		// Always the same place, as in a log that is written again and again.
		if _, err := f.WriteAt(page, 0); err != nil {
			return 0, err
		}
		began := time.Now()
		if err := f.Sync(); err != nil {
			return 0, err
		}
		took = append(took, time.Since(began).Seconds())
	}
	return time.Duration(took.median() * float64(time.Second)), nil
}
