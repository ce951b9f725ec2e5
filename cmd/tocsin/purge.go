package main

import (
	"context"
	"log/slog"
	"time"
)

const (
	// retention is how long a message and its report are kept after no attempt
	// may begin any more.
	retention = 14 * 24 * time.Hour
	// purgeEvery is how often what is older goes; a round takes small steps.
	purgeEvery = 10 * time.Minute
)

// purge removes old messages until ctx ends.
func (h *house) purge(ctx context.Context) {
	tick := time.NewTicker(purgeEvery)
	defer tick.Stop()
	for {
		removed, err := h.db.Purge(ctx, time.Now().Add(-retention))
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			h.log.LogAttrs(ctx, slog.LevelError, "purge", slog.String("error", err.Error()))
		case removed > 0:
			h.log.LogAttrs(ctx, slog.LevelInfo, "purge", slog.Int("messages", removed))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
