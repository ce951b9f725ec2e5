package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"tocsin/internal/trial"
)

// soakOptions are what a soak can be told.
type soakOptions struct {
	length time.Duration // of the load; the wait for the last deliveries comes on top
	kills  int
	rate   float64 // messages a second, on average
	seed   uint64
	dir    string
}

func parseSoak(args []string) (soakOptions, error) {
	var o soakOptions
	flags := flag.NewFlagSet("bench soak", flag.ContinueOnError)
	minutes := flags.Float64("minutes", 5, "how long, 0.1 to 600")
	flags.IntVar(&o.kills, "kills", 200, "how often the service is killed, 1 to 100000")
	flags.Float64Var(&o.rate, "rate", 20, "messages a second on average, 1 to 1000; each goes to 150 endpoints on average")
	flags.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()), "decides when it is killed")
	flags.StringVar(&o.dir, "dir", os.TempDir(), "folder for the temporary data")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	switch {
	case flags.NArg() > 0:
		return o, fmt.Errorf("unknown argument %q", flags.Arg(0))
	case !(*minutes >= 0.1 && *minutes <= 600):
		return o, errors.New("-minutes must be from 0.1 to 600")
	case o.kills < 1 || o.kills > 100_000:
		return o, errors.New("-kills must be from 1 to 100000")
	case !(o.rate >= 1 && o.rate <= 1000):
		return o, errors.New("-rate must be from 1 to 1000")
	}
	o.length = time.Duration(*minutes * float64(time.Minute))
	return o, nil
}

// The phases of a soak, as parts of its length. The rest is for the last
// deliveries to arrive.
const (
	killing = 0.7
	calming = 0.2
)

// What has not arrived when nothing more came for so long is lost: the longest wait
// before a retry that reliable endpoints cause is much shorter.
const silence = time.Minute

// What makes a soak fail.
var (
	errLost     = errors.New("acknowledged messages were lost")
	errReports  = errors.New("reports do not add up")
	errRepeated = errors.New("far too much came again after a kill")
)

// soak kills the service again and again while it publishes, fans out and retries,
// and then counts what has arrived of all that was acknowledged.
func soak(ctx context.Context, o soakOptions) (err error) {
	dir, err := os.MkdirTemp(o.dir, "tocsin-soak-")
	if err != nil {
		return err
	}
	defer func() {
		if err == nil {
			err = os.RemoveAll(dir)
			return
		}
		fmt.Fprintln(os.Stderr, "the data is kept in", dir)
	}()
	s := &soaking{options: o, sink: trial.NewSink(), random: rand.New(rand.NewPCG(o.seed, 0))}
	defer s.sink.Close()
	fmt.Fprintf(os.Stderr, "soak: seed %d; building tocsin\n", o.seed)
	config := trial.Config{Binary: filepath.Join(dir, "tocsin"), Data: filepath.Join(dir, "data"), Log: filepath.Join(dir, "log")}
	if err := trial.Build(ctx, config.Binary); err != nil {
		return err
	}
	if s.life, err = trial.Begin(ctx, config, s.sink); err != nil {
		return err
	}
	defer func() { s.life.Kill() }() // whichever process it is then
	if err := s.run(ctx); err != nil {
		return err
	}
	s.life.End()
	size, err := sizeOf(config.Data)
	if err != nil {
		return err
	}
	if err := s.print(size); err != nil {
		return err
	}
	return s.verdict()
}

// verdict is what is wrong with the results.
func (s *soaking) verdict() error {
	var errs []error
	if s.lost > 0 || s.unaccounted > 0 {
		errs = append(errs, errLost)
	}
	if s.wrong > 0 {
		errs = append(errs, errReports)
	}
	for _, k := range s.life.Kills {
		if k.Repeats > byFar*allowed(k) {
			errs = append(errs, errRepeated)
			break
		}
	}
	return errors.Join(errs...)
}

// soaking is a soak under way.
type soaking struct {
	options soakOptions
	random  *rand.Rand
	sink    *trial.Sink
	life    *trial.Life
	topics  []trial.Topic
	book    trial.Notebook

	memory         series // of the calm phase, a value each second
	expected, lost int    // pairs of endpoints that must have got everything
	troubled, late int    // pairs of endpoints that were healed at the end
	waited         time.Duration

	asked       int // reports on messages that have not arrived everywhere
	wrong       int // of them, those that do not add up
	unaccounted int // late pairs that are neither retrying nor dead
}

func (s *soaking) run(ctx context.Context) error {
	if err := s.subscribe(ctx); err != nil {
		return err
	}
	loading, stop := context.WithTimeout(ctx, time.Duration((killing+calming)*float64(s.options.length)))
	defer stop()
	permits := make(chan struct{})
	go s.permit(loading, permits)
	if err := s.killAgainAndAgain(ctx, loading, permits); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "soak: calm")
	if err := s.calm(ctx, loading, permits); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "soak: waiting for the last deliveries")
	s.sink.Heal()
	began := time.Now()
	if err := s.waitForTheLast(ctx); err != nil {
		return err
	}
	s.waited = time.Since(began)
	fmt.Fprintln(os.Stderr, "soak: asking for reports")
	return s.account(ctx)
}

