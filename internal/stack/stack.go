// Package stack runs the deployed shape of Tocsin on this machine, without Docker: the
// routes of the template on loopback, behind them the real bootstraps of the
// functions, each under a Lambda Runtime API of its own, and, with the backend aws,
// what takes tasks from the queue to the function deliver. The services of AWS are
// emulators.
package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Config is what a stack is made of. All fields are required unless they say
// otherwise.
type Config struct {
	Template  string                   // path of template.yaml
	Bootstrap func(name string) string // path of the executable of a function such as create-topic
	Env       map[string]string        // variables of all functions; TOCSIN_PUBLIC_URL is the stack's own unless it is here
	Address   string                   // to serve on; port 0 for a free one
	Log       io.Writer                // takes what functions write; calls may come at once
	Queue     *Queue                   // whose tasks go to the function deliver; nil for none
}

// Queue is an SQS queue.
type Queue struct {
	AWS aws.Config
	URL string
}

// Stack serves.
type Stack struct {
	URL       string // scheme and host
	functions *functions
	server    *http.Server
	stop      context.CancelFunc
	polling   sync.WaitGroup
}

// Start starts a stack. Functions start with their first event. Whoever started it
// closes it.
func Start(ctx context.Context, c Config) (*Stack, error) {
	routes, err := readRoutes(c.Template)
	if err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Address)
	if err != nil {
		return nil, err
	}
	s := &Stack{URL: "http://" + listener.Addr().String()}
	env := maps.Clone(c.Env)
	if env["TOCSIN_PUBLIC_URL"] == "" {
		env["TOCSIN_PUBLIC_URL"] = s.URL
	}
	c.Env = env
	s.functions = newFunctions(c)
	s.server = &http.Server{Handler: newGateway(routes, s.functions, listener.Addr().String()), ReadHeaderTimeout: 10 * time.Second}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	go s.server.Serve(listener) //nolint:errcheck // ends with Close
	if c.Queue != nil {
		p := newPoller(*c.Queue, s.functions, c.Log)
		for range pollers {
			s.polling.Go(func() { p.run(running) })
		}
	}
	return s, nil
}

// Close ends everything that the stack has started, and returns when it has ended.
func (s *Stack) Close() error {
	s.stop()
	err := s.server.Close()
	s.polling.Wait()
	s.functions.close()
	return err
}

// Invoke gives a function an event, as whatever triggers it does.
func (s *Stack) Invoke(ctx context.Context, function string, event []byte) ([]byte, error) {
	answer, err := s.functions.invoke(ctx, function, event)
	if err != nil {
		return nil, fmt.Errorf("invoke %s: %w", function, err)
	}
	return answer, nil
}

var errClosed = errors.New("the stack is closed")
