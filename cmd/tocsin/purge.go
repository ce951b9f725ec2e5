package main

import (
	"context"
	"log/slog"
	"time"
)

// purgeEvery is how often old messages go; a round takes small steps.
const purgeEvery = 10 * time.Minute

// purge removes messages whose retention has passed, until ctx ends.
func (h *house) purge(ctx context.Context) {
	tick := time.NewTicker(purgeEvery)
	defer tick.Stop()
	for {
		removed, err := h.db.Purge(ctx, time.Now().Add(-h.settings.Retention))
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			h.log.LogAttrs(ctx, slog.LevelError, "purge", slog.String("error", err.Error()))
		case removed > 0:
			h.log.LogAttrs(ctx, slog.LevelInfo, "purge", slog.Int("removed", removed))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
