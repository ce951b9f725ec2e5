// Command bench measures Tocsin in one run on one machine beside bases that do the
// least that could be called the same job, and says which goals it reaches. Only
// the ratios mean something.
//
// The load generator is this process; the service, the raw servers and the
// receiver of messages are processes of their own, as in life.
//
// As bench soak it kills the service again and again under load, and counts what
// was lost.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// options are what a run can be told.
type options struct {
	url       string // of a service that runs already; empty: build and start our own
	account   account
	dir       string // where the temporary data folder goes
	rounds    int
	length    time.Duration // of one measurement
	parts     []string      // by name
	generator string        // of publishes: raw or client
	pressure  time.Duration // of full load to dead endpoints
}

const usage = `bench measures Tocsin beside raw baselines.

  go run ./bench                          build tocsin, start it, measure all but a million
  go run ./bench -million                 that, too: a million subscriptions
  go run ./bench -only deliver,isolation  parts alone: publish, deliver, mns, stored, isolation, pressure, million
  go run ./bench soak -minutes 5          kill it again and again under load; -h for more
  TOCSIN_PASSWORD=… go run ./bench -url http://127.0.0.1:8080 -user admin -domain tocsin -project local
                                 publishing alone, against a service that runs already;
                                 it makes a topic there and deletes it again

Figures are medians of the rounds. A goal that is not met is no failure.

`

func main() {
	if err := run(os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if isRole(args) { // what bench starts of itself: not for people
		return play(ctx, args)
	}
	if len(args) > 0 && args[0] == "soak" {
		o, err := parseSoak(args[1:])
		if err != nil {
			return err
		}
		return soak(ctx, o)
	}
	o, err := parse(args)
	if err != nil {
		return err
	}
	return measure(ctx, o)
}

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&o.url, "url", "", "scheme and host of a running service; only publishing is measured. Its password is taken from TOCSIN_PASSWORD")
	flags.StringVar(&o.account.iamURL, "iam-url", "", "scheme and host of its identity service, if that is another")
	flags.StringVar(&o.account.domain, "domain", ownAccount.domain, "account of the user")
	flags.StringVar(&o.account.user, "user", ownAccount.user, "user to log in as")
	flags.StringVar(&o.account.project, "project", ownAccount.project, "name of the project")
	flags.StringVar(&o.dir, "dir", os.TempDir(), "folder for the temporary data; its disk is what publishing waits for")
	flags.IntVar(&o.rounds, "rounds", 3, "how often each measurement is made, 1 to 100")
	seconds := flags.Float64("seconds", 1.5, "length of one measurement, 0.1 to 60")
	only := flags.String("only", strings.Join([]string{partPublish, partDeliver, partMNS, partStored, partIsolation, partPressure}, ","), "measure these parts")
	million := flags.Bool("million", false, "measure with a million subscriptions as well, which takes some minutes")
	flags.StringVar(&o.generator, "generator", generatorClient, "how publishes are made: raw, on connections of our own, or client, by a http.Client")
	flags.DurationVar(&o.pressure, "pressure", 20*time.Second, "how long dead endpoints are under full load, 1s to 10m")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if o.account.password = os.Getenv("TOCSIN_PASSWORD"); o.account.password == "" {
		o.account.password = ownAccount.password
	}
	o.length = time.Duration(*seconds * float64(time.Second))
	switch {
	case flags.NArg() > 0:
		return o, fmt.Errorf("unknown argument %q", flags.Arg(0))
	case o.rounds < 1 || o.rounds > 100:
		return o, errors.New("-rounds must be from 1 to 100")
	case !(*seconds >= 0.1 && *seconds <= 60):
		return o, errors.New("-seconds must be from 0.1 to 60")
	case o.pressure < time.Second || o.pressure > 10*time.Minute:
		return o, errors.New("-pressure must be from 1s to 10m")
	case o.generator != generatorRaw && o.generator != generatorClient:
		return o, errors.New("-generator must be raw or client")
	}
	o.parts = strings.Split(*only, ",")
	if *million {
		o.parts = append(o.parts, partMillion)
	}
	for _, name := range o.parts {
		if !slices.ContainsFunc(parts, func(p part) bool { return p.name == name }) {
			return o, fmt.Errorf("-only: there is no part %q", name)
		}
	}
	if o.url != "" {
		o.parts = []string{partPublish} // the others need a service of which bench has the data folder
		if u, err := url.Parse(o.url); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return o, errors.New("-url must be scheme and host, such as http://127.0.0.1:8080")
		}
	}
	return o, nil
}
