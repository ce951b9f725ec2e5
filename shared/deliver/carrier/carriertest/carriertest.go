// Package carriertest holds what every sender keeps to that hands messages to a service
// of AWS by package carrier.
package carriertest

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/require"

	"tocsin/shared/deliver"
)

// Config is a configuration of AWS whose services listen at one address.
func Config(address string) aws.Config {
	return aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(address), Credentials: credentials.NewStaticCredentialsProvider("AKID", "key", ""),
	}
}

// Secret stands in what services of tests say, and must go nowhere.
const Secret = "secret"

// Say answers with a body.
func Say(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// Case is a sender under test.
type Case struct {
	Service  string // its name in reasons: SES
	New      func(t *testing.T, cfg aws.Config, rate float64) deliver.Sender
	Delivery deliver.Delivery // a good one

	Take     http.HandlerFunc                               // answers that a message is taken
	Refuse   func(status int, code string) http.HandlerFunc // refuses, in words that hold Secret
	Refusals map[deliver.Result]map[string]int              // statuses by their codes, by what becomes of the message
	Odd      map[string]http.HandlerFunc                    // answers that nobody understands, beside those of all services
}

// Run runs the suite.
func Run(t *testing.T, c Case) {
	t.Run("refusals", c.refusals)
	t.Run("odd answers", c.oddAnswers)
	t.Run("no answer", c.noAnswer)
	t.Run("rate", c.rate)
}

// sender makes one whose service answers so, and counts the calls.
func (c Case) sender(t *testing.T, answer http.HandlerFunc, rate float64) (sends deliver.Sender, calls *atomic.Int64) {
	calls = new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		calls.Add(1)
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	return c.New(t, Config(server.URL), rate), calls
}

func (c Case) refusals(t *testing.T) {
	for result, codes := range c.Refusals {
		for code, status := range codes {
			sends, calls := c.sender(t, c.Refuse(status, code), 0)
			o := sends.Send(t.Context(), c.Delivery)
			require.Equal(t, result, o.Result, code)
			require.Equal(t, status, o.Status, code)
			require.Contains(t, o.Reason, c.Service)
			require.Contains(t, o.Reason, "("+code+")")
			require.NotContains(t, o.Reason, Secret)
			require.NotContains(t, o.Reason, c.Delivery.Endpoint)
			require.Equal(t, result == deliver.Later, o.After > 0, code)
			require.EqualValues(t, 1, calls.Load(), "trying again is the worker's affair")
		}
	}
}

func (c Case) oddAnswers(t *testing.T) {
	odd := map[string]http.HandlerFunc{
		"nothing":             Say(200, ""),
		"400 and nothing":     Say(400, ""),
		"400 and a page":      Say(400, "<html>"+Secret),
		"403 and a page":      Say(403, "<html>"+Secret),
		"502 and a page":      Say(502, "<html>"+Secret),
		"a redirect":          Say(http.StatusFound, ""),
		"a code with words":   c.Refuse(400, "an ugly "+Secret),
		"a code too long":     c.Refuse(400, strings.Repeat(Secret, 20)),
		"a closed connection": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"no end": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			for r.Context().Err() == nil {
				if _, err := io.WriteString(w, strings.Repeat("<"+Secret+">", 10_000)); err != nil {
					return
				}
			}
		},
	}
	for name, answer := range c.Odd {
		odd[name] = answer
	}
	for name, answer := range odd {
		sends, calls := c.sender(t, answer, 0)
		o := sends.Send(t.Context(), c.Delivery)
		require.Equal(t, deliver.Again, o.Result, name)
		require.NotEmpty(t, o.Reason)
		require.NotContains(t, o.Reason, Secret)
		require.EqualValues(t, 1, calls.Load(), name)
	}
}

func (c Case) noAnswer(t *testing.T) {
	asked := make(chan struct{})
	sends, _ := c.sender(t, func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	}, 0)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	require.Equal(t, deliver.Outcome{Result: deliver.Again, Reason: "the attempt was broken off"}, sends.Send(ctx, c.Delivery))

	nobody := httptest.NewServer(nil)
	nobody.Close()
	o := c.New(t, Config(nobody.URL), 0).Send(t.Context(), c.Delivery)
	require.Equal(t, deliver.Outcome{Result: deliver.Again, Reason: c.Service + " could not be asked"}, o)
}

func (c Case) rate(t *testing.T) {
	sends, calls := c.sender(t, c.Take, 0.01)
	require.Equal(t, deliver.Delivered, sends.Send(t.Context(), c.Delivery).Result)
	o := sends.Send(t.Context(), c.Delivery)
	require.Equal(t, deliver.Later, o.Result)
	require.InDelta(t, 100, o.After.Seconds(), 2)
	require.EqualValues(t, 1, calls.Load())
}
