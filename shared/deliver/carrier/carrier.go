// Package carrier is what the senders have in common that hand messages to a service
// of AWS: how it is asked, how fast, for how long, and what its answers mean.
//
// The SDK's clients of SES and SNS are not used for that. Each would be here for one
// call, and together they would be a tenth of a function and most of its start.
package carrier

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"tocsin/shared/awspost"
	"tocsin/shared/deliver"
)

// Config says what service it is, and how fast it may be asked.
type Config struct {
	Name    string // of the service, for reasons: SES
	Host    string // first part of its host: email
	Signing string // its name in signatures: ses
	// AWS gives region and credentials; also HTTPClient, and BaseEndpoint for another
	// address than that of the service in the region.
	AWS  aws.Config
	Rate float64 // messages a second; 0 for no bound
	// Read finds in an answer the id that the service gave to a message it has taken, or
	// else the code of its refusal. What is not there is empty.
	Read func(header http.Header, body []byte) (id, code string)
	Now  func() time.Time // nil means time.Now
}

// Carrier hands messages to a service. It is used from many goroutines at once.
type Carrier struct {
	config Config
	post   *awspost.Poster
	pace   pace
}

// timeout bounds an attempt.
const timeout = 10 * time.Second

// New makes a carrier. The error names what is wrong.
func New(c Config) (*Carrier, error) {
	if c.Rate < 0 || math.IsNaN(c.Rate) {
		return nil, errors.New("Config.Rate is " + strconv.FormatFloat(c.Rate, 'g', -1, 64) + ", it must not be negative")
	}
	if c.AWS.Region == "" || c.AWS.Credentials == nil {
		return nil, errors.New("Config.AWS needs a region and credentials")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Carrier{
		config: c,
		post:   awspost.New(awspost.Config{Host: c.Host, Signing: c.Signing, AWS: c.AWS, MaxAnswer: maxAnswer, Now: c.Now}),
		pace:   newPace(c.Rate),
	}, nil
}

// Hand makes an attempt: one call. What exceeds the rate, and what the service
// throttles, is Later. Server errors, no answer within ten seconds, one that cannot be
// read, and refusals that the message has no part in are Again: another login would
// help. All other refusals are Dead.
func (c *Carrier) Hand(ctx context.Context, call Call) deliver.Outcome {
	began := c.config.Now()
	if wait := c.pace.take(began); wait > 0 {
		return deliver.Outcome{Result: deliver.Later, After: wait, Reason: "more than " + c.config.Name + " is to get in a second"}
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	o := c.outcome(ctx, c.ask(ctx, call))
	switch o.Result {
	case deliver.Later:
		o.After = c.pace.throttled(began, c.config.Now())
	case deliver.Delivered:
		c.pace.taken(began)
	}
	return o
}
