// Package lambdaapp composes the functions: it reads their environment, builds
// what they need, and turns the events of AWS into calls. It alone knows what an
// event looks like. The main of a function is one statement:
//
//	func main() { lambdaapp.Serve(httpapi.Publish) }
package lambdaapp

import (
	"fmt"
	"log/slog"
	"net/http"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"tocsin/shared/httpapi"
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
	service, err := s.newClient()
	if err != nil {
		fail(err)
	}
	lambda.Start(NotifyHandler(service, topics))
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

// newAPI composes the handler of a function that speaks to a remote service.
func newAPI(s settings, ops ...httpapi.Operation) (http.Handler, error) {
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
