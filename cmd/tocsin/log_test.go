package main

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLinesOfTheLogComeSoonAndWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out safeBuffer
		lines := newLineBuffer(&out)
		log := slog.New(slog.NewTextHandler(lines, nil))
		for round := range 3 {
			var all sync.WaitGroup
			for i := range 50 {
				all.Go(func() { log.Info("line", "n", i, "round", round) })
			}
			all.Wait()
			before := len(out.String())
			require.NotContains(t, out.String(), fmt.Sprint("round=", round, "\n"), "they are gathered")
			time.Sleep(flushEvery) // virtual
			synctest.Wait()
			require.Equal(t, 50, strings.Count(out.String()[before:], fmt.Sprint("round=", round, "\n")))
		}
		log.Info("last")
		lines.flush()
		require.Contains(t, out.String(), "msg=last")
	})
}
