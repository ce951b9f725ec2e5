package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"tocsin/shared/signing"
	"tocsin/shared/wire"
)

// receiver is a webhook as a user would write it: it checks each signature,
// follows the link of a confirmation and takes notifications.
type receiver struct {
	url      string
	server   *http.Server
	verifier *signing.Verifier
	pushes   chan wire.Push
	failures chan error
}

func startReceiver(ctx context.Context, serviceURL string) (*receiver, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &receiver{
		url:      "http://" + listener.Addr().String() + "/hook",
		verifier: &signing.Verifier{BaseURL: serviceURL},
		pushes:   make(chan wire.Push, 16),
		failures: make(chan error, 16),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /hook", r.receive)
	r.server = &http.Server{Handler: mux, ReadTimeout: patience}
	go func() {
		if err := r.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			r.failures <- err
		}
	}()
	return r, nil
}

func (r *receiver) receive(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, 1<<20))
	if err == nil {
		err = r.take(req.Context(), body)
	}
	if err != nil {
		r.failures <- err
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

func (r *receiver) take(ctx context.Context, body []byte) error {
	push, err := r.verifier.Verify(ctx, body)
	if err != nil {
		return err
	}
	if push.Type == wire.TypeConfirmation {
		if _, err := Fetch(ctx, http.MethodGet, push.SubscribeURL); err != nil {
			return fmt.Errorf("follow subscribe_url: %w", err)
		}
	}
	r.pushes <- push
	return nil
}

// next waits for the next message, which must be of this type.
func (r *receiver) next(ctx context.Context, kind string) (wire.Push, error) {
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	select {
	case push := <-r.pushes:
		if push.Type != kind {
			return push, fmt.Errorf("the receiver got a %s instead of a %s", push.Type, kind)
		}
		return push, nil
	case err := <-r.failures:
		return wire.Push{}, fmt.Errorf("receiver: %w", err)
	case <-timeout.C:
		return wire.Push{}, fmt.Errorf("waited %s for a %s", patience, kind)
	case <-ctx.Done():
		return wire.Push{}, ctx.Err()
	}
}

func (r *receiver) close() { _ = r.server.Close() }
