// Package lambdaapp composes the functions: it reads their environment, builds
// what they need, and turns the events of AWS into calls. It alone knows what an
// event looks like. The main of a function is one statement:
//
//	func main() { lambdaapp.Serve(httpapi.Publish) }
package lambdaapp

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"tocsin/shared/httpapi"
	"tocsin/shared/smn"
)

// Serve runs a function that answers these operations behind API Gateway. It
// does not return. A wrong environment ends the process with one line on stderr.
func Serve(ops ...httpapi.Operation) {
	s := start()
	h, err := newAPI(s, ops...)
	if err != nil {
		fail(err)
	}
	lambda.Start(Handler(h))
}

// ServeNotify runs the function that publishes what schedules and alarms tell. It
// does not return. A wrong environment ends the process with one line on stderr.
func ServeNotify() {
	s := start()
	topics, err := s.notifyTopics()
	if err != nil {
		fail(err)
	}
	service, err := newService(s)
	if err != nil {
		fail(err)
	}
	lambda.Start(func(ctx context.Context, event json.RawMessage) (NotifyResult, error) {
		service, err := service(ctx)
		if err != nil {
			return NotifyResult{}, err
		}
		return NotifyHandler(service, topics)(ctx, event)
	})
}

// ServeDeliver runs the function that takes messages to endpoints: it does the tasks
// of the SQS queue. It does not return. A wrong environment ends the process with one
// line on stderr.
func ServeDeliver() {
	s := start()
	handler, err := newDeliver(s)
	if err != nil {
		fail(err)
	}
	_, _ = x509.SystemCertPool() // read now, where time costs nothing; it is kept
	lambda.Start(handler)
}

// start reads the environment and sets up the log.
func start() settings {
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, nil)))
	s, err := readSettings(os.Getenv)
	if err != nil {
		fail(err)
	}
	return s
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// newAPI composes the handler of a function.
func newAPI(s settings, ops ...httpapi.Operation) (http.Handler, error) {
	if s.backend == onAWS {
		h, err := openHouse(s)
		if err != nil {
			return nil, err
		}
		return h.api(ops...)
	}
	remote, err := s.newClient()
	if err != nil {
		return nil, err
	}
	identity, err := newRemoteIdentity(s, remote)
	if err != nil {
		return nil, err
	}
	return httpapi.New(httpapi.Config{
		Service:      remote,
		Identity:     identity,
		Certificates: remote,
		Region:       s.region,
		PublicURL:    s.publicURL,
	}, ops...)
}

// newService gives the service to a function that calls it itself.
func newService(s settings) (func(context.Context) (smn.Service, error), error) {
	if s.backend == onAWS {
		h, err := openHouse(s)
		if err != nil {
			return nil, err
		}
		return h.service().get, nil
	}
	remote, err := s.newClient()
	if err != nil {
		return nil, err
	}
	return func(context.Context) (smn.Service, error) { return remote, nil }, nil
}

// newDeliver composes the function that takes messages to endpoints.
func newDeliver(s settings) (func(context.Context, events.SQSEvent) (events.SQSEventResponse, error), error) {
	if s.backend != onAWS {
		return nil, errors.New("TOCSIN_BACKEND is not aws: there is nothing to deliver, the remote does that itself")
	}
	if err := s.checkPublicURL(); err != nil {
		return nil, err
	}
	senders, err := s.senders()
	if err != nil {
		return nil, err
	}
	h, err := openHouse(s)
	if err != nil {
		return nil, err
	}
	return DeliverHandler(h.worker(senders).get, h.queue, h.log), nil
}
