// Command bench measures Tocsin beside raw net/http, in one run on one machine:
// publishes per second beside a server that stores nothing, and deliveries per
// second beside a bare loop of http.Client. Only the ratios mean something.
//
// The load generator is this process; the service, the raw server and the
// receiver of messages are processes of their own, as in life.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// options are what a run can be told.
type options struct {
	url     string // of a service that runs already; empty: build and start our own
	account account
	dir     string // where the temporary data folder goes
	rounds  int
	length  time.Duration // of one measurement
	only    string        // part: publish, deliver or, empty, both
}

const usage = `bench measures publishes/s and deliveries/s beside raw baselines.

  go run ./bench                 build tocsin, start it, measure both
  go run ./bench -only deliver   one part alone
  TOCSIN_PASSWORD=… go run ./bench -url http://127.0.0.1:8080 -user admin -domain tocsin -project local
                                 publishing alone, against a service that runs already;
                                 it makes a topic there and deletes it again

Each figure is the median of the rounds, then the lowest and the highest.

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
	// What bench starts of itself: not for people.
	if len(args) == 1 {
		switch args[0] {
		case roleRaw:
			return serveRole(ctx, rawServer())
		case roleSink:
			return serveRole(ctx, newSink())
		}
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
	flags.StringVar(&o.only, "only", "", "measure one part: publish or deliver")
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
	case o.only != "" && o.only != partPublish && o.only != partDeliver:
		return o, errors.New("-only must be publish or deliver")
	case o.url != "" && o.only == partDeliver:
		return o, errors.New("deliveries can be measured only of a service that bench starts itself")
	}
	if o.url != "" {
		o.only = partPublish
		if u, err := url.Parse(o.url); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return o, errors.New("-url must be scheme and host, such as http://127.0.0.1:8080")
		}
	}
	return o, nil
}
