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
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"tocsin/shared/httpapi"
	"tocsin/shared/smn"
)

// Serve runs a function that answers these operations behind API Gateway. It
// does not return. A wrong environment ends the process with one line on stderr.
func Serve(ops ...httpapi.Operation) {
	s, m := start()
	h, err := newAPI(s, m, ops...)
	if err != nil {
		fail(err)
	}
	lambda.Start(flushed(m, Handler(h)))
}

// ServeDoor runs a function that answers requests behind API Gateway by a door of its
// own, which open makes; closed answers while the secrets of the installation cannot be
// used. It does not return. A wrong environment ends the process with one line on
// stderr.
func ServeDoor(open func(Inside) (http.Handler, error), closed http.HandlerFunc) {
	s, m := start()
	h, err := newDoor(s, m, open, closed)
	if err != nil {
		fail(err)
	}
	lambda.Start(flushed(m, Handler(h)))
}

// ServeNotify runs the function that publishes what schedules and alarms tell. It
// does not return. A wrong environment ends the process with one line on stderr.
func ServeNotify() {
	s, m := start()
	topics, err := s.notifyTopics()
	if err != nil {
		fail(err)
	}
	service, err := newService(s, m)
	if err != nil {
		fail(err)
	}
	lambda.Start(flushed(m, func(ctx context.Context, event json.RawMessage) (NotifyResult, error) {
		service, err := service(ctx)
		if err != nil {
			return NotifyResult{}, err
		}
		result, err := NotifyHandler(service, topics)(ctx, event)
		if err == nil && !result.Repeated {
			m.Accepted()
		}
		return result, err
	}))
}

// ServeDeliver runs the function that takes messages to endpoints: it does the tasks
// of the SQS queue. open gives the ways out. It does not return. A wrong environment
// ends the process with one line on stderr.
func ServeDeliver(open func(Ways) (Outlets, error)) {
	s, m := start()
	handler, err := newDeliver(s, m, open)
	if err != nil {
		fail(err)
	}
	_, _ = x509.SystemCertPool() // read now, where time costs nothing; it is kept
	lambda.Start(flushed(m, handler))
}

// start reads the environment and sets up log and metrics.
func start() (settings, *metrics) {
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, nil)))
	s, err := readSettings(os.Getenv)
	if err != nil {
		fail(err)
	}
	return s, newMetrics(os.Stdout, s.stack, time.Now)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// newAPI composes the handler of a function.
func newAPI(s settings, m *metrics, ops ...httpapi.Operation) (http.Handler, error) {
	if s.backend == onAWS {
		h, err := openHouse(s, m)
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
		Observer:     m,
	}, ops...)
}

// newDoor composes the handler of a function with a door of its own.
func newDoor(s settings, m *metrics, open func(Inside) (http.Handler, error), fail http.HandlerFunc) (http.Handler, error) {
	if s.backend != onAWS {
		return nil, errors.New("TOCSIN_BACKEND is not aws: SMN has no named subscriptions, so a remote cannot stand behind this door")
	}
	h, err := openHouse(s, m)
	if err != nil {
		return nil, err
	}
	return h.handler(open, fail)
}

// newService gives the service to a function that calls it itself.
func newService(s settings, m *metrics) (func(context.Context) (smn.Service, error), error) {
	if s.backend == onAWS {
		h, err := openHouse(s, m)
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
func newDeliver(s settings, m *metrics, open func(Ways) (Outlets, error)) (func(context.Context, events.SQSEvent) (events.SQSEventResponse, error), error) {
	if s.backend != onAWS {
		return nil, errors.New("TOCSIN_BACKEND is not aws: there is nothing to deliver, the remote does that itself")
	}
	if err := s.checkPublicURL(); err != nil {
		return nil, err
	}
	s.ways.SES, s.ways.SNS = s.aws.senderConfig(serviceSES), s.aws.senderConfig(serviceSNS)
	out, err := open(s.ways)
	if err != nil {
		return nil, err
	}
	h, err := openHouse(s, m)
	if err != nil {
		return nil, err
	}
	return deliverHandler(h.worker(out).get, h.queue, m, h.log), nil
}
