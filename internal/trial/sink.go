package trial

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"tocsin/shared/mns"
	"tocsin/shared/wire"
)

// Sink receives messages at endpoints, of which each answers in its own way, and
// keeps a ledger of what it has accepted. It confirms subscriptions by itself.
type Sink struct {
	*Ledger
	healed     chan struct{}
	confirmers chan struct{} // bounds the confirmations under way
	client     *http.Client
	server     *http.Server

	mu          sync.Mutex
	urls        []string
	refused     map[arrival]time.Time // by moody endpoints
	retried     int
	connections int
	hanging     int // requests, so far
}

// NewSink makes a sink that listens nowhere yet.
func NewSink() *Sink {
	s := &Sink{
		Ledger:     newLedger(),
		healed:     make(chan struct{}),
		confirmers: make(chan struct{}, 8),
		client:     &http.Client{Transport: &http.Transport{}, Timeout: patience},
		refused:    make(map[arrival]time.Time),
	}
	s.server = &http.Server{Handler: s, ReadHeaderTimeout: patience, ConnState: s.connection}
	return s
}

// Listen takes a free port of loopback and returns the URL there. It may be
// called more than once: every port serves the same endpoints.
func (s *Sink) Listen(ctx context.Context) (url string, err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go func() { _ = s.server.Serve(listener) }()
	url = "http://" + listener.Addr().String()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.urls = append(s.urls, url)
	return url, nil
}

// DropIdle closes the connections that are kept but not used, and keeps no others.
func (s *Sink) DropIdle() { s.server.SetKeepAlivesEnabled(false) }

// Close ends all connections.
func (s *Sink) Close() error {
	s.client.CloseIdleConnections()
	return s.server.Close()
}

// Heal makes every endpoint a good one, but for those that drip. Requests that hang
// are refused.
func (s *Sink) Heal() { close(s.healed) }

func (s *Sink) isHealed() bool {
	select {
	case <-s.healed:
		return true
	default:
		return false
	}
}

// Drained waits until nothing is left of what a killed process has sent: no
// connection is open, and none waits to be accepted.
func (s *Sink) Drained(ctx context.Context) error {
	for _, url := range s.urls {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		if err != nil {
			return err
		}
		r.Close = true
		answer, err := s.client.Do(r) // connections are accepted in their order
		if err != nil {
			return err
		}
		_ = answer.Body.Close()
	}
	return Until(ctx, time.Millisecond, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.connections == 0
	})
}

func (s *Sink) connection(_ net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch state {
	case http.StateNew:
		s.connections++
	case http.StateClosed, http.StateHijacked:
		s.connections--
	}
}

func (s *Sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get(wire.HeaderMessageType) == wire.TypeConfirmation {
		var push wire.Push
		if err := json.NewDecoder(r.Body).Decode(&push); err != nil {
			http.Error(w, "no confirmation", http.StatusBadRequest)
			return
		}
		go s.confirm(context.WithoutCancel(r.Context()), push.SubscribeURL)
		return
	}
	if err := s.receive(w, r); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

// receive answers a message as its endpoint does, and notes what it accepts. An
// error is for the message that cannot be noted.
func (s *Sink) receive(w http.ResponseWriter, r *http.Request) error {
	e, err := endpointAt(r.URL.Path)
	if err != nil {
		return err
	}
	body := bodies.Get().(*bytes.Buffer)
	defer bodies.Put(body)
	body.Reset()
	// All of it: only then does the server see that the other side has gone.
	if _, err := body.ReadFrom(r.Body); err != nil {
		return err
	}
	id := messageID(r.Header, body.Bytes())
	if id == "" {
		s.plain()
		return nil
	}
	a, err := newArrival(e.Number, id)
	if err != nil {
		return err
	}
	if !s.accepts(w, r, e.Behaviour, a) {
		return nil
	}
	s.arrive(a, body.Bytes())
	return nil
}

// messageID is our id of a message, in the form of SMN or in the XML of MNS; empty if
// there is none.
func messageID(header http.Header, body []byte) string {
	if id := header.Get(wire.HeaderMessageID); id != "" {
		return id
	}
	_, after, _ := bytes.Cut(body, []byte("<MessageId>"))
	spelt, _, _ := bytes.Cut(after, []byte("<"))
	id, _ := mns.ParseMessageID(string(spelt))
	return id
}

var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// accepts behaves. It has answered when it returns false.
func (s *Sink) accepts(w http.ResponseWriter, r *http.Request, b Behaviour, a arrival) bool {
	switch {
	case b == Dripping:
		s.dripAnswer(w)
		return false
	case b == Good || s.isHealed():
	case b == Slow:
		select {
		case <-time.After(slowness):
		case <-r.Context().Done():
			return false
		}
	case b == Hanging:
		s.mu.Lock()
		s.hanging++
		s.mu.Unlock()
		select {
		case <-s.healed:
			// Nobody knows whether the other side still waits: better not now.
			w.WriteHeader(http.StatusServiceUnavailable)
		case <-r.Context().Done():
		}
		return false
	case b == Failing, b == Moody && s.refuses(a):
		w.WriteHeader(http.StatusServiceUnavailable)
		return false
	}
	return true
}

// refuses says whether a moody endpoint refuses this time.
func (s *Sink) refuses(a arrival) bool {
	if a.message[15]%4 != 0 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at, before := s.refused[a]
	if !before {
		s.refused[a] = time.Now()
	} else if time.Since(at) > retriesAfter {
		s.retried++
	}
	return !before
}

// retriesAfter is less than the first wait of the retry policy. What comes again
// sooner was sent by a process that does not know of the refusal.
const retriesAfter = 4 * time.Second

// Retried is how often a moody endpoint got again what it had refused, because of
// the refusal.
func (s *Sink) Retried() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.retried
}

// dripAnswer writes an answer until the other side has had enough.
func (*Sink) dripAnswer(w http.ResponseWriter) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer c.Close()
	for _, b := range []byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") {
		if _, err := c.Write([]byte{b}); err != nil {
			return
		}
		time.Sleep(drip)
	}
}

// confirm follows the link of a confirmation until it works: the service may be
// killed in between. A failure shows as a subscription that is never confirmed.
func (s *Sink) confirm(ctx context.Context, url string) {
	s.confirmers <- struct{}{}
	defer func() { <-s.confirmers }()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for ctx.Err() == nil {
		err := s.follow(ctx, url)
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			fmt.Fprintln(os.Stderr, "sink: a confirmation failed")
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (s *Sink) follow(ctx context.Context, url string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	answer, err := s.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("confirmation: %s", answer.Status)
	}
	return err
}
