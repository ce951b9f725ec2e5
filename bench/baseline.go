package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/shared/smn"
	"tocsin/shared/wire"
)

// rawServer is what publishing is compared with: it reads the JSON of a publish,
// makes two ids and answers as the service does. It checks and stores nothing.
func rawServer() http.Handler {
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
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(wire.PublishResponse{RequestID: smn.NewID(), MessageID: smn.NewID()})
	})
}

// rawWorkers is how many requests the raw loop keeps under way.
const rawWorkers = 64

// rawLoop is what delivering is compared with: workers with a http.Client that
// post a body of that size to the sink's endpoints one after the other. It
// returns the posts a second that were answered within the span.
func rawLoop(ctx context.Context, sinkURL string, endpoints, size int, s span) (float64, error) {
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
				endpoint := next.Add(1) % int64(endpoints)
				if err := postRaw(ctx, client, sinkURL+"/"+strconv.FormatInt(endpoint, 10), body); err != nil {
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
