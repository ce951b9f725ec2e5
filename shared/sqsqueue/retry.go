package sqsqueue

import (
	"context"
	"errors"
	"time"

	"tocsin/shared/awsjson"
)

// How often a part of a request is tried that SQS leaves undone, and how long the
// first pause may be; each further one may be twice as long.
const (
	tries      = 6
	firstPause = 50 * time.Millisecond
)

// untilTaken makes a request for many entries, and again for those that fail on the
// side of SQS. It gives those that were refused for what they are.
func untilTaken[E any](ctx context.Context, entries []E, idOf func(E) string, request func([]E) ([]Failed, error)) (refused []Failed, err error) {
	for try := range tries {
		if try > 0 {
			if err := awsjson.Pause(ctx, firstPause<<(try-1)); err != nil {
				return refused, err
			}
		}
		failed, err := request(entries)
		if err != nil {
			return refused, err
		}
		again := map[string]bool{}
		for _, f := range failed {
			if f.SenderFault {
				refused = append(refused, f)
			} else {
				again[f.ID] = true
			}
		}
		if len(again) == 0 {
			return refused, nil
		}
		var left []E
		for _, e := range entries {
			if again[idOf(e)] {
				left = append(left, e)
			}
		}
		entries = left
	}
	return refused, errors.New("SQS has left some undone, again and again")
}
