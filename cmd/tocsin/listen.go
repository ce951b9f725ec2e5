package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"

	"tocsin/shared/receive"
)

type listenCommand struct {
	Addr    string   `help:"Address to listen on (default ${default})." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	Trust   []string `env:"TOCSIN_ENDPOINT" help:"Where certificates may come from: scheme, host and perhaps a path; without a path also an SMN service whose messages are accepted. May be repeated. On loopback unless set: ports 9000 and 8080 of this machine." placeholder:"URL"`
	Confirm bool     `help:"Confirm every subscription that a trusted SMN service asks about."`
	Logs    string   `help:"Folder for access_log.PORT and endpoint_log.PORT, which grow (default: this one)." default:"." type:"path" placeholder:"DIR"`
}

// neighbours are trusted by who listens on loopback: where the service mostly is.
var neighbours = []string{"http://127.0.0.1:9000", "http://localhost:9000", "http://127.0.0.1:8080", "http://localhost:8080"}

// Run receives notifications until it is interrupted.
func (c *listenCommand) Run(ctx context.Context, stdout io.Writer) (err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Addr)
	if err != nil {
		return err
	}
	defer listener.Close() // the server may have done so
	addr := listener.Addr().(*net.TCPAddr)
	if len(c.Trust) == 0 && addr.IP.IsLoopback() {
		c.Trust = neighbours
	}
	if len(c.Trust) == 0 {
		return errors.New("beyond loopback -trust must say where certificates may come from")
	}
	log, err := openReceiverLog(c.Logs, addr.Port, stdout)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.close()) }()
	handler, err := c.handler(log)
	if err != nil {
		return err
	}
	start := fmt.Sprintf("Start Endpoint! Address: http://%s", addr)
	if err := log.note("INFO", start); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%s\nTrusted: %s\n", start, printable(strings.Join(c.Trust, " ")))
	return serveUntil(ctx, listener, log.requests(handler))
}

func (c *listenCommand) handler(log *receiverLog) (http.Handler, error) {
	return receive.New(receive.Config{
		MNS:     c.Trust,
		SMN:     services(c.Trust),
		Receive: func(_ context.Context, n receive.Notification) error { return log.notification(n) },
		Confirm: func(ctx context.Context, s receive.Confirmation) error {
			if !c.Confirm {
				return log.note("INFO", "Subscription Not Confirmed! Without -confirm nothing is done for "+s.TopicURN)
			}
			if err := s.Follow(ctx); err != nil {
				return err
			}
			return log.note("INFO", "Subscription Confirmed! "+s.TopicURN)
		},
		Refused: func(_ *http.Request, status int, why error) { log.refused(status, why) },
	})
}

// services are the places without a path.
func services(places []string) (bases []string) {
	for _, place := range places {
		if u, err := url.Parse(place); err == nil && strings.Trim(u.Path, "/") == "" {
			bases = append(bases, place)
		}
	}
	return bases
}

// serveUntil serves until ctx ends, and then lets what is in hand finish.
func serveUntil(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := newServer(handler, slog.DiscardHandler) // what it complains of is what strangers say
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	if err := server.Shutdown(closing); err != nil {
		return errors.Join(fmt.Errorf("requests took too long to finish: %w", err), server.Close())
	}
	return nil
}
