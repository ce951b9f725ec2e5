package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// rawServer is what publishing is compared with: it reads the JSON of a publish,
// makes two ids, keeps what keep keeps, and answers as the service does. It checks
// nothing.
func rawServer(keep func(body []byte) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var in wire.PublishRequest
		if err == nil {
			err = json.Unmarshal(body, &in)
		}
		if err != nil || in.Message == "" {
			http.Error(w, "no message", http.StatusBadRequest)
			return
		}
		if err := keep(body); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(wire.PublishResponse{RequestID: smn.NewID(), MessageID: smn.NewID()})
	})
}

// rowBytes is what the durable raw server keeps of a request: about what a stored
// message of the bench takes.
const rowBytes = 512

// appendTo keeps a row in a file, durably, before it returns.
func appendTo(log *os.File) func(body []byte) error {
	return func(body []byte) error {
		row := make([]byte, rowBytes)
		copy(row, body)
		if _, err := log.Write(row); err != nil {
			return err
		}
		return log.Sync()
	}
}

// rawWorkers is how many requests the raw loop keeps under way.
const rawWorkers = 64

// rawLoop is what delivering is compared with: workers with a http.Client that
// post a body of that size to the endpoints one after the other. It returns the
// posts a second that were answered within the span.
func rawLoop(ctx context.Context, endpoints []string, size int, s span) (float64, error) {
	transport := &http.Transport{MaxIdleConnsPerHost: rawWorkers}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: patience}
	body := bytes.Repeat([]byte{'x'}, size)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next, done atomic.Int64
	var workers sync.WaitGroup
	for range rawWorkers {
		workers.Go(func() {
			for ctx.Err() == nil {
				endpoint := endpoints[next.Add(1)%int64(len(endpoints))]
				if err := postRaw(ctx, client, endpoint, body); err != nil {
					cancel(err)
					return
				}
				now := time.Now()
				if now.After(s.to) {
					return
				}
				if !now.Before(s.from) {
					done.Add(1)
				}
			}
		})
	}
	workers.Wait()
	if err := context.Cause(ctx); err != nil {
		return 0, fmt.Errorf("raw loop: %w", err)
	}
	return float64(done.Load()) / s.to.Sub(s.from).Seconds(), nil
}

func postRaw(ctx context.Context, client *http.Client, url string, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the sink answered %s", answer.Status)
	}
	return nil
}
