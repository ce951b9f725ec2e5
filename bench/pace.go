package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"tocsin/internal/trial"
	"tocsin/shared/wire"
)

// pace publishes so many messages a second, each with its time in it, and returns
// how long they took to the good endpoints. What has not arrived some seconds after
// the last one counts with the time that it has been waited for: a service that is
// slow gets a bad result, not an error.
func (b *bench) pace(ctx context.Context, s *service, topic string, good, perSecond int, length time.Duration) (series, error) {
	if _, err := b.sink.times(ctx); err != nil { // forgets earlier ones
		return nil, err
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: maxConnections}, Timeout: patience}
	defer client.CloseIdleConnections()
	interval := time.Second / time.Duration(perSecond)
	warm := int(warmUp / interval) // messages without a time: connections are made by them
	messages := max(int(length/interval), 1)
	began := time.Now()
	tick := time.NewTicker(interval)
	defer tick.Stop()
	errs := make([]error, warm+messages)
	var publishes sync.WaitGroup
	for i := range warm + messages {
		// Who waits does not hold the next one up: the pace is that of the clock.
		publishes.Go(func() {
			text := ""
			if i >= warm {
				text = trial.Stamp(time.Now())
			}
			errs[i] = publishText(ctx, client, s, topic, text)
		})
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	publishes.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	var took series
	err := poll(ctx, patience, "the last messages", func() (bool, error) {
		times, err := b.sink.times(ctx)
		took = append(took, inSeconds(times)...)
		return len(took) >= messages*good, err
	})
	if err != nil && !errors.Is(err, errImpatient) {
		return nil, err
	}
	for waited := time.Since(began).Seconds(); len(took) < messages*good; {
		took = append(took, waited)
	}
	return took, nil
}

// publishText publishes a message that begins with a text.
func publishText(ctx context.Context, client *http.Client, s *service, topic, text string) error {
	body, err := json.Marshal(wire.PublishRequest{Message: text + strings.Repeat("m", messageBytes-len(text))})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+s.path(topic)+"/publish", bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header = s.header()
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	return read(answer)
}
