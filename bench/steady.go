package main

import (
	"context"
	"errors"
	"sync"
	"time"
)

// answered is one request of a steady load.
type answered struct {
	at   time.Time // when it was due
	took time.Duration
}

// steadily sends a request on each of so many lines, one each interval, until ending
// is closed. What a late answer holds up counts from when it was due, and what could
// not even be sent by the end with the time that it has been waited for. The first
// failure ends it.
func (t target) steadily(ctx context.Context, lines int, interval time.Duration, ending <-chan struct{}) ([]answered, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	began := time.Now()
	each := make([][]answered, lines)
	var work sync.WaitGroup
	for i := range lines {
		work.Go(func() {
			due := began.Add(interval * time.Duration(i) / time.Duration(lines))
			sent, more := waitFor(ctx, due, ending)
			if !more {
				return
			}
			if err := t.converse(ctx, func(err error) (bool, error) {
				if err != nil {
					return false, err
				}
				each[i] = append(each[i], answered{at: due, took: time.Since(sent)})
				due = due.Add(interval)
				sent, more = waitFor(ctx, due, ending)
				return more, nil
			}); err != nil {
				cancel(err)
			}
			for ended := time.Now(); due.Before(ended); due = due.Add(interval) {
				each[i] = append(each[i], answered{at: due, took: ended.Sub(due)})
			}
		})
	}
	work.Wait()
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	var all []answered
	for _, list := range each {
		all = append(all, list...)
	}
	return all, nil
}

// waitFor waits until a request is due and tells from when on it counts: a timer
// that fires late is no fault of the server. It tells as well whether to go on.
func waitFor(ctx context.Context, due time.Time, ending <-chan struct{}) (from time.Time, more bool) {
	wait := time.Until(due)
	if wait <= 0 {
		select {
		case <-ctx.Done():
			return due, false
		case <-ending:
			return due, false
		default:
			return due, true
		}
	}
	select {
	case <-time.After(wait):
		return time.Now(), true
	case <-ctx.Done():
	case <-ending:
	}
	return due, false
}

// during are the times, in seconds, of what was due within a span.
func (s span) during(all []answered) (took series) {
	for _, a := range all {
		if !a.at.Before(s.from) && a.at.Before(s.to) {
			took = append(took, a.took.Seconds())
		}
	}
	return took
}

var errFewAnswers = errors.New("the machine is too busy to speak of a hundredth")

// slowest is the time that one of a hundred requests of a span exceeds, in seconds.
func (s span) slowest(all []answered) (float64, error) {
	took := s.during(all)
	if len(took) < 100 {
		return 0, errFewAnswers
	}
	return took.quantile(0.99), nil
}
