package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// sharedBuffer is a buffer for many goroutines.
type sharedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *sharedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

// take gives what was written since the last time.
func (b *sharedBuffer) take() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.buf.Reset()
	return b.buf.String()
}

func TestLinesOfTheLogComeSoonAndWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out sharedBuffer
		lines := newLineBuffer(&out)
		log := slog.New(slog.NewTextHandler(lines, nil))
		for round := range 3 {
			var all sync.WaitGroup
			for i := range 50 {
				all.Go(func() { log.Info("line", "n", i, "round", round) })
			}
			all.Wait()
			require.Empty(t, out.take(), "they are gathered")
			time.Sleep(flushEvery) // virtual
			synctest.Wait()
			require.Equal(t, 50, strings.Count(out.take(), fmt.Sprint("round=", round, "\n")))
		}
		log.Info("last")
		lines.flush()
		require.Contains(t, out.take(), "msg=last")
	})
}
