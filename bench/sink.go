package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"tocsin/shared/wire"
)

// pathCounts answers with the sink's counts; everything else is an endpoint.
const pathCounts = "/counts"

// counts are what a sink has received since it started.
type counts struct {
	AtMicros   int64 `json:"at_us"`      // when these counts held, by the machine's clock
	Deliveries int64 `json:"deliveries"` // notifications, repeats included
	Distinct   int64 `json:"distinct"`   // different pairs of endpoint and message
	Plain      int64 `json:"plain"`      // posts that are no message of SMN: the raw loop's
	BodyBytes  int   `json:"body_bytes"` // length of the last notification
}

// sink receives messages and answers 200 at once. Each path /0, /1, … is an
// endpoint of its own. It confirms subscriptions by itself.
type sink struct {
	mu     sync.Mutex
	counts counts
	seen   map[arrival]struct{}

	confirmers chan struct{} // bounds the confirmations under way
	client     *http.Client
}

// arrival is a message at an endpoint. It has no pointers, so that a million of
// them cost the garbage collector nothing.
type arrival struct {
	endpoint int32
	message  [16]byte
}

func newSink() *sink {
	return &sink{
		seen:       make(map[arrival]struct{}),
		confirmers: make(chan struct{}, 8),
		client:     &http.Client{Timeout: patience},
	}
}

func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == pathCounts {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(s.now())
		return
	}
	if r.Header.Get(wire.HeaderMessageType) == wire.TypeConfirmation {
		var push wire.Push
		if err := json.NewDecoder(r.Body).Decode(&push); err != nil {
			http.Error(w, "no confirmation", http.StatusBadRequest)
			return
		}
		go s.confirm(context.WithoutCancel(r.Context()), push.SubscribeURL)
		return
	}
	n, err := io.Copy(io.Discard, r.Body)
	if err == nil {
		err = s.count(r.URL.Path, r.Header.Get(wire.HeaderMessageID), int(n))
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
}

// count notes one post.
func (s *sink) count(path, messageID string, size int) error {
	var a arrival
	if messageID != "" {
		endpoint, err := strconv.ParseInt(strings.TrimPrefix(path, "/"), 10, 32)
		if err != nil {
			return fmt.Errorf("no endpoint %s here", path)
		}
		a.endpoint = int32(endpoint)
		if n, err := hex.Decode(a.message[:], []byte(messageID)); err != nil || n != len(a.message) {
			return fmt.Errorf("%s is not 32 hex characters", wire.HeaderMessageID)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if messageID == "" {
		s.counts.Plain++
		return nil
	}
	s.counts.Deliveries++
	s.counts.BodyBytes = size
	if _, repeated := s.seen[a]; !repeated {
		s.seen[a] = struct{}{}
		s.counts.Distinct++
	}
	return nil
}

func (s *sink) now() counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.counts
	c.AtMicros = time.Now().UnixMicro()
	return c
}

// confirm follows the link of a confirmation. A failure shows as a subscription
// that is never confirmed.
func (s *sink) confirm(ctx context.Context, url string) {
	s.confirmers <- struct{}{}
	defer func() { <-s.confirmers }()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	var answer *http.Response
	if err == nil {
		answer, err = s.client.Do(r)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "sink: a confirmation failed")
		return
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
}
