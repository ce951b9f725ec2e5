package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"tocsin/internal/trial"
)

// receiver is a sink in a process of its own.
type receiver struct {
	url   string // of its endpoints
	other string // of the same endpoints, at another port
	asks  string // where it tells what has arrived
}

func startReceiver(ctx context.Context) (receiver, func(), error) {
	p, err := startRole(ctx, roleSink)
	if err != nil {
		return receiver{}, nil, err
	}
	return receiver{url: p.urls[0], other: p.urls[1], asks: p.urls[2]}, p.stop, nil
}

// endpoints are the addresses of so many good endpoints.
func (r receiver) endpoints(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = r.url + trial.Endpoint{Behaviour: trial.Good, Number: int32(i)}.Path()
	}
	return list
}

func (r receiver) counts(ctx context.Context) (c trial.Counts, err error) {
	return c, r.ask(ctx, pathCounts, &c)
}

// times are how long messages of a pace took, since the last call.
func (r receiver) times(ctx context.Context) (times []time.Duration, err error) {
	return times, r.ask(ctx, pathTimes, &times)
}

func (r receiver) ask(ctx context.Context, path string, out any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.asks+path, http.NoBody)
	if err != nil {
		return err
	}
	answer, err := asking.Do(request)
	if err != nil {
		return fmt.Errorf("ask the sink: %w", err)
	}
	defer answer.Body.Close()
	return json.NewDecoder(answer.Body).Decode(out)
}

var asking = &http.Client{Timeout: patience}