// waitForTheLast waits until everything has arrived, or nothing more comes, or as
// long again as the soak took.
func (s *soaking) waitForTheLast(ctx context.Context) error {
	waiting, cancel := context.WithTimeout(ctx, s.options.length+silence)
	defer cancel()
	last := time.Now() // that something arrived
	s.lost = -1
	_ = trial.Until(waiting, time.Second, func() bool {
		before := s.lost
		if s.expected, s.lost = s.book.Missing(s.sink.Ledger, isReliable); s.lost != before {
			last = time.Now()
		}
		return s.lost == 0 || time.Since(last) > silence
	})
	return ctx.Err() // what is late the table tells
}

// isReliable says whether endpoints have got everything shortly after the end. The
// others may be parked for minutes, and what waited for them too long is dead.
func isReliable(b trial.Behaviour) bool { return b != trial.Failing && b != trial.Hanging }

func isTroubled(b trial.Behaviour) bool { return !isReliable(b) }

// subscribe makes a topic of several chunks and three small ones.
func (s *soaking) subscribe(ctx context.Context) error {
	c, err := trial.LocalClient(s.life.Process)
	if err != nil {
		return err
	}
	url, err := s.sink.Listen(ctx)
	if err != nil {
		return err
	}
	var number int32
	for i, size := range []int{300, 100, 100, 100} {
		endpoints := make([]trial.Endpoint, size)
		for j := range endpoints {
			endpoints[j] = trial.Endpoint{Behaviour: mood(number), Number: number}
			number++
		}
		topic, err := trial.Subscribe(ctx, c, fmt.Sprint("soak", i), url, endpoints)
		if err != nil {
			return err
		}
		s.topics = append(s.topics, topic)
	}
	for _, topic := range s.topics {
		err := poll(ctx, 3*patience, "the subscriptions to be confirmed", func() (bool, error) {
			n, err := trial.Confirmed(ctx, c, topic.URN)
			return n == len(topic.Endpoints), err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// mood is how an endpoint behaves: of twenty one fails, one hangs, one is slow and
// two are moody.
func mood(number int32) trial.Behaviour {
	switch number % 20 {
	case 3:
		return trial.Failing
	case 7:
		return trial.Hanging
	case 11:
		return trial.Slow
	case 15, 16:
		return trial.Moody
	}
	return trial.Good
}

const soakPublishers = 8

// permit hands out permits in bursts: the fan-out of a burst takes a while, and
// then there is nothing to do.
func (s *soaking) permit(ctx context.Context, permits chan<- struct{}) {
	const most = 16
	for {
		burst := 1 + rand.IntN(most)
		for range burst {
			select {
			case permits <- struct{}{}:
			case <-ctx.Done():
				return
			}
		}
		select {
		case <-time.After(time.Duration(float64(burst) / s.options.rate * float64(time.Second))):
		case <-ctx.Done():
			return
		}
	}
}

// killAgainAndAgain spreads the kills over the phase, each at a moment by chance. A
// machine that is too slow for that takes some of the time for calm.
func (s *soaking) killAgainAndAgain(ctx, loading context.Context, permits <-chan struct{}) error {
	end := time.Now().Add(time.Duration(killing * float64(s.options.length)))
	for killed := 0; killed < s.options.kills && loading.Err() == nil; killed++ {
		if killed%20 == 0 {
			fmt.Fprintf(os.Stderr, "soak: %d kills of %d, %d messages\n", killed, s.options.kills, s.book.Acknowledged())
		}
		each := max(time.Until(end), 0) / time.Duration(s.options.kills-killed)
		finish, err := s.work(ctx, loading, permits, time.Duration(s.random.Float64()*2*float64(each)), killed%2 == 0)
		if err != nil {
			return err
		}
		if err := s.life.KillAndRestart(ctx); err != nil {
			return fmt.Errorf("kill %d: %w", killed+1, err)
		}
		finish()
	}
	return nil
}

// work publishes for a while, and if so wanted until a publish is under way. What
// is under way then is cut by a kill, or finish waits for it.
func (s *soaking) work(ctx, loading context.Context, permits <-chan struct{}, d time.Duration, amidst bool) (finish func(), err error) {
	c, err := trial.LocalClient(s.life.Process)
	if err != nil {
		return nil, err
	}
	working, stop := context.WithCancel(loading)
	defer stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.book.Publish(working, c, s.topics, soakPublishers, permits)
	}()
	select {
	case <-time.After(d):
	case <-working.Done():
	case <-s.life.Ended():
		return nil, errors.New("the service ended by itself")
	}
	if amidst {
		// Between two bursts there is none, so this takes a moment; without any it is
		// a kill like the others.
		burst, cancel := context.WithTimeout(working, 2*time.Second)
		defer cancel()
		_ = trial.Until(burst, 100*time.Microsecond, func() bool { return s.book.UnderWay() > 0 })
	}
	return func() { <-done }, ctx.Err()
}

// calm publishes without a kill and looks at the memory, each second.
func (s *soaking) calm(ctx, loading context.Context, permits <-chan struct{}) error {
	for loading.Err() == nil {
		finish, err := s.work(ctx, loading, permits, time.Second, false)
		if err != nil {
			return err
		}
		finish()
		if m, err := s.life.Memory(); err == nil { // Linux alone tells it
			s.memory = append(s.memory, float64(m.Now))
		}
	}
	return ctx.Err()
}
