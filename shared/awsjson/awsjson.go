// Package awsjson asks services of AWS that speak its JSON protocol: each call is one
// signed POST, and tried again where that may help.
package awsjson

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"tocsin/shared/awspost"
)

// Service is one that speaks the protocol.
type Service struct {
	Name    string // first part of its host, and its name in signatures: sqs
	Target  string // what the names of its calls begin with: AmazonSQS
	Version string // of the protocol: 1.0
	// BacksOff says that who calls waits by himself when a call is throttled: it is
	// tried once then.
	BacksOff bool
	// MaxAnswer is how many bytes its longest answer may have: a longer one is an
	// error. 0 means 16 MiB.
	MaxAnswer int64
}

// Client asks a service. It is used from many goroutines at once.
type Client struct {
	service Service
	post    *awspost.Poster
	tries   int
}

// defaultTries is how often a call is tried in all, unless the configuration says it.
const defaultTries = 3

// New makes a client. Of the configuration it heeds Region, Credentials,
// BaseEndpoint, HTTPClient, which bounds each try, and RetryMaxAttempts.
func New(service Service, cfg aws.Config) *Client {
	if service.MaxAnswer == 0 {
		service.MaxAnswer = defaultMaxAnswer
	}
	c := &Client{service: service, tries: cfg.RetryMaxAttempts}
	c.post = awspost.New(awspost.Config{Host: service.Name, Signing: service.Name, AWS: cfg, MaxAnswer: service.MaxAnswer + 1})
	if c.tries <= 0 {
		c.tries = defaultTries
	}
	return c
}

// URL is where the calls go.
func (c *Client) URL() string { return c.post.URL() }

// Error is a refusal.
type Error struct {
	Status int
	Code   string // such as ResourceNotFoundException
	Text   string // what the service says
	Body   []byte // all of the answer
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s (status %d): %s", e.Code, e.Status, e.Text)
}

// CodeOf is the code of a refusal, empty for any other error and none.
func CodeOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}

// firstPause is how long the pause before the second try may be; each further one may
// be twice as long.
const firstPause = 100 * time.Millisecond

// Call makes a call with in as its JSON, and reads the answer into out unless that is
// nil. No answer, a server error and a throttled call are tried again, so a call that
// ends in an error may have been done; see BacksOff, too. A refusal is an *Error.
func (c *Client) Call(ctx context.Context, operation string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("%s: write the request: %w", operation, err)
	}
	for try := 1; ; try++ {
		answer, err := c.ask(ctx, operation, body)
		switch {
		case err == nil && out == nil:
			return nil
		case err == nil:
			if err := json.Unmarshal(answer, out); err != nil {
				return fmt.Errorf("%s: read the answer: %w", operation, err)
			}
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case try == c.tries || !c.mayHelp(err):
			return fmt.Errorf("%s: %w", operation, err)
		}
		if err := Pause(ctx, firstPause<<(try-1)); err != nil {
			return err
		}
	}
}

// defaultMaxAnswer is more bytes than most services have to say.
const defaultMaxAnswer = 16 << 20

// errLong is an answer of which not all was read. The next would be as long.
var errLong = errors.New("the answer is longer than any may be")

// errDamaged is an answer that is not what was sent.
var errDamaged = errors.New("the answer does not have its checksum")

// ask makes one try.
func (c *Client) ask(ctx context.Context, operation string, body []byte) ([]byte, error) {
	came, err := c.post.Post(ctx, "/", map[string]string{
		"Content-Type": "application/x-amz-json-" + c.service.Version,
		"X-Amz-Target": c.service.Target + "." + operation,
		// Nothing packed: the checksum is of the bytes on the wire.
		"Accept-Encoding": "identity",
	}, body)
	if err != nil {
		return nil, err
	}
	if int64(len(came.Body)) > c.service.MaxAnswer {
		return nil, errLong
	}
	if sum := came.Header.Get("X-Amz-Crc32"); sum != "" && sum != strconv.FormatUint(uint64(crc32.ChecksumIEEE(came.Body)), 10) {
		return nil, errDamaged
	}
	if came.Status != http.StatusOK {
		return nil, refusal(came)
	}
	return came.Body, nil
}

// refusal reads an answer that is an error. Its code comes with a namespace before it
// or an address behind it.
func refusal(came awspost.Answer) error {
	var says struct {
		Type    string `json:"__type"`
		Message string `json:"message"` // or Message: the case does not matter
	}
	_ = json.Unmarshal(came.Body, &says) // a gateway's is no JSON: the status must do
	code := says.Type
	if code == "" {
		code = came.Header.Get("X-Amzn-Errortype")
	}
	code, _, _ = strings.Cut(code, ":")
	code = code[strings.LastIndexByte(code, '#')+1:]
	// Services that spoke XML before name their errors of then in a header.
	if old, _, ok := strings.Cut(came.Header.Get("X-Amzn-Query-Error"), ";"); ok && old != "" {
		code = old
	}
	return &Error{Status: came.Status, Code: code, Text: says.Message, Body: came.Body}
}

// mayHelp says whether another try may end otherwise.
func (c *Client) mayHelp(err error) bool {
	switch {
	case errors.Is(err, errLong):
		return false
	case Throttled(err):
		return !c.service.BacksOff
	}
	e, refused := errors.AsType[*Error](err)
	return !refused || e.Status >= http.StatusInternalServerError
}

// Throttled says whether an error is the refusal of a service that is asked too much.
func Throttled(err error) bool {
	e, refused := errors.AsType[*Error](err)
	return refused && (e.Status == http.StatusTooManyRequests || strings.Contains(e.Code, "Throttl") || e.Code == "RequestLimitExceeded")
}

// Pause waits for any time up to most: full jitter, so that those who met do not meet
// again. The error is that of ctx if it ends before.
func Pause(ctx context.Context, most time.Duration) error {
	timer := time.NewTimer(rand.N(most) + 1)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
