package main

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// pressed is what became of a load without mercy.
type pressed struct{ accepted, refused atomic.Int64 }

// press keeps so many requests under way until the time is over. A server that says
// that it is full is asked again at once.
func (t target) press(ctx context.Context, concurrency int, length time.Duration) (*pressed, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var p pressed
	end := time.Now().Add(length)
	var work sync.WaitGroup
	for range concurrency {
		work.Go(func() {
			if err := t.converse(ctx, func(err error) (bool, error) {
				var r *refusal
				switch {
				case err == nil:
					p.accepted.Add(1)
				case errors.As(err, &r) && r.full:
					p.refused.Add(1)
				default:
					return false, err
				}
				return time.Now().Before(end), nil
			}); err != nil {
				cancel(err)
			}
		})
	}
	work.Wait()
	return &p, context.Cause(ctx)
}
