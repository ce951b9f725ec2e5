// Package carrier is what the senders have in common that hand messages to a service
// of AWS: how fast they do that, how long an attempt takes, and what answers mean.
package carrier

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"strconv"
	"time"

	"tocsin/shared/deliver"
)

// Config says what service it is, and how fast it may be called.
type Config struct {
	Name string           // of the service, for reasons: SES
	Rate float64          // messages a second; 0 for no bound
	Now  func() time.Time // nil means time.Now
}

// Carrier hands messages to a service. It is used from many goroutines at once.
type Carrier struct {
	name string
	pace pace
	now  func() time.Time
}

// timeout bounds an attempt.
const timeout = 10 * time.Second

// New makes a carrier. The error names what is wrong.
func New(c Config) (*Carrier, error) {
	if c.Rate < 0 || math.IsNaN(c.Rate) {
		return nil, errors.New(c.Name + ": Config.Rate is " + strconv.FormatFloat(c.Rate, 'g', -1, 64) + ", it must not be negative")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Carrier{name: c.Name, pace: newPace(c.Rate), now: c.Now}, nil
}

// Hand makes an attempt: one call, which answers with the id that the service gave to
// the message. What exceeds the rate, and what the service throttles, is Later. Server
// errors, no answer within ten seconds, one that cannot be read, and refusals that the
// message has no part in are Again: another login would help. All other refusals are
// Dead.
func (c *Carrier) Hand(ctx context.Context, call func(context.Context) (id *string, err error)) deliver.Outcome {
	began := c.now()
	if wait := c.pace.take(began); wait > 0 {
		return deliver.Outcome{Result: deliver.Later, After: wait, Reason: "more than " + c.name + " is to get in a second"}
	}
	bounded, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	id, err := call(bounded)
	o := c.outcome(bounded, id, err)
	switch o.Result {
	case deliver.Later:
		o.After = c.pace.throttled(began, c.now())
	case deliver.Delivered:
		c.pace.taken(began)
	}
	return o
}

// Caller makes HTTP requests, as clients of the SDK have them made.
type Caller interface {
	Do(r *http.Request) (*http.Response, error)
}

// Bounded is a Caller that reads no endless answers.
func Bounded(c Caller) Caller { return bounded{c} }

// maxAnswer is more than a service has to say.
const maxAnswer = 1 << 20

type bounded struct{ Caller }

func (b bounded) Do(r *http.Request) (*http.Response, error) {
	answer, err := b.Caller.Do(r)
	if answer != nil && answer.Body != nil {
		answer.Body = body{io.LimitReader(answer.Body, maxAnswer), answer.Body}
	}
	return answer, err //nolint:wrapcheck // it is as if nobody stood between
}

type body struct {
	io.Reader
	io.Closer
}
