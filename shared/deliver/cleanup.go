package deliver

import (
	"context"
	"time"

	"tocsin/shared/queue"
	"tocsin/shared/store"
)

// A clean-up goes on for cleanupTurn, so that it never outlives its lease, and then
// comes again.
const (
	cleanupTurn  = 10 * time.Second
	cleanupAgain = time.Second
)

// cleanUp removes what a deleted topic has left behind. A store that is no
// store.Cleaner does that by itself.
func (w *Worker) cleanUp(ctx context.Context, c queue.Cleanup) (again time.Duration, err error) {
	cleaner, ok := w.store.(store.Cleaner)
	if !ok {
		return 0, nil
	}
	for end := w.now().Add(cleanupTurn); w.now().Before(end); {
		if more, err := cleaner.CleanUp(ctx, c.Project, c.TopicID); err != nil || !more {
			return 0, err
		}
	}
	return cleanupAgain, nil
}
